//! Every scenario that ships, run for half an hour: what its file calls true can be seen in what the World emits,
//! exactly while it is true, and nothing else can.
//!
//! Tests only. What counts as seen is written here on its own ([`Run::shows`]), not with the program's findings:
//! those are measured against the same truths elsewhere.

use chrono::TimeDelta;

use super::activity::{Activity, Rare};
use super::instant::Instant;
use super::invocation::{Outcome, Start};
use super::report::Lane;
use super::scenario::{Change, Scenario, Source, Target, Truth, Verdict, scenario, scenarios};
use super::world::World;

/// The truths do not depend on it: 2, 3 and 4 have been tried too.
const SEED: u64 = 1;
/// So many minutes are looked at.
const MINUTES: i64 = 30;
/// And so many are awaited after them: a minute is complete after its last restatement, calls may take one.
const SETTLED_MIN: i64 = 4;
/// Of the minutes in which a truth holds, so many show it; the others are chance's.
const NEARLY_ALL: f64 = 0.9;
/// One error of a few calls is chance.
const MORE_THAN_CHANCE: u32 = 4;

/// Kinds of which the World emits something, how long it takes to show after the truth has begun, and how long it
/// goes on to show after it has ended, minutes. One for most: a truth begins within a minute, when chance decides.
const KINDS: &[(&str, f64, f64)] = &[
    ("throttle.reserved_zero", 0.0, 0.0),
    ("throttle.reserved_limit", 1.0, 0.0),
    ("throttle.unreserved_pool", 1.0, 0.0),
    ("throttle.request_rate", 1.0, 0.0),
    ("throttle.scaling_rate", 0.0, 0.0),
    ("concurrency.near_limit", 1.0, 0.0),
    ("concurrency.top_consumer", 1.0, 0.0),
    ("concurrency.provisioned_spillover", 1.0, 0.0),
    ("errors.rate", 1.0, 0.0),
    ("errors.timeout", 1.0, 0.0),
    ("errors.out_of_memory", 1.0, 0.0),
    ("duration.near_timeout", 1.0, 0.0),
    ("memory.near_limit", 1.0, 0.0),
    // A share of the last three minutes: it outlasts them.
    ("cold_start.surge", 2.0, 2.0),
    ("async.dropped", 1.0, 0.0),
    ("dead_letter.growing", 1.0, 0.0),
    ("dead_letter.delivery_failing", 1.0, 0.0),
    ("event_source.lagging", 1.0, 0.0),
    ("recursion.dropped", 1.0, 0.0),
    // Needs a few errors, or a mean of some calls.
    ("canary.failing", 2.0, 0.0),
    ("change.code", 0.0, 0.0),
    ("change.concurrency", 0.0, 0.0),
];

/// What the log lines of a function's minute tell.
#[derive(Clone, Copy, Debug, Default)]
struct Logged {
    /// Environments that were made, by the minute in which they were.
    cold: u32,
    /// Of the invocations that ended in the minute.
    timeouts: u32,
    killed: u32,
    most_used_mb: u32,
}

/// A scenario that was run to its end.
struct Run {
    world: World,
    /// By minute and place of the functions that are written down.
    logged: Vec<Vec<Logged>>,
    /// By minute and place: messages in what takes the function's dead letters, when the minute ended.
    dead_letters: Vec<Vec<u64>>,
}

impl Run {
    fn new(scenario: &Scenario) -> Self {
        let mut world = World::new(scenario, SEED);
        let written = scenario.functions.len();
        let (mut logged, mut dead_letters) = (Vec::new(), Vec::new());
        for minute in 0..MINUTES {
            world.advance(scenario.origin() + TimeDelta::minutes(minute + 1));
            logged.push((0..written).map(|place| Logged::of(&world, place, minute)).collect());
            dead_letters.push((0..written).map(|place| dead_letters_of(&world, place)).collect());
        }
        world.advance(scenario.origin() + TimeDelta::minutes(MINUTES + SETTLED_MIN));
        Self { world, logged, dead_letters }
    }

