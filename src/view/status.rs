//! What to look at, in one word per function: the worst thing that is true of it.

use super::findings;
use super::meaning::Meaning;
use super::now::Now;
use crate::analysis::finding::Finding;
use crate::analysis::ratio;
use crate::analysis::thresholds::Thresholds;
use crate::snapshot::{FunctionSnapshot, ScopeSnapshot};
use lambda_model::finding::{Kind, Severity};
use lambda_model::metric::Metric;

/// The worst thing that is true of a function, mildest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    /// Nothing current is known.
    Idle,
    /// It runs, and nothing is wrong.
    Ok,
    /// Messages wait in a dead-letter queue.
    DeadLetters,
    /// Some invocations fail.
    Errors,
    /// Its reservation is 0: every request is throttled, on purpose.
    Stopped,
    /// Events are lost: given up, or not accepted by the dead-letter target.
    Losing,
    /// Requests are throttled.
    Throttled,
    /// Many invocations fail.
    Failing,
    /// A rule found what is wrong.
    Found(Severity, Kind),
}

/// The ways to lose an asynchronous event.
const LOSSES: [Metric; 3] = [Metric::AsyncEventsDropped, Metric::DeadLetterErrors, Metric::DestinationDeliveryFailures];

impl Status {
    /// The status of `function`: the worst finding about it, or what can be seen already where that is worse, for a
    /// finding waits for settled points.
    pub(crate) fn of(thresholds: &Thresholds, function: &FunctionSnapshot, worst: Option<&Finding>) -> Self {
        let seen = Self::seen(thresholds, function);
        let found = worst.map(|finding| Self::Found(finding.severity, finding.kind));
        found.filter(|found| found.severity() >= seen.severity()).unwrap_or(seen)
    }

    /// What can be seen: failed invocations from the logs where they show enough of them, all else from the newest complete
    /// minute.
    fn seen(thresholds: &Thresholds, function: &FunctionSnapshot) -> Self {
        let metrics = &function.metrics;
        let some = |value: Option<f64>| value.is_some_and(|value| value > 0.0);
        let now = Now::of(function);
        let error_rate = now.telling_error_rate().or(metrics.error_rate).unwrap_or(0.0);
        if error_rate >= thresholds.error_rate_critical {
            Self::Failing
        } else if function.state.reserved.as_ref().is_some_and(|reserved| reserved.value == Some(0)) {
            Self::Stopped
        } else if some(metrics.throttles) {
            Self::Throttled
        } else if LOSSES.iter().any(|metric| some(metrics.get(*metric))) {
            Self::Losing
        } else if error_rate >= thresholds.marked_error_rate {
            Self::Errors
        } else if function.dead_letters_waiting().is_some_and(|waiting| waiting > 0) {
            Self::DeadLetters
        } else if metrics.as_of.is_some() || (now.is_live() && some(now.invocations)) {
            Self::Ok
        } else {
            Self::Idle
        }
    }

    /// The same, or `None` where no metric of the Region could be read: then it is not known which functions are idle.
    pub(crate) fn known(thresholds: &Thresholds, scope: &ScopeSnapshot, function: &FunctionSnapshot) -> Option<Self> {
        let status = Self::of(thresholds, function, findings::worst_of(scope, &function.state.name));
        (status != Self::Idle || scope.pool.as_of.is_some()).then_some(status)
    }

    /// The word in the table, in capitals where it is critical; colour alone never says it.
    pub(crate) fn label(self) -> String {
        let word = match self {
            Self::Idle => "idle",
            Self::Ok => "ok",
            Self::DeadLetters => "dead-ltrs",
            Self::Errors => "errors",
            Self::Stopped => "stopped",
            Self::Losing => "losing",
            Self::Throttled => "throttled",
            Self::Failing => "failing",
            Self::Found(_, kind) => findings::word(kind),
        };
        if self.severity() == Severity::Critical { word.to_uppercase() } else { word.to_string() }
    }

    /// How bad it is.
    pub(crate) fn severity(self) -> Severity {
        match self {
            Self::Idle | Self::Ok => Severity::Info,
            Self::DeadLetters | Self::Errors => Severity::Warning,
            Self::Stopped | Self::Losing | Self::Throttled | Self::Failing => Severity::Critical,
            Self::Found(severity, _) => severity,
        }
    }

    /// What the word means.
    pub(crate) fn meaning(self) -> Meaning {
        match self {
            Self::Idle => Meaning::Muted,
            Self::Ok => Meaning::Ok,
            other => findings::severity(other.severity()).1,
        }
    }

