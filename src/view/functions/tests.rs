//! The order of the rows and the words in the cells.

use std::sync::Arc;

use super::*;
use crate::analysis::failures::DeadLetters;
use crate::analysis::finding::Finding;
use crate::analysis::live::quantiles::Quantiles;
use crate::analysis::live::{Bound, FunctionLive};
use crate::analysis::metrics::{Durations, FunctionMetrics};
use crate::analysis::traffic::{AliasTraffic, VersionTraffic};
use crate::fixture::{Fixture, finding, function, info, live, minute};
use crate::view::meaning::Meaning;
use lambda_model::Arn;
use lambda_model::finding::{Kind, Severity};
use lambda_model::function::{AccountLimits, FunctionInfo};
use lambda_model::metric::{Metric, Subject};
use lambda_model::observation::Payload;
use lambda_model::queue::{FailureTarget, TargetRole};
use lambda_model::text;

/// Every number that a column shows: `value`, in the minute `back` minutes before the newest complete one.
fn metrics(value: f64, back: i64) -> FunctionMetrics {
    FunctionMetrics {
        as_of: Some(minute(back)),
        invocations: Some(value),
        errors: Some(value),
        throttles: Some(0.0),
        error_rate: Some(value / 1e4),
        concurrent_executions: Some(value),
        duration_ms: Durations { p50: Some(value), p99: Some(value), ..Durations::default() },
        ..FunctionMetrics::default()
    }
}

fn waiting(depth: u64) -> DeadLetters {
    let target = FailureTarget::new(TargetRole::DeadLetterQueue, &Arn::new("arn:aws:sqs:eu-west-1:1:dlq")).unwrap();
    DeadLetters {
        target,
        depth: Some(depth),
        in_flight: None,
        oldest_age_s: None,
        growth_per_min: None,
        notifications_failed: None,
        as_of: None,
    }
}

/// In Ireland `alpha`, with small numbers, and `beta`, of which only the name is known; in Virginia
/// `gamma`, with large and older ones.
fn three() -> Snapshot {
    let gamma = FunctionInfo { runtime: Some("python3.13".to_string()), memory_mb: Some(1024), ..info("gamma") };
    let mut snapshot = Fixture::new()
        .listed("alpha", &[])
        .points(&function("beta"), Metric::Invocations, &[(60, 1.0)])
        .in_scope(Some("prod"), "us-east-1")
        .with(Payload::Functions(vec![gamma]))
        .snapshot();
    for (scope, value, back) in [(0, 20.0, 0), (1, 2000.0, 2)] {
        let function = &mut snapshot.scopes[scope].functions[0];
        function.metrics = FunctionMetrics { throttles: Some(value), ..metrics(value, back) };
        function.dead_letters = vec![waiting(value as u64)];
    }
    snapshot
}

#[test]
fn findings_come_first_by_severity_then_by_what_they_cost() {
    let mut snapshot = three();
    // By what is seen, `gamma` fails and throttles most, then `alpha`.
    assert_eq!(names(&snapshot, &Query::default()), ["gamma", "alpha", "beta"]);
    let found = |severity, function, impact| finding(Kind::AsyncDropped, severity, Some(function), impact);
    snapshot.scopes[0].findings = vec![found(Severity::Critical, "beta", 7.0), found(Severity::Critical, "alpha", 5.0)];
    assert_eq!(names(&snapshot, &Query::default()), ["beta", "alpha", "gamma"]);
    snapshot.scopes[1].findings = vec![found(Severity::Critical, "gamma", 6.0)];
    assert_eq!(names(&snapshot, &Query::default()), ["beta", "gamma", "alpha"]);
    snapshot.scopes[0].findings[0].severity = Severity::Warning;
    assert_eq!(names(&snapshot, &Query::default()), ["gamma", "alpha", "beta"]);
    let pool = finding(Kind::ThrottleUnreservedPool, Severity::Critical, None, 900.0);
    snapshot.scopes[0].findings.push(Finding { affected: vec!["beta".into()], ..pool });
    assert_eq!(
        names(&snapshot, &Query::default()),
        ["gamma", "alpha", "beta"],
        "it suffers, but nothing of it is known"
    );
    snapshot.scopes[0].functions[1].trouble = Some(5.5);
    assert_eq!(names(&snapshot, &Query::default()), ["gamma", "beta", "alpha"]);
    snapshot.scopes[0].findings.pop();
    snapshot.scopes[0].findings[0].severity = Severity::Info;
    assert_eq!(names(&snapshot, &Query { faults_only: true, ..Query::default() }), ["gamma", "alpha"]);
}

