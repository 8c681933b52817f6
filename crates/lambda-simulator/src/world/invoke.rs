//! The life of a request: admitted or throttled, run in an environment, ended.

use super::super::admission::{Grant, Wish};
use super::super::behaviour::{Behaviour, behaviour};
use super::super::events::Event;
use super::super::fleet::Environment;
use super::super::instant::Instant;
use super::super::invocation::{Invocation, Outcome, Start};
use super::super::noise::Noise;
use super::super::report::Lane;
use super::super::scenario::MOST_HOPS;
use super::super::tally::Over;
use super::World;
use super::call::{Call, Caller};
use super::function::State;

/// An init phase on demand has ten seconds (docs/aws.md#init-phase), milliseconds.
const INIT_LIMIT_MS: f64 = 10_000.0;
/// The longest pause of a client between two attempts, seconds: the SDKs' standard retry mode.
const LONGEST_CLIENT_PAUSE_S: f64 = 20.0;

/// A running invocation.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) call: Call,
    pub(super) invocation: Invocation,
    pub(super) lane: Lane,
    pub(super) grant: Grant,
    /// Whether it uses unreserved concurrency.
    pub(super) pooled: bool,
    pub(super) environment: Environment,
}

impl World {
    /// A request reaches Lambda.
    pub(super) fn request(&mut self, call: Call) {
        let state = &mut self.functions[call.function as usize];
        if call.hops >= MOST_HOPS {
            let rare = state.tally.rare(self.now);
            *rare.recursive_dropped.get_or_insert_default() += 1;
            self.give_up(&call);
            return;
        }
        let lane = state.lane(call.qualifier);
        let wish = Wish {
            synchronous: matches!(call.caller, Caller::Synchronous),
            provisioned: state.provisioned == Some(call.qualifier),
            warm: state.versions[usize::from(lane.version)].fleet.has_warm(self.now),
        };
        match state.allowance.admit(&mut self.pool, wish, self.now) {
            Ok(grant) => self.begin(call, lane, grant),
            Err(throttle) => {
                let reserved = state.allowance.reserved.as_ref().map(|(reserved, _)| *reserved);
                state.throttles.entry(self.now.minute()).count(throttle, reserved);
                self.throttle(call, lane);
            }
        }
    }

    fn begin(&mut self, call: Call, lane: Lane, grant: Grant) {
        let (now, place) = (self.now, call.function as usize);
        let function = &self.scenario.functions[place];
        let state = &mut self.functions[place];
        let version = &mut state.versions[usize::from(lane.version)];
        if version.behaviour.until <= now {
            version.behaviour = behaviour(&self.scenario, function, &state.names[usize::from(lane.version)], now);
        }
        let behaviour = version.behaviour;
        let (mut environment, start) = state.environment(lane, grant, now, function.snap_start);
        let drawn = draw(&behaviour, &environment, start, function.memory_mb, call.poisoned, &mut state.service);
        environment.used_mb = drawn.used_mb;
        let invocation = Invocation {
            function: call.function,
            version: lane.version,
            environment: environment.number,
            born: environment.born,
            request: call.request,
            started: now,
            init_us: microseconds(drawn.init_ms),
            duration_us: microseconds(drawn.duration_ms),
            used_mb: drawn.used_mb.min(f64::from(function.memory_mb)).round() as u32,
            start,
            outcome: drawn.outcome,
        };
        state.tally.began(lane, now);
        if state.provisioned == Some(lane.qualifier) {
            let spilled = state.tally.rare(now).spilled.get_or_insert_default();
            *spilled += u32::from(grant == Grant::OnDemand);
        }
        self.note_waits(&call);
        let pooled = grant == Grant::OnDemand && self.functions[place].allowance.reserved.is_none();
        let ended = invocation.ended();
        let flight = self.flights.insert(Flight { call, invocation, lane, grant, pooled, environment });
        self.events.plan(ended, Event::Finish(flight as u32));
        self.note_use();
    }

    /// A request is answered with 429.
    fn throttle(&mut self, mut call: Call, lane: Lane) {
        let (now, place) = (self.now, call.function as usize);
        let state = &mut self.functions[place];
        state.tally.throttled(lane, now);
        call.throttles += 1;
        match call.caller {
            Caller::Synchronous => {
                let function = &self.scenario.functions[place];
                if call.throttles <= function.client_retries {
                    let longest = call.backoff_s(LONGEST_CLIENT_PAUSE_S);
                    let pause = Instant::of_s(longest * self.functions[place].arrivals.uniform());
                    self.call_after(pause, call);
                }
            }
            Caller::Asynchronous => self.event_throttled(call),
            Caller::Queue(_) => self.batch_failed(call),
            Caller::Shard(_) => self.shard_throttled(call),
        }
    }

