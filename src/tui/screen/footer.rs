//! The footer: the filter while it is typed, something to say once, or the keys that matter here.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::action::Action;
use crate::tui::app::{App, Typing};
use crate::tui::keymap::{Binding, Layer};
use crate::tui::widget::words::Words;
use crate::view::meaning::Meaning;

/// What is worth a place, the most useful first. What has no room is left out, never cut.
const USEFUL: [Action; 22] = [
    Action::FilterAccept,
    Action::FilterCancel,
    Action::FilterClear,
    Action::Back,
    Action::Open,
    Action::Search,
    Action::PaneMetrics,
    Action::PaneLive,
    Action::PaneLogs,
    Action::Copy,
    Action::CommandNext,
    Action::Filter,
    Action::FaultsOnly,
    Action::SearchOlder,
    Action::Wrap,
    Action::SortNext,
    Action::ViewNext,
    Action::PaneNext,
    Action::Freeze,
    Action::SortReverse,
    Action::SearchNewer,
    Action::Export,
];

/// What always has its place, at the end.
const ALWAYS: [Action; 2] = [Action::Help, Action::Quit];

pub(super) fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let mut words = Words::default();
    words.add(" ", Meaning::Normal);
    if let Some(notice) = &app.notice {
        words.add(notice.as_str(), Meaning::Warning);
        words.draw(&app.theme, area, buffer);
        return;
    }
    if let Some(typing) = &app.typing {
        let (what, typed) = match typing {
            Typing::Filter { .. } => ("filter ", &app.query.filter),
            Typing::Search { .. } => ("search ", &app.log.search),
        };
        words.add(what, Meaning::Label).add(typed.as_str(), Meaning::Normal).add("▏  ", Meaning::Key);
    } else if app.layer() != Layer::Logs {
        if app.query.faults_only {
            words.add("faults only  ", Meaning::Warning);
        }
        if !app.query.filter.is_empty() {
            words.add("filter ", Meaning::Label).add(format!("{}  ", app.query.filter), Meaning::Warning);
        }
    }
    let always = keys(app, &ALWAYS);
    let taken = words.width() + always.iter().map(Words::width).sum::<u16>();
    let mut room = area.width.saturating_sub(taken);
    let fits = |key: &Words| {
        let left = room.checked_sub(key.width());
        room = left.unwrap_or(room);
        left.is_some()
    };
    let shown = keys(app, &USEFUL).into_iter().filter(fits).chain(always);
    let mut place = Rect { x: words.draw(&app.theme, area, buffer), ..area };
    for key in shown {
        place.width = area.right().saturating_sub(place.x);
        place.x = key.draw(&app.theme, place, buffer);
    }
}

/// The keys for those of `actions` that can be asked for here, in their order.
fn keys(app: &App, actions: &[Action]) -> Vec<Words> {
    let mut ranked: Vec<(usize, Binding)> = app
        .keymap
        .reachable(app.layer())
        .into_iter()
        .filter(|(_, binding)| binding.action != Action::Back || app.can_go_back())
        .filter_map(|(_, binding)| Some((actions.iter().position(|action| *action == binding.action)?, binding)))
        .collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    let words = ranked.into_iter().filter_map(|(_, binding)| {
        let mut words = Words::default();
        words.add(binding.keys.first()?.as_str(), Meaning::Key);
        words.add(format!(" {}  ", binding.description), Meaning::Muted);
        Some(words)
    });
    words.collect()
}
