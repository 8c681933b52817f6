//! What the tasks that read logs report while they run.

use chrono::{DateTime, Utc};

use super::sessions::SessionId;
use lambda_model::failure::ApiError;
use lambda_model::operation::Operation;

/// A report of a task.
#[derive(Debug)]
pub(super) enum Event {
    /// A call has ended: with this error, or `None` when it succeeded.
    Called(Operation, Option<ApiError>),
    /// A session is open.
    Opened(SessionId),
    /// An update of a session was a sample. The span is to be read again, if there is one.
    Sampled(SessionId, Option<(DateTime<Utc>, DateTime<Utc>)>),
}
