//! What is said of failed events that are lost.

use crate::fixture::{Fixture, function, info, minutes};
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
    let told = Fixture::new().told(Payload::Functions(vec![info]));
    assert_eq!(told.found(Kind::DeadLetterDeliveryFailing), None);
    let found = told
        .points(&checkout, Metric::DeadLetterErrors, &minutes("0 0 0 3"))
        .points(&checkout, Metric::DestinationDeliveryFailures, &minutes("0 0 2 4"))
        .points(&Subject::Topic("failed".to_string()), Metric::TopicNotificationsFailed, &minutes("0 5 5 5"))
        .found(Kind::DeadLetterDeliveryFailing)
        .unwrap();
    assert_eq!((found.severity, found.impact), (Severity::Critical, 11.0));
    let words = "11 failed events a minute of checkout do not arrive where they should be kept: they are lost";
    assert_eq!(found.summary, words);
    let facts = [
        "3 events did not reach the dead-letter queue within 1 min, since 09:57:00",
        "6 events did not reach a destination within 2 min, since 09:56:00",
        "15 notifications of topic failed were not delivered within 3 min, since 09:55:00",
        "target: arn:aws:sns:eu-west-1:123456789012:failed",
        "since 09:55:00",
    ];
    assert_eq!(found.evidence, facts);
    let look = "aws lambda get-function-configuration --function-name checkout --query '[Role,DeadLetterConfig]' \
                --region eu-west-1";
    assert_eq!(found.next[0], look);
}
