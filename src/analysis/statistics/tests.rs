//! The arithmetic against closed forms, and its promises against simulated looking without end.

use super::*;
use proptest::prelude::*;

/// `SplitMix64` (Steele et al. 2014): repeatable noise.
pub(crate) struct Noise(pub(crate) u64);

impl Noise {
    /// Uniform in 0–1.
    pub(crate) fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Standard normal (Box and Muller 1958).
    pub(crate) fn normal(&mut self) -> f64 {
        (-2.0 * (1.0 - self.next()).ln()).sqrt() * (std::f64::consts::TAU * self.next()).cos()
    }

    /// The number of failures among `calls`.
    pub(crate) fn failures(&mut self, calls: u32, rate: f64) -> f64 {
        f64::from((0..calls).map(|_| u32::from(self.next() < rate)).sum::<u32>())
    }
}

fn close(found: f64, expected: f64, tolerance: f64) -> bool {
    (found - expected).abs() <= tolerance * expected.abs().max(1e-300)
}

#[test]
fn beta_functions_have_their_closed_forms() {
    let cases = [
        (0.5, 0.5, std::f64::consts::PI.ln()),
        (2.0, 3.0, -(12f64.ln())),
        (3.0, 2.0, -(12f64.ln())),
        (1.0, 1e9, -(1e9f64.ln())),
        // B(2, b) = 1 / (b (b + 1))
        (2.0, 1e12, -(1e12f64.ln() + (1e12f64 + 1.0).ln())),
        // B(10, 10) = 9!² / 19!
        (10.0, 10.0, -(923_780f64.ln())),
    ];
    for (a, b, expected) in cases {
        assert!(close(ln_beta(a, b), expected, 1e-13), "{a} {b}: {} {expected}", ln_beta(a, b));
    }
    let cases = [
        (3.0, 1.0, 0.2, 0.008),
        (1.0, 4.0, 0.1, 1.0 - 0.9f64.powi(4)),
        (7.5, 7.5, 0.5, 0.5),
        (1e6, 1e6, 0.5, 0.5),
        // Arcsine law: 2/π asin √x.
        (0.5, 0.5, 0.25, 1.0 / 3.0),
        (2.0, 2.0, 0.0, 0.0),
        (2.0, 2.0, 1.0, 1.0),
        (2.0, 2.0, f64::NAN, 0.0),
    ];
    for (a, b, x, expected) in cases {
        assert!(close(incomplete_beta(a, b, x), expected, 1e-9), "{a} {b} {x}: {}", incomplete_beta(a, b, x));
    }
}

#[test]
fn counts_that_cannot_be_are_made_possible() {
    let count = |failures, calls| (Count::new(failures, calls).failures, Count::new(failures, calls).calls);
    assert_eq!(count(3.0, 2.0), (2.0, 2.0));
    assert_eq!(count(-1.0, 5.0), (0.0, 5.0));
    assert_eq!(count(f64::NAN, 5.0), (0.0, 5.0));
    assert_eq!(count(1.0, f64::NAN), (0.0, 0.0));
    assert_eq!(count(1.0, -2.0), (0.0, 0.0));
    assert_eq!(Count::new(0.0, 0.0).rate(), None);
}

#[test]
fn no_calls_prove_nothing() {
    let none = Count::default();
    let some = Count::new(5.0, 10.0);
    assert_eq!(proportion(none, 0.01), (0.0, 1.0));
    assert_eq!(difference(none, some, 0.01), None);
    assert_eq!(difference(some, none, 0.01), None);
    for (first, second) in [(none, some), (some, none), (none, none)] {
        assert!(!exceeds_by(first, second, 0.0, 0.2) && !within(first, second, 0.9, 0.2));
    }
    assert!(close(rate_exceeds(0.0, 0.0, 0.5), 0.5, 1e-12), "Jeffreys' prior is symmetric");
}

#[test]
fn without_a_failure_the_bound_has_a_closed_form() {
    for calls in [1.0, 30.0, 300.0, 3000.0, 1e6, 1e9] {
        let (low, high) = proportion(Count::new(0.0, calls), 0.05);
        let prior = ln_beta(PRIOR.0, calls + PRIOR.1) - ln_beta(PRIOR.0, PRIOR.1);
        let expected = (1.0 - ((0.05f64.ln() + prior) / calls).exp()).min(1.0);
        assert!(low <= 0.0);
        assert!(close(high, expected, 1e-6), "{calls}: {high} {expected}");
        // The rule of three bounds it for one look: the price of looking always is less than four times that.
        assert!(high > 3.0 / (calls + 3.0) && high < (12.0 + calls.ln()) / calls, "{calls}: {high}");
        assert!(proportion(Count::new(calls, calls), 0.05).1 >= 1.0);
    }
}

#[test]
fn a_joint_region_tells_a_failing_canary_sooner_than_two_halves() {
    // (canary, baseline): the baseline has more invocations, as it does.
    for (first, second) in
        [((18.0, 300.0), (6.0, 2700.0)), ((3.0, 50.0), (0.0, 950.0)), ((40.0, 400.0), (20.0, 3600.0))]
    {
        let (first, second) = (Count::new(first.0, first.1), Count::new(second.0, second.1));
        let (low, _) = difference(first, second, 0.01).unwrap();
        let (one, other) = (proportion(first, 0.005), proportion(second, 0.005));
        assert!(low > one.0 - other.1, "{low} {one:?} {other:?}");
    }
}

