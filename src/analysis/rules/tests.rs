//! What all rules have in common: what comes and goes is found while it is there, and chance, gaps and minutes that
//! may be restated raise nothing.

use chrono::{DateTime, Utc};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::analysis::live::Beat;
use crate::fixture::{Fixture, commands, function, info, minute, minutes, now};
use lambda_model::Arn;
use lambda_model::function::{AccountLimits, EventSource, EventSourceKind, FunctionInfo};
use lambda_model::metric::{Metric, Statistic, Subject};
use lambda_model::observation::Payload;

const NAME: &str = "checkout";

#[test]
fn every_kind_has_one_rule() {
    let kinds: Vec<Kind> = RULES.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, Kind::ALL, "in the order of the contract");
}

/// A pattern with these values for `.`, `!` and the gap `-`.
fn pattern(text: &str, healthy: f64, troubled: f64) -> Vec<(i64, f64)> {
    let word = |character| match character {
        '.' => format!("{healthy} "),
        '!' => format!("{troubled} "),
        other => format!("{other} "),
    };
    minutes(&text.chars().map(word).collect::<String>())
}

/// Adds metrics that follow a pattern.
type Observe = fn(Fixture, &str) -> Fixture;

/// One metric of the function follows the pattern; nothing is known of a minute without a point.
fn follows(fixture: Fixture, text: &str, metric: Metric, healthy: f64, troubled: f64) -> Fixture {
    fixture.points(&function(NAME), metric, &pattern(text, healthy, troubled))
}

fn durations(fixture: Fixture, text: &str, troubled_ms: f64) -> Fixture {
    let observed = |fixture: Fixture, statistic| {
        fixture.statistic(&function(NAME), Metric::Duration, statistic, &pattern(text, 40.0, troubled_ms))
    };
    observed(observed(fixture, Statistic::P99), Statistic::Maximum)
}

fn source(kind: EventSourceKind, arn: &str) -> Payload {
    Payload::EventSources(vec![EventSource {
        uuid: "u-1".to_string(),
        function: NAME.into(),
        source: Some(Arn::new(arn)),
        kind: Some(kind),
        state: "Enabled".to_string(),
        batch_size: None,
        maximum_concurrency: None,
        on_failure: None,
        event_count: false,
    }])
}

fn topic(fixture: Fixture, text: &str, metric: Metric) -> Fixture {
    let target = Some(Arn::new("arn:aws:sns:eu-west-1:123456789012:failed"));
    let info = FunctionInfo { dead_letter_target: target, ..info(NAME) };
    let subject = Subject::Topic("failed".to_string());
    fixture.with(Payload::Functions(vec![info])).points(&subject, metric, &pattern(text, 0.0, 20.0))
}

fn limited(fixture: Fixture, text: &str) -> Fixture {
    let limits = AccountLimits { concurrent_executions: 1000, unreserved_concurrent_executions: Some(900) };
    let claimed = pattern(text, 300.0, 980.0);
    fixture.with(Payload::Limits(limits)).points(&Subject::Region, Metric::ClaimedAccountConcurrency, &claimed)
}

/// The function may run `reserved` at a time, and `in_use` run while 80 requests of 280 are throttled.
fn throttled(fixture: Fixture, text: &str, reserved: Option<u32>, in_use: f64) -> Fixture {
    let fixture = fixture.with(Payload::Reserved(NAME.into(), reserved));
    let fixture = follows(fixture, text, Metric::ConcurrentExecutions, 8.0, in_use);
    let fixture = follows(fixture, text, Metric::Invocations, 200.0, 200.0);
    follows(fixture, text, Metric::Throttles, 0.0, 80.0)
}

/// The Region claims this and is asked for that in a minute of trouble.
fn region(fixture: Fixture, text: &str, claimed: f64, asked: f64) -> Fixture {
    let limits = AccountLimits { concurrent_executions: 5000, unreserved_concurrent_executions: None };
    let observed = fixture.with(Payload::Limits(limits));
    let observed = observed.points(&Subject::Region, Metric::ClaimedAccountConcurrency, &pattern(text, 300.0, claimed));
    observed.points(&Subject::Region, Metric::Invocations, &pattern(text, 9000.0, asked))
}

