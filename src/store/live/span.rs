//! Which time was read of a log group, and in which parts of it events are missing.

use std::collections::BTreeSet;

use lambda_model::log::{LeftOut, LogWay};

/// Spans of time in milliseconds from the epoch, both ends included. They are sorted, and joined where they meet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spans(Vec<(i64, i64)>);

impl Spans {
    /// At most this many spans are kept. Of more, the oldest are dropped, so that they count as gaps.
    const MOST: usize = 1000;

    /// Adds `from ..= until`. Returns whether some of it is new.
    pub(super) fn add(&mut self, from: i64, until: i64) -> bool {
        if from > until || self.covers(from, until) {
            return false;
        }
        let begin = self.0.partition_point(|(_, end)| end.saturating_add(1) < from);
        let end = self.0.partition_point(|(start, _)| *start <= until.saturating_add(1));
        let touched = &self.0[begin..end];
        let from = touched.first().map_or(from, |(start, _)| from.min(*start));
        let until = touched.last().map_or(until, |(_, end)| until.max(*end));
        self.0.splice(begin..end, [(from, until)]);
        let over = self.0.len().saturating_sub(Self::MOST);
        self.0.drain(..over);
        true
    }

    /// Drops what is before `floor`.
    pub(super) fn forget(&mut self, floor: i64) {
        let gone = self.0.partition_point(|(_, until)| *until < floor);
        self.0.drain(..gone);
        if let Some((from, _)) = self.0.first_mut() {
            *from = (*from).max(floor);
        }
    }

    /// Whether one span contains all of `from ..= until`.
    pub(crate) fn covers(&self, from: i64, until: i64) -> bool {
        let place = self.0.partition_point(|(_, end)| *end < until);
        self.0.get(place).is_some_and(|(start, _)| *start <= from)
    }

    /// The parts that lie within `from ..= until`.
    fn within(&self, from: i64, until: i64) -> impl Iterator<Item = (i64, i64)> {
        let begin = self.0.partition_point(|(_, end)| *end < from);
        let spans = self.0[begin..].iter().take_while(move |(start, _)| *start <= until);
        spans.map(move |(start, end)| ((*start).max(from), (*end).min(until)))
    }

    fn iter(&self) -> impl Iterator<Item = (i64, i64)> {
        self.0.iter().copied()
    }
}

/// Which time was read of a log group, or of all groups that one reading covers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// What was read, with or without missing events.
    read: Spans,
    /// What was read without missing events.
    whole: Spans,
    /// The time from the first to the last event of batches that do not state which time they cover.
    loose: Spans,
    sampled: Spans,
    lossy: Spans,
    other_shards: Spans,
    /// The ends of spans in which events were dropped, and how many. The starts are not kept: they are cut where
    /// reading begins, which differs when a batch comes again.
    drops: BTreeSet<(i64, u64)>,
    /// The end of the newest span, and how it was read.
    newest: Option<(i64, LogWay)>,
}

impl Coverage {
    /// Notes that `from ..= until` was read. Returns whether that is new. `is_stated` is that the batch states this
    /// span; otherwise it is the time from its first to its last event.
    pub(super) fn add(
        &mut self,
        way: LogWay,
        (from, until): (i64, i64),
        left_out: Option<LeftOut>,
        is_stated: bool,
    ) -> bool {
        let newest = self.newest;
        self.newest = newest.max(Some((until, way)));
        let spans = if is_stated { &mut self.read } else { &mut self.loose };
        let is_new = spans.add(from, until) || self.newest != newest;
        let is_more = match left_out {
            None => is_stated && self.whole.add(from, until),
            Some(LeftOut::Sampled) => self.sampled.add(from, until),
            Some(LeftOut::OtherShards) => self.other_shards.add(from, until),
            Some(LeftOut::Dropped(count)) => {
                self.drops.insert((until, count));
                if self.drops.len() > Spans::MOST {
                    self.drops.pop_first();
                }
                self.lossy.add(from, until)
            }
        };
        is_new || is_more
    }

    /// Drops what is before `floor`. Returns whether anything is left.
    pub(super) fn forget(&mut self, floor: i64) -> bool {
        let Self { read, whole, loose, sampled, lossy, other_shards, drops, newest } = self;
        for spans in [&mut *read, whole, &mut *loose, sampled, lossy, other_shards] {
            spans.forget(floor);
        }
        drops.retain(|(until, _)| *until >= floor);
        *newest = newest.filter(|(until, _)| *until >= floor);
        newest.is_some()
    }

    /// Both together.
    #[must_use]
    pub(crate) fn joined(&self, other: &Self) -> Self {
        let mut joined = self.clone();
        let pairs = [
            (&mut joined.read, &other.read),
            (&mut joined.whole, &other.whole),
            (&mut joined.loose, &other.loose),
            (&mut joined.sampled, &other.sampled),
            (&mut joined.lossy, &other.lossy),
            (&mut joined.other_shards, &other.other_shards),
        ];
        for (spans, others) in pairs {
            for (from, until) in others.iter() {
                spans.add(from, until);
            }
        }
        joined.drops.extend(&other.drops);
        joined.newest = joined.newest.max(other.newest);
        joined
    }

