//! Decides what to ask next: what is on screen first, within rates that leave AWS to the others.
//!
//! Pure: it is told the time, what was learnt and how calls ended, and hands out tasks. It never waits and
//! never calls anything.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::backoff::Backoff;
use super::knowledge::Knowledge;
use super::plan::{self, Wanted};
use super::task::{Detail, Lane, Task};
use crate::model::demand::Demand;
use crate::model::failure::ApiError;
use crate::model::metric::{Metric, Subject};
use crate::model::observation::{Observation, Payload};
use crate::model::operation::Operation;
use crate::model::time::Minute;
use crate::model::{Arn, FunctionName, Scope};

/// How often things are asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cadence {
    /// Ask everything once, then be done.
    pub once: bool,
    /// Control-plane calls a second.
    pub inventory_rate: f64,
    /// With `once`: how long the inventory may take, seconds.
    pub inventory_seconds: u32,
    /// Between two reads of the metrics of what is on screen.
    pub refresh: TimeDelta,
    /// Between two reads of the metrics of everything else that is active.
    pub background: TimeDelta,
    /// Minutes of history of a series that is asked for the first time.
    pub history_minutes: i64,
    /// Minutes read again each time: CloudWatch stamps a point with the start of its invocation and
    /// publishes it at the end, so old minutes change for as long as functions run (aws-facts 1.2).
    pub trailing_minutes: i64,
    /// Between two reads of a queue.
    pub queues: TimeDelta,
}

/// Which metrics are published comes out of `ListMetrics` up to 15 minutes late; more often is wasted.
const CATALOGUE: TimeDelta = TimeDelta::minutes(10);
/// The account does not change; asked again in case the credentials do.
const ACCOUNT: TimeDelta = TimeDelta::hours(1);
const LIMITS: TimeDelta = TimeDelta::minutes(1);
const FUNCTIONS: TimeDelta = TimeDelta::minutes(10);
const EVENT_SOURCES: TimeDelta = TimeDelta::minutes(5);
const LOG_GROUP: TimeDelta = TimeDelta::minutes(5);
/// At most this many `GetQueueAttributes` a second on average, however many queues there are.
const QUEUES_PER_SECOND: i32 = 10;

/// A catalogue of one metric is one listing.
fn catalogue() -> impl Iterator<Item = Metric> {
    [Metric::Invocations, Metric::Throttles].into_iter().chain(Metric::FUNCTION_EXTRA.iter().copied())
}

/// The state of the polling of one scope.
#[derive(Debug)]
pub struct Schedule {
    cadence: Cadence,
    scope: Scope,
    knowledge: Knowledge,
    backoff: Backoff,
    demand: Demand,
    running: BTreeMap<Lane, usize>,
    listings: Vec<(Task, TimeDelta, Asked)>,
    details: BTreeMap<(FunctionName, Detail), Asked>,
    /// Of functions whose pane has been open.
    log_groups: BTreeMap<FunctionName, Asked>,
    queues: BTreeMap<Arn, Asked>,
    points: BTreeMap<(Subject, Metric), DateTime<Utc>>,
    planned: Vec<Task>,
    deadline: Option<DateTime<Utc>>,
}

/// When a thing was last asked.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Asked {
    #[default]
    Never,
    Running,
    /// Answered, or failed, at this time.
    At(DateTime<Utc>),
}

impl Asked {
    /// When it is due, asked `every` so often; `None` while it is under way.
    fn due(self, every: TimeDelta) -> Option<DateTime<Utc>> {
        match self {
            Self::Never => Some(DateTime::<Utc>::MIN_UTC),
            Self::Running => None,
            Self::At(at) => Some(at + every),
        }
    }
}

impl Schedule {
    /// Everything is due at `now`.
    pub fn new(scope: Scope, cadence: Cadence, now: DateTime<Utc>) -> Self {
        let mut listings = vec![
            (Task::Account, ACCOUNT, Asked::Never),
            (Task::Limits, LIMITS, Asked::Never),
            (Task::Functions, FUNCTIONS, Asked::Never),
            (Task::EventSources, EVENT_SOURCES, Asked::Never),
        ];
        listings.extend(catalogue().map(|metric| (Task::Active(metric), CATALOGUE, Asked::Never)));
        Self {
            deadline: cadence.once.then(|| now + TimeDelta::seconds(cadence.inventory_seconds.into())),
            cadence,
            scope,
            knowledge: Knowledge::default(),
            backoff: Backoff::default(),
            demand: Demand::default(),
            running: BTreeMap::new(),
            listings,
            details: BTreeMap::new(),
            log_groups: BTreeMap::new(),
            queues: BTreeMap::new(),
            points: BTreeMap::new(),
            planned: Vec::new(),
        }
    }

