//! Sums over runs: right and missed findings, their confidence and delay.

use std::collections::BTreeMap;

use lambda_model::FunctionName;
use lambda_model::finding::Kind;

use crate::causes::Causes;
use crate::foretold::Coverage;
use crate::judge::Judged;
use crate::seen::Seen;

/// The lower edges of the bins of confidence.
pub(crate) const BINS: [f64; 7] = [0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99];

/// Findings of one kind.
#[derive(Clone, Debug, Default)]
pub(crate) struct OfKind {
    pub(crate) right: u64,
    pub(crate) wrong: u64,
    pub(crate) overstayed: u64,
    pub(crate) found: u64,
    pub(crate) missed: u64,
    /// Minutes from the onset to the finding.
    pub(crate) delays: Vec<f64>,
}

/// Findings of about the same confidence.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bin {
    pub(crate) count: u64,
    pub(crate) right: u64,
    /// The sum of the confidences.
    pub(crate) said: f64,
}

/// The same mistake in several runs.
#[derive(Clone, Debug)]
pub(crate) struct Slip {
    pub(crate) count: u64,
    /// A run that shows it, and at which minute.
    pub(crate) seed: u64,
    pub(crate) minute: f64,
}

/// By scenario, kind and function.
pub(crate) type Slips = BTreeMap<(String, Kind, String), Slip>;

/// Everything that is summed up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) runs: u64,
    pub(crate) kinds: BTreeMap<Kind, OfKind>,
    pub(crate) bins: [Bin; BINS.len()],
    pub(crate) wrong: Slips,
    pub(crate) missed: Slips,
    pub(crate) causes: Causes,
    pub(crate) coverage: Coverage,
}

impl Tally {
    /// Adds a run.
    pub(crate) fn add(&mut self, scenario: &str, seed: u64, saw: &Seen, judged: &Judged) {
        self.runs += 1;
        for ((episode, right), overstayed) in saw.episodes.iter().zip(&judged.right).zip(&judged.overstayed) {
            let bin = BINS.iter().rposition(|edge| episode.confidence >= *edge).unwrap_or(0);
            self.bins[bin].count += 1;
            self.bins[bin].said += episode.confidence;
            let kind = self.kinds.entry(episode.kind()).or_default();
            kind.overstayed += u64::from(*overstayed);
            if *right {
                self.bins[bin].right += 1;
                kind.right += 1;
            } else {
                kind.wrong += 1;
                let function = episode.function().map_or("the Region", FunctionName::as_str);
                note(&mut self.wrong, (scenario, episode.kind(), function), seed, episode.opened);
            }
        }
        for (truth, delay) in &judged.truths {
            let name = truth.kind;
            let kind = self.kinds.entry(name).or_default();
            if let Some(delay) = delay {
                kind.found += 1;
                kind.delays.push(*delay);
            } else {
                kind.missed += 1;
                let function = truth.function.as_deref().unwrap_or("the Region");
                note(&mut self.missed, (scenario, name, function), seed, truth.from);
            }
        }
    }

    /// Adds the sums of other runs.
    pub(crate) fn merge(&mut self, other: Self) {
        self.runs += other.runs;
        self.causes.merge(other.causes);
        self.coverage.merge(other.coverage);
        for (kind, more) in other.kinds {
            let sum = self.kinds.entry(kind).or_default();
            sum.right += more.right;
            sum.wrong += more.wrong;
            sum.overstayed += more.overstayed;
            sum.found += more.found;
            sum.missed += more.missed;
            sum.delays.extend(more.delays);
        }
        for (sum, more) in self.bins.iter_mut().zip(other.bins) {
            sum.count += more.count;
            sum.right += more.right;
            sum.said += more.said;
        }
        for (sums, more) in [(&mut self.wrong, other.wrong), (&mut self.missed, other.missed)] {
            for (key, slip) in more {
                let sum = sums.entry(key).or_insert(Slip { count: 0, ..slip });
                sum.count += slip.count;
                // The smallest seed, so that the order of threads does not matter.
                if slip.seed < sum.seed {
                    (sum.seed, sum.minute) = (slip.seed, slip.minute);
                }
            }
        }
    }
}

fn note(slips: &mut Slips, (scenario, kind, function): (&str, Kind, &str), seed: u64, minute: f64) {
    let slip =
        slips.entry((scenario.to_string(), kind, function.to_string())).or_insert(Slip { count: 0, seed, minute });
    slip.count += 1;
    if seed < slip.seed {
        (slip.seed, slip.minute) = (seed, minute);
    }
}

/// The value below which the share `part` of `values` lies; `None` of none.
pub(crate) fn quantile(values: &[f64], part: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(((sorted.len() as f64 * part) as usize).min(sorted.len().saturating_sub(1))).copied()
}
