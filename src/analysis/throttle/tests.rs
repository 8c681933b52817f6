//! Which cause a minute's numbers tell, and how sure they are.

use chrono::TimeDelta;

use super::*;
use crate::fixture::{Fixture, function, live, minute, now};
use lambda_model::change::Change;
use lambda_model::function::{AccountLimits, Provisioned};
use lambda_model::metric::Subject;
use lambda_model::observation::Payload;

const NAME: &str = "pdf-render";

/// The newest settled minute of the function, and of the Region.
#[derive(Clone, Copy)]
struct Numbers {
    reserved: Option<u32>,
    /// Whether the reservation was ever read.
    is_read: bool,
    provisioned: u32,
    limit: u32,
    throttles: Option<f64>,
    invocations: Option<f64>,
    average_ms: f64,
    in_use: Option<f64>,
    /// The minute before.
    in_use_before: Option<f64>,
    claimed: Option<f64>,
    region_throttles: Option<f64>,
    region_invocations: Option<f64>,
}

/// A function throttled for a reason that no limit shows.
const USUAL: Numbers = Numbers {
    reserved: None,
    is_read: true,
    provisioned: 0,
    limit: 1000,
    throttles: Some(60.0),
    invocations: Some(300.0),
    average_ms: 500.0,
    in_use: Some(12.0),
    in_use_before: Some(10.0),
    claimed: Some(300.0),
    region_throttles: Some(60.0),
    region_invocations: Some(5000.0),
};

impl Numbers {
    fn fixture(self) -> Fixture {
        let (checkout, region) = (function(NAME), Subject::Region);
        let point = |fixture: Fixture, subject: &Subject, metric: Metric, back: i64, value: Option<f64>| match value {
            Some(value) => fixture.points(subject, metric, &[(back, value)]),
            None => fixture,
        };
        let limits = AccountLimits { concurrent_executions: self.limit, unreserved_concurrent_executions: None };
        let observed = Fixture::new().listed(NAME, &[]).with(Payload::Limits(limits));
        let observed =
            if self.is_read { observed.with(Payload::Reserved(NAME.into(), self.reserved)) } else { observed };
        let (requested, available, allocated) = (self.provisioned, self.provisioned, self.provisioned);
        let config = Provisioned { qualifier: "live".to_string(), requested, available, allocated };
        let observed = observed.with(Payload::Provisioned(NAME.into(), vec![config]));
        let observed = point(observed, &checkout, Metric::Throttles, 2, self.throttles);
        let observed = point(observed, &checkout, Metric::Invocations, 2, self.invocations);
        let observed = point(observed, &checkout, Metric::ConcurrentExecutions, 2, self.in_use);
        let observed = point(observed, &checkout, Metric::ConcurrentExecutions, 3, self.in_use_before);
        let observed = point(observed, &region, Metric::ClaimedAccountConcurrency, 2, self.claimed);
        let observed = point(observed, &region, Metric::Throttles, 2, self.region_throttles);
        let observed = point(observed, &region, Metric::Invocations, 2, self.region_invocations);
        observed.statistic(&checkout, Metric::Duration, Statistic::Average, &[(2, self.average_ms)])
    }

    fn throttled(self) -> Option<Throttled> {
        let fixture = self.fixture();
        throttled(fixture.state(), fixture.function(NAME), None, minute(2))
    }
}

