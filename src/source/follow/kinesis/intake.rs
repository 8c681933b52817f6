//! Parses the records of a stream into log events, each event once. Records without log events are only counted.

use std::collections::{BTreeSet, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use lambda_logs::envelope::{Envelope, Invalid, Reader};
use lambda_model::api::Record;
use lambda_model::log::LogEvent;

/// Events are delivered as soon as there are this many, before the next record is parsed.
const BATCH_EVENTS: usize = 10_000;
/// Events are also delivered as soon as their messages have this many bytes.
const BATCH_BYTES: usize = 8 << 20;
/// At least this many events are remembered: at 20,000 a second those of the last 3 s. The store recognizes events that
/// come again later.
const REMEMBERED: usize = 65_536;
/// The most log groups to count. An account may have a million.
const MOST_GROUPS: usize = 50_000;

/// The parser of records, and the events that were not delivered yet.
#[derive(Debug, Default)]
pub(super) struct Intake {
    reader: Reader,
    /// A buffer for messages with escape sequences.
    scratch: String,
    groups: BTreeSet<Arc<str>>,
    seen: Seen,
    events: Vec<LogEvent>,
    bytes: usize,
    bad: u64,
    last_invalid: Option<Invalid>,
}

impl Intake {
    /// Parses a record.
    pub(super) fn take(&mut self, record: &Record) {
        match self.reader.read(&record.data) {
            Ok(Some(envelope)) => {
                let Envelope { group, stream, events, .. } = envelope;
                let known = self.groups.get(&*group).cloned();
                let group = known.unwrap_or_else(|| {
                    let group: Arc<str> = (*group).into();
                    if self.groups.len() < MOST_GROUPS {
                        self.groups.insert(group.clone());
                    }
                    group
                });
                let stream: Arc<str> = (*stream).into();
                for event in events {
                    if event.id().is_some_and(|id| !self.seen.is_new(&stream, id)) {
                        continue;
                    }
                    let Some(event) = event.log_event(&group, &stream, record.arrived, &mut self.scratch) else {
                        continue;
                    };
                    self.bytes += event.message.len();
                    self.events.push(event);
                }
            }
            // A control message, with which CloudWatch Logs checks whether it can write to the stream.
            Ok(None) => {}
            Err(invalid) => {
                tracing::debug!(sequence = record.sequence, %invalid, "no log events");
                self.bad += 1;
                self.last_invalid = Some(invalid);
            }
        }
    }

    /// Whether to deliver before the next record.
    pub(super) fn is_full(&self) -> bool {
        self.events.len() >= BATCH_EVENTS || self.bytes >= BATCH_BYTES
    }

    /// The events to deliver.
    pub(super) fn drain(&mut self) -> Vec<LogEvent> {
        self.bytes = 0;
        std::mem::take(&mut self.events)
    }

    /// The number of log groups whose events came.
    pub(super) fn groups(&self) -> usize {
        self.groups.len()
    }

    /// The number of records that were no log events, and the reason of the last one.
    pub(super) fn bad(&self) -> (u64, Option<&Invalid>) {
        (self.bad, self.last_invalid.as_ref())
    }
}

/// The newest events, as hashes of 64 bits: in 10¹⁴ events about one new event is taken for a known one.
#[derive(Debug, Default)]
struct Seen {
    hasher: RandomState,
    new: HashSet<u64>,
    old: HashSet<u64>,
}

impl Seen {
    /// Whether this event is new.
    fn is_new(&mut self, stream: &str, id: &str) -> bool {
        if self.new.len() >= REMEMBERED {
            self.old = std::mem::take(&mut self.new);
        }
        let hash = self.hasher.hash_one((stream, id));
        !self.old.contains(&hash) && self.new.insert(hash)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;
    use crate::source::follow::kinesis::tests::envelope;

    fn record(data: Vec<u8>) -> Record {
        Record { sequence: "1".into(), arrived: Some(at(9_000)), data }
    }

    fn at(millis: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(millis).unwrap()
    }

    fn ids(events: &[LogEvent]) -> Vec<&str> {
        events.iter().map(|event| event.id.as_deref().unwrap_or("-")).collect()
    }

    #[test]
    fn events_have_the_group_stream_and_id_of_the_envelope() {
        let mut intake = Intake::default();
        intake.take(&record(envelope("/aws/lambda/a", "s", &[("1", "START \"x\"\n"), ("2", "END")])));
        let events = intake.drain();
        let [first, second] = &events[..] else { panic!("{events:?}") };
        assert_eq!((first.id.as_deref(), &*first.message), (Some("1"), "START \"x\"\n"));
        assert_eq!((&*first.group, &*first.stream, first.ingestion), ("/aws/lambda/a", "s", at(9_000)));
        assert!(Arc::ptr_eq(&first.group, &second.group) && Arc::ptr_eq(&first.stream, &second.stream));
        assert_eq!((intake.groups(), intake.drain().len()), (1, 0));
    }

    #[test]
    fn a_repeated_event_is_dropped_and_the_same_id_in_another_stream_is_not() {
        let mut intake = Intake::default();
        for (stream, id) in [("s", "1"), ("s", "2"), ("s", "1"), ("t", "1"), ("s", "2")] {
            intake.take(&record(envelope("g", stream, &[(id, "m")])));
        }
        assert_eq!(ids(&intake.drain()), ["1", "2", "1"]);
    }

    #[test]
    fn the_newest_ids_are_remembered_and_their_number_is_bounded() {
        let mut seen = Seen::default();
        for id in 0..3 * REMEMBERED {
            assert!(seen.is_new("s", &id.to_string()));
        }
        assert!(seen.new.len() + seen.old.len() <= 2 * REMEMBERED);
        for id in (2 * REMEMBERED..3 * REMEMBERED).rev() {
            assert!(!seen.is_new("s", &id.to_string()), "{id}");
        }
        assert!(seen.is_new("s", "0"), "It was forgotten");
    }

    #[test]
    fn bad_records_are_counted_and_the_next_is_read() {
        let mut intake = Intake::default();
        for data in [b"not gzip".to_vec(), vec![], vec![0x1f, 0x8b, 8]] {
            intake.take(&record(data));
        }
        let (bad, reason) = intake.bad();
        assert_eq!((bad, reason.unwrap().to_string()), (3, "its gzip is damaged".to_string()));
        intake.take(&record(envelope("g", "s", &[("1", "m")])));
        assert_eq!(ids(&intake.drain()), ["1"]);
    }

    #[test]
    fn a_batch_is_full_by_its_count_or_its_bytes() {
        let mut intake = Intake::default();
        let many: Vec<String> = (0..BATCH_EVENTS).map(|id| id.to_string()).collect();
        let events: Vec<(&str, &str)> = many.iter().map(|id| (&**id, "m")).collect();
        intake.take(&record(envelope("g", "s", &events[1..])));
        assert!(!intake.is_full());
        intake.take(&record(envelope("g", "s", &events[..1])));
        assert!(intake.is_full());
        intake.drain();
        assert!(!intake.is_full());
        intake.take(&record(envelope("g", "s", &[("x", &"m".repeat(BATCH_BYTES))])));
        assert!(intake.is_full());
    }
}
