//! What the facts mean: pure functions of the store and a `now`. No IO, no clock, no terminal.
//!
//! Everything is computed once per published snapshot; JSON, tables and screens show the same numbers.

pub mod cost;
pub mod failures;
pub mod metrics;
pub mod pool;
pub mod traffic;

use chrono::{DateTime, Utc};

use crate::model::time::Minute;
use crate::store::series::Series;

/// What the analysis may be told to do differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Params {
    /// Alias and canary counts are taken over this many complete minutes.
    pub window_minutes: u32,
    /// The newest minutes that CloudWatch may still restate.
    pub provisional_minutes: u32,
}

impl Default for Params {
    fn default() -> Self {
        Self { window_minutes: 15, provisional_minutes: 3 }
    }
}

/// How many complete minutes back a value still counts as current: CloudWatch publishes Lambda's
/// minutes one to three minutes late (aws-facts 1.2), and an idle function publishes nothing.
const CURRENT_MINUTES: i64 = 5;

/// The newest complete minute, no more than [`CURRENT_MINUTES`] old, in which one of `series` has a point.
fn newest_minute<'a>(series: impl IntoIterator<Item = Option<&'a Series>>, now: DateTime<Utc>) -> Option<Minute> {
    let newest = Minute::newest_complete(now);
    let oldest = newest.plus(1 - CURRENT_MINUTES);
    series
        .into_iter()
        .flatten()
        .filter_map(|series| (oldest.0..=newest.0).rev().map(Minute).find(|minute| series.get(*minute).is_some()))
        .max()
}

/// `part / whole`; `None` without a whole: no traffic is not a rate of 0.
pub fn ratio(part: Option<f64>, whole: Option<f64>) -> Option<f64> {
    let (part, whole) = (part?, whole?);
    (whole > 0.0).then(|| part / whole)
}
