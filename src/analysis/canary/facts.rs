//! What a judgement rests on, what decided first.

use super::judge::{Judgement, Standing};
use super::split::Split;
use crate::analysis::fact::{Fact, Quantity, Subject};
use crate::analysis::forecast::Basis;
use crate::analysis::live::FunctionLive;
use crate::analysis::thresholds::CanaryTerms;
use crate::analysis::traffic::{AliasTraffic, VersionTraffic};

/// All facts of a judgement, what decided first.
pub(super) fn facts(
    split: &Split,
    judgement: &Judgement,
    alias: &AliasTraffic,
    live: Option<&FunctionLive>,
    terms: &CanaryTerms,
) -> Vec<Fact> {
    let (errors, durations) = (errors(split, judgement, terms), durations(split, judgement, terms));
    let is_slow = matches!(judgement.durations, Standing::Beyond(_));
    let mut facts = if is_slow && !matches!(judgement.errors, Standing::Beyond(_)) {
        [durations, errors].concat()
    } else {
        [errors, durations].concat()
    };
    facts.extend(
        judgement
            .span
            .map(|(first, _)| Fact::new(Quantity::MinutesCounted, judgement.minutes() as f64).at(first.start())),
    );
    facts.extend(cold_starts(split, live));
    facts.extend(callers_view(alias));
    facts
}

fn version(name: &str) -> Subject {
    Subject::Version(name.to_string())
}

/// Since when something is within the margin or beyond it; nothing while that is open.
fn standing(standing: Standing, within: Quantity, beyond: Quantity) -> Option<Fact> {
    match standing {
        Standing::Open => None,
        // A minute is known when it is over.
        Standing::Within(minute) => Some(Fact::instant(within, minute.plus(1).start())),
        Standing::Beyond(minute) => Some(Fact::instant(beyond, minute.plus(1).start())),
    }
}

fn errors(split: &Split, judgement: &Judgement, terms: &CanaryTerms) -> Vec<Fact> {
    let both = [(split.version, judgement.canary), (split.baseline, judgement.baseline)];
    let silent = both.iter().find(|(_, count)| count.calls <= 0.0);
    if let Some((name, _)) = silent {
        return vec![Fact::new(Quantity::Invocations, 0.0).about(version(name))];
    }
    let failed =
        both.map(|(name, count)| Fact::new(Quantity::Errors, count.failures).of(count.calls).about(version(name)));
    let difference = Fact::new(Quantity::ErrorRateDifference, None).range(judgement.difference).limit(terms.margin);
    let decided = standing(judgement.errors, Quantity::ErrorsWithinMargin, Quantity::ErrorsBeyondMargin);
    failed.into_iter().chain([difference]).chain(decided).collect()
}

fn durations(split: &Split, judgement: &Judgement, terms: &CanaryTerms) -> Vec<Fact> {
    let ratios = judgement.ratios;
    let ratio = Fact::new(Quantity::DurationRatio, None).limit(terms.slower).about(version(split.version));
    let ratio = match ratios.count {
        0 => ratio,
        minutes => {
            Fact { value: Some(ratios.mean.exp()), ..ratio.range(judgement.ratio).over_minutes(f64::from(minutes)) }
        }
    };
    let decided = standing(judgement.durations, Quantity::DurationsWithinMargin, Quantity::DurationsBeyondMargin);
    std::iter::once(ratio).chain(decided).collect()
}

/// A new version is colder by construction: shown, and not judged.
fn cold_starts(split: &Split, live: Option<&FunctionLive>) -> Vec<Fact> {
    let fact = |name: &str| {
        let live = live?;
        let cold = Fact::new(Quantity::ColdStarts, live.cold_starts(name)? as f64);
        let cold = cold.of(live.versions.get(name)?.invocations as f64).over_minutes(1.0);
        Some(cold.about(version(name)).read_from(Basis::Logs))
    };
    let both = fact(split.version).zip(fact(split.baseline));
    both.map_or_else(Vec::new, |(canary, baseline)| vec![canary, baseline])
}

/// What callers of the alias see: throttled requests ran no version, so they belong to none.
fn callers_view(alias: &AliasTraffic) -> Vec<Fact> {
    let sum =
        |part: fn(&VersionTraffic) -> Option<f64>| alias.versions.iter().filter_map(part).reduce(|sum, one| sum + one);
    let throttles = alias.throttles.filter(|throttles| *throttles > 0.0);
    let (Some(throttles), Some(errors), Some(calls)) =
        (throttles, sum(|version| version.errors), sum(|version| version.invocations))
    else {
        return Vec::new();
    };
    let of_all = |quantity, requests: f64| {
        Fact::new(quantity, requests).of(calls + throttles).about(Subject::Alias(alias.name.clone()))
    };
    vec![of_all(Quantity::FailedRequests, errors + throttles), of_all(Quantity::ThrottledRequests, throttles)]
}
