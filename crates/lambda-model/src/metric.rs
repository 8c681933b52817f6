//! CloudWatch metrics: which exist, under which exact dimension sets, and their points.
//!
//! A metric is one entry of one table (`metric/table.rs`): its name, unit and statistics, where it is published and
//! read, when it is asked for, its field in the JSON and its words on screen. The lists below derive from it.

mod subject;
mod table;

use std::fmt;

use serde::{Deserialize, Serialize};

use super::finding::Severity;
use super::function::EventSourceKind;
use super::time::Minute;
pub use subject::{Dimensions, Subject};
pub use table::Metric;

/// When a metric is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Whenever its subject is read.
    Always,
    /// Only where `ListMetrics` shows it, and for the function whose pane is open.
    Listed,
    /// Only for functions with an event source of one of these kinds.
    Source(&'static [EventSourceKind]),
    /// Only for event source mappings of these kinds whose `MetricsConfig` asks for `EventCount`
    /// (docs/aws.md#event-source-mapping-metrics).
    OptIn(&'static [EventSourceKind]),
}

/// What the values of a metric count or measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Things: invocations, events, environments.
    Count,
    /// Milliseconds.
    Milliseconds,
    /// Seconds.
    Seconds,
}

impl Metric {
    /// The metrics read for every function on screen.
    pub const FUNCTION: &[Self] = List::ALWAYS.metrics();

    /// The metrics a function has only when it is used in a certain way.
    pub const FUNCTION_EXTRA: &[Self] = List::EXTRA.metrics();

    /// Those of them that `ListMetrics` has to show first.
    pub const LISTED: &[Self] = List::LISTED.metrics();

    /// The metrics read for the whole Region.
    pub const REGION: &[Self] = List::REGION.metrics();

    /// The metrics read for one alias: what its versions do not show.
    pub const ALIAS: &[Self] = List::ALIAS.metrics();

    /// The metrics read for one version behind an alias.
    pub const EXECUTED: &[Self] = List::EXECUTED.metrics();

    /// The metrics read for a queue that failed events go to.
    pub const QUEUE: &[Self] = List::QUEUE.metrics();

    /// The metrics read for a topic that failed events go to.
    pub const TOPIC: &[Self] = List::TOPIC.metrics();

    /// The metrics read for an event source mapping.
    pub const MAPPING: &[Self] = List::MAPPING.metrics();

    /// CloudWatch's name for it.
    pub const fn name(self) -> &'static str {
        self.entry().name
    }

    /// What its values are.
    pub const fn unit(self) -> Unit {
        self.entry().unit
    }

    /// The statistics that mean something for the metric, all asked for in one call: up to five of
    /// one metric bill as one.
    pub const fn statistics(self) -> &'static [Statistic] {
        self.entry().statistics
    }

    /// The dimension sets under which AWS publishes it.
    pub const fn published(self) -> &'static [Dimensions] {
        self.entry().published
    }

    /// Those of them under which lamtop reads it.
    pub(crate) const fn read(self) -> &'static [Dimensions] {
        self.entry().read
    }

    /// When it is asked for.
    pub const fn when(self) -> When {
        self.entry().when
    }

    /// Its field in the JSON of what it is read for, a function's `metrics` or an event source's `events`; `None` where
    /// the value only becomes part of another, as of the concurrency pool.
    pub const fn json(self) -> Option<&'static str> {
        self.entry().json
    }

    /// The words for it in a function's pane, where that names what few functions have; `None` where it does not.
    pub const fn label(self) -> Option<&'static str> {
        self.entry().label
    }

    /// How bad it is when it is more than 0; `None` where that is as it should be.
    pub const fn alarm(self) -> Option<Severity> {
        self.entry().alarm
    }
}

/// Some metrics in the table's order, chosen when this is compiled.
struct List {
    metrics: [Metric; Metric::ALL.len()],
    count: usize,
}

/// Which of the metrics that are read under a dimension set.
enum Which {
    All,
    Always,
    Extra,
    Listed,
}

