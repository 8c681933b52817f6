//! The telemetry: points that add up and converge, and REPORT lines that match their invocations.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::instant::Instant;
use super::super::invocation::{Invocation, Outcome, Start};
use super::super::report::Report;
use super::super::scenario::scenario;
use super::{advance, after, constant, function, invocations, region, reports};
use crate::world::World;
use lambda_model::api::TailFilter;
use lambda_model::log::{LogEvent, TAIL_EVENTS};

#[test]
fn points_of_versions_sum_to_the_alias_aliases_to_the_function_and_functions_to_the_region() {
    let canary = "canary = { version = '2', weight = 0.3, from_min = 2, error_rate = 0.2 }";
    let keys = format!(
        "alias = [{{ name = 'live', version = '1', share = 0.6, {canary} }}, \
         {{ name = 'beta', version = '2', share = 0.3 }}]\nreserved = 25\np50_ms = 2000.0\nspread = 1.0\n\
         error_rate = 0.05\ntimeout_s = 100\n"
    );
    let tables = [
        function("aliased", &format!("{keys}{}", constant(9.0, 500.0))),
        function("plain", &format!("p50_ms = 100.0\nerror_rate = 0.1\n{}", constant(5.0, 500.0))),
        function("idle", ""),
    ];
    let mut world = World::new(&region(1000, &tables), 1);
    let mut compared = 0;
    for step in 1..=40 {
        advance(&mut world, 30.0 * f64::from(step));
        for (_, report) in reports(&world, "aliased") {
            let parts: Vec<_> = (0..3).filter_map(|qualifier| report.qualified(qualifier)).collect();
            let total = &report.total;
            assert_eq!(parts.iter().map(|part| part.invocations).sum::<u32>(), total.invocations);
            assert_eq!(parts.iter().map(|part| part.errors).sum::<u32>(), total.errors);
            assert_eq!(parts.iter().map(|part| part.throttles).sum::<u32>(), total.throttles);
            for qualifier in 0..3 {
                let Some(part) = report.qualified(qualifier) else { continue };
                let lanes = report.lanes().into_iter().filter(|lane| lane.qualifier == qualifier);
                let ran: Vec<_> = lanes.filter_map(|lane| report.executed(lane)).collect();
                assert_eq!(ran.iter().map(|one| one.invocations).sum::<u32>(), part.invocations);
                assert_eq!(ran.iter().map(|one| one.errors).sum::<u32>(), part.errors);
                compared += ran.len();
            }
        }
    }
    assert!(compared > 500, "{compared}");
    for minute in 0..10 {
        let of = |name: &str| world.report(world.index(name).unwrap(), minute);
        let functions: Vec<Report> = ["aliased", "plain", "idle"].into_iter().filter_map(of).collect();
        let Some(region) = world.region_report(minute) else { continue };
        let sum = |count: fn(&Report) -> u32| functions.iter().map(count).sum::<u32>();
        assert_eq!(sum(|one| one.total.invocations), region.total.invocations, "minute {minute}");
        assert_eq!(sum(|one| one.total.errors), region.total.errors, "minute {minute}");
        assert_eq!(sum(|one| one.total.throttles), region.total.throttles, "minute {minute}");
        assert!(minute > 7 || region.total.invocations > 100 && region.total.throttles > 0, "minute {minute}");
    }
}

#[test]
fn a_minute_is_seen_late_grows_and_comes_to_what_started_in_it() {
    let tables = [
        function("short", &format!("p50_ms = 80.0\nspread = 0.5\nerror_rate = 0.1\n{}", constant(4.0, 1200.0))),
        function("long", &format!("p50_ms = 150000.0\nspread = 0.6\nerror_rate = 0.3\n{}", constant(0.5, 1200.0))),
    ];
    let mut world = World::new(&region(1000, &tables), 2);
    let mut before: BTreeMap<(&str, i64), (u32, u32)> = BTreeMap::new();
    let mut first_seen: BTreeMap<i64, f64> = BTreeMap::new();
    let mut restated = BTreeSet::new();
    for step in 1..=200 {
        let now = Instant::of_s(10.0 * f64::from(step));
        advance(&mut world, now.s());
        for name in ["short", "long"] {
            let all = invocations(&world, name);
            for (minute, report) in reports(&world, name) {
                let seen = (report.total.invocations, report.total.errors);
                let started = all.iter().filter(|one| one.started.minute() == minute);
                let known = |by: Instant| {
                    let ended = started.clone().filter(|one| one.ended() <= by);
                    (ended.clone().count() as u32, ended.filter(|one| one.failed()).count() as u32)
                };
                // Nothing is seen within a minute of its end; all is, when the minute of its end, a minute for
                // those that report late and two for the way are over.
                let (most, least) = (known(now - Instant::of_s(60.0)), known(now - Instant::of_s(240.0)));
                let place = format!("{name}, minute {minute} after {} s", now.s());
                assert!(least.0 <= seen.0 && seen.0 <= most.0, "{place}: {least:?} {seen:?} {most:?}");
                assert!(least.1 <= seen.1 && seen.1 <= most.1, "{place}: {least:?} {seen:?} {most:?}");
                let shown = before.insert((name, minute), seen).unwrap_or_default();
                assert!(seen.0 >= shown.0 && seen.1 >= shown.1, "{place}: {seen:?} after {shown:?}");
                if name == "short" && seen.0 > 0 {
                    if shown.0 > 0 && seen.0 > shown.0 {
                        restated.insert(minute);
                    }
                    first_seen.entry(minute).or_insert(now.s() - 60.0 * (minute + 1) as f64);
                }
            }
        }
    }
    assert_eq!(first_seen.len(), 20);
    assert!(first_seen.values().all(|after| (60.0..=130.0).contains(after)), "{first_seen:?}");
    // Some environments report late, so that what is seen first is a part.
    assert!(restated.len() > 10, "{restated:?}");
    for minute in 0..20 {
        let started = |name| invocations(&world, name).iter().filter(|one| one.started.minute() == minute).count();
        assert_eq!(before[&("short", minute)].0 as usize, started("short"));
    }
}

