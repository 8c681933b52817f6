//! Follows the log groups of the functions on screen with Live Tail, or with polls where Live Tail does not work.
//!
//! This is one loop: [`screen`](super::screen) names the groups, [`sessions`](super::sessions) and
//! [`polls`] decide what to read, and tasks make the calls.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{mpsc, watch};

use super::delivery::{Delivery, Offers};
use super::describe::{Answer, Describer};
use super::event::Event;
use super::feed::{Situation, feed};
use super::handles::Handles;
use super::jobs::{Done, Ended, Job, Jobs};
use super::poll::{self, Outcome, Turn};
use super::polls::{self, Polled, Polls};
use super::screen::Screen;
use super::sessions::{SessionId, Sessions, Step};
use super::tail::{End, Session};
use super::targets::{Standing, Wanted};
use super::{Choice, Plan};
use crate::source::backoff::Backoff;
use crate::source::directory::{Directory, LogPlace};
use crate::source::outlet::{Delivered, Outlet};
use crate::source::pace::Pace;
use lambda_model::api::{Account, TailFilter};
use lambda_model::demand::Demand;
use lambda_model::failure::ApiError;
use lambda_model::log::LogFeed;
use lambda_model::observation::{Payload, Usage};
use lambda_model::operation::Operation;
use lambda_model::time::Clock;

/// How often the seconds of sessions are counted, which AWS bills.
const COUNT_EVERY: TimeDelta = TimeDelta::seconds(10);
/// A session that was open for this long did work: the pause after its failure starts short again.
const PROVEN: TimeDelta = TimeDelta::seconds(60);
/// How often to check what has become due.
const TICK: Duration = Duration::from_millis(250);
/// Reports of tasks that may wait. The tasks wait when the queue is full.
const EVENTS: usize = 64;

/// Follows the functions that `demand` names until the engine stops.
///
/// When no key was pressed for `plan.idle`, nothing is read: the user is probably away, sessions cost money, and polls
/// use a quota that others share.
pub(super) async fn watch(
    account: Account,
    outlet: Outlet,
    plan: Plan,
    mut directory: watch::Receiver<Directory>,
    mut demand: watch::Receiver<Demand>,
) {
    let (events, mut received) = mpsc::channel(EVENTS);
    let mut watching = Watching::new(account, outlet, plan, events);
    loop {
        watching.look(&demand.borrow_and_update(), &directory.borrow_and_update());
        if watching.step().await.is_none() {
            return;
        }
        let goes_on = tokio::select! {
            biased;
            Some(event) = received.recv() => watching.take(event).await,
            Some(ended) = watching.jobs.next() => {
                // The task reported to this channel before it ended: take its reports first.
                while let Ok(event) = received.try_recv() {
                    if watching.take(event).await.is_none() {
                        return;
                    }
                }
                watching.ended(ended).await
            }
            Ok(()) = demand.changed() => Some(()),
            Ok(()) = directory.changed() => Some(()),
            () = watching.outlet.closed() => None,
            () = watching.clock.sleep(TICK) => Some(()),
        };
        if goes_on.is_none() {
            return;
        }
    }
}

struct Watching {
    account: Account,
    outlet: Outlet,
    choice: Choice,
    clock: Clock,
    refreshed: u64,
    screen: Screen,
    describer: Describer,
    sessions: Sessions,
    polls: Polls,
    /// For `FilterLogEvents`.
    backoff: Backoff,
    /// For `StartLiveTail`. It is lifted when a session is closed, because that makes room under the quota.
    tail_backoff: Backoff,
    /// Why the last session could not be opened, or failed; `None` when it was opened.
    unopened: Option<ApiError>,
    /// Why the last poll failed.
    unanswered: Option<ApiError>,
    poll_pace: Arc<Pace>,
    handles: Handles,
    delivery: Delivery,
    events: mpsc::Sender<Event>,
    jobs: Jobs,
    /// When the seconds of sessions were last counted.
    counted: DateTime<Utc>,
    /// Whether there is usage that was not reported yet.
    spent: bool,
    feed: Option<LogFeed>,
}

