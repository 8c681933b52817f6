//! Log events as CloudWatch Logs keeps and tails them. Only the envelope: what a message says is not read here.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The most events that one update of Live Tail brings; of more it shows a sample (aws-facts 5.1).
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
