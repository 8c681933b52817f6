//! Which minutes of a store are judged, and what is said of them.

use super::*;
use crate::analysis::fact::{Fact, Quantity, Subject as About};
use crate::analysis::live::minutes::MinuteRuns;
use crate::fixture::{Fixture, executed, live, minute, now};
use lambda_model::change::{Change, Changed, Routing};
use lambda_model::function::Alias;
use lambda_model::metric::{Metric, Statistic, Subject};
use lambda_model::observation::Payload;
use lambda_model::time::Minute;

fn alias(name: &str, version: &str, additional: &[(&str, f64)]) -> Alias {
    let additional = additional.iter().map(|(version, weight)| ((*version).to_string(), *weight)).collect();
    Alias { name: name.to_string(), version: version.to_string(), additional }
}

/// `f:live`, a tenth of which goes to version 8.
fn split() -> Fixture {
    Fixture::new().with(Payload::Aliases("f".into(), vec![alias("live", "7", &[("8", 0.1)])]))
}

/// What ran in each of some minutes: (minutes back, errors, calls, median in ms).
fn ran(fixture: Fixture, version: &str, minutes: &[(i64, f64, f64, f64)]) -> Fixture {
    let subject = executed("f", "live", version);
    let part = |value: fn(&(i64, f64, f64, f64)) -> f64| -> Vec<(i64, f64)> {
        minutes.iter().map(|one| (one.0, value(one))).collect()
    };
    fixture
        .points(&subject, Metric::Errors, &part(|one| one.1))
        .points(&subject, Metric::Invocations, &part(|one| one.2))
        .statistic(&subject, Metric::Duration, Statistic::P50, &part(|one| one.3))
}

/// The same in all of these minutes.
fn steady(fixture: Fixture, version: &str, back: std::ops::Range<i64>, errors: f64, calls: f64) -> Fixture {
    let minutes: Vec<_> = back.map(|back| (back, errors, calls, 40.0 + 0.1 * (back % 3) as f64)).collect();
    ran(fixture, version, &minutes)
}

fn judged(fixture: &Fixture, live: Option<&FunctionLive>) -> Option<Canary> {
    let (function, params) = (fixture.function("f"), Params::default());
    let aliases = crate::analysis::traffic::aliases(function, params, now());
    canary(function, aliases.iter().find(|alias| alias.name == "live")?, live, None, &params, now())
}

fn changed(fixture: Fixture, back: i64, from: Option<&[(&str, f64)]>, to: &[(&str, f64)]) -> Fixture {
    let routing = |additional: &[(&str, f64)]| {
        let Alias { version, additional, .. } = alias("live", "7", additional);
        Routing { version, additional }
    };
    let what = Changed::Alias { name: "live".to_string(), from: from.map(routing), to: Some(routing(to)) };
    fixture.with(Payload::Changed("f".into(), Change { at: minute(back).start(), after: None, what }))
}

#[test]
fn only_a_split_alias_has_a_canary() {
    let one = Fixture::new().with(Payload::Aliases("f".into(), vec![alias("live", "7", &[])]));
    assert_eq!(judged(&steady(one, "7", 0..30, 0.0, 500.0), None), None);
    let none = Fixture::new().with(Payload::Aliases("f".into(), vec![alias("live", "7", &[("8", 0.0)])]));
    assert_eq!(judged(&none, None), None, "a version without weight is tried by nobody");
    let canary = judged(&split(), None).unwrap();
    assert_eq!((canary.version.as_str(), canary.baseline.as_str()), ("8", "7"));
    assert_eq!((canary.verdict, canary.calls_needed, canary.decided), (Verdict::NotEnoughData, None, None));
    assert_eq!(canary.errors, Compared::default());
    let none = Fact::new(Quantity::Invocations, 0.0).about(About::Version("8".to_string()));
    assert_eq!(canary.facts[0], none);
}

