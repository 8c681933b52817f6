//! CloudWatch: which Lambda metrics exist, and their points per minute.

use async_trait::async_trait;
use aws_sdk_cloudwatch::operation::get_metric_data::GetMetricDataOutput;
use aws_sdk_cloudwatch::primitives::DateTime as SdkDateTime;
use aws_sdk_cloudwatch::types::{
    Dimension, Metric as SdkMetric, MetricDataQuery, MetricDataResult, MetricStat, RecentlyActive, ScanBy, StatusCode,
};
use chrono::DateTime;

use super::failure::lacks;
use super::page::page;
use super::session::Session;
use lambda_model::api::{MetricQuery, Metrics, Page, PointsPage, Token};
use lambda_model::failure::ApiError;
use lambda_model::metric::{Metric, Point, SeriesId, Subject};
use lambda_model::time::Minute;

/// Seconds: Lambda publishes one point a minute.
const PERIOD: i32 = 60;

#[async_trait]
impl Metrics for Session {
    async fn active(&self, metric: Metric, token: Token) -> Result<Page<Subject>, ApiError> {
        let answer = self
            .call(|clients| {
                clients
                    .cloudwatch
                    .list_metrics()
                    .namespace(Subject::Region.namespace())
                    .metric_name(metric.name())
                    .recently_active(RecentlyActive::Pt3H)
                    .set_next_token(token.clone())
                    .send()
            })
            .await?;
        page("Metrics", answer.metrics, answer.next_token, |metric| subject(&metric))
    }

    async fn points(&self, query: &MetricQuery, token: Token) -> Result<PointsPage, ApiError> {
        let answer = self
            .call(|clients| {
                clients
                    .cloudwatch
                    .get_metric_data()
                    .set_metric_data_queries(Some(queries(&query.series)))
                    .start_time(SdkDateTime::from_secs(query.from.start().timestamp()))
                    .end_time(SdkDateTime::from_secs(query.until.start().timestamp()))
                    .scan_by(ScanBy::TimestampAscending)
                    .set_next_token(token.clone())
                    .send()
            })
            .await?;
        points_page(&query.series, answer)
    }
}

/// The subject of a listed metric; `None` for dimensions lamtop does not read.
fn subject(metric: &SdkMetric) -> Option<Subject> {
    let dimensions: Option<Vec<_>> =
        metric.dimensions().iter().map(|dimension| Some((dimension.name()?, dimension.value()?))).collect();
    Subject::from_lambda_dimensions(dimensions?)
}

/// One query per series, in order, named `q0`, `q1` … Without a unit, because a wrong one would match nothing.
fn queries(series: &[SeriesId]) -> Vec<MetricDataQuery> {
    let query = |(index, series): (usize, &SeriesId)| {
        let dimensions = series.subject.dimensions().into_iter();
        let metric = SdkMetric::builder()
            .namespace(series.subject.namespace())
            .metric_name(series.metric.name())
            .set_dimensions(Some(
                dimensions.map(|(name, value)| Dimension::builder().name(name).value(value).build()).collect(),
            ))
            .build();
        let stat = MetricStat::builder().metric(metric).period(PERIOD).stat(series.statistic.name()).build();
        MetricDataQuery::builder().id(format!("q{index}")).metric_stat(stat).build()
    };
    series.iter().enumerate().map(query).collect()
}

/// The points of an answer, by series.
///
/// A series without points is included, empty. A series that CloudWatch could not answer is left out, because a gap
/// must not look like an idle function. Partial results continue on the next page.
///
/// # Errors
/// The message of the failed results, when every result failed.
fn points_page(series: &[SeriesId], answer: GetMetricDataOutput) -> Result<PointsPage, ApiError> {
    let results = answer.metric_data_results.ok_or_else(|| lacks("MetricDataResults"))?;
    let (failed, answered): (Vec<_>, Vec<_>) = results.iter().partition(|result| failure(result).is_some());
    if let Some(failure) = failed.first().and_then(|result| failure(result)) {
        if answered.is_empty() {
            return Err(failure);
        }
        tracing::warn!(series = failed.len(), %failure, "GetMetricData answered only in part");
    }
    let items = answered.iter().filter_map(|result| Some((series_of(series, result.id()?)?.clone(), points(result))));
    page("MetricDataResults", Some(items.collect()), answer.next_token, Some)
}

