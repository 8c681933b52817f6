//! A function of a scenario: its configuration, its callers, its aliases, and what it does.

use serde::Deserialize;

use super::Scenario;
use super::timeline::{Change, one, within};
use crate::instant::Instant;
use lambda_model::Arn;

/// A function, its configuration and its ordinary traffic.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Absent: a container image.
    pub runtime: Option<String>,
    /// Configured memory, MiB.
    pub memory_mb: u32,
    /// Configured timeout.
    pub timeout_s: u32,
    /// Whether its published versions start from a snapshot.
    #[serde(default)]
    pub snap_start: bool,
    /// When code or configuration last changed before the scenario's own changes.
    #[serde(default = "three_days_before")]
    pub modified_min: i64,

    // --- Logs ---
    /// A log group other than the default one.
    pub log_group: Option<String>,
    /// How the platform writes its lines.
    #[serde(default)]
    pub log_format: LogFormat,
    /// False: it never ran, so its log group does not exist yet.
    #[serde(default = "yes")]
    pub has_logs: bool,

    // --- Traffic ---
    /// Requests a second; events for asynchronous callers, full batches for event sources. 0 is idle.
    pub rate: f64,
    /// Traffic that comes in bursts on top.
    pub burst: Option<Burst>,
    /// How often a synchronous caller tries again when it is throttled.
    #[serde(default)]
    pub client_retries: u32,

    // --- What an invocation does ---
    /// The median duration.
    pub p50_ms: f64,
    /// The standard deviation of the durations' logarithm: 0 is constant, 1 is a long tail.
    pub spread: f64,
    /// The share of attempts that fail by chance; another attempt may succeed.
    pub error_rate: f64,
    /// The median of a cold start's init (or restore) phase. Absent: by the runtime.
    pub init_ms: Option<f64>,
    /// Memory of a fresh environment. Absent: 40 % of its size.
    pub used_mb: Option<f64>,

    // --- Concurrency ---
    /// Reserved concurrency.
    pub reserved: Option<u32>,
    /// Provisioned concurrency.
    pub provisioned: Option<ProvisionedAlias>,

    // --- Callers and failed events ---
    /// The share of requests that are asynchronous events.
    #[serde(default)]
    pub async_share: f64,
    /// How long an asynchronous event is kept.
    #[serde(default = "six_hours")]
    pub max_event_age_s: u32,
    /// How often a failed asynchronous event is tried again.
    #[serde(default = "two")]
    pub max_retries: u32,
    /// The dead-letter queue or topic.
    pub dead_letter: Option<Target>,
    /// The `OnFailure` destination.
    pub on_failure: Option<Target>,
    /// The share of given-up events that do not even reach their target.
    #[serde(default)]
    pub undelivered_share: f64,
    /// The event source mapping.
    pub source: Option<Source>,
    /// Events that a successful invocation causes.
    #[serde(rename = "then", default)]
    pub consequences: Vec<Consequence>,
    /// Its aliases.
    #[serde(rename = "alias", default)]
    pub aliases: Vec<AliasTraffic>,
}

fn three_days_before() -> i64 {
    -3 * 24 * 60
}

fn yes() -> bool {
    true
}

pub(super) fn six_hours() -> u32 {
    6 * 3600
}

pub(super) fn two() -> u32 {
    2
}

/// How the platform writes its lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// START, END, REPORT.
    #[default]
    Text,
    /// `platform.start`, `platform.report`.
    Json,
    /// JSON at system log level WARN: nothing of invocations that succeed.
    JsonWarn,
}

impl LogFormat {
    /// `LoggingConfig.SystemLogLevel`; Text has no levels.
    pub(crate) fn system_level(self) -> Option<&'static str> {
        match self {
            Self::Text => None,
            Self::Json => Some("INFO"),
            Self::JsonWarn => Some("WARN"),
        }
    }
}

/// Requests that come all at once and over and over, like a scheduled job's.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Burst {
    /// From one start to the next.
    pub every_s: f64,
    /// How long a burst lasts.
    pub lasting_s: f64,
    /// Requests a second while it lasts.
    pub rate: f64,
}

/// Provisioned concurrency of an alias that carries all of the function's traffic.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvisionedAlias {
    /// The alias.
    pub alias: String,
    /// The number of provisioned environments.
    pub environments: u32,
}

/// Where failed events go, by name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// A queue.
    Sqs(String),
    /// A topic.
    Sns(String),
}

