//! `canary.failing`: a canary is worse than what it replaces. It only tells what [`crate::analysis::canary`] judged.

use super::{Case, Found, FunctionCase, Rule};
use crate::analysis::canary::{Canary, Verdict};
use lambda_model::finding::{Kind, Severity};

/// See the module.
pub(super) struct CanaryFailing;

impl Rule for CanaryFailing {
    fn kind(&self) -> Kind {
        Kind::CanaryFailing
    }

    fn check(&self, case: &Case<'_>) -> Vec<Found> {
        let Some(function) = case.function else { return Vec::new() };
        let failing = function.canaries.iter().filter(|(_, canary)| canary.verdict == Verdict::Fail);
        failing.map(|(alias, canary)| found(case, &function, alias, canary)).collect()
    }
}

fn found(case: &Case, function: &FunctionCase, alias: &str, canary: &Canary) -> Found {
    let ((failures, calls), (baseline_failures, baseline_calls)) = (canary.errors.canary, canary.errors.baseline);
    let name = function.name();
    let decisive = canary.reasons.first().map(String::as_str).unwrap_or_default();
    let summary = match decisive.strip_prefix("durations: ") {
        // Its range and what is allowed are evidence.
        Some(longer) => {
            format!("{name}:{alias}: canary {}", longer.split_once(" (").map_or(longer, |(longer, _)| longer))
        }
        None => format!(
            "{name}:{alias}: canary version {} failed {failures} of {calls} calls, version {} {baseline_failures} of \
             {baseline_calls}",
            canary.version, canary.baseline
        ),
    };
    let minutes = (case.settled().plus(1).start() - canary.since).num_minutes().max(1) as f64;
    let excess = failures - calls * (baseline_failures / baseline_calls.max(1.0));
    Found {
        severity: Severity::Critical,
        alias: Some(alias.to_string()),
        affected: Vec::new(),
        since: canary.since,
        // What the terms promise: one that is not worse is called failing with this chance at most.
        confidence: 1.0 - case.params.canary.false_fail,
        summary,
        evidence: canary.reasons.clone(),
        next: next(case, function, alias, canary),
        impact: (excess / minutes).max(0.0),
    }
}

/// Back to the version that works; while `CodeDeploy` shifts the alias, through it: it would undo another's change.
fn next(case: &Case, function: &FunctionCase, alias: &str, canary: &Canary) -> Vec<String> {
    let place = case.place();
    let back = format!(
        "aws lambda update-alias {place} --function-name {} --name {alias} --function-version {} --routing-config \
         AdditionalVersionWeights={{}}",
        function.name(),
        canary.baseline
    );
    match &canary.deployment {
        Some(progress) => vec![
            format!(
                "aws deploy stop-deployment {place} --deployment-id {} --auto-rollback-enabled",
                progress.deployment.id
            ),
            back,
        ],
        None => vec![back],
    }
}

#[cfg(test)]
mod tests;
