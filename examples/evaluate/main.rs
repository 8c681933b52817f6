//! Scores findings against the simulator's truth: `cargo run --release --example evaluate` prints the report that
//! `docs/evaluation.md` keeps.
//!
//! Scenarios run with many seeds through the real sources, store and rules ([`play`]). [`judge`] compares the findings
//! with the scenario files and with the oracle, which knows what throttled each request. It reads and writes no file.

mod canaries;
mod causes;
mod foretold;
mod jobs;
mod judge;
mod mixture;
mod play;
mod report;
mod seen;
mod table;
mod tally;

use std::io::{self, Write};

use chrono::TimeDelta;
use clap::Parser;
use lambda_oracle::{Clarity, Oracle};
use lambda_simulator::Scenario;

use play::{Watch, Way};
use seen::Seen;
use tally::Tally;

/// Thresholds and rules may be fitted to these seeds; the report uses others.
const TUNING: u64 = 1;
/// The first seed of the report, whose seeds are never used for fitting.
const HELD_OUT: u64 = 10_000;

/// Minutes of a scenario that are watched from its origin on; the first incidents begin after minute 3.
const MINUTES: i64 = 30;
/// Seconds between two looks, by metrics and with logs.
const METRICS_EVERY_S: i64 = 15;
const LIVE_EVERY_S: i64 = 5;
/// Functions of the scenario that makes up thousands; fewer, so that it runs faster.
const HAY: u32 = 300;
/// How many kinds of slips are listed.
const SLIPS: usize = 40;

/// Scores lamtop's findings against the simulator's truth.
#[derive(Debug, Parser)]
struct Arguments {
    /// The seeds that thresholds may be fitted to, with every slip listed.
    #[arg(long)]
    tuning: bool,
    /// Runs of each scenario with metrics only.
    #[arg(long, default_value_t = 200)]
    runs: u64,
    /// Runs of each scenario with logs.
    #[arg(long, default_value_t = 8)]
    live_runs: u64,
    /// Random mixtures of two scenarios each, with metrics only.
    #[arg(long, default_value_t = 1000)]
    mixtures: u64,
    /// Only this scenario.
    #[arg(long)]
    scenario: Option<String>,
}

/// A run.
struct Job {
    /// A shipped scenario; `None` is the mixture of this seed.
    name: Option<&'static str>,
    seed: u64,
    way: Way,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = Arguments::parse();
    let first = if arguments.tuning { TUNING } else { HELD_OUT };
    let asked = |name: &str| arguments.scenario.as_deref().is_none_or(|asked| asked == name);
    let names: Vec<&'static str> =
        lambda_simulator::scenarios().iter().map(|one| one.name).filter(|name| asked(name)).collect();
    let scenarios = |runs: u64, way: Way| -> Vec<Job> {
        let every = |run| names.iter().map(move |name| Job { name: Some(*name), seed: first + run, way });
        (0..runs).flat_map(every).collect()
    };
    let mixtures = (0..arguments.mixtures).map(|run| Job { name: None, seed: first + run, way: Way::Metrics });
    let parts = [
        ("The scenarios with metrics only", scenarios(arguments.runs, Way::Metrics)),
        ("The scenarios with metrics and logs", scenarios(arguments.live_runs, Way::Live)),
        ("Random mixtures of two scenarios, with metrics only", mixtures.collect()),
    ];
    let mut out = io::stdout().lock();
    for (title, jobs) in parts.iter().filter(|(_, jobs)| !jobs.is_empty()) {
        let tally: Tally = jobs::on_every_processor(jobs, run, Tally::merge)?;
        writeln!(out, "## {title}\n\n{}", report::part(&tally))?;
        if arguments.tuning {
            writeln!(out, "### Wrong\n\n{}", report::slips(&tally.wrong, SLIPS))?;
            writeln!(out, "### Missed\n\n{}", report::slips(&tally.missed, SLIPS))?;
        }
    }
    let (deployments, table) = (canaries::DEPLOYMENTS, canaries::report(first));
    writeln!(out, "## Canaries, {deployments} deployments of each kind, judged after every minute\n\n{table}")?;
    Ok(())
}

fn run(job: &Job, tally: &mut Tally) -> Result<(), Box<dyn std::error::Error>> {
    let (name, scenario, clarity) = match job.name {
        Some(name) => (name, shipped(name)?, Clarity::Usual),
        None => ("a mixture", mixture::mixture(job.seed).ok_or("no mixture makes sense")?, Clarity::Faint),
    };
    let every = match job.way {
        Way::Metrics => METRICS_EVERY_S,
        Way::Live => LIVE_EVERY_S,
    };
    let watch = Watch {
        way: job.way,
        from: TimeDelta::zero(),
        until: TimeDelta::minutes(MINUTES),
        every: TimeDelta::seconds(every),
    };
    let mut seen = Seen::new(scenario.origin());
    play::play(&scenario, job.seed, watch, |snapshot| seen.look(snapshot))?;
    let oracle = Oracle::new(&scenario, job.seed, MINUTES);
    let truths = match job.name {
        Some(_) => judge::written(&scenario),
        None => judge::seen_by(&oracle, MINUTES),
    };
    let judged = judge::judge(&truths, &oracle, clarity, &seen, MINUTES as f64, job.way);
    tally.add(name, job.seed, &seen, &judged);
    tally.causes.add(&oracle, MINUTES, &seen);
    tally.coverage.add(&oracle, MINUTES, &seen);
    Ok(())
}

fn shipped(name: &str) -> Result<Scenario, Box<dyn std::error::Error>> {
    let scenario = lambda_simulator::scenario(name)?;
    Ok(if name == "large" { scenario.with_functions(HAY)? } else { scenario })
}
