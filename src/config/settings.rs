//! The settings with their meaning: typed and in range.
//!
//! [`Settings::read`] is the one list of what can be set. No default is here: they are `config/lamtop.toml`.

use std::path::PathBuf;

use super::read::{
    format, fraction, limit, logs, names, number, optional_path, optional_text, severity, share, span, text, word,
};
use super::resolution::Resolution;
use crate::analysis::thresholds::{CanaryTerms, Thresholds};
use lambda_model::finding::Severity;

/// Everything that can be set.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The profiles to watch, each once; none is the standard chain's.
    pub profiles: Vec<String>,
    /// The Regions to watch, each once; none is the standard chain's. Not checked here.
    pub regions: Vec<String>,
    /// Where AWS answers; `None` is the real endpoints. Not checked here.
    pub endpoint_url: Option<String>,
    /// Which functions to show; empty is all.
    pub filter: String,
    /// The column to sort by. Not checked here: the columns belong to the view.
    pub sort: String,
    /// How far back the counts of aliases and canaries reach, in seconds: 60 to 10,800.
    pub window_s: u32,
    /// A theme's name, or `auto`. Not checked here: the themes belong to the terminal app.
    pub theme: String,
    /// Calls per second to the Lambda control plane for what takes a call per function: 0.1 to 15.
    pub inventory_rate: f64,
    /// The same for a snapshot.
    pub snapshot_rate: f64,
    /// How many seconds a snapshot spends on these calls at most: 1 to 600.
    pub inventory_s: u32,
    /// The way that log events come in.
    pub logs: LogsFrom,
    /// Which share of a Kinesis stream's shards is read: which of how many equal ones, both from 1.
    pub shards: (u32, u32),
    /// How many seconds a snapshot reads logs before it is taken: 0 to 3600.
    pub wait_s: u32,
    /// How a snapshot is printed.
    pub format: Format,
    /// How many functions a snapshot prints; `None` is all.
    pub limit: Option<u32>,
    /// The seed of the simulated region.
    pub seed: u64,
    /// How many times faster than real time the simulated region runs: 0.1 to 1000.
    pub speed: f64,
    /// Where diagnostics go; `None` is nowhere.
    pub log_file: Option<PathBuf>,
    /// How much goes there: 0 warnings, 1 information, 2 debugging, 3 everything.
    pub verbosity: u8,
    /// How metrics are read.
    pub metrics: Metrics,
    /// How queues are read.
    pub queues: Queues,
    /// How Live Tail is used.
    pub live_tail: LiveTail,
    /// The severity from which `lamtop check` fails.
    pub fail_on: Severity,
    /// How long `lamtop canary --wait` waits for a verdict, seconds: 1 to 86,400.
    pub timeout_s: u32,
    /// From when on something is a finding.
    pub findings: Thresholds,
    /// How a canary is judged.
    pub canary: CanaryTerms,
}

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

/// How metrics are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metrics {
    /// Seconds between two readings of the functions on screen: 30 to 3600.
    pub refresh_s: u32,
    /// Seconds between two readings of the others: 60 to 21,600.
    pub background_s: u32,
    /// Minutes to read when a function is first seen: 15 to 180.
    pub history_minutes: u32,
    /// Minutes to read again each time, because they are restated: 5 to 60.
    pub trailing_minutes: u32,
    /// How many of the newest minutes are provisional: 1 to 15.
    pub provisional_minutes: u32,
}

/// How queues are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Queues {
    /// Seconds between two readings of a queue: 10 to 3600.
    pub refresh_s: u32,
}

/// How Live Tail is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveTail {
    /// The most sessions at a time: 1 to 15, which is the account's quota (docs/aws.md#live-tail).
    pub sessions: u32,
    /// Minutes without a key after which it stops: 1 to 180.
    pub idle_minutes: u32,
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
    pub(crate) const NAMES: [&str; 4] = ["auto", "table", "json", "csv"];

    /// The format of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Auto, Self::Table, Self::Json, Self::Csv]
            .into_iter()
            .zip(Self::NAMES)
            .find_map(|(format, known)| (known == name).then_some(format))
    }
}

