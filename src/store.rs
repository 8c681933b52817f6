//! The fold: observations in, state out. Pure, idempotent, and indifferent to order.
//!
//! Nothing here knows the time, decides what a number means, or forgets a fact because a call failed.

pub mod series;
pub mod state;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::model::function::FunctionInfo;
use crate::model::metric::{Point, SeriesId, Subject};
use crate::model::observation::{Observation, Payload};
use crate::model::{FunctionName, Scope};
use state::{FunctionState, Read, ScopeState, SeriesSet, keep_newer};

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
    pub fn forget_gone(&mut self, before: DateTime<Utc>) {
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
    use crate::model::function::Alias;
    use crate::model::metric::{Metric, Statistic};
    use crate::model::observation::Usage;
    use crate::model::time::Minute;

    fn observed(second: i64, payload: Payload) -> Observation {
        let at = DateTime::from_timestamp(1_000_000 + second, 0).unwrap();
        Observation { at, scope: Scope::new(None, "eu-west-1"), payload }
    }

    fn points(value: f64) -> Payload {
        let subject = Subject::Function("checkout".into());
        let id = SeriesId { subject, metric: Metric::Errors, statistic: Statistic::Sum };
        Payload::Points(vec![(id, vec![Point { minute: Minute(16_600), value }])])
    }

    fn aliases(version: &str) -> Payload {
        let alias = Alias { name: "live".into(), version: version.into(), additional: BTreeMap::new() };
        Payload::Aliases("checkout".into(), vec![alias])
    }

    #[test]
    fn only_another_value_is_news() {
        let mut store = Store::default();
        for (payload, same, other) in
            [(points(1.0), points(1.0), points(2.0)), (aliases("7"), aliases("7"), aliases("8"))]
        {
            assert!(store.apply(&observed(0, payload)));
            assert!(!store.apply(&observed(1, same)));
            assert!(store.apply(&observed(2, other.clone())));
            assert!(!store.apply(&observed(3, other)));
        }
        assert!(!store.apply(&observed(4, Payload::Usage(Usage { requests: 1, ..Usage::default() }))));
    }

    #[test]
    fn a_function_that_is_gone_is_forgotten_after_a_while() {
        let mut store = Store::default();
        store.apply(&observed(0, aliases("7")));
        store.apply(&observed(10, Payload::FunctionsComplete(observed(5, points(0.0)).at)));
        let functions = |store: &Store| store.scopes.values().map(|scope| scope.functions.len()).sum::<usize>();
        assert_eq!(functions(&store), 1, "kept for late points");
        store.forget_gone(observed(60, points(0.0)).at);
        assert_eq!(functions(&store), 0);
    }
}
