//! Every operation that was called and how it is doing: what is missing on the other screens, and why.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Paragraph, Widget, Wrap};

use crate::model::failure::HealthState;
use crate::model::text;
use crate::tui::app::App;
use crate::tui::widget::words::Words;
use crate::view::meaning::Meaning;
use crate::view::units;

/// Columns of the state, the operation, the scope and the age.
const STATE: usize = 12;
const OPERATION: usize = 42;
const SCOPE: usize = 28;
const AGE: usize = 7;

pub(super) fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
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
    let all = snapshot.scopes.iter().flat_map(|scope| scope.health.iter().map(move |health| (scope, health)));
    let mut sorted: Vec<_> = all.collect();
    // What does not answer comes first; among equals the order of the snapshot stays.
    sorted.sort_by_key(|(_, health)| health.state == HealthState::Ok);
    let rows = usize::from(area.height).saturating_sub(1);
    let shown = sorted.len().saturating_sub(app.health.offset).min(rows);
    let selected = sorted.get(app.health.selected).and_then(|(_, health)| health.detail.clone());
    for (index, (scope, health)) in sorted.into_iter().enumerate().skip(app.health.offset).take(rows) {
        let place = line(index - app.health.offset + 1);
        if index == app.health.selected {
            let whole = Rect { x: area.x, width: area.width, ..place };
            buffer.set_style(whole, app.theme.style(Meaning::Selected));
        }
        let mut words = Words::default();
        words.add(pad(health.state.word(), STATE), meaning(health.state));
        words.add(pad(health.operation.action(), OPERATION), Meaning::Normal);
        if several {
            words.add(pad(&scope.scope.to_string(), SCOPE), Meaning::Muted);
        }
        words.add(pad(&units::span(snapshot.at - health.since), AGE), Meaning::Muted);
        words.add(health.detail.clone().unwrap_or_default(), Meaning::Normal);
        words.draw(&app.theme, place, buffer);
    }
    // The selected row's detail in full, where there is room below the rows.
    let below = Rect { height: area.height, ..line(shown + 2) }.intersection(area);
    let detail = Paragraph::new(text::clean(selected.as_deref().unwrap_or_default())).wrap(Wrap { trim: true });
    detail.style(app.theme.style(Meaning::Normal)).render(below, buffer);
}

fn meaning(state: HealthState) -> Meaning {
    match state {
        HealthState::Ok => Meaning::Ok,
        HealthState::Throttled | HealthState::Unsupported => Meaning::Warning,
        HealthState::Denied | HealthState::Expired | HealthState::Unreachable => Meaning::Critical,
    }
}

/// `word` in exactly `columns`, with a space at its end.
fn pad(word: &str, columns: usize) -> String {
    let word = text::fit(word, columns - 1);
    let space = " ".repeat(columns - text::width(&word));
    format!("{word}{space}")
}
