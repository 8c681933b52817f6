//! What the unit tests know: observations go in, and the store or the snapshot of one fixed instant comes out.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::analysis::Params;
use crate::analysis::live::quantiles::Quantiles;
use crate::analysis::live::{CURVE_S, Curve, FunctionLive, Runs};
use crate::model::function::FunctionInfo;
use crate::model::log::LogWay;
use crate::model::metric::{Metric, Point, SeriesId, Statistic, Subject};
use crate::model::observation::{Observation, Payload};
use crate::model::time::Minute;
use crate::model::{Arn, Scope};
use crate::snapshot::{FunctionSnapshot, Origin, Snapshot};
use crate::store::Store;
use crate::store::live::lines::Lines;
use crate::store::state::{FunctionState, ScopeState};

/// Five seconds past ten: the newest complete minute is 09:59.
pub(crate) fn now() -> DateTime<Utc> {
    "2026-11-22T10:00:05Z".parse().unwrap()
}

/// The minute `back` minutes before the newest complete one.
pub(crate) fn minute(back: i64) -> Minute {
    Minute::newest_complete(now()).plus(-back)
}

/// What `lambda:ListFunctions` tells of an ordinary function.
pub(crate) fn info(name: &str) -> FunctionInfo {
    FunctionInfo {
        name: name.into(),
        arn: Arn::new(format!("arn:aws:lambda:eu-west-1:123456789012:function:{name}")),
        runtime: Some("nodejs22.x".to_string()),
        memory_mb: Some(512),
        timeout_s: Some(30),
        last_modified: Some(now() - TimeDelta::hours(50)),
        snap_start: false,
        dead_letter_target: None,
        log_group: None,
        system_log_level: None,
    }
}

/// The dimension set of a function's own series.
pub(crate) fn function(name: &str) -> Subject {
    Subject::Function(name.into())
}

/// The dimension set of a version behind an alias.
pub(crate) fn executed(name: &str, alias: &str, version: &str) -> Subject {
    Subject::Executed { function: name.into(), alias: alias.to_string(), version: version.to_string() }
}

/// A store that is told one fact after another.
#[derive(Debug)]
pub(crate) struct Fixture {
    scope: Scope,
    read: DateTime<Utc>,
    store: Store,
}

impl Fixture {
    /// Knows nothing; what it is told first belongs to Ireland and was read at [`now`].
    pub(crate) fn new() -> Self {
        Self { scope: Scope::new(None, "eu-west-1"), read: now(), store: Store::default() }
    }

    /// What follows belongs to this scope.
    pub(crate) fn in_scope(self, profile: Option<&str>, region: &str) -> Self {
        Self { scope: Scope::new(profile, region), ..self }
    }

    /// What follows was read so many seconds before [`now`].
    pub(crate) fn read_before(self, seconds: i64) -> Self {
        Self { read: now() - TimeDelta::seconds(seconds), ..self }
    }

    /// Takes in a fact.
    pub(crate) fn told(mut self, payload: Payload) -> Self {
        self.store.apply(&Observation { at: self.read, scope: self.scope.clone(), payload });
        self
    }

    /// Takes in points, each so many minutes before the newest complete one.
    pub(crate) fn statistic(
        self,
        subject: &Subject,
        metric: Metric,
        statistic: Statistic,
        points: &[(i64, f64)],
    ) -> Self {
        let points = points.iter().map(|(back, value)| Point { minute: minute(*back), value: *value }).collect();
        self.told(Payload::Points(vec![(SeriesId { subject: subject.clone(), metric, statistic }, points)]))
    }

    /// The same, of a metric that has one statistic.
    pub(crate) fn points(self, subject: &Subject, metric: Metric, points: &[(i64, f64)]) -> Self {
        self.statistic(subject, metric, metric.statistics()[0], points)
    }

    /// A listed function with these values in the newest complete minute.
    pub(crate) fn listed(self, name: &str, values: &[(Metric, f64)]) -> Self {
        let listed = self.told(Payload::Functions(vec![info(name)]));
        values.iter().fold(listed, |fixture, (metric, value)| fixture.points(&function(name), *metric, &[(0, *value)]))
    }

    /// What is known of the scope that was spoken of last.
    pub(crate) fn state(&self) -> &ScopeState {
        &self.store.scopes[&self.scope]
    }

    /// What is known of a function there.
    pub(crate) fn function(&self, name: &str) -> &FunctionState {
        &self.state().functions[&name.into()]
    }

    /// What all of it means at [`now`].
    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot::of(&self.store, Params::default(), Origin::Aws, now(), 1)
    }

    /// What it means for the first function.
    pub(crate) fn first(&self) -> FunctionSnapshot {
        self.snapshot().scopes[0].functions[0].clone()
    }
}

/// What the logs say at [`now`] of a function that ran 120 times in the window, 3 of them failing, 4 at a time.
pub(crate) fn live() -> FunctionLive {
    let until = now() - TimeDelta::seconds(2);
    FunctionLive {
        as_of: until,
        way: LogWay::Tail,
        lower_bound: Vec::new(),
        concurrency: Some(4),
        curve: Curve { until, values: vec![Some(4); CURVE_S], provisional: 2 },
        cold_lane: vec![Some(0); CURVE_S],
        total: Runs {
            invocations: 120,
            errors: 3,
            cold_starts: 2,
            duration_ms: Quantiles { p50: Some(40.0), p95: Some(90.0), p99: Some(120.0), max: Some(200.0) },
            ..Runs::default()
        },
        versions: BTreeMap::new(),
        init_histogram: Vec::new(),
        error_groups: Vec::new(),
        other_errors: 0,
        lines: Lines::default(),
        check: None,
    }
}
