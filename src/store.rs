//! The fold: observations in, state out. It is pure and idempotent, and the order of observations does not matter.
//!
//! Nothing here reads the clock, decides what a number means, or drops a fact because a call failed.

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
    /// Takes in one observation. Returns whether a value changed; a newer time of reading or more usage is no change.
    ///
    /// Applying the same observations again, or in another order, gives the same state: of two points of one minute,
    /// and of two values of one fact, the one that was read later is kept.
    pub fn apply(&mut self, observation: &Observation) -> bool {
        let at = observation.at;
        let scope = self.scopes.entry(observation.scope.clone()).or_default();
        match &observation.payload {
            Payload::Account(account) => keep_newer(&mut scope.account, at, account.clone()),
            Payload::Limits(limits) => keep_newer(&mut scope.limits, at, *limits),
            Payload::Functions(functions) => {
                let keep = |info: &FunctionInfo| keep_newer(&mut scope.function(&info.name).info, at, info.clone());
                // Not `any`, which would stop at the first change: every function has to be kept.
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
                let is_newest = last.is_none_or(|last| at >= last.at);
                if is_newest {
                    scope.health.insert(health.operation, Read { at, value: health.clone() });
                }
                is_newest
            }
            Payload::Usage(usage) => {
                let since = scope.usage.as_ref().map_or(at, |(since, _)| at.min(*since));
                let mut newest = scope.usage.take().map(|(_, usage)| usage);
                keep_newer(&mut newest, at, *usage);
                scope.usage = newest.map(|usage| (since, usage));
                false
            }
        }
    }
}

impl Store {
    /// Drops functions that were deleted and were last listed or active before `before`.
    pub(crate) fn drop_deleted(&mut self, before: DateTime<Utc>) {
        for scope in self.scopes.values_mut() {
            let deleted: Vec<FunctionName> = scope
                .functions
                .values()
                .filter(|function| !scope.exists(function) && function.last_seen().is_none_or(|seen| seen < before))
                .map(|function| function.name.clone())
                .collect();
            for name in deleted {
                scope.functions.remove(&name);
            }
        }
    }
}

impl ScopeState {
    fn function(&mut self, name: &FunctionName) -> &mut FunctionState {
        Arc::make_mut(self.functions.entry(name.clone()).or_insert_with(|| Arc::new(FunctionState::new(name.clone()))))
    }

    /// Takes in a batch of log events. A file comes without a function list: its log groups and streams name the
    /// functions.
    fn logs(&mut self, batch: &LogBatch, at: DateTime<Utc>) -> bool {
        let changed = self.live.take(batch, at);
        if batch.way == LogWay::File {
            let names: Vec<FunctionName> =
                self.live.functions.keys().filter(|name| !self.functions.contains_key(*name)).cloned().collect();
            for name in &names {
                self.function(name);
            }
        }
        changed
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
    fn only_deleted_functions_without_late_points_are_dropped() {
        let mut store = Store::default();
        apply(&mut store, 100, listed(&["deleted", "deleted-late-points", "stays"]));
        apply(&mut store, 100, active("never-listed", 100));
        apply(&mut store, 100, Payload::Aliases("only-aliases-read".into(), Vec::new()));
        store.drop_deleted(at(1000));
        assert_eq!(names(&store).len(), 5, "No function counts as deleted before a list was read to its end");

        apply(&mut store, 120, listed(&["stays"]));
        apply(&mut store, 121, active("deleted-late-points", 121));
        apply(&mut store, 122, Payload::FunctionsComplete(at(120)));
        store.drop_deleted(at(90));
        let kept = ["deleted", "deleted-late-points", "never-listed", "stays"];
        assert_eq!(names(&store), kept, "Late points may still come");
        store.drop_deleted(at(110));
        assert_eq!(names(&store), ["deleted-late-points", "stays"]);
        store.drop_deleted(at(130));
        assert_eq!(names(&store), ["stays"]);
    }

    fn aliases(version: &str) -> Payload {
        let alias = Alias { name: "live".into(), version: version.into(), additional: BTreeMap::new() };
        Payload::Aliases("checkout".into(), vec![alias])
    }

    #[test]
    fn only_another_value_is_a_change() {
        let mut store = Store::default();
        assert!(apply(&mut store, 100, active("checkout", 99)));
        assert!(!apply(&mut store, 101, active("checkout", 99)), "The same point again");
        assert!(apply(&mut store, 102, active("checkout", 100)), "Another minute");
        assert!(apply(&mut store, 100, aliases("7")));
        assert!(!apply(&mut store, 101, aliases("7")));
        assert!(apply(&mut store, 102, aliases("8")));
        assert!(!apply(&mut store, 101, aliases("9")), "Read before the known value");
        assert!(!apply(&mut store, 103, Payload::Usage(Usage { requests: 1, ..Usage::default() })));
    }
}
