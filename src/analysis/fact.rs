//! A fact that a finding or a verdict rests on: a number with its quantity, and what it is compared with. Data only:
//! `view::facts` writes it down.

use chrono::{DateTime, Utc};

use super::forecast::Basis;
use lambda_model::FunctionName;
use lambda_model::queue::FailureTarget;

/// One fact.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// What it is about.
    pub subject: Subject,
    /// What was measured.
    pub quantity: Quantity,
    /// The number; `None` where it is not known, or where only a range is.
    pub value: Option<f64>,
    /// The whole that the value is a part of.
    pub of: Option<f64>,
    /// What it is compared with: a limit, a setting or a threshold.
    pub limit: Option<f64>,
    /// What it was before.
    pub before: Option<f64>,
    /// Where the value lies.
    pub range: Option<(f64, f64)>,
    /// When it was so.
    pub at: Option<DateTime<Utc>>,
    /// The time that it is a sum over, seconds.
    pub over_s: Option<f64>,
    /// Whether the true value may be another.
    pub bound: Bound,
    /// Where it was read, where there is more than one source.
    pub source: Option<Basis>,
}

/// Whether a value is exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bound {
    /// It is as it was measured.
    #[default]
    Exact,
    /// It may be more.
    AtLeast,
    /// It may be less.
    AtMost,
}

impl Bound {
    /// The word used in JSON.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::AtLeast => "at_least",
            Self::AtMost => "at_most",
        }
    }
}

/// What a fact is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Subject {
    /// What the finding is about: its function, or the Region.
    #[default]
    Itself,
    /// The Region.
    Region,
    /// A function.
    Function(FunctionName),
    /// An alias of the function.
    Alias(String),
    /// A version of the function.
    Version(String),
    /// A queue or a stream that feeds the function.
    EventSource(String),
    /// A place for failed events.
    Target(FailureTarget),
    /// A kind of error, by its text.
    Error(String),
    /// A setting of the function with both of its values.
    Setting(String),
}

/// What a number counts or measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Things.
    Count,
    /// Things a minute.
    PerMinute,
    /// Things a second.
    PerSecond,
    /// A part of a whole, 0–1.
    Share,
    /// A difference of two shares.
    ShareDifference,
    /// A factor.
    Ratio,
    /// Time.
    Seconds,
    /// Memory.
    Megabytes,
    /// No number: that it is so is the fact.
    Nothing,
}

impl Unit {
    /// The word used in JSON.
    pub(crate) fn word(self) -> Option<&'static str> {
        Some(match self {
            Self::Count => "count",
            Self::PerMinute => "per_minute",
            Self::PerSecond => "per_second",
            Self::Share => "share",
            Self::ShareDifference => "share_difference",
            Self::Ratio => "ratio",
            Self::Seconds => "seconds",
            Self::Megabytes => "megabytes",
            Self::Nothing => return None,
        })
    }
}

macro_rules! quantities {
    ($($variant:ident => $name:literal $unit:ident $doc:literal,)+) => {
        /// What a fact measures.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Quantity { $(#[doc = $doc] $variant,)+ }

        impl Quantity {
            /// Every quantity there is.
            #[cfg(test)]
            const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The name used in JSON; with spaces it is what people read.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The unit of its values.
            pub(crate) fn unit(self) -> Unit {
                match self { $(Self::$variant => Unit::$unit,)+ }
            }
        }
    };
}

