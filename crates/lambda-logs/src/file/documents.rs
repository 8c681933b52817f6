//! The JSON documents in which people save log events, each form read into events. A document of another form is none.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::time;
use crate::envelope::{Envelope, Reader};
use lambda_model::log::LogEvent;

/// The group and the stream of events that name none.
pub(super) struct Unnamed<'a> {
    pub(super) group: &'a Arc<str>,
    pub(super) stream: &'a Arc<str>,
}

/// The events of `document`; `None` if it is of none of the forms below, as the JSON line of an application is.
///
/// - A subscription's envelope (docs/aws.md#subscription-filters), alone or in the event that a function gets:
///   `awslogs.data`, `Records[].kinesis.data` and the `Data` of `GetRecords`, and Firehose's `records[].data`.
/// - What `aws logs filter-log-events` and `get-log-events` print, and its events alone, in a list or one by one.
/// - What CloudWatch Logs Insights exports: rows as objects, or as lists of fields, alone or below `results`.
pub(super) fn events(document: &str, unnamed: &Unnamed<'_>) -> Option<Vec<LogEvent>> {
    match Reader::default().read(document.as_bytes()) {
        Ok(Some(envelope)) => return Some(enclosed(&envelope)),
        Ok(None) => return Some(Vec::new()),
        Err(_) => {}
    }
    if document.starts_with('[') {
        return match serde_json::from_str(document).ok()? {
            List::Rows(rows) => Some(rows.into_iter().filter_map(|row| row.event(unnamed)).collect()),
            List::Fields(rows) => Some(rows.into_iter().filter_map(|row| Row::of(row).event(unnamed)).collect()),
            List::Events(events) => Some(events.into_iter().filter_map(|event| event.event(unnamed)).collect()),
        };
    }
    if let Ok(event) = serde_json::from_str::<Listed>(document) {
        return Some(event.event(unnamed).into_iter().collect());
    }
    let whole: Whole = serde_json::from_str(document).ok()?;
    if let Some(events) = whole.events {
        return Some(events.into_iter().filter_map(|event| event.event(unnamed)).collect());
    }
    if let Some(rows) = whole.results {
        return Some(rows.into_iter().filter_map(|row| Row::of(row).event(unnamed)).collect());
    }
    let of_stream = whole.stream_records.into_iter().flatten();
    let of_stream = of_stream.filter_map(|record| record.data.or(record.kinesis.map(|kinesis| kinesis.data)));
    let of_firehose = whole.firehose_records.into_iter().flatten().map(|record| record.data);
    delivered(whole.awslogs.map(|awslogs| awslogs.data).into_iter().chain(of_stream).chain(of_firehose))
}

/// The events of a subscription envelope.
fn enclosed(envelope: &Envelope) -> Vec<LogEvent> {
    let (group, stream) = (Arc::from(&*envelope.group), Arc::from(&*envelope.stream));
    let mut scratch = String::new();
    envelope.events.iter().filter_map(|event| event.log_event(&group, &stream, None, &mut scratch)).collect()
}

/// The events of envelopes in base64; `None` if not one of them is an envelope.
fn delivered(data: impl IntoIterator<Item = String>) -> Option<Vec<LogEvent>> {
    let mut reader = Reader::default();
    let mut found = None;
    for data in data {
        let Ok(bytes) = BASE64.decode(data) else { continue };
        // A producer may put several envelopes into one record of Firehose, one after another: only the first is read.
        if let Ok(envelope) = reader.read(&bytes) {
            found.get_or_insert_with(Vec::new).extend(envelope.iter().flat_map(enclosed));
        }
    }
    found
}

