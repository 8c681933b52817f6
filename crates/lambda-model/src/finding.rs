//! What can be found wrong: the kinds of findings, named as the contract names them, and how bad a finding is.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident => $name:literal,)+) => {
        /// A kind of finding.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Kind { $($(#[$doc])* #[serde(rename = $name)] $variant,)+ }

        impl Kind {
            /// Every kind there is.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The contract's name, for example `throttle.reserved_limit`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

kinds! {
    /// Requests are throttled because the reservation is 0.
    ThrottleReservedZero => "throttle.reserved_zero",
    /// Requests are throttled because the reservation is in use.
    ThrottleReservedLimit => "throttle.reserved_limit",
    /// Requests are throttled because the Region's unreserved pool is in use.
    ThrottleUnreservedPool => "throttle.unreserved_pool",
    /// Requests are throttled above ten a second for each unit of concurrency.
    ThrottleRequestRate => "throttle.request_rate",
    /// Requests are throttled because environments are made no faster than 1,000 in ten seconds.
    ThrottleScalingRate => "throttle.scaling_rate",
    /// Requests are throttled, and no limit explains it.
    ThrottleUnknown => "throttle.unknown",
    /// The Region's limit is about to be reached.
    ConcurrencyNearLimit => "concurrency.near_limit",
    /// A function takes a large part of a pool that is scarce.
    ConcurrencyTopConsumer => "concurrency.top_consumer",
    /// Provisioned concurrency is full: requests start cold.
    ConcurrencyProvisionedSpillover => "concurrency.provisioned_spillover",
    /// Many invocations end in an error.
    ErrorsRate => "errors.rate",
    /// Invocations reach the timeout.
    ErrorsTimeout => "errors.timeout",
    /// Invocations are killed for want of memory.
    ErrorsOutOfMemory => "errors.out_of_memory",
    /// The longest invocations come close to the timeout.
    DurationNearTimeout => "duration.near_timeout",
    /// Invocations use nearly all memory.
    MemoryNearLimit => "memory.near_limit",
    /// Many invocations start cold.
    ColdStartSurge => "cold_start.surge",
    /// Asynchronous events wait longer and longer.
    AsyncBacklog => "async.backlog",
    /// Asynchronous events are given up.
    AsyncDropped => "async.dropped",
    /// A dead-letter queue grows.
    DeadLetterGrowing => "dead_letter.growing",
    /// Failed events do not even reach their target: they are lost.
    DeadLetterDeliveryFailing => "dead_letter.delivery_failing",
    /// An event source is not kept up with.
    EventSourceLagging => "event_source.lagging",
    /// An event source mapping is disabled.
    EventSourceDisabled => "event_source.disabled",
    /// Loop detection drops invocations.
    RecursionDropped => "recursion.dropped",
    /// A canary is worse than what it replaces.
    CanaryFailing => "canary.failing",
    /// An alias's traffic is not split as it is configured.
    CanarySplitOff => "canary.split_off",
    /// New code.
    ChangeCode => "change.code",
    /// Another configuration.
    ChangeConfiguration => "change.configuration",
    /// An alias points elsewhere or splits otherwise.
    ChangeAlias => "change.alias",
    /// Reserved or provisioned concurrency is another.
    ChangeConcurrency => "change.concurrency",
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// How bad a finding is, mildest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing: what changed.
    #[default]
    Info,
    /// It will hurt, or hurts a little.
    Warning,
    /// Requests fail or are lost now.
    Critical,
}

impl Severity {
    /// The word used in JSON and on screen.
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }

    /// The severity of this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Info, Self::Warning, Self::Critical].into_iter().find(|severity| severity.word() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_distinct_and_serialised_as_they_are() {
        for (place, kind) in Kind::ALL.iter().enumerate() {
            assert!(!Kind::ALL[..place].iter().any(|other| other.name() == kind.name()), "{kind}");
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
    }
}
