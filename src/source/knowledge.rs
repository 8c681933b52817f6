//! What a poller has learnt from its own observations: just enough to decide what to ask next.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use crate::model::metric::{Metric, Point, SeriesId, Subject};
use crate::model::observation::{Observation, Payload};
use crate::model::time::Minute;
use crate::model::{Arn, FunctionName};

/// A function changed this recently may be active although `ListMetrics` does not list it yet
/// (up to 15 minutes late, aws-facts 1.2).
const RECENTLY_CHANGED: TimeDelta = TimeDelta::hours(1);
/// Errors or throttles this recent make a function troubled.
const TROUBLE_MINUTES: i64 = 15;

/// What is known of one scope.
#[derive(Debug, Default)]
pub struct Knowledge {
    functions: BTreeMap<FunctionName, Function>,
    queues: BTreeSet<Arn>,
    new_queues: Vec<Arn>,
    topics: BTreeSet<String>,
    /// The newest minute of any point: trouble is measured from it.
    newest: Option<Minute>,
    /// What the listing of each metric under way has found so far.
    listings: BTreeMap<Metric, Vec<Subject>>,
    /// When the newest complete function list was begun.
    listed: Option<DateTime<Utc>>,
    /// Metrics whose listing was read to its end at least once.
    catalogued: BTreeSet<Metric>,
    /// `ListMetrics` never told who is active and does not answer: everybody may be.
    blind: bool,
    /// Functions of which something was learnt that decides how urgent they are, or which metrics they have.
    changed: BTreeSet<FunctionName>,
}

#[derive(Debug, Default)]
struct Function {
    listed: Option<DateTime<Utc>>,
    changed: Option<DateTime<Utc>>,
    log_group: Option<String>,
    metrics: BTreeSet<Metric>,
    /// Versions that ran behind an alias, as (alias, version).
    executed: BTreeSet<(String, String)>,
    /// Versions that a weighted alias routes to.
    routed: BTreeSet<(String, String)>,
    trouble: Option<Minute>,
}

impl Knowledge {
    /// Takes in a fact.
    pub fn learn(&mut self, observation: &Observation) {
        match &observation.payload {
            Payload::Functions(functions) => {
                for info in functions {
                    let function = self.functions.entry(info.name.clone()).or_default();
                    if function.listed.is_none() || function.changed != info.last_modified {
                        self.changed.insert(info.name.clone());
                    }
                    function.listed = Some(observation.at);
                    function.changed = info.last_modified;
                    function.log_group = Some(info.log_group_name());
                    self.target(info.dead_letter_target.as_ref());
                }
            }
            Payload::Aliases(name, aliases) => {
                let Some(function) = self.functions.get_mut(name) else { return };
                let weighted = aliases.iter().filter(|alias| !alias.additional.is_empty());
                let routed = weighted
                    .flat_map(|alias| {
                        alias.weights().into_iter().map(|(version, _)| (alias.name.clone(), version.to_string()))
                    })
                    .collect();
                if function.routed != routed {
                    function.routed = routed;
                    self.changed.insert(name.clone());
                }
            }
            Payload::FunctionsComplete(begun) => {
                self.listed = Some(*begun);
                self.functions.retain(|_, function| match function.listed {
                    Some(listed) => listed >= *begun,
                    None => !function.metrics.is_empty(),
                });
            }
            Payload::InvokeConfigs(_, configs) => {
                for config in configs {
                    self.target(config.on_failure.as_ref());
                }
            }
            Payload::EventSources(sources) => {
                for source in sources {
                    self.target(source.source.as_ref().filter(|arn| arn.service() == Some("sqs")));
                    self.target(source.on_failure.as_ref());
                }
            }
            Payload::Queue(_, Some(attributes)) => self.target(attributes.redrive_target.as_ref()),
            Payload::Points(series) => {
                self.advance(series.iter().flat_map(|(_, points)| points).map(|point| point.minute).max());
                for (id, points) in series {
                    self.trouble(id, points);
                }
            }
            _ => {}
        }
    }

    fn target(&mut self, arn: Option<&Arn>) {
        match arn.and_then(|arn| Some((arn, arn.service()?))) {
            Some((arn, "sqs")) if self.queues.insert(arn.clone()) => self.new_queues.push(arn.clone()),
            Some((arn, "sns")) => drop(self.topics.insert(arn.name().to_string())),
            _ => {}
        }
    }

    /// Time is told by the points: what was recent may not be any more.
    fn advance(&mut self, newest: Option<Minute>) {
        if newest <= self.newest {
            return;
        }
        let before = std::mem::replace(&mut self.newest, newest);
        for (name, function) in &self.functions {
            if function.is_troubled(before) != function.is_troubled(newest)
                || function.is_recent(before) != function.is_recent(newest)
            {
                self.changed.insert(name.clone());
            }
        }
    }

    fn trouble(&mut self, id: &SeriesId, points: &[Point]) {
        let Subject::Function(name) = &id.subject else { return };
        let Some(function) = self.functions.get_mut(name) else { return };
        if matches!(id.metric, Metric::Errors | Metric::Throttles) {
            let was = function.is_troubled(self.newest);
            let trouble = points.iter().filter(|point| point.value > 0.0).map(|point| point.minute).max();
            function.trouble = function.trouble.max(trouble);
            if function.is_troubled(self.newest) != was {
                self.changed.insert(name.clone());
            }
        }
    }

