//! The world in one minute: who called what, who ran, who was refused, what failed.
//!
//! A pure function of (scenario, seed, minute): nothing is carried from one minute to the next.

use super::activity::Activity;
use super::capacity::{Grant, Want, grant};
use super::demand::{Demand, LaneDemand, demand, lag_ms};
use super::noise::Noise;
use super::scenario::{Function, Scenario, Source};
use crate::model::time::Minute;

/// An event or message is tried three times before it is given up: Lambda's default of two retries
/// (aws-facts 6.5), and the `maxReceiveCount` of every simulated source queue.
const ATTEMPTS: u64 = 3;
/// The second retry of an asynchronous event comes a minute and two more after the first attempt, ms.
const LAST_RETRY_MS: f64 = 180_000.0;
/// The longest pause between two attempts of a throttled asynchronous event, ms (aws-facts 6.5).
const LONGEST_BACKOFF_MS: f64 = 300_000.0;

/// The simulated Region.
pub(super) struct World {
    pub(super) scenario: Scenario,
    pub(super) seed: u64,
}

/// A function that was called in a minute.
pub(super) struct FunctionMinute<'a> {
    pub(super) function: &'a Function,
    /// What happened, by qualifier and version.
    pub(super) lanes: Vec<Lane<'a>>,
    /// Events and messages given up: dropped asynchronous events, or poisoned messages of the source queue.
    pub(super) lost: u64,
}

/// The part of a function's minute that called one qualifier and ran one version.
pub(super) struct Lane<'a> {
    pub(super) qualifier: &'a str,
    pub(super) version: Option<&'a str>,
    pub(super) activity: Activity,
}

impl FunctionMinute<'_> {
    /// All lanes together.
    pub(super) fn total(&self) -> Activity {
        self.lanes.iter().map(|lane| &lane.activity).sum()
    }
}

/// A function's requests before anybody is refused.
struct Asked<'a> {
    function: &'a Function,
    demand: Demand<'a>,
    requests: u64,
    want: Want,
    noise: Noise,
}

impl World {
    /// The concurrency that functions without a reservation share on demand.
    fn pool(&self) -> u64 {
        u64::from(self.scenario.region.limit).saturating_sub(self.scenario.set_aside())
    }

    /// Every function that was called in `minute`, in the scenario's order; idle ones are absent.
    pub(super) fn minute(&self, minute: Minute) -> Vec<FunctionMinute<'_>> {
        let asked: Vec<_> = self.scenario.functions.iter().map(|function| self.asked(function, minute)).collect();
        let wants: Vec<_> = asked.iter().map(|asked| asked.want).collect();
        asked
            .into_iter()
            .zip(grant(self.pool(), &wants))
            .filter(|(asked, _)| asked.requests > 0)
            .map(|(asked, grant)| self.run(asked, grant, minute))
            .collect()
    }

    fn asked<'a>(&'a self, function: &'a Function, minute: Minute) -> Asked<'a> {
        let mut noise = Noise::new(self.seed, &function.name, minute.0);
        let demand = demand(&self.scenario, self.seed, function, minute);
        let requests = noise.poisson(demand.rate * 60.0);
        // Little's law: rate x mean duration. The number present at once is Poisson distributed around it,
        // and a minute's maximum lies above it.
        let present = requests as f64 / 60.0 * demand.mean_s();
        let peak = (present + noise.normal().abs() * present.sqrt()).ceil() as u64;
        let wanted = match function.source {
            Some(Source::Kinesis { shards, .. }) => peak.min(u64::from(shards)),
            _ => peak,
        };
        let want =
            Want { wanted, reserved: function.reserved.map(u64::from), provisioned: u64::from(function.provisioned()) };
        Asked { function, demand, requests, want, noise }
    }

    fn run<'a>(&'a self, asked: Asked<'a>, grant: Grant, minute: Minute) -> FunctionMinute<'a> {
        let Asked { function, demand, requests, mut noise, .. } = asked;
        let mut left = Remaining { requests, share: 1.0, grant };
        let lag_ms = lag_ms(&self.scenario, function, minute);
        let mut lost = 0;
        let lanes = demand
            .lanes
            .iter()
            .map(|lane| {
                let mut activity = left.take(lane, grant, &mut noise);
                if function.provisioned.is_some() {
                    let spilled = grant.on_demand as f64 / (grant.on_demand + grant.on_provisioned).max(1) as f64;
                    activity.spilled = Some(noise.binomial(activity.invocations, spilled));
                }
                lost += give_up(function, &mut activity, grant.refused, &mut noise);
                if matches!(function.source, Some(Source::Kinesis { .. })) && activity.invocations > 0 {
                    activity.iterator_age_ms = Some((lag_ms + 400.0 + 600.0 * noise.uniform()).round());
                }
                Lane { qualifier: lane.qualifier, version: lane.version, activity }
            })
            .collect();
        FunctionMinute { function, lanes, lost }
    }
}

