//! The statistics of a minute of many independent invocations, without running each.

use super::activity::{Activity, Durations, Rare};
use super::behaviour::Behaviour;
use super::noise::Noise;

/// The expected largest of 2^k standard normal draws, k = 0 to 16 (order statistics, integrated numerically).
const LARGEST: [f64; 17] = [
    0.0, 0.564, 1.029, 1.424, 1.766, 2.070, 2.344, 2.595, 2.827, 3.044, 3.248, 3.442, 3.626, 3.802, 3.971, 4.134, 4.291,
];

/// The standard normal distribution's quantiles for the 95th and 99th percentile.
const Z95: f64 = 1.645;
const Z99: f64 = 2.326;

/// The probability that a standard normal variable lies below `z`.
fn normal_below(z: f64) -> f64 {
    libm::erfc(-z / std::f64::consts::SQRT_2) / 2.0
}

impl Behaviour {
    /// How many standard deviations above the median the timeout lies.
    fn timeout_z(&self) -> f64 {
        // Constant durations lie infinitely far from any timeout but their own.
        libm::log(self.timeout_ms / self.p50_ms) / self.spread.max(1e-9)
    }

    /// The share of the attempts that fail: by chance, or because the timeout comes first.
    pub(super) fn failing(&self) -> f64 {
        let by_chance = self.error_rate.min(1.0);
        by_chance + (1.0 - by_chance) * normal_below(-self.timeout_z())
    }

    /// The mean duration, milliseconds, cut at the timeout.
    pub(super) fn cut_mean_ms(&self) -> f64 {
        let z = self.timeout_z();
        self.mean_ms() * normal_below(z - self.spread) + self.timeout_ms * normal_below(-z)
    }

    /// The statistics of the durations of `count` invocations; `None` when there were none.
    ///
    /// A small sample moves more from minute to minute and reaches less far into the tail.
    pub(super) fn durations(&self, count: u32, noise: &mut Noise) -> Option<Durations> {
        let power = count.checked_ilog2()?;
        let shift = noise.lognormal(self.spread / f64::from(count).sqrt());
        let largest = LARGEST[(power as usize).min(LARGEST.len() - 1)];
        let at = |z: f64| hundredths((self.p50_ms * shift * libm::exp(self.spread * z)).min(self.timeout_ms));
        let maximum = at(largest * (1.0 + 0.2 * noise.uniform()));
        let average = if count == 1 { maximum } else { hundredths(self.cut_mean_ms() * shift).min(maximum) };
        Some(Durations { average, p50: at(0.0), p95: at(Z95.min(largest)), p99: at(Z99.min(largest)), maximum })
    }
}

/// From milliseconds to what Lambda reports.
fn hundredths(ms: f64) -> u32 {
    (ms * 100.0).round() as u32
}

/// The most environments in use at once in a minute, when `present` are in use in the mean and an invocation
/// takes `mean_s` seconds.
///
/// The number in use is Poisson distributed (M/G/∞). How often it climbs above a level in the minute is, by
/// Aldous' Poisson clumping heuristic ("Probability approximations via the Poisson clumping heuristic", 1989,
/// chapter B), Poisson distributed too: the minute's length in mean durations, times the probability of the
/// level, times its distance from the mean.
pub(super) fn peak(present: f64, mean_s: f64, noise: &mut Noise) -> u32 {
    let target = noise.uniform();
    if present <= 0.0 {
        return 0;
    }
    let durations_long = 60.0 / mean_s;
    // What lies further below the mean has no weight.
    let lowest = (present - 8.0 * present.sqrt()).floor().max(0.0);
    let highest = lowest + 20.0 * present.sqrt() + 60.0;
    let mut level = lowest;
    let mut probability = libm::exp(level * libm::log(present) - present - libm::lgamma(level + 1.0));
    let mut reached = probability;
    while level < highest {
        let above = probability * present / (level + 1.0);
        // Near and below the mean the heuristic fails: each duration is a look of its own.
        let climbs = durations_long * (above * (level + 1.0 - present)).max(1.0 - reached);
        if target < reached * libm::exp(-climbs) {
            break;
        }
        level += 1.0;
        probability = above;
        reached += above;
    }
    level as u32
}

