//! The hours before the origin, without incidents, drawn minute by minute from the model's expected values.
//!
//! A function's minute depends only on (scenario, seed, function, minute), so any minute can be computed at any time
//! and in any order. Nothing is throttled, dropped or deployed here; queues are empty at the origin.

use super::activity::{Activity, Rare};
use super::behaviour::{Behaviour, behaviour};
use super::instant::Instant;
use super::noise::Noise;
use super::report::{Lane, Part, Parts, RegionReport, Report};
use super::scenario::{Function, MOST_HOPS, Scenario, Source};
use super::statistics::{peak, together};
use super::traffic;

/// Traffic without incidents exceeds its ordinary rate at most by the daily swing and the drift.
const MOST_RATE: f64 = 1.2;
/// Functions with fewer expected invocations an hour are drawn by the hour, so that idle time costs little.
const FEW_AN_HOUR: f64 = 30.0;
/// The first retry of an asynchronous event comes a minute after its failure (docs/aws.md#asynchronous-retries).
const RETRY_MS: u32 = 60_000;

/// Independent random streams.
const BY_HOUR: u64 = 0x68_6f_75_72;
const BY_MINUTE: u64 = 0x6d_69_6e;
const OUTCOMES: u64 = 0x6f_75_74;

/// The history of every function of a scenario.
#[derive(Debug)]
pub(super) struct History {
    seed: u64,
    functions: Vec<Calm>,
}

/// A function without incidents.
#[derive(Debug)]
struct Calm {
    /// The functions whose requests lead here (itself, and those that cause events for it), with invocations per
    /// request.
    causes: Vec<(usize, f64)>,
    /// The share of invocations by asynchronous events, and of these the share of first attempts.
    asynchronous: f64,
    first: f64,
    /// The most expected invocations in an hour; `None`: too many to draw them by the hour.
    few_an_hour: Option<f64>,
    lanes: Vec<CalmLane>,
}

/// A lane, and its share of a function's traffic.
#[derive(Debug)]
struct CalmLane {
    lane: Lane,
    share: f64,
    behaviour: Behaviour,
}

/// The lanes of a function before the origin, each with its share: `$LATEST` first, then the aliases.
pub(super) fn lanes(scenario: &Scenario, function: &Function, versions: &[String]) -> Vec<(Lane, f64)> {
    let of_aliases: f64 = function.aliases.iter().map(|alias| alias.share).sum();
    let latest = (Lane { qualifier: 0, version: 0 }, 1.0 - of_aliases);
    let aliases = (1..).zip(&function.aliases).map(|(qualifier, alias)| {
        let version = function.version_at(scenario, alias, Instant(-1));
        let version = versions.iter().position(|one| one == version).unwrap_or(0) as u16;
        (Lane { qualifier, version }, alias.share)
    });
    // Shares are decimals: the remainder may be a rounding error.
    std::iter::once(latest).chain(aliases).filter(|(_, share)| *share > 1e-9).collect()
}

