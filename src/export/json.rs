//! The JSON snapshot, `lamtop.snapshot/1`: the public contract, field by field.
//!
//! What is not known is `null`, never 0. A change of this surface is a new schema version.

mod finding;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use self::finding::FindingJson;
use super::time;
use crate::analysis::canary::Canary;
use crate::analysis::failures::DeadLetters;
use crate::analysis::finding::Finding;
use crate::analysis::forecast::Forecast;
use crate::analysis::live::quantiles::Quantiles;
use crate::analysis::live::{FunctionLive, WINDOW_S};
use crate::analysis::metrics::{Durations, FunctionMetrics};
use crate::analysis::traffic::{AliasTraffic, VersionTraffic};
use crate::error::Error;
use crate::snapshot::{FunctionSnapshot, Origin, ScopeSnapshot, Snapshot};
use crate::view::functions::RowRef;
use lambda_model::failure::{Health, HealthState};
use lambda_model::function::{EventSource, EventSourceKind};
use lambda_model::operation::Operation;
use lambda_model::queue::{TargetKind, TargetRole};
use lambda_model::text::is_safe;
use lambda_model::time::Minute;

/// The version of the document.
const SCHEMA: &str = "lamtop.snapshot/1";

/// Always `null`: the place of a part of the contract that a later version fills.
type NotYet = Option<()>;

/// A snapshot as the contract writes it, one indented document; `rows` are the functions to write, in their order.
///
/// # Errors
///
/// When the document cannot be written, which memory alone decides.
pub fn text(snapshot: &Snapshot, rows: &[RowRef]) -> Result<String, Error> {
    judged(snapshot, rows, &snapshot.findings())
}

/// The same with these findings only.
///
/// # Errors
///
/// Likewise.
pub fn judged(snapshot: &Snapshot, rows: &[RowRef], findings: &[(&ScopeSnapshot, &Finding)]) -> Result<String, Error> {
    pretty(&document(snapshot, rows, findings))
}

