//! The composition root: puts sources, engine and consumers together for what the user asked for.

mod feed;
mod live;
pub mod stage;

use std::convert::Infallible;
use std::io::{ErrorKind, IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use crate::analysis::Params;
use crate::cli::Invocation;
use crate::config::{Format, Settings};
use crate::engine::{self, OBSERVATIONS};
use crate::error::Error;
use crate::export;
use crate::logging;
use crate::model::demand::Demand;
use crate::model::failure::{Health, HealthState};
use crate::model::log::{FeedState, LogFeed};
use crate::model::operation::Operation;
use crate::model::text::clean;
use crate::snapshot::Snapshot;
use crate::source::demo::{self, Scenario};
use crate::store::Store;
use crate::tui;
use crate::tui::capabilities::Capabilities;
use crate::view::functions::{self, Column, Query, RowRef};
use feed::{Feed, Source};
use live::Live;

/// Does what the user asked for.
///
/// # Errors
///
/// Whatever ends the program early; its exit code is [`Error::exit_code`].
pub fn run(invocation: Invocation) -> Result<(), Error> {
    match invocation {
        Invocation::Print(text) => print(&text),
        Invocation::Scenarios => {
            let line = |known: &demo::Embedded| Ok(format!("{:<22}{}\n", known.name, known.scenario()?.summary()));
            print(&demo::scenarios().iter().map(line).collect::<Result<String, Error>>()?)
        }
        Invocation::ExampleScenario => print(demo::EXAMPLE),
        Invocation::App(settings) => app(&settings, None),
        Invocation::Demo { scenario, functions, settings } => {
            let name = scenario.unwrap_or_else(default_scenario);
            app(&settings, Some(&Simulation { name, functions }))
        }
        Invocation::Snapshot { demo, functions, settings } => {
            snapshot(&settings, demo.map(|name| Simulation { name, functions }).as_ref())
        }
    }
}

/// The simulated Region that was asked for.
struct Simulation {
    /// Of the scenario, or its file's path.
    name: String,
    /// How many it makes up; `None` is its own number.
    functions: Option<u32>,
}

impl Simulation {
    fn scenario(&self) -> Result<Scenario, Error> {
        let scenario = demo::scenario(&self.name)?;
        match self.functions {
            Some(functions) => scenario.with_functions(functions),
            None => Ok(scenario),
        }
    }
}

/// The first one listed.
fn default_scenario() -> String {
    demo::scenarios().first().map(|known| known.name.to_string()).unwrap_or_default()
}

/// The terminal app, until the user quits.
fn app(settings: &Settings, simulation: Option<&Simulation>) -> Result<(), Error> {
    logging::start(settings.log_file.as_deref(), settings.verbosity)?;
    let scenario = simulation.map(Simulation::scenario).transpose()?;
    let speed = scenario.as_ref().map_or(settings.speed, |scenario| settings.speed.min(scenario.fastest()));
    let settings = &Settings { speed, ..settings.clone() };
    let options = tui::Options::new(
        query(settings)?,
        &settings.theme,
        badge(simulation.map(|simulation| &*simulation.name), settings),
        Capabilities::of_environment(),
    )?;
    // Calls and decoding run beside the drawing thread, which never waits for them.
    let runtime = runtime(2)?;
    let shown = runtime.block_on(async {
        let Live { snapshots, demand, tasks } =
            Live::start(Source::new(scenario.as_ref(), settings, settings.speed)?, settings);
        tokio::select! {
            biased;
            shown = tui::show(options, snapshots, demand) => shown,
            error = tasks.failed() => Err(error),
        }
    });
    // Calls under way are not waited for.
    runtime.shutdown_background();
    shown
}

/// Gathers once, prints, ends.
fn snapshot(settings: &Settings, simulation: Option<&Simulation>) -> Result<(), Error> {
    logging::start(settings.log_file.as_deref(), settings.verbosity)?;
    let query = query(settings)?;
    let scenario = simulation.map(Simulation::scenario).transpose()?;
    let runtime = runtime(1)?;
    let taken = runtime.block_on(async {
        // One look needs no time lapse.
        let source = Source::new(scenario.as_ref(), settings, 1.0)?;
        let (observations, received) = mpsc::channel(OBSERVATIONS);
        let (publish, snapshots) = watch::channel(nothing_yet(&source, settings));
        let (demand, wanted) = watch::channel(Demand::default());
        let engine = engine::run(received, publish, source.clock(), params(settings), source.origin());
        let (reading, begun) = watch::channel(false);
        let feed = Feed::once(source, settings, begun).run(observations, wanted);
        let printed = |snapshot: &Snapshot| rows(snapshot, &query, settings);
        tokio::select! {
            (outcome, snapshot) = async { tokio::join!(feed, engine) } => outcome.map(|()| snapshot),
            never = look(snapshots, demand, reading, printed), if settings.wait_s > 0 => match never {},
        }
    });
    runtime.shutdown_background();
    let snapshot = taken?;
    if let Some(error) = refused(&snapshot) {
        return Err(error);
    }
    let rows = rows(&snapshot, &query, settings);
    let format = match settings.format {
        Format::Auto if std::io::stdout().is_terminal() => Format::Table,
        Format::Auto => Format::Json,
        format => format,
    };
    print(&match format {
        Format::Table => export::table::text(&snapshot, &rows),
        Format::Csv => export::csv::text(&snapshot, &rows)?,
        Format::Json | Format::Auto => export::json::text(&snapshot, &rows)?,
    })
}

/// The functions to print.
fn rows(snapshot: &Snapshot, query: &Query, settings: &Settings) -> Vec<RowRef> {
    let mut rows = functions::rows(snapshot, query);
    rows.truncate(settings.limit.map_or(usize::MAX, |limit| limit as usize));
    rows
}

/// Wishes for what would be on a screen, as that changes: so the sources know whose logs are wanted. `begun` becomes
/// true when logs are read everywhere, or cannot be.
async fn look(
    mut snapshots: watch::Receiver<Arc<Snapshot>>,
    demand: watch::Sender<Demand>,
    begun: watch::Sender<bool>,
    rows: impl Fn(&Snapshot) -> Vec<RowRef>,
) -> Infallible {
    while snapshots.changed().await.is_ok() {
        let snapshot = Arc::clone(&snapshots.borrow_and_update());
        let visible: Vec<_> = rows(&snapshot).iter().filter_map(|row| row.id(&snapshot)).collect();
        let is_waiting = |feed: &Option<LogFeed>| {
            feed.as_ref().is_none_or(|feed| matches!(feed.state, FeedState::Starting | FeedState::Off))
        };
        if !visible.is_empty() && !snapshot.scopes.iter().any(|scope| is_waiting(&scope.live.feed)) {
            begun.send_replace(true);
        }
        demand.send_if_modified(|demand| {
            let news = demand.visible != visible;
            demand.visible = visible;
            news
        });
    }
    std::future::pending().await
}

fn runtime(workers: usize) -> Result<tokio::runtime::Runtime, Error> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build().map_err(|error| {
        Error::usage("lamtop cannot start", error, "check the limits on threads and open files (ulimit -a)")
    })
}

