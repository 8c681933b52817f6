//! The true state of a simulated Region, minute by minute. A monitor's findings are measured against it where a scenario
//! file does not state the truth.
//!
//! An [`Oracle`] runs its own World to the end and says which findings its output supports. It also knows which limit
//! throttled each request; no metric contains that. It does not see what a monitor finds. It is for tests and
//! evaluations, and no part of the shipped program.
//!
//! ```
//! use lambda_model::finding::Kind;
//! use lambda_oracle::{Clarity, Oracle};
//!
//! let scenario = lambda_simulator::scenario("kill-switch")?;
//! let oracle = Oracle::new(&scenario, 1, 15);
//! let stopped = |name: &&str| oracle.shows(Kind::ThrottleReservedZero, Some(name), 14, Clarity::Plain);
//! assert_eq!(oracle.functions().filter(stopped).count(), 1);
//! # Ok::<(), lambda_simulator::ScenarioError>(())
//! ```

use std::ops::RangeInclusive;

use chrono::TimeDelta;

use lambda_model::finding::Kind;
use lambda_model::operation::Operation;
use lambda_simulator::scenario::{ApiAnswer, Change, Source, Target, within};
use lambda_simulator::{Activity, Instant, Lane, Outcome, Rare, Scenario, Start, Throttles, World};

/// Minutes simulated beyond those asked for: a minute is complete after its last restatement, and invocations may take
/// a minute.
const SETTLED_MIN: i64 = 4;
/// One error in a few invocations is chance.
const MORE_THAN_CHANCE: u32 = 4;
/// Minutes over which a canary is judged.
const CANARY_MIN: i64 = 10;

/// How clearly a minute shows something. Between faint and plain, a monitor is right whether it reports it or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clarity {
    /// A monitor that reports it is right.
    Faint,
    /// It is true.
    Usual,
    /// A monitor that does not report it misses it.
    Plain,
}

impl Clarity {
    /// What rates and counts must reach, as a multiple of the usual.
    fn of_rates(self) -> f64 {
        match self {
            Self::Faint => 0.6,
            Self::Usual => 1.0,
            Self::Plain => 1.5,
        }
    }

    /// What shares of a limit must reach, as a multiple of the usual.
    fn of_limits(self) -> f64 {
        match self {
            Self::Faint => 0.95,
            Self::Usual => 1.0,
            Self::Plain => 1.05,
        }
    }
}

/// A scenario, run to its end with a seed.
#[derive(Debug)]
pub struct Oracle {
    pub(crate) world: World,
    minutes: i64,
    /// By minute and by the index of a function in the scenario file.
    pub(crate) logged: Vec<Vec<Logged>>,
    /// The same: messages in the function's dead-letter queues at the end of the minute.
    dead_letters: Vec<Vec<u64>>,
}

impl Oracle {
    /// What happens in the first `minutes` minutes of `scenario`, all of which must be kept (three hours are).
    pub fn new(scenario: &Scenario, seed: u64, minutes: i64) -> Self {
        let mut world = World::new(scenario, seed);
        let written = scenario.functions.len();
        let (mut logged, mut dead_letters) = (Vec::new(), Vec::new());
        for minute in 0..minutes {
            world.advance(scenario.origin() + TimeDelta::minutes(minute + 1));
            logged.push((0..written).map(|place| Logged::of(&world, place, minute)).collect());
            dead_letters.push((0..written).map(|place| dead_letters_of(&world, place)).collect());
        }
        world.advance(scenario.origin() + TimeDelta::minutes(minutes + SETTLED_MIN));
        Self { world, minutes, logged, dead_letters }
    }

    /// The functions in the scenario file, without made-up ones.
    pub fn functions(&self) -> impl Iterator<Item = &str> {
        self.scenario().functions[..self.logged.first().map_or(0, Vec::len)].iter().map(|function| &*function.name)
    }

    /// Whether the minute shows what `kind` says about the function, or about the Region for `None`. False for unknown
    /// minutes and functions.
    pub fn shows(&self, kind: Kind, function: Option<&str>, minute: i64, clarity: Clarity) -> bool {
        if !(0..self.minutes).contains(&minute) {
            return false;
        }
        match function.map(|name| self.functions().position(|one| one == name)) {
            None => self.region_shows(kind, minute, clarity),
            Some(None) => false,
            Some(Some(place)) => self.function_shows(kind, place, minute, clarity),
        }
    }