/// What polls a queue or stream and invokes the function.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Source {
    /// A queue whose poisoned messages move to `redrive` after `max_receives`.
    Sqs {
        /// The queue that is polled.
        queue: String,
        /// Its dead-letter queue.
        redrive: String,
        /// The most messages or records of an invocation.
        batch_size: u32,
        /// After how many receives a message moves to `redrive`.
        #[serde(default = "three")]
        max_receives: u32,
        /// The visibility timeout.
        #[serde(default = "half_a_minute")]
        visibility_s: u32,
        /// The mapping's maximum concurrency.
        maximum_concurrency: Option<u32>,
        /// Whether its `MetricsConfig` asks for `EventCount`.
        #[serde(default)]
        event_count: bool,
    },
    /// A stream that runs at most one batch a shard at a time, in order.
    Kinesis {
        /// The stream that is polled.
        stream: String,
        /// Its shards.
        shards: u32,
        /// The most messages or records of an invocation.
        batch_size: u32,
        /// Whether its `MetricsConfig` asks for `EventCount`.
        #[serde(default)]
        event_count: bool,
    },
}

fn three() -> u32 {
    3
}

fn half_a_minute() -> u32 {
    30
}

/// Recursive loop detection stops a chain of this many invocations (docs/aws.md#recursive-loops).
pub(crate) const MOST_HOPS: u32 = 16;

/// An asynchronous event for another function (or the same one) after a success.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consequence {
    /// The function.
    pub function: String,
    /// Of the successful invocations.
    #[serde(default = "one")]
    pub share: f64,
    /// Median time until the event, for work that happens elsewhere, such as a transcription.
    #[serde(default)]
    pub after_s: f64,
    /// From when on; absent: always.
    pub from_min: Option<f64>,
    /// Until when; absent: for good.
    pub until_min: Option<f64>,
}

/// An alias and the part of the function's traffic that calls it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AliasTraffic {
    /// Its name.
    pub name: String,
    /// The version.
    pub version: String,
    /// The share of the function's requests; the rest calls `$LATEST`.
    pub share: f64,
    /// The second version, if it has one.
    pub canary: Option<Canary>,
}

/// A second version behind an alias.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Canary {
    /// The version.
    pub version: String,
    /// The share of the alias's requests.
    pub weight: f64,
    /// When it begins to get traffic, and when it ceases to.
    pub from_min: f64,
    /// Until when; absent: for good.
    pub until_min: Option<f64>,
    /// Its own error rate, in place of the function's.
    pub error_rate: f64,
    /// Its durations, as a multiple of the function's.
    #[serde(default = "one")]
    pub duration: f64,
    /// Its init phases, as a multiple of the function's.
    #[serde(default = "one")]
    pub init: f64,
    /// The `CodeDeploy` deployment that shifts its traffic; absent: somebody set the weight by hand.
    pub deployment: Option<Rollout>,
}

/// A `CodeDeploy` deployment, which is stopped when its canary ceases to get traffic.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rollout {
    /// One of `CodeDeploy`'s own canary configurations.
    pub config: String,
    /// Whether it rolls back by itself when it fails.
    #[serde(default = "yes")]
    pub auto_rollback: bool,
}

impl Function {
    /// Its timeout at `now`, seconds.
    pub fn timeout_at(&self, scenario: &Scenario, now: Instant) -> u32 {
        scenario.changes_of(&self.name, now).filter_map(|change| change.timeout_s).last().unwrap_or(self.timeout_s)
    }

    /// Its reservation at `now`.
    pub fn reserved_at(&self, scenario: &Scenario, now: Instant) -> Option<u32> {
        scenario.changes_of(&self.name, now).filter_map(|change| change.reserved).last().or(self.reserved)
    }

    /// The version that `alias` points to at `now`, its canary aside.
    pub(crate) fn version_at<'a>(&'a self, scenario: &'a Scenario, alias: &'a AliasTraffic, now: Instant) -> &'a str {
        let repointed = |change: &'a Change| change.alias.as_ref().filter(|pointed| pointed.name == alias.name);
        scenario.changes_of(&self.name, now).filter_map(repointed).last().map_or(&*alias.version, |to| &*to.version)
    }

    /// Its log group's name.
    pub(crate) fn log_group_name(&self) -> String {
        self.log_group.clone().unwrap_or_else(|| format!("/aws/lambda/{}", self.name))
    }

    /// Provisioned environments; 0 without provisioned concurrency.
    pub(crate) fn provisioned(&self) -> u32 {
        self.provisioned.as_ref().map_or(0, |provisioned| provisioned.environments)
    }
}

impl Consequence {
    /// Whether successes cause it at `now`.
    pub(crate) fn happens(&self, now: Instant) -> bool {
        self.from_min.is_none_or(|from| within(now, from, self.until_min))
    }
}

impl AliasTraffic {
    /// Its canary, if that gets traffic at `now`.
    pub(crate) fn canary_at(&self, now: Instant) -> Option<&Canary> {
        self.canary.as_ref().filter(|canary| within(now, canary.from_min, canary.until_min))
    }
}

impl Target {
    /// The target's ARN in the scenario's Region.
    pub(crate) fn arn(&self, scenario: &Scenario) -> Arn {
        match self {
            Self::Sqs(name) => scenario.arn("sqs", name),
            Self::Sns(name) => scenario.arn("sns", name),
        }
    }
}