#[test]
fn a_finding_says_what_is_wrong_in_the_table() {
    let mut snapshot = three();
    snapshot.scopes[0].findings = vec![finding(Kind::EventSourceLagging, Severity::Warning, Some("beta"), 1.0)];
    let beta = row(&snapshot, "beta");
    let shown = cell(&snapshot, beta, Column::Status, 1);
    assert_eq!(shown, Some(Cell::Text("lagging".to_string(), Meaning::Warning)));
    let name = cell(&snapshot, beta, Column::Function, 1);
    assert_eq!(name, Some(Cell::Text("beta".to_string(), Meaning::Normal)), "no longer idle");
}

fn names(snapshot: &Snapshot, query: &Query) -> Vec<String> {
    rows(snapshot, query).into_iter().map(|row| row.id(snapshot).unwrap().name.to_string()).collect()
}

fn row(snapshot: &Snapshot, name: &str) -> RowRef {
    let mut rows = rows(snapshot, &Query::default()).into_iter();
    rows.find(|row| row.id(snapshot).unwrap().name.as_str() == name).unwrap()
}

fn said(snapshot: &Snapshot, name: &str, column: Column) -> (String, Meaning) {
    match cell(snapshot, row(snapshot, name), column, 3).unwrap() {
        Cell::Text(text, meaning) => (text, meaning),
        trend @ Cell::Trend(..) => panic!("{trend:?}"),
    }
}

#[test]
fn every_column_sorts_both_ways_with_missing_values_last() {
    let (large, small, unknown) = ("gamma", "alpha", "beta");
    let numbers = ([large, small, unknown], [small, large, unknown]);
    let mut snapshot = three();
    for (scope, cold_starts) in [(0, 1), (1, 50)] {
        let mut logs = live();
        // Too little was read to take the place of the metrics.
        logs.curve.values.clear();
        logs.total.cold_starts = cold_starts;
        logs.total.init_ms.p95 = Some(cold_starts as f64);
        snapshot.scopes[scope].functions[0].live = Some(Arc::new(logs));
    }
    for column in Column::sortable() {
        let (natural, reversed) = match column {
            // A name and a scope are never missing, and an unknown function is simply the least to look at.
            Column::Function => (["alpha", "beta", "gamma"], ["gamma", "beta", "alpha"]),
            Column::Scope => (["alpha", "beta", "gamma"], ["gamma", "alpha", "beta"]),
            Column::Status => ([large, small, unknown], [unknown, small, large]),
            Column::Runtime => (["alpha", "gamma", unknown], ["gamma", "alpha", unknown]),
            _ => numbers,
        };
        let sorted = |reversed| names(&snapshot, &Query { sort: column, reversed, ..Query::default() });
        assert_eq!(sorted(false), natural, "{}", column.name());
        assert_eq!(sorted(true), reversed, "{} reversed", column.name());
    }
}

#[test]
fn equals_stand_by_scope_and_name_in_both_directions() {
    let snapshot = Fixture::new()
        .in_scope(None, "us-east-1")
        .listed("a", &[(Metric::Invocations, 7.0)])
        .in_scope(None, "eu-west-1")
        .listed("d", &[(Metric::Invocations, 7.0)])
        .listed("c", &[(Metric::Invocations, 7.0)])
        .snapshot();
    for column in Column::sortable().filter(|column| !matches!(column, Column::Function | Column::Scope)) {
        for reversed in [false, true] {
            let query = Query { sort: column, reversed, ..Query::default() };
            assert_eq!(names(&snapshot, &query), ["c", "d", "a"], "{} {reversed}", column.name());
        }
    }
}

