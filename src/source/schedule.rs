//! Decides what to ask next: what is on screen first, within rates that leave AWS to the others.
//!
//! Pure: it gets the time, the observations and the outcomes of calls, and hands out tasks. It never waits and never
//! calls anything.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::agenda::{Agenda, Urgency};
use super::asked::Asked;
use super::backoff::Backoff;
use super::cadence::Cadence;
use super::knowledge::{Knowledge, News};
use super::readings::{Readings, Screen};
use super::task::{Detail, Task};
use lambda_model::demand::Demand;
use lambda_model::failure::ApiError;
use lambda_model::metric::{Metric, Subject};
use lambda_model::observation::Observation;
use lambda_model::operation::Operation;
use lambda_model::{Arn, FunctionId, FunctionName, Scope};

/// Which metrics are published comes out of `ListMetrics` up to 15 minutes late; more often is wasted.
const CATALOGUE: TimeDelta = TimeDelta::minutes(10);
/// The account does not change; asked again in case the credentials do.
const ACCOUNT: TimeDelta = TimeDelta::hours(1);
const LIMITS: TimeDelta = TimeDelta::minutes(1);
/// The function list shows what was changed last, for one call per 50 functions: a short list is read often.
const FUNCTIONS: TimeDelta = TimeDelta::minutes(1);
/// With this many of them, one page in six seconds is asked for on average …
const FUNCTIONS_EACH: TimeDelta = TimeDelta::milliseconds(6_000 / 50);
/// … but the list is never older than this, which with 10,000 of them is a call in three seconds.
const FUNCTIONS_AT_LEAST: TimeDelta = TimeDelta::minutes(10);
/// What is known of a function that was changed or begins to fail is read again if it is older than this.
const OUTDATED: TimeDelta = TimeDelta::minutes(1);
const EVENT_SOURCES: TimeDelta = TimeDelta::minutes(5);
/// The steps of a deployment are minutes apart.
const DEPLOYMENTS: TimeDelta = TimeDelta::minutes(1);
/// At most this many `GetQueueAttributes` a second on average, however many queues there are.
const QUEUES_PER_SECOND: i32 = 10;

/// A catalogue of one metric is one listing.
fn catalogue() -> impl Iterator<Item = Metric> {
    [Metric::Invocations, Metric::Throttles].into_iter().chain(Metric::LISTED.iter().copied())
}

/// The state of the polling of one scope.
#[derive(Debug)]
pub(super) struct Schedule {
    cadence: Cadence,
    scope: Scope,
    knowledge: Knowledge,
    backoff: Backoff,
    screen: Screen,
    refreshed: u64,
    /// Tasks under way, by the operation they begin with.
    running: BTreeMap<Operation, usize>,
    listings: Vec<Listing>,
    details: Agenda,
    deployments: Asked,
    queues: BTreeMap<Arn, Asked>,
    readings: Readings,
    deadline: Option<DateTime<Utc>>,
}

/// Something that is asked for the whole Region.
#[derive(Debug)]
struct Listing {
    task: Task,
    every: TimeDelta,
    asked: Asked,
}

impl Schedule {
    /// Everything is due at `now`.
    pub(super) fn new(scope: Scope, cadence: Cadence, now: DateTime<Utc>) -> Self {
        let listing = |task, every| Listing { task, every, asked: Asked::Never };
        let mut listings = vec![
            listing(Task::Account, ACCOUNT),
            listing(Task::Limits, LIMITS),
            listing(Task::Functions, FUNCTIONS),
            listing(Task::EventSources, EVENT_SOURCES),
        ];
        listings.extend(catalogue().map(|metric| listing(Task::Active(metric), CATALOGUE)));
        Self {
            deadline: cadence.once.then(|| now + TimeDelta::seconds(cadence.inventory_seconds.into())),
            cadence,
            scope,
            knowledge: Knowledge::default(),
            backoff: Backoff::default(),
            screen: Screen::default(),
            refreshed: 0,
            running: BTreeMap::new(),
            listings,
            details: Agenda::new(cadence.once),
            deployments: Asked::Never,
            queues: BTreeMap::new(),
            readings: Readings::new(cadence),
        }
    }

    /// When the inventory of a one-shot command ends.
    pub(super) fn deadline(&self) -> Option<DateTime<Utc>> {
        self.deadline
    }

