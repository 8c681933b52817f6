//! Handles to the tasks of Live Tail sessions: how far each has read, the seconds that AWS bills, and how to close it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use tokio::sync::{oneshot, watch};

use super::sessions::SessionId;
use super::tail::Progress;

/// One session's task.
struct Handle {
    close: Option<oneshot::Sender<DateTime<Utc>>>,
    progress: watch::Receiver<Progress>,
    /// Seconds that were counted before.
    counted: u64,
}

/// The tasks of all sessions.
#[derive(Default)]
pub(super) struct Handles(BTreeMap<SessionId, Handle>);

impl Handles {
    /// Adds a session. Returns the channels with which its task is closed and on which it reports its progress.
    pub(super) fn add(&mut self, id: SessionId) -> (oneshot::Receiver<DateTime<Utc>>, watch::Sender<Progress>) {
        let (close, closed) = oneshot::channel();
        let (reports, progress) = watch::channel(None);
        self.0.insert(id, Handle { close: Some(close), progress, counted: 0 });
        (closed, reports)
    }

    /// Closes a session as soon as it has been read until `after`.
    pub(super) fn close(&mut self, id: SessionId, after: DateTime<Utc>) {
        if let Some(close) = self.0.get_mut(&id).and_then(|handle| handle.close.take()) {
            // This fails when the session has ended by itself.
            let _ = close.send(after);
        }
    }

    /// Since when a session is open, and until when it has been read.
    pub(super) fn progress(&self, id: SessionId) -> Progress {
        self.0.get(&id).and_then(|handle| *handle.progress.borrow())
    }

    /// Removes a session that has ended. Returns how far it was read.
    pub(super) fn remove(&mut self, id: SessionId) -> Progress {
        let progress = self.progress(id);
        self.0.remove(&id);
        progress
    }

    /// The seconds for which sessions were open and which were not counted before.
    pub(super) fn take_seconds(&mut self, now: DateTime<Utc>) -> u64 {
        let mut total = 0;
        for handle in self.0.values_mut() {
            let Some((since, _)) = *handle.progress.borrow() else { continue };
            let seconds = u64::try_from((now - since).num_seconds()).unwrap_or(0);
            total += seconds.saturating_sub(handle.counted);
            handle.counted = handle.counted.max(seconds);
        }
        total
    }
}