    /// When the inventory of a one-shot command ends.
    pub fn deadline(&self) -> Option<DateTime<Utc>> {
        self.deadline
    }

    /// Takes in a fact that decides what to ask next.
    pub fn learn(&mut self, observation: &Observation) {
        self.knowledge.learn(observation);
        for queue in self.knowledge.take_new_queues() {
            self.queues.entry(queue).or_default();
        }
        if matches!(observation.payload, Payload::FunctionsComplete(_)) {
            let knowledge = &self.knowledge;
            self.details.retain(|(name, _), _| knowledge.knows(name));
            self.log_groups.retain(|name, _| knowledge.knows(name));
            self.points.retain(|(subject, _), _| subject.function().is_none_or(|name| knowledge.knows(name)));
        }
    }

    /// Takes in dimension sets under which `metric` is being published.
    pub fn active(&mut self, metric: Metric, subjects: &[Subject]) {
        self.knowledge.active(metric, subjects);
    }

    /// Takes in what the screen wants. A refresh makes everything on screen due.
    pub fn demand(&mut self, demand: &Demand) {
        if demand.refresh != self.demand.refresh {
            let on_screen: BTreeSet<FunctionName> = self.on_screen().cloned().collect();
            self.points.retain(|(subject, _), _| subject.function().is_some_and(|name| !on_screen.contains(name)));
            for asked in self.details.values_mut().chain(self.queues.values_mut()) {
                if *asked != Asked::Running {
                    *asked = Asked::Never;
                }
            }
        }
        self.demand = demand.clone();
    }

    /// Notes how a call ended.
    pub fn called(&mut self, operation: Operation, failure: Option<&ApiError>, now: DateTime<Utc>) {
        self.backoff.called(operation, failure, now);
    }

    /// The next task that may start at `now`; it counts as running until [`Schedule::finished`].
    pub fn next(&mut self, now: DateTime<Utc>) -> Option<Task> {
        let task = self.due(now)?;
        *self.running.entry(task.lane()).or_default() += 1;
        if let Some(asked) = self.asked(&task) {
            *asked = Asked::Running;
        }
        Some(task)
    }

    /// Notes that `task` ended; `complete` when it got everything it asked for.
    pub fn finished(&mut self, task: &Task, complete: bool, now: DateTime<Utc>) {
        if let Some(running) = self.running.get_mut(&task.lane()) {
            *running = running.saturating_sub(1);
        }
        if let Some(asked) = self.asked(task) {
            *asked = Asked::At(now);
        }
        if let Task::Active(metric) = task {
            self.knowledge.catalogued(*metric, complete);
        }
    }

    /// Whether a one-shot run is over, given that [`Schedule::next`] has no more tasks.
    pub fn is_done(&self) -> bool {
        self.cadence.once && self.running.values().all(|running| *running == 0)
    }

    /// When [`Schedule::next`] is worth calling again if nothing else happens before.
    pub fn wake(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let listings =
            self.listings.iter().filter_map(|(task, every, asked)| self.start(task, asked.due(*every)?, now));
        let queue_interval = self.queue_interval();
        let queues = self
            .queues
            .values()
            .filter_map(|asked| Some(asked.due(queue_interval)?.max(self.free_at(Operation::GetQueueAttributes, now))));
        let details = self.wanted_details().map(|(_, due, detail, _)| due.max(self.free_at(detail.operation(), now)));
        let log_group = self.wanted_log_group().map(|(due, task)| due.max(self.free_at(task.operation(), now)));
        let cycle = self.cycle_start(now) + self.cadence.refresh;
        // Whatever is due already waits for a running task to end, which wakes the poller by itself.
        listings
            .chain(queues)
            .chain(details)
            .chain(log_group)
            .filter(|due| *due > now)
            .chain([cycle])
            .min()
            .unwrap_or(cycle)
    }

    /// What a one-shot run leaves unknown, in words.
    pub fn unknown(&self) -> Vec<(Operation, String)> {
        let total = self.knowledge.functions().count();
        let limit = self.cadence.inventory_seconds;
        let mut unknown = Vec::new();
        if !self.knowledge.is_listed() {
            unknown
                .push((Operation::ListFunctions, format!("the list ends after {total} functions: {limit} s are over")));
        }
        for detail in Detail::ALL {
            let asked = |name: &&FunctionName| self.details.contains_key(&((*name).clone(), detail));
            let missing = total - self.knowledge.functions().filter(asked).count();
            if missing > 0 {
                let words = format!("not asked for {missing} of {total} functions: {limit} s are over");
                unknown.push((detail.operation(), words));
            }
        }
        unknown.retain(|(operation, _)| !self.backoff.failed(*operation));
        unknown
    }

