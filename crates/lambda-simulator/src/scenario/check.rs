//! Whether a scenario makes sense, so that the simulation never meets one that does not.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use super::large::{MOST_FUNCTIONS, RESERVED_AT_MOST};
use super::{AliasTraffic, Canary, Function, Incident, Instant, Scenario, Source, Target, Truth};
use lambda_model::deployment::Shifting;

/// The smallest part of the limit that reservations must leave, as AWS demands (docs/aws.md#concurrency-limits).
const UNRESERVED_MINIMUM: u64 = 100;

/// How far from the origin things happen.
const WEEK_MIN: f64 = 7.0 * DAY_MIN;

/// How far from the origin one begins to watch: all that comes before is stepped through.
const DAY_MIN: f64 = 24.0 * 60.0;

/// Requests a second of one function, at its busiest.
const BUSIEST: f64 = 10_000.0;

/// What is wrong, and where.
#[derive(Debug)]
pub(super) struct Problem {
    /// The keys and places that lead to it, for example `function.3.alias.0.share`.
    pub(super) path: String,
    /// What the key belongs to, for example `function checkout`; empty for the scenario itself.
    pub(super) owner: String,
    /// What is wrong with it.
    pub(super) reason: String,
}

type Checked = Result<(), Problem>;

/// The first thing that is wrong with the scenario.
pub(super) fn check(scenario: &Scenario) -> Checked {
    let root = Table { path: String::new(), owner: String::new() };
    root.name("summary", &scenario.summary)?;
    let years = "2000-01-01T00:00:00Z".."3000-01-01T00:00:00Z";
    let origin = scenario.origin.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    root.ensure("origin", years.contains(&origin.as_str()), || format!("{origin} is not between {years:?}"))?;
    root.within("opening_min", scenario.opening_min, 0.1..=DAY_MIN)?;
    root.name("region.name", &scenario.region.name)?;
    root.within("region.limit", scenario.region.limit, 1.0..=1e6)?;
    root.ensure("function", !scenario.functions.is_empty() || scenario.population.is_some(), || {
        "there is no function".to_string()
    })?;
    if let Some(population) = &scenario.population {
        root.within("population.functions", population.functions, 1.0..=f64::from(MOST_FUNCTIONS))?;
        root.within("population.rate", population.rate, 0.0..=BUSIEST)?;
    }
    functions(scenario)?;
    for (place, incident) in scenario.incidents.iter().enumerate() {
        check_incident(
            scenario,
            incident,
            &Table::new("incident", place, format!("incident of {}", incident.function)),
        )?;
    }
    changes(scenario)?;
    for (place, fault) in scenario.api_faults.iter().enumerate() {
        let table = Table::new("api_fault", place, "fault of the API".to_string());
        table.times(("from_min", fault.from_min), fault.until_min)?;
        table.share("share", fault.share)?;
    }
    for (place, truth) in scenario.truths.iter().enumerate() {
        check_truth(scenario, truth, &Table::new("truth", place, "truth".to_string()))?;
    }
    reservations(scenario, &root)
}

/// A table of the file.
struct Table {
    path: String,
    owner: String,
}

impl Table {
    fn new(array: &str, place: usize, owner: String) -> Self {
        Self { path: format!("{array}.{place}"), owner }
    }

    /// A table inside this one.
    fn inner(&self, key: &str) -> Self {
        Self { path: self.path_to(key), owner: self.owner.clone() }
    }

