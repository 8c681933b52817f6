//! Every operation fails in turn: lamtop says so and loses only what that operation feeds.

use futures::StreamExt as _;
use lambda_model::operation::Operation;
use serde_json::Value;

use crate::document::{Tolerance, differences};
use crate::ministack;
use crate::proxy::{Failing, Fault, Proxy};
use crate::snapshot::{UNKNOWN, asked, document, snapshot, snapshot_of};

const REGION: &str = "eu-west-1";

/// What two snapshots of one state do not share: the time, what grows with it, and what is judged or counted.
const VOLATILE: &[&str] =
    &["at", "as_of", "since", "oldest_age_s", "growth_per_min", "decided_in_s", "findings", "health", "cost"];

/// Two snapshots may fall on either side of a minute's end. Three times in a row they do not.
const ATTEMPTS: usize = 3;

/// The members of the document that are known through an operation.
fn feeds(operation: Operation) -> &'static [&'static str] {
    match operation {
        Operation::GetCallerIdentity => &["account"],
        Operation::GetAccountSettings => &["limit", "unreserved_limit", "headroom"],
        Operation::ListFunctions => &["functions"],
        // Which versions an alias runs is known from their metrics too.
        Operation::ListAliases => &["version", "additional", "weight", "canary"],
        Operation::GetFunctionConcurrency => &["reserved_concurrency"],
        Operation::ListProvisionedConcurrencyConfigs => &["provisioned_concurrency"],
        Operation::ListFunctionEventInvokeConfigs | Operation::GetQueueUrl | Operation::GetQueueAttributes => {
            &["dead_letters"]
        }
        Operation::ListEventSourceMappings => &["event_sources", "dead_letters"],
        // Metrics that only some functions have are asked for only where they are listed.
        Operation::ListMetrics => &["async_events_received"],
        Operation::GetMetricData => &[
            "metrics",
            "in_use",
            "unreserved_in_use",
            "claimed",
            "headroom",
            "share",
            "invocations",
            "errors",
            "error_rate",
            "duration_ms",
            "reasons",
        ],
        // Only what is on screen is followed, and the emulator does not know CodeDeploy.
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
        | Operation::GetRecords => &[],
    }
}

#[tokio::test]
async fn a_failing_operation_costs_only_what_it_feeds() {
    let emulator = ministack::shared();
    let deployed = emulator.deploy(REGION).await;
    // From then on the measured minute is complete, so that there are metrics to lose.
    snapshot_of(&deployed["minute"], emulator.endpoint(), REGION).await;
    let mut operations = asked();
    // First those that lose something only while the measured minute is the newest complete one.
    operations.sort_by_key(|operation| !operation.action().starts_with("cloudwatch:"));
    let cases = operations
        .into_iter()
        .flat_map(|operation| [(operation, Fault::Denied, "denied"), (operation, Fault::Unknown, "unsupported")]);
    futures::stream::iter(cases)
        .for_each_concurrent(2, async |(operation, fault, state)| {
            let mut wrong = Vec::new();
            for _ in 0..ATTEMPTS {
                let (whole, rest) = tokio::join!(
                    read(emulator.endpoint(), Failing::Nothing),
                    read(emulator.endpoint(), Failing::One(operation, fault)),
                );
                wrong = failed(&whole, &rest, operation, state);
                if wrong.is_empty() {
                    return;
                }
            }
            panic!("{operation} {state}:\n{}", wrong.join("\n"));
        })
        .await;
}

/// What is wrong with the document `rest`, made while `operation` failed, where `whole` is how it should be.
fn failed(whole: &Value, rest: &Value, operation: Operation, state: &str) -> Vec<String> {
    let mut wrong = differences(whole, rest, Tolerance { ignored: VOLATILE, blank: feeds(operation) });
    if differences(whole, rest, Tolerance { ignored: VOLATILE, blank: &[] }).is_empty() {
        wrong.push("nothing is lost, so this shows nothing".into());
    }
    let health = rest["health"].as_array().map(Vec::as_slice).unwrap_or_default();
    let others = health.iter().filter(|line| ![operation, UNKNOWN].iter().any(|one| line["operation"] == one.action()));
    for line in others.filter(|line| line["state"] != "ok") {
        wrong.push(format!("another operation is not well: {line}"));
    }
    match health.iter().find(|line| line["operation"] == operation.action()) {
        Some(line) if line["state"] == state && line["detail"].is_string() => {}
        line => wrong.push(format!("health says {line:?}")),
    }
    wrong
}

async fn read(upstream: &str, failing: Failing) -> Value {
    let proxy = Proxy::start(upstream, failing).await;
    document(&snapshot(proxy.endpoint(), REGION).await)
}

#[tokio::test]
async fn when_everything_fails_it_says_why_and_ends_with_3() {
    for fault in [Fault::Denied, Fault::Unknown] {
        let proxy = Proxy::start(ministack::shared().endpoint(), Failing::Everything(fault)).await;
        let run = snapshot(proxy.endpoint(), REGION).await;
        assert_eq!(run.code, Some(3), "{fault:?}: {run:?}");
        for part in ["error: ", "cause: ", "hint: "] {
            assert!(run.stderr.lines().any(|line| line.starts_with(part)), "{fault:?}: {run:?}");
        }
    }
}