    /// The requests to `function` that were throttled in a minute, by cause; zero for an unknown function.
    pub fn throttles(&self, function: &str, minute: i64) -> Throttles {
        self.world.index(function).map(|place| self.world.throttles(place, minute)).unwrap_or_default()
    }

    /// Whether the minute used up all concurrency there is: the Region's, or the function's own where it has any.
    pub fn used_up(&self, function: Option<&str>, minute: i64) -> bool {
        let Some(name) = function else { return self.claims(minute, 1.0) };
        let place = self.functions().position(|one| one == name);
        place.is_some_and(|place| {
            let reserved = self.scenario().functions[place].reserved_at(self.scenario(), Instant::end_of(minute));
            reserved.is_some_and(|reserved| self.total(place, minute).concurrency >= reserved)
        })
    }

    pub(crate) fn scenario(&self) -> &Scenario {
        self.world.scenario()
    }

    pub(crate) fn total(&self, place: usize, minute: i64) -> Activity {
        self.world.report(place, minute).map(|report| report.total).unwrap_or_default()
    }

    fn function_shows(&self, kind: Kind, place: usize, minute: i64, clarity: Clarity) -> bool {
        let (rates, limits) = (clarity.of_rates(), clarity.of_limits());
        let scenario = self.scenario();
        let function = &scenario.functions[place];
        let total = self.total(place, minute);
        let rare: Rare = total.rare.as_deref().copied().unwrap_or_default();
        let logged = self.logged[minute as usize][place];
        let some = |count: Option<u32>| count.is_some_and(|count| count > 0);
        let changed = |what: fn(&Change) -> bool| {
            let made = |one: &&Change| one.function == function.name && one.at_min < (minute + 1) as f64;
            scenario.changes.iter().filter(made).any(what)
        };
        match kind {
            Kind::ThrottleReservedZero
            | Kind::ThrottleReservedLimit
            | Kind::ThrottleRequestRate
            | Kind::ThrottleScalingRate => {
                let throttled = self.world.throttles(place, minute);
                !self.is_hidden(place, minute) && throttled.of(kind) > 0 && 2 * throttled.of(kind) >= throttled.total()
            }
            Kind::ThrottleUnknown => self.is_hidden(place, minute) && total.throttles > 0,
            Kind::ConcurrencyTopConsumer => {
                let part = f64::from(total.concurrency) / f64::from(scenario.region.limit);
                self.claims(minute, 0.8 * limits) && part >= 0.18 * limits
            }
            Kind::ConcurrencyProvisionedSpillover => some(rare.spilled),
            Kind::ErrorsRate => {
                let most = f64::from(MORE_THAN_CHANCE) * rates;
                f64::from(total.errors) >= most && share(total.errors, total.invocations) >= 0.04 * rates
            }
            Kind::ErrorsTimeout => logged.timeouts > 0,
            Kind::ErrorsOutOfMemory => logged.killed > 0,
            Kind::DurationNearTimeout => {
                let timeout = f64::from(function.timeout_at(scenario, Instant::end_of(minute))) * 1e5;
                total.durations.is_some_and(|durations| f64::from(durations.maximum) >= 0.8 * limits * timeout)
            }
            Kind::MemoryNearLimit => f64::from(logged.most_used_mb) >= 0.9 * limits * f64::from(function.memory_mb),
            Kind::ColdStartSurge => self.is_cold(place, minute, rates),
            Kind::AsyncBacklog => {
                // One event that was throttled ten times in a row is chance: in a backlog, other events wait too.
                let wait = |minute| self.event_age_s(place, minute).is_some_and(|age| age >= 300.0 * limits);
                wait(minute) && (wait(minute - 1) || wait(minute + 1))
            }
            Kind::AsyncDropped => some(rare.events_dropped),
            Kind::DeadLetterGrowing => {
                let before = if minute == 0 { 0 } else { self.dead_letters[minute as usize - 1][place] };
                self.dead_letters[minute as usize][place] > before
            }
            Kind::DeadLetterDeliveryFailing => some(rare.dead_letter_errors) || some(rare.delivery_failures),
            Kind::EventSourceLagging => {
                // A message that failed or was throttled once or twice has waited for its visibility timeout as often.
                let (age_s, old_s) = match &function.source {
                    Some(Source::Sqs { queue, .. }) => (self.world.oldest_message_s(queue, minute), 120.0),
                    _ => (rare.iterator_age_ms.map(|age| age / 1000), 60.0),
                };
                age_s.is_some_and(|age| f64::from(age) >= old_s * limits)
            }
            Kind::EventSourceDisabled => {
                scenario.changes_of(&function.name, Instant::end_of(minute)).any(|change| change.source_disabled)
            }
            Kind::RecursionDropped => some(rare.recursive_dropped),
            Kind::CanaryFailing => {
                let minutes = minute + 1 - CANARY_MIN..=minute;
                self.canary(place, minutes).is_some_and(|canary| canary.is_worse(clarity))
            }
            Kind::ChangeCode => changed(|change| change.code),
            Kind::ChangeConfiguration => changed(|change| change.timeout_s.is_some()),
            Kind::ChangeAlias => changed(|change| change.alias.is_some()) || self.shifted(place, minute),
            Kind::ChangeConcurrency => changed(|change| change.reserved.is_some()),
            // The simulator splits traffic by weight only; the other two are about the Region.
            Kind::CanarySplitOff | Kind::ThrottleUnreservedPool | Kind::ConcurrencyNearLimit => false,
        }
    }

