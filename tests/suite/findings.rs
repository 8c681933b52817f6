//! Every scenario of the demo through the real sources, store and rules: what `tests/findings` expects is found, and
//! nothing else. What was seen is drawn, too.
//!
//! A file tells at which minutes to look and what is to be found then. The expectations follow from what the scenario
//! does, never from what was found.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;
use std::{fs, io};

use chrono::TimeDelta;
use lambda_model::finding::{Kind, Severity};
use lambda_model::time::Clock;
use lambda_model::{FunctionId, FunctionName, Scope};
use lambda_simulator::{Scenario, scenarios};
use lamtop::analysis::finding::Finding;
use lamtop::cli::{self, Invocation};
use lamtop::config::{Settings, Surroundings};
use lamtop::run::stage::{self, Reading};
use lamtop::snapshot::{Origin, Snapshot};
use lamtop::source::aws::Connection;
use lamtop::store::Store;
use lamtop::view::findings::summary;
use serde::Deserialize;

use crate::test_app::TestApp;

/// The findings do not depend on it: 2 and 3 have been tried too.
const SEED: u64 = 1;
/// Functions of the scenario that makes up thousands: the needle is as well hidden, and the hay is read more quickly.
const HAY: u32 = 200;

/// What is to be found in a scenario. Times are minutes from its origin, at which one begins to watch.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expectations {
    #[serde(rename = "look")]
    looks: Vec<Look>,
}

/// What is to be found at one time, and nothing else.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Look {
    at_min: f64,
    /// Whether the functions' logs are read too.
    #[serde(default)]
    live: bool,
    #[serde(rename = "finding", default)]
    findings: Vec<Expected>,
}

/// A finding that is to be made.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    kind: Kind,
    /// Absent: the Region.
    function: Option<String>,
    alias: Option<String>,
    since_min: f64,
    tolerance_min: f64,
    /// Absent: any.
    severity: Option<Severity>,
}

fn folder() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "findings"].iter().collect()
}

fn expectations(name: &str) -> Expectations {
    let text = fs::read_to_string(folder().join(format!("{name}.toml"))).unwrap_or_else(|error| {
        panic!("tests/findings/{name}.toml tells what is to be found in the scenario {name}: {error}")
    });
    let expectations: Expectations = toml::from_str(&text).unwrap_or_else(|error| panic!("{name}.toml: {error}"));
    assert!(expectations.looks.is_sorted_by(|one, other| one.at_min < other.at_min), "{name}.toml: looks in order");
    expectations
}

impl Expected {
    fn is_about(&self, found: &Finding) -> bool {
        self.kind == found.kind
            && self.function.as_deref() == found.function.as_ref().map(FunctionName::as_str)
            && self.alias == found.alias
    }
}

fn name_of(kind: Kind, function: Option<&str>, alias: Option<&str>) -> String {
    let alias = alias.map(|alias| format!(":{alias}")).unwrap_or_default();
    format!("{kind} of {}{alias}", function.unwrap_or("the Region"))
}

impl Look {
    /// What is wrong with the findings, whose `since` is given in minutes.
    fn slips(&self, found: &[(&Finding, f64)]) -> String {
        let mut slips = String::new();
        for expected in &self.findings {
            let name = name_of(expected.kind, expected.function.as_deref(), expected.alias.as_deref());
            let Some((finding, since)) = found.iter().find(|(finding, _)| expected.is_about(finding)) else {
                writeln!(slips, "  not found: {name}").unwrap();
                continue;
            };
            if (since - expected.since_min).abs() > expected.tolerance_min {
                let (min, tolerance) = (expected.since_min, expected.tolerance_min);
                writeln!(slips, "  {name}: since {since:.1}, not {min} ± {tolerance}: {}", summary(finding)).unwrap();
            }
            if let Some(severity) = expected.severity.filter(|severity| *severity != finding.severity) {
                let found = finding.severity.word();
                writeln!(slips, "  {name}: {found}, not {}: {}", severity.word(), summary(finding)).unwrap();
            }
        }
        for (finding, since) in found {
            if !self.findings.iter().any(|expected| expected.is_about(finding)) {
                let function = finding.function.as_ref().map(FunctionName::as_str);
                let name = name_of(finding.kind, function, finding.alias.as_deref());
                let (severity, summary) = (finding.severity.word(), summary(finding));
                writeln!(slips, "  not expected: {name} ({severity}, since {since:.1}): {summary}").unwrap();
            }
        }
        slips
    }
}

/// Nobody has set anything, but whether logs are read.
fn settings(live: bool) -> Settings {
    let nothing_set = Surroundings { variable: &|_| None, read: &|_| Err(io::ErrorKind::NotFound.into()) };
    let logs = if live { "auto" } else { "off" };
    match cli::parse(["lamtop", "demo", "--logs", logs], &nothing_set) {
        Ok(Invocation::Demo { settings, .. }) => settings,
        other => panic!("{other:?}"),
    }
}

