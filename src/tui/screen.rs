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
//! Drawing reads the app and changes nothing. What the app leaves to the screen is here as well: where the cursors are
//! scrolled to, and which functions are in sight.

mod findings;
mod footer;
mod function;
mod functions;
mod header;
mod health;
mod help;
mod lines;
mod traffic;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};

use super::app::App;
use super::glyphs;
use super::view::View;
use super::widget::write;
use crate::view::meaning::Meaning;
use lambda_model::FunctionId;
use lambda_model::demand::Demand;

/// On a smaller screen nothing useful fits.
const SMALLEST: Size = Size { width: 60, height: 16 };

/// How a view is drawn and moved in.
struct Screen {
    draw: fn(&App, Rect, &mut Buffer),
    /// Moves the cursor, and the open pane with it.
    step: fn(&mut App, isize),
    /// Opens the function that the cursor is on.
    open: fn(&mut App),
    /// Finds the cursor's row again and brings it into sight, in a body with the given number of rows.
    scroll: fn(&mut App, usize),
    /// The functions in sight in a body with the given number of rows, top to bottom.
    visible: fn(&App, usize) -> Vec<FunctionId>,
}

impl Screen {
    fn of(view: View) -> &'static Self {
        match view {
            View::Functions => &functions::SCREEN,
            View::Traffic => &traffic::SCREEN,
            View::Findings => &findings::SCREEN,
            View::Health => &health::SCREEN,
        }
    }
}

/// Moves the cursor of the view in front.
pub(crate) fn step(app: &mut App, distance: isize) {
    (Screen::of(app.view).step)(app, distance);
}

/// Opens the function that the cursor is on.
pub(crate) fn open(app: &mut App) {
    (Screen::of(app.view).open)(app);
}

/// Brings the cursors into sight after anything changed: a key, the size, the rows.
pub(crate) fn settle(app: &mut App) {
    app.settle_log(function::log::place(Size { width: app.size.width, height: body_rows(app) }));
    let room = usize::from(body_rows(app));
    for view in View::ALL {
        (Screen::of(view).scroll)(app, room);
    }
}

/// What the screen needs: the functions in sight, top to bottom, the one that is open, and those behind it.
pub(crate) fn demand(app: &App) -> Demand {
    let room = usize::from(body_rows(app));
    let is_covered = app.open.is_some();
    let visible = if is_covered { Vec::new() } else { (Screen::of(app.view).visible)(app, room) };
    let is_table = app.view == View::Functions && !is_covered;
    let mut behind = if is_table { Vec::new() } else { functions::visible(app, room) };
    behind.extend(app.unfiltered().iter().take(room).filter_map(|row| row.id(app.snapshot())));
    let traffic = app.view == View::Traffic && !is_covered;
    let (focus, attended) = (app.open.clone(), app.attended);
    Demand { visible, behind, focus, traffic, attended, refresh: app.refresh }
}

/// Draws the app.
pub(crate) fn draw(frame: &mut Frame<'_>, app: &App) {
    let area = frame.area();
    paint(app, area, frame.buffer_mut());
}

/// The screen as it stands, in a buffer of its own.
pub fn render(app: &App) -> Buffer {
    let mut buffer = Buffer::empty(Rect::from(((0, 0).into(), app.size)));
    paint(app, buffer.area, &mut buffer);
    buffer
}

/// The rows that a view or a pane has.
pub(crate) fn body_rows(app: &App) -> u16 {
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
    let draw = if app.open.is_some() { function::draw } else { Screen::of(app.view).draw };
    draw(app, body, buffer);
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