    fn scenario(&self) -> &Scenario {
        &self.world.scenario
    }

    fn total(&self, place: usize, minute: i64) -> Activity {
        self.world.report(place, minute).map(|report| report.total).unwrap_or_default()
    }

    fn rare(&self, place: usize, minute: i64) -> Rare {
        self.total(place, minute).rare.as_deref().copied().unwrap_or_default()
    }

    /// Whether the minute shows what `kind` says of the function, or of the Region.
    fn shows(&self, kind: &str, place: Option<usize>, minute: i64) -> bool {
        let Some(place) = place else { return self.region_shows(kind, minute) };
        let function = &self.world.scenario.functions[place];
        let total = self.total(place, minute);
        let rare = self.rare(place, minute);
        let logged = self.logged[minute as usize][place];
        let timeout_s = f64::from(function.timeout_s);
        let end = Instant::start_of(minute + 1) - Instant(1);
        let reserved = function.reserved_at(self.scenario(), end);
        let throttled = total.throttles > 0;
        let changed = |what: fn(&Change) -> bool| {
            self.scenario()
                .changes
                .iter()
                .any(|one| one.function == function.name && one.at_min < (minute + 1) as f64 && what(one))
        };
        match kind {
            "throttle.reserved_zero" => throttled && reserved == Some(0),
            "throttle.reserved_limit" => {
                throttled && reserved.is_some_and(|reserved| reserved > 0 && total.concurrency >= reserved)
            }
            "throttle.request_rate" => throttled && reserved.is_some_and(|reserved| total.concurrency < reserved),
            "throttle.scaling_rate" => throttled && reserved.is_none() && !self.pool_is_full(minute),
            "concurrency.top_consumer" => {
                let limit = self.scenario().region.limit;
                let region = self.world.region_report(minute);
                let is_scarce = region.is_some_and(|region| 100 * region.claimed >= 80 * limit);
                is_scarce && 100 * total.concurrency >= 18 * limit
            }
            "concurrency.provisioned_spillover" => rare.spilled.is_some_and(|spilled| spilled > 0),
            "errors.rate" => total.errors >= MORE_THAN_CHANCE && share(total.errors, total.invocations) >= 0.04,
            "errors.timeout" => logged.timeouts > 0,
            "errors.out_of_memory" => logged.killed > 0,
            "duration.near_timeout" => {
                total.durations.is_some_and(|durations| f64::from(durations.maximum) >= 0.8 * timeout_s * 1e5)
            }
            "memory.near_limit" => f64::from(logged.most_used_mb) >= 0.9 * f64::from(function.memory_mb),
            "cold_start.surge" => self.is_cold(place, minute),
            "async.dropped" => rare.events_dropped.is_some_and(|dropped| dropped > 0),
            "dead_letter.growing" => {
                let before = if minute == 0 { 0 } else { self.dead_letters[minute as usize - 1][place] };
                self.dead_letters[minute as usize][place] > before
            }
            "dead_letter.delivery_failing" => {
                rare.dead_letter_errors.unwrap_or(0) + rare.delivery_failures.unwrap_or(0) > 0
            }
            "event_source.lagging" => {
                // A message that failed or was throttled once or twice has seen its visibility timeout as often.
                let (age_s, old_s) = match &function.source {
                    Some(Source::Sqs { queue, .. }) => (self.world.oldest_message_s(queue, minute), 120),
                    _ => (rare.iterator_age_ms.map(|age| age / 1000), 60),
                };
                age_s.is_some_and(|age| age >= old_s)
            }
            "recursion.dropped" => rare.recursive_dropped.is_some_and(|dropped| dropped > 0),
            "canary.failing" => self.canary(place, minute - 9..=minute).is_some_and(|canary| canary.is_worse()),
            "change.code" => changed(|change| change.code),
            "change.concurrency" => changed(|change| change.reserved.is_some()),
            "throttle.unreserved_pool" | "concurrency.near_limit" => false,
            other => panic!("nothing is said here of {other}"),
        }
    }

