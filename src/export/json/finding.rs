//! A finding.

use serde::Serialize;

use super::super::time;
use crate::analysis::finding::Finding;
use crate::snapshot::ScopeSnapshot;
use lambda_model::finding::{Kind, Severity};

#[derive(Debug, Serialize)]
pub(super) struct FindingJson {
    kind: Kind,
    severity: Severity,
    scope: String,
    function: Option<String>,
    since: String,
    confidence: f64,
    summary: String,
    evidence: Vec<String>,
    next: Vec<String>,
}

impl FindingJson {
    pub(super) fn of(scope: &ScopeSnapshot, finding: &Finding) -> Self {
        Self {
            kind: finding.kind,
            severity: finding.severity,
            scope: scope.label(),
            function: finding.function.as_ref().map(ToString::to_string),
            since: time(finding.since),
            // More digits than it is known to.
            confidence: (finding.confidence * 1000.0).round() / 1000.0,
            summary: finding.summary.clone(),
            evidence: finding.evidence.clone(),
            next: finding.next.clone(),
        }
    }
}
