//! The state at the origin: the Region has been running for hours, so invocations are running and environments are warm.
//!
//! The invocations that run at an instant of a stationary process are drawn exactly: a Poisson number (rate × mean
//! duration), each with a duration chosen in proportion to its length and at a uniform point of it (renewal
//! theory, for example Kleinrock, "Queueing Systems I", 5.2).

use super::super::admission::{Grant, Wish};
use super::super::behaviour::{Behaviour, behaviour};
use super::super::events::Event;
use super::super::fleet::Environment;
use super::super::instant::Instant;
use super::super::invocation::{Invocation, Outcome, Start};
use super::super::noise::Noise;
use super::super::report::Lane;
use super::super::scenario::Source;
use super::super::traffic;
use super::World;
use super::asynchronous::ELSEWHERE_SPREAD;
use super::call::{Call, Caller};
use super::function::Poller;
use super::invoke::{Flight, microseconds};

/// How far back busier minutes have left idle environments.
const LOOK_BACK_MIN: i64 = 7;
/// The random stream of delayed events, separate from those of the versions.
const ELSEWHERE_DRAWS: i64 = i64::MIN;

impl World {
    pub(super) fn warm_up(&mut self) {
        for place in 0..self.functions.len() {
            let function = &self.scenario.functions[place];
            let calm = |minute| self.history.expected(&self.scenario, place, minute) / 60.0;
            let busiest = (-LOOK_BACK_MIN..0).map(calm).fold(0.0, f64::max);
            if busiest > 0.0 {
                let own = traffic::calm_requests(&self.scenario, self.seed, function, -1) / 60.0;
                let caused = (calm(-1) - own).max(0.0);
                let now = traffic::rate(&self.scenario, self.seed, function, Instant(0)).per_s + caused;
                for (lane, share) in self.functions[place].shares() {
                    self.warm_lane(place, lane, now * share, busiest * share);
                }
            }
        }
        for place in 0..self.functions.len() {
            self.warm_consequences(place);
        }
        self.note_use();
    }

    /// Events that the function caused and that have not arrived yet.
    fn warm_consequences(&mut self, place: usize) {
        let function = &self.scenario.functions[place];
        if function.consequences.is_empty() {
            return;
        }
        let per_s = self.history.expected(&self.scenario, place, -1) / 60.0 * (1.0 - function.error_rate);
        let mut noise = Noise::new(self.seed, &function.name, ELSEWHERE_DRAWS);
        let later = function.consequences.iter().filter(|one| one.happens(Instant(-1)) && one.after_s > 0.0).cloned();
        for consequence in later.collect::<Vec<_>>() {
            let Some(target) = self.index(&consequence.function) else { continue };
            let variance = ELSEWHERE_SPREAD * ELSEWHERE_SPREAD;
            let mean_s = consequence.after_s * libm::exp(variance / 2.0);
            for _ in 0..noise.poisson(per_s * consequence.share * mean_s) {
                // In proportion to its length, as below.
                let whole_s = consequence.after_s * noise.lognormal(ELSEWHERE_SPREAD) * libm::exp(variance);
                let wait = Instant::of_s(whole_s * noise.uniform());
                let event = self.functions[target].call(target as u32, Caller::Asynchronous, wait);
                self.call_after(wait, Call { hops: 1, ..event });
            }
        }
    }