    fn path_to(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_string() } else { format!("{}.{key}", self.path) }
    }

    fn ensure(&self, key: &str, holds: bool, reason: impl Fn() -> String) -> Checked {
        if holds {
            Ok(())
        } else {
            Err(Problem { path: self.path_to(key), owner: self.owner.clone(), reason: reason() })
        }
    }

    fn within(&self, key: &str, value: impl Into<f64>, allowed: RangeInclusive<f64>) -> Checked {
        let value = value.into();
        self.ensure(key, allowed.contains(&value), || {
            format!("{value} is not between {} and {}", allowed.start(), allowed.end())
        })
    }

    fn share(&self, key: &str, value: f64) -> Checked {
        self.within(key, value, 0.0..=1.0)
    }

    fn name(&self, key: &str, name: &str) -> Checked {
        self.ensure(key, !name.trim().is_empty(), || "a text is missing".to_string())
    }

    /// A version's number, as an alias may point to it.
    fn version(&self, key: &str, version: &str) -> Checked {
        let digits = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
        self.ensure(key, digits, || format!("{version:?} is no version's number"))
    }

    /// From the origin on, and over after it began.
    fn times(&self, (key, from): (&str, f64), until: Option<f64>) -> Checked {
        self.within(key, from, 0.0..=WEEK_MIN)?;
        let Some(until) = until else { return Ok(()) };
        self.within("until_min", until, 0.0..=WEEK_MIN)?;
        self.ensure("until_min", until > from, || format!("{until} is not after {key}, {from}"))
    }

    /// One of the functions that are written down.
    fn known<'a>(&self, scenario: &'a Scenario, name: &str) -> Result<&'a Function, Problem> {
        scenario.functions.iter().find(|function| function.name == name).ok_or_else(|| Problem {
            path: self.path_to("function"),
            owner: self.owner.clone(),
            reason: format!("there is no function called {name}"),
        })
    }
}

/// A name as Lambda allows it for functions and aliases.
fn is_name(name: &str, longest: usize) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=longest).contains(&name.len()) && name.bytes().all(allowed)
}

fn functions(scenario: &Scenario) -> Checked {
    let mut names = BTreeSet::new();
    let mut queues = BTreeMap::new();
    for (place, function) in scenario.functions.iter().enumerate() {
        let name = &function.name;
        let table = Table::new("function", place, format!("function {name}"));
        table.ensure("name", is_name(name, 64), || "not 1 to 64 letters, digits, - and _".to_string())?;
        table.ensure("name", names.insert(name), || format!("two functions are called {name}"))?;
        configuration(function, &table)?;
        traffic(function, &table)?;
        failures(function, &table)?;
        aliases(function, &table)?;
        source(function, &table)?;
        if let Some(Source::Sqs { queue, .. }) = &function.source {
            let other = queues.insert(queue, name);
            table.ensure("source.sqs.queue", other.is_none(), || {
                format!("{} polls it too", other.map_or("", |one| one))
            })?;
        }
        consequences(scenario, function, &table)?;
    }
    Ok(())
}

fn configuration(function: &Function, table: &Table) -> Checked {
    if let Some(runtime) = &function.runtime {
        table.name("runtime", runtime)?;
    }
    table.within("memory_mb", function.memory_mb, 128.0..=10_240.0)?;
    table.within("timeout_s", function.timeout_s, 1.0..=900.0)?;
    // Not in the future at the origin, and no date that a calendar does not have.
    table.within("modified_min", function.modified_min as f64, -10.0 * 365.0 * DAY_MIN..=0.0)?;
    if let Some(group) = &function.log_group {
        table.name("log_group", group)?;
    }
    if let Some(provisioned) = &function.provisioned {
        let inner = table.inner("provisioned");
        inner.within("environments", provisioned.environments, 1.0..=1e5)?;
        let whole = function.aliases.iter().any(|alias| alias.name == provisioned.alias && alias.share >= 1.0);
        inner.ensure("alias", whole, || format!("no alias {} carries all traffic", provisioned.alias))?;
        inner.ensure("environments", provisioned.environments <= function.reserved.unwrap_or(u32::MAX), || {
            "more provisioned than reserved".to_string()
        })?;
        table
            .ensure("snap_start", !function.snap_start, || "SnapStart rules out provisioned concurrency".to_string())?;
    }
    Ok(())
}