    /// Takes in an observation; returns what it changed.
    pub(super) fn learn(&mut self, observation: &Observation) -> News {
        let news = self.knowledge.learn(observation);
        if !news.queues.is_empty() {
            self.readings.outdate();
        }
        for queue in &news.queues {
            self.queues.entry(queue.clone()).or_default();
        }
        if !news.gone.is_empty() {
            let knowledge = &self.knowledge;
            self.details.retain(|name| knowledge.knows(name));
            self.readings.retain(|name| knowledge.knows(name));
        }
        if !self.cadence.once {
            for name in &news.outdated {
                self.details.refresh_older(name, observation.at - OUTDATED);
            }
        }
        self.rank_changed(&news.ranked);
        news
    }

    /// Takes in dimension sets under which `metric` is being published.
    pub(super) fn active(&mut self, metric: Metric, subjects: &[Subject]) {
        let ranked = self.knowledge.active(metric, subjects);
        self.rank_changed(&ranked);
    }

    /// Takes in what the screen wants. A refresh makes everything on screen due, also what was denied.
    pub(super) fn demand(&mut self, demand: &Demand) {
        let here = |id: &&FunctionId| id.scope == self.scope;
        let focus = demand.focus.as_ref().filter(here).map(|id| id.name.clone());
        let visible = demand.visible.iter().filter(here).map(|id| id.name.clone());
        let functions = visible.chain(focus.clone()).collect();
        let screen = Screen { functions, focus, traffic: demand.traffic };
        if screen != self.screen {
            let before = std::mem::replace(&mut self.screen, screen);
            let touched = before.functions.union(&self.screen.functions).cloned().collect();
            self.rank(&touched);
            self.readings.screen_changed();
        }
        if demand.refresh != self.refreshed {
            self.refreshed = demand.refresh;
            // A permission may just have been granted, a login renewed.
            self.backoff.lift();
            for name in &self.screen.functions {
                self.details.refresh(name);
            }
            for asked in self.queues.values_mut().chain([&mut self.deployments]) {
                asked.refresh();
            }
            for listing in self.listings.iter_mut().filter(|listing| listing.task == Task::Limits) {
                listing.asked.refresh();
            }
            self.readings.refresh(&self.screen);
        }
    }

    /// Notes how a call ended.
    pub(super) fn called(&mut self, operation: Operation, failure: Option<&ApiError>, now: DateTime<Utc>) {
        self.backoff.called(operation, failure, now);
        if operation == Operation::ListMetrics {
            let ranked = self.knowledge.catalogue_fails(self.backoff.failed(operation));
            self.rank_changed(&ranked);
        }
    }

    /// The next task that may start at `now`; it counts as running until [`Schedule::finished`].
    pub(super) fn next(&mut self, now: DateTime<Utc>) -> Option<Task> {
        let task = self.due(now)?;
        *self.running.entry(task.operation()).or_default() += 1;
        self.update(&task, |_| Asked::Running(now));
        Some(task)
    }

    /// Notes that `task` ended; `answered` when AWS had an answer to all of it.
    pub(super) fn finished(&mut self, task: &Task, answered: bool, now: DateTime<Utc>) {
        if let Some(running) = self.running.get_mut(&task.operation()) {
            *running = running.saturating_sub(1);
        }
        self.update(task, |asked| asked.ended(answered, now));
        match task {
            Task::Active(metric) => {
                let ranked = self.knowledge.catalogued(*metric, answered);
                self.rank_changed(&ranked);
            }
            Task::Points(query) => self.readings.finished(query, answered, now),
            _ => {}
        }
    }

    /// Whether a one-shot run is over, given that [`Schedule::next`] has no more tasks.
    pub(super) fn is_done(&self, now: DateTime<Utc>) -> bool {
        self.cadence.once && self.running.values().all(|running| *running == 0) && self.upcoming(now).next().is_none()
    }

    /// When [`Schedule::next`] is worth calling again if nothing else happens before.
    pub(super) fn wake(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        // What is due already waits for a running task to end, which wakes the poller by itself.
        let later = self.upcoming(now).map(|(start, _)| start).filter(|start| *start > now).min();
        later.unwrap_or(now + self.cadence.refresh)
    }

