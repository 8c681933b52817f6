//! A scenario: the functions of a simulated Region, their traffic, and what goes wrong when.
//!
//! Only the shape of the file and what can be read off it; [`super::check`] decides whether it makes sense.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use super::check;
use crate::error::Error;
use crate::model::Arn;
use crate::model::time::Minute;

/// The account that is simulated: AWS's documentation uses the same number.
pub(super) const ACCOUNT: &str = "123456789012";

/// A simulated Region over time.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Minute 0 of every `…_min` of the file.
    origin: DateTime<Utc>,
    opening_min: i64,
    pub(super) region: Region,
    #[serde(rename = "function")]
    pub(super) functions: Vec<Function>,
    #[serde(rename = "incident", default)]
    pub(super) incidents: Vec<Incident>,
}

/// The Region and its limit.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Region {
    pub(super) name: String,
    /// Concurrent executions.
    pub(super) limit: u32,
}

/// A function, its configuration and its ordinary traffic.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Function {
    pub(super) name: String,
    /// Absent: a container image.
    pub(super) runtime: Option<String>,
    pub(super) memory_mb: u32,
    pub(super) timeout_s: u32,
    #[serde(default)]
    pub(super) snap_start: bool,
    /// When code or configuration last changed.
    #[serde(default = "three_days_before")]
    pub(super) modified_min: i64,
    /// A log group other than the default one.
    pub(super) log_group: Option<String>,
    /// False: it never ran, so its log group does not exist yet.
    #[serde(default = "yes")]
    pub(super) has_logs: bool,
    /// Requests a second; 0 is idle.
    pub(super) rate: f64,
    pub(super) p50_ms: f64,
    /// The standard deviation of the durations' logarithm.
    pub(super) spread: f64,
    /// The share of invocations that fail.
    pub(super) error_rate: f64,
    pub(super) reserved: Option<u32>,
    pub(super) provisioned: Option<ProvisionedAlias>,
    /// The share of invocations that are asynchronous.
    #[serde(default)]
    pub(super) async_share: f64,
    pub(super) dead_letter: Option<Target>,
    pub(super) on_failure: Option<Target>,
    /// The share of given-up events that do not even reach their target.
    #[serde(default)]
    pub(super) undelivered_share: f64,
    pub(super) source: Option<Source>,
    #[serde(rename = "alias", default)]
    pub(super) aliases: Vec<AliasTraffic>,
}

fn three_days_before() -> i64 {
    -3 * 24 * 60
}

fn yes() -> bool {
    true
}

/// Provisioned concurrency of an alias that carries all of the function's traffic.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProvisionedAlias {
    pub(super) alias: String,
    pub(super) environments: u32,
}

/// Where failed events go, by name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Target {
    /// A queue.
    Sqs(String),
    /// A topic.
    Sns(String),
}

/// What polls a queue or stream and invokes the function.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Source {
    /// A queue whose poisoned messages move to `redrive`.
    Sqs { queue: String, redrive: String, batch_size: u32 },
    /// A stream that runs at most one batch a shard at a time.
    Kinesis { stream: String, shards: u32, batch_size: u32 },
}

/// An alias and the part of the function's traffic that calls it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AliasTraffic {
    pub(super) name: String,
    pub(super) version: String,
    /// The share of the function's requests; the rest calls `$LATEST`.
    pub(super) share: f64,
    pub(super) canary: Option<Canary>,
}

/// A second version behind an alias.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Canary {
    pub(super) version: String,
    pub(super) weight: f64,
    /// When it began to get traffic.
    pub(super) from_min: i64,
    /// Its own error rate, in place of the function's.
    pub(super) error_rate: f64,
    /// Its durations, as a multiple of the function's.
    pub(super) duration: f64,
}

/// A lasting change of a function's behaviour. Several of one function multiply.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Incident {
    pub(super) function: String,
    pub(super) from_min: i64,
    /// How long it takes to reach the factors, linearly.
    pub(super) ramp_min: u32,
    #[serde(default = "unchanged")]
    pub(super) rate: f64,
    #[serde(default = "unchanged")]
    pub(super) duration: f64,
    #[serde(default = "unchanged")]
    pub(super) errors: f64,
}

fn unchanged() -> f64 {
    1.0
}

impl Scenario {
    /// Reads the scenario `name` from its TOML `text`.
    pub(super) fn parse(name: &str, text: &str) -> Result<Self, Error> {
        let unusable = |cause: String| {
            Error::usage(format!("the demo scenario {name} cannot be used"), cause, "correct the scenario's file")
        };
        let scenario: Self = toml::from_str(text).map_err(|error| unusable(error.to_string()))?;
        check::check(&scenario).map_err(unusable)?;
        Ok(scenario)
    }

    /// The simulated instant from which the scenario counts its minutes; the Region exists before it too.
    pub fn origin(&self) -> DateTime<Utc> {
        self.origin
    }

    /// The simulated instant at which to begin to watch: the incident is young and its onset on the charts.
    pub fn opening(&self) -> DateTime<Utc> {
        self.at(self.opening_min)
    }

    /// The simulated Region's name, for example `eu-west-1`.
    pub fn region(&self) -> &str {
        &self.region.name
    }

    /// The instant `minutes` after the origin.
    pub(super) fn at(&self, minutes: i64) -> DateTime<Utc> {
        TimeDelta::try_minutes(minutes).and_then(|span| self.origin.checked_add_signed(span)).unwrap_or(self.origin)
    }

    /// How many minutes after the origin's minute this one is.
    pub(super) fn offset(&self, minute: Minute) -> i64 {
        minute.0.saturating_sub(Minute::of(self.origin).0)
    }

    /// The function with this name.
    pub(super) fn function(&self, name: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.name == name)
    }

    /// Concurrency that counts against the limit whether it is used or not: reservations, and
    /// provisioned concurrency of functions without one.
    pub(super) fn set_aside(&self) -> u64 {
        self.functions.iter().map(|function| u64::from(function.reserved.unwrap_or(function.provisioned()))).sum()
    }

    /// The ARN of a resource of `service` in this Region and account.
    pub(super) fn arn(&self, service: &str, resource: &str) -> Arn {
        Arn::new(format!("arn:aws:{service}:{}:{ACCOUNT}:{resource}", self.region()))
    }
}

impl Function {
    /// Environments kept ready; 0 without provisioned concurrency.
    pub(super) fn provisioned(&self) -> u32 {
        self.provisioned.as_ref().map_or(0, |provisioned| provisioned.environments)
    }
}

impl Target {
    /// The target's ARN in the scenario's Region.
    pub(super) fn arn(&self, scenario: &Scenario) -> Arn {
        match self {
            Self::Sqs(name) => scenario.arn("sqs", name),
            Self::Sns(name) => scenario.arn("sns", name),
        }
    }
}
