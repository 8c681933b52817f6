//! `recursion.dropped`: the function calls itself in a circle, and Lambda's loop detection drops its invocations.

use super::advice::{self, REPORTS};
use super::counted::Counted;
use super::words::count;
use super::{Case, Found, FunctionCase, Rule};
use lambda_model::finding::{Kind, Severity};
use lambda_model::metric::Metric;

/// The rule.
pub(super) struct RecursionDropped;

impl Rule for RecursionDropped {
    fn kind(&self) -> Kind {
        Kind::RecursionDropped
    }

    fn check(&self, case: &Case<'_>) -> Vec<Found> {
        case.function.and_then(|function| found(case, &function)).into_iter().collect()
    }
}

fn found(case: &Case<'_>, function: &FunctionCase<'_>) -> Option<Found> {
    let dropped = Counted::of(case, function, Metric::RecursiveInvocationsDropped)?;
    let name = function.name();
    let calls = Counted::sum(case, dropped.held, |minute| function.value(Metric::Invocations, minute));
    let mut evidence = vec![dropped.words("invocation was dropped", "invocations were dropped")];
    evidence.extend(calls.map(|calls| format!("{} invocations in the same time", count(calls.sum))));
    evidence.push("Lambda drops a chain of calls after about 16 rounds through SQS, SNS, S3 or Lambda".to_string());
    Some(Found {
        severity: Severity::Critical,
        alias: None,
        affected: Vec::new(),
        since: dropped.since(),
        confidence: 0.99,
        summary: format!("{name} calls itself in a circle: {} chains a minute are cut", count(dropped.per_minute())),
        evidence,
        next: vec![
            advice::lambda(case, function, "get-function-recursion-config", ""),
            advice::tail(case, function, &REPORTS),
            // Stops the loop, and the function with it.
            advice::lambda(case, function, "put-function-concurrency", "--reserved-concurrent-executions 0"),
        ],
        impact: dropped.per_minute(),
    })
}

#[cfg(test)]
mod tests;
