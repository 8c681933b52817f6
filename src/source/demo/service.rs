//! The simulated Region behind the traits of [`crate::source::api`]: it answers as AWS would, in pages.

use std::collections::BTreeSet;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::noise::Noise;
use super::scenario::{ACCOUNT, AliasTraffic, Function, Source, Target};
use super::world::World;
use crate::model::failure::ApiError;
use crate::model::function::{
    AccountLimits, Alias, EventSource, EventSourceKind, FunctionInfo, InvokeConfig, LogGroup, Provisioned,
};
use crate::model::metric::{Metric, Point, SeriesId, Subject};
use crate::model::queue::QueueAttributes;
use crate::model::time::{Clock, Minute};
use crate::model::{Arn, FunctionName};
use crate::source::api::{Functions, Identity, Logs, MetricQuery, Metrics, Page, PointsPage, Queues, Token};

/// `ListFunctions` returns at most 50 (aws-facts 6.1), and so do the other Lambda listings here.
const LAMBDA_PAGE: usize = 50;
/// `ListMetrics` returns at most 500 (aws-facts 4.3).
const METRICS_PAGE: usize = 500;
/// `GetMetricData` returns at most so many points a page (aws-facts 4.1).
const POINTS_PAGE: usize = 100_800;
/// `ListMetrics` with `RecentlyActive` looks back three hours.
const ACTIVE_MIN: i64 = 180;

/// A simulated account.
pub(super) struct Service {
    pub(super) world: World,
    pub(super) clock: Clock,
}

/// The page of `items` that `token` asks for; tokens are positions.
fn page<T>(items: Vec<T>, token: Token, size: usize) -> Result<Page<T>, ApiError> {
    let start: usize = match token {
        None => 0,
        Some(token) => token.parse().map_err(|_| ApiError::Unsupported(format!("invalid token {token}")))?,
    };
    let next = (items.len() > start.saturating_add(size)).then(|| (start + size).to_string());
    Ok(Page { items: items.into_iter().skip(start).take(size).collect(), next })
}

/// The identity of a function's event source mapping, in the form of a random UUID.
fn mapping_uuid(function: &Function) -> String {
    let mut noise = Noise::new(0, &function.name, 0);
    let mut digits = |count: u32| noise.below(1 << (4 * count));
    format!("{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}", digits(8), digits(4), digits(3), digits(3), digits(12))
}

impl Service {
    fn function(&self, name: &FunctionName) -> Result<&Function, ApiError> {
        let missing = || ApiError::NotFound(format!("function {name}"));
        self.world.scenario.function(name.as_str()).ok_or_else(missing)
    }

    fn info(&self, function: &Function) -> FunctionInfo {
        let scenario = &self.world.scenario;
        FunctionInfo {
            name: function.name.as_str().into(),
            arn: scenario.arn("lambda", &format!("function:{}", function.name)),
            runtime: function.runtime.clone(),
            memory_mb: Some(function.memory_mb),
            timeout_s: Some(function.timeout_s),
            last_modified: Some(scenario.at(function.modified_min)),
            snap_start: function.snap_start,
            dead_letter_target: function.dead_letter.as_ref().map(|target| target.arn(scenario)),
            log_group: function.log_group.clone(),
        }
    }

    fn event_source(&self, function: &Function, source: &Source) -> EventSource {
        let scenario = &self.world.scenario;
        let (arn, kind, batch_size) = match source {
            Source::Sqs { queue, batch_size, .. } => (scenario.arn("sqs", queue), EventSourceKind::Sqs, *batch_size),
            Source::Kinesis { stream, batch_size, .. } => {
                (scenario.arn("kinesis", &format!("stream/{stream}")), EventSourceKind::Kinesis, *batch_size)
            }
        };
        EventSource {
            uuid: mapping_uuid(function),
            function: function.name.as_str().into(),
            source: Some(arn),
            kind: Some(kind),
            state: "Enabled".into(),
            batch_size: Some(batch_size),
            maximum_concurrency: None,
            on_failure: None,
        }
    }

