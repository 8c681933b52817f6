//! Lambda's concurrency rules: which requests run, and which limit throttles the others
//! (docs/aws.md#concurrency-limits).

use super::instant::Instant;

/// Requests a second for each unit of concurrency: of the account, a reservation, provisioned concurrency.
pub(super) const REQUESTS_PER_ENVIRONMENT: f64 = 10.0;
/// New environments of one function in ten seconds.
const SCALING: f64 = 1000.0;
const SCALING_S: f64 = 10.0;

/// A token bucket: refilled continuously up to its size.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    size: f64,
    per_s: f64,
    left: f64,
    at: Instant,
}

impl Bucket {
    /// A full bucket of the requests a second that `concurrency` allows.
    pub(super) fn requests(concurrency: u32) -> Self {
        let per_s = f64::from(concurrency) * REQUESTS_PER_ENVIRONMENT;
        Self { size: per_s, per_s, left: per_s, at: Instant(0) }
    }

    /// A full bucket of new environments of a function.
    pub(super) fn scaling() -> Self {
        Self { size: SCALING, per_s: SCALING / SCALING_S, left: SCALING, at: Instant(0) }
    }

    /// Takes one, if there is one.
    #[inline]
    pub(super) fn take(&mut self, now: Instant) -> bool {
        self.left = (self.left + (now - self.at).s() * self.per_s).min(self.size);
        self.at = now;
        let taken = self.left >= 1.0;
        if taken {
            self.left -= 1.0;
        }
        taken
    }
}

/// The part of the account's limit that functions without a reservation share on demand.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    /// Its size: the limit without what is set aside.
    pub(super) size: u32,
    pub(super) in_use: u32,
    /// What is set aside: reservations, and provisioned concurrency of functions without one.
    pub(super) set_aside: u32,
    /// The account's requests a second.
    pub(super) requests: Bucket,
}

/// What a function may use.
#[derive(Clone, Debug)]
pub(super) struct Allowance {
    /// Its reservation, with its requests a second: a floor and a cap.
    pub(super) reserved: Option<(u32, Bucket)>,
    /// Provisioned environments, with their requests a second.
    pub(super) provisioned: Option<(u32, Bucket)>,
    pub(super) scaling: Bucket,
    /// Environments in use, provisioned and not.
    pub(super) on_provisioned: u32,
    pub(super) on_demand: u32,
}

/// The environment that an accepted request gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grant {
    Provisioned,
    OnDemand,
}

/// Why a request is throttled. The caller gets the reason; no metric has it (docs/aws.md#throttle-reasons).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Throttle {
    /// The reservation is in use.
    ReservedConcurrency,
    /// Ten requests a second for each reserved environment.
    ReservedRate,
    /// The account's pool is in use.
    Pool,
    /// Ten requests a second for each environment of the account's limit.
    AccountRate,
    /// 1,000 new environments in ten seconds.
    Scaling,
}

/// A request that wants to run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish {
    /// Synchronous requests alone are limited in their rate.
    pub(super) synchronous: bool,
    /// Its qualifier has provisioned concurrency.
    pub(super) provisioned: bool,
    /// An environment would wait for it on demand.
    pub(super) warm: bool,
}

impl Allowance {
    /// Nothing in use, everything full.
    pub(super) fn new(reserved: Option<u32>, provisioned: u32) -> Self {
        let limited = |concurrency| (concurrency, Bucket::requests(concurrency));
        Self {
            reserved: reserved.map(limited),
            provisioned: (provisioned > 0).then(|| limited(provisioned)),
            scaling: Bucket::scaling(),
            on_provisioned: 0,
            on_demand: 0,
        }
    }

    /// Sets the reservation.
    pub(super) fn reserve(&mut self, reserved: Option<u32>) {
        if reserved != self.reserved.as_ref().map(|(concurrency, _)| *concurrency) {
            self.reserved = reserved.map(|concurrency| (concurrency, Bucket::requests(concurrency)));
        }
    }

