//! `dead_letter.growing`: failed events pile up in a dead-letter queue, or are published to a topic.

use super::advice;
use super::case::{Case, Found, FunctionCase};
use super::counted::Counted;
use super::held::{Held, Sign};
use crate::analysis::fact::{Fact, Quantity, Subject};
use crate::analysis::failures::DeadLetters;
use lambda_model::finding::Severity;
use lambda_model::metric::Metric;
use lambda_model::queue::{TargetKind, TargetRole};

/// What the rule finds in a case.
pub(super) fn check(case: &Case<'_>) -> Vec<Found> {
    let Some(function) = case.function else { return Vec::new() };
    // One finding for all of its targets: an event fails once, wherever its copies go.
    let mut growing: Vec<Growing<'_>> =
        function.dead_letters.iter().filter_map(|letters| growing(case, letters)).collect();
    growing.sort_by(|one, other| other.per_minute.total_cmp(&one.per_minute));
    found(case, &function, &growing).into_iter().collect()
}

/// A target that gets failed events.
struct Growing<'a> {
    letters: &'a DeadLetters,
    held: Held,
    per_minute: f64,
}

fn growing<'a>(case: &Case<'_>, letters: &'a DeadLetters) -> Option<Growing<'a>> {
    match letters.target.kind {
        TargetKind::Sqs => {
            let held = case.filling(&letters.target.arn)?;
            let per_minute = letters.growth_per_min.unwrap_or(0.0).max(0.0);
            Some(Growing { letters, held, per_minute })
        }
        TargetKind::Sns => {
            let series = case.state.topic_series.get(letters.target.arn.name())?;
            let published = series.one(Metric::TopicMessagesPublished)?;
            let sign = |minute| published.get(minute).map_or(Sign::Unknown, |count| Sign::strong(count > 0.0));
            let counted = Counted::sum(case, case.held(sign)?, |minute| published.get(minute))?;
            Some(Growing { letters, held: counted.held, per_minute: counted.per_minute() })
        }
        TargetKind::S3 | TargetKind::Lambda | TargetKind::EventBus => None,
    }
}

fn found(case: &Case<'_>, function: &FunctionCase<'_>, growing: &[Growing<'_>]) -> Option<Found> {
    let worst = growing.first()?;
    let since = growing.iter().map(|one| one.held.since).min()?;
    let arn = &worst.letters.target.arn;
    let is_queue = worst.letters.target.kind == TargetKind::Sqs;
    let mut facts: Vec<Fact> = growing
        .iter()
        .flat_map(|one| {
            let numbers = [
                (Quantity::MessagesArriving, Some(one.per_minute)),
                (Quantity::MessagesWaiting, one.letters.depth.map(|depth| depth as f64)),
                (Quantity::OldestMessageAge, one.letters.oldest_age_s),
            ];
            let subject = || Subject::Target(one.letters.target.clone());
            numbers.map(|(quantity, number)| Some(Fact::new(quantity, number?).about(subject())))
        })
        .flatten()
        .collect();
    let ran = function.value(Metric::Invocations, case.settled()).filter(|ran| *ran > 0.0);
    if let Some((depth, ran)) = worst.letters.depth.zip(ran) {
        facts.push(Fact::new(Quantity::Invocations, ran).over_minutes(1.0));
        facts.push(Fact::new(Quantity::TimeToRetryAll, 60.0 * depth as f64 / ran));
    }
    facts.push(Fact::new(Quantity::MinutesSeen, f64::from(worst.held.points)));
    let commands = if is_queue {
        let is_redrive = worst.letters.target.role == TargetRole::SourceRedrive;
        let move_back = || case.aws("sqs start-message-move-task", &[("--source-arn", arn.as_str())]);
        std::iter::once(advice::look_inside(case, arn)).chain(is_redrive.then(move_back)).collect()
    } else {
        vec![case.aws("sns list-subscriptions-by-topic", &[("--topic-arn", arn.as_str())])]
    };
    let per_minute = growing.iter().map(|one| one.per_minute).fold(0.0, f64::max);
    Some(Found {
        severity: Severity::Warning,
        since,
        // SQS counts approximately: what grew once by a little may not have.
        confidence: if worst.held.points > 1 || per_minute >= 2.0 { 0.99 } else { 0.9 },
        facts,
        commands,
        impact: per_minute,
        ..Found::default()
    })
}

#[cfg(test)]
mod tests;
