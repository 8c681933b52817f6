//! The seam to AWS: what lamtop asks of each service, in lamtop's own types, pages and errors included.
//!
//! Implemented by `source::aws` (the SDK), by `source::demo` (a simulated account) and by the tests'
//! scripted doubles, so that polling, pacing, paging and back-off run unchanged on all of them.
//! Every method makes one request (the implementation's own retries aside) and only reads.

use std::sync::Arc;

use async_trait::async_trait;

use crate::model::failure::ApiError;
use crate::model::function::{AccountLimits, Alias, EventSource, FunctionInfo, InvokeConfig, LogGroup, Provisioned};
use crate::model::metric::{Metric, Point, SeriesId, Subject};
use crate::model::queue::QueueAttributes;
use crate::model::time::Minute;
use crate::model::{Arn, FunctionName};

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
    /// `GetMetricData` takes at most 500 queries a call (aws-facts 4.1).
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

/// CloudWatch Logs.
#[async_trait]
pub trait Logs: Send + Sync {
    /// `logs:DescribeLogGroups` with this name as its prefix.
    async fn log_groups(&self, prefix: &str, token: Token) -> Result<Page<LogGroup>, ApiError>;
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
    /// CloudWatch metrics.
    pub metrics: Arc<dyn Metrics>,
    /// CloudWatch Logs.
    pub logs: Arc<dyn Logs>,
    /// SQS.
    pub queues: Arc<dyn Queues>,
}

impl Account {
    /// An account whose services are all answered by `service`.
    pub fn new<S>(service: S) -> Self
    where
        S: Identity + Functions + Metrics + Logs + Queues + 'static,
    {
        let service = Arc::new(service);
        Self {
            identity: service.clone(),
            functions: service.clone(),
            metrics: service.clone(),
            logs: service.clone(),
            queues: service,
        }
    }
}
