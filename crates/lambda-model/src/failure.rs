//! What went wrong with a call to AWS, as data: the program goes on, the screen says so.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::operation::Operation;

/// Why a call to AWS gave nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// AWS asks for fewer calls.
    #[error("AWS throttles this call: {0}")]
    Throttled(String),
    /// The identity may not call this operation.
    #[error("not allowed: {0}")]
    Denied(String),
    /// The credentials are expired, unknown or could not be loaded.
    #[error("credentials are not accepted: {0}")]
    Expired(String),
    /// The thing asked about does not exist, or is not configured.
    #[error("not found: {0}")]
    NotFound(String),
    /// The endpoint does not know the operation, or refused its parameters.
    #[error("not supported here: {0}")]
    Unsupported(String),
    /// No usable answer: refused, timed out, or not AWS that answered.
    #[error("no usable answer: {0}")]
    Unreachable(String),
}

impl ApiError {
    /// How `health` names it. [`ApiError::NotFound`] is an answer, so the operation is well.
    pub fn state(&self) -> HealthState {
        match self {
            Self::NotFound(_) => HealthState::Ok,
            Self::Throttled(_) => HealthState::Throttled,
            Self::Denied(_) => HealthState::Denied,
            Self::Expired(_) => HealthState::Expired,
            Self::Unsupported(_) => HealthState::Unsupported,
            Self::Unreachable(_) => HealthState::Unreachable,
        }
    }
}

/// The state of one operation, as the JSON contract names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthState {
    /// It answers.
    Ok,
    /// It is throttled; lamtop asks less often.
    Throttled,
    /// The identity lacks the permission.
    Denied,
    /// The credentials are not accepted.
    Expired,
    /// Nothing usable comes back.
    Unreachable,
    /// The endpoint does not know it.
    Unsupported,
}

impl HealthState {
    /// The word used in JSON and on screen.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Throttled => "throttled",
            Self::Denied => "denied",
            Self::Expired => "expired",
            Self::Unreachable => "unreachable",
            Self::Unsupported => "unsupported",
        }
    }
}

/// How an operation is doing, said when that changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// The operation.
    pub operation: Operation,
    /// Its state.
    pub state: HealthState,
    /// What AWS said, or what is still unknown; `None` when there is nothing to add.
    pub detail: Option<String>,
    /// When this state began.
    pub since: DateTime<Utc>,
}
