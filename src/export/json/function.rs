//! A function: what it is, its numbers, where its events come from and where those that fail go.

use serde::Serialize;

use super::super::time;
use super::NotYet;
use super::alias::AliasJson;
use super::live::LiveJson;
use super::metrics::{EventsJson, MetricsJson};
use super::number::{Number, number};
use crate::analysis::failures::DeadLetters;
use crate::analysis::metrics::MappingMetrics;
use crate::snapshot::FunctionSnapshot;
use lambda_model::function::{EventSource, EventSourceKind};
use lambda_model::queue::{TargetKind, TargetRole};

#[derive(Debug, Serialize)]
pub(super) struct FunctionJson<'a> {
    name: String,
    arn: Option<String>,
    runtime: Option<String>,
    memory_mb: Option<u32>,
    timeout_s: Option<u32>,
    reserved_concurrency: Option<u32>,
    provisioned_concurrency: Option<u32>,
    snap_start: Option<bool>,
    tags: NotYet,
    metrics: MetricsJson<'a>,
    live: Option<LiveJson>,
    dead_letters: Vec<DeadLettersJson>,
    event_sources: Vec<EventSourceJson<'a>>,
    aliases: Vec<AliasJson>,
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
struct EventSourceJson<'a> {
    uuid: String,
    kind: Option<EventSourceKind>,
    arn: Option<String>,
    state: String,
    batch_size: Option<u32>,
    maximum_concurrency: Option<u32>,
    /// `None` where the mapping is not configured to publish them.
    events: Option<EventsJson<'a>>,
}

impl<'a> FunctionJson<'a> {
    pub(super) fn of(function: &'a FunctionSnapshot) -> Self {
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
            metrics: MetricsJson(&function.metrics),
            live: function.live.as_deref().map(LiveJson::of),
            dead_letters: function.dead_letters.iter().map(DeadLettersJson::of).collect(),
            event_sources: function
                .event_sources
                .iter()
                .map(|source| EventSourceJson::of(source, function.mappings.get(&source.uuid)))
                .collect(),
            aliases: function.aliases.iter().map(|alias| AliasJson::of(alias, function)).collect(),
        }
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

impl<'a> EventSourceJson<'a> {
    fn of(source: &EventSource, events: Option<&'a MappingMetrics>) -> Self {
        Self {
            uuid: source.uuid.clone(),
            kind: source.kind,
            arn: source.source.as_ref().map(ToString::to_string),
            state: source.state.clone(),
            batch_size: source.batch_size,
            maximum_concurrency: source.maximum_concurrency,
            events: events.map(EventsJson),
        }
    }
}
