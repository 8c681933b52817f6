//! What the logs reported in the last minutes: invocations, errors and lines, each once, within the bounds below. It
//! does not read the clock.
//!
//! Everything kept is a set: batches may come in any order, overlap and come again, and the state is the same. What
//! is older than the bounds allow is ignored when it comes, and dropped when it is there.

pub(crate) mod errors;
pub(crate) mod lines;
mod retention;
pub(crate) mod run;
pub(crate) mod span;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use self::errors::{Errors, Occurrences};
use self::lines::{Line, LineKind, Lines};
use self::retention::Retention;
use self::run::{Cold, Mark, Outcome, Run, Stream};
use self::span::Coverage;
use super::read::Read;
use lambda_logs::{self, Fingerprint, FunctionError, InitReport, Initialization, Level, Phase, Report, Status};
use lambda_model::FunctionName;
use lambda_model::log::{LogBatch, LogEvent, LogFeed};

/// Finished invocations are kept for this many seconds before the newest instant: the span of the curves.
pub(crate) const RETAIN_S: i64 = 300;
/// Finished invocations kept per scope: at 4,500 a second, which is 20,000 lines, those of the last 90 seconds.
const MOST_RUNS: usize = 400_000;
/// An invocation that still runs began at most this many seconds ago: Lambda's longest timeout.
const HORIZON_S: i64 = 900;
/// Execution environments kept per scope; of more, those whose newest line is oldest are dropped.
const MOST_STREAMS: usize = 100_000;
/// Errors are kept for an hour: an incident is rarely looked at longer.
const ERRORS_S: i64 = 3600;
/// Errors kept per scope. One whose fingerprint no other shares takes about 1 KiB.
const MOST_ERRORS: usize = 50_000;
/// Bytes that the lines of a scope may take.
const MOST_LINE_BYTES: usize = 64 << 20;
/// An event whose time stamp is further than this after the reading is ignored, milliseconds: clocks differ by less.
const FUTURE_MS: i64 = 5 * 60 * 1000;
/// The longest name of a log group or stream, bytes (a quota of CloudWatch Logs). Events with longer ones are ignored.
const LONGEST_NAME: usize = 512;
/// The longest request ID, which is a UUID, and the longest version, bytes. Longer ones are ignored.
const LONGEST_ID: usize = 64;
/// A longer duration is ignored, milliseconds: four times the longest timeout.
const LONGEST_MS: f64 = 3_600_000.0;

/// What the logs of one scope reported.
#[derive(Clone, Debug, PartialEq)]
pub struct Live {
    /// How log events are read; `None` before the source reported it.
    pub feed: Option<Read<LogFeed>>,
    /// By function, which the names of groups and streams contain.
    pub functions: BTreeMap<FunctionName, FunctionLog>,
    /// Which time was read, by log group.
    pub groups: BTreeMap<Arc<str>, Coverage>,
    /// Which time was read of all groups together, where one reading covers them all.
    pub everything: Coverage,
    /// Lines of groups and streams whose names contain no function.
    pub unattributed: Occurrences,
    runs: Retention,
    errors: Retention,
    /// The newest instant that was read, milliseconds.
    newest: Option<i64>,
    /// Finished invocations, running ones and errors before these instants were dropped.
    floors: (i64, i64, i64),
}

impl Default for Live {
    fn default() -> Self {
        Self {
            feed: None,
            functions: BTreeMap::new(),
            groups: BTreeMap::new(),
            everything: Coverage::default(),
            unattributed: Occurrences::default(),
            runs: Retention::new(RETAIN_S, MOST_RUNS),
            errors: Retention::new(ERRORS_S, MOST_ERRORS),
            newest: None,
            floors: (i64::MIN, i64::MIN, i64::MIN),
        }
    }
}

/// What the log streams of one function reported.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FunctionLog {
    /// The log group that the newest line came from.
    pub group: Option<(i64, Arc<str>)>,
    /// Its execution environments.
    pub streams: HashMap<Arc<str>, Stream>,
    /// Its errors.
    pub errors: Errors,
    /// Its newest lines.
    pub lines: Lines,
}

/// A log event and what was parsed from it.
struct Parsed<'a> {
    event: &'a LogEvent,
    at: i64,
    line: lambda_logs::Line<'a>,
    /// The error in an application line.
    raised: Option<FunctionError<'a>>,
}

impl Live {
    /// Takes in a batch of events that was read at `at`. Returns whether anything changed.
    pub fn take(&mut self, batch: &LogBatch, at: DateTime<Utc>) -> bool {
        let latest = at.timestamp_millis().saturating_add(FUTURE_MS);
        let is_possible = |event: &&LogEvent| {
            let is_named = event.group.len().max(event.stream.len()) <= LONGEST_NAME;
            is_named && event.timestamp.timestamp_millis() <= latest
        };
        let span = Self::extent(batch, at);
        if let Some((_, until)) = span {
            self.advance(until);
        }
        let mut changed = span.is_some_and(|span| self.cover(batch, span));
        let mut seen = HashMap::with_capacity(batch.events.len());
        for event in batch.events.iter().filter(is_possible) {
            changed |= self.take_event(event, &mut seen);
        }
        self.forget();
        changed
    }

