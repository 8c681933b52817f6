//! What the live page says.

use super::*;
use crate::analysis::live::ErrorGroup;
use crate::analysis::live::quantiles::Quantiles;
use crate::fixture::{Fixture, live, minute, now};
use chrono::TimeDelta;
use lambda_model::observation::Payload;

fn words(facts: &[Fact]) -> Vec<String> {
    facts.iter().map(|fact| format!("{} {}", fact.label, fact.value)).collect()
}

fn text(line: &[Cell]) -> Vec<&str> {
    line.iter().map(|cell| cell.word.as_str()).collect()
}

#[test]
fn where_the_numbers_come_from_is_shown() {
    assert_eq!(words(&facts(&live(), now())), ["running 4", "tail 60s to 10:00:03Z", "age 2s"]);
    let bound = FunctionLive { lower_bound: vec![Bound::Sampled, Bound::Gap], ..live() };
    let shown = facts(&bound, now());
    assert_eq!(words(&shown)[0], "running ≥4");
    assert_eq!(words(&shown)[3], "at least: Live Tail shows a sample, some seconds were not read");
    assert_eq!(shown[3].meaning, Meaning::Warning);
    let unknown = FunctionLive { concurrency: None, ..live() };
    assert_eq!(words(&facts(&unknown, now()))[0], "running –");
}

#[test]
fn logs_and_metrics_are_held_against_each_other() {
    // Logs, metrics -> what is said, and whether it is an alarm.
    let cases = [
        (14.2, 13.8, "logs 14.2, metrics 13.8, 2.9% more", Meaning::Muted),
        (10.0, 13.4, "logs 10.0, metrics 13.4, 25% less: the logs miss some", Meaning::Warning),
        (10.1, 13.4, "logs 10.1, metrics 13.4, 25% less", Meaning::Muted),
        (17.0, 13.4, "logs 17.0, metrics 13.4, 27% more: the metrics miss some", Meaning::Warning),
        (13.4, 13.4, "logs 13.4, metrics 13.4, equal", Meaning::Muted),
        (0.0, 0.0, "logs 0.0, metrics 0.0", Meaning::Muted),
    ];
    for (logs, metrics, said, meaning) in cases {
        let check = check(LittleCheck { minute: minute(0), metrics, logs });
        assert_eq!((check.value, check.meaning), (format!("09:59Z {said}"), meaning));
    }
}

#[test]
fn the_curve_has_its_gaps_and_a_limit_that_is_near() {
    let reserved = |limit| {
        let fixture = Fixture::new().listed("f", &[]).with(Payload::Reserved("f".into(), Some(limit)));
        let mut logs = live();
        logs.curve.values = vec![Some(0), None, Some(4)];
        curve(&fixture.first(), &logs, 3)
    };
    assert_eq!(reserved(40).0.values, [Some(0.0), None, Some(4.0)]);
    assert_eq!((reserved(40).1, reserved(41).1), (Some((40.0, "reserved")), None));
}

#[test]
fn a_histogram_has_at_most_as_many_bars_as_there_are_rows() {
    const BINS: [(f64, u32); 5] = [(10.0, 2), (14.0, 1), (20.0, 0), (28.0, 1), (40.0, u32::MAX)];
    let cases: [(usize, &[(f64, u32)]); 5] = [
        (0, &[]),
        (1, &[(40.0, u32::MAX)]),
        (2, &[(20.0, 3), (40.0, u32::MAX)]),
        (3, &[(14.0, 3), (28.0, 1), (40.0, u32::MAX)]),
        (9, &BINS),
    ];
    for (rows, expected) in cases {
        let bars: Vec<(f64, u32)> = histogram(&BINS, rows).iter().map(|bar| (bar.until, bar.count)).collect();
        assert_eq!(bars, expected, "{rows}");
    }
    assert!(histogram(&[], 5).is_empty());
}

/// Two versions: the busier one fails.
fn canary() -> FunctionLive {
    let runs = |invocations, errors, max| Runs {
        invocations,
        errors,
        timeouts: errors,
        init_ms: Quantiles { p50: Some(300.0), p95: Some(420.0), p99: None, max: Some(500.0) },
        max_memory_used_mb: Some(max),
        ..Runs::default()
    };
    let versions = [("41", runs(30, 0, 100)), ("42", runs(90, 9, 500))];
    FunctionLive { versions: versions.map(|(name, runs)| (name.to_string(), runs)).into(), ..live() }
}

