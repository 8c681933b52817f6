//! Reads log groups by `FilterLogEvents`: one turn of one group, page by page, each event once.

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

/// Pages of a group in one turn, 1 MB each at most; then it is the next group's turn.
const PAGES: usize = 10;
/// Events that are remembered of a group: 16 bytes each. Of more, some may be told twice.
const REMEMBERED: usize = 200_000;

/// What to read of a group.
#[derive(Debug)]
pub(super) struct Reading {
    /// What to ask for.
    pub(super) query: LogQuery,
    /// The span that is known when everything has been read.
    pub(super) span: (DateTime<Utc>, DateTime<Utc>),
    /// Whether this fills a gap that a tail left.
    pub(super) fills: bool,
    /// How far it has come.
    pub(super) pages: Pages,
}

/// A group's turn.
#[derive(Debug)]
pub(super) struct Turn {
    /// What to read.
    pub(super) reading: Reading,
    /// What has been read before.
    pub(super) seen: Seen,
}

/// How a turn ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Everything has been read.
    Finished,
    /// There are more pages.
    Unfinished,
    /// A call failed.
    Failed(ApiError),
}

/// Takes a turn: every call `paced`, every page delivered before the next is asked for.
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
        // Who listens for events also waits for this task: when that is over, nobody minds.
        let _ = events.send(Event::Called(Operation::FilterLogEvents, outcome)).await;
        let read = match answer {
            Ok(page) => turn.reading.pages.take(page),
            Err(error) => return (turn, Outcome::Failed(error)),
        };
        let events: Vec<LogEvent> = read.into_iter().filter(|event| turn.seen.is_new(event)).collect();
        let ended = turn.reading.pages.next().is_none();
        if ended || !events.is_empty() {
            let groups = Some(vec![Arc::clone(&turn.reading.query.group)]);
            // Before the last page it is not known what is missing.
            let span = ended.then_some(turn.reading.span);
            delivery.send(LogBatch { way: LogWay::Poll, groups, span, left_out: None, events }).await;
        }
        if ended {
            return (turn, Outcome::Finished);
        }
    }
    (turn, Outcome::Unfinished)
}

/// The events of a group that have been told, by time and id.
#[derive(Debug, Default)]
pub(super) struct Seen(BTreeSet<(i64, u64)>);

impl Seen {
    /// Remembers `event`; tells whether it is new. One without an id cannot be recognised again.
    fn is_new(&mut self, event: &LogEvent) -> bool {
        let Some(id) = &event.id else { return true };
        // Ids have 56 digits: of those of one millisecond, 64 bits tell enough.
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        let new = self.0.insert((event.timestamp.timestamp_millis(), hasher.finish()));
        if self.0.len() > REMEMBERED {
            self.0.pop_first();
        }
        new
    }

    /// Forgets what is not asked for again.
    pub(super) fn forget(&mut self, before: DateTime<Utc>) {
        // Queries are cut to the millisecond.
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
        // id, time, whether it is new
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
        assert!(!seen.is_new(&event(Some("a"), 5_000)), "asked for again");
        seen.forget(DateTime::from_timestamp_millis(5_002).unwrap());
        assert!(seen.is_new(&event(Some("a"), 5_000)) && !seen.is_new(&event(Some("c"), 9_000)));
    }

    #[test]
    fn what_is_remembered_is_bounded_and_the_oldest_goes_first() {
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
