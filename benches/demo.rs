//! What the simulated Region costs: `cargo bench --bench demo`.
//!
//! Each sample advances a world in the middle of its incident by one simulated minute.

use chrono::{DateTime, TimeDelta, Utc};
use divan::{Bencher, black_box};
use lambda_simulator::{self, Scenario, World};

fn main() {
    divan::main();
}

#[expect(clippy::expect_used, reason = "a bench reports by panicking")]
fn scenario(name: &str) -> Scenario {
    lambda_simulator::scenario(name).expect("an embedded scenario")
}

/// A world half an hour after its origin, when queues, environments and charts are as full as they get.
fn running(name: &str) -> (World, DateTime<Utc>) {
    let scenario = scenario(name);
    let mut world = World::new(&scenario, 1);
    let now = scenario.origin() + TimeDelta::minutes(30);
    world.advance(now);
    (world, now)
}

#[divan::bench(args = ["mixed", "large"], sample_count = 30, sample_size = 1)]
fn minute(bencher: Bencher, name: &str) {
    let (mut world, mut now) = running(name);
    bencher.bench_local(|| {
        now += TimeDelta::minutes(1);
        world.advance(black_box(now));
    });
}

#[divan::bench(args = ["mixed", "large"], sample_count = 10, sample_size = 1)]
fn opening(bencher: Bencher, name: &str) {
    let scenario = scenario(name);
    bencher.bench_local(|| {
        let mut world = World::new(&scenario, 1);
        world.advance(scenario.opening());
        world
    });
}
