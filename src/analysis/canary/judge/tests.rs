//! Verdicts on made-up minutes: the traps that others fell into, and simulated deployments.

use super::*;
use crate::analysis::statistics::tests::Noise;
use proptest::prelude::*;

/// A deployment that is simulated: invocations a minute, the canary's weight, error rates, and how much longer it takes.
#[derive(Clone, Copy)]
struct Trial {
    calls: f64,
    weight: f64,
    baseline: f64,
    canary: f64,
    slower: f64,
    /// The number of minutes in which the canary is three times as slow: nothing is warm yet.
    cold: i64,
}

const GOOD: Trial = Trial { calls: 600.0, weight: 0.1, baseline: 0.002, canary: 0.002, slower: 1.0, cold: 0 };

impl Trial {
    fn side(calls: u32, rate: f64, median_ms: f64, noise: &mut Noise) -> Side {
        if calls == 0 {
            return Side::default();
        }
        // The median of a log-normal sample of spread 0.5 is off by 1.25 · 0.5 / √n.
        let off = noise.normal() * 0.63 / f64::from(calls).sqrt();
        let count = Count::new(noise.failures(calls, rate), f64::from(calls));
        Side { count: Some(count), median_ms: Some(median_ms * off.exp()) }
    }

    fn steps(self, minutes: i64, noise: &mut Noise) -> Vec<Step> {
        (0..minutes)
            .map(|minute| {
                let calls = (self.calls + self.calls.sqrt() * noise.normal()).max(0.0) as u32;
                let tried = noise.failures(calls, self.weight) as u32;
                let cold = if minute < self.cold { 3.0 } else { 1.0 };
                let canary = Self::side(tried, self.canary, 40.0 * self.slower * cold, noise);
                let baseline = Self::side(calls - tried, self.baseline, 40.0, noise);
                Step { minute: Minute(minute), canary, baseline }
            })
            .collect()
    }

    /// What becomes of it in each of `runs` seeds when it is looked at after every minute of two hours.
    fn play(self, runs: u64) -> Outcomes {
        let mut outcomes = Outcomes::default();
        for seed in 0..runs {
            let steps = self.steps(120, &mut Noise(seed.wrapping_mul(0x2545_f491_4f6c_dd1d)));
            let judged = judge(&steps, &CanaryTerms::default());
            let (verdict, decided) = judged.verdict();
            let calls = decided.map(|decided| {
                let until = steps.iter().take_while(|step| step.minute <= decided);
                until.filter_map(|step| step.canary.count).map(|count| count.calls).sum::<f64>()
            });
            match verdict {
                Verdict::Fail => outcomes.failed.extend(calls),
                Verdict::Pass => outcomes.passed.extend(calls),
                Verdict::NotEnoughData => outcomes.open += 1,
            }
        }
        outcomes.failed.sort_by(f64::total_cmp);
        outcomes.passed.sort_by(f64::total_cmp);
        outcomes
    }
}

/// Calls of the canary up to the verdict, in order.
#[derive(Debug, Default)]
struct Outcomes {
    failed: Vec<f64>,
    passed: Vec<f64>,
    open: u64,
}

fn step(minute: i64, canary: (f64, f64), baseline: (f64, f64), medians: (f64, f64)) -> Step {
    let side = |(failures, calls), median| Side { count: Some(Count::new(failures, calls)), median_ms: Some(median) };
    Step { minute: Minute(minute), canary: side(canary, medians.0), baseline: side(baseline, medians.1) }
}

/// `minutes` that are all the same but for a little in the medians.
fn same(minutes: i64, canary: (f64, f64), baseline: (f64, f64), ratio: f64) -> Vec<Step> {
    (0..minutes)
        .map(|minute| step(minute, canary, baseline, (ratio * (40.0 + 0.1 * (minute % 3) as f64), 40.0)))
        .collect()
}