/// The scenario as it is seen at each of these minutes, with every function on screen.
async fn seen(scenario: &Scenario, live: bool, minutes: &[f64]) -> Vec<Snapshot> {
    let scope = Scope::new(None, scenario.region());
    let clock = Clock::simulated(scenario.origin(), 1.0);
    let connection =
        Connection { scope: scope.clone(), account: lambda_simulator::account(scenario, SEED, clock.clone()) };
    let Reading { mut observations, demand, params } = stage::read(vec![connection], clock.clone(), &settings(live));
    let mut store = Store::default();
    let mut snapshots = Vec::new();
    // By minute 1 every function is known: then all of them come on screen.
    for at_min in std::iter::once(1.0).chain(minutes.iter().copied()) {
        let at = scenario.origin() + TimeDelta::milliseconds((at_min * 60e3) as i64);
        let wait = (at - clock.now()).to_std().unwrap_or(Duration::ZERO);
        let deadline = tokio::time::Instant::now() + wait;
        while let Ok(Some(observation)) = tokio::time::timeout_at(deadline, observations.recv()).await {
            store.apply(&observation);
        }
        let snapshot = Snapshot::of(&store, params, Origin::Demo, clock.now(), snapshots.len() as u64);
        let functions = snapshot.scopes.iter().flat_map(|scope| &scope.functions);
        let name = |name: &FunctionName| FunctionId { scope: scope.clone(), name: name.clone() };
        let visible = functions.map(|function| name(&function.state.name)).collect();
        demand.send_modify(|demand| demand.visible = visible);
        snapshots.push(snapshot);
    }
    snapshots.split_off(1)
}

/// Draws what was seen: the cursor goes down the findings, and each of them leads to the page of its function; the
/// traffic view has the aliases that are split.
async fn draw(snapshot: &Snapshot) {
    let findings = snapshot.findings();
    let mut app = TestApp::showing(snapshot.clone(), 120, 40, true).keys("3").await;
    for (_, finding) in &findings {
        let function = finding.function.as_ref().map_or("the Region", FunctionName::as_str);
        assert!(app.line(&format!("{} · ", finding.kind)).contains(function), "{function}:\n{}", app.screen());
        if finding.function.is_some() {
            app = app.keys("<enter>").await;
            assert!(app.screen().contains(&format!("\n {function}  ")), "{function}:\n{}", app.screen());
            app = app.keys("<esc>").await;
        }
        app = app.keys("j").await;
    }
    let app = TestApp::showing(snapshot.clone(), 120, 200, true).keys("t").await;
    for function in snapshot.scopes.iter().flat_map(|scope| &scope.functions) {
        for alias in function.canaries.keys() {
            app.line(&format!("{}:{alias}", function.state.name));
        }
    }
}

/// Plays the scenario and compares.
async fn finds(name: &str) {
    let mut scenario = lambda_simulator::scenario(name).unwrap();
    if name == "large" {
        scenario = scenario.with_functions(HAY).unwrap();
    }
    let expectations = expectations(name);
    let mut slips = String::new();
    for live in [false, true] {
        let looks: Vec<&Look> = expectations.looks.iter().filter(|look| look.live == live).collect();
        if looks.is_empty() {
            continue;
        }
        let minutes: Vec<f64> = looks.iter().map(|look| look.at_min).collect();
        let snapshots = seen(&scenario, live, &minutes).await;
        draw(snapshots.last().unwrap()).await;
        for (look, snapshot) in looks.iter().zip(snapshots) {
            let since = |finding: &Finding| (finding.since - scenario.origin()).as_seconds_f64() / 60.0;
            let found: Vec<_> = snapshot.findings().into_iter().map(|(_, finding)| (finding, since(finding))).collect();
            let wrong = look.slips(&found);
            if !wrong.is_empty() {
                let way = if live { " with logs" } else { "" };
                write!(slips, "\n{name} at minute {}{way}:\n{wrong}", look.at_min).unwrap();
            }
        }
    }
    assert!(slips.is_empty(), "{slips}");
}

macro_rules! tests {
    ($($test:ident: $name:literal,)+) => {
        $(#[tokio::test(start_paused = true)]
        async fn $test() {
            finds($name).await;
        })+
    };
}

lambda_simulator::each_scenario!(tests);

#[test]
fn every_file_is_a_scenario_s() {
    let known: BTreeSet<String> = scenarios().iter().map(|scenario| format!("{}.toml", scenario.name)).collect();
    let files = fs::read_dir(folder()).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    assert_eq!(files.collect::<BTreeSet<_>>(), known);
}
