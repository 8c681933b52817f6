//! Statistics of counts and of repeated measurements: what a rate may be, and bounds that hold however often they are
//! looked at. Pure arithmetic: it knows neither functions nor time.
//!
//! A confidence sequence is an interval for every look at growing data, of which all contain the truth at once with
//! probability 1 − α. That is stronger than a confidence interval, of which each single one does: who looks at
//! those every minute and stops at the first that says something is wrong far more often than α. All here are of one
//! make: a ratio of likelihoods, above a mixture over what might be, below the value in question. At the true value
//! it is a nonnegative martingale of mean 1, so it ever reaches 1/α with probability α at most (Ville 1939; Robbins
//! 1970, "Statistical methods related to the law of the iterated logarithm").

/// The prior of a rate in the mixture, Beta(a, b): nearly flat on the logarithm below 0.1, where error rates are. Any
/// prior keeps the guarantee; one that is near the truth only needs fewer calls.
const PRIOR: (f64, f64) = (0.5, 10.0);
/// Halvings until an end of an interval is known to 2⁻⁵⁰, finer than any count that is ever seen.
const HALVINGS: u32 = 50;
/// Halvings where only a minimum is wanted: it is flat, so half the digits suffice.
const COARSE: u32 = 30;
/// The most calls that are counted, so that the continued fraction ends: from here on the posterior's width is below
/// 0.0001.
const MOST_CALLS: f64 = 1e8;
/// The continued fraction of the incomplete beta function takes about √(a + b) steps.
const MOST_STEPS: u32 = 50_000;
/// The variance of the effect size (mean over standard deviation) in the mixture of [`Mean`]: a version that is
/// really slower is so by several standard deviations of a minute's median.
const EFFECT_VARIANCE: f64 = 10.0;

/// Failures of calls; what is not a number counts as 0, and there are never more failures than calls.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Count {
    /// Calls that failed.
    pub failures: f64,
    /// All calls.
    pub calls: f64,
}

impl Count {
    /// `failures` of `calls`.
    pub fn new(failures: f64, calls: f64) -> Self {
        let calls = if calls > 0.0 { calls.min(f64::MAX) } else { 0.0 };
        Self { failures: if failures > 0.0 { failures.min(calls) } else { 0.0 }, calls }
    }

    /// failures / calls; `None` without calls.
    pub(crate) fn rate(self) -> Option<f64> {
        (self.calls > 0.0).then(|| self.failures / self.calls)
    }

    /// The logarithm of the mixture's likelihood over that of `rate`: ln B(f + a, n − f + b) − ln B(a, b) −
    /// f ln p − (n − f) ln(1 − p), with the prior Beta(a, b). Convex in `rate`, least at failures / calls.
    fn evidence_against(self, rate: f64) -> f64 {
        let (a, b) = PRIOR;
        let successes = self.calls - self.failures;
        let part = |count: f64, ln: f64| if count > 0.0 { count * ln } else { 0.0 };
        ln_beta(self.failures + a, successes + b)
            - ln_beta(a, b)
            - part(self.failures, rate.ln())
            - part(successes, (-rate).ln_1p())
    }
}

impl std::ops::Add for Count {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { failures: self.failures + other.failures, calls: self.calls + other.calls }
    }
}

/// The logarithm of the beta function, B(a, b) = Γ(a) Γ(b) / Γ(a + b), for positive `a` and `b`.
///
/// For large arguments Stirling's series stands in for the difference of two large logarithms (the way of `DiDonato` and
/// Morris 1992, ACM TOMS 708).
pub fn ln_beta(a: f64, b: f64) -> f64 {
    let (small, large) = if a <= b { (a, b) } else { (b, a) };
    if large < 10.0 {
        return libm::lgamma(small) + libm::lgamma(large) - libm::lgamma(small + large);
    }
    let sum = small + large;
    // ln Γ(large) − ln Γ(sum), where ln Γ(x) = (x − ½) ln x − x + ½ ln 2π + rest(x).
    let fall =
        stirling_rest(large) - stirling_rest(sum) + small - (large - 0.5) * (small / large).ln_1p() - small * sum.ln();
    libm::lgamma(small) + fall
}

