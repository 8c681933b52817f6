//! `dead_letter.delivery_failing`: failed events do not reach the place that should keep them. They are lost.

use super::advice;
use super::case::{Case, Found, FunctionCase};
use super::counted::Counted;
use super::held::Sign;
use crate::analysis::fact::{Fact, Quantity, Subject};
use lambda_model::finding::Severity;
use lambda_model::metric::Metric;
use lambda_model::queue::TargetKind;

/// What the rule finds in a case.
pub(super) fn check(case: &Case<'_>) -> Vec<Found> {
    case.function.and_then(|function| found(case, &function)).into_iter().collect()
}

fn found(case: &Case<'_>, function: &FunctionCase<'_>) -> Option<Found> {
    let ways = [
        (Metric::DeadLetterErrors, Quantity::DeadLetterErrors),
        (Metric::DestinationDeliveryFailures, Quantity::DestinationDeliveryFailures),
    ];
    let mut failing: Vec<(Counted, Fact)> = ways
        .into_iter()
        .filter_map(|(metric, quantity)| {
            let counted = Counted::of(case, function, metric)?;
            Some((counted, counted.fact(quantity)))
        })
        .collect();
    failing.extend(undelivered(case, function));
    let since = failing.iter().map(|(counted, _)| counted.since()).min()?;
    let per_minute: f64 = failing.iter().map(|(counted, _)| counted.per_minute()).sum();
    let mut facts = vec![Fact::new(Quantity::LostEvents, per_minute)];
    facts.extend(failing.into_iter().map(|(_, fact)| fact));
    facts.extend(
        function
            .dead_letters
            .iter()
            .map(|letters| Fact::new(Quantity::FailureTarget, None).about(Subject::Target(letters.target.clone()))),
    );
    Some(Found {
        severity: Severity::Critical,
        since,
        confidence: 0.99,
        facts,
        commands: vec![
            // The usual cause: the function's role may not write there.
            advice::lambda(case, function, "get-function-configuration", &[("--query", "[Role,DeadLetterConfig]")]),
            advice::lambda(case, function, "list-function-event-invoke-configs", &[]),
        ],
        impact: per_minute,
        ..Found::default()
    })
}

/// Topics among the targets that cannot hand on what they get.
fn undelivered(case: &Case<'_>, function: &FunctionCase<'_>) -> Vec<(Counted, Fact)> {
    let topics = function.dead_letters.iter().filter(|letters| letters.target.kind == TargetKind::Sns);
    let counted = topics.filter_map(|letters| {
        let topic = letters.target.arn.name();
        let failed = case.state.topic_series.get(topic)?.one(Metric::TopicNotificationsFailed)?;
        let sign = |minute| failed.get(minute).map_or(Sign::Unknown, |count| Sign::strong(count > 0.0));
        let counted = Counted::sum(case, case.held(sign)?, |minute| failed.get(minute))?;
        Some((counted, counted.fact(Quantity::NotificationsFailed).about(Subject::Target(letters.target.clone()))))
    });
    counted.collect()
}

#[cfg(test)]
mod tests;
