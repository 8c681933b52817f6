//! The seam to AWS: what lamtop asks of each service, in lamtop's own types, pages and errors included.
//!
//! Implemented by lamtop for the SDK, by the simulated Region, and by the
//! tests' scripted doubles, so that polling, pacing, paging and back-off run unchanged on all of them.
//! Every method makes one request (the implementation's own retries aside) and only reads.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::deployment::Shifting;
use crate::failure::ApiError;
use crate::function::{AccountLimits, Alias, EventSource, FunctionInfo, InvokeConfig, LogGroup, Provisioned};
use crate::log::{LogEvent, TailUpdate};
use crate::metric::{Metric, Point, SeriesId, Subject};
use crate::queue::QueueAttributes;
use crate::time::Minute;
use crate::{Arn, FunctionName};

/// One page of a listing.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// The page's items, possibly none.
    pub items: Vec<T>,
    /// Asks for the next page; `None` ends the listing.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// The only page.
    pub fn last(items: Vec<T>) -> Self {
        Self { items, next: None }
    }

    /// The same page of what `convert` makes of its items.
    pub fn map<U>(self, convert: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(convert).collect(), next: self.next }
    }
}

/// A listing's page token: `None` asks for the first page.
pub type Token = Option<String>;

/// AWS STS.
#[async_trait]
pub trait Identity: Send + Sync {
    /// The account's twelve digits (`sts:GetCallerIdentity`).
    async fn account(&self) -> Result<String, ApiError>;
}

/// The Lambda control plane.
#[async_trait]
pub trait Functions: Send + Sync {
    /// `lambda:GetAccountSettings`.
    async fn account_limits(&self) -> Result<AccountLimits, ApiError>;
    /// `lambda:ListFunctions`, at most 50 a page.
    async fn functions(&self, token: Token) -> Result<Page<FunctionInfo>, ApiError>;
    /// `lambda:ListAliases`.
    async fn aliases(&self, function: &FunctionName, token: Token) -> Result<Page<Alias>, ApiError>;
    /// `lambda:GetFunctionConcurrency`; `None` is no reservation.
    async fn reserved(&self, function: &FunctionName) -> Result<Option<u32>, ApiError>;
    /// `lambda:ListProvisionedConcurrencyConfigs`.
    async fn provisioned(&self, function: &FunctionName, token: Token) -> Result<Page<Provisioned>, ApiError>;
    /// `lambda:ListFunctionEventInvokeConfigs`.
    async fn invoke_configs(&self, function: &FunctionName, token: Token) -> Result<Page<InvokeConfig>, ApiError>;
    /// `lambda:ListEventSourceMappings` of the whole Region.
    async fn event_sources(&self, token: Token) -> Result<Page<EventSource>, ApiError>;
}

/// What `CodeDeploy` says of a deployment of a Lambda function.
#[derive(Clone, Debug, PartialEq)]
pub struct DeploymentInfo {
    /// For example `d-A1B2C3D4E`.
    pub id: String,
    /// The application.
    pub application: Option<String>,
    /// The deployment group.
    pub group: Option<String>,
    /// The deployment configuration's name.
    pub config: Option<String>,
    /// As AWS says it.
    pub status: String,
    /// When it was started; `None` before that.
    pub started: Option<DateTime<Utc>>,
    /// Whether it rolls back by itself.
    pub auto_rollback: Option<bool>,
}

/// The alias a deployment shifts.
#[derive(Clone, Debug, PartialEq)]
pub struct DeploymentTarget {
    /// The function.
    pub function: FunctionName,
    /// Its alias.
    pub alias: String,
    /// The version that is replaced.
    pub current_version: Option<String>,
    /// The version that is deployed.
    pub target_version: Option<String>,
    /// The part of the traffic that goes to it, 0.0–1.0, where AWS gives it as a fraction and not as a percentage.
    pub target_weight: Option<f64>,
}

/// `BatchGetDeployments` and `BatchGetDeploymentTargets` take at most 25 (docs/aws.md#codedeploy).
pub const DEPLOYMENTS_BATCH: usize = 25;

