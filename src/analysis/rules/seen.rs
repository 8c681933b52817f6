//! One trouble, seen in the minutes of the metrics and in the minutes that slide over the logs. It does not know what
//! the trouble is.

use chrono::{DateTime, TimeDelta, Utc};

use super::case::{Case, FunctionCase};
use super::held::{Held, Sign, held};
use crate::analysis::fact::{Fact, Quantity};
use crate::analysis::forecast::Basis;
use crate::analysis::live::{Beat, Beats, Bound, FunctionLive};
use crate::analysis::ratio;
use crate::analysis::thresholds::Thresholds;
use lambda_model::change::{Change, Changed};
use lambda_model::metric::Metric;
use lambda_model::time::Minute;

/// The most minutes, of the newest that show the trouble, that its rates are taken from.
const RECENT_MINUTES: i64 = 5;

/// Something that is there, by one way or both.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Seen {
    /// The earlier of both.
    pub since: DateTime<Utc>,
    /// In the settled minutes of the metrics.
    pub minutes: Option<Held>,
    /// In the logs.
    pub logs: Option<Held>,
}

impl Seen {
    /// What was seen in some of the ways; `None` where it was in none.
    pub(super) fn either(minutes: Option<Held>, logs: Option<Held>) -> Option<Self> {
        let since = [minutes, logs].into_iter().flatten().map(|held| held.since).min()?;
        Some(Self { since, minutes, logs })
    }
}

/// Some of the invocations of some minutes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Part {
    /// How many of them.
    pub some: f64,
    /// All.
    pub all: f64,
    /// Over how long, minutes.
    pub minutes: f64,
    /// Where they were counted.
    pub source: Basis,
    /// Whether there may be more: not all logs were read.
    pub is_lower_bound: bool,
}

impl Part {
    /// The share, 0–1; 0 of nothing.
    pub(super) fn share(&self) -> f64 {
        ratio(Some(self.some), Some(self.all)).unwrap_or(0.0)
    }

    /// How many a minute.
    pub(super) fn per_minute(&self) -> f64 {
        ratio(Some(self.some), Some(self.minutes)).unwrap_or(0.0)
    }

    /// Some of all, as a fact.
    pub(super) fn fact(&self, quantity: Quantity) -> Fact {
        let fact = Fact::new(quantity, self.some).of(self.all).over_minutes(self.minutes).read_from(self.source);
        if self.is_lower_bound { fact.at_least() } else { fact }
    }
}

impl Case<'_> {
    /// Whether the minutes of the metrics or those of the logs show it.
    pub(super) fn seen(&self, minute: impl FnMut(Minute) -> Sign, window: impl Fn(&Beat) -> Sign) -> Option<Seen> {
        Seen::either(self.held(minute), self.held_in_logs(window))
    }

    /// Whether the logs' minutes show it: they follow each other every ten seconds.
    pub(super) fn held_in_logs(&self, window: impl Fn(&Beat) -> Sign) -> Option<Held> {
        self.held_in_logs_after(|_, beat| window(beat))
    }

    /// The same for what shows only beside the minute before, which is known or not.
    pub(super) fn held_in_logs_after(&self, window: impl Fn(Option<&Beat>, &Beat) -> Sign) -> Option<Held> {
        let windows: Vec<_> = windows(self.function?.live?).collect();
        let before = |place: usize| windows.get(place.checked_sub(Beats::WINDOW)?)?.1.as_ref();
        let points = windows
            .iter()
            .enumerate()
            .map(|(place, (at, beat))| (*at, beat.as_ref().map_or(Sign::Unknown, |beat| window(before(place), beat))));
        // As long as the metrics take: six windows are a minute.
        let clear = self.thresholds().clear.saturating_mul(Beats::WINDOW as u32);
        held(&Thresholds { clear, ..*self.thresholds() }, points)
    }

    /// Some of the invocations, by the newest minute of the logs that shows the trouble, else by the settled minutes
    /// since it began: `some` finds them in a beat, `metric` counts them.
    pub(super) fn part(&self, seen: &Seen, metric: Metric, some: impl Fn(&Beat) -> u64) -> Option<Part> {
        let function = self.function?;
        let shown = |held: Held| windows(function.live?).find(|(at, _)| *at == held.last)?.1;
        let logged = seen.logs.and_then(shown).map(|beat| Part {
            some: some(&beat) as f64,
            all: beat.invocations as f64,
            minutes: 1.0,
            source: Basis::Logs,
            is_lower_bound: function.live.is_some_and(FunctionLive::is_lower_bound),
        });
        let counted = || {
            let settled = self.settled();
            let first = Minute::of(seen.since).0.max(settled.0 - RECENT_MINUTES + 1).min(settled.0);
            let both = |minute| Some((function.value(metric, minute)?, function.value(Metric::Invocations, minute)?));
            let observed: Vec<_> = (first..=settled.0).map(Minute).filter_map(both).collect();
            let sums = observed.iter().fold((0.0, 0.0), |(one, other), (some, all)| (one + some, other + all));
            let minutes = observed.len() as f64;
            (!observed.is_empty()).then_some(Part {
                some: sums.0,
                all: sums.1,
                minutes,
                source: Basis::Metrics,
                is_lower_bound: false,
            })
        };
        logged.or_else(counted)
    }
}

/// The logs' minutes, each with when what it shows began.
///
/// A minute that shows what the one before did not, has got it from its last ten seconds.
fn windows(live: &FunctionLive) -> impl Iterator<Item = (DateTime<Utc>, Option<Beat>)> {
    let last_step = TimeDelta::seconds(60 - Beats::STEP_S);
    let mut is_first = true;
    live.beats.windows().map(move |(from, beat)| {
        let at = if is_first { from } else { from + last_step };
        is_first = beat.is_none();
        (at, beat)
    })
}

impl FunctionCase<'_> {
    /// What the logs say of the newest minute that was read wholly.
    pub(super) fn newest_beat(&self) -> Option<Beat> {
        self.live?.beats.windows().filter_map(|(_, beat)| beat).last()
    }

    /// Whether the logs show how many invocations there were.
    pub(super) fn logs_count(&self) -> bool {
        self.live.is_some_and(|live| !live.lower_bound.contains(&Bound::FailuresOnly))
    }

    /// Whether the metrics of what is on screen were read of this minute, and the function ran: then a count that is
    /// missing is none (docs/aws.md#missing-points).
    pub(super) fn ran(&self, minute: Minute) -> bool {
        self.value(Metric::ConcurrentExecutions, minute).is_some()
    }

    /// The memory size, MB.
    pub(super) fn memory_mb(&self) -> Option<u32> {
        self.state.info.as_ref()?.value.memory_mb
    }

    /// The timeout, seconds.
    pub(super) fn timeout_s(&self) -> Option<u32> {
        self.state.info.as_ref()?.value.timeout_s
    }

    /// Whether a minute had another timeout, or may have had: its durations say nothing about the one there is.
    pub(super) fn timed_otherwise(&self, minute: Minute) -> bool {
        let of_configuration = |change: &&Change| matches!(change.what, Changed::Configuration(_));
        let changes = self.state.changes.iter().filter(of_configuration);
        changes.map(|change| change.at).max().is_some_and(|at| minute.start() < at)
    }
}
