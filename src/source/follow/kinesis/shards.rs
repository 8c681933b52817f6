//! Which shards of a stream are read, how far each is, and which is next. It makes no calls and never knows the time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::source::follow::Share;
use lambda_model::api::{Position, Records, Shard};
use lambda_model::failure::ApiError;
use lambda_model::operation::Operation;

/// From one read of a shard to the next: of its 5 a second, for all its readers, this takes one (docs/aws.md#kinesis).
const PERIOD: TimeDelta = TimeDelta::seconds(1);
/// The longest pause of a shard that does not answer; the first is a [`PERIOD`], each further one doubles.
const LONGEST_PAUSE: TimeDelta = TimeDelta::minutes(1);

/// What to ask for next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// An iterator that begins there.
    Begin(Position),
    /// The records after this iterator.
    Read(String),
}

impl Step {
    /// The operation that asks for it.
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
    /// Where reading begins in the shards that were there before.
    start: DateTime<Utc>,
    listed: bool,
    /// Every shard of the last listing.
    known: BTreeMap<Arc<str>, Progress>,
    /// The shards to ask, by the time at which they are due; one that is being asked is not in it.
    queue: BTreeSet<(DateTime<Utc>, Arc<str>)>,
    /// Of a shard that came to its end, until its children are known: how far all had been read before.
    held: Option<DateTime<Utc>>,
}

#[derive(Debug)]
struct Progress {
    parents: Vec<String>,
    stage: Stage,
    /// What had arrived in it by then has been read.
    until: DateTime<Utc>,
}

#[derive(Debug)]
enum Stage {
    /// Another's, or over before reading began.
    Skipped,
    /// To be read from its oldest record on, as soon as its parents are finished.
    Waiting,
    /// Being read.
    Reading(Reading),
    /// Read to its end.
    Finished,
}

#[derive(Debug)]
struct Reading {
    /// Where to begin anew when the iterator expires.
    position: Position,
    iterator: Option<String>,
    behind_ms: Option<u64>,
    /// Failures in a row, and the last of them.
    failures: u32,
    failure: Option<(Operation, ApiError)>,
}

impl Reading {
    fn at(position: Position) -> Stage {
        Stage::Reading(Self { position, iterator: None, behind_ms: None, failures: 0, failure: None })
    }
}

impl Shards {
    /// The shards of `share`, none of which is known yet; records that arrived since `start` are wanted.
    pub(super) fn new(share: Share, start: DateTime<Utc>) -> Self {
        Self { share, start, listed: false, known: BTreeMap::new(), queue: BTreeSet::new(), held: None }
    }

