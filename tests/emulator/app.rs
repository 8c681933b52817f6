//! The app in a terminal, on functions that really ran.

use std::collections::BTreeSet;
use std::time::Duration;

use lambda_model::operation::Operation;

use crate::ministack;
use crate::process::LAMTOP;
use crate::proxy::{Failing, Proxy};
use crate::terminal::Terminal;

/// The rest of the measured minute, and half of the one in which it is the newest complete minute.
const UNTIL_COMPLETE: Duration = Duration::from_secs(90);
const SOON: Duration = Duration::from_secs(10);

/// The first line that names `function`.
fn row<'a>(screen: &'a str, function: &str) -> &'a str {
    screen.lines().find(|line| line.contains(function)).unwrap_or_default()
}

#[tokio::test]
async fn it_shows_filters_opens_and_leaves_the_terminal_as_it_was() {
    const REGION: &str = "us-west-2";
    let emulator = ministack::shared();
    let deployed = emulator.deploy(REGION).await;
    let proxy = Proxy::start(emulator.endpoint(), Failing::Nothing).await;
    let arguments = ["--endpoint-url", proxy.endpoint(), "--region", REGION, "--inventory-rate", "15"];
    let mut app = Terminal::start(LAMTOP, &arguments, 140, 40);

    let names: Vec<_> = deployed["functions"].as_array().unwrap().iter().map(|f| f["name"].as_str().unwrap()).collect();
    app.wait_for("every function", SOON, |screen| names.iter().all(|name| screen.contains(name))).await;
    assert!(app.is_raw());
    // 5 of 20 calls failed, 5 were throttled.
    app.wait_for("the measured minute", UNTIL_COMPLETE, |screen| {
        row(screen, "e2e-failing").contains("20")
            && row(screen, "e2e-failing").contains("25")
            && row(screen, "e2e-throttled").contains('5')
    })
    .await;

    app.type_keys("/canary");
    app.wait_for("only the canary", SOON, |screen| screen.contains("e2e-canary") && !screen.contains("e2e-idle")).await;
    app.type_keys("\r");
    app.type_keys("\r");
    app.wait_for("the canary's alias", SOON, |screen| screen.contains("live") && screen.contains("e2e-canary")).await;

    proxy.wait_for(Operation::DescribeLogGroups, SOON).await;

    app.type_keys("q");
    assert_eq!(app.exit_code().await, 0);
    assert_eq!(app.leftovers(), [""; 0]);
    let entered = app.raw().windows(8).any(|bytes| bytes == b"\x1b[?1049h");
    assert!(entered, "the app has a screen of its own");

    let asked: BTreeSet<_> = proxy.recorded().into_iter().collect();
    // No stream was named, and only what a Live Tail missed is filtered for.
    let may_be_left =
        [Operation::ListShards, Operation::GetShardIterator, Operation::GetRecords, Operation::FilterLogEvents];
    // The emulator knows no deployments, so nothing more is asked about them.
    let of_deployments = [
        Operation::BatchGetDeployments,
        Operation::ListDeploymentTargets,
        Operation::BatchGetDeploymentTargets,
        Operation::GetDeploymentConfig,
    ];
    for operation in Operation::ALL {
        let may_be_left = may_be_left.contains(operation) || of_deployments.contains(operation);
        assert!(asked.contains(operation.action()) || may_be_left, "{operation}");
    }
    assert!(asked.iter().all(|action| Operation::ALL.iter().any(|known| known.action() == action)), "{asked:?}");
}
