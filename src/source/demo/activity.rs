//! What happened in a minute, in a form that adds up: to a version, an alias, a function, the Region.

use std::ops::AddAssign;

use super::duration::Durations;
use crate::model::metric::{Metric, Statistic};

/// One minute of some invocations. `None` is a metric that such invocations do not have.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Activity {
    pub(super) invocations: u64,
    pub(super) errors: u64,
    pub(super) throttles: u64,
    /// Concurrency outside provisioned environments.
    pub(super) on_demand: u64,
    /// Concurrency in provisioned environments.
    pub(super) on_provisioned: u64,
    /// Invocations that ran on demand because provisioned concurrency was full.
    pub(super) spilled: Option<u64>,
    /// Asynchronous events queued.
    pub(super) events_received: Option<u64>,
    /// Asynchronous events given up after their retries.
    pub(super) events_dropped: Option<u64>,
    /// The longest wait of an asynchronous event, milliseconds.
    pub(super) event_age_ms: Option<f64>,
    /// Failed writes to the dead-letter target.
    pub(super) dead_letter_errors: Option<u64>,
    /// Failed writes to the `OnFailure` destination.
    pub(super) delivery_failures: Option<u64>,
    /// Age of the newest batch's last record, milliseconds.
    pub(super) iterator_age_ms: Option<f64>,
    pub(super) durations: Option<Durations>,
}

impl Activity {
    /// Environments in use.
    pub(super) fn concurrency(&self) -> u64 {
        self.on_demand + self.on_provisioned
    }

    /// The metric's value; `None` where these invocations do not publish it.
    pub(super) fn value(&self, metric: Metric, statistic: Statistic) -> Option<f64> {
        let count = match metric {
            Metric::Invocations => Some(self.invocations),
            Metric::Errors => Some(self.errors),
            Metric::Throttles => Some(self.throttles),
            // A small part of a function can round to nothing; whoever ran, ran at least once.
            Metric::ConcurrentExecutions => Some(self.concurrency().max(self.invocations.min(1))),
            Metric::AsyncEventsReceived => self.events_received,
            Metric::AsyncEventsDropped => self.events_dropped,
            Metric::DeadLetterErrors => self.dead_letter_errors,
            Metric::DestinationDeliveryFailures => self.delivery_failures,
            Metric::ProvisionedSpillover => self.spilled,
            Metric::Duration => return self.durations?.statistic(statistic),
            Metric::AsyncEventAge => return self.event_age_ms,
            Metric::IteratorAge => return self.iterator_age_ms,
            // Of the whole Region or of a queue; and nothing here calls itself.
            Metric::UnreservedConcurrentExecutions
            | Metric::ClaimedAccountConcurrency
            | Metric::RecursiveInvocationsDropped
            | Metric::QueueOldestMessageAge
            | Metric::TopicMessagesPublished
            | Metric::TopicNotificationsFailed => None,
        };
        count.map(|count| count as f64)
    }

    /// What CloudWatch knows of it at first: most of what was counted. Extremes are as they will stay.
    pub(super) fn first_read(&self) -> Self {
        // Rounded up, so that what happened once is not missing and a part never exceeds its whole.
        let most = |count: u64| (count * FIRST_READ_PERCENT).div_ceil(100);
        Self {
            invocations: most(self.invocations),
            errors: most(self.errors),
            throttles: most(self.throttles),
            spilled: self.spilled.map(most),
            events_received: self.events_received.map(most),
            events_dropped: self.events_dropped.map(most),
            dead_letter_errors: self.dead_letter_errors.map(most),
            delivery_failures: self.delivery_failures.map(most),
            ..self.clone()
        }
    }
}

/// How much of a minute its first read shows.
const FIRST_READ_PERCENT: u64 = 85;

impl AddAssign<&Self> for Activity {
    fn add_assign(&mut self, other: &Self) {
        // Weighted by the invocations, so before these are summed.
        self.durations = match (self.durations, other.durations) {
            (Some(one), Some(two)) => Some(one.merge(self.invocations, two, other.invocations)),
            (one, two) => one.or(two),
        };
        self.invocations += other.invocations;
        self.errors += other.errors;
        self.throttles += other.throttles;
        self.on_demand += other.on_demand;
        self.on_provisioned += other.on_provisioned;
        self.spilled = sum(self.spilled, other.spilled);
        self.events_received = sum(self.events_received, other.events_received);
        self.events_dropped = sum(self.events_dropped, other.events_dropped);
        self.event_age_ms = largest(self.event_age_ms, other.event_age_ms);
        self.dead_letter_errors = sum(self.dead_letter_errors, other.dead_letter_errors);
        self.delivery_failures = sum(self.delivery_failures, other.delivery_failures);
        self.iterator_age_ms = largest(self.iterator_age_ms, other.iterator_age_ms);
    }
}

fn sum(one: Option<u64>, two: Option<u64>) -> Option<u64> {
    match (one, two) {
        (Some(one), Some(two)) => Some(one + two),
        (one, two) => one.or(two),
    }
}

fn largest(one: Option<f64>, two: Option<f64>) -> Option<f64> {
    match (one, two) {
        (Some(one), Some(two)) => Some(one.max(two)),
        (one, two) => one.or(two),
    }
}

impl<'a> std::iter::Sum<&'a Self> for Activity {
    fn sum<I: Iterator<Item = &'a Self>>(parts: I) -> Self {
        parts.fold(Self::default(), |mut whole, part| {
            whole += part;
            whole
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_one_part_has_is_not_lost() {
        let plain = Activity { invocations: 3, on_demand: 2, ..Activity::default() };
        let asynchronous = Activity {
            invocations: 1,
            events_received: Some(1),
            event_age_ms: Some(40.0),
            on_provisioned: 1,
            ..Activity::default()
        };
        let whole: Activity = [&plain, &asynchronous].into_iter().sum();
        assert_eq!(whole.invocations, 4);
        assert_eq!(whole.concurrency(), 3);
        assert_eq!(whole.events_received, Some(1));
        assert_eq!(whole.event_age_ms, Some(40.0));
        assert_eq!(whole.spilled, None, "missing in both is missing, not zero");
    }

    #[test]
    fn the_first_read_is_low_and_in_order() {
        let minute = Activity { invocations: 100, errors: 1, on_demand: 7, ..Activity::default() };
        let first = minute.first_read();
        assert_eq!((first.invocations, first.errors, first.on_demand), (85, 1, 7));
    }
}
