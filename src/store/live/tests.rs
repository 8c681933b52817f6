//! What is kept of batches of log events, in whatever order and however often they come.

use chrono::TimeDelta;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::*;
use lambda_model::log::{LeftOut, LogWay};

const HEX: &str = "0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f";

/// Milliseconds after a fixed instant on a full second.
fn at(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_790_000_000_000 + ms).unwrap()
}

fn event(ms: i64, stream: &str, message: &str) -> LogEvent {
    LogEvent {
        id: None,
        timestamp: at(ms),
        ingestion: at(ms + 500),
        stream: stream.replace('H', HEX).into(),
        group: "/aws/lambda/checkout".into(),
        message: message.to_string(),
    }
}

fn batch(span: Option<(i64, i64)>, events: Vec<LogEvent>) -> LogBatch {
    let groups = Some(vec!["/aws/lambda/checkout".into()]);
    LogBatch {
        way: LogWay::Tail,
        groups,
        span: span.map(|(from, until)| (at(from), at(until))),
        left_out: None,
        events,
    }
}

fn taken(events: Vec<LogEvent>) -> FunctionLog {
    let mut live = Live::default();
    live.take(&batch(Some((0, 60_000)), events), at(60_000));
    live.functions.remove(&"checkout".into()).unwrap_or_default()
}

const ONE: &str = "7a3e1c52-0b9d-4f61-8e27-5c1d90ab3f44";
const TWO: &str = "91b0aaaa-0b9d-4f61-8e27-5c1d90ab3f44";
const STREAM: &str = "2026/11/22/[7]H";

fn report(id: &str, more: &str) -> String {
    format!(
        "REPORT RequestId: {id}\tDuration: 400.50 ms\tBilled Duration: 401 ms\tMemory Size: 512 MB\tMax Memory Used: 118 MB{more}\t\n"
    )
}

/// Lines and their times.
type Written = Vec<(i64, String)>;

#[test]
fn failures_are_found_in_lines_of_every_kind() {
    let json = |id: &str, status: &str| {
        format!(
            r#"{{"time":"2026-05-01T09:00:00Z","type":"platform.report","record":{{"requestId":"{id}","status":"{status}","metrics":{{"durationMs":400.5,"billedDurationMs":401,"memorySizeMB":512,"maxMemoryUsedMB":97}}}}}}"#
        )
    };
    let done = format!(
        r#"{{"time":"2026-05-01T09:00:00Z","type":"platform.runtimeDone","record":{{"requestId":"{ONE}","status":"timeout","metrics":{{"durationMs":400.5}}}}}}"#
    );
    let written = |text: &str| text.replace("ID", ONE);
    // the lines of one invocation that ends at 1000, in any order; how it ended, and the errors' fingerprints
    let cases: [(Written, Outcome, &[&str]); 11] = [
        (vec![(1000, report(ONE, ""))], Outcome::Succeeded, &[]),
        (vec![(1000, report(ONE, "\tStatus: timeout"))], Outcome::TimedOut, &["Task timed out"]),
        (
            vec![(1000, report(ONE, "\tStatus: error\tError Type: Runtime.OutOfMemory"))],
            Outcome::OutOfMemory,
            &["Runtime.OutOfMemory"],
        ),
        (
            vec![(1000, report(ONE, "\tStatus: error\tError Type: Runtime.ExitError"))],
            Outcome::Failed,
            &["Runtime.ExitError"],
        ),
        (
            vec![
                (1002, written("2026-02-03T10:11:12.345Z ID Task timed out after 3.00 seconds\n\n")),
                (1000, report(ONE, "")),
            ],
            Outcome::TimedOut,
            &["Task timed out"],
        ),
        (
            vec![
                (1001, written("RequestId: ID Error: Runtime exited with error: signal: killed\nRuntime.ExitError\n")),
                (1000, report(ONE, "")),
            ],
            Outcome::OutOfMemory,
            &["Runtime.ExitError: Runtime exited with error: signal: killed"],
        ),
        (
            vec![
                (
                    990,
                    written(
                        "2026-03-04T05:06:07.890Z\tID\tERROR\tInvoke Error \t{\"errorType\":\"TypeError\",\"errorMessage\":\"x 7\",\"stack\":[]}\n",
                    ),
                ),
                (1000, report(ONE, "")),
            ],
            Outcome::Failed,
            &["TypeError: x #"],
        ),
        (
            // It names no request: it belongs to the invocation that ran then.
            vec![
                (1000, report(ONE, "")),
                (1000, "[ERROR] KeyError: 'a'\rTraceback (most recent call last):\r  File \"/var/task/app.py\"".into()),
            ],
            Outcome::Failed,
            &["KeyError: 'a'"],
        ),
        (
            vec![(900, written("2026-03-04T05:06:07.890Z\tID\tERROR\tValueError: retried\n")), (1000, report(ONE, ""))],
            Outcome::Succeeded,
            &["ValueError: retried"],
        ),
        (vec![(1000, json(ONE, "failure"))], Outcome::Failed, &[]),
        (vec![(1000, json(ONE, "success")), (999, done)], Outcome::TimedOut, &[]),
    ];
    for (lines, outcome, errors) in cases {
        let backwards = lines.iter().rev().cloned().collect();
        for lines in [lines, backwards] {
            let log = taken(lines.iter().map(|(ms, message)| event(*ms, STREAM, message)).collect());
            let runs = log.streams.values().next().unwrap().runs().into_owned();
            let ended: Vec<_> = runs.iter().map(|run| (run.end, run.outcome)).collect();
            assert_eq!(ended, [(at(1000).timestamp_millis(), outcome)], "{lines:?}");
            let found: Vec<_> = log.errors.groups().map(|(fingerprint, _)| fingerprint.as_str()).collect();
            assert_eq!(found, errors, "{lines:?}");
        }
    }
}

