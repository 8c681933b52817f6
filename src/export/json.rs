//! The JSON snapshot, `lamtop.snapshot/1`: the public contract, field by field.
//!
//! What is not known is `null`, never 0. A change of this surface is a new schema version.

mod alias;
mod finding;
mod function;
mod live;
mod metrics;
mod number;
mod scope;

use std::fmt::Write as _;

use serde::Serialize;

use alias::AliasJson;
use finding::FindingJson;
use scope::{HealthJson, ScopeJson};

use super::time;
use crate::analysis::finding::Finding;
use crate::analysis::traffic::AliasTraffic;
use crate::error::Error;
use crate::snapshot::{FunctionSnapshot, Origin, ScopeSnapshot, Snapshot};
use crate::view::functions::RowRef;
use lambda_model::text::is_safe;

/// The version of the document.
const SCHEMA: &str = "lamtop.snapshot/1";

/// Always `null`: the place of a part of the contract that a later version fills.
type NotYet = Option<()>;

/// A snapshot as the contract writes it, one indented document; `rows` are the functions to write, in their order.
///
/// # Errors
///
/// When the document cannot be written, which memory alone decides.
pub(crate) fn text(snapshot: &Snapshot, rows: &[RowRef]) -> Result<String, Error> {
    judged(snapshot, rows, &snapshot.findings())
}

/// The same with these findings only.
///
/// # Errors
///
/// Likewise.
pub(crate) fn judged(
    snapshot: &Snapshot,
    rows: &[RowRef],
    findings: &[(&ScopeSnapshot, &Finding)],
) -> Result<String, Error> {
    pretty(&document(snapshot, rows, findings))
}

/// One alias with its canary, as the snapshot has it, and where it is.
///
/// # Errors
///
/// Likewise.
pub(crate) fn alias(
    snapshot: &Snapshot,
    scope: &ScopeSnapshot,
    function: &FunctionSnapshot,
    alias: &AliasTraffic,
) -> Result<String, Error> {
    pretty(&AliasDocument {
        schema: SCHEMA,
        at: time(snapshot.at),
        scope: scope.label(),
        function: function.state.name.to_string(),
        alias: AliasJson::of(alias, function),
    })
}

fn pretty(document: &impl Serialize) -> Result<String, Error> {
    let mut text = serde_json::to_string_pretty(document)
        .map_err(|error| Error::usage("the JSON cannot be written", error, "try --format table"))?;
    text.push('\n');
    Ok(escaped(&text))
}

/// Escapes what `serde_json` leaves as it is and a terminal may obey: DEL, C1 controls, bidirectional overrides.
/// Such characters stand only within strings, where an escape means the same.
fn escaped(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        if character == '\n' || is_safe(character) {
            escaped.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        }
    }
    escaped
}

fn document<'a>(snapshot: &'a Snapshot, rows: &[RowRef], findings: &[(&ScopeSnapshot, &Finding)]) -> Document<'a> {
    Document {
        schema: SCHEMA,
        at: time(snapshot.at),
        source: match snapshot.origin {
            Origin::Aws => "aws",
            Origin::Demo => "demo",
            Origin::Replay => "replay",
        },
        scopes: snapshot
            .scopes
            .iter()
            .map(|scope| {
                let rows = rows.iter().filter_map(|row| row.of(snapshot));
                let own = rows.filter(|(of, _)| **of == scope.scope).map(|(_, function)| function);
                ScopeJson::of(scope, own)
            })
            .collect(),
        findings: findings.iter().map(|(scope, finding)| FindingJson::of(scope, finding)).collect(),
        health: snapshot
            .scopes
            .iter()
            .flat_map(|scope| scope.health.iter().map(|health| HealthJson::of(scope, health)))
            .collect(),
        cost: CostJson {
            metrics_requested: snapshot.cost.usage.metrics_requested,
            requests: snapshot.cost.usage.requests,
            live_tail_minutes: snapshot.cost.live_tail_minutes(),
            usd_per_hour: snapshot.cost.usd_per_hour,
            budget_usd_per_hour: None,
        },
    }
}

#[derive(Debug, Serialize)]
struct Document<'a> {
    schema: &'static str,
    at: String,
    source: &'static str,
    scopes: Vec<ScopeJson<'a>>,
    findings: Vec<FindingJson>,
    health: Vec<HealthJson>,
    cost: CostJson,
}

/// What `lamtop canary` writes.
#[derive(Debug, Serialize)]
struct AliasDocument {
    schema: &'static str,
    at: String,
    scope: String,
    function: String,
    alias: AliasJson,
}

#[derive(Debug, Serialize)]
struct CostJson {
    metrics_requested: u64,
    requests: u64,
    live_tail_minutes: f64,
    usd_per_hour: Option<f64>,
    budget_usd_per_hour: Option<f64>,
}
