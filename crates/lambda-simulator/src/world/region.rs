//! The Region's own series: all functions together, and the maximum concurrency.

use super::super::activity::Activity;
use super::super::instant::Instant;
use super::super::ledger::Ledger;
use super::super::report::RegionReport;
use super::super::tally::is_seen;

/// The Region's minutes.
#[derive(Debug)]
pub(super) struct Region {
    /// From the end of a minute until what went out then is seen.
    delay: Instant,
    peaks: Ledger<Peak>,
    sums: Ledger<Sums>,
}

/// The maximum concurrency in a minute.
#[derive(Clone, Copy, Debug, Default)]
struct Peak {
    in_use: u32,
    unreserved: u32,
    claimed: u32,
}

/// What went out about a minute, at the end of which minute each: the oldest is seen already.
#[derive(Clone, Debug, Default)]
struct Sums(Vec<(i64, Activity)>);

impl Region {
    /// Empty series, whose points become visible after `delay`.
    pub(super) fn new(delay: Instant) -> Self {
        Self { delay, peaks: Ledger::default(), sums: Ledger::default() }
    }

    /// Records the concurrency in use: in total, and claimed.
    #[inline]
    pub(super) fn note(&mut self, now: Instant, in_use: u32, unreserved: u32, set_aside: u32) {
        let peak = self.peaks.entry(now.minute());
        peak.in_use = peak.in_use.max(in_use);
        peak.unreserved = peak.unreserved.max(unreserved);
        peak.claimed = peak.claimed.max(unreserved + set_aside);
    }

    /// The minute `cycle` is over, and this is what is known of `minute`.
    pub(super) fn publish(&mut self, cycle: i64, minute: i64, sum: Activity) {
        let (delay, now) = (self.delay, Instant::start_of(cycle + 1));
        let Sums(sums) = self.sums.entry(minute);
        let seen = sums.iter().rposition(|(cycle, _)| is_seen(*cycle, delay, now)).unwrap_or(0);
        sums.drain(..seen);
        sums.push((cycle, sum));
    }

    /// What is seen of `minute` at `now`.
    pub(super) fn report(&self, minute: i64, now: Instant) -> Option<RegionReport> {
        let Peak { in_use, unreserved, claimed } = *self.peaks.get(minute)?;
        let Sums(sums) = self.sums.get(minute)?;
        let (_, sum) = sums.iter().rev().find(|(cycle, _)| is_seen(*cycle, self.delay, now))?;
        Some(RegionReport { total: Activity { concurrency: in_use, ..sum.clone() }, unreserved, claimed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_is_seen_late_and_restated() {
        let mut region = Region::new(Instant::of_s(120.0));
        region.note(Instant::of_s(10.0), 7, 5, 100);
        region.note(Instant::of_s(20.0), 6, 6, 90);
        let sum = |invocations| Activity { invocations, ..Activity::default() };
        region.publish(0, 0, sum(10));
        region.publish(1, 0, sum(12));
        let seen = |region: &Region, s| region.report(0, Instant::of_s(s)).map(|one| one.total.invocations);
        assert_eq!([179.0, 180.0, 239.0, 240.0].map(|s| seen(&region, s)), [None, Some(10), Some(10), Some(12)]);
        region.publish(4, 0, sum(13));
        assert_eq!([240.0, 419.0, 420.0].map(|s| seen(&region, s)), [Some(12), Some(12), Some(13)]);
        let report = region.report(0, Instant::of_s(420.0)).unwrap();
        assert_eq!((report.total.concurrency, report.unreserved, report.claimed), (7, 6, 105));
    }
}
