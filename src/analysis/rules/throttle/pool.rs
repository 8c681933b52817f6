//! The unreserved pool is used up: one finding of the Region, whoever is refused.

use super::{Share, words};
use crate::analysis::consumers::{Consumer, consumers, scarce_since};
use crate::analysis::pool::Pool;
use crate::analysis::rules::held::Sign;
use crate::analysis::rules::{Case, Found, LOOK_BACK, Rule};
use crate::analysis::throttle::{Cause, FULL, refused};
use crate::store::state::FunctionState;
use lambda_model::FunctionName;
use lambda_model::finding::Kind;
use lambda_model::metric::Metric;
use lambda_model::time::Minute;

/// So many minutes back a minute is looked for of which most functions tell.
const TOLD_MINUTES: i64 = 8;
/// So many of those that grew are named.
const NAMED: usize = 5;
/// A pool whose refusals no function that was read explains may refuse those that were not.
const UNSEEN: f64 = 0.7;

/// The Region's unreserved pool is in use, and functions without a reservation are refused.
#[derive(Clone, Copy, Debug)]
pub(in crate::analysis::rules) struct UnreservedPool;

impl Rule for UnreservedPool {
    fn kind(&self) -> Kind {
        Kind::ThrottleUnreservedPool
    }

    fn check(&self, case: &Case<'_>) -> Vec<Found> {
        if case.function.is_some() || !case.minutes().any(|minute| is_full(case, minute)) {
            return Vec::new();
        }
        let throttled = throttled(case);
        let Some(held) = case.held(|minute| sign(case, &throttled, minute)) else { return Vec::new() };
        let last = told(case, &throttled, Minute::of(held.last));
        let mut refused = refusals(case, &throttled, last);
        refused.sort_by(|one, other| other.share.throttles.total_cmp(&one.share.throttles));
        let seen: f64 = refused.iter().map(|one| one.share.throttles).sum();
        let sure: f64 = refused.iter().map(|one| one.share.throttles * one.confidence).sum();
        let all = refused.iter().fold(Share::default(), |all, one| Share {
            throttles: all.throttles + one.share.throttles,
            errors: all.errors + one.share.errors,
            invocations: all.invocations + one.share.invocations,
        });
        let all = if refused.is_empty() { Share::of(case.region(), last) } else { all };
        let grown =
            consumers(case.state, last, scarce_since(case.state, case.thresholds().near_limit, last, LOOK_BACK));
        let mut evidence = vec![words::callers_view(&all, last)];
        evidence.extend(words::fill(case, last));
        evidence.extend((!refused.is_empty()).then(|| format!("refused most: {}", list(&refused))));
        evidence.extend(grew(&grown));
        evidence.push(format!("full in {} minutes since {}", held.points, words::clock(held.since)));
        vec![Found {
            severity: all.severity(case),
            alias: None,
            since: held.since,
            confidence: if seen > 0.0 { sure / seen } else { UNSEEN },
            summary: summary(&all, refused.len(), grown.first()),
            evidence,
            next: next(case, &grown, &all),
            impact: all.throttles,
            affected: refused.into_iter().map(|one| one.name).collect(),
        }]
    }
}

/// A function that the pool refuses.
struct Refusal {
    name: FunctionName,
    share: Share,
    confidence: f64,
}

fn is_full(case: &Case<'_>, minute: Minute) -> bool {
    Pool::fill(case.state, minute).is_some_and(|fill| fill >= FULL)
}

/// The newest minute up to `last` in which functions tell of half of what the Region refused: those that are not on
/// screen are read every few minutes only.
fn told(case: &Case<'_>, throttled: &[&FunctionState], last: Minute) -> Minute {
    let tells = |minute: &Minute| {
        let of = |function: &&FunctionState| function.series.one(Metric::Throttles)?.get(*minute);
        let told: f64 = throttled.iter().filter_map(of).sum();
        is_full(case, *minute) && case.region_value(Metric::Throttles, *minute).is_some_and(|all| 2.0 * told >= all)
    };
    (0..TOLD_MINUTES).map(|back| last.plus(-back)).find(tells).unwrap_or(last)
}

