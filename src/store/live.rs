//! What the logs told lately: invocations, errors and lines, each once, within stated bounds. It never knows the time.
//!
//! Everything kept is a set: batches may come in any order, overlap and come again, and the state is the same. What
//! is older than the bounds allow is ignored when it comes and forgotten when it is there.

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
use lambda_logs::{self, Fingerprint, FunctionError, Level, Report, Status};
use lambda_model::FunctionName;
use lambda_model::log::{LogBatch, LogEvent, LogFeed};

/// Finished invocations are kept for this many seconds behind the newest instant: what the curves show.
pub(crate) const RETAIN_S: i64 = 300;
/// Finished invocations that are kept in a scope: at 4,500 a second, which is 20,000 lines, the last minute and a half.
const MOST_RUNS: usize = 400_000;
/// What runs now may have begun this many seconds ago: Lambda's longest timeout.
const HORIZON_S: i64 = 900;
/// Execution environments that are told apart in a scope; of more, those that were silent longest are forgotten.
const MOST_STREAMS: usize = 100_000;
/// Errors are kept for an hour: what an incident is looked at for.
const ERRORS_S: i64 = 3600;
/// Errors that are kept in a scope, each of which may be the only one of its kind and then takes about 1 KiB.
const MOST_ERRORS: usize = 50_000;
/// What the lines of a scope may take.
const MOST_LINE_BYTES: usize = 64 << 20;
/// A time stamp this much after the reading is not believed, milliseconds: clocks differ by less.
const FUTURE_MS: i64 = 5 * 60 * 1000;
/// A log group's or stream's name is not longer, bytes (the quota of CloudWatch Logs); events of others are ignored.
const LONGEST_NAME: usize = 512;
/// A request id, which is a UUID, or a version is not longer; another is taken for none.
const LONGEST_ID: usize = 64;
/// A duration above this is not believed, milliseconds: four times the longest timeout.
const LONGEST_MS: f64 = 3_600_000.0;

/// What the logs of one scope told.
#[derive(Clone, Debug, PartialEq)]
pub struct Live {
    /// How log events come in; `None` before anything was said about it.
    pub feed: Option<Read<LogFeed>>,
    /// By function, as the names of groups and streams tell it.
    pub functions: BTreeMap<FunctionName, FunctionLog>,
    /// What was read, by log group.
    pub groups: BTreeMap<Arc<str>, Coverage>,
    /// What was read of all groups that are read in one way.
    pub everything: Coverage,
    /// Lines of groups and streams that are no function's.
    pub unattributed: Occurrences,
    runs: Retention,
    errors: Retention,
    /// The newest instant that was read, milliseconds.
    newest: Option<i64>,
    /// Before these, finished invocations, running ones and errors have been forgotten.
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

/// What the log streams of one function told.
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

/// An event, read.
struct Told<'a> {
    event: &'a LogEvent,
    at: i64,
    line: lambda_logs::Line<'a>,
    /// The error in a line of the application's.
    raised: Option<FunctionError<'a>>,
}

impl Live {
    /// Takes in a batch of events that was read at `at`; tells whether anything changed.
    pub(crate) fn take(&mut self, batch: &LogBatch, at: DateTime<Utc>) -> bool {
        let latest = at.timestamp_millis().saturating_add(FUTURE_MS);
        let believed = |event: &&LogEvent| {
            let is_named = event.group.len().max(event.stream.len()) <= LONGEST_NAME;
            is_named && event.timestamp.timestamp_millis() <= latest
        };
        let span = Self::extent(batch, at);
        if let Some((_, until)) = span {
            self.advance(until);
        }
        let mut news = span.is_some_and(|span| self.cover(batch, span));
        let mut seen = HashMap::with_capacity(batch.events.len());
        for event in batch.events.iter().filter(believed) {
            news |= self.tell(event, &mut seen);
        }
        self.forget();
        news
    }

