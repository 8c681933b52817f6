//! Who is eating the pool: the functions without a reservation by how much their concurrency grew since the pool
//! became scarce.
//!
//! A minute's maxima of different functions need not be in the same second: a part of the pool is at most so large.

use super::pool::Pool;
use crate::store::state::{FunctionState, ScopeState};
use lambda_model::FunctionName;
use lambda_model::metric::Metric;
use lambda_model::time::Minute;

/// A pool is scarce some time before it is nearly used up: from this much below `findings.near_limit` on.
const EARLIER: f64 = 0.1;
/// A rise to the limit has begun before the pool is scarce: what was before these minutes was calm.
const RISING_MINUTES: i64 = 5;
/// Minutes of calm that are looked at.
const CALM_MINUTES: i64 = 15;

/// How many minutes back to look for what is read in the background.
const LOOK_BACK_MINUTES: i64 = 8;

/// A function that takes from the unreserved pool.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Consumer {
    /// The function.
    pub name: FunctionName,
    /// Its concurrency, the minute's maximum.
    pub in_use: f64,
    /// What it was while all was calm, the median; `None` where nothing was published then.
    pub before: Option<f64>,
}

impl Consumer {
    /// How much its concurrency grew, at most.
    pub(super) fn growth(&self) -> f64 {
        self.in_use - self.before.unwrap_or(0.0)
    }
}

/// Whether the pool was scarce in a minute; `None` where that is not known.
pub(super) fn scarce(scope: &ScopeState, near_limit: f64, minute: Minute) -> Option<bool> {
    Some(Pool::fill(scope, minute)? >= near_limit - EARLIER)
}

/// The first minute of the time, `look_back` minutes at most, in which the pool was scarce up to `minute`; a minute of
/// which nothing is known does not end it.
pub(super) fn scarce_since(scope: &ScopeState, near_limit: f64, minute: Minute, look_back: i64) -> Minute {
    let back = (minute.0 - look_back + 1..=minute.0).rev().map(Minute);
    let scarce = back.take_while(|minute| scarce(scope, near_limit, *minute) != Some(false));
    scarce.filter(|minute| Pool::fill(scope, *minute).is_some()).last().unwrap_or(minute)
}

/// What `function` takes of the pool in `minute`, against the calm before `since`; `None` where it has a reservation,
/// where that is not known, and where nothing is published.
pub(super) fn consumer(function: &FunctionState, minute: Minute, since: Minute) -> Option<Consumer> {
    if function.reserved.as_ref()?.value.is_some() {
        return None;
    }
    let series = function.series.one(Metric::ConcurrentExecutions)?;
    let in_use = series.get(minute)?;
    let calm = since.plus(-RISING_MINUTES - 1);
    let mut before: Vec<f64> = series.range(calm.plus(1 - CALM_MINUTES), calm).flatten().collect();
    before.sort_by(f64::total_cmp);
    Some(Consumer { name: function.name.clone(), in_use, before: before.get(before.len() / 2).copied() })
}

/// What is not on screen is read every few minutes only: the newest minute up to `minute` in
/// which half of the functions that publish anything did.
fn observed(scope: &ScopeState, minute: Minute) -> Minute {
    let functions = || scope.functions.values();
    let published = |function: &FunctionState, minute| {
        function.series.one(Metric::ConcurrentExecutions).is_some_and(|series| series.get(minute).is_some())
    };
    let minutes = || (0..LOOK_BACK_MINUTES).map(|back| minute.plus(-back));
    let count = |minute| functions().filter(|function| published(function, minute)).count();
    let most = minutes().map(count).max().unwrap_or(0);
    minutes().find(|minute| 2 * count(*minute) >= most).unwrap_or(minute)
}

/// Every consumer, those that grew most first: in `minute`, or the newest before it of which as much is known as of any.
pub(super) fn consumers(scope: &ScopeState, minute: Minute, since: Minute) -> Vec<Consumer> {
    let minute = observed(scope, minute);
    let known = scope.functions.values().filter(|function| scope.exists(function));
    let mut consumers: Vec<_> = known.filter_map(|function| consumer(function, minute, since)).collect();
    consumers.sort_by(|one, other| other.growth().total_cmp(&one.growth()).then_with(|| one.name.cmp(&other.name)));
    consumers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Fixture, function, minute};
    use lambda_model::function::AccountLimits;
    use lambda_model::metric::Subject;
    use lambda_model::observation::Payload;

    /// Minutes back and values: `then` until 20 minutes ago, `now` since.
    fn step(then: f64, now: f64) -> Vec<(i64, f64)> {
        (2..40).map(|back| (back, if back < 20 { now } else { then })).collect()
    }

    fn drained() -> Fixture {
        let limits = AccountLimits { concurrent_executions: 1000, unreserved_concurrent_executions: Some(800) };
        let observed = Fixture::new().with(Payload::Limits(limits)).points(
            &Subject::Region,
            Metric::ClaimedAccountConcurrency,
            &step(500.0, 950.0),
        );
        let functions =
            [("steady", 300.0, 300.0, None), ("eater", 20.0, 420.0, None), ("reserved", 10.0, 200.0, Some(200))];
        functions.into_iter().fold(observed, |observed, (name, then, now, reserved)| {
            observed
                .listed(name, &[])
                .points(&function(name), Metric::ConcurrentExecutions, &step(then, now))
                .with(Payload::Reserved(name.into(), reserved))
        })
    }

    #[test]
    fn the_one_that_grew_comes_first_and_a_reservation_takes_nothing_from_the_pool() {
        let observed = drained();
        let since = scarce_since(observed.state(), 0.9, minute(2), 60);
        assert_eq!(since, minute(19));
        let consumers = consumers(observed.state(), minute(2), since);
        let seen: Vec<_> = consumers.iter().map(|one| (one.name.as_str(), one.in_use, one.growth())).collect();
        assert_eq!(seen, [("eater", 420.0, 400.0), ("steady", 300.0, 0.0)]);
    }

    #[test]
    fn without_a_calm_before_nothing_is_known_of_it() {
        let observed = drained();
        let state = observed.function("eater");
        assert_eq!(consumer(state, minute(2), minute(39)).map(|one| one.before), Some(None));
        assert_eq!(consumer(state, minute(1), minute(19)), None, "a minute without a point");
        let unread = Fixture::new().listed("f", &[(Metric::ConcurrentExecutions, 9.0)]);
        assert_eq!(consumer(unread.function("f"), minute(0), minute(9)), None, "its reservation was not read");
    }

    #[test]
    fn gaps_do_not_end_a_scarcity() {
        let observed = drained();
        assert_eq!(
            scarce_since(observed.state(), 0.9, minute(0), 60),
            minute(19),
            "nothing is known of the newest two"
        );
        assert_eq!(scarce_since(Fixture::new().listed("f", &[]).state(), 0.9, minute(2), 60), minute(2));
        assert_eq!(scarce(observed.state(), 0.9, minute(0)), None);
        assert_eq!(scarce(observed.state(), 0.9, minute(30)), Some(false));
    }
}
