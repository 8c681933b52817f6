//! One function: its name and pages, and the page in front.

pub(super) mod live;
pub(super) mod log;
mod metrics;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Block, Widget};

use crate::tui::app::{App, Pane};
use crate::tui::widget::words::Words;
use crate::view::function::Fact;
use crate::view::meaning::Meaning;
use crate::view::now::LIVE;
use crate::view::status::Status;

pub(super) fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let Some(id) = &app.open else { return };
    let Some((scope, shown)) = app.snapshot().function(id) else {
        let mut words = Words::default();
        words.add(format!(" {} is not there any more", id.name), Meaning::Warning);
        words.draw(&app.theme, area, buffer);
        return;
    };
    let mut pages = Words::default();
    for pane in Pane::ALL {
        let meaning = if pane == app.pane { Meaning::Selected } else { Meaning::Muted };
        let mark = if pane == Pane::Live && shown.live.is_some() { LIVE } else { "" };
        pages.add(format!(" {mark}{} ", pane.title()), meaning);
    }
    pages.add(" ", Meaning::Normal);
    let status = Status::of(shown);
    let mut name = Words::default();
    name.add(format!(" {}  ", id.name), Meaning::Title).add(status.label(), status.meaning());
    name.fact("", scope.label(), Meaning::Muted);
    // The pages come before the end of a long name.
    let room = Rect { width: area.width.saturating_sub(pages.width() + 1), ..area };
    let end = name.draw(&app.theme, room, buffer);
    pages.draw_right(&app.theme, area, end, buffer);
    let rest = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    match app.pane {
        Pane::Metrics => metrics::draw(app, shown, rest, buffer),
        Pane::Live => live::draw(app, scope, shown, rest, buffer),
        Pane::Logs => log::draw(app, scope, shown, rest, buffer),
    }
}

/// Draws facts in as many rows as they need, one column in from the left; gives what is left below them.
fn draw_facts(app: &App, facts: Vec<Fact>, area: Rect, buffer: &mut Buffer) -> Rect {
    let place = Rect { x: area.x + 1, width: area.width.saturating_sub(1), ..area };
    let lines = wrap(facts, place.width);
    draw_lines(app, &lines, place, buffer);
    let taken = (lines.len() as u16).min(area.height);
    Rect { y: area.y + taken, height: area.height - taken, ..area }
}

fn draw_lines(app: &App, lines: &[Words], area: Rect, buffer: &mut Buffer) {
    for (line, y) in lines.iter().zip(area.y..area.bottom()) {
        line.draw(&app.theme, Rect { y, height: 1, ..area }, buffer);
    }
}

/// The facts in as many lines of `width` columns as they need, all but the first indented.
fn wrap(facts: Vec<Fact>, width: u16) -> Vec<Words> {
    let mut lines: Vec<Words> = Vec::new();
    for Fact { label, value, meaning } in facts {
        if let Some(last) = lines.last_mut() {
            let mut longer = last.clone();
            longer.fact(label, value.as_str(), meaning);
            if longer.width() <= width {
                *last = longer;
                continue;
            }
        }
        let mut line = Words::default();
        if !lines.is_empty() {
            // The space that parts facts parts this one from the edge.
            line.add("", Meaning::Normal);
        }
        line.fact(label, value, meaning);
        lines.push(line);
    }
    lines
}

/// Draws a frame with a title and gives what is inside.
fn frame(app: &App, title: &str, area: Rect, buffer: &mut Buffer) -> Rect {
    let block = Block::bordered()
        .border_set(app.theme.glyphs().border)
        .border_style(app.theme.style(Meaning::Border))
        .title_style(app.theme.style(Meaning::Label))
        .title(format!(" {title} "));
    let inner = block.inner(area);
    block.render(area, buffer);
    inner
}
