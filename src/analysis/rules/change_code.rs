//! `change.code`: somebody deployed the function's code.

use super::advice;
use super::case::{Case, Found};
use super::changed::{SEEN, Telling, reported, reported_unseen};
use crate::analysis::fact::{Fact, Quantity};
use lambda_model::change::Changed;

/// `LastModified` moves with the code and with the configuration; most often it is the code.
const UNSEEN: f64 = 0.8;

/// What the rule finds in a case.
pub(super) fn check(case: &Case<'_>) -> Vec<Found> {
    let Some(function) = case.function else { return Vec::new() };
    let telling = |facts, confidence| Telling {
        alias: None,
        facts,
        commands: vec![advice::history(case, &function), advice::versions(case, &function)],
        confidence,
    };
    let found = if let Some(at) = case.unseen_change(&function) {
        reported_unseen(case, &function, at, telling(vec![Fact::instant(Quantity::LastModified, at)], UNSEEN))
    } else {
        reported(case, &function, |what| (*what == Changed::Code).then(|| telling(Vec::new(), SEEN)))
    };
    found.into_iter().collect()
}