    fn asked(&mut self, task: &Task) -> Option<&mut Asked> {
        match task {
            Task::Points(_) => None,
            Task::Detail(detail, name) => Some(self.details.entry((name.clone(), *detail)).or_default()),
            Task::LogGroup(name, _) => Some(self.log_groups.entry(name.clone()).or_default()),
            Task::Queue(arn) => self.queues.get_mut(arn),
            listing => self.listings.iter_mut().find(|(task, _, _)| task == listing).map(|(_, _, asked)| asked),
        }
    }

    fn due(&mut self, now: DateTime<Utc>) -> Option<Task> {
        let control_open = self.deadline.is_none_or(|deadline| now < deadline);
        let listing = self.listings.iter().find(|(task, every, asked)| {
            self.is_free(task.lane())
                && (control_open || task.lane() != Lane::Control)
                && asked.due(*every).and_then(|due| self.start(task, due, now)).is_some_and(|start| start <= now)
        });
        if let Some((task, _, _)) = listing {
            return Some(task.clone());
        }
        if self.is_free(Lane::Metrics) && self.may_call(Operation::GetMetricData, now) {
            // Waiting for the calls under way packs what becomes due meanwhile into few calls.
            if self.planned.is_empty() && self.running.get(&Lane::Metrics).is_none_or(|running| *running == 0) {
                self.planned = self.plan(now);
            }
            if let Some(task) = self.planned.pop() {
                return Some(task);
            }
        }
        if self.is_free(Lane::Queues) && self.may_call(Operation::GetQueueAttributes, now) {
            let every = self.queue_interval();
            let due = self.queues.iter().filter_map(|(arn, asked)| Some((self.once_or(*asked, every)?, arn)));
            if let Some((_, arn)) = due.filter(|(due, _)| *due <= now).min() {
                return Some(Task::Queue(arn.clone()));
            }
        }
        if control_open && self.is_free(Lane::Control) {
            if let Some((due, task)) = self.wanted_log_group()
                && due <= now
                && self.may_call(task.operation(), now)
            {
                return Some(task);
            }
            let due = self
                .wanted_details()
                .filter(|(_, due, detail, _)| *due <= now && self.may_call(detail.operation(), now));
            return due.min().map(|(_, _, detail, name)| Task::Detail(detail, name.clone()));
        }
        None
    }

    /// When a listing may start; `None` when a one-shot run has had it already.
    fn start(&self, task: &Task, due: DateTime<Utc>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.cadence.once && (due > DateTime::<Utc>::MIN_UTC || self.backoff.failed(task.operation())) {
            return None;
        }
        Some(due.max(self.free_at(task.operation(), now)))
    }

    fn once_or(&self, asked: Asked, every: TimeDelta) -> Option<DateTime<Utc>> {
        if self.cadence.once && asked != Asked::Never { None } else { asked.due(every) }
    }

    fn free_at(&self, operation: Operation, now: DateTime<Utc>) -> DateTime<Utc> {
        self.backoff.paused_until(operation, now).unwrap_or(DateTime::<Utc>::MIN_UTC)
    }

    fn may_call(&self, operation: Operation, now: DateTime<Utc>) -> bool {
        // A one-shot run does not ask again what failed.
        !(self.cadence.once && self.backoff.failed(operation)) && self.backoff.paused_until(operation, now).is_none()
    }

    fn is_free(&self, lane: Lane) -> bool {
        self.running.get(&lane).is_none_or(|running| *running < Lane::WIDTH)
    }

    fn queue_interval(&self) -> TimeDelta {
        let spread = TimeDelta::seconds(1) * i32::try_from(self.queues.len()).unwrap_or(i32::MAX) / QUEUES_PER_SECOND;
        self.cadence.queues.max(spread)
    }

    /// The log group of the function whose pane is open, and when it is due.
    fn wanted_log_group(&self) -> Option<(DateTime<Utc>, Task)> {
        let name = self.focus()?;
        let group = self.knowledge.log_group(name)?;
        let asked = self.log_groups.get(name).copied().unwrap_or_default();
        Some((asked.due(LOG_GROUP)?, Task::LogGroup(name.clone(), group.to_string())))
    }

    /// Every detail that may be asked: its urgency, when it is due, and what it is.
    fn wanted_details(&self) -> impl Iterator<Item = (Urgency, DateTime<Utc>, Detail, &FunctionName)> {
        let visible: BTreeSet<&FunctionName> = self.on_screen().collect();
        let focus = self.focus();
        self.knowledge.functions().flat_map(move |name| {
            let urgency = if focus == Some(name) {
                Urgency::Open
            } else if visible.contains(name) {
                Urgency::Visible
            } else if self.knowledge.is_troubled(name) {
                Urgency::Troubled
            } else if self.knowledge.has_alias_traffic(name) {
                Urgency::Aliased
            } else if self.knowledge.is_active(name) {
                Urgency::Active
            } else {
                Urgency::Idle
            };
            Detail::ALL.into_iter().filter_map(move |detail| {
                let asked = self.details.get(&(name.clone(), detail)).copied().unwrap_or_default();
                Some((urgency, self.once_or(asked, urgency.refresh())?, detail, name))
            })
        })
    }

