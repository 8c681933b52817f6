//! One line of the log: its time, version, stream and mark in columns, and its text beside them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::store::live::lines::Line;
use crate::tui::app::App;
use crate::tui::widget::write;
use crate::view::log;
use crate::view::meaning::Meaning;
use lambda_model::text;

/// Columns of the time and of the mark, each with the space after it.
const TIME: u16 = 13;
const MARK: u16 = 2;
/// Columns of the version and of the stream, with a space after them.
const VERSION: u16 = 8;
const STREAM: u16 = 5;
/// From this width on a line names its version.
const WIDE: u16 = 100;

/// The columns that the text has in a body of this width.
pub(super) fn text_width(body: u16) -> u16 {
    body.saturating_sub(1 + before(body))
}

/// The columns before a line's text.
fn before(width: u16) -> u16 {
    1 + TIME + MARK + STREAM + if width >= WIDE { VERSION } else { 0 }
}

/// Draws a line with its text in these rows, the first of `area` and those below.
pub(super) fn draw(app: &App, line: &Line, lines: &[String], area: Rect, buffer: &mut Buffer) {
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
