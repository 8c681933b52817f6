//! Lambda's concurrency arithmetic: who may run when not everybody can (aws-facts 6.4).

/// A function's wish for one minute.
#[derive(Clone, Copy, Debug)]
pub(super) struct Want {
    /// Environments that would run at once without any limit.
    pub(super) wanted: u64,
    /// Its reservation: a floor and a cap.
    pub(super) reserved: Option<u64>,
    /// Environments it keeps ready.
    pub(super) provisioned: u64,
}

/// What it gets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Grant {
    /// Environments running on provisioned concurrency.
    pub(super) on_provisioned: u64,
    /// Environments running on demand.
    pub(super) on_demand: u64,
    /// The share of its requests that is throttled, 0 to 1.
    pub(super) refused: f64,
}

/// Shares the Region out. `pool` is what reservations and provisioned concurrency leave of the limit; it
/// must hold one environment for each function.
///
/// When the pool cannot hold all that functions without a reservation want, every request that needs it
/// is refused with the same probability, whoever sends it; each function still runs at least once, and the
/// pool is exactly full.
pub(super) fn grant(pool: u64, wants: &[Want]) -> Vec<Grant> {
    let asked: u64 = wants.iter().map(Want::of_pool).sum();
    let askers = wants.iter().filter(|want| want.of_pool() > 0).count() as u64;
    let full = asked > pool;
    let refused = if full { 1.0 - pool as f64 / asked as f64 } else { 0.0 };
    let mut before = 0;
    let mut from_pool = |wish: u64| {
        if !full || wish == 0 {
            return wish;
        }
        // Rounding the running total, not each part, makes the parts sum to the pool.
        let share = |beyond_first: u64| beyond_first * (pool - askers) / (asked - askers);
        let start = share(before);
        before += wish - 1;
        1 + share(before) - start
    };
    wants
        .iter()
        .map(|want| {
            if let Some(reserved) = want.reserved {
                let runs = want.wanted.min(reserved);
                let on_provisioned = runs.min(want.provisioned);
                let refused = ratio(want.wanted - runs, want.wanted);
                return Grant { on_provisioned, on_demand: runs - on_provisioned, refused };
            }
            Grant {
                on_provisioned: want.wanted.min(want.provisioned),
                on_demand: from_pool(want.of_pool()),
                refused: refused * ratio(want.of_pool(), want.wanted),
            }
        })
        .collect()
}

impl Want {
    /// What it asks of the unreserved pool.
    fn of_pool(&self) -> u64 {
        if self.reserved.is_some() { 0 } else { self.wanted.saturating_sub(self.provisioned) }
    }
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn want(wanted: u64, reserved: Option<u64>, provisioned: u64) -> Want {
        Want { wanted, reserved, provisioned }
    }

    fn got(on_provisioned: u64, on_demand: u64, refused: f64) -> Grant {
        Grant { on_provisioned, on_demand, refused }
    }

    #[test]
    fn who_may_run() {
        // pool, wants, grants
        let cases: [(u64, &[Want], &[Grant]); 5] = [
            (100, &[want(60, None, 0), want(40, None, 0)], &[got(0, 60, 0.0), got(0, 40, 0.0)]),
            (100, &[want(150, None, 0), want(50, None, 0)], &[got(0, 74, 0.5), got(0, 26, 0.5)]),
            (100, &[want(40, Some(20), 0), want(0, Some(5), 0)], &[got(0, 20, 0.5), got(0, 0, 0.0)]),
            (100, &[want(9, Some(0), 0), want(30, Some(40), 10)], &[got(0, 0, 1.0), got(10, 20, 0.0)]),
            // Only the spillover of provisioned concurrency needs the pool.
            (50, &[want(40, None, 30), want(90, None, 0)], &[got(30, 5, 0.125), got(0, 45, 0.5)]),
        ];
        for (pool, wants, grants) in cases {
            assert_eq!(grant(pool, wants), grants, "{wants:?}");
        }
    }

    fn any_want() -> impl Strategy<Value = Want> {
        (0_u64..500, proptest::option::weighted(0.2, 0_u64..60), 0_u64..40).prop_map(
            |(wanted, reserved, provisioned)| Want {
                wanted,
                reserved,
                provisioned: provisioned.min(reserved.unwrap_or(u64::MAX)),
            },
        )
    }

    proptest! {
        #[test]
        fn no_limit_is_ever_exceeded_and_no_room_wasted(
            pool in 40_u64..1000,
            wants in proptest::collection::vec(any_want(), 0..40),
        ) {
            let grants = grant(pool, &wants);
            let unreserved = || wants.iter().zip(&grants).filter(|(want, _)| want.reserved.is_none());
            let used: u64 = unreserved().map(|(_, grant)| grant.on_demand).sum();
            let asked: u64 = wants.iter().map(Want::of_pool).sum();
            prop_assert_eq!(used, asked.min(pool));
            for (want, grant) in wants.iter().zip(&grants) {
                let runs = grant.on_demand + grant.on_provisioned;
                prop_assert!(runs <= want.wanted && runs <= want.reserved.unwrap_or(u64::MAX));
                prop_assert!(grant.on_provisioned <= want.provisioned);
                prop_assert!((0.0..=1.0).contains(&grant.refused));
                prop_assert!(runs > 0 || want.wanted == 0 || want.reserved == Some(0));
                prop_assert_eq!(grant.refused > 0.0, runs < want.wanted || (asked > pool && want.of_pool() > 0));
            }
        }
    }
}
