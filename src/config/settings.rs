//! Every setting: its key, its type, the values it allows, and its flags.
//!
//! The defaults are not here: they are `config/lamtop.toml`.

use std::path::PathBuf;

use super::choices::{Format, LogsFrom};
use super::expansion::settings;
use super::flag::Flag;
use super::flag::Place::{All, Only, WithDemo};
use super::flag::Value::{Count, File, List, OneOf, Text, Url};
use super::read::{
    format, fraction, limit, logs, names, number, optional_path, optional_text, part, severity, span, text, word,
};
use super::resolution::Resolution;
use crate::analysis::thresholds::{CanaryTerms, Thresholds};
use lambda_model::finding::Severity;

const WATCH: &str = "What to watch";
const SHOW: &str = "What to show";
/// The heading of options that are about lamtop itself.
pub(crate) const PROGRAM: &str = "Settings and diagnostics";

settings! {
    /// Everything that can be set.
    Settings {
        /// The profiles to watch, each once. Empty: the one that the AWS chain finds.
        "profile" => profiles: Vec<String> = names,
            flag(All(WATCH), List("NAME"), "Profiles of the AWS configuration; repeat, or separate by commas");

        /// The Regions to watch, each once. Empty: the one that the AWS chain finds. The names are not checked here.
        "region" => regions: Vec<String> = names,
            flag(All(WATCH), List("NAME"), "Regions; every combination with the profiles is watched");

        /// The endpoint to use; `None` is those of AWS. Not checked here.
        "endpoint_url" => endpoint_url: Option<String> = optional_text,
            flag(All(WATCH), Url("URL"), "The endpoint to use instead of those of AWS: an emulator or a proxy");

        /// Only the functions that match are shown; empty is all.
        "filter" => filter: String = text,
            flag(All(SHOW), Text("TEXT"), "Only the functions that match");

        /// The column to sort by. Not checked here: the columns belong to the view.
        "sort" => sort: String = word("the name of a column"),
            flag(All(SHOW), Text("COLUMN"), "The column to sort by");

        /// How far back the counts of aliases and canaries reach, in seconds: 60 to 10,800.
        "window" => window_s: u32 = span(60..=10_800),
            flag(All(SHOW), Text("TIME"), "How far back the counts of aliases and their versions reach: 90s, 15m, 1h");

        /// A theme's name, or `auto`. Not checked here: the themes belong to the terminal app.
        "theme" => theme: String = word("the name of a theme, or auto"),
            flag(All(SHOW), Text("NAME"), "A colour theme");

        /// Calls per second to the Lambda control plane for what takes a call per function: 0.1 to 15.
        "inventory_rate" => inventory_rate: f64 = number("calls per second", 0.1..=15.0),
            flag(All(WATCH), Text("CALLS_PER_S"), "Calls per second to the Lambda control plane, 0.1 to 15");

        /// The same for a snapshot.
        "snapshot_rate" => snapshot_rate: f64 = number("calls per second", 0.1..=15.0);

        /// How log events come in.
        "logs" => logs: LogsFrom = logs,
            flag(All(WATCH), Text("WAY"), "How log events come in: auto, tail, poll, kinesis:STREAM, \
                file:PATH (file:- is standard input) or off");

        /// The part of a Kinesis stream's shards to read: which of how many equal ones, both from 1.
        "shards" => shards: (u32, u32) = part,
            flag(All(WATCH), Text("I/N"), "The part of a Kinesis stream's shards to read: 2/3 is the second of three");

        /// The severity from which `lamtop check` exits with 1.
        "fail_on" => fail_on: Severity = severity,
            flag(Only(&["check"]), OneOf("SEVERITY", &["info", "warning", "critical"]),
                "The severity from which to exit with 1");

        /// How long `lamtop canary --wait` waits for a verdict, in seconds: 1 to 86,400.
        "timeout" => timeout_s: u32 = span(1..=86_400),
            flag(Only(&["canary"]), Text("TIME"), "How long to wait at most: 90s, 15m, 1h");

        /// How a result is printed.
        "format" => format: Format = format,
            flag(Only(&["snapshot"]), OneOf("FORMAT", &Format::NAMES),
                "How to print it; auto is a table on a terminal, json when piped"),
            flag(Only(&["check"]), OneOf("FORMAT", &Format::NAMES),
                "How to print it; auto is for people on a terminal, json when piped"),
            flag(Only(&["canary"]), OneOf("FORMAT", &["auto", "table", "json"]),
                "How to print it; auto is for people on a terminal, json when piped");

        /// How many functions a snapshot prints; `None` is all.
        "limit" => limit: Option<u32> = limit,
            flag(Only(&["snapshot"]), Text("N"), "How many functions to print: a number, or all");

        /// How many seconds of logs are read before a snapshot is taken: 0 to 3600.
        "wait" => wait_s: u32 = number("whole seconds", 0..=3600),
            flag(Only(&["snapshot", "check"]), Text("SECONDS"), "Seconds of logs to read first, 0 to 3600");

        /// How many seconds a snapshot spends at most on what takes a call per function: 1 to 600.
        "inventory_seconds" => inventory_s: u32 = number("whole seconds", 1..=600),
            flag(Only(&["snapshot", "check"]), Text("N"),
                "The most seconds to spend on what takes one call per function");

        /// The seed of the simulated region.
        "seed" => seed: u64 = number("a whole number", 0..=u64::from(u32::MAX)),
            flag(Only(&["demo"]), Text("N"), "The same seed shows the same region");

        /// How many times faster than real time the simulated region runs: 0.1 to 1000.
        "speed" => speed: f64 = number("a number", 0.1..=1000.0),
            flag(Only(&["demo"]), Text("X"), "Times faster than real time, 0.1 to 1000"),
            flag(WithDemo(&["canary"]), Text("X"),
                "Times faster than real time that the simulated region runs, 0.1 to 1000");

        /// The file that diagnostics are appended to; `None` is no file.
        "log_file" => log_file: Option<PathBuf> = optional_path,
            flag(All(PROGRAM), File("FILE"), "Append diagnostics to this file");

        /// Which diagnostics are written: 0 warnings, 1 information, 2 debugging, 3 everything.
        "verbose" => verbosity: u8 = number("a whole number", 0..=3),
            flag(All(PROGRAM), Count('v'), "More diagnostics: -v information, -vv debugging, -vvv everything");
    }

    sections {
        /// How metrics are read.
        metrics: Metrics {
            /// Seconds between two readings of the functions on screen: 30 to 3600.
            "metrics.refresh_s" => refresh_s: u32 = number("whole seconds", 30..=3600);
            /// Seconds between two readings of the others: 60 to 21,600.
            "metrics.background_s" => background_s: u32 = number("whole seconds", 60..=21_600);
            /// Minutes to read when a function is first seen: 15 to 180.
            "metrics.history_minutes" => history_minutes: u32 = number("whole minutes", 15..=180);
            /// Minutes to read again each time, because they are restated: 5 to 60.
            "metrics.trailing_minutes" => trailing_minutes: u32 = number("whole minutes", 5..=60);
            /// How many of the newest minutes are provisional: 1 to 15.
            "metrics.provisional_minutes" => provisional_minutes: u32 = number("whole minutes", 1..=15);
        }

        /// How queues are read.
        queues: Queues {
            /// Seconds between two readings of a queue: 10 to 3600.
            "queues.refresh_s" => refresh_s: u32 = number("whole seconds", 10..=3600);
        }

        /// How Live Tail is used.
        live_tail: LiveTail {
            /// The most sessions at a time: 1 to 15, which is the account's quota (docs/aws.md#live-tail).
            "live_tail.sessions" => sessions: u32 = number("sessions", 1..=15);
            /// Minutes without a key after which it stops: 1 to 180.
            "live_tail.idle_minutes" => idle_minutes: u32 = number("whole minutes", 1..=180);
        }
    }

    sections of analysis {
        /// The thresholds of findings.
        findings: Thresholds {
            "findings.raise" => raise = number("points", 1..=10);
            "findings.raise_of" => raise_of = number("points", 1..=10);
            "findings.clear" => clear = number("points", 1..=30);
            "findings.near_limit" => near_limit = fraction();
            "findings.top_consumer" => top_consumer = fraction();
            "findings.error_rate" => error_rate = fraction();
            "findings.error_rate_critical" => error_rate_critical = fraction();
            "findings.least_errors" => least_errors = number("a whole number", 1..=10_000);
            "findings.near_timeout" => near_timeout = fraction();
            "findings.near_memory" => near_memory = fraction();
            "findings.cold_starts" => cold_starts = fraction();
            "findings.least_cold_starts" => least_cold_starts = number("a whole number", 1..=10_000);
            "findings.async_age_s" => async_age_s = number("whole seconds", 1..=21_600);
            "findings.iterator_age_s" => iterator_age_s = number("whole seconds", 1..=604_800);
            "findings.message_age_s" => message_age_s = number("whole seconds", 1..=1_209_600);
            "findings.change_minutes" => change_minutes = number("whole minutes", 1..=120);
            "findings.forecast_minutes" => forecast_minutes = number("whole minutes", 1..=1440);
            "findings.marked_error_rate" => marked_error_rate = fraction();
            "findings.marked_use" => marked_use = fraction();
            "findings.marked_use_critical" => marked_use_critical = fraction();
        }

        /// How a canary is judged.
        canary: CanaryTerms {
            "canary.margin" => margin = number("a share", 0.0..=0.5);
            "canary.slower" => slower = number("a factor", 1.0..=10.0);
            "canary.false_fail" => false_fail = number("a probability", 0.0001..=0.2);
            "canary.false_pass" => false_pass = number("a probability", 0.0001..=0.2);
        }
    }
}
