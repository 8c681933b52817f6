//! One Live Tail session: opens it, and reads its updates until it ends. It never opens another.

use std::collections::VecDeque;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{mpsc, oneshot, watch};

use super::delivery::Offers;
use super::event::Event;
use super::sessions::SessionId;
use crate::source::directory::LogPlace;
use lambda_model::api::{Logs, Tail, TailEnd, TailFilter};
use lambda_model::failure::ApiError;
use lambda_model::log::{LeftOut, LogBatch, LogWay};
use lambda_model::operation::Operation;
use lambda_model::time::Clock;

/// AWS sends an update every second, even an empty one (docs/aws.md#live-tail). After this long without one the session
/// is dead. The connection does not show this: it stays open, and nothing arrives.
const SILENCE: TimeDelta = TimeDelta::seconds(10);

/// Why a session ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It was closed by lamtop.
    Closed,
    /// AWS ends every session after three hours.
    TimedOut,
    /// It could not be opened, it broke, or no updates came any more.
    Failed(ApiError),
}

/// Since when a session is open, and until when it has been read.
pub(super) type Progress = Option<(DateTime<Utc>, DateTime<Utc>)>;

/// A session that is to be opened.
pub(super) struct Session {
    pub(super) id: SessionId,
    pub(super) logs: Arc<dyn Logs>,
    pub(super) clock: Clock,
    /// At most [`lambda_model::api::TAIL_GROUPS`].
    pub(super) places: Vec<LogPlace>,
    pub(super) filter: TailFilter,
    pub(super) offers: Offers,
    /// Where the session reports that it is open, and what it calls.
    pub(super) events: mpsc::Sender<Event>,
    /// Ends the session as soon as it has been read until this time.
    pub(super) close: oneshot::Receiver<DateTime<Utc>>,
    /// How far the session has been read.
    pub(super) progress: watch::Sender<Progress>,
}

impl Session {
    /// Opens the session and reads it to its end.
    pub(super) async fn run(mut self) -> End {
        let arns: Vec<_> = self.places.iter().map(|place| place.arn.clone()).collect();
        let tail = tokio::select! {
            biased;
            _ = &mut self.close => return End::Closed,
            tail = self.logs.tail(&arns, self.filter) => tail,
        };
        // This fails only when the follower has stopped. It also runs this task, so there is no one left to report to.
        let called = Event::Called(Operation::StartLiveTail, tail.as_ref().err().cloned());
        let _ = self.events.send(called).await;
        let end = match tail {
            Ok(tail) => self.read(tail).await,
            Err(error) => End::Failed(error),
        };
        self.offers.finish().await;
        end
    }

    async fn read(&mut self, mut tail: Box<dyn Tail>) -> End {
        let groups: Vec<_> = self.places.iter().map(|place| Arc::clone(&place.group)).collect();
        let opened = self.clock.now();
        let mut last = opened;
        let mut close = None;
        let mut samples = Samples::default();
        self.progress.send_replace(Some((opened, last)));
        let _ = self.events.send(Event::Opened(self.id)).await;
        loop {
            if close.is_some_and(|close| last >= close) {
                return End::Closed;
            }
            tokio::select! {
                biased;
                until = &mut self.close, if close.is_none() => close = Some(until.unwrap_or(last)),
                update = tail.next() => {
                    let update = match update {
                        Ok(update) => update,
                        Err(TailEnd::TimedOut) => return End::TimedOut,
                        Err(TailEnd::Failed(error)) => return End::Failed(error),
                    };
                    let now = self.clock.now();
                    // The machine slept. AWS keeps only ten updates for a slow reader, so some are lost.
                    if now - last > SILENCE {
                        return silent();
                    }
                    let chronic = samples.note(update.sampled);
                    if update.sampled {
                        let again = (!chronic).then_some((last, now));
                        let _ = self.events.send(Event::Sampled(self.id, again)).await;
                    }
                    self.offers.offer(LogBatch {
                        way: LogWay::Tail,
                        groups: Some(groups.clone()),
                        span: Some((last, now)),
                        left_out: update.sampled.then_some(LeftOut::Sampled),
                        events: update.events,
                    });
                    last = now;
                    self.progress.send_replace(Some((opened, last)));
                }
                () = self.clock.sleep_until(last + SILENCE) => return silent(),
            }
        }
    }
}

/// Which of the newest updates were samples. The span of a single sample is read again. With many samples that would
/// be polling.
#[derive(Default)]
struct Samples(VecDeque<bool>);

impl Samples {
    const OF: usize = 10;
    const MANY: usize = 3;

    /// Notes an update. Returns whether too many updates are samples.
    fn note(&mut self, sampled: bool) -> bool {
        self.0.push_back(sampled);
        if self.0.len() > Self::OF {
            self.0.pop_front();
        }
        self.0.iter().filter(|sampled| **sampled).count() >= Self::MANY
    }
}

fn silent() -> End {
    End::Failed(ApiError::Unreachable(format!("no update for {} s", SILENCE.num_seconds())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_samples_of_ten_updates_are_too_many() {
        // the updates (`s` is a sample), and the updates at which there are too many (`#`)
        let cases =
            [("ss........s.", "............"), ("s.s....s..s", ".......####"), ("sss.........", "..########..")];
        for (updates, chronic) in cases {
            let mut samples = Samples::default();
            let noted: String = updates.chars().map(|one| if samples.note(one == 's') { '#' } else { '.' }).collect();
            assert_eq!(noted, chronic, "{updates}");
        }
    }
}
