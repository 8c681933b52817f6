//! `errors.out_of_memory`: invocations are killed because they need more memory than there is. Only the logs show it.

use super::advice::{self, KILLS};
use super::case::{Case, Found, FunctionCase};
use super::held::Sign;
use crate::analysis::fact::{Fact, Quantity};
use crate::analysis::finding::Command;
use crate::analysis::forecast::Basis;
use crate::analysis::live::Beats;
use lambda_model::finding::Severity;

/// The most memory a function can have, MB.
const LARGEST_MB: u32 = 10_240;

/// What the rule finds in a case.
pub(super) fn check(case: &Case<'_>) -> Vec<Found> {
    case.function.and_then(|function| found(case, &function)).into_iter().collect()
}

fn found(case: &Case<'_>, function: &FunctionCase<'_>) -> Option<Found> {
    let live = function.live?;
    // Only want of memory kills in this way: one is enough.
    let held = case.held_in_logs(|beat| Sign::strong(beat.out_of_memory > 0))?;
    let kills: u64 = live.beats.beats.iter().flatten().map(|beat| beat.out_of_memory).sum();
    let read = live.beats.beats.iter().flatten().count() as f64;
    let minutes = read * Beats::STEP_S as f64 / 60.0;
    let memory_mb = function.memory_mb();
    let kill = |kills: u64| Fact::new(Quantity::OutOfMemory, kills as f64).read_from(Basis::Logs);
    let mut facts = vec![kill(kills).over_minutes(minutes)];
    facts.extend(memory_mb.map(|size| Fact::new(Quantity::MemorySize, f64::from(size))));
    facts.extend(
        function.newest_beat().map(|beat| kill(beat.out_of_memory).of(beat.invocations as f64).over_minutes(1.0)),
    );
    let mut commands = vec![advice::tail(case, function, &KILLS)];
    commands.extend(memory_mb.map(|size| raise(case, function, size)));
    Some(Found {
        severity: Severity::Critical,
        since: held.since,
        // A line that only reads like a kill is rare; a second one rarer.
        confidence: if kills > 1 { 0.99 } else { 0.95 },
        facts,
        commands,
        impact: kills as f64 / minutes,
        ..Found::default()
    })
}

/// Gives the function twice its memory.
pub(super) fn raise(case: &Case<'_>, function: &FunctionCase<'_>, memory_mb: u32) -> Command {
    let raised = memory_mb.saturating_mul(2).min(LARGEST_MB).to_string();
    advice::lambda(case, function, "update-function-configuration", &[("--memory-size", &*raised)])
}

#[cfg(test)]
mod tests;
