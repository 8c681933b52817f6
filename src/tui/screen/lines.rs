//! What the views lay their words out with: facts wrapped into lines, frames, columns.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Block, Widget};

use crate::tui::app::App;
use crate::tui::widget::words::Words;
use crate::view::labelled::Fact;
use crate::view::meaning::Meaning;
use lambda_model::text;

/// Draws facts in as many rows as they need, one column in from the left; gives what is left below them.
pub(super) fn draw_facts(app: &App, facts: Vec<Fact>, area: Rect, buffer: &mut Buffer) -> Rect {
    let place = Rect { x: area.x + 1, width: area.width.saturating_sub(1), ..area };
    let lines = wrap(facts, place.width);
    draw_lines(app, &lines, place, buffer);
    let taken = (lines.len() as u16).min(area.height);
    Rect { y: area.y + taken, height: area.height - taken, ..area }
}

/// Draws one line a row, as many as there is room for.
pub(super) fn draw_lines(app: &App, lines: &[Words], area: Rect, buffer: &mut Buffer) {
    for (line, y) in lines.iter().zip(area.y..area.bottom()) {
        line.draw(&app.theme, Rect { y, height: 1, ..area }, buffer);
    }
}

/// The facts in as many lines of `width` columns as they need, all but the first indented.
pub(super) fn wrap(facts: Vec<Fact>, width: u16) -> Vec<Words> {
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
pub(super) fn frame(app: &App, title: &str, area: Rect, buffer: &mut Buffer) -> Rect {
    let block = Block::bordered()
        .border_set(app.theme.glyphs().border)
        .border_style(app.theme.style(Meaning::Border))
        .title_style(app.theme.style(Meaning::Label))
        .title(format!(" {title} "));
    let inner = block.inner(area);
    block.render(area, buffer);
    inner
}

/// `word` in exactly `columns`, with a space at its end.
pub(super) fn pad(word: &str, columns: usize) -> String {
    let word = text::fit(word, columns.saturating_sub(1));
    let space = " ".repeat(columns.saturating_sub(text::width(&word)));
    format!("{word}{space}")
}