impl History {
    /// The history of `scenario`; `versions` returns a function's versions, `$LATEST` first.
    pub(super) fn new<'a>(scenario: &Scenario, seed: u64, versions: impl Fn(usize) -> &'a [String]) -> Self {
        let mut functions: Vec<_> = (0..scenario.functions.len())
            .map(|place| Calm::new(scenario, &scenario.functions[place], versions(place)))
            .collect();
        for place in 0..functions.len() {
            for (caused, invocations) in causes_of(scenario, place) {
                functions[caused].causes.push((place, invocations));
            }
        }
        for (calm, function) in functions.iter_mut().zip(&scenario.functions) {
            calm.settle(scenario, function);
        }
        Self { seed, functions }
    }

    /// The report of the function at `place` for a `minute` before the origin; `None` without invocations.
    pub(super) fn report(&self, scenario: &Scenario, place: usize, minute: i64) -> Option<Report> {
        let function = &scenario.functions[place];
        let expected = self.expected(scenario, place, minute);
        let counts = self.counts(scenario, place, minute, expected);
        let mut noise = Noise::new(self.seed ^ OUTCOMES, &function.name, minute);
        let calm = &self.functions[place];
        let mut ran: Vec<(Lane, Activity)> = Vec::new();
        for (lane, count) in calm.lanes.iter().zip(counts).filter(|(_, count)| *count > 0) {
            ran.push((lane.lane, calm.activity(function, lane, count, expected, &mut noise)));
        }
        if ran.len() < 2 {
            let (lane, total) = ran.pop()?;
            return Some(Report { total, parts: Parts::Sole(lane) });
        }
        let mut total = together(ran.iter().map(|(_, activity)| activity));
        let most = ran.iter().map(|(_, activity)| activity.concurrency).max().unwrap_or(0);
        let sum = ran.iter().map(|(_, activity)| activity.concurrency).sum();
        let (present, mean_s) = calm.present(expected);
        total.concurrency = peak(present, mean_s, &mut noise).min(limit(function)).clamp(most, sum);
        // One version is behind each alias, so a qualifier's report is that of its version.
        let part = |(lane, activity): (Lane, Activity)| {
            let qualifier = lane.qualifier;
            let whole = Part { qualifier, version: None, activity: activity.clone() };
            [whole, Part { qualifier, version: Some(lane.version), activity }]
        };
        Some(Report { total, parts: Parts::Several(ran.into_iter().flat_map(part).collect()) })
    }

    /// The lanes of the function at `place` in `from..until`, all before the origin, as in its reports.
    pub(super) fn called(&self, scenario: &Scenario, place: usize, from: i64, until: i64) -> Vec<Lane> {
        let calm = &self.functions[place];
        let mut called = vec![false; calm.lanes.len()];
        if calm.few_an_hour.is_some() {
            for hour in (from.div_euclid(60)..=(until - 1).div_euclid(60)).rev() {
                for (_, lane) in self.few(scenario, place, hour, |minute| (from..until).contains(&minute)) {
                    called[lane] = true;
                }
                if called.iter().all(|one| *one) {
                    break;
                }
            }
        } else {
            for minute in (from..until).rev() {
                let expected = self.expected(scenario, place, minute);
                for (one, count) in called.iter_mut().zip(self.counts(scenario, place, minute, expected)) {
                    *one |= count > 0;
                }
                if called.iter().all(|one| *one) {
                    break;
                }
            }
        }
        calm.lanes.iter().zip(called).filter(|(_, called)| *called).map(|(lane, _)| lane.lane).collect()
    }

    /// The Region in a `minute` before the origin: all functions together; `None` without invocations.
    pub(super) fn region(&self, scenario: &Scenario, minute: i64) -> Option<RegionReport> {
        let reports: Vec<_> =
            (0..self.functions.len()).filter_map(|place| self.report(scenario, place, minute)).collect();
        if reports.is_empty() {
            return None;
        }
        let mut total = together(reports.iter().map(|report| &report.total));
        let mut all = Load::default();
        let mut unreserved = Load::default();
        for (place, (function, calm)) in scenario.functions.iter().zip(&self.functions).enumerate() {
            let expected = self.expected(scenario, place, minute);
            let (present, _) = calm.present(expected);
            all.add(present, expected);
            if function.reserved.is_none() {
                unreserved.add((present - f64::from(function.provisioned())).max(0.0), expected);
            }
        }
        // The same draw for both: when the Region is full, so is its unreserved part.
        let noise = Noise::new(self.seed ^ OUTCOMES, "", minute);
        let most = reports.iter().map(|report| report.total.concurrency).max().unwrap_or(0);
        total.concurrency = all.peak(&mut noise.clone()).max(most);
        let set_aside = scenario.set_aside_at(Instant(-1));
        let pool = scenario.region.limit.saturating_sub(set_aside);
        let unreserved = unreserved.peak(&mut noise.clone()).min(pool).min(total.concurrency);
        Some(RegionReport { total, unreserved, claimed: unreserved.saturating_add(set_aside) })
    }

    /// The invocations expected in a minute.
    pub(super) fn expected(&self, scenario: &Scenario, place: usize, minute: i64) -> f64 {
        let of = |(cause, invocations): &(usize, f64)| {
            invocations * traffic::calm_requests(scenario, self.seed, &scenario.functions[*cause], minute)
        };
        self.functions[place].causes.iter().map(of).sum()
    }

    /// The invocations of each lane in a minute with `expected` invocations.
    fn counts(&self, scenario: &Scenario, place: usize, minute: i64, expected: f64) -> Vec<u32> {
        let calm = &self.functions[place];
        let mut counts = vec![0; calm.lanes.len()];
        if calm.few_an_hour.is_some() {
            for (_, lane) in self.few(scenario, place, minute.div_euclid(60), |one| one == minute) {
                counts[lane] += 1;
            }
        } else {
            let mut noise = Noise::new(self.seed ^ BY_MINUTE, &scenario.functions[place].name, minute);
            for (count, lane) in counts.iter_mut().zip(&calm.lanes) {
                *count = noise.poisson(expected * lane.share) as u32;
            }
        }
        counts
    }

    /// The minutes and lanes of the invocations in an hour, for a function with few, unordered. Only those in the
    /// `wanted` minutes.
    ///
    /// More than expected are drawn, evenly over the hour, and then thinned to the expected number of each minute.
    fn few(&self, scenario: &Scenario, place: usize, hour: i64, wanted: impl Fn(i64) -> bool) -> Vec<(i64, usize)> {
        let calm = &self.functions[place];
        let most = calm.few_an_hour.unwrap_or(0.0);
        let mut noise = Noise::new(self.seed ^ BY_HOUR, &scenario.functions[place].name, hour);
        let mut few = Vec::new();
        for _ in 0..noise.poisson(most) {
            let minute = hour * 60 + noise.below(60).cast_signed();
            let (keep, way) = (noise.uniform(), noise.uniform());
            if wanted(minute) && keep * most < 60.0 * self.expected(scenario, place, minute) {
                few.push((minute, calm.lane(way)));
            }
        }
        few
    }
}

