//! What a screen is made of. Each widget draws plain values with a theme and knows nothing of lamtop's state.
//!
//! Every one holds at any size, down to nothing, and with any number, NaN included.

pub(crate) mod bar;
pub(crate) mod chart;
pub(crate) mod gauge;
pub(crate) mod sparkline;
pub(crate) mod words;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use lambda_model::text;

/// Puts one character into a cell; outside the buffer it is dropped.
pub(super) fn put(buffer: &mut Buffer, column: u16, row: u16, character: char, style: Style) {
    if let Some(cell) = buffer.cell_mut((column, row)) {
        cell.set_char(character).set_style(style);
    }
}

/// Writes text from outside into a row of `area`, cleaned and cut to the columns that are left from `column` on.
pub(super) fn write(buffer: &mut Buffer, area: Rect, column: u16, row: u16, text: &str, style: Style) {
    let area = area.intersection(buffer.area);
    if area.contains((column, row).into()) {
        let columns = area.right() - column;
        buffer.set_stringn(column, row, text::fit(text, columns.into()), columns.into(), style);
    }
}

/// `share` as a part of 1: what is not a number is missing, what lies outside is at the edge.
fn part(share: Option<f64>) -> Option<f64> {
    share.filter(|share| !share.is_nan()).map(|share| share.clamp(0.0, 1.0))
}

#[cfg(test)]
mod testing {
    //! What the tests of the widgets draw with.

    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;
    use ratatui::widgets::Widget;

    use crate::tui::capabilities::{Capabilities, Depth};
    use crate::tui::theme::Theme;

    pub(super) fn theme() -> Theme {
        Theme::load("default", Capabilities { depth: Depth::TrueColor, unicode: true }).unwrap()
    }

    pub(super) fn ascii() -> Theme {
        Theme::load("mono", Capabilities { depth: Depth::Mono, unicode: false }).unwrap()
    }

    pub(super) fn draw(widget: impl Widget, columns: u16, rows: u16) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, columns, rows));
        widget.render(buffer.area, &mut buffer);
        buffer
    }

    /// The characters of a buffer, one line a row.
    pub(super) fn lines(buffer: &Buffer) -> Vec<String> {
        let columns = usize::from(buffer.area.width).max(1);
        buffer.content.chunks(columns).map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect()).collect()
    }

    pub(super) fn screen(widget: impl Widget, columns: u16, rows: u16) -> String {
        lines(&draw(widget, columns, rows)).iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n")
    }

    /// Any number an `f64` can hold, or none.
    pub(super) fn value() -> impl proptest::strategy::Strategy<Value = Option<f64>> {
        proptest::option::of(proptest::num::f64::ANY)
    }
}
