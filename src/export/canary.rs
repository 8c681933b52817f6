//! A canary's verdict as plain text: the word, the reasons with their numbers, and what is still needed.

use std::fmt::Write as _;

use crate::analysis::canary::{Canary, Progress, Verdict};
use crate::analysis::traffic::AliasTraffic;
use crate::snapshot::FunctionSnapshot;
use crate::view::canary::reasons;
use crate::view::units::{self, MISSING};
use chrono::TimeDelta;
use lambda_model::text::clean;

/// The verdict on the canary of `alias`, for people.
pub(crate) fn text(function: &FunctionSnapshot, alias: &AliasTraffic, canary: &Canary) -> String {
    let mut out = String::new();
    let name = format!("{}:{}", function.state.name, alias.name);
    let word = match canary.verdict {
        Verdict::Pass => "PASS",
        Verdict::Fail => "FAIL",
        Verdict::NotEnoughData => "NOT ENOUGH DATA",
    };
    let _ = writeln!(out, "{word}  {}  version {} against {}", clean(&name), canary.version, canary.baseline);
    for reason in reasons(canary) {
        let _ = writeln!(out, "  · {}", clean(&reason));
    }
    for version in &alias.versions {
        let percent = |share: Option<f64>| share.map_or_else(|| MISSING.to_string(), units::percent);
        let _ = writeln!(
            out,
            "  · version {} is to get {} and got {} of the calls",
            version.version,
            percent(version.weight),
            percent(version.share),
        );
    }
    if let Some(wanted) = still_needed(canary) {
        let _ = writeln!(out, "  · {wanted}");
    }
    if let Some(Progress { deployment, next_step_in_s }) = &canary.deployment {
        let config = deployment.config.as_deref().unwrap_or(MISSING);
        let next = next_step_in_s.map(|seconds| format!(", next step in {}", span(seconds))).unwrap_or_default();
        let _ = writeln!(out, "  · deployment {} ({config}) {}{next}", deployment.id, deployment.status);
    }
    out
}

/// What the verdict waits for, in words; `None` once decided.
pub(crate) fn still_needed(canary: &Canary) -> Option<String> {
    let calls = canary.calls_needed?;
    let when = canary.decided_in_s.map(|seconds| format!(", about {} at this rate", span(seconds)));
    Some(format!("needs {calls} more invocations of version {}{}", canary.version, when.unwrap_or_default()))
}

fn span(seconds: u64) -> String {
    units::span(TimeDelta::seconds(i64::try_from(seconds).unwrap_or(i64::MAX / 1000)))
}
