//! Event sources (docs/aws.md#queue-scaling, docs/aws.md#shards): a queue's messages are never lost, a shard's records
//! wait for each other.

use super::super::instant::Instant;
use super::super::invocation::{Invocation, Outcome};
use super::{InFlight, advance, after, constant, function, invocations, region, reports};
use crate::world::World;

/// How many messages wait in a queue, and how many were received and are neither deleted nor back.
fn queue(world: &World, name: &str) -> (u64, u64) {
    let queue = world.queue(name).unwrap();
    (queue.depth, queue.in_flight)
}

/// The mapping of `function` is disabled until this minute.
fn disabled_until(function: &str, minute: i64) -> String {
    format!("[[change]]\nfunction = '{function}'\nat_min = 0\nuntil_min = {minute}\nsource_disabled = true\n")
}

#[test]
fn a_poisoned_batch_is_received_as_often_as_allowed_and_then_moves() {
    for (max_receives, visibility_s) in [(1, 30), (3, 30), (4, 100)] {
        let keys = format!(
            "source = {{ sqs = {{ queue = 'q', redrive = 'q-dlq', batch_size = 10, max_receives = {max_receives}, \
             visibility_s = {visibility_s} }} }}\n{}",
            constant(0.5, 60.0)
        );
        let poison = "[[incident]]\nfunction = 'f'\nfrom_min = 0\npoison = 1.0\n".to_string();
        let mut world = after(&region(1000, &[function("f", &keys), poison]), 3, 500.0);
        let mut starts: Vec<Instant> = invocations(&world, "f").iter().map(|one| one.started).collect();
        let mut batches = 0;
        let mut last = Instant(0);
        while let Some(first) = starts.first().copied() {
            for receive in 0..max_receives {
                last = first + Instant::of_s(f64::from(receive * visibility_s));
                let place = starts.iter().position(|start| *start == last);
                starts.remove(place.unwrap_or_else(|| panic!("receive {receive} of the batch of {}", first.s())));
            }
            batches += 1;
        }
        assert!(batches > 15, "{batches}");
        assert_eq!((queue(&world, "q"), queue(&world, "q-dlq")), ((0, 0), (10 * batches, 0)));
        // It moves when it would be received once more.
        let moves_s = last.s() + f64::from(visibility_s);
        world = after(&world.scenario, 3, moves_s - 0.001);
        assert_eq!((queue(&world, "q"), queue(&world, "q-dlq")), ((0, 10), (10 * (batches - 1), 0)));
        advance(&mut world, moves_s + 0.001);
        assert_eq!((queue(&world, "q"), queue(&world, "q-dlq")), ((0, 0), (10 * batches, 0)));
    }
}

#[test]
fn no_message_is_lost_by_failures_or_throttles() {
    // Five pollers and three environments: some batches are throttled, some fail, some are poisoned.
    let keys = format!(
        "source = {{ sqs = {{ queue = 'q', redrive = 'q-dlq', batch_size = 7, max_receives = 5, \
         visibility_s = 20 }} }}\nreserved = 3\np50_ms = 800.0\nspread = 0.5\nerror_rate = 0.2\n{}",
        constant(2.0, 100.0)
    );
    let poison = "[[incident]]\nfunction = 'f'\nfrom_min = 0\npoison = 0.1\n".to_string();
    let mut world = after(&region(1000, &[function("f", &keys), poison, disabled_until("f", 2)]), 4, 119.0);
    let (sent, received) = queue(&world, "q");
    assert!(sent > 1000 && received == 0, "{sent}");
    let mut seconds = 119.0;
    while queue(&world, "q") != (0, 0) {
        seconds += 3.7;
        advance(&mut world, seconds);
        let succeeded = |one: &&Invocation| one.outcome == Outcome::Success && one.ended() <= world.now;
        let deleted = 7 * invocations(&world, "f").iter().filter(succeeded).count() as u64;
        let ((visible, in_flight), (moved, _)) = (queue(&world, "q"), queue(&world, "q-dlq"));
        assert_eq!(deleted + visible + in_flight + moved, sent, "after {seconds} s");
        assert!(seconds < 1200.0, "they are never done");
    }
    advance(&mut world, seconds + 300.0);
    let throttles: u32 = reports(&world, "f").iter().map(|(_, report)| report.total.throttles).sum();
    assert!(queue(&world, "q-dlq").0 > 0 && throttles > 0);
}

#[test]
fn pollers_begin_with_five_and_become_three_hundred_more_a_minute_up_to_their_most() {
    for (maximum, most) in [("", 1250), (", maximum_concurrency = 40", 40), (", maximum_concurrency = 2", 2)] {
        let keys = format!(
            "source = {{ sqs = {{ queue = 'q', redrive = 'q-dlq', batch_size = 1{maximum} }} }}\np50_ms = 400000.0\n{}",
            constant(20.0, 100.0)
        );
        let world = after(&region(2000, &[function("f", &keys), disabled_until("f", 2)]), 5, 400.0);
        let in_flight = InFlight::of(&invocations(&world, "f"));
        for second in 0..280 {
            let at = Instant::of_s(120.5) + Instant(second * Instant::SECOND);
            let due = (5 + 300 * second / 60).min(most) as usize;
            assert_eq!(in_flight.at(at), due, "{second} s after the first{maximum}");
        }
    }
}

