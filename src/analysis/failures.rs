//! Where a function's failed events pile up, and how fast.

use chrono::{DateTime, TimeDelta, Utc};

use crate::store::state::{FunctionState, QueueState, ScopeState};
use lambda_model::function::EventSource;
use lambda_model::metric::Metric;
use lambda_model::queue::{FailureTarget, QueueAttributes, TargetKind, TargetRole};
use lambda_model::time::Minute;

/// A target of failed events and what is in it.
#[derive(Clone, Debug, PartialEq)]
pub struct DeadLetters {
    /// The target.
    pub target: FailureTarget,
    /// Messages waiting; only a queue has a depth.
    pub depth: Option<u64>,
    /// Messages received but not deleted.
    pub in_flight: Option<u64>,
    /// Age of the oldest message, seconds.
    pub oldest_age_s: Option<f64>,
    /// Change of the depth, messages a minute; of a topic, the messages published in the newest minute.
    pub growth_per_min: Option<f64>,
    /// Deliveries a topic could not make in the newest minute.
    pub notifications_failed: Option<f64>,
    /// When the depth was read.
    pub as_of: Option<DateTime<Utc>>,
}

/// The depth's growth is taken over this span of readings.
const GROWTH_SPAN: TimeDelta = TimeDelta::minutes(5);
/// Readings closer together say more about `SQS`'s approximation than about growth.
const GROWTH_SHORTEST: TimeDelta = TimeDelta::seconds(30);

/// The failure targets of `function`, fed by `sources`: its dead-letter queue, its failure destinations,
/// those of its event sources, and the redrive queues of its SQS sources.
pub(crate) fn dead_letters(
    scope: &ScopeState,
    function: &FunctionState,
    sources: &[EventSource],
    now: DateTime<Utc>,
) -> Vec<DeadLetters> {
    let own = function.info.iter().filter_map(|info| info.value.dead_letter_target.as_ref());
    let destinations = function.invoke_configs.iter().flat_map(|configs| &configs.value);
    let redrives = sources.iter().filter_map(|source| {
        scope.attributes(source.source.as_ref()?).and_then(|attributes| attributes.redrive_target.as_ref())
    });
    let mut targets: Vec<FailureTarget> = own
        .map(|arn| (TargetRole::DeadLetterQueue, arn))
        .chain(destinations.filter_map(|config| config.on_failure.as_ref()).map(|arn| (TargetRole::OnFailure, arn)))
        .chain(sources.iter().filter_map(|source| source.on_failure.as_ref()).map(|arn| (TargetRole::OnFailure, arn)))
        .chain(redrives.map(|arn| (TargetRole::SourceRedrive, arn)))
        .filter_map(|(role, arn)| FailureTarget::new(role, arn))
        .collect();
    targets.sort();
    // Several qualifiers may share a destination.
    targets.dedup();
    targets.into_iter().map(|target| DeadLetters::read(scope, target, now)).collect()
}

impl ScopeState {
    fn attributes(&self, queue: &lambda_model::Arn) -> Option<&QueueAttributes> {
        self.queues.get(queue)?.attributes.as_ref()?.value.as_ref()
    }
}

impl DeadLetters {
    fn read(scope: &ScopeState, target: FailureTarget, now: DateTime<Utc>) -> Self {
        let name = target.arn.name();
        let queue = scope.queues.get(&target.arn);
        let attributes = scope.attributes(&target.arn);
        // A queue, a topic and a bucket may bear one name.
        let is_topic = target.kind == TargetKind::Sns;
        let queue_series = scope.queue_series.get(name).filter(|_| target.kind == TargetKind::Sqs);
        let topic_series = scope.topic_series.get(name).filter(|_| is_topic);
        let newest = |series: Option<&crate::store::series::Series>| {
            let series = series?;
            let minute = super::newest_minute([Some(series)], now)?;
            series.get(minute)
        };
        let age = queue_series.and_then(|series| series.one(Metric::QueueOldestMessageAge));
        let published = topic_series.and_then(|series| series.one(Metric::TopicMessagesPublished));
        let failed = topic_series.and_then(|series| series.one(Metric::TopicNotificationsFailed));
        Self {
            depth: attributes.map(|attributes| attributes.depth),
            in_flight: attributes.map(|attributes| attributes.in_flight),
            oldest_age_s: newest(age),
            growth_per_min: if is_topic { newest(published) } else { attributes.and(queue).and_then(growth_per_min) },
            notifications_failed: newest(failed),
            as_of: match queue.and_then(|queue| queue.attributes.as_ref()) {
                Some(read) => Some(read.at),
                None if is_topic => super::newest_minute([published, failed], now).map(Minute::start),
                None => None,
            },
            target,
        }
    }
}

