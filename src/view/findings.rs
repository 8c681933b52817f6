//! What is wrong, in rows and words: the findings of every scope, the worst first, and the word that stands beside a
//! function. Pure.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::labelled::Fact;
use super::meaning::Meaning;
use super::{facts, shell, units};
use crate::analysis::finding::Finding;
use crate::analysis::forecast::Forecast;
use crate::snapshot::{ScopeSnapshot, Snapshot};
use lambda_model::finding::{Kind, Severity};
use lambda_model::time::Minute;
use lambda_model::{FunctionId, FunctionName, Scope};

mod summary;
pub use summary::{subject, summary};

/// Functions that suffer from a finding, named before the rest is counted.
const NAMED: usize = 4;

/// A finding of a snapshot, by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FindingRef {
    scope: usize,
    finding: usize,
    /// Which it is among those of its kind about the same thing: two queues of one function may grow.
    ordinal: usize,
}

/// What a finding is known by from one snapshot to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingId {
    scope: Scope,
    kind: Kind,
    function: Option<FunctionName>,
    alias: Option<String>,
    ordinal: usize,
}

impl FindingRef {
    /// Where it is and what it is, in the snapshot it was made from.
    pub(crate) fn of(self, snapshot: &Snapshot) -> Option<(&ScopeSnapshot, &Finding)> {
        let scope = snapshot.scopes.get(self.scope)?;
        Some((scope, scope.findings.get(self.finding)?))
    }

    /// What it is known by.
    pub(crate) fn id(self, snapshot: &Snapshot) -> Option<FindingId> {
        let (scope, finding) = self.of(snapshot)?;
        Some(FindingId {
            scope: scope.scope.clone(),
            kind: finding.kind,
            function: finding.function.clone(),
            alias: finding.alias.clone(),
            ordinal: self.ordinal,
        })
    }

    /// The function to look at: the one it is about; of a finding about the Region the one that takes most of the pool,
    /// else the first that suffers.
    pub(crate) fn function(self, snapshot: &Snapshot) -> Option<FunctionId> {
        let (scope, finding) = self.of(snapshot)?;
        let consumer = || {
            let mut every = scope.findings.iter().filter(|other| other.kind == Kind::ConcurrencyTopConsumer);
            every.find_map(|other| other.function.as_ref())
        };
        let name = finding.function.as_ref().or_else(consumer).or(finding.affected.first())?;
        Some(FunctionId { scope: scope.scope.clone(), name: name.clone() })
    }
}

/// The findings in which every word of `filter` stands, the worst first.
pub(crate) fn rows(snapshot: &Snapshot, filter: &str) -> Vec<FindingRef> {
    let words: Vec<String> = filter.split_whitespace().map(str::to_lowercase).collect();
    let mut rows: Vec<(FindingRef, &Finding)> = Vec::new();
    for (scope, scope_snapshot) in snapshot.scopes.iter().enumerate() {
        let mut alike: HashMap<_, usize> = HashMap::new();
        for (index, finding) in scope_snapshot.findings.iter().enumerate() {
            let before = alike.entry((finding.kind, &finding.function, &finding.alias)).or_default();
            let ordinal = std::mem::replace(before, *before + 1);
            if words.is_empty() || matches(&words, scope_snapshot, finding) {
                rows.push((FindingRef { scope, finding: index, ordinal }, finding));
            }
        }
    }
    rows.sort_by(|(_, one), (_, other)| one.order(other));
    rows.into_iter().map(|(row, _)| row).collect()
}

fn matches(words: &[String], scope: &ScopeSnapshot, finding: &Finding) -> bool {
    let affected: Vec<&str> = finding.affected.iter().map(FunctionName::as_str).collect();
    let text = format!(
        "{} {} {} {} {} {}",
        finding.severity.word(),
        finding.kind,
        subject(finding),
        scope.label(),
        summary(finding),
        affected.join(" ")
    );
    let text = text.to_lowercase();
    words.iter().all(|word| text.contains(word))
}

/// What it rests on, one fact a line.
pub(crate) fn evidence(finding: &Finding) -> Vec<String> {
    facts::lines(&finding.facts)
}

/// The commands that come next, ready to paste into a shell.
pub(crate) fn next(finding: &Finding) -> Vec<String> {
    finding.commands.iter().map(shell::line).collect()
}

/// What a severity looks like: a mark, for colour alone never says it, and what it means.
pub(crate) fn severity(severity: Severity) -> (&'static str, Meaning) {
    match severity {
        Severity::Critical => ("✗", Meaning::Critical),
        Severity::Warning => ("▲", Meaning::Warning),
        Severity::Info => ("·", Meaning::Muted),
    }
}

