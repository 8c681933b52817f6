//! `errors.rate`: more of a function's invocations fail than chance and its ordinary errors explain.

use super::advice::{self, ERRORS};
use super::case::{Case, Found, FunctionCase};
use super::held::Sign;
use super::seen::{Part, Seen};
use crate::analysis::fact::{Fact, Quantity, Subject};
use crate::analysis::forecast::Basis;
use crate::analysis::statistics::rate_exceeds;
use crate::analysis::thresholds::Thresholds;
use lambda_model::finding::Severity;
use lambda_model::metric::Metric;
use lambda_model::text::fit;
use lambda_model::time::Minute;

/// How likely it must be that the rate is above the threshold: beyond doubt, or worth a second look.
const SURE: f64 = 0.99;
const LIKELY: f64 = 0.9;
/// The number of minutes that are taken together where a function has few invocations.
const FEW_CALLS_MINUTES: i64 = 5;
/// Kinds of errors and versions that are named.
const NAMED: usize = 3;
/// Columns of an error's message.
const MESSAGE: usize = 100;

/// What the rule finds in a case.
pub(super) fn check(case: &Case<'_>) -> Vec<Found> {
    case.function.and_then(|function| found(case, &function)).into_iter().collect()
}

fn found(case: &Case<'_>, function: &FunctionCase<'_>) -> Option<Found> {
    let thresholds = case.thresholds();
    let logs_count = function.logs_count();
    let seen = case.seen(
        |minute| sign_of_minute(thresholds, function, minute),
        |beat| if logs_count { sign(thresholds, beat.errors as f64, beat.invocations as f64) } else { Sign::Unknown },
    )?;
    let part = case.part(&seen, Metric::Errors, |beat| beat.errors)?;
    let is_critical = part.share() >= thresholds.error_rate_critical;
    Some(Found {
        severity: if is_critical { Severity::Critical } else { Severity::Warning },
        since: seen.since,
        confidence: rate_exceeds(part.some, part.all, thresholds.error_rate).clamp(0.5, 0.995),
        facts: facts(thresholds, function, &seen, &part),
        commands: vec![advice::tail(case, function, &ERRORS), advice::versions(case, function)],
        impact: part.per_minute(),
        ..Found::default()
    })
}

fn sign(thresholds: &Thresholds, errors: f64, calls: f64) -> Sign {
    if errors < f64::from(thresholds.least_errors) || calls < errors {
        return Sign::Absent;
    }
    let probability = rate_exceeds(errors, calls, thresholds.error_rate);
    if probability >= SURE { Sign::Strong } else { Sign::weak(probability >= LIKELY) }
}

/// A minute shows it by itself, or, where its errors are too few, with those before of which that is so too:
/// what others have shown by themselves may be over.
fn sign_of_minute(thresholds: &Thresholds, function: &FunctionCase<'_>, minute: Minute) -> Sign {
    let both = |minute| Some((function.value(Metric::Errors, minute)?, function.value(Metric::Invocations, minute)?));
    let alone = |(errors, calls)| sign(thresholds, errors, calls);
    let Some(observed) = both(minute) else { return Sign::Unknown };
    let (errors, _) = observed;
    if errors <= 0.0 || alone(observed) != Sign::Absent {
        return alone(observed);
    }
    let few = (minute.0 - FEW_CALLS_MINUTES + 1..=minute.0).map(Minute).filter_map(both);
    let few = few.filter(|observed| alone(*observed) == Sign::Absent);
    alone(few.fold((0.0, 0.0), |(one, other), (errors, calls)| (one + errors, other + calls)))
}

fn facts(thresholds: &Thresholds, function: &FunctionCase<'_>, seen: &Seen, part: &Part) -> Vec<Fact> {
    let mut facts =
        vec![part.fact(Quantity::Errors), Fact::new(Quantity::ErrorRate, part.share()).limit(thresholds.error_rate)];
    facts.extend(versions(function));
    // Errors of an hour are kept: those that ended before it began are of something else.
    let groups = function.live.into_iter().flat_map(|live| &live.error_groups);
    let later = groups.filter(|group| group.last >= seen.since).take(NAMED);
    facts.extend(later.map(|group| {
        let subject = Subject::Error(fit(&group.fingerprint, MESSAGE).into_owned());
        Fact::new(Quantity::Occurrences, group.count as f64).about(subject).at(group.first)
    }));
    facts
}

/// What fails by version, where several ran: the worst first.
fn versions(function: &FunctionCase<'_>) -> Vec<Fact> {
    let Some(live) = function.live else { return Vec::new() };
    let mut versions: Vec<_> = live.versions.iter().filter(|(_, runs)| runs.invocations > 0).collect();
    if versions.len() < 2 {
        return Vec::new();
    }
    versions.sort_by(|(_, one), (_, other)| (other.errors * one.invocations).cmp(&(one.errors * other.invocations)));
    let facts = versions.iter().take(NAMED).map(|(version, runs)| {
        let errors = Fact::new(Quantity::Errors, runs.errors as f64).of(runs.invocations as f64);
        errors.about(Subject::Version((*version).clone())).over_minutes(1.0).read_from(Basis::Logs)
    });
    facts.collect()
}

#[cfg(test)]
mod tests;