/// Messages a minute by which a queue's depth changed over the last [`GROWTH_SPAN`]; `None` while the
/// readings are too few or too close together.
fn growth_per_min(queue: &QueueState) -> Option<f64> {
    let (last, depth_now) = queue.depths.back()?;
    let (first, depth_then) = queue.depths.iter().find(|(at, _)| *at >= *last - GROWTH_SPAN)?;
    let span = *last - *first;
    (span >= GROWTH_SHORTEST)
        .then(|| (*depth_now as f64 - *depth_then as f64) / (span.num_milliseconds() as f64 / 60_000.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Fixture, info, now};
    use lambda_model::Arn;
    use lambda_model::function::{EventSourceKind, FunctionInfo, InvokeConfig};
    use lambda_model::metric::Subject;
    use lambda_model::observation::Payload;

    const QUEUE: &str = "arn:aws:sqs:eu-west-1:123456789012:failed";
    const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:failed";
    const BUCKET: &str = "arn:aws:s3:::failed";
    const ORDERS: &str = "arn:aws:sqs:eu-west-1:123456789012:orders";

    type Readings = &'static [(i64, u64)];

    /// A function whose own dead letters go to `target`.
    fn observed(target: &str) -> Fixture {
        let info = FunctionInfo { dead_letter_target: Some(Arn::new(target)), ..info("f") };
        Fixture::new().with(Payload::Functions(vec![info]))
    }

    fn depth(fixture: Fixture, queue: &str, depth: u64) -> Fixture {
        let attributes = QueueAttributes { depth, in_flight: 1, redrive_target: None };
        fixture.with(Payload::Queue(Arn::new(queue), Some(attributes)))
    }

    fn invoke_config(qualifier: &str, on_failure: Option<&str>) -> InvokeConfig {
        InvokeConfig { qualifier: qualifier.to_string(), on_failure: on_failure.map(Arn::new) }
    }

    fn source(arn: Option<&str>, on_failure: Option<&str>) -> EventSource {
        EventSource {
            uuid: "u".to_string(),
            function: "f".into(),
            source: arn.map(Arn::new),
            kind: Some(EventSourceKind::Sqs),
            state: "Enabled".to_string(),
            batch_size: None,
            maximum_concurrency: None,
            on_failure: on_failure.map(Arn::new),
            event_count: false,
        }
    }

    fn all(fixture: &Fixture, sources: &[EventSource]) -> Vec<DeadLetters> {
        dead_letters(fixture.state(), fixture.function("f"), sources, now())
    }

    fn only(fixture: &Fixture) -> DeadLetters {
        let mut all = all(fixture, &[]);
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0)
    }

    fn targets(fixture: &Fixture, sources: &[EventSource]) -> Vec<(TargetRole, String)> {
        all(fixture, sources).into_iter().map(|letters| (letters.target.role, letters.target.arn.to_string())).collect()
    }

    #[test]
    fn every_way_out_is_found() {
        let orders = QueueAttributes { depth: 0, in_flight: 0, redrive_target: Some(Arn::new(QUEUE)) };
        let fixture = observed(QUEUE)
            .with(Payload::InvokeConfigs("f".into(), vec![invoke_config("$LATEST", Some(TOPIC))]))
            .with(Payload::Queue(Arn::new(ORDERS), Some(orders)));
        let sources = [source(Some(ORDERS), None), source(None, Some(BUCKET))];
        let expected = [
            (TargetRole::DeadLetterQueue, QUEUE),
            (TargetRole::OnFailure, TOPIC),
            (TargetRole::OnFailure, BUCKET),
            (TargetRole::SourceRedrive, QUEUE),
        ];
        assert_eq!(targets(&fixture, &sources), expected.map(|(role, arn)| (role, arn.to_string())));
    }

    #[test]
    fn a_destination_that_qualifiers_share_is_named_once() {
        let configs = vec![
            invoke_config("live", Some(QUEUE)),
            invoke_config("$LATEST", None),
            invoke_config("beta", Some(QUEUE)),
        ];
        let fixture = Fixture::new().with(Payload::InvokeConfigs("f".into(), configs));
        let sources = [source(None, Some(QUEUE))];
        assert_eq!(targets(&fixture, &sources), [(TargetRole::OnFailure, QUEUE.to_string())]);
    }

    #[test]
    fn what_lambda_does_not_deliver_to_is_no_target() {
        assert_eq!(targets(&observed("arn:aws:kinesis:eu-west-1:1:stream/x"), &[]), []);
        assert_eq!(targets(&observed("not an arn"), &[source(Some(ORDERS), None)]), []);
    }

    #[test]
    fn a_queue_that_was_not_read_has_no_numbers() {
        let letters = only(&observed(QUEUE));
        let numbers = (letters.depth, letters.in_flight, letters.oldest_age_s, letters.growth_per_min, letters.as_of);
        assert_eq!(numbers, (None, None, None, None, None));
    }

    #[test]
    fn growth_needs_thirty_seconds_and_looks_back_five_minutes() {
        // Readings, seconds before now and depth -> growth a minute.
        let cases: [(Readings, Option<f64>); 7] = [
            (&[(0, 9)], None),
            (&[(29, 5), (0, 9)], None),
            (&[(30, 5), (0, 9)], Some(8.0)),
            (&[(120, 20), (60, 90), (0, 10)], Some(-5.0)),
            (&[(60, 4), (0, 4)], Some(0.0)),
            (&[(301, 1000), (300, 0), (0, 10)], Some(2.0)),
            (&[(3600, 1000), (0, 10)], None),
        ];
        for (readings, growth) in cases {
            let fixture = readings.iter().fold(observed(QUEUE), |fixture, (before, waiting)| {
                depth(fixture.read_before(*before), QUEUE, *waiting)
            });
            assert_eq!(only(&fixture).growth_per_min, growth, "{readings:?}");
        }
    }

    #[test]
    fn a_queue_has_a_depth_an_age_and_the_time_of_reading() {
        let fixture = depth(observed(QUEUE).read_before(7), QUEUE, 12).points(
            &Subject::Queue("failed".to_string()),
            Metric::QueueOldestMessageAge,
            &[(1, 340.0), (2, 280.0)],
        );
        let letters = only(&fixture);
        assert_eq!((letters.depth, letters.in_flight), (Some(12), Some(1)));
        assert_eq!(letters.oldest_age_s, Some(340.0));
        assert_eq!(letters.as_of, Some(now() - TimeDelta::seconds(7)));
    }

    #[test]
    fn a_queue_that_is_gone_neither_holds_nor_grows() {
        let fixture = depth(depth(observed(QUEUE).read_before(90), QUEUE, 1).read_before(30), QUEUE, 9)
            .read_before(0)
            .with(Payload::Queue(Arn::new(QUEUE), None));
        let letters = only(&fixture);
        assert_eq!((letters.depth, letters.in_flight, letters.growth_per_min), (None, None, None));
    }

    #[test]
    fn a_topic_has_what_it_published_and_no_depth() {
        let topic = Subject::Topic("failed".to_string());
        let fixture = observed(TOPIC).points(&topic, Metric::TopicMessagesPublished, &[(2, 6.0), (3, 5.0)]).points(
            &topic,
            Metric::TopicNotificationsFailed,
            &[(4, 1.0)],
        );
        let letters = only(&fixture);
        assert_eq!((letters.growth_per_min, letters.notifications_failed, letters.depth), (Some(6.0), Some(1.0), None));
        assert_eq!(letters.as_of, Some(crate::fixture::minute(2).start()));
        assert_eq!(only(&observed(TOPIC)).as_of, None);
    }

    #[test]
    fn targets_of_one_name_do_not_share_their_numbers() {
        let both = |target| {
            let topic = Subject::Topic("failed".to_string());
            observed(target)
                .points(&Subject::Queue("failed".to_string()), Metric::QueueOldestMessageAge, &[(0, 340.0)])
                .points(&topic, Metric::TopicMessagesPublished, &[(0, 6.0)])
                .points(&topic, Metric::TopicNotificationsFailed, &[(0, 1.0)])
        };
        let numbers = |target| {
            let letters = only(&both(target));
            (letters.oldest_age_s, letters.growth_per_min, letters.notifications_failed)
        };
        assert_eq!(numbers(QUEUE), (Some(340.0), None, None));
        assert_eq!(numbers(TOPIC), (None, Some(6.0), Some(1.0)));
        assert_eq!(numbers(BUCKET), (None, None, None));
    }
}
