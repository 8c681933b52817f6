//! CloudWatch metrics: which exist, under which exact dimension sets, and their points.
//!
//! CloudWatch never sums over missing dimensions: a metric exists only under the sets it is
//! published with (AWS Lambda Developer Guide, "Viewing metrics"), and [`Subject`] is one such set.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::FunctionName;
use super::time::Minute;

macro_rules! metrics {
    ($($(#[$doc:meta])* $variant:ident => $name:literal,)+) => {
        /// A CloudWatch metric that lamtop reads.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Metric { $($(#[$doc])* $variant,)+ }

        impl Metric {
            /// Every metric lamtop knows.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// CloudWatch's name for it.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

metrics! {
    /// Runs of the code, failed ones included; throttled requests are not among them.
    Invocations => "Invocations",
    /// Runs that ended in a function error.
    Errors => "Errors",
    /// Requests rejected with 429; neither invocations nor errors.
    Throttles => "Throttles",
    /// Handler time without init, milliseconds.
    Duration => "Duration",
    /// Concurrent invocations; read as a maximum.
    ConcurrentExecutions => "ConcurrentExecutions",
    /// The Region's concurrency in functions without a reservation.
    UnreservedConcurrentExecutions => "UnreservedConcurrentExecutions",
    /// What counts against the account limit: unreserved use + reservations + provisioned concurrency.
    ClaimedAccountConcurrency => "ClaimedAccountConcurrency",
    /// Asynchronous events queued.
    AsyncEventsReceived => "AsyncEventsReceived",
    /// Asynchronous events given up.
    AsyncEventsDropped => "AsyncEventsDropped",
    /// Time between queueing and invocation, milliseconds.
    AsyncEventAge => "AsyncEventAge",
    /// Failed writes to the function's dead-letter queue.
    DeadLetterErrors => "DeadLetterErrors",
    /// Failed deliveries to a destination.
    DestinationDeliveryFailures => "DestinationDeliveryFailures",
    /// Age of the last record of a stream batch, milliseconds.
    IteratorAge => "IteratorAge",
    /// Invocations that ran on demand because provisioned concurrency was full.
    ProvisionedSpillover => "ProvisionedConcurrencySpilloverInvocations",
    /// Invocations stopped by recursive loop detection.
    RecursiveInvocationsDropped => "RecursiveInvocationsDropped",
    /// Age of a queue's oldest message, seconds (namespace `AWS/SQS`).
    QueueOldestMessageAge => "ApproximateAgeOfOldestMessage",
    /// Messages published to a topic (namespace `AWS/SNS`).
    TopicMessagesPublished => "NumberOfMessagesPublished",
    /// Messages a topic could not deliver (namespace `AWS/SNS`).
    TopicNotificationsFailed => "NumberOfNotificationsFailed",
}

impl Metric {
    /// The metrics read for every function on screen.
    pub const FUNCTION: &[Self] =
        &[Self::Invocations, Self::Errors, Self::Throttles, Self::ConcurrentExecutions, Self::Duration];

    /// The metrics a function has only when it is used in a certain way.
    pub const FUNCTION_EXTRA: &[Self] = &[
        Self::AsyncEventsReceived,
        Self::AsyncEventsDropped,
        Self::AsyncEventAge,
        Self::DeadLetterErrors,
        Self::DestinationDeliveryFailures,
        Self::IteratorAge,
        Self::ProvisionedSpillover,
        Self::RecursiveInvocationsDropped,
    ];

    /// The metrics read for the whole Region.
    pub const REGION: &[Self] = &[
        Self::Invocations,
        Self::Errors,
        Self::Throttles,
        Self::ConcurrentExecutions,
        Self::UnreservedConcurrentExecutions,
        Self::ClaimedAccountConcurrency,
    ];

    /// The metrics read for one alias: what its versions do not tell.
    pub const ALIAS: &[Self] = &[Self::Throttles];

    /// The metrics read for one version behind an alias. Throttles are not among them: a throttled
    /// call never ran a version (aws-facts 1.1).
    pub const EXECUTED: &[Self] = &[Self::Invocations, Self::Errors, Self::Duration];

    /// The statistics that mean something for the metric, all asked for in one call: up to five of
    /// one metric bill as one.
    pub fn statistics(self) -> &'static [Statistic] {
        match self {
            Self::Duration => &[Statistic::Average, Statistic::P50, Statistic::P95, Statistic::P99, Statistic::Maximum],
            Self::ConcurrentExecutions
            | Self::UnreservedConcurrentExecutions
            | Self::ClaimedAccountConcurrency
            | Self::AsyncEventAge
            | Self::IteratorAge
            | Self::QueueOldestMessageAge => &[Statistic::Maximum],
            _ => &[Statistic::Sum],
        }
    }
}

/// A CloudWatch statistic over one minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Statistic {
    /// The sum of the samples.
    Sum,
    /// Their mean.
    Average,
    /// The largest.
    Maximum,
    /// The median.
    P50,
    /// The 95th percentile.
    P95,
    /// The 99th percentile.
    P99,
}

impl Statistic {
    /// CloudWatch's name for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sum => "Sum",
            Self::Average => "Average",
            Self::Maximum => "Maximum",
            Self::P50 => "p50",
            Self::P95 => "p95",
            Self::P99 => "p99",
        }
    }
}

/// One exact dimension set, in its namespace.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Subject {
    /// No dimension: all functions of the Region.
    Region,
    /// `FunctionName`: all versions and aliases of a function.
    Function(FunctionName),
    /// `FunctionName`, `Resource`: one alias, version or `$LATEST`.
    Qualified {
        /// The function.
        function: FunctionName,
        /// Alias, version number or `$LATEST`.
        qualifier: String,
    },
    /// `FunctionName`, `Resource`, `ExecutedVersion`: a version that ran behind an alias.
    Executed {
        /// The function.
        function: FunctionName,
        /// The alias that was called.
        alias: String,
        /// The version that ran.
        version: String,
    },
    /// `QueueName` in `AWS/SQS`.
    Queue(String),
    /// `TopicName` in `AWS/SNS`.
    Topic(String),
}

