//! Spaces calls evenly at a given rate, without bursts, and up to a deadline for one-shot commands.

use std::sync::Mutex;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use lambda_model::time::Clock;

/// A rate of calls. All tasks that share it keep to it together.
#[derive(Debug)]
pub(super) struct Pace {
    clock: Clock,
    interval: TimeDelta,
    deadline: Option<DateTime<Utc>>,
    next: Mutex<DateTime<Utc>>,
}

impl Pace {
    /// Allows `per_second` calls a second by `clock`, and none after `deadline`.
    pub(super) fn new(clock: Clock, per_second: f64, deadline: Option<DateTime<Utc>>) -> Self {
        let interval = Duration::try_from_secs_f64(1.0 / per_second).unwrap_or(Duration::from_secs(1));
        let next = Mutex::new(clock.now());
        Self { interval: TimeDelta::from_std(interval).unwrap_or(TimeDelta::MAX), clock, deadline, next }
    }

    /// Waits until the next call may be made. Returns `false` when the deadline comes first.
    pub(super) async fn turn(&self) -> bool {
        let turn = {
            let mut next = self.next.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let turn = self.clock.now().max(*next);
            if self.deadline.is_some_and(|deadline| turn >= deadline) {
                return false;
            }
            *next = turn + self.interval;
            turn
        };
        self.clock.sleep_until(turn).await;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn calls_are_spaced_until_the_deadline() {
        let origin = DateTime::UNIX_EPOCH;
        let clock = Clock::simulated(origin, 1.0);
        let pace = Pace::new(clock.clone(), 4.0, Some(origin + TimeDelta::seconds(1)));
        let mut turns = Vec::new();
        while pace.turn().await {
            turns.push((clock.now() - origin).num_milliseconds());
        }
        assert_eq!(turns, [0, 250, 500, 750]);
    }
}
