//! A function's minutes while they are counted, and what CloudWatch shows of them and when.
//!
//! As AWS does it (docs/aws.md#late-points): a minute counts what started in it, known when it ends; at the end of each
//! minute all that is known goes out, and shows a minute or two later. So a minute is first seen in part, and
//! restated while its invocations end or late environments report.

use std::collections::VecDeque;

use super::activity::{Activity, Durations, Rare};
use super::instant::Instant;
use super::kept::Kept;
use super::ledger::KEPT_MIN;
use super::report::{Lane, Part, Parts, Report};

/// A minute goes out once more after its end, for the environments that report late.
const CYCLES: i64 = 1;
/// The number of minutes kept at a time.
const ROOM: usize = 12;

/// The minutes of one function.
#[derive(Debug)]
pub(super) struct Tally {
    /// From the end of a minute until what went out then is seen.
    delay: Instant,
    in_flight: u32,
    running: Vec<(Lane, u32)>,
    open: VecDeque<Open>,
    sent: VecDeque<Sent>,
    published: VecDeque<Kept>,
}

/// A minute that is still counted.
#[derive(Debug)]
struct Open {
    minute: i64,
    /// Invocations that started in it and run.
    running: u32,
    peak: u32,
    rare: Option<Box<Rare>>,
    lanes: Vec<Counts>,
}

/// What went one way in a minute.
#[derive(Debug)]
struct Counts {
    lane: Lane,
    throttles: u32,
    peak: u32,
    prompt: Ended,
    late: Ended,
}

/// Invocations that ended.
#[derive(Debug, Default)]
struct Ended {
    errors: u32,
    /// Durations, in hundredths of a millisecond.
    durations: Vec<u32>,
}

/// What went out at the end of the minute `cycle`.
#[derive(Debug)]
struct Sent {
    cycle: i64,
    minute: i64,
    report: Report,
}

/// An invocation that is over, as its metrics tell it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Over {
    pub(super) lane: Lane,
    pub(super) started: Instant,
    pub(super) duration_us: u32,
    pub(super) failed: bool,
    /// Its environment reports late.
    pub(super) late: bool,
}

impl Tally {
    /// Nothing counted yet; what goes out is seen after `delay`.
    pub(super) fn new(delay: Instant) -> Self {
        Self {
            delay,
            in_flight: 0,
            running: Vec::new(),
            open: VecDeque::new(),
            sent: VecDeque::new(),
            published: VecDeque::new(),
        }
    }

    /// The minute, counted from now on if it was not yet. It is nearly always one of the newest two.
    #[inline]
    fn open(&mut self, minute: i64) -> &mut Open {
        let mut place = self.open.len();
        while place > 0 && self.open[place - 1].minute > minute {
            place -= 1;
        }
        if place > 0 && self.open[place - 1].minute == minute {
            return &mut self.open[place - 1];
        }
        let open = Open { minute, running: 0, peak: self.in_flight, rare: None, lanes: Vec::new() };
        self.open.insert(place, open);
        &mut self.open[place]
    }

    /// An invocation is accepted.
    #[inline]
    pub(super) fn began(&mut self, lane: Lane, now: Instant) {
        self.in_flight += 1;
        let in_flight = self.in_flight;
        let in_lane = self.count_lane(lane);
        *in_lane += 1;
        let in_lane = *in_lane;
        let open = self.open(now.minute());
        open.running += 1;
        open.peak = open.peak.max(in_flight);
        let counts = open.counts(lane);
        counts.peak = counts.peak.max(in_lane);
    }

    #[inline]
    fn count_lane(&mut self, lane: Lane) -> &mut u32 {
        let place = self.running.iter().position(|(known, _)| *known == lane).unwrap_or_else(|| {
            self.running.push((lane, 0));
            self.running.len() - 1
        });
        &mut self.running[place].1
    }

    /// An invocation has ended.
    #[inline]
    pub(super) fn ended(&mut self, over: Over) {
        self.in_flight = self.in_flight.saturating_sub(1);
        let in_lane = self.count_lane(over.lane);
        *in_lane = in_lane.saturating_sub(1);
        // What ran already at the origin is part of the history.
        if over.started.0 < 0 {
            return;
        }
        let open = self.open(over.started.minute());
        open.running = open.running.saturating_sub(1);
        let counts = open.counts(over.lane);
        let ended = if over.late { &mut counts.late } else { &mut counts.prompt };
        ended.errors += u32::from(over.failed);
        ended.durations.push(over.duration_us.div_ceil(10));
    }

    /// It ran before the origin and still runs.
    pub(super) fn inherited(&mut self, lane: Lane) {
        self.in_flight += 1;
        *self.count_lane(lane) += 1;
    }

    /// A request is throttled.
    pub(super) fn throttled(&mut self, lane: Lane, now: Instant) {
        self.open(now.minute()).counts(lane).throttles += 1;
    }

    /// The metrics of this minute that few functions have.
    pub(super) fn rare(&mut self, now: Instant) -> &mut Rare {
        self.open(now.minute()).rare.get_or_insert_default()
    }

    /// The minute `cycle` is over: what is known goes out.
    pub(super) fn publish(&mut self, cycle: i64) {
        self.settle(Instant::start_of(cycle + 1));
        if self.in_flight > 0 {
            // Those that still run count in the next minute from its first instant on.
            self.open(cycle + 1);
        }
        let reports = self.open.iter_mut().filter(|open| open.minute <= cycle).filter_map(|open| {
            let report = open.report(open.minute < cycle)?;
            Some(Sent { cycle, minute: open.minute, report })
        });
        self.sent.extend(reports);
        self.open.retain(|open| open.minute > cycle - CYCLES || open.running > 0);
    }

