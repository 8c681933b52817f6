//! What is said of a function and of the Region: which numbers, of which seconds, and how sure.

use chrono::TimeDelta;

use super::*;
use crate::fixture::{Fixture, function, info, minute, now};
use lambda_model::function::FunctionInfo;
use lambda_model::log::{FeedState, LeftOut, LogBatch, LogEvent};
use lambda_model::metric::{Metric, Statistic};
use lambda_model::observation::Payload;

const STREAM: &str = "2026/11/22/[7]0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f";
const OTHER: &str = "2026/11/22/[8]0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f";

/// The instant `ms` milliseconds before [`now`], which is a full second.
fn before(ms: i64) -> DateTime<Utc> {
    now() - TimeDelta::milliseconds(ms)
}

fn event(name: &str, stream: &str, ms_before: i64, message: String) -> LogEvent {
    LogEvent {
        id: None,
        timestamp: before(ms_before),
        ingestion: before(ms_before),
        stream: stream.into(),
        group: format!("/aws/lambda/{name}").into(),
        message,
    }
}

fn start(name: &str, stream: &str, id: u32, ms_before: i64) -> LogEvent {
    event(name, stream, ms_before, format!("START RequestId: {id} Version: 7\n"))
}

fn report(name: &str, stream: &str, id: u32, ms_before: i64, (duration_ms, more): (u32, &str)) -> LogEvent {
    let text = format!(
        "REPORT RequestId: {id}\tDuration: {duration_ms}.00 ms\tBilled Duration: {duration_ms} ms\tMemory Size: 512 MB\tMax Memory Used: {id} MB{more}\n"
    );
    event(name, stream, ms_before, text)
}

/// Events of `name`, whose log group was read between these milliseconds before [`now`].
fn read(name: &str, (from, until): (i64, i64), events: Vec<LogEvent>) -> LogBatch {
    LogBatch {
        way: LogWay::Tail,
        groups: Some(vec![format!("/aws/lambda/{name}").into()]),
        span: Some((before(from), before(until))),
        left_out: None,
        events,
    }
}

fn observed(fixture: Fixture, batch: LogBatch) -> Fixture {
    fixture.with(Payload::Logs(batch))
}

fn listed(names: &[&str]) -> Fixture {
    Fixture::new().with(Payload::Functions(names.iter().map(|name| info(name)).collect()))
}

fn live(fixture: &Fixture) -> ScopeLive {
    ScopeLive::of(fixture.state(), 0.8, now())
}

fn of(fixture: &Fixture, name: &str) -> FunctionLive {
    live(fixture).functions[&name.into()].as_ref().clone()
}

/// The curve's values of the newest seconds, oldest first.
fn newest<T: Copy>(values: &[T], count: usize) -> &[T] {
    &values[values.len() - count..]
}

#[test]
fn invocations_that_overlap_count_together_and_the_window_counts_them() {
    let events = vec![
        // Two environments: 6.0 to 4.2 s ago with a cold start, and 4.5 to 4.1 s ago.
        start("checkout", STREAM, 1, 5_700),
        report("checkout", STREAM, 1, 4_200, (1500, "\tInit Duration: 300.00 ms\t")),
        start("checkout", OTHER, 2, 4_500),
        report("checkout", OTHER, 2, 4_100, (400, "\tStatus: timeout")),
        // Before the window.
        report("checkout", OTHER, 3, 61_000, (10, "\tStatus: timeout")),
        // Now.
        start("checkout", OTHER, 4, 800),
    ];
    let fixture = observed(listed(&["checkout"]), read("checkout", (300_000, 0), events));
    let live = of(&fixture, "checkout");
    assert_eq!((live.way, live.lower_bound.len(), live.as_of), (LogWay::Tail, 0, before(1000)));
    assert_eq!(newest(&live.curve.values, 7), [0, 1, 2, 0, 0, 0, 1].map(Some));
    assert_eq!((live.curve.until, live.curve.values.len()), (before(1000), CURVE_S));
    assert_eq!(
        (live.curve.provisional, live.concurrency),
        (3, Some(1)),
        "the newest are not settled, and too low if at all"
    );
    assert_eq!(newest(&live.cold_lane, 7), [0, 1, 0, 0, 0, 0, 0].map(Some));
    assert_eq!(live.init_histogram, [(320.0, 1)]);
    let total = &live.total;
    assert_eq!((total.invocations, total.errors, total.timeouts, total.cold_starts), (2, 1, 1, 1));
    assert_eq!((total.duration_ms.p50, total.duration_ms.max), (Some(400.0), Some(1500.0)));
    assert_eq!((total.init_ms.max, total.max_memory_used_mb), (Some(300.0), Some(2)));
    let versions: Vec<_> = live.versions.iter().map(|(version, runs)| (version.as_str(), runs.invocations)).collect();
    assert_eq!(versions, [("7", 1), ("8", 1)]);
    assert_eq!((live.cold_starts("7"), live.cold_starts("8"), live.cold_starts("9")), (Some(1), Some(0), Some(0)));
    assert_eq!(live.cold_start_rate(), Some(0.5));
    assert_eq!(live.lines.len(), 6);
    assert_eq!(live.error_groups[0].count, 2);
}