impl Subject {
    /// The CloudWatch namespace.
    pub fn namespace(&self) -> &'static str {
        match self {
            Self::Queue(_) => "AWS/SQS",
            Self::Topic(_) => "AWS/SNS",
            _ => "AWS/Lambda",
        }
    }

    /// The dimensions, name and value, complete.
    pub fn dimensions(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Region => Vec::new(),
            Self::Function(function) => vec![("FunctionName", function.to_string())],
            Self::Qualified { function, qualifier } => {
                vec![("FunctionName", function.to_string()), ("Resource", format!("{function}:{qualifier}"))]
            }
            Self::Executed { function, alias, version } => vec![
                ("FunctionName", function.to_string()),
                ("Resource", format!("{function}:{alias}")),
                ("ExecutedVersion", version.clone()),
            ],
            Self::Queue(name) => vec![("QueueName", name.clone())],
            Self::Topic(name) => vec![("TopicName", name.clone())],
        }
    }

    /// The Lambda subject with these dimensions, in any order; `None` for a set lamtop does not read.
    ///
    /// `Resource` is `name:alias`, `name:version`, `name:$LATEST` or, for unqualified calls, sometimes
    /// the plain name (aws-facts 1.1): the last reads as `$LATEST`.
    pub fn from_lambda_dimensions<'a>(dimensions: impl IntoIterator<Item = (&'a str, &'a str)>) -> Option<Self> {
        let (mut function, mut resource, mut executed) = (None, None, None);
        for (name, value) in dimensions {
            match name {
                "FunctionName" => function = Some(value),
                "Resource" => resource = Some(value),
                "ExecutedVersion" => executed = Some(value),
                _ => return None,
            }
        }
        match (function, resource, executed) {
            (None, None, None) => Some(Self::Region),
            (Some(function), None, None) => Some(Self::Function(function.into())),
            (Some(function), Some(resource), executed) => {
                let rest = resource.strip_prefix(function)?;
                let qualifier = if rest.is_empty() { "$LATEST" } else { rest.strip_prefix(':')? };
                let (function, qualifier) = (function.into(), qualifier.to_string());
                Some(match executed {
                    None => Self::Qualified { function, qualifier },
                    Some(version) => Self::Executed { function, alias: qualifier, version: version.to_string() },
                })
            }
            _ => None,
        }
    }

    /// The function it is about, if it is about one.
    pub fn function(&self) -> Option<&FunctionName> {
        match self {
            Self::Function(function) | Self::Qualified { function, .. } | Self::Executed { function, .. } => {
                Some(function)
            }
            Self::Region | Self::Queue(_) | Self::Topic(_) => None,
        }
    }
}

/// One time series: a statistic of a metric under one dimension set.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SeriesId {
    /// The dimension set.
    pub subject: Subject,
    /// The metric.
    pub metric: Metric,
    /// The statistic.
    pub statistic: Statistic,
}

impl SeriesId {
    /// Every series of `metric` for `subject`: one per statistic, next to each other.
    pub fn all(subject: &Subject, metric: Metric) -> impl Iterator<Item = Self> {
        metric.statistics().iter().map(move |statistic| Self {
            subject: subject.clone(),
            metric,
            statistic: *statistic,
        })
    }
}

impl fmt::Display for SeriesId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {} {:?}", self.metric.name(), self.statistic.name(), self.subject)
    }
}

/// A statistic's value in one minute. Counts are whole numbers, concurrency is a count, durations and
/// ages are milliseconds (a queue's age: seconds).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// The minute in which the invocations started.
    pub minute: Minute,
    /// The value; never a stand-in for a missing one.
    pub value: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dimension_sets_survive_the_way_to_cloudwatch_and_back() {
        let function = FunctionName::from("checkout");
        for subject in [
            Subject::Region,
            Subject::Function(function.clone()),
            Subject::Qualified { function: function.clone(), qualifier: "live".into() },
            Subject::Qualified { function: function.clone(), qualifier: "$LATEST".into() },
            Subject::Executed { function, alias: "live".into(), version: "8".into() },
        ] {
            let dimensions = subject.dimensions();
            let pairs = || dimensions.iter().map(|(name, value)| (*name, value.as_str()));
            assert_eq!(Subject::from_lambda_dimensions(pairs()), Some(subject.clone()));
            assert_eq!(Subject::from_lambda_dimensions(pairs().rev()), Some(subject), "any order");
        }
    }

    #[test]
    fn foreign_dimension_sets_are_left_alone() {
        let read =
            |dimensions: &[(&'static str, &'static str)]| Subject::from_lambda_dimensions(dimensions.iter().copied());
        assert_eq!(read(&[("EventSourceMappingUUID", "x")]), None);
        assert_eq!(read(&[("Resource", "a:b")]), None);
        assert_eq!(read(&[("FunctionName", "a"), ("ExecutedVersion", "1")]), None);
        assert_eq!(read(&[("FunctionName", "a"), ("Resource", "ab:live")]), None, "another function's resource");
        assert_eq!(
            read(&[("FunctionName", "a"), ("Resource", "a")]),
            Some(Subject::Qualified { function: "a".into(), qualifier: "$LATEST".into() })
        );
    }

    #[test]
    fn at_most_five_statistics_so_that_a_metric_bills_once() {
        for metric in Metric::ALL {
            assert!((1..=5).contains(&metric.statistics().len()), "{}", metric.name());
        }
    }
}
