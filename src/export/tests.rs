//! The documents themselves: with everything known, with nothing known, and against the contract.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::Value;

use super::{canary, csv, findings, json, table};
use crate::analysis::canary::{Canary, Compared, Progress, Verdict};
use crate::analysis::fact::{Fact, Quantity, Subject as About};
use crate::analysis::finding::{Command, Finding};
use crate::analysis::forecast::{Basis, Forecast};
use crate::fixture::{Fixture, executed, function, info, now};
use crate::snapshot::Snapshot;
use crate::view::functions::{Query, RowRef, rows};
use lambda_model::deployment::Deployment;
use lambda_model::failure::{Health, HealthState};
use lambda_model::finding::{Kind, Severity};
use lambda_model::function::{
    AccountLimits, Alias, EventSource, EventSourceKind, FunctionInfo, InvokeConfig, Provisioned,
};
use lambda_model::log::{LogBatch, LogEvent, LogWay};
use lambda_model::metric::{Metric, Statistic, Subject};
use lambda_model::observation::{Payload, Usage};
use lambda_model::operation::Operation;
use lambda_model::queue::QueueAttributes;
use lambda_model::{Arn, FunctionName};

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
        .with(Payload::Usage(Usage::default()))
        .with(Payload::Queue(arn("sqs", "checkout-dlq"), Some(queue(10, None))))
        .read_before(1680)
        .with(Payload::Queue(arn("sqs", "checkout-dlq"), Some(queue(12, None))))
        .read_before(0)
        .with(Payload::Account("123456789012".to_string()))
        .with(Payload::Limits(AccountLimits {
            concurrent_executions: 1000,
            unreserved_concurrent_executions: Some(900),
        }))
        .with(Payload::Usage(Usage { requests: 40, metrics_requested: 512, list_requests: 9, live_tail_s: 90 }))
        .with(Payload::Health(health(Operation::GetMetricData, HealthState::Ok, None)))
        .with(Payload::Health(health(
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

/// The same with something found, a canary and a forecast.
fn judged() -> Snapshot {
    let mut snapshot = known().snapshot();
    let scope = &mut snapshot.scopes[0];
    scope.forecast = Some(Forecast { low_s: 140.2, likely_s: 210.0, high_s: 419.9, as_of: now(), basis: Basis::Logs });
    let difference = Fact::new(Quantity::Changed, None).about(About::Setting("memory\u{1b}[2J 1024".to_string()));
    scope.findings = vec![
        found(Kind::ThrottleUnreservedPool, Severity::Critical, None, Vec::new()),
        found(Kind::ChangeConfiguration, Severity::Info, Some("checkout"), vec![difference]),
    ];
    let deployment = Deployment {
        id: "d-A1B2C3D4E".to_string(),
        application: None,
        group: None,
        config: Some("CodeDeployDefault.LambdaCanary10Percent5Minutes".to_string()),
        status: "InProgress".to_string(),
        started: None,
        shifting: None,
        auto_rollback: None,
        function: "checkout".into(),
        alias: "live".to_string(),
        current_version: None,
        target_version: None,
        target_weight: None,
    };
    let canary = Canary {
        version: "8".to_string(),
        baseline: "7".to_string(),
        verdict: Verdict::NotEnoughData,
        facts: vec![Fact::new(Quantity::Invocations, 30.0)],
        calls_needed: Some(270),
        decided_in_s: Some(540),
        since: now() - TimeDelta::minutes(4),
        decided: None,
        errors: Compared::default(),
        deployment: Some(Progress { deployment, next_step_in_s: Some(120) }),
    };
    scope.functions[0].canaries.insert("live".to_string(), canary);
    snapshot
}

fn found(kind: Kind, severity: Severity, function: Option<&str>, facts: Vec<Fact>) -> Finding {
    Finding {
        kind,
        severity,
        function: function.map(FunctionName::from),
        alias: None,
        affected: Vec::new(),
        since: now() - TimeDelta::minutes(13),
        confidence: 0.954_321,
        facts: [facts, vec![Fact::new(Quantity::ClaimedConcurrency, 1000.0).limit(1000.0)]].concat(),
        commands: vec![Command {
            program: "aws",
            arguments: ["lambda", "get-account-settings", "--region", "ap-northeast-1"].map(str::to_string).to_vec(),
        }],
        impact: 12.0,
    }
}

#[test]
fn findings_are_printed_with_their_evidence_and_the_next_command() {
    let snapshot = judged();
    let text = findings::text(&snapshot, &snapshot.findings());
    let expected = "\
CRITICAL  throttle.unreserved_pool  123456789012/ap-northeast-1  since 09:47Z (13m)  95%
  The unreserved pool is full; – requests a minute are throttled
  · Claimed concurrency 1000 of 1000
  $ aws lambda get-account-settings --region ap-northeast-1

INFO      change.configuration  checkout in 123456789012/ap-northeast-1  since 09:47Z (13m)  95%
  checkout: its configuration (memory\u{FFFD}[2J 1024) was changed at 09:47Z
  · memory\u{FFFD}[2J 1024
  · Claimed concurrency 1000 of 1000
  $ aws lambda get-account-settings --region ap-northeast-1

sqs:GetQueueAttributes denied in 123456789012/ap-northeast-1: no policy allows \"sqs:GetQueueAttributes\"\u{FFFD}[2J
1 critical, 1 info in 1 function, metrics up to 09:58Z
";
    assert_eq!(text, expected);
    assert!(findings::text(&snapshot, &[]).ends_with("no findings: 1 function, metrics up to 09:58Z\n"));
}

#[test]
fn findings_are_written_to_what_they_are_known() {
    let snapshot = judged();
    let document: Value = serde_json::from_str(&json::text(&snapshot, &every(&snapshot)).unwrap()).unwrap();
    assert_eq!(document["findings"][0]["kind"], "throttle.unreserved_pool");
    assert_eq!(document["findings"][0]["function"], Value::Null);
    assert_eq!(document["findings"][1]["confidence"], 0.954);
    assert_eq!(document["findings"][1]["facts"][0]["subject"]["kind"], "setting");
    let claimed = &document["findings"][0]["facts"][0];
    assert_eq!((&claimed["quantity"], &claimed["unit"]), (&"claimed_concurrency".into(), &"count".into()));
    assert_eq!((&claimed["value"], &claimed["limit"]), (&1000.0.into(), &1000.0.into()));
    assert_eq!((&claimed["subject"]["kind"], &claimed["bound"]), (&"region".into(), &"exact".into()));
    let command = &document["findings"][0]["commands"][0];
    assert_eq!((&command["program"], &command["arguments"][1]), (&"aws".into(), &"get-account-settings".into()));
    let range = &document["scopes"][0]["concurrency"]["forecast"]["limit_reached_in_s"];
    assert_eq!((&range["low"], &range["high"]), (&Value::from(140), &Value::from(420)));
}

#[test]
fn a_canary_is_printed_with_what_it_still_needs() {
    let snapshot = judged();
    let scope = &snapshot.scopes[0];
    let function = &scope.functions[0];
    let alias = function.aliases.iter().find(|alias| alias.name == "live").unwrap();
    let text = canary::text(function, alias, &function.canaries["live"]);
    assert!(text.starts_with("NOT ENOUGH DATA  checkout:live  version 8 against 7\n  · Invocations 30\n"), "{text}");
    assert!(text.contains("  · needs 270 more invocations of version 8, about 9m at this rate\n"), "{text}");
    assert!(
        text.contains(
            "deployment d-A1B2C3D4E (CodeDeployDefault.LambdaCanary10Percent5Minutes) InProgress, next step in 2m\n"
        ),
        "{text}"
    );
    let document: Value = serde_json::from_str(&json::alias(&snapshot, scope, function, alias).unwrap()).unwrap();
    assert_eq!(document["alias"]["canary"]["calls_needed"], 270);
    assert_eq!(document["function"], "checkout");
}

/// The columns are the members of the JSON.
#[test]
fn findings_are_written_as_csv() {
    let snapshot = judged();
    let text = csv::findings(&snapshot.findings()).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("kind,severity,scope,function,alias,since,confidence,summary,evidence,next"));
    let second = lines.nth(1).unwrap();
    assert!(second.starts_with("change.configuration,info,"), "{second}");
    assert!(
        second.contains(",checkout,,") && second.contains("(memory\u{fffd}[2J 1024) was changed at 09:47Z"),
        "{second}"
    );
    assert_eq!(lines.next(), None);
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
        code_sha256: None,
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
        event_count: true,
    };
    let provisioned = Provisioned { qualifier: "live".to_string(), requested: 4, available: 3, allocated: 3 };
    let on_failure = InvokeConfig { qualifier: "live".to_string(), on_failure: Some(arn("sns", "failed")) };
    fixture
        .with(Payload::Functions(vec![info]))
        .with(Payload::Reserved("checkout".into(), Some(50)))
        .with(Payload::Provisioned("checkout".into(), vec![provisioned]))
        .with(Payload::InvokeConfigs("checkout".into(), vec![on_failure]))
        .with(Payload::EventSources(vec![source]))
        .with(Payload::Queue(arn("sqs", "orders"), Some(queue(3, Some(arn("sqs", "orders-dlq"))))))
        .points(&Subject::Queue("checkout-dlq".to_string()), Metric::QueueOldestMessageAge, &[(1, 340.0)])
        .points(&Subject::Topic("failed".to_string()), Metric::TopicMessagesPublished, &[(1, 4.0)])
        .points(&Subject::Topic("failed".to_string()), Metric::TopicNotificationsFailed, &[(1, 1.0)])
        .points(&Subject::Mapping("5a1c".to_string()), Metric::PolledEvents, &[(1, 1200.0)])
        .points(&Subject::Mapping("5a1c".to_string()), Metric::FailedInvokeEvents, &[(1, 40.0)])
}

fn traffic(fixture: Fixture) -> Fixture {
    let alias =
        Alias { name: "live".to_string(), version: "7".to_string(), additional: [("8".to_string(), 0.1)].into() };
    let fixture = fixture.with(Payload::Aliases("checkout".into(), vec![alias]));
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
        (Metric::OffsetLag, 90.0),
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
    fixture.with(Payload::Logs(LogBatch { way: LogWay::Tail, groups: Some(vec![group]), span, left_out: None, events }))
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
    let snapshot = judged();
    let written = members_of(&json::text(&snapshot, &every(&snapshot)).unwrap());
    let contract = members_of(CONTRACT);
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
    let harmful = written.chars().find(|character| *character != '\n' && !lambda_model::text::is_safe(*character));
    assert_eq!(harmful, None);
    let document: Value = serde_json::from_str(&written).unwrap();
    assert_eq!(document["scopes"][0]["functions"][0]["name"], hostile, "nothing is lost");
}
