//! The hours before the origin, compared with theory.

use super::*;

/// A function of every kind.
const CALM: &str = r#"
    summary = "calm"
    origin = "2026-11-22T03:00:00Z"
    opening_min = 0
    region = { name = "eu-west-1", limit = 1000 }
    [[function]]
    name = "checkout"
    memory_mb = 512
    timeout_s = 30
    rate = 45.0
    p50_ms = 140.0
    spread = 0.5
    error_rate = 0.02
    [[function.alias]]
    name = "live"
    version = "41"
    share = 1.0
    canary = { version = "42", weight = 0.1, from_min = 20, error_rate = 0.5 }
    [[function]]
    name = "cart-api"
    memory_mb = 512
    timeout_s = 2
    rate = 7.0
    p50_ms = 900.0
    spread = 0.8
    error_rate = 0.001
    [[function.alias]]
    name = "live"
    version = "118"
    share = 0.9
    [[function.alias]]
    name = "beta"
    version = "119"
    share = 0.01
    [[function]]
    name = "search-api"
    memory_mb = 1024
    timeout_s = 10
    rate = 160.0
    p50_ms = 140.0
    spread = 0.5
    error_rate = 0.001
    provisioned = { alias = "live", environments = 40 }
    [[function.alias]]
    name = "live"
    version = "63"
    share = 1.0
    [[function]]
    name = "ledger-writer"
    memory_mb = 1024
    timeout_s = 30
    rate = 22.0
    p50_ms = 180.0
    spread = 0.4
    error_rate = 0.0
    reserved = 30
    [[function]]
    name = "payments"
    memory_mb = 512
    timeout_s = 30
    rate = 5.0
    p50_ms = 260.0
    spread = 0.5
    error_rate = 0.1
    async_share = 1.0
    dead_letter = { sns = "payments-failed" }
    [[function]]
    name = "orders-stream"
    memory_mb = 1024
    timeout_s = 60
    rate = 8.0
    p50_ms = 230.0
    spread = 0.5
    error_rate = 0.0005
    source = { kinesis = { stream = "orders", shards = 8, batch_size = 100, event_count = true } }
    log_group = "/data/orders"
    [[function]]
    name = "inventory"
    memory_mb = 512
    timeout_s = 60
    rate = 9.0
    p50_ms = 380.0
    spread = 0.5
    error_rate = 0.001
    [function.source.sqs]
    queue = "inventory-events"
    redrive = "inventory-dlq"
    batch_size = 10
    maximum_concurrency = 12
    event_count = true
    [[function]]
    name = "cleanup"
    memory_mb = 128
    timeout_s = 120
    rate = 0.004
    p50_ms = 2400.0
    spread = 0.5
    error_rate = 0.005
    [[function]]
    name = "rare"
    memory_mb = 128
    timeout_s = 120
    rate = 0.0002
    p50_ms = 2400.0
    spread = 0.5
    error_rate = 0.005
    [[function.alias]]
    name = "live"
    version = "1"
    share = 0.5
    [[function]]
    name = "every-half-hour"
    memory_mb = 128
    timeout_s = 120
    rate = 0.0
    burst = { every_s = 1800, lasting_s = 20, rate = 10.0 }
    p50_ms = 100.0
    spread = 0.5
    error_rate = 0.0
    [[function]]
    name = "fanout"
    memory_mb = 128
    timeout_s = 20
    rate = 2.0
    p50_ms = 300.0
    spread = 0.5
    error_rate = 0.2
    async_share = 0.5
    on_failure = { sqs = "fanout-failed" }
    then = [{ function = "caused", share = 0.5 }, { function = "idle", from_min = 30 }]
    [[function]]
    name = "caused"
    memory_mb = 128
    timeout_s = 20
    rate = 0.0
    p50_ms = 100.0
    spread = 0.5
    error_rate = 0.0
    [[function]]
    name = "idle"
    memory_mb = 128
    timeout_s = 20
    has_logs = false
    rate = 0.0
    p50_ms = 100.0
    spread = 0.5
    error_rate = 0.0
"#;

/// A scenario with a function of every kind, and whatever is added to it.
pub(in super::super) fn calm(more: &str) -> Scenario {
    toml::from_str(&format!("{CALM}\n{more}")).unwrap()
}

struct World {
    scenario: Scenario,
    history: History,
}