quantities! {
    MinutesSeen => "minutes_seen" Count "Settled points that showed the trouble.",
    Requests => "requests" PerMinute "Invocations and throttled requests.",
    RequestRate => "request_rate" PerSecond "The same, a second; the limit is ten for each unit of concurrency.",
    ThrottledRequests => "throttled_requests" Count "Throttled requests, of all requests.",
    ThrottledFunctions => "throttled_functions" Count "Functions with throttled requests.",
    FailedRequests => "failed_requests" Count "Requests that failed for the caller: throttled ones and errors.",
    Invocations => "invocations" Count "Invocations.",
    Errors => "errors" Count "Invocations that failed, of all.",
    ErrorRate => "error_rate" Share "Errors over invocations.",
    ThrottleRate => "throttle_rate" Share "Throttled requests over all requests.",
    Occurrences => "occurrences" Count "Errors of one kind; the instant is that of the first.",
    Timeouts => "timeouts" Count "Invocations that reached the timeout, of all.",
    OutOfMemory => "out_of_memory" Count "Invocations that were killed for want of memory, of all.",
    NearTimeout => "near_timeout" Count "Invocations that came near the timeout, of all.",
    Timeout => "timeout" Seconds "The function's timeout.",
    TimeoutShare => "part_of_timeout" Share "The longest duration over the timeout.",
    AverageDuration => "average_duration" Seconds "The average duration.",
    MedianDuration => "median_duration" Seconds "The median duration.",
    P99Duration => "p99_duration" Seconds "The 99th percentile of the durations.",
    LongestDuration => "longest_duration" Seconds "The longest duration.",
    MemoryUsed => "memory_used" Megabytes "The most memory that an invocation used; the limit is the memory size.",
    MemorySize => "memory_size" Megabytes "The function's memory size.",
    MemoryShare => "part_of_memory" Share "The most memory used over the memory size.",
    ColdStarts => "cold_starts" Count "Invocations that waited for a new environment, of all.",
    ColdStartShare => "part_of_cold_starts" Share "Cold starts over invocations.",
    InitDuration => "median_init_duration" Seconds "The median time that a cold start takes.",
    Concurrency => "concurrency" Count "Environments in use; the limit is the reservation or the Region's.",
    ReservedConcurrency => "reserved_concurrency" Count "The reservation; no value is no reservation.",
    ProvisionedConcurrency => "provisioned_concurrency" Count "Provisioned environments.",
    ProvisionedSpillover => "provisioned_spillover" Count "Invocations beyond provisioned concurrency, of all.",
    ClaimedConcurrency => "claimed_concurrency" Count "What is in use or set aside of the Region's limit.",
    PoolShare => "part_of_pool" Share "Concurrency over the Region's limit.",
    PoolScarce => "pool_scarce" Nothing "When the unreserved pool became scarce.",
    LimitReachedIn => "limit_reached_in" Seconds "When the limit will be reached at this rate.",
    OldestEventAge => "oldest_event_age" Seconds "How long the oldest asynchronous event waited.",
    MaximumEventAge => "maximum_event_age" Seconds "The age at which Lambda drops an asynchronous event.",
    AsyncEventsReceived => "async_events_received" Count "Asynchronous events that came in.",
    AsyncEventsDropped => "async_events_dropped" Count "Asynchronous events that Lambda dropped.",
    FailureTargets => "failure_targets" Count "Places for failed events; no value where they were not read.",
    FailureTarget => "failure_target" Nothing "A place for failed events.",
    LostEvents => "lost_events" PerMinute "Failed events that nothing keeps.",
    DeadLetterErrors => "dead_letter_errors" Count "Events that did not reach the dead-letter queue.",
    DestinationDeliveryFailures => "destination_delivery_failures" Count "Events that did not reach a destination.",
    NotificationsFailed => "notifications_failed" Count "Notifications that a topic did not deliver.",
    MessagesArriving => "messages_arriving" PerMinute "Messages that a target gets.",
    MessagesWaiting => "messages_waiting" Count "Messages in a queue.",
    MessagesGrowth => "queue_growth" PerMinute "Messages by which a queue grows.",
    OldestMessageAge => "oldest_message_age" Seconds "How long the oldest message of a queue has waited.",
    TimeToRetryAll => "time_to_retry_all" Seconds "How long all messages take at the present rate of invocations.",
    IteratorAge => "iterator_age" Seconds "How old the last record of a stream's batch was.",
    AgeRise => "age_rise" Seconds "How much older it got.",
    MappingDisabled => "mapping_disabled" Nothing "The event source mapping is disabled.",
    MappingDisabling => "mapping_disabling" Nothing "The event source mapping is being disabled.",
    RecursiveInvocationsDropped => "recursive_invocations_dropped" Count "Invocations that loop detection dropped.",
    RecursionRounds => "rounds_before_a_loop_is_stopped" Count "Rounds after which loop detection acts.",
    ErrorRateDifference => "error_rate_difference" ShareDifference "The canary's error rate less the baseline's.",
    ErrorsWithinMargin => "errors_within_margin" Nothing "Since when the canary's errors are within the margin.",
    ErrorsBeyondMargin => "errors_beyond_margin" Nothing "Since when they are beyond it.",
    DurationRatio => "duration_ratio" Ratio "The canary's durations over the baseline's.",
    DurationsWithinMargin => "durations_within_margin" Nothing "Since when the durations are within the margin.",
    DurationsBeyondMargin => "durations_beyond_margin" Nothing "Since when they are beyond it.",
    MinutesCounted => "minutes_counted" Count "Minutes that a verdict rests on, from the instant on.",
    Weight => "weight" Share "The part of an alias's traffic that a version is configured to get.",
    TrafficShare => "traffic_share" Share "The part that it got.",
    AliasChanged => "alias_changed" Nothing "When the alias was last changed.",
    AliasChangeNotSeen => "alias_change_not_seen" Nothing "When the weights were set was not seen.",
    Changed => "changed" Nothing "When it was changed, or that a setting was.",
    LastSeenUnchanged => "last_seen_unchanged" Nothing "When it was last seen as it was before.",
    LastModified => "last_modified" Nothing "When AWS says that code or configuration was modified.",
    RecentChanges => "recent_changes" Count "Changes of this kind; the instant is that of the newest.",
}

