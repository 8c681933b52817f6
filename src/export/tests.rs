//! The documents themselves: with everything known, with nothing known, and against the contract.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::Value;

use super::{csv, json, table};
use crate::fixture::{Fixture, executed, function, info, now};
use crate::model::Arn;
use crate::model::failure::{Health, HealthState};
use crate::model::function::{
    AccountLimits, Alias, EventSource, EventSourceKind, FunctionInfo, InvokeConfig, Provisioned,
};
use crate::model::log::{LogBatch, LogEvent, LogWay};
use crate::model::metric::{Metric, Statistic, Subject};
use crate::model::observation::{Payload, Usage};
use crate::model::operation::Operation;
use crate::model::queue::QueueAttributes;
use crate::snapshot::Snapshot;
use crate::view::functions::{Query, RowRef, rows};

/// The example of the contract.
const CONTRACT: &str = include_str!("../../tests/contract/snapshot.json");

fn arn(service: &str, resource: &str) -> Arn {
    Arn::new(format!("arn:aws:{service}:ap-northeast-1:123456789012:{resource}"))
}

/// A scope of which everything is known that can be, with the function `checkout`.
fn known() -> Fixture {
    let fixture = Fixture::new()
        .in_scope(Some("prod"), "ap-northeast-1")
        .read_before(1800)
        .told(Payload::Usage(Usage::default()))
        .told(Payload::Queue(arn("sqs", "checkout-dlq"), Some(queue(10, None))))
        .read_before(1680)
        .told(Payload::Queue(arn("sqs", "checkout-dlq"), Some(queue(12, None))))
        .read_before(0)
        .told(Payload::Account("123456789012".to_string()))
        .told(Payload::Limits(AccountLimits {
            concurrent_executions: 1000,
            unreserved_concurrent_executions: Some(900),
        }))
        .told(Payload::Usage(Usage { requests: 40, metrics_requested: 512, list_requests: 9, live_tail_s: 90 }))
        .told(Payload::Health(health(Operation::GetMetricData, HealthState::Ok, None)))
        .told(Payload::Health(health(
            Operation::GetQueueAttributes,
            HealthState::Denied,
            Some("no policy allows \"sqs:GetQueueAttributes\"\u{1b}[2J"),
        )));
    let numbers = [0.0, 3.0, 7.0, 812.0, 800.0, 912.0];
    let region = Metric::REGION.iter().zip(numbers);
    let fixture =
        region.fold(fixture, |fixture, (metric, value)| fixture.points(&Subject::Region, *metric, &[(1, value)]));
    logs(metrics(traffic(configured(fixture))))
}

fn queue(depth: u64, redrive_target: Option<Arn>) -> QueueAttributes {
    QueueAttributes { depth, in_flight: 2, redrive_target }
}

fn health(operation: Operation, state: HealthState, detail: Option<&str>) -> Health {
    Health { operation, state, detail: detail.map(str::to_string), since: now() - chrono::TimeDelta::minutes(9) }
}

fn configured(fixture: Fixture) -> Fixture {
    let info = FunctionInfo {
        arn: arn("lambda", "function:checkout"),
        dead_letter_target: Some(arn("sqs", "checkout-dlq")),
        snap_start: true,
        ..info("checkout")
    };
    let source = EventSource {
        uuid: "5a1c".to_string(),
        function: "checkout".into(),
        source: Some(arn("sqs", "orders")),
        kind: Some(EventSourceKind::Sqs),
        state: "Enabled".to_string(),
        batch_size: Some(10),
        maximum_concurrency: Some(5),
        on_failure: None,
    };
    let provisioned = Provisioned { qualifier: "live".to_string(), requested: 4, available: 3, allocated: 3 };
    let on_failure = InvokeConfig { qualifier: "live".to_string(), on_failure: Some(arn("sns", "failed")) };
    fixture
        .told(Payload::Functions(vec![info]))
        .told(Payload::Reserved("checkout".into(), Some(50)))
        .told(Payload::Provisioned("checkout".into(), vec![provisioned]))
        .told(Payload::InvokeConfigs("checkout".into(), vec![on_failure]))
        .told(Payload::EventSources(vec![source]))
        .told(Payload::Queue(arn("sqs", "orders"), Some(queue(3, Some(arn("sqs", "orders-dlq"))))))
        .points(&Subject::Queue("checkout-dlq".to_string()), Metric::QueueOldestMessageAge, &[(1, 340.0)])
        .points(&Subject::Topic("failed".to_string()), Metric::TopicMessagesPublished, &[(1, 4.0)])
        .points(&Subject::Topic("failed".to_string()), Metric::TopicNotificationsFailed, &[(1, 1.0)])
}

