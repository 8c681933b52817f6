//! `lamtop check`: one look, judged. It prints what is wrong and why, and tells by its outcome whether that is bad.

use super::gather::gather;
use super::{Outcome, Simulation, format, print, query, rows};
use crate::analysis::finding::Finding;
use crate::config::{Format, Settings};
use crate::error::Error;
use crate::export;
use crate::snapshot::{ScopeSnapshot, Snapshot};
use crate::view::functions::RowRef;
use lambda_model::failure::HealthState;
use lambda_model::operation::Operation;

/// Looks once and judges.
///
/// # Errors
///
/// What ends `lamtop snapshot` early.
pub(super) fn check(settings: &Settings, simulation: Option<&Simulation>) -> Result<Outcome, Error> {
    let query = query(settings)?;
    let sought = |snapshot: &Snapshot| rows(snapshot, &query, settings);
    let snapshot = gather(settings, simulation, sought)?;
    let concerned: Vec<RowRef> = sought(&snapshot).into_iter().filter(|row| is_concerned(&snapshot, *row)).collect();
    // A filter narrows the functions; what is wrong with the Region concerns all of them.
    let is_sought = |finding: &Finding| {
        let names = concerned.iter().filter_map(|row| Some(&row.of(&snapshot)?.1.state.name));
        settings.filter.is_empty() || finding.function.is_none() || names.into_iter().any(|name| finding.concerns(name))
    };
    let findings: Vec<_> = snapshot.findings().into_iter().filter(|(_, finding)| is_sought(finding)).collect();
    print(&match format(settings) {
        Format::Json => export::json::judged(&snapshot, &concerned, &findings)?,
        Format::Csv => export::csv::findings(&findings)?,
        Format::Table | Format::Auto => export::findings::text(&snapshot, &findings),
    })?;
    Ok(if findings.iter().any(|(_, finding)| finding.severity >= settings.fail_on) {
        Outcome::Found
    } else if snapshot.scopes.iter().all(is_judged) {
        Outcome::Fine
    } else {
        Outcome::Undecided
    })
}

/// Whether something was found about the function of a row.
fn is_concerned(snapshot: &Snapshot, row: RowRef) -> bool {
    let Some((scope, function)) = row.of(snapshot) else { return false };
    let scopes = snapshot.scopes.iter().filter(|known| known.scope == *scope);
    scopes.flat_map(|scope| &scope.findings).any(|finding| finding.concerns(&function.state.name))
}

/// Whether the metrics of a scope were read: where they were not, nothing found means nothing.
fn is_judged(scope: &ScopeSnapshot) -> bool {
    let metrics = scope.health.iter().find(|health| health.operation == Operation::GetMetricData);
    metrics.is_some_and(|health| health.state == HealthState::Ok)
}
