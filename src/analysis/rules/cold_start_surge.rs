//! `cold_start.surge`: many invocations wait for a new environment. Only the logs tell.
//!
//! Growing traffic needs new environments, about one for each call that more come at a time: its own cold starts are no
//! surge, unless most calls wait.

use super::advice::{self, REPORTS};
use super::held::Sign;
use super::words::{clock, percent, span};
use super::{Case, Found, FunctionCase, Rule};
use crate::analysis::live::Beat;
use crate::analysis::statistics::rate_exceeds;
use crate::analysis::thresholds::Thresholds;
use lambda_model::finding::{Kind, Severity};

/// How likely it must be that the share is above the threshold.
const SURE: f64 = 0.9;
/// A share that growing traffic does not excuse: most calls wait.
const MOST: f64 = 0.5;

/// The rule.
pub(super) struct ColdStartSurge;

impl Rule for ColdStartSurge {
    fn kind(&self) -> Kind {
        Kind::ColdStartSurge
    }

    fn check(&self, case: &Case<'_>) -> Vec<Found> {
        case.function.and_then(|function| found(case, &function)).into_iter().collect()
    }
}

fn found(case: &Case<'_>, function: &FunctionCase<'_>) -> Option<Found> {
    let live = function.live.filter(|_| function.logs_count())?;
    let thresholds = case.thresholds();
    let held = case.held_in_logs_after(|before, beat| sign(thresholds, before, beat))?;
    let windows = || live.beats.windows().filter_map(|(at, beat)| Some((at, beat?)));
    let (_, worst) = windows().max_by(|(_, one), (_, other)| one.cold_starts.cmp(&other.cold_starts))?;
    let newest = function.newest_beat()?;
    let share = |beat: &Beat| beat.cold_start_rate().unwrap_or(0.0);
    let mut evidence = vec![
        format!(
            "{} of {} invocations started cold in the last minute ({})",
            newest.cold_starts,
            newest.invocations,
            percent(share(&newest))
        ),
        format!("{} and more are a surge", percent(thresholds.cold_starts)),
        format!("since {}", clock(held.since)),
    ];
    // Its own past: the oldest minute that is known and was over when it began.
    let past = windows().find(|(at, _)| *at + chrono::TimeDelta::minutes(1) <= held.since);
    evidence.extend(
        past.map(|(at, beat)| format!("{} of {} in the minute from {}", beat.cold_starts, beat.invocations, clock(at))),
    );
    let init = live.total.init_ms.p50.or(live.total.restore_ms.p50);
    evidence.extend(init.map(|ms| format!("half of them wait more than {} for it", span(ms / 1000.0))));
    let name = function.name();
    Some(Found {
        severity: Severity::Warning,
        alias: None,
        affected: Vec::new(),
        since: held.since,
        confidence: rate_exceeds(worst.cold_starts as f64, worst.invocations as f64, thresholds.cold_starts)
            .clamp(0.5, 0.99),
        summary: format!(
            "{name} starts cold {} times a minute, {} of its invocations",
            worst.cold_starts,
            percent(share(&worst))
        ),
        evidence,
        next: vec![
            advice::tail(case, function, &REPORTS),
            advice::lambda(case, function, "list-provisioned-concurrency-configs", ""),
        ],
        impact: newest.cold_starts as f64,
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
