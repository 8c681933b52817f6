//! A simulated account behind the traits of [`super::api`]: a Region with traffic, limits and incidents.
//!
//! A discrete-event simulation ([`World`]): every request, environment, retry and message is stepped one by
//! one from the scenario's origin on; the hours before it, in which all is calm, are drawn from the model's
//! expectations (`history`). It never touches the network, and the same scenario and seed give the same
//! bytes on every machine.

mod activity;
mod admission;
mod behaviour;
mod events;
mod faults;
mod fleet;
mod history;
mod incident;
mod instant;
mod invocation;
mod kept;
mod ledger;
mod logs;
mod metrics;
mod noise;
mod oracle;
mod report;
mod scenario;
mod service;
mod statistics;
mod tail;
mod tally;
#[cfg(test)]
mod theory;
mod traffic;
#[cfg(test)]
mod truths;
mod world;

use crate::model::time::Clock;
use crate::source::api::Account;

pub use oracle::{Clarity, Oracle};
pub use scenario::{EXAMPLE, Embedded, Scenario, Truth, Verdict, scenario, scenarios};
pub use world::{Refusals, World};

/// The account that `scenario` and `seed` describe, at the time that `clock` tells.
pub fn account(scenario: &Scenario, seed: u64, clock: Clock) -> Account {
    Account::new(service::Service::new(scenario.clone(), seed, clock))
}
