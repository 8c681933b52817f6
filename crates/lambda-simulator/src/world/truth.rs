//! The truth that no metric contains: the real concurrency per second, and the cause of each throttle. Live numbers and
//! findings are measured against it.

use chrono::{DateTime, Utc};

use super::super::admission::Throttle;
use super::super::instant::Instant;
use super::super::invocation::Invocation;
use super::World;
use lambda_model::finding::Kind;

/// The throttled requests to a function, by cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Throttles {
    /// A reservation of 0.
    reserved_zero: u32,
    /// The reservation was in use.
    reserved_limit: u32,
    /// Unreserved concurrency was in use.
    pool: u32,
    /// Ten requests a second for each unit of concurrency.
    request_rate: u32,
    /// 1,000 new environments in ten seconds.
    scaling_rate: u32,
}

impl Throttles {
    /// Counts a throttle of a function with this reservation.
    pub(super) fn count(&mut self, throttle: Throttle, reserved: Option<u32>) {
        let count = match throttle {
            Throttle::ReservedConcurrency if reserved == Some(0) => &mut self.reserved_zero,
            Throttle::ReservedConcurrency => &mut self.reserved_limit,
            Throttle::Pool => &mut self.pool,
            Throttle::ReservedRate | Throttle::AccountRate => &mut self.request_rate,
            Throttle::Scaling => &mut self.scaling_rate,
        };
        *count += 1;
    }

    /// The throttles with the cause that `kind` names; 0 for kinds that are not about throttles.
    pub fn of(&self, kind: Kind) -> u32 {
        match kind {
            Kind::ThrottleReservedZero => self.reserved_zero,
            Kind::ThrottleReservedLimit => self.reserved_limit,
            Kind::ThrottleUnreservedPool => self.pool,
            Kind::ThrottleRequestRate => self.request_rate,
            Kind::ThrottleScalingRate => self.scaling_rate,
            _ => 0,
        }
    }

    /// All of them.
    pub fn total(&self) -> u32 {
        self.reserved_zero + self.reserved_limit + self.pool + self.request_rate + self.scaling_rate
    }
}

impl World {
    /// The requests to a function that were throttled in a minute.
    pub fn throttles(&self, function: usize, minute: i64) -> Throttles {
        self.functions[function].throttles.get(minute).copied().unwrap_or_default()
    }

    /// The maximum concurrency in each of `seconds` seconds from `from` on, init phases included, of a function or of all.
    /// `None` for an unknown function.
    ///
    /// Valid for the last minutes only: old invocations are dropped, and future ones are missing.
    pub fn concurrency(&self, function: Option<&str>, from: DateTime<Utc>, seconds: u32) -> Option<Vec<u32>> {
        let place = match function {
            Some(name) => Some(self.index(name)?),
            None => None,
        };
        let from = self.scenario.instant(from);
        let until = from + Instant(i64::from(seconds) * Instant::SECOND);
        let over = self.over.iter().rev().take_while(|one| one.ended() > from);
        let running = self.flights.iter().map(|(_, flight)| &flight.invocation);
        let of = |one: &&Invocation| place.is_none_or(|place| one.function as usize == place);
        let ran = over.chain(running).filter(of).filter(|one| one.started < until);
        // Ends come before begins at the same instant.
        let mut edges: Vec<(Instant, i32)> = ran.flat_map(|one| [(one.ended(), -1), (one.started, 1)]).collect();
        edges.sort_unstable();
        let mut most = Vec::new();
        let (mut edges, mut running) = (edges.into_iter().peekable(), 0);
        for second in 0..i64::from(seconds) {
            let begins = from + Instant(second * Instant::SECOND);
            let ends = begins + Instant(Instant::SECOND);
            while let Some((_, change)) = edges.next_if(|(at, change)| *at < begins || (*at == begins && *change < 0)) {
                running += change;
            }
            let mut highest = running;
            while let Some((_, change)) = edges.next_if(|(at, _)| *at < ends) {
                running += change;
                highest = highest.max(running);
            }
            most.push(u32::try_from(highest).unwrap_or(0));
        }
        Some(most)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::scenario::scenario;
    use super::*;

    #[test]
    fn the_maximum_of_a_minute_is_that_of_the_metric() {
        let scenario = scenario("mixed").unwrap();
        let mut world = World::new(&scenario, 3);
        let minute = 12;
        world.advance(scenario.time(Instant::start_of(minute + 1)));
        let from = scenario.time(Instant::start_of(minute));
        let truth = world.concurrency(None, from, 60).unwrap();
        // The minute's metrics become visible some minutes later.
        world.advance(scenario.time(Instant::start_of(minute + 6)));
        let report = world.region_report(minute).unwrap();
        assert_eq!(truth.iter().max().copied(), Some(report.total.concurrency));

        let names = world.scenario.functions.iter().map(|function| &function.name);
        let each: Vec<Vec<u32>> = names.map(|name| world.concurrency(Some(name), from, 60).unwrap()).collect();
        for (second, truth) in truth.iter().enumerate() {
            let sum: u32 = each.iter().map(|function| function[second]).sum();
            assert!(*truth <= sum, "the functions' peaks need not be at the same time");
        }
        assert_eq!(world.concurrency(Some("nobody"), from, 60), None);
    }
}
