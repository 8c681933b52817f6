//! The simulation's own time: whole microseconds from the scenario's origin, so that sums are exact everywhere.

use std::ops::{Add, Sub};

/// An instant, or the span between two, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(pub(super) i64);

impl Instant {
    /// Microseconds of a second.
    pub(crate) const SECOND: i64 = 1_000_000;
    /// Microseconds of a minute.
    pub(crate) const MINUTE: i64 = 60 * Self::SECOND;

    /// `minutes` after the origin.
    pub(crate) fn of_min(minutes: f64) -> Self {
        Self((minutes * Self::MINUTE as f64).round() as i64)
    }

    /// `seconds`, truncated to whole microseconds.
    #[inline]
    pub(crate) fn of_s(seconds: f64) -> Self {
        Self((seconds * Self::SECOND as f64) as i64)
    }

    /// `milliseconds`, truncated to whole microseconds.
    #[inline]
    pub(crate) fn of_ms(milliseconds: f64) -> Self {
        Self((milliseconds * 1000.0) as i64)
    }

    /// The number of its minute from the origin; negative before it.
    #[inline]
    pub fn minute(self) -> i64 {
        self.0.div_euclid(Self::MINUTE)
    }

    /// The first instant of this minute.
    pub fn start_of(minute: i64) -> Self {
        Self(minute * Self::MINUTE)
    }

    /// The last instant of this minute.
    pub fn end_of(minute: i64) -> Self {
        Self::start_of(minute + 1) - Self(1)
    }

    /// In seconds.
    #[inline]
    pub(crate) fn s(self) -> f64 {
        self.0 as f64 / Self::SECOND as f64
    }

    /// In milliseconds.
    #[inline]
    pub(crate) fn ms(self) -> f64 {
        self.0 as f64 / 1000.0
    }
}

impl Add for Instant {
    type Output = Self;

    #[inline]
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Instant {
    type Output = Self;

    #[inline]
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_begin_at_the_origin_and_go_both_ways() {
        assert_eq!(Instant::of_min(1.5), Instant(90_000_000));
        assert_eq!((Instant(-1).minute(), Instant(0).minute(), Instant::of_s(60.0).minute()), (-1, 0, 1));
        assert_eq!(Instant::start_of(2) - Instant::of_ms(0.5), Instant(119_999_500));
    }
}
