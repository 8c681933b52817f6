//! Test data for unit tests: from observations to the store or the snapshot at one fixed instant.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::analysis::Params;
use crate::analysis::canary::{Canary, Compared, Progress, Verdict};
use crate::analysis::fact::{Fact, Quantity};
use crate::analysis::finding::{Command, Finding};
use crate::analysis::live::quantiles::Quantiles;
use crate::analysis::live::{Beat, Beats, CURVE_S, Curve, FunctionLive, Runs};
use crate::snapshot::{FunctionSnapshot, Origin, Snapshot};
use crate::store::Store;
use crate::store::live::lines::Lines;
use crate::store::state::{FunctionState, ScopeState};
use lambda_model::deployment::{Deployment, Shifting};
use lambda_model::finding::{Kind, Severity};
use lambda_model::function::FunctionInfo;
use lambda_model::log::{LogBatch, LogEvent, LogWay};
use lambda_model::metric::{Metric, Point, SeriesId, Statistic, Subject};
use lambda_model::observation::{Observation, Payload};
use lambda_model::time::Minute;
use lambda_model::{Arn, Scope};

/// Five seconds past ten: the newest complete minute is 09:59.
pub(crate) fn now() -> DateTime<Utc> {
    "2026-11-22T10:00:05Z".parse().unwrap()
}

/// The minute `back` minutes before the newest complete one.
pub(crate) fn minute(back: i64) -> Minute {
    Minute::newest_complete(now()).plus(-back)
}

/// Minutes that are newer than the newest settled one, by default.
const PROVISIONAL: i64 = 2;

/// Values of minutes, oldest first, for [`Fixture::points`]: `3 3 - 40 | 50 60`. A `-` is a minute without a point, and
/// those after `|` may still be restated.
pub(crate) fn minutes(text: &str) -> Vec<(i64, f64)> {
    let (settled, provisional) = text.split_once('|').unwrap_or((text, ""));
    let settled = (PROVISIONAL..).zip(settled.split_whitespace().rev());
    let provisional = (0..PROVISIONAL).rev().zip(provisional.split_whitespace());
    let known = settled.chain(provisional).filter(|(_, value)| *value != "-");
    known.map(|(back, value)| (back, value.parse().unwrap())).collect()
}

