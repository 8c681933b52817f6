//! A scripted account: small, regular, and it remembers every call with its simulated time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use lambda_model::api::{
    Account, DeploymentInfo, DeploymentTarget, Deployments, Functions, Identity, LogQuery, Logs, MetricQuery, Metrics,
    Page, PointsPage, Position, Queues, Records, Shard, Streams, Tail, TailFilter, Token,
};
use lambda_model::deployment::Shifting;
use lambda_model::failure::ApiError;
use lambda_model::function::{
    AccountLimits, Alias, EventSource, EventSourceKind, FunctionInfo, InvokeConfig, LogGroup, Provisioned,
};
use lambda_model::log::LogEvent;
use lambda_model::metric::{Metric, Point, SeriesId, Subject};
use lambda_model::operation::Operation;
use lambda_model::queue::QueueAttributes;
use lambda_model::time::Clock;
use lambda_model::{Arn, FunctionName};

/// How an operation behaves that does not answer.
#[derive(Clone, Debug)]
pub(super) enum Trouble {
    /// It fails with this.
    Fails(ApiError),
    /// It never ends.
    Hangs,
    /// It panics.
    Panics,
}

/// A call that was made.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// When it began.
    pub(super) at: DateTime<Utc>,
    /// What was called.
    pub(super) operation: Operation,
    /// The series asked for.
    pub(super) series: Arc<[SeriesId]>,
}

/// The account's description, and what was asked of it.
pub(super) struct Script {
    /// How many functions it has: `f0000`, `f0001` … Every tenth is active.
    functions: usize,
    /// Whether every alias is weighted, and a deployment under way.
    deploying: Mutex<bool>,
    /// Every function's reservation.
    reserved: Mutex<Option<u32>>,
    /// What does not answer.
    trouble: Mutex<BTreeMap<Operation, Trouble>>,
    /// How long an answer takes.
    latency: Duration,
    clock: Clock,
    calls: Mutex<Vec<Call>>,
}

/// The name of a function.
pub(super) fn name(index: usize) -> FunctionName {
    format!("f{index:04}").as_str().into()
}

fn arn(service: &str, resource: &str) -> Arn {
    Arn::new(format!("arn:aws:{service}:eu-west-1:123456789012:{resource}"))
}

/// The page of `items` that `token` asks for; tokens are positions.
fn page<T>(items: Vec<T>, token: Token, size: usize) -> Page<T> {
    let start: usize = token.map_or(0, |token| token.parse().unwrap());
    let next = (items.len() > start + size).then(|| (start + size).to_string());
    Page { items: items.into_iter().skip(start).take(size).collect(), next }
}

impl Script {
    /// An account with this number of functions that answers everything within 100 ms.
    pub(super) fn new(functions: usize, clock: Clock) -> Self {
        Self {
            functions,
            deploying: Mutex::new(true),
            reserved: Mutex::default(),
            trouble: Mutex::default(),
            latency: Duration::from_millis(100),
            clock,
            calls: Mutex::default(),
        }
    }

    /// From now on `operation` does not answer.
    pub(super) fn fail(&self, operation: Operation, trouble: Trouble) {
        self.trouble.lock().unwrap().insert(operation, trouble);
    }

    /// From now on there is a deployment, or there is none.
    pub(super) fn deploy(&self, deploying: bool) {
        *self.deploying.lock().unwrap() = deploying;
    }

    /// From now on every function has this reservation.
    pub(super) fn reserve(&self, reserved: Option<u32>) {
        *self.reserved.lock().unwrap() = reserved;
    }

    fn is_deploying(&self) -> bool {
        *self.deploying.lock().unwrap()
    }

    /// Every call so far.
    pub(super) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    async fn call(&self, operation: Operation, series: Arc<[SeriesId]>) -> Result<(), ApiError> {
        let call = Call { at: self.clock.now(), operation, series };
        self.calls.lock().unwrap().push(call);
        self.clock.sleep(self.latency).await;
        let trouble = self.trouble.lock().unwrap().get(&operation).cloned();
        match trouble {
            None => Ok(()),
            Some(Trouble::Fails(error)) => Err(error),
            Some(Trouble::Hangs) => std::future::pending().await,
            Some(Trouble::Panics) => panic!("scripted"),
        }
    }

