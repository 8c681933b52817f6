//! Which ages of events are a backlog.

use crate::analysis::fact::Quantity;
use crate::fixture::{Fixture, commands, function, minute, minutes, values};
use lambda_model::finding::{Kind, Severity};
use lambda_model::metric::Metric;

/// `checkout` whose events are so old, ms.
fn observed(ages: &str) -> Fixture {
    Fixture::new().listed("checkout", &[]).points(&function("checkout"), Metric::AsyncEventAge, &minutes(ages))
}

#[test]
fn old_events_are_a_backlog_when_they_are_not_alone() {
    let cases = [
        ("200 200 200 200", None),
        // Retries come after one and three minutes, in all (docs/aws.md#asynchronous-retries).
        ("200 60000 180000 60000 180000", None),
        // Old once is not enough, however old.
        ("900000", None),
        ("900000 900000", Some(1)),
        ("200 60000 180000 900000", None),
        ("200 60000 180000 900000 1000000", Some(1)),
        ("200 60000 180000 900000 200 900000", Some(2)),
        ("- - - 900000 - 900000", Some(2)),
    ];
    for (ages, expected) in cases {
        let found = observed(ages).found(Kind::AsyncBacklog);
        let is = found.as_ref().map(|found| (minute(2).start() - found.since).num_minutes());
        assert_eq!(is, expected, "{ages}: {found:?}");
    }
}

#[test]
fn it_says_how_old_and_what_waits() {
    let found = observed("600000 700000 800000 900000 1000000")
        .points(&function("checkout"), Metric::AsyncEventsReceived, &minutes("300 300 300 300 300"))
        .points(&function("checkout"), Metric::Invocations, &minutes("100 100 100 100 100"))
        .found(Kind::AsyncBacklog)
        .unwrap();
    let age = found.fact(Quantity::OldestEventAge).unwrap();
    assert_eq!((age.value, age.before, age.limit), (Some(1000.0), Some(700.0), Some(300.0)));
    assert_eq!((found.severity, found.impact), (Severity::Warning, 200.0));
    assert_eq!(values(&found, Quantity::AsyncEventsReceived), [1500.0]);
    assert_eq!(commands(&found)[0], "aws lambda get-function-concurrency --function-name checkout --region eu-west-1");
    let steady = observed("900000 900000 900000 900000 900000").found(Kind::AsyncBacklog).unwrap();
    assert_eq!(steady.fact(Quantity::OldestEventAge).unwrap().before, Some(900.0));
    assert!(steady.confidence < found.confidence);
    assert!(steady.impact <= 0.0, "what waits is not known");
}
