//! Typing: the filter of the functions, or what the log is searched for. What is typed takes effect at once.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::tui::app::{App, Typing};
use lambda_model::text;

/// The longest text, in characters.
const LONGEST: usize = 200;

/// Takes in a key that stands for itself; says whether it meant anything.
pub(super) fn edit(app: &mut App, key: KeyEvent) -> bool {
    match key.code {
        KeyCode::Char(character) if !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) => {
            insert(app, &character.to_string());
        }
        KeyCode::Backspace => change(app, |text| {
            text.pop();
        }),
        _ => return false,
    }
    true
}

/// Adds what was typed or pasted.
pub(super) fn insert(app: &mut App, typed: &str) {
    change(app, |text| {
        let room = LONGEST.saturating_sub(text.chars().count());
        text.extend(text::clean(typed).chars().take(room));
    });
}

/// Empties the text.
pub(super) fn clear(app: &mut App) {
    change(app, String::clear);
}

/// Keeps the text.
pub(super) fn accept(app: &mut App) {
    app.typing = None;
}

/// Puts the text back to what it was.
pub(super) fn cancel(app: &mut App) {
    if let Some(Typing::Filter { before } | Typing::Search { before, .. }) = app.typing.clone() {
        change(app, |text| *text = before);
    }
    if let Some(Typing::Search { from, .. }) = app.typing.take() {
        app.log.return_to(from.as_ref());
    }
}

/// Changes the text that is typed, and shows what follows from it.
fn change(app: &mut App, change: impl FnOnce(&mut String)) {
    match &app.typing {
        None => {}
        Some(Typing::Filter { .. }) => {
            change(&mut app.query.filter);
            app.settle();
        }
        Some(Typing::Search { from, .. }) => {
            change(&mut app.log.search);
            // Each letter searches from where the search began: first what is older, for the newest is at hand.
            app.log.return_to(from.as_ref());
            if !app.log.search.is_empty() && !app.log.seek_older(true) {
                app.log.seek_newer();
            }
        }
    }
}
