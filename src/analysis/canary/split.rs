//! One split of an alias's traffic: when it began, and what its two versions did minute by minute since.

use chrono::{DateTime, Utc};

use super::judge::{Side, Step};
use crate::analysis::Params;
use crate::analysis::live::FunctionLive;
use crate::analysis::statistics::Count;
use crate::store::series::CAPACITY;
use crate::store::state::FunctionState;
use lambda_model::change::{Changed, Routing};
use lambda_model::metric::{Metric, Statistic};
use lambda_model::time::Minute;

/// Two versions behind one alias.
#[derive(Clone, Copy, Debug)]
pub(super) struct Split<'a> {
    pub(super) function: &'a FunctionState,
    pub(super) alias: &'a str,
    /// The version that is tried.
    pub(super) version: &'a str,
    /// The version that it would replace.
    pub(super) baseline: &'a str,
}

/// When an alias was last changed, as far as that was seen: since then its weights are what they are.
pub(in crate::analysis) fn weighed(function: &FunctionState, alias: &str) -> Option<DateTime<Utc>> {
    let mut changes = function.changes.iter().rev();
    let last = changes.find(|change| matches!(&change.what, Changed::Alias { name, .. } if name == alias));
    last.map(|change| change.at)
}

impl Split<'_> {
    /// The first minute that may belong to it: that of the change that gave it both versions, where that was seen, and
    /// else the oldest that is kept.
    pub(super) fn begin(&self, now: DateTime<Utc>) -> Minute {
        let oldest = Minute::newest_complete(now).plus(1 - i64::try_from(CAPACITY).unwrap_or_default());
        let is_it = |routing: &Routing| {
            routing.version == self.baseline && routing.additional.get(self.version).is_some_and(|weight| *weight > 0.0)
        };
        let began = self.function.changes.iter().rev().find_map(|change| match &change.what {
            Changed::Alias { name, from, to } if name == self.alias => {
                let began = to.as_ref().is_some_and(is_it) && !from.as_ref().is_some_and(is_it);
                began.then(|| Minute::of(change.after.unwrap_or(change.at)))
            }
            _ => None,
        });
        began.map_or(oldest, |minute| minute.max(oldest))
    }

    /// Its minutes, oldest first: from the metrics as far as they are settled, then from the logs, as far as they are
    /// whole.
    pub(super) fn steps(&self, live: Option<&FunctionLive>, params: &Params, now: DateTime<Utc>) -> Vec<Step> {
        let newest = Minute::newest_complete(now);
        let settled = newest.plus(-i64::from(params.provisional_minutes));
        let sides = |minute: Minute| {
            let (canary, baseline) = if minute <= settled {
                (self.metrics(self.version, minute), self.metrics(self.baseline, minute))
            } else {
                (self.logs(self.version, minute, live?)?, self.logs(self.baseline, minute, live?)?)
            };
            Some(Step { minute, canary, baseline })
        };
        (self.begin(now).0..=newest.0).map(Minute).filter_map(sides).collect()
    }

    /// What the metrics say of a version: errors and invocations, or nothing where only one of them is known.
    fn metrics(&self, version: &str, minute: Minute) -> Side {
        let series = self.function.executed.get(&(self.alias.to_string(), version.to_string()));
        let Some(series) = series else { return Side::default() };
        let sum = |metric| series.one(metric).and_then(|series| series.get(minute));
        let count = sum(Metric::Errors).zip(sum(Metric::Invocations));
        Side {
            count: count.map(|(errors, invocations)| Count::new(errors, invocations)),
            median_ms: series.get(Metric::Duration, Statistic::P50).and_then(|series| series.get(minute)),
        }
    }

    /// What the logs say of it; `None` where they do not show it, or show invocations of other aliases.
    fn logs(&self, version: &str, minute: Minute, live: &FunctionLive) -> Option<Side> {
        let is_elsewhere = self.function.aliases.iter().flat_map(|read| &read.value).any(|alias| {
            alias.name != self.alias && (alias.version == version || alias.additional.contains_key(version))
        });
        let by_version = live.minutes.get(&minute).filter(|_| !is_elsewhere)?;
        let Some(runs) = by_version.get(version) else { return Some(Side::default()) };
        Some(Side { count: Some(Count::new(runs.errors as f64, runs.calls as f64)), median_ms: runs.warm_p50_ms })
    }
}
