//! Sends the observations of one source to the engine: facts, and the health of each operation when it changes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;

use lambda_model::Scope;
use lambda_model::failure::{ApiError, Health, HealthState};
use lambda_model::observation::{Observation, Payload, Usage};
use lambda_model::operation::Operation;
use lambda_model::time::Clock;

/// `Some` when an observation was delivered; `None` when the engine has stopped and no longer receives any.
pub type Delivered = Option<()>;

/// The calls of all sources of one scope, added up.
#[derive(Clone, Debug, Default)]
pub struct Meter(Arc<Mutex<Usage>>);

impl Meter {
    /// Adds calls. Returns the total so far.
    pub fn add(&self, usage: Usage) -> Usage {
        let mut total = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *total += usage;
        *total
    }
}

/// The connection from one source to the engine.
#[derive(Clone, Debug)]
pub struct Outlet {
    scope: Scope,
    clock: Clock,
    out: mpsc::Sender<Observation>,
    meter: Meter,
    health: BTreeMap<Operation, Health>,
}

impl Outlet {
    /// Sends observations of `scope` to `out`. Calls are added to `meter`.
    pub fn new(scope: Scope, clock: Clock, out: mpsc::Sender<Observation>, meter: Meter) -> Self {
        Self { scope, clock, out, meter, health: BTreeMap::new() }
    }

    /// The scope of all observations.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The clock that the sources read.
    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// `payload`, read now.
    pub(crate) fn observation(&self, payload: Payload) -> Observation {
        Observation { at: self.clock.now(), scope: self.scope.clone(), payload }
    }

    /// Delivers an observation; waits when the engine is behind.
    pub async fn send(&self, observation: Observation) -> Delivered {
        self.out.send(observation).await.ok()
    }

    /// Delivers `payload`, read now.
    pub async fn publish(&self, payload: Payload) -> Delivered {
        self.send(self.observation(payload)).await
    }

    /// Counts calls. Returns the total so far, as an observation.
    pub(crate) fn spend(&self, usage: Usage) -> Payload {
        Payload::Usage(self.meter.add(usage))
    }

    /// Notes how a call ended. Returns the operation's health when it has changed.
    pub fn judge(&mut self, operation: Operation, failure: Option<&ApiError>) -> Option<Payload> {
        let now = self.clock.now();
        let state = failure.map_or(HealthState::Ok, ApiError::state);
        let detail = failure.filter(|_| state != HealthState::Ok).map(ToString::to_string);
        if let Some(detail) = &detail {
            tracing::warn!(%operation, state = state.word(), detail);
        }
        let last = self.health.get(&operation);
        if last.is_some_and(|last| last.state == state && last.detail == detail) {
            return None;
        }
        let since = last.filter(|last| last.state == state).map_or(now, |last| last.since);
        let health = Health { operation, state, detail, since };
        self.health.insert(operation, health.clone());
        Some(Payload::Health(health))
    }

    /// Waits until the engine has stopped.
    pub async fn closed(&self) {
        self.out.closed().await;
    }
}
