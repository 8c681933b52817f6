//! Throttled requests as findings: whose they are, since when, and when nothing is said.

use crate::analysis::fact::Quantity;
use crate::fixture::{Fixture, commands, function, values};
use lambda_model::finding::{Kind, Severity};
use lambda_model::function::AccountLimits;
use lambda_model::metric::{Metric, Subject};
use lambda_model::observation::Payload;

/// Minutes back and values: `then` until `since` minutes ago, `now` from there on, up to the newest settled one.
fn step(since: i64, then: f64, now: f64) -> Vec<(i64, f64)> {
    (2..30).map(|back| (back, if back <= since { now } else { then })).collect()
}

/// Functions that are throttled 300 requests a minute for five minutes, of which the first may run 20 at a time.
fn throttled(claimed: f64, names: &[(&str, Option<u32>)]) -> Fixture {
    let limits = AccountLimits { concurrent_executions: 1000, unreserved_concurrent_executions: Some(900) };
    let region = Fixture::new()
        .with(Payload::Limits(limits))
        .points(&Subject::Region, Metric::ClaimedAccountConcurrency, &step(6, 400.0, claimed))
        .points(&Subject::Region, Metric::Throttles, &step(6, 0.0, 300.0 * names.len() as f64));
    names.iter().fold(region, |observed, (name, reserved)| {
        let f = function(name);
        observed
            .listed(name, &[])
            .with(Payload::Reserved((*name).into(), *reserved))
            .points(&f, Metric::Invocations, &step(6, 600.0, 1200.0))
            .points(&f, Metric::Errors, &step(6, 0.0, 3.0))
            .points(&f, Metric::Throttles, &step(6, 0.0, 300.0))
            .points(&f, Metric::ConcurrentExecutions, &step(6, 8.0, 20.0))
    })
}

#[test]
fn a_reservation_that_is_in_use_is_named_with_its_function() {
    let found = throttled(400.0, &[("pdf-render", Some(20))]).found(Kind::ThrottleReservedLimit).unwrap();
    assert_eq!(found.severity, Severity::Critical);
    assert_eq!(found.since, crate::fixture::minute(6).start());
    assert_eq!(values(&found, Quantity::ReservedConcurrency), [20.0]);
    // (300 + 3) / (1200 + 300): throttled requests are neither errors nor invocations.
    let failed = found.fact(Quantity::FailedRequests).unwrap();
    assert_eq!((failed.value, failed.of), (Some(303.0), Some(1500.0)));
    assert!(
        commands(&found).iter().any(|command| command.starts_with("aws lambda put-function-concurrency")),
        "{found:?}"
    );
    assert!((found.impact - 300.0).abs() < 1e-9);
}

#[test]
fn a_full_pool_is_one_finding_of_the_region() {
    let observed = throttled(1000.0, &[("checkout", None), ("image-resize", None), ("ledger", Some(100))]);
    let found = observed.found(Kind::ThrottleUnreservedPool).unwrap();
    assert_eq!(found.function, None);
    let affected: Vec<&str> = found.affected.iter().map(lambda_model::FunctionName::as_str).collect();
    assert_eq!(affected, ["checkout", "image-resize"], "a reservation takes no part in the pool");
    assert_eq!(throttled(400.0, &[("checkout", None)]).found(Kind::ThrottleUnreservedPool), None, "it is not full");
}

#[test]
fn what_is_over_or_provisional_is_not_found() {
    let f = function("f");
    let observed = |points: &[(i64, f64)]| {
        let quiet: Vec<_> = (2..30).map(|back| (back, 0.0)).collect();
        Fixture::new()
            .listed("f", &[])
            .with(Payload::Reserved("f".into(), Some(20)))
            .points(&f, Metric::Invocations, &step(30, 0.0, 600.0))
            .points(&f, Metric::ConcurrentExecutions, &step(30, 0.0, 20.0))
            .points(&f, Metric::Throttles, &quiet)
            .read_before(-1)
            .points(&f, Metric::Throttles, points)
    };
    let found = |points: &[(i64, f64)]| observed(points).found(Kind::ThrottleReservedLimit).is_some();
    assert!(found(&[(2, 300.0)]), "the newest settled minute");
    assert!(!found(&[(1, 300.0), (0, 300.0)]), "provisional minutes");
    assert!(found(&[(4, 300.0)]), "two quiet minutes do not end it");
    assert!(!found(&[(5, 300.0)]), "three do");
    assert!(!found(&[(2, 2.0)]), "two throttled requests are chance");
    assert!(found(&[(3, 2.0), (2, 2.0)]), "twice in a row is not");
}

#[test]
fn an_unknown_cause_waits_until_what_would_explain_it_was_read() {
    // The reservation was read before the minute: it may be another by now.
    let observed = throttled(400.0, &[("f", None)]);
    assert!(observed.found(Kind::ThrottleUnknown).is_some(), "it was read since, and there is none");
    let late = Fixture::new()
        .read_before(1200)
        .listed("f", &[])
        .with(Payload::Reserved("f".into(), None))
        .read_before(0)
        .points(&function("f"), Metric::Invocations, &step(4, 600.0, 1200.0))
        .points(&function("f"), Metric::ConcurrentExecutions, &step(4, 8.0, 20.0))
        .points(&function("f"), Metric::Throttles, &step(4, 0.0, 300.0));
    assert_eq!(late.found(Kind::ThrottleUnknown), None);
}
