//! Requests that are refused, by cause. Nothing here decides on a cause: that is `analysis::throttle`.
//!
//! One function has one such finding at a time, of the cause of most of its refusals; functions that the empty pool
//! refuses are one finding of the Region.

mod pool;
#[cfg(test)]
mod tests;
mod words;

use crate::analysis::ratio;
use crate::analysis::throttle::{Cause, Refused, refused};
use crate::store::series::Series;
use crate::store::state::SeriesSet;
use lambda_model::finding::{Kind, Severity};
use lambda_model::metric::Metric;
use lambda_model::time::Minute;

use super::held::{Held, Sign};
use super::{Case, Found, FunctionCase, Rule};
pub(super) use pool::UnreservedPool;
pub(super) use pool::grew;
pub(super) use words::{clock, fill, percent, raise_limit, reserve};

/// The cause, and how sure it is, is that of the refusals of so many minutes.
const RECENT: i64 = 10;
/// Fewer refused requests in a minute are a matter of chance …
const LEAST: f64 = 5.0;
/// … and so is a smaller share of what was asked.
const LEAST_SHARE: f64 = 0.01;

/// A function's requests are refused for a cause of this kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Throttle(pub(super) Kind);

impl Rule for Throttle {
    fn kind(&self) -> Kind {
        self.0
    }

    fn check(&self, case: &Case<'_>) -> Vec<Found> {
        let Some(function) = case.function else { return Vec::new() };
        let episode = Episode::of(case, &function).filter(|episode| episode.cause.kind() == self.0);
        episode.map(|episode| found(case, &function, &episode)).into_iter().collect()
    }
}

/// A time in which requests of a function are refused for one cause.
struct Episode {
    cause: Cause,
    held: Held,
    confidence: f64,
    /// The newest minute that shows it.
    last: Minute,
}

impl Episode {
    /// What is going on: of the causes that hold, the one of most of the recent refusals.
    fn of(case: &Case<'_>, function: &FunctionCase<'_>) -> Option<Self> {
        let throttles = function.state.series.one(Metric::Throttles)?;
        let begin = case.settled().plus(1 - RECENT);
        // Nearly every function stops here.
        throttles.range(begin, case.settled()).flatten().find(|count| *count > 0.0)?;
        let minutes: Vec<_> =
            case.minutes().map(|minute| (minute, refused(case.state, function.state, function.live, minute))).collect();
        let recent = || minutes.iter().filter(|(minute, _)| *minute >= begin).filter_map(|(_, refused)| *refused);
        let mut kinds: Vec<Kind> = recent().map(|refused| refused.cause.kind()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let mut episodes: Vec<(f64, Self)> = Vec::new();
        for kind in kinds {
            let of_kind = |refused: &Refused| refused.cause.kind() == kind;
            let refused = |minute| minutes.iter().find(|(known, _)| *known == minute).and_then(|(_, refused)| *refused);
            let sign = |minute| match refused(minute) {
                Some(refused) if refused.cause == Cause::Unknown && may_be_known_soon(case, function, minute) => {
                    Sign::Unknown
                }
                Some(refused) if of_kind(&refused) => Share::of(&function.state.series, minute).sign(),
                Some(_) => Sign::Absent,
                None => unrefused(case, function, minute),
            };
            let Some(held) = case.held(sign) else { continue };
            let last = Minute::of(held.last);
            let requests: f64 = recent().filter(of_kind).map(|refused| refused.requests).sum();
            let sure: f64 = recent().filter(of_kind).map(|refused| refused.requests * refused.confidence).sum();
            let (Some(newest), Some(confidence)) = (refused(last), ratio(Some(sure), Some(requests))) else { continue };
            episodes.push((requests, Self { cause: newest.cause, held, confidence, last }));
        }
        let all: f64 = recent().map(|refused| refused.requests).sum();
        let (requests, mut most) = episodes.into_iter().max_by(|one, other| one.0.total_cmp(&other.0))?;
        // Other refusals of the same minutes make it less sure that this is the cause.
        most.confidence *= 0.5 + 0.5 * (requests / all).min(1.0);
        Some(most)
    }
}

/// Whether what would explain the refusals of a minute is still to be read: the Region's minute may come later than the
/// function's, and a reservation that was read before may be another by now; it is read anew when refusals begin.
fn may_be_known_soon(case: &Case<'_>, function: &FunctionCase<'_>, minute: Minute) -> bool {
    let claimed = [Metric::ClaimedAccountConcurrency, Metric::UnreservedConcurrentExecutions]
        .map(|metric| case.region().one(metric).and_then(Series::last));
    let region_is_behind = claimed.into_iter().flatten().max().is_some_and(|last| last < minute);
    let read_before = function.state.reserved.as_ref().is_some_and(|reserved| reserved.at < minute.plus(1).start());
    region_is_behind || read_before && minute > case.settled().plus(-RECENT)
}

/// What a minute without a refused request shows: that there was none, or that nothing was read of it yet.
fn unrefused(case: &Case<'_>, function: &FunctionCase<'_>, minute: Minute) -> Sign {
    let nothing_in_region = case.region_value(Metric::Throttles, minute) == Some(0.0);
    if nothing_in_region { Sign::Absent } else { published(case, function, Metric::Throttles, minute) }
}

/// What a minute shows in which nothing of `metric` stands out. A function that is idle publishes nothing: a gap is
/// such a minute where a later one is known, or should be by now.
pub(super) fn published(case: &Case<'_>, function: &FunctionCase<'_>, metric: Metric, minute: Minute) -> Sign {
    let last = function.state.series.one(metric).and_then(Series::last);
    let is_known = last.is_some_and(|last| last >= minute) || minute <= case.settled().plus(-RECENT);
    if is_known { Sign::Absent } else { Sign::Unknown }
}

fn found(case: &Case<'_>, function: &FunctionCase<'_>, episode: &Episode) -> Found {
    let share = Share::of(&function.state.series, episode.last);
    Found {
        severity: share.severity(case),
        alias: None,
        affected: Vec::new(),
        since: episode.held.since,
        confidence: episode.confidence,
        summary: words::summary(case, function, episode, &share),
        evidence: words::evidence(case, function, episode, &share),
        next: words::next(case, function, episode),
        impact: share.throttles,
    }
}

/// What became of the requests of a minute.
#[derive(Clone, Copy, Debug, Default)]
struct Share {
    throttles: f64,
    errors: f64,
    invocations: f64,
}

impl Share {
    fn of(series: &SeriesSet, minute: Minute) -> Self {
        let value = |metric| series.one(metric).and_then(|series| series.get(minute)).unwrap_or(0.0);
        Self {
            throttles: value(Metric::Throttles),
            errors: value(Metric::Errors),
            invocations: value(Metric::Invocations),
        }
    }

    fn asked(&self) -> f64 {
        self.invocations + self.throttles
    }

    /// The share that was refused.
    fn refused(&self) -> f64 {
        ratio(Some(self.throttles), Some(self.asked())).unwrap_or(0.0)
    }

    /// What callers see: refusals are neither errors nor invocations.
    fn failed(&self) -> f64 {
        ratio(Some(self.throttles + self.errors), Some(self.asked())).unwrap_or(0.0)
    }

    /// How clearly the refusals show.
    fn sign(&self) -> Sign {
        match self.throttles {
            0.0 => Sign::Absent,
            few if few < LEAST || self.refused() < LEAST_SHARE => Sign::Weak,
            _ => Sign::Strong,
        }
    }

    fn severity(&self, case: &Case<'_>) -> Severity {
        if self.refused() >= case.thresholds().error_rate { Severity::Critical } else { Severity::Warning }
    }
}