#[test]
fn settled_minutes_of_both_versions_count_and_say_how() {
    let observed = steady(steady(split(), "7", 0..60, 1.0, 500.0), "8", 0..12, 5.0, 60.0);
    let canary = judged(&observed, None).unwrap();
    assert_eq!(canary.verdict, Verdict::Fail);
    // The two newest minutes are provisional.
    assert_eq!((canary.errors.canary, canary.errors.baseline), ((50.0, 600.0), (10.0, 5000.0)));
    assert_eq!(canary.since, minute(11).start());
    let decided = canary.decided.unwrap();
    assert!(decided > canary.since && decided <= minute(1).start(), "{decided}");
    assert_eq!((canary.calls_needed, canary.decided_in_s), (None, None));
    let (low, high) = canary.errors.difference.unwrap();
    assert!(0.01 < low && low < 0.081 && 0.082 < high, "{low} {high}");
    let version = |name: &str| About::Version(name.to_string());
    let errors = [
        Fact::new(Quantity::Errors, 50.0).of(600.0).about(version("8")),
        Fact::new(Quantity::Errors, 10.0).of(5000.0).about(version("7")),
        Fact::new(Quantity::ErrorRateDifference, None).range(canary.errors.difference).limit(0.01),
        Fact::instant(Quantity::ErrorsBeyondMargin, decided),
    ];
    assert_eq!(canary.facts[..4], errors);
}

#[test]
fn what_is_still_needed_has_a_time() {
    let observed = steady(steady(split(), "7", 0..60, 0.0, 540.0), "8", 0..10, 0.0, 60.0);
    let canary = judged(&observed, None).unwrap();
    assert_eq!(canary.verdict, Verdict::NotEnoughData);
    let calls = canary.calls_needed.unwrap();
    assert!((300..2000).contains(&calls), "{calls}");
    assert_eq!(canary.decided_in_s, Some(calls), "at sixty a minute");
}

#[test]
fn a_slow_canary_fails_by_its_durations_which_stand_first() {
    let observed = steady(steady(split(), "7", 0..60, 1.0, 500.0), "8", 0..1, 0.0, 60.0);
    let slow: Vec<_> = (0..12).map(|back| (back, 0.0, 60.0, 80.0 + 0.1 * (back % 3) as f64)).collect();
    let canary = judged(&ran(observed, "8", &slow), None).unwrap();
    assert_eq!(canary.verdict, Verdict::Fail);
    assert_eq!(canary.facts[0].quantity, Quantity::DurationRatio);
    assert!(canary.facts[0].value.is_some_and(|ratio| (1.9..2.1).contains(&ratio)), "{:?}", canary.facts);
}

#[test]
fn errors_that_are_not_known_are_not_none() {
    let subject = executed("f", "live", "8");
    let calls: Vec<_> = (0..30).map(|back| (back, 60.0)).collect();
    let observed = steady(split(), "7", 0..30, 0.0, 500.0).points(&subject, Metric::Invocations, &calls);
    let canary = judged(&observed, None).unwrap();
    assert_eq!((canary.verdict, canary.errors.canary), (Verdict::NotEnoughData, (0.0, 0.0)));
}

#[test]
fn minutes_after_the_settled_ones_come_from_the_logs() {
    let observed = || steady(steady(split(), "7", 0..30, 0.0, 500.0), "8", 2..5, 1.0, 50.0);
    let runs = |calls, errors| MinuteRuns { calls, errors, warm_p50_ms: Some(40.0) };
    let by_version = |canary| [("7".to_string(), runs(500, 0)), ("8".to_string(), canary)].into();
    let minutes = [
        (minute(2), by_version(runs(50, 50))),
        (minute(1), by_version(runs(60, 6))),
        (minute(0), by_version(runs(61, 7))),
    ];
    let logs = FunctionLive { minutes: minutes.into(), ..live() };
    let canary = judged(&observed(), Some(&logs)).unwrap();
    assert_eq!(canary.errors.canary, (3.0 + 6.0 + 7.0, 150.0 + 60.0 + 61.0), "what is settled is the metrics'");
    assert_eq!(canary.errors.baseline, (0.0, 2500.0));
    // Another alias calls version 8 as well: the logs do not say through which alias a version ran.
    let both = vec![alias("live", "7", &[("8", 0.1)]), alias("beta", "8", &[])];
    let shared = observed().with(Payload::Aliases("f".into(), both));
    assert_eq!(judged(&shared, Some(&logs)).unwrap().errors.canary, (3.0, 150.0));
}

