//! A time in which requests of a function are throttled, and what became of the requests of a minute.

use crate::analysis::ratio;
use crate::analysis::rules::case::{Case, FunctionCase};
use crate::analysis::rules::held::{Held, Sign};
use crate::analysis::throttle::{Cause, Throttled, throttled};
use crate::store::series::Series;
use crate::store::state::SeriesSet;
use lambda_model::finding::{Kind, Severity};
use lambda_model::metric::Metric;
use lambda_model::time::Minute;

/// The number of minutes whose throttled requests give the cause, and how sure it is.
const RECENT: i64 = 10;
/// Fewer throttled requests in a minute are a matter of chance …
const LEAST: f64 = 5.0;
/// … and so is a smaller share of what was asked.
const LEAST_SHARE: f64 = 0.01;

/// A time in which requests of a function are throttled for one cause.
pub(super) struct Episode {
    pub(super) cause: Cause,
    pub(super) held: Held,
    pub(super) confidence: f64,
    /// The newest minute that shows it.
    pub(super) last: Minute,
}

impl Episode {
    /// What is going on: of the causes that hold, the one of most of the recent throttled requests.
    pub(super) fn of(case: &Case<'_>, function: &FunctionCase<'_>) -> Option<Self> {
        let series = function.state.series.one(Metric::Throttles)?;
        let begin = case.settled().plus(1 - RECENT);
        // Nearly every function stops here.
        series.range(begin, case.settled()).flatten().find(|count| *count > 0.0)?;
        let minutes: Vec<_> = case
            .minutes()
            .map(|minute| (minute, throttled(case.state, function.state, function.live, minute)))
            .collect();
        let recent = || minutes.iter().filter(|(minute, _)| *minute >= begin).filter_map(|(_, throttled)| *throttled);
        let mut kinds: Vec<Kind> = recent().map(|throttled| throttled.cause.kind()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let mut episodes: Vec<(f64, Self)> = Vec::new();
        for kind in kinds {
            let of_kind = |throttled: &Throttled| throttled.cause.kind() == kind;
            let throttled =
                |minute| minutes.iter().find(|(known, _)| *known == minute).and_then(|(_, throttled)| *throttled);
            let sign = |minute| match throttled(minute) {
                Some(throttled) if throttled.cause == Cause::Unknown && may_be_known_soon(case, function, minute) => {
                    Sign::Unknown
                }
                Some(throttled) if of_kind(&throttled) => Share::of(&function.state.series, minute).sign(),
                Some(_) => Sign::Absent,
                None => none_throttled(case, function, minute),
            };
            let Some(held) = case.held(sign) else { continue };
            let last = Minute::of(held.last);
            let requests: f64 = recent().filter(of_kind).map(|throttled| throttled.requests).sum();
            let sure: f64 = recent().filter(of_kind).map(|throttled| throttled.requests * throttled.confidence).sum();
            let (Some(newest), Some(confidence)) = (throttled(last), ratio(Some(sure), Some(requests))) else {
                continue;
            };
            episodes.push((requests, Self { cause: newest.cause, held, confidence, last }));
        }
        let all: f64 = recent().map(|throttled| throttled.requests).sum();
        let (requests, mut most) = episodes.into_iter().max_by(|one, other| one.0.total_cmp(&other.0))?;
        // Other throttled requests of the same minutes make it less sure that this is the cause.
        most.confidence *= 0.5 + 0.5 * (requests / all).min(1.0);
        Some(most)
    }
}

/// Whether what would explain the throttled requests of a minute is still to be read: the Region's minute may come later than the
/// function's, and a reservation that was read before may be another by now; it is read anew when throttling begins.
fn may_be_known_soon(case: &Case<'_>, function: &FunctionCase<'_>, minute: Minute) -> bool {
    let claimed = [Metric::ClaimedAccountConcurrency, Metric::UnreservedConcurrentExecutions]
        .map(|metric| case.region().one(metric).and_then(Series::last));
    let region_is_behind = claimed.into_iter().flatten().max().is_some_and(|last| last < minute);
    let read_before = function.state.reserved.as_ref().is_some_and(|reserved| reserved.at < minute.plus(1).start());
    region_is_behind || read_before && minute > case.settled().plus(-RECENT)
}

/// What a minute without a throttled request shows: that there was none, or that nothing was read of it yet.
fn none_throttled(case: &Case<'_>, function: &FunctionCase<'_>, minute: Minute) -> Sign {
    let nothing_in_region = case.region_value(Metric::Throttles, minute) == Some(0.0);
    if nothing_in_region { Sign::Absent } else { published(case, function, Metric::Throttles, minute) }
}

/// What a minute shows in which nothing of `metric` stands out. A function that is idle publishes nothing: a gap is
/// such a minute where a later one is known, or should be by now.
pub(in crate::analysis::rules) fn published(
    case: &Case<'_>,
    function: &FunctionCase<'_>,
    metric: Metric,
    minute: Minute,
) -> Sign {
    let last = function.state.series.one(metric).and_then(Series::last);
    let is_known = last.is_some_and(|last| last >= minute) || minute <= case.settled().plus(-RECENT);
    if is_known { Sign::Absent } else { Sign::Unknown }
}

/// What became of the requests of a minute.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Share {
    pub(super) throttles: f64,
    pub(super) errors: f64,
    pub(super) invocations: f64,
}

impl Share {
    pub(super) fn of(series: &SeriesSet, minute: Minute) -> Self {
        let value = |metric| series.one(metric).and_then(|series| series.get(minute)).unwrap_or(0.0);
        Self {
            throttles: value(Metric::Throttles),
            errors: value(Metric::Errors),
            invocations: value(Metric::Invocations),
        }
    }

    pub(super) fn asked(&self) -> f64 {
        self.invocations + self.throttles
    }

    /// The share that was throttled.
    fn throttled(&self) -> f64 {
        ratio(Some(self.throttles), Some(self.asked())).unwrap_or(0.0)
    }

    /// How clearly the throttling shows.
    pub(super) fn sign(&self) -> Sign {
        match self.throttles {
            0.0 => Sign::Absent,
            few if few < LEAST || self.throttled() < LEAST_SHARE => Sign::Weak,
            _ => Sign::Strong,
        }
    }

    pub(super) fn severity(&self, case: &Case<'_>) -> Severity {
        if self.throttled() >= case.thresholds().error_rate { Severity::Critical } else { Severity::Warning }
    }
}
