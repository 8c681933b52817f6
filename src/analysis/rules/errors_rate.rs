//! `errors.rate`: more of a function's invocations fail than chance and its ordinary errors explain.

use super::advice::{self, ERRORS};
use super::held::Sign;
use super::seen::{Part, Seen};
use super::words::{clock, count, percent};
use super::{Case, Found, FunctionCase, Rule};
use crate::analysis::live::ErrorGroup;
use crate::analysis::statistics::rate_exceeds;
use crate::analysis::thresholds::Thresholds;
use lambda_model::finding::{Kind, Severity};
use lambda_model::metric::Metric;
use lambda_model::text::fit;
use lambda_model::time::Minute;

/// How likely it must be that the rate is above the threshold: beyond doubt, or worth a second look.
const SURE: f64 = 0.99;
const LIKELY: f64 = 0.9;
/// Of a function with few calls, so many minutes are taken together.
const FEW_CALLS_MINUTES: i64 = 5;
/// Kinds of errors and versions that are named.
const NAMED: usize = 3;
/// Columns of an error's message.
const MESSAGE: usize = 100;

/// The rule.
pub(super) struct ErrorsRate;

impl Rule for ErrorsRate {
    fn kind(&self) -> Kind {
        Kind::ErrorsRate
    }

    fn check(&self, case: &Case<'_>) -> Vec<Found> {
        case.function.and_then(|function| found(case, &function)).into_iter().collect()
    }
}

fn found(case: &Case<'_>, function: &FunctionCase<'_>) -> Option<Found> {
    let thresholds = case.thresholds();
    let logs_count = function.logs_count();
    let seen = case.seen(
        |minute| sign_of_minute(thresholds, function, minute),
        |beat| if logs_count { sign(thresholds, beat.errors as f64, beat.invocations as f64) } else { Sign::Unknown },
    )?;
    let part = case.part(&seen, Metric::Errors, |beat| beat.errors)?;
    let name = function.name();
    let is_critical = part.share() >= thresholds.error_rate_critical;
    Some(Found {
        severity: if is_critical { Severity::Critical } else { Severity::Warning },
        alias: None,
        affected: Vec::new(),
        since: seen.since,
        confidence: rate_exceeds(part.some, part.all, thresholds.error_rate).clamp(0.5, 0.995),
        summary: format!(
            "{name} fails {} of its invocations: {} errors a minute",
            percent(part.share()),
            count(part.per_minute())
        ),
        evidence: evidence(thresholds, function, &seen, &part),
        next: vec![
            advice::tail(case, function, &ERRORS),
            advice::lambda(
                case,
                function,
                "list-versions-by-function",
                "--query 'Versions[-3:].[Version,LastModified]'",
            ),
        ],
        impact: part.per_minute(),
    })
}

fn sign(thresholds: &Thresholds, errors: f64, calls: f64) -> Sign {
    if errors < f64::from(thresholds.least_errors) || calls < errors {
        return Sign::Absent;
    }
    let probability = rate_exceeds(errors, calls, thresholds.error_rate);
    if probability >= SURE { Sign::Strong } else { Sign::weak(probability >= LIKELY) }
}

/// A minute shows it by itself, or, where its errors are too few to tell, with those before of which that is so too:
/// what others have shown by themselves may be over.
fn sign_of_minute(thresholds: &Thresholds, function: &FunctionCase<'_>, minute: Minute) -> Sign {
    let both = |minute| Some((function.value(Metric::Errors, minute)?, function.value(Metric::Invocations, minute)?));
    let alone = |(errors, calls)| sign(thresholds, errors, calls);
    let Some(told) = both(minute) else { return Sign::Unknown };
    let (errors, _) = told;
    if errors <= 0.0 || alone(told) != Sign::Absent {
        return alone(told);
    }
    let few = (minute.0 - FEW_CALLS_MINUTES + 1..=minute.0).map(Minute).filter_map(both);
    let few = few.filter(|told| alone(*told) == Sign::Absent);
    alone(few.fold((0.0, 0.0), |(one, other), (errors, calls)| (one + errors, other + calls)))
}

fn evidence(thresholds: &Thresholds, function: &FunctionCase<'_>, seen: &Seen, part: &Part) -> Vec<String> {
    let mut evidence = vec![
        format!("{}; {} and more are a finding", part.words("failed"), percent(thresholds.error_rate)),
        format!("since {}", clock(seen.since)),
    ];
    evidence.extend(versions(function));
    // Errors of an hour are kept: those that ended before it began are of something else.
    let groups = function.live.into_iter().flat_map(|live| &live.error_groups);
    let later = groups.filter(|group| group.last >= seen.since).take(NAMED);
    evidence.extend(later.map(|group| {
        let ErrorGroup { fingerprint, count, first, .. } = group;
        format!("{count} × {} (first seen {})", fit(fingerprint, MESSAGE), clock(*first))
    }));
    evidence
}

/// What fails by version, where several ran: the worst first.
fn versions(function: &FunctionCase<'_>) -> Vec<String> {
    let Some(live) = function.live else { return Vec::new() };
    let mut versions: Vec<_> = live.versions.iter().filter(|(_, runs)| runs.invocations > 0).collect();
    if versions.len() < 2 {
        return Vec::new();
    }
    versions.sort_by(|(_, one), (_, other)| (other.errors * one.invocations).cmp(&(one.errors * other.invocations)));
    let words = versions.iter().take(NAMED).map(|(version, runs)| {
        format!("version {version}: {} of {} failed in the last minute", runs.errors, runs.invocations)
    });
    words.collect()
}

#[cfg(test)]
mod tests;