impl Fact {
    /// A fact about what the finding is about; the other fields are added to it.
    pub fn new(quantity: Quantity, value: impl Into<Option<f64>>) -> Self {
        Self {
            subject: Subject::Itself,
            quantity,
            value: value.into(),
            of: None,
            limit: None,
            before: None,
            range: None,
            at: None,
            over_s: None,
            bound: Bound::Exact,
            source: None,
        }
    }

    /// A fact without a number, of an instant.
    pub(crate) fn instant(quantity: Quantity, at: DateTime<Utc>) -> Self {
        Self::new(quantity, None).at(at)
    }

    /// The same about something else.
    #[must_use]
    pub fn about(self, subject: Subject) -> Self {
        Self { subject, ..self }
    }

    /// The same as a part of `whole`.
    #[must_use]
    pub fn of(self, whole: f64) -> Self {
        Self { of: Some(whole), ..self }
    }

    /// The same compared with `limit`.
    #[must_use]
    pub fn limit(self, limit: impl Into<Option<f64>>) -> Self {
        Self { limit: limit.into(), ..self }
    }

    /// The same with what it was before.
    #[must_use]
    pub fn before(self, before: impl Into<Option<f64>>) -> Self {
        Self { before: before.into(), ..self }
    }

    /// The same with where it lies.
    #[must_use]
    pub(crate) fn range(self, range: impl Into<Option<(f64, f64)>>) -> Self {
        Self { range: range.into(), ..self }
    }

    /// The same at an instant.
    #[must_use]
    pub(crate) fn at(self, at: DateTime<Utc>) -> Self {
        Self { at: Some(at), ..self }
    }

    /// The same as a sum over some minutes.
    #[must_use]
    pub(crate) fn over_minutes(self, minutes: f64) -> Self {
        Self { over_s: Some(60.0 * minutes), ..self }
    }

    /// The same, where it may be less.
    #[must_use]
    pub fn at_most(self) -> Self {
        Self { bound: Bound::AtMost, ..self }
    }

    /// The same, where it may be more.
    #[must_use]
    pub(crate) fn at_least(self) -> Self {
        Self { bound: Bound::AtLeast, ..self }
    }

    /// The same with where it was read.
    #[must_use]
    pub(crate) fn read_from(self, source: Basis) -> Self {
        Self { source: Some(source), ..self }
    }

    /// The value a minute, of a sum over some time.
    pub(crate) fn per_minute(&self) -> Option<f64> {
        Some(self.value? / self.over_s.unwrap_or(60.0) * 60.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_distinct() {
        for (place, quantity) in Quantity::ALL.iter().enumerate() {
            assert!(!Quantity::ALL[..place].iter().any(|other| other.name() == quantity.name()), "{quantity:?}");
        }
    }

    #[test]
    fn a_sum_has_a_rate() {
        let sum = Fact::new(Quantity::Errors, 12.0);
        assert_eq!((sum.per_minute(), sum.clone().over_minutes(4.0).per_minute()), (Some(12.0), Some(3.0)));
    }
}