/// What is found in the metrics of single minutes, and in which way. Scaling shows as a rise, not by a level: its
/// rule is the same, and its causes are `analysis::throttle`'s.
const BY_MINUTES: &[(Kind, Observe)] = &[
    (Kind::ThrottleReservedZero, |fixture, text| throttled(fixture, text, Some(0), 0.0)),
    (Kind::ThrottleReservedLimit, |fixture, text| throttled(fixture, text, Some(20), 20.0)),
    (Kind::ThrottleUnreservedPool, |fixture, text| region(throttled(fixture, text, None, 20.0), text, 5000.0, 9000.0)),
    (Kind::ThrottleRequestRate, |fixture, text| {
        let fixture = fixture.with(Payload::Reserved(NAME.into(), Some(20)));
        let fixture = follows(fixture, text, Metric::ConcurrentExecutions, 1.0, 3.0);
        let fixture = follows(fixture, text, Metric::Invocations, 600.0, 12_000.0);
        follows(fixture, text, Metric::Throttles, 0.0, 6000.0)
    }),
    (Kind::ThrottleRequestRate, |fixture, text| region(throttled(fixture, text, None, 20.0), text, 600.0, 3_000_000.0)),
    (Kind::ThrottleUnknown, |fixture, text| region(throttled(fixture, text, None, 20.0), text, 600.0, 9000.0)),
    (Kind::ErrorsRate, |fixture, text| {
        follows(follows(fixture, text, Metric::Invocations, 200.0, 200.0), text, Metric::Errors, 1.0, 80.0)
    }),
    (Kind::ErrorsTimeout, |fixture, text| {
        let fixture = follows(fixture, text, Metric::Invocations, 200.0, 200.0);
        durations(follows(fixture, text, Metric::Errors, 0.0, 30.0), text, 30_000.0)
    }),
    (Kind::DurationNearTimeout, |fixture, text| durations(fixture, text, 29_000.0)),
    (Kind::AsyncBacklog, |fixture, text| follows(fixture, text, Metric::AsyncEventAge, 40.0, 900_000.0)),
    (Kind::AsyncDropped, |fixture, text| follows(fixture, text, Metric::AsyncEventsDropped, 0.0, 12.0)),
    (Kind::DeadLetterDeliveryFailing, |fixture, text| follows(fixture, text, Metric::DeadLetterErrors, 0.0, 12.0)),
    (Kind::DeadLetterDeliveryFailing, |fixture, text| {
        follows(fixture, text, Metric::DestinationDeliveryFailures, 0.0, 12.0)
    }),
    (Kind::DeadLetterDeliveryFailing, |fixture, text| topic(fixture, text, Metric::TopicNotificationsFailed)),
    (Kind::DeadLetterGrowing, |fixture, text| topic(fixture, text, Metric::TopicMessagesPublished)),
    (Kind::EventSourceLagging, |fixture, text| follows(fixture, text, Metric::IteratorAge, 200.0, 900_000.0)),
    (Kind::EventSourceLagging, |fixture, text| {
        let queue = source(EventSourceKind::Sqs, "arn:aws:sqs:eu-west-1:123456789012:orders");
        let subject = Subject::Queue("orders".to_string());
        fixture.with(queue).points(&subject, Metric::QueueOldestMessageAge, &pattern(text, 1.0, 900.0))
    }),
    (Kind::RecursionDropped, |fixture, text| follows(fixture, text, Metric::RecursiveInvocationsDropped, 0.0, 12.0)),
    (Kind::ConcurrencyNearLimit, limited),
    (Kind::ConcurrencyTopConsumer, |fixture, text| {
        let fixture = limited(fixture, text).with(Payload::Reserved(NAME.into(), None));
        follows(fixture, text, Metric::ConcurrentExecutions, 20.0, 600.0)
    }),
    (Kind::ConcurrencyProvisionedSpillover, |fixture, text| {
        let fixture = follows(fixture, text, Metric::Invocations, 200.0, 200.0);
        follows(fixture, text, Metric::ProvisionedSpillover, 0.0, 80.0)
    }),
];

/// Minutes, oldest first -> how many before the newest settled minute it began, if it is found.
const PATTERNS: &[(&str, Option<i64>)] = &[
    ("", None),
    ("--------", None),
    ("..........", None),
    ("..........|..", None),
    // What may still be restated.
    ("..........|!!", None),
    (".....!!!", Some(2)),
    (".....!!!|..", Some(2)),
    (".....!!!!!|!!", Some(4)),
    // Three quiet minutes close it, two do not, and those that may be restated do not count.
    (".!!!..", Some(4)),
    (".!!!..|..", Some(4)),
    (".!!!...", None),
    (".!!!.......", None),
    // It comes again.
    (".!!!....!!!", Some(2)),
    // Gaps neither raise nor clear.
    ("...!!!--", Some(4)),
    ("---!!!--", Some(4)),
    ("...!--!!", Some(4)),
];