#[test]
fn the_numbers_of_a_minute_tell_the_cause() {
    let reserved = |reserved| Numbers { reserved: Some(reserved), ..USUAL };
    let full = Numbers { claimed: Some(1000.0), region_throttles: Some(90.0), ..USUAL };
    let fast = Numbers { invocations: Some(12_000.0), throttles: Some(6000.0), average_ms: 5.0, ..reserved(20) };
    let steep =
        Numbers { limit: 8000, in_use: Some(3500.0), in_use_before: Some(20.0), claimed: Some(4000.0), ..USUAL };
    let cases: [(&str, Numbers, Cause, f64); 27] = [
        ("nothing runs at 0", Numbers { invocations: None, in_use: None, ..reserved(0) }, Cause::ReservedZero, 0.99),
        ("0 since within the minute", reserved(0), Cause::ReservedZero, 0.75),
        ("all of the reservation", Numbers { in_use: Some(20.0), ..reserved(20) }, Cause::ReservedLimit(20), 0.98),
        ("a sample just below it", Numbers { in_use: Some(19.0), ..reserved(20) }, Cause::ReservedLimit(20), 0.75),
        ("what is kept for a qualifier", Numbers { provisioned: 8, ..reserved(20) }, Cause::ReservedLimit(20), 0.75),
        ("short calls", Numbers { in_use: Some(3.0), ..fast }, Cause::ReservedRate(20), 0.97),
        ("short calls, all in use for a moment", Numbers { in_use: Some(20.0), ..fast }, Cause::ReservedRate(20), 0.7),
        ("fast and busy", Numbers { in_use: Some(20.0), average_ms: 95.0, ..fast }, Cause::ReservedLimit(20), 0.85),
        ("neither busy nor fast", reserved(200), Cause::Unknown, 0.6),
        ("its concurrency is not known", Numbers { in_use: None, ..reserved(20) }, Cause::Unknown, 0.6),
        ("a large reservation, and steep", Numbers { reserved: Some(5000), ..steep }, Cause::Scaling, 0.95),
        ("the pool is full, for others too", full, Cause::Pool, 0.97),
        ("the pool is full", Numbers { region_throttles: Some(60.0), ..full }, Cause::Pool, 0.9),
        ("a sample just below full", Numbers { claimed: Some(992.0), ..full }, Cause::Pool, 0.776),
        ("nearly full is room", Numbers { claimed: Some(985.0), ..full }, Cause::Unknown, 0.6),
        ("full, and steep", Numbers { limit: 4000, region_throttles: Some(60.0), ..steep }, Cause::Pool, 0.558),
        ("full, and nobody read it", Numbers { is_read: false, ..full }, Cause::Pool, 0.7),
        ("steep", steep, Cause::Scaling, 0.95),
        ("steep, out of the blue", Numbers { in_use_before: None, ..steep }, Cause::Scaling, 0.75),
        ("rather steep", Numbers { in_use_before: Some(2750.0), ..steep }, Cause::Scaling, 0.7125),
        ("many, but no more than before", Numbers { in_use_before: Some(3300.0), ..steep }, Cause::Unknown, 0.6),
        ("fewer than one gets at once", Numbers { in_use: Some(900.0), ..steep }, Cause::Unknown, 0.6),
        ("the account's rate", Numbers { region_invocations: Some(590_000.0), ..USUAL }, Cause::AccountRate, 0.97),
        (
            "half of the account's rate",
            Numbers { region_invocations: Some(300_000.0), ..USUAL },
            Cause::AccountRate,
            0.719,
        ),
        ("nothing explains it", USUAL, Cause::Unknown, 0.6),
        ("nobody read the reservation", Numbers { is_read: false, ..USUAL }, Cause::Unknown, 0.9),
        (
            "nobody read the reservation, and nothing runs",
            Numbers { is_read: false, invocations: None, in_use: None, ..USUAL },
            Cause::ReservedZero,
            0.85,
        ),
    ];
    for (what, observed, cause, confidence) in cases {
        let found = observed.throttled().unwrap();
        assert_eq!((found.cause, Some(found.requests)), (cause, observed.throttles), "{what}");
        assert!((found.confidence - confidence).abs() < 1e-3, "{what}: {}, not {confidence}", found.confidence);
    }
}

#[test]
fn what_is_not_known_to_be_throttled_has_no_cause() {
    for throttles in [None, Some(0.0), Some(-3.0)] {
        assert_eq!(Numbers { throttles, claimed: Some(1000.0), ..USUAL }.throttled(), None, "{throttles:?}");
    }
}