fn world(seed: u64) -> World {
    let scenario = calm("");
    let of = |function: &Function| {
        let versions = function.aliases.iter().map(|alias| alias.version.clone());
        std::iter::once("$LATEST".to_string()).chain(versions).collect::<Vec<_>>()
    };
    let versions: Vec<_> = scenario.functions.iter().map(of).collect();
    let history = History::new(&scenario, seed, |place| &versions[place]);
    World { scenario, history }
}

impl World {
    fn place(&self, name: &str) -> usize {
        self.scenario.functions.iter().position(|function| function.name == name).unwrap()
    }

    fn report(&self, name: &str, minute: i64) -> Option<Report> {
        self.history.report(&self.scenario, self.place(name), minute)
    }

    /// Sums over half a day, so that a day's swing is in it.
    fn total(&self, name: &str, of: impl Fn(&Activity) -> f64) -> f64 {
        HALF_A_DAY.filter_map(|minute| self.report(name, minute)).map(|report| of(&report.total)).sum()
    }
}

const HALF_A_DAY: std::ops::Range<i64> = -720..0;

#[test]
fn invocations_and_errors_match_the_rates() {
    let world = world(1);
    for (function, calm) in world.scenario.functions.iter().zip(&world.history.functions) {
        let name = &*function.name;
        let place = world.place(name);
        let expected: f64 = HALF_A_DAY.map(|minute| world.history.expected(&world.scenario, place, minute)).sum();
        let calls = world.total(name, |total| f64::from(total.invocations));
        // Poisson: the standard deviation is the mean's root.
        assert!((calls - expected).abs() <= 4.0 * expected.sqrt(), "{name}: {calls}, not {expected}");
        let failing = calm.lanes[0].behaviour.failing();
        let errors = world.total(name, |total| f64::from(total.errors));
        let spread = (expected * failing).sqrt();
        assert!((errors - calls * failing).abs() <= 4.0 * spread, "{name}: {errors} of {calls}");
        assert!(world.total(name, |total| f64::from(total.throttles)) == 0.0, "{name}");
    }
    // function, its mean invocations a second
    for (name, rate) in [
        ("checkout", 45.0),
        ("cleanup", 0.004),
        ("every-half-hour", 200.0 / 1800.0),
        // One in ten fails and is retried, and of these again one in ten.
        ("payments", 5.0 * 1.11),
        // Half of the requests are synchronous; the events of the others take 1.24 attempts.
        ("fanout", 2.0 * (0.5 + 0.5 * 1.24)),
        ("caused", 2.0 * (0.5 + 0.5 * 1.24) * 0.8 * 0.5),
        ("idle", 0.0),
    ] {
        let seen = world.total(name, |total| f64::from(total.invocations)) / 43_200.0;
        // The swing of a half day, the drift, and chance.
        let room = 0.12 * rate + 4.0 * f64::sqrt(rate / 43_200.0);
        assert!((seen - rate).abs() <= room, "{name}: {seen}, not {rate}");
    }
}

#[test]
fn the_environments_in_use_follow_littles_law() {
    let world = world(1);
    for (name, function) in world.scenario.functions.iter().map(|one| (&*one.name, one)) {
        let (place, limit) = (world.place(name), limit(function));
        let (mut present, mut peaks, mut minutes) = (0.0, 0.0, 0.0);
        for minute in HALF_A_DAY {
            let Some(report) = world.report(name, minute) else { continue };
            let expected = world.history.expected(&world.scenario, place, minute);
            present += world.history.functions[place].present(expected).0;
            peaks += f64::from(report.total.concurrency);
            minutes += 1.0;
            assert!((1..=limit).contains(&report.total.concurrency), "{name}");
        }
        let (present, peak) = (present / f64::max(minutes, 1.0), peaks / f64::max(minutes, 1.0));
        let most = present + 5.0 * present.sqrt() + 1.2;
        assert!((present..=most).contains(&peak) || minutes == 0.0, "{name}: {peak} of {present}");
    }
}

