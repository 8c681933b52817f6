//! The footer: the filter while it is typed, something to say once, or the keys that matter here.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::keymap::Layer;
use crate::tui::widget::words::Words;
use crate::view::meaning::Meaning;

/// The actions that hold everywhere and are worth a place.
const EVERYWHERE: [Action; 5] = [Action::Filter, Action::ViewNext, Action::Freeze, Action::Help, Action::Quit];

pub(super) fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let mut words = Words::default();
    words.add(" ", Meaning::Normal);
    if app.typing.is_some() {
        words.add("filter ", Meaning::Label).add(app.query.filter.as_str(), Meaning::Normal).add("▏ ", Meaning::Key);
    } else if let Some(notice) = &app.notice {
        words.add(notice.as_str(), Meaning::Warning);
        words.draw(&app.theme, area, buffer);
        return;
    } else if !app.query.filter.is_empty() || app.query.faults_only {
        let only = if app.query.faults_only { "faults only  " } else { "" };
        words.add(format!("{only}{}", app.query.filter), Meaning::Warning).add("  ", Meaning::Normal);
    }
    let layer = app.layer();
    let everywhere = app.keymap.bindings(Layer::Global).iter().filter(|binding| match binding.action {
        Action::Back => app.open.is_some(),
        action => layer != Layer::Filter && EVERYWHERE.contains(&action),
    });
    // The way back in a sort is found by whoever has found the way on.
    let here = app.keymap.bindings(layer).iter().filter(|binding| binding.action != Action::SortPrevious);
    for binding in here.chain(everywhere) {
        if let Some(key) = binding.keys.first() {
            words.add(key.as_str(), Meaning::Key).add(format!(" {}  ", binding.description), Meaning::Muted);
        }
    }
    words.draw(&app.theme, area, buffer);
}
