//! What is told of refused requests: the sentence, the facts, the commands.

use chrono::{DateTime, Utc};

use super::{Episode, Share};
use crate::analysis::pool::Pool;
use crate::analysis::rules::{Case, FunctionCase};
use crate::analysis::throttle::{Cause, REQUESTS_PER_ENVIRONMENT, SCALING};
use lambda_model::metric::{Metric, Statistic};
use lambda_model::time::Minute;

/// So much of the limit stays unreserved: Lambda refuses a reservation beyond it (aws-facts 6.4).
const ALWAYS_UNRESERVED: u32 = 100;
/// Service Quotas' code of the concurrency limit (aws-facts 7.2).
const CONCURRENCY_QUOTA: &str = "L-B99A9384";
/// Minutes before a begin that tell what was usual.
const USUAL_MINUTES: i64 = 10;

/// A time of day, as every fact names it.
pub(in crate::analysis::rules) fn clock(at: DateTime<Utc>) -> String {
    at.format("%H:%M").to_string()
}

/// A share in percent, with a decimal where it is small.
pub(in crate::analysis::rules) fn percent(share: f64) -> String {
    if share < 0.1 { format!("{:.1} %", 100.0 * share) } else { format!("{:.0} %", 100.0 * share) }
}

/// Milliseconds, in seconds from one on.
fn span(ms: f64) -> String {
    if ms < 1000.0 { format!("{ms:.0} ms") } else { format!("{:.1} s", ms / 1000.0) }
}

/// The command that asks for a higher limit.
pub(in crate::analysis::rules) fn raise_limit(case: &Case<'_>, desired: f64) -> String {
    let place = case.place();
    format!(
        "aws service-quotas request-service-quota-increase --service-code lambda --quota-code {CONCURRENCY_QUOTA} \
         --desired-value {:.0} {place}",
        desired.ceil()
    )
}

/// The command that reserves so much for a function.
pub(in crate::analysis::rules) fn reserve(case: &Case<'_>, name: &str, reserved: u32) -> String {
    let place = case.place();
    format!(
        "aws lambda put-function-concurrency --function-name {name} --reserved-concurrent-executions {reserved} {place}"
    )
}

pub(super) fn summary(case: &Case<'_>, function: &FunctionCase<'_>, episode: &Episode, share: &Share) -> String {
    let name = function.name();
    let refused = format!("{name} is refused {:.0} requests a minute", share.throttles);
    match episode.cause {
        Cause::ReservedZero => format!("{refused}: its reservation is 0, nothing of it runs"),
        Cause::ReservedLimit(reserved) => format!("{refused}: its reservation of {reserved} is in use"),
        Cause::ReservedRate(reserved) => format!(
            "{refused}: {:.0} a second are asked of a reservation of {reserved}, which allows {:.0}",
            share.asked() / 60.0,
            f64::from(reserved) * REQUESTS_PER_ENVIRONMENT
        ),
        Cause::AccountRate => {
            let allowed = case.pool.limit.map(|limit| f64::from(limit) * REQUESTS_PER_ENVIRONMENT);
            let allowed = allowed.map(|rate| format!(" of {rate:.0} a second")).unwrap_or_default();
            format!("{refused}: the account's request rate{allowed} is reached")
        }
        Cause::Scaling => format!("{refused}: it needs new environments faster than {SCALING:.0} in ten seconds"),
        Cause::Pool => format!("{refused}: the Region's unreserved pool is in use"),
        Cause::Unknown => format!("{refused}, and no limit that lamtop sees was reached"),
    }
}

pub(super) fn evidence(case: &Case<'_>, function: &FunctionCase<'_>, episode: &Episode, share: &Share) -> Vec<String> {
    let (last, since) = (episode.last, Minute::of(episode.held.since));
    let mut evidence = vec![callers_view(share, last)];
    let in_use = function.value(Metric::ConcurrentExecutions, last);
    let in_use_of =
        |limit: u32| in_use.map(|in_use| format!("at most {in_use:.0} of {limit} reserved environments in use"));
    evidence.extend(match episode.cause {
        Cause::ReservedZero => reservation_read(function),
        Cause::ReservedLimit(reserved) | Cause::ReservedRate(reserved) => in_use_of(reserved),
        _ => in_use.map(|in_use| format!("at most {in_use:.0} environments in use")),
    });
    if episode.cause == Cause::Scaling {
        let before = function.value(Metric::ConcurrentExecutions, since.plus(-1));
        evidence.extend(before.map(|before| format!("at most {before:.0} in use in the minute before it began")));
    }
    evidence.extend(fill(case, last));
    evidence.extend(demand(function, last, since));
    evidence.push(lasting(episode));
    evidence
}

/// What callers see of a minute.
pub(super) fn callers_view(share: &Share, minute: Minute) -> String {
    format!(
        "{:.0} of {:.0} requests refused at {} ({}); with {:.0} errors, callers see {} fail",
        share.throttles,
        share.asked(),
        clock(minute.start()),
        percent(share.refused()),
        share.errors,
        percent(share.failed()),
    )
}