/// AWS `CodeDeploy`.
#[async_trait]
pub trait Deployments: Send + Sync {
    /// `codedeploy:ListDeployments`: the ids of those under way, of Lambda functions or not.
    async fn deployments(&self, token: Token) -> Result<Page<String>, ApiError>;
    /// `codedeploy:BatchGetDeployments` of at most [`DEPLOYMENTS_BATCH`]: those of Lambda functions among them.
    async fn described(&self, deployments: &[String]) -> Result<Vec<DeploymentInfo>, ApiError>;
    /// `codedeploy:ListDeploymentTargets`: their ids. A deployment that has not started has none yet.
    async fn targets(&self, deployment: &str, token: Token) -> Result<Page<String>, ApiError>;
    /// `codedeploy:BatchGetDeploymentTargets` of at most [`DEPLOYMENTS_BATCH`].
    async fn aliases_shifted(&self, deployment: &str, targets: &[String]) -> Result<Vec<DeploymentTarget>, ApiError>;
    /// `codedeploy:GetDeploymentConfig`; `None` where it says nothing of traffic.
    async fn shifting(&self, config: &str) -> Result<Option<Shifting>, ApiError>;
}

/// A question to `cloudwatch:GetMetricData`.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricQuery {
    /// The series, at most [`MetricQuery::MAX_SERIES`].
    pub series: Arc<[SeriesId]>,
    /// The first minute.
    pub from: Minute,
    /// The minute after the last.
    pub until: Minute,
}

impl MetricQuery {
    /// `GetMetricData` takes at most 500 queries a call (docs/aws.md#getmetricdata).
    pub const MAX_SERIES: usize = 500;
}

/// A page of points: a series may come in pieces over several pages.
pub type PointsPage = Page<(SeriesId, Vec<Point>)>;

/// CloudWatch metrics.
#[async_trait]
pub trait Metrics: Send + Sync {
    /// `cloudwatch:ListMetrics` of the Lambda namespace: the dimension sets under which `metric` was
    /// published in the last three hours. Sets that lamtop does not read are left out.
    async fn active(&self, metric: Metric, token: Token) -> Result<Page<Subject>, ApiError>;
    /// `cloudwatch:GetMetricData` with a period of 60 s.
    async fn points(&self, query: &MetricQuery, token: Token) -> Result<PointsPage, ApiError>;
}

/// A question to `logs:FilterLogEvents`: one group's events by their timestamps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogQuery {
    /// The log group's name.
    pub group: Arc<str>,
    /// The first timestamp.
    pub from: DateTime<Utc>,
    /// The last timestamp.
    pub until: DateTime<Utc>,
}

/// CloudWatch Logs.
#[async_trait]
pub trait Logs: Send + Sync {
    /// `logs:DescribeLogGroups` with this name as its prefix.
    async fn log_groups(&self, prefix: &str, token: Token) -> Result<Page<LogGroup>, ApiError>;
    /// `logs:FilterLogEvents`. A page may be empty and still name a next one.
    async fn events(&self, query: &LogQuery, token: Token) -> Result<Page<LogEvent>, ApiError>;
    /// `logs:StartLiveTail` of these log groups, at most [`TAIL_GROUPS`]: a session that ends when it is dropped.
    /// [`ApiError::Throttled`] means that the account has no session left.
    async fn tail(&self, groups: &[Arn], filter: TailFilter) -> Result<Box<dyn Tail>, ApiError>;
}

/// A Live Tail session takes at most this many log groups (docs/aws.md#live-tail).
pub const TAIL_GROUPS: usize = 10;

/// Which lines a Live Tail session shows. Above 500 a second it shows a sample: fewer lines, fewer lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TailFilter {
    /// All of them.
    #[default]
    Everything,
    /// What the numbers are made of: the begin and the end of invocations and of cold starts, and errors.
    Telling,
}

