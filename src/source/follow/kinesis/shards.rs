//! Which shards of a stream are read, how far each was read, and which is next. Pure: it makes no calls, and the time
//! is an argument.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::source::follow::Share;
use lambda_model::api::{Position, Records, Shard};
use lambda_model::failure::ApiError;
use lambda_model::operation::Operation;

/// The interval at which a shard is read. It allows 5 reads a second, which all readers share (docs/aws.md#kinesis).
const PERIOD: TimeDelta = TimeDelta::seconds(1);
/// The longest pause after a failed call for a shard. The first pause is a [`PERIOD`], and each further one is doubled.
const LONGEST_PAUSE: TimeDelta = TimeDelta::minutes(1);

/// The next call for a shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Get an iterator that begins at this position.
    Begin(Position),
    /// Get the records at this iterator.
    Read(String),
}

impl Step {
    /// The operation of the call.
    pub(super) fn operation(&self) -> Operation {
        match self {
            Self::Begin(_) => Operation::GetShardIterator,
            Self::Read(_) => Operation::GetRecords,
        }
    }
}

/// The shards of one stream.
#[derive(Debug)]
pub(super) struct Shards {
    share: Share,
    /// The time from which shards of the first listing are read.
    start: DateTime<Utc>,
    listed: bool,
    /// The shards of the last listing.
    known: BTreeMap<Arc<str>, Progress>,
    /// The shards by the time at which their next call is due. A shard whose call is under way is not in it.
    queue: BTreeSet<(DateTime<Utc>, Arc<str>)>,
    /// While the children of a shard that ended are not known: how far all shards had been read before it ended.
    held: Option<DateTime<Utc>>,
}

#[derive(Debug)]
struct Progress {
    parents: Vec<String>,
    stage: Stage,
    /// Records that arrived until this time have been read.
    until: DateTime<Utc>,
}

#[derive(Debug)]
enum Stage {
    /// Not read: it is in another share, or was closed before reading began.
    Skipped,
    /// To be read from its oldest record on, when its parents are finished.
    Waiting,
    /// Being read.
    Reading(Reading),
    /// Read to its end.
    Finished,
}

#[derive(Debug)]
struct Reading {
    /// Where the next iterator begins when this one expires.
    position: Position,
    iterator: Option<String>,
    behind_ms: Option<u64>,
    /// How many calls have failed in a row.
    failures: u32,
    /// The last of these failures.
    failure: Option<(Operation, ApiError)>,
}

impl Reading {
    fn at(position: Position) -> Stage {
        Stage::Reading(Self { position, iterator: None, behind_ms: None, failures: 0, failure: None })
    }
}

impl Shards {
    /// Reads the shards of `share`, from the records on that arrived at `start`. No shard is known yet.
    pub(super) fn new(share: Share, start: DateTime<Utc>) -> Self {
        Self { share, start, listed: false, known: BTreeMap::new(), queue: BTreeSet::new(), held: None }
    }

    /// Takes in a complete listing.
    ///
    /// Of the first listing, open shards are read from `start` on. So are their parents, which may have been closed
    /// just now. Shards of later listings are read from their oldest record on.
    pub(super) fn listed(&mut self, listing: Vec<Shard>, now: DateTime<Utc>) {
        let until = self.until().unwrap_or(self.start);
        let first = !std::mem::replace(&mut self.listed, true);
        let listed: BTreeSet<&str> = listing.iter().map(|shard| &*shard.id).collect();
        self.known.retain(|id, _| listed.contains(&**id));
        self.queue.retain(|(_, id)| listed.contains(&**id));
        let open = listing.iter().filter(|shard| !shard.closed);
        let current: BTreeSet<String> =
            open.flat_map(|shard| shard.parents.iter().chain([&shard.id])).cloned().collect();
        for Shard { id, parents, .. } in listing {
            let id: Arc<str> = id.into();
            if self.known.contains_key(&id) {
                continue;
            }
            let stage = if !is_in(self.share, &id) || first && !current.contains(&*id) {
                Stage::Skipped
            } else if first {
                self.queue.insert((now, id.clone()));
                Reading::at(Position::Since(self.start))
            } else {
                Stage::Waiting
            };
            self.known.insert(id, Progress { parents, stage, until });
        }
        self.held = None;
        self.wake(now);
    }

    /// Whether the shards have been listed.
    pub(super) fn are_listed(&self) -> bool {
        self.listed
    }

    /// Starts to read the waiting shards whose parents are finished or are not read.
    fn wake(&mut self, now: DateTime<Utc>) {
        let unfinished = |parent: &String| {
            let parent = self.known.get(parent.as_str());
            parent.is_some_and(|parent| matches!(parent.stage, Stage::Waiting | Stage::Reading(_)))
        };
        let waiting = self.known.iter().filter(|(_, shard)| matches!(shard.stage, Stage::Waiting));
        let ready = waiting.filter(|(_, shard)| !shard.parents.iter().any(unfinished));
        let ready: Vec<Arc<str>> = ready.map(|(id, _)| id.clone()).collect();
        for id in ready {
            self.queue.insert((now, id.clone()));
            self.known.entry(id).and_modify(|shard| shard.stage = Reading::at(Position::Oldest));
        }
    }

