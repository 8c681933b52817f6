//! What a message does to the app, and what the app then wants done. Pure: effects are returned, not performed.

mod findings;
mod log;
mod typing;

use std::sync::Arc;

use crossterm::event::{KeyEvent, KeyEventKind};
use ratatui::layout::Size;

use super::action::Action;
use super::app::{App, Typing};
use super::list::List;
use super::log::LogPane;
use super::screen;
use super::view::{Pane, View};
use crate::snapshot::Snapshot;
use crate::view::columns::Column;
use lambda_model::demand::Demand;
use lambda_model::time::Minute;

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Msg {
    /// A key.
    Key(KeyEvent),
    /// Pasted text.
    Paste(String),
    /// The terminal has a new size.
    Resize(Size),
    /// The engine published.
    Snapshot(Arc<Snapshot>),
    /// An effect was carried out and has something to say.
    Done(String),
}

/// Something to be done outside the app.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Tell the sources what is on screen.
    Demand(Demand),
    /// Save the screen as a picture.
    Export,
    /// Have the terminal copy this.
    Copy(String),
    /// Stop the program and give the shell the terminal.
    Suspend,
    /// End.
    Quit,
}

/// What became of a message.
#[derive(Debug, PartialEq, Eq)]
pub struct Updated {
    /// Whether the screen is to be drawn again.
    pub redraw: bool,
    /// What is to be done.
    pub effects: Vec<Effect>,
}

/// Takes in one message.
pub fn update(app: &mut App, msg: Msg) -> Updated {
    let before = screen::demand(app);
    let mut effects = Vec::new();
    let redraw = match msg {
        Msg::Key(key) => press(app, key, &mut effects),
        Msg::Paste(pasted) => {
            let typing = app.typing.is_some();
            if typing {
                typing::insert(app, &pasted);
            }
            typing
        }
        Msg::Resize(size) => {
            app.size = size;
            true
        }
        Msg::Snapshot(snapshot) => app.publish(snapshot),
        Msg::Done(notice) => {
            app.notice = Some(notice);
            true
        }
    };
    if redraw {
        screen::settle(app);
    }
    let demand = screen::demand(app);
    if demand != before {
        effects.push(Effect::Demand(demand));
    }
    Updated { redraw, effects }
}

/// Says whether the key meant anything.
fn press(app: &mut App, key: KeyEvent, effects: &mut Vec<Effect>) -> bool {
    // To the minute: the sources need not hear of each key. The newest snapshot tells the time, frozen or not.
    app.attended = Some(Minute::of(app.newest().at).start());
    let noticed = app.notice.take().is_some();
    if app.help && key.kind != KeyEventKind::Release {
        app.help = false;
        // Whoever wants to leave need not close the help first.
        if let Some(action @ (Action::Quit | Action::Suspend)) = app.keymap.resolve(&key, app.layer()) {
            act(app, action, effects);
        }
        return true;
    }
    match app.keymap.resolve(&key, app.layer()) {
        Some(action) => {
            act(app, action, effects);
            true
        }
        None if app.typing.is_some() => typing::edit(app, key) || noticed,
        None => noticed,
    }
}