#[test]
fn it_began_when_the_alias_got_both_versions() {
    let observed = || steady(steady(split(), "7", 0..60, 0.0, 500.0), "8", 0..40, 1.0, 50.0);
    let since = |fixture: &Fixture| judged(fixture, None).unwrap().since;
    assert_eq!(since(&observed()), minute(39).start(), "as far back as it was called");
    let ten: &[(&str, f64)] = &[("8", 0.1)];
    assert_eq!(since(&changed(observed(), 20, Some(&[]), ten)), minute(20).start());
    let more = changed(changed(observed(), 20, Some(&[]), ten), 5, Some(ten), &[("8", 0.5)]);
    assert_eq!(since(&more), minute(20).start(), "another weight is no other split");
    let again = changed(changed(changed(observed(), 30, Some(&[]), ten), 20, Some(ten), &[]), 10, Some(&[]), ten);
    assert_eq!(since(&again), minute(10).start(), "what was tried before does not count");
}

#[test]
fn of_several_the_worst_is_reported() {
    let both = vec![alias("live", "7", &[("8", 0.2), ("9", 0.1)])];
    let observed = Fixture::new().with(Payload::Aliases("f".into(), both));
    let observed = steady(steady(observed, "7", 0..30, 0.0, 500.0), "8", 0..30, 0.0, 100.0);
    assert_eq!(judged(&observed, None).unwrap().version, "9", "of which nothing is known");
    let observed = steady(observed, "9", 0..30, 20.0, 50.0);
    let canary = judged(&observed, None).unwrap();
    assert_eq!((canary.version.as_str(), canary.verdict), ("9", Verdict::Fail));
}

#[test]
fn throttled_requests_are_the_alias_s_and_cold_starts_are_reported() {
    let observed = steady(steady(split(), "7", 0..15, 0.0, 500.0), "8", 0..15, 1.0, 60.0);
    let throttled = Subject::Qualified { function: "f".into(), qualifier: "live".to_string() };
    let observed = observed.points(&throttled, Metric::Throttles, &[(0, 60.0)]);
    let canary = judged(&observed, None).unwrap();
    let said = |canary: &Canary, quantity: Quantity| -> Vec<(Option<f64>, Option<f64>)> {
        let facts = canary.facts.iter().filter(|fact| fact.quantity == quantity);
        facts.map(|fact| (fact.value, fact.of)).collect()
    };
    assert_eq!(said(&canary, Quantity::FailedRequests), [(Some(75.0), Some(8460.0))]);
    assert_eq!(said(&canary, Quantity::ThrottledRequests), [(Some(60.0), Some(8460.0))]);
    assert_eq!(said(&canary, Quantity::ColdStarts), []);
    let runs =
        |invocations, cold_starts| crate::analysis::live::Runs { invocations, cold_starts, ..Default::default() };
    let versions = [("7".to_string(), runs(500, 2)), ("8".to_string(), runs(60, 9))];
    let canary = judged(&observed, Some(&FunctionLive { versions: versions.into(), ..live() })).unwrap();
    let cold = [(Some(9.0), Some(60.0)), (Some(2.0), Some(500.0))];
    assert_eq!(said(&canary, Quantity::ColdStarts), cold);
}

#[test]
fn minutes_that_no_longer_are_kept_do_not_count() {
    let observed = steady(steady(split(), "7", 0..60, 0.0, 500.0), "8", 0..60, 0.0, 50.0);
    let early = changed(observed, 500, Some(&[]), &[("8", 0.1)]);
    assert_eq!(judged(&early, None).unwrap().since, minute(59).start());
    assert!(Minute::of(now()) > minute(59));
}
