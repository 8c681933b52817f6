//! Lambda's limits (docs/aws.md#concurrency-limits, docs/aws.md#request-rate, docs/aws.md#scaling-rate): scaling, the
//! account's pool, reservations, request rates, provisioned concurrency.

use super::super::instant::Instant;
use super::super::invocation::{Invocation, Start};
use super::{InFlight, after, assert_poisson, constant, function, invocations, region, reports, sum};

fn throttles(world: &super::World, function: &str) -> u32 {
    sum(world, function, |activity| activity.throttles)
}

#[test]
fn a_step_gets_a_thousand_environments_at_once_and_a_hundred_a_second() {
    // requests a second, how long
    for (rate, lasting_s) in [(10_000.0, 0.25), (2000.0, 3.0), (400.0, 12.0)] {
        let keys = format!("p50_ms = 600000.0\n{}", constant(rate, lasting_s));
        let world = after(&region(100_000, &[function("f", &keys)]), 1, 300.0);
        let starts: Vec<f64> = invocations(&world, "f").iter().map(|one| one.started.s()).collect();
        for (before, start) in starts.iter().enumerate() {
            assert!(before as f64 + 1.0 <= 1000.0 + 100.0 * start + 1e-6, "{before} before {start} s");
        }
        let expected = 1000.0 + 100.0 * lasting_s;
        assert!((starts.len() as f64 - expected).abs() <= 2.0, "{rate}/s: {} of {expected}", starts.len());
        let throttled = throttles(&world, "f");
        assert_poisson(starts.len() as f64 + f64::from(throttled), rate * lasting_s, "throttles are the rest");
        assert!(reports(&world, "f").iter().all(|(minute, report)| *minute == 0 || report.total.throttles == 0));
    }
}

#[test]
fn the_pool_is_full_under_overload_and_never_more() {
    // Set aside: 50 reserved, 20 provisioned; the pool is 200 - 70 = 130.
    let provisioned =
        "alias = [{ name = 'live', version = '1', share = 1.0 }]\nprovisioned = { alias = 'live', environments = 20 }";
    let tables = [
        function("reserved", &format!("reserved = 50\np50_ms = 1500.0\nspread = 0.3\n{}", constant(80.0, 400.0))),
        function("within", &format!("reserved = 0\n{}", constant(3.0, 400.0))),
        function("provisioned", &format!("{provisioned}\np50_ms = 900.0\nspread = 0.5\n{}", constant(40.0, 400.0))),
        function("one", &format!("p50_ms = 2000.0\nspread = 0.5\n{}", constant(60.0, 300.0))),
        function("two", &format!("p50_ms = 700.0\nspread = 1.0\n{}", constant(50.0, 400.0))),
    ];
    let world = after(&region(200, &tables), 3, 660.0);
    let reserved = InFlight::of(&invocations(&world, "reserved"));
    let on_demand = spilled(&invocations(&world, "provisioned"), 20);
    let (one, two) = (invocations(&world, "one"), invocations(&world, "two"));
    let pooled = InFlight::of(one.iter().chain(&two).chain(&on_demand));
    for minute in 0..6 {
        let (from, until) = (Instant::start_of(minute), Instant::start_of(minute + 1));
        let peak = pooled.peak(from, until);
        let report = world.region_report(minute).unwrap();
        assert_eq!((report.unreserved as usize, report.claimed as usize), (peak, peak + 70), "minute {minute}");
        assert_eq!(peak, 130, "minute {minute}: more is asked for than there is");
        let (_, seen) = &reports(&world, "reserved")[minute as usize];
        assert_eq!((reserved.peak(from, until), seen.total.concurrency), (50, 50), "a floor and a cap");
    }
    for name in ["reserved", "within", "provisioned", "one", "two"] {
        assert!(throttles(&world, name) > 50, "{name}");
    }
    assert_eq!(invocations(&world, "within").len(), 0, "a reservation of none stops the function");
    let of_all: Vec<_> = ["reserved", "provisioned", "one", "two"].map(|name| invocations(&world, name)).concat();
    let all = InFlight::of(&of_all);
    let whole = all.peak(Instant::start_of(3), Instant::start_of(4));
    assert_eq!(world.region_report(3).unwrap().total.concurrency as usize, whole);
    assert!(whole <= 200);
}

