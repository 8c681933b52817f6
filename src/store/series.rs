//! One time series on the minute grid, with gaps, for at most [`CAPACITY`] minutes. No value is interpolated.

use std::collections::VecDeque;
use std::num::NonZeroI64;

use chrono::{DateTime, Utc};

use lambda_model::metric::Point;
use lambda_model::time::Minute;

/// Minutes kept per series: two hours.
pub const CAPACITY: usize = SPAN as usize;

/// [`CAPACITY`] as a distance on the grid.
const SPAN: i64 = 120;

/// A point whose minute is more than this many minutes after it was read is ignored.
const FUTURE: i64 = 2;

/// The newest [`CAPACITY`] minutes of a series.
///
/// CloudWatch restates points for some minutes after they first appear, and pages arrive in any order. Of two
/// reads of one minute the later one is kept, in whatever order they are applied.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    first: Minute,
    slots: VecDeque<Option<Slot>>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Slot {
    value: f64,
    /// When it was read, epoch milliseconds. It is never 0, so `Option<Slot>` takes no more than a `Slot`: 16 bytes.
    read: NonZeroI64,
}

impl Default for Series {
    fn default() -> Self {
        Self { first: Minute(0), slots: VecDeque::new() }
    }
}

impl Series {
    /// Puts `point`, read at `read`, in its place, unless a later read of that minute is there already. Returns
    /// whether the minute's value changed.
    ///
    /// Ignored are values that are not finite or are negative (no metric is), minutes in the future or before 1970,
    /// and minutes older than the newest [`CAPACITY`].
    pub(crate) fn upsert(&mut self, point: Point, read: DateTime<Utc>) -> bool {
        let possible = Minute(0)..=Minute::of(read).plus(FUTURE);
        let is_possible = point.value.is_finite() && point.value >= 0.0;
        if !is_possible || !possible.contains(&point.minute) {
            return false;
        }
        let Some(index) = self.make_room(point.minute) else { return false };
        let read = NonZeroI64::new(read.timestamp_millis()).unwrap_or(NonZeroI64::MIN);
        let slot = Slot { value: point.value, read };
        let Some(place) = self.slots.get_mut(index) else { return false };
        let old = *place;
        // Of two reads in the same millisecond the larger value is kept, so that the order does not matter.
        if old.is_none_or(|old| (slot.read, slot.value) > (old.read, old.value)) {
            *place = Some(slot);
        }
        place.map(|slot| slot.value) != old.map(|slot| slot.value)
    }

    /// Widens the grid to hold `minute` and drops minutes that no longer fit. Returns the index of `minute`.
    fn make_room(&mut self, minute: Minute) -> Option<usize> {
        let Some(newest) = self.last() else {
            self.first = minute;
            self.slots.push_back(None);
            return Some(0);
        };
        if minute.0 <= newest.0 - SPAN {
            return None;
        }
        if minute.0 - self.first.0 >= 2 * SPAN {
            // No old minute fits any more: start over instead of filling the gap.
            self.slots.clear();
            return self.make_room(minute);
        }
        while self.first > minute {
            self.slots.push_front(None);
            self.first = self.first.plus(-1);
        }
        while self.last().is_some_and(|last| last < minute) {
            self.slots.push_back(None);
        }
        // A gap at the beginning is dropped with the minute before it, so that the grid equals one that never held it.
        let begins_with_gap = |series: &Self| series.first < minute && series.slots.front() == Some(&None);
        while self.slots.len() > CAPACITY || begins_with_gap(self) {
            self.slots.pop_front();
            self.first = self.first.plus(1);
        }
        usize::try_from(minute.0 - self.first.0).ok()
    }

    /// The newest minute; it always has a value.
    pub fn last(&self) -> Option<Minute> {
        let index = i64::try_from(self.slots.len().checked_sub(1)?).ok()?;
        Some(self.first.plus(index))
    }

    /// The value of `minute`; `None` where CloudWatch returned no point.
    pub fn get(&self, minute: Minute) -> Option<f64> {
        let index = usize::try_from(minute.0.checked_sub(self.first.0)?).ok()?;
        Some(self.slots.get(index)?.as_ref()?.value)
    }

    /// The values of `from ..= to`, minute by minute.
    pub(crate) fn range(&self, from: Minute, to: Minute) -> impl DoubleEndedIterator<Item = Option<f64>> {
        (from.0..=to.0).map(|minute| self.get(Minute(minute)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    fn series(points: &[(i64, f64, i64)]) -> Series {
        let mut series = Series::default();
        for (minute, value, read) in points {
            series.upsert(Point { minute: Minute(*minute), value: *value }, at(*read));
        }
        series
    }

    #[test]
    fn an_optional_slot_takes_16_bytes() {
        assert_eq!(size_of::<Option<Slot>>(), 16);
    }

    #[test]
    fn a_later_read_replaces_and_an_earlier_one_does_not() {
        let restated = series(&[(10, 5.0, 700), (10, 7.0, 760)]);
        assert_eq!(restated.get(Minute(10)), Some(7.0));
        assert_eq!(restated, series(&[(10, 7.0, 760), (10, 5.0, 700)]));
    }

    #[test]
    fn a_gap_has_no_value() {
        let gap = series(&[(10, 1.0, 900), (12, 3.0, 900)]);
        assert_eq!(gap.range(Minute(9), Minute(13)).collect::<Vec<_>>(), [None, Some(1.0), None, Some(3.0), None]);
    }

    #[test]
    fn impossible_points_are_ignored() {
        let impossible = series(&[(10, f64::NAN, 900), (1000, 1.0, 900), (i64::MAX, 1.0, 900)]);
        assert_eq!(impossible.last(), None);
        assert_eq!(series(&[(i64::MIN, 1.0, 900), (-1, 1.0, 900)]).last(), None);
    }

    #[test]
    fn only_the_newest_minutes_are_kept() {
        let long = series(&(0..500).map(|minute| (minute, minute as f64, 60_000)).collect::<Vec<_>>());
        assert_eq!(long.slots.len(), CAPACITY);
        assert_eq!(long.last(), Some(Minute(499)));
        assert_eq!(long.get(Minute(499 - SPAN)), None);
        assert_eq!(long.get(Minute(500 - SPAN)), Some((500 - SPAN) as f64));
        let jump = series(&[(0, 1.0, 6_000_000), (90_000, 2.0, 6_000_000)]);
        assert_eq!(jump.slots.len(), 1);
    }

    #[test]
    fn a_dropped_minute_leaves_no_gap() {
        let (old, new) = ((0, 1.0, 60_000), (SPAN, 2.0, 60_000));
        assert_eq!(series(&[old, new]), series(&[new, old]));
        assert_eq!(series(&[old, new]), series(&[new]));
    }
}