/// An ordinary function, as `lambda:ListFunctions` returns it.
pub(crate) fn info(name: &str) -> FunctionInfo {
    FunctionInfo {
        name: name.into(),
        arn: Arn::new(format!("arn:aws:lambda:eu-west-1:123456789012:function:{name}")),
        runtime: Some("nodejs22.x".to_string()),
        memory_mb: Some(512),
        timeout_s: Some(30),
        last_modified: Some(now() - TimeDelta::hours(50)),
        code_sha256: None,
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

/// A store that gets one observation after another.
#[derive(Debug)]
pub(crate) struct Fixture {
    scope: Scope,
    read: DateTime<Utc>,
    store: Store,
}

impl Fixture {
    /// An empty store; the first observations belong to Ireland and were read at [`now`].
    pub(crate) fn new() -> Self {
        Self { scope: Scope::new(None, "eu-west-1"), read: now(), store: Store::default() }
    }

    /// The next observations belong to this scope.
    pub(crate) fn in_scope(self, profile: Option<&str>, region: &str) -> Self {
        Self { scope: Scope::new(profile, region), ..self }
    }

    /// The next observations were read `seconds` before [`now`].
    pub(crate) fn read_before(self, seconds: i64) -> Self {
        Self { read: now() - TimeDelta::seconds(seconds), ..self }
    }

    /// Adds an observation.
    pub(crate) fn with(mut self, payload: Payload) -> Self {
        self.store.apply(&Observation { at: self.read, scope: self.scope.clone(), payload });
        self
    }

    /// Adds points, each with its distance from the newest complete minute.
    pub(crate) fn statistic(
        self,
        subject: &Subject,
        metric: Metric,
        statistic: Statistic,
        points: &[(i64, f64)],
    ) -> Self {
        let points = points.iter().map(|(back, value)| Point { minute: minute(*back), value: *value }).collect();
        self.with(Payload::Points(vec![(SeriesId { subject: subject.clone(), metric, statistic }, points)]))
    }

    /// The same, for a metric that has one statistic.
    pub(crate) fn points(self, subject: &Subject, metric: Metric, points: &[(i64, f64)]) -> Self {
        self.statistic(subject, metric, metric.statistics()[0], points)
    }

    /// Adds the log of a function with a timeout of 30 s, in steps of ten seconds up to [`now`], oldest first; `None` is a
    /// step that was not read. Failures, near timeouts and cold starts are different invocations, except that timeouts
    /// are also near timeouts.
    pub(crate) fn logged(self, name: &str, beats: &[Option<Beat>]) -> Self {
        let group = format!("/aws/lambda/{name}");
        let end = now() - TimeDelta::seconds(now().timestamp().rem_euclid(Beats::STEP_S));
        (1..).zip(beats.iter().rev()).fold(self, |fixture, (place, beat)| {
            let Some(beat) = beat else { return fixture };
            let from = end - TimeDelta::seconds(place * Beats::STEP_S);
            let until = if place == 1 { now() } else { from + TimeDelta::seconds(Beats::STEP_S) };
            let events = (0..).zip(reports(beat)).map(|(call, report)| LogEvent {
                id: None,
                timestamp: from + TimeDelta::seconds(5),
                ingestion: from + TimeDelta::seconds(5),
                stream: format!("2026/11/22/[7]{call:032x}").into(),
                group: group.as_str().into(),
                message: format!("REPORT RequestId: {place}-{call}\t{report}\n"),
            });
            fixture.with(Payload::Logs(LogBatch {
                way: LogWay::Tail,
                groups: Some(vec![group.as_str().into()]),
                span: Some((from, until)),
                left_out: None,
                events: events.collect(),
            }))
        })
    }

    /// A listed function with these values in the newest complete minute.
    pub(crate) fn listed(self, name: &str, values: &[(Metric, f64)]) -> Self {
        let listed = self.with(Payload::Functions(vec![info(name)]));
        values.iter().fold(listed, |fixture, (metric, value)| fixture.points(&function(name), *metric, &[(0, *value)]))
    }

    /// The state of the current scope.
    pub(crate) fn state(&self) -> &ScopeState {
        &self.store.scopes[&self.scope]
    }

    /// The state of a function in it.
    pub(crate) fn function(&self, name: &str) -> &FunctionState {
        &self.state().functions[&name.into()]
    }

    /// The snapshot at [`now`].
    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot::of(&self.store, Params::default(), Origin::Aws, now(), 1)
    }

    /// The findings of a kind.
    pub(crate) fn findings(&self, kind: Kind) -> Vec<Finding> {
        let scopes = self.snapshot().scopes;
        scopes.into_iter().flat_map(|scope| scope.findings).filter(|finding| finding.kind == kind).collect()
    }

    /// The one finding of a kind, if there is one.
    pub(crate) fn found(&self, kind: Kind) -> Option<Finding> {
        let mut findings = self.findings(kind);
        assert!(findings.len() < 2, "{findings:?}");
        findings.pop()
    }

    /// The snapshot's first function.
    pub(crate) fn first(&self) -> FunctionSnapshot {
        self.snapshot().scopes[0].functions[0].clone()
    }
}

/// The REPORT lines of a beat's invocations, from after the request id on.
fn reports(beat: &Beat) -> Vec<String> {
    let report = |ms: u32, more: &str| {
        let used = beat.used_mb.map(|used| format!("Max Memory Used: {used} MB\t")).unwrap_or_default();
        format!("Duration: {ms}.00 ms\tBilled Duration: {ms} ms\tMemory Size: 512 MB\t{used}{more}")
    };
    let kinds = [
        (beat.timeouts, report(30_000, "Status: timeout")),
        (beat.out_of_memory, report(50, "Status: error\tError Type: Runtime.OutOfMemory")),
        (beat.errors - beat.timeouts - beat.out_of_memory, report(50, "Status: error\tError Type: Runtime.ExitError")),
        (beat.near_timeout - beat.timeouts, report(25_000, "")),
        (beat.cold_starts, report(50, "Init Duration: 800.00 ms")),
    ];
    let special: u64 = kinds.iter().map(|(count, _)| count).sum();
    let ordinary = (beat.invocations - special, report(50, ""));
    let calls = kinds.into_iter().chain([ordinary]);
    calls.flat_map(|(count, report)| std::iter::repeat_n(report, count as usize)).collect()
}

/// The live state at [`now`] of a function with 120 invocations in the window, 3 errors, and a concurrency of 4.
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
        beats: Beats::default(),
        minutes: BTreeMap::new(),
        lines: Lines::default(),
        check: None,
    }
}

