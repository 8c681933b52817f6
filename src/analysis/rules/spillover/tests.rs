//! Which spillover is found.

use crate::analysis::fact::Quantity;
use crate::fixture::{Fixture, commands, function, minute, minutes, values};
use lambda_model::finding::{Kind, Severity};
use lambda_model::function::Provisioned;
use lambda_model::metric::Metric;
use lambda_model::observation::Payload;

/// `checkout`, of whose 200 invocations a minute `spilled` spill over, with provisioned concurrency for `qualifiers`.
fn observed(spilled: &str, qualifiers: &[&str]) -> Fixture {
    let checkout = function("checkout");
    let config = |qualifier: &&str| Provisioned {
        qualifier: (*qualifier).to_string(),
        requested: 10,
        available: 10,
        allocated: 10,
    };
    Fixture::new()
        .listed("checkout", &[])
        .with(Payload::Provisioned("checkout".into(), qualifiers.iter().map(config).collect()))
        .points(&checkout, Metric::Invocations, &minutes("200 200 200 200"))
        .points(&checkout, Metric::ConcurrentExecutions, &minutes("25 25 25 25"))
        .points(&checkout, Metric::ProvisionedSpillover, &minutes(spilled))
}

#[test]
fn spillover_is_found() {
    let cases = [
        ("0 0 0 0", None),
        ("- - - -", None),
        ("0 0 0 1", None),
        ("0 0 1 1", Some(1)),
        ("0 0 0 80", Some(0)),
        ("80 0 0 0", None),
    ];
    for (spilled, expected) in cases {
        let found = observed(spilled, &["live"]).found(Kind::ConcurrencyProvisionedSpillover);
        let is = found.as_ref().map(|found| (minute(2).start() - found.since).num_minutes());
        assert_eq!(is, expected, "{spilled}: {found:?}");
    }
}

#[test]
fn it_says_how_much_and_provisions_for_the_peak() {
    let found = observed("0 0 80 80", &["live"]).found(Kind::ConcurrencyProvisionedSpillover).unwrap();
    assert_eq!(values(&found, Quantity::ProvisionedSpillover), [80.0]);
    assert_eq!(values(&found, Quantity::ProvisionedConcurrency), [10.0]);
    assert_eq!((found.severity, found.impact), (Severity::Warning, 80.0));
    let raise = "aws lambda put-provisioned-concurrency-config --function-name checkout --qualifier live \
                 --provisioned-concurrent-executions 25 --region eu-west-1";
    assert_eq!(commands(&found), [raise]);
    // Of several, which one spills is not known.
    let found = observed("0 0 80 80", &["live", "beta"]).found(Kind::ConcurrencyProvisionedSpillover).unwrap();
    let list = "aws lambda list-provisioned-concurrency-configs --function-name checkout --region eu-west-1";
    assert_eq!(commands(&found), [list]);
    let few = observed("0 0 1 1", &["live"]).found(Kind::ConcurrencyProvisionedSpillover).unwrap();
    assert!(few.confidence < found.confidence);
}
