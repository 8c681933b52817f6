//! Any record of any kind in a JSON line of the platform: `cargo +nightly fuzz run json_line`.
//!
//! The first line of the input is the event's type, the rest is its record, as it is written.

#![no_main]

use lambda_logs::{Line, parse};

libfuzzer_sys::fuzz_target!(|input: &str| {
    let (kind, record) = input.split_once('\n').unwrap_or((input, "{}"));
    let message = format!("{{\"record\":{record},\"type\":\"platform.{kind}\"}}");
    let line = parse(&message);
    if let Line::Report(report) = &line {
        let times = [report.duration_ms, report.init_ms, report.restore_ms];
        assert!(times.into_iter().flatten().all(|ms| ms.is_finite() && ms >= 0.0), "{message}");
    }
    std::hint::black_box(format!("{line:?}"));
});
