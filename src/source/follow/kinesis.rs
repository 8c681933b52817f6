//! Reads a Kinesis stream to which a subscription filter delivers: all shards, or a share of them, at the same time.
//!
//! `shards` decides which call is due, and `intake` parses the records. This file makes the calls and sends the
//! observations. Nothing is dropped when the engine is behind: reading waits, and the feed reports how far behind it
//! is. The stream keeps its records for at least a day.

mod intake;
mod shards;

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};

use self::intake::Intake;
use self::shards::{Shards, Step};
use super::Share;
use crate::source::backoff::Backoff;
use crate::source::calls::Pages;
use crate::source::outlet::{Delivered, Outlet};
use lambda_model::api::{Account, Records, Shard};
use lambda_model::failure::ApiError;
use lambda_model::log::{FeedState, LeftOut, LogBatch, LogFeed, LogWay};
use lambda_model::observation::{Payload, Usage};
use lambda_model::operation::Operation;

/// How far back reading begins: the window of the live numbers.
const LOOK_BACK: TimeDelta = TimeDelta::minutes(1);
/// The interval at which shards are listed. They are also listed at once when a shard ends.
const LISTING: TimeDelta = TimeDelta::seconds(30);
/// The interval at which events, span and state are sent.
const SENDING: TimeDelta = TimeDelta::milliseconds(500);
/// Calls at the same time. An answer has up to 10 MB (docs/aws.md#kinesis), and some hundred come in a second.
const CALLS: usize = 16;
/// The most shards of a stream: more than the largest streams have, including those that were closed within a day.
const MOST_SHARDS: usize = 50_000;

/// Reads `stream`, a name or an ARN, until the engine stops.
pub(super) async fn read(account: Account, outlet: Outlet, stream: &str, share: Share) {
    let engine = outlet.clone();
    let mut reader = Reader::new(account, outlet, stream, share);
    tokio::select! {
        () = engine.closed() => {}
        _ = reader.run() => {}
    }
}

/// The result of a call.
enum Answer {
    Listed(Result<Vec<Shard>, ApiError>, u64),
    Began(Arc<str>, Result<String, ApiError>),
    Read(Arc<str>, DateTime<Utc>, Result<Option<Records>, ApiError>),
}

struct Reader {
    account: Account,
    outlet: Outlet,
    stream: Arc<str>,
    share: Share,
    shards: Shards,
    intake: Intake,
    calls: FuturesUnordered<BoxFuture<'static, Answer>>,
    /// When to list the shards; `None` while they are being listed.
    listing: Option<DateTime<Utc>>,
    /// Whether a shard ended while the shards were being listed: the list may not contain its children.
    stale: bool,
    /// Why the last listing failed; `None` when it succeeded, and before the first.
    unlisted: Option<ApiError>,
    /// Pauses operations that fail for all shards.
    backoff: Backoff,
    called: BTreeSet<Operation>,
    spent: Usage,
    /// The end of the last span that was sent.
    sent_until: DateTime<Utc>,
    sent_feed: Option<LogFeed>,
}

impl Reader {
    fn new(account: Account, outlet: Outlet, stream: &str, share: Share) -> Self {
        let now = outlet.clock().now();
        let start = now - LOOK_BACK;
        Self {
            account,
            outlet,
            stream: stream.into(),
            share,
            shards: Shards::new(share, start),
            intake: Intake::default(),
            calls: FuturesUnordered::new(),
            listing: Some(now),
            stale: false,
            unlisted: None,
            backoff: Backoff::default(),
            called: BTreeSet::new(),
            spent: Usage::default(),
            sent_until: start,
            sent_feed: None,
        }
    }

    /// Reads until the engine stops.
    async fn run(&mut self) -> Delivered {
        let clock = self.outlet.clock().clone();
        let mut sending = clock.now();
        loop {
            let now = clock.now();
            if now >= sending {
                self.send().await?;
                sending = now + SENDING;
            }
            let next_call = self.start_calls(now);
            let wake = next_call.map_or(sending, |due| due.min(sending));
            tokio::select! {
                Some(answer) = self.calls.next() => self.take(answer).await?,
                () = clock.sleep_until(wake) => {}
            }
        }
    }