/// Several parts of a minute together, without concurrency, because maxima do not add up.
///
/// Exact for counts, for the average duration and for the longest. Percentiles are weighted by the
/// invocations, which is an approximation but keeps their order.
pub(super) fn together<'a>(parts: impl Iterator<Item = &'a Activity>) -> Activity {
    let mut all = Activity::default();
    let mut rare = Rare::default();
    let mut weighted = [0.0_f64; 4];
    let mut maximum = None;
    for part in parts {
        all.invocations += part.invocations;
        all.errors += part.errors;
        all.throttles += part.throttles;
        if let Some(durations) = part.durations {
            let statistics = [durations.average, durations.p50, durations.p95, durations.p99];
            for (sum, value) in weighted.iter_mut().zip(statistics) {
                *sum += f64::from(value) * f64::from(part.invocations);
            }
            maximum = maximum.max(Some(durations.maximum));
        }
        if let Some(one) = part.rare.as_deref() {
            rare.take_in(one);
        }
    }
    all.durations = maximum.map(|maximum| {
        let [average, p50, p95, p99] = weighted.map(|sum| (sum / f64::from(all.invocations)).round() as u32);
        Durations { average, p50, p95, p99, maximum }
    });
    all.rare = (rare != Rare::default()).then(|| Box::new(rare));
    all
}

