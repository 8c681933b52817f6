//! The composition root: puts sources, engine and consumers together for what the user asked for.

mod canary;
mod check;
mod feed;
mod gather;
mod live;
pub mod stage;

use std::io::{ErrorKind, IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;

use crate::analysis::Params;
use crate::cli::Invocation;
use crate::config::{Format, Settings};
use crate::error::Error;
use crate::export;
use crate::logging;
use crate::snapshot::Snapshot;
use crate::store::Store;
use crate::tui;
use crate::tui::capabilities::Capabilities;
use crate::view::columns::Column;
use crate::view::functions::{self, Query, RowRef};
use feed::Source;
use gather::gather;
use lambda_model::text::clean;
use lambda_simulator::{self, Scenario};
use live::Live;

/// Does what the user asked for.
///
/// # Errors
///
/// Whatever ends the program early; its exit code is [`Error::exit_code`].
pub fn run(invocation: Invocation) -> Result<Outcome, Error> {
    match invocation {
        Invocation::Check { demo, settings } => {
            return check::check(&settings, demo.map(Simulation::of).as_ref());
        }
        Invocation::Canary { target, wait, demo, settings } => {
            return canary::canary(&settings, demo.map(Simulation::of).as_ref(), &target, wait);
        }
        Invocation::Print(text) => print(&text),
        Invocation::Scenarios => {
            let line =
                |known: &lambda_simulator::Embedded| Ok(format!("{:<22}{}\n", known.name, known.scenario()?.summary()));
            print(&lambda_simulator::scenarios().iter().map(line).collect::<Result<String, Error>>()?)
        }
        Invocation::ExampleScenario => print(lambda_simulator::EXAMPLE),
        Invocation::App(settings) => app(&settings, None),
        Invocation::Demo { scenario, functions, settings } => {
            let name = scenario.unwrap_or_else(default_scenario);
            app(&settings, Some(&Simulation { name, functions }))
        }
        Invocation::Snapshot { demo, functions, settings } => {
            snapshot(&settings, demo.map(|name| Simulation { name, functions }).as_ref())
        }
    }?;
    Ok(Outcome::Fine)
}

/// How a command ended that did what it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing is wrong.
    Fine,
    /// Findings that are bad enough, or a canary that fails.
    Found,
    /// There is not enough data to tell.
    Undecided,
}

impl Outcome {
    /// The exit code of the contract.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::Found => 1,
            Self::Undecided => 4,
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
    /// A scenario with its own number of functions.
    fn of(name: String) -> Self {
        Self { name, functions: None }
    }

    fn scenario(&self) -> Result<Scenario, Error> {
        let scenario = lambda_simulator::scenario(&self.name)?;
        match self.functions {
            Some(functions) => Ok(scenario.with_functions(functions)?),
            None => Ok(scenario),
        }
    }
}

/// The first one listed.
fn default_scenario() -> String {
    lambda_simulator::scenarios().first().map(|known| known.name.to_string()).unwrap_or_default()
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
    let query = query(settings)?;
    let printed = |snapshot: &Snapshot| rows(snapshot, &query, settings);
    let snapshot = gather(settings, simulation, printed)?;
    let rows = printed(&snapshot);
    print(&match format(settings) {
        Format::Table | Format::Auto => export::table::text(&snapshot, &rows),
        Format::Csv => export::csv::text(&snapshot, &rows)?,
        Format::Json => export::json::text(&snapshot, &rows)?,
    })
}

/// How to print: never [`Format::Auto`].
fn format(settings: &Settings) -> Format {
    match settings.format {
        Format::Auto if std::io::stdout().is_terminal() => Format::Table,
        Format::Auto => Format::Json,
        format => format,
    }
}

/// The functions to print.
fn rows(snapshot: &Snapshot, query: &Query, settings: &Settings) -> Vec<RowRef> {
    let mut rows = functions::rows(snapshot, query);
    rows.truncate(settings.limit.map_or(usize::MAX, |limit| limit as usize));
    rows
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
    Params {
        window_minutes: settings.window_s / 60,
        provisional_minutes: settings.metrics.provisional_minutes,
        thresholds: settings.findings,
        canary: settings.canary,
    }
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
