//! The published state: immutable, complete, and all that any consumer ever sees.
//!
//! A snapshot shares each function's state with the store, so publishing copies pointers; to freeze the
//! screen is to keep an old one.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::analysis::Params;
use crate::analysis::canary::{Canary, canary};
use crate::analysis::cost::Cost;
use crate::analysis::failures::{DeadLetters, dead_letters};
use crate::analysis::finding::Finding;
use crate::analysis::forecast::{self, Forecast};
use crate::analysis::live::{FunctionLive, ScopeLive};
use crate::analysis::metrics::{FunctionMetrics, MappingMetrics};
use crate::analysis::pool::Pool;
use crate::analysis::rules;
use crate::analysis::rules::case::{Case, FunctionCase};
use crate::analysis::traffic::{AliasTraffic, aliases};
use crate::store::Store;
use crate::store::state::{FunctionState, ScopeState};
use lambda_model::deployment::Deployment;
use lambda_model::failure::{Health, HealthState};
use lambda_model::function::EventSource;
use lambda_model::observation::Usage;
use lambda_model::{FunctionId, FunctionName, Scope};

/// Where the numbers come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An AWS account.
    Aws,
    /// The simulated account.
    Demo,
    /// What was written down before: a log file.
    Replay,
}

/// Everything known at one instant.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The instant.
    pub at: DateTime<Utc>,
    /// Grows with each publication.
    pub seq: u64,
    /// Where the numbers come from.
    pub origin: Origin,
    /// How they were read.
    pub params: Params,
    /// One per profile and Region.
    pub scopes: Vec<ScopeSnapshot>,
    /// lamtop's own calls.
    pub cost: Cost,
}

/// Everything known of one scope.
#[derive(Clone, Debug)]
pub struct ScopeSnapshot {
    /// Profile and Region.
    pub scope: Scope,
    /// The account, once known.
    pub account: Option<String>,
    /// The concurrency pool.
    pub pool: Pool,
    /// By name.
    pub functions: Vec<FunctionSnapshot>,
    /// What the logs say of the Region and how they come in; the functions' part is with them.
    pub live: ScopeLive,
    /// When the Region's limit will be reached; `None` where the data do not carry it.
    pub forecast: Option<Forecast>,
    /// What is wrong, the worst first.
    pub findings: Vec<Finding>,
    /// Whether the function list has been read to its end.
    pub listed: bool,
    /// The last word on each operation called.
    pub health: Vec<Health>,
}

/// Everything known of one function.
#[derive(Clone, Debug)]
pub struct FunctionSnapshot {
    /// The facts and the series.
    pub state: Arc<FunctionState>,
    /// The newest complete minute.
    pub metrics: FunctionMetrics,
    /// What its logs say of this second; `None` where they are not read.
    pub live: Option<Arc<FunctionLive>>,
    /// Its recent errors and throttled requests, on screen or not.
    pub trouble: Option<f64>,
    /// What limits its concurrency.
    pub ceiling: Option<Ceiling>,
    /// Where its failed events end up.
    pub dead_letters: Vec<DeadLetters>,
    /// What polls and invokes it.
    pub event_sources: Vec<EventSource>,
    /// What those of them publish that are configured to, by UUID.
    pub mappings: BTreeMap<String, MappingMetrics>,
    /// Its aliases and their traffic.
    pub aliases: Vec<AliasTraffic>,
    /// The canaries of its weighted aliases, by alias.
    pub canaries: BTreeMap<String, Canary>,
    /// When its reservation will be reached; `None` where it has none or the data do not carry it.
    pub forecast: Option<Forecast>,
}

/// The concurrency a function cannot exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ceiling {
    /// Its own reservation.
    Reserved(u32),
    /// The Region's unreserved pool, shared with every other function.
    Unreserved(u32),
}

impl Ceiling {
    /// The number of concurrent executions.
    pub(crate) fn executions(self) -> u32 {
        match self {
            Self::Reserved(executions) | Self::Unreserved(executions) => executions,
        }
    }
}

impl Snapshot {
    /// What `store` means at `now`.
    pub fn of(store: &Store, params: Params, origin: Origin, now: DateTime<Utc>, seq: u64) -> Self {
        let mut usage = Usage::default();
        let mut begun = None;
        for (since, read) in store.scopes.values().filter_map(|scope| scope.usage.as_ref()) {
            usage += read.value;
            begun = Some(begun.map_or(*since, |begun: DateTime<Utc>| begun.min(*since)));
        }
        let scopes = store.scopes.iter().map(|(scope, state)| ScopeSnapshot::of(scope, state, params, now)).collect();
        Self { at: now, seq, origin, params, scopes, cost: Cost::of(usage, begun, now) }
    }

    /// What is wrong in all scopes, the worst first, each with where it is.
    pub fn findings(&self) -> Vec<(&ScopeSnapshot, &Finding)> {
        let every = self.scopes.iter().flat_map(|scope| scope.findings.iter().map(move |finding| (scope, finding)));
        let mut findings: Vec<_> = every.collect();
        findings.sort_by(|(_, one), (_, other)| one.order(other));
        findings
    }