    /// Starts the calls that are due. Returns when the next one is due; `None` when another has to end before.
    fn start_calls(&mut self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.listing.is_some_and(|due| due <= now) {
            self.listing = None;
            self.called.insert(Operation::ListShards);
            self.calls.push(list(self.account.clone(), self.stream.clone()).boxed());
        }
        let paused = [Operation::GetShardIterator, Operation::GetRecords]
            .into_iter()
            .filter_map(|operation| self.backoff.paused_until(operation))
            .max()
            .filter(|until| *until > now);
        if paused.is_none() {
            while self.calls.len() < CALLS
                && let Some((id, step)) = self.shards.take_due(now)
            {
                self.called.insert(step.operation());
                self.spent.requests += 1;
                self.calls.push(call(self.account.clone(), self.stream.clone(), id, step, now).boxed());
            }
        }
        let room = self.calls.len() < CALLS;
        let next_step = if room { paused.or_else(|| self.shards.next_due()) } else { None };
        next_step.into_iter().chain(self.listing).min()
    }

    async fn take(&mut self, answer: Answer) -> Delivered {
        let now = self.outlet.clock().now();
        match answer {
            Answer::Listed(outcome, requests) => {
                self.spent.requests += requests;
                self.backoff.called(Operation::ListShards, outcome.as_ref().err(), now);
                self.listing = Some(self.backoff.paused_until(Operation::ListShards).unwrap_or(now + LISTING));
                self.unlisted = outcome.as_ref().err().cloned();
                let stale = std::mem::take(&mut self.stale);
                match outcome {
                    Ok(_) if stale => self.list_soon(now),
                    Ok(listing) => self.shards.listed(listing, now),
                    Err(_) => {}
                }
            }
            Answer::Began(id, Ok(iterator)) => {
                self.backoff.called(Operation::GetShardIterator, None, now);
                self.shards.began(&id, iterator, now);
            }
            Answer::Began(id, Err(error)) => self.failed(&id, Operation::GetShardIterator, error, now),
            Answer::Read(id, _, Ok(None)) => self.shards.expired(&id, now),
            Answer::Read(id, called, Ok(Some(records))) => {
                self.backoff.called(Operation::GetRecords, None, now);
                for record in &records.records {
                    self.intake.take(record);
                    if self.intake.is_full() {
                        self.deliver(None).await?;
                    }
                    // To decompress 10 MB takes a while: let other tasks of this thread run in between.
                    tokio::task::yield_now().await;
                }
                if self.shards.read(&id, &records, called) {
                    self.list_soon(now);
                }
            }
            Answer::Read(id, _, Err(error)) => self.failed(&id, Operation::GetRecords, error, now),
        }
        Some(())
    }

    fn failed(&mut self, id: &Arc<str>, operation: Operation, error: ApiError, now: DateTime<Utc>) {
        match &error {
            // This holds for all shards.
            ApiError::Denied(_) | ApiError::Expired(_) => self.backoff.called(operation, Some(&error), now),
            // The shard does not exist any more: list those that do.
            ApiError::NotFound(_) => self.list_soon(now),
            ApiError::Throttled(_) | ApiError::Unsupported(_) | ApiError::Unreachable(_) => {}
        }
        self.shards.failed(id, operation, error, now);
    }

    /// Lists the shards again at once, unless that failed lately.
    fn list_soon(&mut self, now: DateTime<Utc>) {
        self.stale = self.listing.is_none();
        if self.unlisted.is_none() {
            self.listing = self.listing.map(|due| due.min(now));
        }
    }

