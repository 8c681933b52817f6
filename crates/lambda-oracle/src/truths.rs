//! Every shipped scenario, run for half an hour: the oracle sees what the scenario file calls true exactly while it is
//! true, and nothing else.
//!
//! Tests only. The [`Oracle`] decides what is seen; the program's findings are measured against the same truths
//! elsewhere.

use lambda_model::finding::Kind;
use lambda_simulator::scenario::{Truth, Verdict};
use lambda_simulator::{Scenario, scenario, scenarios};

use super::{Clarity, Oracle};

/// The truths do not depend on it: 2, 3 and 4 pass too.
const SEED: u64 = 1;
/// Minutes of each scenario that are checked.
const MINUTES: i64 = 30;
/// The share of a truth's minutes that show it; chance hides it in the others.
const NEARLY_ALL: f64 = 0.9;

/// How many minutes after a truth begins a kind shows, and for how many minutes after its end it still shows. One for
/// most: a truth begins within a minute, and chance decides whether that minute shows it.
fn slack_and_tail(kind: Kind) -> (f64, f64) {
    match kind {
        Kind::ThrottleReservedZero
        | Kind::ThrottleScalingRate
        | Kind::EventSourceDisabled
        | Kind::ChangeCode
        | Kind::ChangeConfiguration
        | Kind::ChangeAlias
        | Kind::ChangeConcurrency => (0.0, 0.0),
        // A share of the last three minutes, so it shows after the end.
        Kind::ColdStartSurge => (2.0, 2.0),
        // Needs a few errors, or a mean of some calls.
        Kind::CanaryFailing => (2.0, 0.0),
        _ => (1.0, 0.0),
    }
}

/// Minutes as ranges, to be read in a message.
fn ranges(minutes: &[i64]) -> String {
    let mut ranges: Vec<(i64, i64)> = Vec::new();
    for minute in minutes {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == *minute => *last = *minute,
            _ => ranges.push((*minute, *minute)),
        }
    }
    ranges.iter().map(|(first, last)| format!("{first}-{last}")).collect::<Vec<_>>().join(" ")
}

/// Where `kind`, as shown for a function or the Region, contradicts its `truths` of this kind.
fn contradictions(run: &Oracle, kind: Kind, function: Option<&str>, truths: &[&Truth]) -> Vec<String> {
    let (slack, tail) = slack_and_tail(kind);
    let name = function.unwrap_or("the Region");
    let shown: Vec<i64> = (0..MINUTES).filter(|minute| run.shows(kind, function, *minute, Clarity::Usual)).collect();
    let mut wrong = Vec::new();
    let until = |truth: &Truth| truth.until_min.unwrap_or(f64::INFINITY);
    let near = |minute: i64, truth: &&Truth| {
        let minute = minute as f64;
        minute + 1.0 > truth.from_min - 1.0 && minute < until(truth) + 2.0 + tail
    };
    let without: Vec<i64> =
        shown.iter().copied().filter(|minute| !truths.iter().any(|truth| near(*minute, truth))).collect();
    if !without.is_empty() {
        wrong.push(format!("{kind} of {name} shows without a truth in {}", ranges(&without)));
    }
    for truth in truths.iter().filter(|truth| truth.from_min + slack < MINUTES as f64) {
        let within = |minute: &i64, slack: f64, tail: f64| {
            *minute as f64 >= truth.from_min + slack && (*minute + 1) as f64 <= until(truth) + tail
        };
        let due: Vec<i64> = (0..MINUTES).filter(|minute| within(minute, slack, 0.0)).collect();
        let missing: Vec<i64> = due.iter().copied().filter(|minute| !shown.contains(minute)).collect();
        // A truth that ends before it must show still has to show once.
        let at_all = shown.iter().any(|minute| within(minute, 0.0, tail));
        if !at_all || missing.len() as f64 > (1.0 - NEARLY_ALL) * due.len() as f64 {
            wrong.push(format!(
                "{kind} of {name} from {} on shows only in {}, not in {}",
                truth.from_min,
                ranges(&shown),
                ranges(&missing)
            ));
        }
    }
    wrong
}

/// Everything in the run that contradicts the scenario file.
fn contradicting(run: &Oracle) -> Vec<String> {
    let scenario = run.scenario();
    let mut wrong = Vec::new();
    for kind in Kind::ALL {
        for name in std::iter::once(None).chain(run.functions().map(Some)) {
            let said = |truth: &&Truth| truth.kind == Some(*kind) && truth.function.as_deref() == name;
            let truths: Vec<&Truth> = scenario.truths().iter().filter(said).collect();
            wrong.extend(contradictions(run, *kind, name, &truths));
        }
    }
    for truth in scenario.truths() {
        let place = truth.function.as_deref().and_then(|name| run.world.index(name));
        if truth.canary == Some(Verdict::Good) {
            let compared = place.and_then(|place| run.canary(place, 0..=MINUTES - 1));
            if !compared.is_some_and(|compared| compared.is_the_same() && compared.new.calls > 500) {
                wrong.push(format!("the canary of {:?} is worse, or is not invoked", truth.function));
            }
        }
    }
    wrong
}

/// The most failures of `calls` invocations by chance, at an error rate of 1 %: five standard deviations, and two.
fn by_chance(calls: u32) -> f64 {
    let mean = 0.01 * f64::from(calls);
    mean + 5.0 * mean.sqrt() + 2.0
}

