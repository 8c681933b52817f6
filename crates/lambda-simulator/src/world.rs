//! The simulated Region at an instant. Time only advances, and the size of the steps does not change the result.
//!
//! Every request takes one path: [`invoke`] runs or throttles it, and reports the outcome to [`asynchronous`] or
//! [`sources`] if one of them sent it. [`function`] has the state and the counts of a function.

mod asynchronous;
mod call;
mod function;
mod invoke;
mod queue;
mod region;
mod sources;
mod truth;
mod warm;

use std::collections::{BTreeSet, HashMap, VecDeque};

use chrono::{DateTime, Utc};
use slab::Slab;

use super::admission::Pool;
use super::events::{Event, Events};
use super::history::History;
use super::instant::Instant;
use super::invocation::Invocation;
use super::ledger::Ledger;
use super::report::{RegionReport, Report};
use super::scenario::{Scenario, Source, Target};
use super::statistics::together;
use super::traffic;
use call::{Call, Caller};
use function::{DELAY_S, State};
use invoke::Flight;
use queue::Queue;
use region::Region;
pub use truth::Throttles;

/// The number of ended invocations that are kept for their log lines.
const REMEMBERED: usize = 1 << 17;

/// The world of a scenario and a seed.
#[derive(Debug)]
pub struct World {
    pub(super) scenario: Scenario,
    pub(super) seed: u64,
    pub(super) now: Instant,
    pub(super) history: History,
    index: HashMap<String, usize>,
    functions: Vec<State>,
    events: Events,
    flights: Slab<Flight>,
    waiting: Slab<Call>,
    pool: Pool,
    over: VecDeque<Invocation>,
    region: Region,
    queues: Vec<Queue>,
    queue_index: HashMap<String, usize>,
    topics: HashMap<String, Ledger<u32>>,
}

impl World {
    /// The world at the scenario's origin.
    pub fn new(scenario: &Scenario, seed: u64) -> Self {
        let mut scenario = scenario.clone();
        if let Some(population) = scenario.population.take() {
            scenario.functions.extend(population.functions(seed));
        }
        let queues = queues(&scenario);
        let queue_index: HashMap<String, usize> =
            queues.iter().enumerate().map(|(place, queue)| (queue.name.clone(), place)).collect();
        let queue = |name: &str| queue_index.get(name).copied().unwrap_or_default();
        let functions: Vec<_> =
            scenario.functions.iter().map(|function| State::new(&scenario, seed, function, queue)).collect();
        let history = History::new(&scenario, seed, |place| &functions[place].names);
        let index = scenario.functions.iter().enumerate().map(|(place, one)| (one.name.clone(), place)).collect();
        let set_aside = scenario.set_aside_at(Instant(0));
        let mut world = Self {
            seed,
            now: Instant(0),
            history,
            index,
            functions,
            events: Events::default(),
            flights: Slab::new(),
            waiting: Slab::new(),
            pool: Pool::new(scenario.region.limit, set_aside),
            over: VecDeque::new(),
            // The Region's own series come last.
            region: Region::new(Instant::of_s(DELAY_S.1 as f64)),
            topics: topics(&scenario),
            queues,
            queue_index,
            scenario,
        };
        world.warm_up();
        world.events.plan(Instant::start_of(1), Event::Minute);
        for (at, place) in world.configurations() {
            world.events.plan(at, Event::Configuration(place));
        }
        for place in 0..world.functions.len() as u32 {
            world.next_arrival(place);
        }
        world
    }

    /// When the configuration of each function changes.
    fn configurations(&self) -> Vec<(Instant, u32)> {
        let changes = self.scenario.changes.iter().flat_map(|change| {
            std::iter::once(change.at_min).chain(change.until_min).map(|at| (at, change.function.as_str()))
        });
        let canaries = self.scenario.functions.iter().flat_map(|function| {
            let canaries = function.aliases.iter().filter_map(|alias| alias.canary.as_ref());
            let edges = canaries.flat_map(|canary| std::iter::once(canary.from_min).chain(canary.until_min));
            edges.map(|at| (at, function.name.as_str()))
        });
        let places = changes.chain(canaries);
        places.filter_map(|(at, function)| Some((Instant::of_min(at), self.index(function)? as u32))).collect()
    }

