//! Queues and topics: their messages, and how long these wait.

use std::collections::VecDeque;

use super::super::instant::Instant;
use super::super::ledger::Ledger;
use super::call::Messages;

/// A standard SQS queue.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    pub(super) name: String,
    /// The redrive queue, by place, and the most receives of a message.
    pub(super) redrive: Option<(usize, u32)>,
    pub(super) visible: VecDeque<Messages>,
    pub(super) depth: u64,
    /// Received and neither deleted nor visible again.
    pub(super) in_flight: u64,
    /// The age of the oldest message when a minute ended, seconds.
    pub(super) oldest_s: Ledger<Option<u32>>,
}

impl Queue {
    /// Messages arrive, or become visible again.
    pub(super) fn put(&mut self, messages: Messages) {
        self.depth += u64::from(messages.count);
        self.visible.push_back(messages);
    }

    /// Receives the oldest batch that waits.
    pub(super) fn receive(&mut self) -> Option<Messages> {
        let mut messages = self.visible.pop_front()?;
        messages.receives += 1;
        self.depth -= u64::from(messages.count);
        self.in_flight += u64::from(messages.count);
        Some(messages)
    }

    /// A received batch is deleted or becomes visible again: it is no longer in flight.
    pub(super) fn settle(&mut self, messages: Messages) {
        self.in_flight -= u64::from(messages.count);
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.visible.is_empty()
    }

    /// A minute ends.
    pub(super) fn note_age(&mut self, minute: i64) {
        let end = Instant::start_of(minute + 1);
        // Messages that became visible again are at the end, so the oldest is not always the first.
        let oldest = if self.in_flight > 0 || self.redrive.is_some() {
            self.visible.iter().map(|messages| messages.sent).min()
        } else {
            self.visible.front().map(|messages| messages.sent)
        };
        *self.oldest_s.entry(minute) = oldest.map(|sent| (end - sent).s().round() as u32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_wait_are_received_and_come_back() {
        let mut queue = Queue::default();
        for sent in [1.0, 2.0] {
            queue.put(Messages { sent: Instant::of_s(sent), count: 10, receives: 0, poisoned: false });
        }
        let first = queue.receive().unwrap();
        assert_eq!((first.sent, first.receives, queue.depth, queue.in_flight), (Instant::of_s(1.0), 1, 10, 10));
        queue.settle(first);
        queue.put(first);
        queue.note_age(0);
        assert_eq!(queue.oldest_s.get(0), Some(&Some(58)), "the second is older at its place");
        let order: Vec<_> = std::iter::from_fn(|| queue.receive()).map(|messages| messages.receives).collect();
        assert_eq!(order, [1, 2]);
        assert!(queue.is_empty());
        queue.note_age(1);
        assert_eq!((queue.depth, queue.in_flight, queue.oldest_s.get(1)), (0, 20, Some(&None)));
    }
}
