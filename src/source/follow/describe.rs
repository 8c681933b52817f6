//! Reads which log groups exist and of which class they are. Only this module calls `DescribeLogGroups` and reports its
//! health.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::watch;

use super::targets::{Groups, Standing, Wanted, wanted};
use crate::source::backoff::Backoff;
use crate::source::directory::Directory;
use crate::source::outlet::{Delivered, Outlet};
use crate::source::pace::Pace;
use lambda_model::api::{Account, Logs};
use lambda_model::demand::Demand;
use lambda_model::failure::ApiError;
use lambda_model::function::LogGroup;
use lambda_model::observation::{Payload, Usage};
use lambda_model::operation::Operation;
use lambda_model::time::Clock;

const OPERATION: Operation = Operation::DescribeLogGroups;
/// Calls a second: half of the quota (docs/aws.md#filterlogevents).
const RATE: f64 = 5.0;
/// How often to check whether a group has become due.
const TICK: Duration = Duration::from_secs(1);

/// The answer of `DescribeLogGroups` about one group.
pub(super) struct Answer {
    pub(super) group: Arc<str>,
    pub(super) found: Result<Option<LogGroup>, ApiError>,
}

/// Describes one group at a time, and keeps the answers.
pub(super) struct Describer {
    logs: Arc<dyn Logs>,
    clock: Clock,
    pace: Arc<Pace>,
    groups: Groups,
    backoff: Backoff,
    is_calling: bool,
    refreshed: u64,
}

impl Describer {
    /// No group is known yet.
    pub(super) fn new(logs: Arc<dyn Logs>, clock: Clock) -> Self {
        let pace = Arc::new(Pace::new(clock.clone(), RATE, None));
        let (groups, backoff) = (Groups::default(), Backoff::default());
        Self { logs, clock, pace, groups, backoff, is_calling: false, refreshed: 0 }
    }

    /// Makes every group due when the user asked for a refresh.
    pub(super) fn look(&mut self, demand: &Demand) {
        if demand.refresh != self.refreshed {
            self.refreshed = demand.refresh;
            self.backoff.lift();
            self.groups.refresh();
        }
    }

    /// The call that is due, and its group. The answer goes to [`Describer::report`].
    pub(super) fn next(
        &mut self,
        wanted: &[Wanted],
        now: DateTime<Utc>,
    ) -> Option<(Arc<str>, impl Future<Output = Answer> + Send + use<>)> {
        if self.is_calling || self.backoff.paused_until(OPERATION).is_some_and(|until| now < until) {
            return None;
        }
        let group = Arc::clone(&self.groups.next(wanted, now)?.place.group);
        let (logs, pace, name) = (Arc::clone(&self.logs), Arc::clone(&self.pace), Arc::clone(&group));
        self.is_calling = true;
        let call = async move {
            pace.turn().await;
            // The name is used as a prefix. Groups come sorted by name, so the group itself would be the first.
            let answer = logs.log_groups(&group, None).await;
            let found = answer.map(|groups| groups.items.into_iter().find(|found| *found.name == *group));
            Answer { group, found }
        };
        Some((name, call))
    }

    /// Takes in an answer and reports it, with the call that was made and the health of the operation.
    pub(super) async fn report(&mut self, answer: Answer, wanted: &[Wanted], outlet: &mut Outlet) -> Delivered {
        self.is_calling = false;
        let usage = outlet.spend(Usage { requests: 1, ..Usage::default() });
        outlet.publish(usage).await?;
        let failure = answer.found.as_ref().err();
        self.backoff.called(OPERATION, failure, self.clock.now());
        if let Some(health) = outlet.judge(OPERATION, failure) {
            outlet.publish(health).await?;
        }
        match answer.found {
            Ok(found) => self.learn(&answer.group, found, wanted, outlet).await,
            Err(ApiError::NotFound(_)) => self.learn(&answer.group, None, wanted, outlet).await,
            Err(_) => Some(()),
        }
    }

    /// Takes in a group, or that it does not exist, and reports this for each of its functions on screen.
    pub(super) async fn learn(
        &mut self,
        group: &Arc<str>,
        found: Option<LogGroup>,
        wanted: &[Wanted],
        outlet: &Outlet,
    ) -> Delivered {
        self.groups.learn(group, found.as_ref(), self.clock.now());
        for function in wanted.iter().filter(|one| one.place.group == *group).flat_map(|one| &one.functions) {
            outlet.publish(Payload::LogGroup(function.clone(), found.clone())).await?;
        }
        Some(())
    }

    /// Forgets what is known of a group, because another call contradicts it.
    pub(super) fn forget(&mut self, group: &str) {
        self.groups.forget(group);
    }

    /// What is known of a group.
    pub(super) fn standing(&self, group: &str) -> Standing {
        self.groups.standing(group)
    }

    /// Whether the last call failed. Groups that are not known then stay unknown for a while.
    pub(super) fn fails(&self) -> bool {
        self.backoff.failed(OPERATION)
    }

    /// Whether a group can be read. A group that is not known is tried when `DescribeLogGroups` fails.
    pub(super) fn is_readable(&self, group: &str) -> bool {
        match self.standing(group) {
            Standing::Readable => true,
            Standing::Unknown => self.fails(),
            Standing::Missing | Standing::OfClass(_) => false,
        }
    }
}

/// Describes only the log group of the open pane, until the engine stops. For when log groups are not followed.
pub(super) async fn describe_focus(
    account: Account,
    outlet: Outlet,
    directory: watch::Receiver<Directory>,
    demand: watch::Receiver<Demand>,
) {
    let engine = outlet.clone();
    tokio::select! {
        () = engine.closed() => {}
        _ = describing(account, outlet, directory, demand) => {}
    }
}

async fn describing(
    account: Account,
    mut outlet: Outlet,
    mut directory: watch::Receiver<Directory>,
    mut demand: watch::Receiver<Demand>,
) -> Delivered {
    let clock = outlet.clock().clone();
    let mut describer = Describer::new(account.logs, clock.clone());
    loop {
        let mut wanted = wanted(&demand.borrow_and_update(), &directory.borrow_and_update(), outlet.scope());
        wanted.retain(|one| one.focus);
        describer.look(&demand.borrow());
        if let Some((_, call)) = describer.next(&wanted, clock.now()) {
            let answer = call.await;
            describer.report(answer, &wanted, &mut outlet).await?;
        }
        tokio::select! {
            Ok(()) = demand.changed() => {}
            Ok(()) = directory.changed() => {}
            () = clock.sleep(TICK) => {}
        }
    }
}