    /// The time that a batch covers, milliseconds. A batch that does not state it covers the time from its first event
    /// to its last.
    fn extent(batch: &LogBatch, at: DateTime<Utc>) -> Option<(i64, i64)> {
        let at = at.timestamp_millis();
        if let Some((from, until)) = batch.span {
            let (from, until) = (from.timestamp_millis(), until.timestamp_millis());
            return (from <= until && until <= at.saturating_add(FUTURE_MS)).then_some((from, until));
        }
        let times = || batch.events.iter().map(|event| event.timestamp.timestamp_millis()).filter(|time| *time <= at);
        Some((times().min()?, times().max()?))
    }

    fn advance(&mut self, until: i64) {
        self.newest = self.newest.max(Some(until));
        self.runs.advance(until);
        self.errors.advance(until);
    }

    fn horizon(&self) -> i64 {
        self.newest.map_or(i64::MIN, |newest| (newest.div_euclid(1000) - HORIZON_S) * 1000)
    }

    fn cover(&mut self, batch: &LogBatch, (from, until): (i64, i64)) -> bool {
        let horizon = self.horizon();
        if until < horizon {
            return false;
        }
        let span = (from.max(horizon), until);
        let add = |coverage: &mut Coverage| coverage.add(batch.way, span, batch.left_out, batch.span.is_some());
        let Some(groups) = &batch.groups else { return add(&mut self.everything) };
        groups.iter().fold(false, |changed, group| add(self.groups.entry(Arc::clone(group)).or_default()) | changed)
    }

    /// Takes in an event. `seen` counts the identical events of the batch. Returns whether anything changed.
    fn take_event(&mut self, event: &LogEvent, seen: &mut HashMap<u64, u32>) -> bool {
        let at = event.timestamp.timestamp_millis();
        let content = hash(&(&event.stream, at, &event.message));
        let again = seen.entry(content).or_default();
        let key = content.wrapping_add(u64::from(*again));
        *again += 1;
        let origin = lambda_logs::origin(&event.group, &event.stream);
        let Some(name) = origin.function else {
            let is_new = self.runs.keeps(at) && self.unattributed.insert(at, key);
            if is_new {
                self.runs.add(at);
            }
            return is_new;
        };
        let parsed = Parsed::of(event, at);
        let horizon = self.horizon();
        let log = self.functions.entry(FunctionName::from(name)).or_default();
        log.group = log.group.take().max(Some((at, Arc::clone(&event.group))));
        let mut changed = false;
        if at >= horizon
            && let Some(fact) = parsed.fact()
            && (self.runs.keeps(at) || !matches!(fact, Fact::Failed(_) | Fact::FailedInit(_)))
        {
            changed = log.stream(&event.stream, origin.version).take(fact, &parsed, &mut self.runs);
        }
        if self.errors.keeps(at)
            && let Some((fingerprint, message)) = parsed.error()
            && log.errors.insert(fingerprint, (at, key), &message, parsed.request())
        {
            self.errors.add(at);
            changed = true;
        }
        let line = log.line(&parsed, origin.version);
        log.lines.insert(key, line, matches!(parsed.line, lambda_logs::Line::Report(_))) | changed
    }

    /// Drops what exceeds the bounds.
    fn forget(&mut self) {
        let floors = (self.runs.floor_ms(), self.horizon(), self.errors.floor_ms());
        if floors != self.floors {
            self.floors = floors;
            let (floor, horizon, errors) = floors;
            self.unattributed.forget(floor);
            self.groups.retain(|_, coverage| coverage.forget(horizon));
            self.everything.forget(horizon);
            for log in self.functions.values_mut() {
                log.streams.retain(|_, stream| stream.forget(floor, horizon));
                log.errors.forget(errors);
            }
        }
        self.forget_streams(MOST_STREAMS);
        self.forget_lines(MOST_LINE_BYTES);
        self.functions.retain(|_, log| !(log.streams.is_empty() && log.errors.is_empty() && log.lines.is_empty()));
    }

    /// Keeps at most this many streams: those with the newest lines.
    fn forget_streams(&mut self, most: usize) {
        let count: usize = self.functions.values().map(|log| log.streams.len()).sum();
        if count <= most {
            return;
        }
        let streams = self.functions.values().flat_map(|log| log.streams.values());
        let mut newest: Vec<_> = streams.map(Stream::newest).collect();
        newest.sort_unstable();
        let floor = newest[count - most - 1];
        for log in self.functions.values_mut() {
            log.streams.retain(|_, stream| stream.newest() > floor);
        }
    }