/// In how many of `runs` a statement is ever made that is false, looking after each of `looks` steps.
fn ever(runs: u64, looks: u32, mut run: impl FnMut(&mut Noise) -> Box<dyn FnMut(&mut Noise) -> bool>) -> f64 {
    let mut wrong = 0;
    for seed in 0..runs {
        let mut noise = Noise(seed.wrapping_mul(0x5851_f42d_4c95_7f2d));
        let mut step = run(&mut noise);
        wrong += u64::from((0..looks).any(|_| step(&mut noise)));
    }
    wrong as f64 / runs as f64
}

#[test]
fn looking_always_is_wrong_as_seldom_as_promised() {
    // On the very edge of the null hypothesis, where errors are most frequent.
    for (baseline, margin) in [(0.0, 0.01), (0.002, 0.01), (0.05, 0.01), (0.3, 0.05)] {
        let alpha = 0.05;
        let false_fail = ever(400, 120, |_| {
            let (mut first, mut second) = (Count::default(), Count::default());
            Box::new(move |noise| {
                first = first + Count::new(noise.failures(10, baseline + margin), 10.0);
                second = second + Count::new(noise.failures(90, baseline), 90.0);
                exceeds_by(first, second, margin, alpha) || within(first, second, margin, alpha)
            })
        });
        assert!(false_fail <= alpha, "{baseline}: {false_fail}");
    }
    let wrong = ever(2000, 120, |noise| {
        let (mut mean, center, spread) = (Mean::default(), noise.normal(), 1e-3 + noise.next() * 10.0);
        Box::new(move |noise| {
            mean.add(center + spread * noise.normal());
            mean.interval(0.05).is_some_and(|(low, high)| center < low || center > high)
        })
    });
    assert!((0.005..=0.05).contains(&wrong), "{wrong}");
}

#[test]
fn a_mean_takes_some_measurements_and_then_knows() {
    let mut mean = Mean::default();
    let bounds: Vec<bool> = (0..6)
        .map(|place| {
            mean.add(1.0 + f64::from(place % 2) * 0.01);
            mean.interval(0.01).is_some()
        })
        .collect();
    assert_eq!(bounds, [false, false, false, true, true, true]);
    let (low, high) = mean.interval(0.01).unwrap();
    assert!(low < 1.005 && 1.005 < high && high - low < 0.1, "{low} {high}");
    let (mut same, mut one) = (Mean::default(), Mean::default());
    (0..5).for_each(|_| same.add(3.0));
    assert_eq!(same.interval(0.01), Some((3.0, 3.0)), "what never varies is known");
    one.add(3.0);
    assert_eq!(one.interval(0.01), None);
}

proptest! {
    #[test]
    fn intervals_hold_what_was_seen_and_shrink_with_alpha(failures in 0u32..400, more in 0u32..4000, alpha in 0.001..0.2f64) {
        let count = Count::new(f64::from(failures), f64::from(failures + more));
        let (low, high) = proportion(count, alpha);
        let (wide_low, wide_high) = proportion(count, alpha / 10.0);
        let rate = count.rate().unwrap_or(0.5);
        prop_assert!(0.0 <= low && low <= rate && rate <= high && high <= 1.0);
        prop_assert!(wide_low <= low && wide_high >= high);
    }

    #[test]
    fn a_difference_and_its_tests_agree(
        one in (0u32..60, 0u32..600), other in (0u32..60, 0u32..6000), margin in 0.0..0.2f64,
    ) {
        let first = Count::new(f64::from(one.0), f64::from(one.0 + one.1));
        let second = Count::new(f64::from(other.0), f64::from(other.0 + other.1));
        let found: Option<(f64, f64)> = difference(first, second, 0.02);
        if let Some((low, high)) = found {
            prop_assert!((-1.0..=1.0).contains(&low) && low <= high && high <= 1.0);
            // Away from the very edge, which the halvings round.
            if (low - margin).abs() > 1e-6 {
                prop_assert_eq!(exceeds_by(first, second, margin, 0.02), low > margin);
            }
            if (high - margin).abs() > 1e-6 {
                prop_assert_eq!(within(first, second, margin, 0.02), high < margin);
            }
            let (back_low, back_high) = difference(second, first, 0.02).unwrap();
            prop_assert!((back_low + high).abs() < 1e-6 && (back_high + low).abs() < 1e-6);
        }
    }

    #[test]
    fn nothing_makes_a_number_that_is_none(failures in any::<f64>(), calls in any::<f64>(), threshold in any::<f64>()) {
        let exceeds = rate_exceeds(failures, calls, threshold);
        prop_assert!((0.0..=1.0).contains(&exceeds), "{}", exceeds);
        let count = Count::new(failures, calls);
        let (low, high) = proportion(count, 0.01);
        prop_assert!((0.0..=1.0).contains(&low) && (0.0..=1.0).contains(&high));
    }
}