impl Watching {
    fn new(account: Account, outlet: Outlet, plan: Plan, events: mpsc::Sender<Event>) -> Self {
        let clock = outlet.clock().clone();
        let now = clock.now();
        let rate = polls::rate(&outlet.scope().region);
        let (delivery, forward) = Delivery::new(outlet.clone());
        let sessions = if plan.choice == Choice::Poll { 0 } else { plan.sessions };
        let mut watching = Self {
            poll_pace: Arc::new(Pace::new(clock.clone(), rate, None)),
            describer: Describer::new(Arc::clone(&account.logs), clock.clone()),
            account,
            outlet,
            choice: plan.choice,
            clock,
            refreshed: 0,
            screen: Screen::new(plan.idle, now),
            sessions: Sessions::new(sessions),
            polls: Polls::new(rate),
            backoff: Backoff::default(),
            tail_backoff: Backoff::default(),
            unopened: None,
            unanswered: None,
            handles: Handles::default(),
            delivery,
            events,
            jobs: Jobs::default(),
            counted: now,
            spent: false,
            feed: None,
        };
        watching.jobs.spawn(Job::Deliver, async {
            forward.await;
            Done::Delivered
        });
        watching
    }

    /// Takes in what is on screen.
    fn look(&mut self, demand: &Demand, directory: &Directory) {
        self.screen.look(demand, directory, self.outlet.scope(), self.clock.now());
        self.describer.look(demand);
        if demand.refresh != self.refreshed {
            self.refreshed = demand.refresh;
            self.backoff.lift();
            self.tail_backoff.lift();
        }
    }

    /// Starts what is due, and reports usage and feed when they changed.
    async fn step(&mut self) -> Delivered {
        let now = self.clock.now();
        self.describe(now);
        self.arrange(now);
        self.poll(now);
        if now - self.counted >= COUNT_EVERY {
            self.counted = now;
            self.count();
            if std::mem::take(&mut self.spent) {
                self.outlet.publish(self.outlet.spend(Usage::default())).await?;
            }
        }
        let feed = self.feed();
        if self.feed.as_ref() != Some(&feed) {
            self.feed = Some(feed.clone());
            self.outlet.publish(Payload::LogFeed(feed)).await?;
        }
        Some(())
    }

    /// Describes the next group that is due.
    fn describe(&mut self, now: DateTime<Utc>) {
        if let Some((group, call)) = self.describer.next(self.screen.wanted(), now) {
            self.jobs.spawn(Job::Describe(group), async move { Done::Described(call.await) });
        }
    }

    /// The groups that can be read, in order.
    fn readable(&self) -> Vec<Arc<str>> {
        let groups = self.screen.wanted().iter().map(|one| &one.place.group);
        groups.filter(|group| self.describer.is_readable(group)).cloned().collect()
    }

    /// Opens and closes sessions for what is on screen.
    fn arrange(&mut self, now: DateTime<Utc>) {
        let readable = self.readable();
        if !self.is_settled(&readable, now) {
            return;
        }
        self.screen.arranged();
        let paused = self.tail_backoff.paused_until(Operation::StartLiveTail);
        let may_open = paused.is_none_or(|until| now >= until);
        let focus = self.reads_focus(&readable);
        while let Some(step) = self.sessions.next(&readable, focus, may_open, now) {
            match step {
                Step::Open(id, groups, filter) => self.open(id, &groups, filter),
                Step::Close(id) => self.close(id, now),
            }
        }
    }

    /// Whether the screen has been the same for a while and its groups are described. An open pane whose group no
    /// session reads does not wait for that.
    fn is_settled(&self, readable: &[Arc<str>], now: DateTime<Utc>) -> bool {
        let focus = self.screen.focus().filter(|focus| readable.first() == Some(focus));
        let is_unknown = |one: &Wanted| self.describer.standing(&one.place.group) == Standing::Unknown;
        let awaits = self.screen.wanted().iter().any(is_unknown) && !self.describer.fails();
        focus.is_some_and(|focus| !self.sessions.has(focus)) || self.screen.is_settled(awaits, now)
    }

    /// Whether the first group that can be read is the one of the open pane.
    fn reads_focus(&self, readable: &[Arc<str>]) -> bool {
        self.screen.focus().is_some_and(|focus| readable.first() == Some(focus))
    }

