//! Arrivals and how many of them are under way at once: the Poisson process, Little's law, M/G/∞.

use super::super::instant::Instant;
use super::super::traffic;
use super::{InFlight, Z_TWO_SIDED, after, assert_poisson, chi_square_limit, constant, function, invocations, region};
use crate::world::World;

/// The requests expected from the origin until `at`, by the rate of each minute.
fn expected(world: &World, at: Instant) -> f64 {
    let function = &world.scenario.functions[0];
    let mut sum = 0.0;
    for minute in 0..=at.minute() {
        let from = Instant::start_of(minute);
        let until = Instant::start_of(minute + 1).min(at);
        sum += traffic::rate(&world.scenario, world.seed, function, from).per_s * (until - from).s();
    }
    sum
}

/// Of a lognormal distribution, seconds.
fn mean_s(p50_ms: f64, spread: f64) -> f64 {
    p50_ms / 1000.0 * (spread * spread / 2.0).exp()
}

#[test]
fn requests_are_a_poisson_process_of_the_rate_that_traffic_says() {
    for (rate, seed) in [(0.3, 1), (7.0, 2), (40.0, 3)] {
        let scenario = region(1000, &[function("f", &format!("rate = {rate}\np50_ms = 5.0"))]);
        let world = after(&scenario, seed, 1200.0);
        let starts: Vec<Instant> = invocations(&world, "f").iter().map(|one| one.started).collect();
        assert_poisson(starts.len() as f64, expected(&world, world.now), "requests");
        let mut dispersion = 0.0;
        let mut per_s = vec![0.0; 1200];
        for start in &starts {
            per_s[start.s() as usize] += 1.0;
        }
        // Some seconds together where a second expects less than five.
        let cell = (5.0_f64 / rate).ceil() as usize;
        for (place, counts) in per_s.chunks_exact(cell).enumerate() {
            let at = |cells: usize| expected(&world, Instant::of_s((cells * cell) as f64));
            let mean = at(place + 1) - at(place);
            dispersion += (counts.iter().sum::<f64>() - mean).powi(2) / mean;
        }
        let cells = (1200 / cell) as f64;
        assert!(dispersion < chi_square_limit(cells), "{rate}/s: {dispersion} of {cells}, too much dispersion");
        let least = cells - Z_TWO_SIDED * (2.0 * cells).sqrt();
        assert!(dispersion > least, "{rate}/s: {dispersion} of {cells}, too little dispersion");

        // In the process's own time the waits are exponential with mean 1: Kolmogorov and Smirnov's test, whose
        // statistic exceeds 1.95 once in a thousand times.
        let own: Vec<f64> = starts.iter().map(|start| expected(&world, *start)).collect();
        let mut waits: Vec<f64> = own.windows(2).map(|pair| pair[1] - pair[0]).collect();
        waits.sort_by(f64::total_cmp);
        let count = waits.len() as f64;
        let mean = waits.iter().sum::<f64>() / count;
        assert!((mean - 1.0).abs() < Z_TWO_SIDED / count.sqrt(), "{rate}/s: waits of {mean}");
        let gaps = waits.iter().enumerate().map(|(place, wait)| {
            let reached = 1.0 - (-wait).exp();
            (reached - place as f64 / count).abs().max((reached - (place as f64 + 1.0) / count).abs())
        });
        let widest = gaps.fold(0.0, f64::max) * count.sqrt();
        assert!(widest < 1.95, "{rate}/s: the waits are not exponential: {widest}");
    }
}

/// Asserts that the mean of one sample a second is what is expected, by the means of 20 batches. `expected` gives
/// the mean at a second.
#[track_caller]
fn assert_mean(in_flight: &InFlight, seconds: u32, expected: impl Fn(f64) -> f64, what: &str) {
    const BATCHES: u32 = 20;
    /// The 99.95th percentile of Student's t with 19 degrees of freedom (any table).
    const T: f64 = 3.883;
    let per_batch = seconds / BATCHES;
    let over = |batch: u32| {
        let off = |second| in_flight.at(Instant::of_s(second)) as f64 - expected(second);
        let seconds = batch * per_batch..(batch + 1) * per_batch;
        seconds.map(|second| off(f64::from(second))).sum::<f64>() / f64::from(per_batch)
    };
    let means: Vec<f64> = (0..BATCHES).map(over).collect();
    let mean = means.iter().sum::<f64>() / f64::from(BATCHES);
    let variance = means.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / f64::from(BATCHES - 1);
    let interval = T * (variance / f64::from(BATCHES)).sqrt();
    let usual = expected(f64::from(seconds) / 2.0);
    assert!(mean.abs() <= interval, "{what}: off by {mean} of {usual}, more than {interval}");
    assert!(interval < usual / 10.0, "{what}: within {interval} of {usual} says nothing");
}

