//! Log events that MiniStack really has, read through the AWS adapter in each of its ways.
//!
//! The adapter takes its credentials from the environment, which a test cannot set for itself. So these tests run in
//! a process of their own, with the environment of a user who has fake keys and nothing else, and its own emulator.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use lambda_logs::{Line, parse};
use lambda_model::api::{Account, LogQuery, TailFilter};
use lambda_model::demand::Demand;
use lambda_model::log::{FeedState, LogFeed, LogWay};
use lambda_model::observation::{Observation, Payload};
use lambda_model::operation::Operation;
use lambda_model::time::Clock;
use lambda_model::{Arn, Scope};
use lamtop::source::aws::{Choice, connect};
use lamtop::source::directory::Directory;
use lamtop::source::follow::{self, Plan, Share, follow};
use lamtop::source::outlet::{Meter, Outlet};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use crate::ministack;
use crate::process;
use crate::proxy::{Failing, Proxy};

/// The emulator starts, functions run, and a shard is read once a second: ten seconds' work on an idle machine.
const PATIENCE: Duration = Duration::from_mins(1);
/// All of that three times over, and a Python environment that has to be made first.
const ALTOGETHER: Duration = Duration::from_mins(5);

const REASON: &str = "needs an environment of its own";

#[tokio::test]
async fn live_logs_are_read_from_the_emulator() {
    let home = TempDir::new().unwrap();
    let mut command = process::isolated(std::env::current_exe().unwrap(), home.path());
    command.args(["logs::alone::", "--ignored", "--test-threads=3"]);
    let run = process::run(command, ALTOGETHER).await;
    assert_eq!(run.code, Some(0), "{}\n{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("3 passed"), "{}", run.stdout);
}

async fn account(endpoint: &str, region: &str) -> Account {
    assert_eq!(std::env::var("AWS_ACCESS_KEY_ID").as_deref(), Ok("test"), "{REASON}");
    let choice = Choice { profile: None, region: Some(region.into()), endpoint_url: Some(endpoint.into()) };
    connect(&choice).await.unwrap().account
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

mod alone {
    use super::*;

    #[tokio::test]
    #[ignore = "run by live_logs_are_read_from_the_emulator"]
    async fn every_real_invocation_is_polled_once() {
        const REGION: &str = "eu-central-1";
        let emulator = ministack::shared();
        let from = Clock::system().now();
        let made = emulator.make_live(REGION, &["invoke", "7"]).await;
        let account = account(emulator.endpoint(), REGION).await;

        // Two looks at overlapping spans, as a poll's. MiniStack gives no ids: events that come twice are recognised by their content.
        let mut events = BTreeMap::new();
        let mut came = 0;
        for _ in 0..2 {
            let group = made["group"].as_str().unwrap().into();
            let query = LogQuery { group, from, until: Clock::system().now() };
            let mut token = None;
            loop {
                let page = account.logs.events(&query, token).await.unwrap();
                came += page.items.len();
                for event in page.items {
                    events.insert((event.timestamp, event.stream.clone(), event.message.clone()), event);
                }
                token = page.next;
                if token.is_none() {
                    break;
                }
            }
        }
        assert_eq!(came, 2 * events.len(), "each is there in both looks");

        let (mut starts, mut reports) = (Vec::new(), Vec::new());
        for event in events.values() {
            assert_eq!(&*event.group, "/aws/lambda/e2e-live");
            assert!(event.timestamp >= from && event.ingestion >= event.timestamp, "{event:?}");
            match parse(&event.message) {
                Line::Start(start) => starts.push(start.request),
                Line::Report(report) => {
                    assert!(report.duration_ms.is_some(), "{event:?}");
                    reports.push(report.request);
                }
                _ => {}
            }
        }
        starts.sort_unstable();
        reports.sort_unstable();
        let mut requests = texts(&made["requests"]);
        requests.sort_unstable();
        assert_eq!((requests.len(), &starts, &reports), (7, &requests, &requests));
    }

    #[tokio::test]
    #[ignore = "run by live_logs_are_read_from_the_emulator"]
    async fn a_live_tail_tells_what_is_said_now() {
        const REGION: &str = "eu-north-1";
        const GROUP: &str = "/e2e/tail";
        let emulator = ministack::shared();
        let made = emulator.make_live(REGION, &["group", GROUP]).await;
        // Through a proxy, which passes on what comes as it comes.
        let proxy = Proxy::start(emulator.endpoint(), Failing::Nothing).await;
        let account = account(proxy.endpoint(), REGION).await;
        let mut tail =
            account.logs.tail(&[Arn::new(made["arn"].as_str().unwrap())], TailFilter::Everything).await.unwrap();
        let empty = timeout(PATIENCE, tail.next()).await.expect("an update comes each second").unwrap();
        assert!(empty.events.is_empty() && !empty.sampled);

        let said = emulator.make_live(REGION, &["say", GROUP, "40"]).await;
        let (messages, mut events) = (texts(&said["messages"]), Vec::new());
        let reading = async {
            while events.len() < messages.len() {
                events.extend(tail.next().await.unwrap().events);
            }
        };
        timeout(PATIENCE, reading).await.expect("every event arrives");
        assert_eq!(events.iter().map(|event| &*event.message).collect::<Vec<_>>(), messages);
        let times: Vec<i64> = events.iter().map(|event| event.timestamp.timestamp_millis()).collect();
        assert_eq!(serde_json::json!(times), said["timestamps"]);
        for event in &events {
            assert_eq!((&*event.group, Some(&*event.stream)), (GROUP, made["stream"].as_str()));
            assert!(event.id.is_none() && event.ingestion >= event.timestamp, "{event:?}");
        }
        assert_eq!(proxy.recorded(), [Operation::StartLiveTail.action()], "one session");
    }

    #[tokio::test]
    #[ignore = "run by live_logs_are_read_from_the_emulator"]
    async fn a_kinesis_stream_is_read_over_its_shards_and_through_a_split() {
        const REGION: &str = "eu-south-1";
        const STREAM: &str = "e2e-live";
        let emulator = ministack::shared();
        emulator.make_live(REGION, &["stream", STREAM]).await;
        let first = emulator.make_live(REGION, &["records", STREAM, "0", "30"]).await;
        assert_eq!(first["shards"].as_array().map(Vec::len), Some(2), "{first}");

        let mut reading = Reading::start(account(emulator.endpoint(), REGION).await, STREAM);
        reading.read_all(&first["ids"], 2).await;

        let split = emulator.make_live(REGION, &["split", STREAM]).await;
        let second = emulator.make_live(REGION, &["records", STREAM, "30", "30"]).await;
        assert_eq!(second["shards"], split["shards"], "three shards");
        reading.read_all(&second["ids"], 3).await;
        let feed = reading.feed.as_ref().unwrap();
        assert_eq!((feed.state, feed.groups), (FeedState::Running(LogWay::Kinesis), 1));
        assert_eq!(feed.reason, format!("chosen by --logs kinesis:{STREAM}"));
        reading.end().await;
    }

    /// A stream that is being followed, and what was reported about it.
    struct Reading {
        received: mpsc::Receiver<Observation>,
        task: tokio::task::JoinHandle<()>,
        ids: BTreeSet<Box<str>>,
        feed: Option<LogFeed>,
    }

    impl Reading {
        fn start(account: Account, stream: &str) -> Self {
            let (out, received) = mpsc::channel(16);
            let outlet = Outlet::new(Scope::new(None, "e2e"), Clock::system(), out, Meter::default());
            let choice = follow::Choice::Kinesis(stream.into());
            let plan = Plan { choice, sessions: 0, idle: None, share: Share::ALL };
            let task = tokio::spawn(async move {
                let (_known, directory) = watch::channel(Directory::default());
                let (_wanted, demand) = watch::channel(Demand::default());
                follow(account, outlet, plan, directory, demand).await;
            });
            Self { received, task, ids: BTreeSet::new(), feed: None }
        }

        /// Reads until all of these events have come, each of them once, and this number of shards is read.
        async fn read_all(&mut self, expected: &Value, shards: usize) {
            let expected = texts(expected);
            let reading = async {
                while self.feed.as_ref().is_none_or(|feed| feed.sessions != shards)
                    || !expected.iter().all(|id| self.ids.contains(*id))
                {
                    match self.received.recv().await.expect("it goes on").payload {
                        Payload::Logs(batch) => {
                            for event in batch.events {
                                let id = event.id.expect("an id");
                                assert!(event.message.starts_with("REPORT "), "{}", event.message);
                                assert!(self.ids.insert(id.clone()), "twice: {id}");
                            }
                        }
                        Payload::LogFeed(feed) => self.feed = Some(feed),
                        _ => {}
                    }
                }
            };
            timeout(PATIENCE, reading).await.expect("all records are read");
        }

        /// Listens no more, which ends it.
        async fn end(self) {
            drop(self.received);
            timeout(PATIENCE, self.task).await.expect("it ends").unwrap();
        }
    }
}