    /// Keeps lines of at most this many bytes: the newest ones. They are dropped by whole chunks.
    fn forget_lines(&mut self, most: usize) {
        let mut bytes: usize = self.functions.values().map(|log| log.lines.bytes()).sum();
        while bytes > most {
            let oldest = self.functions.values_mut().filter(|log| !log.lines.is_empty());
            let Some(log) = oldest.min_by_key(|log| log.lines.oldest()) else { break };
            bytes -= log.lines.drop_oldest();
        }
    }

    /// Finished invocations are kept from this millisecond on.
    pub(crate) fn floor_ms(&self) -> i64 {
        self.runs.floor_ms()
    }
}

impl FunctionLog {
    fn stream(&mut self, name: &Arc<str>, version: Option<&str>) -> &mut Stream {
        self.streams.entry(Arc::clone(name)).or_insert_with(|| Stream::of(version))
    }

    /// The line that is kept for the screen. It shares its names with the stream.
    fn line(&self, parsed: &Parsed, version: Option<&str>) -> Line {
        let event = parsed.event;
        let known = self.streams.get_key_value(&event.stream);
        let shared = known.and_then(|(_, stream)| stream.version().cloned());
        Line {
            at: event.timestamp,
            ingestion: event.ingestion,
            stream: Arc::clone(known.map_or(&event.stream, |(name, _)| name)),
            version: version.map(|version| shared.unwrap_or_else(|| Arc::from(version))),
            request: parsed.request().map(Arc::from),
            kind: parsed.kind(),
            text: Arc::from(&event.message[..event.message.floor_char_boundary(Line::LONGEST)]),
        }
    }
}

/// What a line reports about an invocation.
enum Fact<'a> {
    Began {
        version: Option<&'a str>,
    },
    Ended(&'a Report<'a>),
    /// A failure reported by a line other than REPORT, which may not mention it.
    Failed(Outcome),
    /// An init or a restore phase that a request waited for and that failed.
    FailedInit(Cold),
}

impl Stream {
    /// Takes in a fact. Returns whether it is new.
    fn take(&mut self, fact: Fact, parsed: &Parsed, kept: &mut Retention) -> bool {
        let request = parsed.request().map(hash);
        let is_new = match (fact, request) {
            (Fact::Began { version }, Some(request)) => {
                return self.start(parsed.at, request, version);
            }
            (Fact::Ended(report), Some(request)) => {
                self.end(parsed.at, request, report.billed_ms.is_some());
                kept.keeps(parsed.at) && self.run(run(report, parsed.at, request))
            }
            (Fact::FailedInit(cold), _) => self.failed_init(parsed.at, cold),
            (Fact::Failed(outcome), request) => self.mark(Mark { at: parsed.at, request, outcome }),
            (Fact::Began { .. } | Fact::Ended(_), None) => false,
        };
        if is_new {
            kept.add(parsed.at);
        }
        is_new
    }
}

/// Milliseconds in microseconds; `None` for what cannot be a duration.
fn us(ms: f64) -> Option<u32> {
    (0.0..=LONGEST_MS).contains(&ms).then_some((ms * 1000.0).round() as u32)
}

/// An init or a restore phase that failed while a request waited for it. One that succeeded is in that request's REPORT,
/// and the second try within an invocation is a part of its duration (docs/aws.md#init-phase).
fn failed_init<'a>(report: &InitReport, cold: fn(u32) -> Cold) -> Option<Fact<'a>> {
    let failed = matches!(report.status, Some(Status::Timeout | Status::Error | Status::Failure));
    let waited = matches!(report.initialization, None | Some(Initialization::OnDemand | Initialization::SnapStart))
        && matches!(report.phase, None | Some(Phase::Init));
    (failed && waited).then_some(())?;
    report.duration_ms.and_then(us).map(cold).map(Fact::FailedInit)
}

/// A finished invocation, from its REPORT.
fn run(report: &Report, end: i64, request: u64) -> Run {
    let restore = report.restore_ms.and_then(us).map(Cold::Restore);
    Run {
        end,
        request,
        duration_us: report.duration_ms.and_then(us),
        cold: restore.or_else(|| report.init_ms.and_then(us).map(Cold::Init)),
        used_mb: report.used_mb,
        outcome: if report.is_timeout() {
            Outcome::TimedOut
        } else if report.is_out_of_memory() {
            Outcome::OutOfMemory
        } else if matches!(report.status, Some(Status::Error | Status::Failure)) {
            Outcome::Failed
        } else {
            Outcome::Succeeded
        },
    }
}

