//! How many requests a second a function gets: its ordinary rate, the time of day, drift, bursts and incidents.
//!
//! Constant from one change to the next, so that arrivals can be drawn exactly; chance comes later.

use super::incident;
use super::instant::Instant;
use super::noise::Noise;
use super::scenario::{Burst, Function, Scenario};

/// How far traffic swings over a day.
const DAILY_SWING: f64 = 0.1;
/// How far each function's traffic drifts on its own, and how often the drift changes, minutes.
const DRIFT: f64 = 0.08;
const DRIFT_MIN: i64 = 10;

/// The requests at an instant, and until when that holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rate {
    pub(super) per_s: f64,
    /// The share of the requests' events, messages and records that fail at every attempt.
    pub(super) poison: f64,
    pub(super) until: Instant,
}

/// The rate at `now`; it holds for a minute at most.
pub(super) fn rate(scenario: &Scenario, seed: u64, function: &Function, now: Instant) -> Rate {
    // A function without traffic need not be checked each minute.
    let minute_end = if function.rate == 0.0 { Instant(i64::MAX) } else { Instant::start_of(now.minute() + 1) };
    let ordinary = ordinary(scenario, seed, function, now.minute());
    let incidents = || incident::of(scenario, &function.name, None, now);
    let factor: f64 = incidents().map(|(one, size)| 1.0 + (one.rate - 1.0) * size).product();
    let poison = incidents().map(|(one, size)| one.poison * size).sum();
    let until = incident::next_change(scenario, &function.name, now).min(minute_end);
    let (burst, until) = function.burst.as_ref().map_or((0.0, until), |burst| {
        let (per_s, edge) = burst.at(now);
        (per_s, edge.min(until))
    });
    Rate { per_s: ordinary * factor + burst, poison, until }
}

/// The expected number of requests in a minute before the origin, without incidents.
pub(super) fn calm_requests(scenario: &Scenario, seed: u64, function: &Function, minute: i64) -> f64 {
    let bursts = function.burst.as_ref().map_or(0.0, |burst| burst.rate * burst.seconds_of(minute));
    60.0 * ordinary(scenario, seed, function, minute) + bursts
}

fn ordinary(scenario: &Scenario, seed: u64, function: &Function, minute: i64) -> f64 {
    if function.rate == 0.0 {
        return 0.0;
    }
    let time = scenario.time(Instant::start_of(minute)).timestamp().div_euclid(60);
    function.rate * (1.0 + DAILY_SWING * daily(time) + DRIFT * drift(seed, function, minute))
}

impl Burst {
    /// Its rate at `now`, and when that changes.
    fn at(&self, now: Instant) -> (f64, Instant) {
        let (every, lasting) = (Instant::of_s(self.every_s), Instant::of_s(self.lasting_s));
        let since = Instant(now.0.rem_euclid(every.0.max(1)));
        let began = now - since;
        if since < lasting { (self.rate, began + lasting) } else { (0.0, began + every) }
    }

    /// How many seconds of `minute` it lasts.
    fn seconds_of(&self, minute: i64) -> f64 {
        let (mut now, end) = (Instant::start_of(minute), Instant::start_of(minute + 1));
        let mut lasting = Instant(0);
        while now < end {
            let (per_s, until) = self.at(now);
            let until = until.min(end);
            if per_s > 0.0 {
                lasting = lasting + (until - now);
            }
            now = until;
        }
        lasting.s()
    }
}

/// The time of day from -1 (night, UTC) to 1 (day): two parabolas in place of a sine. `minute` is Unix time's.
fn daily(minute: i64) -> f64 {
    let day = (minute - 8 * 60).rem_euclid(24 * 60) as f64 / (24.0 * 60.0);
    let half = day % 0.5;
    let height = 16.0 * half * (0.5 - half);
    if day < 0.5 { height } else { -height }
}

/// A slow random walk of the function's own from -1 to 1: a value every few minutes, straight lines between.
fn drift(seed: u64, function: &Function, minute: i64) -> f64 {
    let knot = minute.div_euclid(DRIFT_MIN);
    let between = minute.rem_euclid(DRIFT_MIN) as f64 / DRIFT_MIN as f64;
    let at = |knot: i64| 2.0 * Noise::new(seed, &function.name, knot).uniform() - 1.0;
    at(knot) * (1.0 - between) + at(knot + 1) * between
}