#[test]
fn the_seconds_of_the_logs_tell_a_burst_that_minutes_hide() {
    let fixture = Numbers { in_use: Some(1400.0), in_use_before: Some(1300.0), limit: 8000, ..USUAL }.fixture();
    let cause = |rise: u32| {
        let mut live = live();
        // It rises at once, 20 seconds after the minute's begin.
        let after = (live.curve.until - minute(2).start()).num_seconds() - 20;
        let place = live.curve.values.len() - usize::try_from(after).unwrap();
        live.curve.values.fill(Some(700));
        live.curve.values[place..].fill(Some(700 + rise));
        let found = throttled(fixture.state(), fixture.function(NAME), Some(&live), minute(2)).unwrap();
        (found.cause, found.confidence)
    };
    assert_eq!(cause(700), (Cause::Scaling, 0.97));
    assert_eq!(cause(300), (Cause::Unknown, 0.6));
}

/// The reservation changed `at_s` seconds after the start of the minute, and was as it had been at `after_s`.
fn changed(fixture: Fixture, from: Option<u32>, to: Option<u32>, at_s: i64, after_s: Option<i64>) -> Fixture {
    let at = |seconds| minute(2).start() + TimeDelta::seconds(seconds);
    let change = Change { at: at(at_s), after: after_s.map(at), what: Changed::Reserved { from, to } };
    fixture.with(Payload::Changed(NAME.into(), change))
}

#[test]
fn a_minute_had_the_reservation_of_that_minute() {
    let is_20 = || Numbers { reserved: Some(20), ..USUAL }.fixture();
    let none = || Numbers { is_read: false, ..USUAL }.fixture();
    let cases: [(&str, Fixture, &[Option<u32>]); 8] = [
        ("never read", none(), &[]),
        ("never changed", is_20(), &[Some(20)]),
        ("changed before", changed(is_20(), None, Some(20), -1, None), &[Some(20)]),
        ("changed after", changed(is_20(), None, Some(20), 60, None), &[None]),
        ("changed within", changed(is_20(), None, Some(20), 30, None), &[Some(20), None]),
        ("seen after, made some time before", changed(is_20(), Some(0), Some(20), 90, Some(-30)), &[Some(20), Some(0)]),
        ("seen after, made after", changed(is_20(), Some(0), Some(20), 90, Some(60)), &[Some(0)]),
        (
            "twice",
            changed(changed(is_20(), None, Some(5), 10, None), Some(5), Some(20), 50, None),
            &[Some(20), Some(5), None],
        ),
    ];
    for (what, fixture, expected) in cases {
        assert_eq!(reservations_in(fixture.function(NAME), minute(2)), expected, "{what}");
    }
}

#[test]
fn of_reservations_that_may_have_been_the_one_that_explains_is_reported() {
    let stopped = Numbers { reserved: Some(0), invocations: None, in_use: None, ..USUAL }.fixture();
    let stopped = changed(stopped, None, Some(0), 170, Some(-300));
    let found = throttled(stopped.state(), stopped.function(NAME), None, minute(2)).unwrap();
    assert_eq!((found.cause, found.confidence), (Cause::ReservedZero, 0.99));
    let full = Numbers { reserved: Some(0), claimed: Some(1000.0), region_throttles: Some(90.0), ..USUAL }.fixture();
    let full = changed(full, None, Some(0), 170, Some(-300));
    let found = throttled(full.state(), full.function(NAME), None, minute(2)).unwrap();
    assert_eq!((found.cause, found.confidence), (Cause::Pool, 0.97), "it ran");
}

#[test]
fn a_stop_that_was_not_read_yet_shows_as_nothing_runs() {
    let observed = |invocations, in_use| {
        let observed = Numbers { is_read: false, invocations, in_use, ..USUAL }.fixture();
        let read = observed.read_before(600).with(Payload::Reserved(NAME.into(), None));
        throttled(read.state(), read.function(NAME), None, minute(2)).unwrap().cause
    };
    assert_eq!(observed(None, None), Cause::ReservedZero);
    assert_eq!(observed(Some(0.0), Some(0.0)), Cause::ReservedZero);
    assert_eq!(observed(None, Some(3.0)), Cause::Unknown, "long calls keep a reservation in use");
    assert_eq!(observed(Some(300.0), Some(12.0)), Cause::Unknown);
    assert!(now() > minute(2).plus(1).start());
}