    fn open(&mut self, id: SessionId, groups: &[Arc<str>], filter: TailFilter) {
        let place =
            |group: &Arc<str>| self.screen.wanted().iter().map(|one| &one.place).find(|place| place.group == *group);
        let places: Vec<LogPlace> = groups.iter().filter_map(place).cloned().collect();
        let (close, progress) = self.handles.add(id);
        let session = Session {
            id,
            logs: Arc::clone(&self.account.logs),
            clock: self.clock.clone(),
            places,
            filter,
            offers: Offers::new(self.delivery.clone()),
            events: self.events.clone(),
            close,
            progress,
        };
        self.jobs.spawn(Job::Tail(id), async move { Done::Tailed(id, session.run().await) });
    }

    /// Closes a session as soon as it has been read until `after`.
    fn close(&mut self, id: SessionId, after: DateTime<Utc>) {
        self.handles.close(id, after);
        if matches!(self.unopened, Some(ApiError::Throttled(_))) {
            self.tail_backoff.lift();
        }
    }

    /// Starts the polls that are due.
    fn poll(&mut self, now: DateTime<Utc>) {
        let wanted = self.screen.wanted();
        self.polls.retain(|group| wanted.iter().any(|one| one.place.group == *group), now);
        if self.backoff.paused_until(Operation::FilterLogEvents).is_some_and(|until| now < until) {
            return;
        }
        let polled = self.polled();
        let beside = self.sessions.open_count() > 0;
        while let Some(turn) = self.polls.next(&polled, beside, now) {
            let group = Arc::clone(&turn.reading.query.group);
            let (logs, pace) = (Arc::clone(&self.account.logs), Arc::clone(&self.poll_pace));
            let taken = poll::take(turn, logs, pace, self.delivery.clone(), self.events.clone());
            self.jobs.spawn(Job::Poll(group), async move {
                let (turn, outcome) = taken.await;
                Done::Polled(turn, outcome)
            });
        }
    }

    /// The groups to poll: all of them, or those that no session reads and for which there is no room in sessions or no
    /// session can be opened.
    fn polled(&self) -> Vec<Polled> {
        let readable = self.readable();
        let room = if self.unopened.is_some() { 0 } else { self.sessions.room(self.reads_focus(&readable)) };
        let is_polled = |place: usize, group: &Arc<str>| match self.choice {
            Choice::Poll => true,
            Choice::Auto => place >= room && self.sessions.reads(group, None).is_none(),
            Choice::Tail | Choice::Kinesis(_) | Choice::Off => false,
        };
        let groups = readable.into_iter().enumerate().filter(|(place, group)| is_polled(*place, group));
        groups.map(|(_, group)| Polled { focus: self.screen.focus() == Some(&group), group }).collect()
    }

    async fn take(&mut self, event: Event) -> Delivered {
        match event {
            Event::Called(operation, failure) => {
                self.spend(Usage { requests: 1, ..Usage::default() });
                if operation == Operation::FilterLogEvents {
                    self.unanswered = failure.clone().filter(|error| !matches!(error, ApiError::NotFound(_)));
                }
                if operation != Operation::StartLiveTail {
                    self.backoff.called(operation, failure.as_ref(), self.clock.now());
                }
                self.judge(operation, failure.as_ref()).await
            }
            Event::Opened(id) => {
                self.opened(id);
                Some(())
            }
            Event::Sampled(id, again) => {
                self.sessions.sampled(id);
                if let Some((from, until)) = again {
                    for group in self.sessions.groups(id) {
                        self.polls.missed(group, from, until);
                    }
                }
                Some(())
            }
        }
    }

    async fn judge(&mut self, operation: Operation, failure: Option<&ApiError>) -> Delivered {
        match self.outlet.judge(operation, failure) {
            Some(health) => self.outlet.publish(health).await,
            None => Some(()),
        }
    }

    fn opened(&mut self, id: SessionId) {
        let Some((since, _)) = self.handles.progress(id) else { return };
        for group in self.sessions.groups(id) {
            if self.sessions.reads(group, Some(id)).is_none() {
                self.polls.tailed(group, since);
            }
        }
        self.unopened = None;
        if let Some(replaced) = self.sessions.opened(id, since) {
            // Not at once: its last updates cover the time until the new session was opened.
            self.close(replaced, since);
        }
    }

