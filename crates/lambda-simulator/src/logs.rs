//! The log groups of the simulated Region: which events can be read now, and what Live Tail shows of a second.
//!
//! Each request computes the lines from the invocations again ([`line`](mod@line)) and formats only those that are shown
//! ([`text`], [`json`]); nothing is stored.

mod application;
mod json;
mod line;
mod text;

use std::sync::Arc;

use chrono::{DateTime, Utc};

use self::line::{Line, Writer};
use super::instant::Instant;
use super::noise::scramble;
use super::scenario::{Function, LogFormat};
use super::world::World;
use lambda_model::api::TailFilter;
use lambda_model::log::{LogEvent, TAIL_EVENTS, TailUpdate};

/// The version that is not published, whatever a function's other versions are.
const LATEST: &str = "$LATEST";

/// No event is visible before this much time has passed since it was written, and each is after the second.
/// AWS gives no figure but "seconds typically" (docs/aws.md#filterlogevents).
const INGESTED_AFTER: (Instant, Instant) = (Instant(200_000), Instant(2_000_000));

impl World {
    /// The events of a log group with timestamps in `from..until` that can be read by now, by timestamp, then
    /// by ingestion; `None` if there is no such group.
    pub fn log_events(&self, group: &str, from: DateTime<Utc>, until: DateTime<Utc>) -> Option<Vec<LogEvent>> {
        if !self.scenario.functions.iter().any(|function| function.logs_to(group)) {
            return None;
        }
        let (from, until) = (self.scenario.instant(from), self.scenario.instant(until));
        Some(read(self.writers(&[group], from, until), from, until, self.now))
    }

    /// What Live Tail of these log groups shows for the second that begins at `second`: the events ingested
    /// in it by now that `filter` lets through, or a sample of them. Unknown groups add nothing.
    pub fn tail(&self, groups: &[&str], filter: TailFilter, second: DateTime<Utc>) -> TailUpdate {
        let from = self.scenario.instant(second);
        let until = from + Instant(Instant::SECOND);
        let writers = self.writers(groups, from - INGESTED_AFTER.1, until);
        let mut ingested = ingested(writers, from, until.min(self.now));
        ingested.retain(|one| filter == TailFilter::Everything || one.line.kind.is_telling());
        update(ingested)
    }

    /// The invocations that log to `groups` and may have written between `from` and `until`.
    fn writers(&self, groups: &[&str], from: Instant, until: Instant) -> impl Iterator<Item = Writer<'_>> {
        let functions = self.scenario.functions.iter().enumerate();
        functions.filter(|(_, function)| groups.iter().any(|group| function.logs_to(group))).flat_map(
            move |(place, function)| {
                let versions = self.versions(place);
                self.invocations(place, from, until).into_iter().map(move |invocation| Writer {
                    scenario: &self.scenario,
                    seed: self.seed,
                    function,
                    version: versions.get(usize::from(invocation.version)).map_or(LATEST, String::as_str),
                    invocation,
                })
            },
        )
    }
}

impl Function {
    /// Whether its lines are in this log group.
    pub(super) fn logs_to(&self, group: &str) -> bool {
        // Called for thousands of functions every second, so it builds no name.
        let is_default = || group.strip_prefix("/aws/lambda/") == Some(&self.name);
        self.has_logs && self.log_group.as_ref().map_or_else(is_default, |name| name == group)
    }
}

/// A line that is to be shown, not yet formatted.
#[derive(Clone, Copy)]
struct Pending<'a> {
    writer: Writer<'a>,
    line: Line,
    /// The line's place among the invocation's.
    place: usize,
}

/// The lines that are visible, in the order of the invocations.
fn pending<'a>(writers: impl Iterator<Item = Writer<'a>>, visible: impl Fn(&Line) -> bool) -> Vec<Pending<'a>> {
    let mut pending = Vec::new();
    for writer in writers {
        let lines = writer.lines().into_iter().enumerate().filter(|(_, line)| visible(line));
        pending.extend(lines.map(|(place, line)| Pending { writer, line, place }));
    }
    pending
}

/// The events written in `from..until` that can be read at `now`.
fn read<'a>(writers: impl Iterator<Item = Writer<'a>>, from: Instant, until: Instant, now: Instant) -> Vec<LogEvent> {
    let mut pending = pending(writers, |line| line.at >= from && line.at < until && line.ingested <= now);
    pending.sort_by_cached_key(Pending::order);
    pending.iter().map(|one| LogEvent { id: Some(one.id()), ..one.event() }).collect()
}

/// The lines ingested in `from..until`.
fn ingested<'a>(writers: impl Iterator<Item = Writer<'a>>, from: Instant, until: Instant) -> Vec<Pending<'a>> {
    pending(writers, |line| line.ingested >= from && line.ingested < until)
}

/// One update of Live Tail with these lines, or with a sample of them.
fn update(mut pending: Vec<Pending>) -> TailUpdate {
    let count = pending.len();
    let sampled = count > TAIL_EVENTS;
    if sampled {
        // Evenly over the functions, but not in step with a function's START, END, REPORT, START, …
        pending.sort_by_cached_key(|one| (one.writer.invocation.function, scramble(one.line.draw), one.order()));
        pending = (0..TAIL_EVENTS).map(|one| pending[one * count / TAIL_EVENTS]).collect();
    }
    pending.sort_by_cached_key(Pending::order);
    TailUpdate { sampled, events: pending.iter().map(Pending::event).collect() }
}

impl Pending<'_> {
    fn timestamp(&self) -> DateTime<Utc> {
        self.writer.scenario.time(self.line.at)
    }

    fn ingestion(&self) -> DateTime<Utc> {
        self.writer.scenario.time(self.line.ingested)
    }

    /// CloudWatch's order, and one that is always the same where that leaves it open.
    fn order(&self) -> (DateTime<Utc>, DateTime<Utc>, u32, u32, Instant, usize) {
        let invocation = self.writer.invocation;
        let (function, environment) = (invocation.function, invocation.environment);
        (self.timestamp(), self.ingestion(), function, environment, invocation.started, self.place)
    }

    /// As Live Tail shows it.
    fn event(&self) -> LogEvent {
        LogEvent {
            id: None,
            timestamp: self.timestamp(),
            ingestion: self.ingestion(),
            stream: Arc::from(self.writer.stream()),
            group: Arc::from(self.writer.function.log_group_name()),
            message: match self.writer.function.log_format {
                LogFormat::Text => text::message(&self.writer, &self.line),
                LogFormat::Json | LogFormat::JsonWarn => json::message(&self.writer, &self.line),
            },
        }
    }

    /// 56 digits, in the order of the timestamps as CloudWatch's are.
    fn id(&self) -> Box<str> {
        let milliseconds = self.timestamp().timestamp_millis();
        format!("{milliseconds:018}{:020}{:018}", self.line.draw, self.place).into_boxed_str()
    }
}

#[cfg(test)]
mod tests;