/// What is said beside the program's name on a simulated Region.
fn badge(scenario: Option<&str>, settings: &Settings) -> Option<String> {
    // Of a file, folders and ending take too much room.
    let short =
        |name: &str| Path::new(name).file_stem().map_or_else(String::new, |stem| clean(&stem.to_string_lossy()).into());
    scenario.map(|name| format!("demo {} ×{}", short(name), settings.speed))
}

fn nothing_yet(source: &Source, settings: &Settings) -> Arc<Snapshot> {
    Arc::new(Snapshot::of(&Store::default(), params(settings), source.origin(), source.clock().now(), 0))
}

fn params(settings: &Settings) -> Params {
    Params { window_minutes: settings.window_s / 60, provisional_minutes: settings.metrics.provisional_minutes }
}

fn query(settings: &Settings) -> Result<Query, Error> {
    let sort = Column::by_name(&settings.sort).ok_or_else(|| {
        let known: Vec<&str> = Column::sortable().map(Column::name).collect();
        Error::usage(
            format!("there is no column `{}` to sort by", settings.sort),
            "unknown name",
            format!("use one of {}", known.join(", ")),
        )
    })?;
    Ok(Query { filter: settings.filter.clone(), sort, ..Query::default() })
}

/// The error when AWS could not be reached or refused everything. Who the caller is needs no permission, so an
/// answer to that alone is nothing.
fn refused(snapshot: &Snapshot) -> Option<Error> {
    let asked = || {
        let health = snapshot.scopes.iter().flat_map(|scope| &scope.health);
        health.filter(|health| health.operation != Operation::GetCallerIdentity)
    };
    let worst = asked().max_by_key(|health| health.state)?;
    if asked().any(|health| health.state == HealthState::Ok) {
        return None;
    }
    let Health { operation, state, detail, .. } = worst;
    let hint = match state {
        HealthState::Expired => "log in again (aws sso login, aws login) or check the keys, then retry",
        HealthState::Denied => "grant what `lamtop iam-policy` prints",
        HealthState::Throttled => "try again in a minute; something else uses up the account's API rate",
        HealthState::Unsupported => "check --endpoint-url: what answers there does not know these operations",
        HealthState::Unreachable | HealthState::Ok => "check the network, the Region and --endpoint-url",
    };
    let cause = format!("{operation}: {}", detail.as_deref().unwrap_or(state.word()));
    Some(Error::aws("AWS gave no answer that can be used", cause, hint))
}

/// Writes to standard output. A reader that has gone away is not an error.
fn print(text: &str) -> Result<(), Error> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Error::usage("standard output cannot be written", error, "check where it goes"))
        }
        _ => Ok(()),
    }
}