    /// What is simulated, with the functions that its population makes up.
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// The expected requests to a function in a minute without incidents.
    pub fn expected(&self, function: usize, minute: i64) -> f64 {
        self.history.expected(&self.scenario, function, minute)
    }

    /// Advances the world to `to`; does nothing if that is in the past.
    pub fn advance(&mut self, to: DateTime<Utc>) {
        let to = self.scenario.instant(to);
        while let Some((at, event)) = self.events.next(to) {
            self.now = at;
            match event {
                Event::Arrival(function) => self.arrive(function),
                Event::Rate(function) => self.next_arrival(function),
                Event::Finish(flight) => self.finish(flight),
                Event::Call(waiting) => self.call(waiting),
                Event::Pollers(function) => self.more_pollers(function),
                Event::Configuration(function) => self.configure(function),
                Event::Minute => self.end_minute(),
            }
        }
        self.now = self.now.max(to);
    }

    /// A function's own callers send a request, and the next one is planned.
    fn arrive(&mut self, place: u32) {
        let function = &self.scenario.functions[place as usize];
        let state = &mut self.functions[place as usize];
        let poisoned = state.arrivals.chance(state.rate.poison);
        if function.source.is_some() {
            self.deliver(place, poisoned);
        } else if state.arrivals.chance(function.async_share) {
            let call = state.call(place, Caller::Asynchronous, self.now);
            self.queue_event(Call { poisoned, ..call });
        } else {
            let call = state.call(place, Caller::Synchronous, self.now);
            self.request(Call { poisoned, ..call });
        }
        self.next_arrival(place);
    }

    /// Plans the next arrival, or the next change of the rate if that comes first. The waiting time of a Poisson process is
    /// memoryless, so it may be drawn again after a change.
    fn next_arrival(&mut self, place: u32) {
        let state = &mut self.functions[place as usize];
        if state.rate.until <= self.now {
            let function = &self.scenario.functions[place as usize];
            state.rate = traffic::rate(&self.scenario, self.seed, function, self.now);
        }
        let rate = state.rate;
        let wait = if rate.per_s > 0.0 { Instant::of_s(state.arrivals.exponential() / rate.per_s) } else { rate.until };
        let at = self.now + wait;
        if rate.per_s > 0.0 && at < rate.until {
            self.events.plan(at, Event::Arrival(place));
        } else if rate.until < Instant(i64::MAX) {
            self.events.plan(rate.until, Event::Rate(place));
        }
    }

    /// Sends a waiting request.
    fn call(&mut self, waiting: u32) {
        if let Some(call) = self.waiting.try_remove(waiting as usize) {
            match &call.caller {
                Caller::Synchronous => self.request(call),
                Caller::Asynchronous => self.event_due(call),
                Caller::Queue(_) => self.visible_again(&call),
                Caller::Shard(_) => self.poll_shard(call),
            }
        }
    }

    /// Puts `call` among the waiting requests.
    fn call_after(&mut self, wait: Instant, call: Call) {
        let waiting = self.waiting.insert(call) as u32;
        self.events.plan(self.now + wait, Event::Call(waiting));
    }

    fn configure(&mut self, place: u32) {
        let function = &self.scenario.functions[place as usize];
        self.functions[place as usize].configure(&self.scenario, function, self.now);
        self.pool.set_aside(self.scenario.region.limit, self.scenario.set_aside_at(self.now));
        self.pump(place);
    }

    fn end_minute(&mut self) {
        let ended = self.now.minute() - 1;
        let mut restated = BTreeSet::new();
        for state in &mut self.functions {
            state.tally.publish(ended);
            restated.extend(state.tally.restated(ended));
        }
        for minute in restated {
            let known: Vec<_> = self.functions.iter().filter_map(|state| state.tally.newest(minute)).collect();
            self.region.publish(ended, minute, together(known.iter()));
        }
        for queue in &mut self.queues {
            queue.note_age(ended);
        }
        self.note_use();
        self.events.plan(Instant::start_of(ended + 2), Event::Minute);
    }

    /// Records the concurrency in use.
    fn note_use(&mut self) {
        self.region.note(self.now, self.flights.len() as u32, self.pool.in_use, self.pool.set_aside);
    }