    /// What a batch accounts for, milliseconds. One that cannot tell accounts for the time from its first event to
    /// its last.
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
        groups.iter().fold(false, |news, group| add(self.groups.entry(Arc::clone(group)).or_default()) | news)
    }

    /// Takes in an event; `seen` counts the events of the batch that are the same to the letter.
    fn tell(&mut self, event: &LogEvent, seen: &mut HashMap<u64, u32>) -> bool {
        let at = event.timestamp.timestamp_millis();
        let content = hash(&(&event.stream, at, &event.message));
        let again = seen.entry(content).or_default();
        let key = content.wrapping_add(u64::from(*again));
        *again += 1;
        let origin = lambda_logs::origin(&event.group, &event.stream);
        let Some(name) = origin.function else {
            let news = self.runs.keeps(at) && self.unattributed.insert(at, key);
            if news {
                self.runs.add(at);
            }
            return news;
        };
        let told = Told::of(event, at);
        let horizon = self.horizon();
        let log = self.functions.entry(FunctionName::from(name)).or_default();
        log.group = log.group.take().max(Some((at, Arc::clone(&event.group))));
        let mut news = false;
        if at >= horizon
            && let Some(fact) = told.fact()
            && (self.runs.keeps(at) || !matches!(fact, Fact::Failed(_)))
        {
            news = log.stream(&event.stream, origin.version).tell(fact, &told, &mut self.runs);
        }
        if self.errors.keeps(at)
            && let Some((fingerprint, message)) = told.error()
            && log.errors.insert(fingerprint, (at, key), &message, told.request())
        {
            self.errors.add(at);
            news = true;
        }
        let line = log.kept(&told, origin.version);
        log.lines.insert(key, line, matches!(told.line, lambda_logs::Line::Report(_))) | news
    }

    /// Forgets what the bounds do not allow.
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

    /// Leaves at most this many streams: those that were heard of last.
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

    /// Leaves lines of at most this many bytes: the newest, give or take a chunk.
    fn forget_lines(&mut self, most: usize) {
        let mut bytes: usize = self.functions.values().map(|log| log.lines.bytes()).sum();
        while bytes > most {
            let oldest = self.functions.values_mut().filter(|log| !log.lines.is_empty());
            let Some(log) = oldest.min_by_key(|log| log.lines.oldest()) else { break };
            bytes -= log.lines.drop_oldest();
        }
    }

    /// The first millisecond of which finished invocations are kept.
    pub(crate) fn floor_ms(&self) -> i64 {
        self.runs.floor_ms()
    }
}

impl FunctionLog {
    fn stream(&mut self, name: &Arc<str>, version: Option<&str>) -> &mut Stream {
        self.streams.entry(Arc::clone(name)).or_insert_with(|| Stream::of(version))
    }

    /// A line for the screen; names are shared with the stream.
    fn kept(&self, told: &Told, version: Option<&str>) -> Line {
        let event = told.event;
        let known = self.streams.get_key_value(&event.stream);
        let shared = known.and_then(|(_, stream)| stream.version().cloned());
        Line {
            at: event.timestamp,
            ingestion: event.ingestion,
            stream: Arc::clone(known.map_or(&event.stream, |(name, _)| name)),
            version: version.map(|version| shared.unwrap_or_else(|| Arc::from(version))),
            request: told.request().map(Arc::from),
            kind: told.kind(),
            text: Arc::from(&event.message[..event.message.floor_char_boundary(Line::LONGEST)]),
        }
    }
}

/// What a line tells of an invocation.
enum Fact<'a> {
    Began {
        version: Option<&'a str>,
    },
    Ended(&'a Report<'a>),
    /// Beside its REPORT, or instead of what that does not say.
    Failed(Outcome),
}

impl Stream {
    /// Takes in a fact; tells whether it is new.
    fn tell(&mut self, fact: Fact, told: &Told, kept: &mut Retention) -> bool {
        let request = told.request().map(hash);
        let news = match (fact, request) {
            (Fact::Began { version }, Some(request)) => {
                return self.start(told.at, request, version);
            }
            (Fact::Ended(report), Some(request)) => {
                self.end(told.at, request, report.billed_ms.is_some());
                kept.keeps(told.at) && self.run(run(report, told.at, request))
            }
            (Fact::Failed(outcome), request) => self.mark(Mark { at: told.at, request, outcome }),
            (Fact::Began { .. } | Fact::Ended(_), None) => false,
        };
        if news {
            kept.add(told.at);
        }
        news
    }
}

/// A finished invocation as its REPORT tells it.
fn run(report: &Report, end: i64, request: u64) -> Run {
    let us = |ms: f64| (0.0..=LONGEST_MS).contains(&ms).then_some((ms * 1000.0).round() as u32);
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

impl<'a> Told<'a> {
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

    /// The error that the line tells of and its message. Lines that only repeat what another tells of the same
    /// failure are left out.
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
                // What the line begins with, the time, the request and so on, says nothing of the error.
                let said = match &raised.error_type {
                    Some(kind) if raised.message.is_empty() => kind.clone(),
                    Some(kind) => Cow::Owned(format!("{kind}: {}", raised.message)),
                    None => raised.message.clone(),
                };
                Some((raised.fingerprint(), said))
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
                Some(_) | None => LineKind::Said,
            },
        }
    }
}

/// What a timeout is called, whichever line tells of it.
const TIMED_OUT: &str = "Task timed out";

fn hash(thing: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    thing.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests;
