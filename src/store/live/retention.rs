//! How far back things are kept: for a span of time, or for less when there are too many. It counts things and does
//! not hold them.

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
    /// Keeps things for `span_s` seconds, and at most `most` of them.
    pub(super) fn new(span_s: i64, most: usize) -> Self {
        Self { span_s, most, floor_s: i64::MIN / 1000, load: BTreeMap::new(), total: 0 }
    }

    /// The first millisecond that is kept.
    pub(super) fn floor_ms(&self) -> i64 {
        self.floor_s.saturating_mul(1000)
    }

    /// Whether a thing of this millisecond is kept.
    pub(super) fn keeps(&self, ms: i64) -> bool {
        ms.div_euclid(1000) >= self.floor_s
    }

    /// Moves the end of the span to `newest_ms`, unless it is there or later already.
    pub(super) fn advance(&mut self, newest_ms: i64) {
        let floor_s = newest_ms.div_euclid(1000).saturating_sub(self.span_s);
        if floor_s > self.floor_s {
            self.floor_s = floor_s;
            let kept = self.load.split_off(&floor_s);
            self.total -= self.load.values().sum::<usize>();
            self.load = kept;
        }
    }

    /// Counts one more thing. The oldest seconds are dropped while there are too many.
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
        /// The newest seconds that fit are kept, in whatever order the things come.
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
