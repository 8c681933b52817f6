//! The table of metrics: everything that is to be known about a metric stands in its entry, and nowhere else.
//!
//! The order is that of the JSON. What AWS publishes: docs/aws.md#invocation-metrics,
//! docs/aws.md#performance-metrics, docs/aws.md#concurrency-metrics, docs/aws.md#asynchronous-metrics,
//! docs/aws.md#event-source-mapping-metrics and docs/aws.md#queue-metrics.

use serde::{Deserialize, Serialize};

use super::Dimensions::{Executed, Function, Mapping, Qualified, Queue, Region, Topic};
use super::Statistic::{Average, Maximum, P50, P95, P99, Sum};
use super::Unit::{Count, Milliseconds, Seconds};
use super::When::{Always, Listed, OptIn, Source};
use super::{Dimensions, Statistic, Unit, When};
use crate::finding::Severity;
use crate::finding::Severity::{Critical, Warning};
use crate::function::EventSourceKind::{Dynamodb, Kafka, Kinesis, Sqs};

/// What is known about a metric.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) name: &'static str,
    pub(super) unit: Unit,
    pub(super) statistics: &'static [Statistic],
    pub(super) published: &'static [Dimensions],
    pub(super) read: &'static [Dimensions],
    pub(super) when: When,
    pub(super) json: Option<&'static str>,
    pub(super) label: Option<&'static str>,
    pub(super) alarm: Option<Severity>,
}

