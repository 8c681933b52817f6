//! When a limit will be reached, as a range: silent where the data do not carry it.
//!
//! A straight line through what is in use (`theil_sen`), per second where the logs are complete, by the minute
//! otherwise. A pool can go from idle to full within one minute of CloudWatch's: no forecast by the minute sees that.

mod theil_sen;

use chrono::{DateTime, TimeDelta, Utc};

use super::Params;
use super::live::{Curve, FunctionLive, ScopeLive};
use super::pool::Pool;
use crate::store::series::Series;
use crate::store::state::{FunctionState, ScopeState};
use lambda_model::metric::Metric;
use lambda_model::time::Minute;

/// The numbers of newest settled minutes that a forecast by the minute rests on: the longest time over which they are
/// straight. What rises faster than that comes to rest, or is there, before the newest minute is settled.
const MINUTES: [i64; 2] = [40, 20];
/// The numbers of settled seconds that one from the logs rests on, in steps of [`STEP_S`], likewise.
const SECONDS: [usize; 3] = [240, 120, 60];
const STEP_S: usize = 5;
/// The normal quantile of the slope's interval: 98 %. With fewer than six points there is no such interval.
const CONFIDENCE: f64 = 2.326;

/// How many times less or more a rise may go on, at best and at worst.
const BAND: f64 = 2.0;
/// One that lately has this part of its slope comes to rest.
const SLOWER: f64 = 0.7;

/// What is straight lies this near its line, as a part of its rise: seconds tremble more than maxima of minutes do.
const fn straight(basis: Basis) -> f64 {
    match basis {
        Basis::Logs => 0.35,
        Basis::Metrics => 0.15,
    }
}
/// Nothing goes on for ever: it is followed for this part of the time over which it was seen.
const AHEAD: f64 = 0.75;

/// When a limit will be reached if things go on as they do, seconds from now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Forecast {
    /// As the steepest slope that the data allow has it.
    pub low_s: f64,
    /// As the median slope has it.
    pub likely_s: f64,
    /// As the gentlest slope has it.
    pub high_s: f64,
    /// The end of the newest second or minute that it rests on.
    pub as_of: DateTime<Utc>,
    /// What it rests on.
    pub basis: Basis,
}

/// What a forecast rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// Seconds, from the logs.
    Logs,
    /// Minutes, from CloudWatch.
    Metrics,
}

impl Basis {
    /// The word used in JSON.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Logs => "logs",
            Self::Metrics => "metrics",
        }
    }
}

/// When the Region's limit will be reached.
pub(crate) fn region(state: &ScopeState, live: &ScopeLive, params: &Params, now: DateTime<Utc>) -> Option<Forecast> {
    let limit = f64::from(state.limits.as_ref()?.value.concurrent_executions);
    let claimed = state.region.one(Metric::ClaimedAccountConcurrency);
    let by_logs = live.region.as_ref().filter(|region| !region.lower_bound).and_then(|region| {
        // The logs show what runs; what is set aside and idle counts against the limit as well.
        let pool = Pool::newest(state, now);
        let idle = (pool.claimed? - pool.in_use?).max(0.0);
        by_seconds(&region.curve, limit - idle, params, now)
    });
    by_logs.or_else(|| by_minutes(claimed?, limit, params, now))
}

/// When the function's reservation will be reached; `None` also where it has none.
pub(crate) fn function(
    function: &FunctionState,
    live: Option<&FunctionLive>,
    params: &Params,
    now: DateTime<Utc>,
) -> Option<Forecast> {
    let limit = f64::from(function.reserved.as_ref()?.value.filter(|reserved| *reserved > 0)?);
    let by_logs =
        live.filter(|live| !live.is_lower_bound()).and_then(|live| by_seconds(&live.curve, limit, params, now));
    by_logs.or_else(|| by_minutes(function.series.one(Metric::ConcurrentExecutions)?, limit, params, now))
}