/// A canary of version 8 against 7 on the alias `live`.
pub(crate) fn canary(verdict: Verdict) -> Canary {
    let undecided = verdict == Verdict::NotEnoughData;
    Canary {
        version: "8".to_string(),
        baseline: "7".to_string(),
        verdict,
        facts: vec![
            Fact::new(Quantity::ErrorRateDifference, None).range((0.016, 0.079)).limit(0.01),
            Fact::new(Quantity::DurationRatio, 1.02).limit(1.25),
        ],
        calls_needed: undecided.then_some(270),
        decided_in_s: undecided.then_some(540),
        since: now() - TimeDelta::minutes(12),
        decided: (!undecided).then(|| now() - TimeDelta::minutes(4)),
        errors: Compared { canary: (12.0, 240.0), baseline: (20.0, 2160.0), difference: Some((0.016, 0.079)) },
        deployment: Some(Progress { deployment: deployment(), next_step_in_s: Some(130) }),
    }
}

/// The deployment that shifts its traffic.
pub(crate) fn deployment() -> Deployment {
    Deployment {
        id: "d-A1B2C3D4E".to_string(),
        application: Some("shop".to_string()),
        group: Some("checkout".to_string()),
        config: Some("CodeDeployDefault.LambdaCanary10Percent5Minutes".to_string()),
        status: "InProgress".to_string(),
        started: Some(now() - TimeDelta::minutes(3)),
        shifting: Some(Shifting::Canary { percent: 10, minutes: 5 }),
        auto_rollback: Some(true),
        function: "checkout".into(),
        alias: "live".to_string(),
        current_version: Some("7".to_string()),
        target_version: Some("8".to_string()),
        target_weight: Some(0.1),
    }
}

/// A finding about a function, or about the Region for `None`.
pub(crate) fn finding(kind: Kind, severity: Severity, function: Option<&str>, impact: f64) -> Finding {
    let about = ["--function-name", function.unwrap_or("f")];
    let get = |operation, options: &[&str]| Command {
        program: "aws",
        arguments: [&["lambda", operation], options, &["--region", "eu-west-1"]]
            .concat()
            .into_iter()
            .map(String::from)
            .collect(),
    };
    Finding {
        kind,
        severity,
        function: function.map(Into::into),
        alias: None,
        affected: Vec::new(),
        since: now() - TimeDelta::minutes(7),
        confidence: 0.92,
        facts: vec![
            Fact::new(Quantity::ThrottledRequests, impact).of(2.0 * impact),
            Fact::new(Quantity::Errors, impact),
            Fact::instant(Quantity::PoolScarce, now() - TimeDelta::minutes(7)),
        ],
        commands: vec![get("get-account-settings", &[]), get("get-function-concurrency", &about)],
        impact,
    }
}

/// The commands of a finding, each with its arguments side by side.
pub(crate) fn commands(finding: &Finding) -> Vec<String> {
    finding.commands.iter().map(|command| format!("{} {}", command.program, command.arguments.join(" "))).collect()
}

/// The values of the facts with this quantity, in their order; compared as a list they are compared exactly.
pub(crate) fn values(finding: &Finding, quantity: Quantity) -> Vec<f64> {
    finding.facts.iter().filter(|fact| fact.quantity == quantity).filter_map(|fact| fact.value).collect()
}
