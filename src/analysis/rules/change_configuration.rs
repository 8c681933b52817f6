//! `change.configuration`: somebody changed how the function is configured.

use super::advice;
use super::case::{Case, Found};
use super::changed::{SEEN, Telling, reported};
use crate::analysis::fact::{Fact, Quantity, Subject};
use lambda_model::change::Changed;

/// What the rule finds in a case.
pub(super) fn check(case: &Case<'_>) -> Vec<Found> {
    let Some(function) = case.function else { return Vec::new() };
    let found = reported(case, &function, |what| {
        let Changed::Configuration(differences) = what else { return None };
        let setting =
            |difference: &String| Fact::new(Quantity::Changed, None).about(Subject::Setting(difference.clone()));
        Some(Telling {
            alias: None,
            facts: differences.iter().map(setting).collect(),
            commands: vec![
                advice::history(case, &function),
                advice::lambda(case, &function, "get-function-configuration", &[]),
            ],
            // Without a difference that is known, something else of the function moved `LastModified`.
            confidence: if differences.is_empty() { 0.9 } else { SEEN },
        })
    });
    found.into_iter().collect()
}
