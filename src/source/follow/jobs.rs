//! The tasks of the log follower: what each works on, and how it ended.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::task::{Id, JoinSet};

use super::describe::Answer;
use super::poll::{Outcome, Turn};
use super::sessions::SessionId;
use super::tail::End;

/// The result of a task.
pub(super) enum Done {
    /// The engine has stopped.
    Delivered,
    Described(Answer),
    Tailed(SessionId, End),
    Polled(Turn, Outcome),
}

/// What a task works on. It is needed when the task panics.
pub(super) enum Job {
    Deliver,
    Describe(Arc<str>),
    Tail(SessionId),
    Poll(Arc<str>),
}

/// How a task ended.
pub(super) enum Ended {
    Done(Done),
    Panicked(Job),
}

/// The tasks under way.
#[derive(Default)]
pub(super) struct Jobs {
    running: JoinSet<Done>,
    jobs: BTreeMap<Id, Job>,
}

impl Jobs {
    /// Starts a task.
    pub(super) fn spawn(&mut self, job: Job, work: impl Future<Output = Done> + Send + 'static) {
        let id = self.running.spawn(work).id();
        self.jobs.insert(id, job);
    }

    /// Waits for the next task that ends; `None` when no task is running.
    pub(super) async fn next(&mut self) -> Option<Ended> {
        let ended = self.running.join_next_with_id().await?;
        let id = ended.as_ref().map_or_else(tokio::task::JoinError::id, |(id, _)| *id);
        let job = self.jobs.remove(&id);
        match ended {
            Ok((_, done)) => Some(Ended::Done(done)),
            Err(_) => job.map(Ended::Panicked),
        }
    }
}