    /// One lane at `rate` requests a second now and `busiest` in the last minutes.
    fn warm_lane(&mut self, place: usize, lane: Lane, rate: f64, busiest: f64) {
        let function = &self.scenario.functions[place];
        let name = &self.functions[place].names[usize::from(lane.version)];
        let behaviour = behaviour(&self.scenario, function, name, Instant(0));
        let noise = Noise::new(self.seed, &function.name, -4 - i64::from(lane.version));
        let mut warming = Warming { place, lane, behaviour, noise };
        let mean_s = behaviour.mean_ms() / 1000.0;
        // An event source starts without running batches, because none of them has been counted.
        let wanted = if function.source.is_some() { 0 } else { warming.noise.poisson(rate * mean_s) };
        let most = match &function.source {
            Some(Source::Kinesis { shards, .. }) => *shards,
            _ => function.reserved.unwrap_or(self.pool.size),
        };
        let most = most.saturating_sub(self.functions[place].allowance.in_use());
        self.provision(&mut warming);
        let running = (0..wanted).take_while(|_| self.take_off(&mut warming)).count() as u32;
        // Three standard deviations above the mean: the maximum of some minutes.
        let expected = busiest * mean_s;
        let once = warming.noise.poisson(busiest * 60.0 * LOOK_BACK_MIN as f64).min(1) as u32;
        let peak = ((expected + 3.0 * expected.sqrt()).ceil() as u32).max(once);
        let state = &mut self.functions[place];
        let version = &mut state.versions[usize::from(lane.version)];
        let idle = peak.min(most).saturating_sub(running + version.ready.len() as u32);
        version.fleet.stock(idle, &mut state.environments, behaviour.used_mb, &mut warming.noise);
        if let Some(Poller::Queue { allowed, most, .. }) = &mut state.poller {
            *allowed = peak.clamp(*allowed, *most);
        }
    }

    /// Makes the provisioned environments of the lane.
    fn provision(&mut self, warming: &mut Warming) {
        let state = &mut self.functions[warming.place];
        if state.provisioned != Some(warming.lane.qualifier) {
            return;
        }
        for _ in 0..self.scenario.functions[warming.place].provisioned() {
            let environment = warming.environment(state.next_environment());
            state.versions[usize::from(warming.lane.version)].ready.push(environment);
        }
    }

    /// Adds a running invocation; `false` at the limit.
    fn take_off(&mut self, warming: &mut Warming) -> bool {
        let Warming { place, lane, behaviour, .. } = *warming;
        let state = &mut self.functions[place];
        let provisioned = state.provisioned == Some(lane.qualifier);
        let wish = Wish { synchronous: false, provisioned, warm: true };
        let Ok(grant) = state.allowance.admit(&mut self.pool, wish, Instant(0)) else { return false };
        let ready = match grant {
            Grant::Provisioned => state.versions[usize::from(lane.version)].ready.pop(),
            Grant::OnDemand => None,
        };
        let mut environment = ready.unwrap_or_else(|| warming.environment(state.next_environment()));
        let pooled = grant == Grant::OnDemand && state.allowance.reserved.is_none();
        state.tally.inherited(lane);
        // In proportion to its length: a lognormal whose logarithm's mean is higher by the variance.
        let longer = libm::exp(behaviour.spread * behaviour.spread);
        let whole_ms = (behaviour.duration_ms(&mut warming.noise) * longer).min(behaviour.timeout_ms);
        let started = Instant(0) - Instant::of_ms(whole_ms * warming.noise.uniform());
        environment.born = environment.born.min(started);
        let call = Call { qualifier: lane.qualifier, ..state.call(place as u32, Caller::Synchronous, started) };
        let invocation = Invocation {
            function: call.function,
            version: lane.version,
            environment: environment.number,
            born: environment.born,
            request: call.request,
            started,
            init_us: 0,
            duration_us: microseconds(whole_ms),
            used_mb: environment.used_mb.round() as u32,
            start: Start::Warm,
            outcome: Outcome::Success,
        };
        let ended = invocation.ended();
        let flight = self.flights.insert(Flight { call, invocation, lane, grant, pooled, environment });
        self.events.plan(ended.max(Instant(1)), Event::Finish(flight as u32));
        true
    }
}

/// A lane that is being warmed up.
struct Warming {
    place: usize,
    lane: Lane,
    behaviour: Behaviour,
    noise: Noise,
}

impl Warming {
    /// An environment that was created in the last hour.
    fn environment(&mut self, number: u32) -> Environment {
        let born = Instant::of_s(-3600.0 * self.noise.uniform() - 60.0);
        Environment::new(number, born, self.behaviour.used_mb)
    }
}