fn traffic(function: &Function, table: &Table) -> Checked {
    table.within("rate", function.rate, 0.0..=BUSIEST)?;
    if let Some(burst) = &function.burst {
        let inner = table.inner("burst");
        inner.within("every_s", burst.every_s, 1.0..=WEEK_MIN * 60.0)?;
        inner.within("lasting_s", burst.lasting_s, 0.001..=WEEK_MIN * 60.0)?;
        inner.ensure("lasting_s", burst.lasting_s < burst.every_s, || "not shorter than every_s".to_string())?;
        inner.within("rate", burst.rate, 0.0..=BUSIEST)?;
    }
    table.within("client_retries", function.client_retries, 0.0..=10.0)?;
    table.within("p50_ms", function.p50_ms, 0.1..=f64::from(function.timeout_s) * 1000.0)?;
    table.within("spread", function.spread, 0.0..=2.0)?;
    table.share("error_rate", function.error_rate)?;
    table.within("init_ms", function.init_ms.unwrap_or(1.0), 0.0..=60_000.0)?;
    table.within("used_mb", function.used_mb.unwrap_or(1.0), 1.0..=f64::from(function.memory_mb))
}

fn failures(function: &Function, table: &Table) -> Checked {
    table.share("async_share", function.async_share)?;
    table.within("max_event_age_s", function.max_event_age_s, 60.0..=21_600.0)?;
    table.within("max_retries", function.max_retries, 0.0..=2.0)?;
    table.share("undelivered_share", function.undelivered_share)?;
    let targets = [("dead_letter", &function.dead_letter), ("on_failure", &function.on_failure)];
    for (key, target) in targets {
        if let Some(Target::Sqs(name) | Target::Sns(name)) = target {
            table.name(key, name)?;
        }
    }
    let somewhere = targets.iter().any(|(_, target)| target.is_some());
    table.ensure("undelivered_share", somewhere || function.undelivered_share == 0.0, || {
        "there is neither dead_letter nor on_failure".to_string()
    })
}

fn aliases(function: &Function, table: &Table) -> Checked {
    let mut names = BTreeSet::new();
    for (place, alias) in function.aliases.iter().enumerate() {
        let inner = table.inner(&format!("alias.{place}"));
        let valid = is_name(&alias.name, 128) && !alias.name.bytes().all(|byte| byte.is_ascii_digit());
        inner.ensure("name", valid, || "not 1 to 128 letters, digits, - and _, or only digits".to_string())?;
        inner.ensure("name", names.insert(&alias.name), || format!("two aliases are called {}", alias.name))?;
        inner.version("version", &alias.version)?;
        inner.share("share", alias.share)?;
        canary(alias, &inner.inner("canary"))?;
    }
    let shares: f64 = function.aliases.iter().map(|alias| alias.share).sum();
    // Tenths do not add up exactly.
    table.ensure("alias", shares <= 1.0 + 1e-9, || format!("the shares of the aliases add up to {shares}"))
}

fn canary(alias: &AliasTraffic, table: &Table) -> Checked {
    let Some(canary) = &alias.canary else { return Ok(()) };
    table.version("version", &canary.version)?;
    table.ensure("version", canary.version != alias.version, || "the alias points to it anyway".to_string())?;
    table.share("weight", canary.weight)?;
    table.times(("from_min", canary.from_min), canary.until_min)?;
    table.share("error_rate", canary.error_rate)?;
    table.within("duration", canary.duration, 0.01..=100.0)?;
    table.within("init", canary.init, 0.01..=100.0)?;
    rollout(canary, &table.inner("deployment"))
}

/// A deployment that its traffic contradicts would be a riddle.
fn rollout(canary: &Canary, table: &Table) -> Checked {
    let Some(rollout) = &canary.deployment else { return Ok(()) };
    let Some(Shifting::Canary { percent, minutes }) = Shifting::predefined(&rollout.config) else {
        return table.ensure("config", false, || format!("{:?} is no canary of CodeDeploy's own", rollout.config));
    };
    let agrees = (f64::from(percent) / 100.0 - canary.weight).abs() < 1e-9;
    table.ensure("config", agrees, || format!("it shifts {percent} %, the weight is {}", canary.weight))?;
    let end = canary.from_min + f64::from(minutes);
    table.ensure("config", canary.until_min.is_some_and(|until| until <= end), || {
        format!("it shifts the rest in minute {end}: until_min must not be later")
    })
}

