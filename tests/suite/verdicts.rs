//! The commands that judge, run as users and pipelines run them: what they print, and what their exit codes say.

use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::process::{self, Finished};

async fn lamtop(arguments: &[&str]) -> Finished {
    process::lamtop(arguments).await
}

fn document(run: &Finished) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", run.stdout, run.stderr))
}

fn kinds(document: &Value) -> Vec<&str> {
    document["findings"].as_array().unwrap().iter().filter_map(|finding| finding["kind"].as_str()).collect()
}

#[tokio::test]
async fn a_check_tells_by_its_exit_code_how_bad_it_is() {
    let bad = lamtop(&["check", "--demo", "reserved-cap", "--format", "json"]).await;
    assert_eq!(bad.code, Some(1), "{}", bad.stderr);
    let told = document(&bad);
    assert!(kinds(&told).contains(&"throttle.reserved_limit"), "{:?}", kinds(&told));
    let functions = told["scopes"][0]["functions"].as_array().unwrap();
    let concerned: Vec<&Value> = functions.iter().map(|function| &function["name"]).collect();
    assert_eq!(concerned, [&json!("seat-hold")], "only what is concerned");

    let calm = lamtop(&["check", "--demo", "calm", "--fail-on", "info", "--format", "table"]).await;
    assert_eq!(calm.code, Some(0), "{}{}", calm.stdout, calm.stderr);
    assert!(calm.stdout.starts_with("no findings: "), "{}", calm.stdout);
}

#[tokio::test]
async fn a_check_prints_csv_where_a_flag_or_the_environment_says_so() {
    let check = ["check", "--demo", "reserved-cap"];
    let by_flag = lamtop(&[&check[..], &["--format", "csv"]].concat()).await;
    let home = TempDir::new().unwrap();
    let mut command = process::isolated(process::LAMTOP, home.path());
    command.args(check).env("LAMTOP_FORMAT", "csv");
    let by_environment = process::run(command, Duration::from_mins(2)).await;
    for run in [by_flag, by_environment] {
        assert_eq!(run.code, Some(1), "{}", run.stderr);
        let lines: Vec<&str> = run.stdout.lines().collect();
        assert!(lines[0].starts_with("kind,severity,scope,function,"), "{}", lines[0]);
        assert!(lines[1..].iter().any(|line| line.starts_with("throttle.reserved_limit,critical,")), "{}", run.stdout);
    }
}

#[tokio::test]
async fn a_format_that_a_command_does_not_have_is_an_error() {
    let home = TempDir::new().unwrap();
    let mut command = process::isolated(process::LAMTOP, home.path());
    command.args(["canary", "ride-dispatch:live", "--demo", "bad-canary"]).env("LAMTOP_FORMAT", "csv");
    let run = process::run(command, Duration::from_mins(2)).await;
    assert_eq!((run.code, &*run.stdout), (Some(2), ""), "{}", run.stderr);
    assert!(run.stderr.contains("the format is set to csv"), "{}", run.stderr);
}

#[tokio::test]
async fn a_filter_narrows_the_check() {
    let run = lamtop(&["check", "--demo", "reserved-cap", "--filter", "seat-map", "--format", "json"]).await;
    assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
    assert_eq!(kinds(&document(&run)), Vec::<&str>::new());
}

/// Nothing found means nothing where nothing could be read.
#[tokio::test]
async fn a_check_without_metrics_does_not_say_that_all_is_well() {
    let home = TempDir::new().unwrap();
    let scenario = home.path().join("blind.toml");
    let calm =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/crates/lambda-simulator/scenarios/02-calm.toml"))
            .unwrap();
    let denied = "\n[[api_fault]]\noperation = \"cloudwatch:GetMetricData\"\nfrom_min = 0\nanswer = \"denied\"\n";
    std::fs::write(&scenario, calm + denied).unwrap();
    let run = lamtop(&["check", "--demo", scenario.to_str().unwrap(), "--format", "table"]).await;
    assert_eq!(run.code, Some(4), "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("cloudwatch:GetMetricData denied"), "{}", run.stdout);
}

#[tokio::test]
async fn a_canary_that_fails_is_reported_at_once() {
    let arguments = ["canary", "ride-dispatch:live", "--demo", "bad-canary", "--wait", "--speed", "200"];
    let run = lamtop(&[&arguments[..], &["--format", "table"]].concat()).await;
    assert_eq!(run.code, Some(1), "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.starts_with("FAIL  ride-dispatch:live  version 58 against 57\n"), "{}", run.stdout);
}

#[tokio::test]
async fn a_canary_is_waited_for_until_it_passes() {
    let arguments =
        ["canary", "cart-total:live", "--demo", "good-canary", "--wait", "--timeout", "3h", "--speed", "300"];
    let run = lamtop(&arguments).await;
    assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
    let told = document(&run);
    assert_eq!(told["alias"]["canary"]["verdict"], "pass");
    assert!(!told["alias"]["canary"]["reasons"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn a_canary_that_is_not_decided_in_time_is_undecided() {
    let arguments =
        ["canary", "exam-grading:live", "--demo", "cold-canary", "--wait", "--timeout", "1m", "--speed", "60"];
    let run = lamtop(&arguments).await;
    assert_eq!(run.code, Some(4), "{}{}", run.stdout, run.stderr);
    assert_eq!(document(&run)["alias"]["canary"]["verdict"], "not_enough_data");
    // Somebody waits and wants to know for what.
    assert!(run.stderr.lines().count() >= 1, "{}", run.stderr);
    assert!(
        run.stderr.lines().all(|line| line.contains("exam-grading:live not enough data, needs ")),
        "{}",
        run.stderr
    );
}

#[tokio::test]
async fn what_is_no_canary_is_said() {
    let unsplit = lamtop(&["canary", "fare-estimate:live", "--demo", "bad-canary", "--format", "table"]).await;
    assert_eq!(unsplit.code, Some(4), "{}", unsplit.stderr);
    assert!(unsplit.stdout.contains("its traffic is not split"), "{}", unsplit.stdout);
    for (target, cause) in [("nobody:live", "there is no function nobody"), ("ride-dispatch:beta", "no such alias")] {
        let run = lamtop(&["canary", target, "--demo", "bad-canary"]).await;
        assert_eq!((run.code, &*run.stdout), (Some(2), ""), "{target}");
        assert!(run.stderr.contains(cause), "{target}: {}", run.stderr);
    }
}
