//! The fold: observations in, state out. Pure, idempotent, and indifferent to order.
//!
//! Nothing here knows the time, decides what a number means, or forgets a fact because a call failed.

pub(crate) mod live;
mod read;
pub mod series;
pub mod state;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use lambda_model::function::FunctionInfo;
use lambda_model::log::{LogBatch, LogWay};
use lambda_model::metric::{Point, SeriesId, Subject};
use lambda_model::observation::{Observation, Payload};
use lambda_model::{FunctionName, Scope};
use read::{Read, keep_newer};
use state::{FunctionState, ScopeState, SeriesSet};

/// Everything known, by scope.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Store {
    /// The state of each scope.
    pub scopes: BTreeMap<Scope, ScopeState>,
}

impl Store {
    /// Takes in one observation; tells whether anything changed but when it was read and what it cost.
    ///
    /// Applying the same observations again, or in another order, gives the same state: points replace by minute
    /// and time of reading, facts by time of reading.
    pub fn apply(&mut self, observation: &Observation) -> bool {
        let at = observation.at;
        let scope = self.scopes.entry(observation.scope.clone()).or_default();
        match &observation.payload {
            Payload::Account(account) => keep_newer(&mut scope.account, at, account.clone()),
            Payload::Limits(limits) => keep_newer(&mut scope.limits, at, *limits),
            Payload::Functions(functions) => {
                let keep = |info: &FunctionInfo| keep_newer(&mut scope.function(&info.name).info, at, info.clone());
                // Every one is to be kept: `any` would stop at the first change.
                functions.iter().map(keep).fold(false, |changed, one| changed | one)
            }
            Payload::FunctionsComplete(begun) => {
                scope.listed = scope.listed.max(Some(*begun));
                true
            }
            Payload::Aliases(name, aliases) => keep_newer(&mut scope.function(name).aliases, at, aliases.clone()),
            Payload::Reserved(name, reserved) => keep_newer(&mut scope.function(name).reserved, at, *reserved),
            Payload::Provisioned(name, configs) => {
                keep_newer(&mut scope.function(name).provisioned, at, configs.clone())
            }
            Payload::InvokeConfigs(name, configs) => {
                keep_newer(&mut scope.function(name).invoke_configs, at, configs.clone())
            }
            Payload::Changed(name, change) => scope.function(name).changed(change),
            Payload::Deployments(deployments) => keep_newer(&mut scope.deployments, at, deployments.clone()),
            Payload::LogGroup(name, group) => keep_newer(&mut scope.function(name).log_group, at, group.clone()),
            Payload::EventSources(sources) => {
                let mut by_function = BTreeMap::<FunctionName, Vec<_>>::new();
                for source in sources {
                    by_function.entry(source.function.clone()).or_default().push(source.clone());
                }
                keep_newer(&mut scope.event_sources, at, by_function)
            }
            Payload::Points(series) => {
                series.iter().fold(false, |changed, (id, points)| scope.points(id, points, at) | changed)
            }
            Payload::Queue(arn, attributes) => {
                scope.queues.entry(arn.clone()).or_default().read(at, attributes.clone())
            }
            Payload::Logs(batch) => scope.logs(batch, at),
            Payload::LogFeed(feed) => keep_newer(&mut scope.live.feed, at, feed.clone()),
            Payload::Health(health) => {
                let last = scope.health.get(&health.operation);
                let news = last.is_none_or(|last| at >= last.at);
                if news {
                    scope.health.insert(health.operation, Read { at, value: health.clone() });
                }
                news
            }
            Payload::Usage(usage) => {
                let begun = scope.usage.as_ref().map_or(at, |(begun, _)| at.min(*begun));
                let mut newest = scope.usage.take().map(|(_, usage)| usage);
                keep_newer(&mut newest, at, *usage);
                scope.usage = newest.map(|usage| (begun, usage));
                false
            }
        }
    }
}

impl Store {
    /// Drops functions that do not exist any more and have not been heard of since `before`.
    pub(crate) fn forget_gone(&mut self, before: DateTime<Utc>) {
        for scope in self.scopes.values_mut() {
            let gone: Vec<FunctionName> = scope
                .functions
                .values()
                .filter(|function| !scope.exists(function) && function.last_heard().is_none_or(|heard| heard < before))
                .map(|function| function.name.clone())
                .collect();
            for name in gone {
                scope.functions.remove(&name);
            }
        }
    }
}

impl ScopeState {
    fn function(&mut self, name: &FunctionName) -> &mut FunctionState {
        Arc::make_mut(self.functions.entry(name.clone()).or_insert_with(|| Arc::new(FunctionState::new(name.clone()))))
    }