fn traffic(fixture: Fixture) -> Fixture {
    let alias =
        Alias { name: "live".to_string(), version: "7".to_string(), additional: [("8".to_string(), 0.1)].into() };
    let fixture = fixture.told(Payload::Aliases("checkout".into(), vec![alias]));
    [("7", 900.0, 2.0), ("8", 100.0, 1.0)].into_iter().fold(fixture, |fixture, (version, invocations, errors)| {
        let version = executed("checkout", "live", version);
        let durations = [(Statistic::P50, 118.0), (Statistic::P95, 300.5), (Statistic::P99, 640.25)];
        let fixture = fixture.points(&version, Metric::Invocations, &[(1, invocations)]).points(
            &version,
            Metric::Errors,
            &[(1, errors)],
        );
        durations.into_iter().fold(fixture, |fixture, (statistic, value)| {
            fixture.statistic(&version, Metric::Duration, statistic, &[(1, value)])
        })
    })
}

fn metrics(fixture: Fixture) -> Fixture {
    let function = function("checkout");
    let counts = [
        (Metric::Invocations, 120.0),
        (Metric::Errors, 3.0),
        (Metric::Throttles, 0.0),
        (Metric::ConcurrentExecutions, 14.0),
        (Metric::AsyncEventsReceived, 20.0),
        (Metric::AsyncEventsDropped, 0.0),
        (Metric::AsyncEventAge, 812.5),
        (Metric::DeadLetterErrors, 0.0),
        (Metric::DestinationDeliveryFailures, 0.0),
        (Metric::IteratorAge, 1500.0),
        (Metric::ProvisionedSpillover, 2.0),
        (Metric::RecursiveInvocationsDropped, 0.0),
    ];
    let durations = [
        (Statistic::Average, 181.2),
        (Statistic::P50, 120.0),
        (Statistic::P95, 402.0),
        (Statistic::P99, 911.0),
        (Statistic::Maximum, 1201.0),
    ];
    let fixture =
        counts.into_iter().fold(fixture, |fixture, (metric, value)| fixture.points(&function, metric, &[(1, value)]));
    durations.into_iter().fold(fixture, |fixture, (statistic, value)| {
        fixture.statistic(&function, Metric::Duration, statistic, &[(1, value)])
    })
}

/// Five minutes of logs: a cold start, one that ran out of time, one that still runs.
fn logs(fixture: Fixture) -> Fixture {
    let group: Arc<str> = "/aws/lambda/checkout".into();
    let event = |ms_before: i64, environment: u8, message: &str| LogEvent {
        id: None,
        timestamp: now() - TimeDelta::milliseconds(ms_before),
        ingestion: now(),
        stream: format!("2026/11/22/[7]{environment:032x}").into(),
        group: Arc::clone(&group),
        message: message.to_string(),
    };
    let figures = "Billed Duration: 700 ms\tMemory Size: 512 MB\tMax Memory Used: 310 MB";
    let events = vec![
        event(9_000, 1, &format!("REPORT RequestId: a\tDuration: 119.20 ms\t{figures}\tInit Duration: 310.00 ms\t\n")),
        event(7_000, 2, &format!("REPORT RequestId: b\tDuration: 1201.00 ms\t{figures}\tStatus: timeout\n")),
        event(5_000, 2, "START RequestId: c Version: 7\n"),
    ];
    let span = Some((now() - TimeDelta::seconds(300), now()));
    fixture.told(Payload::Logs(LogBatch { way: LogWay::Tail, groups: Some(vec![group]), span, left_out: None, events }))
}

/// A scope of which nothing is known but the name of a function.
fn unknown() -> Fixture {
    Fixture::new().points(&function("forgotten"), Metric::Invocations, &[(60, 1.0)])
}

/// Both, in one document.
fn both() -> Fixture {
    known().in_scope(None, "eu-west-1").points(&function("forgotten"), Metric::Invocations, &[(60, 1.0)])
}

fn every(snapshot: &Snapshot) -> Vec<RowRef> {
    rows(snapshot, &Query::default())
}

