//! What one execution environment did: its finished invocations, the running one, and the failures that its lines
//! report. Each is kept once, in whatever order the lines come.

use std::borrow::Cow;
use std::sync::Arc;

/// A finished invocation: one REPORT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Run {
    /// When it ended, milliseconds from the epoch: the time of REPORT.
    pub end: i64,
    /// A hash of its request ID. A retry in the same environment has the same ID.
    pub request: u64,
    /// The duration of the handler, microseconds; `None` where REPORT does not contain it.
    pub duration_us: Option<u32>,
    /// The cold start before the handler, if there was one.
    pub cold: Option<Cold>,
    /// The most memory that the environment has used so far, MB.
    pub used_mb: Option<u32>,
    /// How it ended.
    pub outcome: Outcome,
}

/// What a cold start waited for, microseconds: the init or the restore phase that its REPORT names, or one that failed
/// just before it, which REPORT does not name (docs/aws.md#init-phase).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cold {
    /// The init phase.
    Init(u32),
    /// The restore of a snapshot.
    Restore(u32),
}

/// An invocation that begins this soon after a failed init phase is the one that waited for it, milliseconds.
const AT_ONCE_MS: i64 = 1000;

/// How an invocation ended, in order of severity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// No line reports a failure.
    Succeeded,
    /// With an error.
    Failed,
    /// Killed because it ran out of memory.
    OutOfMemory,
    /// The function's timeout was reached.
    TimedOut,
}

impl Cold {
    /// How long it took, microseconds.
    pub(crate) fn us(self) -> u32 {
        match self {
            Self::Init(us) | Self::Restore(us) => us,
        }
    }
}

impl Run {
    /// Whether it was a cold start.
    pub(crate) fn is_cold_start(&self) -> bool {
        self.cold.is_some()
    }

    /// When the handler began, milliseconds: after the init or restore phase.
    pub(crate) fn handler_start(&self) -> i64 {
        self.end - i64::from(self.duration_us.unwrap_or(0)) / 1000
    }

    /// When the request was accepted, milliseconds: before the init or restore phase. `None` without a duration.
    ///
    /// The time of REPORT is cut to whole milliseconds. The start is rounded up, so that invocations that follow each
    /// other in one environment do not overlap.
    pub fn start(&self) -> Option<i64> {
        let cold_us = i64::from(self.cold.map_or(0, Cold::us));
        Some(self.end - (i64::from(self.duration_us?) + cold_us) / 1000)
    }
}

/// A line other than REPORT that reports a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark {
    pub(super) at: i64,
    pub(super) request: Option<u64>,
    pub(super) outcome: Outcome,
}

/// A START line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Started {
    at: i64,
    request: u64,
    /// Kept only where the stream's name contains none.
    version: Option<Arc<str>>,
}

/// What is known of one log stream, which is one execution environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stream {
    /// The version in its name.
    version: Option<Arc<str>>,
    /// Sorted by end and request.
    runs: Vec<Run>,
    /// Sorted by time.
    marks: Vec<Mark>,
    /// Init and restore phases that failed, and when they ended, sorted by time.
    failed_inits: Vec<(i64, Cold)>,
    /// The newest START.
    started: Option<Started>,
    /// Time and request of the newest REPORT.
    ended: Option<(i64, u64)>,
    /// Whether invocations overlap in it, as on a managed instance.
    interleaved: bool,
}

impl Stream {
    /// A stream with this version in its name.
    pub(super) fn of(version: Option<&str>) -> Self {
        Self { version: version.map(Arc::from), ..Self::default() }
    }

    /// The version that runs in it: from its name, else from the newest START.
    pub fn version(&self) -> Option<&Arc<str>> {
        self.version.as_ref().or_else(|| self.started.as_ref()?.version.as_ref())
    }

    /// Keeps a finished invocation. Returns whether it is new.
    pub(super) fn run(&mut self, run: Run) -> bool {
        match self.runs.binary_search_by_key(&(run.end, run.request), |run| (run.end, run.request)) {
            Ok(place) => {
                // Two lines that contradict each other: the same one is kept in either order.
                let kept = &mut self.runs[place];
                *kept = run.max(*kept);
                false
            }
            Err(place) => {
                self.runs.insert(place, run);
                true
            }
        }
    }

    /// Keeps a line about a failure. Returns whether it is new.
    pub(super) fn mark(&mut self, mark: Mark) -> bool {
        match self.marks.binary_search(&mark) {
            Ok(_) => false,
            Err(place) => {
                self.marks.insert(place, mark);
                true
            }
        }
    }

    /// Keeps an init or a restore phase that failed and ended at `at`. Returns whether it is new.
    pub(super) fn failed_init(&mut self, at: i64, cold: Cold) -> bool {
        match self.failed_inits.binary_search(&(at, cold)) {
            Ok(_) => false,
            Err(place) => {
                self.failed_inits.insert(place, (at, cold));
                true
            }
        }
    }