#[test]
fn a_line_on_screen_has_its_kind_version_and_request() {
    // a line, its kind
    let cases = [
        ("INIT_START Runtime Version: python:3.13.v41\tRuntime Version ARN: arn:x", LineKind::Begin),
        ("START RequestId: ID Version: 7\n", LineKind::Begin),
        ("END RequestId: ID\n", LineKind::End),
        ("INIT_REPORT Init Duration: 10004.52 ms\tPhase: init\tStatus: timeout", LineKind::Failure),
        ("RESTORE_REPORT Restore Duration: 504.12 ms", LineKind::Platform),
        ("EXTENSION\tName: lamp-agent\tState: Ready\tEvents: [INVOKE, SHUTDOWN]", LineKind::Platform),
        ("2026-02-03T10:11:12.345Z ID Task timed out after 3.00 seconds\n", LineKind::Failure),
        ("[WARNING]\t2026-02-03T10:11:12.345Z\tID\tslow", LineKind::Warning),
        ("[ERROR] KeyError: 'a'\rTraceback (most recent call last):\r", LineKind::Error),
        ("[INFO]\t2026-02-03T10:11:12.345Z\tID\thello", LineKind::Application),
        ("hello", LineKind::Application),
    ];
    for (text, kind) in cases {
        let log = taken(vec![event(0, STREAM, &text.replace("ID", ONE))]);
        let line = log.lines.iter().next().unwrap();
        assert_eq!((line.kind, line.version.as_deref()), (kind, Some("7")), "{text}");
        assert_eq!(
            line.request.as_deref(),
            text.contains("ID").then_some(ONE).filter(|_| !text.starts_with("INIT")),
            "{text}"
        );
    }
    let ends = [(report(ONE, ""), LineKind::End), (report(ONE, "\tStatus: timeout"), LineKind::Failure)];
    for (text, kind) in ends {
        assert_eq!(taken(vec![event(0, STREAM, &text)]).lines.iter().next().unwrap().kind, kind);
    }
    let long = taken(vec![event(0, STREAM, &"é".repeat(Line::LONGEST))]);
    assert_eq!(long.lines.iter().next().unwrap().text.len(), Line::LONGEST);
}

#[test]
fn the_function_of_a_line_is_found_from_group_and_stream() {
    // group, stream, function
    let cases = [
        ("/aws/lambda/checkout", STREAM, Some("checkout")),
        ("/shop/all", "2026/11/22/orders[7]H", Some("orders")),
        ("/shop/all", STREAM, None),
        ("/aws/lambda/checkout", "2026/11/22/7a3e1c52-0b9d-4f61-8e27-5c1d90ab3f44", None),
    ];
    for (group, stream, function) in cases {
        let mut live = Live::default();
        let event = LogEvent { group: group.into(), ..event(0, stream, "hello") };
        live.take(&batch(Some((0, 1000)), vec![event.clone(), event]), at(1000));
        let names: Vec<_> = live.functions.keys().map(FunctionName::as_str).collect();
        assert_eq!(names, function.into_iter().collect::<Vec<_>>(), "{group} {stream}");
        assert_eq!(live.unattributed.count(), if function.is_none() { 2 } else { 0 });
        assert!(live.functions.values().all(|log| log.lines.len() == 2), "Two identical lines of one batch");
    }
}

