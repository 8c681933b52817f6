//! `async.dropped`: Lambda gives up asynchronous events: too old, failed too often, or refused for good.

use super::advice::{self, ERRORS};
use super::counted::Counted;
use super::words::count;
use super::{Case, Found, FunctionCase, Rule};
use lambda_model::finding::{Kind, Severity};
use lambda_model::metric::Metric;
use lambda_model::queue::TargetRole;

/// The rule.
pub(super) struct AsyncDropped;

impl Rule for AsyncDropped {
    fn kind(&self) -> Kind {
        Kind::AsyncDropped
    }

    fn check(&self, case: &Case<'_>) -> Vec<Found> {
        case.function.and_then(|function| found(case, &function)).into_iter().collect()
    }
}

fn found(case: &Case<'_>, function: &FunctionCase<'_>) -> Option<Found> {
    let dropped = Counted::of(case, function, Metric::AsyncEventsDropped)?;
    let name = function.name();
    let targets: Vec<_> =
        function.dead_letters.iter().filter(|letters| letters.target.role != TargetRole::SourceRedrive).collect();
    let asked = function.state.info.is_some() && function.state.invoke_configs.is_some();
    let end = match targets.first() {
        Some(letters) => format!("they go to {}", letters.target.arn.name()),
        None if asked => "and nothing keeps them".to_string(),
        None => "where they go was not read".to_string(),
    };
    let mut evidence = vec![dropped.words("event was dropped", "events were dropped")];
    let sums = [
        (Metric::AsyncEventsReceived, "events received"),
        (Metric::Errors, "errors"),
        (Metric::Throttles, "attempts refused"),
    ];
    evidence.extend(sums.into_iter().filter_map(|(metric, what)| {
        let counted = Counted::sum(case, dropped.held, |minute| function.value(metric, minute))?;
        Some(format!("{} {what} in the same time", count(counted.sum)))
    }));
    evidence.push(match targets.is_empty() {
        false => targets.iter().map(|letters| letters.target.arn.as_str()).collect::<Vec<_>>().join(", "),
        true if asked => "it has no dead-letter queue and no failure destination".to_string(),
        true => "its dead-letter queue and failure destinations were not read".to_string(),
    });
    // Without a place to go to, a dropped event is lost.
    let is_lost = targets.is_empty() && asked;
    Some(Found {
        severity: if is_lost { Severity::Critical } else { Severity::Warning },
        alias: None,
        affected: Vec::new(),
        since: dropped.since(),
        confidence: 0.99,
        summary: format!("{} asynchronous events a minute for {name} are given up: {end}", count(dropped.per_minute())),
        evidence,
        next: vec![
            advice::lambda(case, function, "list-function-event-invoke-configs", ""),
            advice::tail(case, function, &ERRORS),
        ],
        impact: dropped.per_minute(),
    })
}

#[cfg(test)]
mod tests;