#[test]
fn impact_is_the_status_then_the_trouble_then_the_traffic() {
    // From the greatest impact to the least: error rate, throttles, trouble, invocations.
    let order = [
        ("failing", 0.5, 0.0, 1.0, 2.0),
        ("throttled-more", 0.0, 9.0, 9.0, 1.0),
        ("throttled", 0.0, 5.0, 5.0, 100.0),
        ("errors", 0.05, 0.0, 900.0, 900.0),
        ("busy", 0.0, 0.0, 0.0, 900.0),
        ("calm", 0.0, 0.0, 0.0, 3.0),
    ];
    let listed = order.iter().rev().fold(Fixture::new(), |fixture, (name, ..)| fixture.listed(name, &[]));
    let mut snapshot = listed.listed("idle", &[]).snapshot();
    for function in &mut snapshot.scopes[0].functions {
        if let Some((_, rate, throttles, trouble, calls)) =
            order.iter().find(|(name, ..)| *name == function.state.name.as_str())
        {
            function.trouble = Some(*trouble);
            function.metrics = FunctionMetrics {
                error_rate: Some(*rate),
                throttles: Some(*throttles),
                invocations: Some(*calls),
                ..metrics(0.0, 0)
            };
        }
    }
    let expected: Vec<&str> = order.iter().map(|(name, ..)| *name).chain(["idle"]).collect();
    assert_eq!(names(&snapshot, &Query::default()), expected);

    let faults = Query { faults_only: true, ..Query::default() };
    assert_eq!(names(&snapshot, &faults), &expected[..4], "what is well or idle is left out");
}

#[test]
fn a_filter_wants_every_word_in_name_scope_or_runtime() {
    let snapshot = three();
    let cases: [(&str, &[&str]); 9] = [
        ("", &["alpha", "beta", "gamma"]),
        ("  ", &["alpha", "beta", "gamma"]),
        ("ALPH", &["alpha"]),
        ("eu-west", &["alpha", "beta"]),
        ("Prod", &["gamma"]),
        ("python", &["gamma"]),
        (" a  prod/us-east-1 3.13 ", &["gamma"]),
        ("alpha python", &[]),
        ("nowhere", &[]),
    ];
    for (filter, expected) in cases {
        let query = Query { filter: filter.to_string(), sort: Column::Function, ..Query::default() };
        assert_eq!(names(&snapshot, &query), expected, "{filter:?}");
    }
}

#[test]
fn a_column_is_found_by_its_name_when_it_sorts() {
    for column in Column::ALL {
        let sorts = Column::sortable().any(|sortable| sortable == column);
        assert_eq!(Column::by_name(column.name()), sorts.then_some(column));
    }
    assert_eq!(Column::by_name("STATUS"), None);
}

#[test]
fn an_old_row_finds_nothing_in_a_smaller_snapshot() {
    let gamma = row(&three(), "gamma");
    let smaller = Fixture::new().listed("alpha", &[]).snapshot();
    assert_eq!((gamma.id(&smaller), cell(&smaller, gamma, Column::Function, 3)), (None, None));
}

#[test]
fn what_is_not_known_is_a_dash() {
    let snapshot = three();
    for column in Column::ALL {
        let expected = match column {
            Column::Function => Cell::Text("beta".to_string(), Meaning::Muted),
            Column::Scope => Cell::Text("eu-west-1".to_string(), Meaning::Muted),
            Column::Split => Cell::Text(String::new(), Meaning::Muted),
            Column::Trend => Cell::Trend(vec![None; 3], 2, Meaning::Series1),
            Column::Trouble => Cell::Trend(vec![None; 3], 2, Meaning::Critical),
            _ => Cell::Text("–".to_string(), Meaning::Muted),
        };
        assert_eq!(cell(&snapshot, row(&snapshot, "beta"), column, 3), Some(expected), "{}", column.name());
    }
}

