//! What the sources deliver: the one kind of message that reaches the engine, and the recording format.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::change::Change;
use super::deployment::Deployment;
use super::failure::Health;
use super::function::{AccountLimits, Alias, EventSource, FunctionInfo, InvokeConfig, LogGroup, Provisioned};
use super::log::{LogBatch, LogFeed};
use super::metric::{Point, SeriesId};
use super::queue::QueueAttributes;
use super::{Arn, FunctionName, Scope};

/// One fact from a source: where it belongs and when it was read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// When the source read it. Of two facts about one thing the later read wins.
    pub at: DateTime<Utc>,
    /// Where it belongs.
    pub scope: Scope,
    /// The fact.
    pub payload: Payload,
}

/// The facts a source can deliver.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Payload {
    /// The account's twelve digits.
    Account(String),
    /// The Region's concurrency limits.
    Limits(AccountLimits),
    /// A page of functions.
    Functions(Vec<FunctionInfo>),
    /// Every page of the function list that was begun at this time has been delivered: a function that
    /// was not seen since does not exist any more.
    FunctionsComplete(DateTime<Utc>),
    /// A function's aliases, all of them.
    Aliases(FunctionName, Vec<Alias>),
    /// A function's reserved concurrency; `None` is no reservation, 0 stops the function.
    Reserved(FunctionName, Option<u32>),
    /// A function's provisioned concurrency, all configurations.
    Provisioned(FunctionName, Vec<Provisioned>),
    /// A function's asynchronous invocation settings, all qualifiers.
    InvokeConfigs(FunctionName, Vec<InvokeConfig>),
    /// A function's log group; `None` when it does not exist yet.
    LogGroup(FunctionName, Option<LogGroup>),
    /// Something about a function is not what it was when it was read before.
    Changed(FunctionName, Change),
    /// Every deployment under way that shifts an alias's traffic.
    Deployments(Vec<Deployment>),
    /// Every event source mapping of the Region.
    EventSources(Vec<EventSource>),
    /// Metric points, some series' worth; each replaces an earlier read of the same minute.
    Points(Vec<(SeriesId, Vec<Point>)>),
    /// A queue's attributes; `None` when the queue does not exist.
    Queue(Arn, Option<QueueAttributes>),
    /// Log events and the span of time that they account for.
    Logs(LogBatch),
    /// How log events come in at present.
    LogFeed(LogFeed),
    /// How an operation is doing.
    Health(Health),
    /// All calls made since the source started.
    Usage(Usage),
}

/// Calls to AWS, counted for the cost meter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Requests of every kind, retries not counted.
    pub requests: u64,
    /// Metrics requested through `GetMetricData` as AWS bills them: up to five statistics of one metric
    /// in one call are one.
    pub metrics_requested: u64,
    /// `ListMetrics` requests, billed per request.
    pub list_requests: u64,
    /// Seconds of Live Tail, summed over the sessions; billed by the minute.
    pub live_tail_s: u64,
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.requests += other.requests;
        self.metrics_requested += other.metrics_requested;
        self.list_requests += other.list_requests;
        self.live_tail_s += other.live_tail_s;
    }
}