fn source(function: &Function, table: &Table) -> Checked {
    let Some(source) = &function.source else { return Ok(()) };
    table.ensure("async_share", function.async_share == 0.0, || "its source is its only caller".to_string())?;
    match source {
        Source::Sqs { queue, redrive, batch_size, max_receives, visibility_s, maximum_concurrency, .. } => {
            let inner = table.inner("source.sqs");
            inner.name("queue", queue)?;
            inner.name("redrive", redrive)?;
            inner.ensure("redrive", redrive != queue, || "it is the queue itself".to_string())?;
            inner.within("batch_size", *batch_size, 1.0..=10_000.0)?;
            inner.within("max_receives", *max_receives, 1.0..=1000.0)?;
            inner.within("visibility_s", *visibility_s, 0.0..=43_200.0)?;
            inner.within("maximum_concurrency", maximum_concurrency.unwrap_or(2), 2.0..=1000.0)
        }
        Source::Kinesis { stream, shards, batch_size, .. } => {
            let inner = table.inner("source.kinesis");
            inner.name("stream", stream)?;
            inner.within("shards", *shards, 1.0..=10_000.0)?;
            inner.within("batch_size", *batch_size, 1.0..=10_000.0)
        }
    }
}

fn consequences(scenario: &Scenario, function: &Function, table: &Table) -> Checked {
    let mut targets = BTreeSet::new();
    for (place, consequence) in function.consequences.iter().enumerate() {
        let inner = table.inner(&format!("then.{place}"));
        inner.known(scenario, &consequence.function)?;
        // Twice itself would double with every hop.
        inner.ensure("function", targets.insert(&consequence.function), || {
            format!("{} is named twice", consequence.function)
        })?;
        inner.share("share", consequence.share)?;
        inner.within("after_s", consequence.after_s, 0.0..=86_400.0)?;
        inner.times(("from_min", consequence.from_min.unwrap_or(0.0)), consequence.until_min)?;
    }
    Ok(())
}

fn check_incident(scenario: &Scenario, incident: &Incident, table: &Table) -> Checked {
    let function = table.known(scenario, &incident.function)?;
    if let Some(version) = &incident.version {
        let versions = versions(scenario, function);
        table.ensure("version", versions.contains(version.as_str()), || {
            format!("{version} never runs; {} do", versions.iter().copied().collect::<Vec<_>>().join(", "))
        })?;
    }
    table.times(("from_min", incident.from_min), incident.until_min)?;
    table.within("ramp_min", incident.ramp_min, 0.0..=WEEK_MIN)?;
    table.within("rate", incident.rate, 0.0..=1e6)?;
    table.within("rate", function.rate * incident.rate, 0.0..=BUSIEST)?;
    table.within("duration", incident.duration, 0.01..=1e4)?;
    table.within("init", incident.init, 0.01..=100.0)?;
    table.share("error_rate", incident.error_rate)?;
    table.share("poison", incident.poison)?;
    table.share("hang", incident.hang)?;
    table.share("init_failures", incident.init_failures)?;
    table.within("leak_mb", incident.leak_mb, 0.0..=10_240.0)
}

/// The versions of a function that ever run.
fn versions<'a>(scenario: &'a Scenario, function: &'a Function) -> BTreeSet<&'a str> {
    let of_alias = |alias: &'a AliasTraffic| {
        [Some(&*alias.version), alias.canary.as_ref().map(|canary| &*canary.version)].into_iter().flatten()
    };
    let changes = scenario.changes.iter().filter(|change| change.function == function.name);
    let repointed = changes.filter_map(|change| change.alias.as_ref()).map(|alias| &*alias.version);
    function.aliases.iter().flat_map(of_alias).chain(repointed).chain(["$LATEST"]).collect()
}

