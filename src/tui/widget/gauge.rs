//! How much of a limit is used and claimed, in one row with its numbers: the concurrency pool.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

use crate::tui::theme::Theme;
use crate::tui::widget::bar::run;
use crate::tui::widget::{part, put, write};
use crate::view::meaning::Meaning;
use lambda_model::text;

/// Fewer columns than this show nothing: the label has the row to itself.
const SMALLEST_BAR: u16 = 5;

/// How much of a limit is used and claimed, in one row: the bar, the limit at its end, the label.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gauge<'a> {
    /// The part of the limit in use; `None` where it is not known, drawn as a row of gaps.
    pub used: Option<f64>,
    /// The part of the limit that is in use or set aside, counted from zero; `None` where there is no such thing.
    pub claimed: Option<f64>,
    /// The numbers, such as `812 / 1,000`. They come before the bar when there is no room for both.
    pub label: &'a str,
    /// What the used part means: [`Meaning::GaugeUsed`] while all is well, a warning when it is not.
    pub meaning: Meaning,
    /// How it looks.
    pub theme: &'a Theme,
}

impl Widget for &Gauge<'_> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        if area.is_empty() {
            return;
        }
        let glyphs = self.theme.glyphs();
        let style = |meaning| self.theme.style(meaning);
        let label = text::fit(self.label, area.width.into());
        // A space before the label, the mark of the limit before that.
        let taken = 1 + if label.is_empty() { 0 } else { text::width(&label) as u16 + 1 };
        let columns = area.width.saturating_sub(taken);
        if columns < SMALLEST_BAR {
            write(buffer, area, area.x, area.y, &label, style(Meaning::Normal));
            return;
        }
        let bar = Rect { width: columns, ..area };
        if let Some(used) = part(self.used) {
            run(buffer, bar, 0, columns, glyphs.free, style(Meaning::GaugeFree));
            // Whole cells only: beside a part of one there would be a hole in what comes next.
            let cells = |share: f64| (share * f64::from(columns)).round() as u16;
            let claimed = part(self.claimed).map_or(0, cells);
            run(buffer, bar, 0, claimed, glyphs.claimed, style(Meaning::GaugeClaimed));
            run(buffer, bar, 0, cells(used), glyphs.parts[7], style(self.meaning));
        } else {
            run(buffer, bar, 0, columns, glyphs.gap, style(Meaning::Muted));
        }
        put(buffer, bar.right(), area.y, glyphs.axis.upright, style(Meaning::Limit));
        write(buffer, area, bar.right().saturating_add(2), area.y, &label, style(Meaning::Normal));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::widget::testing::{ascii, draw, screen, theme, value};
    use proptest::prelude::*;

    fn gauge<'a>(used: Option<f64>, claimed: Option<f64>, label: &'a str, theme: &'a Theme) -> Gauge<'a> {
        Gauge { used, claimed, label, meaning: Meaning::GaugeUsed, theme }
    }

    #[test]
    fn used_claimed_free_limit_and_label() {
        let theme = theme();
        for (used, claimed, drawn) in [
            (Some(0.5), Some(0.8), "█████▒▒▒░░│ 5 / 10"),
            (Some(0.5), None, "█████░░░░░│ 5 / 10"),
            (Some(0.56), Some(0.1), "██████░░░░│ 5 / 10"),
            (Some(0.0), Some(1.0), "▒▒▒▒▒▒▒▒▒▒│ 5 / 10"),
            (Some(3.0), Some(f64::NAN), "██████████│ 5 / 10"),
            (Some(f64::NAN), Some(0.5), "··········│ 5 / 10"),
            (None, None, "··········│ 5 / 10"),
        ] {
            assert_eq!(screen(&gauge(used, claimed, "5 / 10", &theme), 18, 1), drawn, "{used:?} {claimed:?}");
        }
        assert_eq!(screen(&gauge(Some(0.5), Some(0.8), "5", &ascii()), 13, 1), "#####+++..| 5");
    }

    #[test]
    fn the_numbers_come_before_the_bar() {
        let theme = theme();
        let gauge = gauge(Some(0.5), None, "812 / 1,000", &theme);
        assert_eq!(screen(&gauge, 17, 1), "812 / 1,000");
        assert_eq!(screen(&gauge, 18, 1), "███░░│ 812 / 1,000");
        assert_eq!(screen(&gauge, 6, 1), "812 /…");
    }

    #[test]
    fn the_used_part_has_the_meaning_it_was_given() {
        let theme = theme();
        let buffer = draw(&Gauge { meaning: Meaning::Critical, ..gauge(Some(0.5), None, "", &theme) }, 11, 1);
        assert_eq!(Some(buffer[(0, 0)].fg), theme.style(Meaning::Critical).fg);
        assert_eq!(Some(buffer[(9, 0)].fg), theme.style(Meaning::GaugeFree).fg);
    }

    proptest! {
        #[test]
        fn holds_at_any_size(
            used in value(), claimed in value(), label in any::<String>(), columns in 0u16..200, rows in 0u16..4,
        ) {
            draw(&gauge(used, claimed, &label, &theme()), columns, rows);
        }
    }
}
