//! Reads log groups with `FilterLogEvents`: some pages of one group at a time, each event once.

use std::collections::BTreeSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::mpsc;

use super::delivery::Delivery;
use super::event::Event;
use crate::source::calls::Pages;
use crate::source::pace::Pace;
use lambda_model::api::{LogQuery, Logs};
use lambda_model::failure::ApiError;
use lambda_model::log::{LogBatch, LogEvent, LogWay};
use lambda_model::operation::Operation;

/// Pages that are read of one group, of at most 1 MB each, before other groups are read.
const PAGES: usize = 10;
/// Events that are remembered per group, 16 bytes each. Of more, some may be delivered twice.
const REMEMBERED: usize = 200_000;

/// What to read of a group.
#[derive(Debug)]
pub(super) struct Reading {
    /// The query.
    pub(super) query: LogQuery,
    /// The span that is covered when all pages have been read.
    pub(super) span: (DateTime<Utc>, DateTime<Utc>),
    /// Whether this fills a gap that Live Tail sessions left.
    pub(super) fills: bool,
    /// Which pages have been read.
    pub(super) pages: Pages,
}

/// Some pages of a group to read.
#[derive(Debug)]
pub(super) struct Turn {
    /// What to read.
    pub(super) reading: Reading,
    /// The events that were read before.
    pub(super) seen: Seen,
}

/// How a turn ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// All pages were read.
    Finished,
    /// There are more pages.
    Unfinished,
    /// A call failed.
    Failed(ApiError),
}

/// Takes a turn. Each call waits for its turn in `paced`, and each page is delivered before the next is requested.
pub(super) async fn take(
    mut turn: Turn,
    logs: Arc<dyn Logs>,
    paced: Arc<Pace>,
    delivery: Delivery,
    events: mpsc::Sender<Event>,
) -> (Turn, Outcome) {
    for _ in 0..PAGES {
        let Some(token) = turn.reading.pages.next() else { return (turn, Outcome::Finished) };
        paced.turn().await;
        let answer = logs.events(&turn.reading.query, token).await;
        let outcome = answer.as_ref().err().cloned();
        // This fails only when the follower has stopped. It also runs this task, so there is no one left to report to.
        let _ = events.send(Event::Called(Operation::FilterLogEvents, outcome)).await;
        let read = match answer {
            Ok(page) => turn.reading.pages.take(page),
            Err(error) => return (turn, Outcome::Failed(error)),
        };
        let events: Vec<LogEvent> = read.into_iter().filter(|event| turn.seen.is_new(event)).collect();
        let ended = turn.reading.pages.next().is_none();
        if ended || !events.is_empty() {
            let groups = Some(vec![Arc::clone(&turn.reading.query.group)]);
            // Only with the last page the whole span has been read.
            let span = ended.then_some(turn.reading.span);
            delivery.send(LogBatch { way: LogWay::Poll, groups, span, left_out: None, events }).await;
        }
        if ended {
            return (turn, Outcome::Finished);
        }
    }
    (turn, Outcome::Unfinished)
}

/// The events of a group that were delivered, by time and ID.
#[derive(Debug, Default)]
pub(super) struct Seen(BTreeSet<(i64, u64)>);

impl Seen {
    /// Remembers `event`. Returns whether it is new. An event without an ID always counts as new.
    fn is_new(&mut self, event: &LogEvent) -> bool {
        let Some(id) = &event.id else { return true };
        // IDs have 56 digits. A hash of 64 bits is enough to distinguish those of one millisecond.
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        let new = self.0.insert((event.timestamp.timestamp_millis(), hasher.finish()));
        if self.0.len() > REMEMBERED {
            self.0.pop_first();
        }
        new
    }

    /// Forgets events that no later query returns.
    pub(super) fn forget(&mut self, before: DateTime<Utc>) {
        // Queries are cut to whole milliseconds.
        self.0 = self.0.split_off(&((before - TimeDelta::milliseconds(1)).timestamp_millis(), 0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: Option<&str>, millisecond: i64) -> LogEvent {
        let timestamp = DateTime::from_timestamp_millis(millisecond).unwrap();
        LogEvent {
            id: id.map(Into::into),
            timestamp,
            ingestion: timestamp,
            stream: "s".into(),
            group: "g".into(),
            message: String::new(),
        }
    }

    #[test]
    fn an_event_is_new_once() {
        let mut seen = Seen::default();
        // ID, time, whether it is new
        for (id, millisecond, new) in [
            (Some("a"), 5_000, true),
            (Some("a"), 5_000, false),
            (Some("b"), 5_000, true),
            (Some("c"), 9_000, true),
            (None, 5_000, true),
            (None, 5_000, true),
        ] {
            assert_eq!(seen.is_new(&event(id, millisecond)), new, "{id:?} {millisecond}");
        }
        seen.forget(DateTime::from_timestamp_millis(5_000).unwrap());
        assert!(!seen.is_new(&event(Some("a"), 5_000)), "A later query may return it");
        seen.forget(DateTime::from_timestamp_millis(5_002).unwrap());
        assert!(seen.is_new(&event(Some("a"), 5_000)) && !seen.is_new(&event(Some("c"), 9_000)));
    }

    #[test]
    fn the_number_of_remembered_events_is_bounded_and_the_oldest_are_forgotten() {
        let mut seen = Seen::default();
        let most = i64::try_from(REMEMBERED).unwrap();
        for millisecond in 0..=most {
            assert!(seen.is_new(&event(Some("x"), millisecond)));
        }
        assert_eq!(seen.0.len(), REMEMBERED);
        assert!(!seen.is_new(&event(Some("x"), 1)));
        assert!(seen.is_new(&event(Some("x"), 0)));
    }
}
