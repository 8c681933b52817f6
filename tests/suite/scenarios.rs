//! Every scenario of the demo on screen, against the text files in `tests/snapshots/scenarios`.

use lambda_simulator::{self, Scenario};

use crate::test_app::TestApp;

fn check(name: &str, screen: &str, app: &TestApp) {
    insta::with_settings!({ snapshot_path => "../snapshots/scenarios", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(format!("{name}_{screen}"), app.screen());
    });
}

/// The function to look at: what the scenario is about, or else the first of the table.
fn subject(scenario: &Scenario, app: &TestApp) -> String {
    let subject = scenario.truths().iter().find_map(|truth| truth.function.clone());
    subject.unwrap_or_else(|| app.selected())
}

/// The table, the pane of the function it is about, and the traffic, some minutes after one began to watch.
async fn screens(name: &str) {
    let scenario = lambda_simulator::scenario(name).unwrap();
    let app = TestApp::demo(name, 120, 40).await;
    check(name, "functions", &app);
    let function = subject(&scenario, &app);
    let app = app.keys("t").await.keys("<2s>").await;
    check(name, "traffic", &app);
    let app = app.keys(&format!("<esc>/{function}<enter><enter>")).await.keys("<2s>").await;
    check(name, "function", &app);
}

macro_rules! scenarios {
    ($($test:ident: $name:literal),+ $(,)?) => {
        $(#[tokio::test(start_paused = true)]
        async fn $test() {
            screens($name).await;
        })+

        #[test]
        fn none_is_forgotten() {
            let known: Vec<&str> = lambda_simulator::scenarios().iter().map(|scenario| scenario.name).collect();
            assert_eq!(known, [$($name),+]);
        }
    };
}

scenarios! {
    mixed: "mixed",
    calm: "calm",
    region_limit: "region-limit",
    reserved_cap: "reserved-cap",
    kill_switch: "kill-switch",
    burst: "burst",
    short_calls: "short-calls",
    hidden_limit: "hidden-limit",
    provisioned_spillover: "provisioned-spillover",
    bad_canary: "bad-canary",
    slow_canary: "slow-canary",
    good_canary: "good-canary",
    cold_canary: "cold-canary",
    cold_start_storm: "cold-start-storm",
    poison_pill: "poison-pill",
    sqs_redrive: "sqs-redrive",
    iterator_lag: "iterator-lag",
    async_backlog: "async-backlog",
    slow_downstream: "slow-downstream",
    memory_creep: "memory-creep",
    near_timeout: "near-timeout",
    recursion: "recursion",
    deploy_breaks: "deploy-breaks",
    hand_made_changes: "hand-made-changes",
    flaky_aws: "flaky-aws",
    media_pipeline: "media-pipeline",
    large: "large",
    huge_logs: "huge-logs",
}