    /// Keeps of what is seen by now only the newest of each minute.
    fn settle(&mut self, now: Instant) {
        while self.sent.front().is_some_and(|sent| is_seen(sent.cycle, self.delay, now)) {
            let Some(Sent { minute, report, .. }) = self.sent.pop_front() else { break };
            let kept = Kept::new(minute, report);
            let place = self.published.partition_point(|one| one.minute() < minute);
            match self.published.get_mut(place) {
                Some(one) if one.minute() == minute => *one = kept,
                _ => {
                    // Thousands of functions keep these: they do not double their room as it fills.
                    if self.published.len() == self.published.capacity() {
                        self.published.reserve_exact(ROOM);
                    }
                    self.published.insert(place, kept);
                }
            }
        }
        while self.published.front().is_some_and(|one| one.minute() < now.minute() - i64::from(KEPT_MIN)) {
            self.published.pop_front();
        }
    }

    /// The minutes of which something went out at the end of `cycle`, the last one that was published.
    pub(super) fn restated(&self, cycle: i64) -> impl Iterator<Item = i64> {
        self.sent.iter().rev().take_while(move |one| one.cycle == cycle).map(|one| one.minute)
    }

    /// The newest that went out of `minute`, seen or not.
    pub(super) fn newest(&self, minute: i64) -> Option<Activity> {
        let sent = self.sent.iter().rev().find(|one| one.minute == minute).map(|one| one.report.total.clone());
        sent.or_else(|| self.settled(minute).map(|report| report.total))
    }

    fn settled(&self, minute: i64) -> Option<Report> {
        let place = self.published.binary_search_by_key(&minute, Kept::minute).ok()?;
        Some(self.published[place].report())
    }

    /// Whether anything of `minute` can be seen at `now`.
    pub(super) fn shows(&self, minute: i64, now: Instant) -> bool {
        is_seen(minute, self.delay, now)
    }

    /// What is seen of `minute` at `now`.
    pub(super) fn report(&self, minute: i64, now: Instant) -> Option<Report> {
        let sent = self.sent.iter().rev().find(|one| one.minute == minute && is_seen(one.cycle, self.delay, now));
        sent.map(|one| one.report.clone()).or_else(|| self.settled(minute))
    }
}

/// Whether what went out at the end of the minute `cycle` is seen `now`.
pub(super) fn is_seen(cycle: i64, delay: Instant, now: Instant) -> bool {
    now >= Instant::start_of(cycle + 1) + delay
}

impl Open {
    #[inline]
    fn counts(&mut self, lane: Lane) -> &mut Counts {
        let place = self.lanes.iter().position(|counts| counts.lane == lane).unwrap_or_else(|| {
            let counts = Counts { lane, throttles: 0, peak: 0, prompt: Ended::default(), late: Ended::default() };
            self.lanes.push(counts);
            self.lanes.len() - 1
        });
        &mut self.lanes[place]
    }

    /// What is known of the minute; `None` while that is nothing. `all`: late environments have reported too.
    fn report(&mut self, all: bool) -> Option<Report> {
        for counts in &mut self.lanes {
            counts.prompt.durations.sort_unstable();
            counts.late.durations.sort_unstable();
        }
        let lanes: Vec<&Counts> = self.lanes.iter().collect();
        let total = Activity { concurrency: self.peak, rare: self.rare.clone(), ..activity(&lanes, all) };
        if total.is_nothing() {
            return None;
        }
        let parts = match &lanes[..] {
            [] => Parts::Several(Box::default()),
            [only] => Parts::Sole(only.lane),
            lanes => Parts::Several(parts(lanes, all)),
        };
        Some(Report { total, parts })
    }
}

/// The qualifiers, each followed by its versions.
fn parts(lanes: &[&Counts], all: bool) -> Box<[Part]> {
    let mut qualifiers: Vec<u16> = lanes.iter().map(|counts| counts.lane.qualifier).collect();
    qualifiers.sort_unstable();
    qualifiers.dedup();
    let mut parts = Vec::new();
    for qualifier in qualifiers {
        let of: Vec<&Counts> = lanes.iter().copied().filter(|counts| counts.lane.qualifier == qualifier).collect();
        parts.push(Part { qualifier, version: None, activity: activity(&of, all) });
        for counts in of {
            parts.push(Part { qualifier, version: Some(counts.lane.version), activity: activity(&[counts], all) });
        }
    }
    parts.into_boxed_slice()
}

/// Some lanes taken together. Their peaks need not have come at the same instant: their sum is an upper bound.
fn activity(lanes: &[&Counts], all: bool) -> Activity {
    let ended = || lanes.iter().flat_map(|counts| std::iter::once(&counts.prompt).chain(all.then_some(&counts.late)));
    let runs: Vec<&[u32]> = ended().map(|ended| &ended.durations[..]).filter(|run| !run.is_empty()).collect();
    let merged;
    let sample = if let [only] = runs[..] {
        only
    } else {
        merged = merge(&runs);
        &merged[..]
    };
    Activity {
        invocations: sample.len() as u32,
        errors: ended().map(|ended| ended.errors).sum(),
        throttles: lanes.iter().map(|counts| counts.throttles).sum(),
        concurrency: lanes.iter().map(|counts| counts.peak).sum(),
        durations: Durations::of(sample),
        rare: None,
    }
}

#[expect(clippy::stable_sort_primitive, reason = "it finds the sorted runs and merges them, several times as fast")]
fn merge(runs: &[&[u32]]) -> Vec<u32> {
    let mut all = runs.concat();
    all.sort();
    all
}
