//! Counts that should be 0: what a single minute with one of them means. It does not know what is counted.

use chrono::{DateTime, Utc};

use super::case::{Case, FunctionCase};
use super::held::{Held, Sign};
use crate::analysis::fact::{Fact, Quantity};
use lambda_model::metric::Metric;
use lambda_model::time::Minute;

/// The number of minutes over which a count is summed.
const SUM_MINUTES: i64 = 5;

/// Something that was counted and should not be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Counted {
    /// When it was there.
    pub held: Held,
    /// How many of the newest minutes' that showed it, at most five of them.
    pub sum: f64,
    /// The number of minutes that it is over.
    pub minutes: f64,
}

impl Counted {
    /// `metric` of the function, if some of it was counted lately: CloudWatch counts exactly, so one minute is enough.
    pub(super) fn of(case: &Case<'_>, function: &FunctionCase<'_>, metric: Metric) -> Option<Self> {
        if !function.publishes(metric) {
            return None;
        }
        let sign = |minute| match function.value(metric, minute) {
            Some(count) => Sign::strong(count > 0.0),
            None if function.ran(minute) => Sign::Absent,
            None => Sign::Unknown,
        };
        Self::sum(case, case.held(sign)?, |minute| function.value(metric, minute))
    }

    /// What `value` sums up to over the minutes in which it `held`.
    pub(super) fn sum(case: &Case<'_>, held: Held, value: impl Fn(Minute) -> Option<f64>) -> Option<Self> {
        let settled = case.settled();
        let first = Minute::of(held.since).0.max(settled.0 - SUM_MINUTES + 1).min(settled.0);
        let sum = (first..=settled.0).map(Minute).filter_map(value).reduce(|sum, one| sum + one)?;
        Some(Self { held, sum, minutes: (settled.0 - first + 1) as f64 })
    }

    /// How many a minute.
    pub(super) fn per_minute(&self) -> f64 {
        self.sum / self.minutes
    }

    /// When it began.
    pub(super) fn since(&self) -> DateTime<Utc> {
        self.held.since
    }

    /// The count, over its minutes up to the newest that showed it.
    pub(super) fn fact(&self, quantity: Quantity) -> Fact {
        Fact::new(quantity, self.sum).over_minutes(self.minutes)
    }
}
