//! `errors.out_of_memory`: invocations are killed because they need more memory than there is. Only the logs tell.

use super::advice::{self, KILLS};
use super::held::Sign;
use super::words::{clock, count, plural};
use super::{Case, Found, FunctionCase, Rule};
use crate::analysis::live::Beats;
use lambda_model::finding::{Kind, Severity};

/// The most memory a function can have, MB.
pub(super) const LARGEST_MB: u32 = 10_240;

/// The rule.
pub(super) struct ErrorsOutOfMemory;

impl Rule for ErrorsOutOfMemory {
    fn kind(&self) -> Kind {
        Kind::ErrorsOutOfMemory
    }

    fn check(&self, case: &Case<'_>) -> Vec<Found> {
        case.function.and_then(|function| found(case, &function)).into_iter().collect()
    }
}

fn found(case: &Case<'_>, function: &FunctionCase<'_>) -> Option<Found> {
    let live = function.live?;
    // Nothing but want of memory kills so: one is enough.
    let held = case.held_in_logs(|beat| Sign::strong(beat.out_of_memory > 0))?;
    let name = function.name();
    let kills: u64 = live.beats.beats.iter().flatten().map(|beat| beat.out_of_memory).sum();
    let read = live.beats.beats.iter().flatten().count() as f64;
    let minutes = read * Beats::STEP_S as f64 / 60.0;
    let per_minute = kills as f64 / minutes;
    let memory_mb = function.memory_mb();
    let size = memory_mb.map(|size| format!(" of {size} MB")).unwrap_or_default();
    let times = plural(kills as f64, "time", "times");
    let mut evidence = vec![
        format!("{kills} killed within {} min, by the logs", count(minutes)),
        format!("since {}", clock(held.since)),
    ];
    evidence.extend(
        function
            .newest_beat()
            .map(|beat| format!("{} of {} invocations in the last minute", beat.out_of_memory, beat.invocations)),
    );
    let mut next = vec![advice::tail(case, function, &KILLS)];
    next.extend(memory_mb.map(|size| raise(case, function, size)));
    Some(Found {
        severity: Severity::Critical,
        alias: None,
        affected: Vec::new(),
        since: held.since,
        // A line that only reads like a kill is rare; a second one rarer.
        confidence: if kills > 1 { 0.99 } else { 0.95 },
        summary: format!(
            "{name} was killed {kills} {times} within {} min: its memory{size} is too small",
            count(minutes)
        ),
        evidence,
        next,
        impact: per_minute,
    })
}

/// Gives the function twice its memory.
pub(super) fn raise(case: &Case<'_>, function: &FunctionCase<'_>, memory_mb: u32) -> String {
    let raised = memory_mb.saturating_mul(2).min(LARGEST_MB);
    advice::lambda(case, function, "update-function-configuration", &format!("--memory-size {raised}"))
}

#[cfg(test)]
mod tests;
