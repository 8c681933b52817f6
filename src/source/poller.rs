//! Polls one account in one Region: runs what the schedule says is due and delivers what comes back.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tokio::task::{Id, JoinError, JoinSet};

use super::api::Account;
use super::calls::{Calls, Event};
use super::pace::Pace;
use super::schedule::{Cadence, Schedule};
use super::task::Task;
use crate::model::Scope;
use crate::model::demand::Demand;
use crate::model::failure::{ApiError, Health, HealthState};
use crate::model::observation::{Observation, Payload, Usage};
use crate::model::operation::Operation;
use crate::model::time::Clock;

/// Events waiting for the poller; the calls wait when it is full.
const EVENTS: usize = 64;

/// Polls `account` until the receiver of `out` is gone, or, with `cadence.once`, until everything has
/// been asked once.
///
/// Delivery waits when the engine is behind: metrics are never dropped. A call that fails becomes a
/// [`Health`] observation and nothing else.
pub async fn poll(
    account: Account,
    scope: Scope,
    clock: Clock,
    cadence: Cadence,
    out: mpsc::Sender<Observation>,
    mut demand: watch::Receiver<Demand>,
) {
    let (events, mut received) = mpsc::channel(EVENTS);
    let schedule = Schedule::new(scope.clone(), cadence, clock.now());
    let pace = Pace::new(clock.clone(), cadence.inventory_rate, schedule.deadline());
    let calls = Calls::new(account, pace, clock.clone(), events);
    let mut poller = Poller { schedule, scope, clock, out, health: BTreeMap::new(), usage: Usage::default() };
    let mut running = JoinSet::new();
    let mut tasks = BTreeMap::new();
    poller.schedule.demand(&demand.borrow_and_update());
    loop {
        let now = poller.clock.now();
        while let Some(task) = poller.schedule.next(now) {
            let calls = Arc::clone(&calls);
            let id = running.spawn({
                let task = task.clone();
                async move { calls.run(&task).await }
            });
            tasks.insert(id.id(), task);
        }
        if poller.schedule.is_done(now) {
            break;
        }
        let wake = poller.schedule.wake(now);
        tokio::select! {
            biased;
            Some(event) = received.recv() => {
                if poller.take(event).await.is_none() {
                    return;
                }
            }
            Some(ended) = running.join_next_with_id() => {
                // What the task had to say is in the channel before its end is.
                while let Ok(event) = received.try_recv() {
                    if poller.take(event).await.is_none() {
                        return;
                    }
                }
                if poller.ended(ended, &mut tasks).await.is_none() {
                    return;
                }
            }
            Ok(()) = demand.changed() => poller.schedule.demand(&demand.borrow_and_update()),
            () = poller.out.closed() => return,
            () = poller.clock.sleep_until(wake) => {}
        }
    }
    poller.tell_unknown().await;
}

struct Poller {
    schedule: Schedule,
    scope: Scope,
    clock: Clock,
    out: mpsc::Sender<Observation>,
    health: BTreeMap<Operation, Health>,
    usage: Usage,
}

/// `None` when nobody listens any more.
type Heard = Option<()>;

impl Poller {
    async fn take(&mut self, event: Event) -> Heard {
        match event {
            Event::Observed(payload) => self.deliver(payload).await,
            Event::Active(metric, subjects) => {
                self.schedule.active(metric, &subjects);
                Some(())
            }
            Event::Called { operation, outcome, metrics } => {
                self.usage += Usage {
                    requests: 1,
                    metrics_requested: metrics,
                    list_requests: u64::from(operation == Operation::ListMetrics),
                };
                self.called(operation, outcome).await
            }
        }
    }

    async fn ended(&mut self, ended: Result<(Id, bool), JoinError>, tasks: &mut BTreeMap<Id, Task>) -> Heard {
        let (id, answered) = match ended {
            Ok(ended) => ended,
            Err(error) => (error.id(), false),
        };
        if let Some(task) = tasks.remove(&id) {
            if !answered {
                tracing::debug!(?task, "task ended without an answer");
            }
            self.schedule.finished(&task, answered, self.clock.now());
        }
        self.deliver(Payload::Usage(self.usage)).await
    }

    /// Tells the schedule how a call ended and, when that is news, everybody.
    async fn called(&mut self, operation: Operation, outcome: Result<(), ApiError>) -> Heard {
        let now = self.clock.now();
        self.schedule.called(operation, outcome.as_ref().err(), now);
        let state = outcome.as_ref().err().map_or(HealthState::Ok, ApiError::state);
        let detail = outcome.err().filter(|_| state != HealthState::Ok).map(|error| error.to_string());
        if let Some(detail) = &detail {
            tracing::warn!(%operation, state = state.word(), detail);
        }
        let last = self.health.get(&operation);
        if last.is_some_and(|last| last.state == state && last.detail == detail) {
            return Some(());
        }
        let since = last.filter(|last| last.state == state).map_or(now, |last| last.since);
        let health = Health { operation, state, detail, since };
        self.health.insert(operation, health.clone());
        self.deliver(Payload::Health(health)).await
    }

    /// A one-shot run ends with a word on what it did not get to.
    async fn tell_unknown(&mut self) -> Option<()> {
        let now = self.clock.now();
        for (operation, words) in self.schedule.unknown() {
            let health = Health { operation, state: HealthState::Ok, detail: Some(words), since: now };
            self.deliver(Payload::Health(health)).await?;
        }
        Some(())
    }

    async fn deliver(&mut self, payload: Payload) -> Heard {
        let observation = Observation { at: self.clock.now(), scope: self.scope.clone(), payload };
        self.schedule.learn(&observation);
        self.out.send(observation).await.ok()
    }
}