    fn alias(&self, alias: &AliasTraffic, now: DateTime<Utc>) -> Alias {
        let offset = self.world.scenario.offset(Minute::of(now));
        let canary = alias.canary.iter().filter(|canary| offset >= canary.from_min);
        Alias {
            name: alias.name.clone(),
            version: alias.version.clone(),
            additional: canary.map(|canary| (canary.version.clone(), canary.weight)).collect(),
        }
    }
}

#[async_trait]
impl Identity for Service {
    async fn account(&self) -> Result<String, ApiError> {
        Ok(ACCOUNT.to_string())
    }
}

#[async_trait]
impl Functions for Service {
    async fn account_limits(&self) -> Result<AccountLimits, ApiError> {
        let scenario = &self.world.scenario;
        let reserved: u32 = scenario.functions.iter().filter_map(|function| function.reserved).sum();
        let limit = scenario.region.limit;
        Ok(AccountLimits {
            concurrent_executions: limit,
            unreserved_concurrent_executions: Some(limit.saturating_sub(reserved)),
        })
    }

    async fn functions(&self, token: Token) -> Result<Page<FunctionInfo>, ApiError> {
        page(self.world.scenario.functions.iter().map(|function| self.info(function)).collect(), token, LAMBDA_PAGE)
    }

    async fn aliases(&self, function: &FunctionName, token: Token) -> Result<Page<Alias>, ApiError> {
        let now = self.clock.now();
        page(self.function(function)?.aliases.iter().map(|alias| self.alias(alias, now)).collect(), token, LAMBDA_PAGE)
    }

    async fn reserved(&self, function: &FunctionName) -> Result<Option<u32>, ApiError> {
        Ok(self.function(function)?.reserved)
    }

    async fn provisioned(&self, function: &FunctionName, token: Token) -> Result<Page<Provisioned>, ApiError> {
        let ready = |provisioned: &super::scenario::ProvisionedAlias| Provisioned {
            qualifier: provisioned.alias.clone(),
            requested: provisioned.environments,
            available: provisioned.environments,
            allocated: provisioned.environments,
        };
        page(self.function(function)?.provisioned.iter().map(ready).collect(), token, LAMBDA_PAGE)
    }

    async fn invoke_configs(&self, function: &FunctionName, token: Token) -> Result<Page<InvokeConfig>, ApiError> {
        let function = self.function(function)?;
        let config = |target: &Target| InvokeConfig {
            qualifier: function.aliases.first().map_or("$LATEST", |alias| &alias.name).to_string(),
            on_failure: Some(target.arn(&self.world.scenario)),
        };
        page(function.on_failure.iter().map(config).collect(), token, LAMBDA_PAGE)
    }

    async fn event_sources(&self, token: Token) -> Result<Page<EventSource>, ApiError> {
        let functions = self.world.scenario.functions.iter();
        let sources = functions.filter_map(|one| Some(self.event_source(one, one.source.as_ref()?)));
        page(sources.collect(), token, LAMBDA_PAGE)
    }
}

#[async_trait]
impl Metrics for Service {
    async fn active(&self, metric: Metric, token: Token) -> Result<Page<Subject>, ApiError> {
        let now = self.clock.now();
        let current = Minute::of(now);
        let subjects: BTreeSet<Subject> = (current.plus(-ACTIVE_MIN).0..current.0)
            .flat_map(|minute| self.world.published(Minute(minute), now).subjects(metric))
            .collect();
        page(subjects.into_iter().collect(), token, METRICS_PAGE)
    }

