//! From when on something is a finding, or marked on screen: every number that is compared with, by its setting's name.

/// The section `[findings]` of `lamtop.toml`. Shares are 0–1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thresholds {
    /// A finding opens when at least this number …
    pub raise: u32,
    /// … of this number of settled points show it; a strong one counts twice.
    pub raise_of: u32,
    /// The number of settled points in a row without it after which it closes.
    pub clear: u32,
    /// Claimed concurrency over the limit (or a function's over its reservation) from which it is nearly reached.
    pub near_limit: f64,
    /// A function's part of the limit from which it is a top consumer of a scarce pool.
    pub top_consumer: f64,
    /// errors / invocations.
    pub error_rate: f64,
    /// The same, critical.
    pub error_rate_critical: f64,
    /// Errors, or timeouts, fewer than which in a window are chance.
    pub least_errors: u32,
    /// The longest duration over the timeout.
    pub near_timeout: f64,
    /// The most memory used over the memory size.
    pub near_memory: f64,
    /// Cold starts over invocations.
    pub cold_starts: f64,
    /// Cold starts, fewer than which in a window are no surge.
    pub least_cold_starts: u32,
    /// The age of an asynchronous event from which events wait, seconds.
    pub async_age_s: u32,
    /// The age of the last record of a batch from which its function lags behind, seconds.
    pub iterator_age_s: u32,
    /// The age of a queue's oldest message from which its function lags behind, seconds.
    pub message_age_s: u32,
    /// How long a change is a finding after it was made, minutes.
    pub change_minutes: u32,
    /// A forecast further away than this is not shown, minutes.
    pub forecast_minutes: u32,
    /// errors / invocations from which an error rate is marked on screen; it is critical from `error_rate_critical` on.
    pub marked_error_rate: f64,
    /// The used part of a limit from which it is marked on screen.
    pub marked_use: f64,
    /// The same, critical.
    pub marked_use_critical: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            raise: 2,
            raise_of: 3,
            clear: 3,
            near_limit: 0.90,
            top_consumer: 0.20,
            error_rate: 0.03,
            error_rate_critical: 0.10,
            least_errors: 5,
            near_timeout: 0.80,
            near_memory: 0.90,
            cold_starts: 0.10,
            least_cold_starts: 10,
            async_age_s: 300,
            iterator_age_s: 60,
            message_age_s: 120,
            change_minutes: 60,
            forecast_minutes: 60,
            marked_error_rate: 0.01,
            marked_use: 0.80,
            marked_use_critical: 0.95,
        }
    }
}

/// The section `[canary]` of `lamtop.toml`: how a canary is judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CanaryTerms {
    /// A canary that fails more often by at most this share of its invocations is as good: 0.01 is one in a hundred.
    pub margin: f64,
    /// Its durations may be longer by this factor.
    pub slower: f64,
    /// The chance that a canary within the margin is ever called failing, over the whole deployment.
    pub false_fail: f64,
    /// The chance that one beyond it is ever passed.
    pub false_pass: f64,
}

impl Default for CanaryTerms {
    fn default() -> Self {
        Self { margin: 0.01, slower: 1.25, false_fail: 0.01, false_pass: 0.05 }
    }
}
