//! Functions and findings as CSV: one line each, plain numbers, empty where nothing is known.

use crate::analysis::finding::Finding;
use crate::analysis::thresholds::Thresholds;
use crate::error::Error;
use crate::snapshot::{FunctionSnapshot, ScopeSnapshot, Snapshot};
use crate::view::findings as words;
use crate::view::functions::RowRef;
use crate::view::status::Status;

/// The names of a function's columns; numbers carry their unit as in the JSON contract.
const FUNCTION: [&str; 19] = [
    "account",
    "region",
    "profile",
    "function",
    "status",
    "as_of",
    "invocations",
    "errors",
    "throttles",
    "error_rate",
    "concurrent_executions",
    "reserved_concurrency",
    "duration_avg_ms",
    "duration_p50_ms",
    "duration_p95_ms",
    "duration_p99_ms",
    "duration_max_ms",
    "dead_letters",
    "runtime",
];

/// The names of a finding's columns: the members of its JSON, and the alias. Lists are joined by `; `.
const FINDING: [&str; 10] =
    ["kind", "severity", "scope", "function", "alias", "since", "confidence", "summary", "evidence", "next"];

/// The rows as CSV text with a head line.
///
/// # Errors
///
/// When the text cannot be written, which memory alone decides.
pub(crate) fn text(snapshot: &Snapshot, rows: &[RowRef]) -> Result<String, Error> {
    let records = rows.iter().filter_map(|row| {
        let (scope, function) = row.of(snapshot)?;
        let scope = snapshot.scopes.iter().find(|candidate| candidate.scope == *scope)?;
        Some(record(&snapshot.params.thresholds, scope, function))
    });
    write(FUNCTION, records)
}

/// Findings as CSV text with a head line.
///
/// # Errors
///
/// Likewise.
pub(crate) fn findings(findings: &[(&ScopeSnapshot, &Finding)]) -> Result<String, Error> {
    let record = |(scope, finding): &(&ScopeSnapshot, &Finding)| {
        [
            finding.kind.to_string(),
            finding.severity.word().to_string(),
            scope.label(),
            finding.function.as_ref().map(ToString::to_string).unwrap_or_default(),
            finding.alias.clone().unwrap_or_default(),
            super::time(finding.since),
            finding.confidence.to_string(),
            words::summary(finding),
            words::evidence(finding).join("; "),
            words::next(finding).join("; "),
        ]
        .map(|field| plain(&field))
    };
    write(FINDING, findings.iter().map(record))
}

fn write<const WIDTH: usize>(
    head: [&str; WIDTH],
    records: impl Iterator<Item = [String; WIDTH]>,
) -> Result<String, Error> {
    let fault = |error: &dyn std::fmt::Display| Error::usage("the CSV cannot be written", error, "try --format json");
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(head).map_err(|error| fault(&error))?;
    for record in records {
        writer.write_record(record).map_err(|error| fault(&error))?;
    }
    let bytes = writer.into_inner().map_err(|error| fault(&error))?;
    String::from_utf8(bytes).map_err(|error| fault(&error))
}

fn record(thresholds: &Thresholds, scope: &ScopeSnapshot, function: &FunctionSnapshot) -> [String; FUNCTION.len()] {
    let metrics = &function.metrics;
    let duration = &metrics.duration_ms;
    let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    let reserved = function.state.reserved.as_ref().and_then(|reserved| reserved.value);
    let runtime = function.state.info.as_ref().and_then(|info| info.value.runtime.clone());
    [
        scope.account.clone().unwrap_or_default(),
        scope.scope.region.to_string(),
        scope.scope.profile.as_ref().map(ToString::to_string).unwrap_or_default(),
        function.state.name.to_string(),
        Status::known(thresholds, scope, function).map(|status| status.label().to_lowercase()).unwrap_or_default(),
        metrics.as_of.map(|minute| super::time(minute.start())).unwrap_or_default(),
        number(metrics.invocations),
        number(metrics.errors),
        number(metrics.throttles),
        number(metrics.error_rate),
        number(metrics.concurrent_executions),
        number(reserved.map(f64::from)),
        number(duration.avg),
        number(duration.p50),
        number(duration.p95),
        number(duration.p99),
        number(duration.max),
        number(function.dead_letters_waiting().map(|waiting| waiting as f64)),
        runtime.unwrap_or_default(),
    ]
    .map(|field| plain(&field))
}

/// A field that a spreadsheet does not take for a formula, with nothing in it that drives a terminal.
fn plain(field: &str) -> String {
    let clean = lambda_model::text::clean(field);
    let formula = clean.starts_with(['=', '+', '@']) || (clean.starts_with('-') && clean.parse::<f64>().is_err());
    if formula { format!("'{clean}") } else { clean.into_owned() }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn a_spreadsheet_runs_nothing() {
        assert_eq!(plain("=cmd()"), "'=cmd()");
        assert_eq!(plain("-1+2"), "'-1+2");
        assert_eq!(plain("-1.5"), "-1.5");
        assert_eq!(plain("checkout"), "checkout");
    }
}