fn changes(scenario: &Scenario) -> Checked {
    for (place, change) in scenario.changes.iter().enumerate() {
        let table = Table::new("change", place, format!("change of {}", change.function));
        let function = table.known(scenario, &change.function)?;
        table.times(("at_min", change.at_min), change.until_min)?;
        let something =
            change.is_update() || change.reserved.is_some() || change.alias.is_some() || change.source_disabled;
        table.ensure("at_min", something, || {
            "nothing changes: code, timeout_s, reserved, alias or source_disabled".to_string()
        })?;
        table.within("timeout_s", change.timeout_s.unwrap_or(1), 1.0..=900.0)?;
        // Versions keep the timeout with which they were published.
        table.ensure("timeout_s", change.timeout_s.is_none() || function.aliases.is_empty(), || {
            "its callers call an alias".to_string()
        })?;
        // The end of such a change would be one more.
        table.ensure("until_min", change.timeout_s.is_none() || change.until_min.is_none(), || {
            "a timeout is not taken back".to_string()
        })?;
        if let Some(alias) = &change.alias {
            let known = function.aliases.iter().any(|known| known.name == alias.name);
            table.ensure("alias.name", known, || format!("there is no alias {}", alias.name))?;
            table.version("alias.version", &alias.version)?;
        }
        table.ensure("source_disabled", !change.source_disabled || function.source.is_some(), || {
            "it has no source".to_string()
        })?;
    }
    Ok(())
}

fn check_truth(scenario: &Scenario, truth: &Truth, table: &Table) -> Checked {
    table.ensure("kind", truth.kind.is_some() || truth.canary.is_some(), || "neither kind nor canary".to_string())?;
    let function = truth.function.as_ref().map(|name| table.known(scenario, name)).transpose()?;
    let alias = match (&truth.alias, function) {
        (None, _) => None,
        (Some(name), function) => {
            let known = function.and_then(|function| function.aliases.iter().find(|alias| alias.name == *name));
            table.ensure("alias", known.is_some(), || format!("the function has no alias {name}"))?;
            known
        }
    };
    let weighted = alias.is_some_and(|alias| alias.canary.is_some());
    table.ensure("canary", truth.canary.is_none() || weighted, || "the alias has no canary".to_string())?;
    table.times(("from_min", truth.from_min), truth.until_min)
}