fn act(app: &mut App, action: Action, effects: &mut Vec<Effect>) {
    match action {
        Action::Quit => effects.push(Effect::Quit),
        Action::Suspend => effects.push(Effect::Suspend),
        Action::Export => effects.push(Effect::Export),
        Action::Help => app.help = true,
        Action::Back => back(app),
        Action::Open if app.shows_log() => log::open_request(app),
        Action::Open => open(app),
        Action::Up => step(app, -1),
        Action::Down => step(app, 1),
        Action::PageUp => step(app, -page(app)),
        Action::PageDown => step(app, page(app)),
        Action::Top => step(app, isize::MIN),
        Action::Bottom => step(app, isize::MAX),
        Action::SortNext => sort(app, 1),
        Action::SortPrevious => sort(app, -1),
        Action::SortReverse => {
            app.query.reversed = !app.query.reversed;
            app.settle();
        }
        Action::FaultsOnly if app.shows_log() => app.log.query.errors_only = !app.log.query.errors_only,
        Action::FaultsOnly => {
            app.query.faults_only = !app.query.faults_only;
            app.settle();
        }
        Action::Filter => {
            if app.view == View::Health {
                show(app, View::Functions);
            }
            app.open = None;
            app.typing = Some(Typing::Filter { before: app.query.filter.clone() });
        }
        Action::Search => {
            app.typing = Some(Typing::Search { before: app.log.search.clone(), from: app.log.held() });
        }
        Action::FilterAccept => typing::accept(app),
        Action::FilterCancel => typing::cancel(app),
        Action::FilterClear => typing::clear(app),
        Action::SearchOlder => log::seek(app, |log| log.seek_older(false), "older"),
        Action::SearchNewer => log::seek(app, LogPane::seek_newer, "newer"),
        Action::Wrap => app.log.wrap = !app.log.wrap,
        Action::Copy if app.shows_log() => log::copy(app, effects),
        Action::Copy => findings::copy(app, effects),
        Action::CommandNext => findings::next_command(app),
        Action::PaneMetrics => page_of_pane(app, Pane::Metrics),
        Action::PaneLive => page_of_pane(app, Pane::Live),
        Action::PaneLogs => page_of_pane(app, Pane::Logs),
        Action::PaneNext => page_of_pane(app, app.pane.turn(1)),
        Action::PanePrevious => page_of_pane(app, app.pane.turn(Pane::ALL.len() - 1)),
        Action::ViewFunctions => show(app, View::Functions),
        Action::ViewTraffic => show(app, View::Traffic),
        Action::ViewFindings => show(app, View::Findings),
        Action::ViewHealth => show(app, View::Health),
        Action::ViewNext => show(app, app.view.turn(1)),
        Action::ViewPrevious => show(app, app.view.turn(View::ALL.len() - 1)),
        Action::Freeze => app.freeze(),
        Action::Refresh => {
            app.refresh += 1;
            app.notice = Some("Refreshing what is on screen".to_string());
        }
    }
}

fn back(app: &mut App) {
    if (app.shows_log() && log::back(app)) || app.open.take().is_some() {
        return;
    }
    if app.view != View::Functions {
        return show(app, View::Functions);
    }
    if !app.query.filter.is_empty() || app.query.faults_only {
        app.query.filter.clear();
        app.query.faults_only = false;
        app.settle();
    }
}

fn open(app: &mut App) {
    screen::open(app);
    if !app.pane_chosen {
        app.pane = app.natural_pane();
    }
}

fn page_of_pane(app: &mut App, pane: Pane) {
    app.pane = pane;
    app.pane_chosen = true;
}

fn show(app: &mut App, view: View) {
    app.open = None;
    app.view = view;
}

fn page(app: &App) -> isize {
    isize::try_from(screen::body_rows(app)).map_or(1, |rows| (rows - 2).max(1))
}

fn step(app: &mut App, distance: isize) {
    if app.shows_log() { app.log.step(distance) } else { screen::step(app, distance) }
}

fn sort(app: &mut App, by: isize) {
    let columns: Vec<Column> = Column::sortable().collect();
    let place = columns.iter().position(|column| *column == app.query.sort).unwrap_or(0);
    let len = isize::try_from(columns.len()).unwrap_or(1);
    let next = isize::try_from(place).unwrap_or(0) + by;
    if let Some(column) = usize::try_from(next.rem_euclid(len)).ok().and_then(|next| columns.get(next)) {
        app.query.sort = *column;
        app.query.reversed = false;
        // A new order is looked at from its top.
        app.functions = List::default();
        app.settle();
    }
}

#[cfg(test)]
mod tests;
