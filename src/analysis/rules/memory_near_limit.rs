//! `memory.near_limit`: invocations use nearly all the memory there is. Only the logs show it.

use super::advice::{self, REPORTS};
use super::case::{Case, Found, FunctionCase};
use super::errors_out_of_memory::raise;
use super::held::Sign;
use crate::analysis::fact::{Fact, Quantity};
use crate::analysis::forecast::Basis;
use lambda_model::finding::Severity;

/// What the rule finds in a case.
pub(super) fn check(case: &Case<'_>) -> Vec<Found> {
    case.function.and_then(|function| found(case, &function)).into_iter().collect()
}

fn found(case: &Case<'_>, function: &FunctionCase<'_>) -> Option<Found> {
    let size_mb = function.memory_mb().filter(|size| *size > 0)?;
    let near = case.thresholds().near_memory;
    let share = |used: u32| f64::from(used) / f64::from(size_mb);
    // What is measured needs no second look.
    let held = case.held_in_logs(|beat| match beat.used_mb {
        Some(used) => Sign::strong(share(used) >= near),
        None => Sign::Unknown,
    })?;
    let beats = function.live.into_iter().flat_map(|live| live.beats.beats.iter().flatten());
    let most = beats.filter_map(|beat| beat.used_mb).max()?;
    let used = Fact::new(Quantity::MemoryUsed, f64::from(most)).limit(f64::from(size_mb));
    Some(Found {
        severity: Severity::Warning,
        since: held.since,
        // At the size itself the environments are about to be killed; below it a version may have more memory.
        confidence: if most >= size_mb { 0.99 } else { 0.95 },
        facts: vec![
            used.over_minutes(5.0).read_from(Basis::Logs),
            Fact::new(Quantity::MemoryShare, share(most)).limit(near),
        ],
        commands: vec![advice::tail(case, function, &REPORTS), raise(case, function, size_mb)],
        ..Found::default()
    })
}

#[cfg(test)]
mod tests;
