//! Findings as plain text for a terminal, a runbook or a job's log: the worst first, each with its evidence and what
//! to do next. Without colours; the commands stand alone on their lines, to be pasted.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};

use crate::analysis::finding::Finding;
use crate::snapshot::{ScopeSnapshot, Snapshot};
use crate::view::{findings, units};
use lambda_model::finding::Severity;
use lambda_model::text::clean;
use lambda_model::time::Minute;

/// The findings, the faults of the sources, and how many there are of what.
pub(crate) fn text(snapshot: &Snapshot, findings: &[(&ScopeSnapshot, &Finding)]) -> String {
    let mut out = String::new();
    for (scope, finding) in findings {
        one(&mut out, snapshot.at, scope, finding);
    }
    for (scope, health) in snapshot.faults() {
        let detail = health.detail.as_deref().unwrap_or_default();
        let line = format!("{} {} in {}: {detail}", health.operation, health.state.word(), scope.label());
        let _ = writeln!(out, "{}", clean(&line));
    }
    let _ = writeln!(out, "{}", summary(snapshot, findings));
    out
}

fn one(out: &mut String, now: DateTime<Utc>, scope: &ScopeSnapshot, finding: &Finding) {
    let place = scope.label();
    let of = match &finding.function {
        Some(function) => format!("{function} in {place}"),
        None => place,
    };
    let _ = writeln!(
        out,
        "{:<8}  {}  {}  since {} ({})  {}",
        finding.severity.word().to_uppercase(),
        finding.kind,
        clean(&of),
        units::clock(finding.since),
        units::span(now - finding.since),
        units::percent(finding.confidence),
    );
    let _ = writeln!(out, "  {}", clean(&findings::summary(finding)));
    for fact in findings::evidence(finding) {
        let _ = writeln!(out, "  · {}", clean(&fact));
    }
    for command in findings::next(finding) {
        let _ = writeln!(out, "  $ {}", clean(&command));
    }
    out.push('\n');
}

/// How many findings of each severity, or that there are none and what was looked at.
fn summary(snapshot: &Snapshot, findings: &[(&ScopeSnapshot, &Finding)]) -> String {
    let count = |severity| findings.iter().filter(|(_, finding)| finding.severity == severity).count();
    let counts: Vec<String> = [Severity::Critical, Severity::Warning, Severity::Info]
        .into_iter()
        .filter(|severity| count(*severity) > 0)
        .map(|severity| format!("{} {}", count(severity), severity.word()))
        .collect();
    let functions: usize = snapshot.scopes.iter().map(|scope| scope.functions.len()).sum();
    let settled = Minute::newest_complete(snapshot.at).plus(-i64::from(snapshot.params.provisional_minutes));
    let functions = if functions == 1 { "1 function".to_string() } else { format!("{functions} functions") };
    let looked = format!("{functions}, metrics up to {}", units::clock(settled.plus(1).start()));
    if counts.is_empty() { format!("no findings: {looked}") } else { format!("{} in {looked}", counts.join(", ")) }
}