    fn region_shows(&self, kind: Kind, minute: i64, clarity: Clarity) -> bool {
        match kind {
            Kind::ThrottleUnreservedPool => {
                let mut places = 0..self.scenario().functions.len();
                places.any(|place| self.world.throttles(place, minute).of(kind) > 0)
            }
            Kind::ConcurrencyNearLimit => self.claims(minute, 0.9 * clarity.of_limits()),
            _ => false,
        }
    }

    /// Whether this part of the Region's limit was claimed at some time of the minute.
    fn claims(&self, minute: i64, part: f64) -> bool {
        let region = self.world.region_report(minute);
        region.is_some_and(|region| f64::from(region.claimed) >= part * f64::from(self.scenario().region.limit))
    }

    /// Whether reading the reservation that throttles requests is denied.
    fn is_hidden(&self, place: usize, minute: i64) -> bool {
        let scenario = self.scenario();
        let reserved = scenario.functions[place].reserved_at(scenario, Instant::end_of(minute)).is_some();
        reserved
            && scenario.api_faults.iter().any(|fault| {
                fault.operation == Some(Operation::GetFunctionConcurrency)
                    && fault.answer == ApiAnswer::Denied
                    && within(Instant::end_of(minute), fault.from_min, fault.until_min)
            })
    }

    /// Whether an alias has begun or ceased to split its traffic.
    fn shifted(&self, place: usize, minute: i64) -> bool {
        let canaries = self.scenario().functions[place].aliases.iter().filter_map(|alias| alias.canary.as_ref());
        let mut edges = canaries.flat_map(|canary| std::iter::once(canary.from_min).chain(canary.until_min));
        edges.any(|edge| edge > 0.0 && edge < (minute + 1) as f64)
    }

    /// How long the oldest asynchronous event of those that ran in the minute had waited.
    fn event_age_s(&self, place: usize, minute: i64) -> Option<f64> {
        Some(f64::from(self.total(place, minute).rare?.event_age_ms?) / 1000.0)
    }

    /// Whether many invocations of the last three minutes were cold starts.
    fn is_cold(&self, place: usize, minute: i64, rates: f64) -> bool {
        let minutes = (minute - 2).max(0)..=minute;
        let cold: u32 = minutes.clone().map(|minute| self.logged[minute as usize][place].cold).sum();
        let calls: u32 = minutes.map(|minute| self.total(place, minute).invocations).sum();
        f64::from(cold) >= f64::from(3 * MORE_THAN_CHANCE) * rates && share(cold, calls) >= 0.125 * rates
    }