    async fn ended(&mut self, ended: Ended) -> Delivered {
        match ended {
            Ended::Done(Done::Delivered) => None,
            Ended::Done(Done::Described(answer)) => self.described(answer).await,
            Ended::Done(Done::Tailed(id, end)) => self.tailed(id, end).await,
            Ended::Done(Done::Polled(turn, outcome)) => self.read(turn, &outcome).await,
            Ended::Panicked(job) => self.panicked(job).await,
        }
    }

    /// A task that panicked counts as a call that got no answer.
    async fn panicked(&mut self, job: Job) -> Delivered {
        let error = ApiError::Unreachable("the call panicked".into());
        match job {
            Job::Deliver => None,
            Job::Describe(group) => self.described(Answer { group, found: Err(error) }).await,
            Job::Tail(id) => self.tailed(id, End::Failed(error)).await,
            Job::Poll(group) => {
                self.polls.lost(&group);
                self.unanswered = Some(error.clone());
                self.backoff.called(Operation::FilterLogEvents, Some(&error), self.clock.now());
                self.judge(Operation::FilterLogEvents, Some(&error)).await
            }
        }
    }

    async fn described(&mut self, answer: Answer) -> Delivered {
        self.describer.report(answer, self.screen.wanted(), &mut self.outlet).await
    }

    /// Notes that a session ended: what it read, and why it ended, which decides when the next is opened.
    async fn tailed(&mut self, id: SessionId, end: End) -> Delivered {
        let now = self.clock.now();
        self.count();
        let progress = self.handles.remove(id);
        let groups = self.sessions.groups(id).to_vec();
        let replaces = self.sessions.ended(id);
        if let Some((_, until)) = progress {
            for group in &groups {
                match self.sessions.reads(group, None) {
                    Some(since) => self.polls.missed(group, until, since),
                    None => self.polls.left(group, until),
                }
            }
        }
        let End::Failed(mut error) = end else { return Some(()) };
        if let ApiError::NotFound(detail) = error {
            // One of its groups does not exist any more. As a failure of another kind it also pauses the operation.
            for group in &groups {
                self.describer.forget(group);
            }
            error = ApiError::Unreachable(detail);
        }
        if progress.is_some_and(|(since, _)| now - since >= PROVEN) {
            self.tail_backoff.called(Operation::StartLiveTail, None, now);
        }
        self.tail_backoff.called(Operation::StartLiveTail, Some(&error), now);
        self.judge(Operation::StartLiveTail, Some(&error)).await?;
        let full = matches!(error, ApiError::Throttled(_));
        self.unopened = Some(error);
        if full && let Some(Step::Close(old)) = replaces.and_then(|old| self.sessions.give_up(old)) {
            self.close(old, now);
        }
        Some(())
    }

    async fn read(&mut self, turn: Turn, outcome: &Outcome) -> Delivered {
        let group = Arc::clone(&turn.reading.query.group);
        self.polls.done(turn, outcome, self.clock.now());
        match outcome {
            Outcome::Failed(ApiError::NotFound(_)) => {
                self.describer.learn(&group, None, self.screen.wanted(), &self.outlet).await
            }
            _ => Some(()),
        }
    }

    /// Counts the seconds that sessions were open since the last count.
    fn count(&mut self) {
        let live_tail_s = self.handles.take_seconds(self.clock.now());
        if live_tail_s > 0 {
            self.spend(Usage { live_tail_s, ..Usage::default() });
        }
    }

    /// Counts usage. It is reported with the next count.
    fn spend(&mut self, usage: Usage) {
        self.outlet.spend(usage);
        self.spent = true;
    }

    fn feed(&self) -> LogFeed {
        let polled = self.polled();
        let reads = |one: &&Wanted| self.sessions.reads(&one.place.group, None).is_some();
        feed(&Situation {
            choice: &self.choice,
            idle: self.screen.idle_minutes(),
            wanted: self.screen.wanted().iter().map(|one| self.describer.standing(&one.place.group)).collect(),
            sessions: self.sessions.open_count(),
            narrowed: self.sessions.narrowed(),
            tailed: self.screen.wanted().iter().filter(reads).count(),
            polled: polled.len(),
            polling: polled.iter().any(|one| self.polls.knows(&one.group)),
            unopened: self.unopened.as_ref(),
            unanswered: self.unanswered.as_ref(),
            unfilled: self.polls.unfilled(),
        })
    }
}
