//! The last minutes of a number in one row of text, for a cell of a table.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

use crate::tui::theme::Theme;
use crate::tui::widget::put;
use crate::view::meaning::Meaning;

/// The last minutes of a number in one row: one cell a value, the newest at the right edge.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sparkline<'a> {
    /// The values, oldest first; `None` where there is none, drawn as a gap. What does not fit is left out on the left.
    pub values: &'a [Option<f64>],
    /// The value of the fullest cell. The caller gives it, so that rows can share a scale.
    pub max: f64,
    /// How many of the newest values may still change; they are drawn so.
    pub provisional: usize,
    /// What the values mean.
    pub meaning: Meaning,
    /// How it looks.
    pub theme: &'a Theme,
}

impl Widget for &Sparkline<'_> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        if area.is_empty() {
            return;
        }
        let glyphs = self.theme.glyphs();
        let known = self.theme.style(self.meaning);
        let gap = self.theme.style(Meaning::Muted);
        for (age, value) in self.values.iter().rev().take(area.width.into()).enumerate() {
            let (character, style) = match value.filter(|value| !value.is_nan()) {
                Some(value) => (glyphs.levels[level(value, self.max)], known),
                None => (glyphs.gap, gap),
            };
            let provisional = age < self.provisional;
            let style = if provisional { style.patch(self.theme.style(Meaning::Provisional)) } else { style };
            put(buffer, area.right() - 1 - age as u16, area.y, character, style);
        }
    }
}

/// How full a cell is, from 0 to 6: zero is the lowest, the smallest value above zero already the next.
fn level(value: f64, max: f64) -> usize {
    if value <= 0.0 {
        return 0;
    }
    // A maximum that is no number, zero or less is no scale: any value above zero fills the cell.
    let share = if max > 0.0 { (value / max).min(1.0) } else { 1.0 };
    ((share * 6.0).round() as usize).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::widget::testing::{ascii, draw, screen, theme, value};
    use proptest::prelude::*;
    use ratatui::style::Modifier;

    fn sparkline<'a>(values: &'a [Option<f64>], theme: &'a Theme) -> Sparkline<'a> {
        Sparkline { values, max: 6.0, provisional: 2, meaning: Meaning::Series1, theme }
    }

    #[test]
    fn values_gaps_and_what_is_no_number() {
        let values: Vec<_> = (0..7).map(|value| Some(f64::from(value))).collect();
        assert_eq!(screen(&sparkline(&values, &theme()), 7, 1), "▁▂▃▄▅▆▇");
        assert_eq!(screen(&sparkline(&values, &ascii()), 7, 1), "_.-=+*#");
        let odd = [Some(0.01), None, Some(f64::NAN), Some(f64::INFINITY), Some(-5.0), Some(1e308)];
        assert_eq!(screen(&sparkline(&odd, &theme()), 6, 1), "▂··▇▁▇");
    }

    #[test]
    fn the_newest_value_is_at_the_right_edge() {
        let values = [Some(0.0), Some(0.0), Some(6.0)];
        assert_eq!(screen(&sparkline(&values, &theme()), 5, 1), "  ▁▁▇");
        assert_eq!(screen(&sparkline(&values, &theme()), 2, 1), "▁▇");
    }

    #[test]
    fn only_the_newest_values_are_provisional() {
        let theme = theme();
        let buffer = draw(&sparkline(&[Some(1.0); 4], &theme), 4, 1);
        let dim: Vec<bool> = buffer.content.iter().map(|cell| cell.modifier.contains(Modifier::DIM)).collect();
        assert_eq!(dim, [false, false, true, true]);
        assert_eq!(Some(buffer[(3, 0)].fg), theme.style(Meaning::Series1).fg, "the meaning stays visible");
    }

    #[test]
    fn without_a_scale_there_is_something_or_nothing() {
        for max in [0.0, -1.0, f64::NAN] {
            assert_eq!((level(0.0, max), level(2.0, max)), (0, 6), "{max}");
        }
    }

    proptest! {
        #[test]
        fn holds_at_any_size(
            values in proptest::collection::vec(value(), 0..80),
            max in proptest::num::f64::ANY, columns in 0u16..200, rows in 0u16..4, provisional in 0usize..9,
        ) {
            let theme = theme();
            draw(&Sparkline { max, provisional, ..sparkline(&values, &theme) }, columns, rows);
        }
    }
}