#[test]
fn pollers_become_few_again_when_the_queue_is_empty() {
    let keys = "source = { sqs = { queue = 'q', redrive = 'q-dlq', batch_size = 1, maximum_concurrency = 20 } }\n\
                p50_ms = 10000.0\nburst = { every_s = 600, lasting_s = 0.01, rate = 10000 }";
    let world = after(&region(2000, &[function("f", keys)]), 5, 660.0);
    let in_flight = InFlight::of(&invocations(&world, "f"));
    let seen = [0.5, 1.5, 2.5, 3.5, 4.5, 500.0, 600.5, 601.5].map(|second| in_flight.at(Instant::of_s(second)));
    assert_eq!(seen, [5, 10, 15, 20, 20, 0, 5, 10]);
}

/// The largest iterator age of a minute, seconds.
fn age_s(world: &World, minute: i64) -> f64 {
    let report = world.report(0, minute).unwrap();
    f64::from(report.total.rare.as_ref().unwrap().iterator_age_ms.unwrap()) / 1000.0
}

fn stream(shards: u32) -> String {
    format!("source = {{ kinesis = {{ stream = 's', shards = {shards}, batch_size = 100 }} }}")
}

#[test]
fn an_overloaded_stream_falls_behind_by_the_difference() {
    const S: f64 = 3000.0;
    // shards, duration, batches a second
    for (shards, ms, rate) in [(1, 1000.0, 1.5), (4, 500.0, 12.0), (2, 2000.0, 4.0)] {
        let keys = format!("{}\np50_ms = {ms}\n{}", stream(shards), constant(rate, 2.0 * S));
        let world = after(&region(1000, &[function("f", &keys)]), 6, S + 240.0);
        let in_flight = InFlight::of(&invocations(&world, "f"));
        assert_eq!(in_flight.peak(Instant(0), world.now), shards as usize, "one batch a shard");
        let (capacity, load) = (1000.0 / ms, rate / f64::from(shards));
        // The minute ends at S; the last batch that began in it arrived as the (capacity x S)th.
        let seen = age_s(&world, S as i64 / 60 - 1);
        let (due, deviation) = (S * (1.0 - capacity / load), (capacity * S).sqrt() / load);
        assert!((seen - due).abs() < 4.0 * deviation, "{shards} shards: {seen}, not {due} ± {deviation}");
    }
}

#[test]
fn a_stream_catches_up_when_the_load_is_over() {
    // 1.5 + 0.2 a second and shard, of which 1 is done, for 300 s; then 210 s of work are done at 0.8 a second.
    let keys = format!("{}\np50_ms = 1000.0\nrate = 0.8\n{}", stream(4), constant(6.0, 300.0));
    let world = after(&region(1000, &[function("f", &keys)]), 6, 1000.0);
    let ages = [0, 4, 6, 12].map(|minute| age_s(&world, minute));
    assert!(ages[0] < 45.0 && ages[1] > 80.0 && ages[2] > 50.0 && ages[3] < 8.0, "{ages:?}");
    assert!(InFlight::of(&invocations(&world, "f")).peak(Instant(0), world.now) == 4);
}

#[test]
fn a_poisoned_record_blocks_its_shard() {
    let keys = format!("{}\np50_ms = 50.0\n{}", stream(3), constant(3.0, 600.0));
    let poison = "[[incident]]\nfunction = 'f'\nfrom_min = 2\nuntil_min = 2.2\npoison = 1.0\n".to_string();
    let world = after(&region(1000, &[function("f", &keys), poison]), 7, 660.0);
    let later: Vec<_> = invocations(&world, "f").into_iter().filter(|one| one.started.minute() >= 3).collect();
    let mut stuck: Vec<u64> = later.iter().map(|one| one.request).collect();
    stuck.sort_unstable();
    stuck.dedup();
    assert_eq!(stuck.len(), 3, "one record a shard, over and over");
    assert!(later.iter().all(|one| one.outcome == Outcome::HandlerError));
    for minute in 4..8 {
        let grown = age_s(&world, minute) - age_s(&world, minute - 1);
        assert!((grown - 60.0).abs() < 0.5, "{grown} s in minute {minute}");
    }
}

#[test]
fn a_shard_goes_on_only_after_success() {
    let keys = format!("{}\np50_ms = 50.0\nspread = 0.4\nerror_rate = 0.4\n{}", stream(1), constant(3.0, 300.0));
    let world = after(&region(1000, &[function("f", &keys)]), 8, 400.0);
    let all = invocations(&world, "f");
    for pair in all.windows(2) {
        let again = pair[0].failed();
        assert_eq!(pair[0].request == pair[1].request, again);
        assert!(pair[0].ended() <= pair[1].started);
    }
    assert!(all.iter().filter(|one| one.failed()).count() > 100);
}

#[test]
fn a_throttled_shard_backs_off_until_it_runs_again() {
    let keys = format!("{}\np50_ms = 50.0\n{}", stream(1), constant(3.0, 600.0));
    let tables = [
        function("f", &keys),
        "[[incident]]\nfunction = 'f'\nfrom_min = 0\npoison = 1.0\n".to_string(),
        "[[change]]\nfunction = 'f'\nat_min = 2\nuntil_min = 3\nreserved = 0\n".to_string(),
    ];
    let world = after(&region(1000, &tables), 9, 600.0);
    let all = invocations(&world, "f");
    assert!(all.iter().all(|one| one.started.minute() != 2));
    let throttles: Vec<u32> = reports(&world, "f").iter().map(|(_, report)| report.total.throttles).collect();
    // At 0, 1, 3, 7, 15 and 31 s, and no more in that minute.
    assert_eq!(throttles[..5], [0, 0, 6, 0, 0]);
    let again: Vec<_> = all.iter().filter(|one| one.started.minute() > 3).collect();
    assert!(again.len() > 500, "{}: as often as before", again.len());
}
