//! What is asked of a function in a minute: how many requests, to which version, how long, how faulty.
//!
//! Expectations only, incidents included; chance and limits come later.

use super::duration::Distribution;
use super::noise::Noise;
use super::scenario::{Function, Incident, Scenario, Source};
use crate::model::time::Minute;

/// How far traffic swings over a day.
const DAILY_SWING: f64 = 0.1;
/// How far each function's traffic drifts on its own, and how often it changes its mind, minutes.
const DRIFT: f64 = 0.08;
const DRIFT_MIN: i64 = 10;
/// Kinesis keeps records for a day unless told otherwise: no lag is longer, minutes.
const STREAM_RETENTION_MIN: f64 = 24.0 * 60.0;

/// A function's expected traffic in one minute.
pub(super) struct Demand<'a> {
    /// Requests a second. A stream's are those its shards can run: a stream waits, it is not refused.
    pub(super) rate: f64,
    /// The traffic by where it goes; the shares sum to 1.
    pub(super) lanes: Vec<LaneDemand<'a>>,
}

/// The part of a function's traffic that calls one qualifier and runs one version.
pub(super) struct LaneDemand<'a> {
    /// The alias that is called, or `$LATEST`.
    pub(super) qualifier: &'a str,
    /// The version that runs behind an alias.
    pub(super) version: Option<&'a str>,
    /// Of the function's requests.
    pub(super) share: f64,
    pub(super) error_rate: f64,
    pub(super) durations: Distribution,
}

impl Demand<'_> {
    /// The mean duration over all lanes, seconds.
    pub(super) fn mean_s(&self) -> f64 {
        self.lanes.iter().map(|lane| lane.share * lane.durations.mean_ms()).sum::<f64>() / 1000.0
    }
}

/// What `function` is expected to do in `minute`.
pub(super) fn demand<'a>(scenario: &'a Scenario, seed: u64, function: &'a Function, minute: Minute) -> Demand<'a> {
    let offset = scenario.offset(minute);
    let factors = factors(scenario, function, offset);
    let mut demand = Demand {
        rate: function.rate
            * factors.rate
            * (1.0 + DAILY_SWING * daily(minute) + DRIFT * drift(seed, function, minute)),
        lanes: lanes(function, &factors, offset),
    };
    if let Some(Source::Kinesis { shards, .. }) = function.source {
        demand.rate = demand.rate.min(f64::from(shards) / demand.mean_s());
    }
    demand
}

/// How far behind its stream a function is, milliseconds; 0 without a stream.
///
/// Records that the shards cannot run in time pile up: for each minute in which more work arrives than
/// is done, the lag grows by the part of the minute that was not done. It counts from the function's first
/// incident, so a scenario's ordinary traffic must fit the shards.
pub(super) fn lag_ms(scenario: &Scenario, function: &Function, minute: Minute) -> f64 {
    let Some(Source::Kinesis { shards, .. }) = function.source else { return 0.0 };
    let growth = |offset: i64| {
        let factors = factors(scenario, function, offset);
        let lanes = lanes(function, &factors, offset);
        let work = function.rate * factors.rate * Demand { rate: 0.0, lanes }.mean_s();
        if work > 0.0 { 1.0 - f64::from(shards) / work } else { -1.0 }
    };
    let incidents = || scenario.incidents.iter().filter(|incident| incident.function == function.name);
    let first = incidents().map(|incident| incident.from_min).min().unwrap_or(i64::MAX);
    let settled = incidents().map(Incident::settled_min).max().unwrap_or(i64::MIN);
    let now = scenario.offset(minute);
    let ramping = (first..now.min(settled)).fold(0.0, |lag: f64, offset| (lag + growth(offset)).max(0.0));
    // Past the last ramp nothing changes any more, so the sum is a product.
    let since = growth(settled) * now.saturating_sub(settled).max(0) as f64;
    (ramping + since).clamp(0.0, STREAM_RETENTION_MIN) * 60_000.0
}

struct Factors {
    rate: f64,
    duration: f64,
    errors: f64,
}

fn factors(scenario: &Scenario, function: &Function, offset: i64) -> Factors {
    let none = Factors { rate: 1.0, duration: 1.0, errors: 1.0 };
    scenario.incidents.iter().filter(|incident| incident.function == function.name).fold(none, |factors, incident| {
        let progress = incident.progress(offset);
        let ramped = |factor: f64| 1.0 + (factor - 1.0) * progress;
        Factors {
            rate: factors.rate * ramped(incident.rate),
            duration: factors.duration * ramped(incident.duration),
            errors: factors.errors * ramped(incident.errors),
        }
    })
}

impl Incident {
    /// From 0 before it begins to 1 when its factors are reached.
    fn progress(&self, offset: i64) -> f64 {
        let since = offset.saturating_sub(self.from_min) as f64;
        if since < 0.0 { 0.0 } else { (since / f64::from(self.ramp_min.max(1))).min(1.0) }
    }

    /// The minute from which nothing changes any more.
    fn settled_min(&self) -> i64 {
        self.from_min.saturating_add(i64::from(self.ramp_min.max(1)))
    }
}

