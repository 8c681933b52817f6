//! Who takes much of a scarce pool.

use crate::analysis::fact::Quantity;
use crate::fixture::{Fixture, commands, function, minutes};
use lambda_model::finding::{Kind, Severity};
use lambda_model::function::AccountLimits;
use lambda_model::metric::{Metric, Subject};
use lambda_model::observation::Payload;

/// `checkout`, which uses so much of 1000, of which so much is claimed; each read of its reservation.
fn observed(in_use: &str, claimed: &str, reserved: &[Option<u32>]) -> Fixture {
    let limits = AccountLimits { concurrent_executions: 1000, unreserved_concurrent_executions: Some(900) };
    let observed = Fixture::new()
        .listed("checkout", &[])
        .with(Payload::Limits(limits))
        .points(&Subject::Region, Metric::ClaimedAccountConcurrency, &minutes(claimed))
        .points(&function("checkout"), Metric::ConcurrentExecutions, &minutes(in_use));
    reserved.iter().fold(observed, |observed, reserved| observed.with(Payload::Reserved("checkout".into(), *reserved)))
}

#[test]
fn a_large_part_of_a_scarce_pool_is_found() {
    let (much, scarce) = ("600 600 600 600", "950 950 950 950");
    let cases = [
        (much, scarce, &[None] as &[_], true),
        ("20 20 20 20", scarce, &[None], false),
        // There is enough for all.
        (much, "650 650 650 650", &[None], false),
        // It takes from its own, or nobody knows.
        (much, scarce, &[Some(600)], false),
        (much, scarce, &[], false),
        (much, "- - - -", &[None], false),
        ("- - - -", scarce, &[None], false),
    ];
    for (in_use, claimed, reserved, expected) in cases {
        let found = observed(in_use, claimed, reserved).found(Kind::ConcurrencyTopConsumer);
        assert_eq!(found.is_some(), expected, "{in_use} of {claimed}, {reserved:?}: {found:?}");
    }
}

#[test]
fn it_says_how_much_and_caps_it_between_before_and_now() {
    let calm = "100 ".repeat(20);
    let claimed = format!("{}950 950 950", "300 ".repeat(20));
    let observed = observed(&format!("{calm}600 600 600"), &claimed, &[None]);
    let found = observed.found(Kind::ConcurrencyTopConsumer).unwrap();
    let concurrency = found.fact(Quantity::Concurrency).unwrap();
    assert_eq!((concurrency.value, concurrency.limit, concurrency.before), (Some(600.0), Some(1000.0), Some(100.0)));
    assert_eq!((found.severity, found.impact), (Severity::Warning, 0.0));
    assert!((found.confidence - 0.98).abs() < 1e-9, "{}", found.confidence);
    assert!(commands(&found)[0].contains("--function-name checkout --reserved-concurrent-executions 350"), "{found:?}");
}