/// An object with events, by the members that the forms differ in. One pass reads it: most documents are lines of
/// applications, which have none of them.
#[derive(Deserialize)]
struct Whole {
    events: Option<Vec<Listed>>,
    results: Option<Vec<Vec<Field>>>,
    awslogs: Option<Data>,
    #[serde(rename = "Records")]
    stream_records: Option<Vec<StreamRecord>>,
    #[serde(rename = "records")]
    firehose_records: Option<Vec<Data>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum List {
    Rows(Vec<Row>),
    Fields(Vec<Vec<Field>>),
    Events(Vec<Listed>),
}

#[derive(Deserialize)]
struct Data {
    data: String,
}

/// A record of a Kinesis stream, as a function gets it or as `GetRecords` returns it.
#[derive(Deserialize)]
struct StreamRecord {
    kinesis: Option<Data>,
    #[serde(rename = "Data")]
    data: Option<String>,
}

/// An event, as the API of CloudWatch Logs returns it and as collectors write it, one a line. It has no other members:
/// an application's JSON line, which has a `timestamp` and a `message` too, has.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Listed {
    #[serde(alias = "id")]
    event_id: Option<String>,
    #[serde(alias = "logStream")]
    log_stream_name: Option<String>,
    #[serde(alias = "logGroup")]
    log_group_name: Option<String>,
    timestamp: Instant,
    ingestion_time: Option<i64>,
    message: String,
}

/// Milliseconds since the Unix epoch, or a time in text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Instant {
    Milliseconds(i64),
    Text(String),
}

impl Listed {
    fn event(self, unnamed: &Unnamed<'_>) -> Option<LogEvent> {
        let timestamp = match self.timestamp {
            Instant::Milliseconds(milliseconds) => DateTime::from_timestamp_millis(milliseconds),
            Instant::Text(text) => time(&text),
        }?;
        Some(LogEvent {
            id: self.event_id.map(String::into_boxed_str),
            timestamp,
            ingestion: self.ingestion_time.and_then(DateTime::from_timestamp_millis).unwrap_or(timestamp),
            stream: self.log_stream_name.map_or_else(|| Arc::clone(unnamed.stream), Arc::from),
            group: self.log_group_name.map_or_else(|| Arc::clone(unnamed.group), Arc::from),
            message: self.message,
        })
    }
}

/// A field of a row of Logs Insights.
#[derive(Deserialize)]
struct Field {
    field: String,
    value: String,
}

/// A row of Logs Insights, with the fields that are read.
#[derive(Default, Deserialize)]
pub(super) struct Row {
    #[serde(rename = "@timestamp")]
    timestamp: String,
    #[serde(rename = "@message")]
    message: String,
    #[serde(rename = "@ingestionTime")]
    ingestion: Option<String>,
    #[serde(rename = "@logStream")]
    stream: Option<String>,
    /// The account and the group: `123456789012:/aws/lambda/checkout`.
    #[serde(rename = "@log")]
    log: Option<String>,
}

impl Row {
    fn of(fields: Vec<Field>) -> Self {
        let mut row = Self::default();
        for Field { field, value } in fields {
            match field.as_str() {
                "@timestamp" => row.timestamp = value,
                "@message" => row.message = value,
                "@ingestionTime" => row.ingestion = Some(value),
                "@logStream" => row.stream = Some(value),
                "@log" => row.log = Some(value),
                _ => {}
            }
        }
        row
    }

    /// `None` without a time: a row of an aggregation is no event.
    pub(super) fn event(self, unnamed: &Unnamed<'_>) -> Option<LogEvent> {
        let timestamp: DateTime<Utc> = time(&self.timestamp)?;
        let group = self.log.as_deref().map(|log| log.split_once(':').map_or(log, |(_, group)| group));
        Some(LogEvent {
            id: None,
            timestamp,
            ingestion: self.ingestion.as_deref().and_then(time).unwrap_or(timestamp),
            stream: self.stream.map_or_else(|| Arc::clone(unnamed.stream), Arc::from),
            group: group.map_or_else(|| Arc::clone(unnamed.group), Arc::from),
            message: self.message,
        })
    }
}