    async fn plain(&self, operation: Operation) -> Result<(), ApiError> {
        self.call(operation, Arc::default()).await
    }
}

/// The traits are the account's, which is shared with the test that looks at it afterwards.
pub(super) struct Service(Arc<Script>);

impl Service {
    /// The account that `script` describes.
    pub(super) fn account(script: &Arc<Script>) -> Account {
        Account::new(Self(Arc::clone(script)))
    }
}

#[async_trait]
impl Identity for Service {
    async fn account(&self) -> Result<String, ApiError> {
        self.0.plain(Operation::GetCallerIdentity).await?;
        Ok("123456789012".into())
    }
}

#[async_trait]
impl Functions for Service {
    async fn account_limits(&self) -> Result<AccountLimits, ApiError> {
        self.0.plain(Operation::GetAccountSettings).await?;
        Ok(AccountLimits { concurrent_executions: 1000, unreserved_concurrent_executions: Some(900) })
    }

    async fn functions(&self, token: Token) -> Result<Page<FunctionInfo>, ApiError> {
        self.0.plain(Operation::ListFunctions).await?;
        let infos = (0..self.0.functions).map(|index| FunctionInfo {
            name: name(index),
            arn: arn("lambda", &format!("function:{}", name(index))),
            runtime: None,
            memory_mb: Some(128),
            timeout_s: Some(3),
            last_modified: None,
            code_sha256: None,
            snap_start: false,
            dead_letter_target: (index == 0).then(|| arn("sqs", "lost")),
            log_group: None,
            system_log_level: None,
        });
        Ok(page(infos.collect(), token, 50))
    }

    async fn aliases(&self, _: &FunctionName, _: Token) -> Result<Page<Alias>, ApiError> {
        self.0.plain(Operation::ListAliases).await?;
        let additional = self.0.is_deploying().then(|| ("8".to_string(), 0.1)).into_iter().collect();
        Ok(Page::last(vec![Alias { name: "live".into(), version: "7".into(), additional }]))
    }

    async fn reserved(&self, _: &FunctionName) -> Result<Option<u32>, ApiError> {
        self.0.plain(Operation::GetFunctionConcurrency).await?;
        Ok(*self.0.reserved.lock().unwrap())
    }

    async fn provisioned(&self, _: &FunctionName, _: Token) -> Result<Page<Provisioned>, ApiError> {
        self.0.plain(Operation::ListProvisionedConcurrencyConfigs).await?;
        Ok(Page::last(Vec::new()))
    }

    async fn invoke_configs(&self, _: &FunctionName, _: Token) -> Result<Page<InvokeConfig>, ApiError> {
        self.0.plain(Operation::ListFunctionEventInvokeConfigs).await?;
        Ok(Page::last(Vec::new()))
    }

    async fn event_sources(&self, _: Token) -> Result<Page<EventSource>, ApiError> {
        self.0.plain(Operation::ListEventSourceMappings).await?;
        Ok(Page::last(vec![EventSource {
            uuid: "5a5b".into(),
            function: name(0),
            source: Some(arn("sqs", "orders")),
            kind: Some(EventSourceKind::Sqs),
            state: "Enabled".into(),
            batch_size: Some(10),
            maximum_concurrency: None,
            on_failure: None,
            event_count: false,
        }]))
    }
}

#[async_trait]
impl Deployments for Service {
    async fn deployments(&self, _: Token) -> Result<Page<String>, ApiError> {
        self.0.plain(Operation::ListDeployments).await?;
        Ok(Page::last(self.0.is_deploying().then(|| "d-1".to_string()).into_iter().collect()))
    }

