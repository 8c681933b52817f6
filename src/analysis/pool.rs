//! The Region's concurrency: what is in use, what is claimed, what is left.

use chrono::{DateTime, Utc};

use super::{newest_minute, ratio};
use crate::store::state::ScopeState;
use lambda_model::metric::Metric;
use lambda_model::time::Minute;

/// The concurrency pool of a scope, at its newest complete minute.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pool {
    /// The account's limit in the Region.
    pub limit: Option<u32>,
    /// The limit less all reservations.
    pub unreserved_limit: Option<u32>,
    /// The minute of the numbers below.
    pub as_of: Option<Minute>,
    /// Concurrent executions, the minute's maximum.
    pub in_use: Option<f64>,
    /// The same in functions without a reservation.
    pub unreserved_in_use: Option<f64>,
    /// `ClaimedAccountConcurrency`: what counts against the limit.
    pub claimed: Option<f64>,
    /// limit − claimed, never below 0. Needs `claimed`: in-use alone would hide reservations.
    pub headroom: Option<f64>,
    /// All functions' invocations of the minute.
    pub invocations: Option<f64>,
    /// All functions' errors of the minute.
    pub errors: Option<f64>,
    /// All functions' throttled requests of the minute.
    pub throttles: Option<f64>,
}

impl Pool {
    /// The pool of `scope` at `now`.
    pub(crate) fn newest(scope: &ScopeState, now: DateTime<Utc>) -> Self {
        let limits = scope.limits.as_ref().map(|limits| limits.value);
        let limit = limits.map(|limits| limits.concurrent_executions);
        let minute = newest_minute(Metric::REGION.iter().map(|metric| scope.region.one(*metric)), now);
        let one = |metric| scope.region.one(metric)?.get(minute?);
        let claimed = one(Metric::ClaimedAccountConcurrency);
        Self {
            limit,
            unreserved_limit: limits.and_then(|limits| limits.unreserved_concurrent_executions),
            as_of: minute,
            in_use: one(Metric::ConcurrentExecutions),
            unreserved_in_use: one(Metric::UnreservedConcurrentExecutions),
            claimed,
            headroom: limit.zip(claimed).map(|(limit, claimed)| (f64::from(limit) - claimed).max(0.0)),
            invocations: one(Metric::Invocations),
            errors: one(Metric::Errors),
            throttles: one(Metric::Throttles),
        }
    }

    /// What counted against the limit in a minute: `ClaimedAccountConcurrency`, else what was in use of the pool and
    /// what is reserved, which leaves out provisioned concurrency.
    pub(crate) fn claimed_in(scope: &ScopeState, minute: Minute) -> Option<f64> {
        let one = |metric| scope.region.one(metric)?.get(minute);
        one(Metric::ClaimedAccountConcurrency).or_else(|| {
            let limits = scope.limits.as_ref()?.value;
            let reserved = limits.concurrent_executions.checked_sub(limits.unreserved_concurrent_executions?)?;
            Some(one(Metric::UnreservedConcurrentExecutions)? + f64::from(reserved))
        })
    }

    /// The part of the limit that was claimed in a minute.
    pub(crate) fn fill(scope: &ScopeState, minute: Minute) -> Option<f64> {
        let limit = scope.limits.as_ref()?.value.concurrent_executions;
        ratio(Self::claimed_in(scope, minute), Some(f64::from(limit)))
    }

    /// The share of the limit that is claimed, else that is in use.
    pub(crate) fn utilisation(&self) -> Option<f64> {
        ratio(self.claimed.or(self.in_use), self.limit.map(f64::from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Fixture, minute, now};
    use lambda_model::function::AccountLimits;
    use lambda_model::metric::Subject;
    use lambda_model::observation::Payload;

    fn limited() -> Fixture {
        let limits = AccountLimits { concurrent_executions: 1000, unreserved_concurrent_executions: Some(900) };
        Fixture::new().with(Payload::Limits(limits))
    }

    fn pool(fixture: &Fixture) -> Pool {
        Pool::newest(fixture.state(), now())
    }

    #[test]
    fn every_number_has_its_place() {
        let observed = Metric::REGION.iter().zip(1u8..).fold(limited(), |fixture, (metric, value)| {
            fixture.points(&Subject::Region, *metric, &[(0, value.into())])
        });
        let expected = Pool {
            limit: Some(1000),
            unreserved_limit: Some(900),
            as_of: Some(minute(0)),
            invocations: Some(1.0),
            errors: Some(2.0),
            throttles: Some(3.0),
            in_use: Some(4.0),
            unreserved_in_use: Some(5.0),
            claimed: Some(6.0),
            headroom: Some(994.0),
        };
        assert_eq!(pool(&observed), expected);
    }

    #[test]
    fn headroom_needs_what_is_claimed() {
        let in_use = limited().points(&Subject::Region, Metric::ConcurrentExecutions, &[(0, 400.0)]);
        assert_eq!(pool(&in_use).headroom, None, "what is in use does not count reservations");
        assert_eq!(pool(&in_use).utilisation(), Some(0.4));

        let claimed = in_use.points(&Subject::Region, Metric::ClaimedAccountConcurrency, &[(0, 950.0)]);
        assert_eq!(pool(&claimed).headroom, Some(50.0));
        assert_eq!(pool(&claimed).utilisation(), Some(0.95));

        let over = limited().points(&Subject::Region, Metric::ClaimedAccountConcurrency, &[(0, 1010.0)]);
        assert_eq!(pool(&over).headroom, Some(0.0), "never below 0");

        let no_limit = Fixture::new().points(&Subject::Region, Metric::ClaimedAccountConcurrency, &[(0, 950.0)]);
        assert_eq!((pool(&no_limit).headroom, pool(&no_limit).utilisation()), (None, None));
    }

    #[test]
    fn what_is_reserved_counts_where_the_claim_is_not_published() {
        let fill = |fixture: &Fixture| Pool::fill(fixture.state(), minute(0));
        let used = limited().points(&Subject::Region, Metric::UnreservedConcurrentExecutions, &[(0, 400.0)]);
        assert_eq!(fill(&used), Some(0.5));
        let observed = used.points(&Subject::Region, Metric::ClaimedAccountConcurrency, &[(0, 520.0)]);
        assert_eq!(fill(&observed), Some(0.52));
        assert_eq!(fill(&limited()), None, "missing is not empty");
    }

    #[test]
    fn an_old_minute_is_not_the_pool_of_now() {
        let old = limited().points(&Subject::Region, Metric::ClaimedAccountConcurrency, &[(5, 950.0)]);
        let limits = Pool { limit: Some(1000), unreserved_limit: Some(900), ..Pool::default() };
        assert_eq!(pool(&old), limits);
        let mixed = old.points(&Subject::Region, Metric::ConcurrentExecutions, &[(0, 7.0)]);
        assert_eq!(pool(&mixed), Pool { as_of: Some(minute(0)), in_use: Some(7.0), ..limits });
    }
}
