//! The log of a function: its lines in sight, and above them what is shown and whether it goes on.

use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};

use super::{draw_unread, line};
use crate::snapshot::{FunctionSnapshot, ScopeSnapshot};
use crate::tui::app::App;
use crate::tui::widget::words::Words;
use crate::tui::widget::write;
use crate::view::log::Row;
use crate::view::meaning::Meaning;
use crate::view::units;
use lambda_model::text;

/// The rows above the lines: the name with the pages, and what is shown.
const ABOVE: u16 = 2;

/// The room that the lines' text has in a body of this size.
pub(in crate::tui::screen) fn place(body: Size) -> Size {
    Size { width: line::text_width(body.width), height: body.height.saturating_sub(ABOVE) }
}

pub(super) fn draw(app: &App, scope: &ScopeSnapshot, shown: &FunctionSnapshot, area: Rect, buffer: &mut Buffer) {
    let Some(dropped) = shown.live.as_deref().map(|logs| logs.lines.dropped) else {
        return draw_unread(app, scope, area, buffer);
    };
    if area.height == 0 {
        return;
    }
    let first = Rect { height: 1, ..area };
    state(app, dropped).draw(&app.theme, first, buffer);
    let area = Rect { y: area.y + 1, height: area.height - 1, ..area };
    let place = place(Size { width: area.width, height: area.height + ABOVE });
    let mut y = area.y;
    for index in app.log.top()..app.log.rows().len() {
        let lines = app.log.lines(index, place);
        let Some(row) = app.log.rows().get(index).filter(|_| y < area.bottom()) else { break };
        let height = (lines.len() as u16).min(area.bottom() - y);
        let block = Rect { y, height, ..area };
        if index == app.log.selected() {
            buffer.set_style(block, app.theme.style(Meaning::Selected));
        }
        match row {
            Row::Line(line) => line::draw(app, line, &lines, block, buffer),
            Row::Gap { from, until } => {
                let gap = format!("── not read {}–{} ──", from.format("%H:%M:%S"), until.format("%H:%M:%S"));
                write(buffer, block, block.x + 1, y, &gap, app.theme.style(Meaning::Warning));
            }
        }
        y += height;
    }
    if app.log.rows().is_empty() {
        let words = match (&app.log.query.request, app.log.query.errors_only) {
            (Some(_), _) => "Lines of this request are not kept any more",
            (None, true) => "No line shows an error: f shows all",
            (None, false) => "No line was read yet",
        };
        write(buffer, area, area.x + 1, area.y, words, app.theme.style(Meaning::Muted));
    }
}

/// What is shown, and whether it goes on.
fn state(app: &App, dropped: u64) -> Words {
    let log = &app.log;
    let mut words = Words::default();
    words.add(" ", Meaning::Normal);
    match (app.is_frozen(), log.follows(), log.waiting()) {
        (true, ..) => words.add("frozen", Meaning::Critical),
        (false, true, _) => words.add("following", Meaning::Ok),
        (false, false, 0) => words.add("paused", Meaning::Warning),
        (false, false, waiting) => words.add(format!("paused, {waiting} new below: G follows"), Meaning::Warning),
    };
    if let Some(request) = &log.query.request {
        words.fact("request", text::fit(request, 36), Meaning::Title);
        let ends = log.rows().first().zip(log.rows().last());
        if let Some((first, last)) = ends {
            let span = (last.at() - first.at()).num_milliseconds() as f64;
            words.fact("", units::milliseconds(span), Meaning::Normal);
        }
    }
    if log.query.errors_only {
        words.fact("", "errors only", Meaning::Warning);
    }
    if !log.search.is_empty() {
        words.fact("search", log.search.as_str(), Meaning::Key);
    }
    words.fact("", format!("{} lines", units::count(log.rows().len() as f64)), Meaning::Muted);
    if dropped > 0 {
        words.fact("", format!("{} older ones dropped", units::count(dropped as f64)), Meaning::Muted);
    }
    words
}
