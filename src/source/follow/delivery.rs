//! The bounded way from whoever reads log events to the engine. Polls wait when it is full; a tail never does.

use tokio::sync::mpsc;

use crate::source::outlet::{Heard, Outlet};
use lambda_model::log::{LeftOut, LogBatch};
use lambda_model::observation::{Observation, Payload};

/// Batches that wait for the engine: with three sessions 20 s of it, of at most 500 events each
/// (docs/aws.md#live-tail).
const BATCHES: usize = 64;

/// Delivers batches in the order in which they come.
#[derive(Clone)]
pub(super) struct Delivery {
    outlet: Outlet,
    queue: mpsc::Sender<Observation>,
}

impl Delivery {
    /// The way to `outlet`, and what carries batches there until nobody listens or nobody reads any more.
    pub(super) fn new(outlet: Outlet) -> (Self, impl Future<Output = ()> + Send + use<>) {
        let (queue, mut waiting) = mpsc::channel(BATCHES);
        let out = outlet.clone();
        let carry = async move {
            while let Some(observation) = waiting.recv().await {
                if out.send(observation).await.is_none() {
                    return;
                }
            }
        };
        (Self { outlet, queue }, carry)
    }

    /// Delivers `batch`, read now; waits while the engine is behind.
    pub(super) async fn send(&self, batch: LogBatch) -> Heard {
        self.queue.send(self.outlet.observation(Payload::Logs(batch))).await.ok()
    }
}

/// Delivers the batches of one tail, which has to go on reading: what finds no room is counted and left out.
pub(super) struct Offers {
    delivery: Delivery,
    /// What was left out and has not been told.
    owed: Option<LogBatch>,
}

impl Offers {
    /// Nothing left out yet.
    pub(super) fn new(delivery: Delivery) -> Self {
        Self { delivery, owed: None }
    }

    /// Delivers `batch`, read now, or the span and the number of its events as soon as there is room.
    pub(super) fn offer(&mut self, batch: LogBatch) {
        let mut all = self.owed.take().into_iter().chain([batch]);
        while let Some(batch) = all.next() {
            let Ok(room) = self.delivery.queue.try_reserve() else {
                self.owed = Some(all.fold(without_events(batch), together));
                return;
            };
            room.send(self.delivery.outlet.observation(Payload::Logs(batch)));
        }
    }

    /// Says what is still owed, however long that takes.
    pub(super) async fn finish(self) -> Heard {
        match self.owed {
            Some(owed) => self.delivery.send(owed).await,
            None => Some(()),
        }
    }
}

/// The batch with its events counted instead of told.
fn without_events(batch: LogBatch) -> LogBatch {
    let dropped = batch.events.len() as u64 + batch.left_out.map_or(0, LeftOut::dropped);
    let left_out = if dropped > 0 { Some(LeftOut::Dropped(dropped)) } else { batch.left_out };
    LogBatch { left_out, events: Vec::new(), ..batch }
}

/// Two batches of one tail as one that tells none of their events.
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

    /// What 20,000 lines a second become when the engine is away for five minutes: 40 sessions' updates.
    #[tokio::test(start_paused = true)]
    async fn a_flood_is_counted_and_nothing_of_the_time_is_lost() {
        let (out, mut received) = mpsc::channel(1);
        let outlet = Outlet::new(Scope::new(None, "eu-west-1"), Clock::system(), out, Meter::default());
        let (delivery, carry) = Delivery::new(outlet);
        let mut carrying = JoinSet::new();
        carrying.spawn(carry);
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
        assert!(carrying.join_next().await.is_some(), "it ends when nobody reads any more");

        let told: u64 = seen.iter().map(|batch| batch.events.len() as u64).sum();
        let dropped: u64 = seen.iter().filter_map(|batch| batch.left_out).map(LeftOut::dropped).sum();
        assert_eq!(told + dropped, 300 * 20_000 + 7);
        assert!((BATCHES as u64 * 20_000..=(BATCHES as u64 + 3) * 20_000).contains(&told), "{told}");
        let spans: Vec<_> = seen.iter().map(|batch| batch.span.unwrap()).collect();
        assert!(spans.is_sorted_by(|one, next| one.1 == next.0), "{spans:?}");
        assert_eq!((spans[0].0, spans.last().unwrap().1), (at(0), at(301)));
        assert_eq!(seen.iter().filter(|batch| matches!(batch.left_out, Some(LeftOut::Dropped(_)))).count(), 1);
    }

    #[test]
    fn nothing_dropped_is_not_said_to_be() {
        assert_eq!(without_events(batch(0, 0)).left_out, None);
        assert_eq!(together(batch(0, 0), batch(1, 0)).left_out, None);
        assert_eq!(together(without_events(batch(0, 3)), batch(1, 4)).left_out, Some(LeftOut::Dropped(7)));
        let sampled = LogBatch { left_out: Some(LeftOut::Sampled), ..batch(0, 0) };
        assert_eq!(together(sampled, batch(1, 0)).left_out, Some(LeftOut::Sampled));
    }
}
