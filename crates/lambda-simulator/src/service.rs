//! The simulated Region behind the traits of [`lambda_model::api`]: it answers as AWS would, in pages.
//!
//! Every call lets the world go on until the clock's time, and is answered from what is then.

mod deployments;
mod tail;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};

use self::tail::LiveTail;
use super::faults::Faults;
use super::instant::Instant;
use super::noise::Noise;
use super::scenario::{ACCOUNT, Change, Function, Scenario, Source, Target};
use super::world::World;
use lambda_model::api::{
    Functions, Identity, LogQuery, Logs, MetricQuery, Metrics, Page, PointsPage, Position, Queues, Records, Shard,
    Streams, TAIL_GROUPS, Tail, TailFilter, Token,
};
use lambda_model::failure::ApiError;
use lambda_model::function::{AccountLimits, Alias, EventSource, FunctionInfo, InvokeConfig, LogGroup, Provisioned};
use lambda_model::log::{LogEvent, TailUpdate};
use lambda_model::metric::{Metric, Subject};
use lambda_model::operation::Operation;
use lambda_model::queue::QueueAttributes;
use lambda_model::time::{Clock, Minute};
use lambda_model::{Arn, FunctionName};

/// `ListFunctions` returns at most 50 (docs/aws.md#listings), and so do the other Lambda listings here.
const LAMBDA_PAGE: usize = 50;
/// `ListMetrics` returns at most 500 (docs/aws.md#listmetrics).
const METRICS_PAGE: usize = 500;
/// `GetMetricData` returns at most this many points a page (docs/aws.md#getmetricdata).
const POINTS_PAGE: usize = 100_800;
/// `FilterLogEvents` stops at 1 MB (docs/aws.md#filterlogevents), which is this many lines or more.
const EVENTS_PAGE: usize = 1_000;

/// A simulated account; a clone is the same one.
#[derive(Clone)]
pub(super) struct Service {
    scenario: Arc<Scenario>,
    seed: u64,
    clock: Clock,
    /// The world begins with the first question: a large one takes longer than a screen to appear.
    state: Arc<OnceLock<Mutex<State>>>,
}

struct State {
    world: World,
    faults: Faults,
    /// `ListMetrics` listings of which further pages are to come, as they were when their first was asked.
    listings: BTreeMap<Metric, (Minute, Vec<Subject>)>,
}

/// Where the page that `token` asks for begins; tokens are positions.
fn position(token: Option<&str>) -> Result<usize, ApiError> {
    let invalid = |token| ApiError::Unsupported(format!("invalid token {token}"));
    token.map_or(Ok(0), |token| token.parse().map_err(|_| invalid(token)))
}

/// The page of `items` that `token` asks for.
fn page<T>(items: impl Iterator<Item = T>, token: Option<&str>, size: usize) -> Result<Page<T>, ApiError> {
    let start = position(token)?;
    let mut rest = items.skip(start);
    let items = rest.by_ref().take(size).collect();
    Ok(Page { items, next: rest.next().map(|_| start.saturating_add(size).to_string()) })
}

/// What the code of a function that was changed at this instant hashes to, in the form of a SHA-256 in base64.
fn code_hash(function: &Function, modified: Instant) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut noise = Noise::new(0, &function.name, modified.0);
    let digits = (0..43).map(|_| char::from(DIGITS[noise.below(64) as usize]));
    digits.chain(['=']).collect()
}

impl Service {
    /// The account that `scenario` and `seed` describe, at the time that `clock` tells.
    pub(super) fn new(scenario: Scenario, seed: u64, clock: Clock) -> Self {
        Self { scenario: Arc::new(scenario), seed, clock, state: Arc::default() }
    }

    /// The time in the Region.
    pub(super) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// What Live Tail shows of a second of these groups, unless the network is down.
    pub(super) fn tail_update(
        &self,
        groups: &[String],
        filter: TailFilter,
        second: DateTime<Utc>,
    ) -> Result<TailUpdate, ApiError> {
        let state = self.now();
        let names: Vec<&str> = groups.iter().map(String::as_str).collect();
        match Faults::cuts(state.scenario(), Operation::StartLiveTail, state.world.now) {
            Some(cut) => Err(cut),
            None => Ok(state.world.tail(&names, filter, second)),
        }
    }