/// One alias with its canary, as the snapshot has it, and where it is.
///
/// # Errors
///
/// Likewise.
pub fn alias(
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

fn document(snapshot: &Snapshot, rows: &[RowRef], findings: &[(&ScopeSnapshot, &Finding)]) -> Document {
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
struct Document {
    schema: &'static str,
    at: String,
    source: &'static str,
    scopes: Vec<ScopeJson>,
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
struct ScopeJson {
    account: Option<String>,
    region: String,
    profile: Option<String>,
    concurrency: ConcurrencyJson,
    functions: Vec<FunctionJson>,
}

#[derive(Debug, Serialize)]
struct ConcurrencyJson {
    limit: Option<u32>,
    unreserved_limit: Option<u32>,
    in_use: Option<Number>,
    unreserved_in_use: Option<Number>,
    claimed: Option<Number>,
    headroom: Option<Number>,
    as_of: Option<String>,
    live_in_use: Option<u32>,
    live_lower_bound: Option<bool>,
    live_as_of: Option<String>,
    forecast: Option<ForecastJson>,
}

#[derive(Debug, Serialize)]
struct ForecastJson {
    limit_reached_in_s: RangeJson,
    basis: &'static str,
}

#[derive(Debug, Serialize)]
struct RangeJson {
    low: u64,
    likely: u64,
    high: u64,
}

#[derive(Debug, Serialize)]
struct FunctionJson {
    name: String,
    arn: Option<String>,
    runtime: Option<String>,
    memory_mb: Option<u32>,
    timeout_s: Option<u32>,
    reserved_concurrency: Option<u32>,
    provisioned_concurrency: Option<u32>,
    snap_start: Option<bool>,
    tags: NotYet,
    metrics: MetricsJson,
    live: Option<LiveJson>,
    dead_letters: Vec<DeadLettersJson>,
    event_sources: Vec<EventSourceJson>,
    aliases: Vec<AliasJson>,
}

#[derive(Debug, Serialize)]
struct MetricsJson {
    as_of: Option<String>,
    period_s: u32,
    invocations: Option<Number>,
    errors: Option<Number>,
    throttles: Option<Number>,
    error_rate: Option<f64>,
    concurrent_executions: Option<Number>,
    duration_ms: DurationsJson,
    async_events_received: Option<Number>,
    async_events_dropped: Option<Number>,
    async_event_age_ms: Option<Number>,
    dead_letter_errors: Option<Number>,
    destination_delivery_failures: Option<Number>,
    iterator_age_ms: Option<Number>,
    provisioned_spillover: Option<Number>,
    recursive_invocations_dropped: Option<Number>,
}

#[derive(Debug, Serialize)]
struct LiveJson {
    as_of: String,
    window_s: u32,
    source: &'static str,
    lower_bound: bool,
    concurrency: Option<u32>,
    invocations: u64,
    errors: u64,
    timeouts: u64,
    out_of_memory: u64,
    cold_starts: u64,
    cold_start_rate: Option<f64>,
    init_ms: InitJson,
    duration_ms: LiveDurationsJson,
    max_memory_used_mb: Option<u32>,
}

#[derive(Debug, Serialize)]
struct InitJson {
    p50: Option<f64>,
    p95: Option<f64>,
    max: Option<f64>,
}

#[derive(Debug, Serialize)]
struct LiveDurationsJson {
    p50: Option<f64>,
    p95: Option<f64>,
    p99: Option<f64>,
    max: Option<f64>,
}

#[derive(Debug, Serialize)]
struct DurationsJson {
    avg: Option<f64>,
    p50: Option<f64>,
    p95: Option<f64>,
    p99: Option<f64>,
    max: Option<f64>,
}

#[derive(Debug, Serialize)]
struct DeadLettersJson {
    role: TargetRole,
    kind: TargetKind,
    arn: String,
    depth: Option<u64>,
    in_flight: Option<u64>,
    oldest_age_s: Option<Number>,
    growth_per_min: Option<f64>,
    as_of: Option<String>,
}

#[derive(Debug, Serialize)]
struct EventSourceJson {
    uuid: String,
    kind: Option<EventSourceKind>,
    arn: Option<String>,
    state: String,
    batch_size: Option<u32>,
    maximum_concurrency: Option<u32>,
}

#[derive(Debug, Serialize)]
struct AliasJson {
    name: String,
    version: Option<String>,
    additional: BTreeMap<String, f64>,
    versions: Vec<VersionJson>,
    canary: Option<CanaryJson>,
}

#[derive(Debug, Serialize)]
struct CanaryJson {
    version: String,
    verdict: &'static str,
    reasons: Vec<String>,
    calls_needed: Option<u64>,
    decided_in_s: Option<u64>,
    deployment: Option<DeploymentJson>,
}

#[derive(Debug, Serialize)]
struct DeploymentJson {
    id: String,
    config: Option<String>,
    status: String,
    next_step_in_s: Option<u64>,
}

#[derive(Debug, Serialize)]
struct VersionJson {
    version: String,
    weight: Option<f64>,
    share: Option<f64>,
    invocations: Option<Number>,
    errors: Option<Number>,
    throttles: NotYet,
    error_rate: Option<f64>,
    duration_ms: VersionDurationsJson,
    cold_starts: Option<u64>,
    as_of: Option<String>,
}

#[derive(Debug, Serialize)]
struct VersionDurationsJson {
    p50: Option<f64>,
    p95: Option<f64>,
    p99: Option<f64>,
}

#[derive(Debug, Serialize)]
struct HealthJson {
    operation: Operation,
    scope: String,
    state: HealthState,
    detail: Option<String>,
    since: String,
}

#[derive(Debug, Serialize)]
struct CostJson {
    metrics_requested: u64,
    requests: u64,
    live_tail_minutes: f64,
    usd_per_hour: Option<f64>,
    budget_usd_per_hour: Option<f64>,
}

/// A count or an age that CloudWatch sends as a double: written as a whole number when it is one.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Number(f64);

impl Serialize for Number {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        /// Up to here every whole double is an exact integer.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        if self.0.fract() == 0.0 && self.0.abs() < EXACT {
            serializer.serialize_i64(self.0 as i64)
        } else {
            serializer.serialize_f64(self.0)
        }
    }
}

fn number(value: Option<f64>) -> Option<Number> {
    value.map(Number)
}

fn minute(minute: Option<Minute>) -> Option<String> {
    minute.map(|minute| time(minute.start()))
}

impl ScopeJson {
    fn of<'a>(scope: &ScopeSnapshot, functions: impl Iterator<Item = &'a FunctionSnapshot>) -> Self {
        Self {
            account: scope.account.clone(),
            region: scope.scope.region.to_string(),
            profile: scope.scope.profile.as_ref().map(ToString::to_string),
            concurrency: ConcurrencyJson::of(scope),
            functions: functions.map(FunctionJson::of).collect(),
        }
    }
}

