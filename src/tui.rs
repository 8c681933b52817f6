//! The terminal app: the only folder that knows ratatui and crossterm.
//!
//! It draws what the view says and turns keys into actions; it never computes what is shown, and it never waits
//! for AWS.

mod action;
pub mod app;
pub mod capabilities;
mod clipboard;
mod colour;
mod glyphs;
pub mod keymap;
mod list;
mod log;
pub mod offscreen;
mod picture;
pub mod run;
pub mod screen;
pub mod script;
mod signals;
pub mod terminal;
pub mod theme;
mod tty;
pub mod update;
pub mod view;
mod widget;

use std::sync::Arc;

use tokio::sync::watch;

use crate::error::Error;
use crate::snapshot::Snapshot;
use crate::view::functions::Query;
use app::App;
use capabilities::Capabilities;
use keymap::Keymap;
use lambda_model::demand::Demand;
use run::Wires;
use theme::Theme;

/// What the app is started with.
#[derive(Clone, Debug)]
pub struct Options {
    /// What is shown and how it is sorted.
    pub query: Query,
    /// The look.
    pub theme: Theme,
    /// The keys.
    pub keymap: Keymap,
    /// Said beside the name: where the numbers come from, when that is not an account.
    pub badge: Option<String>,
}

impl Options {
    /// Options for a terminal that can show this much; `theme` is a theme's name or `auto`.
    ///
    /// # Errors
    ///
    /// A usage error when no theme has this name.
    pub fn new(query: Query, theme: &str, badge: Option<String>, capabilities: Capabilities) -> Result<Self, Error> {
        // A terminal without colours gets `mono` whatever the name.
        let name = if theme == "auto" { "default" } else { theme };
        let theme = Theme::load(name, capabilities)?;
        Ok(Self { query, theme, keymap: Keymap::shipped()?, badge })
    }
}

/// Takes the terminal and shows `snapshots` on it until the user quits.
///
/// The first frame is drawn before anything is waited for.
///
/// # Errors
///
/// A usage error when there is no terminal to show them on.
pub(crate) async fn show(
    options: Options,
    mut snapshots: watch::Receiver<Arc<Snapshot>>,
    demand: watch::Sender<Demand>,
) -> Result<(), Error> {
    let mut guard = terminal::enter()?;
    let resumed = guard.resumed();
    let size = guard.terminal().size().map_err(|error| run::lost(&error))?;
    let mut app = App::new(options, Arc::clone(&snapshots.borrow()), size);
    let wires = Wires {
        snapshots: &mut snapshots,
        demand: &demand,
        resumed,
        suspend: signals::suspend,
        save: |name, text| std::fs::write(name, text),
        copy: tty::copy,
    };
    run::run(guard.terminal(), &mut app, run::terminal_input(), wires).await
}
