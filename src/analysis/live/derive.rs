//! From the log events to what they mean: which seconds are known, what ran in them, and how sure that is.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::counts::{Counts, Histogram};
use super::frame::{Frame, SPAN_MS, instant, second, settling_s};
use super::minutes::{VersionMinutes, minutes};
use super::sweep::Intervals;
use super::{Beats, Bound, CURVE_S, Curve, ErrorGroup, FunctionLive, LittleCheck, RegionLive, Runs, ScopeLive};
use crate::analysis::newest_minute;
use crate::store::live::run::{Run, Stream};
use crate::store::live::span::Coverage;
use crate::store::live::{FunctionLog, RETAIN_S};
use crate::store::state::{FunctionState, ScopeState, SeriesSet};
use lambda_model::FunctionName;
use lambda_model::metric::{Metric, Statistic};
use lambda_model::time::Minute;

/// Lambda's longest timeout, for functions whose own is not known, seconds.
const LONGEST_TIMEOUT_S: u32 = 900;
/// The Region is as new as its oldest group, of those that are not further behind the newest than this: groups are
/// read in turn.
const REGION_LAG_S: i64 = 30;
/// The logs are held against one of these minutes, counted back from the newest that has ended: AWS still restates the
/// newer ones (docs/aws.md#late-points), and of older ones finished invocations are not kept.
const CHECKED_MINUTES: std::ops::Range<i64> = 3..5;

impl Curve {
    fn of(last: i64, known: &[bool], most: &[u32], provisional: usize) -> Self {
        let values = known.iter().zip(most).map(|(known, most)| known.then_some(*most)).collect();
        Self { until: second(last), values, provisional: provisional.min(CURVE_S) }
    }

    /// The highest value from the newest settled second on.
    fn now(&self) -> Option<u32> {
        let settled = self.values.len().saturating_sub(self.provisional + 1);
        self.values[settled..].iter().copied().flatten().max()
    }
}

/// A function whose logs are read, as far as the Region needs to know.
struct Reading {
    last: i64,
    known: Vec<bool>,
    intervals: Intervals,
    provisional: usize,
    is_lower_bound: bool,
    /// It logs what succeeds, too.
    tells_all: bool,
}

impl ScopeLive {
    /// What the logs of `scope` say at `now`; a duration of `near_timeout` of the timeout or more comes near it.
    pub fn of(scope: &ScopeState, near_timeout: f64, now: DateTime<Utc>) -> Self {
        let live = &scope.live;
        let feed = live.feed.as_ref().map(|read| read.value.clone());
        let mut result = Self { feed, unattributed: live.unattributed.count(), ..Self::default() };
        let coverages = live.groups.values().chain([&live.everything]);
        result.dropped = coverages.map(Coverage::dropped).fold(0, u64::saturating_add);
        let mut readings = Vec::new();
        for (function, log) in read_functions(scope) {
            let group = log.and_then(|log| log.group.as_ref()).map(|(_, group)| Cow::Borrowed(&**group));
            let group = group.or_else(|| Some(Cow::Owned(function.info.as_ref()?.value.log_group_name())));
            let Some(frame) = Frame::of(live, &group.unwrap_or_default(), now) else { continue };
            let is_silent = log.is_none_or(|log| log.lines.is_empty()) && ran(function, now);
            let (function_live, reading) = function_live(function, log, &frame, is_silent, near_timeout);
            readings.push(reading);
            result.functions.insert(function.name.clone(), Arc::new(function_live));
        }
        let unknown = live.functions.iter().filter(|(name, _)| !scope.functions.contains_key(*name));
        result.unattributed += unknown.map(|(_, log)| log.lines.len() as u64).sum::<u64>();
        let is_missing =
            |function: &&Arc<FunctionState>| !result.functions.contains_key(&function.name) && ran(function, now);
        if !readings.is_empty() {
            let some_missing = scope.functions.values().any(|function| is_missing(&function));
            result.region = RegionLive::of(&readings, some_missing);
        }
        result
    }
}