impl Rare {
    fn take_in(&mut self, other: &Self) {
        let add = |one: &mut Option<u32>, two: Option<u32>| {
            if let Some(two) = two {
                *one = Some(one.unwrap_or(0) + two);
            }
        };
        add(&mut self.spilled, other.spilled);
        add(&mut self.events_received, other.events_received);
        add(&mut self.events_dropped, other.events_dropped);
        add(&mut self.dead_letter_errors, other.dead_letter_errors);
        add(&mut self.delivery_failures, other.delivery_failures);
        add(&mut self.recursive_dropped, other.recursive_dropped);
        self.event_age_ms = self.event_age_ms.max(other.event_age_ms);
        self.iterator_age_ms = self.iterator_age_ms.max(other.iterator_age_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::super::instant::Instant;
    use super::*;

    const TYPICAL: Behaviour = Behaviour {
        p50_ms: 100.0,
        spread: 0.5,
        timeout_ms: 3000.0,
        error_rate: 0.0,
        hang: 0.0,
        init_ms: 0.0,
        init_failures: 0.0,
        used_mb: 0.0,
        leak_mb: 0.0,
        until: Instant(0),
    };

    fn minutes(behaviour: Behaviour, count: u32) -> impl Iterator<Item = Durations> {
        (0..500).map(move |index| behaviour.durations(count, &mut Noise::new(5, "f", index)).unwrap())
    }

    #[test]
    fn statistics_are_in_order_and_below_the_timeout() {
        let slow = Behaviour { p50_ms: 2500.0, spread: 1.0, ..TYPICAL };
        for behaviour in [TYPICAL, slow, Behaviour { spread: 0.0, ..TYPICAL }] {
            for count in [1, 2, 7, 100, 30_000, 10_000_000] {
                for seen in minutes(behaviour, count) {
                    assert!(seen.p50 <= seen.p95 && seen.p95 <= seen.p99 && seen.p99 <= seen.maximum, "{seen:?}");
                    assert!(seen.average <= seen.maximum && seen.maximum <= 300_000, "{seen:?}");
                }
            }
        }
    }

    #[test]
    fn a_large_sample_shows_the_distribution() {
        // The lognormal distribution's: 100 ms x exp(0.5 x 1.645) and x exp(0.125).
        for seen in minutes(TYPICAL, 100_000) {
            for (value, expected) in [(seen.p50, 10_000), (seen.p95, 22_761), (seen.average, 11_331)] {
                assert!(value.abs_diff(expected) < expected / 100, "{value}, not {expected}");
            }
        }
    }

    #[test]
    fn one_invocation_has_one_duration_and_none_has_none() {
        for seen in minutes(TYPICAL, 1) {
            let one = seen.maximum;
            assert_eq!(seen, Durations { average: one, p50: one, p95: one, p99: one, maximum: one });
        }
        assert_eq!(TYPICAL.durations(0, &mut Noise::new(5, "f", 0)), None);
    }

    #[test]
    fn the_timeout_cuts_the_mean_and_fails_the_rest() {
        let near = Behaviour { p50_ms: 2000.0, spread: 0.6, error_rate: 0.1, ..TYPICAL };
        let mut noise = Noise::new(1, "f", 0);
        let sample: Vec<f64> = (0..100_000).map(|_| near.duration_ms(&mut noise)).collect();
        let cut = sample.iter().map(|one| one.min(3000.0)).sum::<f64>() / 1e5;
        assert!((near.cut_mean_ms() - cut).abs() < 8.0, "{} against {cut}", near.cut_mean_ms());
        let late = sample.iter().filter(|one| **one >= 3000.0).count() as f64 / 1e5;
        assert!((near.failing() - (0.1 + 0.9 * late)).abs() < 0.005, "{} with {late} late", near.failing());
        assert!((TYPICAL.cut_mean_ms() - TYPICAL.mean_ms()).abs() < 0.01, "far from the timeout");
        assert!(TYPICAL.failing() < 1e-6);
    }

    /// The largest number present in a minute of an M/M/∞ system, run event by event.
    fn simulated_peak(present: f64, mean_s: f64, noise: &mut Noise) -> u32 {
        let mut inside = noise.poisson(present) as f64;
        let (mut now, mut most) = (0.0, inside);
        loop {
            let rate = (present + inside) / mean_s;
            now += noise.exponential() / rate;
            if now > 60.0 {
                return most as u32;
            }
            inside += if noise.chance(present / (present + inside)) { 1.0 } else { -1.0 };
            most = inside.max(most);
        }
    }

    #[test]
    fn the_peak_is_what_a_simulation_of_the_queue_finds() {
        // present in the mean, mean duration in seconds
        for (present, mean_s) in [(0.05, 0.1), (0.8, 0.5), (6.3, 0.14), (25.0, 0.16), (40.0, 2.0), (9.0, 60.0)] {
            let mean = |draw: &dyn Fn(&mut Noise) -> u32| {
                (0..400).map(|index| f64::from(draw(&mut Noise::new(9, "f", index)))).sum::<f64>() / 400.0
            };
            let (drawn, simulated) =
                (mean(&|noise| peak(present, mean_s, noise)), mean(&|noise| simulated_peak(present, mean_s, noise)));
            let room = 0.15 + 0.1 * simulated;
            assert!((drawn - simulated).abs() < room, "{present} of {mean_s} s: {drawn} against {simulated}");
        }
        assert_eq!(peak(0.0, 0.1, &mut Noise::new(1, "f", 0)), 0);
    }

    #[test]
    fn parts_add_up_by_their_weight() {
        let constant = |value| Durations { average: value, p50: value, p95: value, p99: value, maximum: value };
        let part = |invocations, value, rare| Activity {
            invocations,
            errors: 1,
            durations: Some(constant(value)),
            rare: Some(Box::new(rare)),
            ..Activity::default()
        };
        let one = part(9, 100, Rare { events_received: Some(4), event_age_ms: Some(7), ..Rare::default() });
        let two = part(1, 200, Rare { events_received: Some(1), event_age_ms: Some(3), ..Rare::default() });
        let all = together([&one, &two].into_iter());
        assert_eq!((all.invocations, all.errors), (10, 2));
        assert_eq!(all.durations, Some(Durations { maximum: 200, ..constant(110) }));
        let rare = Rare { events_received: Some(5), event_age_ms: Some(7), ..Rare::default() };
        assert_eq!(all.rare.as_deref(), Some(&rare));
        assert_eq!(together(std::iter::empty()), Activity::default());
    }
}
