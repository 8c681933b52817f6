//! Why a function's requests were throttled in a minute, and how sure that is. It looks at one minute and knows nothing
//! of findings.
//!
//! Only the caller of a request gets the reason (docs/aws.md#throttle-reasons); here it is inferred from the limits and
//! from what was in use. A minute's maximum shows that a limit was reached, not for how long: what more than one limit
//! explains is less sure.

use crate::analysis::live::FunctionLive;
use crate::analysis::pool::Pool;
use crate::analysis::ratio;
use crate::store::state::{FunctionState, ScopeState};
use lambda_model::change::Changed;
use lambda_model::finding::Kind;
use lambda_model::metric::{Metric, Statistic};
use lambda_model::time::Minute;

/// Requests a second for each unit of concurrency: of the account and of a reservation (docs/aws.md#request-rate).
pub(crate) const REQUESTS_PER_ENVIRONMENT: f64 = 10.0;
/// New environments that a function gets in ten seconds (docs/aws.md#scaling-rate).
pub(crate) const SCALING: f64 = 1000.0;

/// A limit is reached from this part of it on: the maximum of samples may lie a little below it.
const REACHED: f64 = 0.95;
/// The same of the Region, whose number is large and smooth: a pool at 0.95 has room.
pub(crate) const FULL: f64 = 0.99;
/// A rate that over the whole minute was this part of what is allowed was above it in some of its seconds.
const RATE_SURE: f64 = 0.8;
/// How many minutes back to look for a function's rise: a burst may begin just before the minute does.
const RISE_MINUTES: i64 = 3;
/// Less than this sure of a cause is not to know it.
const KNOWN: f64 = 0.5;

/// Why requests were throttled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The reservation is 0.
    ReservedZero,
    /// The reservation was in use.
    ReservedLimit(u32),
    /// Ten requests a second for each reserved environment.
    ReservedRate(u32),
    /// The unreserved pool was in use.
    Pool,
    /// Ten requests a second for each environment of the account's limit.
    AccountRate,
    /// New environments, more than 1,000 in ten seconds.
    Scaling,
    /// Nothing that is known explains it.
    Unknown,
}

impl Cause {
    /// What is found where this is the cause.
    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::ReservedZero => Kind::ThrottleReservedZero,
            Self::ReservedLimit(_) => Kind::ThrottleReservedLimit,
            Self::ReservedRate(_) | Self::AccountRate => Kind::ThrottleRequestRate,
            Self::Pool => Kind::ThrottleUnreservedPool,
            Self::Scaling => Kind::ThrottleScalingRate,
            Self::Unknown => Kind::ThrottleUnknown,
        }
    }
}

/// The throttled requests of a minute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Throttled {
    /// How many; more than 0.
    pub requests: f64,
    /// Why.
    pub cause: Cause,
    /// The probability that it is so, 0–1; of an unknown cause: that the facts do not show it.
    pub confidence: f64,
}

/// What was throttled of a function in a minute, and why; `None` where nothing was, or nothing is known.
pub(crate) fn throttled(
    scope: &ScopeState,
    function: &FunctionState,
    live: Option<&FunctionLive>,
    minute: Minute,
) -> Option<Throttled> {
    let requests = function.series.one(Metric::Throttles)?.get(minute).filter(|throttles| *throttles > 0.0)?;
    let sight = Sight { scope, function, live, minute, throttles: requests };
    let (cause, confidence) = sight.cause();
    Some(Throttled { requests, cause, confidence })
}

/// One function in one minute.
struct Sight<'a> {
    scope: &'a ScopeState,
    function: &'a FunctionState,
    live: Option<&'a FunctionLive>,
    minute: Minute,
    throttles: f64,
}