    /// The scope and the function with this id.
    pub(crate) fn function(&self, id: &FunctionId) -> Option<(&ScopeSnapshot, &FunctionSnapshot)> {
        let scope = self.scopes.iter().find(|scope| scope.scope == id.scope)?;
        Some((scope, scope.function(&id.name)?))
    }

    /// Operations that do not answer as they should, over all scopes.
    pub(crate) fn faults(&self) -> impl Iterator<Item = (&ScopeSnapshot, &Health)> {
        self.scopes.iter().flat_map(|scope| {
            scope.health.iter().filter(|health| health.state != HealthState::Ok).map(move |health| (scope, health))
        })
    }
}

impl ScopeSnapshot {
    fn of(scope: &Scope, state: &ScopeState, params: Params, now: DateTime<Utc>) -> Self {
        let live = ScopeLive::of(state, params.thresholds.near_timeout, now);
        let pool = Pool::newest(state, now);
        let functions: Vec<_> = state
            .functions
            .values()
            .filter(|function| state.exists(function))
            .map(|function| {
                FunctionSnapshot::of(state, function, live.functions.get(&function.name).cloned(), params, now)
            })
            .collect();
        let forecast = forecast::region(state, &live, &params, now);
        let region = Case {
            now,
            params: &params,
            scope,
            state,
            pool: &pool,
            live: &live,
            forecast: forecast.as_ref(),
            function: None,
        };
        let findings = rules::findings(region, functions.iter().map(FunctionSnapshot::case));
        Self {
            scope: scope.clone(),
            account: state.account.as_ref().map(|account| account.value.clone()),
            pool,
            functions,
            forecast,
            findings,
            live,
            listed: state.listed.is_some(),
            health: state.health.values().map(|health| health.value.clone()).collect(),
        }
    }

    /// The function with this name.
    pub(crate) fn function(&self, name: &FunctionName) -> Option<&FunctionSnapshot> {
        let index = self.functions.binary_search_by(|function| function.state.name.cmp(name)).ok()?;
        self.functions.get(index)
    }

    /// `account/region`, as findings and health lines name a scope; the profile stands in for an
    /// account that is not known yet.
    pub(crate) fn label(&self) -> String {
        match &self.account {
            Some(account) => format!("{account}/{}", self.scope.region),
            None => self.scope.to_string(),
        }
    }
}

fn mapping(scope: &ScopeState, uuid: &str, now: DateTime<Utc>) -> MappingMetrics {
    scope.mapping_series.get(uuid).map(|series| MappingMetrics::newest(series, now)).unwrap_or_default()
}

impl FunctionSnapshot {
    fn of(
        scope: &ScopeState,
        state: &Arc<FunctionState>,
        live: Option<Arc<FunctionLive>>,
        params: Params,
        now: DateTime<Utc>,
    ) -> Self {
        let event_sources = scope
            .event_sources
            .as_ref()
            .and_then(|sources| sources.value.get(&state.name))
            .cloned()
            .unwrap_or_default();
        let unreserved = scope.limits.as_ref().and_then(|limits| limits.value.unreserved_concurrent_executions);
        let ceiling = match state.reserved.as_ref().map(|reserved| reserved.value) {
            Some(Some(reserved)) => Some(Ceiling::Reserved(reserved)),
            Some(None) => unreserved.map(Ceiling::Unreserved),
            None => None,
        };
        let aliases = aliases(state, params, now);
        let deployments = scope.deployments.as_ref().map(|read| read.value.as_slice()).unwrap_or_default();
        let canaries = aliases.iter().filter_map(|alias| {
            let shifts = |one: &&Deployment| one.function == state.name && one.alias == alias.name;
            let deployment = deployments.iter().find(shifts);
            Some((alias.name.clone(), canary(state, alias, live.as_deref(), deployment, &params, now)?))
        });
        Self {
            canaries: canaries.collect(),
            forecast: forecast::function(state, live.as_deref(), &params, now),
            state: Arc::clone(state),
            metrics: FunctionMetrics::newest(&state.series, now),
            live,
            trouble: FunctionMetrics::trouble(&state.series, now),
            ceiling,
            dead_letters: dead_letters(scope, state, &event_sources, now),
            mappings: event_sources
                .iter()
                .filter(|source| source.event_count)
                .map(|source| (source.uuid.clone(), mapping(scope, &source.uuid, now)))
                .collect(),
            event_sources,
            aliases,
        }
    }

    /// What the rules see of it.
    fn case(&self) -> FunctionCase<'_> {
        FunctionCase {
            state: &self.state,
            live: self.live.as_deref(),
            dead_letters: &self.dead_letters,
            event_sources: &self.event_sources,
            aliases: &self.aliases,
            canaries: &self.canaries,
        }
    }

    /// Messages waiting in its dead-letter queues; `None` when it has none, or none was read.
    pub(crate) fn dead_letters_waiting(&self) -> Option<u64> {
        self.dead_letters.iter().filter_map(|letters| letters.depth).reduce(|sum, depth| sum + depth)
    }

    /// Environments allocated as provisioned concurrency, over all qualifiers; `None` until asked.
    pub(crate) fn provisioned(&self) -> Option<u32> {
        let configs = &self.state.provisioned.as_ref()?.value;
        Some(configs.iter().map(|config| config.allocated).sum())
    }
}