    fn region_shows(&self, kind: &str, minute: i64) -> bool {
        let limit = self.scenario().region.limit;
        match kind {
            "throttle.unreserved_pool" => self.pool_is_full(minute) && self.someone_unreserved_throttles(minute),
            "concurrency.near_limit" => {
                self.world.region_report(minute).is_some_and(|region| 10 * region.claimed >= 9 * limit)
            }
            _ => false,
        }
    }

    fn pool_is_full(&self, minute: i64) -> bool {
        let limit = self.scenario().region.limit;
        self.world.region_report(minute).is_some_and(|region| region.claimed >= limit)
    }

    fn someone_unreserved_throttles(&self, minute: i64) -> bool {
        let unreserved = |place: &usize| self.world.scenario.functions[*place].reserved.is_none();
        (0..self.scenario().functions.len()).filter(unreserved).any(|place| self.total(place, minute).throttles > 0)
    }

    /// Whether many of the calls of three minutes found no environment.
    fn is_cold(&self, place: usize, minute: i64) -> bool {
        let minutes = (minute - 2).max(0)..=minute;
        let cold: u32 = minutes.clone().map(|minute| self.logged[minute as usize][place].cold).sum();
        let calls: u32 = minutes.map(|minute| self.total(place, minute).invocations).sum();
        cold >= 3 * MORE_THAN_CHANCE && share(cold, calls) >= 0.125
    }