impl Sight<'_> {
    fn cause(&self) -> (Cause, f64) {
        let reservations = reservations_in(self.function, self.minute);
        let explained = reservations.iter().map(|reserved| match reserved {
            Some(0) => self.stopped(),
            Some(reserved) => self.within(*reserved),
            None => self.on_demand(),
        });
        let best =
            explained.filter(|(_, confidence)| *confidence >= KNOWN).max_by(|one, other| one.1.total_cmp(&other.1));
        best.unwrap_or_else(|| self.unexplained(!reservations.is_empty()))
    }

    fn value(&self, metric: Metric) -> Option<f64> {
        self.function.series.one(metric)?.get(self.minute)
    }

    /// Requests of the minute, throttled ones included.
    fn asked(&self) -> f64 {
        self.value(Metric::Invocations).unwrap_or(0.0) + self.throttles
    }

    /// Whether nothing ran: a function that was invoked in the minute says so.
    fn nothing_ran(&self) -> bool {
        let none = |metric| self.value(metric).is_none_or(|value| value <= 0.0);
        none(Metric::Invocations) && none(Metric::ConcurrentExecutions)
    }

    fn stopped(&self) -> (Cause, f64) {
        // What still ran was begun before the reservation was 0, in this minute.
        (Cause::ReservedZero, if self.value(Metric::Invocations).unwrap_or(0.0) > 0.0 { 0.75 } else { 0.99 })
    }

    fn within(&self, reserved: u32) -> (Cause, f64) {
        let (limit, rate) = (Cause::ReservedLimit(reserved), Cause::ReservedRate(reserved));
        let reserved = f64::from(reserved);
        let per_minute = reserved * REQUESTS_PER_ENVIRONMENT * 60.0;
        let asked = self.asked() / per_minute;
        let Some(in_use) = self.value(Metric::ConcurrentExecutions) else { return (Cause::Unknown, 0.0) };
        if in_use >= reserved {
            // Both limits may have been reached; which one for longer, the means of the minute show.
            let ran_fast = self.value(Metric::Invocations).unwrap_or(0.0) >= RATE_SURE * per_minute;
            let mostly_free = self.mean_concurrency().is_some_and(|mean| mean < 0.5 * reserved);
            return match (asked >= RATE_SURE, ran_fast && mostly_free) {
                (true, true) => (rate, 0.7),
                (true, false) => (limit, 0.85),
                (false, _) => (limit, 0.98),
            };
        }
        // Provisioned environments that are kept for one qualifier are not there for the others.
        let on_demand = reserved - f64::from(self.provisioned());
        if in_use >= on_demand.min(REACHED * reserved) && asked < RATE_SURE {
            return (limit, 0.75);
        }
        // A reservation below what a function gets at once cannot be reached by scaling too fast.
        let scaling = self.scaling();
        if scaling > rate_confidence(asked) {
            return (Cause::Scaling, scaling);
        }
        (rate, rate_confidence(asked))
    }

    fn on_demand(&self) -> (Cause, f64) {
        let scaling = self.scaling();
        let rate = self.region_asked().map_or(0.0, rate_confidence);
        match Pool::fill(self.scope, self.minute) {
            Some(fill) if fill >= FULL => {
                let others = self.region(Metric::Throttles).is_some_and(|all| all > self.throttles);
                let alone = if others { 0.97 } else { 0.9 };
                let reached = if fill >= 1.0 { alone } else { 0.8 * alone };
                // What else would explain it takes its part.
                let else_explained = if others { rate } else { rate.max(scaling) };
                (Cause::Pool, reached * (1.0 - 0.4 * else_explained))
            }
            None => (Cause::Unknown, 0.0),
            Some(_) if rate > scaling => (Cause::AccountRate, rate),
            Some(_) => (Cause::Scaling, scaling),
        }
    }

    /// Nothing explains it. `is_read`: the reservation was known.
    fn unexplained(&self, is_read: bool) -> (Cause, f64) {
        let is_full = Pool::fill(self.scope, self.minute).is_some_and(|fill| fill >= FULL);
        let read_since =
            self.function.reserved.as_ref().is_some_and(|reserved| reserved.at >= self.minute.plus(1).start());
        if !is_read && is_full {
            return (Cause::Pool, 0.7);
        }
        if !read_since && !is_full && self.nothing_ran() {
            // Nothing else stops a function wholly; the reservation was not read since.
            return (Cause::ReservedZero, 0.85);
        }
        (Cause::Unknown, if is_read && read_since { 0.6 } else { 0.9 })
    }

    /// How sure it is that the function wanted new environments faster than it gets them.
    fn scaling(&self) -> f64 {
        let Some(in_use) = self.value(Metric::ConcurrentExecutions) else { return 0.0 };
        if in_use < REACHED * SCALING {
            return 0.0;
        }
        if self.fastest_rise().is_some_and(|rise| rise >= 0.5 * SCALING) {
            return 0.97;
        }
        let before = self.function.series.one(Metric::ConcurrentExecutions).and_then(|series| {
            series.range(self.minute.plus(-RISE_MINUTES), self.minute.plus(-1)).flatten().reduce(f64::min)
        });
        match before {
            Some(before) => 0.95 * ((in_use - before) / SCALING).clamp(0.0, 1.0),
            None => 0.75,
        }
    }

    /// The most that its concurrency rose within ten seconds of the minute, from the logs.
    fn fastest_rise(&self) -> Option<f64> {
        let curve = &self.live?.curve;
        let seconds = curve.values.len().cast_signed() as i64;
        let first = curve.until.timestamp() - seconds + 1;
        let from = usize::try_from(self.minute.start().timestamp() - first).ok()?;
        let window = curve.values.get(from..(from + 60).min(curve.values.len()))?;
        let rises = window.windows(11).filter_map(|ten| Some(f64::from((*ten.last()?)?) - f64::from((*ten.first()?)?)));
        rises.reduce(f64::max)
    }

    /// Little's law; init phases are not in it.
    fn mean_concurrency(&self) -> Option<f64> {
        let average = self.function.series.get(Metric::Duration, Statistic::Average)?.get(self.minute)?;
        Some(self.value(Metric::Invocations)? * average / 60_000.0)
    }

    fn provisioned(&self) -> u32 {
        let configs = self.function.provisioned.as_ref().map(|read| read.value.as_slice()).unwrap_or_default();
        configs.iter().map(|config| config.allocated).sum()
    }

    fn region(&self, metric: Metric) -> Option<f64> {
        self.scope.region.one(metric)?.get(self.minute)
    }

    /// Requests of the whole Region over what its limit allows in a minute.
    fn region_asked(&self) -> Option<f64> {
        let limit = f64::from(self.scope.limits.as_ref()?.value.concurrent_executions);
        let asked = self.region(Metric::Invocations)? + self.region(Metric::Throttles).unwrap_or(self.throttles);
        ratio(Some(asked), Some(limit * REQUESTS_PER_ENVIRONMENT * 60.0))
    }
}

/// How sure a rate is the cause, by the requests of a minute over what is allowed in it. What is asked in a minute and
/// is not a second's worth cannot be too much.
fn rate_confidence(asked: f64) -> f64 {
    if asked < 1.0 / 60.0 { 0.0 } else { 0.3 + 0.67 * (asked / RATE_SURE).min(1.0) }
}

/// What was reserved in a minute: more than one value where it changed then, or may have; none where it is not known.
pub(crate) fn reservations_in(function: &FunctionState, minute: Minute) -> Vec<Option<u32>> {
    let Some(now) = &function.reserved else { return Vec::new() };
    let (begin, end) = (minute.start(), minute.plus(1).start());
    let mut reserved = now.value;
    let mut known = Vec::new();
    for change in function.changes.iter().rev() {
        let Changed::Reserved { from, .. } = change.what else { continue };
        if change.at < begin {
            break;
        }
        if change.after.unwrap_or(change.at) < end {
            known.push(reserved);
        }
        reserved = from;
    }
    known.push(reserved);
    known
}

#[cfg(test)]
mod tests;
