//! One function: its name and pages, and the page in front.

mod line;
mod live;
pub(super) mod log;
mod metrics;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::snapshot::ScopeSnapshot;
use crate::tui::app::App;
use crate::tui::view::Pane;
use crate::tui::widget::chart::Mark;
use crate::tui::widget::words::Words;
use crate::view::meaning::Meaning;
use crate::view::now::LIVE;
use crate::view::status::Status;
use crate::view::{changes, feed, findings};

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
    let status = Status::of(&app.snapshot().params.thresholds, shown, findings::worst_of(scope, &id.name));
    let mut name = Words::default();
    name.add(format!(" {}  ", id.name), Meaning::Title).add(status.label(), status.meaning());
    name.fact("", scope.label(), Meaning::Muted);
    // The pages come before the end of a long name.
    let room = Rect { width: area.width.saturating_sub(pages.width() + 1), ..area };
    let end = name.draw(&app.theme, room, buffer);
    pages.draw_right(&app.theme, area, end, buffer);
    let rest = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    match app.pane {
        Pane::Metrics => metrics::draw(app, scope, shown, rest, buffer),
        Pane::Live => live::draw(app, scope, shown, rest, buffer),
        Pane::Logs => log::draw(app, scope, shown, rest, buffer),
    }
}

/// Draws why there is nothing of the function's log to show.
fn draw_unread(app: &App, scope: &ScopeSnapshot, area: Rect, buffer: &mut Buffer) {
    let mut words = Words::default();
    words.add(" Nothing was read of this function's log", Meaning::Muted);
    if let Some(read) = &scope.live.feed {
        let (state, meaning) = feed::state(read);
        words.add(": logs ", Meaning::Muted).add(state, meaning);
        if !read.reason.is_empty() {
            words.add(format!(", {}", read.reason), Meaning::Muted);
        }
    }
    if area.height > 1 {
        words.draw(&app.theme, Rect { y: area.y + 1, height: 1, ..area }, buffer);
    }
}

/// The changes as a chart marks them on its time axis.
fn chart_marks(changes: &[changes::Mark]) -> Vec<Mark> {
    let mark = |change: &changes::Mark| Mark {
        at: change.at.fixed_offset(),
        character: change.subject.mark(),
        meaning: changes::MEANING,
    };
    changes.iter().map(mark).collect()
}
