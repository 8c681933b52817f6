//! What to look at, in one word per function: the worst thing that is true of it.

use super::meaning::Meaning;
use crate::analysis::ratio;
use crate::snapshot::FunctionSnapshot;

/// The worst thing that is true of a function, mildest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Nothing current is known.
    Idle,
    /// It runs, and nothing is wrong.
    Ok,
    /// Messages wait in a dead-letter queue.
    DeadLetters,
    /// Some invocations fail.
    Errors,
    /// Its reservation is 0: every request is refused, on purpose.
    Stopped,
    /// Events are lost: given up, or not accepted by the dead-letter target.
    Losing,
    /// Requests are refused.
    Throttled,
    /// Many invocations fail.
    Failing,
}

/// The share of failed invocations that is worth a look, and that is an alarm. Defaults of the field
/// (1 % and 10 % of invocations).
const ERRORS_WARNING: f64 = 0.01;
const ERRORS_CRITICAL: f64 = 0.10;

impl Status {
    /// The status of `function` by its newest complete minute.
    pub fn of(function: &FunctionSnapshot) -> Self {
        let metrics = &function.metrics;
        let some = |value: Option<f64>| value.is_some_and(|value| value > 0.0);
        let error_rate = metrics.error_rate.unwrap_or(0.0);
        if error_rate >= ERRORS_CRITICAL {
            Self::Failing
        } else if function.state.reserved.as_ref().is_some_and(|reserved| reserved.value == Some(0)) {
            Self::Stopped
        } else if some(metrics.throttles) {
            Self::Throttled
        } else if some(metrics.async_events_dropped)
            || some(metrics.dead_letter_errors)
            || some(metrics.destination_delivery_failures)
        {
            Self::Losing
        } else if error_rate >= ERRORS_WARNING {
            Self::Errors
        } else if function.dead_letters_waiting().is_some_and(|waiting| waiting > 0) {
            Self::DeadLetters
        } else if metrics.as_of.is_some() {
            Self::Ok
        } else {
            Self::Idle
        }
    }

    /// The word in the table; colour alone never tells.
    pub fn label(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Ok => "ok",
            Self::DeadLetters => "dead-ltrs",
            Self::Errors => "errors",
            Self::Stopped => "STOPPED",
            Self::Losing => "LOSING",
            Self::Throttled => "THROTTLED",
            Self::Failing => "FAILING",
        }
    }

    /// What the word means.
    pub fn meaning(self) -> Meaning {
        match self {
            Self::Idle => Meaning::Muted,
            Self::Ok => Meaning::Ok,
            Self::DeadLetters | Self::Errors => Meaning::Warning,
            Self::Stopped | Self::Losing | Self::Throttled | Self::Failing => Meaning::Critical,
        }
    }

    /// What the function's name means beside it: the word and the numbers give the alarm, the name is to be read.
    pub fn name_meaning(self) -> Meaning {
        match self {
            Self::Idle => Meaning::Muted,
            _ => Meaning::Normal,
        }
    }

    /// Whether an operator should look.
    pub fn wants_attention(self) -> bool {
        self > Self::Ok
    }

    /// What an error rate means.
    pub fn error_meaning(rate: Option<f64>) -> Meaning {
        match rate {
            Some(rate) if rate >= ERRORS_CRITICAL => Meaning::Critical,
            Some(rate) if rate >= ERRORS_WARNING => Meaning::Warning,
            _ => Meaning::Normal,
        }
    }

    /// What a share of a limit means: near it from 80 %, at it from 95 %.
    pub fn utilisation_meaning(part: Option<f64>, whole: Option<f64>) -> Meaning {
        match ratio(part, whole) {
            Some(share) if share >= 0.95 => Meaning::Critical,
            Some(share) if share >= 0.80 => Meaning::Warning,
            Some(_) => Meaning::Ok,
            None => Meaning::Muted,
        }
    }
}
