//! What a poller knows of one scope: the one place where its own observations are folded, to decide what to ask next.
//!
//! [`Knowledge::learn`] returns what an observation changed as [`News`]; whoever acts on it looks at nothing else. It
//! keeps no numbers: those are the store's.

mod function;
mod reads;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::directory::LogPlace;
use super::mappings::Mappings;
use function::Function;
use lambda_model::change::Change;
use lambda_model::function::{Alias, FunctionInfo};
use lambda_model::metric::{Metric, Point, SeriesId, Subject};
use lambda_model::observation::{Observation, Payload};
use lambda_model::time::Minute;
use lambda_model::{Arn, FunctionName};
use reads::Reads;

/// What is known of one scope.
#[derive(Debug, Default)]
pub(super) struct Knowledge {
    functions: BTreeMap<FunctionName, Function>,
    queues: BTreeSet<Arn>,
    topics: BTreeSet<String>,
    mappings: Mappings,
    /// The newest minute of any point: what is recent is measured from it.
    newest: Option<Minute>,
    /// What the listing of each metric under way has found so far.
    listings: BTreeMap<Metric, Vec<Subject>>,
    /// Metrics whose listing was read to its end at least once.
    catalogued: BTreeSet<Metric>,
    /// `ListMetrics` fails and has never been read to its end: any function may be active.
    unlisted: bool,
    /// Functions with a weighted alias that splits the traffic.
    shifting: BTreeSet<FunctionName>,
    /// Whether a deployment was under way at the last look.
    deploying: bool,
}

/// What an observation changed.
#[derive(Debug, Default)]
pub(super) struct News {
    /// Functions whose urgency, or whose metrics, may be different now.
    pub ranked: BTreeSet<FunctionName>,
    /// Functions that were changed or began to fail: their details may be out of date.
    pub outdated: BTreeSet<FunctionName>,
    /// Functions that do not exist any more.
    pub gone: Vec<FunctionName>,
    /// Queues that were not known before.
    pub queues: Vec<Arn>,
    /// Functions that are new or log to another group, each with its log group.
    pub places: Vec<(FunctionName, LogPlace)>,
    /// What somebody changed in functions.
    pub changes: Vec<(FunctionName, Change)>,
}

impl Knowledge {
    /// Takes in an observation.
    pub(super) fn learn(&mut self, observation: &Observation) -> News {
        let at = observation.at;
        let mut news = News::default();
        match &observation.payload {
            Payload::Functions(functions) => {
                for info in functions {
                    self.function(info, at, &mut news);
                    self.target(info.dead_letter_target.as_ref(), &mut news);
                }
            }
            Payload::FunctionsComplete(begun) => self.complete(*begun, &mut news),
            Payload::Aliases(name, aliases) => {
                self.aliases(name, aliases, &mut news);
                self.compare(name, &mut news, |reads| reads.aliases(at, aliases));
            }
            Payload::Reserved(name, reserved) => self.compare(name, &mut news, |reads| reads.reserved(at, *reserved)),
            Payload::Provisioned(name, configs) => {
                self.compare(name, &mut news, |reads| reads.provisioned(at, configs));
            }
            Payload::Deployments(deployments) => self.deploying = !deployments.is_empty(),
            Payload::InvokeConfigs(_, configs) => {
                for config in configs {
                    self.target(config.on_failure.as_ref(), &mut news);
                }
            }
            Payload::EventSources(sources) => {
                news.ranked.extend(self.mappings.learn(sources));
                for source in sources {
                    self.target(source.source.as_ref().filter(|arn| arn.service() == Some("sqs")), &mut news);
                    self.target(source.on_failure.as_ref(), &mut news);
                }
            }
            Payload::Queue(_, Some(attributes)) => self.target(attributes.redrive_target.as_ref(), &mut news),
            Payload::Points(series) => {
                self.advance(series.iter().flat_map(|(_, points)| points).map(|point| point.minute).max(), &mut news);
                for (id, points) in series {
                    self.trouble(id, points, &mut news);
                }
            }
            _ => {}
        }
        news
    }

