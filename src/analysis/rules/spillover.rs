//! Provisioned concurrency is full and requests run on demand: they start cold, but nothing is throttled.

use super::advice;
use super::case::{Case, Found, FunctionCase};
use super::held::Sign;
use super::throttle::published;
use crate::analysis::fact::{Fact, Quantity};
use crate::analysis::finding::Command;
use crate::analysis::forecast::Basis;
use crate::analysis::ratio;
use lambda_model::finding::Severity;
use lambda_model::function::Provisioned;
use lambda_model::metric::Metric;
use lambda_model::time::Minute;

/// Fewer spilled requests in a minute, or a smaller share, are a matter of chance.
const LEAST: f64 = 5.0;
const LEAST_SHARE: f64 = 0.01;

/// Requests spill over from provisioned concurrency.
pub(super) fn check(case: &Case<'_>) -> Vec<Found> {
    let Some(function) = case.function.filter(|function| function.publishes(Metric::ProvisionedSpillover)) else {
        return Vec::new();
    };
    let spilled = |minute| function.value(Metric::ProvisionedSpillover, minute);
    let share = |minute| ratio(spilled(minute), function.value(Metric::Invocations, minute));
    let held = case.held(|minute| match spilled(minute) {
        None => published(case, &function, Metric::ProvisionedSpillover, minute),
        Some(spilled) if spilled <= 0.0 => Sign::Absent,
        Some(spilled) if spilled >= LEAST && share(minute).is_none_or(|share| share >= LEAST_SHARE) => Sign::Strong,
        Some(_) => Sign::Weak,
    });
    let Some(held) = held else { return Vec::new() };
    let last = Minute::of(held.last);
    let Some(count) = spilled(last) else { return Vec::new() };
    let configs = configs(&function);
    let ready: u32 = configs.iter().map(|config| config.allocated).sum();
    let spilled = Fact::new(Quantity::ProvisionedSpillover, count).at(last.start());
    let in_use = function.value(Metric::ConcurrentExecutions, last);
    let mut facts = vec![match function.value(Metric::Invocations, last) {
        Some(all) => spilled.of(all),
        None => spilled,
    }];
    facts.push(Fact::new(Quantity::ProvisionedConcurrency, f64::from(ready)));
    facts.extend(in_use.map(|in_use| Fact::new(Quantity::Concurrency, in_use).at_most().at(last.start())));
    let cold = function.live.filter(|live| !live.is_lower_bound()).map(|live| live.total.cold_starts);
    facts
        .extend(cold.map(|cold| Fact::new(Quantity::ColdStarts, cold as f64).over_minutes(1.0).read_from(Basis::Logs)));
    facts.push(Fact::new(Quantity::MinutesSeen, f64::from(held.points)));
    vec![Found {
        severity: Severity::Warning,
        since: held.since,
        // It is a count of just that; a few invocations of one minute may be a wave that is over.
        confidence: 0.99 - 0.2 * 0.5f64.powi(held.points.min(8).cast_signed()) * f64::from(count < LEAST),
        facts,
        commands: vec![command(case, &function, configs, in_use)],
        // Those that start cold wait.
        impact: cold.map_or(count, |cold| count.min(cold as f64)),
        ..Found::default()
    }]
}

fn configs<'a>(function: &FunctionCase<'a>) -> &'a [Provisioned] {
    function.state.provisioned.as_ref().map(|read| read.value.as_slice()).unwrap_or_default()
}

/// More of it for the one qualifier that has it; of several, which one spills is not known.
fn command(case: &Case<'_>, function: &FunctionCase<'_>, configs: &[Provisioned], in_use: Option<f64>) -> Command {
    let [config] = configs else {
        return advice::lambda(case, function, "list-provisioned-concurrency-configs", &[]);
    };
    let wanted = in_use.unwrap_or(0.0).ceil().max(f64::from(config.requested) + 1.0);
    advice::provision(case, function, &config.qualifier, wanted)
}

#[cfg(test)]
mod tests;