/// Why a result failed; `None` if it did not.
fn failure(result: &MetricDataResult) -> Option<ApiError> {
    match result.status_code()? {
        StatusCode::Forbidden => Some(ApiError::Denied("GetMetricData: Forbidden".into())),
        StatusCode::InternalError => Some(ApiError::Unreachable("GetMetricData: InternalError".into())),
        _ => None,
    }
}

/// The series of the query `id`.
fn series_of<'a>(series: &'a [SeriesId], id: &str) -> Option<&'a SeriesId> {
    series.get(id.strip_prefix('q')?.parse::<usize>().ok()?)
}

/// The finite values with their minutes; a timestamp without a value, or the reverse, is dropped.
fn points(result: &MetricDataResult) -> Vec<Point> {
    let pairs = result.timestamps().iter().zip(result.values());
    pairs
        .filter(|(_, value)| value.is_finite())
        .filter_map(|(time, value)| {
            let minute = Minute::of(DateTime::from_timestamp_secs(time.secs())?);
            Some(Point { minute, value: *value })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use lambda_model::metric::Statistic;

    fn series(subject: Subject, metric: Metric, statistic: Statistic) -> SeriesId {
        SeriesId { subject, metric, statistic }
    }

    fn three() -> Vec<SeriesId> {
        vec![
            series(Subject::Region, Metric::Errors, Statistic::Sum),
            series(Subject::Function("checkout".into()), Metric::Duration, Statistic::P99),
            series(Subject::Queue("orders".into()), Metric::QueueOldestMessageAge, Statistic::Maximum),
        ]
    }

    fn result(id: &str, times: &[i64], values: &[f64]) -> MetricDataResult {
        MetricDataResult::builder()
            .id(id)
            .set_timestamps(Some(times.iter().map(|time| SdkDateTime::from_secs(*time)).collect()))
            .set_values(Some(values.to_vec()))
            .build()
    }

    fn with_status(id: &str, status: StatusCode) -> MetricDataResult {
        MetricDataResult::builder().id(id).status_code(status).build()
    }

    fn read(results: Vec<MetricDataResult>) -> Result<PointsPage, ApiError> {
        points_page(&three(), GetMetricDataOutput::builder().set_metric_data_results(Some(results)).build())
    }

    fn point(minute: i64, value: f64) -> Point {
        Point { minute: Minute(minute), value }
    }

    #[test]
    fn a_query_carries_the_complete_dimension_set_and_no_unit() {
        let requested: Vec<_> = queries(&three())
            .iter()
            .map(|query| {
                let stat = query.metric_stat().unwrap();
                let metric = stat.metric().unwrap();
                assert_eq!((stat.period(), stat.unit()), (Some(60), None));
                let dimensions: Vec<_> = metric
                    .dimensions()
                    .iter()
                    .map(|dimension| format!("{}={}", dimension.name().unwrap(), dimension.value().unwrap()))
                    .collect();
                format!(
                    "{} {} {} {} [{}]",
                    query.id().unwrap(),
                    metric.namespace().unwrap(),
                    metric.metric_name().unwrap(),
                    stat.stat().unwrap(),
                    dimensions.join(" ")
                )
            })
            .collect();
        assert_eq!(
            requested,
            [
                "q0 AWS/Lambda Errors Sum []",
                "q1 AWS/Lambda Duration p99 [FunctionName=checkout]",
                "q2 AWS/SQS ApproximateAgeOfOldestMessage Maximum [QueueName=orders]",
            ]
        );
    }

    #[test]
    fn points_are_assigned_to_their_series_in_any_order() {
        let page = read(vec![result("q1", &[120, 180], &[5.5, 6.5]), result("q0", &[], &[])]).unwrap();
        let [first, second, _] = &three()[..] else { unreachable!() };
        assert_eq!(
            page.items,
            [(second.clone(), vec![point(2, 5.5), point(3, 6.5)]), (first.clone(), vec![])],
            "An answer without points is not a missing answer"
        );
    }

    #[test]
    fn unrequested_results_are_dropped() {
        for id in ["q3", "q", "x0", "q-1", "q99999999999999999999999", ""] {
            assert_eq!(read(vec![result(id, &[60], &[1.0])]), Ok(Page::last(vec![])), "{id}");
        }
        assert_eq!(read(vec![MetricDataResult::builder().build()]), Ok(Page::last(vec![])));
    }

    #[test]
    fn incomplete_and_invalid_points_are_dropped() {
        let cases: [(&[i64], &[f64], &[Point]); 6] = [
            (&[60, 120], &[1.0], &[point(1, 1.0)]),
            (&[60], &[1.0, 2.0], &[point(1, 1.0)]),
            (&[], &[1.0], &[]),
            (&[60, 120, 180, 240], &[f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0], &[point(4, 0.0)]),
            (&[i64::MAX, i64::MIN, 60], &[1.0, 2.0, 3.0], &[point(1, 3.0)]),
            (&[119, -1], &[1.0, 2.0], &[point(1, 1.0), point(-1, 2.0)]),
        ];
        for (times, values, expected) in cases {
            let page = read(vec![result("q0", times, values)]).unwrap();
            assert_eq!(page.items, [(three()[0].clone(), expected.to_vec())], "{times:?}");
        }
    }

    #[test]
    fn a_failed_series_is_left_out_and_only_failed_series_are_an_error() {
        let denied = || with_status("q0", StatusCode::Forbidden);
        let broken = || with_status("q1", StatusCode::InternalError);
        let page = read(vec![denied(), broken(), with_status("q2", StatusCode::Complete)]).unwrap();
        assert_eq!(page.items, [(three()[2].clone(), vec![])]);
        assert_eq!(read(vec![denied(), broken()]), Err(ApiError::Denied("GetMetricData: Forbidden".into())));
        assert_eq!(read(vec![broken()]), Err(ApiError::Unreachable("GetMetricData: InternalError".into())));
    }

    #[test]
    fn an_answer_without_results_is_an_error() {
        assert_eq!(read(vec![]), Ok(Page::last(vec![])));
        assert_eq!(points_page(&three(), GetMetricDataOutput::builder().build()), Err(lacks("MetricDataResults")));
    }

    #[test]
    fn listed_metrics_become_subjects_and_others_are_left_out() {
        let listed = |dimensions: &[(&str, &str)]| {
            let metric = dimensions.iter().fold(SdkMetric::builder(), |metric, (name, value)| {
                metric.dimensions(Dimension::builder().name(*name).value(*value).build())
            });
            subject(&metric.build())
        };
        assert_eq!(listed(&[]), Some(Subject::Region));
        assert_eq!(listed(&[("FunctionName", "checkout")]), Some(Subject::Function("checkout".into())));
        let executed = [("ExecutedVersion", "8"), ("FunctionName", "checkout"), ("Resource", "checkout:live")];
        let expected = Subject::Executed { function: "checkout".into(), alias: "live".into(), version: "8".into() };
        assert_eq!(listed(&executed), Some(expected));
        assert_eq!(listed(&[("EventSourceMappingUUID", "u")]), Some(Subject::Mapping("u".into())));
        assert_eq!(listed(&[("CapacityProviderName", "c")]), None);
        let nameless = SdkMetric::builder().dimensions(Dimension::builder().value("checkout").build()).build();
        assert_eq!(subject(&nameless), None);
    }
}
