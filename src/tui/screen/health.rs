//! How the logs come in and how every operation that was called is doing: what is missing on the other screens, and why.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Paragraph, Widget, Wrap};

use crate::tui::app::App;
use crate::tui::screen::Screen;
use crate::tui::screen::lines::pad;
use crate::tui::widget::words::Words;
use crate::view::health;
use crate::view::meaning::Meaning;
use crate::view::units;
use lambda_model::text;

/// Columns of the state, the operation, the scope and the age.
const STATE: usize = 12;
const OPERATION: usize = 42;
const SCOPE: usize = 28;
const AGE: usize = 7;

pub(super) const SCREEN: Screen = Screen { draw, step, open: |_| {}, scroll, visible: |_, _| Vec::new() };

fn step(app: &mut App, distance: isize) {
    let index = app.health.step(distance, app.health_rows());
    app.health.select(index, Some(index));
}

fn scroll(app: &mut App, room: usize) {
    app.health.settle(app.health_rows(), Some, room.saturating_sub(1), |_, _| 1);
}

fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let snapshot = app.snapshot();
    let several = snapshot.scopes.len() > 1;
    let width = area.width.saturating_sub(2);
    let line = |index: usize| Rect { x: area.x + 1, y: area.y + index as u16, width, height: 1 };
    let mut head = Words::default();
    head.add(pad("STATE", STATE) + &pad("OPERATION", OPERATION), Meaning::Label);
    if several {
        head.add(pad("SCOPE", SCOPE), Meaning::Label);
    }
    head.add(pad("FOR", AGE) + "DETAIL", Meaning::Label);
    head.draw(&app.theme, line(0), buffer);
    let rows = health::rows(snapshot);
    let room = usize::from(area.height).saturating_sub(1);
    let shown = rows.len().saturating_sub(app.health.offset).min(room);
    let selected = rows.get(app.health.selected).map(|row| row.detail.clone());
    for (index, row) in rows.into_iter().enumerate().skip(app.health.offset).take(room) {
        let place = line(index - app.health.offset + 1);
        if index == app.health.selected {
            let whole = Rect { x: area.x, width: area.width, ..place };
            buffer.set_style(whole, app.theme.style(Meaning::Selected));
        }
        let mut words = Words::default();
        words.add(pad(row.state, STATE), row.meaning);
        words.add(pad(&row.what, OPERATION), Meaning::Normal);
        if several {
            words.add(pad(&row.scope.to_string(), SCOPE), Meaning::Muted);
        }
        let since = row.since.map(|since| units::span(snapshot.at - since));
        words.add(pad(&since.unwrap_or_default(), AGE), Meaning::Muted);
        words.add(row.detail, Meaning::Normal);
        words.draw(&app.theme, place, buffer);
    }
    // The selected row's detail in full, where there is room below the rows.
    let below = Rect { height: area.height, ..line(shown + 2) }.intersection(area);
    let detail = Paragraph::new(text::clean(selected.as_deref().unwrap_or_default())).wrap(Wrap { trim: true });
    detail.style(app.theme.style(Meaning::Normal)).render(below, buffer);
}
