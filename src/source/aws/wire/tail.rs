//! Live Tail over real HTTP: the updates of a session, each way it ends, and bytes that are not an event stream.

use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::json;
use tokio::time::timeout;

use super::frame::{event, exception, frame, sealed};
use super::server::{Answer, Server};
use super::{PORTAL, answering, expired, session};
use lambda_model::Arn;
use lambda_model::api::{Logs, Tail, TailEnd, TailFilter};
use lambda_model::failure::ApiError;
use lambda_model::log::TailUpdate;

const STREAM: &str = "content-type: application/vnd.amazon.eventstream\r\n";
/// How long a test waits for something that has already happened, or that the paused clock brings at once.
const SOON: Duration = Duration::from_secs(20);

fn group() -> Arn {
    Arn::new("arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/checkout")
}

fn start() -> Vec<u8> {
    event("sessionStart", r#"{"requestId":"r","sessionId":"s","logGroupIdentifiers":["g"]}"#)
}

/// An update with these messages in one stream, a millisecond apart.
fn update(sampled: bool, messages: &[&str]) -> Vec<u8> {
    let results: Vec<_> = (1_795_343_778_557_i64..)
        .zip(messages)
        .map(|(timestamp, message)| {
            json!({
                "logGroupIdentifier": "123456789012:/aws/lambda/checkout",
                "logStreamName": "2026/11/22/[7]ab",
                "timestamp": timestamp,
                "ingestionTime": timestamp + 40,
                "message": message,
            })
        })
        .collect();
    event("sessionUpdate", &json!({ "sessionMetadata": { "sampled": sampled }, "sessionResults": results }).to_string())
}

/// A session whose server sends this and closes the connection.
async fn opened(body: Vec<u8>) -> (Server, Box<dyn Tail>) {
    let (server, session) = answering(vec![Answer::Http(200, STREAM, body)]).await;
    let tail = session.tail(&[group()], TailFilter::Everything).await.unwrap();
    (server, tail)
}

/// Every update of a session, and its end.
async fn all(mut tail: Box<dyn Tail>) -> (Vec<TailUpdate>, TailEnd) {
    let mut updates = Vec::new();
    loop {
        match tail.next().await {
            Ok(update) => updates.push(update),
            Err(end) => return (updates, end),
        }
    }
}

/// Every update of a session whose server sends this, and its end.
async fn read_to_the_end(bytes: Vec<u8>) -> (Vec<TailUpdate>, TailEnd) {
    let (_server, session) = answering(vec![Answer::Http(200, STREAM, bytes)]).await;
    match session.tail(&[group()], TailFilter::Everything).await {
        Ok(tail) => timeout(SOON, all(tail)).await.expect("the end of the session"),
        // The SDK reads the first frame while it opens.
        Err(error) => (vec![], TailEnd::Failed(error)),
    }
}

fn messages(updates: &[TailUpdate]) -> Vec<Vec<&str>> {
    updates.iter().map(|update| update.events.iter().map(|event| &*event.message).collect()).collect()
}

#[tokio::test]
async fn updates_come_one_by_one_with_their_events() {
    let frames = [start(), update(false, &["START\n", "REPORT\n"]), update(false, &[]), update(true, &["x"])];
    let (server, tail) = opened(frames.concat()).await;
    let (updates, end) = all(tail).await;
    assert_eq!(messages(&updates), [vec!["START\n", "REPORT\n"], vec![], vec!["x"]]);
    assert_eq!(updates.iter().map(|update| update.sampled).collect::<Vec<_>>(), [false, false, true]);
    let event = &updates[0].events[1];
    assert_eq!((&*event.group, &*event.stream, &event.id), ("/aws/lambda/checkout", "2026/11/22/[7]ab", &None));
    assert_eq!(event.timestamp.timestamp_millis(), 1_795_343_778_558);
    assert_eq!(event.ingestion.timestamp_millis(), 1_795_343_778_598);
    assert_eq!(end, TailEnd::Failed(ApiError::Unreachable("Live Tail was closed".into())));

    let [request] = &server.requests()[..] else { panic!("one request") };
    assert!(request.contains("Logs_20140328.StartLiveTail") && request.contains(group().as_str()), "{request}");
    assert!(!request.contains("logEventFilterPattern"), "{request}");
    let host = server.url.strip_prefix("http://").unwrap();
    assert!(request.contains(&format!("host: {host}\r\n")), "The host of the endpoint, which is signed: {request}");
}

#[tokio::test]
async fn fewer_lines_are_requested_with_a_filter_pattern() {
    let answer = Answer::Http(200, STREAM, [start(), update(false, &["x"])].concat());
    let (server, session) = answering(vec![answer]).await;
    drop(session.tail(&[group()], TailFilter::Telling).await.unwrap());
    let request = server.requests().concat();
    assert!(request.contains(r#""logEventFilterPattern":"%^START\\s|^REPORT\\s|"#), "{request}");
}

#[tokio::test]
async fn an_initial_response_and_unknown_frames_are_skipped() {
    let initial = frame(&[(":message-type", "event"), (":event-type", "initial-response")], b"{}");
    let frames = [initial, start(), event("sessionForecast", "{}"), update(false, &["x"])];
    let (updates, _) = all(opened(frames.concat()).await.1).await;
    assert_eq!(messages(&updates), [["x"]]);
}

#[tokio::test]
async fn each_end_comes_after_the_updates_before_it() {
    let whole = update(false, &["x"]);
    let mut damaged = whole.clone();
    damaged[40] ^= 1;
    let nonsense = event("sessionUpdate", r#"{"sessionResults":7}"#);
    let cases = [
        (exception("SessionTimeoutException", "3 hours"), None),
        (exception("SessionStreamingException", "broke"), Some("SessionStreamingException: broke")),
        (exception("BrandNewException", "broke"), Some("broke")),
        (damaged, Some("checksum")),
        (whole[..whole.len() - 5].to_vec(), Some("unexpected end of stream")),
        (nonsense, Some("unmarshall")),
        (frame(&[(":message-type", "event")], b"{}"), Some("event-type")),
        (frame(&[], b""), Some("message-type")),
        (PORTAL.to_vec(), None),
    ];
    for (last, expected) in cases {
        let (updates, end) = all(opened([start(), whole.clone(), last.clone()].concat()).await.1).await;
        assert_eq!(messages(&updates), [["x"]], "{last:?}");
        match end {
            TailEnd::TimedOut => assert!(expected.is_none(), "{last:?}"),
            TailEnd::Failed(ApiError::Unreachable(error)) => {
                assert!(error.contains(expected.unwrap_or_default()) && !error.contains("panicked"), "{error}");
            }
            TailEnd::Failed(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn only_a_session_timeout_counts_as_timed_out() {
    for (kind, timed_out) in [("SessionTimeoutException", true), ("SessionStreamingException", false)] {
        let (_, end) = all(opened(exception(kind, "x")).await.1).await;
        assert_eq!(end == TailEnd::TimedOut, timed_out, "{kind}");
    }
}

#[tokio::test]
async fn a_broken_connection_is_not_an_orderly_end() {
    // A body that is shorter than announced.
    let (_server, cut) = answering(vec![Answer::Cut]).await;
    assert!(
        matches!(cut.tail(&[group()], TailFilter::Everything).await.err(), Some(ApiError::Unreachable(_))),
        "before the first frame"
    );

    let headers = "content-type: application/vnd.amazon.eventstream\r\ncontent-length: 9999\r\n";
    let server = Server::start(vec![Answer::Open(200, headers, update(false, &["x"]))]).await;
    let (session, _) = session(&server.url);
    let mut tail = session.tail(&[group()], TailFilter::Everything).await.unwrap();
    assert_eq!(messages(&[tail.next().await.unwrap()]), [["x"]]);
    server.hang_up();
    let end = timeout(SOON, tail.next()).await.expect("the end is seen");
    let Err(TailEnd::Failed(ApiError::Unreachable(error))) = end else { panic!("{end:?}") };
    assert!(!error.contains("was closed"), "A broken connection is not an orderly end: {error}");
}

#[tokio::test]
async fn a_pause_is_not_an_error_and_a_drop_ends_the_session() {
    let (server, session) = answering(vec![Answer::Open(200, STREAM, [start(), update(false, &["x"])].concat())]).await;
    let mut tail = session.tail(&[group()], TailFilter::Everything).await.unwrap();
    assert_eq!(messages(&[tail.next().await.unwrap()]), [["x"]]);

    tokio::time::pause();
    let silence = timeout(Duration::from_hours(4), tail.next()).await;
    assert!(silence.is_err(), "{silence:?}");
    tokio::time::resume();

    drop(tail);
    timeout(SOON, server.left()).await.expect("the connection is closed");
}

#[tokio::test]
async fn a_cancelled_wait_loses_no_update() {
    let half = update(false, &["x"]);
    let (server, session) = answering(vec![Answer::Open(200, STREAM, [start(), half[..30].to_vec()].concat())]).await;
    let mut tail = session.tail(&[group()], TailFilter::Everything).await.unwrap();
    tokio::time::pause();
    for _ in 0..3 {
        assert!(timeout(Duration::from_secs(1), tail.next()).await.is_err());
    }
    tokio::time::resume();
    server.send(&half[30..]).await;
    let update = timeout(SOON, tail.next()).await.expect("the rest arrives").unwrap();
    assert_eq!(messages(&[update]), [["x"]]);
}

#[tokio::test]
async fn errors_are_not_retried_and_keep_their_message() {
    let error = |code: &str| {
        let body = json!({ "__type": code, "message": "no" }).to_string();
        Answer::Http(400, "content-type: application/x-amz-json-1.1\r\n", body.into_bytes())
    };
    let cases = [
        (error("LimitExceededException"), ApiError::Throttled("LimitExceededException: no".into())),
        (error("ThrottlingException"), ApiError::Throttled("ThrottlingException: no".into())),
        (error("AccessDeniedException"), ApiError::Denied("AccessDeniedException: no".into())),
        (error("ResourceNotFoundException"), ApiError::NotFound("ResourceNotFoundException: no".into())),
        (error("InvalidOperationException"), ApiError::Unsupported("InvalidOperationException: no".into())),
        (
            Answer::Http(404, "content-type: text/html\r\n", PORTAL.to_vec()),
            ApiError::Unsupported("HTTP 404: the endpoint does not know this operation".into()),
        ),
        (Answer::Http(503, "", PORTAL.to_vec()), ApiError::Unreachable("HTTP 503, but not an answer of AWS".into())),
    ];
    for (answer, expected) in cases {
        let (server, session) = answering(vec![answer]).await;
        assert_eq!(session.tail(&[group()], TailFilter::Everything).await.err(), Some(expected));
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn renewed_credentials_are_picked_up_while_opening() {
    let server = Server::start(vec![expired(), Answer::Http(200, STREAM, update(false, &["x"]))]).await;
    let (session, _) = session(&server.url);
    let (updates, _) = all(session.tail(&[group()], TailFilter::Everything).await.unwrap()).await;
    assert_eq!(messages(&updates), [["x"]]);
    let [first, second] = &server.requests()[..] else { panic!("two requests") };
    assert!(first.contains("Credential=OLD/") && second.contains("Credential=NEW/"), "{first}\n{second}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_open_times_out() {
    let (_server, session) = answering(vec![Answer::Hang]).await;
    let end = session.tail(&[group()], TailFilter::Everything).await.err();
    assert_eq!(end, Some(ApiError::Unreachable("no answer within 30 s".into())));
}

/// Bytes that resemble an event stream: whole frames, damaged ones, and arbitrary bytes.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let whole = prop_oneof![
        Just(start()),
        Just(update(false, &["START RequestId: x", "END"])),
        Just(update(true, &[])),
        Just(exception("SessionTimeoutException", "x")),
        (any::<Vec<u8>>(), any::<Vec<u8>>()).prop_map(|(headers, payload)| sealed(&headers, &payload)),
        any::<Vec<u8>>()
            .prop_map(|payload| { frame(&[(":message-type", "event"), (":event-type", "sessionUpdate")], &payload) }),
        any::<String>().prop_map(|text| event("sessionUpdate", &text)),
    ];
    let damage = prop::collection::vec((any::<Index>(), any::<u8>()), 0..3);
    (prop::collection::vec(whole, 0..6), damage, any::<Index>()).prop_map(|(frames, damage, cut)| {
        let mut bytes = frames.concat();
        for (place, byte) in damage {
            if !bytes.is_empty() {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
        }
        let kept = cut.index(2 * bytes.len() + 1).min(bytes.len());
        bytes.truncate(kept);
        bytes
    })
}

/// Runs the corpus of the fuzz target `event_stream`, which does the same with arbitrary bytes.
#[tokio::test]
async fn the_corpus_of_the_fuzzer_is_read() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/event_stream");
    let (mut files, mut events) = (0, 0);
    for file in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        let (updates, end) = read_to_the_end(bytes).await;
        assert!(!format!("{end:?}").contains("panicked"), "{end:?}");
        files += 1;
        events += updates.iter().map(|update| update.events.len()).sum::<usize>();
    }
    assert!(files >= 15 && events >= 10, "The corpus is missing: {files} files, {events} events");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn whatever_a_server_sends_a_session_ends_and_nothing_panics(bytes in hostile()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (updates, end) = runtime.block_on(read_to_the_end(bytes.clone()));
        prop_assert!(updates.len() <= bytes.len() / 16, "A frame takes at least 16 bytes");
        prop_assert!(!format!("{end:?}").contains("panicked"), "{end:?}");
    }
}
