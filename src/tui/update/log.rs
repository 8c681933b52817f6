//! What keys do in the log of a function: search it, look at one request, copy a line.

use crate::store::live::lines::Line;
use crate::tui::app::App;
use crate::tui::log::LogPane;
use crate::tui::update::Effect;
use crate::view::log::{self, Row};

/// Goes to another line that is searched for, and says so when there is none.
pub(super) fn seek(app: &mut App, seek: impl Fn(&mut LogPane) -> bool, direction: &str) {
    app.notice = if app.log.search.is_empty() {
        Some("Nothing to search for: / starts a search".to_string())
    } else if seek(&mut app.log) {
        None
    } else {
        Some(format!("No {direction} line with `{}`", app.log.search))
    };
}

/// Looks at the request of the selected line.
pub(super) fn open_request(app: &mut App) {
    match line(app).map(|line| line.request.clone()) {
        Some(Some(request)) => app.log.query.request = Some(request),
        Some(None) => app.notice = Some("This line names no request".to_string()),
        None => {}
    }
}

/// Leaves the request, or else the search and the narrowing to errors; says whether there was one.
pub(super) fn back(app: &mut App) -> bool {
    let log = &mut app.log;
    if log.query.request.take().is_some() {
        return true;
    }
    let narrowed = log.query.errors_only || !log.search.is_empty();
    log.query.errors_only = false;
    log.search.clear();
    narrowed
}

/// Has the selected line copied.
pub(super) fn copy(app: &mut App, effects: &mut Vec<Effect>) {
    let copied = line(app).map(|line| log::copy(&line.text));
    effects.extend(copied.map(Effect::Copy));
}

fn line(app: &App) -> Option<&Line> {
    app.log.rows().get(app.log.selected()).and_then(Row::line)
}