/// Minutes before the newest settled one.
fn back(since: DateTime<Utc>) -> i64 {
    (minute(2).start() - since).num_minutes()
}

#[test]
fn what_minutes_show_comes_and_goes() {
    let mut wrong = Vec::new();
    for (kind, observed) in BY_MINUTES {
        for (text, expected) in PATTERNS {
            let found = observed(Fixture::new().listed(NAME, &[]), text).found(*kind);
            let since = found.as_ref().map(|finding| back(finding.since));
            if since != *expected {
                wrong.push(format!("{kind} {text:?}: {since:?}, not {expected:?}"));
            }
            if let Some(found) = found {
                assert!((0.5..1.0).contains(&found.confidence), "{kind} {text:?}: {}", found.confidence);
                let commands = commands(&found);
                assert!(commands.iter().all(|command| command.contains(" --region eu-west-1")), "{commands:?}");
                assert!(!commands.is_empty() && found.facts.len() >= 2, "{found:?}");
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// Ten seconds in which all is well, and in which it is not.
type Beaten = (Kind, Beat, Beat);

const HEALTHY: Beat = Beat {
    invocations: 40,
    errors: 0,
    timeouts: 0,
    out_of_memory: 0,
    cold_starts: 1,
    near_timeout: 0,
    used_mb: Some(100),
};

/// What is found in the logs.
const BY_LOGS: &[Beaten] = &[
    (Kind::ErrorsRate, HEALTHY, Beat { errors: 36, ..HEALTHY }),
    (Kind::ErrorsTimeout, HEALTHY, Beat { errors: 9, timeouts: 9, near_timeout: 9, ..HEALTHY }),
    (Kind::ErrorsOutOfMemory, HEALTHY, Beat { errors: 1, out_of_memory: 1, ..HEALTHY }),
    (Kind::DurationNearTimeout, HEALTHY, Beat { near_timeout: 6, ..HEALTHY }),
    (Kind::MemoryNearLimit, HEALTHY, Beat { used_mb: Some(500), ..HEALTHY }),
    (Kind::ColdStartSurge, HEALTHY, Beat { invocations: 80, cold_starts: 80, ..HEALTHY }),
];

/// Steps of ten seconds, oldest first -> the step in which it began, if it is found.
const STEPS: &[(&str, Option<i64>)] = &[
    ("", None),
    ("..............................", None),
    ("------------------------------", None),
    // The logs need no minute that has ended: ten seconds are enough.
    (".............................!", Some(29)),
    ("..........................!!!!", Some(26)),
    // Less than a minute was read: nothing is known.
    ("--------------------------!!!!", None),
    // It is over when no minute of the last three has shown it.
    (".......!......................", Some(7)),
    ("......!.......................", None),
    // What is not read does not clear it.
    (".......!.......---............", Some(7)),
    (".......!!!!....---............", Some(7)),
    // It comes again before it was over.
    ("-......!.....................!", Some(7)),
];

#[test]
fn what_the_logs_show_comes_and_goes_faster() {
    let mut wrong = Vec::new();
    for (kind, healthy, troubled) in BY_LOGS {
        for (text, expected) in STEPS {
            let beats: Vec<_> = text
                .chars()
                .map(|step| {
                    [('.', *healthy), ('!', *troubled)].into_iter().find_map(|(is, beat)| (is == step).then_some(beat))
                })
                .collect();
            let found = Fixture::new().listed(NAME, &[]).logged(NAME, &beats).found(*kind);
            let first = now() - chrono::TimeDelta::seconds(305);
            let since = found.as_ref().map(|finding| (finding.since - first).num_seconds() / 10);
            if since != *expected {
                wrong.push(format!("{kind} {text:?}: {since:?}, not {expected:?}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_fixture_writes_the_log_that_it_is_reported() {
    for (_, healthy, troubled) in BY_LOGS {
        let beats = [Some(*healthy), None, Some(*troubled), Some(*healthy)];
        let live = Fixture::new().listed(NAME, &[]).logged(NAME, &beats).first().live.unwrap();
        assert_eq!(live.beats.beats[26..], beats);
    }
}

/// The metrics that say that something is wrong, and what they say when nothing is.
const QUIET: &[(Metric, f64)] = &[
    (Metric::Errors, 0.0),
    (Metric::Throttles, 0.0),
    (Metric::AsyncEventsDropped, 0.0),
    (Metric::AsyncEventAge, 200.0),
    (Metric::DeadLetterErrors, 0.0),
    (Metric::DestinationDeliveryFailures, 0.0),
    (Metric::IteratorAge, 200.0),
    (Metric::ProvisionedSpillover, 0.0),
    (Metric::RecursiveInvocationsDropped, 0.0),
];

type AnySeries = (Subject, Metric, Statistic, Vec<(i64, f64)>);

/// Series of hostile values: any metric of the function or the Region, with gaps.
fn any_series() -> impl Strategy<Value = Vec<AnySeries>> {
    let metric = select(Metric::ALL).prop_flat_map(|metric| (Just(metric), select(metric.statistics())));
    let subject = select(vec![
        Subject::Region,
        function(NAME),
        Subject::Queue("orders".to_string()),
        Subject::Topic("failed".to_string()),
    ]);
    let value = prop_oneof![0.0..2000.0f64, Just(0.0), Just(1e300), Just(-5.0), any::<f64>()];
    let series = (subject, metric, vec((0..70i64, value), 1..40));
    vec(series.prop_map(|(subject, (metric, statistic), points)| (subject, metric, statistic, points)), 0..16)
}

fn any_beat() -> impl Strategy<Value = Option<Beat>> {
    let beat = (0..9u64, 0..5u64, 0..5u64, 0..5u64, 0..5u64, option::of(0..600u32)).prop_map(
        |(succeeded, failed, timeouts, out_of_memory, cold_starts, used_mb)| Beat {
            invocations: succeeded + failed + timeouts + out_of_memory + cold_starts,
            errors: failed + timeouts + out_of_memory,
            timeouts,
            out_of_memory,
            cold_starts,
            near_timeout: timeouts,
            used_mb,
        },
    );
    option::weighted(0.9, beat)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// Traffic alone is no trouble, however much and however uneven it is.
    #[test]
    fn a_healthy_function_raises_nothing(calls in vec(option::weighted(0.9, 0..100_000u32), 60), cold in 0..2u64) {
        let (name, checkout) = (NAME, function(NAME));
        let calls: Vec<(i64, f64)> =
            (0..).zip(calls).filter_map(|(back, calls)| Some((back, f64::from(calls?)))).collect();
        let constant = |value: f64| calls.iter().map(|(back, _)| (*back, value)).collect::<Vec<_>>();
        let limits = AccountLimits { concurrent_executions: 1000, unreserved_concurrent_executions: Some(900) };
        let observed = Fixture::new()
            .listed(name, &[])
            .with(Payload::Limits(limits))
            .with(Payload::Reserved(name.into(), None))
            .points(&Subject::Region, Metric::ClaimedAccountConcurrency, &constant(300.0))
            .points(&checkout, Metric::ConcurrentExecutions, &constant(100.0))
            .points(&checkout, Metric::Invocations, &calls);
        let observed = QUIET.iter().fold(observed, |observed, (metric, value)| observed.points(&checkout, *metric, &constant(*value)));
        let observed = Metric::Duration.statistics().iter().fold(observed, |observed, statistic| {
            observed.statistic(&checkout, Metric::Duration, *statistic, &constant(40.0))
        });
        let beats: Vec<_> = (0..30).map(|_| Some(Beat { cold_starts: cold, ..HEALTHY })).collect();
        let observed = observed.logged(name, &beats);
        prop_assert_eq!(&observed.snapshot().scopes[0].findings, &[]);
    }

    /// Nothing that can be read makes a rule panic, and what is found is in bounds.
    #[test]
    fn no_series_is_too_strange(series in any_series(), beats in vec(any_beat(), 0..30), reserved in any::<Option<u32>>()) {
        let limits = AccountLimits { concurrent_executions: 1000, unreserved_concurrent_executions: None };
        let info = FunctionInfo {
            dead_letter_target: Some(Arn::new("arn:aws:sns:eu-west-1:123456789012:failed")),
            ..info(NAME)
        };
        let observed = Fixture::new()
            .with(Payload::Functions(vec![info]))
            .with(Payload::Limits(limits))
            .with(Payload::Reserved(NAME.into(), reserved))
            .with(source(EventSourceKind::Sqs, "arn:aws:sqs:eu-west-1:123456789012:orders"))
            .logged(NAME, &beats);
        let observed = series.iter().fold(observed, |observed, (subject, metric, statistic, points)| {
            observed.statistic(subject, *metric, *statistic, points)
        });
        for finding in &observed.snapshot().scopes[0].findings {
            prop_assert!((0.0..=1.0).contains(&finding.confidence), "{finding:?}");
            prop_assert!(finding.impact >= 0.0 && finding.since <= now(), "{finding:?}");
        }
    }
}