    /// What a one-shot run leaves unknown, in words.
    pub(super) fn unknown(&self) -> Vec<(Operation, String)> {
        let total = self.knowledge.functions().count();
        let limit = self.cadence.inventory_seconds;
        let mut unknown = Vec::new();
        for Listing { task, asked, .. } in &self.listings {
            if !asked.is_answered() && is_inventory(task.operation()) {
                let words = match task {
                    Task::Functions => format!("the list ends after {total} functions: {limit} s are over"),
                    _ => format!("not read to its end: {limit} s are over"),
                };
                unknown.push((task.operation(), words));
            }
        }
        for detail in Detail::ALL {
            let missing = self.details.unanswered(detail);
            if missing > 0 {
                let words = format!("not known for {missing} of {total} functions: {limit} s are over");
                unknown.push((detail.operation(), words));
            }
        }
        // The health of a failing operation says already why it is not known.
        unknown.retain(|(operation, _)| !self.backoff.failed(*operation));
        unknown
    }

    fn update(&mut self, task: &Task, change: impl FnOnce(Asked) -> Asked) {
        let asked = match task {
            Task::Points(_) => return,
            Task::Detail(detail, name) => return self.details.update(name, *detail, change),
            Task::Deployments { .. } => Some(&mut self.deployments),
            Task::Queue(arn) => self.queues.get_mut(arn),
            _ => self.listings.iter_mut().find(|listing| listing.task == *task).map(|listing| &mut listing.asked),
        };
        if let Some(asked) = asked {
            *asked = change(*asked);
        }
    }

    /// The first task that may start and whose operation is free.
    fn due(&mut self, now: DateTime<Utc>) -> Option<Task> {
        loop {
            let mut startable = self.upcoming(now).filter(|(start, _)| *start <= now).map(|(_, ahead)| ahead);
            match startable.find(|ahead| self.is_free(ahead.operation()))? {
                Ahead::Task(task) => return Some(task),
                Ahead::Points => {
                    drop(startable);
                    // A plan may turn out empty; then the next is due later, and the rest has its turn.
                    if let Some(query) = self.readings.next(&self.knowledge, &self.screen, now) {
                        return Some(Task::Points(query));
                    }
                }
            }
        }
    }

    /// What is to be asked next of each kind, and when it may start: the most urgent first.
    fn upcoming(&self, now: DateTime<Utc>) -> impl Iterator<Item = (DateTime<Utc>, Ahead)> {
        let listings = self.listings.iter().filter_map(move |listing| {
            let every = if listing.task == Task::Functions { self.functions_interval() } else { listing.every };
            let due = listing.asked.due(self.again(every))?;
            Some((self.start(listing.task.operation(), due, now)?, Ahead::Task(listing.task.clone())))
        });
        let points = self.points_due(now).and_then(|due| self.start(Operation::GetMetricData, due, now));
        let queue_interval = self.queue_interval();
        let queues = self.queues.iter().filter_map(|(arn, asked)| {
            let due = asked.due(self.again(queue_interval))?;
            // A queue that has not answered is looked up by its name first.
            let found = asked.is_answered().then_some(due);
            let due = found.or_else(|| self.start(Operation::GetQueueUrl, due, now))?;
            Some((self.start(Operation::GetQueueAttributes, due, now)?, arn))
        });
        let details = self.details.next().filter_map(move |next| {
            let start = self.start(next.detail.operation(), next.due, now)?;
            Some((start, Ahead::Task(Task::Detail(next.detail, next.name.clone()))))
        });
        listings
            .chain(points.map(|start| (start, Ahead::Points)))
            .chain(queues.min().map(|(start, arn)| (start, Ahead::Task(Task::Queue(arn.clone())))))
            .chain(self.deployments(now))
            .chain(details)
    }

    /// When something of `operation` may start that is due at `due`; `None` when it never will.
    fn start(&self, operation: Operation, due: DateTime<Utc>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let start = self.backoff.paused_until(operation).map_or(due, |until| due.max(until));
        let Some(deadline) = self.deadline else { return Some(start) };
        // A one-shot run waits for what was throttled, not for what failed otherwise, and only until its deadline.
        let waits = start < deadline && !self.backoff.failed_for_good(operation);
        let open = now < deadline || !is_inventory(operation);
        (waits && open).then_some(start)
    }

    /// How long after an answer to ask again.
    fn again(&self, every: TimeDelta) -> Option<TimeDelta> {
        (!self.cadence.once).then_some(every)
    }

