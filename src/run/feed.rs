//! Connects the sources that the settings name and lets them poll.

use chrono::TimeDelta;
use futures::future::{join_all, try_join_all};
use tokio::sync::{mpsc, watch};

use crate::config::Settings;
use crate::error::Error;
use crate::model::Scope;
use crate::model::demand::Demand;
use crate::model::observation::Observation;
use crate::model::time::Clock;
use crate::snapshot::Origin;
use crate::source::aws::{self, Choice, Connection};
use crate::source::demo::{self, Scenario};
use crate::source::poller::poll;
use crate::source::schedule::Cadence;

/// Where the numbers come from, with the clock that belongs to it.
pub(super) enum Source {
    /// AWS accounts: one for every profile and Region.
    Aws(Vec<Choice>),
    /// Accounts in this process, on a clock of their own.
    Simulated(Vec<Connection>, Clock),
}

impl Source {
    /// What the settings name; a `scenario` takes the place of AWS, and its clock runs at `speed`.
    pub(super) fn new(scenario: Option<&Scenario>, settings: &Settings, speed: f64) -> Self {
        if let Some(scenario) = scenario {
            let clock = Clock::simulated(scenario.opening(), speed);
            let account = demo::account(scenario, settings.seed, clock.clone());
            return Self::Simulated(vec![Connection { scope: Scope::new(None, scenario.region()), account }], clock);
        }
        let or_standard = |names: &[String]| -> Vec<Option<String>> {
            if names.is_empty() { vec![None] } else { names.iter().cloned().map(Some).collect() }
        };
        let (profiles, regions) = (or_standard(&settings.profiles), or_standard(&settings.regions));
        let every = profiles.iter().flat_map(|profile| regions.iter().map(move |region| (profile, region)));
        let choices = every.map(|(profile, region)| Choice {
            profile: profile.clone(),
            region: region.clone(),
            endpoint_url: settings.endpoint_url.clone(),
        });
        Self::Aws(choices.collect())
    }

    /// The clock to read.
    pub(super) fn clock(&self) -> Clock {
        match self {
            Self::Aws(_) => Clock::system(),
            Self::Simulated(_, clock) => clock.clone(),
        }
    }

    /// What a snapshot says of it.
    pub(super) fn origin(&self) -> Origin {
        match self {
            Self::Aws(_) => Origin::Aws,
            Self::Simulated(..) => Origin::Demo,
        }
    }

    /// Makes every connection.
    async fn connect(self) -> Result<Vec<Connection>, Error> {
        match self {
            Self::Aws(choices) => try_join_all(choices.iter().map(aws::connect)).await,
            Self::Simulated(connections, _) => Ok(connections),
        }
    }
}

/// Sources and how they are polled.
pub(super) struct Feed {
    source: Source,
    cadence: Cadence,
}

/// The simulated control plane is nobody else's: a one-shot run need not spare it.
const DEMO_RATE: f64 = 100_000.0;

impl Feed {
    /// Polls `source` for as long as somebody listens.
    pub(super) fn new(source: Source, settings: &Settings) -> Self {
        let seconds = |seconds: u32| TimeDelta::seconds(seconds.into());
        let metrics = &settings.metrics;
        let cadence = Cadence {
            once: false,
            inventory_rate: settings.inventory_rate,
            inventory_seconds: settings.inventory_s,
            refresh: seconds(metrics.refresh_s),
            background: seconds(metrics.background_s),
            history_minutes: metrics.history_minutes.into(),
            trailing_minutes: metrics.trailing_minutes.into(),
            queues: seconds(settings.queues.refresh_s),
        };
        Self { source, cadence }
    }

    /// Polls everything in `source` once.
    pub(super) fn once(source: Source, settings: &Settings) -> Self {
        let simulated = matches!(source, Source::Simulated(..));
        let Self { source, cadence } = Self::new(source, settings);
        let cadence = Cadence {
            once: true,
            inventory_rate: if simulated { DEMO_RATE } else { settings.snapshot_rate },
            // The window of the aliases, and the minutes that may be late.
            history_minutes: i64::from(settings.window_s / 60 + settings.metrics.provisional_minutes) + 2,
            ..cadence
        };
        Self { source, cadence }
    }

    /// Connects and polls until nobody listens to `out`, or, polled once, until everything was asked.
    ///
    /// # Errors
    ///
    /// When a connection cannot be made: an unknown profile, no Region, and the like.
    pub(super) async fn run(
        self,
        out: mpsc::Sender<Observation>,
        demand: watch::Receiver<Demand>,
    ) -> Result<(), Error> {
        let Self { source, cadence } = self;
        let clock = source.clock();
        let connections = source.connect().await?;
        let polls = connections.into_iter().map(|connection| {
            poll(connection.account, connection.scope, clock.clone(), cadence, out.clone(), demand.clone())
        });
        let polling = join_all(polls);
        drop(out);
        polling.await;
        Ok(())
    }
}
