//! The state of a function: its traffic, its routing, its environments and its counts.

use std::collections::VecDeque;

use super::super::admission::Allowance;
use super::super::behaviour::{Behaviour, behaviour};
use super::super::fleet::{Environment, Fleet};
use super::super::instant::Instant;
use super::super::ledger::Ledger;
use super::super::noise::Noise;
use super::super::report::Lane;
use super::super::scenario::{Function, Scenario, Source};
use super::super::tally::Tally;
use super::super::traffic::Rate;
use super::call::{Call, Caller, Messages};
use super::truth::Throttles;

/// A function's minutes are seen this long after their end, at the earliest and at the latest, seconds: AWS
/// gives no figure; the newest minute or two are missing or in part (docs/aws.md#late-points).
pub(super) const DELAY_S: (u64, u64) = (60, 120);

/// A function's state.
#[derive(Debug)]
pub(crate) struct State {
    pub(super) arrivals: Noise,
    pub(super) service: Noise,
    pub(super) rate: Rate,
    pub(super) names: Vec<String>,
    pub(super) versions: Vec<Version>,
    routes: Vec<Route>,
    pub(super) allowance: Allowance,
    /// The qualifier with provisioned concurrency.
    pub(super) provisioned: Option<u16>,
    pub(super) environments: u32,
    pub(super) tally: Tally,
    pub(super) throttles: Ledger<Throttles>,
    pub(super) poller: Option<Poller>,
}

/// A version that runs.
#[derive(Debug)]
pub(super) struct Version {
    pub(super) behaviour: Behaviour,
    pub(super) fleet: Fleet,
    /// Idle provisioned environments.
    pub(super) ready: Vec<Environment>,
}

/// The routing of one qualifier.
#[derive(Debug)]
struct Route {
    /// The share of requests to this qualifier or one before it.
    up_to: f64,
    qualifier: u16,
    version: u16,
    canary: Option<(u16, f64)>,
}

/// What invokes the function for its event source.
#[derive(Debug)]
pub(super) enum Poller {
    /// Some pollers, each with at most one batch in progress.
    Queue { queue: usize, enabled: bool, busy: u32, allowed: u32, most: u32, growing: bool },
    /// One poller a shard.
    Stream { enabled: bool, shards: Vec<Shard> },
}

/// A shard of a stream: batches in order, one at a time.
#[derive(Debug, Default)]
pub(super) struct Shard {
    pub(super) waiting: VecDeque<Messages>,
    pub(super) busy: bool,
}

/// Concurrent batches of a standard queue at first and at most (docs/aws.md#queue-scaling).
pub(super) const POLLERS: u32 = 5;
const MOST_POLLERS: u32 = 1250;

impl State {
    /// The function at the origin, idle; `queues` are the places of the queues by name.
    pub(super) fn new(scenario: &Scenario, seed: u64, function: &Function, queue: impl Fn(&str) -> usize) -> Self {
        let names = versions(scenario, function);
        let origin = Instant(0);
        let version = |name: &String| Version {
            behaviour: behaviour(scenario, function, name, origin),
            fleet: Fleet::default(),
            ready: Vec::new(),
        };
        let poller = function.source.as_ref().map(|source| match source {
            Source::Sqs { queue: name, maximum_concurrency, .. } => {
                let most = maximum_concurrency.unwrap_or(MOST_POLLERS);
                let allowed = POLLERS.min(most);
                Poller::Queue { queue: queue(name), enabled: true, busy: 0, allowed, most, growing: false }
            }
            Source::Kinesis { shards, .. } => {
                Poller::Stream { enabled: true, shards: (0..*shards).map(|_| Shard::default()).collect() }
            }
        });
        let place = |alias: &str| function.aliases.iter().position(|one| one.name == alias);
        let provisioned = function.provisioned.as_ref().and_then(|provisioned| place(&provisioned.alias));
        let (soonest, latest) = DELAY_S;
        let delay_s = soonest + Noise::new(seed, &function.name, -1).below(latest - soonest + 1);
        let mut state = Self {
            arrivals: Noise::new(seed, &function.name, -2),
            service: Noise::new(seed, &function.name, -3),
            rate: Rate { per_s: 0.0, poison: 0.0, until: origin },
            versions: names.iter().map(version).collect(),
            names,
            routes: Vec::new(),
            allowance: Allowance::new(function.reserved, function.provisioned()),
            provisioned: provisioned.map(|place| place as u16 + 1),
            environments: 0,
            tally: Tally::new(Instant::of_s(delay_s as f64)),
            throttles: Ledger::default(),
            poller,
        };
        state.configure(scenario, function, origin);
        state
    }