/// A REPORT, read by the rules of docs/aws.md#text-format and docs/aws.md#json-format.
#[derive(Debug)]
struct ReadReport {
    id: String,
    duration_ms: f64,
    billed_ms: u64,
    memory_mb: u64,
    used_mb: u64,
    init_ms: Option<f64>,
    restore_ms: Option<f64>,
    status: Option<String>,
    error_type: Option<String>,
}

fn read_text(message: &str) -> Option<ReadReport> {
    let fields: BTreeMap<&str, &str> =
        message.strip_prefix("REPORT ")?.split(['\t', '\n']).filter_map(|field| field.split_once(": ")).collect();
    let number = |key: &str, unit: &str| fields.get(key).map(|text| text.strip_suffix(unit).unwrap());
    let float = |key| number(key, " ms").map(|text| text.parse::<f64>().unwrap());
    let whole = |key, unit| number(key, unit).unwrap().parse::<u64>().unwrap();
    Some(ReadReport {
        id: fields["RequestId"].to_string(),
        duration_ms: float("Duration").unwrap(),
        billed_ms: whole("Billed Duration", " ms"),
        memory_mb: whole("Memory Size", " MB"),
        used_mb: whole("Max Memory Used", " MB"),
        init_ms: float("Init Duration"),
        restore_ms: float("Restore Duration"),
        status: fields.get("Status").map(ToString::to_string),
        error_type: fields.get("Error Type").map(ToString::to_string),
    })
}

fn read_json(message: &str) -> Option<ReadReport> {
    let event: Value = serde_json::from_str(message).unwrap();
    let record = (event["type"] == "platform.report").then(|| &event["record"])?;
    let metrics = &record["metrics"];
    let text = |value: &Value| value.as_str().map(str::to_string);
    Some(ReadReport {
        id: text(&record["requestId"])?,
        duration_ms: metrics["durationMs"].as_f64()?,
        billed_ms: metrics["billedDurationMs"].as_u64()?,
        memory_mb: metrics["memorySizeMB"].as_u64()?,
        used_mb: metrics["maxMemoryUsedMB"].as_u64()?,
        init_ms: metrics["initDurationMs"].as_f64(),
        restore_ms: metrics["restoreDurationMs"].as_f64(),
        // An error of the handler's is an error here, and no error at all in the Text format.
        status: text(&record["status"]).filter(|status| status != "success"),
        error_type: text(&record["errorType"]),
    })
}

fn is_close(read: Option<f64>, microseconds: Option<u32>) -> bool {
    match (read, microseconds) {
        (Some(ms), Some(us)) => (ms - f64::from(us) / 1000.0).abs() < 0.00501,
        (None, None) => true,
        _ => false,
    }
}

