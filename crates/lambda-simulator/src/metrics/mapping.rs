//! What an event source mapping publishes of itself, once its configuration asks for it
//! (docs/aws.md#event-source-mapping-metrics).
//!
//! Every batch has the mapping's batch size, and a function with an event source is invoked by nothing else: the
//! mapping's events are the function's invocations, batch by batch.

use super::super::instant::Instant;
use super::super::noise::Noise;
use super::super::report::Report;
use super::super::scenario::{Function, Source};
use super::super::world::World;
use super::ACTIVE_MIN;
use lambda_model::function::EventSourceKind;
use lambda_model::metric::{Metric, Subject, When};

impl Source {
    /// What the mapping reads from.
    pub(in super::super) fn kind(&self) -> EventSourceKind {
        match self {
            Self::Sqs { .. } => EventSourceKind::Sqs,
            Self::Kinesis { .. } => EventSourceKind::Kinesis,
        }
    }

    /// The events of a batch, and whether the mapping's `MetricsConfig` asks for `EventCount`.
    pub(in super::super) fn counting(&self) -> (u32, bool) {
        match self {
            Self::Sqs { batch_size, event_count, .. } | Self::Kinesis { batch_size, event_count, .. } => {
                (*batch_size, *event_count)
            }
        }
    }
}

impl Function {
    /// The UUID of the function's event source mapping.
    pub(in super::super) fn mapping_uuid(&self) -> String {
        let mut noise = Noise::new(0, &self.name, 0);
        let mut digits = |count: u32| noise.below(1 << (4 * count));
        format!("{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}", digits(8), digits(4), digits(3), digits(3), digits(12))
    }
}

/// An event source mapping that counts its events.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mapping {
    /// The function's place.
    pub(super) place: usize,
    kind: EventSourceKind,
    batch_size: u32,
}

impl Mapping {
    /// The one with this UUID; `None` too where it does not count its events.
    pub(super) fn of(world: &World, uuid: &str) -> Option<Self> {
        let place = world.scenario.functions.iter().position(|function| function.mapping_uuid() == uuid)?;
        Self::at(world, place)
    }

    fn at(world: &World, place: usize) -> Option<Self> {
        let source = world.scenario.functions[place].source.as_ref()?;
        let (batch_size, event_count) = source.counting();
        event_count.then(|| Self { place, kind: source.kind(), batch_size })
    }

    fn publishes(self, metric: Metric) -> bool {
        matches!(metric.when(), When::OptIn(kinds) if kinds.contains(&self.kind))
    }

    /// The mapping's value in a minute, of which `report` is what the function published.
    pub(super) fn value(self, world: &World, minute: i64, report: Option<&Report>, metric: Metric) -> Option<f64> {
        if !self.publishes(metric) {
            return None;
        }
        let Some(total) = report.map(|report| &report.total) else {
            // It polls all the same, unless it is disabled.
            return (world.is_shown(self.place, minute) && self.is_enabled(world, minute)).then_some(0.0);
        };
        let batches = match (metric, self.kind) {
            // A batch of a shard is read once and tried until it succeeds.
            (Metric::PolledEvents, EventSourceKind::Kinesis) => total.invocations.saturating_sub(total.errors),
            // A batch of a queue is received again for each attempt, the throttled ones included.
            (Metric::PolledEvents, _) => total.invocations + total.throttles,
            // AWS stamps it with the end of the invocation (docs/aws.md#late-points); here it stands beside the error.
            (Metric::FailedInvokeEvents, _) => total.errors,
            // No record of a simulated stream expires or runs out of retries.
            _ => 0,
        };
        Some(f64::from(batches) * f64::from(self.batch_size))
    }

    fn is_enabled(self, world: &World, minute: i64) -> bool {
        let name = &world.scenario.functions[self.place].name;
        !world.scenario.changes_of(name, Instant::start_of(minute)).any(|change| change.source_disabled)
    }
}

