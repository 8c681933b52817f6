//! What happens in a scenario, and when: incidents, changes by hand, and an AWS API that does not answer.

use serde::Deserialize;

use crate::instant::Instant;
use lambda_model::operation::Operation;

/// Whether `now` lies in `from..until`, minutes; no end is for good.
pub fn within(now: Instant, from_min: f64, until_min: Option<f64>) -> bool {
    now >= Instant::of_min(from_min) && until_min.is_none_or(|until| now < Instant::of_min(until))
}

/// A change of a function's traffic or behaviour. Several of one function add up.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Incident {
    /// The function.
    pub function: String,
    /// Only this version behaves so; absent: all of them.
    pub version: Option<String>,
    /// From when on.
    pub from_min: f64,
    /// Absent: for good.
    pub until_min: Option<f64>,
    /// How long it takes to reach its size, linearly by the minute.
    #[serde(default)]
    pub ramp_min: f64,
    /// Factors.
    #[serde(default = "one")]
    pub rate: f64,
    /// Of the durations.
    #[serde(default = "one")]
    pub duration: f64,
    /// Of the init phases.
    #[serde(default = "one")]
    pub init: f64,
    /// Added to the share of attempts that fail by chance.
    #[serde(default)]
    pub error_rate: f64,
    /// The share of events, messages and records that fail at every attempt.
    #[serde(default)]
    pub poison: f64,
    /// The share of invocations that hang until the timeout.
    #[serde(default)]
    pub hang: f64,
    /// The share of new environments whose init phase fails.
    #[serde(default)]
    pub init_failures: f64,
    /// Memory that each invocation leaves behind in its environment.
    #[serde(default)]
    pub leak_mb: f64,
}

/// Somebody changes a function's configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The function.
    pub function: String,
    /// When.
    pub at_min: f64,
    /// When it is taken back; absent: never. Code is never taken back.
    pub until_min: Option<f64>,
    /// New code of `$LATEST`: its environments are replaced.
    #[serde(default)]
    pub code: bool,
    /// Another timeout of `$LATEST`: its environments are replaced.
    pub timeout_s: Option<u32>,
    /// Reserved concurrency; 0 stops the function.
    pub reserved: Option<u32>,
    /// An alias that points to another version from now on, with all its traffic.
    pub alias: Option<Repointed>,
    /// The event source mapping is disabled.
    #[serde(default)]
    pub source_disabled: bool,
}

/// Where an alias points.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repointed {
    /// Its name.
    pub name: String,
    /// The version.
    pub version: String,
}

/// AWS denies lamtop an action.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiFault {
    /// The IAM action, for example `lambda:ListAliases`; absent: every operation.
    pub operation: Option<Operation>,
    /// From when on.
    pub from_min: f64,
    /// Until when; absent: for good.
    pub until_min: Option<f64>,
    /// What AWS says.
    pub answer: ApiAnswer,
    /// Of the calls.
    #[serde(default = "one")]
    pub share: f64,
}

/// What AWS says instead of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApiAnswer {
    /// Rate exceeded.
    Throttled,
    /// A permission is missing.
    Denied,
    /// The credentials have expired.
    Expired,
    /// No answer.
    Unreachable,
}

pub(super) fn one() -> f64 {
    1.0
}

impl Change {
    /// Whether it replaces the environments of `$LATEST` and the time at which that was last modified.
    pub(crate) fn is_update(&self) -> bool {
        self.code || self.timeout_s.is_some()
    }
}
