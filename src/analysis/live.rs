//! What the logs say about this second: concurrency, errors, cold starts, durations, and how sure that is.

mod beats;
mod counts;
mod derive;
mod frame;
pub(crate) mod minutes;
pub(crate) mod quantiles;
mod sweep;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use self::minutes::VersionMinutes;
use self::quantiles::Quantiles;
use super::ratio;
use crate::store::live::lines::Lines;
use lambda_model::FunctionName;
use lambda_model::log::{LogFeed, LogWay};
use lambda_model::time::Minute;

/// The number of seconds over which counts and quantiles are taken.
pub(crate) const WINDOW_S: u32 = 60;
/// Seconds that the curves reach back.
pub(crate) const CURVE_S: usize = 300;

/// What the logs of a scope say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScopeLive {
    /// How log events come in; `None` before anything was said about it.
    pub feed: Option<LogFeed>,
    /// The Region's concurrency; `None` where no group is read.
    pub region: Option<RegionLive>,
    /// By function; only those whose logs are read.
    pub functions: BTreeMap<FunctionName, Arc<FunctionLive>>,
    /// Lines that were kept and belong to no function that is known.
    pub unattributed: u64,
    /// Events that were dropped on the way, as the sources counted them.
    pub dropped: u64,
}

/// The concurrency of all functions whose logs are read.
#[derive(Clone, Debug, PartialEq)]
pub struct RegionLive {
    /// The newest second.
    pub as_of: DateTime<Utc>,
    /// Invocations at a time, the most from the newest settled second on: newer values can only be too low.
    pub in_use: u32,
    /// Functions that ran lately are not read, or not all events are seen.
    pub lower_bound: bool,
    /// Per second.
    pub curve: Curve,
}

/// The most invocations at a time in each second.
///
/// Invocations are seen by their START or their REPORT. One that began before its function was read shows when it
/// ends, in all the seconds since the reading began; until then the values are too low by it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curve {
    /// The second of the last value.
    pub until: DateTime<Utc>,
    /// Oldest first, at most [`CURVE_S`]; `None` where nothing was read (a gap).
    pub values: Vec<Option<u32>>,
    /// The number of newest values that may still grow: invocations under way are not all seen yet.
    pub provisional: usize,
}

/// What the logs of a function say.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionLive {
    /// The newest second: the window ends with it.
    pub as_of: DateTime<Utc>,
    /// How the events came.
    pub way: LogWay,
    /// Why the numbers are a lower bound; empty where they are not.
    pub lower_bound: Vec<Bound>,
    /// Invocations at a time, the most from the newest settled second on: newer values can only be too low. `None`
    /// where the function logs only failures, and where no such second was read.
    pub concurrency: Option<u32>,
    /// Per second.
    pub curve: Curve,
    /// Cold starts whose init or restore phase ended in each second of the curve.
    pub cold_lane: Vec<Option<u32>>,
    /// All versions together.
    pub total: Runs,
    /// By executed version.
    pub versions: BTreeMap<String, Runs>,
    /// How many init (or restore) phases took how long: (upper edge in ms, count), in order, over what is kept.
    pub init_histogram: Vec<(f64, u32)>,
    /// Errors by fingerprint, the most frequent first, at most [`FunctionLive::ERROR_GROUPS`].
    pub error_groups: Vec<ErrorGroup>,
    /// Errors whose groups found no room.
    pub other_errors: u64,
    /// The last five minutes in steps, as far as they are settled.
    pub beats: Beats,
    /// Whole minutes by version, as far as all that began in them has ended; only while an alias splits its traffic.
    pub minutes: VersionMinutes,
    /// The newest lines.
    pub lines: Lines,
    /// The logs against the metrics.
    pub check: Option<LittleCheck>,
}

impl FunctionLive {
    /// Error groups that are kept of a function.
    pub(crate) const ERROR_GROUPS: usize = 50;

    /// Whether the numbers are a lower bound.
    pub(crate) fn is_lower_bound(&self) -> bool {
        !self.lower_bound.is_empty()
    }

    /// Whether only failures are logged: then nothing tells how many invocations there were.
    fn failures_only(&self) -> bool {
        self.lower_bound.contains(&Bound::FailuresOnly)
    }

    /// The share of the invocations that were cold starts; `None` without invocations, and where only failures are
    /// logged.
    pub(crate) fn cold_start_rate(&self) -> Option<f64> {
        self.total.cold_start_rate()
    }