    async fn points(&self, query: &MetricQuery, token: Token) -> Result<PointsPage, ApiError> {
        if query.series.len() > MetricQuery::MAX_SERIES {
            return Err(ApiError::Unsupported(format!("{} series in one call", query.series.len())));
        }
        let now = self.clock.now();
        let until = query.until.min(Minute::of(now));
        let minutes: Vec<_> = (query.from.0..until.0).map(|minute| self.world.published(Minute(minute), now)).collect();
        let points = |series: &SeriesId| -> Vec<Point> {
            match series.subject {
                Subject::Queue(_) | Subject::Topic(_) => self.world.target_points(series, query.from, until),
                _ => minutes
                    .iter()
                    .filter_map(|published| Some(Point { minute: published.minute, value: published.value(series)? }))
                    .collect(),
            }
        };
        let of_page = page(query.series.to_vec(), token, (POINTS_PAGE / minutes.len().max(1)).max(1))?;
        let items = of_page.items.into_iter().map(|series| (points(&series), series));
        Ok(Page { items: items.map(|(points, series)| (series, points)).collect(), next: of_page.next })
    }
}

#[async_trait]
impl Logs for Service {
    async fn log_groups(&self, prefix: &str, token: Token) -> Result<Page<LogGroup>, ApiError> {
        let functions = self.world.scenario.functions.iter().filter(|function| function.has_logs);
        let groups = functions
            .map(|function| self.info(function).log_group_name())
            .filter(|name| name.starts_with(prefix))
            .collect::<BTreeSet<_>>()
            .into_iter()
            .map(|name| LogGroup { name, class: Some("STANDARD".into()) });
        page(groups.collect(), token, LAMBDA_PAGE)
    }
}

#[async_trait]
impl Queues for Service {
    async fn url(&self, queue: &Arn) -> Result<String, ApiError> {
        let name = queue.name();
        self.world
            .has_queue(name)
            .then(|| format!("https://sqs.{}.amazonaws.com/{ACCOUNT}/{name}", self.world.scenario.region()))
            .ok_or_else(|| ApiError::NotFound(format!("queue {name}")))
    }

