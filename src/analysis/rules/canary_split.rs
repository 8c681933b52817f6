//! `canary.split_off`: an alias's traffic is not split as its weights say. Chance alone never raises it, and minutes
//! from before the weights were last changed never count.

use chrono::{DateTime, Utc};

use super::advice;
use super::case::{Case, Found, FunctionCase, LOOK_BACK};
use crate::analysis::canary::weighed;
use crate::analysis::fact::{Fact, Quantity, Subject};
use crate::analysis::statistics::{Count, proportion};
use crate::analysis::traffic::AliasTraffic;
use lambda_model::finding::Severity;
use lambda_model::metric::Metric;
use lambda_model::time::Minute;

/// A share may differ from its weight by this part of it (of the smaller of the two sides'), whatever the counts say:
/// what is less does not matter to a canary.
const TOLERANCE: f64 = 0.25;
/// The chance that a split as configured is ever called off, while the weights stay.
const ALPHA: f64 = 0.001;
/// An environment may report its minute one later, which is read up to another one later: with few environments that
/// may be nearly all that a version was called.
const LATE_MINUTES: i64 = 2;
/// Where the weights were not seen to be set: for how many minutes the split must have been off, and the same.
const STEADY_MINUTES: i64 = 15;

/// What the rule finds in a case.
pub(super) fn check(case: &Case<'_>) -> Vec<Found> {
    let Some(function) = case.function else { return Vec::new() };
    let splits = function.aliases.iter().flat_map(|alias| alias.additional.iter().map(move |split| (alias, split)));
    splits.filter_map(|(alias, (version, weight))| split(case, &function, alias, version, *weight)).collect()
}

/// The part of an alias's calls that ran one version.
#[derive(Clone, Copy)]
struct Share {
    count: Count,
    from: Minute,
}

impl Share {
    /// Over settled minutes of which the calls of all versions are known.
    fn over(function: &FunctionCase, alias: &AliasTraffic, version: &str, minutes: (Minute, Minute)) -> Option<Self> {
        let calls = |of: &str, minute: Minute| {
            let series = function.state.executed.get(&(alias.name.clone(), of.to_string()))?;
            series.one(Metric::Invocations)?.get(minute)
        };
        let mut share: Option<Self> = None;
        for minute in (minutes.0.0..=minutes.1.0).map(Minute) {
            // A version without calls publishes nothing in that minute.
            let all = alias.versions.iter().filter_map(|one| calls(&one.version, minute)).reduce(|sum, one| sum + one);
            let Some(all) = all else { continue };
            let count = Count::new(calls(version, minute).unwrap_or(0.0), all);
            let so_far = share.get_or_insert(Self { count: Count::default(), from: minute });
            so_far.count = so_far.count + count;
        }
        share
    }

    /// Whether it is off a weight by more than the tolerance, beyond chance.
    fn is_off(self, weight: f64) -> bool {
        let tolerance = TOLERANCE * weight.min(1.0 - weight);
        let (low, high) = proportion(self.count, ALPHA);
        low > weight + tolerance || high < weight - tolerance
    }
}

fn split(case: &Case, function: &FunctionCase, alias: &AliasTraffic, version: &str, weight: f64) -> Option<Found> {
    // What ran after the weights were read may have found others.
    let read = function.state.aliases.as_ref()?.at;
    let settled = case.settled().plus(-LATE_MINUTES).min(Minute::newest_complete(read));
    let seen: Option<DateTime<Utc>> = weighed(function.state, &alias.name);
    let oldest = settled.plus(1 - LOOK_BACK);
    // The minute of the change still holds calls from before.
    let from = seen.map_or(oldest, |at| Minute::of(at).plus(1)).max(oldest);
    let share = Share::over(function, alias, version, (from, settled))?;
    if !share.is_off(weight) {
        return None;
    }
    if seen.is_none() {
        // Perhaps its weight is new, and its first calls are on their way.
        if share.count.failures <= 0.0 {
            return None;
        }
        // An unseen change shows as a split that was another before: then it is off in one half only, or in no long time.
        if settled.0 - share.from.0 + 1 < STEADY_MINUTES {
            return None;
        }
        let middle = Minute(share.from.0.midpoint(settled.0));
        let halves = [(share.from, middle), (middle.plus(1), settled)];
        let [older, newer] = halves.map(|half| Share::over(function, alias, version, half));
        let (older, newer) = (older?, newer?);
        let ((low, high), newer_rate) = (proportion(older.count, ALPHA), newer.count.rate()?);
        if !(older.is_off(weight) && newer.is_off(weight) && (low..=high).contains(&newer_rate)) {
            return None;
        }
    }
    Some(found(case, function, alias, version, weight, share, (seen, settled)))
}

fn found(
    case: &Case,
    function: &FunctionCase,
    alias: &AliasTraffic,
    version: &str,
    weight: f64,
    Share { count, from }: Share,
    (seen, settled): (Option<DateTime<Utc>>, Minute),
) -> Found {
    let minutes = (settled.0 - from.0 + 1).max(1) as f64;
    let about = |fact: Fact| fact.about(Subject::Version(version.to_string()));
    let options = [("--name", alias.name.as_str())];
    Found {
        severity: Severity::Warning,
        alias: Some(alias.name.clone()),
        since: from.start(),
        // Unseen, the weights may just have been changed.
        confidence: if seen.is_some() { 1.0 - ALPHA } else { 0.8 },
        facts: vec![
            about(Fact::new(Quantity::TrafficShare, count.rate()).range(proportion(count, ALPHA))),
            about(Fact::new(Quantity::Weight, weight)),
            about(Fact::new(Quantity::Invocations, count.failures).of(count.calls).at(from.start())),
            match seen {
                Some(at) => Fact::instant(Quantity::AliasChanged, at),
                None => Fact::new(Quantity::AliasChangeNotSeen, None),
            },
        ],
        commands: vec![
            advice::lambda(case, function, "get-alias", &options),
            advice::lambda(case, function, "list-provisioned-concurrency-configs", &[]),
        ],
        impact: (count.failures - weight * count.calls).abs() / minutes,
        ..Found::default()
    }
}

#[cfg(test)]
mod tests;
