//! Queues and topics of the simulated Region: where failed events pile up, and what polled queues hold.
//!
//! Failed events arrive as the world loses them; nobody ever takes them out again.

use chrono::{DateTime, Utc};

use super::noise::Noise;
use super::scenario::{Function, Source, Target};
use super::world::{FunctionMinute, World};
use crate::model::metric::{Metric, Point, SeriesId, Subject};
use crate::model::queue::QueueAttributes;
use crate::model::time::Minute;

/// SQS keeps a message for four days unless told otherwise, minutes.
const RETENTION_MIN: i64 = 4 * 24 * 60;
/// How long a message waits in a queue that its function keeps up with, seconds.
const POLLED_WAIT_S: f64 = 0.4;

impl World {
    /// The attributes of the queue called `name` at `now`; `None` for a queue nobody uses.
    pub(super) fn queue(&self, name: &str, now: DateTime<Utc>) -> Option<QueueAttributes> {
        if let Some(function) = self.scenario.functions.iter().find(|function| function.polls(name)) {
            return Some(self.polled(function, Minute::of(now)));
        }
        if !self.has_queue(name) {
            return None;
        }
        let target = Target::Sqs(name.to_string());
        let minute = Minute::of(now);
        let complete: u64 =
            self.arrivals(&target, self.oldest_kept(minute), minute).iter().map(|(_, count)| count).sum();
        let elapsed_s = (now - minute.start()).num_seconds().clamp(0, 60).cast_unsigned();
        let depth = complete + self.delivered(&target, minute) * elapsed_s / 60;
        Some(QueueAttributes { depth, in_flight: 0, redrive_target: None })
    }

    /// Whether some function polls the queue called `name` or loses events to it.
    pub(super) fn has_queue(&self, name: &str) -> bool {
        let target = Target::Sqs(name.to_string());
        self.scenario.functions.iter().any(|function| function.polls(name) || function.loses_to(&target))
    }

    /// A queue that `function` keeps up with.
    fn polled(&self, function: &Function, minute: Minute) -> QueueAttributes {
        let mut noise = Noise::new(self.seed, "queue", minute.0);
        let minutes = self.minute(minute);
        let total = minutes.iter().find(|one| one.function.name == function.name).map(FunctionMinute::total);
        let (batches, concurrency) = total.map_or((0, 0), |total| (total.invocations, total.concurrency()));
        let (batch_size, redrive_target) = match &function.source {
            Some(Source::Sqs { batch_size, redrive, .. }) => (*batch_size, Some(self.scenario.arn("sqs", redrive))),
            _ => (0, None),
        };
        let messages_per_s = batches as f64 / 60.0 * f64::from(batch_size);
        QueueAttributes {
            depth: noise.poisson(messages_per_s * POLLED_WAIT_S),
            in_flight: concurrency * u64::from(batch_size),
            redrive_target,
        }
    }

    /// The points of a queue's or topic's series; none for other subjects. A minute is known once it is over.
    pub(super) fn target_points(&self, series: &SeriesId, from: Minute, until: Minute) -> Vec<Point> {
        match (&series.subject, series.metric) {
            (Subject::Queue(name), Metric::QueueOldestMessageAge) => self.oldest_ages(name, from, until),
            (Subject::Topic(name), Metric::TopicMessagesPublished) => self
                .arrivals(&Target::Sns(name.clone()), from, until)
                .into_iter()
                .map(|(minute, count)| Point { minute, value: count as f64 })
                .collect(),
            // Every subscriber of a simulated topic answers.
            (Subject::Topic(name), Metric::TopicNotificationsFailed) => self
                .arrivals(&Target::Sns(name.clone()), from, until)
                .into_iter()
                .map(|(minute, _)| Point { minute, value: 0.0 })
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The age of the oldest message at the end of each minute in which there is one, seconds.
    fn oldest_ages(&self, queue: &str, from: Minute, until: Minute) -> Vec<Point> {
        let arrivals = self.arrivals(&Target::Sqs(queue.to_string()), self.oldest_kept(from), until);
        let oldest = |minute: Minute| {
            let kept = self.oldest_kept(minute);
            arrivals.iter().map(|(arrival, _)| *arrival).find(|arrival| (kept..=minute).contains(arrival))
        };
        (from.0..until.0)
            .map(Minute)
            .filter_map(|minute| {
                let age_s = (minute.0 + 1 - oldest(minute)?.0) * 60;
                Some(Point { minute, value: age_s as f64 })
            })
            .collect()
    }

    /// The first minute whose messages are still there in `minute`: all queues are empty at the origin.
    fn oldest_kept(&self, minute: Minute) -> Minute {
        minute.plus(-RETENTION_MIN).max(Minute::of(self.scenario.origin()))
    }

    /// The minutes of `from..until` in which events arrived at the target, and how many.
    fn arrivals(&self, target: &Target, from: Minute, until: Minute) -> Vec<(Minute, u64)> {
        (from.0..until.0)
            .map(|minute| (Minute(minute), self.delivered(target, Minute(minute))))
            .filter(|(_, count)| *count > 0)
            .collect()
    }

    fn delivered(&self, target: &Target, minute: Minute) -> u64 {
        self.minute(minute).iter().map(|one| one.delivered(target)).sum()
    }
}

impl FunctionMinute<'_> {
    /// How many given-up events reached `target`.
    fn delivered(&self, target: &Target) -> u64 {
        if !self.function.loses_to(target) {
            return 0;
        }
        let total = self.total();
        let undelivered = match target {
            target if self.function.dead_letter.as_ref() == Some(target) => total.dead_letter_errors,
            target if self.function.on_failure.as_ref() == Some(target) => total.delivery_failures,
            _ => None,
        };
        self.lost.saturating_sub(undelivered.unwrap_or(0))
    }
}

impl Function {
    fn polls(&self, name: &str) -> bool {
        matches!(&self.source, Some(Source::Sqs { queue, .. }) if queue == name)
    }

