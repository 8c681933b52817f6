//! One run of a function's code: what its log lines and its metrics are made of.

use super::instant::Instant;

/// An invocation; while it runs, how it will end is already decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// The function's place in the scenario.
    pub function: u32,
    /// The version's place among the function's; 0 is `$LATEST`.
    pub version: u16,
    /// The environment's number among the function's: one log stream each.
    pub environment: u32,
    /// When the environment was made.
    pub born: Instant,
    /// The seed of the request id, which retries of an asynchronous event keep.
    pub request: u64,
    /// When it was accepted: the init phase, if there is one, begins here.
    pub started: Instant,
    /// Init or restore phase before the handler ran, microseconds; 0 in a warm environment.
    pub init_us: u32,
    /// The handler's time, microseconds.
    pub duration_us: u32,
    /// The most memory the environment has used so far, MB.
    pub used_mb: u32,
    /// How it started in its environment.
    pub start: Start,
    /// How it ends.
    pub outcome: Outcome,
}

/// How an invocation starts in its environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// It had run before.
    Warm,
    /// It was made for this invocation.
    Cold,
    /// It was restored from a snapshot for this invocation.
    Restored,
    /// It was provisioned, and this is its first invocation: no init is reported.
    Ready,
}

/// How an invocation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The handler returned.
    Success,
    /// The handler raised an error: an ordinary REPORT, and an application line with the error.
    HandlerError,
    /// The function's timeout was reached.
    Timeout,
    /// Killed, because it needed more memory than the function has.
    OutOfMemory,
    /// The init phase failed; the handler never ran.
    InitError,
}

impl Invocation {
    /// When the handler began: the START line.
    pub(crate) fn handler_began(&self) -> Instant {
        self.started + Instant(i64::from(self.init_us))
    }

    /// When it was over: the END and REPORT lines.
    pub fn ended(&self) -> Instant {
        self.handler_began() + Instant(i64::from(self.duration_us))
    }

    /// Whether it counts as an error.
    pub(crate) fn failed(&self) -> bool {
        self.outcome != Outcome::Success
    }
}
