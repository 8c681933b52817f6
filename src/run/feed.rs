//! Connects the sources that the settings name and lets them poll.

use std::time::Duration;

use chrono::TimeDelta;
use futures::future::{join_all, try_join_all};
use futures::join;
use tokio::sync::{mpsc, watch};

use crate::config::{LogsFrom, Settings};
use crate::error::Error;
use crate::snapshot::Origin;
use crate::source::aws::{self, Choice, Connection};
use crate::source::cadence::Cadence;
use crate::source::directory::Directory;
use crate::source::file::{self, Input};
use crate::source::follow::{self, Plan, Share};
use crate::source::outlet::{Meter, Outlet};
use crate::source::poller::poll;
use lambda_model::Scope;
use lambda_model::demand::Demand;
use lambda_model::observation::Observation;
use lambda_model::time::Clock;
use lambda_simulator::{self, Scenario};

/// Where the numbers come from, with the clock that belongs to it.
pub(super) enum Source {
    /// AWS accounts: one for every profile and Region.
    Aws(Vec<Choice>),
    /// Accounts in this process, on a clock of their own.
    Simulated(Vec<Connection>, Clock),
    /// A log, and the Region it is said to be from.
    File(Input, Scope),
}

impl Source {
    /// What the settings name; a `scenario` takes the place of AWS, and its clock runs at `speed`.
    ///
    /// # Errors
    ///
    /// A usage error when a log file is named that cannot be opened.
    pub(super) fn new(scenario: Option<&Scenario>, settings: &Settings, speed: f64) -> Result<Self, Error> {
        if let LogsFrom::File(path) = &settings.logs {
            let region = settings.regions.first().map_or("unknown", String::as_str);
            return Ok(Self::File(Input::open(path)?, Scope::new(None, region)));
        }
        if let Some(scenario) = scenario {
            let clock = Clock::simulated(scenario.opening(), speed);
            let account = lambda_simulator::account(scenario, settings.seed, clock.clone());
            let connection = Connection { scope: Scope::new(None, scenario.region()), account };
            return Ok(Self::Simulated(vec![connection], clock));
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
        Ok(Self::Aws(choices.collect()))
    }

    /// The clock to read.
    pub(super) fn clock(&self) -> Clock {
        match self {
            Self::Aws(_) | Self::File(..) => Clock::system(),
            Self::Simulated(_, clock) => clock.clone(),
        }
    }

    /// What a snapshot says of it.
    pub(super) fn origin(&self) -> Origin {
        match self {
            Self::Aws(_) => Origin::Aws,
            Self::Simulated(..) => Origin::Demo,
            Self::File(..) => Origin::Replay,
        }
    }
}

/// Sources and how they are read.
pub(super) struct Feed {
    source: Source,
    cadence: Cadence,
    plan: Plan,
    /// How long a one-shot run goes on to read logs when that has begun; `None` is not at all.
    wait: Option<(Duration, watch::Receiver<bool>)>,
}

/// Until it is known which logs there are and a way to read them works, a one-shot run waits no longer than this.
const LONGEST_START: Duration = Duration::from_secs(20);

/// The simulated control plane is nobody else's: a one-shot run need not spare it.
const DEMO_RATE: f64 = 100_000.0;

impl Feed {
    /// Reads `source` for as long as somebody listens.
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
        let plan = plan(settings);
        // A simulated Live Tail costs nothing, and its minutes may be seconds.
        let idle = plan.idle.filter(|_| !matches!(source, Source::Simulated(..)));
        Self { source, cadence, plan: Plan { idle, ..plan }, wait: None }
    }

    /// Reads everything in `source` once, and logs for as long as the settings say from when `begun` is true.
    pub(super) fn once(source: Source, settings: &Settings, begun: watch::Receiver<bool>) -> Self {
        let simulated = matches!(source, Source::Simulated(..));
        let Self { source, cadence, plan, .. } = Self::new(source, settings);
        let cadence = Cadence {
            once: true,
            inventory_rate: if simulated { DEMO_RATE } else { settings.snapshot_rate },
            // Findings and verdicts need no less than an app that has run for a while; minutes cost nothing.
            history_minutes: i64::from((settings.window_s / 60).max(settings.metrics.history_minutes))
                + i64::from(settings.metrics.provisional_minutes)
                + 2,
            ..cadence
        };
        let wait = (settings.wait_s > 0 && plan.choice != follow::Choice::Off)
            .then(|| (Duration::from_secs(settings.wait_s.into()), begun));
        // Whoever waits is there.
        let choice = if wait.is_some() { plan.choice } else { follow::Choice::Off };
        Self { source, cadence, plan: Plan { choice, idle: None, ..plan }, wait }
    }

    /// Connects and reads until nobody listens to `out`, or, read once, until everything was asked.
    ///
    /// # Errors
    ///
    /// When a connection cannot be made: an unknown profile, no Region, and the like.
    pub(super) async fn run(
        self,
        out: mpsc::Sender<Observation>,
        demand: watch::Receiver<Demand>,
    ) -> Result<(), Error> {
        let Self { source, cadence, plan, wait } = self;
        let clock = source.clock();
        let connections = match source {
            Source::Aws(choices) => try_join_all(choices.iter().map(aws::connect)).await?,
            Source::Simulated(connections, _) => connections,
            Source::File(input, scope) => {
                file::read(input, Outlet::new(scope, clock, out, Meter::default())).await;
                return Ok(());
            }
        };
        let reading = join_all(connections.into_iter().map(|Connection { scope, account }| {
            let outlet = Outlet::new(scope, clock.clone(), out.clone(), Meter::default());
            let (directory, places) = watch::channel(Directory::default());
            let logs = follow::follow(account.clone(), outlet.clone(), plan.clone(), places, demand.clone());
            let metrics = poll(account, outlet, cadence, directory, demand.clone());
            let (clock, wait) = (clock.clone(), wait.clone());
            async move {
                if cadence.once {
                    let metrics_and_wait = async {
                        metrics.await;
                        if let Some((wait, mut begun)) = wait {
                            tokio::select! {
                                _ = begun.wait_for(|begun| *begun) => {}
                                () = clock.sleep(LONGEST_START) => {}
                            }
                            clock.sleep(wait).await;
                        }
                    };
                    tokio::select! {
                        () = metrics_and_wait => {}
                        () = async { logs.await; std::future::pending().await } => {}
                    }
                } else {
                    join!(metrics, logs);
                }
            }
        }));
        drop(out);
        reading.await;
        Ok(())
    }
}

/// How the logs are to be followed.
fn plan(settings: &Settings) -> Plan {
    let choice = match &settings.logs {
        LogsFrom::Auto => follow::Choice::Auto,
        LogsFrom::Tail => follow::Choice::Tail,
        LogsFrom::Poll => follow::Choice::Poll,
        LogsFrom::Kinesis(stream) => follow::Choice::Kinesis(stream.clone()),
        LogsFrom::Off | LogsFrom::File(_) => follow::Choice::Off,
    };
    let (part, of) = settings.shards;
    Plan {
        choice,
        sessions: settings.live_tail.sessions as usize,
        idle: Some(TimeDelta::minutes(settings.live_tail.idle_minutes.into())),
        share: Share { part, of },
    }
}
