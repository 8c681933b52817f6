//! When durations come near the timeout, and what is said of them.

use crate::analysis::fact::Quantity;
use crate::analysis::live::Beat;
use crate::fixture::{Fixture, commands, function, info, minute, minutes, values};
use lambda_model::finding::{Kind, Severity};
use lambda_model::function::FunctionInfo;
use lambda_model::metric::{Metric, Statistic};
use lambda_model::observation::Payload;

/// `checkout`, which may take 30 s, with these 99th percentiles and longest durations, ms.
fn observed(p99: &str, longest: &str) -> Fixture {
    let checkout = function("checkout");
    Fixture::new()
        .listed("checkout", &[])
        .statistic(&checkout, Metric::Duration, Statistic::P99, &minutes(p99))
        .statistic(&checkout, Metric::Duration, Statistic::Maximum, &minutes(longest))
}

#[test]
fn one_percent_near_the_timeout_is_found_at_once_and_the_longest_alone_the_second_time() {
    let short = "90 90 90 90 90";
    // p99 and longest -> since how many minutes.
    let cases = [
        (short, short, None),
        (short, "90 90 90 90 29000", None),
        (short, "90 90 90 29000 29000", Some(1)),
        (short, "90 90 29000 90 29000", Some(2)),
        (short, "29000 90 90 90 29000", None),
        ("90 90 90 90 29000", "90 90 90 90 29500", Some(0)),
        // Half of the timeout is not near.
        ("15000 15000 15000 15000 15000", "15000 15000 15000 15000 15000", None),
        // What is missing is not zero, and no news of the percentile hides the longest.
        ("- - - - -", "90 90 90 29000 29000", Some(1)),
        ("- - - - -", "- - - - -", None),
    ];
    for (p99, longest, expected) in cases {
        let found = observed(p99, longest).found(Kind::DurationNearTimeout);
        let is = found.as_ref().map(|found| (minute(2).start() - found.since).num_minutes());
        assert_eq!(is, expected, "{p99} and {longest}: {found:?}");
    }
}

#[test]
fn it_says_how_long_and_is_surer_with_time() {
    let once = observed("90 90 90 90 28000", "90 90 90 90 29000").found(Kind::DurationNearTimeout).unwrap();
    let longest = once.fact(Quantity::LongestDuration).unwrap();
    assert_eq!((longest.value, longest.limit), (Some(29.0), Some(30.0)));
    assert_eq!((once.severity, once.impact), (Severity::Warning, 0.0));
    assert_eq!(values(&once, Quantity::P99Duration), [28.0]);
    let look = "aws lambda get-function-configuration --function-name checkout \
                --query [Timeout,MemorySize,LastModified] --region eu-west-1";
    assert_eq!(commands(&once)[1], look);
    let often = observed("28000 28000 28000 28000 28000", "29000 29000 29000 29000 29000");
    assert!(often.found(Kind::DurationNearTimeout).unwrap().confidence > once.confidence);
}

#[test]
fn the_logs_tell_it_from_one_in_a_hundred_on() {
    let healthy = Beat { invocations: 40, ..Beat::default() };
    // Calls near the timeout within the minute of 240 -> found.
    for (near_timeout, expected) in [(0, false), (1, false), (2, false), (3, true), (40, true)] {
        let slow = Beat { near_timeout, ..healthy };
        let beats = [vec![Some(healthy); 20], vec![Some(slow)]].concat();
        let found = Fixture::new().listed("checkout", &[]).logged("checkout", &beats).found(Kind::DurationNearTimeout);
        assert_eq!(found.is_some(), expected, "{near_timeout}: {found:?}");
        if let Some(found) = found {
            assert!((25.0..26.0).contains(&values(&found, Quantity::LongestDuration)[0]), "{found:?}");
        }
    }
}

#[test]
fn without_a_timeout_nothing_is_near_it() {
    let info = FunctionInfo { timeout_s: None, ..info("checkout") };
    let observed = observed("29000 29000 29000", "29000 29000 29000").with(Payload::Functions(vec![info]));
    assert_eq!(observed.found(Kind::DurationNearTimeout), None);
}
