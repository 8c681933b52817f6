//! Sources and engine at work: what a consumer that goes on for a while is connected to.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::feed::{Feed, Source};
use super::{nothing_yet, params};
use crate::config::Settings;
use crate::engine::{self, OBSERVATIONS};
use crate::error::Error;
use crate::snapshot::Snapshot;
use lambda_model::demand::Demand;

/// The two ends that a consumer holds. The tasks behind them end when it drops `snapshots`.
pub(super) struct Live {
    /// What is known.
    pub(super) snapshots: watch::Receiver<Arc<Snapshot>>,
    /// What is on screen.
    pub(super) demand: watch::Sender<Demand>,
    /// Who does the work.
    pub(super) tasks: Tasks,
}

impl Live {
    /// Starts to read `source`.
    pub(super) fn start(source: Source, settings: &Settings) -> Self {
        let (observations, received) = mpsc::channel(OBSERVATIONS);
        let (publish, snapshots) = watch::channel(nothing_yet(&source, settings));
        let (demand, wanted) = watch::channel(Demand::default());
        let engine = engine::run(received, publish, source.clock(), params(settings), source.origin());
        let mut tasks = JoinSet::new();
        tasks.spawn(async {
            engine.await;
            Ok(())
        });
        tasks.spawn(Feed::new(source, settings).run(observations, wanted));
        Self { snapshots, demand, tasks: Tasks(tasks) }
    }
}

/// The engine and the sources.
pub(super) struct Tasks(JoinSet<Result<(), Error>>);

impl Tasks {
    /// Lets them go on by themselves.
    pub(super) fn detach(mut self) {
        self.0.detach_all();
    }

    /// Waits until one of them fails: a screen whose numbers have stopped must not look alive.
    pub(super) async fn failed(mut self) -> Error {
        while let Some(ended) = self.0.join_next().await {
            match ended {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return error,
                Err(panic) => return Error::usage("lamtop stopped reading", panic, "report this as a bug"),
            }
        }
        std::future::pending().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_that_fails_or_panics_is_reported() {
        for (what, task) in [
            (
                "no Region",
                Box::pin(async { Err(Error::usage("no Region", "", "")) }) as futures::future::BoxFuture<'_, _>,
            ),
            ("lamtop stopped reading", Box::pin(async { panic!("a bug") })),
        ] {
            let mut tasks = JoinSet::new();
            tasks.spawn(async { Ok(()) });
            tasks.spawn(task);
            assert_eq!(Tasks(tasks).failed().await.what, what);
        }
    }
}
