//! The canary's verdict: pass, fail or not enough data, from counts per executed version. It may be looked at every
//! second without more false alarms than its terms allow.
//!
//! All that the two versions did since the split began counts, as far as it is kept (two hours): errors and invocations
//! by version from the settled minutes of the metrics, and from whole minutes of the logs for the time after them. It is
//! no sliding window: looking at a window again and again as it slides would sooner or later fail any canary.

mod facts;
pub mod judge;
mod progress;
mod split;

use chrono::{DateTime, Utc};

use self::facts::facts;
pub use self::judge::Verdict;
use self::judge::judge;
pub use self::progress::Progress;
use self::split::Split;
pub(super) use self::split::weighed;
use super::Params;
use super::fact::Fact;
use super::live::FunctionLive;
use super::statistics::Count;
use super::traffic::AliasTraffic;
use crate::store::state::FunctionState;
use lambda_model::deployment::Deployment;

/// How a weighted alias's canary does.
#[derive(Clone, Debug, PartialEq)]
pub struct Canary {
    /// The version that is tried.
    pub version: String,
    /// The version that it would replace.
    pub baseline: String,
    /// Whether it is worse.
    pub verdict: Verdict,
    /// What it rests on: counts, intervals and the margin; what decided stands first.
    pub facts: Vec<Fact>,
    /// How many more of the canary's calls the verdict needs, if it goes on as it did; `None` once decided, and where
    /// that is not known.
    pub calls_needed: Option<u64>,
    /// When these calls will have come at the present rate, seconds.
    pub decided_in_s: Option<u64>,
    /// When it began to get traffic.
    pub since: DateTime<Utc>,
    /// When the verdict was reached, as far as is known.
    pub decided: Option<DateTime<Utc>>,
    /// The errors of the canary and the baseline.
    pub errors: Compared,
    /// The `CodeDeploy` deployment that shifts the alias, where there is one.
    pub deployment: Option<Progress>,
}

/// Counts of two versions, and what is known of the difference of their rates.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Compared {
    /// Of the canary: failures and calls.
    pub canary: (f64, f64),
    /// Of the baseline.
    pub baseline: (f64, f64),
    /// The canary's rate less the baseline's: where it lies at every look with the confidence of the terms.
    pub difference: Option<(f64, f64)>,
}

/// The canary of `alias`; `None` where its traffic is not split.
///
/// Of several additional versions it is the one that does worst; of equals, the one with the most weight.
pub(crate) fn canary(
    function: &FunctionState,
    alias: &AliasTraffic,
    live: Option<&FunctionLive>,
    deployment: Option<&Deployment>,
    params: &Params,
    now: DateTime<Utc>,
) -> Option<Canary> {
    let baseline = alias.version.as_deref()?;
    let judged = alias.additional.iter().filter(|(_, weight)| **weight > 0.0).map(|(version, weight)| {
        let split = Split { function, alias: &alias.name, version, baseline };
        let judgement = judge(&split.steps(live, params, now), &params.canary);
        (rank(judgement.verdict().0), *weight, split, judgement)
    });
    let worst = judged.min_by(|one, other| one.0.cmp(&other.0).then(other.1.total_cmp(&one.1)))?;
    let (_, _, split, judgement) = worst;
    let (verdict, decided) = judgement.verdict();
    let per_s = judgement.canary.calls / (judgement.minutes().max(1) * 60) as f64;
    let pair = |count: Count| (count.failures, count.calls);
    let since = judgement.span.map_or_else(|| split.begin(now).start(), |(first, _)| first.start());
    Some(Canary {
        facts: facts(&split, &judgement, alias, live, &params.canary),
        calls_needed: judgement.calls_needed.map(|calls| calls.ceil() as u64),
        decided_in_s: judgement.calls_needed.filter(|_| per_s > 0.0).map(|calls| (calls / per_s).ceil() as u64),
        since,
        // A minute is known when it is over.
        decided: decided.map(|minute| minute.plus(1).start()),
        errors: Compared {
            canary: pair(judgement.canary),
            baseline: pair(judgement.baseline),
            difference: judgement.difference,
        },
        deployment: deployment.map(|one| Progress::of(one, now)),
        version: split.version.to_string(),
        baseline: baseline.to_string(),
        verdict,
    })
}

/// The worst verdict first.
fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Fail => 0,
        Verdict::NotEnoughData => 1,
        Verdict::Pass => 2,
    }
}

#[cfg(test)]
mod tests;