/// The functions that were refused anything in the minutes that are looked at.
fn throttled<'a>(case: &Case<'a>) -> Vec<&'a FunctionState> {
    let known = case.state.functions.values().filter(|function| case.state.exists(function));
    let (from, to) = (case.settled().plus(1 - LOOK_BACK), case.settled());
    let is_throttled = |function: &&FunctionState| {
        let series = function.series.one(Metric::Throttles);
        series.is_some_and(|series| series.range(from, to).flatten().any(|throttles| throttles > 0.0))
    };
    known.map(AsRef::as_ref).filter(is_throttled).collect()
}

fn refusals(case: &Case<'_>, throttled: &[&FunctionState], minute: Minute) -> Vec<Refusal> {
    let refusals = throttled.iter().filter_map(|function| {
        let live = case.live.functions.get(&function.name).map(AsRef::as_ref);
        let refused = refused(case.state, function, live, minute).filter(|refused| refused.cause == Cause::Pool)?;
        let share = Share::of(&function.series, minute);
        Some(Refusal { name: function.name.clone(), share, confidence: refused.confidence })
    });
    refusals.collect()
}

fn sign(case: &Case<'_>, throttled: &[&FunctionState], minute: Minute) -> Sign {
    let in_region = case.region_value(Metric::Throttles, minute);
    if in_region == Some(0.0) || Pool::fill(case.state, minute).is_some() && !is_full(case, minute) {
        return Sign::Absent;
    }
    if !is_full(case, minute) {
        return Sign::Unknown;
    }
    let refused = refusals(case, throttled, minute);
    if refused.iter().any(|one| one.share.sign() == Sign::Strong) {
        return Sign::Strong;
    }
    let known: f64 = throttled.iter().map(|function| Share::of(&function.series, minute).throttles).sum();
    // Functions that are not on screen are read later than the Region.
    let unseen = in_region.is_some_and(|all| all > known);
    Sign::weak(!refused.is_empty() || unseen)
}

fn summary(all: &Share, functions: usize, eater: Option<&Consumer>) -> String {
    let refused = format!("the unreserved pool is in use: {:.0} requests a minute are refused", all.throttles);
    let whom = match functions {
        0 => String::new(),
        1 => " to one function".to_string(),
        more => format!(" to {more} functions"),
    };
    let who = eater.filter(|eater| eater.growth() >= 1.0);
    let who = who.map(|eater| format!("; {} grew most, by ≤ {:.0}", eater.name, eater.growth())).unwrap_or_default();
    format!("{refused}{whom}{who}")
}

fn list(refused: &[Refusal]) -> String {
    let named: Vec<_> =
        refused.iter().take(NAMED).map(|one| format!("{} {:.0}", one.name, one.share.throttles)).collect();
    let more = refused.len().saturating_sub(NAMED);
    if more > 0 { format!("{} and {more} more", named.join(", ")) } else { named.join(", ") }
}

/// Who grew, the most first; nothing where nobody did.
pub(in crate::analysis::rules) fn grew(consumers: &[Consumer]) -> Option<String> {
    let grown = consumers.iter().filter(|one| one.growth() >= 1.0).take(NAMED);
    let named: Vec<_> = grown
        .map(|one| match one.before {
            Some(before) => format!("{} {before:.0} → ≤ {:.0}", one.name, one.in_use),
            None => format!("{} ≤ {:.0}", one.name, one.in_use),
        })
        .collect();
    (!named.is_empty()).then(|| format!("grew most since the pool is scarce: {}", named.join(", ")))
}

/// A cap for the one that grew, and a higher limit.
fn next(case: &Case<'_>, grown: &[Consumer], all: &Share) -> Vec<String> {
    let mut next = Vec::new();
    if let Some(eater) = grown.first().filter(|eater| eater.growth() >= 1.0) {
        // Half way back leaves it most of what it had and the others the rest.
        let cap = eater.before.unwrap_or(0.0).midpoint(eater.in_use).ceil().max(1.0);
        next.push(words::reserve(case, eater.name.as_str(), cap as u32));
    }
    let limit = case.pool.limit.map(f64::from);
    next.extend(limit.map(|limit| {
        let times = if all.invocations > 0.0 { all.asked() / all.invocations } else { 2.0 };
        words::raise_limit(case, limit * times.clamp(1.1, 2.0))
    }));
    next
}
