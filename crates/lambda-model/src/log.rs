//! Log events and how they got here. Only the envelope: what a message says is not read here.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The most events that one update of Live Tail brings; of more it shows a sample (docs/aws.md#live-tail).
pub const TAIL_EVENTS: usize = 500;

/// One event of a log stream: a line, or several that were written at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEvent {
    /// CloudWatch's id of the event; `None` from Live Tail, which tells none.
    pub id: Option<Box<str>>,
    /// When it was written, to the millisecond.
    pub timestamp: DateTime<Utc>,
    /// When CloudWatch Logs got it, to the millisecond.
    pub ingestion: DateTime<Utc>,
    /// The log stream: one execution environment of a function.
    pub stream: Arc<str>,
    /// The log group's name.
    pub group: Arc<str>,
    /// As it was written, line ends included.
    pub message: String,
}

/// What Live Tail says each second.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TailUpdate {
    /// There were more than [`TAIL_EVENTS`], and these are some of them.
    pub sampled: bool,
    /// The second's events, possibly none.
    pub events: Vec<LogEvent>,
}

/// A way log events come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogWay {
    /// Live Tail (`logs:StartLiveTail`).
    Tail,
    /// `logs:FilterLogEvents`, again and again.
    Poll,
    /// A Kinesis stream that a subscription filter feeds.
    Kinesis,
    /// A file or standard input.
    File,
}

impl LogWay {
    /// The word used in JSON and on screen.
    pub fn word(self) -> &'static str {
        match self {
            Self::Tail => "tail",
            Self::Poll => "poll",
            Self::Kinesis => "kinesis",
            Self::File => "file",
        }
    }
}

/// Log events that came together, and what span of time they account for.
///
/// Spans are what is known about the log groups: what no span covers is a gap, and a later batch about it fills
/// it. Batches may come in any order and more than once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogBatch {
    /// How they came.
    pub way: LogWay,
    /// The log groups that the span is about; `None` is all that are read this way.
    pub groups: Option<Vec<Arc<str>>>,
    /// The span that was looked at, `from ..= until` of the source's time: with this batch everything has been
    /// delivered that had reached CloudWatch Logs by `until`. `None` where that is not known.
    pub span: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// Why the span's events are not all of them.
    pub left_out: Option<LeftOut>,
    /// The events, in no special order; an event may come again.
    pub events: Vec<LogEvent>,
}

/// Why some events of a span are missing: what is counted from the others is a lower bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftOut {
    /// Live Tail showed a sample.
    Sampled,
    /// The number of events that were dropped, because they came faster than they could be taken in.
    Dropped(u64),
    /// Other lamtops read the other shards of the stream.
    OtherShards,
}

impl LeftOut {
    /// How many events are known to be missing.
    pub fn dropped(self) -> u64 {
        match self {
            Self::Dropped(count) => count,
            Self::Sampled | Self::OtherShards => 0,
        }
    }
}

/// How log events come in at present, and why in this way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogFeed {
    /// What it is doing.
    pub state: FeedState,
    /// Why this way and this state, in words for the screen, such as `tail denied: …; polling instead`.
    pub reason: String,
    /// Log groups that are read.
    pub groups: usize,
    /// Log groups that the screen asks for and that are not read, for want of sessions or because they do not exist.
    pub left: usize,
    /// Live Tail sessions that are open, or shards that are read.
    pub sessions: usize,
    /// How far behind the newest event the reading is, ms; `None` where that is not known.
    pub behind_ms: Option<u64>,
}

/// What a [`LogFeed`] is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedState {
    /// Nothing is read, because nobody asked for it.
    Off,
    /// Not yet connected.
    Starting,
    /// Events come in this way.
    Running(LogWay),
    /// Stopped after a while without a key, to save money; a key starts it again.
    Idle,
    /// Does not work, for the reason given; it will be tried again.
    Failing,
    /// The file has been read to its end.
    Ended,
    /// Nothing in the file was understood, for the reason given.
    Unread,
}
