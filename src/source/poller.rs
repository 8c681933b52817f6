//! Polls one account in one Region: runs what the schedule says is due and delivers what comes back.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tokio::task::{Id, JoinError, JoinSet};

use super::cadence::Cadence;
use super::calls::{Calls, Event};
use super::directory::Directory;
use super::outlet::{Delivered, Outlet};
use super::pace::Pace;
use super::schedule::Schedule;
use super::task::Task;
use lambda_model::api::Account;
use lambda_model::demand::Demand;
use lambda_model::failure::{Health, HealthState};
use lambda_model::observation::{Payload, Usage};
use lambda_model::operation::Operation;

/// Events waiting for the poller; the calls wait when it is full.
const EVENTS: usize = 64;

/// Polls `account` until nobody listens to `outlet` any more, or, with `cadence.once`, until everything has
/// been asked once; `directory` follows the function list.
///
/// Delivery waits when the engine is behind: metrics are never dropped. A call that fails becomes a
/// [`Health`] observation and nothing else.
pub async fn poll(
    account: Account,
    outlet: Outlet,
    cadence: Cadence,
    directory: watch::Sender<Directory>,
    mut demand: watch::Receiver<Demand>,
) {
    let clock = outlet.clock().clone();
    let (events, mut received) = mpsc::channel(EVENTS);
    let schedule = Schedule::new(outlet.scope().clone(), cadence, clock.now());
    let pace = Pace::new(clock.clone(), cadence.inventory_rate, schedule.deadline());
    let calls = Calls::new(account, pace, clock.clone(), events);
    let mut poller = Poller { schedule, outlet, directory };
    let mut running = JoinSet::new();
    let mut tasks = BTreeMap::new();
    poller.schedule.demand(&demand.borrow_and_update());
    loop {
        let now = clock.now();
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
            () = poller.outlet.closed() => return,
            () = clock.sleep_until(wake) => {}
        }
    }
    poller.tell_unknown().await;
}

struct Poller {
    schedule: Schedule,
    outlet: Outlet,
    directory: watch::Sender<Directory>,
}

impl Poller {
    async fn take(&mut self, event: Event) -> Delivered {
        match event {
            Event::Observed(payload) => self.deliver(payload).await,
            Event::Active(metric, subjects) => {
                self.schedule.active(metric, &subjects);
                Some(())
            }
            Event::Called { operation, outcome, metrics } => {
                self.outlet.spend(Usage {
                    requests: 1,
                    metrics_requested: metrics,
                    list_requests: u64::from(operation == Operation::ListMetrics),
                    live_tail_s: 0,
                });
                let failure = outcome.err();
                self.schedule.called(operation, failure.as_ref(), self.outlet.clock().now());
                match self.outlet.judge(operation, failure.as_ref()) {
                    Some(health) => self.deliver(health).await,
                    None => Some(()),
                }
            }
        }
    }

    async fn ended(&mut self, ended: Result<(Id, bool), JoinError>, tasks: &mut BTreeMap<Id, Task>) -> Delivered {
        let (id, answered) = match ended {
            Ok(ended) => ended,
            Err(error) => (error.id(), false),
        };
        if let Some(task) = tasks.remove(&id) {
            if !answered {
                tracing::debug!(?task, "task ended without an answer");
            }
            self.schedule.finished(&task, answered, self.outlet.clock().now());
        }
        self.deliver(self.outlet.spend(Usage::default())).await
    }

    /// A one-shot run ends with a word on what it did not get to.
    async fn tell_unknown(&mut self) -> Delivered {
        let now = self.outlet.clock().now();
        for (operation, words) in self.schedule.unknown() {
            let health = Health { operation, state: HealthState::Ok, detail: Some(words), since: now };
            self.deliver(Payload::Health(health)).await?;
        }
        Some(())
    }

    async fn deliver(&mut self, payload: Payload) -> Delivered {
        let observation = self.outlet.observation(payload);
        let news = self.schedule.learn(&observation);
        if !news.places.is_empty() || !news.gone.is_empty() {
            self.directory.send_modify(|directory| {
                news.places.into_iter().for_each(|(name, place)| directory.insert(name, place));
                news.gone.iter().for_each(|name| directory.remove(name));
            });
        }
        self.outlet.send(observation).await?;
        for (name, change) in news.changes {
            self.outlet.publish(Payload::Changed(name, change)).await?;
        }
        Some(())
    }
}
