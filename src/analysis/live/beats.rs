//! The last five minutes of a function in steps of ten seconds: what rules look at when there are logs.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Beat, Beats};
use crate::analysis::ratio;
use crate::store::live::run::{Outcome, Run};

impl Beats {
    /// Seconds of a beat.
    pub(crate) const STEP_S: i64 = 10;
    /// Beats that are kept.
    pub(crate) const COUNT: usize = 30;
    /// The seconds of all of them.
    const SPAN_S: i64 = 300;
    /// Beats of a window: a minute.
    pub(crate) const WINDOW: usize = 6;

    /// Beats up to `until`, in which nothing was read yet.
    pub(super) fn empty(until: DateTime<Utc>) -> Self {
        let end = until.timestamp().div_euclid(Self::STEP_S) * Self::STEP_S;
        let end = DateTime::from_timestamp(end, 0).unwrap_or_default();
        Self { end, beats: vec![None; Self::COUNT] }
    }

    /// The first millisecond.
    pub(super) fn origin(&self) -> i64 {
        self.end.timestamp_millis() - Self::SPAN_S * 1000
    }

    /// Says which beats were read wholly.
    pub(super) fn read(&mut self, is_read: impl Fn(i64, i64) -> bool) {
        let starts = (self.origin()..).step_by(Self::STEP_S as usize * 1000);
        for (from, beat) in starts.zip(&mut self.beats) {
            *beat = is_read(from, from + Self::STEP_S * 1000 - 1).then(Beat::default);
        }
    }

    /// Counts a finished invocation in the beat in which it ended.
    pub(super) fn add(&mut self, run: &Run, timeout_ms: i64, near: f64) {
        let place = (run.end - self.origin()).div_euclid(Self::STEP_S * 1000);
        let beat = usize::try_from(place).ok().and_then(|place| self.beats.get_mut(place));
        let Some(Some(beat)) = beat else { return };
        beat.count(run);
        let is_near = run.duration_us.is_some_and(|us| f64::from(us) / 1000.0 >= near * timeout_ms as f64);
        beat.near_timeout += u64::from(is_near);
    }

    /// Windows of a minute that end with each beat, oldest first, with the instant at which each begins; `None` where
    /// not all of it was read.
    pub(crate) fn windows(&self) -> impl Iterator<Item = (DateTime<Utc>, Option<Beat>)> {
        let first = self.end - TimeDelta::seconds(Self::SPAN_S);
        (0..).zip(self.beats.windows(Self::WINDOW)).map(move |(place, window)| {
            let sum = window.iter().copied().try_fold(Beat::default(), |sum, beat| Some(sum + beat?));
            (first + TimeDelta::seconds(place * Self::STEP_S), sum)
        })
    }
}

impl Beat {
    /// Counts a finished invocation: the one place where cold starts and failures are counted.
    pub(super) fn count(&mut self, run: &Run) {
        self.invocations += 1;
        self.errors += u64::from(run.outcome != Outcome::Succeeded);
        self.timeouts += u64::from(run.outcome == Outcome::TimedOut);
        self.out_of_memory += u64::from(run.outcome == Outcome::OutOfMemory);
        self.cold_starts += u64::from(run.is_cold_start());
        self.used_mb = self.used_mb.max(run.used_mb);
    }

    /// The share of the invocations that were cold starts; `None` without invocations.
    pub(crate) fn cold_start_rate(&self) -> Option<f64> {
        ratio(Some(self.cold_starts as f64), Some(self.invocations as f64))
    }
}

impl std::ops::Add for Beat {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            invocations: self.invocations + other.invocations,
            errors: self.errors + other.errors,
            timeouts: self.timeouts + other.timeouts,
            out_of_memory: self.out_of_memory + other.out_of_memory,
            cold_starts: self.cold_starts + other.cold_starts,
            near_timeout: self.near_timeout + other.near_timeout,
            used_mb: self.used_mb.max(other.used_mb),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(end: i64, outcome: Outcome, duration_ms: u32) -> Run {
        Run { end, request: 1, duration_us: Some(duration_ms * 1000), cold: None, used_mb: Some(90), outcome }
    }

    #[test]
    fn an_invocation_counts_in_the_beat_of_its_end() {
        let until = DateTime::from_timestamp(1000, 0).unwrap();
        let mut beats = Beats::empty(until);
        beats.read(|from, _| from >= 910_000);
        beats.add(&run(999_999, Outcome::TimedOut, 3000), 3000, 0.8);
        beats.add(&run(990_000, Outcome::Succeeded, 2399), 3000, 0.8);
        beats.add(&run(909_999, Outcome::Failed, 1), 3000, 0.8);
        beats.add(&run(1_000_000, Outcome::Failed, 1), 3000, 0.8);
        let windows: Vec<_> = beats.windows().collect();
        assert_eq!(windows.len(), Beats::COUNT - Beats::WINDOW + 1);
        let known: Vec<_> = windows.iter().filter_map(|(at, window)| Some((at.timestamp(), (*window)?))).collect();
        let last =
            Beat { invocations: 2, errors: 1, timeouts: 1, near_timeout: 1, used_mb: Some(90), ..Beat::default() };
        assert_eq!(known.last(), Some(&(940, last)));
        assert_eq!(known.len(), 4, "nothing is known of what was not read");
    }
}
