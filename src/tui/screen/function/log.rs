//! The log of a function: its lines in sight, and above them what is shown and whether it goes on.

use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};

use crate::snapshot::{FunctionSnapshot, ScopeSnapshot};
use crate::store::live::lines::Line;
use crate::tui::app::App;
use crate::tui::widget::words::Words;
use crate::tui::widget::write;
use crate::view::log::{self, Row};
use crate::view::meaning::Meaning;
use crate::view::units;
use lambda_model::text;

/// The rows above the lines: the name with the pages, and what is shown.
const ABOVE: u16 = 2;
/// Columns of the time and of the mark, each with the space after it.
const TIME: u16 = 13;
const MARK: u16 = 2;
/// Columns of the version and of the stream, with a space after them.
const VERSION: u16 = 8;
const STREAM: u16 = 5;
/// From this width on a line names its version.
const WIDE: u16 = 100;

/// The room that the lines' text has in a body of this size.
pub(in crate::tui::screen) fn place(body: Size) -> Size {
    Size { width: body.width.saturating_sub(1 + before(body.width)), height: body.height.saturating_sub(ABOVE) }
}

/// The columns before a line's text.
fn before(width: u16) -> u16 {
    1 + TIME + MARK + STREAM + if width >= WIDE { VERSION } else { 0 }
}

pub(super) fn draw(app: &App, scope: &ScopeSnapshot, shown: &FunctionSnapshot, area: Rect, buffer: &mut Buffer) {
    let Some(told) = shown.live.as_deref() else { return super::live::nothing(app, scope, area, buffer) };
    if area.height == 0 {
        return;
    }
    let line = Rect { height: 1, ..area };
    state(app, told.lines.dropped).draw(&app.theme, line, buffer);
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
            Row::Line(line) => draw_line(app, line, &lines, block, buffer),
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

pub(super) fn draw_line(app: &App, line: &Line, lines: &[String], area: Rect, buffer: &mut Buffer) {
    let (mark, meaning) = log::mark(line.kind);
    let mut x = area.x + 1;
    let mut column = |word: &str, meaning, width: u16| {
        write(buffer, area, x, area.y, word, app.theme.style(meaning));
        x += width;
    };
    column(&line.at.format("%H:%M:%S%.3f").to_string(), Meaning::Muted, TIME);
    if area.width >= WIDE {
        let version = line.version.as_deref().unwrap_or_default();
        column(&text::fit(version, usize::from(VERSION) - 1), Meaning::Label, VERSION);
    }
    column(&log::stream(&line.stream), Meaning::Label, STREAM);
    column(mark.encode_utf8(&mut [0; 4]), meaning, MARK);
    let start = area.x + before(area.width);
    for (shown, y) in lines.iter().zip(area.y..area.bottom()) {
        write(buffer, area, start, y, shown, app.theme.style(meaning));
        highlight(app, shown, Rect { x: start, y, width: area.right().saturating_sub(start), height: 1 }, buffer);
    }
}

/// Lays the style of a match over what is searched for.
fn highlight(app: &App, shown: &str, place: Rect, buffer: &mut Buffer) {
    for found in log::matches(shown, &app.log.search) {
        let columns = |text: Option<&str>| text::width(text.unwrap_or_default()) as u16;
        let offset = columns(shown.get(..found.start));
        let width = columns(shown.get(found));
        let whole = Rect { x: place.x.saturating_add(offset), width, ..place }.intersection(place);
        buffer.set_style(whole, app.theme.style(Meaning::Match));
    }
}