    /// The place of the function called `name`.
    pub fn index(&self, name: &str) -> Option<usize> {
        self.index.get(name).copied()
    }

    /// The versions of a function that ever run, `$LATEST` first; [`Lane`](super::Lane) counts in them.
    pub fn versions(&self, function: usize) -> &[String] {
        &self.functions[function].names
    }

    /// What CloudWatch shows now of a function's minute (counted from the origin); `None` while nothing is
    /// published, and without invocations.
    pub fn report(&self, function: usize, minute: i64) -> Option<Report> {
        if minute < 0 {
            return self.history.report(&self.scenario, function, minute);
        }
        self.functions[function].tally.report(minute, self.now)
    }

    /// Whether CloudWatch shows anything of the function's minute yet.
    pub(crate) fn is_shown(&self, function: usize, minute: i64) -> bool {
        self.functions[function].tally.shows(minute, self.now)
    }

    /// What CloudWatch shows now of the Region's minute.
    pub fn region_report(&self, minute: i64) -> Option<RegionReport> {
        if minute < 0 {
            return self.history.region(&self.scenario, minute);
        }
        self.region.report(minute, self.now)
    }

    /// The invocations of a function that were not over before `from` and had been accepted before `until`,
    /// running ones included, unordered. Old ones are dropped after a while.
    pub fn invocations(&self, function: usize, from: Instant, until: Instant) -> Vec<&Invocation> {
        let over = self.over.iter().rev().take_while(|one| one.ended() >= from);
        let running = self.flights.iter().map(|(_, flight)| &flight.invocation);
        over.chain(running).filter(|one| one.function as usize == function && one.started < until).collect()
    }

    /// The queue called `name`, a failure target or the source of a function.
    pub fn queue(&self, name: &str) -> Option<QueueNow> {
        let queue = &self.queues[*self.queue_index.get(name)?];
        let redrive = queue.redrive.map(|(place, _)| self.queues[place].name.clone());
        Some(QueueNow { depth: queue.depth, in_flight: queue.in_flight, redrive })
    }

    /// The age of a queue's oldest message at the end of a minute, seconds; `None` when it was empty.
    pub fn oldest_message_s(&self, queue: &str, minute: i64) -> Option<u32> {
        *self.queues[*self.queue_index.get(queue)?].oldest_s.get(minute)?
    }

    /// The messages published to a topic in a minute; `None` when there were none.
    pub(super) fn published(&self, topic: &str, minute: i64) -> Option<u32> {
        self.topics.get(topic)?.get(minute).copied().filter(|count| *count > 0)
    }
}

/// A queue at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueNow {
    /// Messages that wait.
    pub depth: u64,
    /// Messages in flight.
    pub in_flight: u64,
    /// The name of the queue to which poisoned messages move.
    pub redrive: Option<String>,
}

/// Every queue that the scenario names, once.
fn queues(scenario: &Scenario) -> Vec<Queue> {
    let mut queues: Vec<Queue> = Vec::new();
    let place = |name: &str, queues: &mut Vec<Queue>| {
        queues.iter().position(|queue| queue.name == name).unwrap_or_else(|| {
            queues.push(Queue { name: name.to_string(), ..Queue::default() });
            queues.len() - 1
        })
    };
    for function in &scenario.functions {
        for target in [&function.dead_letter, &function.on_failure] {
            if let Some(Target::Sqs(name)) = target {
                place(name, &mut queues);
            }
        }
        if let Some(Source::Sqs { queue, redrive, max_receives, .. }) = &function.source {
            let target = place(redrive, &mut queues);
            let source = place(queue, &mut queues);
            queues[source].redrive = Some((target, *max_receives));
        }
    }
    queues
}

/// Every topic that the scenario names.
fn topics(scenario: &Scenario) -> HashMap<String, Ledger<u32>> {
    let targets = scenario.functions.iter().flat_map(|function| [&function.dead_letter, &function.on_failure]);
    let names = targets.flatten().filter_map(|target| match target {
        Target::Sns(name) => Some(name.clone()),
        Target::Sqs(_) => None,
    });
    names.map(|name| (name, Ledger::default())).collect()
}
