//! `change.concurrency`: somebody changed the function's reservation or its provisioned concurrency.

use super::advice;
use super::case::{Case, Found, FunctionCase};
use super::changed::{SEEN, Telling, reported};
use crate::analysis::fact::{Fact, Quantity};
use lambda_model::change::Changed;

/// What the rule finds in a case.
pub(super) fn check(case: &Case<'_>) -> Vec<Found> {
    let Some(function) = case.function else { return Vec::new() };
    reported(case, &function, |what| telling(case, &function, what)).into_iter().collect()
}

fn telling(case: &Case<'_>, function: &FunctionCase<'_>, what: &Changed) -> Option<Telling> {
    let (alias, fact, undo) = match what {
        Changed::Reserved { from, to } => {
            let fact = Fact::new(Quantity::ReservedConcurrency, to.map(f64::from)).before(from.map(f64::from));
            let undo = match from {
                None => advice::lambda(case, function, "delete-function-concurrency", &[]),
                Some(from) => advice::reserve(case, function.name().as_str(), *from),
            };
            (None, fact, undo)
        }
        Changed::Provisioned { qualifier, from, to } => {
            let fact = Fact::new(Quantity::ProvisionedConcurrency, f64::from(*to)).before(f64::from(*from));
            let options = [("--qualifier", qualifier.as_str())];
            let undo = if *from == 0 {
                advice::lambda(case, function, "delete-provisioned-concurrency-config", &options)
            } else {
                advice::provision(case, function, qualifier, f64::from(*from))
            };
            (Some(qualifier.clone()), fact, undo)
        }
        Changed::Code | Changed::Configuration(_) | Changed::Alias { .. } => return None,
    };
    let commands = vec![advice::history(case, function), undo];
    Some(Telling { alias, facts: vec![fact], commands, confidence: SEEN })
}