#[test]
fn the_traps_that_others_fell_into() {
    let unknown = |mut steps: Vec<Step>, side: fn(&mut Step) -> &mut Side| {
        for step in &mut steps {
            *side(step) = Side::default();
        }
        steps
    };
    let cases: [(&str, Vec<Step>, Verdict); 14] = [
        ("nothing at all", vec![], Verdict::NotEnoughData),
        (
            "a baseline of which nothing is known (NaN read as 0 passed elsewhere)",
            unknown(same(60, (3.0, 60.0), (0.0, 0.0), 1.0), |step| &mut step.baseline),
            Verdict::NotEnoughData,
        ),
        (
            "a canary of which nothing is known: no datapoints are no success",
            unknown(same(60, (0.0, 60.0), (0.0, 540.0), 1.0), |step| &mut step.canary),
            Verdict::NotEnoughData,
        ),
        ("a canary that is never called", same(60, (0.0, 0.0), (0.0, 540.0), 1.0), Verdict::NotEnoughData),
        ("a baseline that is never called", same(60, (0.0, 60.0), (0.0, 0.0), 1.0), Verdict::NotEnoughData),
        ("a baseline without errors and a canary with many", same(10, (3.0, 60.0), (0.0, 540.0), 1.0), Verdict::Fail),
        ("a canary of which every call fails", same(2, (5.0, 5.0), (0.0, 45.0), 1.0), Verdict::Fail),
        ("no errors in few calls are no proof", same(9, (0.0, 30.0), (0.0, 270.0), 1.0), Verdict::NotEnoughData),
        ("no errors in many", same(60, (0.0, 60.0), (0.0, 540.0), 1.0), Verdict::Pass),
        ("both fail as often", same(120, (2.0, 200.0), (9.0, 900.0), 1.0), Verdict::Pass),
        ("both always fail", same(60, (60.0, 60.0), (540.0, 540.0), 1.0), Verdict::Pass),
        ("p50 16 % longer is allowed, and said so", same(60, (0.0, 60.0), (0.0, 540.0), 1.16), Verdict::Pass),
        ("p50 twice as long is not", same(10, (0.0, 60.0), (0.0, 540.0), 2.0), Verdict::Fail),
        ("one error among few calls", same(1, (1.0, 3.0), (0.0, 30.0), 1.0), Verdict::NotEnoughData),
    ];
    for (what, steps, expected) in cases {
        let judged = judge(&steps, &CanaryTerms::default());
        assert_eq!(judged.verdict().0, expected, "{what}: {judged:?}");
    }
    // Without medians there is no pass, whatever the errors are.
    let mut steps = same(60, (0.0, 60.0), (0.0, 540.0), 1.0);
    for step in &mut steps {
        step.canary.median_ms = None;
    }
    let judged = judge(&steps, &CanaryTerms::default());
    assert!(matches!(judged.errors, Standing::Within(_)) && judged.verdict() == (Verdict::NotEnoughData, None));
}

#[test]
fn what_failed_stays_failed_and_says_since_when() {
    let mut steps = same(20, (6.0, 60.0), (0.0, 540.0), 1.0);
    let decided = judge(&steps, &CanaryTerms::default()).verdict();
    assert_eq!(decided.0, Verdict::Fail);
    let better = same(120, (0.0, 60.0), (0.0, 540.0), 1.0);
    steps.extend(better.into_iter().map(|step| Step { minute: step.minute.plus(20), ..step }));
    let later = judge(&steps, &CanaryTerms::default());
    assert_eq!(later.verdict(), decided);
    // And one that passed may still prove worse.
    let mut steps = same(60, (0.0, 60.0), (0.0, 540.0), 1.0);
    assert_eq!(judge(&steps, &CanaryTerms::default()).verdict().0, Verdict::Pass);
    let worse = same(30, (20.0, 60.0), (0.0, 540.0), 1.0);
    steps.extend(worse.into_iter().map(|step| Step { minute: step.minute.plus(60), ..step }));
    assert_eq!(judge(&steps, &CanaryTerms::default()).verdict().0, Verdict::Fail);
}

#[test]
fn few_calls_are_joined_until_a_median_says_something() {
    // Two calls of the canary a minute: every fifth minute gives a ratio, after the two that warm up.
    let judged = judge(&same(22, (0.0, 2.0), (0.0, 18.0), 1.0), &CanaryTerms::default());
    assert_eq!((judged.ratios.count, judged.span), (4, Some((Minute(0), Minute(21)))));
}