#[test]
fn concurrency_is_rate_times_duration() {
    // requests a second, median duration, its spread, seconds
    let cases = [(20.0, 250.0, 0.0, 900), (20.0, 120.0, 1.0, 900), (3.0, 4000.0, 0.5, 4000), (60.0, 50.0, 0.4, 900)];
    for (seed, (rate, p50_ms, spread, seconds)) in (11..).zip(cases) {
        let keys = format!("rate = {rate}\np50_ms = {p50_ms}\nspread = {spread}");
        let world = after(&region(1000, &[function("f", &keys)]), seed, f64::from(seconds));
        // From the origin on: the Region has been running for hours.
        let place = world.index("f").unwrap();
        let all = world.invocations(place, Instant(i64::MIN), Instant(i64::MAX));
        let in_flight = InFlight::of(all);
        let rate =
            |second| traffic::rate(&world.scenario, seed, &world.scenario.functions[0], Instant::of_s(second)).per_s;
        assert_mean(&in_flight, seconds, |second| rate(second) * mean_s(p50_ms, spread), &keys);
    }
}

#[test]
fn init_phases_are_part_of_the_concurrency_and_not_of_the_duration() {
    let keys = format!("timeout_s = 2\ninit_ms = 800.0\n{}", constant(8.0, 3600.0));
    // Environments that hang are killed, so that every invocation finds none.
    let hang = "[[incident]]\nfunction = 'f'\nfrom_min = 0\nhang = 1.0\n".to_string();
    let world = after(&region(1000, &[function("f", &keys), hang]), 5, 1000.0);
    let all = invocations(&world, "f");
    let init_s = all.iter().map(|one| f64::from(one.init_us)).sum::<f64>() / 1e6 / all.len() as f64;
    // The median is 0.8 s; the mean of a lognormal is higher, but not by much.
    assert!((0.8..0.9).contains(&init_s), "{init_s}");
    let in_flight = InFlight::of(&all);
    // From 4 s on it is in equilibrium.
    let later = InFlight {
        starts: in_flight.starts.iter().map(|start| *start - Instant::of_s(10.0)).collect(),
        ends: in_flight.ends.iter().map(|end| *end - Instant::of_s(10.0)).collect(),
    };
    assert_mean(&later, 980, |_| 8.0 * (2.0 + init_s), "with init phases");
    let report = world.report(0, 5).unwrap();
    let durations = report.total.durations.unwrap();
    assert_eq!((durations.average, durations.p50, durations.maximum), (200_000, 200_000, 200_000));
}

#[test]
fn concurrency_without_limit_is_poisson_whatever_the_durations() {
    // requests a second, median duration, its spread, seconds from one sample to the next
    let cases = [(10.0, 400.0, 0.0, 2.0), (10.0, 400.0, 0.4, 5.0), (12.0, 100.0, 1.5, 12.0)];
    for (seed, (rate, p50_ms, spread, every_s)) in (21..).zip(cases) {
        const SAMPLES: u32 = 500;
        let keys = format!("rate = {rate}\np50_ms = {p50_ms}\nspread = {spread}");
        let world = after(&region(1000, &[function("f", &keys)]), seed, every_s * f64::from(SAMPLES));
        let place = world.index("f").unwrap();
        let in_flight = InFlight::of(world.invocations(place, Instant(i64::MIN), Instant(i64::MAX)));
        // One cell for each count, the last for all that are higher.
        let mut observed = [0.0; 40];
        let mut expected = [0.0; 40];
        for sample in 1..=SAMPLES {
            let at = Instant::of_s(every_s * f64::from(sample));
            observed[in_flight.at(at).min(39)] += 1.0;
            let mean =
                traffic::rate(&world.scenario, seed, &world.scenario.functions[0], at).per_s * mean_s(p50_ms, spread);
            let mut probability = (-mean).exp();
            for (count, cell) in expected.iter_mut().enumerate() {
                *cell += probability;
                probability *= mean / (count as f64 + 1.0);
            }
        }
        // Cells that expect less than five are taken together from both ends.
        let first = expected
            .iter()
            .scan(0.0, |sum, one| {
                *sum += one;
                Some(*sum)
            })
            .position(|sum| sum >= 5.0)
            .unwrap();
        let last = 39
            - expected
                .iter()
                .rev()
                .scan(0.0, |sum, one| {
                    *sum += one;
                    Some(*sum)
                })
                .position(|sum| sum >= 5.0)
                .unwrap();
        let cells = |counts: &[f64; 40]| -> Vec<f64> {
            let ends = [counts[..=first].iter().sum(), counts[last..].iter().sum::<f64>()];
            ends.into_iter().chain(counts[first + 1..last].iter().copied()).collect()
        };
        let (observed, expected) = (cells(&observed), cells(&expected));
        let statistic: f64 = observed.iter().zip(&expected).map(|(seen, due)| (seen - due).powi(2) / due).sum();
        let limit = chi_square_limit(expected.len() as f64 - 1.0);
        assert!(statistic < limit, "{keys}: {statistic} of {limit}; {observed:?}, not {expected:?}");
    }
}
