//! Where a function's failed events pile up, and how fast.

use chrono::{DateTime, TimeDelta, Utc};

use crate::model::function::EventSource;
use crate::model::metric::Metric;
use crate::model::queue::{FailureTarget, QueueAttributes, TargetKind, TargetRole};
use crate::model::time::Minute;
use crate::store::state::{FunctionState, QueueState, ScopeState};

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
pub fn dead_letters(
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
    fn attributes(&self, queue: &crate::model::Arn) -> Option<&QueueAttributes> {
        self.queues.get(queue)?.attributes.as_ref()?.value.as_ref()
    }
}

impl DeadLetters {
    fn read(scope: &ScopeState, target: FailureTarget, now: DateTime<Utc>) -> Self {
        let name = target.arn.name();
        let queue = scope.queues.get(&target.arn);
        let attributes = scope.attributes(&target.arn);
        let topic = scope.topic_series.get(name);
        let newest = |series: Option<&crate::store::series::Series>| {
            let series = series?;
            let minute = super::newest_minute([Some(series)], now)?;
            series.get(minute)
        };
        let age = scope.queue_series.get(name).and_then(|series| series.one(Metric::QueueOldestMessageAge));
        let published = topic.and_then(|series| series.one(Metric::TopicMessagesPublished));
        let failed = topic.and_then(|series| series.one(Metric::TopicNotificationsFailed));
        let is_topic = target.kind == TargetKind::Sns;
        Self {
            depth: attributes.map(|attributes| attributes.depth),
            in_flight: attributes.map(|attributes| attributes.in_flight),
            oldest_age_s: newest(age),
            growth_per_min: if is_topic { newest(published) } else { queue.and_then(growth_per_min) },
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
