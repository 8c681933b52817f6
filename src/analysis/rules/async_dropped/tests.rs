//! What is said of events that are given up: where they go decides how bad that is.

use crate::analysis::fact::Quantity;
use crate::fixture::{Fixture, commands, function, info, minutes};
use lambda_model::Arn;
use lambda_model::finding::{Kind, Severity};
use lambda_model::function::{FunctionInfo, InvokeConfig};
use lambda_model::metric::Metric;
use lambda_model::observation::Payload;

const QUEUE: &str = "arn:aws:sqs:eu-west-1:123456789012:failed";

fn observed(target: Option<&str>, configs: Option<Vec<InvokeConfig>>) -> Fixture {
    let info = FunctionInfo { dead_letter_target: target.map(Arn::new), ..info("checkout") };
    let observed = Fixture::new().with(Payload::Functions(vec![info])).points(
        &function("checkout"),
        Metric::AsyncEventsDropped,
        &minutes("0 0 6 12"),
    );
    configs
        .into_iter()
        .fold(observed, |observed, configs| observed.with(Payload::InvokeConfigs("checkout".into(), configs)))
}

#[test]
fn events_that_nothing_keeps_are_lost() {
    let on_failure = || vec![InvokeConfig { qualifier: "$LATEST".to_string(), on_failure: Some(Arn::new(QUEUE)) }];
    let cases = [
        (None, Some(vec![]), Severity::Critical, Some(0.0)),
        (Some(QUEUE), Some(vec![]), Severity::Warning, Some(1.0)),
        (None, Some(on_failure()), Severity::Warning, Some(1.0)),
        // What was not read is not known to be missing.
        (None, None, Severity::Warning, None),
    ];
    for (target, configs, severity, targets) in cases {
        let found = observed(target, configs).found(Kind::AsyncDropped).unwrap();
        assert_eq!(found.severity, severity, "{target:?}");
        assert_eq!(found.fact(Quantity::FailureTargets).unwrap().value, targets);
        let dropped = found.fact(Quantity::AsyncEventsDropped).unwrap();
        assert_eq!((dropped.value, dropped.over_s, dropped.per_minute()), (Some(18.0), Some(120.0), Some(9.0)));
        let look = "aws lambda list-function-event-invoke-configs --function-name checkout --region eu-west-1";
        assert_eq!((commands(&found)[0].as_str(), found.impact), (look, 9.0));
    }
}

#[test]
fn a_minute_in_which_it_ran_without_a_drop_is_quiet() {
    let checkout = function("checkout");
    let observed = |running: &str| {
        Fixture::new()
            .listed("checkout", &[])
            .points(&checkout, Metric::AsyncEventsDropped, &minutes("12 12 - - -"))
            .points(&checkout, Metric::ConcurrentExecutions, &minutes(running))
            .found(Kind::AsyncDropped)
    };
    assert!(observed("3 3 - - -").is_some(), "nothing is known of the last minutes");
    assert_eq!(observed("3 3 3 3 3"), None);
}
