//! `change.configuration`: somebody changed how the function is configured.

use super::changed::{SEEN, Telling, told};
use super::{Case, Found, Rule, advice};
use lambda_model::change::Changed;
use lambda_model::finding::Kind;

/// The rule.
pub(super) struct ChangeConfiguration;

impl Rule for ChangeConfiguration {
    fn kind(&self) -> Kind {
        Kind::ChangeConfiguration
    }

    fn check(&self, case: &Case<'_>) -> Vec<Found> {
        let Some(function) = case.function else { return Vec::new() };
        let name = function.name();
        let found = told(case, &function, |what| {
            let Changed::Configuration(differences) = what else { return None };
            let is_known = !differences.is_empty();
            let what = if is_known { format!(" ({})", differences.join(", ")) } else { String::new() };
            Some(Telling {
                alias: None,
                summary: format!("The configuration of {name}{what} was changed"),
                evidence: differences.clone(),
                next: vec![
                    advice::history(case, &function),
                    advice::lambda(case, &function, "get-function-configuration", ""),
                ],
                // Without a difference that is known, something else of the function moved `LastModified`.
                confidence: if is_known { SEEN } else { 0.9 },
            })
        });
        found.into_iter().collect()
    }
}