    /// Notes that an invocation began. Returns whether it is the newest.
    pub(super) fn start(&mut self, at: i64, request: u64, version: Option<&str>) -> bool {
        let version = version.filter(|_| self.version.is_none()).map(Arc::from);
        let started = Started { at, request, version };
        let is_newest = self.started.as_ref().is_none_or(|newest| started > *newest);
        if is_newest {
            self.started = Some(started);
        }
        is_newest
    }

    /// Notes that an invocation ended, whether or not it is kept. `alone` is that no other ran at the same time.
    pub(super) fn end(&mut self, at: i64, request: u64, alone: bool) {
        self.ended = self.ended.max(Some((at, request)));
        self.interleaved |= !alone;
    }

    /// Drops invocations that ended before `floor` and starts before `horizon`. Returns whether anything is left.
    pub(super) fn forget(&mut self, floor: i64, horizon: i64) -> bool {
        self.runs.drain(..self.runs.partition_point(|run| run.end < floor));
        self.marks.drain(..self.marks.partition_point(|mark| mark.at < floor));
        self.failed_inits.drain(..self.failed_inits.partition_point(|(at, _)| *at < floor));
        self.started.take_if(|started| started.at < horizon);
        self.ended = self.ended.filter(|(at, _)| *at >= horizon);
        self.newest().is_some()
    }

    /// The time of its newest line that is kept, milliseconds.
    pub(super) fn newest(&self) -> Option<i64> {
        let runs = self.runs.last().map(|run| run.end).max(self.marks.last().map(|mark| mark.at));
        let started = self.started.as_ref().map(|started| started.at);
        let edges = started.max(self.ended.map(|(at, _)| at));
        runs.max(edges)
    }

    /// Whether [`Stream::running_since`] can know of a running invocation: a START was seen, and invocations do not
    /// overlap.
    pub(crate) fn shows_starts(&self) -> bool {
        self.started.is_some() && !self.interleaved
    }

    /// When the invocation that runs in it began: its START has come and its end has not. `None` also on a managed
    /// instance, where several run at a time and their lines are mixed.
    pub(crate) fn running_since(&self) -> Option<i64> {
        let Started { at, request, .. } = *self.started.as_ref().filter(|_| !self.interleaved)?;
        let is_over = self.ended.is_some_and(|(end, _)| end > at)
            // In the same millisecond the previous invocation may have ended. An init phase that fails begins and ends
            // in one.
            || self.ended == Some((at, request))
            || self.runs.binary_search_by_key(&(at, request), |run| (run.end, run.request)).is_ok();
        (!is_over).then_some(at)
    }

    /// The finished invocations by end, each with the worst outcome that any of its lines reports, and with the init
    /// phase that failed just before it.
    pub fn runs(&self) -> Cow<'_, [Run]> {
        if self.marks.is_empty() && self.failed_inits.is_empty() {
            return Cow::Borrowed(&self.runs);
        }
        let mut by_request: Vec<(u64, usize)> =
            self.runs.iter().enumerate().map(|(place, run)| (run.request, place)).collect();
        by_request.sort_unstable();
        let mut runs = self.runs.clone();
        for mark in &self.marks {
            if let Some(run) = self.run_of(mark, &by_request).and_then(|place| runs.get_mut(place)) {
                run.outcome = run.outcome.max(mark.outcome);
            }
        }
        for (at, cold) in &self.failed_inits {
            // The request that waited for it is next. An environment of provisioned concurrency has none yet.
            if let Some(run) = runs.get_mut(self.runs.partition_point(|run| run.end < *at))
                && run.cold.is_none()
                && run.handler_start() <= at + AT_ONCE_MS
            {
                run.cold = Some(*cold);
            }
        }
        Cow::Owned(runs)
    }

    /// The index of the invocation that a line about a failure belongs to. Of several with its request ID, the one that
    /// ran then, or nearest to then. Without a request ID, the first that ended after the line, if it had begun by
    /// then.
    fn run_of(&self, mark: &Mark, by_request: &[(u64, usize)]) -> Option<usize> {
        let Some(request) = mark.request else {
            let place = self.runs.partition_point(|run| run.end < mark.at);
            // The time of the line is cut to a whole millisecond, too.
            return self.runs.get(place)?.start().is_some_and(|start| start <= mark.at + 1).then_some(place);
        };
        let first = by_request.partition_point(|(of, _)| *of < request);
        let attempts = by_request[first..].iter().take_while(|(of, _)| *of == request).map(|(_, place)| *place);
        attempts.min_by_key(|place| self.runs.get(*place).map_or(i64::MAX, |run| distance(run, mark.at)))
    }
}

