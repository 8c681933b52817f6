//! What is said of kills, and what is not one.

use crate::analysis::fact::Quantity;
use crate::analysis::live::Beat;
use crate::fixture::{Fixture, commands, info, values};
use lambda_model::finding::{Kind, Severity};
use lambda_model::function::FunctionInfo;
use lambda_model::observation::Payload;

const HEALTHY: Beat =
    Beat { invocations: 40, errors: 0, timeouts: 0, out_of_memory: 0, cold_starts: 0, near_timeout: 0, used_mb: None };

/// `checkout` with so much memory, which was well for some time and then ended `last` in these ways.
fn observed(memory_mb: Option<u32>, last: &[Beat]) -> Fixture {
    let info = FunctionInfo { memory_mb, ..info("checkout") };
    let beats: Vec<_> = [&[HEALTHY; 12], last].concat().into_iter().map(Some).collect();
    Fixture::new().with(Payload::Functions(vec![info])).logged("checkout", &beats)
}

#[test]
fn one_kill_is_enough_and_other_errors_are_none() {
    let killed = |out_of_memory| Beat { errors: out_of_memory, out_of_memory, ..HEALTHY };
    let failed = Beat { errors: 30, ..HEALTHY };
    // The last seconds -> how many kills, and how sure that is.
    let cases = [
        (&[HEALTHY] as &[Beat], None),
        (&[failed], None),
        (&[killed(1)], Some((1.0, 0.95))),
        (&[killed(1), failed, killed(3)], Some((4.0, 0.99))),
    ];
    for (last, expected) in cases {
        let found = observed(Some(512), last).found(Kind::ErrorsOutOfMemory);
        assert_eq!(found.is_some(), expected.is_some(), "{found:?}");
        if let Some((found, (times, sure))) = found.zip(expected) {
            assert_eq!(found.fact(Quantity::OutOfMemory).unwrap().value, Some(times));
            assert_eq!(values(&found, Quantity::MemorySize), [512.0]);
            assert_eq!((found.severity, found.confidence), (Severity::Critical, sure));
        }
    }
}

#[test]
fn twice_the_memory_is_advised_up_to_the_most_there_is() {
    let killed = Beat { errors: 2, out_of_memory: 2, ..HEALTHY };
    for (memory_mb, advised) in [(Some(512), Some(1024)), (Some(6000), Some(10_240)), (None, None)] {
        let found = observed(memory_mb, &[killed]).found(Kind::ErrorsOutOfMemory).unwrap();
        let command = "aws lambda update-function-configuration --function-name checkout --memory-size";
        let expected = advised.map(|advised: u32| format!("{command} {advised} --region eu-west-1"));
        assert_eq!(commands(&found).get(1), expected.as_ref());
        assert!(commands(&found)[0].contains("?\"signal: killed\" ?Runtime.OutOfMemory"), "{found:?}");
    }
}