    /// When the next shard is due.
    pub(super) fn next_due(&self) -> Option<DateTime<Utc>> {
        self.queue.first().map(|(due, _)| *due)
    }

    /// The shard that has been due longest, and its next call. The caller has to report how the call ended.
    pub(super) fn take_due(&mut self, now: DateTime<Utc>) -> Option<(Arc<str>, Step)> {
        let first = self.queue.first().filter(|(due, _)| *due <= now)?.clone();
        self.queue.remove(&first);
        let id = first.1;
        let reading = self.reading_mut(&id)?;
        let step = reading.iterator.clone().map_or_else(|| Step::Begin(reading.position.clone()), Step::Read);
        Some((id, step))
    }

    /// Notes that an iterator was returned.
    pub(super) fn began(&mut self, id: &Arc<str>, iterator: String, now: DateTime<Utc>) {
        if let Some(reading) = self.reading_mut(id) {
            reading.iterator = Some(iterator);
            reading.failures = 0;
            reading.failure = None;
            self.queue.insert((now, id.clone()));
        }
    }

    /// Notes that the iterator has expired. Another one is due, which begins after the last record.
    pub(super) fn expired(&mut self, id: &Arc<str>, now: DateTime<Utc>) {
        if let Some(reading) = self.reading_mut(id) {
            reading.iterator = None;
            // Not at once: if every iterator were expired, calls would be made without a pause.
            self.queue.insert((now + PERIOD, id.clone()));
        }
    }

    /// Takes in the records of a call that began at `called`. Returns whether they were the last of the shard.
    pub(super) fn read(&mut self, id: &Arc<str>, records: &Records, called: DateTime<Utc>) -> bool {
        if records.next.is_none() && self.reading_mut(id).is_some() {
            // Its children may already have records, and may not be known yet.
            self.held = self.until();
            self.known.entry(id.clone()).and_modify(|shard| shard.stage = Stage::Finished);
            self.wake(called);
            return true;
        }
        let Some(shard) = self.known.get_mut(id) else { return false };
        let Stage::Reading(reading) = &mut shard.stage else { return false };
        if let Some(last) = records.records.last() {
            reading.position = Position::After(last.sequence.clone());
        }
        reading.iterator.clone_from(&records.next);
        reading.behind_ms = Some(records.behind_ms);
        reading.failures = 0;
        reading.failure = None;
        let behind = i64::try_from(records.behind_ms).ok().and_then(TimeDelta::try_milliseconds);
        if let Some(until) = behind.and_then(|behind| called.checked_sub_signed(behind)) {
            shard.until = shard.until.max(until);
        }
        self.queue.insert((called + PERIOD, id.clone()));
        false
    }

    /// Notes that a call failed. The next one is due after a pause.
    pub(super) fn failed(&mut self, id: &Arc<str>, operation: Operation, error: ApiError, now: DateTime<Utc>) {
        if let Some(reading) = self.reading_mut(id) {
            let doubled = 1_i32.checked_shl(reading.failures).filter(|factor| *factor > 0).unwrap_or(i32::MAX);
            reading.failures += 1;
            reading.failure = Some((operation, error));
            let pause = PERIOD.checked_mul(doubled).map_or(LONGEST_PAUSE, |pause| pause.min(LONGEST_PAUSE));
            self.queue.insert((now + pause, id.clone()));
        }
    }

    /// All records that arrived in the stream until this time have been read; `None` when no shard is to be read.
    pub(super) fn until(&self) -> Option<DateTime<Utc>> {
        let unread = self.known.values().filter(|shard| matches!(shard.stage, Stage::Waiting | Stage::Reading(_)));
        unread.map(|shard| shard.until).chain(self.held).min()
    }

    /// How far the slowest shard is behind, ms; `None` before the first answer.
    pub(super) fn behind_ms(&self) -> Option<u64> {
        self.reading().filter_map(|reading| reading.behind_ms).max()
    }

    /// How many shards are being read.
    pub(super) fn count(&self) -> usize {
        self.reading().count()
    }

    /// How many shards this operation fails for, and the error of one of them.
    pub(super) fn failing(&self, operation: Operation) -> (usize, Option<&ApiError>) {
        let failures = self.reading().filter_map(|reading| reading.failure.as_ref());
        let mut errors = failures.filter(|(failed, _)| *failed == operation).map(|(_, error)| error);
        let first = errors.next();
        (usize::from(first.is_some()) + errors.count(), first)
    }

    fn reading(&self) -> impl Iterator<Item = &Reading> {
        self.known.values().filter_map(|shard| match &shard.stage {
            Stage::Reading(reading) => Some(reading),
            _ => None,
        })
    }

    fn reading_mut(&mut self, id: &Arc<str>) -> Option<&mut Reading> {
        match &mut self.known.get_mut(id)?.stage {
            Stage::Reading(reading) => Some(reading),
            _ => None,
        }
    }
}

/// Whether a shard is in this share. Every lamtop process that reads the stream must divide it in the same way.
fn is_in(share: Share, id: &str) -> bool {
    // FNV-1a with 64 bits, which does not depend on the version of lamtop or of Rust.
    let hash = id
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    hash % u64::from(share.of.max(1)) == u64::from(share.part.saturating_sub(1))
}

#[cfg(test)]
mod tests;