impl ConcurrencyJson {
    fn of(scope: &ScopeSnapshot) -> Self {
        let (pool, live) = (&scope.pool, scope.live.region.as_ref());
        Self {
            limit: pool.limit,
            unreserved_limit: pool.unreserved_limit,
            in_use: number(pool.in_use),
            unreserved_in_use: number(pool.unreserved_in_use),
            claimed: number(pool.claimed),
            headroom: number(pool.headroom),
            as_of: minute(pool.as_of),
            live_in_use: live.map(|live| live.in_use),
            live_lower_bound: live.map(|live| live.lower_bound),
            live_as_of: live.map(|live| time(live.as_of)),
            forecast: scope.forecast.map(ForecastJson::of),
        }
    }
}

impl ForecastJson {
    fn of(forecast: Forecast) -> Self {
        let Forecast { low_s, likely_s, high_s, basis, .. } = forecast;
        let [low, likely, high] = [low_s, likely_s, high_s].map(|seconds| seconds.round() as u64);
        Self { limit_reached_in_s: RangeJson { low, likely, high }, basis: basis.word() }
    }
}

impl CanaryJson {
    fn of(canary: &Canary) -> Self {
        let deployment = canary.deployment.as_ref().map(|progress| DeploymentJson {
            id: progress.deployment.id.clone(),
            config: progress.deployment.config.clone(),
            status: progress.deployment.status.clone(),
            next_step_in_s: progress.next_step_in_s,
        });
        Self {
            version: canary.version.clone(),
            verdict: canary.verdict.word(),
            reasons: crate::view::canary::reasons(canary),
            calls_needed: canary.calls_needed,
            decided_in_s: canary.decided_in_s,
            deployment,
        }
    }
}

impl FunctionJson {
    fn of(function: &FunctionSnapshot) -> Self {
        let state = &function.state;
        let info = state.info.as_ref().map(|info| &info.value);
        Self {
            name: state.name.to_string(),
            arn: info.map(|info| info.arn.to_string()),
            runtime: info.and_then(|info| info.runtime.clone()),
            memory_mb: info.and_then(|info| info.memory_mb),
            timeout_s: info.and_then(|info| info.timeout_s),
            reserved_concurrency: state.reserved.as_ref().and_then(|reserved| reserved.value),
            provisioned_concurrency: function.provisioned(),
            snap_start: info.map(|info| info.snap_start),
            tags: None,
            metrics: MetricsJson::of(&function.metrics),
            live: function.live.as_deref().map(LiveJson::of),
            dead_letters: function.dead_letters.iter().map(DeadLettersJson::of).collect(),
            event_sources: function.event_sources.iter().map(EventSourceJson::of).collect(),
            aliases: function.aliases.iter().map(|alias| AliasJson::of(alias, function)).collect(),
        }
    }
}

impl MetricsJson {
    fn of(metrics: &FunctionMetrics) -> Self {
        Self {
            as_of: minute(metrics.as_of),
            period_s: 60,
            invocations: number(metrics.invocations),
            errors: number(metrics.errors),
            throttles: number(metrics.throttles),
            error_rate: metrics.error_rate,
            concurrent_executions: number(metrics.concurrent_executions),
            duration_ms: DurationsJson::of(&metrics.duration_ms),
            async_events_received: number(metrics.async_events_received),
            async_events_dropped: number(metrics.async_events_dropped),
            async_event_age_ms: number(metrics.async_event_age_ms),
            dead_letter_errors: number(metrics.dead_letter_errors),
            destination_delivery_failures: number(metrics.destination_delivery_failures),
            iterator_age_ms: number(metrics.iterator_age_ms),
            provisioned_spillover: number(metrics.provisioned_spillover),
            recursive_invocations_dropped: number(metrics.recursive_invocations_dropped),
        }
    }
}