    /// An invocation is over.
    pub(super) fn finish(&mut self, flight: u32) {
        let Some(flight) = self.flights.try_remove(flight as usize) else { return };
        let Flight { call, invocation, lane, grant, pooled, environment } = flight;
        let now = self.now;
        let state = &mut self.functions[call.function as usize];
        state.allowance.release(&mut self.pool, grant, pooled);
        let failed = invocation.failed();
        let late = environment.reports_late();
        let over = Over { lane, started: invocation.started, duration_us: invocation.duration_us, failed, late };
        state.tally.ended(over);
        state.give_back(lane, grant, environment, invocation.outcome, now);
        if self.over.len() == super::REMEMBERED {
            self.over.pop_front();
        }
        self.over.push_back(invocation);
        if !failed {
            self.cause(&call);
        }
        match call.caller {
            Caller::Asynchronous if failed => self.event_failed(call),
            Caller::Synchronous | Caller::Asynchronous => {}
            Caller::Queue(_) if failed => self.batch_failed(call),
            Caller::Queue(messages) => self.batch_done(call.function, messages),
            Caller::Shard(_) if failed => self.shard_failed(call),
            Caller::Shard(shard) => self.shard_done(call.function, shard),
        }
    }
}

/// How an invocation will go.
struct Drawn {
    init_ms: f64,
    duration_ms: f64,
    used_mb: f64,
    outcome: Outcome,
}

fn draw(
    behaviour: &Behaviour,
    environment: &Environment,
    start: Start,
    memory_mb: u32,
    poisoned: bool,
    noise: &mut Noise,
) -> Drawn {
    let cold = matches!(start, Start::Cold | Start::Restored);
    let init_ms = if cold { behaviour.init_ms(noise).min(INIT_LIMIT_MS) } else { 0.0 };
    let used_mb = environment.used_mb + behaviour.leak_mb;
    if cold && noise.chance(behaviour.init_failures) {
        return Drawn { init_ms, duration_ms: 0.0, used_mb: environment.used_mb, outcome: Outcome::InitError };
    }
    let duration_ms = behaviour.duration_ms(noise);
    let hangs = noise.chance(behaviour.hang);
    if used_mb > f64::from(memory_mb) {
        // Killed before the end.
        let duration_ms = duration_ms.min(behaviour.timeout_ms) * noise.uniform();
        return Drawn { init_ms, duration_ms, used_mb, outcome: Outcome::OutOfMemory };
    }
    if hangs || duration_ms >= behaviour.timeout_ms {
        return Drawn { init_ms, duration_ms: behaviour.timeout_ms, used_mb, outcome: Outcome::Timeout };
    }
    let fails = poisoned || noise.chance(behaviour.error_rate);
    Drawn { init_ms, duration_ms, used_mb, outcome: if fails { Outcome::HandlerError } else { Outcome::Success } }
}

/// At least one, because an invocation that takes no time would end before it is counted.
pub(super) fn microseconds(milliseconds: f64) -> u32 {
    if milliseconds == 0.0 { 0 } else { ((milliseconds * 1000.0) as u32).max(1) }
}

impl State {
    /// The environment for an accepted request, and how the invocation starts in it.
    fn environment(&mut self, lane: Lane, grant: Grant, now: Instant, snap_start: bool) -> (Environment, Start) {
        let version = &mut self.versions[usize::from(lane.version)];
        let (there, otherwise) = match grant {
            Grant::Provisioned => (version.ready.pop(), Start::Ready),
            Grant::OnDemand if snap_start && lane.version > 0 => (version.fleet.take(), Start::Restored),
            Grant::OnDemand => (version.fleet.take(), Start::Cold),
        };
        let used_mb = version.behaviour.used_mb;
        match there {
            Some(environment) => (environment, Start::Warm),
            None => (Environment::new(self.next_environment(), now, used_mb), otherwise),
        }
    }

    /// Releases an environment; a killed one is not used again.
    fn give_back(&mut self, lane: Lane, grant: Grant, environment: Environment, outcome: Outcome, now: Instant) {
        if matches!(outcome, Outcome::Timeout | Outcome::OutOfMemory | Outcome::InitError) {
            return;
        }
        let version = &mut self.versions[usize::from(lane.version)];
        match grant {
            Grant::Provisioned => version.ready.push(environment),
            Grant::OnDemand => version.fleet.give_back(environment, now),
        }
    }
}
