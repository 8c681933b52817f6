//! The `lamtop` program on live logs: of the demo, of a file and of standard input.

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::process::{self, LAMTOP};

const LOG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/logs/checkout.log");

/// The document that `lamtop snapshot` prints with these arguments.
async fn snapshot(arguments: &[&str]) -> Value {
    let run = process::lamtop(&[&["snapshot", "--format", "json"], arguments].concat()).await;
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    serde_json::from_str(&run.stdout).unwrap()
}

fn function<'a>(document: &'a Value, name: &str) -> &'a Value {
    let functions = document["scopes"][0]["functions"].as_array().unwrap();
    functions.iter().find(|function| function["name"] == name).unwrap_or_else(|| panic!("no {name} in {document:#}"))
}

/// What `tests/logs/checkout.log` tells, whichever way it is read, of a function of this name.
fn check_log(document: &Value, name: &str) {
    assert_eq!(document["source"], "replay");
    let live = &function(document, name)["live"];
    let expected = json!({
        "as_of": "2026-11-22T10:00:03Z", "window_s": 60, "source": "file",
        "invocations": 3, "errors": 2, "timeouts": 1, "out_of_memory": 0, "cold_starts": 1,
        "init_ms": { "p50": 389.81, "p95": 389.81, "max": 389.81 },
        "max_memory_used_mb": 311,
    });
    for (member, value) in expected.as_object().unwrap() {
        assert_eq!(&live[member], value, "{member}: {live:#}");
    }
    // The invocation that timed out, and one that has begun.
    assert_eq!(live["concurrency"], 1, "{live:#}");
    assert_eq!(live["duration_ms"]["max"], 3000.0);
    assert_eq!(document["health"], json!([]), "no account is asked");
}

#[tokio::test]
async fn a_log_file_tells_what_happened_without_an_account() {
    check_log(&snapshot(&["--logs", &format!("file:{LOG}")]).await, "checkout");
    let gone = process::lamtop(&["snapshot", "--logs", "file:/no/such.log"]).await;
    assert_eq!((gone.code, &*gone.stdout), (Some(2), ""));
    assert!(gone.stderr.contains("cannot read /no/such.log"), "{}", gone.stderr);
}

#[tokio::test]
async fn a_log_comes_through_standard_input() {
    let home = TempDir::new().unwrap();
    let mut command = process::isolated(LAMTOP, home.path());
    command.args(["snapshot", "--format", "json", "--logs", "file:-"]);
    command.stdin(std::fs::File::open(LOG).unwrap()).stdout(Stdio::piped()).kill_on_drop(true);
    let output = tokio::time::timeout(Duration::from_mins(1), command.output()).await.unwrap().unwrap();
    check_log(&serde_json::from_slice(&output.stdout).unwrap(), "stdin");
}

#[tokio::test]
async fn a_snapshot_that_waits_has_live_numbers() {
    let document = snapshot(&["--demo", "mixed", "--wait", "4"]).await;
    let live = &function(&document, "image-resize")["live"];
    assert_eq!((&live["source"], &live["lower_bound"]), (&json!("tail"), &json!(true)), "{live:#}");
    assert!(live["invocations"].as_u64().unwrap() > 20, "{live:#}");
    let concurrency = &document["scopes"][0]["concurrency"];
    assert!(concurrency["live_in_use"].as_u64().unwrap() > 20, "{concurrency:#}");
    assert_eq!(concurrency["live_lower_bound"], true);
    let at_once = snapshot(&["--demo", "mixed"]).await;
    assert_eq!(function(&at_once, "image-resize")["live"], Value::Null, "nobody waited");
}
