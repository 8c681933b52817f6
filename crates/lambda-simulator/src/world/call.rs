//! A request to a function, and who sent it.

use super::super::instant::Instant;

/// A request, with its throttles and failures so far.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// The function's place.
    pub(super) function: u32,
    /// The qualifier it names; see [`super::super::report::Lane`].
    pub(super) qualifier: u16,
    pub(super) caller: Caller,
    /// The seed of its request id.
    pub(super) request: u64,
    /// When it was first sent, or its event queued.
    pub(super) queued: Instant,
    pub(super) failures: u32,
    pub(super) throttles: u32,
    /// It fails at every attempt.
    pub(super) poisoned: bool,
    /// How many invocations led to it, one after the other.
    pub(super) hops: u32,
}

impl Call {
    /// The pause after a throttle, seconds: one at first and twice as long each time, up to `longest_s`.
    pub(super) fn backoff_s(&self, longest_s: f64) -> f64 {
        f64::from(1_u32 << self.throttles.saturating_sub(1).min(10)).min(longest_s)
    }
}

/// Who sends a request, which decides what happens after a throttle or a failure.
#[derive(Clone, Debug)]
pub(super) enum Caller {
    /// A synchronous caller.
    Synchronous,
    /// Lambda's own queue of asynchronous events.
    Asynchronous,
    /// The pollers of a queue, with the batch they received.
    Queue(Messages),
    /// The poller of a shard.
    Shard(u32),
}

/// A batch of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Messages {
    pub(super) sent: Instant,
    pub(super) count: u32,
    /// How often they were received.
    pub(super) receives: u32,
    pub(super) poisoned: bool,
}
