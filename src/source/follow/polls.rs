//! Which log group to read with `FilterLogEvents` next, and from when. Pure: the time and the outcome of each turn are
//! arguments.
//!
//! A group that no session reads is polled again and again. Of a group that a session reads, only gaps are read. Both
//! begin at the time until which the group was read.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::poll::{Outcome, Reading, Seen, Turn};
use crate::source::calls::Pages;
use lambda_model::api::LogQuery;
use lambda_model::failure::ApiError;

/// Each poll begins this long before the end of the last one. `FilterLogEvents` selects by the time at which an event
/// was written, and it takes "seconds typically" until the event can be found (docs/aws.md#filterlogevents).
const OVERLAP: TimeDelta = TimeDelta::seconds(30);
/// A gap is read this long after its end, and this far beyond it, so that late events are found.
const SETTLED: TimeDelta = TimeDelta::seconds(10);
/// How much is read of a group for the first time: the window of the live numbers.
const FIRST: TimeDelta = TimeDelta::seconds(60);
/// Gaps that are older are not read any more.
const OLDEST: TimeDelta = TimeDelta::minutes(10);
/// The shortest interval at which a group is polled.
const LEAST: TimeDelta = TimeDelta::seconds(2);
/// The shortest interval while Live Tail sessions are open.
const LEAST_BESIDE: TimeDelta = TimeDelta::seconds(10);
/// After this time a gap that could not be read is tried again.
const RETRY: TimeDelta = TimeDelta::seconds(5);
/// Turns at the same time, so that one slow answer does not hold up other groups.
const WIDTH: usize = 4;

/// Calls of `FilterLogEvents` a second: half of the Region's quota, which is not adjustable
/// (docs/aws.md#filterlogevents), so that other users of the quota, such as dashboards, keep working.
pub(super) fn rate(region: &str) -> f64 {
    match region {
        "us-east-1" => 12.5,
        "ap-northeast-3" | "ap-southeast-3" | "ca-west-1" | "eu-central-1" | "il-central-1" => 2.5,
        _ => 5.0,
    }
}

/// A group that is polled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Polled {
    /// Its name.
    pub(super) group: Arc<str>,
    /// Whether the pane of its function is open: it is then read twice as often.
    pub(super) focus: bool,
}

/// A span of a group that no session has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Gap {
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    due: DateTime<Utc>,
}

#[derive(Debug, Default)]
struct Reader {
    /// Until when the group was read, by polls or by sessions.
    known: Option<DateTime<Utc>>,
    gap: Option<Gap>,
    /// A reading with more pages than fit into one turn.
    unfinished: Option<Reading>,
    started: Option<DateTime<Utc>>,
    running: bool,
    seen: Seen,
}

/// The groups of one scope that are read with `FilterLogEvents`.
#[derive(Debug)]
pub(super) struct Polls {
    rate: f64,
    readers: BTreeMap<Arc<str>, Reader>,
    unfilled: Option<(DateTime<Utc>, String)>,
}

impl Polls {
    /// Nothing was read yet. `rate` is in calls a second.
    pub(super) fn new(rate: f64) -> Self {
        Self { rate, readers: BTreeMap::new(), unfilled: None }
    }

    /// Notes that a session read a group until this time and does not any more.
    pub(super) fn left(&mut self, group: &Arc<str>, until: DateTime<Utc>) {
        let known = &mut self.readers.entry(Arc::clone(group)).or_default().known;
        *known = (*known).max(Some(until));
    }

    /// Notes that a session reads a group from this time on. The time since the group was last read is a gap.
    pub(super) fn tailed(&mut self, group: &Arc<str>, since: DateTime<Utc>) {
        let reader = self.readers.entry(Arc::clone(group)).or_default();
        if let Some(known) = reader.known.take() {
            self.missed(group, known, since);
        }
    }

    /// Notes that a span of a group was not read.
    pub(super) fn missed(&mut self, group: &Arc<str>, from: DateTime<Utc>, until: DateTime<Utc>) {
        if from >= until {
            return;
        }
        let from = from.max(until - OLDEST);
        self.readers.entry(Arc::clone(group)).or_default().miss(from, until, until + SETTLED);
    }