fn reservation_read(function: &FunctionCase<'_>) -> Option<String> {
    let reserved = function.state.reserved.as_ref()?;
    let is = reserved.value.map_or_else(|| "none".to_string(), |reserved| reserved.to_string());
    Some(format!("reservation read at {}: {is}", clock(reserved.at)))
}

/// How full the Region is.
pub(in crate::analysis::rules) fn fill(case: &Case<'_>, minute: Minute) -> Option<String> {
    let (claimed, limit) = (Pool::claimed_in(case.state, minute)?, case.pool.limit?);
    Some(format!("the Region claims at most {claimed:.0} of {limit} at {}", clock(minute.start())))
}

/// Whether more is asked, or calls take longer, than before it began.
fn demand(function: &FunctionCase<'_>, minute: Minute, since: Minute) -> Option<String> {
    let asked = |minute| {
        Some(function.value(Metric::Invocations, minute)? + function.value(Metric::Throttles, minute).unwrap_or(0.0))
    };
    let usual =
        |of: &dyn Fn(Minute) -> Option<f64>| median((1..=USUAL_MINUTES).filter_map(|back| of(since.plus(-back))));
    let mut told = vec![format!("{:.0} requests a minute, {:.0} before", asked(minute)?, usual(&asked)?)];
    let lasts = |minute| function.statistic(Metric::Duration, Statistic::Average, minute);
    if let (Some(now), Some(before)) = (lasts(minute), usual(&lasts)) {
        told.push(format!("a call takes {}, {} before", span(now), span(before)));
    }
    Some(told.join("; "))
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

fn lasting(episode: &Episode) -> String {
    let plural = if episode.held.points == 1 { "" } else { "s" };
    let since = clock(episode.held.since);
    format!("refused in {} minute{plural} since {since}", episode.held.points)
}

pub(super) fn next(case: &Case<'_>, function: &FunctionCase<'_>, episode: &Episode) -> Vec<String> {
    let (name, place) = (function.name().as_str(), case.place());
    let share = Share::of(&function.state.series, episode.last);
    let about = |what: &str| format!("aws lambda {what} --function-name {name} {place}");
    let who = format!(
        "aws cloudtrail lookup-events --lookup-attributes AttributeKey=ResourceName,AttributeValue={name} {place}"
    );
    match episode.cause {
        Cause::ReservedZero => vec![who, about("delete-function-concurrency")],
        Cause::ReservedLimit(reserved) => {
            // Little's law: what is refused would keep as many busy as what runs.
            let times = if share.invocations > 0.0 { share.asked() / share.invocations } else { 2.0 };
            more_reserved(case, name, reserved, f64::from(reserved) * times)
        }
        Cause::ReservedRate(reserved) => {
            more_reserved(case, name, reserved, share.asked() / 60.0 / REQUESTS_PER_ENVIRONMENT)
        }
        Cause::AccountRate => {
            let asked = |metric| case.region_value(metric, episode.last).unwrap_or(0.0);
            let rate = (asked(Metric::Invocations) + asked(Metric::Throttles)) / 60.0;
            vec![raise_limit(
                case,
                (rate / REQUESTS_PER_ENVIRONMENT).max(f64::from(case.pool.limit.unwrap_or(0)) + 1.0),
            )]
        }
        Cause::Scaling => {
            let alias = function.state.aliases.as_ref().and_then(|read| read.value.first());
            let Some(alias) = alias else { return vec![about("list-aliases")] };
            let ready = function.value(Metric::ConcurrentExecutions, episode.last).unwrap_or(SCALING);
            let action = "aws lambda put-provisioned-concurrency-config";
            vec![format!(
                "{action} --function-name {name} --qualifier {} --provisioned-concurrent-executions {ready:.0} {place}",
                alias.name
            )]
        }
        Cause::Pool | Cause::Unknown => {
            vec![about("get-function-concurrency"), format!("aws lambda get-account-settings {place}"), who]
        }
    }
}

/// A larger reservation where the Region has room for it, otherwise a higher limit.
fn more_reserved(case: &Case<'_>, name: &str, reserved: u32, desired: f64) -> Vec<String> {
    let desired = (desired.ceil() as u32).max(reserved.saturating_add(1));
    let room = case.pool.unreserved_limit.map(|left| left.saturating_sub(ALWAYS_UNRESERVED).saturating_add(reserved));
    let granted = desired.min(room.unwrap_or(desired));
    let mut next = Vec::new();
    if granted > reserved {
        next.push(reserve(case, name, granted));
    }
    if let Some(limit) = case.pool.limit.filter(|_| granted < desired) {
        next.push(raise_limit(case, f64::from(limit) + f64::from(desired - granted)));
    }
    next
}
