//! One sentence for each kind of finding, the name that matters first. Pure.

use std::fmt::Write as _;

use crate::analysis::fact::{Bound, Fact, Quantity, Subject};
use crate::analysis::finding::Finding;
use crate::analysis::throttle::SCALING;
use crate::view::facts::{name, number, value};
use crate::view::units::{self, MISSING};
use lambda_model::finding::{Kind, Severity};

/// What it is about: a function, an alias of it, or the Region.
pub fn subject(finding: &Finding) -> String {
    match (&finding.function, &finding.alias) {
        (Some(function), Some(alias)) => format!("{function}:{alias}"),
        (Some(function), None) => function.to_string(),
        (None, _) => "the Region".to_string(),
    }
}

/// What is wrong.
pub fn summary(finding: &Finding) -> String {
    let who = subject(finding);
    let of = |quantity| said(finding, quantity);
    match finding.kind {
        Kind::ThrottleReservedZero => {
            format!("{}: its reserved concurrency is 0, so nothing runs", throttled(finding))
        }
        Kind::ThrottleReservedLimit => {
            let reserved = of(Quantity::ReservedConcurrency);
            format!("{}: its reserved concurrency of {reserved} is in use", throttled(finding))
        }
        Kind::ThrottleUnreservedPool => pool(finding),
        Kind::ThrottleRequestRate => request_rate(finding),
        Kind::ThrottleScalingRate => {
            format!("{}: it needs more than {SCALING:.0} new environments in 10 seconds", throttled(finding))
        }
        Kind::ThrottleUnknown => format!("{}, and no limit that lamtop sees was reached", throttled(finding)),
        Kind::ConcurrencyNearLimit => {
            let share = of(Quantity::PoolShare);
            format!(
                "The Region claims {} concurrent executions ({share})",
                parts(finding, Quantity::ClaimedConcurrency)
            )
        }
        Kind::ConcurrencyTopConsumer => top_consumer(finding),
        Kind::ConcurrencyProvisionedSpillover => spillover(finding),
        Kind::ErrorsRate => {
            let errors = a_minute(finding, Quantity::Errors);
            format!("{who} fails {} of its invocations: {errors} errors a minute", of(Quantity::ErrorRate))
        }
        Kind::ErrorsTimeout => {
            let timeouts = a_minute(finding, Quantity::Timeouts);
            format!("{who} reaches its timeout of {} {timeouts} times a minute", of(Quantity::Timeout))
        }
        Kind::ErrorsOutOfMemory => out_of_memory(finding),
        Kind::DurationNearTimeout => {
            let timeout = limit(finding, Quantity::LongestDuration);
            format!("{who} takes up to {} of its timeout of {timeout}", of(Quantity::LongestDuration))
        }
        Kind::MemoryNearLimit => {
            let size = limit(finding, Quantity::MemoryUsed);
            format!("{who} uses {} of its {size} of memory", of(Quantity::MemoryUsed))
        }
        Kind::ColdStartSurge => {
            let share = of(Quantity::ColdStartShare);
            format!("{who} starts cold {} times a minute, {share} of its invocations", of(Quantity::ColdStarts))
        }
        Kind::AsyncBacklog => backlog(finding),
        Kind::AsyncDropped => dropped(finding),
        Kind::DeadLetterGrowing => growing(finding),
        Kind::DeadLetterDeliveryFailing => {
            format!(
                "{who} loses failed events, {}: they do not reach the place that should keep them",
                of(Quantity::LostEvents)
            )
        }
        Kind::EventSourceLagging => lagging(finding),
        Kind::EventSourceDisabled => disabled(finding),
        Kind::RecursionDropped => {
            let dropped = a_minute(finding, Quantity::RecursiveInvocationsDropped);
            format!("{who} invokes itself in a loop: Lambda stops {dropped} chains a minute")
        }
        Kind::CanaryFailing => canary(finding),
        Kind::CanarySplitOff => {
            let version = finding.fact(Quantity::TrafficShare).map(name).unwrap_or_default().to_lowercase();
            let (share, weight) = (of(Quantity::TrafficShare), of(Quantity::Weight));
            format!("{who}: {version} gets {share} of the invocations, its weight is {weight}")
        }
        Kind::ChangeCode | Kind::ChangeConfiguration | Kind::ChangeAlias | Kind::ChangeConcurrency => change(finding),
    }
}

/// The value of the first fact with this quantity.
fn said(finding: &Finding, quantity: Quantity) -> String {
    finding.fact(quantity).and_then(value).unwrap_or_else(|| MISSING.to_string())
}

/// The value and its limit: `20 of 30`.
fn parts(finding: &Finding, quantity: Quantity) -> String {
    let value = finding.fact(quantity).and_then(|fact| fact.value).map(|value| number(quantity, value));
    format!("{} of {}", value.unwrap_or_else(|| MISSING.to_string()), limit(finding, quantity))
}

