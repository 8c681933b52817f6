//! Settings that are a choice: where log events come from, and how results are printed.

use std::path::PathBuf;

/// The way that log events come in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LogsFrom {
    /// Live Tail, or polling where that does not work.
    #[default]
    Auto,
    /// Live Tail only.
    Tail,
    /// `FilterLogEvents` only.
    Poll,
    /// A Kinesis stream by name or ARN.
    Kinesis(String),
    /// A file; `-` is standard input. No account is read beside it.
    File(PathBuf),
    /// Not at all.
    Off,
}

/// How a snapshot is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// A table on a terminal, JSON when piped.
    #[default]
    Auto,
    /// A table for people.
    Table,
    /// The JSON of the contract.
    Json,
    /// One row a function, or a finding.
    Csv,
}

impl Format {
    /// What the formats are called, in the order of [`Format::named`].
    pub const NAMES: [&str; 4] = ["auto", "table", "json", "csv"];

    /// The format of this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Auto, Self::Table, Self::Json, Self::Csv]
            .into_iter()
            .zip(Self::NAMES)
            .find_map(|(format, known)| (known == name).then_some(format))
    }
}