impl Settings {
    /// Reads every setting there is. Where `from` has gathered problems the result means nothing.
    pub(super) fn read(from: &mut Resolution) -> Self {
        Self {
            profiles: from.read("profile", names),
            regions: from.read("region", names),
            endpoint_url: from.read("endpoint_url", optional_text),
            filter: from.read("filter", text),
            sort: from.read("sort", word("the name of a column")),
            window_s: from.read("window", span(60..=10_800)),
            theme: from.read("theme", word("the name of a theme, or auto")),
            inventory_rate: from.read("inventory_rate", number("calls per second", 0.1..=15.0)),
            snapshot_rate: from.read("snapshot_rate", number("calls per second", 0.1..=15.0)),
            inventory_s: from.read("inventory_seconds", number("whole seconds", 1..=600)),
            logs: from.read("logs", logs),
            shards: from.read("shards", share),
            wait_s: from.read("wait", number("whole seconds", 0..=3600)),
            format: from.read("format", format),
            limit: from.read("limit", limit),
            seed: from.read("seed", number("a whole number", 0..=u32::MAX)).into(),
            speed: from.read("speed", number("a number", 0.1..=1000.0)),
            log_file: from.read("log_file", optional_path),
            verbosity: from.read("verbose", number("a whole number", 0..=3)),
            metrics: Metrics {
                refresh_s: from.read("metrics.refresh_s", number("whole seconds", 30..=3600)),
                background_s: from.read("metrics.background_s", number("whole seconds", 60..=21_600)),
                history_minutes: from.read("metrics.history_minutes", number("whole minutes", 15..=180)),
                trailing_minutes: from.read("metrics.trailing_minutes", number("whole minutes", 5..=60)),
                provisional_minutes: from.read("metrics.provisional_minutes", number("whole minutes", 1..=15)),
            },
            queues: Queues { refresh_s: from.read("queues.refresh_s", number("whole seconds", 10..=3600)) },
            live_tail: LiveTail {
                sessions: from.read("live_tail.sessions", number("sessions", 1..=15)),
                idle_minutes: from.read("live_tail.idle_minutes", number("whole minutes", 1..=180)),
            },
            fail_on: from.read("fail_on", severity),
            timeout_s: from.read("timeout", span(1..=86_400)),
            findings: Thresholds {
                raise: from.read("findings.raise", number("points", 1..=10)),
                raise_of: from.read("findings.raise_of", number("points", 1..=10)),
                clear: from.read("findings.clear", number("points", 1..=30)),
                near_limit: from.read("findings.near_limit", fraction()),
                top_consumer: from.read("findings.top_consumer", fraction()),
                error_rate: from.read("findings.error_rate", fraction()),
                error_rate_critical: from.read("findings.error_rate_critical", fraction()),
                least_errors: from.read("findings.least_errors", number("a whole number", 1..=10_000)),
                near_timeout: from.read("findings.near_timeout", fraction()),
                near_memory: from.read("findings.near_memory", fraction()),
                cold_starts: from.read("findings.cold_starts", fraction()),
                least_cold_starts: from.read("findings.least_cold_starts", number("a whole number", 1..=10_000)),
                async_age_s: from.read("findings.async_age_s", number("whole seconds", 1..=21_600)),
                iterator_age_s: from.read("findings.iterator_age_s", number("whole seconds", 1..=604_800)),
                message_age_s: from.read("findings.message_age_s", number("whole seconds", 1..=1_209_600)),
                change_minutes: from.read("findings.change_minutes", number("whole minutes", 1..=120)),
                forecast_minutes: from.read("findings.forecast_minutes", number("whole minutes", 1..=1440)),
                marked_error_rate: from.read("findings.marked_error_rate", fraction()),
                marked_use: from.read("findings.marked_use", fraction()),
                marked_use_critical: from.read("findings.marked_use_critical", fraction()),
            },
            canary: CanaryTerms {
                margin: from.read("canary.margin", number("a share", 0.0..=0.5)),
                slower: from.read("canary.slower", number("a factor", 1.0..=10.0)),
                false_fail: from.read("canary.false_fail", number("a chance", 0.0001..=0.2)),
                false_pass: from.read("canary.false_pass", number("a chance", 0.0001..=0.2)),
            },
        }
    }
}
