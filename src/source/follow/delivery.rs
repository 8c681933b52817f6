//! The bounded queue of log batches between their readers and the engine. Polls wait when it is full; Live Tail
//! sessions never wait.

use tokio::sync::mpsc;

use crate::source::outlet::{Delivered, Outlet};
use lambda_model::log::{LeftOut, LogBatch};
use lambda_model::observation::{Observation, Payload};

/// Batches that may wait for the engine: 20 s of three Live Tail sessions. Each batch has at most 500 events
/// (docs/aws.md#live-tail).
const BATCHES: usize = 64;

/// Delivers batches in the order in which they come.
#[derive(Clone)]
pub(super) struct Delivery {
    outlet: Outlet,
    queue: mpsc::Sender<Observation>,
}

impl Delivery {
    /// A queue to `outlet`, and the task that moves batches there until the engine has stopped or no reader is left.
    pub(super) fn new(outlet: Outlet) -> (Self, impl Future<Output = ()> + Send + use<>) {
        let (queue, mut waiting) = mpsc::channel(BATCHES);
        let out = outlet.clone();
        let forward = async move {
            while let Some(observation) = waiting.recv().await {
                if out.send(observation).await.is_none() {
                    return;
                }
            }
        };
        (Self { outlet, queue }, forward)
    }

    /// Delivers `batch`, read now; waits while the engine is behind.
    pub(super) async fn send(&self, batch: LogBatch) -> Delivered {
        self.queue.send(self.outlet.observation(Payload::Logs(batch))).await.ok()
    }
}

/// Delivers the batches of one Live Tail session, which cannot wait: events for which there is no room are counted and
/// dropped.
pub(super) struct Offers {
    delivery: Delivery,
    /// What was dropped and not reported yet: a batch with the number of events instead of the events.
    unreported: Option<LogBatch>,
}

impl Offers {
    /// Nothing dropped yet.
    pub(super) fn new(delivery: Delivery) -> Self {
        Self { delivery, unreported: None }
    }

    /// Delivers `batch`, read now, if there is room. Otherwise its span and the number of its events are delivered as
    /// soon as there is room.
    pub(super) fn offer(&mut self, batch: LogBatch) {
        let mut all = self.unreported.take().into_iter().chain([batch]);
        while let Some(batch) = all.next() {
            let Ok(room) = self.delivery.queue.try_reserve() else {
                self.unreported = Some(all.fold(without_events(batch), together));
                return;
            };
            room.send(self.delivery.outlet.observation(Payload::Logs(batch)));
        }
    }

    /// Reports what was dropped and is not reported yet; waits until there is room.
    pub(super) async fn finish(self) -> Delivered {
        match self.unreported {
            Some(unreported) => self.delivery.send(unreported).await,
            None => Some(()),
        }
    }
}

/// The batch with the number of its events instead of the events.
fn without_events(batch: LogBatch) -> LogBatch {
    let dropped = batch.events.len() as u64 + batch.left_out.map_or(0, LeftOut::dropped);
    let left_out = if dropped > 0 { Some(LeftOut::Dropped(dropped)) } else { batch.left_out };
    LogBatch { left_out, events: Vec::new(), ..batch }
}

/// Two batches of one session as one batch with the number of their events.
fn together(earlier: LogBatch, later: LogBatch) -> LogBatch {
    let later = without_events(later);
    let dropped = [earlier.left_out, later.left_out].into_iter().flatten().map(LeftOut::dropped).sum();
    let left_out = if dropped > 0 { Some(LeftOut::Dropped(dropped)) } else { earlier.left_out.or(later.left_out) };
    let span = earlier.span.zip(later.span).map(|((from, _), (_, until))| (from, until));
    LogBatch { span, left_out, ..earlier }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono::{DateTime, Utc};
    use tokio::task::JoinSet;

    use super::*;
    use crate::source::outlet::Meter;
    use lambda_model::Scope;
    use lambda_model::log::{LogEvent, LogWay};
    use lambda_model::time::Clock;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    fn batch(second: i64, events: usize) -> LogBatch {
        let event = |_| LogEvent {
            id: None,
            timestamp: at(second),
            ingestion: at(second),
            stream: "s".into(),
            group: "g".into(),
            message: String::new(),
        };
        LogBatch {
            way: LogWay::Tail,
            groups: Some(vec!["g".into()]),
            span: Some((at(second), at(second + 1))),
            left_out: (events > 500).then_some(LeftOut::Sampled),
            events: (0..events).map(event).collect(),
        }
    }

    /// 20,000 lines a second, which is what 40 sessions send, while the engine takes no batch for five minutes.
    #[tokio::test(start_paused = true)]
    async fn dropped_events_are_counted_and_no_span_is_lost() {
        let (out, mut received) = mpsc::channel(1);
        let outlet = Outlet::new(Scope::new(None, "eu-west-1"), Clock::system(), out, Meter::default());
        let (delivery, forward) = Delivery::new(outlet);
        let mut forwarding = JoinSet::new();
        forwarding.spawn(forward);
        let mut offers = Offers::new(delivery);
        for second in 0..300 {
            offers.offer(batch(second, 20_000));
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let mut seen = Vec::new();
        let mut take = |observation: Option<Observation>| match observation.map(|one| one.payload) {
            Some(Payload::Logs(batch)) => seen.push(batch),
            other => panic!("{other:?}"),
        };
        for _ in 0..2 {
            take(received.recv().await);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        offers.offer(batch(300, 7));
        let finish = async { offers.finish().await };
        let drain = async {
            while let Some(observation) = received.recv().await {
                take(Some(observation));
            }
        };
        assert_eq!(tokio::join!(finish, drain).0, Some(()));
        assert!(forwarding.join_next().await.is_some(), "It ends when no reader is left");

        let delivered: u64 = seen.iter().map(|batch| batch.events.len() as u64).sum();
        let dropped: u64 = seen.iter().filter_map(|batch| batch.left_out).map(LeftOut::dropped).sum();
        assert_eq!(delivered + dropped, 300 * 20_000 + 7);
        assert!((BATCHES as u64 * 20_000..=(BATCHES as u64 + 3) * 20_000).contains(&delivered), "{delivered}");
        let spans: Vec<_> = seen.iter().map(|batch| batch.span.unwrap()).collect();
        assert!(spans.is_sorted_by(|one, next| one.1 == next.0), "{spans:?}");
        assert_eq!((spans[0].0, spans.last().unwrap().1), (at(0), at(301)));
        assert_eq!(seen.iter().filter(|batch| matches!(batch.left_out, Some(LeftOut::Dropped(_)))).count(), 1);
    }

    #[test]
    fn only_dropped_events_are_reported_as_dropped() {
        assert_eq!(without_events(batch(0, 0)).left_out, None);
        assert_eq!(together(batch(0, 0), batch(1, 0)).left_out, None);
        assert_eq!(together(without_events(batch(0, 3)), batch(1, 4)).left_out, Some(LeftOut::Dropped(7)));
        let sampled = LogBatch { left_out: Some(LeftOut::Sampled), ..batch(0, 0) };
        assert_eq!(together(sampled, batch(1, 0)).left_out, Some(LeftOut::Sampled));
    }
}