    /// The end of the newest span, milliseconds, and how it was read; `None` when nothing was read.
    pub fn newest(&self) -> Option<(i64, LogWay)> {
        self.newest
    }

    /// Whether `from ..= until` was read without a gap, though events may be missing. Gaps between batches that do not
    /// state which time they cover are not known.
    pub(crate) fn is_read(&self, from: i64, until: i64) -> bool {
        let loose = self.loose.0.first().zip(self.loose.0.last());
        self.read.covers(from, until) || loose.is_some_and(|((start, _), (_, end))| *start <= from && until <= *end)
    }

    /// Whether every event of `from ..= until` was read, as far as is known.
    pub(crate) fn is_whole(&self, from: i64, until: i64) -> bool {
        self.is_read(from, until) && self.left_out(from, until).next().is_none()
    }

    /// Why events are missing in the parts of `from ..= until` that were read; the number of dropped events is 0. Parts
    /// that were read again without missing events do not count.
    pub fn left_out(&self, from: i64, until: i64) -> impl Iterator<Item = LeftOut> {
        let kinds = [
            (&self.sampled, LeftOut::Sampled),
            (&self.lossy, LeftOut::Dropped(0)),
            (&self.other_shards, LeftOut::OtherShards),
        ];
        let missing =
            move |spans: &Spans| spans.within(from, until).any(|(from, until)| !self.whole.covers(from, until));
        kinds.into_iter().filter(move |(spans, _)| missing(spans)).map(|(_, why)| why)
    }

    /// How many events were dropped between CloudWatch Logs and the store.
    pub fn dropped(&self) -> u64 {
        self.drops.iter().map(|(_, count)| *count).fold(0, u64::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    #[test]
    fn a_backfill_closes_a_gap_and_completes_a_sample() {
        let mut coverage = Coverage::default();
        coverage.add(LogWay::Tail, (0, 999), None, true);
        coverage.add(LogWay::Tail, (3000, 3999), None, true);
        coverage.add(LogWay::Tail, (4000, 4999), Some(LeftOut::Sampled), true);
        coverage.add(LogWay::Tail, (5000, 5999), Some(LeftOut::Dropped(7)), true);
        assert!(coverage.is_read(3000, 5999) && !coverage.is_read(0, 3999));
        assert_eq!(
            coverage.left_out(0, 9000).collect::<Vec<_>>(),
            [LeftOut::Sampled, LeftOut::Dropped(0)],
            "As far as it was read"
        );
        assert_eq!(coverage.left_out(0, 3999).count(), 0);
        assert!(coverage.add(LogWay::Poll, (1000, 4999), None, true));
        assert!(coverage.is_whole(0, 4999) && !coverage.is_whole(0, 5000));
        assert_eq!(coverage.left_out(0, 4999).count(), 0, "The sample was read again, completely");
        assert_eq!((coverage.dropped(), coverage.newest()), (7, Some((5999, LogWay::Tail))));
        assert!(!coverage.add(LogWay::Poll, (1500, 4000), None, true), "Nothing new");
        assert!(!coverage.forget(6000));
        for (from, until) in [(9000, 9100), (7000, 7500)] {
            coverage.add(LogWay::File, (from, until), None, false);
        }
        assert!(coverage.is_whole(7100, 9050) && !coverage.is_read(7100, 9101), "No gap is known");
    }

    #[test]
    fn a_drop_that_is_reported_again_counts_once_wherever_it_is_cut() {
        let mut coverage = Coverage::default();
        for from in [0, 700] {
            coverage.add(LogWay::Tail, (from, 999), Some(LeftOut::Dropped(7)), true);
        }
        assert_eq!(coverage.dropped(), 7);
    }

    proptest! {
        /// Against a set of milliseconds, in any order.
        #[test]
        fn spans_are_sets(added in vec((0i64..60, 0i64..12), 0..30), floor in 0i64..70, asked in (0i64..60, 0i64..12)) {
            let mut spans = Spans::default();
            let mut set = BTreeSet::new();
            for (from, length) in added {
                let is_new = (from..=from + length).any(|at| !set.contains(&at));
                prop_assert_eq!(spans.add(from, from + length), is_new);
                set.extend(from..=from + length);
            }
            spans.forget(floor);
            set.retain(|at| *at >= floor);
            let listed: Vec<i64> = spans.iter().flat_map(|(from, until)| from..=until).collect();
            prop_assert_eq!(listed, set.iter().copied().collect::<Vec<_>>());
            prop_assert!(spans.0.windows(2).all(|pair| pair[0].1 + 1 < pair[1].0), "Joined where they meet");
            let (from, until) = (asked.0, asked.0 + asked.1);
            prop_assert_eq!(spans.covers(from, until), (from..=until).all(|at| set.contains(&at)));
            let within: Vec<i64> = spans.within(from, until).flat_map(|(from, until)| from..=until).collect();
            prop_assert_eq!(within, set.range(from..=until).copied().collect::<Vec<_>>());
        }
    }
}