/// What the first fact with this quantity is compared with.
fn limit(finding: &Finding, quantity: Quantity) -> String {
    let limit = finding.fact(quantity).and_then(|fact| fact.limit);
    limit.map_or_else(|| MISSING.to_string(), |limit| number(quantity, limit))
}

/// A count a minute, with its bound in words.
fn a_minute(finding: &Finding, quantity: Quantity) -> String {
    let Some(fact) = finding.fact(quantity) else { return MISSING.to_string() };
    let bound = match fact.bound {
        Bound::Exact => "",
        Bound::AtLeast => "at least ",
        Bound::AtMost => "at most ",
    };
    format!("{bound}{}", fact.per_minute().map_or_else(|| MISSING.to_string(), units::count))
}

fn throttled(finding: &Finding) -> String {
    format!("{} is throttled {} times a minute", subject(finding), said(finding, Quantity::ThrottledRequests))
}

fn pool(finding: &Finding) -> String {
    let throttles = said(finding, Quantity::ThrottledRequests);
    let whom = match finding.fact(Quantity::ThrottledFunctions).and_then(|fact| fact.value).unwrap_or(0.0) {
        none if none < 1.0 => format!("{throttles} requests a minute are throttled"),
        one if one < 2.0 => format!("1 function is throttled {throttles} times a minute"),
        more => format!("{} functions are throttled {throttles} times a minute", units::count(more)),
    };
    match finding.fact(Quantity::Concurrency) {
        Some(fact) => {
            let limit = fact.limit.map(|limit| format!(" of {}", units::count(limit))).unwrap_or_default();
            format!("{} took {}{limit}; {whom}", name(fact), value(fact).unwrap_or_default())
        }
        None => format!("The unreserved pool is full; {whom}"),
    }
}

fn request_rate(finding: &Finding) -> String {
    let Some(rate) = finding.fact(Quantity::RequestRate) else { return throttled(finding) };
    let limit = rate.limit.map(|limit| format!(" of {}", number(rate.quantity, limit))).unwrap_or_default();
    if rate.subject == Subject::Region {
        return format!("{}: the account's request rate{limit} is reached", throttled(finding));
    }
    let (reserved, asked) = (said(finding, Quantity::ReservedConcurrency), said(finding, Quantity::RequestRate));
    format!("{}: {asked} exceed the rate{limit} of its reserved concurrency of {reserved}", throttled(finding))
}

fn top_consumer(finding: &Finding) -> String {
    let (who, share) = (subject(finding), said(finding, Quantity::PoolShare));
    let before = finding.fact(Quantity::Concurrency).and_then(|fact| {
        let (value, before) = (fact.value?, fact.before?);
        // Worth a word when it has doubled.
        (value - before >= before).then(|| format!(", {} before", units::count(before)))
    });
    let in_use = parts(finding, Quantity::Concurrency);
    format!("{who} takes {share} of a scarce pool: {in_use}{}", before.unwrap_or_default())
}

fn spillover(finding: &Finding) -> String {
    let spilled = said(finding, Quantity::ProvisionedSpillover);
    let provisioned = finding.fact(Quantity::ProvisionedConcurrency).filter(|fact| fact.value > Some(0.0));
    let why = provisioned.and_then(value).map(|ready| format!(": its {ready} provisioned environments are in use"));
    format!("{} spills over {spilled} times a minute{}", subject(finding), why.unwrap_or_default())
}

fn out_of_memory(finding: &Finding) -> String {
    let kills = finding.fact(Quantity::OutOfMemory);
    let times = if kills.is_some_and(|fact| fact.value == Some(1.0)) { "time" } else { "times" };
    let over = kills.and_then(|fact| fact.over_s).map(|seconds| format!(" in {}", units::seconds(seconds)));
    let size = finding.fact(Quantity::MemorySize).and_then(value).map(|size| format!(" of {size}"));
    format!(
        "{} ran out of memory {} {times}{}: its memory{} is too small",
        subject(finding),
        said(finding, Quantity::OutOfMemory),
        over.unwrap_or_default(),
        size.unwrap_or_default()
    )
}

fn backlog(finding: &Finding) -> String {
    let rises =
        finding.fact(Quantity::OldestEventAge).is_some_and(|age| age.before.is_some() && age.value > age.before);
    let end = if rises { ", and longer and longer" } else { "" };
    let age = said(finding, Quantity::OldestEventAge);
    format!("{}: events wait {age} before they are processed{end}", subject(finding))
}

fn dropped(finding: &Finding) -> String {
    let target = finding.fact(Quantity::FailureTarget).map(name);
    let targets = finding.fact(Quantity::FailureTargets).and_then(|fact| fact.value);
    let end = match (target, targets) {
        (Some(target), _) => format!("kept in {target}"),
        (None, Some(_)) => "and nothing keeps them".to_string(),
        (None, None) => "and where they go is not known".to_string(),
    };
    let dropped = a_minute(finding, Quantity::AsyncEventsDropped);
    format!("{}: {dropped} asynchronous events a minute are dropped, {end}", subject(finding))
}