    /// The world now, if AWS answers `operation` at all.
    fn ask(&self, operation: Operation) -> Result<MutexGuard<'_, State>, ApiError> {
        self.ask_about(operation, |_| None)
    }

    /// The same for a question about one `resource`, which the denial names.
    fn ask_about(
        &self,
        operation: Operation,
        resource: impl FnOnce(&Scenario) -> Option<Arn>,
    ) -> Result<MutexGuard<'_, State>, ApiError> {
        let mut state = self.now();
        let State { world, faults, .. } = &mut *state;
        let resource = resource(&world.scenario);
        match faults.next(&world.scenario, world.seed, operation, resource.as_ref(), world.now) {
            Some(refused) => Err(refused),
            None => Ok(state),
        }
    }

    /// The world now.
    fn now(&self) -> MutexGuard<'_, State> {
        let begin = || {
            let world = World::new(&self.scenario, self.seed);
            Mutex::new(State { world, faults: Faults::default(), listings: BTreeMap::new() })
        };
        // Whatever a call that panicked left behind, the world goes on from there.
        let mut state = self.state.get_or_init(begin).lock().unwrap_or_else(PoisonError::into_inner);
        state.world.advance(self.clock.now());
        state
    }

    fn ask_about_function(&self, operation: Operation, name: &FunctionName) -> Result<MutexGuard<'_, State>, ApiError> {
        self.ask_about(operation, |scenario| Some(function_arn(scenario, name.as_str())))
    }
}

impl State {
    fn scenario(&self) -> &Scenario {
        &self.world.scenario
    }

    fn function(&self, name: &FunctionName) -> Result<&Function, ApiError> {
        let place = self.world.index(name.as_str()).ok_or_else(|| ApiError::NotFound(format!("function {name}")))?;
        Ok(&self.world.scenario.functions[place])
    }

    fn info(&self, function: &Function) -> FunctionInfo {
        let scenario = self.scenario();
        FunctionInfo {
            name: function.name.as_str().into(),
            arn: function_arn(scenario, &function.name),
            runtime: function.runtime.clone(),
            memory_mb: Some(function.memory_mb),
            timeout_s: Some(function.timeout_at(scenario, self.world.now)),
            last_modified: Some(scenario.time(function.updated(scenario, self.world.now, Change::is_update))),
            code_sha256: Some(code_hash(function, function.updated(scenario, self.world.now, |change| change.code))),
            snap_start: function.snap_start,
            dead_letter_target: function.dead_letter.as_ref().map(|target| target.arn(scenario)),
            log_group: function.log_group.clone(),
            system_log_level: function.log_format.system_level().map(String::from),
        }
    }

    fn event_source(&self, function: &Function, source: &Source) -> EventSource {
        let scenario = self.scenario();
        let (arn, maximum_concurrency) = match source {
            Source::Sqs { queue, maximum_concurrency, .. } => (scenario.arn("sqs", queue), *maximum_concurrency),
            Source::Kinesis { stream, .. } => (scenario.arn("kinesis", &format!("stream/{stream}")), None),
        };
        let (batch_size, event_count) = source.counting();
        let disabled = scenario.changes_of(&function.name, self.world.now).any(|change| change.source_disabled);
        EventSource {
            uuid: function.mapping_uuid(),
            function: function.name.as_str().into(),
            source: Some(arn),
            kind: Some(source.kind()),
            state: if disabled { "Disabled" } else { "Enabled" }.into(),
            batch_size: Some(batch_size),
            maximum_concurrency,
            on_failure: None,
            event_count,
        }
    }

    /// The listing of a metric's dimension sets, and where in it the page begins that `token` asks for.
    ///
    /// A token names the minute of its listing and the position in it.
    fn listing(&mut self, metric: Metric, token: Option<&str>, now: Minute) -> Result<(Minute, usize), ApiError> {
        let begun = match token {
            None => None,
            Some(token) => {
                let invalid = || ApiError::Unsupported(format!("invalid token {token}"));
                let (minute, start) = token.split_once('+').ok_or_else(invalid)?;
                Some((Minute(minute.parse().map_err(|_| invalid())?), position(Some(start))?))
            }
        };
        if let Some((minute, start)) = begun
            && self.listings.get(&metric).is_some_and(|(of, _)| *of == minute)
        {
            return Ok((minute, start));
        }
        // Forgotten since, or not begun yet.
        self.listings.insert(metric, (now, self.world.subjects(metric)));
        Ok((now, begun.map_or(0, |(_, start)| start)))
    }
}

fn function_arn(scenario: &Scenario, name: &str) -> Arn {
    scenario.arn("lambda", &format!("function:{name}"))
}

