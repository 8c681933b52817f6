//! Minutes as CloudWatch counts them, and the one clock of the program.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// A minute of UTC, numbered from the Unix epoch: the grid of every Lambda metric
/// (docs/aws.md#late-points).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Minute(pub i64);

impl Minute {
    /// The minute that contains `at`.
    pub fn of(at: DateTime<Utc>) -> Self {
        Self(at.timestamp().div_euclid(60))
    }

    /// The minute's first instant.
    pub fn start(self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.0.saturating_mul(60), 0).unwrap_or(DateTime::UNIX_EPOCH)
    }

    /// The minute `count` minutes away.
    #[must_use]
    pub fn plus(self, count: i64) -> Self {
        Self(self.0.saturating_add(count))
    }

    /// The newest minute that has ended at `now`.
    pub fn newest_complete(now: DateTime<Utc>) -> Self {
        Self::of(now).plus(-1)
    }
}

/// Tells the time to the engine and the sources; everybody else is handed a `now`.
///
/// The simulated clock runs on tokio's timer, so under `tokio::time::pause` it is deterministic.
#[derive(Clone, Debug)]
pub struct Clock(Kind);

#[derive(Clone, Debug)]
enum Kind {
    System,
    Simulated { origin: DateTime<Utc>, started: tokio::time::Instant, speed: f64 },
}

impl Clock {
    /// The machine's clock, in UTC.
    pub fn system() -> Self {
        Self(Kind::System)
    }

    /// A clock that reads `origin` now and runs `speed` times as fast as real time.
    ///
    /// Must be made inside a tokio runtime. `speed` is held between 0.001 and 1,000,000.
    pub fn simulated(origin: DateTime<Utc>, speed: f64) -> Self {
        let speed = if speed.is_finite() { speed.clamp(0.001, 1e6) } else { 1.0 };
        Self(Kind::Simulated { origin, started: tokio::time::Instant::now(), speed })
    }

    /// The present.
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            Kind::System => Utc::now(),
            Kind::Simulated { origin, started, speed } => {
                let elapsed = started.elapsed().mul_f64(*speed);
                *origin + TimeDelta::from_std(elapsed).unwrap_or(TimeDelta::MAX)
            }
        }
    }

    /// Sleeps for `span` of this clock's time.
    pub async fn sleep(&self, span: Duration) {
        tokio::time::sleep(match &self.0 {
            Kind::System => span,
            Kind::Simulated { speed, .. } => span.div_f64(*speed),
        })
        .await;
    }

    /// Sleeps until this clock reads `at`; returns at once when that is past.
    pub async fn sleep_until(&self, at: DateTime<Utc>) {
        // A timer, even one of no length, costs a millisecond.
        match (at - self.now()).to_std() {
            Ok(span) if !span.is_zero() => self.sleep(span).await,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn minutes_cut_at_the_full_minute() {
        let minute = Minute::of(at("2026-11-22T09:59:59Z"));
        assert_eq!(minute.start(), at("2026-11-22T09:59:00Z"));
        assert_eq!(Minute::newest_complete(at("2026-11-22T10:00:00Z")), minute);
        assert_eq!(Minute::of(at("1969-12-31T23:59:59Z")), Minute(-1));
    }

    #[tokio::test(start_paused = true)]
    async fn the_simulated_clock_runs_at_its_speed() {
        let clock = Clock::simulated(at("2026-11-22T10:00:00Z"), 60.0);
        clock.sleep(Duration::from_mins(2)).await;
        assert_eq!(clock.now(), at("2026-11-22T10:02:00Z"));
        clock.sleep_until(at("2026-11-22T10:05:00Z")).await;
        assert_eq!(clock.now(), at("2026-11-22T10:05:00Z"));
        clock.sleep_until(at("2026-11-22T10:00:00Z")).await;
        assert_eq!(clock.now(), at("2026-11-22T10:05:00Z"), "a past instant does not wait");
    }
}
