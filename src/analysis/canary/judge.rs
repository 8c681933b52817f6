//! The judgement itself: from the minutes of two versions to a verdict, without a store or a clock.
//!
//! All minutes since the split began count, none is ever let go: a sliding window would look at new data again and
//! again, and its chance of a false alarm would grow without end. What was decided stays decided.

use crate::analysis::statistics::{Count, Mean, difference, exceeds_by, within};
use crate::analysis::thresholds::CanaryTerms;
use lambda_model::time::Minute;

/// The part of `false_fail` that the errors may use; the durations have the rest.
const ERRORS_PART: f64 = 0.8;
/// Medians of fewer calls say little: minutes are joined until both versions have as many.
const LEAST_CALLS: f64 = 10.0;
/// The canary's first minutes with calls do not count for durations: nearly all its environments are new, and what was
/// not run before is slow.
const WARM_UP_MINUTES: u32 = 2;
/// A forecast of more invocations than this is not given.
const MOST_CALLS_AHEAD: f64 = 1e7;

/// The word on a canary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is as good as what it replaces, within the margin.
    Pass,
    /// It is worse.
    Fail,
    /// Not enough calls yet.
    NotEnoughData,
}

impl Verdict {
    /// The word used in JSON.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::NotEnoughData => "not_enough_data",
        }
    }
}

/// What the canary and the baseline did in one minute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The minute in which the invocations started.
    pub minute: Minute,
    /// The version that is tried.
    pub canary: Side,
    /// The version that it would replace.
    pub baseline: Side,
}

/// What one version did in one minute.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Side {
    /// Errors and invocations; `None` where one of them is not known.
    pub count: Option<Count>,
    /// The median of the handler's durations, ms, without init phases.
    pub median_ms: Option<f64>,
}

impl Side {
    /// Calls and the logarithm of their median.
    fn median(self) -> Option<(f64, f64)> {
        let median_ms = self.median_ms.filter(|ms| *ms > 0.0)?;
        Some((self.count?.calls, median_ms.ln()))
    }
}

/// What is known of one part of the judgement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// Nothing yet.
    #[default]
    Open,
    /// The canary is not worse than the terms allow, since the minute that showed it.
    Within(Minute),
    /// It is worse.
    Beyond(Minute),
}

impl Standing {
    /// A canary that proved worse stays so; one that proved as good may still prove worse.
    fn update(&mut self, minute: Minute, is_beyond: impl FnOnce() -> bool, is_within: impl FnOnce() -> bool) {
        if matches!(self, Self::Beyond(_)) {
            return;
        }
        if is_beyond() {
            *self = Self::Beyond(minute);
        } else if *self == Self::Open && is_within() {
            *self = Self::Within(minute);
        }
    }
}

/// What the minutes of two versions come to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judgement {
    /// The canary's errors and invocations.
    pub canary: Count,
    /// The baseline's.
    pub baseline: Count,
    /// The canary's error rate less the baseline's, as a confidence sequence of 1 − `false_fail`.
    pub difference: Option<(f64, f64)>,
    /// Whether it fails more often.
    pub errors: Standing,
    /// The logarithms of the ratios of the medians, canary over baseline.
    pub ratios: Mean,
    /// The ratio as a confidence sequence of 1 − `false_fail`; `None` while there are too few.
    pub ratio: Option<(f64, f64)>,
    /// Whether it takes longer.
    pub durations: Standing,
    /// The first minute with calls of the canary, and the last that counts.
    pub span: Option<(Minute, Minute)>,
    /// The invocations of the canary that are still needed, if all goes on as it did.
    pub calls_needed: Option<f64>,
}

impl Judgement {
    /// The verdict and the minute that decided it.
    pub fn verdict(&self) -> (Verdict, Option<Minute>) {
        use Standing::{Beyond, Within};
        match (self.errors, self.durations) {
            (Beyond(one), Beyond(other)) => (Verdict::Fail, Some(one.min(other))),
            (Beyond(minute), _) | (_, Beyond(minute)) => (Verdict::Fail, Some(minute)),
            (Within(one), Within(other)) => (Verdict::Pass, Some(one.max(other))),
            _ => (Verdict::NotEnoughData, None),
        }
    }

    /// Minutes from the canary's first call to the last that counts.
    pub(crate) fn minutes(&self) -> i64 {
        self.span.map_or(0, |(first, last)| last.0 - first.0 + 1)
    }
}

/// Judges a canary by all minutes of its split, oldest first.
///
/// One that fails at most `margin` more of its invocations, and takes at most `slower` times as long, is ever called failing
/// with probability `false_fail` at most, however often this is asked while minutes come in; one that does not is ever
/// passed with probability `false_pass` at most. Durations take the medians of the minutes (or of a few, joined, where
/// there are few calls) as normal on the logarithm, with a spread that is not known beforehand.
pub fn judge(steps: &[Step], terms: &CanaryTerms) -> Judgement {
    let mut judgement = Judgement::default();
    let mut open = Pairs::default();
    for step in steps {
        let calls = step.canary.count.map_or(0.0, |count| count.calls);
        let is_unknown = step.canary.count.is_none() && step.baseline.count.is_none();
        if is_unknown || (judgement.span.is_none() && calls <= 0.0) {
            continue;
        }
        let first = judgement.span.map_or(step.minute, |(first, _)| first);
        judgement.span = Some((first, step.minute));
        judgement.canary = judgement.canary + step.canary.count.unwrap_or_default();
        judgement.baseline = judgement.baseline + step.baseline.count.unwrap_or_default();
        let (canary, baseline) = (judgement.canary, judgement.baseline);
        judgement.errors.update(
            step.minute,
            || exceeds_by(canary, baseline, terms.margin, errors_alpha(terms)),
            || within(canary, baseline, terms.margin, terms.false_pass),
        );
        if let Some(ratio) = open.add(step) {
            judgement.ratios.add(ratio);
            let ratios = judgement.ratios;
            judgement.durations.update(step.minute, || is_slower(ratios, terms), || is_as_fast(ratios, terms));
        }
    }
    judgement.difference = difference(judgement.canary, judgement.baseline, terms.false_fail);
    judgement.ratio = judgement.ratios.interval(terms.false_fail).map(|(low, high)| (low.exp(), high.exp()));
    judgement.calls_needed = calls_needed(&judgement, terms);
    judgement
}