impl Function {
    /// When a change of this kind was last made; without one, when code and configuration were made.
    fn updated(&self, scenario: &Scenario, now: Instant, kind: impl Fn(&Change) -> bool) -> Instant {
        let changes = scenario.changes.iter().filter(|change| change.function == self.name && kind(change));
        let made = changes.map(|change| Instant::of_min(change.at_min)).filter(|at| *at <= now);
        made.max().unwrap_or(Instant::start_of(self.modified_min))
    }
}

#[async_trait]
impl Identity for Service {
    async fn account(&self) -> Result<String, ApiError> {
        self.ask(Operation::GetCallerIdentity).map(|_| ACCOUNT.to_string())
    }
}

#[async_trait]
impl Functions for Service {
    async fn account_limits(&self) -> Result<AccountLimits, ApiError> {
        let state = self.ask(Operation::GetAccountSettings)?;
        let (scenario, now) = (state.scenario(), state.world.now);
        let reserved: u32 = scenario.functions.iter().filter_map(|function| function.reserved_at(scenario, now)).sum();
        let limit = scenario.region.limit;
        Ok(AccountLimits {
            concurrent_executions: limit,
            unreserved_concurrent_executions: Some(limit.saturating_sub(reserved)),
        })
    }

    async fn functions(&self, token: Token) -> Result<Page<FunctionInfo>, ApiError> {
        let state = self.ask(Operation::ListFunctions)?;
        let of_page = page(state.scenario().functions.iter(), token.as_deref(), LAMBDA_PAGE)?;
        Ok(of_page.map(|function| state.info(function)))
    }

    async fn aliases(&self, function: &FunctionName, token: Token) -> Result<Page<Alias>, ApiError> {
        let state = self.ask_about_function(Operation::ListAliases, function)?;
        let (scenario, now) = (state.scenario(), state.world.now);
        let function = state.function(function)?;
        let aliases = function.aliases.iter().map(|alias| Alias {
            name: alias.name.clone(),
            version: function.version_at(scenario, alias, now).to_string(),
            additional: alias
                .canary_at(now)
                .map(|canary| (canary.version.clone(), canary.weight))
                .into_iter()
                .collect(),
        });
        page(aliases, token.as_deref(), LAMBDA_PAGE)
    }

    async fn reserved(&self, function: &FunctionName) -> Result<Option<u32>, ApiError> {
        let state = self.ask_about_function(Operation::GetFunctionConcurrency, function)?;
        Ok(state.function(function)?.reserved_at(state.scenario(), state.world.now))
    }

    async fn provisioned(&self, function: &FunctionName, token: Token) -> Result<Page<Provisioned>, ApiError> {
        let state = self.ask_about_function(Operation::ListProvisionedConcurrencyConfigs, function)?;
        let ready = state.function(function)?.provisioned.iter().map(|provisioned| Provisioned {
            qualifier: provisioned.alias.clone(),
            requested: provisioned.environments,
            available: provisioned.environments,
            allocated: provisioned.environments,
        });
        page(ready, token.as_deref(), LAMBDA_PAGE)
    }

    async fn invoke_configs(&self, function: &FunctionName, token: Token) -> Result<Page<InvokeConfig>, ApiError> {
        let state = self.ask_about_function(Operation::ListFunctionEventInvokeConfigs, function)?;
        let function = state.function(function)?;
        let configs = function.on_failure.iter().map(|target: &Target| InvokeConfig {
            qualifier: function.aliases.first().map_or("$LATEST", |alias| &alias.name).to_string(),
            on_failure: Some(target.arn(state.scenario())),
        });
        page(configs, token.as_deref(), LAMBDA_PAGE)
    }

    async fn event_sources(&self, token: Token) -> Result<Page<EventSource>, ApiError> {
        let state = self.ask(Operation::ListEventSourceMappings)?;
        let sources = state.scenario().functions.iter().filter_map(|one| Some((one, one.source.as_ref()?)));
        Ok(page(sources, token.as_deref(), LAMBDA_PAGE)?.map(|(function, source)| state.event_source(function, source)))
    }
}

