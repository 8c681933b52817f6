//! A scripted Region with log groups: regular lines, some of them late, and Live Tail that fails as the script says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use lambda_model::Arn;
use lambda_model::api::{Account, LogQuery, Logs, Page, Tail, TailEnd, TailFilter, Token};
use lambda_model::failure::ApiError;
use lambda_model::function::LogGroup;
use lambda_model::log::{LogEvent, TailUpdate};
use lambda_model::operation::Operation;
use lambda_model::time::Clock;

/// 2026-11-22T10:00:00Z.
const START: i64 = 1_795_341_600;
/// Every group writes a line so often.
pub(super) const EVERY: TimeDelta = TimeDelta::milliseconds(500);

/// When the test begins.
pub(super) fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(START, 0).unwrap()
}

/// What becomes of the tails that are open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// No further update comes.
    Silence,
    /// The next update ends it.
    Ends(TailEnd),
    /// The next update panics.
    Panics,
}

/// A call that was made.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) at: DateTime<Utc>,
    pub(super) operation: Operation,
    /// Of the log groups it is about.
    pub(super) groups: Vec<String>,
}

/// What the Region does; a test changes it as it goes.
pub(super) struct Script {
    /// Why an operation gets no answer.
    pub(super) refused: BTreeMap<Operation, ApiError>,
    /// Sessions at a time.
    pub(super) quota: usize,
    /// Groups that do not exist.
    pub(super) missing: BTreeSet<String>,
    /// Groups of another class than the standard one.
    pub(super) classes: BTreeMap<String, String>,
    /// Lines a page.
    pub(super) page: usize,
    /// Pages name a token that has been there before.
    pub(super) loops: bool,
    /// Updates say that they are samples.
    pub(super) sampled: bool,
    /// Lines that every update repeats each of its lines.
    pub(super) copies: usize,
    /// Every call so far.
    pub(super) calls: Vec<Call>,
    /// When each session was opened and closed.
    pub(super) sessions: Vec<(DateTime<Utc>, Option<DateTime<Utc>>)>,
    /// Of each session that is open.
    fates: BTreeMap<usize, Fate>,
}

/// The Region, shared with the test.
#[derive(Clone)]
pub(super) struct Region {
    clock: Clock,
    script: Arc<Mutex<Script>>,
}

/// A line of `group`: the one that is written `number` times [`EVERY`] after `START`. Every 20th comes 20 s late.
fn event(group: &str, number: i64) -> LogEvent {
    let timestamp = start() + EVERY * i32::try_from(number).unwrap();
    let lag = if number.rem_euclid(20) == 7 { TimeDelta::seconds(20) } else { TimeDelta::milliseconds(300) };
    LogEvent {
        id: Some(format!("{group}/{number}").into()),
        timestamp,
        ingestion: timestamp + lag,
        stream: "2026/11/22/[7]0c1d".into(),
        group: group.into(),
        message: format!("{group} {number}\n"),
    }
}