impl List {
    const ALWAYS: Self = Self::of(Dimensions::Function, &Which::Always);
    const EXTRA: Self = Self::of(Dimensions::Function, &Which::Extra);
    const LISTED: Self = Self::of(Dimensions::Function, &Which::Listed);
    const REGION: Self = Self::of(Dimensions::Region, &Which::All);
    const ALIAS: Self = Self::of(Dimensions::Qualified, &Which::All);
    const EXECUTED: Self = Self::of(Dimensions::Executed, &Which::All);
    const QUEUE: Self = Self::of(Dimensions::Queue, &Which::All);
    const TOPIC: Self = Self::of(Dimensions::Topic, &Which::All);
    const MAPPING: Self = Self::of(Dimensions::Mapping, &Which::All);

    const fn of(dimensions: Dimensions, which: &Which) -> Self {
        let mut list = Self { metrics: [Metric::ALL[0]; Metric::ALL.len()], count: 0 };
        let mut place = 0;
        while place < Metric::ALL.len() {
            let metric = Metric::ALL[place];
            let chosen = match which {
                Which::All => true,
                Which::Always => matches!(metric.when(), When::Always),
                Which::Extra => !matches!(metric.when(), When::Always),
                Which::Listed => matches!(metric.when(), When::Listed),
            };
            if chosen && dimensions.is_among(metric.read()) {
                list.metrics[list.count] = metric;
                list.count += 1;
            }
            place += 1;
        }
        list
    }

    const fn metrics(&self) -> &[Metric] {
        self.metrics.split_at(self.count).0
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
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_entry_is_complete_and_no_two_are_alike() {
        let mut names = BTreeSet::new();
        for metric in Metric::ALL {
            let name = metric.name();
            assert!((1..=5).contains(&metric.statistics().len()), "{name}: up to five of one metric bill as one");
            assert!(!metric.read().is_empty(), "{name} is read under no dimension set");
            assert!(metric.read().iter().all(|one| metric.published().contains(one)), "{name} is read where it is not");
            let namespaces: BTreeSet<_> = metric.published().iter().map(|one| one.namespace()).collect();
            assert_eq!(namespaces.len(), 1, "{name}");
            assert!(names.insert((namespaces, name)), "{name} is there twice");
        }
    }

    #[test]
    fn what_a_function_or_a_mapping_has_is_a_field_of_its_own_in_the_json() {
        for dimensions in [Dimensions::Function, Dimensions::Mapping] {
            let mut fields = BTreeSet::new();
            for metric in Metric::ALL.iter().filter(|metric| metric.read().contains(&dimensions)) {
                assert!(metric.json().is_some_and(|field| fields.insert(field)), "{}", metric.name());
            }
        }
    }

    #[test]
    fn only_mappings_opt_in() {
        for metric in Metric::ALL {
            let is_of_mappings = metric.read() == [Dimensions::Mapping];
            assert_eq!(matches!(metric.when(), When::OptIn(_)), is_of_mappings, "{}", metric.name());
        }
    }

    #[test]
    fn the_lists_are_what_the_table_says() {
        use Metric::*;
        assert_eq!(Metric::FUNCTION, [Invocations, Errors, Throttles, ConcurrentExecutions, Duration]);
        let unlisted: Vec<_> = Metric::FUNCTION_EXTRA.iter().filter(|one| !Metric::LISTED.contains(one)).collect();
        assert_eq!(unlisted, [&OffsetLag]);
        let pool = [UnreservedConcurrentExecutions, ClaimedAccountConcurrency];
        assert_eq!(Metric::REGION, [&Metric::FUNCTION[..4], &pool].concat());
        assert_eq!((Metric::ALIAS, Metric::EXECUTED), (&[Throttles][..], &[Invocations, Errors, Duration][..]));
        assert_eq!(Metric::QUEUE, [QueueOldestMessageAge]);
        assert_eq!(Metric::TOPIC, [TopicMessagesPublished, TopicNotificationsFailed]);
        let mapping = [PolledEvents, FailedInvokeEvents, DroppedEvents, DeliveredOnFailureEvents];
        assert_eq!(Metric::MAPPING, mapping);
    }
}
