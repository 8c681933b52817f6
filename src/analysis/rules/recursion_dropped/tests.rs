//! What is said of a function that calls itself.

use crate::analysis::fact::Quantity;
use crate::fixture::{Fixture, commands, function, minutes, values};
use lambda_model::finding::{Kind, Severity};
use lambda_model::metric::Metric;

#[test]
fn it_says_how_often_and_how_to_stop_it() {
    let checkout = function("checkout");
    let observed = |dropped: &str| {
        Fixture::new()
            .listed("checkout", &[])
            .points(&checkout, Metric::Invocations, &minutes("100 100 100 100"))
            .points(&checkout, Metric::RecursiveInvocationsDropped, &minutes(dropped))
            .found(Kind::RecursionDropped)
    };
    let found = observed("0 0 4 8").unwrap();
    let dropped = found.fact(Quantity::RecursiveInvocationsDropped).unwrap();
    assert_eq!(dropped.per_minute(), Some(6.0));
    assert_eq!((found.severity, found.impact), (Severity::Critical, 6.0));
    assert_eq!(values(&found, Quantity::Invocations), [200.0]);
    let stop = "aws lambda put-function-concurrency --function-name checkout --reserved-concurrent-executions 0 \
                --region eu-west-1";
    assert_eq!(commands(&found)[2], stop);
    assert!(observed("0 0 0 1").is_some(), "one is enough");
    assert_eq!(observed("0 0 0 0"), None);
}
