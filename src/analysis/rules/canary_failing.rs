//! `canary.failing`: a canary is worse than what it replaces. It repeats what [`crate::analysis::canary`] judged.

use super::advice;
use super::case::{Case, Found, FunctionCase};
use crate::analysis::canary::{Canary, Verdict};
use crate::analysis::finding::Command;
use lambda_model::finding::Severity;

/// What the rule finds in a case.
pub(super) fn check(case: &Case<'_>) -> Vec<Found> {
    let Some(function) = case.function else { return Vec::new() };
    let failing = function.canaries.iter().filter(|(_, canary)| canary.verdict == Verdict::Fail);
    failing.map(|(alias, canary)| found(case, &function, alias, canary)).collect()
}

fn found(case: &Case, function: &FunctionCase, alias: &str, canary: &Canary) -> Found {
    let ((failures, calls), (baseline_failures, baseline_calls)) = (canary.errors.canary, canary.errors.baseline);
    let minutes = (case.settled().plus(1).start() - canary.since).num_minutes().max(1) as f64;
    let excess = failures - calls * (baseline_failures / baseline_calls.max(1.0));
    Found {
        severity: Severity::Critical,
        alias: Some(alias.to_string()),
        since: canary.since,
        // What the terms promise: one that is not worse is called failing with this chance at most.
        confidence: 1.0 - case.params.canary.false_fail,
        facts: canary.facts.clone(),
        commands: commands(case, function, alias, canary),
        impact: (excess / minutes).max(0.0),
        ..Found::default()
    }
}

/// Back to the version that works; while `CodeDeploy` shifts the alias, through it: it would undo another's change.
fn commands(case: &Case, function: &FunctionCase, alias: &str, canary: &Canary) -> Vec<Command> {
    let stop = canary.deployment.as_ref().map(|progress| {
        let id = progress.deployment.id.as_str();
        case.aws("deploy stop-deployment --auto-rollback-enabled", &[("--deployment-id", id)])
    });
    let options = [
        ("--name", alias),
        ("--function-version", &*canary.baseline),
        ("--routing-config", "AdditionalVersionWeights={}"),
    ];
    stop.into_iter().chain([advice::lambda(case, function, "update-alias", &options)]).collect()
}

#[cfg(test)]
mod tests;
