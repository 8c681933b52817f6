//! What throttled requests rest on, and the commands that go on from there.

use super::episode::{Episode, Share};
use crate::analysis::fact::{Fact, Quantity, Subject};
use crate::analysis::finding::Command;
use crate::analysis::pool::Pool;
use crate::analysis::rules::advice;
use crate::analysis::rules::case::{Case, FunctionCase};
use crate::analysis::throttle::{Cause, REQUESTS_PER_ENVIRONMENT, SCALING};
use lambda_model::metric::{Metric, Statistic};
use lambda_model::time::Minute;

/// This much of the limit stays unreserved: Lambda rejects a reservation beyond it (docs/aws.md#concurrency-limits).
const ALWAYS_UNRESERVED: u32 = 100;
/// Minutes before a begin that show what was usual.
const USUAL_MINUTES: i64 = 10;

pub(super) fn facts(case: &Case<'_>, function: &FunctionCase<'_>, episode: &Episode, share: &Share) -> Vec<Fact> {
    let (last, since) = (episode.last, Minute::of(episode.held.since));
    let mut facts = callers_view(share, last).to_vec();
    facts.extend(match episode.cause {
        Cause::ReservedZero => Some(reservation_read(function)),
        Cause::ReservedLimit(reserved) | Cause::ReservedRate(reserved) => {
            Some(Fact::new(Quantity::ReservedConcurrency, f64::from(reserved)))
        }
        _ => None,
    });
    let rate = Fact::new(Quantity::RequestRate, share.asked() / 60.0);
    let allowed = |environments: u32| f64::from(environments) * REQUESTS_PER_ENVIRONMENT;
    facts.extend(match episode.cause {
        Cause::ReservedRate(reserved) => Some(rate.limit(allowed(reserved))),
        Cause::AccountRate => Some(region_rate(case, last).limit(case.pool.limit.map(allowed))),
        _ => None,
    });
    let in_use = |minute| function.value(Metric::ConcurrentExecutions, minute);
    facts.extend(in_use(last).filter(|_| episode.cause != Cause::ReservedZero).map(|now| {
        let concurrency = Fact::new(Quantity::Concurrency, now).at_most().at(last.start());
        match episode.cause {
            Cause::ReservedLimit(reserved) | Cause::ReservedRate(reserved) => concurrency.limit(f64::from(reserved)),
            Cause::Scaling => concurrency.before(in_use(since.plus(-1))),
            _ => concurrency,
        }
    }));
    facts.extend(fill(case, last));
    facts.extend(demand(function, last, since));
    facts.push(Fact::new(Quantity::MinutesSeen, f64::from(episode.held.points)));
    facts
}

/// What callers see of a minute.
pub(super) fn callers_view(share: &Share, minute: Minute) -> [Fact; 2] {
    let of_all = |quantity, requests: f64| Fact::new(quantity, requests).of(share.asked()).at(minute.start());
    [
        of_all(Quantity::ThrottledRequests, share.throttles),
        of_all(Quantity::FailedRequests, share.throttles + share.errors),
    ]
}

fn reservation_read(function: &FunctionCase<'_>) -> Fact {
    match &function.state.reserved {
        Some(read) => Fact::new(Quantity::ReservedConcurrency, read.value.map(f64::from)).at(read.at),
        None => Fact::new(Quantity::ReservedConcurrency, 0.0),
    }
}

/// How full the Region is.
pub(in crate::analysis::rules) fn fill(case: &Case<'_>, minute: Minute) -> Option<Fact> {
    let (claimed, limit) = (Pool::claimed_in(case.state, minute)?, f64::from(case.pool.limit?));
    let claimed = Fact::new(Quantity::ClaimedConcurrency, claimed).limit(limit).at_most();
    Some(claimed.at(minute.start()).about(Subject::Region))
}

/// What is asked of the whole Region, a second.
fn region_rate(case: &Case<'_>, minute: Minute) -> Fact {
    let asked = |metric| case.region_value(metric, minute).unwrap_or(0.0);
    let rate = (asked(Metric::Invocations) + asked(Metric::Throttles)) / 60.0;
    Fact::new(Quantity::RequestRate, rate).about(Subject::Region)
}

/// Whether more is asked, or invocations take longer, than before it began.
fn demand(function: &FunctionCase<'_>, minute: Minute, since: Minute) -> Vec<Fact> {
    let asked = |minute| {
        Some(function.value(Metric::Invocations, minute)? + function.value(Metric::Throttles, minute).unwrap_or(0.0))
    };
    let lasts = |minute| Some(function.statistic(Metric::Duration, Statistic::Average, minute)? / 1000.0);
    let both = |quantity, of: &dyn Fn(Minute) -> Option<f64>| {
        let usual = median((1..=USUAL_MINUTES).filter_map(|back| of(since.plus(-back))))?;
        Some(Fact::new(quantity, of(minute)?).before(usual))
    };
    both(Quantity::Requests, &asked).into_iter().chain(both(Quantity::AverageDuration, &lasts)).collect()
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

pub(super) fn commands(case: &Case<'_>, function: &FunctionCase<'_>, episode: &Episode) -> Vec<Command> {
    let name = function.name().as_str();
    let share = Share::of(&function.state.series, episode.last);
    let about = |operation| advice::lambda(case, function, operation, &[]);
    match episode.cause {
        Cause::ReservedZero => vec![advice::history(case, function), about("delete-function-concurrency")],
        Cause::ReservedLimit(reserved) => {
            // Little's law: what is throttled would keep as many busy as what runs.
            let times = if share.invocations > 0.0 { share.asked() / share.invocations } else { 2.0 };
            more_reserved(case, name, reserved, f64::from(reserved) * times)
        }
        Cause::ReservedRate(reserved) => {
            more_reserved(case, name, reserved, share.asked() / 60.0 / REQUESTS_PER_ENVIRONMENT)
        }
        Cause::AccountRate => {
            let rate = region_rate(case, episode.last).value.unwrap_or(0.0);
            let least = f64::from(case.pool.limit.unwrap_or(0)) + 1.0;
            vec![advice::raise_limit(case, (rate / REQUESTS_PER_ENVIRONMENT).max(least))]
        }
        Cause::Scaling => {
            let alias = function.state.aliases.as_ref().and_then(|read| read.value.first());
            let Some(alias) = alias else { return vec![about("list-aliases")] };
            let ready = function.value(Metric::ConcurrentExecutions, episode.last).unwrap_or(SCALING);
            vec![advice::provision(case, function, &alias.name, ready)]
        }
        Cause::Pool | Cause::Unknown => {
            let limits = case.aws("lambda get-account-settings", &[]);
            vec![about("get-function-concurrency"), limits, advice::history(case, function)]
        }
    }
}

/// A larger reservation where the Region has room for it, otherwise a higher limit.
fn more_reserved(case: &Case<'_>, name: &str, reserved: u32, desired: f64) -> Vec<Command> {
    let desired = (desired.ceil() as u32).max(reserved.saturating_add(1));
    let room = case.pool.unreserved_limit.map(|left| left.saturating_sub(ALWAYS_UNRESERVED).saturating_add(reserved));
    let granted = desired.min(room.unwrap_or(desired));
    let mut commands = Vec::new();
    if granted > reserved {
        commands.push(advice::reserve(case, name, granted));
    }
    if let Some(limit) = case.pool.limit.filter(|_| granted < desired) {
        commands.push(advice::raise_limit(case, f64::from(limit) + f64::from(desired - granted)));
    }
    commands
}