impl TailFilter {
    /// `logEventFilterPattern`: a regular expression between `%`, in which no parentheses are allowed
    /// (docs/aws.md#filter-patterns).
    pub fn pattern(self) -> Option<&'static str> {
        match self {
            Self::Everything => None,
            Self::Telling => Some(
                r"%^START\s|^REPORT\s|^INIT_REPORT|^RESTORE_REPORT|platform\.|rror|ERROR|Exception|timed\sout|Runtime\sexited%",
            ),
        }
    }
}

/// A Live Tail session.
#[async_trait]
pub trait Tail: Send {
    /// The next update. One is due every second, even when it is empty; this waits for it as long as it takes, and
    /// may be given up at any time without losing an update that was complete.
    async fn next(&mut self) -> Result<TailUpdate, TailEnd>;
}

/// Why a Live Tail session is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TailEnd {
    /// After three hours AWS ends every session: open another.
    TimedOut,
    /// The stream ended or broke.
    Failed(ApiError),
}

/// A shard of a Kinesis stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shard {
    /// For example `shardId-000000000000`.
    pub id: String,
    /// The shards that were split or merged into this one.
    pub parents: Vec<String>,
    /// Whether nothing is written to it any more.
    pub closed: bool,
}

/// Where to begin to read a shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Position {
    /// At the first record that arrived at this time or later.
    Since(DateTime<Utc>),
    /// After the record with this sequence number.
    After(String),
    /// At the oldest record that is kept.
    Oldest,
}

/// What one `kinesis:GetRecords` brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Records {
    /// The records in order, possibly none.
    pub records: Vec<Record>,
    /// Reads on; `None` when the shard is closed and read to its end.
    pub next: Option<String>,
    /// `MillisBehindLatest`: how far the stream is ahead of these records.
    pub behind_ms: u64,
}

/// A record of a Kinesis stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its place in the shard.
    pub sequence: String,
    /// When it arrived in the stream.
    pub arrived: Option<DateTime<Utc>>,
    /// Its content; of a subscription filter, gzip (docs/aws.md#subscription-filters).
    pub data: Vec<u8>,
}

/// Kinesis Data Streams.
#[async_trait]
pub trait Streams: Send + Sync {
    /// `kinesis:ListShards`, closed ones included.
    async fn shards(&self, stream: &str, token: Token) -> Result<Page<Shard>, ApiError>;
    /// `kinesis:GetShardIterator`.
    async fn iterator(&self, stream: &str, shard: &str, position: &Position) -> Result<String, ApiError>;
    /// `kinesis:GetRecords`; `None` when the iterator has expired.
    async fn records(&self, stream: &str, iterator: &str) -> Result<Option<Records>, ApiError>;
}

/// SQS. Queues are looked at, never received from.
#[async_trait]
pub trait Queues: Send + Sync {
    /// `sqs:GetQueueUrl` by the ARN's account and name.
    async fn url(&self, queue: &Arn) -> Result<String, ApiError>;
    /// `sqs:GetQueueAttributes`: depth, in flight, redrive policy.
    async fn attributes(&self, url: &str) -> Result<QueueAttributes, ApiError>;
}

/// One account in one Region: every service lamtop reads.
#[derive(Clone)]
pub struct Account {
    /// AWS STS.
    pub identity: Arc<dyn Identity>,
    /// The Lambda control plane.
    pub functions: Arc<dyn Functions>,
    /// AWS `CodeDeploy`.
    pub deployments: Arc<dyn Deployments>,
    /// CloudWatch metrics.
    pub metrics: Arc<dyn Metrics>,
    /// CloudWatch Logs.
    pub logs: Arc<dyn Logs>,
    /// SQS.
    pub queues: Arc<dyn Queues>,
    /// Kinesis Data Streams.
    pub streams: Arc<dyn Streams>,
}

impl Account {
    /// An account whose services are all answered by `service`.
    pub fn new<S>(service: S) -> Self
    where
        S: Identity + Functions + Deployments + Metrics + Logs + Queues + Streams + 'static,
    {
        let service = Arc::new(service);
        Self {
            identity: service.clone(),
            functions: service.clone(),
            deployments: service.clone(),
            metrics: service.clone(),
            logs: service.clone(),
            queues: service.clone(),
            streams: service,
        }
    }
}
