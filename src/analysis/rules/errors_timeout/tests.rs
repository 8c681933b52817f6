//! When errors are timeouts, and what is said of them.

use crate::analysis::fact::{Bound, Quantity};
use crate::analysis::live::Beat;
use crate::fixture::{Fixture, commands, function, info, minute, minutes};
use lambda_model::finding::{Kind, Severity};
use lambda_model::function::FunctionInfo;
use lambda_model::metric::{Metric, Statistic};
use lambda_model::observation::Payload;

/// `checkout`, which may take 30 s, with these errors a minute, 99th percentiles and longest durations, ms.
fn observed(errors: &str, p99: &str, longest: &str) -> Fixture {
    let checkout = function("checkout");
    Fixture::new()
        .listed("checkout", &[])
        .points(&checkout, Metric::Invocations, &minutes("200 200 200 200"))
        .points(&checkout, Metric::Errors, &minutes(errors))
        .statistic(&checkout, Metric::Duration, Statistic::P99, &minutes(p99))
        .statistic(&checkout, Metric::Duration, Statistic::Maximum, &minutes(longest))
}

#[test]
fn errors_with_durations_of_the_whole_timeout_are_timeouts() {
    let (short, full) = ("90 90 90 90", "30000 30000 30000 30000");
    // Errors, p99, longest -> severity, and since how many minutes.
    let cases = [
        ("0 0 0 0", short, short, None),
        // Errors of another kind; slow calls that do not fail; calls that just made it.
        ("30 30 30 30", short, short, None),
        ("0 0 0 0", full, full, None),
        ("30 30 30 30", "29999 29999 29999 29999", "29999 29999 29999 29999", None),
        ("0 0 30 30", "90 90 30000 30000", "90 90 30000 30000", Some((Severity::Critical, 1))),
        ("0 0 0 30", "90 90 90 30000", "90 90 90 30000", Some((Severity::Critical, 0))),
        // One call that hung is chance, twice it is none.
        ("0 0 0 1", short, "90 90 90 30000", None),
        ("0 0 1 1", short, "90 90 30000 30000", Some((Severity::Warning, 1))),
        // What is missing is not zero.
        ("- - - -", full, full, None),
        ("30 30 30 30", "- - - -", "- - - -", None),
    ];
    for (errors, p99, longest, expected) in cases {
        let found = observed(errors, p99, longest).found(Kind::ErrorsTimeout);
        let is = found.as_ref().map(|found| (found.severity, (minute(2).start() - found.since).num_minutes()));
        assert_eq!(is, expected, "{errors} with {longest}: {found:?}");
    }
}

#[test]
fn by_metrics_the_number_is_an_upper_bound_and_sure_with_time() {
    let full = "30000 30000 30000 30000";
    let long = observed("30 30 30 30", full, full).found(Kind::ErrorsTimeout).unwrap();
    let timeouts = long.fact(Quantity::Timeouts).unwrap();
    assert_eq!((timeouts.per_minute(), timeouts.bound), (Some(30.0), Bound::AtMost));
    assert!(commands(&long)[0].contains("?\"Task timed out\" ?\"Status: timeout\""), "{long:?}");
    let raise = "aws lambda update-function-configuration --function-name checkout --timeout 60 --region eu-west-1";
    assert_eq!((commands(&long)[1].as_str(), long.impact), (raise, 30.0));
    let short = observed("0 0 0 30", "90 90 90 30000", "90 90 90 30000").found(Kind::ErrorsTimeout).unwrap();
    assert!(short.confidence < long.confidence && long.confidence < 0.99, "{} {}", short.confidence, long.confidence);
}

#[test]
fn the_logs_count_them() {
    let healthy = Beat { invocations: 40, ..Beat::default() };
    let beats = |timeouts: u64| {
        let hung = Beat { timeouts, errors: timeouts, near_timeout: timeouts, ..healthy };
        // The minutes overlap: what one of them shows, the next ones show too.
        let beats = [vec![Some(healthy); 25], vec![Some(hung)], vec![Some(healthy); 3]].concat();
        Fixture::new().listed("checkout", &[]).logged("checkout", &beats).found(Kind::ErrorsTimeout)
    };
    assert_eq!(beats(1), None, "one call that hung");
    let found = beats(9).unwrap();
    let timeouts = found.fact(Quantity::Timeouts).unwrap();
    assert_eq!((timeouts.value, timeouts.of, timeouts.bound), (Some(9.0), Some(240.0), Bound::Exact));
    assert_eq!((found.severity, found.confidence), (Severity::Warning, 0.99));
}

#[test]
fn a_longest_timeout_is_not_raised_further_and_without_one_nothing_is_reported() {
    let observed = |timeout_s| {
        let info = FunctionInfo { timeout_s, ..info("checkout") };
        let full = "900000 900000 900000 900000";
        observed("30 30 30 30", full, full).with(Payload::Functions(vec![info])).found(Kind::ErrorsTimeout)
    };
    assert!(commands(&observed(Some(900)).unwrap())[1].contains("--timeout 900"));
    assert_eq!(observed(None), None);
}
