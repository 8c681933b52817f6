//! `lamtop snapshot` against functions that really ran: every number is compared with what happened to them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use lambda_model::operation::Operation;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::document::{Tolerance, differences};
use crate::ministack;
use crate::process::{self, Finished};
use crate::proxy::{Failing, Proxy};

/// The rest of the measured minute, and half of the one in which it is the newest complete minute.
const UNTIL_COMPLETE: Duration = Duration::from_secs(90);

/// What a snapshot asks for in vain: the emulator does not know `CodeDeploy`, so that its other operations are not asked.
pub(crate) const UNKNOWN: Operation = Operation::ListDeployments;

/// What a snapshot asks for and is answered: all but [`UNKNOWN`], what would follow it, and what only reading logs
/// needs.
pub(crate) fn asked() -> Vec<Operation> {
    let left_out = |operation: &Operation| {
        matches!(
            operation,
            Operation::ListDeployments
                | Operation::BatchGetDeployments
                | Operation::ListDeploymentTargets
                | Operation::BatchGetDeploymentTargets
                | Operation::GetDeploymentConfig
                | Operation::DescribeLogGroups
                | Operation::FilterLogEvents
                | Operation::StartLiveTail
                | Operation::ListShards
                | Operation::GetShardIterator
                | Operation::GetRecords
        )
    };
    Operation::ALL.iter().copied().filter(|operation| !left_out(operation)).collect()
}

/// Runs `lamtop snapshot --format json` on one Region.
pub(crate) async fn snapshot(endpoint: &str, region: &str) -> Finished {
    // As fast as the control plane allows: the emulator is ours alone.
    let pace = ["--inventory-rate", "15"];
    let arguments = ["snapshot", "--format", "json", "--endpoint-url", endpoint, "--region", region];
    process::lamtop(&[&arguments[..], &pace].concat()).await
}

/// The document a run printed.
///
/// # Panics
/// When the run failed.
pub(crate) fn document(run: &Finished) -> Value {
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("not JSON ({error}):\n{}", run.stdout))
}

/// Takes snapshots until one is of `minute`. Returns it and the actions it asked for, request by request.
///
/// # Panics
/// When that takes longer than the minute can be the newest complete one.
pub(crate) async fn snapshot_of(minute: &Value, endpoint: &str, region: &str) -> (Value, Vec<String>) {
    let looking = timeout(UNTIL_COMPLETE, async {
        loop {
            let proxy = Proxy::start(endpoint, Failing::Nothing).await;
            let snapshot = document(&snapshot(proxy.endpoint(), region).await);
            if snapshot.pointer("/scopes/0/concurrency/as_of") == Some(minute) {
                return (snapshot, proxy.recorded());
            }
        }
    });
    looking.await.unwrap_or_else(|_| panic!("no snapshot of {minute} within {UNTIL_COMPLETE:?}"))
}

#[tokio::test]
async fn the_snapshot_says_what_really_happened() {
    const REGION: &str = "us-east-1";
    let emulator = ministack::shared();
    let mut deployed = emulator.deploy(REGION).await;
    let minute = deployed["minute"].take();
    let (snapshot, requests) = snapshot_of(&minute, emulator.endpoint(), REGION).await;

    assert_eq!(snapshot["schema"], "lamtop.snapshot/1");
    assert_eq!(snapshot["source"], "aws");
    assert_eq!(snapshot["scopes"].as_array().map(Vec::len), Some(1));
    let wrong = differences(&deployed, &snapshot["scopes"][0], Tolerance { ignored: &["minute"], blank: &[] });
    assert!(wrong.is_empty(), "{}\n{snapshot:#}", wrong.join("\n"));

    let state = |operation| if operation == UNKNOWN { "unreachable" } else { "ok" };
    let asked = asked().into_iter().chain([UNKNOWN]).map(|operation| (operation.action(), state(operation)));
    let asked: BTreeMap<_, _> = asked.collect();
    let health = snapshot["health"].as_array().unwrap();
    let reported: BTreeMap<_, _> =
        health.iter().filter_map(|line| Some((line["operation"].as_str()?, line["state"].as_str()?))).collect();
    assert_eq!((reported, health.len()), (asked.clone(), asked.len()), "{:#}", snapshot["health"]);

    let asked: BTreeSet<_> = asked.into_keys().collect();
    assert_eq!(requests.iter().map(String::as_str).collect::<BTreeSet<_>>(), asked);
    assert_eq!(snapshot["cost"]["requests"], requests.len(), "{requests:#?}");
}

/// Functions that run while lamtop polls their logs, and lines that come through a Live Tail.
#[tokio::test]
async fn what_really_runs_is_counted() {
    const REGION: &str = "eu-south-2";
    let emulator = ministack::shared();
    emulator.make_live(REGION, &["invoke", "1"]).await;
    for way in ["poll", "auto"] {
        let arguments = ["snapshot", "--format", "json", "--logs", way, "--wait", "12"];
        let place = ["--endpoint-url", emulator.endpoint(), "--region", REGION];
        let arguments = [&arguments[..], &place].concat();
        let (run, made) = tokio::join!(process::lamtop(&arguments), emulator.make_live(REGION, &["invoke", "7"]));
        assert_eq!(made["requests"].as_array().unwrap().len(), 7);
        let document = document(&run);
        let functions = document["scopes"][0]["functions"].as_array().unwrap();
        let live = &functions.iter().find(|function| function["name"] == "e2e-live").unwrap()["live"];
        // An invocation's own lines do not reach MiniStack's Live Tail, so only the session is seen.
        if way == "auto" {
            assert_eq!(live["source"], "tail", "{live:#}");
            assert!(document["cost"]["live_tail_minutes"].as_f64().unwrap() > 0.1, "{}", document["cost"]);
            continue;
        }
        assert_eq!(live["source"], "poll", "{live:#}");
        assert!(live["invocations"].as_u64().unwrap() >= 7, "{live:#}");
        assert_eq!((&live["errors"], &live["timeouts"]), (&json!(0), &json!(0)));
        assert!(live["duration_ms"]["p50"].as_f64().unwrap() > 0.0);
    }
}