/// What Stirling's formula leaves of ln Γ(x), for `x` ≥ 10 (Abramowitz and Stegun 6.1.41).
fn stirling_rest(x: f64) -> f64 {
    let square = 1.0 / (x * x);
    let series = 1.0 / 12.0
        - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square * (1.0 / 1680.0 - square * (1.0 / 1188.0))));
    series / x
}

/// The regularised incomplete beta function I(x; a, b): the probability that a Beta(a, b) variable is at most `x`.
///
/// By the continued fraction of Abramowitz and Stegun 26.5.8, evaluated with Lentz's method.
pub fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    if x.is_nan() || x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    // It converges fast on this side of the mean.
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - lower_tail(b, a, 1.0 - x);
    }
    lower_tail(a, b, x)
}

fn lower_tail(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away_from_0 = |value: f64| if value.abs() < TINY { TINY } else { value };
    let factor = (a * x.ln() + b * (-x).ln_1p() - ln_beta(a, b)).exp() / a;
    let mut above = 1.0;
    let mut below = 1.0 / away_from_0(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = below;
    for step in 1..MOST_STEPS {
        let place = f64::from(step);
        let even = place * (b - place) * x / ((a + 2.0 * place - 1.0) * (a + 2.0 * place));
        let odd = -(a + place) * (a + b + place) * x / ((a + 2.0 * place) * (a + 2.0 * place + 1.0));
        let mut change = 1.0;
        for term in [even, odd] {
            below = 1.0 / away_from_0(1.0 + term * below);
            above = away_from_0(1.0 + term / above);
            change = below * above;
            fraction *= change;
        }
        if (change - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    (factor * fraction).clamp(0.0, 1.0)
}

/// The probability that a rate lies above `threshold`, after `failures` of `calls`.
///
/// The posterior Beta(f + ½, n − f + ½) of Jeffreys' prior. Without calls it is the prior's. For one look: to look
/// again and again, use [`proportion`].
pub fn rate_exceeds(failures: f64, calls: f64, threshold: f64) -> f64 {
    let count = Count::new(failures, calls);
    let scale = (MOST_CALLS / count.calls).min(1.0);
    let (failed, succeeded) = (count.failures * scale, (count.calls - count.failures) * scale);
    // The upper tail by its own fraction: 1 − I would lose a small one.
    incomplete_beta(succeeded + 0.5, failed + 0.5, 1.0 - threshold)
}

/// The confidence sequence of a rate at this count: every rate p against which the mixture's evidence is below 1/α.
///
/// However often it is looked at as calls come in, it leaves out the true rate, ever, with probability `alpha` at most.
/// Without calls it is all of 0–1. Both ends are in 0–1.
pub fn proportion(count: Count, alpha: f64) -> (f64, f64) {
    let Some(rate) = count.rate() else { return (0.0, 1.0) };
    let enough = -alpha.ln();
    let inside = |rate: f64| count.evidence_against(rate) < enough;
    (bisect(rate, 0.0, inside), bisect(rate, 1.0, inside))
}

/// The evidence, as a logarithm, against every pair of rates with `first` − `second` = `difference`.
///
/// The two counts' likelihood ratios multiply to a martingale again, at the true pair of rates; the least favourable
/// pair of the line is the one that counts. Convex in `difference`, least at the difference of the observed rates.
fn evidence_against_difference(first: Count, second: Count, difference: f64) -> f64 {
    let (mut low, mut high) = ((-difference).max(0.0), (1.0 - difference).min(1.0));
    // The slope of the sum over the second's rate grows, so its sign shows on which side the minimum lies.
    let slope = |count: Count, rate: f64| {
        let part = |count: f64, rate: f64| if count > 0.0 { count / rate } else { 0.0 };
        part(count.calls - count.failures, 1.0 - rate) - part(count.failures, rate)
    };
    for _ in 0..COARSE {
        let middle = f64::midpoint(low, high);
        if slope(first, middle + difference) + slope(second, middle) > 0.0 { high = middle } else { low = middle }
    }
    [low, high]
        .map(|rate| first.evidence_against((rate + difference).clamp(0.0, 1.0)) + second.evidence_against(rate))
        .into_iter()
        .filter(|evidence| !evidence.is_nan())
        .fold(f64::INFINITY, f64::min)
}

/// Whether the first rate is above the second by more than `margin`, proven at level `alpha` however often this is
/// asked: where it is not, the answer is ever "yes" with probability `alpha` at most.
pub(crate) fn exceeds_by(first: Count, second: Count, margin: f64, alpha: f64) -> bool {
    let Some((one, other)) = first.rate().zip(second.rate()) else { return false };
    one - other > margin && evidence_against_difference(first, second, margin) >= -alpha.ln()
}

/// Whether the first rate is above the second by less than `margin`, proven likewise.
pub(crate) fn within(first: Count, second: Count, margin: f64, alpha: f64) -> bool {
    let Some((one, other)) = first.rate().zip(second.rate()) else { return false };
    one - other < margin && evidence_against_difference(first, second, margin) >= -alpha.ln()
}

/// The confidence sequence of the difference of two rates, `first` − `second`: it leaves out the true difference, ever,
/// with probability `alpha` at most. `None` where one was never called.
///
/// The shadow of a joint region. Against two sequences of α/2 each, its lower end needs a fifth to a third fewer calls to
/// recognise a failing canary, and no α has to be split between versions of unequal traffic.
pub fn difference(first: Count, second: Count, alpha: f64) -> Option<(f64, f64)> {
    let observed = first.rate()? - second.rate()?;
    let enough = -alpha.ln();
    let inside = |difference: f64| evidence_against_difference(first, second, difference) < enough;
    Some((bisect(observed, -1.0, inside), bisect(observed, 1.0, inside)))
}

/// The last value that is inside on the way from `from`, which is inside, to `to`; `to` where all of it is.
fn bisect(from: f64, to: f64, inside: impl Fn(f64) -> bool) -> f64 {
    if inside(to) {
        return to;
    }
    let (mut within, mut without) = (from, to);
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(within, without);
        if inside(middle) { within = middle } else { without = middle }
    }
    without
}

/// Mean and spread of measurements that came one after the other.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Mean {
    /// How many there are.
    pub count: u32,
    /// Their mean.
    pub mean: f64,
    /// The sum of their squared distances from the mean.
    squares: f64,
}

impl Mean {
    /// Takes in one more (Welford 1962).
    pub fn add(&mut self, value: f64) {
        self.count += 1;
        let before = value - self.mean;
        self.mean += before / f64::from(self.count);
        self.squares += before * (value - self.mean);
    }

    /// What it would be with `count` measurements that go on as these did.
    #[must_use]
    pub(crate) fn extended(self, count: u32) -> Self {
        let freedom = |count: u32| f64::from(count.saturating_sub(1));
        let squares = if self.count < 2 { 0.0 } else { self.squares * freedom(count) / freedom(self.count) };
        Self { count, squares, ..self }
    }

    /// The confidence sequence of the mean of normal measurements whose spread is unknown.
    ///
    /// The mixture over effect sizes N(0, g) with the right Haar prior of the spread gives the ratio
    /// (1 + ng)^−½ · ((1 + t²/ν) / (1 + t²/(ν(1 + ng))))^(n/2), ν = n − 1 (Gönen et al. 2005), a martingale whatever the
    /// spread is (Pérez-Ortiz et al. 2024; Wang and Ramdas 2025), solved for t. `None` while there are too few for any
    /// bound: with α = 0.01 four are needed.
    pub fn interval(&self, alpha: f64) -> Option<(f64, f64)> {
        if self.count < 2 {
            return None;
        }
        let (n, freedom) = (f64::from(self.count), f64::from(self.count - 1));
        let wider = 1.0 + n * EFFECT_VARIANCE;
        let most = (wider.sqrt() / alpha).powf(2.0 / n);
        if most >= wider {
            return None;
        }
        let t = (freedom * (most - 1.0) / (1.0 - most / wider)).sqrt();
        let reach = t * (self.squares / freedom / n).sqrt();
        Some((self.mean - reach, self.mean + reach))
    }
}

#[cfg(test)]
pub(crate) mod tests;
