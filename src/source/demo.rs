//! A simulated account behind the traits of [`super::api`]: a small Region with traffic, an incident and a canary.
//!
//! A closed-form model: the world at a minute is a function of (scenario, seed, minute) alone, so that any
//! minute can be asked for at any time and is the same on every machine. It never touches the network.
//! What it leaves out: single invocations (and so log lines), callers that retry after a 429, event sources
//! that back up behind a throttled function, streams that catch up at full speed.

mod activity;
mod capacity;
mod check;
mod demand;
mod duration;
mod noise;
mod publish;
mod queues;
mod scenario;
mod service;
mod world;

use crate::error::Error;
use crate::model::time::Clock;
use crate::source::api::Account;

pub use scenario::Scenario;

/// A scenario that comes with the program.
#[derive(Clone, Copy, Debug)]
pub struct Embedded {
    /// What it is asked for by.
    pub name: &'static str,
    /// One line for the list of scenarios.
    pub summary: &'static str,
    toml: &'static str,
}

const EMBEDDED: &[Embedded] = &[Embedded {
    name: "mixed",
    summary: "a noisy neighbour, a bad canary, a growing dead-letter queue and a lagging stream, all at once",
    toml: include_str!("../../config/scenarios/mixed.toml"),
}];

/// The scenarios that come with the program, the default one first.
pub fn scenarios() -> &'static [Embedded] {
    EMBEDDED
}

/// The scenario called `name`.
///
/// # Errors
///
/// A usage error that names the scenarios there are, when it is none of them.
pub fn scenario(name: &str) -> Result<Scenario, Error> {
    if let Some(embedded) = EMBEDDED.iter().find(|embedded| embedded.name == name) {
        return Scenario::parse(name, embedded.toml);
    }
    let names: Vec<_> = EMBEDDED.iter().map(|embedded| embedded.name).collect();
    Err(Error::usage(
        format!("there is no demo scenario called {name}"),
        format!("the scenarios are: {}", names.join(", ")),
        "run `lamtop demo --list` to see what each is about",
    ))
}

/// The account that `scenario` and `seed` describe, at the time that `clock` tells.
pub fn account(scenario: &Scenario, seed: u64, clock: Clock) -> Account {
    Account::new(service::Service { world: world::World { scenario: scenario.clone(), seed }, clock })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_scenario_can_be_used() {
        for embedded in scenarios() {
            let scenario = scenario(embedded.name).unwrap_or_else(|error| panic!("{}: {error}", embedded.name));
            assert!(scenario.opening() > scenario.origin(), "{}", embedded.name);
            assert!(!embedded.summary.is_empty());
        }
        let mixed = scenario("mixed").unwrap();
        assert_eq!(mixed.origin().to_rfc3339(), "2026-11-22T03:00:00+00:00");
        assert_eq!(mixed.region(), "eu-west-1");
    }

    #[test]
    fn an_unknown_scenario_is_a_usage_error_that_names_the_known_ones() {
        let error = scenario("armageddon").unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.what.contains("armageddon"));
        for embedded in scenarios() {
            assert!(error.cause.contains(embedded.name));
        }
    }
}
