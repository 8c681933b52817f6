//! Snapshots for programs and files: the JSON contract, CSV, plain tables, pictures. No terminal.

pub(crate) mod canary;
pub(crate) mod csv;
pub(crate) mod findings;
pub(crate) mod json;
pub mod svg;
pub(crate) mod table;

#[cfg(test)]
mod tests;

use chrono::{DateTime, SecondsFormat, Utc};

/// A time as programs read it: RFC 3339 in UTC, to the second.
fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