macro_rules! metrics {
    ($($(#[$doc:meta])* $variant:ident { $($field:ident: $value:expr,)+ })+) => {
        /// A CloudWatch metric that lamtop reads.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Metric { $($(#[$doc])* $variant,)+ }

        impl Metric {
            /// Every metric lamtop knows, in the table's order.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// Its line in the table.
            pub(super) const fn entry(self) -> &'static Entry {
                match self { $(Self::$variant => &Entry { $($field: $value,)+ },)+ }
            }
        }
    };
}

metrics! {
    /// Runs of the code, failed ones included; throttled requests are not among them.
    Invocations {
        name: "Invocations",
        unit: Count,
        statistics: &[Sum],
        published: &[Region, Function, Qualified, Executed],
        read: &[Region, Function, Executed],
        when: Always,
        json: Some("invocations"),
        label: None,
        alarm: None,
    }
    /// Runs that ended in a function error.
    Errors {
        name: "Errors",
        unit: Count,
        statistics: &[Sum],
        published: &[Region, Function, Qualified, Executed],
        read: &[Region, Function, Executed],
        when: Always,
        json: Some("errors"),
        label: None,
        alarm: None,
    }
    /// Requests rejected with 429; neither invocations nor errors. A throttled request never ran a version, so there
    /// is nothing to read behind an alias.
    Throttles {
        name: "Throttles",
        unit: Count,
        statistics: &[Sum],
        published: &[Region, Function, Qualified],
        read: &[Region, Function, Qualified],
        when: Always,
        json: Some("throttles"),
        label: None,
        alarm: None,
    }
    /// Concurrent invocations; their sum means nothing.
    ConcurrentExecutions {
        name: "ConcurrentExecutions",
        unit: Count,
        statistics: &[Maximum],
        published: &[Region, Function, Qualified, Executed],
        read: &[Region, Function],
        when: Always,
        json: Some("concurrent_executions"),
        label: None,
        alarm: None,
    }
    /// Handler time without init.
    Duration {
        name: "Duration",
        unit: Milliseconds,
        statistics: &[Average, P50, P95, P99, Maximum],
        published: &[Region, Function, Qualified, Executed],
        read: &[Function, Executed],
        when: Always,
        json: Some("duration_ms"),
        label: None,
        alarm: None,
    }
    /// The Region's concurrency in functions without a reservation.
    UnreservedConcurrentExecutions {
        name: "UnreservedConcurrentExecutions",
        unit: Count,
        statistics: &[Maximum],
        published: &[Region],
        read: &[Region],
        when: Always,
        json: None,
        label: None,
        alarm: None,
    }
    /// What counts against the account limit: unreserved use + reservations + provisioned concurrency.
    ClaimedAccountConcurrency {
        name: "ClaimedAccountConcurrency",
        unit: Count,
        statistics: &[Maximum],
        published: &[Region],
        read: &[Region],
        when: Always,
        json: None,
        label: None,
        alarm: None,
    }
    /// Asynchronous events queued.
    AsyncEventsReceived {
        name: "AsyncEventsReceived",
        unit: Count,
        statistics: &[Sum],
        published: &[Region, Function, Qualified],
        read: &[Function],
        when: Listed,
        json: Some("async_events_received"),
        label: None,
        alarm: None,
    }
    /// Asynchronous events given up.
    AsyncEventsDropped {
        name: "AsyncEventsDropped",
        unit: Count,
        statistics: &[Sum],
        published: &[Region, Function, Qualified],
        read: &[Function],
        when: Listed,
        json: Some("async_events_dropped"),
        label: Some("async dropped"),
        alarm: Some(Critical),
    }
    /// Time between queueing and invocation.
    AsyncEventAge {
        name: "AsyncEventAge",
        unit: Milliseconds,
        statistics: &[Maximum],
        published: &[Region, Function, Qualified],
        read: &[Function],
        when: Listed,
        json: Some("async_event_age_ms"),
        label: Some("async age"),
        alarm: None,
    }
    /// Failed writes to the function's dead-letter queue.
    DeadLetterErrors {
        name: "DeadLetterErrors",
        unit: Count,
        statistics: &[Sum],
        published: &[Region, Function, Qualified],
        read: &[Function],
        when: Listed,
        json: Some("dead_letter_errors"),
        label: Some("dead-letter errors"),
        alarm: Some(Critical),
    }
    /// Failed deliveries to a destination.
    DestinationDeliveryFailures {
        name: "DestinationDeliveryFailures",
        unit: Count,
        statistics: &[Sum],
        published: &[Region, Function, Qualified],
        read: &[Function],
        when: Listed,
        json: Some("destination_delivery_failures"),
        label: Some("delivery failures"),
        alarm: Some(Critical),
    }
    /// Age of the last record of a stream batch.
    IteratorAge {
        name: "IteratorAge",
        unit: Milliseconds,
        statistics: &[Maximum],
        published: &[Region, Function, Qualified, Executed],
        read: &[Function],
        when: Listed,
        json: Some("iterator_age_ms"),
        label: Some("iterator age"),
        alarm: Some(Warning),
    }
    /// Records of a Kafka topic that the function has not consumed yet.
    OffsetLag {
        name: "OffsetLag",
        unit: Count,
        statistics: &[Maximum],
        published: &[Region, Function, Qualified],
        read: &[Function],
        when: Source(&[Kafka]),
        json: Some("offset_lag"),
        label: Some("offset lag"),
        alarm: Some(Warning),
    }
    /// Invocations that ran on demand because provisioned concurrency was full.
    ProvisionedSpillover {
        name: "ProvisionedConcurrencySpilloverInvocations",
        unit: Count,
        statistics: &[Sum],
        published: &[Function, Qualified, Executed],
        read: &[Function],
        when: Listed,
        json: Some("provisioned_spillover"),
        label: Some("spillover"),
        alarm: Some(Warning),
    }
    /// Invocations stopped by recursive loop detection.
    RecursiveInvocationsDropped {
        name: "RecursiveInvocationsDropped",
        unit: Count,
        statistics: &[Sum],
        published: &[Region, Function, Qualified],
        read: &[Function],
        when: Listed,
        json: Some("recursive_invocations_dropped"),
        label: Some("recursion stopped"),
        alarm: Some(Critical),
    }
    /// Events that an event source mapping read; 0 while there are none.
    PolledEvents {
        name: "PolledEventCount",
        unit: Count,
        statistics: &[Sum],
        published: &[Mapping],
        read: &[Mapping],
        when: OptIn(&[Sqs, Kinesis, Dynamodb, Kafka]),
        json: Some("polled"),
        label: Some("polled"),
        alarm: None,
    }
    /// Events of invocations that failed, by the minute in which these ended.
    FailedInvokeEvents {
        name: "FailedInvokeEventCount",
        unit: Count,
        statistics: &[Sum],
        published: &[Mapping],
        read: &[Mapping],
        when: OptIn(&[Sqs, Kinesis, Dynamodb, Kafka]),
        json: Some("failed_invoke"),
        label: Some("failed"),
        alarm: Some(Warning),
    }
    /// Events that expired or ran out of retries and went nowhere. A queue keeps what fails, so it has none.
    DroppedEvents {
        name: "DroppedEventCount",
        unit: Count,
        statistics: &[Sum],
        published: &[Mapping],
        read: &[Mapping],
        when: OptIn(&[Kinesis, Dynamodb, Kafka]),
        json: Some("dropped"),
        label: Some("dropped"),
        alarm: Some(Critical),
    }
    /// Events that expired or ran out of retries and went to the failure destination.
    DeliveredOnFailureEvents {
        name: "OnFailureDestinationDeliveredEventCount",
        unit: Count,
        statistics: &[Sum],
        published: &[Mapping],
        read: &[Mapping],
        when: OptIn(&[Kinesis, Dynamodb, Kafka]),
        json: Some("delivered_on_failure"),
        label: Some("to the failure destination"),
        alarm: Some(Warning),
    }
    /// Age of a queue's oldest message.
    QueueOldestMessageAge {
        name: "ApproximateAgeOfOldestMessage",
        unit: Seconds,
        statistics: &[Maximum],
        published: &[Queue],
        read: &[Queue],
        when: Always,
        json: None,
        label: None,
        alarm: None,
    }
    /// Messages published to a topic.
    TopicMessagesPublished {
        name: "NumberOfMessagesPublished",
        unit: Count,
        statistics: &[Sum],
        published: &[Topic],
        read: &[Topic],
        when: Always,
        json: None,
        label: None,
        alarm: None,
    }
    /// Messages a topic could not deliver.
    TopicNotificationsFailed {
        name: "NumberOfNotificationsFailed",
        unit: Count,
        statistics: &[Sum],
        published: &[Topic],
        read: &[Topic],
        when: Always,
        json: None,
        label: None,
        alarm: None,
    }
}
