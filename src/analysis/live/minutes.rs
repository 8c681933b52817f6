//! Finished invocations by the minute in which they began and by version, as CloudWatch counts them: what a canary is
//! judged by before the metrics are settled. It has no minute that the logs do not cover wholly.

use std::collections::BTreeMap;

use super::quantiles::Quantiles;
use crate::store::live::run::{Outcome, Run};
use lambda_model::time::Minute;

/// Invocations of one version that began in one minute.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MinuteRuns {
    /// All that have ended.
    pub calls: u64,
    /// Those that ended in an error of any kind.
    pub errors: u64,
    /// The median of the handler's durations without cold starts, ms.
    pub warm_p50_ms: Option<f64>,
}

/// By minute and version; a version that is missing in a minute did not run.
pub(crate) type VersionMinutes = BTreeMap<Minute, BTreeMap<String, MinuteRuns>>;

/// Counts `runs`, each with its version, in the minutes that are in `whole`. Nothing when one of them has no version:
/// then the counts of the others may lack it.
pub(super) fn minutes<'a>(
    whole: impl Iterator<Item = Minute>,
    runs: impl Iterator<Item = (Option<&'a str>, &'a Run)>,
) -> VersionMinutes {
    let mut gathered: BTreeMap<i64, BTreeMap<&str, (MinuteRuns, Vec<u32>)>> =
        whole.map(|minute| (minute.0, BTreeMap::new())).collect();
    for (version, run) in runs {
        let Some(by_version) = run.start().and_then(|start| gathered.get_mut(&start.div_euclid(60_000))) else {
            continue;
        };
        let Some(version) = version else { return BTreeMap::new() };
        let (counts, warm_us) = by_version.entry(version).or_default();
        counts.calls += 1;
        counts.errors += u64::from(run.outcome != Outcome::Succeeded);
        warm_us.extend(run.duration_us.filter(|_| !run.is_cold_start()));
    }
    let finish = |(version, (counts, mut warm_us)): (&str, (MinuteRuns, Vec<u32>))| {
        (version.to_string(), MinuteRuns { warm_p50_ms: Quantiles::of(&mut warm_us).p50, ..counts })
    };
    gathered
        .into_iter()
        .map(|(minute, by_version)| (Minute(minute), by_version.into_iter().map(finish).collect()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::live::run::Cold;

    fn run(end: i64, duration_ms: u32, cold: Option<Cold>, outcome: Outcome) -> Run {
        Run { end, request: 0, duration_us: Some(duration_ms * 1000), cold, used_mb: None, outcome }
    }

    #[test]
    fn an_invocation_counts_in_the_minute_in_which_it_began() {
        let runs = [
            (Some("7"), run(60_100, 200, None, Outcome::Succeeded)),
            (Some("7"), run(60_300, 200, None, Outcome::Failed)),
            (Some("7"), run(61_000, 400, None, Outcome::Succeeded)),
            (Some("7"), run(62_000, 900, Some(Cold::Init(100_000)), Outcome::Succeeded)),
            (Some("8"), run(119_000, 100, Some(Cold::Restore(10)), Outcome::TimedOut)),
            (Some("8"), run(120_500, 100, None, Outcome::Succeeded)),
        ];
        let observed = |runs: &[(Option<&'static str>, Run)]| {
            minutes([Minute(1)].into_iter(), runs.iter().map(|(version, run)| (*version, run)))
        };
        let found = observed(&runs);
        let counts = |calls, errors, warm_p50_ms| MinuteRuns { calls, errors, warm_p50_ms };
        assert_eq!(found.len(), 1, "minutes that are not whole are left out");
        assert_eq!(found[&Minute(1)]["7"], counts(3, 1, Some(200.0)));
        assert_eq!(found[&Minute(1)]["8"], counts(1, 1, None));
        let unversioned = [&runs[..], &[(None, run(70_000, 1, None, Outcome::Succeeded))]].concat();
        assert_eq!(observed(&unversioned), BTreeMap::new());
        assert_eq!(observed(&[])[&Minute(1)], BTreeMap::new(), "a minute without invocations is known");
    }
}