/// The functions that are known and whose logs are read: those whose group was named, and those that lines came from.
fn read_functions(scope: &ScopeState) -> Vec<(&FunctionState, Option<&FunctionLog>)> {
    let live = &scope.live;
    let mut found: BTreeMap<&FunctionName, &FunctionState> = BTreeMap::new();
    let mut add = |name: &FunctionName| {
        if let Some((name, function)) = scope.functions.get_key_value(name) {
            found.insert(name, function);
        }
    };
    live.functions.keys().for_each(&mut add);
    let mut is_custom = false;
    for group in live.groups.keys() {
        match group.strip_prefix("/aws/lambda/") {
            Some(name) => add(&FunctionName::from(name)),
            None => is_custom = true,
        }
    }
    if is_custom {
        for (name, function) in &scope.functions {
            let group = function.info.as_ref().and_then(|info| info.value.log_group.as_deref());
            if group.is_some_and(|group| live.groups.contains_key(group)) {
                found.insert(name, function);
            }
        }
    }
    found.into_iter().map(|(name, function)| (function, live.functions.get(name))).collect()
}

/// Whether the metrics of the newest minute say that it was invoked.
fn ran(function: &FunctionState, now: DateTime<Utc>) -> bool {
    let invocations = function.series.one(Metric::Invocations);
    let minute = newest_minute([invocations], now);
    minute.and_then(|minute| invocations?.get(minute)).is_some_and(|count| count > 0.0)
}

fn function_live(
    function: &FunctionState,
    log: Option<&FunctionLog>,
    frame: &Frame,
    is_silent: bool,
    near_timeout: f64,
) -> (FunctionLive, Reading) {
    let info = function.info.as_ref().map(|info| &info.value);
    let failures_only = info.is_some_and(lambda_model::function::FunctionInfo::logs_failures_only);
    let timeout_s = info.and_then(|info| info.timeout_s).unwrap_or(LONGEST_TIMEOUT_S);
    let streams: Vec<Environment> = log
        .into_iter()
        .flat_map(|log| log.streams.values())
        .map(|stream| Environment { stream, runs: stream.runs() })
        .collect();

    let mut work = Work::default();
    for observed in &streams {
        work.add(observed, frame, i64::from(timeout_s) * 1000);
    }
    let known: Vec<bool> = if failures_only { vec![false; CURVE_S] } else { frame.known() };
    let provisional = (settling_s(frame.way) + work.unseen_s()) as usize;
    let curve = Curve::of(frame.last, &known, &work.intervals.most(CURVE_S), provisional);
    let mut lower_bound = frame.bounds(failures_only);
    lower_bound.extend(is_silent.then_some(Bound::Silent));
    let longest_us = work.longest_us;
    let reading = Reading {
        last: frame.last,
        intervals: work.intervals,
        provisional: curve.provisional,
        is_lower_bound: !lower_bound.is_empty(),
        tells_all: !failures_only,
        known,
    };
    let mut beats = Beats::empty(second(frame.last + 1 - i64::from(settling_s(frame.way))));
    if !failures_only {
        beats.read(|from, until| from >= frame.floor && frame.coverage.is_read(from, until));
    }
    for run in streams.iter().flat_map(|observed| observed.runs.iter()) {
        beats.add(run, i64::from(timeout_s) * 1000, near_timeout);
    }
    let (versions, total) = counts(&streams, frame.window(), failures_only);
    let (error_groups, other_errors) = log.map(error_groups).unwrap_or_default();
    let live = FunctionLive {
        as_of: frame.as_of(),
        way: frame.way,
        lower_bound,
        concurrency: curve.now(),
        cold_lane: reading.known.iter().zip(&work.cold_lane).map(|(known, count)| known.then_some(*count)).collect(),
        curve,
        total,
        versions,
        init_histogram: work.histogram.steps(),
        error_groups,
        other_errors,
        beats,
        minutes: if failures_only {
            VersionMinutes::new()
        } else {
            version_minutes(function, &streams, frame, longest_us)
        },
        lines: log.map(|log| log.lines.clone()).unwrap_or_default(),
        check: if failures_only { None } else { check(&function.series, &streams, frame) },
    };
    (live, reading)
}