#[test]
fn versions_stand_beside_each_other_the_busiest_first() {
    let function = Fixture::new().listed("f", &[]).first();
    let lines = versions(&Thresholds::default(), &function, &canary(), 200);
    assert_eq!(
        text(&lines[0]),
        [
            "VERSION", "INV", "ERR", "ERR%", "TIMEOUT", "OOM", "COLD", "COLD%", "INIT50", "INIT95", "INITMAX", "P50",
            "P95", "P99", "MAX", "MEMORY"
        ]
    );
    assert_eq!(
        text(&lines[1]),
        ["all", "120", "3", "2.5%", "0", "0", "2", "1.7%", "–", "–", "–", "40ms", "90ms", "120ms", "200ms", "–"]
    );
    assert_eq!(text(&lines[2])[..5], ["42", "90", "9", "10%", "9"]);
    assert_eq!(text(&lines[3])[..5], ["41", "30", "0", "0%", "0"]);
    let memory = |line: usize| lines[line].last().map(|cell| (cell.word.as_str(), cell.meaning)).unwrap();
    assert_eq!((memory(2), memory(3)), (("500M/512M", Meaning::Critical), ("100M/512M", Meaning::Normal)));
    assert_eq!(lines[2][0].meaning, Meaning::Critical, "the version that fails is named in its colour");
}

#[test]
fn restoring_stands_for_init_where_there_is_no_init() {
    let mut restored = live();
    restored.total.restore_ms = Quantiles { p50: Some(210.0), p95: None, p99: None, max: Some(260.0) };
    let lines = versions(&Thresholds::default(), &Fixture::new().listed("f", &[]).first(), &restored, 200);
    assert_eq!((lines[0][8].word.as_str(), lines[1][8].word.as_str()), ("REST50", "210ms"));
    assert_eq!((phase(&restored), phase(&live())), ("restore", "init"));
}

#[test]
fn the_table_of_versions_never_exceeds_its_width_and_loses_the_least_first() {
    let function = Fixture::new().listed("f", &[]).first();
    let heads = |width| -> Vec<String> {
        let lines = versions(&Thresholds::default(), &function, &canary(), width);
        for cell in &lines[0] {
            assert!(matches!(cell.place, Place::From(0)) || matches!(cell.place, Place::UpTo(end) if end <= width));
        }
        lines[0].iter().map(|cell| cell.word.clone()).collect()
    };
    for width in 1..200 {
        let (narrow, wide) = (heads(width - 1), heads(width));
        assert!(narrow.iter().all(|head| wide.contains(head)), "{width}");
    }
    assert_eq!(
        heads(78),
        ["VERSION", "INV", "ERR", "ERR%", "TIMEOUT", "OOM", "COLD", "INIT50", "INITMAX", "P50", "P99"]
    );
}

fn group(count: u64, message: &str) -> ErrorGroup {
    ErrorGroup {
        fingerprint: "Error".into(),
        count,
        first: now() - TimeDelta::seconds(600),
        last: now() - TimeDelta::seconds(3),
        message: message.into(),
        request: None,
    }
}

#[test]
fn errors_are_shown_with_their_times_and_last_message() {
    assert_eq!(text(&errors(&live(), now())[0]), ["No error was seen in the logs"]);
    let groups = vec![group(12, "Error: \u{1b}[2Jboom\n    at x"), group(1, &"y".repeat(100_000))];
    let failing = FunctionLive { error_groups: groups, other_errors: 7, ..live() };
    let lines = errors(&failing, now());
    assert_eq!(text(&lines[0]), ["ERRORS", "SINCE", "LAST", "LAST MESSAGE"]);
    assert_eq!(text(&lines[1]), ["12", "10m", "3s", "Error: \u{FFFD}[2Jboom↵     at x"]);
    assert!(lines[2][3].word.len() < 2_000, "cut before it is measured");
    assert_eq!(text(&lines[3])[0], "7");
}
