//! Which version and which environment a request finds: weighted aliases, reuse, idle and replaced environments.

use super::super::instant::Instant;
use super::super::invocation::{Invocation, Start};
use super::super::report::Lane;
use super::{InFlight, after, constant, function, invocations, region, reports};

#[test]
fn a_weighted_alias_splits_requests_at_random() {
    for (weight, seed) in [(0.02, 1), (0.1, 2), (0.5, 3)] {
        let canary =
            format!("canary = {{ version = '2', weight = {weight}, from_min = 1, until_min = 4, error_rate = 0.0 }}");
        let keys = format!(
            "alias = [{{ name = 'live', version = '1', share = 0.7, {canary} }}, \
             {{ name = 'beta', version = '3', share = 0.2 }}]\np50_ms = 20.0\n{}",
            constant(40.0, 300.0)
        );
        let world = after(&region(1000, &[function("f", &keys)]), seed, 600.0);
        let all = invocations(&world, "f");
        let place = |version: &str| world.versions(0).iter().position(|one| one == version).unwrap() as u16;
        let (during, outside): (Vec<_>, Vec<_>) = all.iter().partition(|one| (1..4).contains(&one.started.minute()));
        let count = |of: &[&Invocation], version| of.iter().filter(|one| one.version == place(version)).count();
        assert_eq!(count(&outside, "2"), 0, "before and after it has no weight");
        let cases = [("2", 0.7 * weight), ("1", 0.7 * (1.0 - weight)), ("3", 0.2), ("$LATEST", 0.1)];
        for (version, share) in cases {
            let (seen, of) = (count(&during, version) as f64, during.len() as f64);
            let off = (seen - of * share).abs() / (of * share * (1.0 - share)).sqrt();
            assert!(off < 4.0, "{version}: {seen} of {of}, not {share}");
        }
        // And so are the metrics.
        let lane = Lane { qualifier: 1, version: place("2") };
        let executed: u32 = reports(&world, "f")
            .iter()
            .filter_map(|(_, report)| report.executed(lane))
            .map(|activity| activity.invocations)
            .sum();
        assert_eq!(executed as usize, count(&during, "2"));
    }
}

#[test]
fn a_request_gets_the_environment_that_was_used_last() {
    let keys = format!("p50_ms = 300.0\nspread = 0.8\n{}", constant(15.0, 240.0));
    let world = after(&region(1000, &[function("f", &keys)]), 4, 300.0);
    let all = invocations(&world, "f");
    let mut busy: Vec<&Invocation> = Vec::new();
    // The idle ones, the last used last.
    let mut idle: Vec<u32> = Vec::new();
    for one in &all {
        let (mut ended, running): (Vec<_>, Vec<_>) = busy.into_iter().partition(|other| other.ended() <= one.started);
        ended.sort_by_key(|other| other.ended());
        idle.extend(ended.iter().map(|other| other.environment));
        busy = running;
        match idle.pop() {
            Some(last) => assert_eq!((one.environment, one.start), (last, Start::Warm)),
            None => assert_eq!(one.start, Start::Cold),
        }
        assert!(busy.iter().all(|other| other.environment != one.environment), "one invocation at a time");
        busy.push(one);
    }
    assert!(idle.len() > 3, "they were not all needed at the end");
}

#[test]
fn an_environment_is_removed_after_some_idle_minutes() {
    // seconds from one burst to the next; whether it finds warm environments
    for (every_s, warm) in [(1200, false), (120, true)] {
        let keys = format!("p50_ms = 2000.0\nburst = {{ every_s = {every_s}, lasting_s = 1, rate = 3 }}");
        let world = after(&region(1000, &[function("f", &keys)]), 5, 12.0 * f64::from(every_s));
        let all = invocations(&world, "f");
        assert!(all.len() > 12, "{}", all.len());
        let later: Vec<_> = all.iter().filter(|one| one.started > Instant::of_s(60.0)).collect();
        let found = later.iter().filter(|one| one.start == Start::Warm).count();
        assert_eq!(found > 0, warm, "every {every_s} s: {found} of {}", later.len());
    }
}

#[test]
fn new_code_begins_with_new_environments() {
    let keys = format!("p50_ms = 500.0\nspread = 0.5\ninit_ms = 300.0\n{}", constant(20.0, 600.0));
    let aliased = format!("alias = [{{ name = 'live', version = '1', share = 1.0 }}]\n{keys}");
    let change = |name| format!("[[change]]\nfunction = '{name}'\nat_min = 5\ncode = true\n");
    let tables = [function("f", &keys), function("g", &aliased), change("f"), change("g")];
    let world = after(&region(1000, &tables), 6, 600.0);
    let changed = Instant::of_min(5.0);
    let cold = |name| {
        let all = invocations(&world, name);
        let old = all.iter().filter(|one| one.started >= changed && one.born < changed).count();
        let cold = |minute| all.iter().filter(|one| one.started.minute() == minute && one.start == Start::Cold).count();
        (old > 0, cold(4), cold(5))
    };
    let (old, before, then) = cold("f");
    assert!(!old && before < 3 && then >= 10, "{old} {before} {then}");
    let (old, before, then) = cold("g");
    assert!(old && before < 3 && then < 3, "a published version does not change: {old} {before} {then}");
}

#[test]
fn at_the_origin_every_version_is_warm_and_within_its_reservation() {
    let keys = "alias = [{ name = 'live', version = '1', share = 0.5 }, { name = 'beta', version = '2', share = 0.5 }]\n\
                rate = 20.0\np50_ms = 1000.0\nspread = 0.5\ninit_ms = 200.0\n";
    let tables = [function("f", keys), function("g", &format!("reserved = 12\n{keys}"))];
    let world = after(&region(1000, &tables), 7, 60.0);
    let cold = |version| {
        let first = invocations(&world, "f").into_iter().filter(|one| one.started < Instant::of_s(10.0));
        first.filter(|one| one.version == version && one.start == Start::Cold).count()
    };
    assert!(cold(1) <= 3 && cold(2) <= 3, "{} {}", cold(1), cold(2));
    let all = world.invocations(world.index("g").unwrap(), Instant(i64::MIN), Instant(i64::MAX));
    assert_eq!(InFlight::of(all).peak(Instant(0), world.now), 12);
}