#[async_trait]
impl Metrics for Service {
    async fn active(&self, metric: Metric, token: Token) -> Result<Page<Subject>, ApiError> {
        let mut state = self.ask(Operation::ListMetrics)?;
        let (minute, start) = state.listing(metric, token.as_deref(), Minute::of(self.clock.now()))?;
        let subjects = state.listings.get(&metric).map_or(&[][..], |(_, subjects)| subjects);
        let of_page = page(subjects.iter().cloned(), Some(&start.to_string()), METRICS_PAGE)?;
        let next = of_page.next.map(|position| format!("{}+{position}", minute.0));
        if next.is_none() {
            state.listings.remove(&metric);
        }
        Ok(Page { items: of_page.items, next })
    }

    async fn points(&self, query: &MetricQuery, token: Token) -> Result<PointsPage, ApiError> {
        let state = self.ask(Operation::GetMetricData)?;
        if query.series.len() > MetricQuery::MAX_SERIES {
            return Err(ApiError::Unsupported(format!("{} series in one call", query.series.len())));
        }
        let minutes = usize::try_from(query.until.0.saturating_sub(query.from.0)).unwrap_or(0);
        let of_page = page(query.series.iter().cloned(), token.as_deref(), (POINTS_PAGE / minutes.max(1)).max(1))?;
        Ok(Page { items: state.world.points(of_page.items, query.from, query.until), next: of_page.next })
    }
}

#[async_trait]
impl Logs for Service {
    async fn log_groups(&self, prefix: &str, token: Token) -> Result<Page<LogGroup>, ApiError> {
        let state = self.ask(Operation::DescribeLogGroups)?;
        let functions = state.scenario().functions.iter().filter(|function| function.has_logs);
        // Several functions may share a group.
        let groups: BTreeSet<_> =
            functions.map(Function::log_group_name).filter(|name| name.starts_with(prefix)).collect();
        let groups = groups.into_iter().map(|name| LogGroup { name, class: Some("STANDARD".into()) });
        page(groups, token.as_deref(), LAMBDA_PAGE)
    }

    async fn events(&self, query: &LogQuery, token: Token) -> Result<Page<LogEvent>, ApiError> {
        let state = self.ask_about(Operation::FilterLogEvents, |scenario| Some(group_arn(scenario, &query.group)))?;
        // A listing begins with a page that is empty, as CloudWatch's may be anywhere.
        let Some(token) = token else {
            return match state.world.log_events(&query.group, query.from, query.from) {
                Some(_) => Ok(Page { items: Vec::new(), next: Some("0".into()) }),
                None => Err(missing(&query.group)),
            };
        };
        // The last timestamp, a millisecond, is asked for as well.
        let until = query.until + TimeDelta::milliseconds(1);
        let events = state.world.log_events(&query.group, query.from, until);
        page(events.ok_or_else(|| missing(&query.group))?.into_iter(), Some(&token), EVENTS_PAGE)
    }

    async fn tail(&self, groups: &[Arn], filter: TailFilter) -> Result<Box<dyn Tail>, ApiError> {
        let state = self.ask_about(Operation::StartLiveTail, |_| groups.first().cloned())?;
        if !(1..=TAIL_GROUPS).contains(&groups.len()) {
            let words = "1 validation error detected: logGroupIdentifiers takes 1 to 10 log groups";
            return Err(ApiError::Unsupported(format!("InvalidParameterException: {words}")));
        }
        let name = |group: &Arn| {
            let name = group.as_str().split_once(":log-group:").map_or(group.as_str(), |(_, name)| name);
            let known = state.scenario().functions.iter().any(|function| function.logs_to(name));
            if known { Ok(name.to_string()) } else { Err(missing(name)) }
        };
        let names: Vec<String> = groups.iter().map(name).collect::<Result<_, _>>()?;
        drop(state);
        Ok(Box::new(LiveTail::new(self.clone(), names, filter)))
    }
}

fn group_arn(scenario: &Scenario, group: &str) -> Arn {
    scenario.arn("logs", &format!("log-group:{group}"))
}

fn missing(group: &str) -> ApiError {
    ApiError::NotFound(format!("ResourceNotFoundException: The specified log group {group} does not exist"))
}

/// Why nothing can be read from Kinesis here.
fn no_stream() -> ApiError {
    ApiError::Unsupported("the simulated Region has no stream".into())
}

#[async_trait]
impl Streams for Service {
    async fn shards(&self, _: &str, _: Token) -> Result<Page<Shard>, ApiError> {
        Err(no_stream())
    }

    async fn iterator(&self, _: &str, _: &str, _: &Position) -> Result<String, ApiError> {
        Err(no_stream())
    }

    async fn records(&self, _: &str, _: &str) -> Result<Option<Records>, ApiError> {
        Err(no_stream())
    }
}

