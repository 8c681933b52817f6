//! The app under test: the real loop, engine and pollers on simulated accounts, on a screen in memory.
//!
//! Made for tests with paused time: a session takes none and is the same every time.

use std::io;
use std::ops::Deref;
use std::sync::Arc;

use lambda_model::Scope;
use lambda_model::api::Account;
use lambda_model::time::Clock;
use lamtop::cli::{self, Invocation};
use lamtop::config::{Settings, Surroundings};
use lamtop::run::stage;
use lamtop::snapshot::Snapshot;
use lamtop::source::aws::Connection;
use lamtop::tui::Options;
use lamtop::tui::capabilities::{Capabilities, Depth};
use lamtop::tui::offscreen::Offscreen;
use lamtop::tui::script::Step;
use lamtop::tui::update::Msg;
use lamtop::view::functions::Query;
use tokio::sync::{OnceCell, watch};

/// The app under test. It stands still between two scripts.
pub(crate) struct TestApp(Offscreen);

impl TestApp {
    /// The app on a simulated Region that has been read for ten seconds, at which every alias is known.
    pub(crate) async fn demo(scenario: &str, width: u16, height: u16) -> Self {
        Self::start(scenario, width, height).keys("<10s>").await
    }

    /// The same app, in which time stands still: it is read once for all tests, and drawn at once.
    pub(crate) async fn still(width: u16, height: u16) -> Self {
        static READ: OnceCell<Arc<Snapshot>> = OnceCell::const_new();
        let read = READ
            .get_or_init(async || Arc::clone(Self::demo("mixed", 120, 40).await.keys("<1s>").await.app().snapshot()))
            .await;
        Self::showing(Snapshot::clone(read), width, height, true).keys("").await
    }

    /// The app on a simulated Region that nothing has been read of.
    pub(crate) fn start(scenario: &str, width: u16, height: u16) -> Self {
        Self(stage::demo(scenario, &settings(), (width, height)).unwrap())
    }

    /// The app on one account in one Region.
    pub(crate) fn on(account: Account, width: u16, height: u16) -> Self {
        Self::on_all(vec![(None, "eu-west-1", account)], width, height)
    }

    /// The app on accounts, each by its profile and Region.
    pub(crate) fn on_all(accounts: Vec<(Option<&str>, &str, Account)>, width: u16, height: u16) -> Self {
        let connection = |(profile, region, account): (Option<&str>, &str, Account)| Connection {
            scope: Scope::new(profile, region),
            account,
        };
        let connections = accounts.into_iter().map(connection).collect();
        Self(stage::accounts(connections, clock(), &settings(), (width, height)).unwrap())
    }

    /// The app on a snapshot that nothing changes, on a terminal that knows Unicode or only ASCII.
    pub(crate) fn showing(snapshot: Snapshot, width: u16, height: u16, unicode: bool) -> Self {
        let depth = if unicode { Depth::TrueColor } else { Depth::Mono };
        let options = Options::new(Query::default(), "default", None, Capabilities { depth, unicode }).unwrap();
        let (_, snapshots) = watch::channel(Arc::new(snapshot));
        Self(Offscreen::new(options, (width, height), snapshots, watch::Sender::default()))
    }

    /// Types keys; see `lamtop::tui::script`.
    pub(crate) async fn keys(mut self, script: &str) -> Self {
        self.0.keys(script).await.unwrap();
        self
    }

    /// Pastes text.
    pub(crate) async fn paste(mut self, text: &str) -> Self {
        self.0.play(vec![Step::Send(Msg::Paste(text.to_string()))]).await.unwrap();
        self
    }

    /// Gives the terminal another size.
    pub(crate) async fn resize(mut self, width: u16, height: u16) -> Self {
        self.0.resize(width, height).await.unwrap();
        self
    }

    /// What is drawn.
    pub(crate) fn screen(&self) -> String {
        self.0.text()
    }

    /// The first line of the screen with this text in it.
    pub(crate) fn line(&self, text: &str) -> String {
        let screen = self.screen();
        screen
            .lines()
            .find(|line| line.contains(text))
            .unwrap_or_else(|| panic!("no {text:?} in\n{screen}"))
            .to_string()
    }

    /// The name of the function that the cursor is on.
    pub(crate) fn selected(&self) -> String {
        let app = self.0.app();
        app.row_id(app.functions.selected).map(|id| id.name.to_string()).unwrap_or_default()
    }

    /// The functions of the table, top to bottom.
    pub(crate) fn functions(&self) -> Vec<String> {
        let app = self.0.app();
        (0..app.rows().len()).filter_map(|row| Some(app.row_id(row)?.name.to_string())).collect()
    }
}

impl Deref for TestApp {
    type Target = Offscreen;

    fn deref(&self) -> &Offscreen {
        &self.0
    }
}

/// The simulated account of `mixed` with this seed, on the clock that [`TestApp::on_all`] reads.
pub(crate) fn mixed(seed: u64) -> Account {
    lambda_simulator::account(&lambda_simulator::scenario("mixed").unwrap(), seed, clock())
}

/// The clock of the simulated accounts.
fn clock() -> Clock {
    Clock::simulated(lambda_simulator::scenario("mixed").unwrap().opening(), 1.0)
}

/// The settings of a user who has set nothing.
pub(crate) fn settings() -> Settings {
    let surroundings = Surroundings { variable: &|_| None, read: &|_| Err(io::ErrorKind::NotFound.into()) };
    match cli::parse(["lamtop", "demo"], &surroundings) {
        Ok(Invocation::Demo { settings, .. }) => settings,
        other => panic!("{other:?}"),
    }
}