    async fn described(&self, ids: &[String]) -> Result<Vec<DeploymentInfo>, ApiError> {
        self.0.plain(Operation::BatchGetDeployments).await?;
        let info = |id: &String| DeploymentInfo {
            id: id.clone(),
            application: None,
            group: None,
            config: Some("Shop.Slow".into()),
            status: "InProgress".into(),
            started: None,
            auto_rollback: None,
        };
        Ok(ids.iter().map(info).collect())
    }

    async fn targets(&self, _: &str, _: Token) -> Result<Page<String>, ApiError> {
        self.0.plain(Operation::ListDeploymentTargets).await?;
        Ok(Page::last(vec![name(0).to_string()]))
    }

    async fn aliases_shifted(&self, _: &str, targets: &[String]) -> Result<Vec<DeploymentTarget>, ApiError> {
        self.0.plain(Operation::BatchGetDeploymentTargets).await?;
        let shifted = |target: &String| DeploymentTarget {
            function: target.as_str().into(),
            alias: "live".into(),
            current_version: Some("7".into()),
            target_version: Some("8".into()),
            target_weight: Some(0.1),
        };
        Ok(targets.iter().map(shifted).collect())
    }

    async fn shifting(&self, _: &str) -> Result<Option<Shifting>, ApiError> {
        self.0.plain(Operation::GetDeploymentConfig).await?;
        Ok(Some(Shifting::Linear { percent: 5, minutes: 2 }))
    }
}

#[async_trait]
impl Metrics for Service {
    async fn active(&self, metric: Metric, token: Token) -> Result<Page<Subject>, ApiError> {
        self.0.plain(Operation::ListMetrics).await?;
        let active = if metric == Metric::Invocations { self.0.functions } else { 0 };
        Ok(page((0..active).step_by(10).map(|index| Subject::Function(name(index))).collect(), token, 500))
    }

    async fn points(&self, query: &MetricQuery, token: Token) -> Result<PointsPage, ApiError> {
        self.0.call(Operation::GetMetricData, Arc::clone(&query.series)).await?;
        let point = Point { minute: query.until.plus(-1), value: 0.0 };
        Ok(page(query.series.iter().map(|id| (id.clone(), vec![point])).collect(), token, 300))
    }
}

#[async_trait]
impl Logs for Service {
    async fn log_groups(&self, prefix: &str, _: Token) -> Result<Page<LogGroup>, ApiError> {
        self.0.plain(Operation::DescribeLogGroups).await?;
        Ok(Page::last(vec![LogGroup { name: prefix.into(), class: None }]))
    }

    async fn events(&self, _: &LogQuery, _: Token) -> Result<Page<LogEvent>, ApiError> {
        self.0.plain(Operation::FilterLogEvents).await?;
        Ok(Page::last(Vec::new()))
    }

    async fn tail(&self, _: &[Arn], _: TailFilter) -> Result<Box<dyn Tail>, ApiError> {
        self.0.plain(Operation::StartLiveTail).await?;
        Err(ApiError::Unsupported("this account has no Live Tail".into()))
    }
}

#[async_trait]
impl Streams for Service {
    async fn shards(&self, _: &str, _: Token) -> Result<Page<Shard>, ApiError> {
        self.0.plain(Operation::ListShards).await?;
        Ok(Page::last(Vec::new()))
    }

    async fn iterator(&self, stream: &str, _: &str, _: &Position) -> Result<String, ApiError> {
        self.0.plain(Operation::GetShardIterator).await?;
        Err(ApiError::NotFound(stream.into()))
    }

    async fn records(&self, stream: &str, _: &str) -> Result<Option<Records>, ApiError> {
        self.0.plain(Operation::GetRecords).await?;
        Err(ApiError::NotFound(stream.into()))
    }
}

#[async_trait]
impl Queues for Service {
    async fn url(&self, queue: &Arn) -> Result<String, ApiError> {
        self.0.plain(Operation::GetQueueUrl).await?;
        Ok(format!("https://{}", queue.name()))
    }

    async fn attributes(&self, _: &str) -> Result<QueueAttributes, ApiError> {
        self.0.plain(Operation::GetQueueAttributes).await?;
        Ok(QueueAttributes { depth: 3, in_flight: 0, redrive_target: None })
    }
}