impl<'a> Parsed<'a> {
    fn of(event: &'a LogEvent, at: i64) -> Self {
        let line = lambda_logs::parse(&event.message);
        let raised = match &line {
            lambda_logs::Line::Application(application) => application.error(),
            _ => None,
        };
        Self { event, at, line, raised }
    }

    fn request(&self) -> Option<&'a str> {
        self.line.request().filter(|request| request.len() <= LONGEST_ID)
    }

    fn fact(&self) -> Option<Fact<'_>> {
        match &self.line {
            lambda_logs::Line::Start(_) | lambda_logs::Line::Report(_) if self.request().is_none() => None,
            lambda_logs::Line::Start(start) => {
                Some(Fact::Began { version: start.version.filter(|version| version.len() <= LONGEST_ID) })
            }
            lambda_logs::Line::Report(report) => Some(Fact::Ended(report)),
            lambda_logs::Line::InitReport(report) => failed_init(report, Cold::Init),
            lambda_logs::Line::RestoreReport(report) => failed_init(report, Cold::Restore),
            lambda_logs::Line::TimedOut(_) => Some(Fact::Failed(Outcome::TimedOut)),
            lambda_logs::Line::Crash(crash) if crash.is_out_of_memory() => Some(Fact::Failed(Outcome::OutOfMemory)),
            lambda_logs::Line::Crash(_) => Some(Fact::Failed(Outcome::Failed)),
            lambda_logs::Line::RuntimeDone(done) => match done.status {
                Some(Status::Timeout) => Some(Fact::Failed(Outcome::TimedOut)),
                Some(Status::Error | Status::Failure) => Some(Fact::Failed(Outcome::Failed)),
                Some(Status::Success) | None => None,
            },
            _ => self.raised.as_ref().filter(|error| error.ends_invocation).map(|_| Fact::Failed(Outcome::Failed)),
        }
    }

    /// The error that the line reports and its message. `None` for lines that only repeat a failure that another line
    /// reports.
    fn error(&self) -> Option<(Fingerprint, Cow<'a, str>)> {
        let platform = |kind: &str| (Fingerprint::of(Some(kind), ""), Cow::Owned(kind.to_string()));
        match &self.line {
            lambda_logs::Line::TimedOut(_) => Some(platform(TIMED_OUT)),
            lambda_logs::Line::Report(report) if report.is_timeout() => Some(platform(TIMED_OUT)),
            lambda_logs::Line::Report(report) => report.error_type.as_deref().map(platform),
            lambda_logs::Line::Crash(crash) => {
                Some((Fingerprint::of(crash.error_type, crash.error), Cow::Borrowed(crash.error)))
            }
            _ => {
                let raised = self.raised.as_ref()?;
                // Without the beginning of the line (time, request and so on), which is no part of the error.
                let message = match &raised.error_type {
                    Some(kind) if raised.message.is_empty() => kind.clone(),
                    Some(kind) => Cow::Owned(format!("{kind}: {}", raised.message)),
                    None => raised.message.clone(),
                };
                Some((raised.fingerprint(), message))
            }
        }
    }

    fn kind(&self) -> LineKind {
        let ended = |status: Option<Status>| match status {
            Some(Status::Timeout | Status::Error | Status::Failure) => LineKind::Failure,
            Some(Status::Success) | None => LineKind::Platform,
        };
        match &self.line {
            lambda_logs::Line::InitStart(_) | lambda_logs::Line::RestoreStart(_) | lambda_logs::Line::Start(_) => {
                LineKind::Begin
            }
            lambda_logs::Line::Report(report) if ended(report.status) == LineKind::Failure => LineKind::Failure,
            lambda_logs::Line::End { .. } | lambda_logs::Line::Report(_) => LineKind::End,
            lambda_logs::Line::TimedOut(_) | lambda_logs::Line::Crash(_) => LineKind::Failure,
            lambda_logs::Line::InitReport(report)
            | lambda_logs::Line::InitRuntimeDone(report)
            | lambda_logs::Line::RestoreReport(report)
            | lambda_logs::Line::RestoreRuntimeDone(report) => ended(report.status),
            lambda_logs::Line::RuntimeDone(done) => ended(done.status),
            lambda_logs::Line::Extension(_) | lambda_logs::Line::Telemetry(_) | lambda_logs::Line::LogsDropped(_) => {
                LineKind::Platform
            }
            lambda_logs::Line::Application(application) => match application.level() {
                Some(Level::Error | Level::Fatal) => LineKind::Error,
                Some(Level::Warn) => LineKind::Warning,
                None if self.raised.is_some() => LineKind::Error,
                Some(_) | None => LineKind::Application,
            },
        }
    }
}

/// The message of a timeout, whichever line reports it.
const TIMED_OUT: &str = "Task timed out";

fn hash(thing: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    thing.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests;
