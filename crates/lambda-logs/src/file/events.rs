//! From the records of a log file to log events: group, stream, time and message. Messages are not parsed here.

use std::sync::Arc;

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::records::Record;
use crate::envelope::{Envelope, Reader};
use crate::origin;
use lambda_model::log::LogEvent;

/// Collects events.
#[derive(Debug)]
pub struct Events {
    /// The group of lines that name none.
    group: Arc<str>,
    /// The stream of lines that name none.
    stream: Arc<str>,
    /// Whether lines begin with a time, as `aws logs tail` prints them; a line without one then continues an event.
    stamped: bool,
    /// The time of the last event.
    at: Option<DateTime<Utc>>,
    found: Vec<LogEvent>,
}

/// What `aws logs filter-log-events` and `get-log-events` print.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listing {
    events: Vec<Listed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    event_id: Option<String>,
    log_stream_name: Option<String>,
    timestamp: i64,
    ingestion_time: Option<i64>,
    message: String,
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
        Self { group, stream: Arc::from(""), stamped: false, at: None, found: Vec::new() }
    }

    /// Takes the events since the last call.
    pub fn found(&mut self) -> Vec<LogEvent> {
        std::mem::take(&mut self.found)
    }

    /// Adds a record; an event without a time gets `now`.
    pub fn take(&mut self, record: Record, now: DateTime<Utc>) {
        match record {
            Record::Line(line) => self.line(line, now),
            Record::Document(document) => self.document(document, now),
        }
    }

    fn document(&mut self, document: &str, now: DateTime<Utc>) {
        match Reader::default().read(document.as_bytes()) {
            Ok(Some(envelope)) => return self.found.extend(enclosed(&envelope)),
            Ok(None) => return,
            Err(_) => {}
        }
        if let Ok(listing) = serde_json::from_str::<Listing>(document) {
            for event in listing.events {
                let Some(timestamp) = DateTime::from_timestamp_millis(event.timestamp) else { continue };
                let ingestion = event.ingestion_time.and_then(DateTime::from_timestamp_millis).unwrap_or(timestamp);
                let stream = event.log_stream_name.map_or_else(|| Arc::clone(&self.stream), Arc::from);
                let id = event.event_id.map(String::into_boxed_str);
                let (group, message) = (Arc::clone(&self.group), event.message);
                self.found.push(LogEvent { id, timestamp, ingestion, stream, group, message });
            }
            return;
        }
        if self.stamped {
            self.goes_on(document, now);
        } else {
            let stamp = serde_json::from_str::<Stamp>(document).ok().and_then(|stamp| stamp.time());
            self.add(stamp.unwrap_or(now), None, document);
        }
    }

    fn line(&mut self, line: &str, now: DateTime<Utc>) {
        let Some(Stamped { at, stream, message }) = Stamped::of(line) else {
            // The second line of a REPORT, in a file without times.
            if self.stamped || line.starts_with("XRAY TraceId: ") {
                self.goes_on(line, now);
            } else {
                self.add(now, None, line);
            }
            return;
        };
        self.stamped = true;
        self.add(at, stream, message);
    }

    fn add(&mut self, timestamp: DateTime<Utc>, stream: Option<&str>, message: &str) {
        if let Some(stream) = stream.filter(|stream| *stream != &*self.stream) {
            self.stream = Arc::from(stream);
        }
        self.at = Some(timestamp);
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
            None => self.add(self.at.unwrap_or(now), None, line),
        }
    }
}

/// The events of a subscription envelope.
fn enclosed(envelope: &Envelope) -> Vec<LogEvent> {
    let (group, stream) = (Arc::from(&*envelope.group), Arc::from(&*envelope.stream));
    let mut scratch = String::new();
    envelope.events.iter().filter_map(|event| event.log_event(&group, &stream, None, &mut scratch)).collect()
}

/// A line as `aws logs tail` prints it.
struct Stamped<'a> {
    at: DateTime<Utc>,
    /// Absent in the short format.
    stream: Option<&'a str>,
    message: &'a str,
}

impl<'a> Stamped<'a> {
    fn of(line: &'a str) -> Option<Self> {
        let (stamp, rest) = line.split_once(' ')?;
        let at = time(stamp)?;
        if rest.contains(" Task timed out after ") && stamp.ends_with('Z') {
            // The time is part of Lambda's own line (docs/aws.md#text-format).
            return Some(Self { at, stream: None, message: line });
        }
        match rest.split_once(' ') {
            Some((stream, message)) if origin("", stream).version.is_some() => {
                Some(Self { at, stream: Some(stream), message })
            }
            _ => Some(Self { at, stream: None, message: rest }),
        }
    }
}

/// A time in RFC 3339; without an offset it is UTC, as in the short format.
fn time(text: &str) -> Option<DateTime<Utc>> {
    let naive = || text.parse::<NaiveDateTime>().ok().map(|time| time.and_utc());
    DateTime::parse_from_rfc3339(text).map(|time| time.to_utc()).ok().or_else(naive)
}