/// Compares `text` with the document `tests/snapshots/export_NAME.snap`.
fn golden(name: &str, text: &str) {
    insta::with_settings!({
        snapshot_path => "../../tests/snapshots",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, { insta::assert_snapshot!(format!("export_{name}"), text) });
}

#[test]
fn json_documents() {
    for (name, fixture) in [("json_known", known()), ("json_unknown", unknown())] {
        let snapshot = fixture.snapshot();
        let text = json::text(&snapshot, &every(&snapshot)).unwrap();
        assert!(text.ends_with("}\n"));
        golden(name, &text);
    }
}

#[test]
fn csv_documents() {
    for (name, fixture) in [("csv_known", known()), ("csv_unknown", unknown())] {
        let snapshot = fixture.snapshot();
        golden(name, &csv::text(&snapshot, &every(&snapshot)).unwrap());
    }
}

#[test]
fn table_documents() {
    for (name, fixture) in [("table_known", known()), ("table_unknown", unknown()), ("table_two_scopes", both())] {
        let snapshot = fixture.snapshot();
        golden(name, &table::text(&snapshot, &every(&snapshot)));
    }
}

#[test]
fn the_rows_given_are_the_rows_written() {
    let snapshot = both().snapshot();
    let mut rows = every(&snapshot);
    rows.remove(0);
    let documents =
        [json::text(&snapshot, &rows).unwrap(), csv::text(&snapshot, &rows).unwrap(), table::text(&snapshot, &rows)];
    for text in documents {
        assert!(text.contains("forgotten") && !text.contains("nodejs22.x") && !text.contains("  checkout"), "{text}");
        assert!(text.contains("eu-west-1"), "{text}");
    }
}

/// Each member's path, list items under `[]`, and the kinds of its values.
fn members(path: &str, value: &Value, found: &mut BTreeMap<String, Vec<&'static str>>) {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    };
    found.entry(path.to_string()).or_default().push(kind);
    match value {
        Value::Array(items) => items.iter().for_each(|item| members(&format!("{path}[]"), item, found)),
        Value::Object(entries) => {
            entries.iter().for_each(|(key, value)| members(&format!("{path}.{key}"), value, found));
        }
        _ => {}
    }
}

fn members_of(text: &str) -> BTreeMap<String, Vec<&'static str>> {
    let mut found = BTreeMap::new();
    members("", &serde_json::from_str(text).unwrap(), &mut found);
    found
}

#[test]
fn the_members_are_those_of_the_contract() {
    // Parts of the contract whose contents a later version fills: each is there, null or empty.
    const NOT_YET: [&str; 3] =
        [".scopes[].concurrency.forecast.", ".scopes[].functions[].aliases[].canary.", ".findings[]"];
    let snapshot = known().snapshot();
    let written = members_of(&json::text(&snapshot, &every(&snapshot)).unwrap());
    let mut contract = members_of(CONTRACT);
    contract.retain(|path, _| !NOT_YET.iter().any(|part| path.starts_with(part)));
    let paths = |members: &BTreeMap<String, Vec<&str>>| members.keys().cloned().collect::<Vec<_>>();
    assert_eq!(paths(&written), paths(&contract));
    for (path, kinds) in written {
        let allowed = &contract[&path];
        // A null says nothing about the kind, on either side.
        let differs = |kind: &&&str| ![**kind, "null"].iter().any(|kind| allowed.contains(kind)) && **kind != "null";
        assert_eq!(kinds.iter().find(differs), None, "{path}");
    }
}

#[test]
fn what_is_not_known_is_null_and_never_0() {
    let snapshot = unknown().snapshot();
    let document: Value = serde_json::from_str(&json::text(&snapshot, &every(&snapshot)).unwrap()).unwrap();
    let scope = &document["scopes"][0];
    let mut found = BTreeMap::new();
    members("", &scope["concurrency"], &mut found);
    members("", &scope["functions"][0]["metrics"], &mut found);
    let numbers: Vec<&String> =
        found.iter().filter(|(_, kinds)| kinds.contains(&"number")).map(|(path, _)| path).collect();
    assert_eq!(numbers, [".period_s"], "the grid is always a minute");
}

#[test]
fn nothing_in_the_json_drives_a_terminal() {
    let hostile = "a\u{9b}31m\u{202e}b\u{e0041}\u{1b}[2J\u{7f}決済";
    let snapshot = Fixture::new().listed(hostile, &[]).snapshot();
    let written = json::text(&snapshot, &every(&snapshot)).unwrap();
    let harmful = written.chars().find(|character| *character != '\n' && !crate::model::text::is_safe(*character));
    assert_eq!(harmful, None);
    let document: Value = serde_json::from_str(&written).unwrap();
    assert_eq!(document["scopes"][0]["functions"][0]["name"], hostile, "nothing is lost");
}
