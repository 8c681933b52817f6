//! Which errors are more than chance, how bad they are, and what is said of them.

use proptest::prelude::*;

use crate::analysis::fact::{Quantity, Subject};
use crate::analysis::finding::Finding;
use crate::analysis::live::Beat;
use crate::fixture::{Fixture, commands, function, minute, minutes, values};
use lambda_model::finding::{Kind, Severity};
use lambda_model::metric::Metric;

/// `checkout` with these errors and invocations.
fn observed(errors: &[(i64, f64)], calls: &[(i64, f64)]) -> Fixture {
    let checkout = function("checkout");
    Fixture::new().listed("checkout", &[]).points(&checkout, Metric::Errors, errors).points(
        &checkout,
        Metric::Invocations,
        calls,
    )
}

fn found(errors: &str, calls: &str) -> Option<Finding> {
    observed(&minutes(errors), &minutes(calls)).found(Kind::ErrorsRate)
}

#[test]
fn errors_are_found_where_chance_does_not_explain_them() {
    // Errors and invocations of minutes -> severity, and since how many minutes.
    let cases = [
        ("0 0 0 0 0", "1000 1000 1000 1000 1000", None),
        // One in two hundred is ordinary, however many there are.
        ("5 5 5 5 5", "1000 1000 1000 1000 1000", None),
        // Few errors of few calls are chance: the rate of a minute says nothing.
        ("0 0 0 0 1", "3 2 4 1 1", None),
        ("0 1 0 2 1", "40 40 40 40 40", None),
        ("0 0 0 0 4", "8 8 8 8 8", None),
        // Taken together they are none.
        ("2 2 2 2 2", "4 4 4 4 4", Some((Severity::Critical, 2))),
        ("4 4 4 4 4 4", "50 50 50 50 50 50", Some((Severity::Warning, 4))),
        ("5 5 5 5 5 5 5", "100 100 100 100 100 100 100", Some((Severity::Warning, 5))),
        ("4 4 60 60 60", "1000 1000 1000 1000 1000", Some((Severity::Warning, 2))),
        ("4 4 4 300 300", "1000 1000 1000 1000 1000", Some((Severity::Critical, 1))),
        // One minute beyond doubt is enough.
        ("4 4 4 4 300", "1000 1000 1000 1000 1000", Some((Severity::Critical, 0))),
        // Its errors are not those of the healthy minutes that follow.
        ("300 300 5 5 5", "1000 1000 1000 1000 1000", None),
        // What is missing is not zero.
        ("80 80 80", "- - -", None),
        ("- - -", "80 80 80", None),
        // There cannot be more errors than invocations.
        ("200 200 200", "100 100 100", None),
    ];
    for (errors, calls, expected) in cases {
        let found = found(errors, calls);
        let is = found.as_ref().map(|found| (found.severity, (minute(2).start() - found.since).num_minutes()));
        assert_eq!(is, expected, "{errors} of {calls}: {found:?}");
    }
}

#[test]
fn it_says_how_many_and_how_to_look() {
    let found = found("4 4 4 300 300", "1000 1000 1000 1000 1000").unwrap();
    assert_eq!((found.impact, found.confidence), (300.0, 0.995));
    let errors = found.fact(Quantity::Errors).unwrap();
    assert_eq!((errors.value, errors.of, errors.over_s), (Some(600.0), Some(2000.0), Some(120.0)));
    assert_eq!(values(&found, Quantity::ErrorRate), [0.3]);
    let look = "aws logs tail /aws/lambda/checkout --since 10m --filter-pattern ?ERROR ?Error ?Exception \
                --region eu-west-1";
    assert_eq!(commands(&found)[0], look);
}

#[test]
fn confidence_is_that_the_rate_is_above_the_threshold() {
    let rate = |errors: &str| found(errors, "200 200 200 200 200").map(|found| found.confidence);
    let (few, more, many) = (rate("8 8 8 8 8"), rate("9 9 9 9 9"), rate("60 60 60 60 60"));
    assert!(few > Some(0.9), "{few:?}");
    assert!(few < more && more < many, "{few:?} {more:?} {many:?}");
}

#[test]
fn the_logs_tell_versions_and_kinds_of_errors_and_end_with_the_trouble() {
    let healthy = Beat { invocations: 40, used_mb: Some(80), ..Beat::default() };
    let failing = Beat { errors: 36, ..healthy };
    let log = |ill: usize| {
        let mut beats = vec![Some(healthy); 30];
        beats[ill] = Some(failing);
        Fixture::new().listed("checkout", &[]).logged("checkout", &beats).found(Kind::ErrorsRate)
    };
    let now = log(29).unwrap();
    assert_eq!(values(&now, Quantity::ErrorRate), [0.15]);
    let kind = now.fact(Quantity::Occurrences).unwrap();
    assert!(matches!(&kind.subject, Subject::Error(text) if text.starts_with("Runtime.ExitError")), "{kind:?}");
    assert_eq!(kind.value, Some(36.0));
    // A minute later the numbers are still those of the newest minute that showed it.
    let later = log(20).unwrap();
    assert_eq!((later.fact(Quantity::Errors), later.impact), (now.fact(Quantity::Errors), 36.0));
}

proptest! {
    /// More failures of the same calls are never less severe.
    #[test]
    fn more_errors_are_never_less_severe(calls in 1u32..3000, one in 0u32..3000, other in 0u32..3000) {
        let (fewer, more) = (one.min(other).min(calls), one.max(other).min(calls));
        let constant = |count: u32| (2..32).map(|back| (back, f64::from(count))).collect::<Vec<_>>();
        let severity = |errors: u32| {
            observed(&constant(errors), &constant(calls)).found(Kind::ErrorsRate).map(|found| found.severity)
        };
        prop_assert!(severity(fewer) <= severity(more), "{fewer} and {more} of {calls}");
    }
}
