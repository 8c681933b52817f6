//! `dead_letter.delivery_failing`: failed events do not reach the place that should keep them. They are lost.

use super::advice;
use super::counted::Counted;
use super::held::Sign;
use super::words::{clock, count};
use super::{Case, Found, FunctionCase, Rule};
use lambda_model::finding::{Kind, Severity};
use lambda_model::metric::Metric;
use lambda_model::queue::TargetKind;

/// The rule.
pub(super) struct DeadLetterDeliveryFailing;

impl Rule for DeadLetterDeliveryFailing {
    fn kind(&self) -> Kind {
        Kind::DeadLetterDeliveryFailing
    }

    fn check(&self, case: &Case<'_>) -> Vec<Found> {
        case.function.and_then(|function| found(case, &function)).into_iter().collect()
    }
}

fn found(case: &Case<'_>, function: &FunctionCase<'_>) -> Option<Found> {
    let ways = [
        (
            Metric::DeadLetterErrors,
            "event did not reach the dead-letter queue",
            "events did not reach the dead-letter queue",
        ),
        (
            Metric::DestinationDeliveryFailures,
            "event did not reach a destination",
            "events did not reach a destination",
        ),
    ];
    let mut failing: Vec<(Counted, String)> = ways
        .into_iter()
        .filter_map(|(metric, one, several)| {
            let counted = Counted::of(case, function, metric)?;
            Some((counted, counted.words(one, several)))
        })
        .collect();
    failing.extend(undelivered(case, function));
    let since = failing.iter().map(|(counted, _)| counted.since()).min()?;
    let per_minute: f64 = failing.iter().map(|(counted, _)| counted.per_minute()).sum();
    let mut evidence: Vec<String> = failing.into_iter().map(|(_, words)| words).collect();
    let targets = function.dead_letters.iter().map(|letters| format!("target: {}", letters.target.arn));
    evidence.extend(targets);
    evidence.push(format!("since {}", clock(since)));
    let name = function.name();
    Some(Found {
        severity: Severity::Critical,
        alias: None,
        affected: Vec::new(),
        since,
        confidence: 0.99,
        summary: format!(
            "{} failed events a minute of {name} do not arrive where they should be kept: they are lost",
            count(per_minute)
        ),
        evidence,
        next: vec![
            // The usual cause: the function's role may not write there.
            advice::lambda(case, function, "get-function-configuration", "--query '[Role,DeadLetterConfig]'"),
            advice::lambda(case, function, "list-function-event-invoke-configs", ""),
        ],
        impact: per_minute,
    })
}

/// Topics among the targets that cannot hand on what they get.
fn undelivered(case: &Case<'_>, function: &FunctionCase<'_>) -> Vec<(Counted, String)> {
    let topics = function.dead_letters.iter().filter(|letters| letters.target.kind == TargetKind::Sns);
    let counted = topics.filter_map(|letters| {
        let topic = letters.target.arn.name();
        let failed = case.state.topic_series.get(topic)?.one(Metric::TopicNotificationsFailed)?;
        let sign = |minute| failed.get(minute).map_or(Sign::Unknown, |count| Sign::strong(count > 0.0));
        let counted = Counted::sum(case, case.held(sign)?, |minute| failed.get(minute))?;
        let one = format!("notification of topic {topic} was not delivered");
        let several = format!("notifications of topic {topic} were not delivered");
        Some((counted, counted.words(&one, &several)))
    });
    counted.collect()
}

#[cfg(test)]
mod tests;
