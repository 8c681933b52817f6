//! The rules: each is a small pure function that says whether one kind of finding holds, since when and why. It says so in
//! facts and commands; the sentences are `view::findings::summary`.
//!
//! A rule sees a [`Case`], which is one function or the Region at one instant, and only what is settled in it: points
//! that CloudWatch may still restate never raise a finding. Rules never see each other's findings, and none of them
//! keeps anything: what opened and what closed is read off the series each time ([`held`](mod@held)), so a snapshot taken once
//! finds what an app finds that has run for an hour.

mod advice;
mod async_backlog;
mod async_dropped;
mod canary_failing;
mod canary_split;
pub(crate) mod case;
mod change_alias;
mod change_code;
mod change_concurrency;
mod change_configuration;
mod change_effect;
mod changed;
mod cold_start_surge;
mod counted;
mod dead_letter_delivery_failing;
mod dead_letter_growing;
mod depths;
mod duration_near_timeout;
mod errors_out_of_memory;
mod errors_rate;
mod errors_timeout;
mod event_source_disabled;
mod event_source_lagging;
mod held;
mod memory_near_limit;
mod near_limit;
mod recursion_dropped;
mod seen;
mod spillover;
mod throttle;
mod top_consumer;

use super::finding::Finding;
use case::{Case, FunctionCase, Rule};
use lambda_model::finding::Kind;

/// Every rule, in the order of the contract.
const RULES: &[(Kind, Rule)] = &[
    (Kind::ThrottleReservedZero, |case| throttle::check(case, Kind::ThrottleReservedZero)),
    (Kind::ThrottleReservedLimit, |case| throttle::check(case, Kind::ThrottleReservedLimit)),
    (Kind::ThrottleUnreservedPool, throttle::unreserved_pool),
    (Kind::ThrottleRequestRate, |case| throttle::check(case, Kind::ThrottleRequestRate)),
    (Kind::ThrottleScalingRate, |case| throttle::check(case, Kind::ThrottleScalingRate)),
    (Kind::ThrottleUnknown, |case| throttle::check(case, Kind::ThrottleUnknown)),
    (Kind::ConcurrencyNearLimit, near_limit::check),
    (Kind::ConcurrencyTopConsumer, top_consumer::check),
    (Kind::ConcurrencyProvisionedSpillover, spillover::check),
    (Kind::ErrorsRate, errors_rate::check),
    (Kind::ErrorsTimeout, errors_timeout::check),
    (Kind::ErrorsOutOfMemory, errors_out_of_memory::check),
    (Kind::DurationNearTimeout, duration_near_timeout::check),
    (Kind::MemoryNearLimit, memory_near_limit::check),
    (Kind::ColdStartSurge, cold_start_surge::check),
    (Kind::AsyncBacklog, async_backlog::check),
    (Kind::AsyncDropped, async_dropped::check),
    (Kind::DeadLetterGrowing, dead_letter_growing::check),
    (Kind::DeadLetterDeliveryFailing, dead_letter_delivery_failing::check),
    (Kind::EventSourceLagging, event_source_lagging::check),
    (Kind::EventSourceDisabled, event_source_disabled::check),
    (Kind::RecursionDropped, recursion_dropped::check),
    (Kind::CanaryFailing, canary_failing::check),
    (Kind::CanarySplitOff, canary_split::check),
    (Kind::ChangeCode, change_code::check),
    (Kind::ChangeConfiguration, change_configuration::check),
    (Kind::ChangeAlias, change_alias::check),
    (Kind::ChangeConcurrency, change_concurrency::check),
];

/// Everything that is found in a scope, the worst first.
pub(crate) fn findings<'a>(region: Case<'a>, functions: impl Iterator<Item = FunctionCase<'a>>) -> Vec<Finding> {
    let cases = std::iter::once(region).chain(functions.map(|function| Case { function: Some(function), ..region }));
    let mut findings = Vec::new();
    for case in cases {
        for (kind, rule) in RULES {
            let function = case.function.map(|function| function.name().clone());
            findings.extend(rule(&case).into_iter().map(|found| Finding {
                kind: *kind,
                severity: found.severity,
                function: function.clone(),
                alias: found.alias,
                affected: found.affected,
                since: found.since,
                confidence: found.confidence,
                facts: found.facts,
                commands: found.commands,
                impact: found.impact,
            }));
        }
    }
    findings.sort_by(Finding::order);
    findings
}

#[cfg(test)]
mod tests;