    /// Whether its failed events go to `target`.
    fn loses_to(&self, target: &Target) -> bool {
        let redriven = match (&self.source, target) {
            (Some(Source::Sqs { redrive, .. }), Target::Sqs(name)) => redrive == name,
            _ => false,
        };
        redriven || self.dead_letter.as_ref() == Some(target) || self.on_failure.as_ref() == Some(target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    fn world() -> World {
        World { scenario: super::super::scenario("mixed").unwrap(), seed: 1 }
    }

    fn depth(world: &World, name: &str, now: DateTime<Utc>) -> u64 {
        world.queue(name, now).unwrap().depth
    }

    #[test]
    fn the_failing_queue_grows_and_never_shrinks() {
        let world = world();
        let at = |offset| depth(&world, "payments-webhook-dlq", world.scenario.at(offset));
        assert_eq!(at(-60), 0, "empty before the origin");
        assert!(at(50) < 10, "calm: {}", at(50));
        assert!(at(62) > at(52) + 50, "{} after {}", at(62), at(52));
        let mut before = 0;
        for step in 0..60 {
            let now = depth(&world, "payments-webhook-dlq", world.scenario.at(55) + TimeDelta::seconds(step * 7));
            assert!(now >= before);
            before = now;
        }
    }

    #[test]
    fn what_was_dropped_is_in_the_queue() {
        let world = world();
        // function, its queue, whether some of its events do not even arrive there
        let cases = [
            ("payments-webhook", "payments-webhook-dlq", false),
            ("inventory-sync", "inventory-events-dlq", false),
            ("invoice-archiver", "invoice-archiver-failed", true),
        ];
        for (function, queue, failing) in cases {
            let (mut lost, mut undelivered) = (0, 0);
            for minute in (0..90).flat_map(|offset| world.minute(Minute::of(world.scenario.at(offset)))) {
                if minute.function.name == function {
                    lost += minute.lost;
                    undelivered += minute.total().delivery_failures.unwrap_or(0);
                }
            }
            assert_eq!(undelivered > 0, failing, "{function}");
            assert_eq!(depth(&world, queue, world.scenario.at(90)), lost - undelivered, "{function}");
        }
    }

    #[test]
    fn a_polled_queue_flows_and_names_where_its_poisoned_messages_go() {
        let world = world();
        let source = world.queue("inventory-events", world.scenario.at(60)).unwrap();
        assert!(source.in_flight > 0 && source.depth < 1000, "{source:?}");
        let redrive = source.redrive_target.unwrap();
        let parked = depth(&world, redrive.name(), world.scenario.at(60));
        assert!((1..50).contains(&parked), "a few messages: {parked}");
        assert_eq!(world.queue("nobodys-queue", world.scenario.at(60)), None);
    }

    #[test]
    fn the_oldest_message_ages_with_the_clock_until_sqs_deletes_it() {
        let world = world();
        let (from, until) = (Minute::of(world.scenario.at(60)), Minute::of(world.scenario.at(70)));
        let ages = world.oldest_ages("payments-webhook-dlq", from, until);
        assert_eq!(ages.len(), 10);
        for pair in ages.windows(2) {
            assert!((pair[1].value - pair[0].value - 60.0).abs() < 1e-9, "{pair:?}");
        }
        assert!(ages[0].value <= 61.0 * 60.0);
        let kept = world.oldest_kept(Minute::of(world.scenario.at(100_000)));
        assert_eq!(world.scenario.offset(kept), 100_000 - RETENTION_MIN);
    }

    #[test]
    fn a_topic_shows_what_was_published() {
        let world = world();
        let series = |metric: Metric| SeriesId {
            subject: Subject::Topic("email-failures".into()),
            metric,
            statistic: metric.statistics()[0],
        };
        let (from, until) = (Minute::of(world.scenario.at(0)), Minute::of(world.scenario.at(70)));
        let published = world.target_points(&series(Metric::TopicMessagesPublished), from, until);
        assert!(!published.is_empty() && published.iter().all(|point| point.value > 0.0));
        let failed = world.target_points(&series(Metric::TopicNotificationsFailed), from, until);
        assert_eq!(failed.len(), published.len());
    }
}
