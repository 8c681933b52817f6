//! `change.concurrency`: somebody changed the function's reservation or its provisioned concurrency.

use super::changed::{SEEN, Telling, told};
use super::{Case, Found, FunctionCase, Rule, advice};
use lambda_model::change::Changed;
use lambda_model::finding::Kind;

/// The rule.
pub(super) struct ChangeConcurrency;

impl Rule for ChangeConcurrency {
    fn kind(&self) -> Kind {
        Kind::ChangeConcurrency
    }

    fn check(&self, case: &Case<'_>) -> Vec<Found> {
        let Some(function) = case.function else { return Vec::new() };
        told(case, &function, |what| telling(case, &function, what)).into_iter().collect()
    }
}

fn telling(case: &Case<'_>, function: &FunctionCase<'_>, what: &Changed) -> Option<Telling> {
    let name = function.name();
    let (alias, summary, undo) = match what {
        Changed::Reserved { from, to } => {
            let words = |reserved: &Option<u32>| reserved.map_or("none".to_string(), |reserved| reserved.to_string());
            let undo = from.map_or_else(
                || advice::lambda(case, function, "delete-function-concurrency", ""),
                |from| {
                    let options = format!("--reserved-concurrent-executions {from}");
                    advice::lambda(case, function, "put-function-concurrency", &options)
                },
            );
            let summary = format!("The reservation of {name} was changed from {} to {}", words(from), words(to));
            (None, summary, undo)
        }
        Changed::Provisioned { qualifier, from, to } => {
            let undo = if *from == 0 {
                let options = format!("--qualifier {qualifier}");
                advice::lambda(case, function, "delete-provisioned-concurrency-config", &options)
            } else {
                let options = format!("--qualifier {qualifier} --provisioned-concurrent-executions {from}");
                advice::lambda(case, function, "put-provisioned-concurrency-config", &options)
            };
            let summary = format!("Provisioned concurrency of {name}:{qualifier} was changed from {from} to {to}");
            (Some(qualifier.clone()), summary, undo)
        }
        Changed::Code | Changed::Configuration(_) | Changed::Alias { .. } => return None,
    };
    let next = vec![advice::history(case, function), undo];
    Some(Telling { alias, summary, evidence: Vec::new(), next, confidence: SEEN })
}
