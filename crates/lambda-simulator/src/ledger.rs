//! One value per minute, kept as long as it can be read.

use std::collections::VecDeque;

/// As long as `ListMetrics` and lamtop's charts look back.
pub(super) const KEPT_MIN: u8 = 180;

/// Values by the minute from the origin; the oldest are forgotten.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger<T> {
    /// The minute of the first value.
    first: i64,
    values: VecDeque<T>,
}

impl<T: Clone + Default> Ledger<T> {
    /// The value of `minute`, which is not before the newest one.
    pub(super) fn entry(&mut self, minute: i64) -> &mut T {
        if self.values.is_empty() {
            self.first = minute;
        }
        let mut place = usize::try_from(minute - self.first).unwrap_or(0);
        while place >= self.values.len() {
            self.values.push_back(T::default());
            if self.values.len() > usize::from(KEPT_MIN) {
                self.values.pop_front();
                self.first += 1;
                place -= 1;
            }
        }
        &mut self.values[place]
    }

    /// The value of `minute`; `None` when it is forgotten or was never written.
    pub(super) fn get(&self, minute: i64) -> Option<&T> {
        self.values.get(usize::try_from(minute - self.first).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_hours_are_kept() {
        let mut ledger = Ledger::default();
        for minute in 5..300 {
            *ledger.entry(minute) = minute;
        }
        *ledger.entry(302) += 1;
        assert_eq!(ledger.get(122), None);
        assert_eq!(ledger.get(123), Some(&123));
        assert_eq!((ledger.get(301), ledger.get(302), ledger.get(303)), (Some(&0), Some(&1), None));
        assert_eq!(Ledger::<u32>::default().get(0), None);
    }
}
