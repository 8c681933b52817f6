//! Findings of changes: which one is told, and what came after it. What was changed is said by each kind's own rule.

use chrono::{DateTime, TimeDelta, Utc};

use super::change_effect::{effects, made};
use super::{Case, Found, FunctionCase};
use lambda_model::change::{Change, Changed};
use lambda_model::finding::Severity;

/// How sure a change is that was seen: two readings differ.
pub(super) const SEEN: f64 = 0.99;

/// What a rule says of changes of its kind.
pub(super) struct Telling {
    /// The alias they are about.
    pub alias: Option<String>,
    /// The sentence, without when.
    pub summary: String,
    /// What else is known.
    pub evidence: Vec<String>,
    /// What to do next.
    pub next: Vec<String>,
    /// The probability that it is this kind of change.
    pub confidence: f64,
}

impl Case<'_> {
    /// Whether a change of this instant is still told.
    fn is_told(&self, at: DateTime<Utc>) -> bool {
        let age = self.now - at;
        age >= TimeDelta::zero() && age <= TimeDelta::minutes(self.thresholds().change_minutes.into())
    }

    /// When code or configuration was changed, as the function's `LastModified` tells, where nobody saw what.
    pub(super) fn unseen_change(&self, function: &FunctionCase<'_>) -> Option<DateTime<Utc>> {
        let modified = function.state.info.as_ref()?.value.last_modified?;
        let is_of_latest = |change: &Change| matches!(change.what, Changed::Code | Changed::Configuration(_));
        let is_unseen = !function.state.changes.iter().any(|change| self.is_told(change.at) && is_of_latest(change));
        (self.is_told(modified) && is_unseen).then_some(modified)
    }
}

/// The finding of the recent changes that `tell` has something to say of.
pub(super) fn told(
    case: &Case<'_>,
    function: &FunctionCase<'_>,
    tell: impl Fn(&Changed) -> Option<Telling>,
) -> Option<Found> {
    let recent = function.state.changes.iter().filter(|change| case.is_told(change.at));
    let changes = recent.filter_map(|change| Some((change.at, change.after, tell(&change.what)?)));
    of_all(case, function, changes.collect())
}

/// The finding of a change that nobody saw, but for when it was made.
pub(super) fn told_unseen(
    case: &Case<'_>,
    function: &FunctionCase<'_>,
    at: DateTime<Utc>,
    telling: Telling,
) -> Option<Found> {
    of_all(case, function, vec![(at, None, telling)])
}

/// The finding of one or several changes of a kind, oldest first, each with when it was made at the latest and at the
/// earliest: of the first after which something went wrong, else of the newest.
fn of_all(
    case: &Case<'_>,
    function: &FunctionCase<'_>,
    changes: Vec<(DateTime<Utc>, Option<DateTime<Utc>>, Telling)>,
) -> Option<Found> {
    let all = changes.len();
    let newest = changes.last().map(|(at, after, _)| made(*at, *after))?;
    let effects: Vec<_> = changes.iter().map(|(at, ..)| effects(case, function, *at)).collect();
    let blamed = effects.iter().position(|effects| !effects.is_empty()).unwrap_or(all - 1);
    let effects = effects.get(blamed)?;
    let (at, after, telling) = changes.into_iter().nth(blamed)?;
    let when = made(at, after);
    let mut evidence = telling.evidence;
    evidence.extend(effects.iter().map(|effect| effect.words.clone()));
    evidence.push(format!("changed {when}"));
    if all > 1 {
        evidence.push(format!("{all} such changes lately, the newest {newest}"));
    }
    let trouble = if effects.is_empty() { "" } else { "; then it went wrong" };
    Some(Found {
        severity: if effects.is_empty() { Severity::Info } else { Severity::Warning },
        alias: telling.alias,
        affected: Vec::new(),
        since: at,
        confidence: telling.confidence,
        summary: format!("{} {when}{trouble}", telling.summary),
        evidence,
        next: telling.next,
        impact: effects.iter().map(|effect| effect.impact).sum(),
    })
}

#[cfg(test)]
mod tests;