    /// The next turn, of a group that is `polled` or that has a gap. `beside` is that sessions are open.
    pub(super) fn next(&mut self, polled: &[Polled], beside: bool, now: DateTime<Utc>) -> Option<Turn> {
        if self.readers.values().filter(|reader| reader.running).count() >= WIDTH {
            return None;
        }
        for one in polled {
            if !self.readers.contains_key(&one.group) {
                self.readers.insert(Arc::clone(&one.group), Reader::default());
            }
        }
        let every = self.every(polled.len(), beside);
        let waited = |reader: &Reader| reader.started.map_or(TimeDelta::MAX, |started| now - started);
        let polls = polled.iter().filter_map(|one| {
            let reader = self.readers.get(&one.group)?;
            let (every, weight) = if one.focus { ((every / 2).max(LEAST), 2) } else { (every, 1) };
            let waited = waited(reader);
            (waited >= every).then(|| (waited.checked_mul(weight).unwrap_or(TimeDelta::MAX), &one.group, reader))
        });
        let gaps = self.readers.iter().filter_map(|(group, reader)| Some((now - reader.gap?.due, group, reader)));
        let gaps = gaps.filter(|(late, _, _)| *late >= TimeDelta::zero());
        // A reading with more pages goes on after the groups that waited longer.
        let unfinished = self.readers.iter().filter(|(_, reader)| reader.unfinished.is_some());
        let unfinished = unfinished.map(|(group, reader)| (waited(reader), group, reader));
        let due = polls.chain(gaps).chain(unfinished).filter(|(_, _, reader)| !reader.running);
        let (_, group, _) = due.min_by_key(|(waited, _, _)| Reverse(*waited))?;
        let group = Arc::clone(group);
        let reader = self.readers.get_mut(&group)?;
        let reading = reader.next(&group, now);
        reader.running = true;
        reader.started = Some(now);
        Some(Turn { reading, seen: std::mem::take(&mut reader.seen) })
    }

    /// How long it takes to read every group once, and the group of the open pane twice.
    fn every(&self, groups: usize, beside: bool) -> TimeDelta {
        let round = (groups + 1) as f64 / self.rate;
        let round = TimeDelta::milliseconds((round * 1000.0) as i64);
        round.max(if beside { LEAST_BESIDE } else { LEAST })
    }

    /// Notes how a turn ended.
    pub(super) fn done(&mut self, turn: Turn, outcome: &Outcome, now: DateTime<Utc>) {
        let Turn { reading, seen } = turn;
        let reader = self.readers.entry(Arc::clone(&reading.query.group)).or_default();
        reader.running = false;
        reader.seen = seen;
        match outcome {
            Outcome::Finished if reading.fills => self.unfilled = None,
            Outcome::Finished => {
                reader.known = reader.known.max(Some(reading.query.until));
                reader.seen.forget(reading.query.until - OVERLAP);
            }
            // The token of a throttled call is still valid.
            Outcome::Unfinished | Outcome::Failed(ApiError::Throttled(_)) => reader.unfinished = Some(reading),
            Outcome::Failed(ApiError::NotFound(_)) => {}
            Outcome::Failed(error) if reading.fills => {
                let (from, until) = reading.span;
                let hopeless = matches!(error, ApiError::Denied(_) | ApiError::Unsupported(_));
                if hopeless || now - until > OLDEST {
                    let words =
                        format!("a gap of {} s could not be read: {error}", (until - from).num_seconds().max(1));
                    self.unfilled = Some((now, words));
                } else {
                    reader.miss(from, until, now + RETRY);
                }
            }
            Outcome::Failed(_) => {}
        }
    }

    /// Notes that a turn ended without an outcome.
    pub(super) fn lost(&mut self, group: &str) {
        if let Some(reader) = self.readers.get_mut(group) {
            reader.running = false;
        }
    }

    /// Forgets groups that are not `wanted` and whose gaps are too old to be read.
    pub(super) fn retain(&mut self, wanted: impl Fn(&Arc<str>) -> bool, now: DateTime<Utc>) {
        let recent = |at: Option<DateTime<Utc>>| at.is_some_and(|at| now - at <= OLDEST);
        self.readers.retain(|group, reader| {
            let is_busy = reader.running || reader.gap.is_some() || reader.unfinished.is_some();
            wanted(group) || is_busy || recent(reader.known)
        });
        self.unfilled.take_if(|(at, _)| now - *at > OLDEST);
    }

    /// Whether something of this group was read.
    pub(super) fn knows(&self, group: &str) -> bool {
        self.readers.get(group).is_some_and(|reader| reader.known.is_some())
    }

    /// The gap that could not be read, and why, in words.
    pub(super) fn unfilled(&self) -> Option<&str> {
        self.unfilled.as_ref().map(|(_, words)| words.as_str())
    }
}

impl Reader {
    /// Adds a span to the gap. Two gaps are read as one.
    fn miss(&mut self, from: DateTime<Utc>, until: DateTime<Utc>, due: DateTime<Utc>) {
        let (from, until) = self.gap.map_or((from, until), |gap| (gap.from.min(from), gap.until.max(until)));
        self.gap = Some(Gap { from, until, due });
    }

    /// What to read now: the rest of an unfinished reading, a gap, or new events.
    fn next(&mut self, group: &Arc<str>, now: DateTime<Utc>) -> Reading {
        if let Some(unfinished) = self.unfinished.take() {
            return unfinished;
        }
        let gap = self.gap.take_if(|gap| gap.due <= now);
        let fills = gap.is_some();
        let known = self.known.map_or(now - FIRST, |known| known - OVERLAP);
        let span = gap.map_or((known.max(now - OLDEST), now), |gap| (gap.from, gap.until));
        let (before, after) = if fills { (OVERLAP, SETTLED) } else { (TimeDelta::zero(), TimeDelta::zero()) };
        let query = LogQuery { group: Arc::clone(group), from: span.0 - before, until: (span.1 + after).min(now) };
        Reading { query, span, fills, pages: Pages::default() }
    }
}

#[cfg(test)]
mod tests;
