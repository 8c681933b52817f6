//! Accounts in other states than the simulated one: empty, or refusing some calls.

use async_trait::async_trait;
use lambda_model::api::{
    Account, DeploymentInfo, DeploymentTarget, Deployments, Functions, Identity, LogQuery, Logs, MetricQuery, Metrics,
    Page, PointsPage, Position, Queues, Records, Shard, Streams, Tail, TailFilter, Token,
};
use lambda_model::deployment::Shifting;
use lambda_model::failure::ApiError;
use lambda_model::function::{AccountLimits, Alias, EventSource, FunctionInfo, InvokeConfig, LogGroup, Provisioned};
use lambda_model::log::LogEvent;
use lambda_model::metric::{Metric, Subject};
use lambda_model::operation::Operation;
use lambda_model::queue::QueueAttributes;
use lambda_model::{Arn, FunctionName};

/// An account without a function.
pub(crate) fn empty() -> Account {
    Account::new(Double { inner: None, fault: |_| None })
}

/// `account`, with an error instead of an answer where `fault` has one.
pub(crate) fn faulty(account: Account, fault: fn(Operation) -> Option<ApiError>) -> Account {
    Account::new(Double { inner: Some(account), fault })
}

/// What another account says, or nothing at all, or an error.
struct Double {
    inner: Option<Account>,
    fault: fn(Operation) -> Option<ApiError>,
}

impl Double {
    /// The account to ask, `None` when there is none.
    fn ask(&self, operation: Operation) -> Result<Option<&Account>, ApiError> {
        match (self.fault)(operation) {
            Some(error) => Err(error),
            None => Ok(self.inner.as_ref()),
        }
    }
}

/// Asks `$service.$method` of the account behind, which without one answers `$nothing`.
macro_rules! ask {
    ($double:ident, $operation:ident, $service:ident.$method:ident($($argument:expr),*), $nothing:expr) => {
        match $double.ask(Operation::$operation)? {
            Some(account) => account.$service.$method($($argument),*).await,
            None => Ok($nothing),
        }
    };
}

#[async_trait]
impl Identity for Double {
    async fn account(&self) -> Result<String, ApiError> {
        ask!(self, GetCallerIdentity, identity.account(), "123456789012".to_string())
    }
}

#[async_trait]
impl Functions for Double {
    async fn account_limits(&self) -> Result<AccountLimits, ApiError> {
        let limits = AccountLimits { concurrent_executions: 1000, unreserved_concurrent_executions: Some(1000) };
        ask!(self, GetAccountSettings, functions.account_limits(), limits)
    }

    async fn functions(&self, token: Token) -> Result<Page<FunctionInfo>, ApiError> {
        ask!(self, ListFunctions, functions.functions(token), Page::last(vec![]))
    }

    async fn aliases(&self, name: &FunctionName, token: Token) -> Result<Page<Alias>, ApiError> {
        ask!(self, ListAliases, functions.aliases(name, token), Page::last(vec![]))
    }

    async fn reserved(&self, name: &FunctionName) -> Result<Option<u32>, ApiError> {
        ask!(self, GetFunctionConcurrency, functions.reserved(name), None)
    }

    async fn provisioned(&self, name: &FunctionName, token: Token) -> Result<Page<Provisioned>, ApiError> {
        ask!(self, ListProvisionedConcurrencyConfigs, functions.provisioned(name, token), Page::last(vec![]))
    }

    async fn invoke_configs(&self, name: &FunctionName, token: Token) -> Result<Page<InvokeConfig>, ApiError> {
        ask!(self, ListFunctionEventInvokeConfigs, functions.invoke_configs(name, token), Page::last(vec![]))
    }

    async fn event_sources(&self, token: Token) -> Result<Page<EventSource>, ApiError> {
        ask!(self, ListEventSourceMappings, functions.event_sources(token), Page::last(vec![]))
    }
}

#[async_trait]
impl Deployments for Double {
    async fn deployments(&self, token: Token) -> Result<Page<String>, ApiError> {
        ask!(self, ListDeployments, deployments.deployments(token), Page::last(vec![]))
    }

    async fn described(&self, ids: &[String]) -> Result<Vec<DeploymentInfo>, ApiError> {
        ask!(self, BatchGetDeployments, deployments.described(ids), vec![])
    }

    async fn targets(&self, id: &str, token: Token) -> Result<Page<String>, ApiError> {
        ask!(self, ListDeploymentTargets, deployments.targets(id, token), Page::last(vec![]))
    }

    async fn aliases_shifted(&self, id: &str, targets: &[String]) -> Result<Vec<DeploymentTarget>, ApiError> {
        ask!(self, BatchGetDeploymentTargets, deployments.aliases_shifted(id, targets), vec![])
    }

    async fn shifting(&self, config: &str) -> Result<Option<Shifting>, ApiError> {
        ask!(self, GetDeploymentConfig, deployments.shifting(config), None)
    }
}

#[async_trait]
impl Metrics for Double {
    async fn active(&self, metric: Metric, token: Token) -> Result<Page<Subject>, ApiError> {
        ask!(self, ListMetrics, metrics.active(metric, token), Page::last(vec![]))
    }

    async fn points(&self, query: &MetricQuery, token: Token) -> Result<PointsPage, ApiError> {
        ask!(self, GetMetricData, metrics.points(query, token), Page::last(vec![]))
    }
}

#[async_trait]
impl Logs for Double {
    async fn log_groups(&self, prefix: &str, token: Token) -> Result<Page<LogGroup>, ApiError> {
        ask!(self, DescribeLogGroups, logs.log_groups(prefix, token), Page::last(vec![]))
    }

    async fn events(&self, query: &LogQuery, token: Token) -> Result<Page<LogEvent>, ApiError> {
        ask!(self, FilterLogEvents, logs.events(query, token), Page::last(vec![]))
    }

    async fn tail(&self, groups: &[Arn], filter: TailFilter) -> Result<Box<dyn Tail>, ApiError> {
        match self.ask(Operation::StartLiveTail)? {
            Some(account) => account.logs.tail(groups, filter).await,
            None => Err(ApiError::NotFound("log group".to_string())),
        }
    }
}

#[async_trait]
impl Streams for Double {
    async fn shards(&self, stream: &str, token: Token) -> Result<Page<Shard>, ApiError> {
        ask!(self, ListShards, streams.shards(stream, token), Page::last(vec![]))
    }

    async fn iterator(&self, stream: &str, shard: &str, position: &Position) -> Result<String, ApiError> {
        ask!(self, GetShardIterator, streams.iterator(stream, shard, position), String::new())
    }

    async fn records(&self, stream: &str, iterator: &str) -> Result<Option<Records>, ApiError> {
        ask!(self, GetRecords, streams.records(stream, iterator), None)
    }
}

#[async_trait]
impl Queues for Double {
    async fn url(&self, queue: &Arn) -> Result<String, ApiError> {
        ask!(self, GetQueueUrl, queues.url(queue), String::new())
    }

    async fn attributes(&self, url: &str) -> Result<QueueAttributes, ApiError> {
        match self.ask(Operation::GetQueueAttributes)? {
            Some(account) => account.queues.attributes(url).await,
            None => Err(ApiError::NotFound(url.to_string())),
        }
    }
}