    fn function(&mut self, info: &FunctionInfo, at: DateTime<Utc>, news: &mut News) {
        let function = self.functions.entry(info.name.clone()).or_default();
        if function.listed.is_none() || function.changed != info.last_modified {
            news.ranked.insert(info.name.clone());
            if function.listed.is_some() {
                news.outdated.insert(info.name.clone());
            }
        }
        function.listed = Some(at);
        function.changed = info.last_modified;
        let place = LogPlace::of(info);
        if function.place.as_ref() != Some(&place) {
            news.places.push((info.name.clone(), place.clone()));
            function.place = Some(place);
        }
        self.compare(&info.name, news, |reads| reads.info(at, info));
    }

    /// A function list that was begun at `begun` is complete: what it did not find does not exist.
    fn complete(&mut self, begun: DateTime<Utc>, news: &mut News) {
        let is_gone = |function: &Function| match function.listed {
            Some(listed) => listed < begun,
            // What publishes metrics may be newer than the list.
            None => function.metrics.is_empty(),
        };
        news.gone = self.functions.extract_if(.., |_, function| is_gone(function)).map(|(name, _)| name).collect();
        for name in &news.gone {
            self.shifting.remove(name);
        }
    }

    fn aliases(&mut self, name: &FunctionName, aliases: &[Alias], news: &mut News) {
        let Some(function) = self.functions.get_mut(name) else { return };
        let weighted = aliases.iter().filter(|alias| !alias.additional.is_empty());
        let routed = weighted
            .flat_map(|alias| alias.weights().into_iter().map(|(version, _)| (alias.name.clone(), version.to_string())))
            .collect();
        if function.routed != routed {
            function.routed = routed;
            news.ranked.insert(name.clone());
        }
        if function.routed.is_empty() {
            self.shifting.remove(name);
        } else {
            self.shifting.insert(name.clone());
        }
    }

    /// Compares a read of `name` with the one before it, if the function still exists.
    fn compare(&mut self, name: &FunctionName, news: &mut News, compare: impl FnOnce(&mut Reads) -> Vec<Change>) {
        if let Some(function) = self.functions.get_mut(name) {
            let changes = compare(&mut function.reads);
            news.changes.extend(changes.into_iter().map(|change| (name.clone(), change)));
        }
    }

    /// Notes where failed events go.
    fn target(&mut self, arn: Option<&Arn>, news: &mut News) {
        match arn.and_then(|arn| Some((arn, arn.service()?))) {
            Some((arn, "sqs")) if self.queues.insert(arn.clone()) => news.queues.push(arn.clone()),
            Some((arn, "sns")) => drop(self.topics.insert(arn.name().to_string())),
            _ => {}
        }
    }

    /// The newest point is the clock: what was recent before it may not be any more.
    fn advance(&mut self, newest: Option<Minute>, news: &mut News) {
        if newest <= self.newest {
            return;
        }
        let before = std::mem::replace(&mut self.newest, newest);
        let is_different = |function: &Function| {
            function.is_troubled(before) != function.is_troubled(newest)
                || function.is_recent(before) != function.is_recent(newest)
        };
        let different = self.functions.iter().filter(|(_, function)| is_different(function));
        news.ranked.extend(different.map(|(name, _)| name.clone()));
    }

    fn trouble(&mut self, id: &SeriesId, points: &[Point], news: &mut News) {
        let Subject::Function(name) = &id.subject else { return };
        let Some(function) = self.functions.get_mut(name) else { return };
        if matches!(id.metric, Metric::Errors | Metric::Throttles) {
            let was = function.is_troubled(self.newest);
            let trouble = points.iter().filter(|point| point.value > 0.0).map(|point| point.minute).max();
            function.trouble = function.trouble.max(trouble);
            if function.is_troubled(self.newest) != was {
                news.ranked.insert(name.clone());
                if !was {
                    news.outdated.insert(name.clone());
                }
            }
        }
    }

