//! `async.dropped`: Lambda drops asynchronous events: too old, failed too often, or rejected for good.

use super::advice::{self, ERRORS};
use super::case::{Case, Found, FunctionCase};
use super::counted::Counted;
use crate::analysis::fact::{Fact, Quantity, Subject};
use lambda_model::finding::Severity;
use lambda_model::metric::Metric;
use lambda_model::queue::TargetRole;

/// What the rule finds in a case.
pub(super) fn check(case: &Case<'_>) -> Vec<Found> {
    case.function.and_then(|function| found(case, &function)).into_iter().collect()
}

fn found(case: &Case<'_>, function: &FunctionCase<'_>) -> Option<Found> {
    let dropped = Counted::of(case, function, Metric::AsyncEventsDropped)?;
    let targets: Vec<_> =
        function.dead_letters.iter().filter(|letters| letters.target.role != TargetRole::SourceRedrive).collect();
    let were_read = function.state.info.is_some() && function.state.invoke_configs.is_some();
    let mut facts = vec![dropped.fact(Quantity::AsyncEventsDropped)];
    let sums = [
        (Metric::AsyncEventsReceived, Quantity::AsyncEventsReceived),
        (Metric::Errors, Quantity::Errors),
        (Metric::Throttles, Quantity::ThrottledRequests),
    ];
    facts.extend(sums.into_iter().filter_map(|(metric, quantity)| {
        Some(Counted::sum(case, dropped.held, |minute| function.value(metric, minute))?.fact(quantity))
    }));
    let known = (were_read || !targets.is_empty()).then_some(targets.len() as f64);
    facts.push(Fact::new(Quantity::FailureTargets, known));
    facts.extend(
        targets
            .iter()
            .map(|letters| Fact::new(Quantity::FailureTarget, None).about(Subject::Target(letters.target.clone()))),
    );
    // Without a place to go to, a dropped event is lost.
    let is_lost = known == Some(0.0);
    Some(Found {
        severity: if is_lost { Severity::Critical } else { Severity::Warning },
        since: dropped.since(),
        confidence: 0.99,
        facts,
        commands: vec![
            advice::lambda(case, function, "list-function-event-invoke-configs", &[]),
            advice::tail(case, function, &ERRORS),
        ],
        impact: dropped.per_minute(),
        ..Found::default()
    })
}

#[cfg(test)]
mod tests;
