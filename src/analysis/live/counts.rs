//! Counts, quantiles and histograms of finished invocations.

use super::quantiles::Quantiles;
use super::{Beat, Runs};
use crate::store::live::run::{Cold, Run};

/// What is counted of some invocations.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    sums: Beat,
    init_us: Vec<u32>,
    restore_us: Vec<u32>,
    duration_us: Vec<u32>,
}

impl Counts {
    pub(super) fn add(&mut self, run: &Run) {
        self.sums.count(run);
        match run.cold {
            Some(Cold::Init(us)) => self.init_us.push(us),
            Some(Cold::Restore(us)) => self.restore_us.push(us),
            None => {}
        }
        self.duration_us.extend(run.duration_us);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.sums = self.sums + other.sums;
        self.init_us.extend(&other.init_us);
        self.restore_us.extend(&other.restore_us);
        self.duration_us.extend(&other.duration_us);
    }

    /// `failures_only` is that only failures are logged.
    pub(super) fn runs(mut self, failures_only: bool) -> Runs {
        let Beat { invocations, errors, timeouts, out_of_memory, cold_starts, used_mb, .. } = self.sums;
        Runs {
            failures_only,
            invocations,
            errors,
            timeouts,
            out_of_memory,
            cold_starts,
            init_ms: Quantiles::of(&mut self.init_us),
            restore_ms: Quantiles::of(&mut self.restore_us),
            duration_ms: Quantiles::of(&mut self.duration_us),
            max_memory_used_mb: used_mb,
        }
    }
}

/// How long init and restore phases took. Two steps double: the edges are 10, 14, 20, 28, 40 … ms.
#[derive(Clone, Debug, Default)]
pub(super) struct Histogram([u32; Self::STEPS]);

impl Histogram {
    /// The last edge is a minute: no init phase takes longer.
    const STEPS: usize = 26;

    fn edge_ms(step: usize) -> f64 {
        let whole = 10.0 * f64::from(1u32 << (step / 2));
        if step.is_multiple_of(2) { whole } else { (whole * std::f64::consts::SQRT_2).round() }
    }

    pub(super) fn add(&mut self, cold: Cold) {
        let ms = f64::from(cold.us()) / 1000.0;
        let step = (0..Self::STEPS).find(|step| ms <= Self::edge_ms(*step)).unwrap_or(Self::STEPS - 1);
        if let Some(count) = self.0.get_mut(step) {
            *count += 1;
        }
    }

    /// The edges and the counts, from the first that is not empty to the last.
    pub(super) fn steps(&self) -> Vec<(f64, u32)> {
        let is_filled = |count: &u32| *count > 0;
        let Some((first, last)) = self.0.iter().position(is_filled).zip(self.0.iter().rposition(is_filled)) else {
            return Vec::new();
        };
        (first..=last).map(|step| (Self::edge_ms(step), self.0[step])).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::live::run::Outcome;

    #[test]
    fn counts_add_up() {
        let run = |outcome, cold, duration_us, used_mb| Run { end: 0, request: 0, duration_us, cold, used_mb, outcome };
        let observed = [
            run(Outcome::Succeeded, None, Some(2000), Some(70)),
            run(Outcome::Failed, Some(Cold::Init(300_500)), Some(1000), None),
            run(Outcome::OutOfMemory, Some(Cold::Restore(90_000)), None, Some(128)),
            run(Outcome::TimedOut, None, Some(3_000_000), Some(80)),
        ];
        let (mut all, mut half, mut other) = (Counts::default(), Counts::default(), Counts::default());
        for (place, run) in observed.iter().enumerate() {
            all.add(run);
            if place % 2 == 0 { half.add(run) } else { other.add(run) }
        }
        half.merge(&other);
        let runs = all.runs(false);
        assert_eq!(half.runs(false), runs);
        assert_eq!(
            (runs.invocations, runs.errors, runs.timeouts, runs.out_of_memory, runs.cold_starts),
            (4, 3, 1, 1, 2)
        );
        assert_eq!((runs.init_ms.max, runs.restore_ms.p50), (Some(300.5), Some(90.0)));
        assert_eq!((runs.duration_ms.p50, runs.duration_ms.max), (Some(2.0), Some(3000.0)));
        assert_eq!(runs.max_memory_used_mb, Some(128));
        assert_eq!(Counts::default().runs(false), Runs::default());
    }

    #[test]
    fn the_histogram_shows_what_lies_between() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.steps(), []);
        for ms in [3, 10, 11, 28, 29] {
            histogram.add(Cold::Init(ms * 1000));
        }
        assert_eq!(histogram.steps(), [(10.0, 2), (14.0, 1), (20.0, 0), (28.0, 1), (40.0, 1)]);
        histogram.add(Cold::Restore(u32::MAX));
        let steps = histogram.steps();
        assert_eq!((steps.len(), steps.last().unwrap().1), (Histogram::STEPS, 1));
        assert!(steps.last().unwrap().0 >= 57_000.0);
    }
}
