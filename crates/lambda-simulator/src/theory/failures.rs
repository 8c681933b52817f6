//! Asynchronous events (docs/aws.md#asynchronous-retries): when they are retried, when they are dropped, and that none
//! is lost.

use std::collections::BTreeMap;

use super::super::activity::Rare;
use super::super::instant::Instant;
use super::super::invocation::Outcome;
use super::{after, assert_poisson, constant, function, invocations, region, reports, sum};
use crate::world::World;

/// The sum over all minutes of a count that few functions have.
fn rare(world: &World, function: &str, count: impl Fn(&Rare) -> Option<u32>) -> u32 {
    sum(world, function, |activity| activity.rare.as_ref().and_then(|rare| count(rare)).unwrap_or(0))
}

fn depth(world: &World, queue: &str) -> u64 {
    world.queue(queue).unwrap().depth
}

#[test]
fn a_poisoned_event_is_tried_again_after_one_and_after_two_minutes() {
    for max_retries in [0, 1, 2] {
        let keys = format!(
            "async_share = 1.0\nmax_retries = {max_retries}\ndead_letter = {{ sqs = 'dlq' }}\nspread = 0.7\n{}",
            constant(2.0, 50.0)
        );
        let poison = "[[incident]]\nfunction = 'f'\nfrom_min = 0\npoison = 0.4\n".to_string();
        let world = after(&region(1000, &[function("f", &keys), poison]), 7, 660.0);
        let mut attempts: BTreeMap<u64, Vec<_>> = BTreeMap::new();
        for one in invocations(&world, "f") {
            attempts.entry(one.request).or_default().push(one);
        }
        let poisoned = attempts.values().filter(|attempts| attempts[0].outcome == Outcome::HandlerError);
        for attempts in poisoned.clone() {
            assert_eq!(attempts.len(), max_retries + 1);
            let waits: Vec<f64> = attempts.windows(2).map(|pair| (pair[1].started - pair[0].ended()).s()).collect();
            assert_eq!(waits, [60.0, 120.0][..max_retries]);
            assert!(attempts.iter().all(|one| one.outcome == Outcome::HandlerError));
        }
        let poisoned = poisoned.count();
        assert!(poisoned > 20, "{poisoned}");
        assert!(attempts.values().all(|all| all.len() == 1 || all[0].outcome == Outcome::HandlerError));
        assert_eq!(rare(&world, "f", |rare| rare.events_received) as usize, attempts.len());
        assert_eq!(rare(&world, "f", |rare| rare.events_dropped) as usize, poisoned);
        assert_eq!(depth(&world, "dlq"), poisoned as u64);
    }
}

/// An event in a function of one environment, which it keeps, and others that come in the same millisecond.
const CROWD: &str = "burst = { every_s = 86400, lasting_s = 0.001, rate = 10000 }";

#[test]
fn a_throttled_event_waits_from_a_second_to_five_minutes_until_it_is_too_old() {
    // the age limit, seconds; throttles of an event in the minutes of its attempts: at 0, 1, 3, 7, 15, 31, 63,
    // 127, 255, 511, 811 and 1111 s
    type Attempts<'a> = &'a [(i64, u32)];
    let cases: [(u32, Attempts); 3] = [
        (60, &[(0, 6)]),
        (600, &[(0, 6), (1, 1), (2, 1), (4, 1), (8, 1)]),
        (21_600, &[(0, 6), (1, 1), (2, 1), (4, 1), (8, 1), (13, 1), (18, 1)]),
    ];
    for (max_event_age_s, attempts) in cases {
        let keys = format!(
            "async_share = 1.0\nreserved = 1\np50_ms = 899000.0\nmax_retries = 0\n\
             max_event_age_s = {max_event_age_s}\ndead_letter = {{ sqs = 'dlq' }}\n{CROWD}"
        );
        let occupied_until = if max_event_age_s > 1000 { 1400.0 } else { 1200.0 };
        // A second invocation of 15 minutes follows the first when the events are kept for so long.
        let scenario = region(1000, &[function("f", &keys)]);
        let world = after(&scenario, 8, occupied_until);
        let crowd = rare(&world, "f", |rare| rare.events_received);
        assert!(crowd > 5, "{crowd}");
        let mut seen = Vec::new();
        for (minute, report) in reports(&world, "f") {
            // The event that gets the free environment is not throttled any more.
            let waiting = if minute >= 15 { crowd - 2 } else { crowd - 1 };
            if report.total.throttles > 0 {
                assert_eq!(report.total.throttles % waiting, 0, "minute {minute}");
                seen.push((minute, report.total.throttles / waiting));
            }
        }
        assert_eq!(seen, attempts, "{max_event_age_s} s");
        let dropped: Vec<(i64, u32)> = reports(&world, "f")
            .into_iter()
            .filter_map(|(minute, report)| Some((minute, report.total.rare?.events_dropped?)))
            .filter(|(_, dropped)| *dropped > 0)
            .collect();
        if max_event_age_s < 1000 {
            assert_eq!(dropped, [(i64::from(max_event_age_s / 60), crowd - 1)], "when they are too old");
            assert_eq!(depth(&world, "dlq"), u64::from(crowd - 1));
        } else {
            assert_eq!(dropped, []);
        }
    }
}

