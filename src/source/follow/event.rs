//! What the tasks that read logs report before they end.

use chrono::{DateTime, Utc};

use super::sessions::SessionId;
use lambda_model::failure::ApiError;
use lambda_model::operation::Operation;

/// A report of a task.
#[derive(Debug)]
pub(super) enum Event {
    /// A call was made, and failed with this error or not at all.
    Called(Operation, Option<ApiError>),
    /// A session is open.
    Opened(SessionId),
    /// A session showed a sample; what it left out of this span is to be read again.
    Sampled(SessionId, Option<(DateTime<Utc>, DateTime<Utc>)>),
}
