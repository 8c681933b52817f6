//! Tests of the simulated Region against queueing theory and against Lambda's rules as AWS states them.
//!
//! They read a [`World`] as the service does, through reports, invocations and queues, and never use the simulation's own
//! formulas for expected values.

mod failures;
mod limits;
mod repeatable;
mod routing;
mod sources;
mod telemetry;
mod traffic;

use super::activity::Activity;
use super::instant::Instant;
use super::invocation::Invocation;
use super::report::Report;
use super::scenario::Scenario;
use super::world::World;

/// The keys of a function that a test does not set.
const DEFAULTS: [(&str, &str); 8] = [
    ("runtime", "'python3.13'"),
    ("memory_mb", "512"),
    ("timeout_s", "900"),
    ("rate", "0.0"),
    ("p50_ms", "100.0"),
    ("spread", "0.0"),
    ("error_rate", "0.0"),
    ("init_ms", "0.0"),
];

/// A function's table with these keys, one a line, and the others as in [`DEFAULTS`].
fn function(name: &str, keys: &str) -> String {
    let is_given = |key: &str| keys.lines().any(|line| line.trim_start().starts_with(&format!("{key} =")));
    let defaults = DEFAULTS.iter().filter(|(key, _)| !is_given(key));
    let defaults: String = defaults.flat_map(|(key, value)| [key, " = ", value, "\n"]).collect();
    format!("[[function]]\nname = '{name}'\n{defaults}{keys}\n")
}

/// A Region with this limit and these tables.
fn region(limit: u32, tables: &[String]) -> Scenario {
    let head = "summary = 'theory'\norigin = '2026-11-22T03:00:00Z'\nopening_min = 10\n[region]\nname = 'eu-west-1'\n";
    Scenario::parse("theory", &format!("{head}limit = {limit}\n{}", tables.concat())).unwrap()
}

/// Arrivals at a rate that is exactly constant, for the first `lasting_s` only.
fn constant(rate: f64, lasting_s: f64) -> String {
    format!("burst = {{ every_s = 86400, lasting_s = {lasting_s}, rate = {rate} }}")
}

/// The Region after `seconds`.
fn after(scenario: &Scenario, seed: u64, seconds: f64) -> World {
    let mut world = World::new(scenario, seed);
    advance(&mut world, seconds);
    world
}

fn advance(world: &mut World, seconds: f64) {
    world.advance(world.scenario.time(Instant::of_s(seconds)));
}

/// All invocations of a function since the origin, by their start, those under way included.
fn invocations(world: &World, function: &str) -> Vec<Invocation> {
    let place = world.index(function).unwrap();
    let all = world.invocations(place, Instant(i64::MIN), Instant(i64::MAX));
    let mut since: Vec<Invocation> = all.into_iter().filter(|one| one.started >= Instant(0)).cloned().collect();
    since.sort_by_key(|one| (one.started, one.environment));
    since
}

/// The reports of a function that are seen now, with their minutes.
fn reports(world: &World, function: &str) -> Vec<(i64, Report)> {
    let place = world.index(function).unwrap();
    let seen = |minute| Some((minute, world.report(place, minute)?));
    (0..=world.now.minute()).filter_map(seen).collect()
}

/// The sum of a count over all minutes that are seen now.
fn sum(world: &World, function: &str, count: impl Fn(&Activity) -> u32) -> u32 {
    reports(world, function).iter().map(|(_, report)| count(&report.total)).sum()
}

/// How many of some invocations are under way when.
struct InFlight {
    starts: Vec<Instant>,
    ends: Vec<Instant>,
}

impl InFlight {
    fn of<'a>(invocations: impl IntoIterator<Item = &'a Invocation>) -> Self {
        let (mut starts, mut ends): (Vec<_>, Vec<_>) =
            invocations.into_iter().map(|one| (one.started, one.ended())).unzip();
        starts.sort_unstable();
        ends.sort_unstable();
        Self { starts, ends }
    }

    /// Just after `at`.
    fn at(&self, at: Instant) -> usize {
        self.starts.partition_point(|start| *start <= at) - self.ends.partition_point(|end| *end <= at)
    }

    /// The most at any instant of `from..until`: it is reached at a start, or was there before.
    fn peak(&self, from: Instant, until: Instant) -> usize {
        let started = self.starts.iter().copied().filter(|start| (from..until).contains(start));
        started.chain([from]).map(|start| self.at(start)).max().unwrap_or(0)
    }
}

/// The 99.95th percentile of the standard normal distribution: 99.9 % lie within it on both sides.
const Z_TWO_SIDED: f64 = 3.290_527;

/// The value that a chi-square variable exceeds once in a thousand times: Wilson and Hilferty's approximation
/// (1931), with the 99.9th percentile of the normal distribution.
fn chi_square_limit(freedom: f64) -> f64 {
    let part = 2.0 / (9.0 * freedom);
    freedom * (1.0 - part + 3.090_232 * part.sqrt()).powi(3)
}

/// Whether a Poisson count is within what 99.9 % of them are, by the normal distribution.
#[track_caller]
fn assert_poisson(count: f64, mean: f64, what: &str) {
    assert!((count - mean).abs() <= Z_TWO_SIDED * mean.sqrt() + 0.5, "{what}: {count}, not about {mean}");
}

#[test]
fn the_limits_of_the_chi_square_distribution_are_those_of_the_tables() {
    // degrees of freedom, 99.9th percentile (any table)
    for (freedom, limit) in [(5.0, 20.515), (10.0, 29.588), (30.0, 59.703), (100.0, 149.449)] {
        assert!((chi_square_limit(freedom) - limit).abs() < 0.02 * limit, "{freedom}");
    }
}
