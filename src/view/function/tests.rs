//! The facts, charts and lists of one function's pane.

use chrono::TimeDelta;

use super::*;
use crate::analysis::forecast::{Basis, Forecast};
use crate::analysis::metrics::{Durations, FunctionMetrics, MappingMetrics};
use crate::fixture::{Fixture, function, info, minute};
use lambda_model::Arn;
use lambda_model::function::{AccountLimits, EventSource, EventSourceKind, FunctionInfo, LogGroup, Provisioned};
use lambda_model::observation::Payload;
use lambda_model::queue::FailureTarget;
use lambda_model::text;

const HOSTILE: &str = "x\u{1b}[2J\u{9b}31m\u{202e}";

fn read(fixture: &Fixture) -> Vec<(&'static str, String, Meaning)> {
    plain(facts(&fixture.snapshot(), &fixture.first()))
}

fn plain(facts: Vec<Fact>) -> Vec<(&'static str, String, Meaning)> {
    facts.into_iter().map(|fact| (fact.label, fact.value, fact.meaning)).collect()
}

fn one(fixture: &Fixture, label: &str) -> (String, Meaning) {
    let found = read(fixture).into_iter().find(|(named, ..)| *named == label);
    found.map(|(_, value, meaning)| (value, meaning)).unwrap()
}