#[test]
fn what_is_known_is_written_with_its_meaning() {
    let mut snapshot = three();
    let alpha = &mut snapshot.scopes[0].functions[0];
    alpha.metrics = FunctionMetrics { invocations: Some(1200.0), error_rate: Some(0.02), ..metrics(24.0, 0) };
    alpha.aliases = vec![AliasTraffic {
        name: "live".to_string(),
        version: Some("7".to_string()),
        additional: [("8".to_string(), 0.1)].into(),
        throttles: None,
        versions: [("7", Some(0.9)), ("8", Some(0.1)), ("6", None)]
            .map(|(version, weight)| VersionTraffic {
                version: version.to_string(),
                weight,
                ..VersionTraffic::default()
            })
            .into(),
    }];
    let expected = [
        (Column::Status, "errors", Meaning::Warning),
        (Column::Function, "alpha", Meaning::Normal),
        (Column::Scope, "eu-west-1", Meaning::Muted),
        (Column::Invocations, "1200", Meaning::Normal),
        (Column::Errors, "24", Meaning::Warning),
        (Column::ErrorRate, "2%", Meaning::Warning),
        (Column::Throttles, "0", Meaning::Muted),
        (Column::Concurrency, "24", Meaning::Normal),
        (Column::P50, "24ms", Meaning::Normal),
        (Column::P99, "24ms", Meaning::Normal),
        (Column::DeadLetters, "20", Meaning::Warning),
        (Column::Split, "live 7:90% 8:10%", Meaning::Series2),
        (Column::Runtime, "nodejs22.x", Meaning::Muted),
        (Column::Memory, "512M", Meaning::Muted),
        (Column::Age, "1m", Meaning::Muted),
    ];
    for (column, word, meaning) in expected {
        assert_eq!(said(&snapshot, "alpha", column), (word.to_string(), meaning), "{}", column.name());
    }
}

#[test]
fn concurrency_stands_against_the_reservation() {
    // In use, reserved -> text and meaning.
    let cases = [
        (Some(3.0), None, "3", Meaning::Normal),
        (Some(3.0), Some(5), "3/5", Meaning::Normal),
        (Some(5.0), Some(5), "5/5", Meaning::Critical),
        (Some(0.0), Some(5), "0/5", Meaning::Normal),
        (Some(0.0), Some(0), "0/0", Meaning::Critical),
        (None, Some(5), "–/5", Meaning::Normal),
        (None, Some(0), "–/0", Meaning::Critical),
        (None, None, "–", Meaning::Muted),
    ];
    for (used, reserved, word, meaning) in cases {
        let fixture = Fixture::new().listed("f", &[]).with(Payload::Reserved("f".into(), reserved));
        let mut snapshot = fixture.snapshot();
        snapshot.scopes[0].functions[0].metrics = FunctionMetrics { concurrent_executions: used, ..metrics(1.0, 0) };
        assert_eq!(said(&snapshot, "f", Column::Concurrency), (word.to_string(), meaning), "{used:?} {reserved:?}");
    }
}

#[test]
fn half_of_the_shared_pool_is_worth_a_look() {
    // In use, reserved, of an unreserved pool of 900.
    let cases = [(449.0, None, Meaning::Normal), (450.0, None, Meaning::Warning), (450.0, Some(900), Meaning::Normal)];
    let limits = AccountLimits { concurrent_executions: 1000, unreserved_concurrent_executions: Some(900) };
    for (used, reserved, meaning) in cases {
        let fixture = Fixture::new()
            .listed("f", &[(Metric::ConcurrentExecutions, used)])
            .with(Payload::Limits(limits))
            .with(Payload::Reserved("f".into(), reserved));
        assert_eq!(said(&fixture.snapshot(), "f", Column::Concurrency).1, meaning, "{used} {reserved:?}");
    }
}

#[test]
fn a_function_is_idle_only_where_the_region_is_seen() {
    let silent = Fixture::new().listed("f", &[]);
    assert_eq!(said(&silent.snapshot(), "f", Column::Status).0, "–");
    let seen = silent.points(&Subject::Region, Metric::Invocations, &[(0, 5.0)]);
    assert_eq!(said(&seen.snapshot(), "f", Column::Status).0, "idle");
}

