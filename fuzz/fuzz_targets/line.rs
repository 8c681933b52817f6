//! Any text as the message of a log event: `cargo +nightly fuzz run line`.

#![no_main]

use lambda_logs::{Application, parse};

libfuzzer_sys::fuzz_target!(|message: &str| {
    let line = parse(message);
    let application = Application(message);
    let error = application.error();
    let fingerprint = error.as_ref().map(lambda_logs::FunctionError::fingerprint);
    let read = (line.request(), application.level(), application.request());
    std::hint::black_box(format!("{line:?} {read:?} {error:?} {fingerprint:?}"));
});
