//! A scenario: the functions of a simulated Region, their traffic, what goes wrong when, and the truth about it.
//!
//! Only the shape of the file and what can be read off it at an instant; `check` decides whether it makes
//! sense. `scenarios/example.toml` explains every key to those who write their own.

mod catalogue;
mod check;
mod function;
mod large;
mod place;
mod timeline;
mod truth;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use super::instant::Instant;
use lambda_model::Arn;

pub use catalogue::{EXAMPLE, Embedded, scenario, scenarios};
pub(crate) use function::MOST_HOPS;
pub use function::{AliasTraffic, Burst, Canary, Consequence, Function, LogFormat, Rollout, Source, Target};
pub use timeline::{ApiAnswer, ApiFault, Change, Incident, within};
pub use truth::{Truth, Verdict};

/// The account that is simulated: AWS's documentation uses the same number.
pub(crate) const ACCOUNT: &str = "123456789012";

/// A simulated Region over time. Times that end in `_min` are minutes from the origin; before it all is calm.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// One line for the list of scenarios.
    pub summary: String,
    /// Minute 0.
    origin: DateTime<Utc>,
    /// When to begin to watch.
    opening_min: f64,
    /// Where it is.
    pub region: Region,
    /// Those that are written down.
    #[serde(rename = "function", default)]
    pub functions: Vec<Function>,
    /// Functions that are made up by the seed, beside those written down.
    pub(crate) population: Option<large::Population>,
    /// What goes wrong.
    #[serde(rename = "incident", default)]
    pub incidents: Vec<Incident>,
    /// What somebody changes.
    #[serde(rename = "change", default)]
    pub changes: Vec<Change>,
    /// When AWS does not answer as it should.
    #[serde(rename = "api_fault", default)]
    pub api_faults: Vec<ApiFault>,
    /// What a monitor should find.
    #[serde(rename = "truth", default)]
    pub truths: Vec<Truth>,
}

/// The Region and its limit.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// Its name.
    pub name: String,
    /// Concurrent executions.
    pub limit: u32,
}

impl Scenario {
    /// Concurrency that counts against the limit whether it is used or not: reservations, and
    /// provisioned concurrency of functions without one.
    pub(crate) fn set_aside_at(&self, now: Instant) -> u32 {
        let of = |function: &Function| function.reserved_at(self, now).unwrap_or(function.provisioned());
        self.functions.iter().map(of).sum()
    }

    /// What it is about, in one line.
    pub fn summary(&self) -> &str {
        &self.summary
    }

    /// The simulated instant from which the scenario counts its minutes; the Region exists before it too.
    pub fn origin(&self) -> DateTime<Utc> {
        self.origin
    }

    /// The simulated instant at which to begin to watch: the incident is young and its onset on the charts.
    pub fn opening(&self) -> DateTime<Utc> {
        self.time(Instant::of_min(self.opening_min))
    }

    /// The simulated Region's name, for example `eu-west-1`.
    pub fn region(&self) -> &str {
        &self.region.name
    }

    /// How many times faster than real time it can be played, so that the simulation keeps up with its clock on
    /// one core: a request takes about half a microsecond to simulate (`cargo bench`), and others need time too.
    pub fn fastest(&self) -> f64 {
        let made_up = self.population.as_ref().map_or(0.0, |population| population.rate);
        let per_s: f64 = made_up + self.functions.iter().map(|function| function.rate).sum::<f64>();
        (1e6 / per_s.max(1.0)).floor().max(1.0)
    }

    /// What is wrong in it, when and where: what findings are measured against.
    pub fn truths(&self) -> &[Truth] {
        &self.truths
    }

    /// The time of day of an instant of the simulation.
    pub(crate) fn time(&self, instant: Instant) -> DateTime<Utc> {
        self.origin.checked_add_signed(TimeDelta::microseconds(instant.0)).unwrap_or(self.origin)
    }

    /// The instant of the simulation at this time of day.
    pub(crate) fn instant(&self, time: DateTime<Utc>) -> Instant {
        Instant((time - self.origin).num_microseconds().unwrap_or(i64::MAX))
    }

    /// The ARN of a resource of `service` in this Region and account.
    pub(crate) fn arn(&self, service: &str, resource: &str) -> Arn {
        Arn::new(format!("arn:aws:{service}:{}:{ACCOUNT}:{resource}", self.region()))
    }

    /// The changes of `function` that are in force at `now`, oldest first.
    pub fn changes_of<'a>(&'a self, function: &'a str, now: Instant) -> impl Iterator<Item = &'a Change> {
        let in_force = move |change: &&Change| within(now, change.at_min, change.until_min);
        self.changes.iter().filter(move |change| change.function == function).filter(in_force)
    }
}