#[test]
fn a_failed_event_that_would_be_too_old_is_not_tried_again() {
    let keys = format!(
        "async_share = 1.0\nerror_rate = 1.0\nmax_event_age_s = 100\ndead_letter = {{ sqs = 'dlq' }}\n{}",
        constant(1.0, 20.0)
    );
    let world = after(&region(1000, &[function("f", &keys)]), 8, 400.0);
    let received = rare(&world, "f", |rare| rare.events_received);
    assert_eq!(invocations(&world, "f").len(), 2 * received as usize, "at once and after a minute");
    assert_eq!((rare(&world, "f", |rare| rare.events_dropped), depth(&world, "dlq")), (received, received.into()));
}

#[test]
fn no_reservation_sends_events_straight_to_the_dead_letter_queue() {
    let keys = format!("async_share = 1.0\nreserved = 0\ndead_letter = {{ sqs = 'dlq' }}\n{}", constant(5.0, 60.0));
    let world = after(&region(1000, &[function("f", &keys)]), 9, 300.0);
    let received = rare(&world, "f", |rare| rare.events_received);
    assert_poisson(f64::from(received), 300.0, "events");
    assert_eq!(rare(&world, "f", |rare| rare.events_dropped), received);
    assert_eq!(depth(&world, "dlq"), u64::from(received));
    assert_eq!(invocations(&world, "f").len(), 0);
}

#[test]
fn failed_deliveries_are_counted_and_the_others_arrive() {
    let keys = format!(
        "async_share = 1.0\nerror_rate = 1.0\nmax_retries = 0\nundelivered_share = 0.3\n\
         dead_letter = {{ sqs = 'dlq' }}\non_failure = {{ sns = 'topic' }}\n{}",
        constant(10.0, 60.0)
    );
    let world = after(&region(1000, &[function("f", &keys)]), 9, 400.0);
    let dropped = rare(&world, "f", |rare| rare.events_dropped);
    let lost = rare(&world, "f", |rare| rare.dead_letter_errors);
    assert_eq!(depth(&world, "dlq"), u64::from(dropped - lost));
    let lost = rare(&world, "f", |rare| rare.delivery_failures);
    let published: u32 = (0..7).filter_map(|minute| world.published("topic", minute)).sum();
    assert_eq!(published, dropped - lost);
    assert!((f64::from(lost) - 0.3 * f64::from(dropped)).abs() < 4.0 * (0.21 * f64::from(dropped)).sqrt());
}

#[test]
fn every_success_causes_an_event_which_is_received_at_once_or_when_it_is_due() {
    for after_s in [0, 20] {
        let tables = [
            function(
                "first",
                &format!("then = [{{ function = 'second', after_s = {after_s} }}]\n{}", constant(3.0, 60.0)),
            ),
            function("second", "dead_letter = { sqs = 'dlq' }"),
            function(
                "stopped",
                &format!("then = [{{ function = 'none', after_s = {after_s} }}]\n{}", constant(3.0, 60.0)),
            ),
            function("none", "reserved = 0\ndead_letter = { sqs = 'none-dlq' }"),
        ];
        let world = after(&region(1000, &tables), 10, 600.0);
        let caused = invocations(&world, "first").len();
        assert_eq!(invocations(&world, "second").len(), caused);
        assert_eq!(rare(&world, "second", |rare| rare.events_received) as usize, caused, "after {after_s} s");
        let stopped = invocations(&world, "stopped").len();
        assert_eq!(rare(&world, "none", |rare| rare.events_dropped) as usize, stopped, "after {after_s} s");
        assert_eq!(depth(&world, "none-dlq"), stopped as u64);
    }
}

#[test]
fn a_loop_is_stopped_after_sixteen_invocations() {
    let keys = format!("then = [{{ function = 'f' }}]\ndead_letter = {{ sqs = 'dlq' }}\n{}", constant(2.0, 30.0));
    let world = after(&region(1000, &[function("f", &keys)]), 12, 300.0);
    let dropped = rare(&world, "f", |rare| rare.recursive_dropped);
    assert_poisson(f64::from(dropped), 60.0, "chains");
    assert_eq!(invocations(&world, "f").len(), 16 * dropped as usize);
    assert_eq!(depth(&world, "dlq"), u64::from(dropped));
    let region: u32 = (0..4).filter_map(|minute| world.region_report(minute)?.total.rare?.recursive_dropped).sum();
    assert_eq!(region, dropped);
    assert!(invocations(&world, "f").iter().all(|one| one.started < Instant::of_s(60.0)));
}
