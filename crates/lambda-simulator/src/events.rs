//! The queue of future events, in order of time; events at the same instant happen in the order in which they were planned.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::instant::Instant;

/// A future event. Numbers are indices: of functions, running invocations and waiting requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A function's own callers send the next request.
    Arrival(u32),
    /// A function's rate changes: the next arrival is drawn anew.
    Rate(u32),
    /// An invocation is over.
    Finish(u32),
    /// A waiting request is sent.
    Call(u32),
    /// The pollers of a function's queue may have become more.
    Pollers(u32),
    /// A function's configuration changes.
    Configuration(u32),
    /// A minute ends.
    Minute,
}

/// Planned events.
#[derive(Debug, Default)]
pub(super) struct Events {
    planned: BinaryHeap<Planned>,
    count: u64,
    /// The first one planned is the one that happens now. Most events plan another, which then takes its
    /// place: one step through the heap in place of two.
    happening: bool,
}

/// An event and its place in the order: the instant, and in the low bits a running number.
#[derive(Debug)]
struct Planned {
    order: u64,
    event: Event,
}

/// Bits of the running number: 65,536 events may be due at one microsecond before their order mixes, and
/// instants reach eight years.
const NUMBER_BITS: u32 = 16;

impl PartialEq for Planned {
    fn eq(&self, other: &Self) -> bool {
        self.order == other.order
    }
}

impl Eq for Planned {}

impl PartialOrd for Planned {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Planned {
    /// The heap has the greatest on top: that is the first.
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        other.order.cmp(&self.order)
    }
}

impl Events {
    /// Plans `event` for `at`, which is not before what happens now.
    #[inline]
    pub(super) fn plan(&mut self, at: Instant, event: Event) {
        self.count += 1;
        let number = self.count & ((1 << NUMBER_BITS) - 1);
        let planned = Planned { order: at.0.max(0).cast_unsigned() << NUMBER_BITS | number, event };
        match self.planned.peek_mut() {
            Some(mut first) if self.happening => *first = planned,
            first => {
                drop(first);
                self.planned.push(planned);
            }
        }
        self.happening = false;
    }

    /// The next event, if it is due by `until`.
    #[inline]
    pub(super) fn next(&mut self, until: Instant) -> Option<(Instant, Event)> {
        if self.happening {
            self.planned.pop();
        }
        self.happening = false;
        let first = self.planned.peek()?;
        let at = Instant((first.order >> NUMBER_BITS).cast_signed());
        self.happening = at <= until;
        self.happening.then_some((at, first.event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_in_order_and_not_before_their_time() {
        let mut events = Events::default();
        for (at, event) in [(5, Event::Minute), (3, Event::Finish(1)), (5, Event::Arrival(2)), (9, Event::Call(3))] {
            events.plan(Instant(at), event);
        }
        let due: Vec<_> = std::iter::from_fn(|| events.next(Instant(5))).collect();
        assert_eq!(due, [(Instant(3), Event::Finish(1)), (Instant(5), Event::Minute), (Instant(5), Event::Arrival(2))]);
        assert_eq!(events.next(Instant(8)), None);
        assert_eq!(events.next(Instant(9)), Some((Instant(9), Event::Call(3))));
    }
}