    /// The function's first canary and what it is compared with, over some minutes; `None` while it is not called.
    fn canary(&self, place: usize, minutes: std::ops::RangeInclusive<i64>) -> Option<Compared> {
        let (alias, qualifier) =
            self.world.scenario.functions[place].aliases.iter().zip(1..).find(|(alias, _)| alias.canary.is_some())?;
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
struct Compared {
    old: Sums,
    new: Sums,
}

#[derive(Default)]
struct Sums {
    calls: u32,
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
    fn is_worse(&self) -> bool {
        let fails = self.new.errors > MORE_THAN_CHANCE && self.new.errors() >= 2.0 * self.old.errors() + 0.01;
        let is_slow = self.new.calls >= 50 && self.new.mean_ms() >= 1.3 * self.old.mean_ms();
        fails || is_slow
    }

    /// The two-proportion z-test at three standard deviations, and means that differ by less than chance
    /// allows: 780 calls of a spread of 0.5 have a standard error of 2 %, of which 8 % is four.
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
    let function = &world.scenario.functions[place];
    let queue = match (&function.dead_letter, &function.source) {
        (Some(Target::Sqs(name)), _) => Some(name),
        (_, Some(Source::Sqs { redrive, .. })) => Some(redrive),
        _ => None,
    };
    queue.and_then(|name| world.queue(name)).map_or(0, |queue| queue.depth)
}

fn share(part: u32, whole: u32) -> f64 {
    f64::from(part) / f64::from(whole.max(1))
}

/// Minutes as ranges, for people.
fn ranges(minutes: &[i64]) -> String {
    let mut ranges: Vec<(i64, i64)> = Vec::new();
    for minute in minutes {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == *minute => *last = *minute,
            _ => ranges.push((*minute, *minute)),
        }
    }
    ranges.iter().map(|(first, last)| format!("{first}-{last}")).collect::<Vec<_>>().join(" ")
}

/// What is wrong with what `kind` shows of a function or of the Region, whose truths of this kind are given.
fn contradictions(run: &Run, kind: (&str, f64, f64), place: Option<usize>, truths: &[&Truth]) -> Vec<String> {
    let (kind, slack, tail) = kind;
    let name = place.map_or("the Region", |place| &run.world.scenario.functions[place].name);
    let shown: Vec<i64> = (0..MINUTES).filter(|minute| run.shows(kind, place, *minute)).collect();
    let mut wrong = Vec::new();
    let until = |truth: &Truth| truth.until_min.unwrap_or(f64::INFINITY);
    let near = |minute: i64, truth: &&Truth| {
        let minute = minute as f64;
        minute + 1.0 > truth.from_min - 1.0 && minute < until(truth) + 2.0 + tail
    };
    let without: Vec<i64> =
        shown.iter().copied().filter(|minute| !truths.iter().any(|truth| near(*minute, truth))).collect();
    if !without.is_empty() {
        wrong.push(format!("{kind} of {name} shows without a truth in {}", ranges(&without)));
    }
    for truth in truths.iter().filter(|truth| truth.from_min + slack < MINUTES as f64) {
        let within = |minute: &i64, slack: f64, tail: f64| {
            *minute as f64 >= truth.from_min + slack && (*minute + 1) as f64 <= until(truth) + tail
        };
        let due: Vec<i64> = (0..MINUTES).filter(|minute| within(minute, slack, 0.0)).collect();
        let missing: Vec<i64> = due.iter().copied().filter(|minute| !shown.contains(minute)).collect();
        // What is over sooner than it needs to show shows once.
        let at_all = shown.iter().any(|minute| within(minute, 0.0, tail));
        if !at_all || missing.len() as f64 > (1.0 - NEARLY_ALL) * due.len() as f64 {
            wrong.push(format!(
                "{kind} of {name} from {} on shows only in {}, not in {}",
                truth.from_min,
                ranges(&shown),
                ranges(&missing)
            ));
        }
    }
    wrong
}

/// Everything about the run that its scenario's file does not say.
fn untold(run: &Run) -> Vec<String> {
    let scenario = run.scenario();
    let written = run.logged[0].len();
    let mut wrong = Vec::new();
    for kind in KINDS {
        for place in std::iter::once(None).chain((0..written).map(Some)) {
            let name = place.map(|place| run.world.scenario.functions[place].name.as_str());
            let said = |truth: &&Truth| truth.kind.as_deref() == Some(kind.0) && truth.function.as_deref() == name;
            let truths: Vec<&Truth> = scenario.truths().iter().filter(said).collect();
            wrong.extend(contradictions(run, *kind, place, &truths));
        }
    }
    for truth in scenario.truths() {
        let place = truth.function.as_deref().and_then(|name| run.world.index(name));
        let known = truth.kind.as_deref().is_none_or(|kind| KINDS.iter().any(|(known, ..)| *known == kind));
        if !known {
            wrong.push(format!("{:?} is not looked for", truth.kind));
        }
        if truth.canary == Some(Verdict::Good) {
            let compared = place.and_then(|place| run.canary(place, 0..=MINUTES - 1));
            if !compared.is_some_and(|compared| compared.is_the_same() && compared.new.calls > 500) {
                wrong.push(format!("the canary of {:?} is not as good, or is not called", truth.function));
            }
        }
    }
    wrong
}

/// So many of some calls fail at most where one in a hundred does: five standard deviations, and two.
fn by_chance(calls: u32) -> f64 {
    let mean = 0.01 * f64::from(calls);
    mean + 5.0 * mean.sqrt() + 2.0
}

/// When the first thing happens.
fn calm_min(scenario: &Scenario) -> i64 {
    let incidents = scenario.incidents.iter().map(|incident| incident.from_min);
    let changes = scenario.changes.iter().map(|change| change.at_min);
    let canaries = scenario.functions.iter().flat_map(|function| &function.aliases);
    let canaries = canaries.filter_map(|alias| Some(alias.canary.as_ref()?.from_min));
    incidents.chain(changes).chain(canaries).fold(MINUTES as f64, f64::min) as i64
}

/// What does not fail but should: functions that are well and are not, traffic that is not what was asked for.
fn unhealthy(run: &Run) -> Vec<String> {
    let scenario = run.scenario();
    let mut wrong = Vec::new();
    let of_pool = |truth: &Truth| truth.kind.as_deref() == Some("throttle.unreserved_pool");
    let pool_drains =
        scenario.truths().iter().find(|truth| of_pool(truth)).map_or(f64::INFINITY, |truth| truth.from_min);
    for (place, function) in scenario.functions.iter().enumerate() {
        if scenario.truths().iter().any(|truth| truth.function.as_ref() == Some(&function.name)) {
            continue;
        }
        let (mut calls, mut errors, mut throttled) = (0, 0, Vec::new());
        for minute in 0..MINUTES {
            let total = run.total(place, minute);
            (calls, errors) = (calls + total.invocations, errors + total.errors);
            let drained = function.reserved.is_none() && (minute + 1) as f64 > pool_drains - 1.0;
            if total.throttles > 0 && !drained {
                throttled.push(minute);
            }
            if f64::from(total.errors) > by_chance(total.invocations) {
                wrong.push(format!("{} fails {} of {} in {minute}", function.name, total.errors, total.invocations));
            }
        }
        if !throttled.is_empty() {
            wrong.push(format!("{} throttles in {}", function.name, ranges(&throttled)));
        }
        if f64::from(errors) > by_chance(calls) {
            wrong.push(format!("{} fails {errors} of {calls}", function.name));
        }
    }
    let calm = calm_min(scenario);
    let (mut asked, mut seen) = (0.0, 0.0);
    for minute in 0..MINUTES {
        let Some(region) = run.world.region_report(minute) else {
            wrong.push(format!("nothing is known of minute {minute}"));
            continue;
        };
        if region.claimed > scenario.region.limit {
            wrong.push(format!("minute {minute} claims {} of {}", region.claimed, scenario.region.limit));
        }
        if !(600..=200_000).contains(&region.total.invocations) {
            wrong.push(format!("{} invocations in minute {minute}", region.total.invocations));
        }
        if minute < calm {
            let expected = |place| run.world.history.expected(scenario, place, minute);
            asked += (0..scenario.functions.len()).map(expected).sum::<f64>();
            seen += f64::from(region.total.invocations);
        }
    }
    if (seen / asked - 1.0).abs() > 0.03 {
        wrong.push(format!("{asked} calls were asked for while all was calm, and {seen} came"));
    }
    wrong
}

fn tells_the_truth(name: &str) {
    let scenario = scenario(name).unwrap();
    let run = Run::new(&scenario);
    let wrong = [untold(&run), unhealthy(&run)].concat();
    assert!(wrong.is_empty(), "{name}:\n{}", wrong.join("\n"));
}

macro_rules! truths {
    ($($test:ident: $name:literal),+ $(,)?) => {
        $(#[test] fn $test() { tells_the_truth($name); })+

        #[test]
        fn no_scenario_is_left_out() {
            let here = [$($name),+];
            let left_out: Vec<_> = scenarios().iter().map(|one| one.name).filter(|name| !here.contains(name)).collect();
            assert!(left_out.is_empty(), "{left_out:?}");
        }
    };
}

truths! {
    mixed: "mixed",
    calm: "calm",
    region_limit: "region-limit",
    reserved_cap: "reserved-cap",
    kill_switch: "kill-switch",
    burst: "burst",
    short_calls: "short-calls",
    provisioned_spillover: "provisioned-spillover",
    bad_canary: "bad-canary",
    slow_canary: "slow-canary",
    good_canary: "good-canary",
    cold_canary: "cold-canary",
    cold_start_storm: "cold-start-storm",
    poison_pill: "poison-pill",
    sqs_redrive: "sqs-redrive",
    iterator_lag: "iterator-lag",
    slow_downstream: "slow-downstream",
    memory_creep: "memory-creep",
    near_timeout: "near-timeout",
    recursion: "recursion",
    deploy_breaks: "deploy-breaks",
    flaky_aws: "flaky-aws",
    media_pipeline: "media-pipeline",
    large: "large",
    huge_logs: "huge-logs",
}
