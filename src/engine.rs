//! Connects sources and consumers: the one task that owns the store and publishes snapshots.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::{mpsc, watch};

use crate::analysis::Params;
use crate::snapshot::{Origin, Snapshot};
use crate::store::Store;
use lambda_model::observation::Observation;
use lambda_model::time::{Clock, Minute};

/// The capacity of the engine's queue of observations; sources wait when it is full.
pub(crate) const OBSERVATIONS: usize = 1024;

/// While observations keep arriving, the pauses between snapshots grow from the shortest to the longest: the first
/// screens appear quickly, and a flood is shown ten times a second.
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// The pause after a slow snapshot, as a multiple of its duration: snapshots take at most a sixth of the engine's time,
/// even with the live logs of thousands of functions.
const REST: u32 = 5;

/// After this long without observations the pauses start again with the shortest.
const CALM: Duration = Duration::from_secs(1);

/// A deleted function is kept this long, for late points.
const FORGET: TimeDelta = TimeDelta::minutes(30);

/// Applies observations and publishes snapshots, until every source or every reader is gone.
///
/// A snapshot is published soon after a change, and when a minute ends, because the age of numbers changes. The last one
/// is returned.
pub(crate) async fn run(
    mut observations: mpsc::Receiver<Observation>,
    published: watch::Sender<Arc<Snapshot>>,
    clock: Clock,
    params: Params,
    origin: Origin,
) -> Arc<Snapshot> {
    let mut store = Store::default();
    let mut seq = published.borrow().seq;
    let mut news = false;
    let mut pause = SHORTEST_PAUSE;
    let quiet = tokio::time::sleep(Duration::ZERO);
    tokio::pin!(quiet);
    loop {
        let minute_ends = Minute::of(clock.now()).plus(1).start();
        let open = tokio::select! {
            biased;
            () = &mut quiet, if news => true,
            () = published.closed() => false,
            () = clock.sleep_until(minute_ends) => {
                store.drop_deleted(clock.now() - FORGET);
                news = true;
                continue;
            }
            observation = observations.recv() => {
                if let Some(observation) = &observation {
                    news |= store.apply(observation);
                    continue;
                }
                false
            }
        };
        seq += 1;
        news = false;
        pause = if quiet.deadline().elapsed() >= CALM { SHORTEST_PAUSE } else { (pause * 2).min(LONGEST_PAUSE) };
        quiet.set(tokio::time::sleep(Duration::ZERO));
        published.send_replace(Arc::new(Snapshot::of(&store, params, origin, clock.now(), seq)));
        let took = quiet.deadline().elapsed();
        quiet.set(tokio::time::sleep(pause.max(took * REST)));
        if !open {
            return Arc::clone(&published.borrow());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::info;
    use chrono::DateTime;
    use lambda_model::Scope;
    use lambda_model::metric::{Metric, Point, SeriesId, Statistic, Subject};
    use lambda_model::observation::Payload;
    use tokio::task::JoinHandle;
    use tokio::time::{Instant, sleep, timeout};

    struct Running {
        observe: mpsc::Sender<Observation>,
        snapshots: watch::Receiver<Arc<Snapshot>>,
        clock: Clock,
        task: JoinHandle<Arc<Snapshot>>,
    }

    /// An engine at five seconds past a full minute, with room for `room` observations.
    fn start(room: usize, speed: f64) -> Running {
        let clock = Clock::simulated("2026-11-22T10:00:05Z".parse().unwrap(), speed);
        let nothing = Snapshot::of(&Store::default(), Params::default(), Origin::Demo, clock.now(), 0);
        let (observe, observations) = mpsc::channel(room);
        let (publish, snapshots) = watch::channel(Arc::new(nothing));
        let task = tokio::spawn(run(observations, publish, clock.clone(), Params::default(), Origin::Demo));
        Running { observe, snapshots, clock, task }
    }

    impl Running {
        fn observation(&self, payload: Payload) -> Observation {
            Observation { at: self.clock.now(), scope: Scope::new(None, "eu-west-1"), payload }
        }

        async fn observe(&self, payload: Payload) {
            self.observe.send(self.observation(payload)).await.unwrap();
        }

        async fn published(&mut self) -> Arc<Snapshot> {
            self.snapshots.changed().await.unwrap();
            Arc::clone(&self.snapshots.borrow_and_update())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_observation_is_published_at_once() {
        let mut engine = start(8, 1.0);
        engine.observe(Payload::Account("123456789012".into())).await;
        let began = Instant::now();
        let snapshot = engine.published().await;
        assert_eq!(began.elapsed(), Duration::ZERO);
        assert_eq!((snapshot.seq, snapshot.scopes[0].account.as_deref()), (1, Some("123456789012")));
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_is_published_ten_times_a_second_to_its_end() {
        let mut engine = start(8, 1.0);
        let flood = tokio::spawn({
            let observe = engine.observe.clone();
            let begun = engine.clock.now();
            let scope = Scope::new(None, "eu-west-1");
            async move {
                for millisecond in 0..3000 {
                    let at = begun + TimeDelta::milliseconds(millisecond);
                    let payload = Payload::Account(millisecond.to_string());
                    observe.send(Observation { at, scope: scope.clone(), payload }).await.unwrap();
                    sleep(Duration::from_millis(1)).await;
                }
            }
        });
        let mut times = Vec::new();
        let began = Instant::now();
        while timeout(Duration::from_secs(1), engine.published()).await.is_ok() {
            times.push(began.elapsed());
        }
        flood.await.unwrap();
        assert!((30..=34).contains(&times.len()), "{} in three seconds", times.len());
        let pauses: Vec<_> = times.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).collect();
        assert!(pauses[..3].iter().all(|pause| *pause < LONGEST_PAUSE), "at first quickly: {pauses:?}");
        assert!(pauses[4..].iter().all(|pause| *pause >= LONGEST_PAUSE), "{pauses:?}");
        assert!(times.last().unwrap() >= &Duration::from_secs(3), "the last observation is in the last snapshot");
    }

    #[tokio::test(start_paused = true)]
    async fn when_nothing_happens_it_publishes_once_a_minute() {
        let mut engine = start(8, 1.0);
        for minute in 1..=3 {
            let snapshot = engine.published().await;
            assert_eq!(snapshot.seq, minute);
            let end: DateTime<chrono::Utc> = format!("2026-11-22T10:0{minute}:00Z").parse().unwrap();
            assert_eq!(snapshot.at, end);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn fast_minutes_are_published_no_faster() {
        let mut engine = start(8, 1000.0);
        let began = Instant::now();
        for _ in 0..20 {
            engine.published().await;
        }
        assert!(began.elapsed() >= LONGEST_PAUSE * 16, "{:?}", began.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn it_ends_with_its_sources_and_returns_all_their_observations() {
        let mut engine = start(8, 1.0);
        engine.observe(Payload::Functions(vec![info("a")])).await;
        engine.published().await;
        engine.observe(Payload::Functions(vec![info("b")])).await;
        drop(engine.observe);
        let last = engine.task.await.unwrap();
        assert_eq!(last.scopes[0].functions.len(), 2);
        assert!(Arc::ptr_eq(&last, &engine.snapshots.borrow_and_update()), "and it is what was published last");
    }

    #[tokio::test(start_paused = true)]
    async fn functions_that_are_gone_leave_the_snapshot_and_then_the_memory() {
        let mut engine = start(8, 1.0);
        engine.observe(Payload::Functions(vec![info("gone"), info("stays")])).await;
        assert_eq!(engine.published().await.scopes[0].functions.len(), 2);
        sleep(Duration::from_mins(10)).await;
        engine.observe(Payload::Functions(vec![info("stays")])).await;
        engine.observe(Payload::FunctionsComplete(engine.clock.now())).await;
        sleep(Duration::from_secs(1)).await;
        let names = |snapshot: &Snapshot| -> Vec<String> {
            snapshot.scopes[0].functions.iter().map(|function| function.state.name.to_string()).collect()
        };
        assert_eq!(names(&*engine.published().await), ["stays"]);

        // A function of the same name counts as new only after the old one is forgotten.
        for (minutes, expected) in [(5, vec!["stays"]), (40, vec!["gone", "stays"])] {
            sleep(Duration::from_mins(minutes)).await;
            let minute = Minute::of(engine.clock.now());
            let id = SeriesId {
                subject: Subject::Function("gone".into()),
                metric: Metric::Invocations,
                statistic: Statistic::Sum,
            };
            engine.observe(Payload::Points(vec![(id, vec![Point { minute, value: 1.0 }])])).await;
            sleep(Duration::from_secs(1)).await;
            assert_eq!(names(&*engine.published().await), expected, "after {minutes} minutes");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn it_ends_without_readers() {
        let engine = start(8, 1.0);
        sleep(Duration::from_mins(10)).await;
        assert!(!engine.task.is_finished());
        drop(engine.snapshots);
        assert!(engine.task.await.is_ok());
    }
}
