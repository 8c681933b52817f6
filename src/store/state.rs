//! What is known about one function and one scope: the newest read of each fact, and the series.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::live::Live;
use super::read::{Read, keep_newer};
use super::series::Series;
use lambda_model::change::Change;
use lambda_model::deployment::Deployment;
use lambda_model::failure::Health;
use lambda_model::function::{AccountLimits, Alias, EventSource, FunctionInfo, InvokeConfig, LogGroup, Provisioned};
use lambda_model::metric::{Metric, Statistic};
use lambda_model::observation::Usage;
use lambda_model::operation::Operation;
use lambda_model::queue::QueueAttributes;
use lambda_model::time::Minute;
use lambda_model::{Arn, FunctionName};

/// The series of one dimension set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SeriesSet(pub(super) BTreeMap<(Metric, Statistic), Series>);

impl SeriesSet {
    /// The series of `metric` and `statistic`; `None` before the first point.
    pub fn get(&self, metric: Metric, statistic: Statistic) -> Option<&Series> {
        self.0.get(&(metric, statistic))
    }

    /// The series of a metric that is read with one statistic only.
    pub(crate) fn one(&self, metric: Metric) -> Option<&Series> {
        self.get(metric, *metric.statistics().first()?)
    }
}

/// Everything known about one function.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionState {
    /// Its name.
    pub name: FunctionName,
    /// `None` until the function list was read as far as this function.
    pub info: Option<Read<FunctionInfo>>,
    /// `None` until read.
    pub aliases: Option<Read<Vec<Alias>>>,
    /// `None` until read; `Some(None)` is no reservation.
    pub reserved: Option<Read<Option<u32>>>,
    /// `None` until read.
    pub provisioned: Option<Read<Vec<Provisioned>>>,
    /// `None` until read.
    pub invoke_configs: Option<Read<Vec<InvokeConfig>>>,
    /// `None` until read; `Some(None)` is a group that does not exist yet.
    pub log_group: Option<Read<Option<LogGroup>>>,
    /// Changes made to the function while lamtop was running, oldest first, at most [`FunctionState::CHANGES`].
    pub changes: Vec<Change>,
    /// The function's own series (`FunctionName` alone).
    pub series: SeriesSet,
    /// Series of single qualifiers.
    pub qualified: BTreeMap<String, SeriesSet>,
    /// Series of versions behind aliases: (alias, version).
    pub executed: BTreeMap<(String, String), SeriesSet>,
}

impl FunctionState {
    /// Changes kept per function.
    pub const CHANGES: usize = 32;

    /// Keeps a change, unless it is there already. Returns whether it is new.
    pub(super) fn changed(&mut self, change: &Change) -> bool {
        let place = self.changes.partition_point(|kept| kept < change);
        if self.changes.get(place) == Some(change) {
            return false;
        }
        self.changes.insert(place, change.clone());
        if self.changes.len() > Self::CHANGES {
            self.changes.remove(0);
        }
        true
    }

    pub(super) fn new(name: FunctionName) -> Self {
        Self {
            name,
            info: None,
            aliases: None,
            reserved: None,
            provisioned: None,
            invoke_configs: None,
            log_group: None,
            changes: Vec::new(),
            series: SeriesSet::default(),
            qualified: BTreeMap::new(),
            executed: BTreeMap::new(),
        }
    }

    /// The newest minute with a point of the function's own series.
    pub(crate) fn last_active(&self) -> Option<DateTime<Utc>> {
        self.series.0.values().filter_map(Series::last).max().map(Minute::start)
    }

    /// When it was last listed or active.
    pub(crate) fn last_seen(&self) -> Option<DateTime<Utc>> {
        self.info.as_ref().map(|info| info.at).max(self.last_active())
    }
}

/// A queue's newest attributes and its depth over time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QueueState {
    /// `Some(None)` is a queue that does not exist.
    pub attributes: Option<Read<Option<QueueAttributes>>>,
    /// Depths by time of reading, oldest first, at most [`QueueState::DEPTHS`].
    pub depths: VecDeque<(DateTime<Utc>, u64)>,
}

impl QueueState {
    /// Depth readings kept per queue.
    pub(crate) const DEPTHS: usize = 120;

    pub(super) fn read(&mut self, at: DateTime<Utc>, attributes: Option<QueueAttributes>) -> bool {
        if let Some(attributes) = &attributes {
            let place = self.depths.partition_point(|(read, _)| *read < at);
            if self.depths.get(place).is_none_or(|(read, _)| *read != at) {
                self.depths.insert(place, (at, attributes.depth));
            }
            while self.depths.len() > Self::DEPTHS {
                self.depths.pop_front();
            }
        }
        keep_newer(&mut self.attributes, at, attributes)
    }
}

/// Everything known about one scope.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScopeState {
    /// The account ID.
    pub account: Option<Read<String>>,
    /// The Region's limits.
    pub limits: Option<Read<AccountLimits>>,
    /// When the newest function list that was read to its end was begun.
    pub listed: Option<DateTime<Utc>>,
    /// By name. Shared with published snapshots; copied when it changes.
    pub functions: BTreeMap<FunctionName, Arc<FunctionState>>,
    /// Event source mappings by function; `None` until listed.
    pub event_sources: Option<Read<BTreeMap<FunctionName, Vec<EventSource>>>>,
    /// `CodeDeploy` deployments under way; `None` until read.
    pub deployments: Option<Read<Vec<Deployment>>>,
    /// The Region's own series.
    pub region: Arc<SeriesSet>,
    /// Queues by ARN.
    pub queues: BTreeMap<Arn, QueueState>,
    /// `AWS/SQS` series by queue name.
    pub queue_series: BTreeMap<String, SeriesSet>,
    /// `AWS/SNS` series by topic name.
    pub topic_series: BTreeMap<String, SeriesSet>,
    /// Series of event source mappings by UUID.
    pub mapping_series: BTreeMap<String, SeriesSet>,
    /// What the logs reported in the last minutes.
    pub live: Live,
    /// The newest health of each operation.
    pub health: BTreeMap<Operation, Read<Health>>,
    /// Calls made so far, and since when they are counted.
    pub usage: Option<(DateTime<Utc>, Read<Usage>)>,
}

impl ScopeState {
    /// Whether `function` exists as far as is known: it is in the newest complete list, or was active since.
    pub fn exists(&self, function: &FunctionState) -> bool {
        let Some(listed) = self.listed else { return true };
        match &function.info {
            Some(info) => info.at >= listed,
            None => function.last_active().is_some_and(|active| active >= listed),
        }
    }
}