    /// The 95th percentile of the init phases, of `SnapStart`'s restore phases where there were none, ms.
    pub(crate) fn cold_start_p95_ms(&self) -> Option<f64> {
        self.total.init_ms.p95.or(self.total.restore_ms.p95)
    }

    /// The cold starts of a version within the window; `None` where only failures are logged.
    pub(crate) fn cold_starts(&self, version: &str) -> Option<u64> {
        let runs = self.versions.get(version);
        (!self.failures_only()).then(|| runs.map_or(0, |runs| runs.cold_starts))
    }
}

/// Why numbers from logs are a lower bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bound {
    /// Live Tail showed a sample.
    Sampled,
    /// Nothing was read for a while within the window.
    Gap,
    /// Events were dropped on the way or had no room here.
    Dropped,
    /// Other lamtops read the other shards.
    OtherShards,
    /// The function logs only what fails (system log level WARN).
    FailuresOnly,
    /// The metrics say that it ran, and not a line came: it may lack the permission to write logs.
    Silent,
}

/// Finished invocations within the window. Rates follow from it; what is not known is `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Runs {
    /// Only failures are logged: how many invocations there were is not known.
    pub failures_only: bool,
    /// REPORT lines.
    pub invocations: u64,
    /// Invocations that ended in an error of any kind, timeouts and kills included.
    pub errors: u64,
    /// Of these: the function's timeout was reached.
    pub timeouts: u64,
    /// Of these: killed for want of memory.
    pub out_of_memory: u64,
    /// Invocations with an init or restore phase.
    pub cold_starts: u64,
    /// Init phases, ms.
    pub init_ms: Quantiles,
    /// Restore phases (`SnapStart`), ms.
    pub restore_ms: Quantiles,
    /// The handler's durations, ms.
    pub duration_ms: Quantiles,
    /// The most memory used, MB.
    pub max_memory_used_mb: Option<u32>,
}

impl Runs {
    /// The share of the invocations that were cold starts; `None` without invocations, and where only failures are
    /// logged.
    pub(crate) fn cold_start_rate(&self) -> Option<f64> {
        let rate = ratio(Some(self.cold_starts as f64), Some(self.invocations as f64));
        rate.filter(|_| !self.failures_only)
    }
}

/// Five minutes in steps of ten seconds, up to the newest settled one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Beats {
    /// The end of the last step.
    pub end: DateTime<Utc>,
    /// Oldest first; `None` where not all was read.
    pub beats: Vec<Option<Beat>>,
}

/// Invocations that ended within some time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Beat {
    /// REPORT lines.
    pub invocations: u64,
    /// Those that ended in an error of any kind.
    pub errors: u64,
    /// Of these: the timeout was reached.
    pub timeouts: u64,
    /// Of these: killed for want of memory.
    pub out_of_memory: u64,
    /// Those with an init or restore phase.
    pub cold_starts: u64,
    /// Those whose duration came near the timeout (`findings.near_timeout`).
    pub near_timeout: u64,
    /// The most memory used, MB.
    pub used_mb: Option<u32>,
}

/// Errors of one kind.
#[derive(Clone, Debug, PartialEq)]
pub struct ErrorGroup {
    /// What they have in common: the message with numbers, ids and paths masked.
    pub fingerprint: Arc<str>,
    /// How many there were within the hour that is kept, or the shorter time of the newest 50,000 of all functions.
    pub count: u64,
    /// When the first was written.
    pub first: DateTime<Utc>,
    /// When the last was written.
    pub last: DateTime<Utc>,
    /// The last one's message, as much of it as is kept.
    pub message: Arc<str>,
    /// The last one's request, where it is known.
    pub request: Option<Arc<str>>,
}

/// Little's law: concurrency is rate × mean duration. What the metrics say of a minute against what the logs say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LittleCheck {
    /// The minute, the newest that both know.
    pub minute: Minute,
    /// Mean concurrency by the metrics: invocations × average duration / 60,000 ms.
    pub metrics: f64,
    /// The same from the logs.
    pub logs: f64,
}

impl LittleCheck {
    /// (logs − metrics) / metrics; `None` without traffic.
    pub(crate) fn difference(self) -> Option<f64> {
        (self.metrics > 0.0).then(|| (self.logs - self.metrics) / self.metrics)
    }
}

#[cfg(test)]
mod tests;
