//! How many cold starts are a surge, and what is said of it.

use crate::analysis::fact::Quantity;
use crate::analysis::live::Beat;
use crate::fixture::{Fixture, commands, info, values};
use lambda_model::finding::{Kind, Severity};
use lambda_model::function::FunctionInfo;
use lambda_model::observation::Payload;

const HEALTHY: Beat =
    Beat { invocations: 40, errors: 0, timeouts: 0, out_of_memory: 0, cold_starts: 0, near_timeout: 0, used_mb: None };

fn observed(level: Option<&str>, last: Beat) -> Fixture {
    let info = FunctionInfo { system_log_level: level.map(str::to_string), ..info("checkout") };
    let beats = [vec![Some(HEALTHY); 20], vec![Some(last)]].concat();
    Fixture::new().with(Payload::Functions(vec![info])).logged("checkout", &beats)
}

#[test]
fn many_cold_starts_are_a_surge() {
    // Invocations and cold starts of the last ten seconds, after 200 invocations that were warm -> found.
    let cases = [
        (40, 0, false),
        (40, 8, false),
        (1000, 20, false),
        (40, 40, true),
        (4, 4, false),
        (1000, 900, true),
        // As many as there are more invocations than in the minute before, and one more.
        (100, 60, false),
        (100, 61, true),
    ];
    for (invocations, cold_starts, expected) in cases {
        let found = observed(None, Beat { invocations, cold_starts, ..HEALTHY }).found(Kind::ColdStartSurge);
        assert_eq!(found.is_some(), expected, "{cold_starts} of {invocations}: {found:?}");
    }
    // What logs failures only tells nothing of the others.
    assert_eq!(observed(Some("WARN"), Beat { cold_starts: 40, ..HEALTHY }).found(Kind::ColdStartSurge), None);
}

#[test]
fn it_says_how_many_and_what_was_before() {
    let found =
        observed(None, Beat { invocations: 80, cold_starts: 80, ..HEALTHY }).found(Kind::ColdStartSurge).unwrap();
    assert_eq!(values(&found, Quantity::ColdStarts), [80.0, 80.0, 0.0], "the worst, the newest and the first minute");
    assert!((values(&found, Quantity::ColdStartShare)[0] - 0.29).abs() < 0.01, "{found:?}");
    assert_eq!((found.severity, found.impact), (Severity::Warning, 80.0));
    assert!(found.confidence > 0.9, "{}", found.confidence);
    assert!(values(&found, Quantity::InitDuration)[0] > 0.7, "{found:?}");
    let look = "aws lambda list-provisioned-concurrency-configs --function-name checkout --region eu-west-1";
    assert_eq!(commands(&found)[1], look);
}