fn lanes<'a>(function: &'a Function, factors: &Factors, offset: i64) -> Vec<LaneDemand<'a>> {
    let lane = |qualifier, version, share, error_rate: f64, slower: f64| {
        let timeout_ms = f64::from(function.timeout_s) * 1000.0;
        let p50_ms = (function.p50_ms * factors.duration * slower).min(timeout_ms);
        let durations = Distribution { p50_ms, spread: function.spread, timeout_ms };
        LaneDemand { qualifier, version, share, error_rate: (error_rate * factors.errors).min(1.0), durations }
    };
    let mut lanes = Vec::new();
    let mut unqualified = 1.0;
    for alias in &function.aliases {
        unqualified -= alias.share;
        let canary = alias.canary.as_ref().filter(|canary| offset >= canary.from_min);
        let shifted = alias.share * canary.map_or(0.0, |canary| canary.weight);
        lanes.push(lane(&alias.name, Some(&*alias.version), alias.share - shifted, function.error_rate, 1.0));
        if let Some(canary) = canary {
            lanes.push(lane(&alias.name, Some(&*canary.version), shifted, canary.error_rate, canary.duration));
        }
    }
    lanes.push(lane("$LATEST", None, unqualified, function.error_rate, 1.0));
    lanes.retain(|lane| lane.share > 1e-9);
    lanes
}

/// The time of day from -1 (night, UTC) to 1 (day): two parabolas in place of a sine.
fn daily(minute: Minute) -> f64 {
    let day = (minute.0 - 8 * 60).rem_euclid(24 * 60) as f64 / (24.0 * 60.0);
    let half = day % 0.5;
    let height = 16.0 * half * (0.5 - half);
    if day < 0.5 { height } else { -height }
}

/// A slow random walk of the function's own from -1 to 1: a value every few minutes, straight lines between.
fn drift(seed: u64, function: &Function, minute: Minute) -> f64 {
    let knot = minute.0.div_euclid(DRIFT_MIN);
    let between = minute.0.rem_euclid(DRIFT_MIN) as f64 / DRIFT_MIN as f64;
    // Keyed apart from the minutes' own draws, whose indexes are minutes since 1970.
    let value = |knot: i64| 2.0 * Noise::new(!seed, &function.name, knot).uniform() - 1.0;
    value(knot) * (1.0 - between) + value(knot + 1) * between
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mixed() -> Scenario {
        super::super::scenario("mixed").unwrap()
    }

    fn at(scenario: &Scenario, offset: i64) -> Minute {
        Minute::of(scenario.at(offset))
    }

    #[test]
    fn lanes_share_out_all_traffic() {
        let scenario = mixed();
        for function in &scenario.functions {
            for offset in [-120, 0, 48, 60, 600] {
                let demand = demand(&scenario, 1, function, at(&scenario, offset));
                let shares: f64 = demand.lanes.iter().map(|lane| lane.share).sum();
                assert!((shares - 1.0).abs() < 1e-9, "{} at {offset}: {shares}", function.name);
            }
        }
    }

    #[test]
    fn traffic_is_mild_until_the_incident_ramps_it() {
        let scenario = mixed();
        let noisy = scenario.function("image-resize").unwrap();
        let incident = scenario.incidents.iter().find(|incident| incident.function == noisy.name).unwrap();
        let rate = |offset| demand(&scenario, 1, noisy, at(&scenario, offset)).rate / noisy.rate;
        for offset in -180..=incident.from_min {
            assert!((1.0 - DAILY_SWING - DRIFT..=1.0 + DAILY_SWING + DRIFT).contains(&rate(offset)), "{offset}");
        }
        let halfway = rate(incident.from_min + i64::from(incident.ramp_min) / 2);
        assert!(halfway > 2.0 && halfway < 0.75 * incident.rate, "{halfway}");
        assert!(rate(incident.settled_min()) > 0.8 * incident.rate);
    }

    #[test]
    fn a_stream_lags_when_its_shards_are_too_slow_and_only_then() {
        let scenario = mixed();
        let lag = |name: &str, offset| lag_ms(&scenario, scenario.function(name).unwrap(), at(&scenario, offset));
        assert!(lag("orders-stream", 49) < 1.0);
        assert!(lag("orders-stream", 60) > 60_000.0);
        for offset in 55..3000 {
            assert!(lag("orders-stream", offset + 1) >= lag("orders-stream", offset), "{offset}");
        }
        let forever = lag("orders-stream", 1_000_000);
        assert!((forever - STREAM_RETENTION_MIN * 60_000.0).abs() < 1.0, "{forever}");
        assert!(lag("clickstream-ingest", 3000) < 1.0, "a healthy stream");
        assert!(lag("checkout", 3000) < 1.0, "no stream");
    }

    #[test]
    fn a_stream_runs_no_more_than_its_shards() {
        let scenario = mixed();
        let stream = scenario.function("orders-stream").unwrap();
        let busy = |offset| {
            let demand = demand(&scenario, 1, stream, at(&scenario, offset));
            demand.rate * demand.mean_s()
        };
        assert!((busy(60) - 8.0).abs() < 1e-9, "{}", busy(60));
        assert!((-120..50).all(|offset| busy(offset) < 8.0), "calm");
    }

    #[test]
    fn a_day_has_one_top_and_one_bottom() {
        let day: Vec<f64> = (0..1440).map(|minute| daily(Minute(minute))).collect();
        assert!((day[14 * 60] - 1.0).abs() < 1e-9 && (day[2 * 60] + 1.0).abs() < 1e-9);
        assert!(day.iter().all(|height| (-1.0..=1.0).contains(height)));
    }
}