/// How many invocations of which functions a request to the function at `place` causes in total.
fn causes_of(scenario: &Scenario, place: usize) -> Vec<(usize, f64)> {
    let function = &scenario.functions[place];
    if function.rate == 0.0 && function.burst.is_none() {
        return Vec::new();
    }
    let share = function.async_share;
    let mut caused = Vec::new();
    let mut ahead = vec![(place, 1.0 - share + share * attempts(scenario, function), MOST_HOPS)];
    while let Some((place, invocations, hops)) = ahead.pop() {
        caused.push((place, invocations));
        let function = &scenario.functions[place];
        for consequence in function.consequences.iter().filter(|one| hops > 0 && one.happens(Instant(-1))) {
            let find = |one: &Function| one.name == consequence.function;
            if let Some(next) = scenario.functions.iter().position(find) {
                let events = invocations * (1.0 - failing(scenario, function)) * consequence.share;
                ahead.push((next, events * attempts(scenario, &scenario.functions[next]), hops - 1));
            }
        }
    }
    caused
}

fn failing(scenario: &Scenario, function: &Function) -> f64 {
    behaviour(scenario, function, "$LATEST", Instant(-1)).failing()
}

/// The mean number of attempts of an asynchronous event.
fn attempts(scenario: &Scenario, function: &Function) -> f64 {
    let failing = failing(scenario, function);
    (0..=function.max_retries).scan(1.0, |left, _| Some(std::mem::replace(left, *left * failing))).sum()
}

/// The most that can run at once.
fn limit(function: &Function) -> u32 {
    let source = match function.source {
        Some(Source::Kinesis { shards, .. }) => Some(shards),
        Some(Source::Sqs { maximum_concurrency, .. }) => maximum_concurrency,
        None => None,
    };
    source.unwrap_or(u32::MAX).min(function.reserved.unwrap_or(u32::MAX)).max(1)
}

impl Function {
    /// Requests a second in the mean, bursts included.
    fn mean_rate(&self) -> f64 {
        self.rate + self.burst.as_ref().map_or(0.0, |burst| burst.rate * burst.lasting_s / burst.every_s)
    }
}