#[test]
fn one_that_runs_counts_as_long_as_its_end_cannot_have_been_missed() {
    let begun = |ms| vec![start("checkout", STREAM, 1, ms)];
    let left_out = |span, why| LogBatch { left_out: Some(why), ..read("checkout", span, Vec::new()) };
    let cases = [
        (vec![read("checkout", (60_000, 0), begun(20_000))], Some(1)),
        // Its timeout is 30 s.
        (vec![read("checkout", (60_000, 0), begun(31_000))], Some(0)),
        (vec![read("checkout", (60_000, 10_000), begun(20_000)), read("checkout", (9_000, 0), Vec::new())], Some(0)),
        (vec![read("checkout", (60_000, 10_000), begun(20_000)), left_out((10_000, 0), LeftOut::Sampled)], Some(0)),
        (vec![read("checkout", (60_000, 10_000), begun(8_000)), left_out((10_000, 0), LeftOut::Sampled)], Some(0)),
        // What was missed has been read since.
        (
            vec![
                read("checkout", (60_000, 10_000), begun(20_000)),
                left_out((10_000, 0), LeftOut::Dropped(3)),
                read("checkout", (10_000, 0), Vec::new()),
            ],
            Some(1),
        ),
    ];
    for (batches, concurrency) in cases {
        let fixture = batches.clone().into_iter().fold(listed(&["checkout"]), observed);
        assert_eq!(of(&fixture, "checkout").concurrency, concurrency, "{batches:?}");
    }
}

#[test]
fn what_was_not_read_is_not_known_until_it_is() {
    let first = read("checkout", (100_000, 50_000), vec![report("checkout", STREAM, 1, 60_000, (10, ""))]);
    // It ended after the gap and ran in it.
    let second = read("checkout", (40_000, 0), vec![report("checkout", STREAM, 2, 39_000, (5_000, ""))]);
    let fixture = observed(observed(listed(&["checkout"]), first), second);
    let live = of(&fixture, "checkout");
    let known = |live: &FunctionLive| live.curve.values.iter().filter(|value| value.is_some()).count();
    assert_eq!((known(&live), &*live.lower_bound), (90, &[Bound::Gap][..]));
    assert_eq!(newest(&live.curve.values, 41)[..3], [None, Some(1), Some(0)]);
    assert_eq!(newest(&live.cold_lane, 41)[0], None);
    let filled = observed(fixture, read("checkout", (51_000, 39_000), Vec::new()));
    let live = of(&filled, "checkout");
    assert_eq!((known(&live), live.lower_bound.len()), (100, 0));
    assert_eq!(newest(&live.curve.values, 46)[..3], [0, 0, 1].map(Some));

    // Watching has just begun: the minute's counts are not all of it.
    let young = observed(listed(&["checkout"]), read("checkout", (5_000, 0), Vec::new()));
    assert_eq!((known(&of(&young, "checkout")), of(&young, "checkout").lower_bound), (5, vec![Bound::Gap]));
}

#[test]
fn a_sample_is_a_lower_bound() {
    let bounds = [
        (LeftOut::Sampled, Bound::Sampled),
        (LeftOut::Dropped(7), Bound::Dropped),
        (LeftOut::OtherShards, Bound::OtherShards),
    ];
    for (left_out, bound) in bounds {
        let whole = read("checkout", (300_000, 10_000), Vec::new());
        let part = LogBatch { left_out: Some(left_out), ..read("checkout", (10_000, 0), Vec::new()) };
        let live = live(&observed(observed(listed(&["checkout"]), whole), part));
        assert_eq!(live.functions[&"checkout".into()].lower_bound, [bound]);
        assert!(live.region.unwrap().lower_bound);
        assert_eq!(live.dropped, if bound == Bound::Dropped { 7 } else { 0 });
    }
}

