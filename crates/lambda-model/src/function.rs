//! A Lambda function and what is configured around it: aliases, concurrency, event sources.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Arn, FunctionName};

/// What `lambda:ListFunctions` tells about a function (`$LATEST`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FunctionInfo {
    /// The bare name.
    pub name: FunctionName,
    /// The unqualified ARN.
    pub arn: Arn,
    /// For example `nodejs22.x`; `None` for container images.
    pub runtime: Option<String>,
    /// Configured memory, MB.
    pub memory_mb: Option<u32>,
    /// Configured timeout, seconds.
    pub timeout_s: Option<u32>,
    /// When code or configuration last changed.
    pub last_modified: Option<DateTime<Utc>>,
    /// `CodeSha256` of its code; `None` where AWS did not say.
    pub code_sha256: Option<String>,
    /// Whether published versions start from a snapshot.
    pub snap_start: bool,
    /// `DeadLetterConfig.TargetArn`: an SQS queue or an SNS topic.
    pub dead_letter_target: Option<Arn>,
    /// `LoggingConfig.LogGroup`; `None` where AWS did not say, which means the default group.
    pub log_group: Option<String>,
    /// `LoggingConfig.SystemLogLevel`: `DEBUG`, `INFO` or `WARN`; `None` where the log format is Text, which has no
    /// levels.
    pub system_log_level: Option<String>,
}

impl FunctionInfo {
    /// Whether the platform logs failed invocations only (docs/aws.md#system-log-level).
    pub fn logs_failures_only(&self) -> bool {
        self.system_log_level.as_deref() == Some("WARN")
    }

    /// The log group: the configured one, else `/aws/lambda/NAME`.
    pub fn log_group_name(&self) -> String {
        self.log_group.clone().unwrap_or_else(|| format!("/aws/lambda/{}", self.name))
    }
}

/// A Lambda alias and its routing configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alias {
    /// The alias's name.
    pub name: String,
    /// The version that gets the rest of the traffic.
    pub version: String,
    /// `AdditionalVersionWeights`: version -> weight, 0.0–1.0.
    pub additional: BTreeMap<String, f64>,
}

impl Alias {
    /// Each version's configured weight: the primary first (1 − the additional weights), never below 0.
    pub fn weights(&self) -> Vec<(&str, f64)> {
        let rest = 1.0 - self.additional.values().sum::<f64>();
        // A decimal such as 1 − 0.1 − 0.2 is not exact in binary; weights have at most 5 useful digits.
        let primary = ((rest * 1e6).round() / 1e6).max(0.0);
        std::iter::once((self.version.as_str(), primary))
            .chain(self.additional.iter().map(|(version, weight)| (version.as_str(), *weight)))
            .collect()
    }
}

/// One provisioned concurrency configuration of a function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Provisioned {
    /// The alias or version it belongs to.
    pub qualifier: String,
    /// Environments asked for.
    pub requested: u32,
    /// Environments ready now.
    pub available: u32,
    /// Environments allocated; this is what claims concurrency from the pool.
    pub allocated: u32,
}

/// The asynchronous invocation settings of one qualifier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InvokeConfig {
    /// Alias, version or `$LATEST`.
    pub qualifier: String,
    /// Where events go that could not be processed.
    pub on_failure: Option<Arn>,
}

/// The service an event source mapping reads from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventSourceKind {
    /// An SQS queue.
    Sqs,
    /// A Kinesis data stream or consumer.
    Kinesis,
    /// A `DynamoDB` stream.
    Dynamodb,
    /// Amazon MSK or self-managed Apache Kafka.
    Kafka,
    /// Amazon MQ.
    Mq,
    /// A `DocumentDB` change stream.
    Documentdb,
}

impl EventSourceKind {
    /// The kind by the event source's ARN; self-managed Kafka has no ARN.
    pub fn of(arn: Option<&Arn>) -> Option<Self> {
        match arn.map(Arn::service) {
            None | Some(Some("kafka")) => Some(Self::Kafka),
            Some(Some("sqs")) => Some(Self::Sqs),
            Some(Some("kinesis")) => Some(Self::Kinesis),
            Some(Some("dynamodb")) => Some(Self::Dynamodb),
            Some(Some("mq")) => Some(Self::Mq),
            Some(Some("rds" | "docdb")) => Some(Self::Documentdb),
            Some(_) => None,
        }
    }

    /// The word used in JSON and on screen.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sqs => "sqs",
            Self::Kinesis => "kinesis",
            Self::Dynamodb => "dynamodb",
            Self::Kafka => "kafka",
            Self::Mq => "mq",
            Self::Documentdb => "documentdb",
        }
    }
}

/// An event source mapping: what polls a queue or stream and invokes the function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventSource {
    /// The mapping's UUID.
    pub uuid: String,
    /// The function it invokes.
    pub function: FunctionName,
    /// The queue or stream; `None` for self-managed Kafka.
    pub source: Option<Arn>,
    /// `None` for a service lamtop does not know.
    pub kind: Option<EventSourceKind>,
    /// `Enabled`, `Disabled`, `Creating` … as AWS says it.
    pub state: String,
    /// The largest batch.
    pub batch_size: Option<u32>,
    /// `ScalingConfig.MaximumConcurrency` of an SQS source.
    pub maximum_concurrency: Option<u32>,
    /// The failure destination of a stream or Kafka source.
    pub on_failure: Option<Arn>,
    /// Whether its `MetricsConfig` asks for `EventCount`: only then are there metrics of the mapping's own.
    pub event_count: bool,
}

/// The Region's concurrency limits (`lambda:GetAccountSettings`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountLimits {
    /// The account's concurrency limit in the Region.
    pub concurrent_executions: u32,
    /// The limit less every function's reservation.
    pub unreserved_concurrent_executions: Option<u32>,
}

/// A CloudWatch Logs log group as `logs:DescribeLogGroups` tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogGroup {
    /// The group's name.
    pub name: String,
    /// `STANDARD`, `INFREQUENT_ACCESS` or `DELIVERY`.
    pub class: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_primary_version_gets_what_is_left() {
        let alias = |additional: &[(&str, f64)]| Alias {
            name: "live".into(),
            version: "7".into(),
            additional: additional.iter().map(|(version, weight)| ((*version).to_string(), *weight)).collect(),
        };
        assert_eq!(alias(&[]).weights(), [("7", 1.0)]);
        assert_eq!(alias(&[("8", 0.1)]).weights(), [("7", 0.9), ("8", 0.1)]);
        assert_eq!(alias(&[("8", 0.3)]).weights(), [("7", 0.7), ("8", 0.3)]);
        assert_eq!(alias(&[("8", 1.0)]).weights(), [("7", 0.0), ("8", 1.0)]);
    }
}