#[test]
fn every_report_line_matches_its_invocation() {
    let keys = format!(
        "memory_mb = 256\nused_mb = 200\ntimeout_s = 3\np50_ms = 120.0\nspread = 0.6\nerror_rate = 0.1\n\
         init_ms = 400.0\nasync_share = 0.5\nmax_retries = 1\n\
         alias = [{{ name = 'live', version = '7', share = 0.6 }}]\n{}",
        constant(8.0, 150.0)
    );
    let incident = |name| {
        let troubles = "from_min = 0\nhang = 0.03\nleak_mb = 4.0\ninit_failures = 0.2\n";
        format!("[[incident]]\nfunction = '{name}'\n{troubles}")
    };
    let formats =
        [("text", ""), ("json", "log_format = 'json'\n"), ("snap", "runtime = 'java21'\nsnap_start = true\n")];
    let mut tables: Vec<String> = formats.map(|(name, own)| function(name, &format!("{own}{keys}"))).into();
    tables.extend(formats.map(|(name, _)| incident(name)));
    let world = after(&region(1000, &tables), 3, 300.0);
    let origin = world.scenario.origin();
    let until = origin + chrono::TimeDelta::seconds(300);
    for (name, _) in formats {
        let events = world.log_events(&format!("/aws/lambda/{name}"), origin, until).unwrap();
        let parse = |event: LogEvent| {
            let read = if name == "json" { read_json(&event.message) } else { read_text(&event.message) };
            Some((read?, event))
        };
        let mut read: Vec<(ReadReport, LogEvent)> = events.into_iter().filter_map(parse).collect();
        let mut all = invocations(&world, name);
        assert_eq!(read.len(), all.len(), "{name}");
        // Timestamps are whole milliseconds; invocations that end in the same one differ in duration.
        read.sort_by(|a, b| (a.1.timestamp, a.0.duration_ms).partial_cmp(&(b.1.timestamp, b.0.duration_ms)).unwrap());
        all.sort_by_key(|one| (one.ended().0 / 1000, one.duration_us));
        let mut streams = BTreeSet::new();
        let mut ids = BTreeSet::new();
        let mut ends = BTreeSet::new();
        for ((read, event), one) in read.iter().zip(&all) {
            check(&world, name, read, event, one);
            streams.insert((event.stream.clone(), one.environment));
            ids.insert((read.id.clone(), one.request));
            ends.insert(format!("{:?} {:?}", one.start, one.outcome));
        }
        let count = |names: usize, numbers: usize, pairs: usize| assert_eq!((names, numbers), (pairs, pairs), "{name}");
        let names: BTreeSet<_> = streams.iter().map(|(name, _)| name).collect();
        let numbers: BTreeSet<_> = streams.iter().map(|(_, number)| number).collect();
        count(names.len(), numbers.len(), streams.len());
        let names: BTreeSet<_> = ids.iter().map(|(name, _)| name).collect();
        let numbers: BTreeSet<_> = ids.iter().map(|(_, number)| number).collect();
        count(names.len(), numbers.len(), ids.len());
        assert!(ids.len() < all.len(), "a retry keeps its event's id");
        let new = if name == "snap" { "Restored" } else { "Cold" };
        let usual = ["Success", "HandlerError", "InitError"].map(|end| format!("{new} {end}"));
        let warm = ["Success", "HandlerError", "Timeout", "OutOfMemory"].map(|end| format!("Warm {end}"));
        assert!(usual.iter().chain(&warm).all(|end| ends.contains(end)), "{name}: {ends:?}");
    }
}

#[track_caller]
fn check(world: &World, name: &str, read: &ReadReport, event: &LogEvent, one: &Invocation) {
    let place = format!("{name}: {} of {one:?}", event.message);
    assert_eq!(world.scenario.instant(event.timestamp).0, one.ended().0 / 1000 * 1000, "{place}");
    assert!(is_close(Some(read.duration_ms), Some(one.duration_us)), "{place}");
    let cold = one.start == Start::Cold && one.outcome != Outcome::InitError;
    assert!(is_close(read.init_ms, cold.then_some(one.init_us)), "{place}");
    let restored = one.start == Start::Restored;
    assert!(is_close(read.restore_ms, restored.then_some(one.init_us)), "{place}");
    if !restored {
        let counted = one.duration_us + if cold { one.init_us } else { 0 };
        assert_eq!(read.billed_ms, u64::from(counted.div_ceil(1000)), "{place}");
    }
    assert_eq!((read.memory_mb, read.used_mb), (256, one.used_mb.into()), "{place}");
    let (status, error) = match one.outcome {
        Outcome::Success => (None, false),
        Outcome::HandlerError => ((name == "json").then_some("error"), false),
        Outcome::Timeout => (Some("timeout"), false),
        Outcome::OutOfMemory | Outcome::InitError => (Some("error"), true),
    };
    assert_eq!((read.status.as_deref(), read.error_type.is_some()), (status, error), "{place}");
    assert_eq!(one.outcome == Outcome::OutOfMemory, read.error_type.as_deref() == Some("Runtime.OutOfMemory"));
    let version = &world.versions(world.index(name).unwrap())[usize::from(one.version)];
    let day = world.scenario.time(one.born).format("%Y/%m/%d");
    assert!(event.stream.starts_with(&format!("{day}/[{version}]")), "{place} in {}", event.stream);
}

#[test]
fn live_tail_of_huge_logs_is_a_sample_and_that_of_a_quiet_function_is_whole() {
    let world = after(&scenario("huge-logs").unwrap(), 1, 305.0);
    for second in 280..300 {
        let second = world.scenario.time(Instant::of_s(f64::from(second)));
        let busy = world.tail(&["/aws/lambda/bid-logger"], TailFilter::Everything, second);
        assert!(busy.sampled && busy.events.len() == TAIL_EVENTS, "{}", busy.events.len());
        let quiet = world.tail(&["/aws/lambda/budget-pacing"], TailFilter::Everything, second);
        assert!(!quiet.sampled && !quiet.events.is_empty() && quiet.events.len() < TAIL_EVENTS);
    }
    let (from, until) = (world.scenario.time(Instant::of_s(290.0)), world.scenario.time(Instant::of_s(291.0)));
    let written = world.log_events("/aws/lambda/bid-logger", from, until).unwrap();
    assert!(written.len() > 2 * TAIL_EVENTS, "what is read back is all of it: {}", written.len());
}
