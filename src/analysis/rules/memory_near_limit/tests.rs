//! How much memory is nearly all of it.

use crate::analysis::fact::Quantity;
use crate::analysis::live::Beat;
use crate::fixture::{Fixture, commands, info, values};
use lambda_model::finding::{Kind, Severity};
use lambda_model::function::FunctionInfo;
use lambda_model::observation::Payload;

#[test]
fn it_is_found_when_the_memory_is_nearly_used_up() {
    // The size and what was used, MB -> how sure, if it is found.
    let cases = [
        (Some(512), Some(100), None),
        (Some(512), Some(400), None),
        (Some(512), Some(500), Some(0.95)),
        (Some(512), Some(512), Some(0.99)),
        // What is not known raises nothing.
        (Some(512), None, None),
        (None, Some(512), None),
        (Some(0), Some(512), None),
    ];
    for (memory_mb, used_mb, expected) in cases {
        let info = FunctionInfo { memory_mb, ..info("checkout") };
        let beats = [Some(Beat { invocations: 5, used_mb, ..Beat::default() }); 6];
        let observed = Fixture::new().with(Payload::Functions(vec![info])).logged("checkout", &beats);
        let found = observed.found(Kind::MemoryNearLimit);
        assert_eq!(found.as_ref().map(|found| found.confidence), expected, "{used_mb:?} of {memory_mb:?}: {found:?}");
        if let Some(found) = found {
            assert_eq!(found.severity, Severity::Warning);
            assert_eq!(values(&found, Quantity::MemoryUsed), [f64::from(used_mb.unwrap())]);
            assert!(commands(&found)[1].contains("--memory-size 1024"), "{found:?}");
        }
    }
}