/// What is expected, as [`plain`] gives it.
fn expected<const N: usize>(facts: [(&'static str, &str, Meaning); N]) -> Vec<(&'static str, String, Meaning)> {
    facts.into_iter().map(|(label, value, meaning)| (label, value.to_string(), meaning)).collect()
}

fn listed(info: FunctionInfo) -> Fixture {
    Fixture::new().with(Payload::Functions(vec![info]))
}

#[test]
fn facts_that_are_not_known_are_dashes() {
    let named_only = Fixture::new().points(&function("f"), Metric::Invocations, &[(60, 1.0)]);
    let labels = ["runtime", "memory", "timeout", "reserved", "provisioned", "changed", "logs"];
    assert_eq!(read(&named_only), expected(labels.map(|label| (label, "–", Meaning::Muted))));
}

#[test]
fn facts_that_are_known_are_written() {
    let provisioned = |qualifier: &str, allocated| Provisioned {
        qualifier: qualifier.to_string(),
        requested: 9,
        available: 1,
        allocated,
    };
    let function = listed(info("f"))
        .with(Payload::Reserved("f".into(), Some(5)))
        .with(Payload::Provisioned("f".into(), vec![provisioned("live", 2), provisioned("beta", 1)]));
    let normal = [
        ("runtime", "nodejs22.x", Meaning::Normal),
        ("memory", "512M", Meaning::Normal),
        ("timeout", "30s", Meaning::Normal),
        ("reserved", "5", Meaning::Normal),
        ("provisioned", "3", Meaning::Normal),
        ("changed", "2d ago", Meaning::Normal),
        ("logs", "/aws/lambda/f", Meaning::Normal),
    ];
    assert_eq!(read(&function), expected(normal));
}

#[test]
fn no_reservation_is_not_a_reservation_of_nothing() {
    let reserved = |value| one(&listed(info("f")).with(Payload::Reserved("f".into(), value)), "reserved");
    assert_eq!(reserved(None), ("none".to_string(), Meaning::Normal));
    assert_eq!(reserved(Some(0)), ("0: stopped".to_string(), Meaning::Critical));
}

#[test]
fn an_image_has_no_runtime_and_a_log_group_may_not_exist_yet() {
    let image = listed(FunctionInfo { runtime: None, ..info("f") });
    assert_eq!(one(&image, "runtime"), ("container image".to_string(), Meaning::Normal));
    let group = |group| one(&listed(info("f")).with(Payload::LogGroup("f".into(), group)), "logs");
    assert_eq!(group(None), ("no log group yet".to_string(), Meaning::Muted));
    let custom = LogGroup { name: "/custom".to_string(), class: None };
    assert_eq!(group(Some(custom)), ("/custom".to_string(), Meaning::Normal));
}

#[test]
fn a_minute_that_is_not_known_is_dashes_and_names_nothing_special() {
    let named_only = Fixture::new().points(&function("f"), Metric::Invocations, &[(60, 1.0)]);
    let labels = ["inv/min", "err", "err%", "throttled", "p50", "p99", "age"];
    let dashes = expected(labels.map(|label| (label, "–", Meaning::Muted)));
    assert_eq!(plain(now(&named_only.snapshot(), &named_only.first())), dashes);
}

#[test]
fn a_minute_is_written_with_what_it_means() {
    let fixture = listed(info("f"));
    let mut shown = fixture.first();
    let written = |shown: &FunctionSnapshot| plain(now(&fixture.snapshot(), shown));
    shown.metrics = FunctionMetrics {
        as_of: Some(minute(1)),
        invocations: Some(200.0),
        errors: Some(30.0),
        throttles: Some(2.0),
        error_rate: Some(0.15),
        duration_ms: Durations { p50: Some(41.0), p99: Some(1200.0), ..Durations::default() },
        extra: [(Metric::AsyncEventsDropped, 0.0)].into(),
        ..FunctionMetrics::default()
    };
    let ordinary = [
        ("inv/min", "200", Meaning::Normal),
        ("err", "30", Meaning::Critical),
        ("err%", "15%", Meaning::Critical),
        ("throttled", "2", Meaning::Critical),
        ("callers see", "16% fail", Meaning::Critical),
        ("p50", "41ms", Meaning::Normal),
        ("p99", "1.20s", Meaning::Normal),
        ("age", "2m", Meaning::Muted),
    ];
    assert_eq!(written(&shown), expected(ordinary), "what is 0 is not named");

    shown.metrics.extra = [
        (Metric::AsyncEventAge, 5e3),
        (Metric::AsyncEventsDropped, 1.0),
        (Metric::DeadLetterErrors, 2.0),
        (Metric::DestinationDeliveryFailures, 3.0),
        (Metric::IteratorAge, 6e4),
        (Metric::OffsetLag, 1200.0),
        (Metric::ProvisionedSpillover, 4.0),
        (Metric::RecursiveInvocationsDropped, 5.0),
    ]
    .into();
    let special = [
        ("async age", "5.00s", Meaning::Normal),
        ("async dropped", "1", Meaning::Critical),
        ("dead-letter errors", "2", Meaning::Critical),
        ("delivery failures", "3", Meaning::Critical),
        ("iterator age", "60.0s", Meaning::Warning),
        ("offset lag", "1200", Meaning::Warning),
        ("spillover", "4", Meaning::Warning),
        ("recursion stopped", "5", Meaning::Critical),
    ];
    assert_eq!(written(&shown)[ordinary.len()..], expected(special));
}

#[test]
fn a_chart_has_a_place_for_every_minute_and_gaps_where_nothing_came() {
    let fixture = Fixture::new()
        .points(&function("f"), Metric::Invocations, &[(-1, 99.0), (0, 4.0), (2, 0.0), (4, 7.0)])
        .statistic(&function("f"), Metric::Duration, Statistic::P95, &[(1, 12.5)]);
    let charts = charts(&fixture.snapshot(), &fixture.first(), 4);
    let lines = charts.iter().flat_map(|chart| &chart.lines);
    let lines: Vec<(&str, &[Option<f64>])> = lines.map(|line| (line.name, line.values.as_slice())).collect();
    let expected: [(&str, &[Option<f64>]); 7] = [
        ("", &[None; 4]),
        ("inv", &[None, Some(0.0), None, Some(4.0)]),
        ("err", &[None; 4]),
        ("throt", &[None; 4]),
        ("p50", &[None; 4]),
        ("p95", &[None, None, Some(12.5), None]),
        ("p99", &[None; 4]),
    ];
    assert_eq!(lines, expected);
}

#[test]
fn a_limit_is_drawn_only_when_a_line_comes_near_it() {
    let limits = AccountLimits { concurrent_executions: 1000, unreserved_concurrent_executions: Some(900) };
    let limit = |used: f64, reserved| {
        let fixture = Fixture::new()
            .listed("f", &[(Metric::ConcurrentExecutions, used)])
            .with(Payload::Limits(limits))
            .with(Payload::Reserved("f".into(), reserved));
        let [concurrency, invocations, _] = charts(&fixture.snapshot(), &fixture.first(), 4);
        assert_eq!(invocations.limit, None);
        concurrency.limit
    };
    assert_eq!(limit(9.0, Some(100)), None);
    assert_eq!(limit(10.0, Some(100)), Some((100.0, "reserved")));
    assert_eq!(limit(0.0, Some(0)), Some((0.0, "reserved")));
    assert_eq!(limit(89.0, None), None);
    assert_eq!(limit(90.0, None), Some((900.0, "unreserved pool")));

    let timeout = |p99| {
        let fixture = listed(info("f")).statistic(&function("f"), Metric::Duration, Statistic::P99, &[(0, p99)]);
        charts(&fixture.snapshot(), &fixture.first(), 4)[2].limit
    };
    assert_eq!(timeout(2999.0), None);
    assert_eq!(timeout(3000.0), Some((30_000.0, "timeout")));
    let not_asked = Fixture::new().listed("f", &[(Metric::ConcurrentExecutions, 90.0)]).with(Payload::Limits(limits));
    let [concurrency, ..] = charts(&not_asked.snapshot(), &not_asked.first(), 4);
    assert_eq!(concurrency.limit, None, "the reservation may be what limits it");
}

fn letters(role: TargetRole, arn: &str) -> DeadLetters {
    DeadLetters {
        target: FailureTarget::new(role, &Arn::new(arn)).unwrap(),
        depth: None,
        in_flight: None,
        oldest_age_s: None,
        growth_per_min: None,
        notifications_failed: None,
        as_of: None,
    }
}

#[test]
fn a_queue_tells_its_depth_and_where_it_is_going() {
    let queue = letters(TargetRole::DeadLetterQueue, "arn:aws:sqs:eu-west-1:1:dlq");
    let unread = [("dead letters", "dlq", Meaning::Normal), ("depth", "–", Meaning::Muted)];
    assert_eq!(plain(dead_letters(&queue)), expected(unread));

    let growing = DeadLetters {
        depth: Some(12),
        growth_per_min: Some(4.0),
        oldest_age_s: Some(TimeDelta::minutes(65).as_seconds_f64()),
        ..queue.clone()
    };
    let lines = [
        ("dead letters", "dlq", Meaning::Normal),
        ("depth", "12", Meaning::Warning),
        ("a minute", "+4.0", Meaning::Critical),
        ("oldest", "1h05m", Meaning::Muted),
    ];
    assert_eq!(plain(dead_letters(&growing)), expected(lines));

    let draining = DeadLetters { depth: Some(0), growth_per_min: Some(-1.5), ..queue };
    let lines = [
        ("dead letters", "dlq", Meaning::Normal),
        ("depth", "0", Meaning::Muted),
        ("a minute", "-1.5", Meaning::Muted),
    ];
    assert_eq!(plain(dead_letters(&draining)), expected(lines));
}

#[test]
fn a_topic_has_no_depth_and_other_targets_only_a_service() {
    let topic = letters(TargetRole::OnFailure, "arn:aws:sns:eu-west-1:1:alarms");
    let unread = [
        ("on failure", "alarms", Meaning::Normal),
        ("topic, published a minute", "–", Meaning::Normal),
        ("not delivered", "–", Meaning::Muted),
    ];
    assert_eq!(plain(dead_letters(&topic)), expected(unread));
    let failing = DeadLetters { growth_per_min: Some(6.0), notifications_failed: Some(1.0), ..topic };
    let lines = [
        ("on failure", "alarms", Meaning::Normal),
        ("topic, published a minute", "6", Meaning::Normal),
        ("not delivered", "1", Meaning::Critical),
    ];
    assert_eq!(plain(dead_letters(&failing)), expected(lines));
    let bucket = letters(TargetRole::SourceRedrive, "arn:aws:s3:::failed");
    let lines = [("redrive", "failed", Meaning::Normal), ("", "s3", Meaning::Muted)];
    assert_eq!(plain(dead_letters(&bucket)), expected(lines));
}

fn source(state: &str) -> EventSource {
    EventSource {
        uuid: "u".to_string(),
        function: "f".into(),
        source: Some(Arn::new("arn:aws:sqs:eu-west-1:1:orders")),
        kind: Some(EventSourceKind::Sqs),
        state: state.to_string(),
        batch_size: Some(10),
        maximum_concurrency: Some(5),
        on_failure: None,
        event_count: false,
    }
}

#[test]
fn an_event_source_tells_whether_it_works() {
    let lines = [
        ("sqs", "orders", Meaning::Normal),
        ("", "Enabled", Meaning::Ok),
        ("batch", "10", Meaning::Muted),
        ("at most", "5", Meaning::Muted),
    ];
    assert_eq!(plain(event_source(&source("Enabled"), None)), expected(lines));
    let bare =
        EventSource { source: None, kind: None, batch_size: None, maximum_concurrency: None, ..source("Enabled") };
    let lines = [("source", "–", Meaning::Normal), ("", "Enabled", Meaning::Ok)];
    assert_eq!(plain(event_source(&bare, None)), expected(lines));
    let states = [
        ("Disabled", Meaning::Critical),
        ("Disabling", Meaning::Critical),
        ("Updating", Meaning::Warning),
        ("", Meaning::Warning),
    ];
    for (state, meaning) in states {
        assert_eq!(event_source(&source(state), None)[1].meaning, meaning, "{state}");
    }
}

#[test]
fn an_event_source_says_what_became_of_its_events() {
    let written = |values: &[(Metric, f64)]| {
        let events = MappingMetrics { as_of: Some(minute(0)), values: values.iter().copied().collect() };
        plain(event_source(&source("Enabled"), Some(&events)))[4..].to_vec()
    };
    assert_eq!(written(&[]), []);
    let quiet = [(Metric::PolledEvents, 0.0), (Metric::FailedInvokeEvents, 0.0)];
    assert_eq!(written(&quiet), expected([("polled", "0", Meaning::Muted)]), "polling is news, what is 0 is not");
    let all = Metric::MAPPING.iter().copied().zip([120.0, 40.0, 3.0, 2.0]).collect::<Vec<_>>();
    let lines = [
        ("polled", "120", Meaning::Normal),
        ("failed", "40", Meaning::Warning),
        ("dropped", "3", Meaning::Critical),
        ("to the failure destination", "2", Meaning::Warning),
    ];
    assert_eq!(written(&all), expected(lines));
}

#[test]
fn names_from_outside_cannot_drive_a_terminal() {
    let arn = |service: &str| format!("arn:aws:{service}:r:1:{HOSTILE}");
    let custom = LogGroup { name: HOSTILE.to_string(), class: None };
    let described = listed(FunctionInfo { runtime: Some(HOSTILE.to_string()), ..info(HOSTILE) });
    let grouped = listed(info("f")).with(Payload::LogGroup("f".into(), Some(custom)));
    let hostile_source = EventSource { source: Some(Arn::new(arn("sqs"))), ..source(HOSTILE) };
    let mut all = facts(&described.snapshot(), &described.first());
    all.extend(facts(&grouped.snapshot(), &grouped.first()));
    all.extend(dead_letters(&letters(TargetRole::OnFailure, &arn("sqs"))));
    all.extend(event_source(&hostile_source, None));
    for Fact { label, value, .. } in all {
        assert_eq!(text::clean(&value), value, "{label}");
    }
}

#[test]
fn callers_see_errors_and_throttles_together() {
    let seen = |throttles, errors, invocations| {
        let metrics = FunctionMetrics { invocations, errors, throttles, ..FunctionMetrics::default() };
        callers_view(&metrics)
    };
    assert_eq!(seen(Some(50.0), Some(10.0), Some(100.0)), Some(0.4));
    assert_eq!(seen(Some(50.0), None, None), Some(1.0), "nothing ran");
    assert_eq!(seen(Some(0.0), Some(10.0), Some(100.0)), None, "without throttles the error rate says it all");
    assert_eq!(seen(None, Some(10.0), Some(100.0)), None);
}

#[test]
fn a_reservation_that_fills_up_is_shown() {
    let fixture = listed(info("f"));
    let forecast =
        Forecast { low_s: 130.0, likely_s: 200.0, high_s: 400.0, as_of: crate::fixture::now(), basis: Basis::Metrics };
    let filling = FunctionSnapshot { forecast: Some(forecast), ..fixture.first() };
    let shown = plain(now(&fixture.snapshot(), &filling)).pop();
    assert_eq!(shown, Some(("reservation full", "in 2–7 min (metrics)".to_string(), Meaning::Warning)));
}