impl Calm {
    fn new(scenario: &Scenario, function: &Function, versions: &[String]) -> Self {
        let lane = |(lane, share): (Lane, f64)| {
            let version = versions.get(usize::from(lane.version)).map_or("$LATEST", String::as_str);
            CalmLane { lane, share, behaviour: behaviour(scenario, function, version, Instant(-1)) }
        };
        let lanes = lanes(scenario, function, versions).into_iter().map(lane).collect();
        Self { causes: Vec::new(), asynchronous: 0.0, first: 1.0, few_an_hour: None, lanes }
    }

    /// Computes the derived values.
    fn settle(&mut self, scenario: &Scenario, function: &Function) {
        let invocations: f64 =
            self.causes.iter().map(|(cause, each)| each * scenario.functions[*cause].mean_rate()).sum();
        let synchronous = function.mean_rate() * (1.0 - function.async_share);
        if invocations > 0.0 {
            self.asynchronous = (1.0 - synchronous / invocations).max(0.0);
            self.first = 1.0 / attempts(scenario, function);
        }
        let steady = self.causes.iter().all(|(cause, _)| scenario.functions[*cause].burst.is_none());
        self.few_an_hour = Some(invocations * MOST_RATE * 3600.0).filter(|most| steady && *most <= FEW_AN_HOUR);
    }

    /// The mean environments in use and the mean duration in seconds, for this expected number of invocations a minute:
    /// Little's law.
    fn present(&self, expected: f64) -> (f64, f64) {
        let mean_s = self.lanes.iter().map(|lane| lane.share * lane.behaviour.cut_mean_ms() / 1000.0).sum();
        (expected / 60.0 * mean_s, mean_s)
    }

    /// The lane of a request, by a number from 0 to 1.
    fn lane(&self, mut way: f64) -> usize {
        let last = self.lanes.len().saturating_sub(1);
        let found = self.lanes.iter().position(|lane| {
            way -= lane.share;
            way < 0.0
        });
        found.unwrap_or(last)
    }

    /// A minute of a lane with `count` invocations, when `expected` were expected of the function.
    fn activity(&self, function: &Function, lane: &CalmLane, count: u32, expected: f64, noise: &mut Noise) -> Activity {
        let mean_s = lane.behaviour.cut_mean_ms() / 1000.0;
        let present = expected * lane.share / 60.0 * mean_s;
        let concurrency = peak(present, mean_s, noise).clamp(1, limit(function));
        Activity {
            invocations: count,
            errors: noise.binomial(count.into(), lane.behaviour.failing()) as u32,
            throttles: 0,
            concurrency,
            durations: lane.behaviour.durations(count, noise),
            rare: self.rare(function, count, concurrency, noise),
        }
    }

    fn rare(&self, function: &Function, count: u32, concurrency: u32, noise: &mut Noise) -> Option<Box<Rare>> {
        let mut rare = Rare::default();
        if function.provisioned.is_some() {
            rare.spilled = Some(concurrency.saturating_sub(function.provisioned()).min(count));
        }
        let attempts = noise.binomial(count.into(), self.asynchronous);
        if attempts > 0 {
            let received = noise.binomial(attempts, self.first);
            let waited_ms = if received < attempts { RETRY_MS } else { 0 };
            rare.events_received = Some(received as u32);
            rare.events_dropped = Some(0);
            rare.event_age_ms = Some(waited_ms + 30 + noise.below(60) as u32);
        }
        if matches!(function.source, Some(Source::Kinesis { .. })) {
            // A shard is read once a second (docs/aws.md#shards).
            rare.iterator_age_ms = Some(400 + noise.below(600) as u32);
        }
        (rare != Rare::default()).then(|| Box::new(rare))
    }
}

/// The environments that several functions use.
#[derive(Default)]
struct Load {
    present: f64,
    per_s: f64,
}

impl Load {
    fn add(&mut self, present: f64, expected_a_minute: f64) {
        self.present += present;
        self.per_s += expected_a_minute / 60.0;
    }

    fn peak(&self, noise: &mut Noise) -> u32 {
        peak(self.present, self.present / self.per_s, noise)
    }
}

#[cfg(test)]
pub(super) mod tests;