#[async_trait]
impl Queues for Service {
    async fn url(&self, queue: &Arn) -> Result<String, ApiError> {
        let state = self.ask_about(Operation::GetQueueUrl, |_| Some(queue.clone()))?;
        let name = queue.name();
        let known = state.world.queue(name).is_some();
        let url = || format!("https://sqs.{}.amazonaws.com/{ACCOUNT}/{name}", state.scenario().region());
        known.then(url).ok_or_else(|| ApiError::NotFound(format!("queue {name}")))
    }

    async fn attributes(&self, url: &str) -> Result<QueueAttributes, ApiError> {
        let name = url.rsplit('/').next().unwrap_or(url);
        let state = self.ask_about(Operation::GetQueueAttributes, |scenario| Some(scenario.arn("sqs", name)))?;
        let queue = state.world.queue(name).ok_or_else(|| ApiError::NotFound(format!("queue {name}")))?;
        Ok(QueueAttributes {
            depth: queue.depth,
            in_flight: queue.in_flight,
            redrive_target: queue.redrive.map(|name| state.scenario().arn("sqs", &name)),
        })
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::super::history::tests::calm;
    use super::*;
    use lambda_model::api::Account;
    use lambda_model::function::EventSourceKind;
    use lambda_model::metric::{SeriesId, Statistic};

    /// What is done to the account, by the minute.
    const CHANGES: &str = r#"
        [[change]]
        function = "checkout"
        at_min = 10
        code = true
        alias = { name = "live", version = "43" }
        [[change]]
        function = "ledger-writer"
        at_min = 10
        until_min = 20
        reserved = 0
        [[change]]
        function = "orders-stream"
        at_min = 10
        until_min = 20
        source_disabled = true
        [[api_fault]]
        operation = "lambda:ListAliases"
        from_min = 30
        until_min = 40
        answer = "denied"
        [[api_fault]]
        from_min = 50
        until_min = 60
        answer = "expired"
    "#;

    /// The simulated account, its clock standing at `offset` minutes after the origin.
    fn account_at(offset: i64) -> (Account, Minute) {
        let scenario = calm(CHANGES);
        let now = scenario.origin() + TimeDelta::minutes(offset);
        (super::super::account(&scenario, 1, Clock::simulated(now, 1.0)), Minute::of(now))
    }

    fn invocations(name: &str) -> SeriesId {
        SeriesId { subject: Subject::Function(name.into()), metric: Metric::Invocations, statistic: Statistic::Sum }
    }

    #[tokio::test(start_paused = true)]
    async fn answers_come_in_pages() {
        let (account, until) = account_at(0);
        let checkout = invocations("checkout");
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
                let one = page(0..count, token.as_deref(), size).unwrap();
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
    async fn a_listing_stays_as_it_was_when_it_was_begun() {
        let function = |index: u32| {
            format!(
                "[[function]]\nname = \"f{index}\"\nmemory_mb = 128\ntimeout_s = 3\nrate = 0.5\np50_ms = 10.0\n\
                 spread = 0.5\nerror_rate = 0.0\n"
            )
        };
        let scenario = calm(&(0..800).map(function).collect::<String>());
        let clock = Clock::simulated(scenario.origin(), 60.0);
        let account = super::super::account(&scenario, 1, clock.clone());
        let mut seen = Vec::new();
        let mut token = None;
        loop {
            let page = account.metrics.active(Metric::Errors, token.clone()).await.unwrap();
            assert_eq!(account.metrics.active(Metric::Errors, token.clone()).await.unwrap().items, page.items, "again");
            seen.extend(page.items);
            clock.sleep(std::time::Duration::from_mins(2)).await;
            match page.next {
                Some(next) => token = Some(next),
                None => break,
            }
        }
        assert!(seen.len() > 1600, "{}", seen.len());
        assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), seen.len(), "each once");
        for token in ["500", "x+500", "1+x"] {
            let refused = account.metrics.active(Metric::Errors, Some(token.into())).await;
            assert!(matches!(refused, Err(ApiError::Unsupported(_))), "{token}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_control_plane_knows_what_the_scenario_says() {
        let (account, _) = account_at(0);
        let functions = account.functions.functions(None).await.unwrap().items;
        assert_eq!(account.identity.account().await.unwrap(), "123456789012");
        let limits = account.functions.account_limits().await.unwrap();
        assert_eq!((limits.concurrent_executions, limits.unreserved_concurrent_executions), (1000, Some(970)));
        let get = |name: &str| functions.iter().find(|function| function.name.as_str() == name).unwrap();
        assert_eq!(get("idle").runtime, None, "a container image");
        assert_eq!(get("payments").dead_letter_target.as_ref().and_then(Arn::service), Some("sns"));
        assert_eq!(account.functions.reserved(&"checkout".into()).await, Ok(None));
        assert!(matches!(account.functions.reserved(&"nobody".into()).await, Err(ApiError::NotFound(_))));
        let provisioned = account.functions.provisioned(&"search-api".into(), None).await.unwrap().items;
        assert_eq!((provisioned[0].qualifier.as_str(), provisioned[0].allocated), ("live", 40));
        let configs = account.functions.invoke_configs(&"fanout".into(), None).await.unwrap().items;
        assert_eq!(configs[0].on_failure.as_ref().map(Arn::name), Some("fanout-failed"));
        let sources = account.functions.event_sources(None).await.unwrap().items;
        let kinds: Vec<_> = sources.iter().map(|one| (one.kind.unwrap(), one.maximum_concurrency)).collect();
        assert_eq!(kinds, [(EventSourceKind::Kinesis, None), (EventSourceKind::Sqs, Some(12))]);
        assert!(sources.iter().all(|source| source.uuid.len() == 36));
        // prefix, groups found
        for (prefix, found) in [("/aws/lambda/checkout", 1), ("/data/orders", 1), ("/aws/lambda/idle", 0)] {
            assert_eq!(account.logs.log_groups(prefix, None).await.unwrap().items.len(), found, "{prefix}");
        }
        let unknown = Arn::new("arn:aws:sqs:eu-west-1:123456789012:nobodys");
        assert!(matches!(account.queues.url(&unknown).await, Err(ApiError::NotFound(_))));
        assert!(matches!(account.queues.attributes("https://x/nobodys").await, Err(ApiError::NotFound(_))));
    }

    #[tokio::test(start_paused = true)]
    async fn changes_show_while_they_are_in_force() {
        // minute, the alias's version, its canary, the reservation, what is left unreserved, the source's state
        let cases = [
            (9, "41", None, 30, 970, "Enabled"),
            (10, "43", None, 0, 1000, "Disabled"),
            (19, "43", None, 0, 1000, "Disabled"),
            (20, "43", Some(0.1), 30, 970, "Enabled"),
        ];
        for (minute, version, canary, reserved, unreserved, state) in cases {
            let (account, now) = account_at(minute);
            let aliases = account.functions.aliases(&"checkout".into(), None).await.unwrap().items;
            assert_eq!((aliases[0].version.as_str(), aliases[0].additional.get("42").copied()), (version, canary));
            assert_eq!(account.functions.reserved(&"ledger-writer".into()).await, Ok(Some(reserved)), "at {minute}");
            let limits = account.functions.account_limits().await.unwrap();
            assert_eq!(limits.unreserved_concurrent_executions, Some(unreserved), "at {minute}");
            assert_eq!(account.functions.event_sources(None).await.unwrap().items[0].state, state, "at {minute}");
            let functions = account.functions.functions(None).await.unwrap().items;
            let modified = functions.iter().find(|one| one.name.as_str() == "checkout").unwrap().last_modified.unwrap();
            assert_eq!(modified == now.plus(10 - minute).start(), minute >= 10, "at {minute}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn aws_denies_when_the_scenario_says_so() {
        // minute, whether the aliases are denied, whether everything is expired
        for (minute, denied, expired) in
            [(29, false, false), (30, true, false), (39, true, false), (40, false, false), (50, false, true)]
        {
            let (account, until) = account_at(minute);
            let aliases = account.functions.aliases(&"checkout".into(), None).await;
            if denied {
                let Err(ApiError::Denied(words)) = aliases else { panic!("{aliases:?} at {minute}") };
                assert!(words.contains("eu-west-1:123456789012:function:checkout"), "{words}");
            } else {
                assert_eq!(matches!(aliases, Err(ApiError::Expired(_))), expired, "at {minute}");
            }
            let query = MetricQuery { series: [invocations("checkout")].into(), from: until.plus(-1), until };
            assert_eq!(account.identity.account().await.is_err(), expired, "at {minute}");
            assert_eq!(account.functions.functions(None).await.is_err(), expired, "at {minute}");
            assert_eq!(account.metrics.points(&query, None).await.is_err(), expired, "at {minute}");
        }
    }
}
