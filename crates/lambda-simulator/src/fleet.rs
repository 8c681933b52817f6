//! The execution environments of one version: created, reused, and removed when idle or old.

use super::instant::Instant;
use super::noise::{Noise, scramble};

/// How long an idle environment is kept. Lambda does not say; users observe some minutes.
const IDLE: Instant = Instant(7 * Instant::MINUTE);
/// The age at which even a busy environment is replaced: between this and twice this. Users observe about two hours.
const LIFE: Instant = Instant(90 * Instant::MINUTE);

/// An execution environment: one log stream.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Environment {
    /// Its number among the function's.
    pub(super) number: u32,
    pub(super) born: Instant,
    /// The most memory it has used, MB.
    pub(super) used_mb: f64,
    idle_since: Instant,
}

impl Environment {
    /// A new environment.
    pub(super) fn new(number: u32, born: Instant, used_mb: f64) -> Self {
        Self { number, born, used_mb, idle_since: born }
    }

    fn dies(&self) -> Instant {
        let spread = scramble(u64::from(self.number)) % LIFE.0.unsigned_abs();
        self.born + LIFE + Instant(spread.cast_signed())
    }

    /// Whether its metrics come a minute after those of most.
    pub(super) fn reports_late(&self) -> bool {
        scramble(u64::from(self.number)) >> 61 == 0
    }
}

/// The idle environments of a version, the most recently used last.
#[derive(Clone, Debug, Default)]
pub(super) struct Fleet {
    idle: Vec<Environment>,
    /// Environments made before this are of older code.
    valid_from: Option<Instant>,
}

impl Fleet {
    /// Whether an environment is idle.
    #[inline]
    pub(super) fn has_warm(&mut self, now: Instant) -> bool {
        while let Some(environment) = self.idle.last() {
            if now - environment.idle_since >= IDLE {
                // Those below have been idle for longer.
                self.idle.clear();
            } else if now >= environment.dies() {
                self.idle.pop();
            } else {
                return true;
            }
        }
        false
    }

    /// The most recently used environment, so that the others become idle and are removed.
    pub(super) fn take(&mut self) -> Option<Environment> {
        self.idle.pop()
    }

    /// Returns an environment after an invocation.
    #[inline]
    pub(super) fn give_back(&mut self, mut environment: Environment, now: Instant) {
        if self.valid_from.is_none_or(|valid| environment.born >= valid) {
            environment.idle_since = now;
            self.idle.push(environment);
        }
    }

    /// New code: no older environment is used again.
    pub(super) fn replace(&mut self, now: Instant) {
        self.valid_from = Some(now);
        self.idle.clear();
    }

    /// Puts `count` environments there that have been idle for less than the limit, longest first.
    pub(super) fn stock(&mut self, count: u32, next_number: &mut u32, used_mb: f64, noise: &mut Noise) {
        for place in 0..count {
            *next_number += 1;
            let idle_s = IDLE.s() * f64::from(count - place) / f64::from(count + 1);
            // None is so old that it would have been replaced by now.
            let born = Instant::of_s(-idle_s - noise.uniform() * (LIFE - IDLE).s());
            let mut environment = Environment::new(*next_number, born, used_mb);
            environment.idle_since = Instant::of_s(-idle_s);
            self.idle.push(environment);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: f64) -> Instant {
        Instant::of_min(minutes)
    }

    #[test]
    fn the_last_used_is_reused_first_and_the_idle_are_given_up() {
        let mut fleet = Fleet::default();
        assert!(!fleet.has_warm(at(0.0)));
        fleet.give_back(Environment::new(1, at(0.0), 50.0), at(1.0));
        fleet.give_back(Environment::new(2, at(0.0), 50.0), at(2.0));
        assert!(fleet.has_warm(at(8.5)));
        assert_eq!(fleet.take().unwrap().number, 2);
        assert!(!fleet.has_warm(at(8.5)), "the other has been idle for seven minutes");
    }

    #[test]
    fn old_environments_and_those_of_old_code_are_not_reused() {
        let mut fleet = Fleet::default();
        fleet.give_back(Environment::new(1, at(0.0), 50.0), at(179.0));
        assert!(!fleet.has_warm(at(181.0)), "twice the least life is over");
        fleet.give_back(Environment::new(2, at(0.0), 50.0), at(10.0));
        fleet.replace(at(11.0));
        assert!(!fleet.has_warm(at(11.0)));
        fleet.give_back(Environment::new(3, at(10.0), 50.0), at(12.0));
        assert!(!fleet.has_warm(at(12.0)), "it ran when the code was replaced");
        fleet.give_back(Environment::new(4, at(11.0), 50.0), at(12.0));
        assert!(fleet.has_warm(at(12.0)));
    }

    #[test]
    fn a_stocked_fleet_is_warm() {
        let (mut fleet, mut number) = (Fleet::default(), 0);
        fleet.stock(5, &mut number, 50.0, &mut Noise::new(1, "f", 0));
        assert_eq!(number, 5);
        assert!((0..5).all(|_| fleet.has_warm(at(0.0)) && fleet.take().is_some()));
        assert!(!fleet.has_warm(at(0.0)));
    }

    #[test]
    fn one_environment_in_eight_reports_late() {
        let late = (0..8000).filter(|number| Environment::new(*number, at(0.0), 1.0).reports_late()).count();
        assert!((900..1100).contains(&late), "{late}");
    }
}
