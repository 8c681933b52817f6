//! The terminal app played by key scripts on a screen in memory: real sources, engine and loop. For pictures and tests.
//!
//! On a tokio runtime with paused time a session takes none, and is the same every time.

use tokio::sync::{mpsc, watch};

use super::feed::{Feed, Source};
use super::live::Live;
use super::{badge, params, query};
use crate::analysis::Params;
use crate::config::Settings;
use crate::engine::OBSERVATIONS;
use crate::error::Error;
use crate::source::aws::Connection;
use crate::tui::Options;
use crate::tui::capabilities::{Capabilities, Depth};
use crate::tui::offscreen::Offscreen;
use lambda_model::demand::Demand;
use lambda_model::observation::Observation;
use lambda_model::time::Clock;

/// What the screen can show, whatever the environment says.
const SCREEN: Capabilities = Capabilities { depth: Depth::TrueColor, unicode: true };

/// The app on the simulated Region, on a screen of `size` columns and rows. Must be called inside a tokio runtime.
///
/// # Errors
///
/// A usage error when there is no such scenario, theme or column to sort by.
pub fn demo(scenario: &str, settings: &Settings, size: (u16, u16)) -> Result<Offscreen, Error> {
    let source = Source::new(Some(&lambda_simulator::scenario(scenario)?), settings, settings.speed)?;
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

/// What the sources of simulated accounts tell, for those who look at it themselves.
pub struct Reading {
    /// What they tell.
    pub observations: mpsc::Receiver<Observation>,
    /// What they are asked for.
    pub demand: watch::Sender<Demand>,
    /// How the settings want it understood.
    pub params: Params,
}

/// Reads simulated accounts, which read `clock`, as the app does. Must be called inside a tokio runtime; it goes on for
/// as long as somebody listens.
pub fn read(connections: Vec<Connection>, clock: Clock, settings: &Settings) -> Reading {
    let (out, observations) = mpsc::channel(OBSERVATIONS);
    let (demand, wanted) = watch::channel(Demand::default());
    tokio::spawn(Feed::new(Source::Simulated(connections, clock), settings).run(out, wanted));
    Reading { observations, demand, params: params(settings) }
}

fn play(source: Source, scenario: Option<&str>, settings: &Settings, size: (u16, u16)) -> Result<Offscreen, Error> {
    let options = Options::new(query(settings)?, &settings.theme, badge(scenario, settings), SCREEN)?;
    let Live { snapshots, demand, tasks } = Live::start(source, settings);
    tasks.detach();
    Ok(Offscreen::new(options, size, snapshots, demand))
}