#[test]
fn a_function_that_logs_failures_only_tells_no_rate() {
    let quiet = FunctionInfo { system_log_level: Some("WARN".to_string()), ..info("cart") };
    let events = vec![report("cart", STREAM, 1, 5_000, (100, "\tStatus: timeout"))];
    let fixture =
        observed(listed(&["checkout"]).with(Payload::Functions(vec![quiet])), read("cart", (300_000, 0), events));
    let cart = of(&fixture, "cart");
    assert_eq!((cart.concurrency, &*cart.lower_bound), (None, &[Bound::FailuresOnly][..]));
    assert!(cart.curve.values.iter().all(Option::is_none));
    assert_eq!((cart.total.timeouts, cart.cold_start_rate()), (1, None));
    assert_eq!(cart.cold_starts("7"), None);
    assert!(cart.versions.values().all(|runs| runs.cold_start_rate().is_none()), "no version says otherwise");
    assert_eq!(live(&fixture).region, None, "nothing is known of the Region");
    let both = observed(fixture, read("checkout", (300_000, 0), Vec::new()));
    assert!(live(&both).region.unwrap().lower_bound);
}

#[test]
fn old_news_say_nothing_about_now_but_a_file_may_be_old() {
    let events = || vec![report("checkout", STREAM, 1, 125_000, (100, ""))];
    let old = observed(listed(&["checkout"]), read("checkout", (300_000, 121_000), events()));
    assert_eq!(live(&old).functions.len(), 0);
    assert_eq!(live(&old).region, None);
    let late = observed(listed(&["checkout"]), read("checkout", (300_000, 119_000), events()));
    assert_eq!(of(&late, "checkout").as_of, before(120_000));
    let file = LogBatch { way: LogWay::File, groups: None, span: None, ..read("checkout", (0, 0), events()) };
    let known = live(&observed(Fixture::new(), file));
    let checkout = &known.functions[&"checkout".into()];
    assert_eq!((checkout.as_of, checkout.curve.provisional), (before(126_000), 1), "no START was seen");
    assert_eq!(known.unattributed, 0, "a file names its functions");
}

#[test]
fn without_starts_the_edge_is_as_long_as_the_invocations() {
    let events = vec![report("checkout", STREAM, 1, 20_000, (7_100, ""))];
    let fixture = observed(listed(&["checkout"]), read("checkout", (300_000, 0), events));
    assert_eq!(of(&fixture, "checkout").curve.provisional, 3 + 8);
}

#[test]
fn the_region_is_swept_as_one_and_knows_who_is_missing() {
    // They take turns: one at a time, in all.
    let one = vec![report("checkout", STREAM, 1, 10_500, (400, ""))];
    let other = vec![report("payments", STREAM, 2, 10_100, (400, ""))];
    let fixture = observed(listed(&["checkout", "payments", "idle"]), read("checkout", (300_000, 0), one));
    let fixture = observed(fixture, read("payments", (300_000, 2_000), other));
    let region = live(&fixture).region.unwrap();
    assert_eq!((region.as_of, region.lower_bound), (before(3000), false), "as old as the oldest");
    assert_eq!(newest(&region.curve.values, 10)[..3], [0, 1, 0].map(Some));
    // No START was seen, so the edge is a second longer; the one that is ahead has settled as much more.
    assert_eq!((region.curve.provisional, region.in_use), (4, 0));
    let ran = fixture.points(&function("idle"), Metric::Invocations, &[(1, 3.0)]);
    assert!(live(&ran).region.unwrap().lower_bound, "one that ran is not read");
    let silent = observed(ran, read("idle", (300_000, 0), Vec::new()));
    assert!(live(&silent).region.unwrap().lower_bound, "one that ran writes nothing");
    assert_eq!(of(&silent, "idle").lower_bound, [Bound::Silent]);
    let read_too = observed(silent, read("idle", (300_000, 0), vec![report("idle", STREAM, 3, 90_000, (10, ""))]));
    assert!(!live(&read_too).region.unwrap().lower_bound);
    let lagging = observed(
        read_too.points(&function("late"), Metric::Invocations, &[(1, 3.0)]),
        read("late", (300_000, 60_000), Vec::new()),
    );
    let region = live(&lagging).region.unwrap();
    assert_eq!((region.as_of, region.lower_bound), (before(3000), true), "it waits for nobody that is far behind");
}

