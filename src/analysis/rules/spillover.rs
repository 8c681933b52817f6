//! Provisioned concurrency is full and requests run on demand: they start cold, but nothing is refused.

use super::held::Sign;
use super::throttle::{clock, percent, published};
use super::{Case, Found, FunctionCase, Rule};
use crate::analysis::ratio;
use lambda_model::finding::{Kind, Severity};
use lambda_model::function::Provisioned;
use lambda_model::metric::Metric;
use lambda_model::time::Minute;

/// Fewer spilled requests in a minute, or a smaller share, are a matter of chance.
const LEAST: f64 = 5.0;
const LEAST_SHARE: f64 = 0.01;

/// Requests spill over from provisioned concurrency.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spillover;

impl Rule for Spillover {
    fn kind(&self) -> Kind {
        Kind::ConcurrencyProvisionedSpillover
    }

    fn check(&self, case: &Case<'_>) -> Vec<Found> {
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
        let beyond =
            if ready > 0 { format!(": its {ready} provisioned environments are in use") } else { String::new() };
        let of = share(last).map(|share| format!(", {} of its calls", percent(share))).unwrap_or_default();
        let mut evidence = vec![format!("{count:.0} invocations ran on demand at {}{of}", clock(last.start()))];
        let in_use = function.value(Metric::ConcurrentExecutions, last);
        evidence.extend(in_use.map(|in_use| format!("at most {in_use:.0} environments in use, {ready} provisioned")));
        let cold = function.live.filter(|live| !live.is_lower_bound()).map(|live| live.total.cold_starts);
        evidence.extend(cold.map(|cold| format!("{cold} cold starts in the newest minute, by the logs")));
        evidence.push(format!("so in {} minutes since {}", held.points, clock(held.since)));
        vec![Found {
            severity: Severity::Warning,
            alias: None,
            affected: Vec::new(),
            since: held.since,
            // It is a count of just that; a few calls of one minute may be a wave that is over.
            confidence: 0.99 - 0.2 * 0.5f64.powi(held.points.min(8).cast_signed()) * f64::from(count < LEAST),
            summary: format!("{} spills {count:.0} requests a minute over{beyond}", function.name()),
            evidence,
            next: next(case, &function, configs, in_use),
            // Those that start cold wait.
            impact: cold.map_or(count, |cold| count.min(cold as f64)),
        }]
    }
}

fn configs<'a>(function: &FunctionCase<'a>) -> &'a [Provisioned] {
    function.state.provisioned.as_ref().map(|read| read.value.as_slice()).unwrap_or_default()
}

/// More of it for the one qualifier that has it; of several, which one spills is not known.
fn next(case: &Case<'_>, function: &FunctionCase<'_>, configs: &[Provisioned], in_use: Option<f64>) -> Vec<String> {
    let (name, place) = (function.name(), case.place());
    let [config] = configs else {
        return vec![format!("aws lambda list-provisioned-concurrency-configs --function-name {name} {place}")];
    };
    let wanted = in_use.unwrap_or(0.0).ceil().max(f64::from(config.requested) + 1.0);
    vec![format!(
        "aws lambda put-provisioned-concurrency-config --function-name {name} --qualifier {} \
         --provisioned-concurrent-executions {wanted:.0} {place}",
        config.qualifier
    )]
}

#[cfg(test)]
mod tests;
