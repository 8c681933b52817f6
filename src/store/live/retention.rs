//! How far back something is kept: a span of time, and less of it where there is too much. It keeps nothing itself.

use std::collections::BTreeMap;

/// A span that ends with the newest instant known, cut to whole seconds so that the order of arrival does not matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Retention {
    span_s: i64,
    most: usize,
    /// The first second that is kept.
    floor_s: i64,
    /// How many things each kept second has.
    load: BTreeMap<i64, usize>,
    total: usize,
}

impl Retention {
    /// This many seconds, and at most this many things.
    pub(super) fn new(span_s: i64, most: usize) -> Self {
        Self { span_s, most, floor_s: i64::MIN / 1000, load: BTreeMap::new(), total: 0 }
    }

    /// The first millisecond that is kept.
    pub(super) fn floor_ms(&self) -> i64 {
        self.floor_s.saturating_mul(1000)
    }

    /// Whether something of this millisecond is kept.
    pub(super) fn keeps(&self, ms: i64) -> bool {
        ms.div_euclid(1000) >= self.floor_s
    }

    /// `newest` is the newest instant known.
    pub(super) fn advance(&mut self, newest_ms: i64) {
        let floor_s = newest_ms.div_euclid(1000).saturating_sub(self.span_s);
        if floor_s > self.floor_s {
            self.floor_s = floor_s;
            let kept = self.load.split_off(&floor_s);
            self.total -= self.load.values().sum::<usize>();
            self.load = kept;
        }
    }

    /// One more thing is kept; the oldest seconds go where that is too much.
    pub(super) fn add(&mut self, ms: i64) {
        *self.load.entry(ms.div_euclid(1000)).or_default() += 1;
        self.total += 1;
        while self.total > self.most
            && let Some((second, count)) = self.load.pop_first()
        {
            self.total -= count;
            self.floor_s = second + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// What is kept of some things is the newest seconds of them that there is room for, whatever their order.
        #[test]
        fn the_order_does_not_matter(
            things in Just((0i64..40).map(|thing| thing * thing % 97 * 500).collect::<Vec<_>>()).prop_shuffle(),
        ) {
            let mut retention = Retention::new(30, 20);
            for (place, ms) in things.iter().enumerate() {
                let newest = things[..=place].iter().max().unwrap();
                retention.advance(*newest);
                if retention.keeps(*ms) {
                    retention.add(*ms);
                }
            }
            let newest = things.iter().max().unwrap() / 1000;
            let kept = |floor: i64| things.iter().filter(|ms| **ms / 1000 >= floor).count();
            let floor = (newest - 30..=newest + 1).find(|floor| kept(*floor) <= 20).unwrap();
            prop_assert_eq!(retention.total, kept(floor));
            prop_assert_eq!(retention.load.values().sum::<usize>(), retention.total);
            prop_assert!(things.iter().all(|ms| retention.keeps(*ms) == (*ms / 1000 >= floor)));
        }
    }
}
