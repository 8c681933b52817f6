//! The stored form of a published minute: small, because a large Region keeps half a million of them.

use super::activity::{Activity, Durations, Rare};
use super::report::{Lane, Parts, Report};

/// A function's minute, seen and settled.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    minute: i32,
    lane: Lane,
    invocations: u32,
    errors: u32,
    concurrency: u32,
    durations: [u32; 5],
    more: Option<Box<More>>,
}

/// What few minutes have.
#[derive(Clone, Debug)]
struct More {
    throttles: u32,
    rare: Option<Box<Rare>>,
    /// `None`: all invocations were in one lane.
    parts: Option<Parts>,
}

impl Kept {
    /// The report of a minute that is counted from the origin.
    pub(super) fn new(minute: i64, report: Report) -> Self {
        let Report { total: Activity { invocations, errors, throttles, concurrency, durations, rare }, parts } = report;
        let (lane, parts) = match parts {
            Parts::Sole(lane) => (lane, None),
            several @ Parts::Several(_) => (Lane { qualifier: 0, version: 0 }, Some(several)),
        };
        let has_more = throttles > 0 || rare.is_some() || parts.is_some();
        let durations = durations.map_or([0; 5], |one| [one.average, one.p50, one.p95, one.p99, one.maximum]);
        Self {
            minute: minute as i32,
            lane,
            invocations,
            errors,
            concurrency,
            durations,
            more: has_more.then(|| Box::new(More { throttles, rare, parts })),
        }
    }

    /// Its minute.
    pub(super) fn minute(&self) -> i64 {
        self.minute.into()
    }

    /// The original report.
    pub(super) fn report(&self) -> Report {
        let [average, p50, p95, p99, maximum] = self.durations;
        let durations = (self.invocations > 0).then_some(Durations { average, p50, p95, p99, maximum });
        let more = self.more.as_deref();
        Report {
            total: Activity {
                invocations: self.invocations,
                errors: self.errors,
                throttles: more.map_or(0, |more| more.throttles),
                concurrency: self.concurrency,
                durations,
                rare: more.and_then(|more| more.rare.clone()),
            },
            parts: more.and_then(|more| more.parts.clone()).unwrap_or(Parts::Sole(self.lane)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::Part;
    use super::*;

    #[test]
    fn nothing_is_lost_and_little_room_taken() {
        let lane = Lane { qualifier: 1, version: 2 };
        let durations = Durations { average: 5, p50: 4, p95: 7, p99: 8, maximum: 9 };
        let plain =
            Activity { invocations: 3, errors: 1, concurrency: 2, durations: Some(durations), ..Activity::default() };
        let throttled = Activity { throttles: 4, concurrency: 0, ..Activity::default() };
        let rare = Activity { rare: Some(Box::new(Rare { spilled: Some(0), ..Rare::default() })), ..plain.clone() };
        let part = Part { qualifier: 1, version: None, activity: plain.clone() };
        let reports = [
            Report { total: plain.clone(), parts: Parts::Sole(lane) },
            Report { total: throttled, parts: Parts::Sole(lane) },
            Report { total: rare, parts: Parts::Sole(lane) },
            Report { total: plain, parts: Parts::Several(Box::new([part])) },
        ];
        for report in reports {
            let kept = Kept::new(-7, report.clone());
            assert_eq!((kept.minute(), kept.report()), (-7, report));
        }
        assert_eq!(size_of::<Kept>(), 48);
    }
}
