//! Reads a Kinesis stream that a subscription filter feeds: every shard of a share of it, at once.
//!
//! What is asked when is told by `shards`, what the records say by `intake`; here are the calls and what is told of
//! them. Nothing is dropped when the engine is behind: reading waits, the stream keeps its records for a day at the
//! least, and how far behind the reading is gets told.

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
use crate::source::outlet::{Heard, Outlet};
use lambda_model::api::{Account, Records, Shard};
use lambda_model::failure::ApiError;
use lambda_model::log::{FeedState, LeftOut, LogBatch, LogFeed, LogWay};
use lambda_model::observation::{Payload, Usage};
use lambda_model::operation::Operation;

/// Reading begins so long ago: what a screen of live numbers shows at first.
const LOOK_BACK: TimeDelta = TimeDelta::minutes(1);
/// From one listing of the shards to the next; a shard that ends asks for one at once.
const LISTING: TimeDelta = TimeDelta::seconds(30);
/// From one telling of events, span and state to the next.
const TELLING: TimeDelta = TimeDelta::milliseconds(500);
/// Calls under way at a time. An answer has up to 10 MB (docs/aws.md#kinesis), and some hundred come a second.
const CALLS: usize = 16;
/// More shards than the largest streams have, the closed ones of a day included.
const MOST_SHARDS: usize = 50_000;

/// Reads `stream`, a name or an ARN, until nobody listens to `outlet` any more.
pub(super) async fn read(account: Account, outlet: Outlet, stream: &str, share: Share) {
    let listeners = outlet.clone();
    let mut reader = Reader::new(account, outlet, stream, share);
    tokio::select! {
        () = listeners.closed() => {}
        _ = reader.run() => {}
    }
}

/// What a call brought.
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
    /// When to list the shards; `None` while that is under way.
    listing: Option<DateTime<Utc>>,
    /// A shard ended while its listing was under way, which may not know the children.
    stale: bool,
    /// How the last listing failed; `None` before the first, too.
    unlisted: Option<ApiError>,
    /// What is wrong with all shards at once, and would be asked in vain.
    backoff: Backoff,
    asked: BTreeSet<Operation>,
    spent: Usage,
    /// The end of the last span that was told.
    told_until: DateTime<Utc>,
    told_feed: Option<LogFeed>,
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
            asked: BTreeSet::new(),
            spent: Usage::default(),
            told_until: start,
            told_feed: None,
        }
    }

    /// Reads until nobody listens.
    async fn run(&mut self) -> Heard {
        let clock = self.outlet.clock().clone();
        let mut telling = clock.now();
        loop {
            let now = clock.now();
            if now >= telling {
                self.tell().await?;
                telling = now + TELLING;
            }
            let next_call = self.ask(now);
            let wake = next_call.map_or(telling, |due| due.min(telling));
            tokio::select! {
                Some(answer) = self.calls.next() => self.take(answer).await?,
                () = clock.sleep_until(wake) => {}
            }
        }
    }

    /// Begins with the calls that are due; tells when the next will be, unless one has to end before.
    fn ask(&mut self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.listing.is_some_and(|due| due <= now) {
            self.listing = None;
            self.asked.insert(Operation::ListShards);
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
                self.asked.insert(step.operation());
                self.spent.requests += 1;
                self.calls.push(carry_out(self.account.clone(), self.stream.clone(), id, step, now).boxed());
            }
        }
        let room = self.calls.len() < CALLS;
        let next_step = if room { paused.or_else(|| self.shards.next_due()) } else { None };
        next_step.into_iter().chain(self.listing).min()
    }

    async fn take(&mut self, answer: Answer) -> Heard {
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
            Answer::Read(id, asked, Ok(Some(records))) => {
                self.backoff.called(Operation::GetRecords, None, now);
                for record in &records.records {
                    self.intake.take(record);
                    if self.intake.is_full() {
                        self.deliver(None).await?;
                    }
                    // Ten megabytes of gzip are work for a moment: others may want this thread.
                    tokio::task::yield_now().await;
                }
                if self.shards.read(&id, &records, asked) {
                    self.list_soon(now);
                }
            }
            Answer::Read(id, _, Err(error)) => self.failed(&id, Operation::GetRecords, error, now),
        }
        Some(())
    }

    fn failed(&mut self, id: &Arc<str>, operation: Operation, error: ApiError, now: DateTime<Utc>) {
        match &error {
            // What one shard is refused for all the others are refused for, too.
            ApiError::Denied(_) | ApiError::Expired(_) => self.backoff.called(operation, Some(&error), now),
            // It is gone: which are there now?
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

    /// Tells the events, how far everything has been read, and how reading goes.
    async fn tell(&mut self) -> Heard {
        let until = self.shards.until().filter(|until| *until > self.told_until);
        let span = until.map(|until| (self.told_until, until));
        self.told_until = until.unwrap_or(self.told_until);
        self.deliver(span).await?;

        for operation in [Operation::ListShards, Operation::GetShardIterator, Operation::GetRecords] {
            if self.asked.contains(&operation) {
                let failure = match operation {
                    Operation::ListShards => self.unlisted.as_ref(),
                    _ => self.shards.failing(operation).1,
                };
                if let Some(health) = self.outlet.judge(operation, failure) {
                    self.outlet.tell(health).await?;
                }
            }
        }
        let feed = self.feed();
        if self.told_feed.as_ref() != Some(&feed) {
            self.outlet.tell(Payload::LogFeed(feed.clone())).await?;
            self.told_feed = Some(feed);
        }
        let spent = std::mem::take(&mut self.spent);
        if spent != Usage::default() {
            self.outlet.tell(self.outlet.spend(spent)).await?;
        }
        Some(())
    }

    async fn deliver(&mut self, span: Option<(DateTime<Utc>, DateTime<Utc>)>) -> Heard {
        let events = self.intake.drain();
        if events.is_empty() && span.is_none() {
            return Some(());
        }
        let left_out = (self.share.of > 1).then_some(LeftOut::OtherShards);
        let batch = LogBatch { way: LogWay::Kinesis, groups: None, span, left_out, events };
        self.outlet.tell(Payload::Logs(batch)).await
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

/// All shards of a stream, and the requests that took.
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

async fn carry_out(account: Account, stream: Arc<str>, id: Arc<str>, step: Step, now: DateTime<Utc>) -> Answer {
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
