//! Findings as JSON: the sentences for people, and the facts and commands that they are made of for programs.

use serde::Serialize;

use crate::analysis::fact::{Fact, Subject};
use crate::analysis::finding::{Command, Finding};
use crate::export::time;
use crate::snapshot::ScopeSnapshot;
use crate::view::findings;
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
    facts: Vec<FactJson>,
    commands: Vec<CommandJson>,
}

#[derive(Debug, Serialize)]
struct FactJson {
    subject: SubjectJson,
    quantity: &'static str,
    unit: Option<&'static str>,
    value: Option<f64>,
    of: Option<f64>,
    limit: Option<f64>,
    before: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    at: Option<String>,
    over_s: Option<f64>,
    bound: &'static str,
    source: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct SubjectJson {
    kind: &'static str,
    name: Option<String>,
}

#[derive(Debug, Serialize)]
struct CommandJson {
    program: &'static str,
    arguments: Vec<String>,
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
            summary: findings::summary(finding),
            evidence: findings::evidence(finding),
            next: findings::next(finding),
            facts: finding.facts.iter().map(|fact| FactJson::of(finding, fact)).collect(),
            commands: finding.commands.iter().map(CommandJson::of).collect(),
        }
    }
}

impl FactJson {
    fn of(finding: &Finding, fact: &Fact) -> Self {
        Self {
            subject: SubjectJson::of(finding, &fact.subject),
            quantity: fact.quantity.name(),
            unit: fact.quantity.unit().word(),
            value: fact.value,
            of: fact.of,
            limit: fact.limit,
            before: fact.before,
            low: fact.range.map(|(low, _)| low),
            high: fact.range.map(|(_, high)| high),
            at: fact.at.map(time),
            over_s: fact.over_s,
            bound: fact.bound.word(),
            source: fact.source.map(crate::analysis::forecast::Basis::word),
        }
    }
}

impl SubjectJson {
    fn of(finding: &Finding, subject: &Subject) -> Self {
        let (kind, name) = match subject {
            Subject::Itself => match &finding.function {
                Some(function) => ("function", Some(function.to_string())),
                None => ("region", None),
            },
            Subject::Region => ("region", None),
            Subject::Function(name) => ("function", Some(name.to_string())),
            Subject::Alias(name) => ("alias", Some(name.clone())),
            Subject::Version(name) => ("version", Some(name.clone())),
            Subject::EventSource(name) => ("event_source", Some(name.clone())),
            Subject::Target(target) => ("failure_target", Some(target.arn.to_string())),
            Subject::Error(text) => ("error", Some(text.clone())),
            Subject::Setting(text) => ("setting", Some(text.clone())),
        };
        Self { kind, name }
    }
}

impl CommandJson {
    fn of(command: &Command) -> Self {
        Self { program: command.program, arguments: command.arguments.clone() }
    }
}