impl World {
    /// The mappings that published `metric` in the last three hours.
    pub(super) fn mappings(&self, metric: Metric) -> Vec<Subject> {
        let minutes = self.now.minute() - ACTIVE_MIN..self.now.minute();
        let mappings = (0..self.scenario.functions.len()).filter_map(|place| Mapping::at(self, place));
        let published = mappings.filter(|mapping| {
            minutes.clone().rev().any(|minute| {
                mapping.value(self, minute, self.report(mapping.place, minute).as_ref(), metric).is_some()
            })
        });
        published.map(|mapping| Subject::Mapping(self.scenario.functions[mapping.place].mapping_uuid())).collect()
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::super::tests::{series, world};
    use super::*;
    use lambda_model::time::Minute;

    /// The values of a mapping's metric in the minutes `from..until` of the scenario.
    fn values(world: &World, function: &str, metric: Metric, from: i64, until: i64) -> Vec<f64> {
        let place = world.index(function).unwrap();
        let subject = Subject::Mapping(world.scenario.functions[place].mapping_uuid());
        let origin = Minute::of(world.scenario.origin());
        let points = world.points(vec![series(subject, metric)], origin.plus(from), origin.plus(until));
        points.iter().flat_map(|(_, points)| points).map(|point| point.value).collect()
    }

    #[test]
    fn a_mapping_counts_its_events_once_it_is_asked_to() {
        let (world, now) = world();
        let total = |subject: Subject, metric| {
            let points = world.points(vec![series(subject, metric)], now.plus(-60), now);
            points.iter().flat_map(|(_, points)| points).map(|point| point.value).sum::<f64>()
        };
        let sum = |function: &str, metric| {
            let values = values(&world, function, metric, -60, 0);
            (!values.is_empty()).then(|| values.iter().sum::<f64>())
        };
        // Records that failed are not read again; messages are.
        for (function, batch_size, retried) in [("orders-stream", 100.0, 1.0), ("inventory", 10.0, 0.0)] {
            let own = |metric| total(Subject::Function(function.into()), metric);
            let failed = batch_size * own(Metric::Errors);
            assert!(failed > 0.0);
            assert_eq!(sum(function, Metric::FailedInvokeEvents), Some(failed));
            let polled = batch_size * own(Metric::Invocations) - retried * failed;
            assert_eq!(sum(function, Metric::PolledEvents), Some(polled));
        }
        for metric in [Metric::DroppedEvents, Metric::DeliveredOnFailureEvents] {
            assert_eq!(sum("orders-stream", metric), Some(0.0));
            assert_eq!(sum("inventory", metric), None, "a queue keeps what fails");
            assert_eq!(world.subjects(metric).len(), 1);
        }
        assert_eq!(world.subjects(Metric::PolledEvents).len(), 2);
    }

    #[test]
    fn an_idle_mapping_polls_nothing_and_a_disabled_one_does_not_poll() {
        let text = r#"
            summary = "idle"
            origin = "2026-11-22T03:00:00Z"
            opening_min = 0
            region = { name = "eu-west-1", limit = 1000 }
            [[function]]
            name = "counts"
            memory_mb = 128
            timeout_s = 20
            rate = 0.0
            p50_ms = 100.0
            spread = 0.5
            error_rate = 0.0
            source = { sqs = { queue = "q", redrive = "q-dlq", batch_size = 10, event_count = true } }
            [[function]]
            name = "does-not"
            memory_mb = 128
            timeout_s = 20
            rate = 0.0
            p50_ms = 100.0
            spread = 0.5
            error_rate = 0.0
            source = { sqs = { queue = "p", redrive = "p-dlq", batch_size = 10 } }
            [[change]]
            function = "counts"
            at_min = 5
            source_disabled = true
        "#;
        let mut world = World::new(&toml::from_str(text).unwrap(), 1);
        world.advance(world.scenario.origin() + TimeDelta::minutes(10));
        assert_eq!(values(&world, "counts", Metric::PolledEvents, 0, 10), [0.0; 5]);
        assert!(values(&world, "does-not", Metric::PolledEvents, 0, 10).is_empty());
    }
}
