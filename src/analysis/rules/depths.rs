//! Whether a queue fills: its depth, minute by minute, from the readings. It does not know what the queue is for.

use super::case::Case;
use super::held::{Held, Sign};
use crate::store::state::QueueState;
use lambda_model::Arn;
use lambda_model::time::Minute;

/// The most minutes between a reading and the one before: further apart they do not show when the queue grew.
const BEFORE_MINUTES: i64 = 5;
/// Messages a minute from which a queue grows without doubt: AWS calls its numbers approximate.
const CLEARLY: u64 = 2;

impl Case<'_> {
    /// Since when the queue has been growing, if it is.
    ///
    /// Readings are of their instant and never restated: the minute that still runs counts too.
    pub(super) fn filling(&self, queue: &Arn) -> Option<Held> {
        let readings = self.state.queues.get(queue)?;
        let unsettled = self.settled().0 + 1..=Minute::of(self.now).0;
        let minutes = self.minutes().chain(unsettled.map(Minute));
        let points = minutes.map(|minute| (minute.start(), sign(readings, minute)));
        super::held::held(self.thresholds(), points)
    }
}

fn sign(readings: &QueueState, minute: Minute) -> Sign {
    let before = (minute.0 - BEFORE_MINUTES..minute.0).rev().map(Minute).find_map(|minute| depth(readings, minute));
    match before.zip(depth(readings, minute)) {
        None => Sign::Unknown,
        Some((before, now)) if now >= before + CLEARLY => Sign::Strong,
        Some((before, now)) => Sign::weak(now > before),
    }
}

/// The last reading of a minute.
fn depth(readings: &QueueState, minute: Minute) -> Option<u64> {
    let after = readings.depths.partition_point(|(at, _)| Minute::of(*at) <= minute);
    let (at, depth) = readings.depths.get(after.checked_sub(1)?)?;
    (Minute::of(*at) == minute).then_some(*depth)
}
