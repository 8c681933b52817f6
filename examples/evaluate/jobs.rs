//! Runs on all processors. The result does not depend on their order.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Does `work` for each of `jobs` on every processor and merges the results; the first failure ends it.
pub(crate) fn on_every_processor<J: Sync, S: Default + Send>(
    jobs: &[J],
    work: impl Fn(&J, &mut S) -> Result<(), Box<dyn std::error::Error>> + Sync,
    merge: impl Fn(&mut S, S) + Sync,
) -> Result<S, String> {
    let (next, sum) = (AtomicUsize::new(0), Mutex::new(Ok(S::default())));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                let mut own = S::default();
                let mut failed = None;
                while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(error) = work(job, &mut own) {
                        failed = Some(error.to_string());
                        break;
                    }
                }
                let mut sum = sum.lock().unwrap_or_else(PoisonError::into_inner);
                match (failed, &mut *sum) {
                    (Some(error), _) => *sum = Err(error),
                    (None, Ok(sum)) => merge(sum, own),
                    (None, Err(_)) => {}
                }
            });
        }
    });
    sum.into_inner().unwrap_or_else(PoisonError::into_inner)
}
