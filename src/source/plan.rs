//! Packs metric requests into as few calls as the API and the bill allow. Pure.

use lambda_model::metric::{Metric, SeriesId, Subject};
use lambda_model::time::Minute;

use lambda_model::api::MetricQuery;

/// A metric of a subject, and the first minute wanted.
pub(super) type Wanted = (Subject, Metric, Minute);

/// Queries for all of `wanted` up to and including `until`.
///
/// A metric's statistics always stay in one call, where they bill as one metric; calls hold up to
/// [`MetricQuery::MAX_SERIES`] series that begin at the same minute.
pub(super) fn pack(mut wanted: Vec<Wanted>, until: Minute) -> Vec<MetricQuery> {
    wanted.sort_by_key(|(_, _, from)| *from);
    let mut queries = Vec::new();
    for group in wanted.chunk_by(|(_, _, left), (_, _, right)| left == right) {
        let Some(from) = group.first().map(|(_, _, from)| *from) else { continue };
        let mut series = Vec::new();
        for (subject, metric, _) in group {
            if series.len() + metric.statistics().len() > MetricQuery::MAX_SERIES {
                queries.push(query(std::mem::take(&mut series), from, until));
            }
            series.extend(SeriesId::all(subject, *metric));
        }
        queries.push(query(series, from, until));
    }
    queries
}

fn query(series: Vec<SeriesId>, from: Minute, until: Minute) -> MetricQuery {
    MetricQuery { series: series.into(), from, until: until.plus(1) }
}

/// The metrics a query is billed for: statistics of one metric of one subject count once
/// (docs/aws.md#prices; up to five of them, which [`Metric::statistics`] never exceeds).
pub(super) fn billed(query: &MetricQuery) -> u64 {
    let groups = query.series.chunk_by(|left, right| left.metric == right.metric && left.subject == right.subject);
    groups.count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(index: usize) -> Subject {
        Subject::Function(format!("f{index:04}").as_str().into())
    }

    #[test]
    fn nothing_wanted_is_nothing_asked() {
        assert_eq!(pack(Vec::new(), Minute(5)), []);
    }

    #[test]
    fn statistics_stay_together_and_no_call_is_too_large() {
        let wanted: Vec<_> = (0..150)
            .flat_map(|index| Metric::FUNCTION.iter().map(move |metric| (function(index), *metric, Minute(0))))
            .collect();
        let queries = pack(wanted.clone(), Minute(9));
        assert_eq!(queries.len(), 3, "150 functions x 9 series");
        let mut billed_metrics = 0;
        for query in &queries {
            assert!(query.series.len() <= MetricQuery::MAX_SERIES);
            assert_eq!(query.until, Minute(10), "the last minute is included");
            billed_metrics += billed(query);
        }
        assert_eq!(billed_metrics, wanted.len() as u64, "no metric is split over two calls");
        let all: std::collections::BTreeSet<_> = queries.iter().flat_map(|query| query.series.iter()).collect();
        assert_eq!(all.len(), 150 * 9, "every series once");
    }

    #[test]
    fn a_longer_history_goes_in_a_call_of_its_own() {
        let wanted = vec![
            (function(1), Metric::Errors, Minute(50)),
            (function(2), Metric::Errors, Minute(0)),
            (function(3), Metric::Errors, Minute(50)),
        ];
        let sizes: Vec<_> = pack(wanted, Minute(60)).iter().map(|query| (query.from, query.series.len())).collect();
        assert_eq!(sizes, [(Minute(0), 1), (Minute(50), 2)]);
    }
}
