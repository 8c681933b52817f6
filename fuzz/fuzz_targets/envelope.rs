//! Any bytes as a subscription's envelope, plain or gzipped: `cargo +nightly fuzz run envelope`.

#![no_main]

use lambda_logs::envelope::Reader;
use lambda_logs::{origin, parse};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut reader = Reader::default();
    let Ok(Some(envelope)) = reader.read(bytes) else { return };
    std::hint::black_box(origin(&envelope.group, &envelope.stream));
    let mut scratch = String::new();
    for event in &envelope.events {
        std::hint::black_box((event.id(), event.timestamp_ms()));
        std::hint::black_box(parse(event.message(&mut scratch)));
    }
});
