//! Log files of every format are read.

use std::io::{Cursor, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use tokio::sync::mpsc;

use super::*;
use crate::source::outlet::Meter;
use lambda_model::Scope;
use lambda_model::observation::Observation;

const NOW: &str = "2026-11-23T09:00:00Z";

/// What is read from `bytes`: the events as (time, group, stream, message), and the last feed.
async fn events_in(bytes: &[u8]) -> (Vec<(String, String, String, String)>, LogFeed) {
    let (out, mut received) = mpsc::channel::<Observation>(64);
    let clock = Clock::simulated(NOW.parse().unwrap(), 0.001);
    let outlet = Outlet::new(Scope::new(None, "unknown"), clock, out, Meter::default());
    let input = Input { reader: Box::new(BufReader::new(Cursor::new(bytes.to_vec()))), name: Some("orders".into()) };
    tokio::spawn(read(input, outlet));
    let (mut events, mut last) = (Vec::new(), None);
    let mut until = None;
    while let Some(observation) = received.recv().await {
        match observation.payload {
            Payload::Logs(batch) => {
                let (from, to) = batch.span.unwrap();
                assert!(until.is_none_or(|until| until == from), "No gap between batches");
                until = Some(to);
                assert_eq!((batch.way, &batch.groups), (LogWay::File, &None));
                for event in batch.events {
                    let at = event.timestamp.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
                    events.push((at, event.group.to_string(), event.stream.to_string(), event.message));
                }
            }
            Payload::LogFeed(feed) => last = Some(feed),
            other => panic!("{other:?}"),
        }
    }
    (events, last.unwrap())
}

fn event(at: &str, group: &str, stream: &str, message: &str) -> (String, String, String, String) {
    (format!("2026-11-22T{at}Z"), group.into(), stream.into(), message.into())
}

const OWN: &str = "/aws/lambda/orders";
const STREAM: &str = "2026/11/22/[7]0c1d2e3f";

#[tokio::test]
async fn the_output_of_aws_logs_tail_is_read() {
    let text = format!(
        "2026-11-22T10:00:00.123000+00:00 {STREAM} START RequestId: a Version: 7\n\
         2026-11-22T11:00:01+01:00 {STREAM} [ERROR] ValueError: bad\nTraceback (most recent call last):\n\n  File x\n\
         2026-11-22T10:00:02 short format\n\
         2026-11-22T10:00:03.500Z c04f Task timed out after 3.00 seconds\n"
    );
    let (events, last) = events_in(text.as_bytes()).await;
    let expected = [
        event("10:00:00.123", OWN, STREAM, "START RequestId: a Version: 7"),
        event("10:00:01.000", OWN, STREAM, "[ERROR] ValueError: bad\nTraceback (most recent call last):\n  File x"),
        event("10:00:02.000", OWN, STREAM, "short format"),
        event("10:00:03.500", OWN, STREAM, "2026-11-22T10:00:03.500Z c04f Task timed out after 3.00 seconds"),
    ];
    assert_eq!(events, expected);
    assert_eq!((last.state, &*last.reason), (FeedState::Ended, "orders has been read to its end"));
}

#[tokio::test]
async fn envelopes_and_listings_are_read_in_one_line_or_several_gzipped_or_not() {
    let envelope = json!({"messageType": "DATA_MESSAGE", "owner": "1", "logGroup": "/shop/all", "logStream": "2026/11/22/pay[3]ab",
        "subscriptionFilters": [], "logEvents": [{"id": "9", "timestamp": 1_795_341_600_000_u64, "message": "a\tb\n"}]});
    let control = json!({"messageType": "CONTROL_MESSAGE", "owner": "x", "logGroup": "", "logStream": "",
        "subscriptionFilters": [], "logEvents": []});
    let listing = json!({"events": [
        {"logStreamName": STREAM, "timestamp": 1_795_341_601_000_u64, "message": "c", "ingestionTime": 1, "eventId": "8"},
        {"timestamp": 1_795_341_602_000_u64, "message": "d"}], "searchedLogStreams": []});
    let text = format!("{envelope}{control}\n{envelope:#}\n{listing:#}\n");
    let expected = [
        event("10:00:00.000", "/shop/all", "2026/11/22/pay[3]ab", "a\tb\n"),
        event("10:00:00.000", "/shop/all", "2026/11/22/pay[3]ab", "a\tb\n"),
        event("10:00:01.000", OWN, STREAM, "c"),
        event("10:00:02.000", OWN, "", "d"),
    ];
    assert_eq!(events_in(text.as_bytes()).await.0, expected);
    // Firehose writes one gzip member after another.
    let (first, second) = text.as_bytes().split_at(100);
    let gzip = |bytes: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    assert_eq!(events_in(&[gzip(first), gzip(second)].concat()).await.0, expected);
}

#[tokio::test]
async fn plain_lines_have_their_own_time_or_that_of_a_line_beside_it() {
    let start = r#"{"time":"2026-11-22T10:00:00.101Z","type":"platform.start","record":{"requestId":"a"}}"#;
    let written = r#"{"level":"INFO","timestamp":"2026-11-22T10:00:01.500Z","message":"m"}"#;
    let text = format!(
        "END RequestId: z\n{start}\n{written}\nREPORT RequestId: a\tDuration: 1.00 ms\t\nXRAY TraceId: 1-2-3\t\n"
    );
    let (events, _) = events_in(text.as_bytes()).await;
    let report = "REPORT RequestId: a\tDuration: 1.00 ms\t\nXRAY TraceId: 1-2-3\t";
    let expected = [
        event("10:00:00.101", OWN, "", "END RequestId: z"),
        event("10:00:00.101", OWN, "", start),
        event("10:00:01.500", OWN, "", written),
        event("10:00:01.500", OWN, "", report),
    ];
    assert_eq!(events, expected);
    let (untimed, _) = events_in(b"END RequestId: z\n").await;
    assert!(untimed[0].0.starts_with("2026-11-23T09:00:00"), "No line has a time: {}", untimed[0].0);
}

#[tokio::test]
async fn a_damaged_file_is_read_up_to_the_damage() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all("2026-11-22T10:00:00Z x\n".repeat(50_000).as_bytes()).unwrap();
    let mut gzip = encoder.finish().unwrap();
    gzip.truncate(gzip.len() / 2);
    let (events, last) = events_in(&gzip).await;
    assert!(!events.is_empty());
    assert_eq!(last.state, FeedState::Failing);
    assert!(last.reason.starts_with("orders cannot be read further: "), "{}", last.reason);
}

