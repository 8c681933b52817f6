//! What is said of failed events that are lost.

use crate::analysis::fact::Quantity;
use crate::fixture::{Fixture, commands, function, info, minutes, values};
use lambda_model::Arn;
use lambda_model::finding::{Kind, Severity};
use lambda_model::function::FunctionInfo;
use lambda_model::metric::{Metric, Subject};
use lambda_model::observation::Payload;

const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:failed";

#[test]
fn all_ways_add_up_in_one_finding() {
    let checkout = function("checkout");
    let info = FunctionInfo { dead_letter_target: Some(Arn::new(TOPIC)), ..info("checkout") };
    let observed = Fixture::new().with(Payload::Functions(vec![info]));
    assert_eq!(observed.found(Kind::DeadLetterDeliveryFailing), None);
    let found = observed
        .points(&checkout, Metric::DeadLetterErrors, &minutes("0 0 0 3"))
        .points(&checkout, Metric::DestinationDeliveryFailures, &minutes("0 0 2 4"))
        .points(&Subject::Topic("failed".to_string()), Metric::TopicNotificationsFailed, &minutes("0 5 5 5"))
        .found(Kind::DeadLetterDeliveryFailing)
        .unwrap();
    assert_eq!((found.severity, found.impact), (Severity::Critical, 11.0));
    let sums = [
        (Quantity::LostEvents, 11.0),
        (Quantity::DeadLetterErrors, 3.0),
        (Quantity::DestinationDeliveryFailures, 6.0),
        (Quantity::NotificationsFailed, 15.0),
    ];
    for (quantity, sum) in sums {
        assert_eq!(values(&found, quantity), [sum], "{quantity:?}");
    }
    assert!(found.fact(Quantity::FailureTarget).is_some());
    let look = "aws lambda get-function-configuration --function-name checkout --query [Role,DeadLetterConfig] \
                --region eu-west-1";
    assert_eq!(commands(&found)[0], look);
}
