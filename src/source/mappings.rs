//! Event source mappings, as far as they decide which metrics there are to ask for.

use std::collections::{BTreeMap, BTreeSet};

use lambda_model::FunctionName;
use lambda_model::function::EventSource;
use lambda_model::metric::{Metric, Subject, When};

/// What the event sources of all functions are configured to publish.
#[derive(Debug, Default)]
pub(super) struct Mappings(BTreeMap<FunctionName, Published>);

/// What those of one function publish; functions without any of it are left out.
#[derive(Debug, Default, PartialEq)]
struct Published {
    /// Of the function.
    own: BTreeSet<Metric>,
    /// Of its mappings, by UUID.
    mappings: BTreeMap<String, BTreeSet<Metric>>,
}

impl Mappings {
    /// Takes in the whole list, and names the functions for which there is something else to ask than before.
    pub(super) fn learn(&mut self, sources: &[EventSource]) -> BTreeSet<FunctionName> {
        let mut all = BTreeMap::<FunctionName, Published>::new();
        for source in sources {
            // A disabled mapping publishes nothing (docs/aws.md#event-source-mapping-metrics).
            let Some(kind) = source.kind.filter(|_| source.state != "Disabled") else { continue };
            for metric in Metric::ALL {
                let (kinds, of_mapping) = match metric.when() {
                    When::Source(kinds) => (kinds, false),
                    When::OptIn(kinds) if source.event_count => (kinds, true),
                    _ => continue,
                };
                if kinds.contains(&kind) {
                    let published = all.entry(source.function.clone()).or_default();
                    let metrics = if of_mapping {
                        published.mappings.entry(source.uuid.clone()).or_default()
                    } else {
                        &mut published.own
                    };
                    metrics.insert(*metric);
                }
            }
        }
        let before = std::mem::replace(&mut self.0, all);
        let names = before.keys().chain(self.0.keys());
        names.filter(|name| before.get(*name) != self.0.get(*name)).cloned().collect()
    }

    /// Whether the function publishes `metric` because of what it reads from.
    pub(super) fn publish(&self, name: &FunctionName, metric: Metric) -> bool {
        self.0.get(name).is_some_and(|published| published.own.contains(&metric))
    }

    /// What the mappings of the function publish of themselves.
    pub(super) fn opted_in(&self, name: &FunctionName) -> impl Iterator<Item = (Subject, Metric)> {
        let mappings = self.0.get(name).into_iter().flat_map(|published| &published.mappings);
        mappings.flat_map(|(uuid, metrics)| metrics.iter().map(move |metric| (Subject::Mapping(uuid.clone()), *metric)))
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use tokio::sync::{mpsc, watch};

    use super::*;
    use crate::analysis::Params;
    use crate::snapshot::{Origin, Snapshot};
    use crate::source::cadence::Cadence;
    use crate::source::directory::Directory;
    use crate::source::outlet::{Meter, Outlet};
    use crate::source::poller::poll;
    use crate::store::Store;
    use lambda_model::Scope;
    use lambda_model::demand::Demand;
    use lambda_model::function::EventSourceKind;
    use lambda_model::time::Clock;

    fn source(uuid: &str, kind: EventSourceKind, event_count: bool, state: &str) -> EventSource {
        EventSource {
            uuid: uuid.into(),
            function: uuid.into(),
            source: None,
            kind: Some(kind),
            state: state.into(),
            batch_size: None,
            maximum_concurrency: None,
            on_failure: None,
            event_count,
        }
    }

    #[test]
    fn only_what_the_configuration_lets_exist_is_asked_for() {
        use EventSourceKind::{Documentdb, Kafka, Kinesis, Sqs};
        let all = Metric::MAPPING;
        // kind, opted in, state; the mapping's metrics, and whether the function has an offset lag
        let cases: [(EventSourceKind, bool, &str, &[Metric], bool); 7] = [
            (Kinesis, true, "Enabled", all, false),
            (Sqs, true, "Enabled", &all[..2], false),
            (Kafka, true, "Enabled", all, true),
            (Kafka, false, "Enabled", &[], true),
            (Documentdb, true, "Enabled", &[], false),
            (Kinesis, false, "Enabled", &[], false),
            (Kafka, true, "Disabled", &[], false),
        ];
        for (kind, event_count, state, metrics, lags) in cases {
            let mut mappings = Mappings::default();
            let changed = mappings.learn(&[source("a", kind, event_count, state)]);
            assert_eq!(changed.len(), usize::from(lags || !metrics.is_empty()), "{kind:?}");
            let asked: Vec<_> = mappings.opted_in(&"a".into()).collect();
            let expected: Vec<_> = metrics.iter().map(|metric| (Subject::Mapping("a".into()), *metric)).collect();
            assert_eq!(asked, expected, "{kind:?}");
            assert_eq!(mappings.publish(&"a".into(), Metric::OffsetLag), lags, "{kind:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_mapping_of_a_simulated_region_counts_comes_into_the_snapshot() {
        let scenario = lambda_simulator::scenario("sqs-redrive").unwrap();
        let clock = Clock::simulated(scenario.opening(), 1.0);
        let (out, mut received) = mpsc::channel(1000);
        let outlet = Outlet::new(Scope::new(None, "eu-north-1"), clock.clone(), out, Meter::default());
        let cadence = Cadence {
            once: true,
            inventory_rate: 100.0,
            inventory_seconds: 20,
            refresh: TimeDelta::seconds(60),
            background: TimeDelta::seconds(300),
            history_minutes: 15,
            trailing_minutes: 15,
            queues: TimeDelta::seconds(30),
        };
        let ((directory, _), (_demand, wanted)) =
            (watch::channel(Directory::default()), watch::channel(Demand::default()));
        let account = lambda_simulator::account(&scenario, 1, clock.clone());
        let task = tokio::spawn(poll(account, outlet, cadence, directory, wanted));
        let mut store = Store::default();
        while let Some(observation) = received.recv().await {
            store.apply(&observation);
        }
        task.await.unwrap();
        let snapshot = Snapshot::of(&store, Params::default(), Origin::Demo, clock.now(), 1);
        let function = |name: &str| snapshot.scopes[0].function(&name.into()).unwrap();
        let [queue, stream] = ["meter-billing", "smart-meter-stream"].map(|name| {
            let function = function(name);
            let mapping = &function.mappings[&function.event_sources[0].uuid];
            Metric::MAPPING.iter().map(|metric| mapping.get(*metric)).collect::<Vec<_>>()
        });
        let metrics = &function("meter-billing").metrics;
        assert_eq!(queue[0], metrics.invocations.map(|batches| batches * 10.0));
        assert_eq!(queue[1], metrics.errors.map(|batches| batches * 10.0));
        assert!(queue[1].unwrap() > 0.0 && queue[2..] == [None, None], "{queue:?}");
        assert!(stream[0].unwrap() > 0.0 && stream[2..] == [Some(0.0), Some(0.0)], "{stream:?}");
        assert!(function("tariff-api").mappings.is_empty());
    }

    #[test]
    fn a_list_replaces_the_one_before() {
        let mut mappings = Mappings::default();
        let [kept, other] = ["kept", "other"].map(|uuid| source(uuid, EventSourceKind::Sqs, true, "Enabled"));
        mappings.learn(&[kept.clone(), other]);
        assert_eq!(mappings.learn(std::slice::from_ref(&kept)), BTreeSet::from(["other".into()]));
        assert_eq!(mappings.learn(&[kept]), BTreeSet::new());
        assert_eq!(mappings.opted_in(&"other".into()).count(), 0);
    }
}