    /// Takes in a whole listing.
    ///
    /// Of the first, what is open is read from the start on, and so is what an open shard came from: it may have been
    /// written to until a moment ago. What comes to be later is read from its oldest record.
    pub(super) fn listed(&mut self, listing: Vec<Shard>, now: DateTime<Utc>) {
        let until = self.until().unwrap_or(self.start);
        let first = !std::mem::replace(&mut self.listed, true);
        let there: BTreeSet<&str> = listing.iter().map(|shard| &*shard.id).collect();
        self.known.retain(|id, _| there.contains(&**id));
        self.queue.retain(|(_, id)| there.contains(&**id));
        let open = listing.iter().filter(|shard| !shard.closed);
        let alive: BTreeSet<String> = open.flat_map(|shard| shard.parents.iter().chain([&shard.id])).cloned().collect();
        for Shard { id, parents, .. } in listing {
            let id: Arc<str> = id.into();
            if self.known.contains_key(&id) {
                continue;
            }
            let stage = if !falls_to(self.share, &id) || first && !alive.contains(&*id) {
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

    /// Whether a listing has come.
    pub(super) fn are_listed(&self) -> bool {
        self.listed
    }

    /// Begins with the shards whose parents are finished, or are not ours to wait for.
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

    /// The shard that has been due for the longest, and what to ask of it; the caller owes an answer.
    pub(super) fn take_due(&mut self, now: DateTime<Utc>) -> Option<(Arc<str>, Step)> {
        let first = self.queue.first().filter(|(due, _)| *due <= now)?.clone();
        self.queue.remove(&first);
        let id = first.1;
        let reading = self.reading_mut(&id)?;
        let step = reading.iterator.clone().map_or_else(|| Step::Begin(reading.position.clone()), Step::Read);
        Some((id, step))
    }

    /// An iterator came.
    pub(super) fn began(&mut self, id: &Arc<str>, iterator: String, now: DateTime<Utc>) {
        if let Some(reading) = self.reading_mut(id) {
            reading.iterator = Some(iterator);
            reading.failures = 0;
            reading.failure = None;
            self.queue.insert((now, id.clone()));
        }
    }

    /// The iterator has expired: another is due, after the last record.
    pub(super) fn expired(&mut self, id: &Arc<str>, now: DateTime<Utc>) {
        if let Some(reading) = self.reading_mut(id) {
            reading.iterator = None;
            // Not at once: a stream whose iterators are never good would be asked without a pause.
            self.queue.insert((now + PERIOD, id.clone()));
        }
    }

    /// Records came that were asked for at `asked`; tells whether they were the shard's last.
    pub(super) fn read(&mut self, id: &Arc<str>, records: &Records, asked: DateTime<Utc>) -> bool {
        if records.next.is_none() && self.reading_mut(id).is_some() {
            // What its children have got since is unread, and they may not be known yet.
            self.held = self.until();
            self.known.entry(id.clone()).and_modify(|shard| shard.stage = Stage::Finished);
            self.wake(asked);
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
        if let Some(until) = behind.and_then(|behind| asked.checked_sub_signed(behind)) {
            shard.until = shard.until.max(until);
        }
        self.queue.insert((asked + PERIOD, id.clone()));
        false
    }

    /// The shard did not answer: it is asked again after a pause.
    pub(super) fn failed(&mut self, id: &Arc<str>, operation: Operation, error: ApiError, now: DateTime<Utc>) {
        if let Some(reading) = self.reading_mut(id) {
            let doubled = 1_i32.checked_shl(reading.failures).filter(|factor| *factor > 0).unwrap_or(i32::MAX);
            reading.failures += 1;
            reading.failure = Some((operation, error));
            let pause = PERIOD.checked_mul(doubled).map_or(LONGEST_PAUSE, |pause| pause.min(LONGEST_PAUSE));
            self.queue.insert((now + pause, id.clone()));
        }
    }

    /// Whatever had arrived in the stream by then has been read; `None` without a shard to read.
    pub(super) fn until(&self) -> Option<DateTime<Utc>> {
        let unread = self.known.values().filter(|shard| matches!(shard.stage, Stage::Waiting | Stage::Reading(_)));
        unread.map(|shard| shard.until).chain(self.held).min()
    }

    /// How far the furthest shard is behind, ms; `None` before one has answered.
    pub(super) fn behind_ms(&self) -> Option<u64> {
        self.reading().filter_map(|reading| reading.behind_ms).max()
    }

    /// How many shards are read.
    pub(super) fn count(&self) -> usize {
        self.reading().count()
    }

    /// The shards that do not answer this operation, and what one of them said.
    pub(super) fn failing(&self, operation: Operation) -> (usize, Option<&ApiError>) {
        let failures = self.reading().filter_map(|reading| reading.failure.as_ref());
        let mut said = failures.filter(|(failed, _)| *failed == operation).map(|(_, error)| error);
        let first = said.next();
        (usize::from(first.is_some()) + said.count(), first)
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

/// Whether a shard is in this part of the stream: every lamtop that reads it must come to the same division.
fn falls_to(share: Share, id: &str) -> bool {
    // FNV-1a, 64 bits: the same in every version of lamtop and of Rust.
    let hash = id
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    hash % u64::from(share.of.max(1)) == u64::from(share.part.saturating_sub(1))
}

#[cfg(test)]
mod tests;