/// The minute of the first incident, change or canary.
fn calm_min(scenario: &Scenario) -> i64 {
    let incidents = scenario.incidents.iter().map(|incident| incident.from_min);
    let changes = scenario.changes.iter().map(|change| change.at_min);
    let canaries = scenario.functions.iter().flat_map(|function| &function.aliases);
    let canaries = canaries.filter_map(|alias| Some(alias.canary.as_ref()?.from_min));
    incidents.chain(changes).chain(canaries).fold(MINUTES as f64, f64::min) as i64
}

/// What is wrong outside the truths: functions that fail or are throttled without one, and unexpected traffic.
fn unhealthy(run: &Oracle) -> Vec<String> {
    let scenario = run.scenario();
    let mut wrong = Vec::new();
    let of_pool = |truth: &Truth| truth.kind == Some(Kind::ThrottleUnreservedPool);
    let pool_drains =
        scenario.truths().iter().find(|truth| of_pool(truth)).map_or(f64::INFINITY, |truth| truth.from_min);
    for (place, function) in scenario.functions.iter().enumerate() {
        if scenario.truths().iter().any(|truth| truth.function.as_ref() == Some(&function.name)) {
            continue;
        }
        let (mut calls, mut errors, mut throttled) = (0, 0, Vec::new());
        for minute in 0..MINUTES {
            let total = run.total(place, minute);
            (calls, errors) = (calls + total.invocations, errors + total.errors);
            let drained = function.reserved.is_none() && (minute + 1) as f64 > pool_drains - 1.0;
            if total.throttles > 0 && !drained {
                throttled.push(minute);
            }
            if f64::from(total.errors) > by_chance(total.invocations) {
                wrong.push(format!("{} fails {} of {} in {minute}", function.name, total.errors, total.invocations));
            }
        }
        if !throttled.is_empty() {
            wrong.push(format!("{} throttles in {}", function.name, ranges(&throttled)));
        }
        if f64::from(errors) > by_chance(calls) {
            wrong.push(format!("{} fails {errors} of {calls}", function.name));
        }
    }
    let calm = calm_min(scenario);
    let (mut asked, mut seen) = (0.0, 0.0);
    for minute in 0..MINUTES {
        let Some(region) = run.world.region_report(minute) else {
            wrong.push(format!("nothing is known of minute {minute}"));
            continue;
        };
        if region.claimed > scenario.region.limit {
            wrong.push(format!("minute {minute} claims {} of {}", region.claimed, scenario.region.limit));
        }
        if !(600..=200_000).contains(&region.total.invocations) {
            wrong.push(format!("{} invocations in minute {minute}", region.total.invocations));
        }
        if minute < calm {
            let expected = |place| run.world.expected(place, minute);
            asked += (0..scenario.functions.len()).map(expected).sum::<f64>();
            seen += f64::from(region.total.invocations);
        }
    }
    if (seen / asked - 1.0).abs() > 0.03 {
        wrong.push(format!("{asked} invocations were expected before the first incident, and {seen} ran"));
    }
    wrong
}

fn states_the_truth(name: &str) {
    let scenario = scenario(name).unwrap();
    let run = Oracle::new(&scenario, SEED, MINUTES);
    let wrong = [contradicting(&run), unhealthy(&run)].concat();
    assert!(wrong.is_empty(), "{name}:\n{}", wrong.join("\n"));
}

#[test]
fn every_kind_is_true_somewhere() {
    let scenarios = scenarios().iter().map(|one| one.scenario().unwrap());
    let stated: Vec<Kind> = scenarios.flat_map(|one| one.truths().to_vec()).filter_map(|truth| truth.kind).collect();
    let missing: Vec<&Kind> = Kind::ALL.iter().filter(|kind| !stated.contains(kind)).collect();
    // The simulator splits traffic by weight only.
    assert_eq!(missing, [&Kind::CanarySplitOff]);
}

macro_rules! truths {
    ($($test:ident: $name:literal),+ $(,)?) => {
        $(#[test] fn $test() { states_the_truth($name); })+

        #[test]
        fn no_scenario_is_left_out() {
            let here = [$($name),+];
            let left_out: Vec<_> = scenarios().iter().map(|one| one.name).filter(|name| !here.contains(name)).collect();
            assert!(left_out.is_empty(), "{left_out:?}");
        }
    };
}

truths! {
    mixed: "mixed",
    calm: "calm",
    region_limit: "region-limit",
    reserved_cap: "reserved-cap",
    kill_switch: "kill-switch",
    burst: "burst",
    short_calls: "short-calls",
    hidden_limit: "hidden-limit",
    provisioned_spillover: "provisioned-spillover",
    bad_canary: "bad-canary",
    slow_canary: "slow-canary",
    good_canary: "good-canary",
    cold_canary: "cold-canary",
    cold_start_storm: "cold-start-storm",
    poison_pill: "poison-pill",
    sqs_redrive: "sqs-redrive",
    iterator_lag: "iterator-lag",
    async_backlog: "async-backlog",
    slow_downstream: "slow-downstream",
    memory_creep: "memory-creep",
    near_timeout: "near-timeout",
    recursion: "recursion",
    deploy_breaks: "deploy-breaks",
    hand_made_changes: "hand-made-changes",
    flaky_aws: "flaky-aws",
    media_pipeline: "media-pipeline",
    large: "large",
    huge_logs: "huge-logs",
}
