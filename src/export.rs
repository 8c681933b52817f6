//! Snapshots for programs and files: the JSON contract, CSV, plain tables, pictures. No terminal.

pub mod canary;
pub mod csv;
pub mod findings;
pub mod json;
pub mod svg;
pub mod table;

#[cfg(test)]
mod tests;

use chrono::{DateTime, SecondsFormat, Utc};

/// A time as programs read it: RFC 3339 in UTC, to the second.
fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
