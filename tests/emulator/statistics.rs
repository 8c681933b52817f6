//! lamtop's statistics against those of `SciPy`, and against the integrals that they are the solutions of.

use std::io::Write as _;
use std::process::{Command, Stdio};

use lamtop::analysis::statistics::{Count, Mean, difference, incomplete_beta, ln_beta, proportion, rate_exceeds};
use serde_json::{Value, json};

use crate::venv;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulator/statistics.py");

/// What lamtop says, with what it was asked, on a grid from no invocation to more than a function ever has.
fn results() -> Vec<Value> {
    let mut results = Vec::new();
    let sizes = [1e-3, 0.5, 1.0, 3.5, 9.99, 10.0, 77.0, 1e3, 1e5, 1e7];
    for a in sizes {
        for b in sizes {
            results.push(json!(["ln_beta", [a, b], ln_beta(a, b)]));
            for x in [1e-6, 0.01, 0.2, 0.5, 0.77, 0.999] {
                results.push(json!(["incomplete_beta", [a, b, x], incomplete_beta(a, b, x)]));
            }
        }
    }
    let counts =
        [(0, 0), (0, 1), (1, 1), (0, 30), (3, 30), (0, 300), (3, 300), (300, 300), (55, 4_000), (9_000, 1_000_000)];
    let count = |(failures, calls): (u32, u32)| Count::new(f64::from(failures), f64::from(calls));
    for one in counts {
        let first = count(one);
        for threshold in [0.001, 0.01, 0.1, 0.5] {
            let exceeds = rate_exceeds(first.failures, first.calls, threshold);
            results.push(json!(["rate_exceeds", [first.failures, first.calls, threshold], exceeds]));
        }
        for alpha in [0.01, 0.05] {
            results.push(json!(["proportion", [first.failures, first.calls, alpha], proportion(first, alpha)]));
            for second in counts.map(count) {
                let asked = [first.failures, first.calls, second.failures, second.calls, alpha];
                results.push(json!(["difference", asked, difference(first, second, alpha)]));
            }
        }
    }
    for values in [&[0.1, 0.2][..], &[0.5, 0.7, 0.6, 0.65], &[0.1, -0.3, 0.2, 0.0, 0.4, 0.1, 0.15, -0.1, 0.3, 0.2]] {
        let mut mean = Mean::default();
        for value in values {
            mean.add(*value);
        }
        for alpha in [0.01, 0.05] {
            results.push(json!(["mean", [values, &[alpha]], mean.interval(alpha)]));
        }
    }
    results
}

#[test]
fn statistics_agree_with_scipy() {
    let mut python = Command::new(venv::python())
        .arg(SCRIPT)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("Python starts");
    let results = results();
    let input = serde_json::to_vec(&results).unwrap();
    python.stdin.take().unwrap().write_all(&input).unwrap();
    let output = python.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said.trim(), format!("{} agree", results.len()));
}
