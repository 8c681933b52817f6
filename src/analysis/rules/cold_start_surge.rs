//! `cold_start.surge`: many invocations wait for a new environment. Only the logs show it.
//!
//! Growing traffic needs new environments, about one for each concurrent invocation more: its own cold starts are no
//! surge, unless most invocations wait.

use super::advice::{self, REPORTS};
use super::case::{Case, Found, FunctionCase};
use super::held::Sign;
use crate::analysis::fact::{Fact, Quantity};
use crate::analysis::forecast::Basis;
use crate::analysis::live::Beat;
use crate::analysis::statistics::rate_exceeds;
use crate::analysis::thresholds::Thresholds;
use lambda_model::finding::Severity;

/// How likely it must be that the share is above the threshold.
const SURE: f64 = 0.9;
/// A share that growing traffic does not excuse: most invocations wait.
const MOST: f64 = 0.5;

/// What the rule finds in a case.
pub(super) fn check(case: &Case<'_>) -> Vec<Found> {
    case.function.and_then(|function| found(case, &function)).into_iter().collect()
}

fn found(case: &Case<'_>, function: &FunctionCase<'_>) -> Option<Found> {
    let live = function.live.filter(|_| function.logs_count())?;
    let thresholds = case.thresholds();
    let held = case.held_in_logs_after(|before, beat| sign(thresholds, before, beat))?;
    let windows = || live.beats.windows().filter_map(|(at, beat)| Some((at, beat?)));
    let (worst_at, worst) = windows().max_by(|(_, one), (_, other)| one.cold_starts.cmp(&other.cold_starts))?;
    let newest = function.newest_beat()?;
    let share = |beat: &Beat| beat.cold_start_rate().unwrap_or(0.0);
    let newest_fact = Fact::new(Quantity::ColdStarts, newest.cold_starts as f64).of(newest.invocations as f64);
    let mut facts = vec![
        Fact::new(Quantity::ColdStarts, worst.cold_starts as f64).of(worst.invocations as f64).at(worst_at),
        Fact::new(Quantity::ColdStartShare, share(&worst)).limit(thresholds.cold_starts),
        newest_fact.over_minutes(1.0).read_from(Basis::Logs),
    ];
    // Its own past: the oldest minute that is known and was over when it began.
    let past = windows().find(|(at, _)| *at + chrono::TimeDelta::minutes(1) <= held.since);
    facts.extend(
        past.map(|(at, beat)| {
            Fact::new(Quantity::ColdStarts, beat.cold_starts as f64).of(beat.invocations as f64).at(at)
        }),
    );
    let init = live.total.init_ms.p50.or(live.total.restore_ms.p50);
    facts.extend(init.map(|ms| Fact::new(Quantity::InitDuration, ms / 1000.0)));
    Some(Found {
        severity: Severity::Warning,
        since: held.since,
        confidence: rate_exceeds(worst.cold_starts as f64, worst.invocations as f64, thresholds.cold_starts)
            .clamp(0.5, 0.99),
        facts,
        commands: vec![
            advice::tail(case, function, &REPORTS),
            advice::lambda(case, function, "list-provisioned-concurrency-configs", &[]),
        ],
        impact: newest.cold_starts as f64,
        ..Found::default()
    })
}

fn sign(thresholds: &Thresholds, before: Option<&Beat>, beat: &Beat) -> Sign {
    let (cold, all) = (beat.cold_starts, beat.invocations);
    let many = cold >= u64::from(thresholds.least_cold_starts) && cold <= all;
    let exceeds = |share: f64| rate_exceeds(cold as f64, all as f64, share) >= SURE;
    let more = before.map_or(0, |before| all.saturating_sub(before.invocations));
    let least = if cold > more { thresholds.cold_starts } else { thresholds.cold_starts.max(MOST) };
    Sign::strong(many && exceeds(least))
}

#[cfg(test)]
mod tests;
