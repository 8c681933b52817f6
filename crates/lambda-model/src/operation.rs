//! The AWS operations lamtop calls: all of them read, none of them changes anything.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! operations {
    ($($(#[$doc:meta])* $variant:ident => $action:literal,)+) => {
        /// An AWS operation, named by its IAM action.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Operation { $($(#[$doc])* #[serde(rename = $action)] $variant,)+ }

        impl Operation {
            /// Every operation lamtop calls.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The IAM action, for example `lambda:ListFunctions`.
            pub fn action(self) -> &'static str {
                match self { $(Self::$variant => $action,)+ }
            }
        }
    };
}

operations! {
    /// Which account this is; needs no permission.
    GetCallerIdentity => "sts:GetCallerIdentity",
    /// The Region's concurrency limits.
    GetAccountSettings => "lambda:GetAccountSettings",
    /// All functions, 50 a page.
    ListFunctions => "lambda:ListFunctions",
    /// A function's aliases and their routing weights.
    ListAliases => "lambda:ListAliases",
    /// A function's reserved concurrency.
    GetFunctionConcurrency => "lambda:GetFunctionConcurrency",
    /// A function's provisioned concurrency.
    ListProvisionedConcurrencyConfigs => "lambda:ListProvisionedConcurrencyConfigs",
    /// A function's asynchronous destinations.
    ListFunctionEventInvokeConfigs => "lambda:ListFunctionEventInvokeConfigs",
    /// All event source mappings of the Region.
    ListEventSourceMappings => "lambda:ListEventSourceMappings",
    /// The deployments under way.
    ListDeployments => "codedeploy:ListDeployments",
    /// What is deployed, how and since when.
    BatchGetDeployments => "codedeploy:BatchGetDeployments",
    /// What a deployment deploys to.
    ListDeploymentTargets => "codedeploy:ListDeploymentTargets",
    /// The alias a deployment shifts, and between which versions.
    BatchGetDeploymentTargets => "codedeploy:BatchGetDeploymentTargets",
    /// How a deployment configuration of one's own shifts traffic.
    GetDeploymentConfig => "codedeploy:GetDeploymentConfig",
    /// Which metrics were published in the last three hours.
    ListMetrics => "cloudwatch:ListMetrics",
    /// Metric points; billed per metric.
    GetMetricData => "cloudwatch:GetMetricData",
    /// A function's log group and its class.
    DescribeLogGroups => "logs:DescribeLogGroups",
    /// Log events of a group; polls it, and fills the gaps of a Live Tail.
    FilterLogEvents => "logs:FilterLogEvents",
    /// Live Tail of up to ten log groups; billed by the minute.
    StartLiveTail => "logs:StartLiveTail",
    /// The shards of the Kinesis stream that a subscription filter feeds.
    ListShards => "kinesis:ListShards",
    /// Where to begin to read a shard.
    GetShardIterator => "kinesis:GetShardIterator",
    /// A shard's records.
    GetRecords => "kinesis:GetRecords",
    /// A queue's URL.
    GetQueueUrl => "sqs:GetQueueUrl",
    /// A queue's depth and redrive policy.
    GetQueueAttributes => "sqs:GetQueueAttributes",
}

impl fmt::Display for Operation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.action())
    }
}