    /// Takes in dimension sets under which `metric` is being published; returns the functions that were not known to
    /// publish it.
    pub(super) fn active(&mut self, metric: Metric, subjects: &[Subject]) -> BTreeSet<FunctionName> {
        let mut ranked = BTreeSet::new();
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
                ranked.insert(name.clone());
            }
        }
        self.listings.entry(metric).or_default().extend_from_slice(subjects);
        ranked
    }

    /// The listing of `metric` ended. After a complete one, what it did not find is no longer published; returns the
    /// functions that do not publish it any more.
    pub(super) fn catalogued(&mut self, metric: Metric, complete: bool) -> BTreeSet<FunctionName> {
        let listing: BTreeSet<Subject> = self.listings.remove(&metric).unwrap_or_default().into_iter().collect();
        let mut ranked = BTreeSet::new();
        if !complete {
            return ranked;
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
                ranked.insert(name.clone());
            }
        }
        ranked
    }

    /// Notes whether `ListMetrics` fails; returns the functions that may be active now, or not any more. What a
    /// complete listing found is kept through a failure.
    pub(super) fn catalogue_fails(&mut self, fails: bool) -> BTreeSet<FunctionName> {
        let unlisted = fails && !self.catalogued.contains(&Metric::Invocations);
        let is_same = std::mem::replace(&mut self.unlisted, unlisted) == unlisted;
        if is_same { BTreeSet::new() } else { self.functions.keys().cloned().collect() }
    }

    /// Whether a weighted alias of the function splits its traffic.
    pub(super) fn is_shifting(&self, name: &FunctionName) -> bool {
        self.shifting.contains(name)
    }

    /// Whether a deployment may be under way. A weighted alias is the sign of one, and the end of one that was under
    /// way has to be seen.
    pub(super) fn may_be_deploying(&self) -> bool {
        self.deploying || !self.shifting.is_empty()
    }

    /// The number of functions known.
    pub(super) fn count(&self) -> usize {
        self.functions.len()
    }

    /// Whether the function exists, as far as is known.
    pub(super) fn knows(&self, name: &FunctionName) -> bool {
        self.functions.contains_key(name)
    }

    /// Every function known, by name.
    pub(super) fn functions(&self) -> impl Iterator<Item = &FunctionName> {
        self.functions.keys()
    }

    /// The functions whose points are worth asking for: active ones, recently changed ones, and `screen`.
    pub(super) fn functions_with_metrics(
        &self,
        screen: &BTreeSet<FunctionName>,
    ) -> impl Iterator<Item = &FunctionName> {
        self.functions
            .iter()
            .filter(|(name, function)| self.active_now(function) || screen.contains(*name))
            .map(|(name, _)| name)
    }

    /// Whether `ListMetrics` says that the function publishes `metric`.
    pub(super) fn has_metric(&self, name: &FunctionName, metric: Metric) -> bool {
        self.functions.get(name).is_some_and(|function| function.metrics.contains(&metric))
    }

    /// What its event sources are configured to publish.
    pub(super) fn mappings(&self) -> &Mappings {
        &self.mappings
    }

    /// Versions behind aliases, as (alias, version), that ran lately or are routed to.
    pub(super) fn versions(&self, name: &FunctionName) -> impl Iterator<Item = &(String, String)> {
        self.functions.get(name).into_iter().flat_map(|function| function.executed.union(&function.routed))
    }

    /// Those behind aliases whose traffic is split at present.
    pub(super) fn splits(&self, name: &FunctionName) -> impl Iterator<Item = &(String, String)> {
        self.versions(name).filter(|(alias, _)| self.is_split(name, alias))
    }

    /// Whether the alias routes to more than one version.
    pub(super) fn is_split(&self, name: &FunctionName, alias: &str) -> bool {
        self.functions.get(name).is_some_and(|function| function.routed.iter().any(|(routed, _)| routed == alias))
    }

    /// Whether invocations through an alias are known.
    pub(super) fn has_alias_traffic(&self, name: &FunctionName) -> bool {
        self.versions(name).next().is_some()
    }

    /// Whether the function ran, or may have run, in the last hours.
    pub(super) fn is_active(&self, name: &FunctionName) -> bool {
        self.functions.get(name).is_some_and(|function| self.active_now(function))
    }

    fn active_now(&self, function: &Function) -> bool {
        self.unlisted || !function.metrics.is_empty() || function.is_recent(self.newest)
    }

    /// Whether the function failed or was throttled lately.
    pub(super) fn is_troubled(&self, name: &FunctionName) -> bool {
        self.functions.get(name).is_some_and(|function| function.is_troubled(self.newest))
    }

    /// The queues and topics that failed events go to, each with its metrics.
    pub(super) fn failure_subjects(&self) -> impl Iterator<Item = (Subject, &'static [Metric])> {
        let queues = self.queues.iter().map(|arn| Subject::Queue(arn.name().to_string()));
        let topics = self.topics.iter().map(|name| Subject::Topic(name.clone()));
        queues.map(|queue| (queue, Metric::QUEUE)).chain(topics.map(|topic| (topic, Metric::TOPIC)))
    }
}

#[cfg(test)]
mod tests;