fn errors_alpha(terms: &CanaryTerms) -> f64 {
    terms.false_fail * ERRORS_PART
}

fn is_slower(ratios: Mean, terms: &CanaryTerms) -> bool {
    let alpha = terms.false_fail * (1.0 - ERRORS_PART);
    ratios.interval(alpha).is_some_and(|(low, _)| low > terms.slower.ln())
}

fn is_as_fast(ratios: Mean, terms: &CanaryTerms) -> bool {
    ratios.interval(terms.false_pass).is_some_and(|(_, high)| high < terms.slower.ln())
}

/// Minutes whose medians are joined until both versions have enough calls.
#[derive(Default)]
struct Pairs {
    warm_up: u32,
    canary: (f64, f64),
    baseline: (f64, f64),
}

impl Pairs {
    /// Takes in a minute; gives the logarithm of the ratio of the medians once there are enough calls.
    fn add(&mut self, step: &Step) -> Option<f64> {
        let (canary, baseline) = (step.canary.median()?, step.baseline.median()?);
        if self.warm_up < WARM_UP_MINUTES {
            self.warm_up += 1;
            return None;
        }
        for (sum, (calls, ln)) in [(&mut self.canary, canary), (&mut self.baseline, baseline)] {
            *sum = (sum.0 + calls, sum.1 + calls * ln);
        }
        if self.canary.0 < LEAST_CALLS || self.baseline.0 < LEAST_CALLS {
            return None;
        }
        let ratio = self.canary.1 / self.canary.0 - self.baseline.1 / self.baseline.0;
        (self.canary, self.baseline) = Default::default();
        Some(ratio)
    }
}

/// The invocations of the canary that are still needed, with the rates and the ratio that were seen; `None` once decided, and
/// where more are needed than that nobody waits for them.
fn calls_needed(judgement: &Judgement, terms: &CanaryTerms) -> Option<f64> {
    if judgement.verdict().0 != Verdict::NotEnoughData || judgement.canary.calls <= 0.0 {
        return None;
    }
    let errors = match judgement.errors {
        Standing::Open => Some(errors_need(judgement, terms)?),
        _ => None,
    };
    let durations = match judgement.durations {
        Standing::Open => Some(durations_need(judgement, terms)?),
        _ => None,
    };
    // Whatever fails decides alone; a pass needs both.
    let failing = [errors, durations].into_iter().flatten().filter(|need| need.1).map(|need| need.0).reduce(f64::min);
    failing.or_else(|| [errors, durations].into_iter().flatten().map(|need| need.0).reduce(f64::max))
}

/// Calls until the errors decide, and whether they will decide against the canary.
fn errors_need(judgement: &Judgement, terms: &CanaryTerms) -> Option<(f64, bool)> {
    let (canary, baseline) = (judgement.canary, judgement.baseline);
    let fails = canary.rate()? - baseline.rate()? > terms.margin;
    let more = |count: Count, times: f64| Count::new(count.failures * times, count.calls * times);
    let decides = |times: f64| {
        let (canary, baseline) = (more(canary, times), more(baseline, times));
        if fails {
            exceeds_by(canary, baseline, terms.margin, errors_alpha(terms))
        } else {
            within(canary, baseline, terms.margin, terms.false_pass)
        }
    };
    let times = least(1.0, MOST_CALLS_AHEAD / canary.calls, decides)?;
    Some(((canary.calls * (times - 1.0)).max(1.0), fails))
}

/// The same of the durations.
fn durations_need(judgement: &Judgement, terms: &CanaryTerms) -> Option<(f64, bool)> {
    let ratios = judgement.ratios;
    let fails = ratios.count > 1 && ratios.mean > terms.slower.ln();
    let decides = |count: f64| {
        let ratios = ratios.extended(count.ceil() as u32);
        if fails { is_slower(ratios, terms) } else { is_as_fast(ratios, terms) }
    };
    let known = f64::from(ratios.count.max(1));
    // Each takes a minute's calls, or as many as a median needs.
    let calls_each = (judgement.canary.calls / judgement.minutes().max(1) as f64).max(LEAST_CALLS);
    let count = least(known, MOST_CALLS_AHEAD / calls_each, decides)?;
    let more = (count.ceil() - f64::from(ratios.count)).max(1.0);
    Some((more * calls_each, fails))
}

/// The least value in `from ..= to` that decides, to a thousandth, where more always decides if less does.
fn least(from: f64, to: f64, decides: impl Fn(f64) -> bool) -> Option<f64> {
    if from > to || !decides(to) {
        return None;
    }
    let (mut low, mut high) = (from, to);
    while high > low * 1.001 {
        let middle = (low * high).sqrt();
        if decides(middle) { high = middle } else { low = middle }
    }
    Some(high)
}

#[cfg(test)]
mod tests;