    fn is_free(&self, operation: Operation) -> bool {
        self.running.get(&operation).is_none_or(|running| *running < width(operation))
    }

    fn functions_interval(&self) -> TimeDelta {
        let each = FUNCTIONS_EACH * i32::try_from(self.knowledge.count()).unwrap_or(i32::MAX);
        each.clamp(FUNCTIONS, FUNCTIONS_AT_LEAST)
    }

    fn queue_interval(&self) -> TimeDelta {
        let spread = TimeDelta::seconds(1) * i32::try_from(self.queues.len()).unwrap_or(i32::MAX) / QUEUES_PER_SECOND;
        self.cadence.queues.max(spread)
    }

    fn points_due(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let is_running = |operation| self.running.get(&operation).is_some_and(|running| *running > 0);
        // A one-shot run asks once for everything: it has to know first what there is. Only the Region's own metrics
        // need no list, so they are the first plan; an endpoint that hangs then costs one time limit, not two.
        let known = !is_running(Operation::ListMetrics)
            && self.listings.iter().filter(|listing| matches!(listing.task, Task::Active(_))).all(|listing| {
                listing.asked.due(None).is_none_or(|due| self.start(Operation::ListMetrics, due, now).is_none())
            });
        if self.cadence.once && !known && !self.readings.is_new() {
            return None;
        }
        self.readings.due(is_running(Operation::GetMetricData))
    }

    /// The deployments, while there may be any.
    fn deployments(&self, now: DateTime<Utc>) -> Option<(DateTime<Utc>, Ahead)> {
        if !self.knowledge.may_be_deploying() {
            return None;
        }
        let due = self.deployments.due(self.again(DEPLOYMENTS))?;
        // It takes all of these to tell whose alias is shifted; how it is shifted may stay unknown.
        let start = [
            Operation::ListDeployments,
            Operation::BatchGetDeployments,
            Operation::ListDeploymentTargets,
            Operation::BatchGetDeploymentTargets,
        ]
        .into_iter()
        .try_fold(due, |due, operation| self.start(operation, due, now))?;
        let configs = self.start(Operation::GetDeploymentConfig, start, now) == Some(start);
        Some((start, Ahead::Task(Task::Deployments { configs })))
    }

    /// Ranks `names` anew, of which something was learnt.
    fn rank_changed(&mut self, names: &BTreeSet<FunctionName>) {
        if !names.is_empty() {
            self.readings.outdate();
            self.rank(names);
        }
    }

    fn rank(&mut self, names: &BTreeSet<FunctionName>) {
        for name in names.iter().filter(|name| self.knowledge.knows(name)) {
            let urgency = if self.screen.focus.as_ref() == Some(name) {
                Urgency::Open
            } else if self.screen.functions.contains(name) {
                if self.knowledge.is_shifting(name) { Urgency::Shifting } else { Urgency::Visible }
            } else if self.knowledge.is_troubled(name) {
                Urgency::Troubled
            } else if self.knowledge.has_alias_traffic(name) {
                Urgency::Aliased
            } else if self.knowledge.is_active(name) {
                Urgency::Active
            } else {
                Urgency::Idle
            };
            self.details.rank(name, urgency);
        }
    }
}

/// Something to ask next.
#[derive(Debug, PartialEq)]
enum Ahead {
    Task(Task),
    /// Metric points; which, is found out when they are asked.
    Points,
}

impl Ahead {
    fn operation(&self) -> Operation {
        match self {
            Self::Task(task) => task.operation(),
            Self::Points => Operation::GetMetricData,
        }
    }
}

/// Whether it belongs to the inventory of a one-shot run, which ends at a deadline.
fn is_inventory(operation: Operation) -> bool {
    !matches!(
        operation,
        Operation::ListDeployments
            | Operation::BatchGetDeployments
            | Operation::ListDeploymentTargets
            | Operation::BatchGetDeploymentTargets
            | Operation::GetDeploymentConfig
            | Operation::ListMetrics
            | Operation::GetMetricData
            | Operation::GetQueueUrl
            | Operation::GetQueueAttributes
    )
}

/// Tasks of an operation that may run at once. The inventory is paced, not wide: one each, so that one that
/// hangs or is denied delays no other.
fn width(operation: Operation) -> usize {
    if is_inventory(operation) { 1 } else { 4 }
}

#[cfg(test)]
mod tests;