#[test]
fn an_idle_function_of_a_named_group_is_known_to_be_idle() {
    let custom = FunctionInfo { log_group: Some("/shop/all".to_string()), ..info("orders") };
    let fixture = listed(&["checkout", "other"]).with(Payload::Functions(vec![custom]));
    let batch = LogBatch {
        groups: Some(vec!["/shop/all".into(), "/aws/lambda/checkout".into(), "/aws/lambda/gone".into()]),
        ..read("checkout", (60_000, 0), Vec::new())
    };
    let live = live(&observed(fixture, batch));
    let names: Vec<_> = live.functions.keys().map(FunctionName::as_str).collect();
    assert_eq!(names, ["checkout", "orders"]);
    assert!(live.functions.values().all(|live| live.concurrency == Some(0) && live.total == Runs::default()));
}

#[test]
fn the_metrics_are_held_against_the_same_minute_of_the_logs() {
    let metrics = |fixture: Fixture| {
        let of = function("checkout");
        fixture.points(&of, Metric::Invocations, &[(1, 1.0), (3, 90.0), (4, 60.0)]).statistic(
            &of,
            Metric::Duration,
            Statistic::Average,
            &[(1, 7.0), (3, 1000.0), (4, 500.0)],
        )
    };
    // In 09:56 began 90 that took a second each, the last of which ended in 09:57; one began before. What the metrics
    // say of 09:58 may still change.
    let ended = |id: u32| 246_500 - i64::from(id) * 666;
    let events = (1..=90).map(|id| report("checkout", STREAM, id, ended(id) - 1000, (1000, "")));
    let events = events.chain([report("checkout", OTHER, 99, 243_000, (3_000, ""))]);
    let fixture = metrics(observed(listed(&["checkout"]), read("checkout", (290_000, 0), events.collect())));
    let check = of(&fixture, "checkout").check.unwrap();
    assert_eq!((check.minute, check.metrics), (minute(3), 1.5));
    let began_within = (1..=90).filter(|id| (185_000..245_000).contains(&(ended(*id) - 1))).count();
    assert!((check.logs - began_within as f64 / 60.0).abs() < 1e-9, "{} {began_within}", check.logs);
    assert!(check.difference().unwrap().abs() < 0.05, "{:?}", check.difference());
    let part = metrics(observed(listed(&["checkout"]), read("checkout", (200_000, 0), Vec::new())));
    assert_eq!(of(&part, "checkout").check, None, "the minute was not read from its beginning");
}

#[test]
fn the_most_frequent_errors_are_named() {
    let kinds = i64::try_from(FunctionLive::ERROR_GROUPS).unwrap() + 3;
    let name = |kind: i64| {
        let letter = |place: i64| char::from(b'a' + u8::try_from(place).unwrap());
        format!("Kind{}{}Error", letter(kind / 26), letter(kind % 26))
    };
    // The first kind once, the second twice …
    let raised = |kind: i64| (0..=kind).map(move |time| (kind, time));
    let events = (0..kinds).flat_map(raised).map(|(kind, time)| {
        event(
            "checkout",
            STREAM,
            50_000 - time,
            format!("[ERROR] {}: {time}\rTraceback (most recent call last):\r", name(kind)),
        )
    });
    let fixture = observed(listed(&["checkout"]), read("checkout", (60_000, 0), events.collect()));
    let live = of(&fixture, "checkout");
    assert_eq!((live.error_groups.len(), live.other_errors), (FunctionLive::ERROR_GROUPS, 1 + 2 + 3));
    let first = &live.error_groups[0];
    assert_eq!((&*first.fingerprint, first.count), (&*format!("{}: #", name(kinds - 1)), kinds.unsigned_abs()));
    assert_eq!((first.first, first.last), (before(50_000), before(50_000 - kinds + 1)));
    assert!(first.message.ends_with(&format!(": {}", kinds - 1)), "{}", first.message);
}

#[test]
fn without_logs_there_is_only_the_feed() {
    let feed =
        LogFeed { state: FeedState::Off, reason: "off".to_string(), groups: 0, left: 0, sessions: 0, behind_ms: None };
    let fixture = listed(&["checkout"]).with(Payload::LogFeed(feed.clone()));
    assert_eq!(live(&fixture), ScopeLive { feed: Some(feed), ..ScopeLive::default() });
    let stray = event("nobody", STREAM, 1000, "hello".to_string());
    let stray = observed(fixture, read("nobody", (60_000, 0), vec![stray]));
    assert_eq!((live(&stray).unattributed, live(&stray).functions.len()), (1, 0));
}
