//! When an operation that failed may be called again. Pure: the caller brings the time.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use lambda_model::failure::ApiError;
use lambda_model::operation::Operation;

/// The pauses of each operation that does not answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Backoff {
    paused: BTreeMap<Operation, Pause>,
}

#[derive(Clone, Copy, Debug)]
struct Pause {
    failures: u32,
    until: DateTime<Utc>,
    /// Whether AWS only asked for fewer calls.
    throttled: bool,
}

impl Backoff {
    /// Notes how a call ended: with an answer (`None`) or a failure.
    pub(super) fn called(&mut self, operation: Operation, failure: Option<&ApiError>, now: DateTime<Utc>) {
        let Some((first, longest)) = failure.and_then(pauses) else {
            self.paused.remove(&operation);
            return;
        };
        let throttled = matches!(failure, Some(ApiError::Throttled(_)));
        let pause = self.paused.entry(operation).or_insert(Pause { failures: 0, until: now, throttled });
        // Calls that were under way together fail together: they count as one failure.
        if pause.failures > 0 && now < pause.until {
            return;
        }
        let doubled = 1i32.checked_shl(pause.failures).filter(|factor| *factor > 0).unwrap_or(i32::MAX);
        pause.failures += 1;
        pause.throttled = throttled;
        pause.until = now + first.checked_mul(doubled).map_or(longest, |span| span.min(longest));
    }

    /// Until when the operation is, or was, not to be called; `None` when its last call was answered.
    pub(super) fn paused_until(&self, operation: Operation) -> Option<DateTime<Utc>> {
        self.paused.get(&operation).map(|pause| pause.until)
    }

    /// Ends every pause: the user asks for a refresh.
    pub(super) fn lift(&mut self) {
        self.paused.clear();
    }

    /// Whether the last call of the operation failed.
    pub(super) fn failed(&self, operation: Operation) -> bool {
        self.paused.contains_key(&operation)
    }

    /// Whether the last call of the operation failed for another reason than throttling, which waiting does not change.
    pub(super) fn failed_for_good(&self, operation: Operation) -> bool {
        self.paused.get(&operation).is_some_and(|pause| !pause.throttled)
    }
}

/// The first pause after a failure and the longest one; each further failure doubles it.
fn pauses(error: &ApiError) -> Option<(TimeDelta, TimeDelta)> {
    match error {
        ApiError::NotFound(_) => None,
        ApiError::Throttled(_) => Some((TimeDelta::seconds(5), TimeDelta::minutes(5))),
        ApiError::Unreachable(_) => Some((TimeDelta::seconds(2), TimeDelta::minutes(1))),
        ApiError::Expired(_) => Some((TimeDelta::seconds(5), TimeDelta::minutes(1))),
        // A permission or an endpoint does not change by itself: look again now and then.
        ApiError::Denied(_) | ApiError::Unsupported(_) => Some((TimeDelta::minutes(10), TimeDelta::minutes(10))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPERATION: Operation = Operation::ListFunctions;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    fn pauses_of(error: &ApiError, failures: usize) -> Vec<i64> {
        let mut backoff = Backoff::default();
        let mut now = at(0);
        (0..failures)
            .map(|_| {
                backoff.called(OPERATION, Some(error), now);
                let until = backoff.paused_until(OPERATION).unwrap();
                let pause = (until - now).num_seconds();
                now = until;
                pause
            })
            .collect()
    }

    #[test]
    fn pauses_double_up_to_their_limit() {
        assert_eq!(pauses_of(&ApiError::Unreachable(String::new()), 7), [2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(pauses_of(&ApiError::Throttled(String::new()), 8), [5, 10, 20, 40, 80, 160, 300, 300]);
        assert_eq!(pauses_of(&ApiError::Denied(String::new()), 3), [600, 600, 600]);
        assert_eq!(pauses_of(&ApiError::Unreachable(String::new()), 70).last(), Some(&60), "never overflows");
    }

    #[test]
    fn calls_that_fail_together_count_once_and_success_ends_it() {
        let mut backoff = Backoff::default();
        let error = ApiError::Throttled(String::new());
        backoff.called(OPERATION, Some(&error), at(0));
        backoff.called(OPERATION, Some(&error), at(1));
        assert_eq!(backoff.paused_until(OPERATION), Some(at(5)));
        assert!(backoff.failed(OPERATION) && !backoff.failed_for_good(OPERATION));
        backoff.called(OPERATION, Some(&ApiError::Denied(String::new())), at(5));
        assert!(backoff.failed(OPERATION) && backoff.failed_for_good(OPERATION));
        backoff.called(OPERATION, None, at(6));
        assert_eq!(backoff.paused_until(OPERATION), None);
        assert!(!backoff.failed(OPERATION));
    }

    #[test]
    fn not_found_is_an_answer() {
        let mut backoff = Backoff::default();
        backoff.called(OPERATION, Some(&ApiError::NotFound(String::new())), at(0));
        assert!(!backoff.failed(OPERATION));
    }
}