/// An execution environment and its finished invocations.
struct Environment<'a> {
    stream: &'a Stream,
    runs: Cow<'a, [Run]>,
}

/// What is gathered from all the streams of a function.
struct Work {
    intervals: Intervals,
    cold_lane: Vec<u32>,
    histogram: Histogram,
    longest_us: u32,
    tells_starts: bool,
}

impl Default for Work {
    fn default() -> Self {
        Self {
            intervals: Intervals::default(),
            cold_lane: vec![0; CURVE_S],
            histogram: Histogram::default(),
            longest_us: 0,
            tells_starts: false,
        }
    }
}

impl Work {
    fn add(&mut self, observed: &Environment, frame: &Frame, timeout_ms: i64) {
        let origin = frame.origin();
        for run in observed.runs.iter() {
            let duration_us = run.duration_us.unwrap_or(0);
            if let Some(start) = run.start() {
                self.intervals.add(start - origin, run.end - origin, SPAN_MS);
                self.longest_us = self.longest_us.max(duration_us);
            }
            if let Some(cold) = run.cold {
                self.histogram.add(cold);
                let second = (run.handler_start() - origin).div_euclid(1000);
                if let Some(count) = usize::try_from(second).ok().and_then(|second| self.cold_lane.get_mut(second)) {
                    *count += 1;
                }
            }
        }
        self.tells_starts |= observed.stream.shows_starts();
        // Where something was missed since, its end may have been.
        if let Some(since) = observed.stream.running_since()
            && since + timeout_ms >= frame.until
            && frame.coverage.is_whole(since, frame.until)
        {
            self.intervals.add(since - origin, i64::MAX, SPAN_MS);
        }
    }

    /// Without START lines an invocation is seen when it has ended: these seconds are unsure.
    fn unseen_s(&self) -> u32 {
        if self.tells_starts { 0 } else { self.longest_us.div_ceil(1_000_000) }
    }
}

/// The counts of the window, by version and together.
fn counts(streams: &[Environment], window: i64, failures_only: bool) -> (BTreeMap<String, Runs>, Runs) {
    let mut by_version: BTreeMap<Option<&str>, Counts> = BTreeMap::new();
    for observed in streams {
        let within = &observed.runs[observed.runs.partition_point(|run| run.end < window)..];
        if !within.is_empty() {
            let counts = by_version.entry(observed.stream.version().map(|version| &**version)).or_default();
            for run in within {
                counts.add(run);
            }
        }
    }
    let mut total = Counts::default();
    for counts in by_version.values() {
        total.merge(counts);
    }
    let versions =
        by_version.into_iter().filter_map(|(version, counts)| Some((version?.to_string(), counts.runs(failures_only))));
    (versions.collect(), total.runs(failures_only))
}

/// The minutes of a function whose traffic is split that were read wholly, and are over by as much as its longest
/// invocation took: what began in them has ended.
fn version_minutes(
    function: &FunctionState,
    streams: &[Environment],
    frame: &Frame,
    longest_us: u32,
) -> VersionMinutes {
    let is_split = function.aliases.iter().flat_map(|read| &read.value).any(|alias| !alias.additional.is_empty());
    if !is_split {
        return VersionMinutes::new();
    }
    let over = frame.until - i64::from(settling_s(frame.way)) * 1000 - i64::from(longest_us) / 1000;
    let newest = Minute::of(instant(over)).plus(-1);
    let is_whole = |minute: &Minute| {
        let (from, until) = (minute.start().timestamp_millis(), minute.plus(1).start().timestamp_millis());
        from >= frame.floor && frame.coverage.is_whole(from, until)
    };
    let whole = (0..=RETAIN_S / 60).map(|back| newest.plus(-back)).filter(is_whole);
    let runs = streams.iter().flat_map(|observed| {
        let version = observed.stream.version().map(|version| &**version);
        observed.runs.iter().map(move |run| (version, run))
    });
    minutes(whole, runs)
}

