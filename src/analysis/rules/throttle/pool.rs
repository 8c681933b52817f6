//! The unreserved pool is used up: one finding of the Region, whoever is throttled.

use super::episode::Share;
use super::facts::{self, fill};
use crate::analysis::consumers::{Consumer, consumers, scarce_since};
use crate::analysis::fact::{Fact, Quantity, Subject};
use crate::analysis::finding::Command;
use crate::analysis::pool::Pool;
use crate::analysis::rules::advice;
use crate::analysis::rules::case::{Case, Found, LOOK_BACK};
use crate::analysis::rules::held::Sign;
use crate::analysis::throttle::{Cause, FULL, throttled};
use crate::store::state::FunctionState;
use lambda_model::FunctionName;
use lambda_model::metric::Metric;
use lambda_model::time::Minute;

/// How many minutes back to look for one that most functions have published.
const LOOK_BACK_MINUTES: i64 = 8;
/// The number of those that grew that are named.
const NAMED: usize = 5;
/// A pool whose throttled requests no function that was read explains may throttle those that were not.
const UNSEEN: f64 = 0.7;

/// The Region's unreserved pool is in use, and functions without a reservation are throttled.
pub(in crate::analysis::rules) fn unreserved_pool(case: &Case<'_>) -> Vec<Found> {
    if case.function.is_some() || !case.minutes().any(|minute| is_full(case, minute)) {
        return Vec::new();
    }
    let known = throttled_lately(case);
    let Some(held) = case.held(|minute| sign(case, &known, minute)) else { return Vec::new() };
    let last = observed(case, &known, Minute::of(held.last));
    let mut throttled = by_pool(case, &known, last);
    throttled.sort_by(|one, other| other.share.throttles.total_cmp(&one.share.throttles));
    let seen: f64 = throttled.iter().map(|one| one.share.throttles).sum();
    let sure: f64 = throttled.iter().map(|one| one.share.throttles * one.confidence).sum();
    let all = throttled.iter().fold(Share::default(), |all, one| Share {
        throttles: all.throttles + one.share.throttles,
        errors: all.errors + one.share.errors,
        invocations: all.invocations + one.share.invocations,
    });
    let all = if throttled.is_empty() { Share::of(case.region(), last) } else { all };
    let grown = consumers(case.state, last, scarce_since(case.state, case.thresholds().near_limit, last, LOOK_BACK));
    let mut facts = facts::callers_view(&all, last).to_vec();
    facts.push(Fact::new(Quantity::ThrottledFunctions, throttled.len() as f64));
    facts.extend(fill(case, last));
    facts.extend(grew(&grown).into_iter().map(|fact| fact.limit(case.pool.limit.map(f64::from))));
    facts.extend(throttled.iter().take(NAMED).map(|one| {
        let fact = Fact::new(Quantity::ThrottledRequests, one.share.throttles);
        fact.about(Subject::Function(one.name.clone())).at(last.start())
    }));
    facts.push(Fact::new(Quantity::MinutesSeen, f64::from(held.points)));
    vec![Found {
        severity: all.severity(case),
        since: held.since,
        confidence: if seen > 0.0 { sure / seen } else { UNSEEN },
        facts,
        commands: commands(case, &grown, &all),
        impact: all.throttles,
        affected: throttled.into_iter().map(|one| one.name).collect(),
        ..Found::default()
    }]
}

/// A function that the pool throttles.
struct Victim {
    name: FunctionName,
    share: Share,
    confidence: f64,
}

fn is_full(case: &Case<'_>, minute: Minute) -> bool {
    Pool::fill(case.state, minute).is_some_and(|fill| fill >= FULL)
}

/// The newest minute up to `last` in which functions account for half of the Region's throttled requests: those that are not on
/// screen are read every few minutes only.
fn observed(case: &Case<'_>, functions: &[&FunctionState], last: Minute) -> Minute {
    let tells = |minute: &Minute| {
        let of = |function: &&FunctionState| function.series.one(Metric::Throttles)?.get(*minute);
        let observed: f64 = functions.iter().filter_map(of).sum();
        is_full(case, *minute) && case.region_value(Metric::Throttles, *minute).is_some_and(|all| 2.0 * observed >= all)
    };
    (0..LOOK_BACK_MINUTES).map(|back| last.plus(-back)).find(tells).unwrap_or(last)
}

/// The functions that were throttled in the minutes that are looked at.
fn throttled_lately<'a>(case: &Case<'a>) -> Vec<&'a FunctionState> {
    let known = case.state.functions.values().filter(|function| case.state.exists(function));
    let (from, to) = (case.settled().plus(1 - LOOK_BACK), case.settled());
    let is_throttled = |function: &&FunctionState| {
        let series = function.series.one(Metric::Throttles);
        series.is_some_and(|series| series.range(from, to).flatten().any(|throttles| throttles > 0.0))
    };
    known.map(AsRef::as_ref).filter(is_throttled).collect()
}

fn by_pool(case: &Case<'_>, functions: &[&FunctionState], minute: Minute) -> Vec<Victim> {
    let by_pool = functions.iter().filter_map(|function| {
        let live = case.live.functions.get(&function.name).map(AsRef::as_ref);
        let throttled = throttled(case.state, function, live, minute).filter(|one| one.cause == Cause::Pool)?;
        let share = Share::of(&function.series, minute);
        Some(Victim { name: function.name.clone(), share, confidence: throttled.confidence })
    });
    by_pool.collect()
}

fn sign(case: &Case<'_>, functions: &[&FunctionState], minute: Minute) -> Sign {
    let in_region = case.region_value(Metric::Throttles, minute);
    if in_region == Some(0.0) || Pool::fill(case.state, minute).is_some() && !is_full(case, minute) {
        return Sign::Absent;
    }
    if !is_full(case, minute) {
        return Sign::Unknown;
    }
    let throttled = by_pool(case, functions, minute);
    if throttled.iter().any(|one| one.share.sign() == Sign::Strong) {
        return Sign::Strong;
    }
    let known: f64 = functions.iter().map(|function| Share::of(&function.series, minute).throttles).sum();
    // Functions that are not on screen are read later than the Region.
    let unseen = in_region.is_some_and(|all| all > known);
    Sign::weak(!throttled.is_empty() || unseen)
}

/// Who grew, the most first; nothing where nobody did.
pub(in crate::analysis::rules) fn grew(consumers: &[Consumer]) -> Vec<Fact> {
    let grown = consumers.iter().filter(|one| one.growth() >= 1.0).take(NAMED);
    let fact = |one: &Consumer| {
        let concurrency = Fact::new(Quantity::Concurrency, one.in_use).before(one.before).at_most();
        concurrency.about(Subject::Function(one.name.clone()))
    };
    grown.map(fact).collect()
}

/// A cap for the one that grew, and a higher limit.
fn commands(case: &Case<'_>, grown: &[Consumer], all: &Share) -> Vec<Command> {
    let mut commands = Vec::new();
    if let Some(eater) = grown.first().filter(|eater| eater.growth() >= 1.0) {
        // Half way back leaves it most of what it had and the others the rest.
        let cap = eater.before.unwrap_or(0.0).midpoint(eater.in_use).ceil().max(1.0);
        commands.push(advice::reserve(case, eater.name.as_str(), cap as u32));
    }
    let limit = case.pool.limit.map(f64::from);
    commands.extend(limit.map(|limit| {
        let times = if all.invocations > 0.0 { all.asked() / all.invocations } else { 2.0 };
        advice::raise_limit(case, limit * times.clamp(1.1, 2.0))
    }));
    commands
}
