//! Bounds every SDK call: it ends in time, and a panic of the SDK becomes an error.
//!
//! The SDK's own timeouts do not cover loading credentials (docs/aws.md#credentials), and `aws-config` can panic while
//! it refreshes an SSO token after the wall clock stepped back. Neither may stop lamtop.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt;
use tokio::task::JoinSet;
use tokio::time::timeout;

use lambda_model::failure::ApiError;

/// Longer than the SDK's 25 s for an operation, so that its own, more exact message comes first.
const LIMIT: Duration = Duration::from_secs(30);

/// The outcome of `work`, run in its own task and aborted after 30 s.
///
/// # Errors
/// [`ApiError::Unreachable`] when `work` took too long or panicked.
pub(super) async fn guard<T>(work: impl Future<Output = T> + Send + 'static) -> Result<T, ApiError>
where
    T: Send + 'static,
{
    // A set aborts its task when it is dropped: after the timeout, and when the caller is dropped.
    let mut task = JoinSet::new();
    task.spawn(work);
    match timeout(LIMIT, task.join_next()).await {
        Ok(Some(Ok(outcome))) => Ok(outcome),
        Ok(Some(Err(error))) if error.is_panic() => Err(panicked()),
        Ok(_) => Err(ApiError::Unreachable("the call was cancelled".into())),
        Err(_) => Err(ApiError::Unreachable(format!("no answer within {} s", LIMIT.as_secs()))),
    }
}

/// The outcome of `work` without a timeout; a panic of the SDK in it becomes an error.
///
/// # Errors
/// [`ApiError::Unreachable`] when `work` panicked.
pub(super) async fn unwound<T>(work: impl Future<Output = T>) -> Result<T, ApiError> {
    // State that a panic leaves inconsistent is not used again: the error ends its owner.
    AssertUnwindSafe(work).catch_unwind().await.map_err(|_| panicked())
}

fn panicked() -> ApiError {
    ApiError::Unreachable("the AWS SDK panicked".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_result_passes_through() {
        assert_eq!(guard(async { 7 }).await, Ok(7));
        assert_eq!(unwound(async { 7 }).await, Ok(7));
    }

    #[tokio::test]
    async fn a_panic_becomes_an_error() {
        let outcome = guard(async { assert_eq!(1, 2, "last_refresh is in the past") }).await;
        assert_eq!(outcome, Err(ApiError::Unreachable("the AWS SDK panicked".into())));
        let outcome = unwound(async { assert_eq!(1, 2, "buffer has been terminated") }).await;
        assert_eq!(outcome, Err(ApiError::Unreachable("the AWS SDK panicked".into())));
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_without_an_end_times_out() {
        let (alive, aborted) = tokio::sync::oneshot::channel::<()>();
        let outcome = guard(async move {
            let _alive = alive;
            std::future::pending::<()>().await;
        })
        .await;
        assert_eq!(outcome, Err(ApiError::Unreachable("no answer within 30 s".into())));
        assert!(aborted.await.is_err(), "The task was aborted");
    }
}