    /// Sends the events, the span that was read, the health of the operations, the feed and the usage.
    async fn send(&mut self) -> Delivered {
        let until = self.shards.until().filter(|until| *until > self.sent_until);
        let span = until.map(|until| (self.sent_until, until));
        self.sent_until = until.unwrap_or(self.sent_until);
        self.deliver(span).await?;

        for operation in [Operation::ListShards, Operation::GetShardIterator, Operation::GetRecords] {
            if self.called.contains(&operation) {
                let failure = match operation {
                    Operation::ListShards => self.unlisted.as_ref(),
                    _ => self.shards.failing(operation).1,
                };
                if let Some(health) = self.outlet.judge(operation, failure) {
                    self.outlet.publish(health).await?;
                }
            }
        }
        let feed = self.feed();
        if self.sent_feed.as_ref() != Some(&feed) {
            self.outlet.publish(Payload::LogFeed(feed.clone())).await?;
            self.sent_feed = Some(feed);
        }
        let spent = std::mem::take(&mut self.spent);
        if spent != Usage::default() {
            self.outlet.publish(self.outlet.spend(spent)).await?;
        }
        Some(())
    }

    async fn deliver(&mut self, span: Option<(DateTime<Utc>, DateTime<Utc>)>) -> Delivered {
        let events = self.intake.drain();
        if events.is_empty() && span.is_none() {
            return Some(());
        }
        let left_out = (self.share.of > 1).then_some(LeftOut::OtherShards);
        let batch = LogBatch { way: LogWay::Kinesis, groups: None, span, left_out, events };
        self.outlet.publish(Payload::Logs(batch)).await
    }

    fn feed(&self) -> LogFeed {
        let count = self.shards.count();
        let Share { part, of } = self.share;
        let mut reasons = vec![match of {
            1 => format!("chosen by --logs kinesis:{}", self.stream),
            _ => format!("chosen by --logs kinesis:{}, shards {part}/{of}", self.stream),
        }];
        let mut failing = 0;
        for operation in [Operation::GetShardIterator, Operation::GetRecords] {
            if let (shards, Some(error)) = self.shards.failing(operation) {
                failing += shards;
                reasons.push(format!("{shards} of {count} shards fail: {error}"));
            }
        }
        if let Some(error) = &self.unlisted {
            reasons.push(format!("the shards cannot be listed: {error}"));
        }
        if let (bad @ 1.., Some(why)) = self.intake.bad() {
            reasons.push(format!("{bad} records were no log events: {why}"));
        }
        let state = match self.shards.until() {
            None if self.unlisted.is_some() => FeedState::Failing,
            None if !self.shards.are_listed() => FeedState::Starting,
            None => {
                reasons.push("no shard is in this share".into());
                FeedState::Running(LogWay::Kinesis)
            }
            Some(_) if failing == count && count > 0 => FeedState::Failing,
            Some(_) => FeedState::Running(LogWay::Kinesis),
        };
        LogFeed {
            state,
            reason: reasons.join("; "),
            groups: self.intake.groups(),
            left: 0,
            sessions: count,
            behind_ms: self.shards.behind_ms(),
        }
    }
}

/// Lists all shards of a stream, and counts the requests.
async fn list(account: Account, stream: Arc<str>) -> Answer {
    let (mut shards, mut requests, mut pages) = (Vec::new(), 0, Pages::default());
    while let Some(token) = pages.next() {
        requests += 1;
        match account.streams.shards(&stream, token).await {
            Ok(page) => shards.extend(pages.take(page)),
            Err(error) => return Answer::Listed(Err(error), requests),
        }
        if shards.len() > MOST_SHARDS {
            let error = ApiError::Unsupported(format!("the stream has more than {MOST_SHARDS} shards"));
            return Answer::Listed(Err(error), requests);
        }
    }
    Answer::Listed(Ok(shards), requests)
}

async fn call(account: Account, stream: Arc<str>, id: Arc<str>, step: Step, now: DateTime<Utc>) -> Answer {
    match step {
        Step::Begin(position) => {
            let iterator = account.streams.iterator(&stream, &id, &position).await;
            Answer::Began(id, iterator)
        }
        Step::Read(iterator) => {
            let records = account.streams.records(&stream, &iterator).await;
            Answer::Read(id, now, records)
        }
    }
}

#[cfg(test)]
mod tests;
