//! A scenario: the functions of a simulated Region, their traffic, what goes wrong when, and the truth about it.
//!
//! Only the shape of the file and what can be read off it at an instant; `check` decides whether it makes
//! sense. `scenarios/example.toml` explains every key to those who write their own.

mod catalogue;
mod check;
mod large;
mod place;
mod truth;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use super::instant::Instant;
use lambda_model::Arn;
use lambda_model::operation::Operation;

pub use catalogue::{EXAMPLE, Embedded, scenario, scenarios};
pub use truth::{Truth, Verdict};

/// The account that is simulated: AWS's documentation uses the same number.
pub const ACCOUNT: &str = "123456789012";

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

fn six_hours() -> u32 {
    6 * 3600
}

fn two() -> u32 {
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
    pub fn system_level(self) -> Option<&'static str> {
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
pub const MOST_HOPS: u32 = 16;

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

fn one() -> f64 {
    1.0
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

/// Whether `now` lies in `from..until`, minutes; no end is for good.
pub fn within(now: Instant, from_min: f64, until_min: Option<f64>) -> bool {
    now >= Instant::of_min(from_min) && until_min.is_none_or(|until| now < Instant::of_min(until))
}

impl Scenario {
    /// Concurrency that counts against the limit whether it is used or not: reservations, and
    /// provisioned concurrency of functions without one.
    pub fn set_aside_at(&self, now: Instant) -> u32 {
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
    pub fn time(&self, instant: Instant) -> DateTime<Utc> {
        self.origin.checked_add_signed(TimeDelta::microseconds(instant.0)).unwrap_or(self.origin)
    }

    /// The instant of the simulation at this time of day.
    pub fn instant(&self, time: DateTime<Utc>) -> Instant {
        Instant((time - self.origin).num_microseconds().unwrap_or(i64::MAX))
    }

    /// The ARN of a resource of `service` in this Region and account.
    pub fn arn(&self, service: &str, resource: &str) -> Arn {
        Arn::new(format!("arn:aws:{service}:{}:{ACCOUNT}:{resource}", self.region()))
    }

    /// The changes of `function` that are in force at `now`, oldest first.
    pub fn changes_of<'a>(&'a self, function: &'a str, now: Instant) -> impl Iterator<Item = &'a Change> {
        let in_force = move |change: &&Change| within(now, change.at_min, change.until_min);
        self.changes.iter().filter(move |change| change.function == function).filter(in_force)
    }
}

impl Change {
    /// Whether it replaces the environments of `$LATEST` and the time at which that was last modified.
    pub fn is_update(&self) -> bool {
        self.code || self.timeout_s.is_some()
    }
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
    pub fn version_at<'a>(&'a self, scenario: &'a Scenario, alias: &'a AliasTraffic, now: Instant) -> &'a str {
        let repointed = |change: &'a Change| change.alias.as_ref().filter(|pointed| pointed.name == alias.name);
        scenario.changes_of(&self.name, now).filter_map(repointed).last().map_or(&*alias.version, |to| &*to.version)
    }

    /// Its log group's name.
    pub fn log_group_name(&self) -> String {
        self.log_group.clone().unwrap_or_else(|| format!("/aws/lambda/{}", self.name))
    }

    /// Provisioned environments; 0 without provisioned concurrency.
    pub fn provisioned(&self) -> u32 {
        self.provisioned.as_ref().map_or(0, |provisioned| provisioned.environments)
    }
}

impl Consequence {
    /// Whether successes cause it at `now`.
    pub fn happens(&self, now: Instant) -> bool {
        self.from_min.is_none_or(|from| within(now, from, self.until_min))
    }
}

impl AliasTraffic {
    /// Its canary, if that gets traffic at `now`.
    pub fn canary_at(&self, now: Instant) -> Option<&Canary> {
        self.canary.as_ref().filter(|canary| within(now, canary.from_min, canary.until_min))
    }
}

impl Target {
    /// The target's ARN in the scenario's Region.
    pub fn arn(&self, scenario: &Scenario) -> Arn {
        match self {
            Self::Sqs(name) => scenario.arn("sqs", name),
            Self::Sns(name) => scenario.arn("sns", name),
        }
    }
}
