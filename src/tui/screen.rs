//! The whole screen: the header above, a view or a pane, the footer below.
//!
//! ```text
//! ┌────────────────────────────────────────────┐
//! │ header.rs     pool, totals, ages, cost     │
//! ├────────────────────────────────────────────┤
//! │ functions.rs  the table            view 1  │
//! │ traffic.rs    aliases              view 2  │
//! │ findings.rs   what is wrong        view 3  │
//! │ health.rs     operations           view 4  │
//! │ function.rs   one function, over a view:   │
//! │   metrics, live, log                pages  │
//! │ help.rs       the keys, over everything    │
//! ├────────────────────────────────────────────┤
//! │ footer.rs     keys, filter, notices        │
//! └────────────────────────────────────────────┘
//! ```
//!
//! Drawing reads the app and changes nothing.

pub mod findings;
mod footer;
mod function;
mod functions;
mod header;
mod health;
mod help;
mod lines;
pub mod traffic;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};

use super::app::{App, View};
use super::glyphs;
use super::widget::write;
use crate::view::meaning::Meaning;

/// On a smaller screen nothing useful fits.
const SMALLEST: Size = Size { width: 60, height: 16 };

/// Draws the app.
pub fn draw(frame: &mut Frame<'_>, app: &App) {
    let area = frame.area();
    paint(app, area, frame.buffer_mut());
}

/// The room that the text of a log's lines has.
pub fn log_place(app: &App) -> Size {
    function::log::place(Size { width: app.size.width, height: body_rows(app) })
}

/// The screen as it stands, in a buffer of its own.
pub fn render(app: &App) -> Buffer {
    let mut buffer = Buffer::empty(Rect::from(((0, 0).into(), app.size)));
    paint(app, buffer.area, &mut buffer);
    buffer
}

/// The rows that a view or a pane has.
pub fn body_rows(app: &App) -> u16 {
    app.size.height.saturating_sub(header::rows(app) + FOOTER)
}

const FOOTER: u16 = 1;

fn paint(app: &App, area: Rect, buffer: &mut Buffer) {
    compose(app, area, buffer);
    if !app.theme.glyphs().unicode {
        spell_in_ascii(buffer);
    }
}

fn compose(app: &App, area: Rect, buffer: &mut Buffer) {
    if area.width < SMALLEST.width || area.height < SMALLEST.height {
        let text =
            format!("lamtop needs {} x {}, this is {} x {}", SMALLEST.width, SMALLEST.height, area.width, area.height);
        write(buffer, area, area.x, area.y, &text, app.theme.style(Meaning::Warning));
        return;
    }
    let header_rows = header::rows(app).min(area.height);
    let top = Rect { height: header_rows, ..area };
    let body = Rect { y: area.y + header_rows, height: area.height.saturating_sub(header_rows + FOOTER), ..area };
    let bottom = Rect { y: area.bottom() - FOOTER, height: FOOTER, ..area };
    header::draw(app, top, buffer);
    match app.view {
        _ if app.open.is_some() => function::draw(app, body, buffer),
        View::Functions => functions::draw(app, body, buffer),
        View::Traffic => traffic::draw(app, body, buffer),
        View::Findings => findings::draw(app, body, buffer),
        View::Health => health::draw(app, body, buffer),
    }
    footer::draw(app, bottom, buffer);
    if app.help {
        help::draw(app, body, buffer);
    }
}

/// Puts ASCII in the place of every other character of lamtop's own.
fn spell_in_ascii(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        let mut symbol = cell.symbol().chars();
        if let (Some(character), None) = (symbol.next(), symbol.next())
            && !character.is_ascii()
        {
            cell.set_char(glyphs::to_ascii(character));
        }
    }
}