#[tokio::test]
async fn a_file_of_which_nothing_is_understood_says_what_was_read() {
    for (text, reason) in [
        (&b""[..], "orders: it is empty"),
        (b"hello\n", "orders: nothing was understood of its only line; it begins with `hello`"),
        (
            b"hello\nw\x1b[1m\xFF\n\n3\n",
            "orders: nothing was understood of its 3 lines; it begins with `hello`, `w\\u{1b}[1m\u{FFFD}`",
        ),
        (b"{\"a\": 1}", "orders: nothing was understood of its only line; it begins with `{\\\"a\\\": 1}`"),
        (&[0; 9], "orders: nothing was understood of its only line; it begins with `\\0\\0\\0\\0\\0\\0\\0\\0\\0`"),
    ] {
        let (_, last) = events_in(text).await;
        assert_eq!((last.state, &*last.reason), (FeedState::Unread, reason));
    }
    for text in ["hello\nEND RequestId: a\n", "[INFO] m", "2026-11-22T10:00:00Z hello", "@timestamp,@message"] {
        assert_eq!(events_in(text.as_bytes()).await.1.state, FeedState::Ended, "{text}");
    }
}

#[test]
fn what_cannot_be_read_as_a_file_is_a_usage_error() {
    for (path, cause) in [("/no/such/file", "No such file"), ("/", "it is a folder")] {
        let error = Input::open(Path::new(path)).err().unwrap();
        assert_eq!((error.exit_code(), error.what), (2, format!("cannot read {path}")));
        assert!(error.cause.contains(cause), "{}", error.cause);
    }
}
