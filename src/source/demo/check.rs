//! Whether a scenario makes sense, so that the simulation never meets one that does not.

use std::collections::BTreeSet;

use super::scenario::{Function, Incident, Scenario, Source};

/// The smallest part of the limit that reservations must leave, as AWS demands (aws-facts 6.4).
const UNRESERVED_MINIMUM: u64 = 100;

/// How far from the origin incidents happen.
const WEEK_MIN: f64 = 7.0 * 24.0 * 60.0;

/// The first thing that is wrong with the scenario, said for its author.
pub(super) fn check(scenario: &Scenario) -> Result<(), String> {
    let mut names = BTreeSet::new();
    for function in &scenario.functions {
        let name = &function.name;
        ensure(names.insert(name), || format!("two functions are called {name}"))?;
        check_function(function).map_err(|problem| format!("function {name}: {problem}"))?;
    }
    for incident in &scenario.incidents {
        let name = &incident.function;
        ensure(names.contains(name), || format!("there is an incident but no function called {name}"))?;
        check_incident(incident).map_err(|problem| format!("incident of {name}: {problem}"))?;
    }
    // Each function must be able to run once: the pool is shared on that ground.
    let needed = UNRESERVED_MINIMUM.max(scenario.functions.len() as u64);
    let (limit, set_aside) = (u64::from(scenario.region.limit), scenario.set_aside());
    ensure(limit >= set_aside + needed, || {
        format!("of the limit {limit}, {set_aside} are set aside, which leaves less than {needed}")
    })
}

fn check_function(function: &Function) -> Result<(), String> {
    let share = |value: f64, what: &str| in_range(value, 0.0, 1.0, what);
    let timeout_ms = f64::from(function.timeout_s) * 1000.0;
    in_range(function.rate, 0.0, 1e5, "rate")?;
    in_range(function.p50_ms, 0.1, timeout_ms, "p50_ms")?;
    in_range(function.spread, 0.0, 2.0, "spread")?;
    share(function.error_rate, "error_rate")?;
    share(function.async_share, "async_share")?;
    share(function.undelivered_share, "undelivered_share")?;
    for alias in &function.aliases {
        share(alias.share, "alias.share")?;
        if let Some(canary) = &alias.canary {
            share(canary.weight, "canary.weight")?;
            share(canary.error_rate, "canary.error_rate")?;
            in_range(canary.duration, 0.01, 100.0, "canary.duration")?;
        }
    }
    share(function.aliases.iter().map(|alias| alias.share).sum(), "the sum of the aliases' shares")?;
    if let Some(provisioned) = &function.provisioned {
        let whole = function.aliases.iter().any(|alias| alias.name == provisioned.alias && alias.share >= 1.0);
        ensure(whole, || format!("provisioned.alias: no alias {} carries all traffic", provisioned.alias))?;
        let reserved = function.reserved.unwrap_or(u32::MAX);
        ensure(provisioned.environments <= reserved, || "more provisioned than reserved".to_string())?;
    }
    if let Some(Source::Kinesis { shards, .. }) = &function.source {
        ensure(*shards > 0, || "source.kinesis.shards is 0".to_string())?;
    }
    Ok(())
}

fn check_incident(incident: &Incident) -> Result<(), String> {
    // A stream's lag is summed minute by minute from its first incident to the end of its last ramp.
    in_range(incident.from_min as f64, -WEEK_MIN, WEEK_MIN, "from_min")?;
    in_range(f64::from(incident.ramp_min), 0.0, WEEK_MIN, "ramp_min")?;
    in_range(incident.rate, 0.0, 1e4, "rate")?;
    in_range(incident.duration, 0.01, 1e4, "duration")?;
    in_range(incident.errors, 0.0, 1e6, "errors")
}

fn in_range(value: f64, least: f64, most: f64, what: &str) -> Result<(), String> {
    ensure((least..=most).contains(&value), || format!("{what} is {value}, not between {least} and {most}"))
}

fn ensure(holds: bool, problem: impl Fn() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(problem()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &str = r#"
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
        p50_ms = 100.0
        spread = 0.5
        error_rate = 0.01
        reserved = 50
        [[function.alias]]
        name = "live"
        version = "1"
        share = 1.0
        [[incident]]
        function = "f"
        from_min = 1
        ramp_min = 0
        rate = 2.0
    "#;

    #[test]
    fn what_cannot_be_is_refused_with_its_reason() {
        assert!(Scenario::parse("sound", SOUND).is_ok());
        // what is written, what stands in its place, what the author is told
        let cases = [
            ("rate = 1.0", "rate = 1.0\nspeed = 3", "unknown field `speed`"),
            ("rate = 2.0", "speed = 2.0", "unknown field `speed`"),
            ("limit = 200", "limit = 200\nlimits = 1", "unknown field `limits`"),
            ("rate = 1.0", "rate = -1.0", "function f: rate is -1"),
            ("rate = 1.0", "rate = nan", "function f: rate is NaN"),
            ("p50_ms = 100.0", "p50_ms = 3001.0", "p50_ms is 3001, not between 0.1 and 3000"),
            ("error_rate = 0.01", "error_rate = 1.5", "error_rate is 1.5"),
            ("reserved = 50", "reserved = 101", "101 are set aside, which leaves less than 100"),
            ("reserved = 50", "provisioned = { alias = \"beta\", environments = 5 }", "no alias beta"),
            ("reserved = 5", "provisioned = { alias = \"live\", environments = 51 }\nreserved = 5", "more provisioned"),
            ("share = 1.0", "share = 1.01", "alias.share is 1.01"),
            ("function = \"f\"", "function = \"g\"", "no function called g"),
            ("from_min = 1", "from_min = 20000", "incident of f: from_min is 20000"),
            ("rate = 2.0", "duration = 0.0", "incident of f: duration is 0"),
            ("origin = \"2026", "origin = \"later", "input contains invalid characters"),
        ];
        for (written, instead, told) in cases {
            let error = Scenario::parse("broken", &SOUND.replacen(written, instead, 1)).unwrap_err();
            assert_eq!(error.exit_code(), 2);
            assert!(error.cause.contains(told), "{instead:?} gave {:?}", error.cause);
        }
        let function = &SOUND[SOUND.find("[[function]]").unwrap()..SOUND.find("[[function.alias]]").unwrap()];
        let twice = format!("{SOUND}{function}");
        assert!(Scenario::parse("twice", &twice).unwrap_err().cause.contains("two functions are called f"));
    }
}