/// What the lanes still to come share: taking each lane's part of the rest makes the parts sum to the whole.
struct Remaining {
    requests: u64,
    share: f64,
    grant: Grant,
}

impl Remaining {
    fn take(&mut self, lane: &LaneDemand<'_>, grant: Grant, noise: &mut Noise) -> Activity {
        let part = (lane.share / self.share).min(1.0);
        // The last lane takes all, whatever rounding left of the shares.
        let part = if part > 1.0 - 1e-9 { 1.0 } else { part };
        let requests = noise.binomial(self.requests, part);
        let throttles = noise.binomial(requests, grant.refused);
        let invocations = requests - throttles;
        let activity = Activity {
            invocations,
            throttles,
            errors: noise.binomial(invocations, lane.error_rate),
            on_demand: (self.grant.on_demand as f64 * part).round() as u64,
            on_provisioned: (self.grant.on_provisioned as f64 * part).round() as u64,
            durations: lane.durations.sample(invocations, noise),
            ..Activity::default()
        };
        self.requests -= requests;
        self.share -= lane.share;
        self.grant.on_demand -= activity.on_demand;
        self.grant.on_provisioned -= activity.on_provisioned;
        activity
    }
}

/// Settles what becomes of a lane's failed events, and says how many were given up.
///
/// An event that fails once fails every time (it is poisoned), so of three errors one is an event lost and
/// two are its retries.
fn give_up(function: &Function, activity: &mut Activity, refused: f64, noise: &mut Noise) -> u64 {
    // Which error is an event's last one falls at random over the minutes.
    let mut given_up = |errors: u64| (errors + noise.below(ATTEMPTS)) / ATTEMPTS;
    if matches!(function.source, Some(Source::Sqs { .. })) {
        return given_up(activity.errors);
    }
    if function.async_share <= 0.0 {
        return 0;
    }
    let lost = given_up(activity.errors);
    let lost = noise.binomial(lost, function.async_share);
    let attempts = noise.binomial(activity.invocations, function.async_share);
    if attempts == 0 && lost == 0 {
        return 0;
    }
    let retried = if lost > 0 { LAST_RETRY_MS } else { 0.0 };
    let waited = retried.max(refused * LONGEST_BACKOFF_MS);
    activity.events_received = Some(attempts.saturating_sub(lost * (ATTEMPTS - 1)));
    activity.events_dropped = Some(lost);
    activity.event_age_ms = Some((waited + 30.0 + 60.0 * noise.uniform()).round());
    if lost > 0 {
        let undelivered = noise.binomial(lost, function.undelivered_share);
        activity.dead_letter_errors = function.dead_letter.as_ref().map(|_| undelivered);
        activity.delivery_failures = function.on_failure.as_ref().map(|_| undelivered);
    }
    lost
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world(seed: u64) -> World {
        World { scenario: super::super::scenario("mixed").unwrap(), seed }
    }

    fn minutes(world: &World, offsets: std::ops::Range<i64>) -> impl Iterator<Item = (i64, Vec<FunctionMinute<'_>>)> {
        offsets.map(|offset| (offset, world.minute(Minute::of(world.scenario.at(offset)))))
    }

    /// Three hours of calm and an hour of incident.
    const LONG: std::ops::Range<i64> = -130..110;

    fn of<'a, 'b>(functions: &'b [FunctionMinute<'a>], name: &str) -> &'b FunctionMinute<'a> {
        functions.iter().find(|minute| minute.function.name == name).unwrap_or_else(|| panic!("{name} is idle"))
    }

    #[test]
    fn nobody_exceeds_a_limit() {
        for seed in [1, 2] {
            let world = world(seed);
            let mut fullest = 0;
            for (offset, functions) in minutes(&world, LONG) {
                let mut unreserved = 0;
                for minute in &functions {
                    let (name, total) = (&minute.function.name, minute.total());
                    let reserved = minute.function.reserved.map_or(u64::MAX, u64::from);
                    assert!(total.concurrency() <= reserved, "{name} at {offset}");
                    assert!(total.on_provisioned <= u64::from(minute.function.provisioned()), "{name} at {offset}");
                    if minute.function.reserved.is_none() {
                        unreserved += total.on_demand;
                    }
                }
                assert!(unreserved <= world.pool(), "{unreserved} at {offset}");
                fullest = fullest.max(unreserved);
            }
            assert_eq!(fullest, world.pool(), "the incident exhausts the pool exactly");
        }
    }

    #[test]
    fn parts_do_not_exceed_their_whole() {
        let world = world(1);
        for (offset, functions) in minutes(&world, LONG) {
            for minute in &functions {
                for Lane { activity, .. } in &minute.lanes {
                    let name = &minute.function.name;
                    assert!(activity.errors <= activity.invocations, "{name} at {offset}");
                    assert!(activity.spilled.unwrap_or(0) <= activity.invocations, "{name} at {offset}");
                    let undelivered = activity.dead_letter_errors.or(activity.delivery_failures).unwrap_or(0);
                    assert!(undelivered <= minute.lost, "{name} at {offset}");
                    assert_eq!(activity.durations.is_some(), activity.invocations > 0, "{name} at {offset}");
                    if let Some(seen) = activity.durations {
                        let timeout_ms = f64::from(minute.function.timeout_s) * 1000.0;
                        assert!(seen.p50 <= seen.p95 && seen.p95 <= seen.p99 && seen.p99 <= seen.maximum);
                        assert!(seen.average <= seen.maximum && seen.maximum <= timeout_ms, "{name} at {offset}");
                    }
                }
            }
        }
    }

    #[test]
    fn concurrency_is_rate_times_duration_and_a_little_more() {
        let world = world(1);
        for function in world.scenario.functions.iter().filter(|function| function.rate > 0.0) {
            let (mut seen, mut expected, mut most) = (0.0, 0.0, 0.0);
            for (_, functions) in minutes(&world, -130..50) {
                let Some(minute) = functions.iter().find(|minute| minute.function.name == function.name) else {
                    continue;
                };
                let total = minute.total();
                seen += total.concurrency() as f64;
                let present = total.invocations as f64 / 60.0 * total.durations.unwrap().average / 1000.0;
                expected += present;
                // A maximum is a whole number, and at least 1 in a minute in which the function ran.
                most += present + present.sqrt() + 1.0;
            }
            assert!((expected..=most).contains(&seen), "{}: {seen}, not {expected} to {most}", function.name);
        }
    }

    #[test]
    fn throttles_begin_with_the_incident_and_hit_whom_they_should() {
        let world = world(1);
        for (offset, functions) in minutes(&world, -130..50) {
            for minute in &functions {
                assert_eq!(minute.total().throttles, 0, "{} at {offset}", minute.function.name);
            }
        }
        for (offset, functions) in minutes(&world, 58..90) {
            for name in ["image-resize", "pdf-render", "catalog-api", "checkout"] {
                assert!(of(&functions, name).total().throttles > 0, "{name} at {offset}");
            }
            assert_eq!(of(&functions, "ledger-writer").total().throttles, 0, "its reservation protects it");
            assert_eq!(of(&functions, "pdf-render").total().concurrency(), 20, "at its reservation");
            assert!(of(&functions, "search-api").total().spilled > Some(0), "provisioned concurrency is full");
        }
    }

    #[test]
    fn the_canary_fails_more_and_runs_slower() {
        let world = world(1);
        let mut versions = std::collections::BTreeMap::<&str, Activity>::new();
        for (_, functions) in minutes(&world, 50..65) {
            for lane in &of(&functions, "checkout").lanes {
                *versions.entry(lane.version.unwrap()).or_default() += &lane.activity;
            }
        }
        let (stable, canary) = (&versions["41"], &versions["42"]);
        let rate = |activity: &Activity| activity.errors as f64 / activity.invocations as f64;
        let share = canary.invocations as f64 / (canary.invocations + stable.invocations) as f64;
        assert!((share - 0.1).abs() < 0.01, "{share}");
        assert!(rate(stable) < 0.01 && rate(canary) > 0.04, "{} against {}", rate(stable), rate(canary));
        assert!(canary.durations.unwrap().p95 > 1.3 * stable.durations.unwrap().p95);
    }

    #[test]
    fn of_three_failed_attempts_one_event_is_lost() {
        let world = world(1);
        let (mut errors, mut lost, mut received, mut invocations) = (0, 0, 0, 0);
        for (_, functions) in minutes(&world, 60..120) {
            let minute = of(&functions, "payments-webhook");
            let total = minute.total();
            errors += total.errors;
            lost += minute.lost;
            received += total.events_received.unwrap();
            invocations += total.invocations;
        }
        assert!(lost > 100 && (errors as f64 / lost as f64 - 3.0).abs() < 0.1, "{errors} errors, {lost} lost");
        assert_eq!(received + 2 * lost, invocations, "what was not received is a retry");
    }

    #[test]
    fn another_seed_is_another_world_and_the_same_seed_the_same() {
        let invocations = |seed| -> Vec<u64> {
            let world = world(seed);
            minutes(&world, 0..5)
                .flat_map(|(_, all)| all.iter().map(|one| one.total().invocations).collect::<Vec<_>>())
                .collect()
        };
        assert_eq!(invocations(1), invocations(1));
        assert_ne!(invocations(1), invocations(2));
    }
}
