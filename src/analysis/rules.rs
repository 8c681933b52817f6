//! The rules: each is a small pure object that says whether one kind of finding holds, since when and why. It says so in
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
pub mod case;
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
pub mod held;
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
const RULES: &[&dyn Rule] = &[
    &throttle::Throttle(Kind::ThrottleReservedZero),
    &throttle::Throttle(Kind::ThrottleReservedLimit),
    &throttle::UnreservedPool,
    &throttle::Throttle(Kind::ThrottleRequestRate),
    &throttle::Throttle(Kind::ThrottleScalingRate),
    &throttle::Throttle(Kind::ThrottleUnknown),
    &near_limit::NearLimit,
    &top_consumer::TopConsumer,
    &spillover::Spillover,
    &errors_rate::ErrorsRate,
    &errors_timeout::ErrorsTimeout,
    &errors_out_of_memory::ErrorsOutOfMemory,
    &duration_near_timeout::DurationNearTimeout,
    &memory_near_limit::MemoryNearLimit,
    &cold_start_surge::ColdStartSurge,
    &async_backlog::AsyncBacklog,
    &async_dropped::AsyncDropped,
    &dead_letter_growing::DeadLetterGrowing,
    &dead_letter_delivery_failing::DeadLetterDeliveryFailing,
    &event_source_lagging::EventSourceLagging,
    &event_source_disabled::EventSourceDisabled,
    &recursion_dropped::RecursionDropped,
    &canary_failing::CanaryFailing,
    &canary_split::CanarySplitOff,
    &change_code::ChangeCode,
    &change_configuration::ChangeConfiguration,
    &change_alias::ChangeAlias,
    &change_concurrency::ChangeConcurrency,
];

/// Everything that is found in a scope, the worst first.
pub fn findings<'a>(region: Case<'a>, functions: impl Iterator<Item = FunctionCase<'a>>) -> Vec<Finding> {
    let cases = std::iter::once(region).chain(functions.map(|function| Case { function: Some(function), ..region }));
    let mut findings = Vec::new();
    for case in cases {
        for rule in RULES {
            let function = case.function.map(|function| function.name().clone());
            findings.extend(rule.check(&case).into_iter().map(|found| Finding {
                kind: rule.kind(),
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
