//! Findings of changes: which one is reported, and what came after it. What was changed is said by each kind's own rule.

use chrono::{DateTime, TimeDelta, Utc};

use super::case::{Case, Found, FunctionCase};
use super::change_effect::effects;
use crate::analysis::fact::{Fact, Quantity};
use crate::analysis::finding::Command;
use lambda_model::change::{Change, Changed};
use lambda_model::finding::Severity;

/// How sure a change is that was seen: two readings differ.
pub(super) const SEEN: f64 = 0.99;

/// What a rule says of changes of its kind.
pub(super) struct Telling {
    /// The alias they are about.
    pub alias: Option<String>,
    /// What is different.
    pub facts: Vec<Fact>,
    /// What to do next.
    pub commands: Vec<Command>,
    /// The probability that it is this kind of change.
    pub confidence: f64,
}

impl Case<'_> {
    /// Whether a change of this instant is still reported.
    fn is_recent(&self, at: DateTime<Utc>) -> bool {
        let age = self.now - at;
        age >= TimeDelta::zero() && age <= TimeDelta::minutes(self.thresholds().change_minutes.into())
    }

    /// When code or configuration was changed, as the function's `LastModified` shows, where it was not seen what.
    pub(super) fn unseen_change(&self, function: &FunctionCase<'_>) -> Option<DateTime<Utc>> {
        let modified = function.state.info.as_ref()?.value.last_modified?;
        let is_of_latest = |change: &Change| matches!(change.what, Changed::Code | Changed::Configuration(_));
        let is_unseen = !function.state.changes.iter().any(|change| self.is_recent(change.at) && is_of_latest(change));
        (self.is_recent(modified) && is_unseen).then_some(modified)
    }
}

/// The finding of the recent changes that `tell` reports.
pub(super) fn reported(
    case: &Case<'_>,
    function: &FunctionCase<'_>,
    tell: impl Fn(&Changed) -> Option<Telling>,
) -> Option<Found> {
    let recent = function.state.changes.iter().filter(|change| case.is_recent(change.at));
    let changes = recent.filter_map(|change| Some((change.at, change.after, tell(&change.what)?)));
    of_all(case, function, changes.collect())
}

/// The finding of a change that nobody saw, but for when it was made.
pub(super) fn reported_unseen(
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
    let newest = changes.last().map(|(at, ..)| *at)?;
    let effects: Vec<_> = changes.iter().map(|(at, ..)| effects(case, function, *at)).collect();
    let blamed = effects.iter().position(|effects| !effects.is_empty()).unwrap_or(all - 1);
    let effects = effects.get(blamed)?;
    let (at, after, telling) = changes.into_iter().nth(blamed)?;
    let mut facts = telling.facts;
    facts.extend(effects.iter().flat_map(|effect| effect.facts.clone()));
    facts.push(Fact::instant(Quantity::Changed, at));
    facts.extend(after.map(|after| Fact::instant(Quantity::LastSeenUnchanged, after)));
    if all > 1 {
        facts.push(Fact::new(Quantity::RecentChanges, all as f64).at(newest));
    }
    Some(Found {
        severity: if effects.is_empty() { Severity::Info } else { Severity::Warning },
        alias: telling.alias,
        since: at,
        confidence: telling.confidence,
        facts,
        commands: telling.commands,
        impact: effects.iter().map(|effect| effect.impact).sum(),
        ..Found::default()
    })
}

#[cfg(test)]
mod tests;
