//! `change.code`: somebody deployed the function's code.

use super::changed::{SEEN, Telling, told, told_unseen};
use super::{Case, Found, Rule, advice};
use lambda_model::change::Changed;
use lambda_model::finding::Kind;

/// `LastModified` moves with the code and with the configuration; most often it is the code.
const UNSEEN: f64 = 0.8;

/// The rule.
pub(super) struct ChangeCode;

impl Rule for ChangeCode {
    fn kind(&self) -> Kind {
        Kind::ChangeCode
    }

    fn check(&self, case: &Case<'_>) -> Vec<Found> {
        let Some(function) = case.function else { return Vec::new() };
        let name = function.name();
        let telling = |what: &str, evidence: &str, confidence| Telling {
            alias: None,
            summary: format!("{what} of {name} was changed"),
            evidence: vec![evidence.to_string()],
            next: vec![
                advice::history(case, &function),
                advice::lambda(
                    case,
                    &function,
                    "list-versions-by-function",
                    "--query 'Versions[-3:].[Version,LastModified]'",
                ),
            ],
            confidence,
        };
        let found = if let Some(at) = case.unseen_change(&function) {
            let words = "LastModified alone tells of it: what was changed was not seen";
            told_unseen(case, &function, at, telling("Code or configuration", words, UNSEEN))
        } else {
            let words = "the hash of the code of $LATEST is another";
            told(case, &function, |what| (*what == Changed::Code).then(|| telling("The code", words, SEEN)))
        };
        found.into_iter().collect()
    }
}
