//! How often an account is asked, as the settings say.

use chrono::TimeDelta;

/// How often things are asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cadence {
    /// Ask everything once, then be done.
    pub once: bool,
    /// Control-plane calls a second.
    pub inventory_rate: f64,
    /// With `once`: how long the inventory may take, seconds.
    pub inventory_seconds: u32,
    /// Between two reads of the metrics of what is on screen.
    pub refresh: TimeDelta,
    /// Between two reads of the metrics of everything else that is active; in whole steps of `refresh`.
    pub background: TimeDelta,
    /// Minutes of history of a series that is asked for the first time.
    pub history_minutes: i64,
    /// Minutes read again each time: CloudWatch stamps a point with the start of its invocation and
    /// publishes it at the end, so old minutes change for as long as functions run (docs/aws.md#late-points).
    pub trailing_minutes: i64,
    /// Between two reads of a queue.
    pub queues: TimeDelta,
}