#[test]
fn parts_add_up_to_the_whole() {
    let world = world(1);
    let mut several = 0;
    for minute in -300..0 {
        let mut sums = [0; 3];
        for function in &world.scenario.functions {
            let Some(Report { total, parts }) = world.report(&function.name, minute) else { continue };
            assert_eq!(total.durations.is_some(), total.invocations > 0);
            sums[0] += total.invocations;
            sums[1] += total.errors;
            sums[2] = total.concurrency.max(sums[2]);
            let Parts::Several(parts) = parts else { continue };
            several += 1;
            for whole in [true, false] {
                let part = || parts.iter().filter(|part| part.version.is_none() == whole).map(|one| &one.activity);
                assert_eq!(part().map(|one| one.invocations).sum::<u32>(), total.invocations);
                assert_eq!(part().map(|one| one.errors).sum::<u32>(), total.errors);
                assert!(part().all(|one| one.concurrency <= total.concurrency && one.invocations > 0));
            }
        }
        let region = world.history.region(&world.scenario, minute).unwrap();
        assert_eq!([region.total.invocations, region.total.errors], sums[..2], "at {minute}");
        assert!(region.total.concurrency >= sums[2] && region.unreserved <= region.total.concurrency);
        assert_eq!(region.claimed, region.unreserved + 70, "30 reserved and 40 provisioned");
    }
    assert!(several > 200, "{several}");
}

#[test]
fn a_function_has_the_metrics_of_its_callers() {
    let world = world(1);
    let rare = |name: &str| -> Vec<Rare> {
        let reports = (-120..0).filter_map(|minute| world.report(name, minute));
        reports.map(|report| report.total.rare.map(|rare| *rare).unwrap_or_default()).collect()
    };
    let (payments, fanout, orders) = (rare("payments"), rare("fanout"), rare("orders-stream"));
    let (search, checkout) = (rare("search-api"), rare("checkout"));
    assert!(checkout.iter().all(|one| *one == Rare::default()));
    let received = |rare: &[Rare]| rare.iter().filter_map(|one| one.events_received).sum::<u32>();
    let attempts: u32 =
        (-120..0).filter_map(|minute| world.report("payments", minute)).map(|one| one.total.invocations).sum();
    let (calls, attempts) = (received(&payments), f64::from(attempts));
    assert!((f64::from(calls) / attempts - 1.0 / 1.11).abs() < 0.05, "{calls} of {attempts}");
    assert!(received(&fanout) > 5000 && received(&fanout) < 9000, "{}", received(&fanout));
    assert!(payments.iter().all(|one| one.events_dropped == Some(0) && one.dead_letter_errors.is_none()));
    assert!(payments.iter().any(|one| one.event_age_ms >= Some(RETRY_MS)), "a retry waited");
    assert!(orders.iter().all(|one| one.iterator_age_ms.is_some_and(|age| age < 1500)));
    assert!(search.iter().all(|one| one.spilled.is_some()));
    assert!(received(&rare("caused")) > 0);
}

#[test]
fn lanes_are_known_without_the_reports() {
    let world = world(3);
    for (place, function) in world.scenario.functions.iter().enumerate() {
        for (from, until) in [(-180, 0), (-177, -3), (-61, -60), (-75, -30), (-1440, -700)] {
            let mut expected: Vec<Lane> = (from..until)
                .filter_map(|minute| world.history.report(&world.scenario, place, minute))
                .flat_map(|report| report.lanes())
                .collect();
            expected.sort();
            expected.dedup();
            let called = world.history.called(&world.scenario, place, from, until);
            assert_eq!(called, expected, "{} in {from}..{until}", function.name);
        }
    }
    let few: Vec<_> = world.history.functions.iter().map(|calm| calm.few_an_hour.is_some()).collect();
    assert_eq!(few.iter().filter(|few| **few).count(), 3, "cleanup, rare and idle: {few:?}");
}

#[test]
fn a_seed_is_one_history_in_any_order() {
    let forwards: Vec<_> = (-60..0).map(|minute| world(1).report("cart-api", minute)).collect();
    let one = world(1);
    let mut backwards: Vec<_> = (-60..0).rev().map(|minute| one.report("cart-api", minute)).collect();
    backwards.reverse();
    assert_eq!(forwards, backwards);
    let other: Vec<_> = (-60..0).map(|minute| world(2).report("cart-api", minute)).collect();
    assert_ne!(forwards, other);
}

#[test]
fn traffic_stays_below_the_bound_of_draws_by_the_hour() {
    let world = world(1);
    let function = &world.scenario.functions[world.place("cleanup")];
    let most = (-3000..0).map(|minute| traffic::calm_requests(&world.scenario, 1, function, minute));
    let most = most.fold(0.0, f64::max) / (60.0 * function.rate);
    assert!(most > 1.1 && most < MOST_RATE, "{most}");
}