/// The word for a kind of finding beside a function that has it, at most nine columns.
pub(crate) fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::ThrottleReservedZero => "stopped",
        Kind::ThrottleReservedLimit => "reserved",
        Kind::ThrottleUnreservedPool => "pool full",
        Kind::ThrottleRequestRate => "rate cap",
        Kind::ThrottleScalingRate => "scaling",
        Kind::ThrottleUnknown => "throttled",
        Kind::ConcurrencyNearLimit => "near full",
        Kind::ConcurrencyTopConsumer => "pool hog",
        Kind::ConcurrencyProvisionedSpillover => "spillover",
        Kind::ErrorsRate => "failing",
        Kind::ErrorsTimeout => "timeouts",
        Kind::ErrorsOutOfMemory => "no memory",
        Kind::DurationNearTimeout => "slow",
        Kind::MemoryNearLimit => "memory",
        Kind::ColdStartSurge => "cold",
        Kind::AsyncBacklog => "backlog",
        Kind::AsyncDropped => "dropping",
        Kind::DeadLetterGrowing => "dead-ltrs",
        Kind::DeadLetterDeliveryFailing => "losing",
        Kind::EventSourceLagging => "lagging",
        Kind::EventSourceDisabled => "disabled",
        Kind::RecursionDropped => "recursion",
        Kind::CanaryFailing => "canary",
        Kind::CanarySplitOff => "split off",
        Kind::ChangeCode => "new code",
        Kind::ChangeConfiguration => "config",
        Kind::ChangeAlias => "alias",
        Kind::ChangeConcurrency => "limits",
    }
}

/// The worst that is wrong with each function that has or suffers something. Of one severity, what a function has itself
/// says more about it than what it suffers with many others.
pub(crate) fn worst(scope: &ScopeSnapshot) -> HashMap<&FunctionName, &Finding> {
    let mut worst: HashMap<&FunctionName, &Finding> = HashMap::new();
    let wrong = scope.findings.iter().filter(|finding| finding.severity > Severity::Info);
    for finding in wrong {
        for function in finding.function.iter().chain(&finding.affected) {
            let known = worst.entry(function).or_insert(finding);
            if rank(finding, function) > rank(known, function) {
                *known = finding;
            }
        }
    }
    worst
}

/// The worst that is wrong with one function: `worst(scope).get(function)`, without looking at the others.
pub(crate) fn worst_of<'a>(scope: &'a ScopeSnapshot, function: &FunctionName) -> Option<&'a Finding> {
    let concerning = scope.findings.iter().filter(|it| it.severity > Severity::Info && it.concerns(function));
    concerning.reduce(|known, finding| if rank(finding, function) > rank(known, function) { finding } else { known })
}

/// How much a finding says about `function`.
fn rank(finding: &Finding, function: &FunctionName) -> (Severity, bool) {
    (finding.severity, finding.function.as_ref() == Some(function))
}

/// How many there are of each severity, the worst first: `2 critical`, `1 warning`. Empty without any.
pub(crate) fn counts(snapshot: &Snapshot) -> Vec<(String, Meaning)> {
    let every = || snapshot.scopes.iter().flat_map(|scope| &scope.findings);
    let counted = [Severity::Critical, Severity::Warning, Severity::Info].into_iter().filter_map(|wanted| {
        let count = every().filter(|finding| finding.severity == wanted).count();
        (count > 0).then(|| (format!("{count} {}", wanted.word()), severity(wanted).1))
    });
    counted.collect()
}

/// That nothing was found, and what that rests on: `No findings · metrics settled up to 02:10Z`.
pub fn nothing(snapshot: &Snapshot) -> String {
    if snapshot.scopes.iter().all(|scope| scope.pool.as_of.is_none()) {
        return "No findings · no metrics were read yet".to_string();
    }
    let settled = Minute::newest_complete(snapshot.at).plus(-i64::from(snapshot.params.provisional_minutes));
    format!("No findings · metrics settled up to {}", units::clock(settled.plus(1).start()))
}

/// How long ago a finding began.
pub(crate) fn age(finding: &Finding, now: DateTime<Utc>) -> String {
    units::span(now - finding.since)
}

/// The probability that it is so.
pub(crate) fn confidence(finding: &Finding) -> String {
    units::percent(finding.confidence)
}

/// A finding's numbers: how bad it is, where, since when, how sure, what it costs, who suffers.
pub(crate) fn facts(scope: &ScopeSnapshot, finding: &Finding, now: DateTime<Utc>) -> Vec<Fact> {
    let plain = |label, value| Fact { label, value, meaning: Meaning::Normal };
    let (mark, meaning) = severity(finding.severity);
    let mut facts = vec![
        Fact { label: "", value: format!("{mark} {}", finding.severity.word()), meaning },
        plain("in", scope.label()),
        plain("since", format!("{} ({})", units::clock(finding.since), age(finding, now))),
        plain("confidence", confidence(finding)),
    ];
    if finding.impact > 0.0 {
        facts.push(plain("impact", format!("{} requests a minute", units::count(finding.impact))));
    }
    if !finding.affected.is_empty() {
        let named: Vec<&str> = finding.affected.iter().take(NAMED).map(FunctionName::as_str).collect();
        let more = match finding.affected.len() - named.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        facts.push(plain("suffers", named.join(", ") + &more));
    }
    facts
}

/// When a limit will be reached, as a range, and what that rests on: `2–7 min (logs)`.
pub(crate) fn forecast(forecast: &Forecast) -> String {
    format!("{} ({})", units::seconds_range(forecast.low_s, forecast.high_s), forecast.basis.word())
}

#[cfg(test)]
mod tests;
