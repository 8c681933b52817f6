//! The same scenario and seed give the same bytes.

use super::super::scenario::{Scenario, scenario};
use super::{advance, invocations};
use crate::world::World;

/// The hash of `mixed` after 30 minutes with seed 1. It changes with the model and with `mixed.toml`, and with
/// nothing else: not with the platform, not with how the steps are cut.
const MIXED: u64 = 0xF472_F2BF_38F0_CC66;

fn hash(world: &World) -> u64 {
    let minutes = world.now.minute();
    let functions = 0..world.scenario.functions.len();
    let reports: Vec<_> =
        functions.flat_map(|place| (0..minutes).map(move |minute| world.report(place, minute))).collect();
    let region: Vec<_> = (0..minutes).map(|minute| world.region_report(minute)).collect();
    let queues = ["payments-webhook-dlq", "inventory-events-dlq", "inventory-events", "search-index-updates"]
        .map(|queue| (world.queue(queue), world.oldest_message_s(queue, minutes - 1)));
    let text = format!("{reports:?} {region:?} {queues:?} {:?}", invocations(world, "checkout"));
    // FNV-1a.
    text.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3))
}

fn run(scenario: &Scenario, seed: u64, until_s: f64, step_s: f64) -> u64 {
    let mut world = World::new(scenario, seed);
    let mut now = 0.0;
    while now < until_s {
        now = (now + step_s).min(until_s);
        advance(&mut world, now);
    }
    hash(&world)
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let hash = run(&scenario("mixed").unwrap(), 1, 1800.0, 1800.0);
    assert_eq!(hash, MIXED, "the model has changed? then this is the new hash: 0x{hash:016X}");
}

#[test]
fn how_far_each_step_goes_changes_nothing_and_another_seed_all() {
    let mixed = scenario("mixed").unwrap();
    let whole = run(&mixed, 1, 600.0, 600.0);
    assert_eq!(run(&mixed, 1, 600.0, 1.0), whole);
    assert_eq!(run(&mixed, 1, 600.0, 7.0), whole);
    assert_ne!(run(&mixed, 2, 600.0, 600.0), whole);
}