#[test]
fn a_trend_ends_with_the_newest_complete_minute_and_keeps_its_gaps() {
    let snapshot = Fixture::new()
        .points(&function("f"), Metric::Invocations, &[(-1, 99.0), (0, 4.0), (2, 0.0), (4, 7.0)])
        .points(&function("f"), Metric::Errors, &[(0, 1.0), (3, 2.0)])
        .points(&function("f"), Metric::Throttles, &[(0, 5.0), (1, 0.0)])
        .snapshot();
    let trend = |column| cell(&snapshot, row(&snapshot, "f"), column, 4).unwrap();
    let invocations = vec![None, Some(0.0), None, Some(4.0)];
    assert_eq!(trend(Column::Trend), Cell::Trend(invocations, 2, Meaning::Series1));
    let trouble = vec![Some(2.0), None, Some(0.0), Some(6.0)];
    assert_eq!(trend(Column::Trouble), Cell::Trend(trouble, 2, Meaning::Critical));
}

#[test]
fn names_from_outside_cannot_drive_a_terminal() {
    let hostile = "x\u{1b}[2J\u{9b}31m\u{202e}";
    let info = FunctionInfo { runtime: Some(hostile.to_string()), ..info(hostile) };
    let fixture = Fixture::new().in_scope(Some(hostile), hostile).with(Payload::Functions(vec![info]));
    let mut snapshot = fixture.snapshot();
    snapshot.scopes[0].functions[0].aliases = vec![AliasTraffic {
        name: hostile.to_string(),
        version: None,
        additional: [(hostile.to_string(), 0.5)].into(),
        throttles: None,
        versions: vec![VersionTraffic { version: hostile.to_string(), weight: Some(0.5), ..VersionTraffic::default() }],
    }];
    let shown = rows(&snapshot, &Query::default())[0];
    for column in Column::ALL {
        if let Some(Cell::Text(word, _)) = cell(&snapshot, shown, column, 0) {
            assert_eq!(text::clean(&word), word, "{}", column.name());
        }
    }
}

#[test]
fn what_the_logs_say_takes_the_place_of_the_metrics() {
    let mut snapshot = three();
    let (mut logs, mut bound) = (live(), live());
    logs.total.invocations = 20;
    // With SnapStart there are no init phases but restore phases.
    logs.total.init_ms = Quantiles::default();
    logs.total.restore_ms.p95 = Some(250.0);
    bound.total.init_ms.p95 = Some(700.0);
    bound.lower_bound = vec![Bound::Sampled];
    // Gamma has the higher numbers in the metrics.
    let gamma = row(&snapshot, "gamma");
    snapshot.scopes[0].functions[0].live = Some(Arc::new(bound));
    snapshot.scopes[gamma.scope].functions[gamma.function].live = Some(Arc::new(logs));
    for (column, bounded, exact) in [
        (Column::Invocations, "≥120", "•20"),
        (Column::Errors, "≥3", "3"),
        (Column::ErrorRate, "2.5%", "15%"),
        (Column::Concurrency, "20", "4"),
        (Column::P50, "40ms", "40ms"),
        (Column::P99, "120ms", "120ms"),
        (Column::ColdStarts, "1.7%", "10%"),
        (Column::InitP95, "700ms", "250ms"),
        (Column::Age, "•2s", "•2s"),
    ] {
        assert_eq!(said(&snapshot, "alpha", column).0, bounded, "{}", column.name());
        assert_eq!(said(&snapshot, "gamma", column).0, exact, "{}", column.name());
    }
    assert_eq!(said(&snapshot, "gamma", Column::Status), ("FAILING".to_string(), Meaning::Critical));
    assert_eq!(said(&snapshot, "alpha", Column::Age).1, Meaning::Ok, "how fresh it is stands out");
    let sorted = names(&snapshot, &Query { sort: Column::Invocations, ..Query::default() });
    assert_eq!(sorted, ["alpha", "gamma", "beta"], "by what is shown");
}

#[test]
fn a_lower_bound_stands_against_the_reservation_too() {
    let fixture = Fixture::new().listed("f", &[]).with(Payload::Reserved("f".into(), Some(5)));
    let mut snapshot = fixture.snapshot();
    let logs = FunctionLive { lower_bound: vec![Bound::Gap], ..live() };
    snapshot.scopes[0].functions[0].live = Some(Arc::new(logs));
    assert_eq!(said(&snapshot, "f", Column::Concurrency).0, "≥4/5");
}
