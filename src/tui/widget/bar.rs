//! A share as a bar in one row, such as a version's weight beside the traffic it really got.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use crate::tui::glyphs::Glyphs;
use crate::tui::theme::Theme;
use crate::tui::widget::{part, put};
use crate::view::meaning::Meaning;

/// A share as a bar in one row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bar<'a> {
    /// The part of 1; `None` where it is not known, drawn as a row of gaps.
    pub share: Option<f64>,
    /// What the bar stands for.
    pub meaning: Meaning,
    /// How it looks.
    pub theme: &'a Theme,
}

impl Widget for &Bar<'_> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        let glyphs = self.theme.glyphs();
        match part(self.share) {
            Some(share) => fill(buffer, area, share, glyphs, self.theme.style(self.meaning)),
            None => run(buffer, area, 0, area.width, glyphs.gap, self.theme.style(Meaning::Muted)),
        }
    }
}

/// Fills `share` (0 to 1) of the first row of `area` from the left, exact to an eighth of a cell.
/// A share above zero is never invisible.
fn fill(buffer: &mut Buffer, area: Rect, share: f64, glyphs: &Glyphs, style: Style) {
    let eighths = (share * f64::from(area.width) * 8.0).round() as u32;
    let eighths = if share > 0.0 { eighths.max(1) } else { 0 };
    let full = (eighths / 8) as u16;
    run(buffer, area, 0, full, glyphs.parts[7], style);
    if let Some(rest) = (eighths % 8).checked_sub(1) {
        run(buffer, area, full, full.saturating_add(1), glyphs.parts[rest as usize], style);
    }
}

/// Repeats `character` in the first row of `area`, from one column of it up to but without another.
pub(super) fn run(buffer: &mut Buffer, area: Rect, from: u16, to: u16, character: char, style: Style) {
    if area.height > 0 {
        for column in from..to.min(area.width) {
            put(buffer, area.x.saturating_add(column), area.y, character, style);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::widget::testing::{ascii, draw, screen, theme, value};
    use proptest::prelude::*;

    #[test]
    fn shares_are_exact_to_an_eighth_of_a_cell() {
        let theme = theme();
        for (share, drawn) in [
            (Some(0.0), ""),
            (Some(0.001), "▏"),
            (Some(0.25), "██▌"),
            (Some(0.5), "█████"),
            (Some(0.9875), "█████████▉"),
            (Some(1.0), "██████████"),
            (Some(7.0), "██████████"),
            (Some(f64::INFINITY), "██████████"),
            (Some(-1.0), ""),
            (Some(f64::NAN), "··········"),
            (None, "··········"),
        ] {
            assert_eq!(screen(&Bar { share, meaning: Meaning::Ok, theme: &theme }, 10, 1), drawn, "{share:?}");
        }
        assert_eq!(screen(&Bar { share: Some(0.55), meaning: Meaning::Ok, theme: &ascii() }, 10, 1), "#####-");
    }

    proptest! {
        #[test]
        fn holds_at_any_size(share in value(), columns in 0u16..200, rows in 0u16..4) {
            draw(&Bar { share, meaning: Meaning::Ok, theme: &theme() }, columns, rows);
        }
    }
}
