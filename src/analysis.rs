//! What the facts mean: pure functions of the store and a `now`. No IO, no clock, no terminal.
//!
//! Everything is computed once per published snapshot; JSON, tables and screens show the same numbers.

pub mod canary;
mod consumers;
pub(crate) mod cost;
pub mod fact;
pub(crate) mod failures;
pub mod finding;
pub mod forecast;
pub mod live;
pub(crate) mod metrics;
pub(crate) mod pool;
pub(crate) mod rules;
pub mod statistics;
pub mod thresholds;
pub(crate) mod throttle;
pub(crate) mod traffic;

use chrono::{DateTime, Utc};

use crate::store::series::Series;
use lambda_model::time::Minute;
use thresholds::{CanaryTerms, Thresholds};

/// The settings of the analysis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Params {
    /// The number of complete minutes over which alias and canary counts are taken.
    pub window_minutes: u32,
    /// The newest minutes that CloudWatch may still restate.
    pub provisional_minutes: u32,
    /// From when on something is a finding.
    pub thresholds: Thresholds,
    /// How a canary is judged.
    pub canary: CanaryTerms,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            window_minutes: 15,
            provisional_minutes: 2,
            thresholds: Thresholds::default(),
            canary: CanaryTerms::default(),
        }
    }
}

/// How many complete minutes back a value still counts as current: CloudWatch publishes Lambda's
/// minutes one to three minutes late (docs/aws.md#late-points), and an idle function publishes nothing.
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
pub(crate) fn ratio(part: Option<f64>, whole: Option<f64>) -> Option<f64> {
    let (part, whole) = (part?, whole?);
    (whole > 0.0).then(|| part / whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{minute, now};
    use lambda_model::metric::Point;

    fn series(minutes_back: &[i64]) -> Series {
        let mut series = Series::default();
        for back in minutes_back {
            series.upsert(Point { minute: minute(*back), value: 0.0 }, now());
        }
        series
    }

    #[test]
    fn the_newest_minute_is_complete_and_current() {
        // Minutes with a point, counted back from the newest complete one, of two series -> the newest minute.
        let cases: [(&[i64], &[i64], Option<i64>); 8] = [
            (&[], &[], None),
            (&[0, 1, 2], &[], Some(0)),
            (&[2], &[1], Some(1)),
            (&[4], &[], Some(4)),
            (&[5], &[], None),
            (&[5], &[4], Some(4)),
            // The minute that still runs does not count, nor does it hide the one before.
            (&[-1], &[], None),
            (&[-1, 3], &[5], Some(3)),
        ];
        for (one, other, newest) in cases {
            let (one_series, other_series) = (series(one), series(other));
            let found = newest_minute([Some(&one_series), None, Some(&other_series)], now());
            assert_eq!(found, newest.map(minute), "{one:?} {other:?}");
        }
    }

    #[test]
    fn without_a_whole_there_is_no_ratio() {
        let cases = [
            (Some(1.0), Some(4.0), Some(0.25)),
            (Some(0.0), Some(4.0), Some(0.0)),
            (Some(0.0), Some(0.0), None),
            (Some(1.0), Some(0.0), None),
            (Some(1.0), None, None),
            (None, Some(4.0), None),
            (Some(1.0), Some(f64::NAN), None),
        ];
        for (part, whole, expected) in cases {
            assert_eq!(ratio(part, whole), expected, "{part:?} of {whole:?}");
        }
    }
}