#[test]
fn events_stamped_in_the_future_are_ignored() {
    let mut live = Live::default();
    let late = |ms| vec![event(ms, STREAM, &report(ONE, ""))];
    assert!(live.take(&batch(Some((0, 1000)), late(FUTURE_MS)), at(0)));
    let before = live.clone();
    assert!(!live.take(&batch(Some((0, FUTURE_MS + 1)), late(FUTURE_MS + 1)), at(0)));
    assert_eq!(live, before);
    // An event that is a little ahead does not drop anything that was read.
    assert!(live.take(&batch(None, late(FUTURE_MS - 1)), at(0)));
    assert_eq!(live.floor_ms(), at(1000 - RETAIN_S * 1000).timestamp_millis());
}

#[test]
fn names_that_are_too_long_are_not_kept() {
    let endless = "x".repeat(LONGEST_ID + 1);
    let log = taken(vec![
        event(0, STREAM, &report(&endless, "")),
        event(1, "odd", &format!("START RequestId: {ONE} Version: {endless}\n")),
        event(2, &"y".repeat(LONGEST_NAME + 1), "hello"),
    ]);
    assert_eq!(log.lines.len(), 2);
    assert!(log.lines.iter().all(|line| line.request.as_deref().is_none_or(|request| request == ONE)));
    assert!(log.streams.values().all(|stream| stream.runs().is_empty()));
    let versions: Vec<_> = log.streams.values().map(Stream::version).collect();
    assert_eq!(versions, [None], "Of the stream with the START");
}

#[test]
fn the_oldest_streams_and_lines_are_dropped() {
    let mut live = Live::default();
    let events = (0..40).map(|place: i64| {
        let name = format!("2026/11/22/[7]{place:032x}");
        event(place * 10, &name, &report(ONE, ""))
    });
    live.take(&batch(Some((0, 1000)), events.collect()), at(1000));
    let streams = |live: &Live| live.functions.values().map(|log| log.streams.len()).sum::<usize>();
    assert_eq!(streams(&live), 40);
    live.forget_streams(15);
    assert_eq!(streams(&live), 15);
    let oldest = live.functions.values().flat_map(|log| log.streams.values()).filter_map(Stream::newest).min();
    assert_eq!(oldest, Some(at(250).timestamp_millis()));
    live.forget_lines(usize::MAX);
    assert_eq!(live.functions.values().map(|log| log.lines.len()).sum::<usize>(), 40);
    live.forget_lines(100);
    assert_eq!(live.functions.values().map(|log| log.lines.len()).sum::<usize>(), 0);

    // Later, nothing is left, and the same events are too old to be taken again.
    let again = batch(None, (0..40).map(|place| event(place, STREAM, "START RequestId: x")).collect());
    live.take(&batch(Some((0, 4_000_000)), Vec::new()), at(4_000_000));
    live.take(&again, at(4_000_000));
    let log = live.functions.remove(&"checkout".into()).unwrap_or_default();
    assert!(log.streams.is_empty() && log.errors.is_empty());
}

/// Lines of a few requests in a few streams, close to each other in time; each has a millisecond of its own.
fn events() -> impl Strategy<Value = Vec<LogEvent>> {
    let message = select(vec![
        "START RequestId: ID Version: 7\n",
        "END RequestId: ID\n",
        "REPORT RequestId: ID\tDuration: 250.00 ms\tBilled Duration: 250 ms\tMax Memory Used: 70 MB\t\n",
        "REPORT RequestId: ID\tDuration: 50.00 ms\tBilled Duration: 50 ms\tInit Duration: 99.00 ms\t\n",
        "REPORT RequestId: ID\tDuration: 50.00 ms\tBilled Duration: 50 ms\tStatus: timeout\n",
        "RequestId: ID Error: Runtime exited with error: signal: killed\nRuntime.ExitError\n",
        "[ERROR] KeyError: 'a'\rTraceback (most recent call last):\r",
        "hello",
        "2026-02-03T10:11:12.345Z\tID\tERROR\tValueError: 7\n",
    ]);
    let stream = select(vec!["2026/11/22/[7]H", "2026/11/22/[8]H", "2026/11/22/orders[8]H", "an odd one"]);
    // Most within the seconds that are kept, some before.
    let time = prop_oneof![4 => 0i64..3000, 1 => -500_000i64..0];
    vec((time, stream, select(vec![ONE, TWO]), message), 0..30).prop_map(|lines| {
        let mut events: Vec<LogEvent> =
            lines.into_iter().map(|(ms, stream, id, text)| event(ms, stream, &text.replace("ID", id))).collect();
        events.sort_by_key(|event| event.timestamp);
        events.dedup_by_key(|event| event.timestamp);
        events
    })
}