    async fn attributes(&self, url: &str) -> Result<QueueAttributes, ApiError> {
        let name = url.rsplit('/').next().unwrap_or(url);
        self.world.queue(name, self.clock.now()).ok_or_else(|| ApiError::NotFound(format!("queue {name}")))
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;
    use crate::model::metric::Statistic;
    use crate::source::api::Account;

    /// The simulated account, its clock standing still `offset` minutes after the origin.
    fn account_at(seed: u64, offset: i64) -> (Account, DateTime<Utc>) {
        let scenario = super::super::scenario("mixed").unwrap();
        let now = scenario.at(offset);
        (super::super::account(&scenario, seed, Clock::simulated(now, 1.0)), now)
    }

    /// Every series there is in the last three hours, queues and topics included.
    async fn all_series(account: &Account) -> Vec<SeriesId> {
        let mut series = Vec::new();
        for metric in Metric::ALL {
            for subject in account.metrics.active(*metric, None).await.unwrap().items {
                series.extend(SeriesId::all(&subject, *metric));
            }
        }
        for queue in ["payments-webhook-dlq", "inventory-events-dlq"] {
            series.extend(SeriesId::all(&Subject::Queue(queue.into()), Metric::QueueOldestMessageAge));
        }
        series.extend(SeriesId::all(&Subject::Topic("email-failures".into()), Metric::TopicMessagesPublished));
        series
    }

    async fn points(
        account: &Account,
        series: &[SeriesId],
        from: Minute,
        until: Minute,
    ) -> Vec<(SeriesId, Vec<Point>)> {
        let mut all = Vec::new();
        for some in series.chunks(MetricQuery::MAX_SERIES) {
            let query = MetricQuery { series: some.into(), from, until };
            let mut token = None;
            loop {
                let page = account.metrics.points(&query, token).await.unwrap();
                all.extend(page.items);
                token = page.next;
                if token.is_none() {
                    break;
                }
            }
        }
        all
    }

    /// FNV-1a over an hour of points of every series.
    async fn hour(seed: u64) -> (usize, u64) {
        let (account, now) = account_at(seed, 70);
        let series = all_series(&account).await;
        let mut text = String::new();
        for (series, points) in points(&account, &series, Minute::of(now).plus(-60), Minute::of(now)).await {
            for point in points {
                writeln!(text, "{series} {} {:.2}", point.minute.0, point.value).unwrap();
            }
        }
        let hash = text
            .bytes()
            .fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3));
        (text.lines().count(), hash)
    }

    #[tokio::test(start_paused = true)]
    async fn a_seed_is_one_world_for_ever_and_everywhere() {
        // When a change of the model is meant, these two numbers change with it.
        assert_eq!(hour(1).await, (31_408, 18_383_286_456_826_243_542));
        assert_ne!(hour(2).await.1, hour(1).await.1);
    }

    #[tokio::test(start_paused = true)]
    async fn list_metrics_lists_what_has_points() {
        let (account, now) = account_at(1, 60);
        let until = Minute::of(now);
        let series = all_series(&account).await;
        assert!(series.len() > 300);
        for (series, points) in points(&account, &series, until.plus(-ACTIVE_MIN), until).await {
            assert!(!points.is_empty(), "{series}");
        }
        let invocations = account.metrics.active(Metric::Invocations, None).await.unwrap().items;
        let executed = |version: &str| Subject::Executed {
            function: "checkout".into(),
            alias: "live".into(),
            version: version.into(),
        };
        assert!(invocations.contains(&executed("41")) && invocations.contains(&executed("42")));
        assert!(!invocations.contains(&Subject::Function("nightly-report".into())), "idle");
        assert!(account.metrics.active(Metric::RecursiveInvocationsDropped, None).await.unwrap().items.is_empty());
        let (before, _) = account_at(1, 48);
        let invocations = before.metrics.active(Metric::Invocations, None).await.unwrap().items;
        assert!(!invocations.contains(&executed("42")), "not deployed yet");
    }

    #[tokio::test(start_paused = true)]
    async fn idle_and_future_minutes_have_no_points() {
        let (account, now) = account_at(1, 60);
        let series = |name: &str| SeriesId {
            subject: Subject::Function(name.into()),
            metric: Metric::Invocations,
            statistic: Statistic::Sum,
        };
        let current = Minute::of(now);
        let asked = [series("nightly-report"), series("checkout"), series("nobody")];
        let read = points(&account, &asked, current.plus(-10), current.plus(10)).await;
        assert!(read[0].1.is_empty() && read[2].1.is_empty());
        assert!((7..=9).contains(&read[1].1.len()), "the newest are still to come: {}", read[1].1.len());
        assert!(read[1].1.iter().all(|point| point.minute < current.plus(-1) && point.value > 0.0));
    }

    #[tokio::test(start_paused = true)]
    async fn answers_come_in_pages() {
        let (account, now) = account_at(1, 60);
        let checkout = SeriesId {
            subject: Subject::Function("checkout".into()),
            metric: Metric::Invocations,
            statistic: Statistic::Sum,
        };
        let until = Minute::of(now);
        let long = MetricQuery { series: vec![checkout.clone(); 500].into(), from: until.plus(-210), until };
        let first = account.metrics.points(&long, None).await.unwrap();
        assert_eq!(first.items.len(), 480);
        let second = account.metrics.points(&long, first.next).await.unwrap();
        assert_eq!((second.items.len(), second.next), (20, None));
        let many = MetricQuery { series: vec![checkout; 501].into(), from: until.plus(-1), until };
        assert!(matches!(account.metrics.points(&many, None).await, Err(ApiError::Unsupported(_))));
        assert!(matches!(account.functions.functions(Some("x".into())).await, Err(ApiError::Unsupported(_))));
        // items, page size, pages
        for (count, size, pages) in [(0, 50, 1), (50, 50, 1), (51, 50, 2), (120, 50, 3)] {
            let (mut token, mut seen, mut read) = (None, Vec::new(), 0);
            loop {
                let one = page((0..count).collect(), token, size).unwrap();
                seen.extend(one.items);
                read += 1;
                token = one.next;
                if token.is_none() {
                    break;
                }
            }
            assert_eq!((read, seen), (pages, (0..count).collect::<Vec<i32>>()));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_control_plane_knows_what_the_scenario_says() {
        let (account, _) = account_at(1, 60);
        let functions = account.functions.functions(None).await.unwrap().items;
        assert!(functions.len() >= 24);
        assert_eq!(account.identity.account().await.unwrap(), "123456789012");
        let limits = account.functions.account_limits().await.unwrap();
        assert_eq!((limits.concurrent_executions, limits.unreserved_concurrent_executions), (1000, Some(950)));
        let get = |name: &str| functions.iter().find(|function| function.name.as_str() == name).unwrap();
        assert_eq!(get("pdf-render").runtime, None, "a container image");
        assert!(get("pricing-engine").snap_start);
        assert_eq!(get("email-dispatch").dead_letter_target.as_ref().and_then(Arn::service), Some("sns"));
        assert_eq!(account.functions.reserved(&"pdf-render".into()).await, Ok(Some(20)));
        assert_eq!(account.functions.reserved(&"checkout".into()).await, Ok(None));
        assert!(matches!(account.functions.reserved(&"nobody".into()).await, Err(ApiError::NotFound(_))));
        let provisioned = account.functions.provisioned(&"search-api".into(), None).await.unwrap().items;
        assert_eq!((provisioned[0].qualifier.as_str(), provisioned[0].allocated), ("live", 40));
        let configs = account.functions.invoke_configs(&"invoice-archiver".into(), None).await.unwrap().items;
        assert_eq!(configs[0].on_failure.as_ref().map(Arn::name), Some("invoice-archiver-failed"));
        let sources = account.functions.event_sources(None).await.unwrap().items;
        let kinds: BTreeSet<_> = sources.iter().filter_map(|source| source.kind).map(EventSourceKind::word).collect();
        assert_eq!(kinds, BTreeSet::from(["kinesis", "sqs"]));
        let uuids: BTreeSet<_> = sources.iter().map(|source| source.uuid.len()).collect();
        assert_eq!(uuids, BTreeSet::from([36]));
    }

    #[tokio::test(start_paused = true)]
    async fn the_alias_shows_its_canary_once_it_is_deployed() {
        for (offset, weight) in [(48, None), (60, Some(0.1))] {
            let (account, _) = account_at(1, offset);
            let aliases = account.functions.aliases(&"checkout".into(), None).await.unwrap().items;
            assert_eq!(aliases[0].version, "41");
            assert_eq!(aliases[0].additional.get("42").copied(), weight, "at {offset}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn queues_and_log_groups_are_found_by_name() {
        let (account, _) = account_at(1, 60);
        let dead_letters = Arn::new("arn:aws:sqs:eu-west-1:123456789012:payments-webhook-dlq");
        let url = account.queues.url(&dead_letters).await.unwrap();
        assert!(account.queues.attributes(&url).await.unwrap().depth > 10);
        let unknown = Arn::new("arn:aws:sqs:eu-west-1:123456789012:nobodys");
        assert!(matches!(account.queues.url(&unknown).await, Err(ApiError::NotFound(_))));
        assert!(matches!(account.queues.attributes("https://x/nobodys").await, Err(ApiError::NotFound(_))));
        // prefix, groups found
        for (prefix, found) in
            [("/aws/lambda/checkout", 1), ("/data/clickstream", 1), ("/aws/lambda/loyalty-migration", 0)]
        {
            let groups = account.logs.log_groups(prefix, None).await.unwrap().items;
            assert_eq!(groups.len(), found, "{prefix}");
        }
    }
}