/// The invocations that find all of the provisioned environments busy, each taken if one is free.
fn spilled(by_start: &[Invocation], environments: usize) -> Vec<Invocation> {
    let mut busy: Vec<Instant> = Vec::new();
    let mut spilled = Vec::new();
    for one in by_start {
        busy.retain(|end| *end > one.started);
        if busy.len() < environments {
            busy.push(one.ended());
        } else {
            spilled.push(one.clone());
        }
    }
    spilled
}

#[test]
fn provisioned_concurrency_is_never_cold_and_spills_over_when_it_is_full() {
    let keys = "alias = [{ name = 'live', version = '1', share = 1.0 }]\ninit_ms = 300.0\n\
                provisioned = { alias = 'live', environments = 10 }\np50_ms = 800.0\nspread = 0.5\n";
    // Requests a second; 10 environments take about 11.
    for (rate, spills) in [(3.0, false), (14.0, true)] {
        let world = after(&region(1000, &[function("f", &format!("{keys}{}", constant(rate, 300.0)))]), 4, 600.0);
        let all = invocations(&world, "f");
        let spilled = spilled(&all, 10);
        let counted = sum(&world, "f", |activity| activity.rare.as_ref().and_then(|rare| rare.spilled).unwrap_or(0));
        assert_eq!(counted as usize, spilled.len(), "{rate}/s");
        assert_eq!(spilled.len() > 100, spills, "{rate}/s");
        let on_provisioned = all.iter().filter(|one| !spilled.contains(one));
        assert!(on_provisioned.clone().all(|one| matches!(one.start, Start::Ready | Start::Warm) && one.init_us == 0));
        let environments: std::collections::BTreeSet<_> = on_provisioned.map(|one| one.environment).collect();
        assert!(environments.len() <= 10, "{environments:?}");
        let cold = spilled.iter().any(|one| one.start == Start::Cold);
        assert!(cold || !spills, "what spills over starts on demand");
    }
}

#[test]
fn a_reservation_takes_ten_requests_a_second_for_each_environment() {
    // asked and accepted a second, of 10 ms each with 20 reserved
    for (asked, accepted) in [(300.0, 200.0), (900.0, 200.0), (120.0, 120.0)] {
        let keys = format!("reserved = 20\np50_ms = 10.0\n{}", constant(asked, 60.0));
        let world = after(&region(1000, &[function("f", &keys)]), 6, 300.0);
        let ran = invocations(&world, "f").len() as f64;
        let throttled = f64::from(throttles(&world, "f"));
        assert_poisson(ran + throttled, 60.0 * asked, "requests");
        if asked > accepted {
            // What the bucket holds at first is a second's requests; what it misses is a lull's.
            assert!((ran - 61.0 * accepted).abs() < 20.0, "{asked}/s: {ran} ran");
        } else {
            assert!(throttled < 1.0, "{asked}/s: {throttled}");
        }
    }
}

#[test]
fn the_account_takes_ten_requests_a_second_for_each_environment_and_asynchronous_ones_without_limit() {
    let keys = format!("p50_ms = 10.0\n{}", constant(1500.0, 30.0));
    let world = after(&region(100, &[function("f", &keys)]), 6, 300.0);
    let ran = invocations(&world, "f").len() as f64;
    assert!((ran - 31.0 * 1000.0).abs() < 50.0, "{ran}");
    assert!(throttles(&world, "f") > 0);
    let world = after(&region(100, &[function("f", &format!("async_share = 1.0\n{keys}"))]), 6, 300.0);
    assert_eq!(throttles(&world, "f"), 0);
}