/// Batches of some of the events, overlapping, and the same again in another order.
fn deliveries() -> impl Strategy<Value = (Vec<LogBatch>, Vec<LogBatch>)> {
    let left_out = option::of(select(vec![LeftOut::Sampled, LeftOut::Dropped(3), LeftOut::OtherShards]));
    let shape = (option::of((-2000i64..2000, 0i64..2000)), left_out, any::<bool>());
    (events(), vec(shape, 1..6)).prop_flat_map(|(events, shapes)| {
        let count = events.len();
        let cut = |(span, left_out, everything): (Option<(i64, i64)>, Option<LeftOut>, bool)| {
            subsequence(events.clone(), 0..=count).prop_map(move |events| {
                let span = span.map(|(from, length)| (from, from + length));
                let batch = LogBatch { left_out, ..batch(span, events) };
                LogBatch { groups: batch.groups.filter(|_| !everything), ..batch }
            })
        };
        let batches: Vec<_> = shapes.into_iter().map(cut).collect();
        batches.prop_flat_map(|batches| {
            let again = [batches.clone(), batches.clone()].concat();
            (Just(batches), Just(again).prop_shuffle())
        })
    })
}

fn folded(batches: &[LogBatch]) -> Live {
    let mut live = Live::default();
    for batch in batches {
        live.take(batch, at(10_000));
    }
    live
}

fn event_at_random() -> impl Strategy<Value = LogEvent> {
    let stream = prop_oneof![Just(STREAM.replace('H', HEX)), any::<String>()];
    let group = prop_oneof![Just("/aws/lambda/checkout".to_string()), any::<String>()];
    let number = prop_oneof![any::<f64>().prop_map(|number| number.to_string()), "[0-9.eE+-]{0,12}"];
    let message = prop_oneof![
        any::<String>(),
        number.prop_map(|number| {
            format!("REPORT RequestId: {ONE}\tDuration: {number} ms\tBilled Duration: {number} ms\tInit Duration: {number} ms\tMax Memory Used: {number} MB\t\n")
        }),
    ];
    let time = prop_oneof![3 => -1000i64..1000, 1 => -1_790_000_000_000i64..8_000_000_000_000];
    (time, stream, group, message).prop_map(|(ms, stream, group, message)| LogEvent {
        id: None,
        timestamp: at(ms),
        ingestion: at(ms),
        stream: stream.into(),
        group: group.into(),
        message,
    })
}

proptest! {
    /// What the module's documentation promises.
    #[test]
    fn order_and_repetition_do_not_matter((batches, delivered) in deliveries()) {
        prop_assert_eq!(folded(&batches), folded(&delivered));
    }

    #[test]
    fn a_repeated_batch_changes_nothing((batches, _) in deliveries()) {
        let mut live = folded(&batches);
        let before = live.clone();
        for batch in &batches {
            prop_assert!(!live.take(batch, at(10_000)));
        }
        prop_assert_eq!(live, before);
    }

    /// Each finished invocation and each error is there once, and nothing else.
    #[test]
    fn every_report_line_and_error_is_kept_once(events in events()) {
        let live = folded(&[batch(Some((-600_000, 3000)), events.clone())]);
        let floor = at(3000 - RETAIN_S * 1000).timestamp_millis();
        let reports = events.iter().filter(|event| {
            event.message.starts_with("REPORT") && event.timestamp.timestamp_millis() >= floor
        });
        let runs: usize =
            live.functions.values().flat_map(|log| log.streams.values()).map(|stream| stream.runs().len()).sum();
        prop_assert_eq!(runs, reports.count());
        let lines: usize = live.functions.values().map(|log| log.lines.len()).sum();
        prop_assert_eq!(lines, events.len());
        let failed = |event: &&LogEvent| ["timeout", "Error"].iter().any(|word| event.message.contains(word));
        let errors: u64 = live
            .functions
            .values()
            .flat_map(|log| log.errors.groups())
            .map(|(_, group)| group.occurrences.count())
            .sum();
        prop_assert_eq!(errors, events.iter().filter(failed).count() as u64);
    }

    #[test]
    fn random_events_are_kept_within_bounds(
        events in vec(event_at_random(), 0..20),
        span in option::of((-4_000_000_000_000i64..4_000_000_000_000, -4_000_000_000_000i64..4_000_000_000_000)),
    ) {
        let random = batch(span, events);
        let mut live = folded(std::slice::from_ref(&random));
        let latest = at(10_000) + TimeDelta::milliseconds(FUTURE_MS);
        for log in live.functions.values() {
            for line in log.lines.iter() {
                prop_assert!(line.at <= latest && line.text.len() <= Line::LONGEST);
            }
            for run in log.streams.values().flat_map(|stream| stream.runs().into_owned()) {
                let start = run.start().unwrap_or(run.end);
                prop_assert!(start <= run.end && run.end - start <= 2 * LONGEST_MS as i64);
            }
        }
        let before = live.clone();
        prop_assert!(!live.take(&random, at(10_000)));
        prop_assert_eq!(live, before);
    }
}