    /// Takes in dimension sets under which `metric` is being published.
    pub fn active(&mut self, metric: Metric, subjects: &[Subject]) {
        for subject in subjects {
            let Some(name) = subject.function() else { continue };
            let function = self.functions.entry(name.clone()).or_default();
            let new = match subject {
                Subject::Function(_) => function.metrics.insert(metric),
                Subject::Executed { alias, version, .. } if metric == Metric::Invocations => {
                    function.executed.insert((alias.clone(), version.clone()))
                }
                _ => false,
            };
            if new {
                self.changed.insert(name.clone());
            }
        }
        self.listings.entry(metric).or_default().extend_from_slice(subjects);
    }

    /// The listing of `metric` ended. After a complete one, what it did not find is no longer published.
    pub fn catalogued(&mut self, metric: Metric, complete: bool) {
        let listing: BTreeSet<Subject> = self.listings.remove(&metric).unwrap_or_default().into_iter().collect();
        if !complete {
            return;
        }
        self.catalogued.insert(metric);
        for (name, function) in &mut self.functions {
            let published = listing.contains(&Subject::Function(name.clone()));
            let mut changed = !published && function.metrics.remove(&metric);
            if metric == Metric::Invocations {
                let before = function.executed.len();
                function.executed.retain(|(alias, version)| {
                    listing.contains(&Subject::Executed {
                        function: name.clone(),
                        alias: alias.clone(),
                        version: version.clone(),
                    })
                });
                changed |= function.executed.len() != before;
            }
            if changed {
                self.changed.insert(name.clone());
            }
        }
    }

    /// Whether `ListMetrics` fails. Once it has told who is active, that is kept through a failure.
    pub fn catalogue_fails(&mut self, fails: bool) {
        let blind = fails && !self.catalogued.contains(&Metric::Invocations);
        if blind != self.blind {
            self.blind = blind;
            self.changed.extend(self.functions.keys().cloned());
        }
    }

    /// Functions of which something was learnt since the last call that decides what to ask.
    pub fn take_changed(&mut self) -> BTreeSet<FunctionName> {
        std::mem::take(&mut self.changed)
    }

    /// Whether the function list was read to its end.
    pub fn is_listed(&self) -> bool {
        self.listed.is_some()
    }

    /// Whether the function exists, as far as is known.
    pub fn knows(&self, name: &FunctionName) -> bool {
        self.functions.contains_key(name)
    }

    /// The name of the function's log group; `None` until the function is listed.
    pub fn log_group(&self, name: &FunctionName) -> Option<&str> {
        self.functions.get(name)?.log_group.as_deref()
    }

    /// Queues that were not known at the last call.
    pub fn take_new_queues(&mut self) -> Vec<Arn> {
        std::mem::take(&mut self.new_queues)
    }

    /// Every function known, by name.
    pub fn functions(&self) -> impl Iterator<Item = &FunctionName> {
        self.functions.keys()
    }

    /// The functions whose points are worth asking for: active ones, recently changed ones, and `screen`.
    pub fn functions_with_metrics(&self, screen: &BTreeSet<FunctionName>) -> impl Iterator<Item = &FunctionName> {
        self.functions
            .iter()
            .filter(|(name, function)| self.active_now(function) || screen.contains(*name))
            .map(|(name, _)| name)
    }

    /// Whether `ListMetrics` says that the function publishes `metric`.
    pub fn has_metric(&self, name: &FunctionName, metric: Metric) -> bool {
        self.functions.get(name).is_some_and(|function| function.metrics.contains(&metric))
    }

    /// Versions behind aliases, as (alias, version), that ran lately or are routed to.
    pub fn versions(&self, name: &FunctionName) -> impl Iterator<Item = &(String, String)> {
        self.functions.get(name).into_iter().flat_map(|function| function.executed.union(&function.routed))
    }

    /// Whether calls through an alias are known.
    pub fn has_alias_traffic(&self, name: &FunctionName) -> bool {
        self.versions(name).next().is_some()
    }

    /// Whether the function ran, or may have run, in the last hours.
    pub fn is_active(&self, name: &FunctionName) -> bool {
        self.functions.get(name).is_some_and(|function| self.active_now(function))
    }

    fn active_now(&self, function: &Function) -> bool {
        self.blind || !function.metrics.is_empty() || function.is_recent(self.newest)
    }

    /// Whether the function failed or was throttled lately.
    pub fn is_troubled(&self, name: &FunctionName) -> bool {
        self.functions.get(name).is_some_and(|function| function.is_troubled(self.newest))
    }

    /// The queues and topics that failed events go to, and the metrics that tell about them.
    pub fn failure_subjects(&self) -> impl Iterator<Item = (Subject, &'static [Metric])> {
        let queues = self.queues.iter().map(|arn| Subject::Queue(arn.name().to_string()));
        let topics = self.topics.iter().map(|name| Subject::Topic(name.clone()));
        queues.map(|queue| (queue, QUEUE)).chain(topics.map(|topic| (topic, TOPIC)))
    }
}

impl Function {
    /// Whether it was changed shortly before `newest`.
    fn is_recent(&self, newest: Option<Minute>) -> bool {
        self.changed.zip(newest).is_some_and(|(changed, newest)| newest.start() - changed < RECENTLY_CHANGED)
    }

    /// Whether it failed or was throttled shortly before `newest`.
    fn is_troubled(&self, newest: Option<Minute>) -> bool {
        self.trouble.zip(newest).is_some_and(|(trouble, newest)| newest.0 - trouble.0 <= TROUBLE_MINUTES)
    }
}

const QUEUE: &[Metric] = &[Metric::QueueOldestMessageAge];
const TOPIC: &[Metric] = &[Metric::TopicMessagesPublished, Metric::TopicNotificationsFailed];
