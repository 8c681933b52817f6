//! What a poller knows of one function.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::reads::Reads;
use crate::source::directory::LogPlace;
use lambda_model::metric::Metric;
use lambda_model::time::Minute;

/// A function changed this recently may be active although `ListMetrics` does not list it yet
/// (up to 15 minutes late, docs/aws.md#new-metrics).
const RECENTLY_CHANGED: TimeDelta = TimeDelta::hours(1);
/// Errors or throttles this recent make a function troubled.
const TROUBLE_MINUTES: i64 = 15;

/// What decides how urgent a function is and what is asked about it.
#[derive(Debug, Default)]
pub(super) struct Function {
    /// When the function list named it last; `None` while only `ListMetrics` did.
    pub(super) listed: Option<DateTime<Utc>>,
    /// When somebody changed it last.
    pub(super) changed: Option<DateTime<Utc>>,
    /// Where it logs; `None` while it has not been listed.
    pub(super) place: Option<LogPlace>,
    /// The metrics that it publishes, as far as `ListMetrics` is read.
    pub(super) metrics: BTreeSet<Metric>,
    /// Versions that ran behind an alias, as (alias, version).
    pub(super) executed: BTreeSet<(String, String)>,
    /// Versions that a weighted alias routes to.
    pub(super) routed: BTreeSet<(String, String)>,
    /// The newest minute with errors or throttles.
    pub(super) trouble: Option<Minute>,
    /// What its changes are noticed by.
    pub(super) reads: Reads,
}

impl Function {
    /// Whether it was changed shortly before `newest`.
    pub(super) fn is_recent(&self, newest: Option<Minute>) -> bool {
        self.changed.zip(newest).is_some_and(|(changed, newest)| newest.start() - changed < RECENTLY_CHANGED)
    }

    /// Whether it failed or was throttled shortly before `newest`.
    pub(super) fn is_troubled(&self, newest: Option<Minute>) -> bool {
        self.trouble.zip(newest).is_some_and(|(trouble, newest)| newest.0 - trouble.0 <= TROUBLE_MINUTES)
    }
}
