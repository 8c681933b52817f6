//! Where the ticks of a chart go: round values from zero up, full minutes of the wall clock along.

use std::time::Duration;

use chrono::{DateTime, FixedOffset, TimeDelta};

/// The steps a time axis may have, in seconds: 5 s to a day.
const TIME_STEPS: [i64; 16] =
    [5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400];

/// Nothing Lambda counts is that small but not zero; below it, arithmetic runs out of digits.
const SMALLEST: f64 = 1e-9;

/// Columns left free between two labels of the time axis, at least.
const TIME_GAP: usize = 3;

/// Round values from 0 to the first at or above `max`, about `count` steps: 1, 2 or 5 times a power of ten apart.
pub(super) fn values(max: f64, count: usize) -> Vec<f64> {
    let max = if max > SMALLEST { max } else { 1.0 };
    let step = round_up(max / count.max(1) as f64);
    // A step that is a hair too small must not add a whole tick above `max`.
    let steps = (max / step - 1e-9).ceil() as usize;
    (0..=steps.max(1)).map(|tick| tick as f64 * step).collect()
}

/// The smallest of 1, 2, 5 times a power of ten that is not below `value`.
fn round_up(value: f64) -> f64 {
    let power = 10_f64.powf(value.log10().floor());
    let step = [1.0, 2.0, 5.0].into_iter().find(|round| value <= round * power * (1.0 + 1e-9)).unwrap_or(10.0);
    step * power
}

/// A label of the time axis.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TimeTick {
    /// The column it belongs to, from 0.
    pub(super) column: usize,
    /// `HH:MM`, with seconds when the steps are shorter than a minute.
    pub(super) label: String,
}

/// The labels below `columns` columns that show `count` values `step` apart, the last of them at `newest`.
pub(super) fn times(newest: DateTime<FixedOffset>, step: Duration, count: usize, columns: usize) -> Vec<TimeTick> {
    let span = step.as_secs().saturating_mul(count.saturating_sub(1) as u64);
    let span = i64::try_from(span).unwrap_or(i64::MAX);
    let Some(oldest) = TimeDelta::try_seconds(span).and_then(|span| newest.checked_sub_signed(span)) else {
        return Vec::new();
    };
    if span == 0 || columns < 2 {
        return Vec::new();
    }
    let seconds_per_column = span as f64 / (columns - 1) as f64;
    let fits = |step: &i64| *step as f64 / seconds_per_column >= (label_width(*step) + TIME_GAP) as f64;
    let Some(step) = TIME_STEPS.into_iter().find(fits) else {
        return Vec::new();
    };
    // Full steps of the wall clock, not of UTC.
    let wall = oldest.timestamp() + i64::from(oldest.offset().local_minus_utc());
    let first = (-wall).rem_euclid(step);
    let ticks = (span - first).div_euclid(step);
    (0..=ticks).filter_map(|count| tick(oldest, first + count * step, step, seconds_per_column)).collect()
}

fn tick(oldest: DateTime<FixedOffset>, after: i64, step: i64, seconds_per_column: f64) -> Option<TimeTick> {
    let at = oldest.checked_add_signed(TimeDelta::try_seconds(after)?)?;
    let label = at.format(if step < 60 { "%H:%M:%S" } else { "%H:%M" }).to_string();
    Some(TimeTick { column: (after as f64 / seconds_per_column).round() as usize, label })
}

/// The width of the labels at this step.
fn label_width(step: i64) -> usize {
    if step < 60 { "00:00:00".len() } else { "00:00".len() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn value_ticks_are_round() {
        for (max, count, ticks) in [
            (1000.0, 4, vec![0.0, 500.0, 1000.0]),
            (812.0, 4, vec![0.0, 500.0, 1000.0]),
            (1001.0, 5, vec![0.0, 500.0, 1000.0, 1500.0]),
            (100.0, 5, vec![0.0, 20.0, 40.0, 60.0, 80.0, 100.0]),
            (0.4, 2, vec![0.0, 0.2, 0.4]),
            (3.0, 1, vec![0.0, 5.0]),
            (0.0, 3, vec![0.0, 0.5, 1.0]),
            (f64::NAN, 1, vec![0.0, 1.0]),
            (5e-324, 15, values(1.0, 15)),
        ] {
            assert_eq!(values(max, count), ticks, "{max} {count}");
        }
    }

    fn labels(newest: &str, step_s: u64, count: usize, columns: usize) -> String {
        times(newest.parse().unwrap(), Duration::from_secs(step_s), count, columns)
            .iter()
            .map(|tick| format!("{}@{}", tick.label, tick.column))
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn time_ticks_are_full_steps_of_the_wall_clock() {
        assert_eq!(
            labels("2026-11-22T10:01:00+00:00", 60, 61, 61),
            "09:10@9 09:20@19 09:30@29 09:40@39 09:50@49 10:00@59"
        );
        assert_eq!(
            labels("2026-11-22T10:00:00+05:30", 60, 181, 61),
            "07:00@0 07:30@10 08:00@20 08:30@30 09:00@40 09:30@50 10:00@60"
        );
        assert_eq!(labels("2026-11-22T10:00:20+00:00", 1, 41, 41), "09:59:45@5 10:00:00@20 10:00:15@35");
        assert_eq!(labels("2026-11-22T00:10:00+00:00", 60, 21, 20), "23:50@0 00:00@10 00:10@19");
    }

    #[test]
    fn without_a_span_there_are_no_time_ticks() {
        for (step_s, count, columns) in [(60, 1, 40), (0, 60, 40), (60, 0, 40), (60, 60, 1), (u64::MAX, 9, 40)] {
            assert_eq!(labels("2026-11-22T10:00:00Z", step_s, count, columns), "");
        }
    }

    proptest! {
        #[test]
        fn value_ticks_start_at_zero_rise_and_reach_the_maximum(max in 1e-9f64..1e15, count in 1usize..20) {
            let ticks = values(max, count);
            prop_assert!(ticks[0].abs() < f64::EPSILON && ticks.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert!(ticks[ticks.len() - 1] >= max * (1.0 - 1e-6));
            prop_assert!(ticks.len() <= count + 2, "{ticks:?}");
        }

        #[test]
        fn time_labels_never_touch(span in 0usize..5000, step_s in 1u64..4000, columns in 0usize..200) {
            let ticks = times("2026-11-22T10:00:00+09:00".parse().unwrap(), Duration::from_secs(step_s), span, columns);
            prop_assert!(ticks.windows(2).all(|pair| pair[1].column >= pair[0].column + pair[0].label.len() + 2));
            prop_assert!(ticks.iter().all(|tick| tick.column < columns));
        }
    }
}