    /// Environments in use.
    pub(super) fn in_use(&self) -> u32 {
        self.on_provisioned + self.on_demand
    }

    /// Accepts the request and counts it as in use, or returns the limit that throttles it.
    #[inline]
    pub(super) fn admit(&mut self, pool: &mut Pool, wish: Wish, now: Instant) -> Result<Grant, Throttle> {
        let in_use = self.in_use();
        if let Some((reserved, requests)) = &mut self.reserved {
            if in_use >= *reserved {
                return Err(Throttle::ReservedConcurrency);
            }
            if wish.synchronous && !requests.take(now) {
                return Err(Throttle::ReservedRate);
            }
        }
        if let Some((provisioned, requests)) = &mut self.provisioned
            && wish.provisioned
            && self.on_provisioned < *provisioned
            && (!wish.synchronous || requests.take(now))
        {
            self.on_provisioned += 1;
            return Ok(Grant::Provisioned);
        }
        if let Some((reserved, _)) = &self.reserved {
            // Provisioned environments are part of the reservation, busy or not.
            let provisioned = self.provisioned.as_ref().map_or(0, |(provisioned, _)| *provisioned);
            if self.on_demand >= reserved.saturating_sub(provisioned) {
                return Err(Throttle::ReservedConcurrency);
            }
        } else {
            if pool.in_use >= pool.size {
                return Err(Throttle::Pool);
            }
            if wish.synchronous && !pool.requests.take(now) {
                return Err(Throttle::AccountRate);
            }
        }
        if !wish.warm && !self.scaling.take(now) {
            return Err(Throttle::Scaling);
        }
        if self.reserved.is_none() {
            pool.in_use += 1;
        }
        self.on_demand += 1;
        Ok(Grant::OnDemand)
    }

    /// A granted request is over. `pooled`: it had been taken from the pool, whatever is reserved by now.
    #[inline]
    pub(super) fn release(&mut self, pool: &mut Pool, grant: Grant, pooled: bool) {
        match grant {
            Grant::Provisioned => self.on_provisioned -= 1,
            Grant::OnDemand => self.on_demand -= 1,
        }
        if pooled {
            pool.in_use -= 1;
        }
    }
}

impl Pool {
    /// An unused pool: what of `limit` is not set aside.
    pub(super) fn new(limit: u32, set_aside: u32) -> Self {
        Self { size: limit.saturating_sub(set_aside), in_use: 0, set_aside, requests: Bucket::requests(limit) }
    }

