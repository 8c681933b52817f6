//! The tasks of a poller, and the operation that each begins with.

use lambda_model::metric::Metric;
use lambda_model::operation::Operation;
use lambda_model::{Arn, FunctionName};

use lambda_model::api::MetricQuery;

/// One thing to read: with one call, with the pages of one listing, or with a few calls that depend on each other.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Task {
    /// The account ID.
    Account,
    /// The Region's limits.
    Limits,
    /// The whole function list.
    Functions,
    /// The whole list of event source mappings.
    EventSources,
    /// The deployments under way.
    Deployments {
        /// Whether configurations that are not `CodeDeploy`'s own may be looked up.
        configs: bool,
    },
    /// One detail of one function.
    Detail(Detail, FunctionName),
    /// The dimension sets for which a metric was published lately.
    Active(Metric),
    /// Metric points.
    Points(MetricQuery),
    /// One queue's attributes.
    Queue(Arn),
}

/// What is read function by function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Detail {
    /// Reserved concurrency.
    Reserved,
    /// Aliases and their weights.
    Aliases,
    /// Provisioned concurrency.
    Provisioned,
    /// Asynchronous destinations.
    InvokeConfigs,
}

impl Detail {
    /// Every detail. Reserved concurrency comes first, because it explains throttles.
    pub(super) const ALL: [Self; 4] = [Self::Reserved, Self::Aliases, Self::Provisioned, Self::InvokeConfigs];

    /// The operation that reads it.
    pub(super) fn operation(self) -> Operation {
        match self {
            Self::Reserved => Operation::GetFunctionConcurrency,
            Self::Aliases => Operation::ListAliases,
            Self::Provisioned => Operation::ListProvisionedConcurrencyConfigs,
            Self::InvokeConfigs => Operation::ListFunctionEventInvokeConfigs,
        }
    }
}

impl Task {
    /// The operation it begins with. The task waits while that operation is paused.
    pub(super) fn operation(&self) -> Operation {
        match self {
            Self::Account => Operation::GetCallerIdentity,
            Self::Limits => Operation::GetAccountSettings,
            Self::Functions => Operation::ListFunctions,
            Self::EventSources => Operation::ListEventSourceMappings,
            Self::Deployments { .. } => Operation::ListDeployments,
            Self::Detail(detail, _) => detail.operation(),
            Self::Active(_) => Operation::ListMetrics,
            Self::Points(_) => Operation::GetMetricData,
            Self::Queue(_) => Operation::GetQueueAttributes,
        }
    }
}