/// The lines of `group` with timestamps in `from..=until`.
pub(super) fn lines(group: &str, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<LogEvent> {
    let step = EVERY.num_milliseconds();
    let first = ((from - start()).num_milliseconds() + step - 1).div_euclid(step);
    let last = (until - start()).num_milliseconds().div_euclid(step);
    (first..=last).map(|number| event(group, number)).collect()
}

/// The lines of `group` that arrive after `from` and by `until`.
pub(super) fn arrivals(group: &str, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<LogEvent> {
    let written = lines(group, from - TimeDelta::seconds(21), until);
    written.into_iter().filter(|event| event.ingestion > from && event.ingestion <= until).collect()
}

impl Region {
    pub(super) fn new(clock: Clock) -> Self {
        let script = Script {
            refused: BTreeMap::new(),
            quota: 15,
            missing: BTreeSet::new(),
            classes: BTreeMap::new(),
            page: 10_000,
            loops: false,
            sampled: false,
            copies: 1,
            calls: Vec::new(),
            sessions: Vec::new(),
            fates: BTreeMap::new(),
        };
        Self { clock, script: Arc::new(Mutex::new(script)) }
    }

    /// An account whose logs are these.
    pub(super) fn account(&self) -> Account {
        Account { logs: Arc::new(self.clone()), ..crate::accounts::empty() }
    }

    /// What it does. To be let go of before the next call.
    pub(super) fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap()
    }

    /// How many sessions are open.
    pub(super) fn open_count(&self) -> usize {
        self.script().open().count()
    }

    /// The most sessions that were open at a time.
    pub(super) fn most_open(&self) -> usize {
        let script = self.script();
        let open_at = |at| {
            let is_open = |(from, until): &&(DateTime<Utc>, Option<DateTime<Utc>>)| {
                *from <= at && until.is_none_or(|until| until > at)
            };
            script.sessions.iter().filter(is_open).count()
        };
        script.sessions.iter().map(|(from, _)| open_at(*from)).max().unwrap_or(0)
    }

    /// Every session that is open now comes to this.
    pub(super) fn doom(&self, fate: &Fate) {
        let mut script = self.script();
        let open: Vec<usize> = script.open().collect();
        script.fates.extend(open.into_iter().map(|session| (session, fate.clone())));
    }

    async fn call(&self, operation: Operation, groups: &[String]) -> Result<(), ApiError> {
        let call = Call { at: self.clock.now(), operation, groups: groups.to_vec() };
        self.script().calls.push(call);
        self.clock.sleep(Duration::from_millis(50)).await;
        let script = self.script();
        if let Some(error) = script.refused.get(&operation) {
            return Err(error.clone());
        }
        let missing = groups.iter().find(|group| script.missing.contains(*group));
        match missing.filter(|_| operation != Operation::DescribeLogGroups) {
            Some(group) => Err(ApiError::NotFound(group.clone())),
            None => Ok(()),
        }
    }
}

impl Script {
    fn open(&self) -> impl Iterator<Item = usize> {
        self.sessions.iter().enumerate().filter(|(_, (_, closed))| closed.is_none()).map(|(session, _)| session)
    }

    /// The calls of `operation`.
    pub(super) fn calls_of(&self, operation: Operation) -> Vec<&Call> {
        self.calls.iter().filter(|call| call.operation == operation).collect()
    }
}

#[async_trait]
impl Logs for Region {
    async fn log_groups(&self, prefix: &str, _: Token) -> Result<Page<LogGroup>, ApiError> {
        self.call(Operation::DescribeLogGroups, &[prefix.to_string()]).await?;
        let script = self.script();
        // Others begin with the same letters.
        let names = [prefix.to_string(), format!("{prefix}-2")];
        let there = names.into_iter().filter(|name| !script.missing.contains(name));
        let class = |name: &str| script.classes.get(name).cloned().unwrap_or_else(|| "STANDARD".into());
        Ok(Page::last(there.map(|name| LogGroup { class: Some(class(&name)), name }).collect()))
    }

    async fn events(&self, query: &LogQuery, token: Token) -> Result<Page<LogEvent>, ApiError> {
        self.call(Operation::FilterLogEvents, &[query.group.to_string()]).await?;
        let now = self.clock.now();
        let script = self.script();
        // An empty page comes first; a token is a position.
        let Some(token) = token else { return Ok(Page { items: vec![], next: Some("0".into()) }) };
        let position: usize = token.parse().unwrap();
        let found = lines(&query.group, query.from, query.until);
        let mut items: Vec<LogEvent> = found.into_iter().filter(|event| event.ingestion <= now).collect();
        let rest = items.split_off(position.min(items.len()));
        let more = rest.len() > script.page;
        let next = if script.loops { Some("0".into()) } else { more.then(|| (position + script.page).to_string()) };
        Ok(Page { items: rest.into_iter().take(script.page).collect(), next })
    }

    async fn tail(&self, groups: &[Arn], _: TailFilter) -> Result<Box<dyn Tail>, ApiError> {
        let name = |arn: &Arn| arn.as_str().split_once(":log-group:").unwrap().1.to_string();
        let groups: Vec<String> = groups.iter().map(name).collect();
        assert!((1..=10).contains(&groups.len()), "{groups:?}");
        self.call(Operation::StartLiveTail, &groups).await?;
        let mut script = self.script();
        if script.open().count() >= script.quota {
            return Err(ApiError::Throttled("LimitExceededException".into()));
        }
        let number = script.sessions.len();
        let now = self.clock.now();
        script.sessions.push((now, None));
        Ok(Box::new(Session { region: self.clone(), number, groups, last: now }))
    }
}

struct Session {
    region: Region,
    number: usize,
    groups: Vec<String>,
    last: DateTime<Utc>,
}

#[async_trait]
impl Tail for Session {
    async fn next(&mut self) -> Result<TailUpdate, TailEnd> {
        let due = self.last + TimeDelta::seconds(1);
        self.region.clock.sleep_until(due).await;
        let fate = self.region.script().fates.get(&self.number).cloned();
        match fate {
            Some(Fate::Silence) => std::future::pending().await,
            Some(Fate::Ends(end)) => return Err(end),
            Some(Fate::Panics) => panic!("scripted"),
            None => {}
        }
        let script = self.region.script();
        if due - script.sessions[self.number].0 > TimeDelta::hours(3) {
            return Err(TailEnd::TimedOut);
        }
        let events = self.groups.iter().flat_map(|group| arrivals(group, self.last, due));
        let events = events.map(|event| LogEvent { id: None, ..event });
        let events = events.flat_map(|event| vec![event; script.copies]).collect();
        self.last = due;
        Ok(TailUpdate { sampled: script.sampled, events })
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let now = self.region.clock.now();
        self.region.script().sessions[self.number].1 = Some(now);
    }
}
