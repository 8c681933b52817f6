//! From the records of a log file to log events: group, stream, time and message. Messages are not parsed here.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::documents::{self, Unnamed};
use super::records::Record;
use super::stamped::Stamped;
use super::table::Table;
use super::time;
use crate::{Line, parse};
use lambda_model::log::LogEvent;

/// The records whose beginnings [`Events::unread`] shows, and how much of each.
const FIRST: usize = 2;
const FIRST_CHARACTERS: usize = 40;

/// Collects events.
#[derive(Debug)]
pub struct Events {
    /// The group of lines that name none.
    group: Arc<str>,
    /// The stream of lines that name none.
    stream: Arc<str>,
    /// Whether lines begin with a time, as `aws logs tail` prints them; a line without one then continues an event.
    stamped: bool,
    /// The time of the last event that has one, and when it was read.
    at: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// The rows of an export of Logs Insights, from its head on.
    table: Option<Table>,
    /// Whether any record was understood.
    understood: bool,
    /// The number of records, and how the first ones begin.
    records: u64,
    first: Vec<String>,
    found: Vec<LogEvent>,
}

/// The time of a JSON log line, the only member that is read here. Platform lines have `time`, runtimes write
/// `timestamp` (docs/aws.md#json-format).
#[derive(Deserialize)]
struct Stamp<'a> {
    #[serde(borrow)]
    time: Option<&'a RawValue>,
    #[serde(borrow)]
    timestamp: Option<&'a RawValue>,
}

/// Whether a line is the platform's, or a logger's or a runtime's that names a level, a request or an error.
fn is_understood(line: &str) -> bool {
    match parse(line) {
        Line::Application(line) => line.level().is_some() || line.request().is_some() || line.error().is_some(),
        _ => true,
    }
}

impl Stamp<'_> {
    fn time(&self) -> Option<DateTime<Utc>> {
        let text = self.time.or(self.timestamp)?.get();
        match text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
            Some(text) => time(text),
            None => DateTime::from_timestamp_millis(text.parse().ok()?),
        }
    }
}

impl Events {
    /// Events that name no group belong to `group`.
    pub fn new(group: Arc<str>) -> Self {
        Self {
            group,
            stream: Arc::from(""),
            stamped: false,
            at: None,
            table: None,
            understood: false,
            records: 0,
            first: Vec::new(),
            found: Vec::new(),
        }
    }

    /// Why nothing was understood so far: how much was read and how it begins. `None` if anything was: a time, a line of
    /// the platform or of a runtime's logger, a document of a known form.
    pub fn unread(&self) -> Option<String> {
        match (self.understood, self.records) {
            (true, _) => None,
            (false, 0) => Some("it is empty".to_string()),
            (false, count) => {
                let lines = if count == 1 { "its only line" } else { &format!("its {count} lines") };
                Some(format!("nothing was understood of {lines}; it begins with {}", self.first.join(", ")))
            }
        }
    }

    /// Takes the events since the last call. With `more`, which says that the input goes on at once, the last event
    /// stays, because the next line may belong to it.
    pub fn found(&mut self, more: bool) -> Vec<LogEvent> {
        let kept = self.found.len().saturating_sub(usize::from(more));
        let last = self.found.split_off(kept);
        std::mem::replace(&mut self.found, last)
    }

    /// Adds a record; `now` is the time of events that have none, as long as no other has one.
    pub fn take(&mut self, record: Record, now: DateTime<Utc>) {
        self.records += 1;
        if !self.understood && self.first.len() < FIRST {
            let (Record::Line(text) | Record::Document(text)) = record;
            let beginning: String = text.chars().take(FIRST_CHARACTERS).collect();
            self.first.push(format!("`{}`", beginning.escape_debug()));
        }
        match record {
            Record::Line(text) | Record::Document(text) if self.table.is_some() => self.row(text, now),
            Record::Line(line) => self.line(line, now),
            Record::Document(document) => self.document(document, now),
        }
    }

    fn row(&mut self, text: &str, now: DateTime<Utc>) {
        let row = self.table.as_mut().and_then(|table| table.take(text));
        let unnamed = Unnamed { group: &self.group, stream: &self.stream };
        let event = row.and_then(|row| row.event(&unnamed));
        self.extend(event.into_iter().collect(), now);
    }

    fn document(&mut self, document: &str, now: DateTime<Utc>) {
        let unnamed = Unnamed { group: &self.group, stream: &self.stream };
        if let Some(events) = documents::events(document, &unnamed) {
            self.understood = true;
            return self.extend(events, now);
        }
        self.understood = self.understood || is_understood(document);
        if self.stamped {
            return self.goes_on(document, now);
        }
        match serde_json::from_str::<Stamp>(document).ok().and_then(|stamp| stamp.time()) {
            Some(at) => {
                self.note_time(at, now);
                self.add(at, None, document);
            }
            None => self.add(self.time(now), None, document),
        }
    }

    fn line(&mut self, line: &str, now: DateTime<Utc>) {
        if let Some(table) = Table::of(line) {
            self.understood = true;
            self.table = Some(table);
        } else if let Some(Stamped { at, stream, message, is_added }) = Stamped::of(line) {
            self.stamped |= is_added;
            self.note_time(at, now);
            self.add(at, stream, message);
        } else if line.starts_with("XRAY TraceId: ") || self.stamped && matches!(parse(line), Line::Application(_)) {
            // The second line of a REPORT, or a line break within an event.
            self.goes_on(line, now);
        } else {
            // What the platform wrote begins an event of its own, also where only other lines have a time.
            self.understood = self.understood || is_understood(line);
            self.add(self.time(now), None, line);
        }
    }

    /// Adds events that have their own time.
    fn extend(&mut self, events: Vec<LogEvent>, now: DateTime<Utc>) {
        if let Some(first) = events.first() {
            self.note_time(first.timestamp, now);
        }
        self.found.extend(events);
    }

    /// Notes the time of an event that has one. The first one is also that of the events before it, which got the time
    /// when they were read.
    fn note_time(&mut self, at: DateTime<Utc>, now: DateTime<Utc>) {
        self.understood = true;
        if self.at.is_none() {
            for event in &mut self.found {
                event.timestamp = at - (now - event.timestamp);
                event.ingestion = event.timestamp;
            }
        }
        self.at = Some((at, now));
    }

    /// The time of an event without one: it goes on from the last event that has one.
    fn time(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.at.map_or(now, |(at, read)| at + (now - read))
    }

    fn add(&mut self, timestamp: DateTime<Utc>, stream: Option<&str>, message: &str) {
        if let Some(stream) = stream.filter(|stream| *stream != &*self.stream) {
            self.stream = Arc::from(stream);
        }
        self.found.push(LogEvent {
            id: None,
            timestamp,
            ingestion: timestamp,
            stream: Arc::clone(&self.stream),
            group: Arc::clone(&self.group),
            message: message.to_string(),
        });
    }

    /// Appends a line to the previous event.
    fn goes_on(&mut self, line: &str, now: DateTime<Utc>) {
        match self.found.last_mut() {
            Some(event) => {
                event.message.push('\n');
                event.message.push_str(line);
            }
            // That event has been taken already.
            None => self.add(self.time(now), None, line),
        }
    }
}
