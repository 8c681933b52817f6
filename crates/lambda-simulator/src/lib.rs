//! A simulated AWS Region with Lambda: traffic, limits, incidents, and the answers of CloudWatch, Logs and SQS.
//!
//! A discrete-event simulation ([`World`]): it steps every request, environment, retry and message from the scenario's
//! origin on. The hours before the origin have no incidents and are drawn from the model's expected values. [`account`]
//! implements the traits of [`lambda_model::api`] with it and answers as AWS does: late, in pages, throttled, incomplete.
//!
//! It uses no network, and no clock but the one it is given. The same scenario and seed give the same bytes on every
//! machine. It does not know who reads it.
//!
//! ```
//! use chrono::TimeDelta;
//! use lambda_simulator::{World, scenario};
//!
//! let scenario = scenario("burst")?;
//! let mut world = World::new(&scenario, 7);
//! world.advance(scenario.origin() + TimeDelta::minutes(5));
//! let minute = world.region_report(1).expect("published by now");
//! assert!(minute.total.invocations > 600);
//! # Ok::<(), lambda_simulator::ScenarioError>(())
//! ```

mod activity;
mod admission;
mod behaviour;
mod error;
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
#[cfg(test)]
mod read_back;
mod report;
pub mod scenario;
mod service;
mod statistics;
mod tally;
#[cfg(test)]
mod theory;
mod traffic;
mod world;

use lambda_model::api::Account;
use lambda_model::time::Clock;

pub use activity::{Activity, Durations, Rare};
pub use error::ScenarioError;
pub use instant::Instant;
pub use invocation::{Invocation, Outcome, Start};
pub use report::{Lane, Part, Parts, RegionReport, Report};
pub use scenario::{EXAMPLE, Embedded, Scenario, scenario, scenarios};
pub use world::{QueueNow, Throttles, World};

include!(concat!(env!("OUT_DIR"), "/each_scenario.rs"));

/// The account that `scenario` and `seed` describe, at the time of `clock`.
pub fn account(scenario: &Scenario, seed: u64, clock: Clock) -> Account {
    Account::new(service::Service::new(scenario.clone(), seed, clock))
}