    /// A file is looked at without an account that lists functions: its lines name them.
    fn logs(&mut self, batch: &LogBatch, at: DateTime<Utc>) -> bool {
        let news = self.live.take(batch, at);
        if batch.way == LogWay::File {
            let names: Vec<FunctionName> =
                self.live.functions.keys().filter(|name| !self.functions.contains_key(*name)).cloned().collect();
            for name in &names {
                self.function(name);
            }
        }
        news
    }

    fn series_of(&mut self, subject: &Subject) -> &mut SeriesSet {
        match subject {
            Subject::Region => Arc::make_mut(&mut self.region),
            Subject::Function(function) => &mut self.function(function).series,
            Subject::Qualified { function, qualifier } => {
                self.function(function).qualified.entry(qualifier.clone()).or_default()
            }
            Subject::Executed { function, alias, version } => {
                self.function(function).executed.entry((alias.clone(), version.clone())).or_default()
            }
            Subject::Queue(name) => self.queue_series.entry(name.clone()).or_default(),
            Subject::Topic(name) => self.topic_series.entry(name.clone()).or_default(),
            Subject::Mapping(uuid) => self.mapping_series.entry(uuid.clone()).or_default(),
        }
    }

    fn points(&mut self, id: &SeriesId, points: &[Point], read: DateTime<Utc>) -> bool {
        if points.is_empty() {
            return false;
        }
        let series = self.series_of(&id.subject).0.entry((id.metric, id.statistic)).or_default();
        points.iter().fold(false, |changed, point| series.upsert(*point, read) | changed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::info;
    use lambda_model::function::Alias;
    use lambda_model::metric::{Metric, Statistic};
    use lambda_model::observation::Usage;
    use lambda_model::time::Minute;

    fn at(minute: i64) -> DateTime<Utc> {
        Minute(minute).start()
    }

    fn apply(store: &mut Store, minute: i64, payload: Payload) -> bool {
        store.apply(&Observation { at: at(minute), scope: Scope::new(None, "eu-west-1"), payload })
    }

    fn listed(names: &[&str]) -> Payload {
        Payload::Functions(names.iter().map(|name| info(name)).collect())
    }

    fn active(name: &str, minute: i64) -> Payload {
        let subject = Subject::Function(name.into());
        let id = SeriesId { subject, metric: Metric::Invocations, statistic: Statistic::Sum };
        Payload::Points(vec![(id, vec![Point { minute: Minute(minute), value: 1.0 }])])
    }

    fn names(store: &Store) -> Vec<&str> {
        store.scopes.values().flat_map(|scope| scope.functions.keys().map(FunctionName::as_str)).collect()
    }

    #[test]
    fn only_what_is_gone_and_silent_is_forgotten() {
        let mut store = Store::default();
        apply(&mut store, 100, listed(&["gone", "gone-but-heard-of", "stays"]));
        apply(&mut store, 100, active("never-listed", 100));
        apply(&mut store, 100, Payload::Aliases("heard-of-by-name-only".into(), Vec::new()));
        store.forget_gone(at(1000));
        assert_eq!(names(&store).len(), 5, "nobody is gone before a list was read to its end");

        apply(&mut store, 120, listed(&["stays"]));
        apply(&mut store, 121, active("gone-but-heard-of", 121));
        apply(&mut store, 122, Payload::FunctionsComplete(at(120)));
        store.forget_gone(at(90));
        let kept = ["gone", "gone-but-heard-of", "never-listed", "stays"];
        assert_eq!(names(&store), kept, "late points may still come");
        store.forget_gone(at(110));
        assert_eq!(names(&store), ["gone-but-heard-of", "stays"]);
        store.forget_gone(at(130));
        assert_eq!(names(&store), ["stays"]);
    }

    fn aliases(version: &str) -> Payload {
        let alias = Alias { name: "live".into(), version: version.into(), additional: BTreeMap::new() };
        Payload::Aliases("checkout".into(), vec![alias])
    }

    #[test]
    fn only_another_value_is_news() {
        let mut store = Store::default();
        assert!(apply(&mut store, 100, active("checkout", 99)));
        assert!(!apply(&mut store, 101, active("checkout", 99)), "the same point again");
        assert!(apply(&mut store, 102, active("checkout", 100)), "another minute");
        assert!(apply(&mut store, 100, aliases("7")));
        assert!(!apply(&mut store, 101, aliases("7")));
        assert!(apply(&mut store, 102, aliases("8")));
        assert!(!apply(&mut store, 101, aliases("9")), "read before what is known");
        assert!(!apply(&mut store, 103, Payload::Usage(Usage { requests: 1, ..Usage::default() })));
    }
}
