//! The sweep: from when invocations began and ended to how many ran at a time, second by second.

/// When invocations began and ended, milliseconds from the first second of a curve.
#[derive(Clone, Debug, Default)]
pub(super) struct Intervals {
    begins: Vec<u32>,
    ends: Vec<u32>,
}

impl Intervals {
    /// Adds an invocation that ran from `begin` until just before `end`, `span` being the curve's length. One that
    /// took no millisecond ran for one; what is outside the curve does not count.
    pub(super) fn add(&mut self, begin: i64, end: i64, span: u32) {
        let end = end.max(begin.saturating_add(1)).min(span.into());
        let begin = begin.max(0);
        if begin < end {
            self.begins.push(begin as u32);
            self.ends.push(end as u32);
        }
    }

    /// Adds those of another curve that begins `later` milliseconds after this one's.
    pub(super) fn extend(&mut self, other: &Self, later: u32, span: u32) {
        for (begins, others) in [(&mut self.begins, &other.begins), (&mut self.ends, &other.ends)] {
            begins.extend(others.iter().map(|ms| ms.saturating_add(later).min(span)));
        }
    }

    /// The most that ran at a time in each of the `seconds`.
    pub(super) fn most(&mut self, seconds: usize) -> Vec<u32> {
        self.begins.sort_unstable();
        self.ends.sort_unstable();
        let mut begins = self.begins.iter().copied().peekable();
        let mut ends = self.ends.iter().copied().peekable();
        let mut running = 0u32;
        let mut second_of = |second: usize| {
            let (from, until) = (second as u32 * 1000, (second as u32 + 1) * 1000);
            while ends.next_if(|end| *end <= from).is_some() {
                running = running.saturating_sub(1);
            }
            let mut most = running;
            while let Some(begin) = begins.next_if(|begin| *begin < until) {
                while ends.next_if(|end| *end <= begin).is_some() {
                    running = running.saturating_sub(1);
                }
                running += 1;
                most = most.max(running);
            }
            most
        };
        (0..seconds).map(&mut second_of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    const SPAN: u32 = 5000;

    proptest! {
        /// Against counting every millisecond.
        #[test]
        fn each_second_has_its_most(
            one in vec((-3000i64..6000, 0i64..4000), 0..40),
            other in vec((-3000i64..6000, 0i64..4000), 0..40),
            later in 0u32..1500,
        ) {
            let add = |runs: &[(i64, i64)]| {
                let mut intervals = Intervals::default();
                for (begin, length) in runs {
                    intervals.add(*begin, begin + length, SPAN);
                }
                intervals
            };
            let naive = |runs: &[(i64, i64)]| -> Vec<u32> {
                let mut counts = vec![0; 5000];
                for (begin, length) in runs {
                    for ms in (*begin).max(0)..(begin + (*length).max(1)).min(SPAN.into()) {
                        counts[ms as usize] += 1;
                    }
                }
                counts.chunks(1000).map(|second| *second.iter().max().unwrap()).collect()
            };
            prop_assert_eq!(add(&one).most(5), naive(&one));
            // Another curve's are cut at both curves' edges.
            let cut: Vec<_> = other
                .iter()
                .map(|(begin, length)| ((*begin).max(0), (begin + (*length).max(1)).min(SPAN.into())))
                .filter(|(begin, end)| begin < end)
                .map(|(begin, end)| ((begin + i64::from(later)).min(SPAN.into()), (end + i64::from(later)).min(SPAN.into())))
                .filter(|(begin, end)| begin < end)
                .map(|(begin, end)| (begin, end - begin))
                .collect();
            let mut joined = add(&one);
            joined.extend(&add(&other), later, SPAN);
            prop_assert_eq!(joined.most(5), naive(&[one, cut].concat()));
        }
    }
}
