//! The CSV that CloudWatch Logs Insights exports: a head that names the fields, and one row an event, whose message may
//! have line breaks.

use csv::{ReaderBuilder, StringRecord};

use super::documents::Row;

/// The longest row; a longer one is damaged. CloudWatch Logs accepts events of at most 1 MiB.
const LONGEST_ROW: usize = 4 << 20;

/// A table under way.
#[derive(Debug)]
pub(super) struct Table {
    head: StringRecord,
    /// The lines of a row that is not complete.
    pending: String,
}

impl Table {
    /// A table, if `line` is the head of one.
    pub(super) fn of(line: &str) -> Option<Self> {
        // Every line of a log is looked at: most are dismissed before any is read as CSV.
        memchr::memmem::find(line.as_bytes(), b"@message")?;
        let head = record(line)?;
        let names = |name| head.iter().any(|field| field == name);
        (names("@message") && names("@timestamp")).then(|| Self { head, pending: String::new() })
    }

    /// Takes a line; returns the row that it completes.
    pub(super) fn take(&mut self, line: &str) -> Option<Row> {
        if !self.pending.is_empty() {
            self.pending.push('\n');
        }
        self.pending.push_str(line);
        // A quote within a field is written twice, so a complete row has an even number of them.
        let is_complete = memchr::memchr_iter(b'"', self.pending.as_bytes()).count().is_multiple_of(2);
        if !is_complete && self.pending.len() <= LONGEST_ROW {
            return None;
        }
        let row = record(&std::mem::take(&mut self.pending))?;
        row.deserialize(Some(&self.head)).ok()
    }
}

fn record(text: &str) -> Option<StringRecord> {
    let reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    reader.into_records().next()?.ok()
}