    /// Another part of `limit` is set aside from now on.
    pub(super) fn set_aside(&mut self, limit: u32, set_aside: u32) {
        self.set_aside = set_aside;
        self.size = limit.saturating_sub(set_aside);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SYNC: Wish = Wish { synchronous: true, provisioned: false, warm: true };

    fn admitted(allowance: &mut Allowance, pool: &mut Pool, wish: Wish, times: u32, now: Instant) -> u32 {
        (0..times).map(|_| u32::from(allowance.admit(pool, wish, now).is_ok())).sum()
    }

    #[test]
    fn the_pool_ends_where_the_limit_less_what_is_set_aside_ends() {
        let mut pool = Pool::new(1000, 150);
        let mut one = Allowance::new(None, 0);
        let mut two = Allowance::new(None, 0);
        assert_eq!(admitted(&mut one, &mut pool, SYNC, 800, Instant(0)), 800);
        assert_eq!(admitted(&mut two, &mut pool, SYNC, 100, Instant(0)), 50, "850 in all");
        assert_eq!(two.admit(&mut pool, SYNC, Instant(0)), Err(Throttle::Pool));
        let mut reserved = Allowance::new(Some(7), 0);
        assert_eq!(admitted(&mut reserved, &mut pool, SYNC, 9, Instant(0)), 7, "a floor, though the pool is empty");
        assert_eq!(reserved.admit(&mut pool, SYNC, Instant(0)), Err(Throttle::ReservedConcurrency), "and a cap");
        one.release(&mut pool, Grant::OnDemand, true);
        assert_eq!(two.admit(&mut pool, SYNC, Instant(0)), Ok(Grant::OnDemand));
    }

    #[test]
    fn a_reservation_of_0_stops_a_function() {
        let mut stopped = Allowance::new(Some(0), 0);
        assert_eq!(stopped.admit(&mut Pool::new(1000, 0), SYNC, Instant(0)), Err(Throttle::ReservedConcurrency));
    }

    #[test]
    fn provisioned_concurrency_spills_over_and_counts_within_a_reservation() {
        let wish = Wish { provisioned: true, ..SYNC };
        let mut pool = Pool::new(200, 2);
        let mut spilling = Allowance::new(None, 2);
        let grants: Vec<_> = (0..3).map(|_| spilling.admit(&mut pool, wish, Instant(0))).collect();
        assert_eq!(grants, [Ok(Grant::Provisioned), Ok(Grant::Provisioned), Ok(Grant::OnDemand)]);
        assert_eq!(pool.in_use, 1, "only what spills over needs the pool");
        let mut within = Allowance::new(Some(3), 2);
        assert_eq!(within.admit(&mut pool, SYNC, Instant(0)), Ok(Grant::OnDemand), "another qualifier");
        assert_eq!(
            within.admit(&mut pool, SYNC, Instant(0)),
            Err(Throttle::ReservedConcurrency),
            "the rest is provisioned"
        );
        assert_eq!(within.admit(&mut pool, wish, Instant(0)), Ok(Grant::Provisioned));
    }

    /// Requests of 1 ms each, evenly spread over ten seconds: how many are accepted after the first second.
    fn accepted_per_s(mut allowance: Allowance, mut pool: Pool, wish: Wish, per_s: i64) -> f64 {
        let mut accepted = 0;
        for request in 0..10 * per_s {
            let now = Instant(request * Instant::SECOND / per_s);
            if let Ok(grant) = allowance.admit(&mut pool, wish, now) {
                let pooled = allowance.reserved.is_none() && grant == Grant::OnDemand;
                allowance.release(&mut pool, grant, pooled);
                accepted += i32::from(now >= Instant(Instant::SECOND));
            }
        }
        f64::from(accepted) / 9.0
    }

    #[test]
    fn synchronous_requests_are_capped_at_ten_a_second_for_each_environment() {
        // reserved, limit, synchronous, asked a second, accepted a second
        let cases = [
            (Some(20), 1000, true, 300, 200.0),
            (Some(20), 1000, true, 150, 150.0),
            (Some(20), 1000, false, 300, 300.0),
            (None, 100, true, 1500, 1000.0),
        ];
        for (reserved, limit, synchronous, asked, accepted) in cases {
            let wish = Wish { synchronous, ..SYNC };
            let seen = accepted_per_s(Allowance::new(reserved, 0), Pool::new(limit, 0), wish, asked);
            // The first second spends what the bucket held.
            assert!((seen - accepted).abs() <= accepted / 8.0, "{reserved:?} {asked}: {seen}");
        }
    }

    #[test]
    fn a_function_grows_by_a_thousand_environments_in_ten_seconds() {
        let cold = Wish { warm: false, ..SYNC };
        let mut pool = Pool::new(10_000, 0);
        let mut function = Allowance::new(None, 0);
        assert_eq!(admitted(&mut function, &mut pool, cold, 3000, Instant(0)), 1000);
        assert_eq!(function.admit(&mut pool, cold, Instant(0)), Err(Throttle::Scaling));
        assert_eq!(admitted(&mut function, &mut pool, cold, 3000, Instant::of_s(1.0)), 100, "refilled continuously");
        assert_eq!(admitted(&mut function, &mut pool, cold, 3000, Instant::of_s(60.0)), 1000, "and not saved up");
        assert_eq!(function.admit(&mut pool, SYNC, Instant::of_s(60.0)), Ok(Grant::OnDemand), "a warm one is free");
    }
}