/// By the newest settled seconds without a gap: the highest value of every [`STEP_S`], at the end of them.
fn by_seconds(curve: &Curve, limit: f64, params: &Params, now: DateTime<Utc>) -> Option<Forecast> {
    let settled = curve.values.len().saturating_sub(curve.provisional);
    let known: Vec<u32> = curve.values[..settled].iter().rev().map_while(|value| *value).collect();
    let newest_s = (curve.until - now).num_milliseconds() as f64 / 1000.0 - curve.provisional as f64;
    SECONDS.into_iter().find_map(|count| {
        let steps = known.get(..count)?.chunks_exact(STEP_S).zip(0u32..);
        let points: Vec<(f64, f64)> = steps
            .map(|(step, place)| {
                let most = step.iter().copied().max().unwrap_or(0);
                (newest_s - f64::from(place) * STEP_S as f64, f64::from(most))
            })
            .collect();
        forecast(&points, limit, Basis::Logs, curve.until, params)
    })
}

/// By the newest settled minutes; a minute's maximum stands at its end, where a rising one has it.
fn by_minutes(series: &Series, limit: f64, params: &Params, now: DateTime<Utc>) -> Option<Forecast> {
    let settled = Minute::newest_complete(now).plus(-i64::from(params.provisional_minutes));
    series.get(settled)?;
    let end = |minute: Minute| minute.plus(1).start();
    let point = |minute: Minute| Some(((end(minute) - now).num_milliseconds() as f64 / 1000.0, series.get(minute)?));
    MINUTES.into_iter().find_map(|count| {
        let points: Vec<(f64, f64)> = (settled.0 - count + 1..=settled.0).map(Minute).filter_map(point).collect();
        // A gap or two are no harm.
        let is_known = points.len().cast_signed() as i64 + 2 >= count;
        is_known.then(|| forecast(&points, limit, Basis::Metrics, end(settled), params)).flatten()
    })
}

/// `points` are (seconds from now, in use), in any order.
fn forecast(
    points: &[(f64, f64)],
    limit: f64,
    basis: Basis,
    as_of: DateTime<Utc>,
    params: &Params,
) -> Option<Forecast> {
    let highest = points.iter().map(|(_, in_use)| *in_use).reduce(f64::max)?;
    // From here on the limit is said to be near, and what is in use no longer grows by what is asked for.
    if highest >= params.thresholds.near_limit * limit {
        return None;
    }
    let line = theil_sen::line(points, CONFIDENCE)?;
    if line.interval.0 <= 0.0 {
        return None;
    }
    let newest = points.iter().copied().max_by(|one, other| one.0.total_cmp(&other.0))?;
    let span = newest.0 - points.iter().map(|(at, _)| *at).fold(newest.0, f64::min);
    if line.spread > straight(basis) * line.slope * span || slows_down(points, newest, span, line.slope) {
        return None;
    }
    // From the newest point on; what comes after it is not known to go on like a ruler.
    let level = (line.intercept + line.slope * newest.0).max(newest.1);
    let reach = |slope: f64, off: f64| (limit - level - off).max(0.0) / slope;
    let likely_s = reach(line.slope, 0.0);
    let low_s = reach(line.interval.1, line.spread).min(likely_s / BAND);
    let high_s = reach(line.interval.0, -line.spread).max(likely_s * BAND);
    let horizon = TimeDelta::minutes(params.thresholds.forecast_minutes.into()).num_seconds() as f64;
    let from_now = |seconds: f64| (seconds + newest.0).max(0.0);
    let forecast =
        Forecast { low_s: from_now(low_s), likely_s: from_now(likely_s), high_s: from_now(high_s), as_of, basis };
    // Where even the gentlest slope was to have it reached by now, it did not go on as it did.
    let is_near = likely_s <= AHEAD * span && forecast.likely_s <= horizon && high_s + newest.0 > 0.0;
    is_near.then_some(forecast)
}

/// Whether what rises comes to rest: the newest quarter of the time rose clearly less than the whole.
fn slows_down(points: &[(f64, f64)], newest: (f64, f64), span: f64, slope: f64) -> bool {
    let quarter = newest.0 - span / 4.0;
    let before = points.iter().filter(|(at, _)| *at <= quarter).max_by(|one, other| one.0.total_cmp(&other.0));
    before.is_some_and(|(at, in_use)| newest.1 - in_use < SLOWER * slope * (newest.0 - at))
}

#[cfg(test)]
mod tests;
