//! A simulated Region whose logs are read with Live Tail, and its true state. It imitates the sources.

use std::collections::VecDeque;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use lambda_model::api::TailFilter;
use lambda_model::log::{LeftOut, LogBatch, LogWay};
use lambda_model::observation::{Observation, Payload};
use lambda_model::time::Clock;
use lambda_model::{FunctionName, Scope};
use lambda_simulator::{self, World};
use lamtop::analysis::live::{Curve, ScopeLive};
use lamtop::store::Store;

/// Log groups of a session of Live Tail.
const SESSION: usize = 10;

/// A running Region, and what is read from it.
pub(crate) struct Played {
    world: World,
    store: Store,
    scope: Scope,
    pub(crate) now: DateTime<Utc>,
    /// The log groups, session by session.
    sessions: Vec<Session>,
    functions: Vec<FunctionName>,
    /// Updates of Live Tail that were a sample.
    pub(crate) sampled: usize,
}

/// A session of Live Tail.
struct Session {
    groups: Vec<Arc<str>>,
    filter: TailFilter,
    /// Whether the newest updates were samples.
    newest: VecDeque<bool>,
}

/// How far a curve is from the truth.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Distance {
    sum: f64,
    count: usize,
    peak: u32,
    /// Seconds that should be known but are not.
    pub(crate) unknown: usize,
}

impl Distance {
    /// The mean absolute error as a share of the highest truth; `None` where nothing ran.
    pub(crate) fn error(self) -> Option<f64> {
        (self.peak > 0 && self.count > 0).then(|| self.sum / self.count as f64 / f64::from(self.peak))
    }

    fn add(&mut self, shown: Option<u32>, truth: u32) {
        self.peak = self.peak.max(truth);
        match shown {
            Some(shown) => {
                self.sum += f64::from(shown.abs_diff(truth));
                self.count += 1;
            }
            None => self.unknown += 1,
        }
    }
}

impl Played {
    /// The scenario `minutes` after its origin, where reading begins.
    pub(crate) async fn new(name: &str, seed: u64, minutes: i64) -> Result<Self, Box<dyn std::error::Error>> {
        let scenario = lambda_simulator::scenario(name)?;
        let mut world = World::new(&scenario, seed);
        let now = scenario.origin() + TimeDelta::minutes(minutes);
        world.advance(now);
        let scope = Scope::new(None, scenario.region());
        let account = lambda_simulator::account(&scenario, seed, Clock::simulated(scenario.origin(), 1.0));
        let (mut infos, mut token) = (Vec::new(), None);
        loop {
            let page = account.functions.functions(token).await?;
            infos.extend(page.items);
            token = page.next;
            if token.is_none() {
                break;
            }
        }
        let functions = infos.iter().map(|info| info.name.clone()).collect();
        let mut groups: Vec<Arc<str>> = infos.iter().map(|info| info.log_group_name().into()).collect();
        groups.sort();
        groups.dedup();
        let session = |groups: &[Arc<str>]| Session {
            groups: groups.to_vec(),
            filter: TailFilter::default(),
            newest: VecDeque::new(),
        };
        let sessions = groups.chunks(SESSION).map(session).collect();
        let mut store = Store::default();
        store.apply(&Observation { at: now, scope: scope.clone(), payload: Payload::Functions(infos) });
        Ok(Self { world, store, scope, now, sessions, functions, sampled: 0 })
    }

    /// Advances a second and returns the number of updates. With `mends`, a session that shows a sample asks for fewer
    /// lines from then on, and the second is read again, as the sources do.
    pub(crate) fn second(&mut self, mends: bool) -> usize {
        let second = self.now;
        self.now += TimeDelta::seconds(1);
        self.world.advance(self.now);
        for session in &mut self.sessions {
            let names: Vec<&str> = session.groups.iter().map(|group| &**group).collect();
            let mut update = self.world.tail(&names, session.filter, second);
            self.sampled += usize::from(update.sampled);
            session.newest.push_back(update.sampled);
            if session.newest.len() > 10 {
                session.newest.pop_front();
            }
            // Reads again what a single sample left out, and asks for fewer lines; see `source::follow`.
            let chronic = session.newest.iter().filter(|sampled| **sampled).count() >= 3;
            if mends && update.sampled {
                session.filter = TailFilter::Telling;
            }
            if mends && update.sampled && !chronic {
                // Everything readable by now that may be new in this second.
                let from = second - TimeDelta::seconds(2);
                let events = names.iter().filter_map(|group| self.world.log_events(group, from, self.now));
                update.sampled = false;
                update.events = events.flatten().collect();
            }
            let batch = LogBatch {
                way: LogWay::Tail,
                groups: Some(session.groups.clone()),
                span: Some((second, self.now)),
                left_out: update.sampled.then_some(LeftOut::Sampled),
                events: update.events,
            };
            self.store.apply(&Observation { at: self.now, scope: self.scope.clone(), payload: Payload::Logs(batch) });
        }
        self.sessions.len()
    }

    /// The live state from the logs, now.
    pub(crate) fn live(&self) -> ScopeLive {
        ScopeLive::of(&self.store.scopes[&self.scope], 0.8, self.now)
    }

    /// Compares the newest `seconds` settled seconds of the Region and of each function with the truth.
    pub(crate) fn compare(&self, seconds: usize, region: &mut Distance, functions: &mut [Distance]) {
        let live = self.live();
        if let Some(shown) = &live.region {
            self.hold(&shown.curve, None, seconds, region);
        }
        for (name, distance) in self.functions.iter().zip(functions) {
            if let Some(shown) = live.functions.get(name).filter(|shown| shown.concurrency.is_some()) {
                self.hold(&shown.curve, Some(name.as_str()), seconds, distance);
            }
        }
    }

    fn hold(&self, curve: &Curve, function: Option<&str>, seconds: usize, distance: &mut Distance) {
        let settled = curve.values.len() - curve.provisional;
        let shown = &curve.values[settled.saturating_sub(seconds)..settled];
        let until = curve.until - TimeDelta::seconds(curve.provisional.cast_signed() as i64 - 1);
        let from = until - TimeDelta::seconds(shown.len().cast_signed() as i64);
        let truth = self.world.concurrency(function, from, shown.len() as u32).unwrap_or_default();
        for (shown, truth) in shown.iter().zip(truth) {
            distance.add(*shown, truth);
        }
    }

    /// The functions, in the order of [`Played::compare`].
    pub(crate) fn functions(&self) -> &[FunctionName] {
        &self.functions
    }
}
