//! Requests that are throttled, by cause. Nothing here decides on a cause: that is `analysis::throttle`.
//!
//! One function has one such finding at a time, of the cause of most of its throttled requests; functions that the
//! full pool throttles are one finding of the Region.

mod episode;
mod facts;
mod pool;
#[cfg(test)]
mod tests;

use super::case::{Case, Found, FunctionCase};
pub(super) use episode::published;
use episode::{Episode, Share};
pub(super) use facts::fill;
use lambda_model::finding::Kind;
pub(super) use pool::{grew, unreserved_pool};

/// A function's requests are throttled for a cause of this kind.
pub(super) fn check(case: &Case<'_>, kind: Kind) -> Vec<Found> {
    let Some(function) = case.function else { return Vec::new() };
    let episode = Episode::of(case, &function).filter(|episode| episode.cause.kind() == kind);
    episode.map(|episode| found(case, &function, &episode)).into_iter().collect()
}

fn found(case: &Case<'_>, function: &FunctionCase<'_>, episode: &Episode) -> Found {
    let share = Share::of(&function.state.series, episode.last);
    Found {
        severity: share.severity(case),
        since: episode.held.since,
        confidence: episode.confidence,
        facts: facts::facts(case, function, episode, &share),
        commands: facts::commands(case, function, episode),
        impact: share.throttles,
        ..Found::default()
    }
}