/// At every instant reservations leave of the limit what AWS wants left.
fn reservations(scenario: &Scenario, root: &Table) -> Checked {
    let made_up = if scenario.population.is_some() { u64::from(RESERVED_AT_MOST) } else { 0 };
    let limit = u64::from(scenario.region.limit);
    let ends = scenario.changes.iter().filter_map(|change| change.until_min);
    let minutes = scenario.changes.iter().map(|change| change.at_min).chain(ends).chain([-1.0]);
    for minute in minutes {
        let now = Instant::of_min(minute);
        let of = |function: &Function| u64::from(function.reserved_at(scenario, now).unwrap_or(function.provisioned()));
        let set_aside = made_up + scenario.functions.iter().map(of).sum::<u64>();
        root.ensure("region.limit", set_aside == 0 || limit >= set_aside + UNRESERVED_MINIMUM, || {
            format!("of {limit}, {set_aside} are set aside, which leaves less than {UNRESERVED_MINIMUM}")
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &str = r#"
summary = "sound"
origin = "2026-11-22T03:00:00Z"
opening_min = 10
[region]
name = "eu-west-1"
limit = 200
[[function]]
name = "f"
memory_mb = 128
timeout_s = 3
rate = 1.0
burst = { every_s = 60, lasting_s = 5, rate = 9.0 }
p50_ms = 100.0
spread = 0.5
error_rate = 0.01
reserved = 50
undelivered_share = 0.0
then = [{ function = "g", share = 0.5 }]
[[function.alias]]
name = "live"
version = "1"
share = 1.0
canary = { version = "2", weight = 0.1, from_min = 3, error_rate = 0.0 }
[[function]]
name = "g"
memory_mb = 128
timeout_s = 3
rate = 1.0
p50_ms = 90.0
spread = 0.5
error_rate = 0.01
[function.source.sqs]
queue = "q"
redrive = "q-dlq"
batch_size = 10
[[incident]]
function = "f"
version = "2"
from_min = 1
rate = 2.0
[[change]]
function = "f"
at_min = 2
reserved = 60
[[api_fault]]
from_min = 1
answer = "denied"
[[truth]]
kind = "errors.rate"
function = "f"
alias = "live"
canary = "bad"
from_min = 4
"#;

    #[test]
    fn a_wrong_scenario_is_rejected_with_its_line_key_and_reason() {
        assert!(Scenario::parse("sound", SOUND).is_ok());
        // what is written, what stands in its place, what the error says
        let cases = [
            ("rate = 1.0", "rate = 1.0\nspeed = 3", "line 13, column 1, key `function.speed`: unknown field `speed`"),
            ("rate = 2.0", "speed = 2.0", "unknown field `speed`"),
            ("limit = 200", "limit = 200\nlimits = 1", "unknown field `limits`"),
            ("rate = 1.0\nburst", "burst", "line 8: missing field `rate`"),
            ("limit = 200", "limit = \"many\"", "line 7, column 9, key `region.limit`: invalid type: string \"many\""),
            ("limit = 200", "limit = ", "line 7, column "),
            ("origin = \"2026", "origin = \"later", "line 3, column 10, key `origin`: input contains invalid"),
            ("origin = \"2026", "origin = \"1926", "line 3, key `origin`: 1926-11-22T03:00:00Z is not between"),
            ("summary = \"sound\"", "summary = \" \"", "line 2, key `summary`: a text is missing"),
            ("opening_min = 10", "opening_min = 0", "line 4, key `opening_min`: 0 is not between 0.1 and 1440"),
            ("rate = 1.0", "rate = -1.0", "line 12, key `rate` of function f: -1 is not between 0 and 10000"),
            ("rate = 1.0", "rate = nan", "line 12, key `rate` of function f: NaN is not"),
            ("name = \"f\"", "name = \"f!\"", "line 9, key `name` of function f!: not 1 to 64 letters"),
            ("memory_mb = 128", "memory_mb = 127", "127 is not between 128 and 10240"),
            ("timeout_s = 3", "timeout_s = 901", "901 is not between 1 and 900"),
            ("reserved = 50", "reserved = 50\nmodified_min = 1", "`modified_min` of function f: 1 is not"),
            ("lasting_s = 5", "lasting_s = 60", "line 13, key `burst.lasting_s` of function f: not shorter"),
            ("p50_ms = 100.0", "p50_ms = 3001.0", "3001 is not between 0.1 and 3000"),
            ("error_rate = 0.01", "error_rate = 1.5", "1.5 is not between 0 and 1"),
            ("reserved = 50", "reserved = 50\nused_mb = 129", "129 is not between 1 and 128"),
            ("reserved = 50", "reserved = 101", "line 7, key `region.limit`: of 200, 101 are set aside"),
            ("reserved = 60", "reserved = 101", "line 7, key `region.limit`: of 200, 101 are set aside"),
            ("reserved = 50", "provisioned = { alias = \"beta\", environments = 5 }", "no alias beta carries"),
            ("reserved = 5", "provisioned = { alias = \"live\", environments = 51 }\nreserved = 5", "more provisioned"),
            ("undelivered_share = 0.0", "undelivered_share = 0.1", "neither dead_letter nor on_failure"),
            ("function = \"g\"", "function = \"h\"", "line 19, key `then.function` of function f: there is no"),
            ("name = \"live\"", "name = \"12\"", "line 21, key `alias.name` of function f: not 1 to 128"),
            ("version = \"1\"", "version = \"one\"", "key `alias.version` of function f: \"one\" is no version"),
            ("share = 1.0", "share = 1.01", "line 23, key `alias.share` of function f: 1.01 is not"),
            ("canary = { version = \"2\"", "canary = { version = \"1\"", "the alias points to it anyway"),
            (
                "from_min = 3",
                "from_min = 3, until_min = 3",
                "key `alias.canary.until_min` of function f: 3 is not after",
            ),
            (
                "from_min = 3",
                "from_min = 3, deployment = { config = \"CodeDeployDefault.LambdaAllAtOnce\" }",
                "key `alias.canary.deployment.config` of function f: \"CodeDeployDefault.LambdaAllAtOnce\" is no canary",
            ),
            (
                "weight = 0.1",
                "weight = 0.2, deployment = { config = \"CodeDeployDefault.LambdaCanary10Percent5Minutes\" }",
                "it shifts 10 %, the weight is 0.2",
            ),
            (
                "from_min = 3",
                "from_min = 3, until_min = 9, deployment = { config = \"CodeDeployDefault.LambdaCanary10Percent5Minutes\" }",
                "it shifts the rest in minute 8",
            ),
            ("redrive = \"q-dlq\"", "redrive = \"q\"", "`source.sqs.redrive` of function g: it is the queue itself"),
            ("p50_ms = 90.0", "p50_ms = 90.0\nasync_share = 1.0", "its source is its only caller"),
            ("function = \"f\"\nversion", "function = \"x\"\nversion", "key `function` of incident of x: there is no"),
            ("version = \"2\"\nfrom", "version = \"3\"\nfrom", "3 never runs; $LATEST, 1, 2 do"),
            ("from_min = 1\nrate", "from_min = -1\nrate", "`from_min` of incident of f: -1 is not between 0"),
            ("rate = 2.0", "rate = 20000.0", "20000 is not between 0 and 10000"),
            ("rate = 2.0", "duration = 0.0", "key `duration` of incident of f: 0 is not"),
            ("reserved = 60", "code = false", "line 44, key `at_min` of change of f: nothing changes"),
            ("reserved = 60", "source_disabled = true", "it has no source"),
            ("reserved = 60", "alias = { name = \"beta\", version = \"3\" }", "there is no alias beta"),
            ("answer = \"denied\"", "answer = \"denied\"\nshare = 2", "line 49, key `share` of fault of the API: 2"),
            ("answer = \"denied\"", "answer = \"no\"", "unknown variant `no`"),
            ("\"errors.rate\"", "\"errors.rates\"", "unknown variant `errors.rates`"),
            ("function = \"f\"\nalias = \"live\"", "alias = \"live\"", "the function has no alias live"),
            ("canary = { version = \"2\", weight = 0.1, from_min = 3, error_rate = 0.0 }\n", "", "never runs"),
        ];
        let misses = cases.iter().filter_map(|(written, instead, expected)| {
            assert!(SOUND.contains(written), "{written}");
            let error = Scenario::parse("broken", &SOUND.replacen(written, instead, 1)).err();
            let cause = error.map_or_else(String::new, |error| error.to_string());
            (!cause.contains(expected)).then(|| format!("{instead:?} gave {cause:?}, not {expected:?}"))
        });
        assert_eq!(misses.collect::<Vec<_>>(), Vec::<String>::new());
    }

    #[test]
    fn a_name_and_a_queue_belong_to_one_function_and_a_region_has_one() {
        let second = &SOUND[SOUND.find("[[function]]\nname = \"g\"").unwrap()..SOUND.find("[[incident]]").unwrap()];
        let twice = Scenario::parse("twice", &format!("{SOUND}{second}")).unwrap_err();
        assert!(twice.to_string().contains("key `name` of function g: two functions are called g"), "{twice}");
        let twice = format!("{SOUND}{}", second.replace("\"g\"", "\"h\""));
        assert!(Scenario::parse("twice", &twice).unwrap_err().to_string().contains("g polls it too"));
        let none = &SOUND[..SOUND.find("[[function]]").unwrap()];
        assert!(Scenario::parse("none", none).unwrap_err().to_string().contains("there is no function"));
    }
}