    /// What the function's name means beside it: the word and the numbers give the alarm, the name is to be read.
    pub(crate) fn name_meaning(self) -> Meaning {
        match self {
            Self::Idle => Meaning::Muted,
            _ => Meaning::Normal,
        }
    }

    /// Whether an operator should look.
    pub(crate) fn wants_attention(self) -> bool {
        self.severity() > Severity::Info
    }

    /// What an error rate means.
    pub(crate) fn error_meaning(thresholds: &Thresholds, rate: Option<f64>) -> Meaning {
        match rate {
            Some(rate) if rate >= thresholds.error_rate_critical => Meaning::Critical,
            Some(rate) if rate >= thresholds.marked_error_rate => Meaning::Warning,
            _ => Meaning::Normal,
        }
    }

    /// What the used part of a limit means.
    pub(crate) fn utilisation_meaning(thresholds: &Thresholds, part: Option<f64>, whole: Option<f64>) -> Meaning {
        match ratio(part, whole) {
            Some(share) if share >= thresholds.marked_use_critical => Meaning::Critical,
            Some(share) if share >= thresholds.marked_use => Meaning::Warning,
            Some(_) => Meaning::Ok,
            None => Meaning::Muted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::metrics::FunctionMetrics;
    use crate::fixture::{Fixture, finding, info, minute};
    use lambda_model::Arn;
    use lambda_model::function::FunctionInfo;
    use lambda_model::observation::Payload;
    use lambda_model::queue::QueueAttributes;

    /// A function of which everything is true that the statuses up to `worst` speak of.
    fn function(worst: Status) -> FunctionSnapshot {
        let queue = Arn::new("arn:aws:sqs:eu-west-1:1:dlq");
        let depth = u64::from(worst >= Status::DeadLetters);
        let mut fixture = Fixture::new()
            .with(Payload::Functions(vec![FunctionInfo { dead_letter_target: Some(queue.clone()), ..info("f") }]))
            .with(Payload::Queue(queue, Some(QueueAttributes { depth, in_flight: 0, redrive_target: None })));
        if worst == Status::Stopped {
            fixture = fixture.with(Payload::Reserved("f".into(), Some(0)));
        }
        let mut function = fixture.first();
        let some = |status| Some(if worst >= status { 1.0 } else { 0.0 });
        function.metrics = FunctionMetrics {
            as_of: (worst > Status::Idle).then(|| minute(0)),
            error_rate: match worst {
                Status::Failing => Some(0.10),
                worst if worst >= Status::Errors => Some(0.01),
                _ => Some(0.009),
            },
            throttles: some(Status::Throttled),
            extra: some(Status::Losing).map(|lost| (Metric::AsyncEventsDropped, lost)).into_iter().collect(),
            ..FunctionMetrics::default()
        };
        function
    }

    const MILDEST_FIRST: [Status; 8] = [
        Status::Idle,
        Status::Ok,
        Status::DeadLetters,
        Status::Errors,
        Status::Stopped,
        Status::Losing,
        Status::Throttled,
        Status::Failing,
    ];

    #[test]
    fn the_worst_thing_that_is_true_is_shown() {
        for status in MILDEST_FIRST {
            assert_eq!(Status::of(&Thresholds::default(), &function(status), None), status);
        }
        assert!(MILDEST_FIRST.is_sorted());
    }

    #[test]
    fn a_function_that_was_stopped_is_not_called_throttled() {
        let stopped = function(Status::Stopped);
        let mut throttled = stopped.clone();
        throttled.metrics.throttles = Some(40.0);
        assert_eq!(
            Status::of(&Thresholds::default(), &throttled, None),
            Status::Stopped,
            "the reservation explains the throttles"
        );
        let mut draining = stopped;
        draining.metrics.error_rate = Some(0.5);
        assert_eq!(Status::of(&Thresholds::default(), &draining, None), Status::Failing);
    }

    #[test]
    fn the_logs_show_failures_before_the_metrics_do() {
        let ran = |invocations, errors, metrics: Status| {
            let mut live = crate::fixture::live();
            (live.total.invocations, live.total.errors) = (invocations, errors);
            Status::of(
                &Thresholds::default(),
                &FunctionSnapshot { live: Some(std::sync::Arc::new(live)), ..function(metrics) },
                None,
            )
        };
        assert_eq!(ran(20, 2, Status::Ok), Status::Failing);
        assert_eq!(ran(100, 1, Status::Ok), Status::Errors);
        assert_eq!(ran(19, 19, Status::Ok), Status::Ok, "too few to judge by");
        assert_eq!(
            ran(100, 0, Status::Errors),
            Status::DeadLetters,
            "the metrics do not know yet that it has recovered"
        );
        assert_eq!((ran(1, 0, Status::Idle), ran(0, 0, Status::Idle)), (Status::Ok, Status::Idle));
    }

    #[test]
    fn events_are_lost_in_three_ways() {
        let metrics =
            |metrics| Status::of(&Thresholds::default(), &FunctionSnapshot { metrics, ..function(Status::Ok) }, None);
        let none = FunctionMetrics { as_of: Some(minute(0)), ..FunctionMetrics::default() };
        for metric in LOSSES {
            let lost = FunctionMetrics { extra: [(metric, 1.0)].into(), ..none.clone() };
            assert_eq!(metrics(lost), Status::Losing, "{}", metric.name());
        }
        assert_eq!(metrics(none), Status::Ok, "what is not known is not lost");
    }

    #[test]
    fn words_and_meanings_grow_worse_together() {
        let shown: Vec<_> = MILDEST_FIRST
            .iter()
            .map(|status| (status.label(), status.meaning(), status.name_meaning(), status.wants_attention()))
            .collect();
        let expected = [
            ("idle", Meaning::Muted, Meaning::Muted, false),
            ("ok", Meaning::Ok, Meaning::Normal, false),
            ("dead-ltrs", Meaning::Warning, Meaning::Normal, true),
            ("errors", Meaning::Warning, Meaning::Normal, true),
            ("STOPPED", Meaning::Critical, Meaning::Normal, true),
            ("LOSING", Meaning::Critical, Meaning::Normal, true),
            ("THROTTLED", Meaning::Critical, Meaning::Normal, true),
            ("FAILING", Meaning::Critical, Meaning::Normal, true),
        ];
        let expected = expected.map(|(word, meaning, name, attention)| (word.to_string(), meaning, name, attention));
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_finding_names_what_is_wrong_unless_something_worse_is_seen() {
        let found = |severity, kind, seen| {
            Status::of(&Thresholds::default(), &function(seen), Some(&finding(kind, severity, Some("f"), 1.0)))
        };
        let critical = found(Severity::Critical, Kind::ThrottleReservedLimit, Status::Throttled);
        assert_eq!((critical.label().as_str(), critical.meaning()), ("RESERVED", Meaning::Critical));
        let warning = found(Severity::Warning, Kind::EventSourceLagging, Status::Ok);
        assert_eq!((warning.label().as_str(), warning.meaning()), ("lagging", Meaning::Warning));
        assert!(warning.wants_attention());
        assert_eq!(found(Severity::Warning, Kind::EventSourceLagging, Status::Failing), Status::Failing);
    }

    #[test]
    fn a_suffering_function_says_so_and_a_change_is_nothing_wrong() {
        let mut snapshot = Fixture::new().listed("f", &[(lambda_model::metric::Metric::Invocations, 5.0)]).snapshot();
        let pool = finding(Kind::ThrottleUnreservedPool, Severity::Critical, None, 9.0);
        let findings = [
            Finding { affected: vec!["f".into()], ..pool },
            finding(Kind::ErrorsRate, Severity::Critical, Some("f"), 4.0),
            finding(Kind::ChangeCode, Severity::Info, Some("f"), 0.0),
        ];
        let scope = &mut snapshot.scopes[0];
        let mut shown = |findings: &[Finding]| {
            scope.findings = findings.to_vec();
            Status::known(&Thresholds::default(), scope, &scope.functions[0]).map(Status::label)
        };
        assert_eq!(shown(&findings[..1]).as_deref(), Some("POOL FULL"));
        assert_eq!(shown(&findings).as_deref(), Some("FAILING"), "what it has itself says more");
        assert_eq!(shown(&findings[2..]).as_deref(), Some("ok"));
    }

    #[test]
    fn shares_turn_at_their_thresholds() {
        let errors = [
            (None, Meaning::Normal),
            (Some(0.0099), Meaning::Normal),
            (Some(0.01), Meaning::Warning),
            (Some(0.099), Meaning::Warning),
            (Some(0.1), Meaning::Critical),
        ];
        for (rate, meaning) in errors {
            assert_eq!(Status::error_meaning(&Thresholds::default(), rate), meaning, "{rate:?}");
        }
        let used = [
            (None, Meaning::Muted),
            (Some(0.0), Meaning::Ok),
            (Some(79.0), Meaning::Ok),
            (Some(80.0), Meaning::Warning),
            (Some(95.0), Meaning::Critical),
        ];
        for (part, meaning) in used {
            assert_eq!(Status::utilisation_meaning(&Thresholds::default(), part, Some(100.0)), meaning, "{part:?}");
        }
        assert_eq!(Status::utilisation_meaning(&Thresholds::default(), Some(5.0), Some(0.0)), Meaning::Muted);
    }
}
