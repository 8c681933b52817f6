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

/// A function that does not exist any more is kept this long, for late points.
const FORGET: TimeDelta = TimeDelta::minutes(30);

/// Applies observations until every source is gone, and publishes what they mean.
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
            () = clock.sleep_until(minute_ends) => {
                store.forget_gone(clock.now() - FORGET);
                news = true;
                continue;
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