    /// Applies the configuration that is valid at `now`.
    pub(super) fn configure(&mut self, scenario: &Scenario, function: &Function, now: Instant) {
        let place = |name: &str| self.names.iter().position(|known| known == name).unwrap_or(0) as u16;
        let mut up_to = 0.0;
        let mut routes: Vec<Route> = Vec::new();
        for (alias, qualifier) in function.aliases.iter().zip(1..) {
            up_to += alias.share;
            let canary = alias.canary_at(now).map(|canary| (place(&canary.version), canary.weight));
            routes.push(Route { up_to, qualifier, version: place(function.version_at(scenario, alias, now)), canary });
        }
        if up_to < 1.0 - 1e-9 {
            routes.push(Route { up_to: 1.0, qualifier: 0, version: 0, canary: None });
        }
        self.routes = routes;
        self.allowance.reserve(function.reserved_at(scenario, now));
        if scenario
            .changes_of(&function.name, now)
            .any(|change| change.is_update() && Instant::of_min(change.at_min) == now)
        {
            self.versions[0].fleet.replace(now);
            // Their behaviour is computed again.
            self.versions[0].behaviour.until = now;
        }
        let source_disabled = scenario.changes_of(&function.name, now).any(|change| change.source_disabled);
        if let Some(Poller::Queue { enabled, .. } | Poller::Stream { enabled, .. }) = &mut self.poller {
            *enabled = !source_disabled;
        }
    }

    /// A random qualifier, by the shares of the function's callers.
    fn qualifier(&mut self) -> u16 {
        if let [only] = &self.routes[..] {
            return only.qualifier;
        }
        let drawn = self.arrivals.uniform();
        let route = self.routes.iter().find(|route| drawn < route.up_to).or(self.routes.last());
        route.map_or(0, |route| route.qualifier)
    }

    /// A new request to this function, at `place`, to the qualifier of its caller.
    pub(super) fn call(&mut self, place: u32, caller: Caller, queued: Instant) -> Call {
        Call {
            function: place,
            qualifier: self.qualifier(),
            caller,
            request: self.arrivals.bits(),
            queued,
            failures: 0,
            throttles: 0,
            poisoned: false,
            hops: 0,
        }
    }

    /// The version that a request to `qualifier` runs.
    pub(super) fn lane(&mut self, qualifier: u16) -> Lane {
        let Some(route) = self.routes.iter().find(|route| route.qualifier == qualifier) else {
            return Lane { qualifier: 0, version: 0 };
        };
        let canary = route.canary.filter(|(_, weight)| self.service.chance(*weight));
        Lane { qualifier, version: canary.map_or(route.version, |(version, _)| version) }
    }

    /// The lanes of the function and their shares.
    pub(super) fn shares(&self) -> Vec<(Lane, f64)> {
        let mut before = 0.0;
        let mut shares = Vec::new();
        for route in &self.routes {
            shares.push((Lane { qualifier: route.qualifier, version: route.version }, route.up_to - before));
            before = route.up_to;
        }
        shares
    }

    /// A new environment's number.
    pub(super) fn next_environment(&mut self) -> u32 {
        self.environments += 1;
        self.environments
    }
}

/// Every version that ever runs, `$LATEST` first.
fn versions(scenario: &Scenario, function: &Function) -> Vec<String> {
    let mut names = vec!["$LATEST".to_string()];
    let of_aliases = function
        .aliases
        .iter()
        .flat_map(|alias| std::iter::once(&alias.version).chain(alias.canary.as_ref().map(|canary| &canary.version)));
    let changes = scenario.changes.iter().filter(|change| change.function == function.name);
    let repointed = changes.filter_map(|change| Some(&change.alias.as_ref()?.version));
    for name in of_aliases.chain(repointed) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}
