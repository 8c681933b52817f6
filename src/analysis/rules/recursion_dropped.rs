//! `recursion.dropped`: the function invokes itself in a loop, and Lambda's loop detection drops its invocations.

use super::advice::{self, REPORTS};
use super::case::{Case, Found, FunctionCase};
use super::counted::Counted;
use crate::analysis::fact::{Fact, Quantity};
use lambda_model::finding::Severity;
use lambda_model::metric::Metric;

/// About as many times Lambda lets an event go through SQS, SNS, S3 or Lambda and back.
const ROUNDS: f64 = 16.0;

/// What the rule finds in a case.
pub(super) fn check(case: &Case<'_>) -> Vec<Found> {
    case.function.and_then(|function| found(case, &function)).into_iter().collect()
}

fn found(case: &Case<'_>, function: &FunctionCase<'_>) -> Option<Found> {
    let dropped = Counted::of(case, function, Metric::RecursiveInvocationsDropped)?;
    let calls = Counted::sum(case, dropped.held, |minute| function.value(Metric::Invocations, minute));
    let mut facts = vec![dropped.fact(Quantity::RecursiveInvocationsDropped)];
    facts.extend(calls.map(|calls| calls.fact(Quantity::Invocations)));
    facts.push(Fact::new(Quantity::RecursionRounds, ROUNDS));
    Some(Found {
        severity: Severity::Critical,
        since: dropped.since(),
        confidence: 0.99,
        facts,
        commands: vec![
            advice::lambda(case, function, "get-function-recursion-config", &[]),
            advice::tail(case, function, &REPORTS),
            // Stops the loop, and the function with it.
            advice::reserve(case, function.name().as_str(), 0),
        ],
        impact: dropped.per_minute(),
        ..Found::default()
    })
}

#[cfg(test)]
mod tests;