impl LiveJson {
    fn of(live: &FunctionLive) -> Self {
        let total = &live.total;
        let Quantiles { p50, p95, p99, max } = total.duration_ms;
        let init = total.init_ms;
        Self {
            as_of: time(live.as_of),
            window_s: WINDOW_S,
            source: live.way.word(),
            lower_bound: live.is_lower_bound(),
            concurrency: live.concurrency,
            invocations: total.invocations,
            errors: total.errors,
            timeouts: total.timeouts,
            out_of_memory: total.out_of_memory,
            cold_starts: total.cold_starts,
            cold_start_rate: live.cold_start_rate(),
            init_ms: InitJson { p50: init.p50, p95: init.p95, max: init.max },
            duration_ms: LiveDurationsJson { p50, p95, p99, max },
            max_memory_used_mb: total.max_memory_used_mb,
        }
    }
}

impl DurationsJson {
    fn of(durations: &Durations) -> Self {
        let Durations { avg, p50, p95, p99, max } = *durations;
        Self { avg, p50, p95, p99, max }
    }
}

impl DeadLettersJson {
    fn of(letters: &DeadLetters) -> Self {
        Self {
            role: letters.target.role,
            kind: letters.target.kind,
            arn: letters.target.arn.to_string(),
            depth: letters.depth,
            in_flight: letters.in_flight,
            oldest_age_s: number(letters.oldest_age_s),
            growth_per_min: letters.growth_per_min,
            as_of: letters.as_of.map(time),
        }
    }
}

impl EventSourceJson {
    fn of(source: &EventSource) -> Self {
        Self {
            uuid: source.uuid.clone(),
            kind: source.kind,
            arn: source.source.as_ref().map(ToString::to_string),
            state: source.state.clone(),
            batch_size: source.batch_size,
            maximum_concurrency: source.maximum_concurrency,
        }
    }
}

impl AliasJson {
    fn of(alias: &AliasTraffic, function: &FunctionSnapshot) -> Self {
        let live = function.live.as_deref();
        Self {
            name: alias.name.clone(),
            version: alias.version.clone(),
            additional: alias.additional.clone(),
            versions: alias.versions.iter().map(|version| VersionJson::of(version, live)).collect(),
            canary: function.canaries.get(&alias.name).map(CanaryJson::of),
        }
    }
}

impl VersionJson {
    /// The logs tell versions and not aliases: its cold starts are those of the version, through whichever alias.
    fn of(traffic: &VersionTraffic, live: Option<&FunctionLive>) -> Self {
        let Durations { p50, p95, p99, .. } = traffic.duration_ms;
        Self {
            version: traffic.version.clone(),
            weight: traffic.weight,
            share: traffic.share,
            invocations: number(traffic.invocations),
            errors: number(traffic.errors),
            throttles: None,
            error_rate: traffic.error_rate,
            duration_ms: VersionDurationsJson { p50, p95, p99 },
            cold_starts: live.and_then(|live| live.cold_starts(&traffic.version)),
            as_of: minute(traffic.as_of),
        }
    }
}

impl HealthJson {
    fn of(scope: &ScopeSnapshot, health: &Health) -> Self {
        Self {
            operation: health.operation,
            scope: scope.label(),
            state: health.state,
            detail: health.detail.clone(),
            since: time(health.since),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Number;

    #[test]
    fn whole_numbers_are_written_whole() {
        let cases = [
            (0.0, "0"),
            (120.0, "120"),
            (-3.0, "-3"),
            (0.5, "0.5"),
            (9_007_199_254_740_991.0, "9007199254740991"),
            (1e300, "1e+300"),
        ];
        for (value, text) in cases {
            assert_eq!(serde_json::to_string(&Number(value)).unwrap(), text);
        }
    }
}
