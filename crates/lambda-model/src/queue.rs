//! Where failed events end up: dead-letter queues, failure destinations, redrive queues.

use serde::{Deserialize, Serialize};

use super::Arn;

/// A queue's attributes that lamtop reads (`sqs:GetQueueAttributes`); AWS calls all of them approximate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueAttributes {
    /// Messages waiting.
    pub depth: u64,
    /// Messages received but not yet deleted.
    pub in_flight: u64,
    /// `RedrivePolicy.deadLetterTargetArn`: the queue poisoned messages move to.
    pub redrive_target: Option<Arn>,
}

/// Why failed events arrive at a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetRole {
    /// The function's own `DeadLetterConfig`.
    DeadLetterQueue,
    /// An `OnFailure` destination, of the function or of an event source.
    OnFailure,
    /// The redrive queue of an SQS event source.
    SourceRedrive,
}

/// The service of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetKind {
    /// An SQS queue: it has a depth.
    Sqs,
    /// An SNS topic: it has no depth.
    Sns,
    /// An S3 bucket.
    S3,
    /// Another function.
    Lambda,
    /// An `EventBridge` event bus.
    EventBus,
}

impl TargetKind {
    /// The kind by the target's ARN.
    pub(crate) fn of(arn: &Arn) -> Option<Self> {
        match arn.service()? {
            "sqs" => Some(Self::Sqs),
            "sns" => Some(Self::Sns),
            "s3" => Some(Self::S3),
            "lambda" => Some(Self::Lambda),
            "events" => Some(Self::EventBus),
            _ => None,
        }
    }
}

/// A place where a function's failed events end up.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FailureTarget {
    /// Why they arrive there.
    pub role: TargetRole,
    /// Which service it is.
    pub kind: TargetKind,
    /// The target.
    pub arn: Arn,
}

impl FailureTarget {
    /// A target by its ARN; `None` for a service Lambda does not deliver to.
    pub fn new(role: TargetRole, arn: &Arn) -> Option<Self> {
        Some(Self { role, kind: TargetKind::of(arn)?, arn: arn.clone() })
    }
}