    fn focus(&self) -> Option<&FunctionName> {
        self.demand.focus.as_ref().filter(|id| id.scope == self.scope).map(|id| &id.name)
    }

    fn on_screen(&self) -> impl Iterator<Item = &FunctionName> {
        let visible = self.demand.visible.iter().filter(|id| id.scope == self.scope).map(|id| &id.name);
        visible.chain(self.focus())
    }

    /// The metrics of a minute are asked for once, a little after it has ended.
    fn cycle_start(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let seconds = self.cadence.refresh.num_seconds().max(1);
        let offset = CYCLE_OFFSET_S.min(seconds - 1);
        let since = (now.timestamp() - offset).div_euclid(seconds) * seconds + offset;
        DateTime::from_timestamp(since, 0).unwrap_or(now)
    }

    /// The metric requests that are due, packed into calls; they count as asked from now on.
    fn plan(&mut self, now: DateTime<Utc>) -> Vec<Task> {
        let known = self.listings.iter().all(|(task, _, asked)| {
            !matches!(task, Task::Active(_)) || matches!(asked, Asked::At(_)) || self.backoff.failed(task.operation())
        });
        if self.cadence.once && !known {
            return Vec::new();
        }
        self.knowledge.set_blind(self.backoff.failed(Operation::ListMetrics));
        let cycle = self.cycle_start(now);
        let screen: BTreeSet<FunctionName> = self.on_screen().cloned().collect();
        let mut wanted: Vec<Wanted> = Vec::new();
        let mut due = |subject: Subject, metric: Metric, oldest: DateTime<Utc>| {
            let asked = self.points.get(&(subject.clone(), metric)).copied();
            if asked.is_some_and(|asked| self.cadence.once || asked >= oldest) {
                return;
            }
            let minutes = if asked.is_none() { self.cadence.history_minutes } else { self.cadence.trailing_minutes };
            wanted.push((subject, metric, Minute::of(now).plus(-minutes)));
        };
        for metric in Metric::REGION {
            due(Subject::Region, *metric, cycle);
        }
        let background = now - self.cadence.background;
        for name in self.knowledge.functions_with_metrics(&screen) {
            let full = self.cadence.once || screen.contains(name);
            let focus = self.focus() == Some(name);
            let since = if full { cycle } else { background };
            let core = if full { Metric::FUNCTION } else { BACKGROUND };
            for metric in core {
                due(Subject::Function(name.clone()), *metric, since);
            }
            if !full {
                continue;
            }
            for metric in Metric::FUNCTION_EXTRA {
                if focus || self.knowledge.has_metric(name, *metric) {
                    due(Subject::Function(name.clone()), *metric, since);
                }
            }
            for (alias, version) in self.knowledge.versions(name) {
                for metric in Metric::EXECUTED {
                    due(
                        Subject::Executed { function: name.clone(), alias: alias.clone(), version: version.clone() },
                        *metric,
                        since,
                    );
                }
            }
        }
        for (subject, metrics) in self.knowledge.failure_subjects() {
            for metric in metrics {
                due(subject.clone(), *metric, background);
            }
        }
        for (subject, metric, _) in &wanted {
            self.points.insert((subject.clone(), *metric), now);
        }
        plan::pack(wanted, Minute::of(now)).into_iter().map(Task::Points).collect()
    }
}

/// Seconds after the minute at which its metrics are first asked for.
const CYCLE_OFFSET_S: i64 = 10;

/// What is read of functions that are active but not on screen: enough to sort them up when they fail.
const BACKGROUND: &[Metric] = &[Metric::Invocations, Metric::Errors, Metric::Throttles];

/// Whose details come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Urgency {
    Open,
    Visible,
    Troubled,
    Aliased,
    Active,
    Idle,
}

impl Urgency {
    /// How often a detail is read again. With 50 functions visible this is under one call a second.
    fn refresh(self) -> TimeDelta {
        match self {
            Self::Open => TimeDelta::minutes(1),
            Self::Visible | Self::Troubled => TimeDelta::minutes(5),
            Self::Aliased => TimeDelta::minutes(10),
            Self::Active => TimeDelta::minutes(30),
            Self::Idle => TimeDelta::hours(1),
        }
    }
}
