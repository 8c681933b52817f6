//! Asynchronous events: queued, retried, dropped (docs/aws.md#asynchronous-retries); and the events that a success
//! causes.

use super::super::instant::Instant;
use super::super::scenario::{Consequence, Target};
use super::World;
use super::call::{Call, Caller, Messages};

/// The pauses after the first and the second failed attempt: one and two minutes.
const RETRIES_S: [f64; 2] = [60.0, 120.0];
/// The longest pause of a throttled event. It starts at a second and doubles each time.
const LONGEST_BACKOFF_S: f64 = 300.0;
/// Milliseconds until Lambda takes an event from its queue: an order of magnitude, without a source.
const QUEUEING_MS: f64 = 25.0;
/// The spread of the delay of caused events: the standard deviation of the logarithm.
pub(super) const ELSEWHERE_SPREAD: f64 = 0.3;

impl World {
    /// An event is accepted into the function's queue.
    pub(super) fn queue_event(&mut self, call: Call) {
        let state = &mut self.functions[call.function as usize];
        let rare = state.tally.rare(self.now);
        *rare.events_received.get_or_insert_default() += 1;
        rare.events_dropped.get_or_insert_default();
        let reserved = &state.allowance.reserved;
        if reserved.as_ref().is_some_and(|(concurrency, _)| *concurrency == 0) {
            self.drop_event(&call);
        } else {
            self.request(call);
        }
    }

    /// A waiting event is retried, or a delayed event arrives for the first time.
    pub(super) fn event_due(&mut self, call: Call) {
        if call.failures + call.throttles == 0 {
            self.queue_event(call);
        } else if self.now >= self.expires(&call) {
            self.drop_event(&call);
        } else {
            self.request(call);
        }
    }

    /// When an event is too old.
    fn expires(&self, call: &Call) -> Instant {
        call.queued + Instant::of_s(self.scenario.functions[call.function as usize].max_event_age_s.into())
    }

    /// Records how long an accepted event had waited, for the metric.
    pub(super) fn note_waits(&mut self, call: &Call) {
        let state = &mut self.functions[call.function as usize];
        let waited_ms = (self.now - call.queued).ms();
        let (longest, age_ms) = match call.caller {
            Caller::Synchronous | Caller::Queue(_) => return,
            Caller::Asynchronous => {
                let queueing_ms = QUEUEING_MS * state.arrivals.lognormal(0.5);
                (&mut state.tally.rare(self.now).event_age_ms, waited_ms + queueing_ms)
            }
            Caller::Shard(_) => (&mut state.tally.rare(self.now).iterator_age_ms, waited_ms),
        };
        let age_ms = age_ms.round() as u32;
        *longest = Some(longest.map_or(age_ms, |longest| longest.max(age_ms)));
    }

    pub(super) fn event_throttled(&mut self, call: Call) {
        self.wait(Instant::of_s(call.backoff_s(LONGEST_BACKOFF_S)), call);
    }

    pub(super) fn event_failed(&mut self, mut call: Call) {
        let function = &self.scenario.functions[call.function as usize];
        call.failures += 1;
        call.throttles = 0;
        if call.failures > function.max_retries {
            self.drop_event(&call);
            return;
        }
        let last = RETRIES_S[RETRIES_S.len() - 1];
        let wait_s = RETRIES_S.get(call.failures as usize - 1).copied().unwrap_or(last);
        self.wait(Instant::of_s(wait_s), call);
    }

    /// Plans an event's next attempt, or its drop when it will be too old.
    fn wait(&mut self, wait: Instant, call: Call) {
        let left = self.expires(&call) - self.now;
        self.call_after(wait.min(left).max(Instant(0)), call);
    }

    fn drop_event(&mut self, call: &Call) {
        let rare = self.functions[call.function as usize].tally.rare(self.now);
        *rare.events_dropped.get_or_insert_default() += 1;
        self.give_up(call);
    }

    /// An event goes to the function's dead-letter target and failure destination.
    pub(super) fn give_up(&mut self, call: &Call) {
        let (now, place) = (self.now, call.function as usize);
        let function = &self.scenario.functions[place];
        let targets = [(function.dead_letter.clone(), true), (function.on_failure.clone(), false)];
        let undelivered = function.undelivered_share;
        for (target, is_dead_letter) in targets {
            let Some(target) = target else { continue };
            let lost = self.functions[place].service.chance(undelivered);
            let rare = self.functions[place].tally.rare(now);
            let failures = if is_dead_letter { &mut rare.dead_letter_errors } else { &mut rare.delivery_failures };
            *failures.get_or_insert_default() += u32::from(lost);
            if !lost {
                self.send(&target);
            }
        }
    }

    fn send(&mut self, target: &Target) {
        match target {
            Target::Sqs(name) => {
                if let Some(place) = self.queue_index.get(name) {
                    self.queues[*place].put(Messages { sent: self.now, count: 1, receives: 0, poisoned: false });
                }
            }
            Target::Sns(name) => {
                if let Some(topic) = self.topics.get_mut(name) {
                    *topic.entry(self.now.minute()) += 1;
                }
            }
        }
    }

    /// A success causes events for other functions, or for the same one.
    pub(super) fn cause(&mut self, call: &Call) {
        let function = &self.scenario.functions[call.function as usize];
        if function.consequences.is_empty() {
            return;
        }
        for consequence in function.consequences.clone() {
            let Consequence { function: ref name, share, after_s, .. } = consequence;
            let now = self.now;
            let state = &mut self.functions[call.function as usize];
            let caused = |_: &usize| consequence.happens(now) && state.service.chance(share);
            let Some(place) = self.index.get(name).copied().filter(caused) else {
                continue;
            };
            let wait = Instant::of_s(after_s * state.service.lognormal(ELSEWHERE_SPREAD));
            let caused = &mut self.functions[place];
            let event = caused.call(place as u32, Caller::Asynchronous, now + wait);
            let poisoned = caused.arrivals.chance(caused.rate.poison);
            let event = Call { poisoned, hops: call.hops + 1, ..event };
            if after_s == 0.0 { self.queue_event(event) } else { self.call_after(wait, event) }
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::super::super::scenario::scenario;
    use super::World;

    #[test]
    fn an_event_that_comes_later_is_queued_when_it_comes_from_the_first_minute_on() {
        let scenario = scenario("media-pipeline").unwrap();
        let mut world = World::new(&scenario, 1);
        world.advance(scenario.origin() + TimeDelta::minutes(8));
        let place = world.index("transcript-ready").unwrap();
        for minute in 0..4 {
            let total = world.report(place, minute).unwrap().total;
            let queued = total.rare.and_then(|rare| rare.events_received).unwrap();
            assert!((80..160).contains(&queued), "{queued} in minute {minute}");
            assert!(total.invocations.abs_diff(queued) <= 3, "{} of {queued}", total.invocations);
        }
    }
}
