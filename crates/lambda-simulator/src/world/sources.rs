//! Event sources: the pollers of queues, which return failed batches, and of shards, which retry until success.

use super::super::events::Event;
use super::super::instant::Instant;
use super::super::scenario::Source;
use super::World;
use super::call::{Call, Caller, Messages};
use super::function::{POLLERS, Poller};

/// While messages wait, a queue's pollers become 300 more a minute (docs/aws.md#queue-scaling): five more each second.
/// How fast they idle down AWS does not say.
const MORE_POLLERS: u32 = 5;
const MORE_POLLERS_AFTER: Instant = Instant(Instant::SECOND);
/// Seconds until a failed batch of a shard is retried. A throttled one is retried after a back-off.
const SHARD_RETRY_S: f64 = 0.2;
const LONGEST_SHARD_BACKOFF_S: f64 = 60.0;

impl World {
    /// A batch arrives at the function's event source.
    pub(super) fn deliver(&mut self, place: u32, poisoned: bool) {
        let function = &self.scenario.functions[place as usize];
        let count = match &function.source {
            Some(Source::Sqs { batch_size, .. } | Source::Kinesis { batch_size, .. }) => *batch_size,
            None => return,
        };
        let messages = Messages { sent: self.now, count, receives: 0, poisoned };
        let state = &mut self.functions[place as usize];
        match &mut state.poller {
            Some(Poller::Queue { queue, .. }) => self.queues[*queue].put(messages),
            Some(Poller::Stream { shards, .. }) => {
                let shard = state.arrivals.below(shards.len() as u64) as usize;
                shards[shard].waiting.push_back(messages);
            }
            None => return,
        }
        self.pump(place);
    }

    /// Lets idle pollers receive waiting messages.
    pub(super) fn pump(&mut self, place: u32) {
        match &self.functions[place as usize].poller {
            Some(Poller::Queue { .. }) => self.pump_queue(place),
            Some(Poller::Stream { enabled: true, shards }) => {
                let idle = |(_, shard): &(usize, &super::function::Shard)| !shard.busy && !shard.waiting.is_empty();
                let due: Vec<u32> = shards.iter().enumerate().filter(idle).map(|(place, _)| place as u32).collect();
                for shard in due {
                    self.pump_shard(place, shard);
                }
            }
            Some(Poller::Stream { .. }) | None => {}
        }
    }

    // --- Queues ---

    fn pump_queue(&mut self, place: u32) {
        loop {
            let Some(Poller::Queue { queue, enabled: true, busy, allowed, growing, .. }) =
                &mut self.functions[place as usize].poller
            else {
                return;
            };
            let queue = &mut self.queues[*queue];
            if queue.is_empty() {
                return;
            }
            if busy >= allowed {
                if !*growing {
                    *growing = true;
                    self.events.plan(self.now + MORE_POLLERS_AFTER, Event::Pollers(place));
                }
                return;
            }
            let Some(messages) = queue.receive() else { return };
            if let Some((target, most_receives)) = queue.redrive
                && messages.receives > most_receives
            {
                queue.settle(messages);
                let moved = Messages { sent: self.now, receives: 0, ..messages };
                self.queues[target].put(moved);
                continue;
            }
            *busy += 1;
            let state = &mut self.functions[place as usize];
            let call = state.call(place, Caller::Queue(messages), self.now);
            self.request(Call { poisoned: messages.poisoned, ..call });
        }
    }

    /// More pollers if messages still wait; one less if none do, down to the first few.
    pub(super) fn more_pollers(&mut self, place: u32) {
        if let Some(Poller::Queue { queue, allowed, most, growing, .. }) = &mut self.functions[place as usize].poller {
            let few = POLLERS.min(*most);
            let waiting = !self.queues[*queue].is_empty();
            *allowed = if waiting { (*allowed + MORE_POLLERS).min(*most) } else { (*allowed - 1).max(few) };
            *growing = *allowed > few;
            if *growing {
                self.events.plan(self.now + MORE_POLLERS_AFTER, Event::Pollers(place));
            }
        }
        self.pump(place);
    }

    /// A batch is deleted from its queue.
    pub(super) fn batch_done(&mut self, place: u32, messages: Messages) {
        if let Some(Poller::Queue { queue, busy, .. }) = &mut self.functions[place as usize].poller {
            *busy -= 1;
            self.queues[*queue].settle(messages);
        }
        self.pump(place);
    }

    /// A batch that failed or was throttled stays invisible until its visibility timeout ends.
    pub(super) fn batch_failed(&mut self, mut call: Call) {
        let place = call.function;
        call.failures += 1;
        if let Some(Poller::Queue { busy, allowed, .. }) = &mut self.functions[place as usize].poller {
            *busy -= 1;
            // Pollers become fewer while they are throttled.
            if call.throttles > 0 {
                *allowed = (*allowed / 2).max(2);
            }
        }
        let visibility_s = match &self.scenario.functions[place as usize].source {
            Some(Source::Sqs { visibility_s, .. }) => f64::from(*visibility_s),
            _ => 0.0,
        };
        // It became invisible when it was received.
        let rest = call.queued + Instant::of_s(visibility_s) - self.now;
        self.call_after(rest.max(Instant(0)), call);
    }

    /// The visibility timeout of a failed batch is over.
    pub(super) fn visible_again(&mut self, call: &Call) {
        let Caller::Queue(messages) = call.caller else { return };
        if let Some(Poller::Queue { queue, .. }) = &self.functions[call.function as usize].poller {
            let queue = &mut self.queues[*queue];
            queue.settle(messages);
            queue.put(messages);
        }
        self.pump(call.function);
    }

    // --- Streams ---

    fn pump_shard(&mut self, place: u32, shard: u32) {
        let state = &mut self.functions[place as usize];
        let Some(Poller::Stream { enabled: true, shards }) = &mut state.poller else { return };
        let one = &mut shards[shard as usize];
        let Some(messages) = one.waiting.front().copied().filter(|_| !one.busy) else { return };
        one.busy = true;
        let call = state.call(place, Caller::Shard(shard), messages.sent);
        self.request(Call { poisoned: messages.poisoned, ..call });
    }

    /// Retries a shard's batch, if the mapping is still enabled.
    pub(super) fn poll_shard(&mut self, call: Call) {
        let Caller::Shard(shard) = call.caller else { return };
        match &mut self.functions[call.function as usize].poller {
            Some(Poller::Stream { enabled: false, shards }) => shards[shard as usize].busy = false,
            _ => self.request(call),
        }
    }

    /// A shard's batch is done, and the next one may run.
    pub(super) fn shard_done(&mut self, place: u32, shard: u32) {
        if let Some(Poller::Stream { shards, .. }) = &mut self.functions[place as usize].poller {
            let one = &mut shards[shard as usize];
            one.busy = false;
            one.waiting.pop_front();
        }
        self.pump_shard(place, shard);
    }

    /// A batch that failed blocks its shard until it succeeds.
    pub(super) fn shard_failed(&mut self, mut call: Call) {
        call.throttles = 0;
        self.call_after(Instant::of_s(SHARD_RETRY_S), call);
    }

    /// A throttled batch blocks its shard, too, with growing pauses between attempts.
    pub(super) fn shard_throttled(&mut self, call: Call) {
        self.call_after(Instant::of_s(call.backoff_s(LONGEST_SHARD_BACKOFF_S)), call);
    }
}
