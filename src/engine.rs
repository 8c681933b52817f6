//! Joins the sources with the consumers: the one task that owns the store and publishes snapshots.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::{mpsc, watch};

use crate::analysis::Params;
use crate::model::observation::Observation;
use crate::model::time::{Clock, Minute};
use crate::snapshot::{Origin, Snapshot};
use crate::store::Store;

/// Observations waiting for the engine; the sources wait when it is full.
pub const OBSERVATIONS: usize = 1024;

/// Snapshots are published no closer together than this.
const BETWEEN_PUBLICATIONS: Duration = Duration::from_millis(100);

/// Applies observations until every source or every reader is gone, and publishes what they mean.
///
/// A snapshot is published soon after something was observed, and when a minute ends, because then
/// numbers grow old. The last one is returned.
pub async fn run(
    mut observations: mpsc::Receiver<Observation>,
    published: watch::Sender<Arc<Snapshot>>,
    clock: Clock,
    params: Params,
    origin: Origin,
) -> Arc<Snapshot> {
    let mut store = Store::default();
    let mut seq = published.borrow().seq;
    let mut news = false;
    let quiet = tokio::time::sleep(Duration::ZERO);
    tokio::pin!(quiet);
    loop {
        let minute_ends = Minute::of(clock.now()).plus(1).start();
        let open = tokio::select! {
            biased;
            () = &mut quiet, if news => true,
            () = published.closed() => false,
            () = clock.sleep_until(minute_ends) => {
                store.forget_gone(clock.now() - FORGET);
                true
            }
            observation = observations.recv() => {
                if let Some(observation) = &observation {
                    store.apply(observation);
                    news = true;
                    continue;
                }
                false
            }
        };
        seq += 1;
        news = false;
        quiet.set(tokio::time::sleep(BETWEEN_PUBLICATIONS));
        published.send_replace(Arc::new(Snapshot::of(&store, params, origin, clock.now(), seq)));
        if !open {
            return Arc::clone(&published.borrow());
        }
    }
}

/// A function that does not exist any more is kept this long, for late points.
const FORGET: TimeDelta = TimeDelta::minutes(30);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_ends_when_nobody_reads_any_more() {
        let (_source, observations) = mpsc::channel(1);
        let clock = Clock::simulated(chrono::DateTime::UNIX_EPOCH, 1.0);
        let params = Params { window_minutes: 15, provisional_minutes: 3 };
        let nothing = Snapshot::of(&Store::default(), params, Origin::Demo, clock.now(), 0);
        let (published, snapshots) = watch::channel(Arc::new(nothing));
        let engine = tokio::spawn(run(observations, published, clock, params, Origin::Demo));
        tokio::time::sleep(Duration::from_mins(10)).await;
        assert!(!engine.is_finished());
        drop(snapshots);
        assert!(tokio::time::timeout(Duration::from_mins(10), engine).await.is_ok(), "it goes on");
    }
}
