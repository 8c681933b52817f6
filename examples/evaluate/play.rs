//! Runs a scenario through the real sources, store and analysis, without a terminal and on a clock that takes no time, and
//! shows every snapshot. It does not see the truth.

use std::io;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use lambda_model::time::Clock;
use lambda_model::{FunctionId, Scope};
use lambda_simulator::{self, Scenario};
use lamtop::cli::{self, Invocation};
use lamtop::config::{Settings, Surroundings};
use lamtop::error::Error;
use lamtop::run::stage::{self, Reading};
use lamtop::snapshot::{Origin, Snapshot};
use lamtop::source::aws::Connection;
use lamtop::store::Store;

/// What is read beside the inventory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Metrics only.
    Metrics,
    /// Metrics, and the logs of every function.
    Live,
}

/// When to watch, counted from the scenario's origin, and how often.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watch {
    pub(crate) way: Way,
    pub(crate) from: TimeDelta,
    pub(crate) until: TimeDelta,
    pub(crate) every: TimeDelta,
}

/// Runs `scenario` with `seed` and passes every snapshot to `look`.
///
/// # Errors
///
/// When the program's own defaults cannot be read, or there is no runtime: neither happens.
pub(crate) fn play(
    scenario: &Scenario,
    seed: u64,
    watch: Watch,
    look: impl FnMut(&Snapshot),
) -> Result<(), Box<dyn std::error::Error>> {
    let settings = settings(watch.way)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    runtime.block_on(playing(scenario, seed, watch, &settings, look));
    Ok(())
}

/// The default settings, except for whether logs are read.
fn settings(way: Way) -> Result<Settings, Error> {
    let nothing_set = Surroundings { variable: &|_| None, read: &|_| Err(io::ErrorKind::NotFound.into()) };
    let logs = match way {
        Way::Metrics => "off",
        Way::Live => "auto",
    };
    match cli::parse(["lamtop", "demo", "--logs", logs], &nothing_set)? {
        Invocation::Demo { settings, .. } => Ok(settings),
        _ => Err(Error::usage("the demo was asked for", "something else was understood", "report this as a bug")),
    }
}

async fn playing(scenario: &Scenario, seed: u64, watch: Watch, settings: &Settings, mut look: impl FnMut(&Snapshot)) {
    let begin = scenario.origin() + watch.from;
    let clock = Clock::simulated(begin, 1.0);
    let scope = Scope::new(None, scenario.region());
    let account = lambda_simulator::account(scenario, seed, clock.clone());
    let connection = Connection { scope: scope.clone(), account };
    let Reading { mut observations, demand, params } = stage::read(vec![connection], clock.clone(), settings);
    let mut store = Store::default();
    let end = scenario.origin() + watch.until;
    let mut seq = 0;
    let mut at: DateTime<Utc> = begin;
    while at < end {
        at += watch.every;
        let wait = (at - clock.now()).to_std().unwrap_or(Duration::ZERO);
        let deadline = tokio::time::Instant::now() + wait;
        while let Ok(Some(observation)) = tokio::time::timeout_at(deadline, observations.recv()).await {
            store.apply(&observation);
        }
        seq += 1;
        let snapshot = Snapshot::of(&store, params, Origin::Demo, clock.now(), seq);
        // Every function is on screen.
        let id = |name| FunctionId { scope: scope.clone(), name };
        let functions = snapshot.scopes.iter().flat_map(|scope| &scope.functions);
        let visible: Vec<FunctionId> = functions.map(|function| id(function.state.name.clone())).collect();
        demand.send_if_modified(|demand| {
            let news = demand.visible != visible;
            demand.visible = visible;
            news
        });
        look(&snapshot);
    }
}
