//! Logs that are being followed, and what was delivered from them.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use lambda_model::api::Account;
use lambda_model::demand::Demand;
use lambda_model::failure::{ApiError, HealthState};
use lambda_model::function::FunctionInfo;
use lambda_model::log::{LogBatch, LogEvent, LogFeed, LogWay};
use lambda_model::observation::{Observation, Payload, Usage};
use lambda_model::operation::Operation;
use lambda_model::time::Clock;
use lambda_model::{Arn, FunctionId, FunctionName, Scope};
use lamtop::source::directory::{Directory, LogPlace};
use lamtop::source::follow::{Choice, Plan, Share, follow};
use lamtop::source::outlet::{Meter, Outlet};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::region::{Region, start};

pub(super) fn plan(choice: Choice) -> Plan {
    Plan { choice, sessions: 3, idle: Some(TimeDelta::minutes(15)), share: Share::ALL }
}

pub(super) fn name(index: usize) -> FunctionName {
    format!("f{index:02}").as_str().into()
}

pub(super) fn group(index: usize) -> String {
    format!("/aws/lambda/{}", name(index))
}

/// 100 functions with groups of their own.
pub(super) fn directory(region: &str) -> Directory {
    let mut directory = Directory::default();
    for index in 0..100 {
        let info = FunctionInfo {
            name: name(index),
            arn: Arn::new(format!("arn:aws:lambda:{region}:123456789012:function:{}", name(index))),
            runtime: None,
            memory_mb: Some(128),
            timeout_s: Some(3),
            last_modified: None,
            code_sha256: None,
            snap_start: false,
            dead_letter_target: None,
            log_group: None,
            system_log_level: None,
        };
        directory.insert(info.name.clone(), LogPlace::of(&info));
    }
    directory
}

/// Logs that are being followed.
pub(super) struct Following {
    pub(super) clock: Clock,
    scope: Scope,
    pub(super) demand: watch::Sender<Demand>,
    _directory: watch::Sender<Directory>,
    pub(super) received: mpsc::Receiver<Observation>,
    pub(super) task: JoinHandle<()>,
    pub(super) seen: Vec<Observation>,
}

impl Following {
    pub(super) fn of(
        account: Account,
        clock: &Clock,
        region: &str,
        plan: Plan,
        places: Directory,
        room: usize,
    ) -> Self {
        let (demand, wanted) = watch::channel(Demand::default());
        let (directory, listed) = watch::channel(places);
        let (out, received) = mpsc::channel(room);
        let scope = Scope::new(None, region);
        let outlet = Outlet::new(scope.clone(), clock.clone(), out, Meter::default());
        let task = tokio::spawn(follow(account, outlet, plan, listed, wanted));
        Self { clock: clock.clone(), scope, demand, _directory: directory, received, task, seen: Vec::new() }
    }

    /// Follows the scripted Region, with these functions on screen.
    pub(super) fn start(plan: Plan, functions: impl IntoIterator<Item = usize>) -> (Region, Self) {
        Self::start_in("eu-west-1", plan, functions)
    }

    pub(super) fn start_in(name: &str, plan: Plan, functions: impl IntoIterator<Item = usize>) -> (Region, Self) {
        let clock = Clock::simulated(start(), 1.0);
        let region = Region::new(clock.clone());
        let following = Self::of(region.account(), &clock, name, plan, directory(name), 1 << 20);
        following.show(functions);
        (region, following)
    }

    /// Puts functions on screen.
    pub(super) fn show(&self, functions: impl IntoIterator<Item = usize>) {
        let visible = functions.into_iter().map(|index| self.id(name(index))).collect();
        self.demand.send_modify(|demand| demand.visible = visible);
    }

    pub(super) fn id(&self, name: FunctionName) -> FunctionId {
        FunctionId { scope: self.scope.clone(), name }
    }

    /// Opens a function's pane.
    pub(super) fn focus(&self, function: usize) {
        self.demand.send_modify(|demand| demand.focus = Some(self.id(name(function))));
    }

    /// Lets so much time pass.
    pub(super) async fn run(&mut self, seconds: u64) {
        let end = tokio::time::Instant::now() + Duration::from_secs(seconds);
        while let Ok(Some(observation)) = tokio::time::timeout_at(end, self.received.recv()).await {
            self.seen.push(observation);
        }
    }

    /// What the test begins to look at from here on.
    pub(super) fn forget(&mut self) {
        self.seen.clear();
    }

    pub(super) fn batches(&self) -> impl Iterator<Item = &LogBatch> {
        self.seen.iter().filter_map(|one| match &one.payload {
            Payload::Logs(batch) => Some(batch),
            _ => None,
        })
    }

    pub(super) fn by(&self, way: LogWay) -> usize {
        self.batches().filter(|batch| batch.way == way).count()
    }

    pub(super) fn feeds(&self) -> Vec<&LogFeed> {
        let feed = |one: &'_ Observation| matches!(one.payload, Payload::LogFeed(_));
        let feeds = self.seen.iter().filter(|one| feed(one));
        feeds.filter_map(|one| if let Payload::LogFeed(feed) = &one.payload { Some(feed) } else { None }).collect()
    }

    pub(super) fn feed(&self) -> &LogFeed {
        self.feeds().last().unwrap()
    }

    pub(super) fn usage(&self) -> Usage {
        let mut usages = self.seen.iter().filter_map(|one| match &one.payload {
            Payload::Usage(usage) => Some(*usage),
            _ => None,
        });
        usages.next_back().unwrap()
    }

    pub(super) fn health(&self, operation: Operation) -> Option<HealthState> {
        let mut states = self.seen.iter().filter_map(|one| match &one.payload {
            Payload::Health(health) if health.operation == operation => Some(health.state),
            _ => None,
        });
        states.next_back()
    }

    /// Every event delivered from a group, by its message, and how often.
    pub(super) fn delivered(&self, group: &str) -> BTreeMap<String, usize> {
        let mut told = BTreeMap::new();
        for event in self.batches().flat_map(|batch| &batch.events).filter(|event| &*event.group == group) {
            *told.entry(event.message.clone()).or_default() += 1;
        }
        told
    }

    /// The parts of `from..until` of a group of which nothing was delivered.
    pub(super) fn holes(&self, group: &str, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<(f64, f64)> {
        let about = |batch: &&LogBatch| batch.groups.as_ref().is_none_or(|all| all.iter().any(|one| **one == *group));
        let mut spans: Vec<_> = self.batches().filter(about).filter_map(|batch| batch.span).collect();
        spans.sort_unstable();
        spans.push((until, until));
        let (mut known, mut holes) = (from, Vec::new());
        for (begin, end) in spans {
            if begin.min(until) > known {
                holes.push((second(known), second(begin)));
            }
            known = known.max(end);
        }
        holes
    }
}

pub(super) fn second(at: DateTime<Utc>) -> f64 {
    (at - start()).as_seconds_f64()
}

/// Fails unless every one of `events` was delivered.
pub(super) fn assert_delivered(delivered: &BTreeMap<String, usize>, events: &[LogEvent]) {
    assert!(!events.is_empty());
    let lost: Vec<_> = events.iter().filter(|event| !delivered.contains_key(&event.message)).collect();
    assert!(lost.is_empty(), "{} lost: {:?}", lost.len(), lost.first());
}

pub(super) fn denied() -> ApiError {
    ApiError::Denied("AccessDeniedException: no".into())
}
