//! Compares findings with the truth: what a scenario's file says, and what the oracle sees.
//!
//! A finding is right when its kind, function and alias are true near the time at which it opened. The constants here
//! are the only tolerances.

use lambda_model::FunctionName;
use lambda_model::finding::Kind;
use lambda_oracle::{Clarity, Oracle};
use lambda_simulator::Scenario;

use crate::play::Way;
use crate::seen::{Episode, Seen};

/// Minutes by which a truth may show before its start in the file: the start is where it shows in nearly every run, and
/// a ramp shows earlier in some runs.
const EARLY: f64 = 1.5;
/// Minutes by which a truth may be found after its end: a minute settles two minutes after its end, is read up to a
/// minute later, and a weak sign takes a second minute.
const LATE: f64 = 5.0;
/// Minutes after which a finding should have closed: the time to open, and three minutes that show nothing.
const CLOSED: f64 = 9.0;
/// Truths that begin less than these minutes before the end of a run cannot be found and are not counted.
const TOO_LATE: f64 = 7.0;
/// Minutes that what the oracle sees must last to be due.
const LASTING: i64 = 3;

/// Kinds that only log lines show; metrics cannot.
const LOGS_ONLY: [Kind; 3] = [Kind::ErrorsOutOfMemory, Kind::MemoryNearLimit, Kind::ColdStartSurge];
/// Kinds for which the oracle cannot say what is due: a verdict takes enough invocations and the true quality of the
/// canary; consumers of the unreserved concurrency and scaling rates are ambiguous where a file does not state them.
const NOBODY_S_DUE: [Kind; 4] =
    [Kind::CanaryFailing, Kind::CanarySplitOff, Kind::ChangeAlias, Kind::ConcurrencyTopConsumer];

/// Something that is true.
#[derive(Clone, Debug)]
pub(crate) struct Due {
    pub(crate) kind: Kind,
    pub(crate) function: Option<String>,
    alias: Option<String>,
    pub(crate) from: f64,
    until: f64,
}

/// The verdicts on episodes and truths.
#[derive(Clone, Debug, Default)]
pub(crate) struct Judged {
    /// For each episode, whether it is right.
    pub(crate) right: Vec<bool>,
    /// For each episode, whether it was open long after the truth was over.
    pub(crate) overstayed: Vec<bool>,
    /// The truths that should be found, and after how many minutes they were.
    pub(crate) truths: Vec<(Due, Option<f64>)>,
}

/// What the file of `scenario` says.
pub(crate) fn written(scenario: &Scenario) -> Vec<Due> {
    let truths = scenario.truths().iter().filter_map(|truth| {
        Some(Due {
            kind: truth.kind?,
            function: truth.function.clone(),
            alias: truth.alias.clone(),
            from: truth.from_min,
            until: truth.until_min.unwrap_or(f64::INFINITY),
        })
    });
    truths.collect()
}

/// What the oracle sees plainly, for long enough, in a run of `minutes`.
pub(crate) fn seen_by(oracle: &Oracle, minutes: i64) -> Vec<Due> {
    let mut found = Vec::new();
    let functions: Vec<Option<&str>> = std::iter::once(None).chain(oracle.functions().map(Some)).collect();
    for kind in Kind::ALL.iter().copied().filter(|kind| !NOBODY_S_DUE.contains(kind)) {
        for function in &functions {
            let mut run: Option<i64> = None;
            for minute in 0..=minutes {
                let plain = minute < minutes && oracle.shows(kind, *function, minute, Clarity::Plain);
                match (run, plain) {
                    (None, true) => run = Some(minute),
                    (Some(from), false) => {
                        if minute - from >= LASTING {
                            found.push(Due {
                                kind,
                                function: function.map(str::to_string),
                                alias: None,
                                from: from as f64,
                                until: minute as f64,
                            });
                        }
                        run = None;
                    }
                    _ => {}
                }
            }
        }
    }
    found
}

/// Compares `seen` with what is `true_`, watched until `end`, minutes from the scenario's origin.
pub(crate) fn judge(truths: &[Due], oracle: &Oracle, clarity: Clarity, seen: &Seen, end: f64, way: Way) -> Judged {
    let of = |episode: &Episode| truths.iter().find(|truth| truth.is(episode));
    let is_due = |truth: &&Due| truth.from + TOO_LATE <= end && (way == Way::Live || !LOGS_ONLY.contains(&truth.kind));
    // A finding that is open when its truth begins counts as found.
    let after = |truth: &Due| {
        let about = seen.episodes.iter().filter(|episode| truth.is(episode) || truth.is_open(episode));
        about.map(|episode| (episode.opened - truth.from).max(0.0)).reduce(f64::min)
    };
    let is_seen = |episode: &Episode| {
        let function = episode.function().map(FunctionName::as_str);
        let minutes = (episode.opened - LATE - 1.0).max(0.0) as i64..=(episode.opened + EARLY) as i64;
        minutes.into_iter().any(|minute| oracle.shows(episode.kind(), function, minute, clarity))
    };
    Judged {
        right: seen.episodes.iter().map(|episode| of(episode).is_some() || is_seen(episode)).collect(),
        overstayed: seen
            .episodes
            .iter()
            .map(|one| of(one).is_some_and(|truth| one.last > truth.until + CLOSED))
            .collect(),
        truths: truths.iter().filter(is_due).map(|truth| (truth.clone(), after(truth))).collect(),
    }
}

impl Due {
    fn is_about(&self, episode: &Episode) -> bool {
        let (kind, function, alias) = &episode.subject;
        self.kind == *kind
            && self.function.as_deref() == function.as_ref().map(FunctionName::as_str)
            && (self.alias.is_none() || self.alias == *alias)
    }

    /// Whether the episode matches the truth at the right time.
    fn is(&self, episode: &Episode) -> bool {
        self.is_about(episode) && (self.from - EARLY..=self.until + LATE).contains(&episode.opened)
    }

    /// Whether the episode was open before and still is.
    fn is_open(&self, episode: &Episode) -> bool {
        self.is_about(episode) && episode.opened < self.from && episode.last >= self.from
    }
}
