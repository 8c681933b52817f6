//! The SDK's clients, and the one way to call AWS with them.
//!
//! The SDK parses the profile files once per configuration, and never reloads credentials that AWS reports as expired
//! (docs/aws.md#credentials). So the configuration is then loaded again and the clients are replaced: keys that another
//! program renewed are used without a restart.

use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_lambda::error::{ProvideErrorMetadata, SdkError};
use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::Mutex;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::failure::api_error;
use super::guard::guard;
use lambda_model::failure::ApiError;

/// The shortest time between two reloads: while credentials stay expired, every call fails.
const RELOAD_PERIOD: Duration = Duration::from_secs(15);

/// Loads the configuration again, from the environment and the profile files.
pub(super) type Load = Box<dyn Fn() -> BoxFuture<'static, SdkConfig> + Send + Sync>;

/// One client for each service, all with one configuration.
pub(super) struct Clients {
    pub(super) sts: aws_sdk_sts::Client,
    pub(super) lambda: aws_sdk_lambda::Client,
    pub(super) codedeploy: aws_sdk_codedeploy::Client,
    pub(super) cloudwatch: aws_sdk_cloudwatch::Client,
    pub(super) logs: aws_sdk_cloudwatchlogs::Client,
    pub(super) sqs: aws_sdk_sqs::Client,
    pub(super) kinesis: aws_sdk_kinesis::Client,
}

impl Clients {
    fn new(config: &SdkConfig) -> Self {
        Self {
            sts: aws_sdk_sts::Client::new(config),
            lambda: aws_sdk_lambda::Client::new(config),
            codedeploy: aws_sdk_codedeploy::Client::new(config),
            cloudwatch: aws_sdk_cloudwatch::Client::new(config),
            logs: aws_sdk_cloudwatchlogs::Client::new(config),
            sqs: aws_sdk_sqs::Client::new(config),
            kinesis: aws_sdk_kinesis::Client::new(config),
        }
    }
}

/// One account in one Region, called through the SDK.
pub(super) struct Session {
    load: Load,
    state: Mutex<State>,
}

struct State {
    clients: Arc<Clients>,
    reloads: Interval,
}

impl Session {
    /// Uses `config` until its credentials expire, then what `load` returns.
    ///
    /// Must be called inside a tokio runtime.
    pub(super) fn new(config: &SdkConfig, load: Load) -> Self {
        let mut reloads = interval(RELOAD_PERIOD);
        reloads.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { load, state: Mutex::new(State { clients: Arc::new(Clients::new(config)), reloads }) }
    }

    /// Sends `request` and waits for its answer, at most 30 s. Repeats it once after renewing expired credentials.
    ///
    /// # Errors
    /// Every failure of the call, the SDK's panics included, as an [`ApiError`].
    pub(super) async fn call<T, E, F>(&self, request: impl Fn(&Clients) -> F) -> Result<T, ApiError>
    where
        T: Send + 'static,
        E: ProvideErrorMetadata + std::error::Error + Send + 'static,
        F: Future<Output = Result<T, SdkError<E>>> + Send + 'static,
    {
        let clients = self.state.lock().await.clients.clone();
        let answer = attempt(request(&clients)).await;
        if matches!(answer, Err(ApiError::Expired(_)))
            && let Some(renewed) = self.renew(&clients).await
        {
            return attempt(request(&renewed)).await;
        }
        answer
    }

    /// Clients newer than `expired`; `None` when the last reload was too recent.
    async fn renew(&self, expired: &Arc<Clients>) -> Option<Arc<Clients>> {
        let mut state = self.state.lock().await;
        // Of several calls that expire together, the first reloads and the others use its clients.
        if Arc::ptr_eq(&state.clients, expired) {
            state.reloads.tick().now_or_never()?;
            let config = guard((self.load)()).await.ok()?;
            state.clients = Arc::new(Clients::new(&config));
        }
        Some(state.clients.clone())
    }
}

/// One guarded request.
async fn attempt<T, E, F>(request: F) -> Result<T, ApiError>
where
    T: Send + 'static,
    E: ProvideErrorMetadata + std::error::Error + Send + 'static,
    F: Future<Output = Result<T, SdkError<E>>> + Send + 'static,
{
    guard(request.map(|answer| answer.map_err(|error| api_error(&error)))).await?
}
