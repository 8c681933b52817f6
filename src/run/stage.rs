//! The terminal app played by key scripts on a screen in memory: real sources, engine and loop. For pictures and tests.
//!
//! On a tokio runtime with paused time a session takes none, and is the same every time.

use super::feed::Source;
use super::live::Live;
use super::{badge, query};
use crate::config::Settings;
use crate::error::Error;
use crate::model::time::Clock;
use crate::source::aws::Connection;
use crate::source::demo;
use crate::tui::Options;
use crate::tui::capabilities::{Capabilities, Depth};
use crate::tui::offscreen::Offscreen;

/// What the screen can show, whatever the environment says.
const SCREEN: Capabilities = Capabilities { depth: Depth::TrueColor, unicode: true };

/// The app on the simulated Region, on a screen of `size` columns and rows. Must be called inside a tokio runtime.
///
/// # Errors
///
/// A usage error when there is no such scenario, theme or column to sort by.
pub fn demo(scenario: &str, settings: &Settings, size: (u16, u16)) -> Result<Offscreen, Error> {
    let source = Source::new(Some(&demo::scenario(scenario)?), settings, settings.speed)?;
    play(source, Some(scenario), settings, size)
}

/// The app on any accounts, which read `clock`.
///
/// # Errors
///
/// A usage error when there is no such theme or column to sort by.
pub fn accounts(
    connections: Vec<Connection>,
    clock: Clock,
    settings: &Settings,
    size: (u16, u16),
) -> Result<Offscreen, Error> {
    play(Source::Simulated(connections, clock), None, settings, size)
}

fn play(source: Source, scenario: Option<&str>, settings: &Settings, size: (u16, u16)) -> Result<Offscreen, Error> {
    let options = Options::new(query(settings)?, &settings.theme, badge(scenario, settings), SCREEN)?;
    let Live { snapshots, demand, tasks } = Live::start(source, settings);
    tasks.detach();
    Ok(Offscreen::new(options, size, snapshots, demand))
}
