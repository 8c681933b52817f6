//! Reads a simulated stream in paused time. Every event comes once, and no span contains a time that was not read.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use serde_json::json;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::*;
use crate::source::outlet::Meter;
use lambda_model::Scope;
use lambda_model::api::{Page, Position, Record, Streams, Token};
use lambda_model::failure::HealthState;
use lambda_model::observation::Observation;
use lambda_model::time::Clock;

/// The data of a record as a subscription filter writes it: events (ID, message) of one log stream.
pub(super) fn envelope(group: &str, stream: &str, events: &[(&str, &str)]) -> Vec<u8> {
    let events: Vec<_> = events
        .iter()
        .map(|(id, message)| json!({ "id": id, "timestamp": 1_795_343_778_557_i64, "message": message }))
        .collect();
    gzip(&json!({
        "messageType": "DATA_MESSAGE",
        "owner": "123456789012",
        "logGroup": group,
        "logStream": stream,
        "subscriptionFilters": ["lamtop"],
        "logEvents": events,
    }))
}

fn gzip(json: &serde_json::Value) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(json.to_string().as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// The time at which a test starts. All times of a stream are in seconds from it; negative ones are before it.
fn origin() -> DateTime<Utc> {
    "2026-11-22T10:00:00Z".parse().unwrap()
}

fn at(second: f64) -> DateTime<Utc> {
    origin() + TimeDelta::milliseconds((second * 1000.0) as i64)
}

/// The whole life of a shard.
#[derive(Clone, Debug, Default)]
struct Life {
    parents: Vec<String>,
    opened: f64,
    closed: Option<f64>,
    /// When it disappears from the stream: an emulator does this to the parent of a split.
    gone: Option<f64>,
    /// Its records in order: when each arrives, and its data.
    records: Vec<(f64, Vec<u8>)>,
}

/// The whole life of a stream. [`Double`] answers calls as Kinesis would at the time of the clock.
#[derive(Clone, Debug, Default)]
struct World {
    shards: BTreeMap<String, Life>,
    /// When each event arrives, and its ID.
    events: Vec<(f64, String)>,
    /// Calls that fail: by operation and number of the call.
    faults: BTreeMap<(Operation, usize), Fault>,
    /// The most records that a call returns.
    page: usize,
}

#[derive(Clone, Debug)]
enum Fault {
    Expired,
    Error(ApiError),
}

impl World {
    fn new(shards: usize) -> Self {
        let mut world = Self { page: 3, ..Self::default() };
        for _ in 0..shards {
            world.open(-1e6, &[]);
        }
        world
    }

    fn open(&mut self, opened: f64, parents: &[&str]) -> String {
        let id = format!("shardId-{:012}", self.shards.len());
        let parents: Vec<String> = parents.iter().map(ToString::to_string).collect();
        for parent in &parents {
            self.shards.get_mut(parent).unwrap().closed = Some(opened);
        }
        self.shards.insert(id.clone(), Life { parents, opened, ..Life::default() });
        id
    }

    fn id(&self, index: usize) -> String {
        self.shards.keys().nth(index).unwrap().clone()
    }

    /// Puts a record with one event into a shard.
    fn put(&mut self, second: f64, shard: &str) {
        let id = format!("{:056}", self.events.len());
        self.put_data(second, shard, envelope("/aws/lambda/a", shard, &[(&id, "m")]));
        self.events.push((second, id));
    }

    fn put_data(&mut self, second: f64, shard: &str, data: Vec<u8>) {
        let life = self.shards.get_mut(shard).unwrap();
        assert!(life.opened <= second && life.closed.is_none_or(|closed| second < closed), "{shard} at {second}");
        life.records.push((second, data));
        life.records.sort_by(|one, other| one.0.total_cmp(&other.0));
    }

    /// The IDs of the events that arrive from where reading begins until `until`.
    fn arrived(&self, until: DateTime<Utc>) -> BTreeSet<&str> {
        let wanted = |second: f64| at(second) >= origin() - LOOK_BACK && at(second) <= until;
        self.events.iter().filter(|(second, _)| wanted(*second)).map(|(_, id)| &**id).collect()
    }
}

/// A test double of Kinesis: answers calls from the world and keeps them.
struct Double {
    world: World,
    clock: Clock,
    calls: Mutex<Vec<(Operation, f64, String)>>,
}

impl Double {
    fn now(&self) -> f64 {
        (self.clock.now() - origin()).num_milliseconds() as f64 / 1000.0
    }

    fn is_there(&self, shard: &str) -> bool {
        self.world.shards[shard].gone.is_none_or(|gone| self.now() < gone)
    }

    /// Keeps a call. Returns its fault, if it is to fail.
    async fn called(&self, operation: Operation, about: &str) -> Option<Fault> {
        self.clock.sleep(Duration::from_millis(20)).await;
        let mut calls = self.calls.lock().unwrap();
        let before = self.world.faults.range((operation, 0)..=(operation, usize::MAX)).next_back();
        let last = before.map_or(0, |((_, number), _)| *number);
        // Count only up to the last fault.
        let number = calls.iter().filter(|(earlier, ..)| *earlier == operation).take(last + 1).count();
        calls.push((operation, self.now(), about.to_string()));
        self.world.faults.get(&(operation, number)).cloned()
    }
}

#[async_trait]
impl Streams for Double {
    async fn shards(&self, _: &str, token: Token) -> Result<Page<Shard>, ApiError> {
        if let Some(Fault::Error(error)) = self.called(Operation::ListShards, token.as_deref().unwrap_or("")).await {
            return Err(error);
        }
        let there = self.world.shards.iter().filter(|(id, life)| life.opened <= self.now() && self.is_there(id));
        let all: Vec<Shard> = there
            .map(|(id, life)| Shard {
                id: id.clone(),
                parents: life.parents.clone(),
                closed: life.closed.is_some_and(|closed| closed <= self.now()),
            })
            .collect();
        let from: usize = token.map_or(0, |token| token.parse().unwrap());
        let until = (from + 1000).min(all.len());
        Ok(Page { items: all[from..until].to_vec(), next: (until < all.len()).then(|| until.to_string()) })
    }

    async fn iterator(&self, _: &str, shard: &str, position: &Position) -> Result<String, ApiError> {
        let about = format!("{shard} {position:?}");
        if let Some(Fault::Error(error)) = self.called(Operation::GetShardIterator, &about).await {
            return Err(error);
        }
        if !self.is_there(shard) {
            return Err(ApiError::NotFound(shard.to_string()));
        }
        let records = &self.world.shards[shard].records;
        let first = match position {
            Position::Oldest => 0,
            Position::Since(since) => records.iter().take_while(|(second, _)| at(*second) < *since).count(),
            Position::After(sequence) => sequence.parse::<usize>().unwrap() + 1,
        };
        Ok(format!("{shard} {first}"))
    }

    async fn records(&self, _: &str, iterator: &str) -> Result<Option<Records>, ApiError> {
        match self.called(Operation::GetRecords, iterator).await {
            Some(Fault::Error(error)) => return Err(error),
            Some(Fault::Expired) => return Ok(None),
            None => {}
        }
        let (shard, first) = iterator.split_once(' ').unwrap();
        if !self.is_there(shard) {
            return Err(ApiError::NotFound(shard.to_string()));
        }
        let (life, first) = (&self.world.shards[shard], first.parse::<usize>().unwrap());
        let there = life.records.iter().take_while(|(second, _)| *second <= self.now()).count();
        let last = (first + self.world.page).min(there);
        let record = |index: usize| Record {
            sequence: index.to_string(),
            arrived: Some(at(life.records[index].0)),
            data: life.records[index].1.clone(),
        };
        let over = life.closed.is_some_and(|closed| closed <= self.now()) && last == life.records.len();
        Ok(Some(Records {
            records: (first..last).map(record).collect(),
            next: (!over).then(|| format!("{shard} {last}")),
            behind_ms: if last < there { ((self.now() - life.records[last].0) * 1000.0) as u64 } else { 0 },
        }))
    }
}

/// The observations and the calls of a reader.
struct Seen {
    world: World,
    observations: Vec<Observation>,
    calls: Vec<(Operation, f64, String)>,
}

/// A reader that is running.
struct Run {
    double: Arc<Double>,
    received: mpsc::Receiver<Observation>,
    task: JoinHandle<()>,
}

impl Run {
    /// Starts to read a world. The engine's queue has room for this many observations.
    fn start(world: World, share: Share, room: usize) -> Self {
        let clock = Clock::simulated(origin(), 1.0);
        let double = Arc::new(Double { world, clock: clock.clone(), calls: Mutex::default() });
        let scenario = lambda_simulator::scenario("mixed").unwrap();
        let account = Account { streams: double.clone(), ..lambda_simulator::account(&scenario, 1, clock.clone()) };
        let (out, received) = mpsc::channel(room);
        let outlet = Outlet::new(Scope::new(None, "eu-west-1"), clock, out, Meter::default());
        let task = tokio::spawn(async move { read(account, outlet, "logs", share).await });
        Self { double, received, task }
    }

    /// Receives observations until this second, and then ends the reader by closing the queue.
    async fn end(mut self, seconds: f64) -> Seen {
        let mut observations = Vec::new();
        let clock = self.double.clock.clone();
        loop {
            tokio::select! {
                Some(observation) = self.received.recv() => observations.push(observation),
                () = clock.sleep_until(at(seconds)) => break,
            }
        }
        drop(self.received);
        self.task.await.unwrap();
        let calls = self.double.calls.lock().unwrap().clone();
        Seen { world: self.double.world.clone(), observations, calls }
    }
}

/// Reads a world for some seconds.
async fn reading(world: World, share: Share, seconds: u32) -> Seen {
    Run::start(world, share, 16).end(seconds.into()).await
}

impl Seen {
    fn batches(&self) -> Vec<&LogBatch> {
        let batches = self.observations.iter().filter_map(|observation| match &observation.payload {
            Payload::Logs(batch) => Some(batch),
            _ => None,
        });
        batches.collect()
    }

    fn feeds(&self) -> Vec<&LogFeed> {
        let feeds = self.observations.iter().filter_map(|observation| match &observation.payload {
            Payload::LogFeed(feed) => Some(feed),
            _ => None,
        });
        feeds.collect()
    }

    fn ids(&self) -> Vec<&str> {
        let events = self.batches().into_iter().flat_map(|batch| &batch.events);
        events.map(|event| event.id.as_deref().unwrap()).collect()
    }

    fn health(&self, operation: Operation) -> Vec<HealthState> {
        let states = self.observations.iter().filter_map(|observation| match &observation.payload {
            Payload::Health(health) if health.operation == operation => Some(health.state),
            _ => None,
        });
        states.collect()
    }

    /// The calls of an operation: when, and with what argument.
    fn calls(&self, operation: Operation) -> Vec<(f64, &str)> {
        let calls = self.calls.iter().filter(|(called, ..)| *called == operation);
        calls.map(|(_, second, about)| (*second, &**about)).collect()
    }

    /// No event comes twice, spans follow each other, and all events of a span were delivered with or before it.
    fn check(&self) -> Result<(), TestCaseError> {
        let mut delivered = BTreeSet::new();
        let mut end = origin() - LOOK_BACK;
        for batch in self.batches() {
            for event in &batch.events {
                prop_assert!(delivered.insert(event.id.as_deref().unwrap()), "Delivered twice: {event:?}");
            }
            let Some((from, until)) = batch.span else { continue };
            prop_assert!(from == end && from < until, "The span from {from} until {until} follows {end}");
            end = until;
            let missing: Vec<_> = self.world.arrived(until).difference(&delivered).copied().collect();
            prop_assert!(missing.is_empty(), "Not delivered until {until}: {missing:?}");
        }
        Ok(())
    }

    /// The same, and all events of the world were delivered.
    fn check_all(&self) {
        self.check().unwrap();
        let last = self.world.events.iter().map(|(second, _)| *second).fold(0.0, f64::max);
        let delivered: BTreeSet<&str> = self.ids().into_iter().collect();
        assert_eq!(delivered, self.world.arrived(at(last)));
        let end = self.batches().iter().filter_map(|batch| batch.span).next_back().expect("a span").1;
        assert!(end >= at(last), "The last span contains all events: {end}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_shard_is_read_from_a_minute_back_once_a_second() {
    let mut world = World::new(2);
    let (a, b) = (world.id(0), world.id(1));
    for second in [-300.0, -61.0, -59.0, -1.0, 0.2, 3.3, 9.9] {
        world.put(second, &a);
        world.put(second, &b);
    }
    let seen = reading(world, Share::ALL, 20).await;
    seen.check_all();
    assert_eq!(seen.ids().len(), 10, "Older records are not read");
    let reads = seen.calls(Operation::GetRecords).len();
    assert!((38..=42).contains(&reads), "{reads} in 20 s");
    assert_eq!(seen.calls(Operation::GetShardIterator).len(), 2);
    let feed = seen.feeds().pop().unwrap();
    let expected = LogFeed {
        state: FeedState::Running(LogWay::Kinesis),
        reason: "chosen by --logs kinesis:logs".into(),
        groups: 1,
        left: 0,
        sessions: 2,
        behind_ms: Some(0),
    };
    assert_eq!((feed, seen.feeds()[0].state), (&expected, FeedState::Starting));
    for operation in [Operation::ListShards, Operation::GetShardIterator, Operation::GetRecords] {
        assert_eq!(seen.health(operation), [HealthState::Ok], "{operation}");
    }
    let usage = seen.observations.iter().filter_map(|observation| match &observation.payload {
        Payload::Usage(usage) => Some(usage.requests),
        _ => None,
    });
    assert!(usage.max().unwrap().abs_diff(seen.calls.len() as u64) <= 4, "All but the last calls are counted");
    assert!(seen.batches().iter().all(|batch| batch.groups.is_none() && batch.left_out.is_none()));
}

#[tokio::test(start_paused = true)]
async fn children_of_a_split_are_read_from_their_beginning_after_their_parent() {
    let mut world = World::new(1);
    let parent = world.id(0);
    for tenth in 0..100 {
        world.put(f64::from(tenth) / 10.0, &parent);
    }
    let (left, right) = (world.open(10.0, &[&parent]), world.open(10.0, &[&parent]));
    for tenth in 100..200 {
        world.put(f64::from(tenth) / 10.0, if tenth % 2 == 0 { &left } else { &right });
    }
    let seen = reading(world, Share::ALL, 60).await;
    seen.check_all();
    let begun: Vec<_> = seen.calls(Operation::GetShardIterator).into_iter().map(|(_, about)| about).collect();
    assert_eq!(begun[1..], [format!("{left} Oldest"), format!("{right} Oldest")]);
    let reads = seen.calls(Operation::GetRecords);
    let last_of_parent = reads.iter().rposition(|(_, about)| about.starts_with(&parent)).unwrap();
    let first_of_children = reads.iter().position(|(_, about)| !about.starts_with(&parent)).unwrap();
    assert!(last_of_parent < first_of_children);
    assert!(reads[first_of_children].0 - reads[last_of_parent].0 < 1.0, "Shards are listed at once when a shard ends");
    assert_eq!(seen.feeds().pop().unwrap().sessions, 2);
}

#[tokio::test(start_paused = true)]
async fn the_child_of_a_merge_waits_for_both_parents() {
    let mut world = World::new(2);
    let (a, b) = (world.id(0), world.id(1));
    // More records than one call returns, so that one parent is finished later than the other.
    for tenth in 0..90 {
        world.put(f64::from(tenth) / 10.0, &a);
    }
    world.put(1.0, &b);
    let child = world.open(9.0, &[&a, &b]);
    world.put(9.5, &child);
    let seen = reading(world, Share::ALL, 60).await;
    seen.check_all();
    let begun = seen.calls(Operation::GetShardIterator);
    let (at_child, about) = begun[2];
    assert_eq!(about, format!("{child} Oldest"));
    let last_of_a = seen.calls(Operation::GetRecords).into_iter().rfind(|(_, about)| about.starts_with(&a)).unwrap();
    assert!(last_of_a.0 > 29.0 && at_child > last_of_a.0, "{last_of_a:?}, {at_child}");
}

#[tokio::test(start_paused = true)]
async fn the_parents_of_a_recent_merge_are_read_too() {
    let mut world = World::new(1);
    let parent = world.id(0);
    world.put(-30.0, &parent);
    let grandchild = {
        let (left, right) = (world.open(-20.0, &[&parent]), world.open(-20.0, &[&parent]));
        world.put(-15.0, &left);
        world.put(-15.0, &right);
        world.open(-10.0, &[&left, &right])
    };
    world.put(-5.0, &grandchild);
    let seen = reading(world, Share::ALL, 10).await;
    let delivered = seen.ids();
    // After two reshardings within a minute the oldest shard is not read: it counts as closed long ago.
    assert_eq!(delivered.len(), 3, "{delivered:?}");
}

#[tokio::test(start_paused = true)]
async fn an_expired_iterator_is_replaced_by_one_after_the_last_record() {
    let mut world = World::new(1);
    let shard = world.id(0);
    for second in 0..20 {
        world.put(f64::from(second), &shard);
    }
    // The first iterator, and one after some records.
    world.faults.insert((Operation::GetRecords, 0), Fault::Expired);
    world.faults.insert((Operation::GetRecords, 8), Fault::Expired);
    let seen = reading(world, Share::ALL, 30).await;
    seen.check_all();
    let begun: Vec<_> = seen.calls(Operation::GetShardIterator).into_iter().map(|(_, about)| about).collect();
    let since = format!("{shard} Since(2026-11-22T09:59:00Z)");
    assert_eq!(begun.len(), 3);
    assert_eq!(begun[..2], [&*since, &*since]);
    assert!(begun[2].contains("After"), "{}", begun[2]);
    assert_eq!(seen.health(Operation::GetRecords), [HealthState::Ok], "It is not a failure");
}

#[tokio::test(start_paused = true)]
async fn the_pauses_of_a_throttled_shard_grow_and_those_of_others_do_not() {
    let mut world = World::new(2);
    let (a, b) = (world.id(0), world.id(1));
    for second in 0..60 {
        world.put(f64::from(second), &a);
        world.put(f64::from(second), &b);
    }
    world.page = 100;
    let throttled = || Fault::Error(ApiError::Throttled("ProvisionedThroughputExceededException".into()));
    // The first five reads of the first shard. Between them there are more and more reads of the second.
    for number in [0, 3, 6, 11, 20] {
        world.faults.insert((Operation::GetRecords, number), throttled());
    }
    let seen = reading(world, Share::ALL, 90).await;
    seen.check_all();
    let of = |shard: &str| -> Vec<f64> {
        let calls = seen.calls(Operation::GetRecords).into_iter().filter(|(_, about)| about.starts_with(shard));
        calls.map(|(second, _)| second).collect()
    };
    let pauses: Vec<f64> = of(&a).windows(2).map(|pair| (pair[1] - pair[0]).round()).take(6).collect();
    assert_eq!(pauses, [1.0, 2.0, 4.0, 8.0, 16.0, 1.0], "{:?}", of(&a));
    assert!(of(&b).len() > 85, "{}", of(&b).len());
    assert_eq!(seen.health(Operation::GetRecords), [HealthState::Throttled, HealthState::Ok]);
    let feed =
        seen.feeds().into_iter().find(|feed| feed.reason.contains("1 of 2 shards fail")).expect("a feed with it");
    assert!(
        feed.reason.ends_with("AWS throttles this call: ProvisionedThroughputExceededException"),
        "{}",
        feed.reason
    );
    assert_eq!(feed.state, FeedState::Running(LogWay::Kinesis), "The other shard is read");
}

#[tokio::test(start_paused = true)]
async fn two_readers_share_the_shards() {
    let mut world = World::new(8);
    for index in 0..8 {
        let shard = world.id(index);
        world.put(1.0, &shard);
    }
    let split = world.id(3);
    for _ in 0..2 {
        let child = world.open(5.0, &[&split]);
        world.put(6.0, &child);
    }
    let mut ids = BTreeSet::new();
    for part in [1, 2] {
        let seen = reading(world.clone(), Share { part, of: 2 }, 60).await;
        assert!(seen.ids().iter().all(|id| ids.insert((*id).to_string())), "No event is read by both");
        let feed = seen.feeds().pop().unwrap();
        assert!(feed.reason.ends_with(&format!("kinesis:logs, shards {part}/2")), "{}", feed.reason);
        assert!((2..=7).contains(&feed.sessions), "{}", feed.sessions);
        assert!(seen.batches().iter().all(|batch| batch.left_out == Some(LeftOut::OtherShards)));
    }
    assert_eq!(ids.len(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_share_without_shards_is_reported() {
    let parts = futures::future::join_all((1..=2).map(|part| reading(World::new(1), Share { part, of: 2 }, 10))).await;
    let reasons: Vec<&str> = parts.iter().map(|seen| &*seen.feeds().pop().unwrap().reason).collect();
    assert_eq!(
        reasons.iter().filter(|reason| reason.ends_with("; no shard is in this share")).count(),
        1,
        "{reasons:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_failed_listing_is_reported_and_tried_again() {
    let cases = [
        (ApiError::Denied("no".into()), HealthState::Denied, 600.0),
        (ApiError::NotFound("stream".into()), HealthState::Ok, 30.0),
        (ApiError::Unreachable("no connection".into()), HealthState::Unreachable, 2.0),
    ];
    for (error, state, pause) in cases {
        let mut world = World::new(1);
        let shard = world.id(0);
        world.put(-1.0, &shard);
        world.faults.insert((Operation::ListShards, 0), Fault::Error(error.clone()));
        let seen = reading(world, Share::ALL, 700).await;
        seen.check_all();
        let listings = seen.calls(Operation::ListShards);
        assert!((listings[1].0 - listings[0].0 - pause).abs() < 0.1, "{error}: {listings:?}");
        assert_eq!(seen.health(Operation::ListShards)[0], state);
        let failing = seen.feeds().into_iter().find(|feed| feed.state == FeedState::Failing).expect("a failing feed");
        assert!(failing.reason.ends_with(&format!("the shards cannot be listed: {error}")), "{}", failing.reason);
        assert_eq!(seen.feeds().pop().unwrap().state, FeedState::Running(LogWay::Kinesis));
    }
}

#[tokio::test(start_paused = true)]
async fn a_denied_operation_is_paused_for_all_shards() {
    let mut world = World::new(40);
    for number in 0..40 {
        world.faults.insert((Operation::GetRecords, number), Fault::Error(ApiError::Denied("no".into())));
    }
    let seen = reading(world, Share::ALL, 300).await;
    assert!(seen.calls(Operation::GetRecords).len() <= CALLS, "{}", seen.calls(Operation::GetRecords).len());
    assert_eq!(seen.health(Operation::GetRecords), [HealthState::Denied]);
}

#[tokio::test(start_paused = true)]
async fn a_shard_that_disappears_is_forgotten() {
    let mut world = World::new(2);
    let (lost, kept) = (world.id(0), world.id(1));
    world.put(1.0, &lost);
    let child = world.open(10.0, &[&lost]);
    world.shards.entry(lost).and_modify(|life| life.gone = Some(10.0));
    world.put(11.0, &child);
    world.put(12.0, &kept);
    let seen = reading(world, Share::ALL, 60).await;
    seen.check_all();
    let listings = seen.calls(Operation::ListShards);
    assert!(listings[1].0 < 12.0 && listings.len() < 6, "Listed at once, but not all the time: {listings:?}");
    let feed = seen.feeds().pop().unwrap();
    assert_eq!((feed.state, &*feed.reason), (FeedState::Running(LogWay::Kinesis), "chosen by --logs kinesis:logs"));
}

#[tokio::test(start_paused = true)]
async fn bad_records_are_reported_and_control_messages_are_not() {
    let mut world = World::new(1);
    let shard = world.id(0);
    let control = json!({
        "messageType": "CONTROL_MESSAGE", "owner": "CloudwatchLogs", "logGroup": "", "logStream": "",
        "subscriptionFilters": [], "logEvents": [{ "id": "", "timestamp": "1795343778557", "message": "CWL CONTROL MESSAGE" }],
    });
    world.put_data(1.0, &shard, gzip(&control));
    world.put(2.0, &shard);
    world.put_data(3.0, &shard, b"clickstream".to_vec());
    world.put(4.0, &shard);
    let seen = reading(world, Share::ALL, 10).await;
    seen.check_all();
    let feed = seen.feeds().pop().unwrap();
    assert_eq!(feed.state, FeedState::Running(LogWay::Kinesis));
    assert!(
        feed.reason.ends_with("; 1 records were no log events: it is not a subscription's JSON"),
        "{}",
        feed.reason
    );
}

#[tokio::test(start_paused = true)]
async fn while_the_engine_is_behind_nothing_is_lost_and_the_lag_is_reported() {
    let mut world = World::new(1);
    let shard = world.id(0);
    for second in 0..200 {
        world.put(f64::from(second), &shard);
    }
    world.page = 10;
    let run = Run::start(world, Share::ALL, 4);
    tokio::time::sleep(Duration::from_secs(200)).await;
    assert!(run.double.calls.lock().unwrap().len() < 20, "Reading waits");
    let seen = run.end(260.0).await;
    seen.check_all();
    let behind = seen.feeds().into_iter().filter_map(|feed| feed.behind_ms).max();
    assert!(behind.is_some_and(|behind| behind > 100_000), "{behind:?}");
    assert_eq!(seen.feeds().pop().unwrap().behind_ms, Some(0), "It caught up");
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_shards_are_listed_and_read_in_turn() {
    let mut world = World::new(10_000);
    let last = world.id(9_999);
    world.put(-1.0, &last);
    let seen = reading(world, Share::ALL, 30).await;
    assert_eq!(seen.ids().len(), 1);
    let pages: Vec<&str> = seen.calls(Operation::ListShards).into_iter().map(|(_, token)| token).take(10).collect();
    assert_eq!(pages, ["", "1000", "2000", "3000", "4000", "5000", "6000", "7000", "8000", "9000"]);
    assert_eq!(seen.feeds().pop().unwrap().sessions, 10_000);
    // 16 calls at the same time, of 20 ms each.
    let rate = seen.calls.len() / 30;
    assert!((600..=800).contains(&rate), "{rate} a second");
}

/// A stream that lives for a minute: reshardings, records and faults.
fn worlds() -> impl Strategy<Value = World> {
    let fault = prop_oneof![
        Just(Fault::Expired),
        Just(Fault::Error(ApiError::Throttled("t".into()))),
        Just(Fault::Error(ApiError::Unreachable("u".into()))),
    ];
    let call = prop_oneof![
        // The first listing succeeds, so that later changes of the shards are noticed.
        (1..10_usize).prop_map(|number| (Operation::ListShards, number)),
        (0..10_usize).prop_map(|number| (Operation::GetShardIterator, number)),
        (0..60_usize).prop_map(|number| (Operation::GetRecords, number)),
    ];
    (
        1..4_usize,
        prop::collection::vec((any::<bool>(), any::<prop::sample::Index>(), 1.0..60.0_f64), 0..5),
        prop::collection::vec((any::<prop::sample::Index>(), -50.0..60.0_f64), 0..60),
        prop::collection::btree_map(call, fault, 0..10),
        1..5_usize,
    )
        .prop_map(|(shards, mut changes, records, faults, page)| {
            let mut world = World::new(shards);
            changes.sort_by(|one: &(bool, prop::sample::Index, f64), other| one.2.total_cmp(&other.2));
            for (split, which, second) in changes {
                let open: Vec<String> =
                    world.shards.iter().filter(|(_, life)| life.closed.is_none()).map(|(id, _)| id.clone()).collect();
                let chosen = which.index(open.len());
                if split {
                    for _ in 0..2 {
                        world.open(second, &[&open[chosen]]);
                    }
                } else if open.len() > 1 {
                    world.open(second, &[&open[chosen], &open[(chosen + 1) % open.len()]]);
                }
            }
            for (which, second) in records {
                let open = world
                    .shards
                    .iter()
                    .filter(|(_, life)| life.opened <= second && life.closed.is_none_or(|closed| second < closed));
                let open: Vec<String> = open.map(|(id, _)| id.clone()).collect();
                world.put(second, &open[which.index(open.len())]);
            }
            world.faults = faults;
            world.page = page;
            world
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_event_is_read_once_and_every_span_is_complete(world in worlds()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let seen = runtime.block_on(reading(world, Share::ALL, 300));
        seen.check()?;
        let read: BTreeSet<&str> = seen.ids().into_iter().collect();
        prop_assert_eq!(read, seen.world.arrived(at(1e6)));
    }
}