#[test]
fn a_good_canary_is_not_called_failing() {
    let colder = Trial { cold: 2, ..GOOD };
    let slow_traffic = Trial { calls: 40.0, ..GOOD };
    let often_failing = Trial { baseline: 0.05, canary: 0.05, weight: 0.25, ..GOOD };
    // As bad as the terms still allow, in both ways.
    let edge = Trial { baseline: 0.002, canary: 0.012, slower: 1.25, ..GOOD };
    for trial in [GOOD, colder, slow_traffic, often_failing, edge] {
        let outcomes = trial.play(200);
        assert!(outcomes.failed.len() <= 2, "{outcomes:?}");
    }
}

#[test]
fn a_bad_canary_is_found_within_the_stated_calls_and_never_passed() {
    for (baseline, most_median, most_90) in [(0.002, 300.0, 540.0), (0.01, 480.0, 840.0)] {
        let trial = Trial { baseline, canary: baseline + 0.05, ..GOOD };
        let outcomes = trial.play(200);
        assert_eq!((outcomes.failed.len(), outcomes.passed.len(), outcomes.open), (200, 0, 0));
        let (median, late) = (outcomes.failed[100], outcomes.failed[180]);
        assert!(median <= most_median && late <= most_90, "{baseline}: {median} {late}");
    }
    let slow = Trial { slower: 2.0, ..GOOD }.play(100);
    assert_eq!((slow.failed.len(), slow.passed.len()), (100, 0));
    // Sixty invocations a minute: within ten minutes, the two to warm up included.
    assert!(slow.failed[90] <= 600.0, "{slow:?}");
}

#[test]
fn nothing_passes_on_fewer_calls_than_any_bound_needs() {
    let outcomes = GOOD.play(100);
    assert!(outcomes.passed.len() >= 95, "{outcomes:?}");
    // Even one look at a baseline known for sure needs ln 20 / −ln(1 − 0.01) calls without a failure.
    let least = 20f64.ln() / -(1.0f64 - 0.01).ln();
    assert!(least > 298.0 && outcomes.passed[0] > least, "{outcomes:?}");
}

#[test]
fn what_it_still_needs_comes_true() {
    // Failures and invocations a minute of both, the ratio of the medians.
    for (canary, baseline, ratio) in [
        ((0.0, 60.0), (0.0, 540.0), 1.0),
        ((0.1, 20.0), (0.3, 380.0), 1.1),
        ((2.0, 60.0), (1.0, 540.0), 1.0),
        ((0.0, 60.0), (0.0, 540.0), 1.6),
    ] {
        let now = judge(&same(6, canary, baseline, ratio), &CanaryTerms::default());
        assert_eq!(now.verdict().0, Verdict::NotEnoughData, "{canary:?} {now:?}");
        let minutes = (now.calls_needed.unwrap() / canary.1).ceil() as i64;
        let then = judge(&same(6 + minutes + 2, canary, baseline, ratio), &CanaryTerms::default());
        assert_ne!(then.verdict().0, Verdict::NotEnoughData, "{canary:?} {minutes} {then:?}");
        assert_eq!(then.calls_needed, None);
        let before = judge(&same(6 + minutes * 2 / 3, canary, baseline, ratio), &CanaryTerms::default());
        assert_eq!(before.verdict().0, Verdict::NotEnoughData, "{canary:?} {minutes}");
    }
    // On the very margin nothing ever decides.
    let edge = judge(&same(30, (0.6, 60.0), (0.0, 540.0), 1.0), &CanaryTerms::default());
    assert_eq!((edge.verdict().0, edge.calls_needed), (Verdict::NotEnoughData, None));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn more_of_the_same_never_takes_a_failure_back(
        canary in (0u32..10, 0u32..50), baseline in (0u32..10, 0u32..200), ratio in 0.5..3.0f64, minutes in 1i64..40,
    ) {
        let count = |(failures, more): (u32, u32)| (f64::from(failures), f64::from(failures + more));
        let steps = same(minutes + 10, count(canary), count(baseline), ratio);
        let verdict = |minutes: i64| judge(&steps[..minutes as usize], &CanaryTerms::default()).verdict();
        let (short, long) = (verdict(minutes), verdict(minutes + 10));
        if short.0 == Verdict::Fail {
            prop_assert_eq!(short, long);
        }
        if short.0 == Verdict::Pass {
            prop_assert_ne!(long.0, Verdict::NotEnoughData);
        }
    }
}