    /// The function's first canary and the version it is compared with, over some minutes; `None` without invocations.
    pub(crate) fn canary(&self, place: usize, minutes: RangeInclusive<i64>) -> Option<Compared> {
        let (alias, qualifier) =
            self.scenario().functions[place].aliases.iter().zip(1..).find(|(alias, _)| alias.canary.is_some())?;
        let version = |name: &str| self.world.versions(place).iter().position(|known| known == name);
        let [old, new] = [&alias.version, &alias.canary.as_ref()?.version].map(|name| {
            let lane = version(name).map(|version| Lane { qualifier, version: version as u16 });
            let mut sums = Sums::default();
            for minute in minutes.clone().filter(|minute| *minute >= 0) {
                let report = self.world.report(place, minute);
                if let Some(activity) = report.as_ref().zip(lane).and_then(|(report, lane)| report.executed(lane)) {
                    sums.add(activity);
                }
            }
            sums
        });
        (new.calls > 0).then_some(Compared { old, new })
    }
}

/// What two versions did.
pub(crate) struct Compared {
    old: Sums,
    pub(crate) new: Sums,
}

#[derive(Default)]
pub(crate) struct Sums {
    pub(crate) calls: u32,
    errors: u32,
    /// Of all durations.
    total_ms: f64,
}

impl Sums {
    fn add(&mut self, activity: &Activity) {
        self.calls += activity.invocations;
        self.errors += activity.errors;
        let average_ms = activity.durations.map_or(0.0, |durations| f64::from(durations.average) / 100.0);
        self.total_ms += average_ms * f64::from(activity.invocations);
    }

    fn errors(&self) -> f64 {
        share(self.errors, self.calls)
    }

    fn mean_ms(&self) -> f64 {
        self.total_ms / f64::from(self.calls.max(1))
    }
}

impl Compared {
    fn is_worse(&self, clarity: Clarity) -> bool {
        let rates = clarity.of_rates();
        let more = f64::from(self.new.errors) > f64::from(MORE_THAN_CHANCE) * rates;
        let fails = more && self.new.errors() >= self.old.errors() + (self.old.errors() + 0.01) * rates;
        let is_slow = self.new.calls >= 50 && self.new.mean_ms() >= (1.0 + 0.3 * rates) * self.old.mean_ms();
        fails || is_slow
    }

    /// The two-proportion z-test at three standard deviations, and means that differ by less than chance allows: 780
    /// invocations with a spread of 0.5 have a standard error of 2 %; 8 % is four of them.
    #[cfg(test)]
    fn is_the_same(&self) -> bool {
        let (old, new) = (f64::from(self.old.calls), f64::from(self.new.calls));
        let pooled = share(self.old.errors + self.new.errors, self.old.calls + self.new.calls);
        let deviation = (pooled * (1.0 - pooled) * (1.0 / old + 1.0 / new)).sqrt();
        let as_often = (self.new.errors() - self.old.errors()).abs() <= 3.0 * deviation;
        as_often && (self.new.mean_ms() / self.old.mean_ms() - 1.0).abs() < 0.08
    }
}

impl Logged {
    fn of(world: &World, place: usize, minute: i64) -> Self {
        let mut logged = Self::default();
        for one in world.invocations(place, Instant::start_of(minute), Instant::start_of(minute + 1)) {
            let cold = matches!(one.start, Start::Cold | Start::Restored);
            logged.cold += u32::from(cold && one.started.minute() == minute);
            if one.ended().minute() == minute {
                logged.timeouts += u32::from(one.outcome == Outcome::Timeout);
                logged.killed += u32::from(one.outcome == Outcome::OutOfMemory);
                logged.most_used_mb = logged.most_used_mb.max(one.used_mb);
            }
        }
        logged
    }
}

fn dead_letters_of(world: &World, place: usize) -> u64 {
    let function = &world.scenario().functions[place];
    let targets = [&function.dead_letter, &function.on_failure].into_iter().flatten();
    let queues = targets.filter_map(|target| match target {
        Target::Sqs(name) => Some(name),
        Target::Sns(_) => None,
    });
    let redrive = match &function.source {
        Some(Source::Sqs { redrive, .. }) => Some(redrive),
        _ => None,
    };
    queues.chain(redrive).filter_map(|name| world.queue(name)).map(|queue| queue.depth).sum()
}

fn share(part: u32, whole: u32) -> f64 {
    f64::from(part) / f64::from(whole.max(1))
}

/// What the log lines of a function's minute contain.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Logged {
    /// New environments, by the minute in which they started.
    cold: u32,
    /// Among the invocations that ended in the minute; so are the next two.
    timeouts: u32,
    killed: u32,
    most_used_mb: u32,
}

#[cfg(test)]
mod truths;
