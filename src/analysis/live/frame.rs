//! The seconds of a function that are looked at: which of them were read, and why counts over them are a lower bound.

use std::borrow::Cow;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Bound, CURVE_S, WINDOW_S};
use crate::store::live::Live;
use crate::store::live::span::Coverage;
use lambda_model::log::{LeftOut, LogWay};

/// What was not read for so long says nothing about this second.
const STALE: TimeDelta = TimeDelta::seconds(120);
/// What the curves reach back.
pub(super) const SPAN_MS: u32 = CURVE_S as u32 * 1000;

/// The number of newest seconds that may still grow, because lines take a while until they can be read ("seconds
/// typically", docs/aws.md#filterlogevents) and a way takes its time.
pub(super) fn settling_s(way: LogWay) -> u32 {
    match way {
        // Up to two seconds until a line can be read, and the second that runs.
        LogWay::Tail => 3,
        // The same, and the pause between two requests.
        LogWay::Poll => 5,
        // Subscriptions gather lines before they send them.
        LogWay::Kinesis => 10,
        // Nothing more comes.
        LogWay::File => 0,
    }
}

/// The seconds that are looked at: a function's own.
pub(super) struct Frame<'a> {
    pub(super) coverage: Cow<'a, Coverage>,
    pub(super) way: LogWay,
    /// The end of what was read, milliseconds.
    pub(super) until: i64,
    /// The last second.
    pub(super) last: i64,
    /// The first millisecond of which invocations are kept.
    pub(super) floor: i64,
}

impl<'a> Frame<'a> {
    /// `None` when nothing was read, or nothing lately.
    pub(super) fn of(live: &'a Live, group: &str, now: DateTime<Utc>) -> Option<Self> {
        let coverage = match live.groups.get(group) {
            Some(own) if live.everything.newest().is_some() => Cow::Owned(own.joined(&live.everything)),
            Some(own) => Cow::Borrowed(own),
            None => Cow::Borrowed(&live.everything),
        };
        let (until, way) = coverage.newest()?;
        let is_stale = until < (now - STALE).timestamp_millis();
        // An end on the full second belongs to the second that it ends.
        let last = (until - 1).div_euclid(1000);
        (way == LogWay::File || !is_stale).then_some(Self { coverage, way, until, last, floor: live.floor_ms() })
    }

    /// The curve's first millisecond.
    pub(super) fn origin(&self) -> i64 {
        (self.last + 1) * 1000 - i64::from(SPAN_MS)
    }

    /// Whether a second, counted from the curve's first, was read from its beginning on.
    fn knows(&self, second: u32) -> bool {
        let from = self.origin() + i64::from(second) * 1000;
        from >= self.floor && self.coverage.is_read(from, (from + 999).min(self.until))
    }

    pub(super) fn known(&self) -> Vec<bool> {
        (0..CURVE_S as u32).map(|second| self.knows(second)).collect()
    }

    /// The first millisecond of the window.
    pub(super) fn window(&self) -> i64 {
        (self.last + 1 - i64::from(WINDOW_S)) * 1000
    }

    /// Why counts over the window are a lower bound.
    pub(super) fn bounds(&self, failures_only: bool) -> Vec<Bound> {
        let window = self.window();
        let left_out = self.coverage.left_out(window, self.until).map(|why| match why {
            LeftOut::Sampled => Bound::Sampled,
            LeftOut::Dropped(_) => Bound::Dropped,
            LeftOut::OtherShards => Bound::OtherShards,
        });
        let mut bounds: Vec<Bound> = left_out.collect();
        let more = [
            (!self.coverage.is_read(window, self.until), Bound::Gap),
            (self.floor > window, Bound::Dropped),
            (failures_only, Bound::FailuresOnly),
        ];
        bounds.extend(more.into_iter().filter(|(holds, _)| *holds).map(|(_, bound)| bound));
        bounds.sort_unstable();
        bounds.dedup();
        bounds
    }

    pub(super) fn as_of(&self) -> DateTime<Utc> {
        second(self.last)
    }
}

pub(super) fn second(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(second, 0).unwrap_or_default()
}

pub(super) fn instant(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms).unwrap_or_default()
}