/// How far an instant is from an invocation, milliseconds; 0 within it.
fn distance(run: &Run, at: i64) -> i64 {
    let start = run.start().unwrap_or(run.end);
    (start - at).max(at - run.end).max(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn run(end: i64, duration_ms: u32, request: u64) -> Run {
        Run {
            end,
            request,
            duration_us: Some(duration_ms * 1000),
            cold: None,
            used_mb: None,
            outcome: Outcome::Succeeded,
        }
    }

    #[test]
    fn an_invocation_begins_before_its_cold_start_and_never_overlaps_the_previous_one() {
        let cold = Run { cold: Some(Cold::Init(250_000)), ..run(1000, 300, 1) };
        assert_eq!(cold.start(), Some(450));
        // It ran from 205.7 to 300.2; REPORT says 300 and 94.5 ms, and the previous one ended at 205.
        assert_eq!(Run { duration_us: Some(94_500), ..run(300, 0, 1) }.start(), Some(206));
        assert_eq!(Run { duration_us: None, ..run(300, 0, 1) }.start(), None);
    }

    #[test]
    fn the_newest_start_runs_until_it_ends() {
        // START and its request, REPORT and its request, since when an invocation runs
        type Edge = Option<(i64, u64)>;
        let cases: [(Edge, Edge, Option<i64>); 6] = [
            (Some((100, 1)), None, Some(100)),
            (Some((100, 1)), Some((150, 1)), None),
            (Some((100, 2)), Some((100, 1)), Some(100)),
            (Some((100, 1)), Some((100, 1)), None),
            (Some((100, 2)), Some((150, 1)), None),
            (None, Some((150, 1)), None),
        ];
        for (started, ended, since) in cases {
            let mut stream = Stream::default();
            if let Some((at, request)) = ended {
                stream.end(at, request, true);
                stream.run(run(at, 0, request));
            }
            if let Some((at, request)) = started {
                stream.start(at, request, None);
            }
            assert_eq!(stream.running_since(), since, "{started:?} {ended:?}");
            stream.end(90, 9, false);
            assert_eq!(stream.running_since(), None, "On a managed instance several run at a time");
        }
    }

    #[test]
    fn a_failure_is_assigned_to_its_invocation() {
        let mut stream = Stream::default();
        for one in [run(200, 100, 1), run(300, 100, 2), run(500, 100, 1)] {
            stream.run(one);
        }
        // time and request of a line about a failure, which invocation it belongs to
        let cases = [
            (150, None, Some(0)),
            (200, None, Some(0)),
            (201, None, Some(1)),
            (350, None, None),
            (600, None, None),
            (150, Some(1), Some(0)),
            (501, Some(1), Some(2)),
            (340, Some(1), Some(2)),
            (150, Some(2), Some(1)),
            (150, Some(3), None),
        ];
        for (at, request, expected) in cases {
            let mut stream = stream.clone();
            stream.mark(Mark { at, request, outcome: Outcome::Failed });
            let failed = stream.runs().iter().position(|run| run.outcome == Outcome::Failed);
            assert_eq!(failed, expected, "{at} {request:?}");
        }
    }

    #[test]
    fn a_failed_init_phase_makes_the_next_invocation_a_cold_start() {
        let failed = Cold::Init(9_999_810);
        let named = Run { cold: Some(Cold::Init(1)), ..run(30_000, 100, 3) };
        // when it ended, which invocation waited for it
        for (at, expected) in [(10_000, Some(0)), (9_100, Some(0)), (8_000, None), (10_500, None), (29_900, None)] {
            let mut stream = Stream::default();
            for one in [run(10_150, 100, 1), run(20_000, 100, 2), named] {
                stream.run(one);
            }
            assert!(stream.failed_init(at, failed) && !stream.failed_init(at, failed));
            let cold = stream.runs().iter().position(|run| run.cold == Some(failed));
            assert_eq!(cold, expected, "{at}");
        }
    }

    proptest! {
        #[test]
        fn order_and_repetition_of_lines_do_not_matter(
            lines in Just((0u64..24).chain(0..6).collect::<Vec<_>>()).prop_shuffle(),
        ) {
            let mut stream = Stream::default();
            for line in &lines {
                let (at, request) = ((line / 3 * 100).cast_signed(), line / 3 % 5);
                match line % 3 {
                    0 => { stream.start(at, request, None); }
                    1 => {
                        stream.end(at + 90, request, true);
                        stream.run(run(at + 90, 90, request));
                    }
                    _ => { stream.mark(Mark { at: at + 50, request: None, outcome: Outcome::TimedOut }); }
                }
            }
            let runs = stream.runs();
            prop_assert_eq!(runs.len(), 8);
            prop_assert!(runs.iter().all(|run| run.outcome == Outcome::TimedOut));
            prop_assert_eq!(stream.running_since(), None);
        }
    }
}
