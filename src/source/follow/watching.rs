//! Follows the log groups of the functions on screen by Live Tail, or by polling where that does not work.
//!
//! One loop: [`screen`](super::screen) names the groups, [`sessions`](super::sessions) and
//! [`polls`] decide what to do about them, and tasks do it. It reads nothing itself.

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
use crate::source::outlet::{Heard, Outlet};
use crate::source::pace::Pace;
use lambda_model::api::{Account, TailFilter};
use lambda_model::demand::Demand;
use lambda_model::failure::ApiError;
use lambda_model::log::LogFeed;
use lambda_model::observation::{Payload, Usage};
use lambda_model::operation::Operation;
use lambda_model::time::Clock;

/// What sessions cost is counted this often.
const COUNT_EVERY: TimeDelta = TimeDelta::seconds(10);
/// A session that lasted this long worked: what ends it is a new failure, not the same again.
const PROVEN: TimeDelta = TimeDelta::seconds(60);
/// Nothing that only time brings is noticed later than this.
const TICK: Duration = Duration::from_millis(250);
/// Reports of tasks that wait to be taken; the tasks wait when it is full.
const EVENTS: usize = 64;

/// Follows what `demand` names until nobody listens to `outlet` any more.
///
/// When no key was pressed for `plan.idle`, nothing is read at all: neither what costs money nor what takes calls from
/// others, because nobody looks.
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
                // What the task had to say is in the channel before its end is.
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
    /// Of `FilterLogEvents`.
    backoff: Backoff,
    /// Of `StartLiveTail`: a place that becomes free lifts it.
    tail_backoff: Backoff,
    /// Why no session could be opened; `None` when the last one could.
    unopened: Option<ApiError>,
    /// Why the last poll failed.
    unanswered: Option<ApiError>,
    poll_pace: Arc<Pace>,
    handles: Handles,
    delivery: Delivery,
    events: mpsc::Sender<Event>,
    jobs: Jobs,
    /// When it was last counted what sessions cost.
    counted: DateTime<Utc>,
    /// Whether something was spent since.
    spent: bool,
    feed: Option<LogFeed>,
}

impl Watching {
    fn new(account: Account, outlet: Outlet, plan: Plan, events: mpsc::Sender<Event>) -> Self {
        let clock = outlet.clock().clone();
        let now = clock.now();
        let rate = polls::rate(&outlet.scope().region);
        let (delivery, carry) = Delivery::new(outlet.clone());
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
            carry.await;
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

    /// Does what is to be done by now.
    async fn step(&mut self) -> Heard {
        let now = self.clock.now();
        self.describe(now);
        self.arrange(now);
        self.poll(now);
        if now - self.counted >= COUNT_EVERY {
            self.counted = now;
            self.count();
            if std::mem::take(&mut self.spent) {
                self.report(self.outlet.spend(Usage::default())).await?;
            }
        }
        let feed = self.feed();
        if self.feed.as_ref() != Some(&feed) {
            self.feed = Some(feed.clone());
            self.report(Payload::LogFeed(feed)).await?;
        }
        Some(())
    }

    async fn report(&self, payload: Payload) -> Heard {
        self.outlet.tell(payload).await
    }

    /// Asks about the next group of which nothing is known.
    fn describe(&mut self, now: DateTime<Utc>) {
        if let Some((group, call)) = self.describer.next(self.screen.wanted(), now) {
            self.jobs.spawn(Job::Describe(group), async move { Done::Described(call.await) });
        }
    }

    fn is_paused(&self, operation: Operation, now: DateTime<Utc>) -> bool {
        self.backoff.paused_until(operation).is_some_and(|until| now < until)
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

    /// Whether the screen stays as it is, and what is known of its groups; an open pane that is not read does not wait.
    fn is_settled(&self, readable: &[Arc<str>], now: DateTime<Utc>) -> bool {
        let focus = self.screen.focus().filter(|focus| readable.first() == Some(focus));
        let is_unknown = |one: &Wanted| self.describer.standing(&one.place.group) == Standing::Unknown;
        let awaits = self.screen.wanted().iter().any(is_unknown) && !self.describer.fails();
        focus.is_some_and(|focus| !self.sessions.has(focus)) || self.screen.is_settled(awaits, now)
    }

    /// Whether the first of the groups that can be read is that of the open pane.
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

    /// Ends a session when it has been read until `after`.
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
        if self.is_paused(Operation::FilterLogEvents, now) {
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

    /// The groups to poll: all, or those that no session reads while none can be opened or there is no room for them.
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

    async fn take(&mut self, event: Event) -> Heard {
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

    async fn judge(&mut self, operation: Operation, failure: Option<&ApiError>) -> Heard {
        match self.outlet.judge(operation, failure) {
            Some(health) => self.report(health).await,
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
            // Until its own updates reach what the new one reads.
            self.close(replaced, since);
        }
    }

    async fn ended(&mut self, ended: Ended) -> Heard {
        match ended {
            Ended::Done(Done::Delivered) => None,
            Ended::Done(Done::Described(answer)) => self.described(answer).await,
            Ended::Done(Done::Tailed(id, end)) => self.tailed(id, end).await,
            Ended::Done(Done::Polled(turn, outcome)) => self.read(turn, &outcome).await,
            Ended::Panicked(job) => self.panicked(job).await,
        }
    }

    /// A task that panics is a call that gets no answer.
    async fn panicked(&mut self, job: Job) -> Heard {
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

    async fn described(&mut self, answer: Answer) -> Heard {
        self.describer.report(answer, self.screen.wanted(), &mut self.outlet).await
    }

    /// A session is over: what it read is known, and why it ended decides when the next is opened.
    async fn tailed(&mut self, id: SessionId, end: End) -> Heard {
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
        if let ApiError::NotFound(words) = error {
            // Of one of its groups something wrong is known; an operation that fails is not called again at once.
            for group in &groups {
                self.describer.doubt(group);
            }
            error = ApiError::Unreachable(words);
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

    async fn read(&mut self, turn: Turn, outcome: &Outcome) -> Heard {
        let group = Arc::clone(&turn.reading.query.group);
        self.polls.done(turn, outcome, self.clock.now());
        match outcome {
            Outcome::Failed(ApiError::NotFound(_)) => {
                self.describer.learn(&group, None, self.screen.wanted(), &self.outlet).await
            }
            _ => Some(()),
        }
    }

    /// Adds the seconds since the last time that sessions were open.
    fn count(&mut self) {
        let live_tail_s = self.handles.take_seconds(self.clock.now());
        if live_tail_s > 0 {
            self.spend(Usage { live_tail_s, ..Usage::default() });
        }
    }

    /// Adds to what was spent; it is reported with the next count.
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
            refused: self.unopened.as_ref(),
            unanswered: self.unanswered.as_ref(),
            unfilled: self.polls.unfilled(),
        })
    }
}
