//! Forecasts of pools that fill, stay, jump and are full.

use super::*;
use crate::fixture::{Fixture, live, now};
use lambda_model::function::AccountLimits;
use lambda_model::metric::Subject;
use lambda_model::observation::Payload;
use proptest::prelude::*;

fn limited(claimed: &[(i64, f64)]) -> Fixture {
    let limits = AccountLimits { concurrent_executions: 1000, unreserved_concurrent_executions: Some(900) };
    Fixture::new().with(Payload::Limits(limits)).points(&Subject::Region, Metric::ClaimedAccountConcurrency, claimed)
}

fn by_metrics(claimed: &[(i64, f64)]) -> Option<Forecast> {
    region(limited(claimed).state(), &ScopeLive::default(), &Params::default(), now())
}

/// The value of each of the newest `count` settled minutes, counted back.
fn minutes(count: i64, value: impl Fn(f64) -> f64) -> Vec<(i64, f64)> {
    (0..count).map(|back| (back + 2, value(back as f64))).collect()
}

#[test]
fn a_pool_that_fills_steadily_is_full_when_the_line_says() {
    // 20 a minute up to 800 at the end of the settled minute, two minutes and five seconds ago: 200 more take ten.
    let found = by_metrics(&minutes(20, |back| 800.0 - 20.0 * back)).unwrap();
    assert!((found.likely_s - (600.0 - 125.0)).abs() < 1.0, "{found:?}");
    assert!(found.low_s <= found.likely_s && found.likely_s <= found.high_s);
    assert_eq!((found.basis, found.as_of), (Basis::Metrics, now() - TimeDelta::seconds(125)));
}

#[test]
fn it_is_silent_where_the_data_do_not_carry_it() {
    let noise = |back: f64| 500.0 + if back % 2.0 == 0.0 { 40.0 } else { -40.0 };
    let cases: [(&str, Vec<(i64, f64)>); 8] = [
        ("nothing is known", Vec::new()),
        ("it stays", minutes(20, |_| 500.0)),
        ("it only trembles", minutes(20, noise)),
        ("it falls", minutes(20, |back| 500.0 + 40.0 * back)),
        ("a quarter of an hour is too short", minutes(15, |back| 800.0 - 20.0 * back)),
        ("it slows down", minutes(20, |back| 800.0 - 20.0 * (back - 6.0).max(0.0))),
        ("it is full already", minutes(20, |back| 1000.0 - 5.0 * back)),
        ("it takes hours", minutes(20, |back| 500.0 - back)),
    ];
    for (why, claimed) in cases {
        assert_eq!(by_metrics(&claimed), None, "{why}");
    }
}

#[test]
fn provisional_minutes_do_not_count() {
    let steady = minutes(20, |back| 800.0 - 20.0 * back);
    let with_newest = [&steady[..], &[(1, 20.0), (0, 20.0)]].concat();
    assert_eq!(by_metrics(&with_newest), by_metrics(&steady));
    assert_eq!(by_metrics(&steady[1..]), None, "the newest settled minute is missing: who knows what came");
}

#[test]
fn the_logs_tell_it_by_the_second() {
    let observed = limited(&[(0, 400.0)]).points(&Subject::Region, Metric::ConcurrentExecutions, &[(0, 300.0)]);
    // Two more a second, up to 578 three seconds ago; 100 are set aside and idle.
    let curve = |values: Vec<Option<u32>>| Curve { until: now() - TimeDelta::seconds(1), values, provisional: 2 };
    let rising = (0..240u32).map(|second| Some(100 + 2 * second)).chain([Some(1), Some(1)]).collect();
    let scope = |values, lower_bound| ScopeLive {
        region: Some(crate::analysis::live::RegionLive {
            as_of: now(),
            in_use: 300,
            lower_bound,
            curve: curve(values),
        }),
        ..ScopeLive::default()
    };
    let params = Params::default();
    let found = region(observed.state(), &scope(rising, false), &params, now()).unwrap();
    assert_eq!(found.basis, Basis::Logs);
    assert!((found.likely_s - (161.0 - 3.0)).abs() < 3.0, "{found:?}");

    let rising: Vec<_> = (0..240u32).map(|second| Some(100 + 2 * second)).collect();
    assert_eq!(region(observed.state(), &scope(rising.clone(), true), &params, now()), None, "a lower bound");
    let short = rising[190..].to_vec();
    assert_eq!(region(observed.state(), &scope(short, false), &params, now()), None, "too few seconds");
}

#[test]
fn a_function_has_its_reservation() {
    let rising = minutes(20, |back| 80.0 - 2.0 * back);
    let of = |reserved| {
        let observed = Fixture::new()
            .listed("f", &[])
            .points(&crate::fixture::function("f"), Metric::ConcurrentExecutions, &rising)
            .with(Payload::Reserved("f".into(), reserved));
        function(observed.function("f"), None, &Params::default(), now())
    };
    let found = of(Some(100)).unwrap();
    assert!((found.likely_s - (600.0 - 125.0)).abs() < 1.0, "{found:?}");
    assert_eq!(of(None), None);
    assert_eq!(of(Some(0)), None);
    assert_eq!(of(Some(80)), None, "it is reached");
    let live = live();
    let observed = Fixture::new().listed("f", &[]).with(Payload::Reserved("f".into(), Some(9)));
    assert_eq!(function(observed.function("f"), Some(&live), &Params::default(), now()), None, "it stays");
}

proptest! {
    #[test]
    fn the_range_is_ordered_and_ahead(values in proptest::collection::vec(0.0..1100.0f64, 20)) {
        let claimed: Vec<_> = (2i64..).zip(values).collect();
        if let Some(found) = by_metrics(&claimed) {
            prop_assert!(0.0 <= found.low_s && found.low_s <= found.likely_s && found.likely_s <= found.high_s);
        }
    }
}