/// The most frequent error groups, and how many errors the others have.
fn error_groups(log: &FunctionLog) -> (Vec<ErrorGroup>, u64) {
    let mut groups: Vec<_> = log.errors.groups().collect();
    let order = |(_, group): &(_, &crate::store::live::errors::Group)| {
        std::cmp::Reverse((group.occurrences.count(), group.occurrences.extent().map(|(_, last)| last)))
    };
    groups.sort_by_key(order);
    let others = groups.split_off(groups.len().min(FunctionLive::ERROR_GROUPS));
    let shown = groups.into_iter().filter_map(|(fingerprint, group)| {
        let (first, last) = group.occurrences.extent()?;
        Some(ErrorGroup {
            fingerprint: Arc::from(fingerprint.as_str()),
            count: group.occurrences.count(),
            first: instant(first),
            last: instant(last),
            message: Arc::clone(&group.message),
            request: group.request.clone(),
        })
    });
    (shown.collect(), others.iter().map(|(_, group)| group.occurrences.count()).sum())
}

/// The newest minute that the metrics know and the logs know wholly: by when invocations began, as CloudWatch counts
/// them (docs/aws.md#late-points).
fn check(series: &SeriesSet, streams: &[Environment], frame: &Frame) -> Option<LittleCheck> {
    let settled = frame.until - i64::from(settling_s(frame.way)) * 1000;
    let newest = Minute::of(instant(settled)).plus(-1);
    let minutes = CHECKED_MINUTES.map(|back| newest.plus(-back));
    let known = |minute: Minute| {
        let invocations = series.one(Metric::Invocations)?.get(minute)?;
        let average_ms = series.get(Metric::Duration, Statistic::Average)?.get(minute)?;
        let (from, until) = (minute.start().timestamp_millis(), minute.plus(1).start().timestamp_millis());
        let is_known = from >= frame.floor && frame.coverage.is_whole(from, until);
        is_known.then_some((minute, invocations * average_ms / 60_000.0, from..until))
    };
    let (minute, metrics, span) = minutes.into_iter().find_map(known)?;
    let runs = streams.iter().flat_map(|observed| observed.runs.iter());
    let within = runs.filter(|run| run.start().is_some_and(|start| span.contains(&start)));
    let handlers_us: u64 = within.filter_map(|run| run.duration_us).map(u64::from).sum();
    Some(LittleCheck { minute, metrics, logs: handlers_us as f64 / 60e6 })
}

impl RegionLive {
    /// All functions that are read together; `some_missing` is that others ran lately.
    fn of(readings: &[Reading], some_missing: bool) -> Option<Self> {
        let tells = |reading: &&Reading| reading.tells_all;
        let newest = readings.iter().filter(tells).map(|reading| reading.last).max()?;
        let current = |reading: &&Reading| reading.tells_all && reading.last + REGION_LAG_S >= newest;
        let last = readings.iter().filter(current).map(|reading| reading.last).min()?;
        let (mut intervals, mut known, mut provisional) = (Intervals::default(), vec![false; CURVE_S], 0);
        for reading in readings.iter().filter(current) {
            // What was read for longer has a curve that begins later.
            let ahead = usize::try_from(reading.last - last).unwrap_or(0).min(CURVE_S);
            intervals.extend(&reading.intervals, ahead as u32 * 1000, SPAN_MS);
            for (known, of) in known[ahead..].iter_mut().zip(&reading.known) {
                *known |= *of;
            }
            provisional = provisional.max(reading.provisional.saturating_sub(ahead));
        }
        let curve = Curve::of(last, &known, &intervals.most(CURVE_S), provisional);
        let is_bound = |reading: &Reading| !current(&reading) || reading.is_lower_bound;
        Some(Self {
            as_of: second(last),
            in_use: curve.now()?,
            lower_bound: some_missing || readings.iter().any(is_bound),
            curve,
        })
    }
}