fn growing(finding: &Finding) -> String {
    let (who, more) = (subject(finding), said(finding, Quantity::MessagesArriving));
    let target = finding.fact(Quantity::MessagesArriving).map(name).unwrap_or_default();
    format!("{who}: failed events pile up in {target}, {more} more")
}

fn lagging(finding: &Finding) -> String {
    let ages = [Quantity::IteratorAge, Quantity::OldestMessageAge];
    let age = ages.into_iter().find_map(|quantity| finding.fact(quantity));
    let source = age.map(name).filter(|name| !name.is_empty()).unwrap_or_else(|| "its event source".to_string());
    format!("{} is {} behind {source}", subject(finding), age.and_then(value).unwrap_or_default())
}

fn disabled(finding: &Finding) -> String {
    let who = subject(finding);
    let source = finding.facts.first().map(name).unwrap_or_default();
    if finding.severity < Severity::Warning {
        return format!("{who}: the event source {source} is disabled");
    }
    let waiting = finding.facts.iter().filter(|fact| fact.quantity == Quantity::MessagesWaiting);
    let messages: f64 = waiting.filter_map(|fact| fact.value).sum();
    format!("{who} does not read {source} any more, where {} messages wait", units::count(messages))
}

/// What decided: the durations, or the errors of both versions.
fn canary(finding: &Finding) -> String {
    let who = subject(finding);
    let errors = || finding.facts.iter().filter(|fact| fact.quantity == Quantity::Errors);
    if let Some(ratio) = finding.facts.first().filter(|fact| fact.quantity == Quantity::DurationRatio) {
        let (version, times) = (name(ratio).to_lowercase(), value(ratio).unwrap_or_default());
        let baseline = errors().map(name).find(|other| *other != name(ratio));
        let baseline = baseline.map_or_else(|| "its baseline".to_string(), |name| name.to_lowercase());
        return format!("{who}: {version} takes {times} as long as {baseline}");
    }
    let counts: Vec<String> = errors()
        .map(|fact| {
            let of = fact.of.map(units::count).unwrap_or_default();
            format!("{} {} of {of}", name(fact).to_lowercase(), value(fact).unwrap_or_default())
        })
        .collect();
    format!("{who}: the canary fails more invocations: {}", counts.join(", "))
}

/// A change, when it was made, and whether something went wrong after it.
fn change(finding: &Finding) -> String {
    let who = subject(finding);
    let mut said = match finding.kind {
        Kind::ChangeAlias => alias(finding),
        Kind::ChangeConcurrency => concurrency(finding),
        Kind::ChangeConfiguration => {
            let settings = finding.facts.iter().filter(|fact| matches!(fact.subject, Subject::Setting(_)));
            let settings: Vec<String> = settings.map(name).collect();
            let settings = if settings.is_empty() { String::new() } else { format!(" ({})", settings.join(", ")) };
            format!("{who}: its configuration{settings} was changed")
        }
        _ if finding.fact(Quantity::LastModified).is_some() => {
            format!("{who}: its code or configuration was changed")
        }
        _ => format!("{who}: its code was changed"),
    };
    let instant = |quantity| finding.fact(quantity).and_then(|fact| fact.at).map(units::clock);
    let at = units::clock(finding.since);
    let _ = match instant(Quantity::LastSeenUnchanged) {
        Some(after) if after != at => write!(said, " between {after} and {at}"),
        _ => write!(said, " at {at}"),
    };
    if finding.severity > Severity::Info { said + "; then it went wrong" } else { said }
}

fn alias(finding: &Finding) -> String {
    let who = subject(finding);
    let weights = |weight: fn(&Fact) -> Option<f64>| -> Option<String> {
        let versions = finding.facts.iter().filter(|fact| fact.quantity == Quantity::Weight);
        let mut known: Vec<(f64, String)> = versions.filter_map(|fact| Some((weight(fact)?, name(fact)))).collect();
        known.sort_by(|one, other| other.0.total_cmp(&one.0));
        let words = known.iter().map(|(weight, name)| match name.to_lowercase() {
            name if *weight >= 1.0 => format!("all to {name}"),
            name => format!("{} to {name}", units::percent(*weight)),
        });
        let words: Vec<String> = words.collect();
        (!words.is_empty()).then(|| words.join(" and "))
    };
    match (weights(|fact| fact.before), weights(|fact| fact.value)) {
        (Some(_), None) => format!("{who} was deleted"),
        (None, now) => format!("{who} was created and sends {}", now.unwrap_or_default()),
        (Some(before), Some(now)) => format!("{who} now sends {now}, before {before}"),
    }
}

fn concurrency(finding: &Finding) -> String {
    let who = subject(finding);
    let Some(fact) = finding.facts.first() else { return who };
    let none = || "none".to_string();
    let [before, now] = [fact.before, fact.value].map(|number| number.map_or_else(none, units::count));
    let what = if fact.quantity == Quantity::ReservedConcurrency { "reserved" } else { "provisioned" };
    format!("{who}: {what} concurrency was changed from {before} to {now}")
}

#[cfg(test)]
mod tests;
