//! `dead_letter.growing`: failed events pile up in a dead-letter queue, or are published to a topic.

use super::advice;
use super::counted::Counted;
use super::held::{Held, Sign};
use super::words::{clock, count, span};
use super::{Case, Found, FunctionCase, Rule};
use crate::analysis::failures::DeadLetters;
use lambda_model::finding::{Kind, Severity};
use lambda_model::metric::Metric;
use lambda_model::queue::{TargetKind, TargetRole};

/// The rule.
pub(super) struct DeadLetterGrowing;

impl Rule for DeadLetterGrowing {
    fn kind(&self) -> Kind {
        Kind::DeadLetterGrowing
    }

    fn check(&self, case: &Case<'_>) -> Vec<Found> {
        let Some(function) = case.function else { return Vec::new() };
        // One finding for all of its targets: an event fails once, wherever its copies go.
        let mut growing: Vec<Growing<'_>> =
            function.dead_letters.iter().filter_map(|letters| growing(case, letters)).collect();
        growing.sort_by(|one, other| other.per_minute.total_cmp(&one.per_minute));
        found(case, &function, &growing).into_iter().collect()
    }
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
    let mut evidence = Vec::new();
    for one in growing {
        let target = one.letters.target.arn.name();
        let role = match one.letters.target.role {
            TargetRole::DeadLetterQueue => "dead-letter queue",
            TargetRole::OnFailure => "failure destination",
            TargetRole::SourceRedrive => "redrive queue of its event source",
        };
        evidence.push(format!("{target} ({role}) gets {} messages a minute", count(one.per_minute)));
        evidence.extend(one.letters.depth.map(|depth| format!("{depth} messages wait in {target}")));
        evidence.extend(one.letters.oldest_age_s.map(|age| format!("the oldest has waited {} in {target}", span(age))));
    }
    let ran = function.value(Metric::Invocations, case.settled()).filter(|ran| *ran > 0.0);
    evidence.extend(worst.letters.depth.zip(ran).map(|(depth, ran)| {
        let minutes = depth as f64 / ran;
        format!("at its {} invocations a minute it would take {} to try all again", count(ran), span(60.0 * minutes))
    }));
    evidence.push(format!("since {}", clock(since)));
    let name = function.name();
    let next = if is_queue {
        let look = "--max-number-of-messages 10 --visibility-timeout 0 --message-attribute-names All";
        let mut next = vec![advice::queue(case, arn, "receive-message", look)];
        if worst.letters.target.role == TargetRole::SourceRedrive {
            next.push(format!("aws sqs start-message-move-task --source-arn {arn} {}", case.place()));
        }
        next
    } else {
        vec![format!("aws sns list-subscriptions-by-topic --topic-arn {arn} {}", case.place())]
    };
    let per_minute = growing.iter().map(|one| one.per_minute).fold(0.0, f64::max);
    Some(Found {
        severity: Severity::Warning,
        alias: None,
        affected: Vec::new(),
        since,
        // SQS counts approximately: what grew once by a little may not have.
        confidence: if worst.held.points > 1 || per_minute >= 2.0 { 0.99 } else { 0.9 },
        summary: format!(
            "Failed events of {name} pile up in {}: {} more a minute",
            arn.name(),
            count(worst.per_minute)
        ),
        evidence,
        next,
        impact: per_minute,
    })
}

#[cfg(test)]
mod tests;
