//! Random mixtures: the functions, incidents and changes of two scenarios in one Region, with random parameters. No file
//! states what is true of them; the oracle does.

use lambda_simulator::{self, Scenario};
use toml::{Table, Value};

/// Scenarios that are not mixed: thousands of functions, logs beyond Live Tail's limit, an AWS that does not answer.
const UNMIXED: [&str; 3] = ["large", "huge-logs", "flaky-aws"];
/// The most minutes by which incidents are moved.
const LATER_MIN: f64 = 4.0;
/// Some draws make no sense together; this is the most draws that are tried for a seed.
const DRAWS: u64 = 50;

/// The mixture of a seed; `None` where no draw makes sense, which does not happen with the scenarios that ship.
pub(crate) fn mixture(seed: u64) -> Option<Scenario> {
    (0..DRAWS).find_map(|draw| {
        let mut dice = Dice(seed.wrapping_mul(DRAWS).wrapping_add(draw));
        Scenario::parse("mixture", &text(&mut dice)?).ok()
    })
}

fn text(dice: &mut Dice) -> Option<String> {
    let known: Vec<_> = lambda_simulator::scenarios().iter().filter(|one| !UNMIXED.contains(&one.name)).collect();
    let first = dice.below(known.len());
    let second = (first + 1 + dice.below(known.len() - 1)) % known.len();
    let mut mixed: Table = known.get(first)?.toml.parse().ok()?;
    let mut other: Table = known.get(second)?.toml.parse().ok()?;
    for part in [&mut mixed, &mut other] {
        vary(part, dice);
    }
    let limit = |table: &Table| table.get("region")?.get("limit")?.as_integer();
    let both = limit(&mixed)? + limit(&other)?;
    // From a limit that one of them would use up to one that is never reached.
    let limit = (both as f64 * dice.between(0.55, 1.1)) as i64;
    mixed.get_mut("region")?.as_table_mut()?.insert("limit".to_string(), Value::Integer(limit));
    for key in ["function", "incident", "change"] {
        let more = other.remove(key).and_then(|more| more.as_array().cloned()).unwrap_or_default();
        if let Some(list) = mixed.entry(key).or_insert_with(|| Value::Array(Vec::new())).as_array_mut() {
            list.extend(more);
        }
    }
    mixed.remove("truth");
    Some(mixed.to_string())
}

/// Gives a scenario other rates, durations, sizes and times.
fn vary(scenario: &mut Table, dice: &mut Dice) {
    let later = dice.between(0.0, LATER_MIN);
    for function in tables(scenario, "function") {
        scale(function, "rate", dice.between(0.8, 1.25));
        scale(function, "p50_ms", dice.between(0.85, 1.2));
        for alias in tables(function, "alias") {
            if let Some(canary) = alias.get_mut("canary").and_then(Value::as_table_mut) {
                shift(canary, later);
                scale(canary, "error_rate", dice.between(0.5, 1.5));
            }
        }
    }
    for incident in tables(scenario, "incident") {
        shift(incident, later);
        for key in ["rate", "duration", "init"] {
            // Scales the surplus, so that an increase stays one.
            if let Some(factor) = incident.get(key).and_then(number) {
                incident.insert(key.to_string(), Value::Float(1.0 + (factor - 1.0) * dice.between(0.6, 1.3)));
            }
        }
        for key in ["error_rate", "poison", "hang", "leak_mb"] {
            scale(incident, key, dice.between(0.5, 1.3));
        }
        scale(incident, "ramp_min", dice.between(0.5, 1.5));
    }
    for change in tables(scenario, "change") {
        shift(change, later);
    }
}

fn tables<'a>(table: &'a mut Table, key: &str) -> impl Iterator<Item = &'a mut Table> {
    let list = table.get_mut(key).and_then(Value::as_array_mut);
    list.into_iter().flatten().filter_map(Value::as_table_mut)
}

fn number(value: &Value) -> Option<f64> {
    value.as_float().or_else(|| value.as_integer().map(|whole| whole as f64))
}

fn scale(table: &mut Table, key: &str, factor: f64) {
    if let Some(value) = table.get(key).and_then(number) {
        table.insert(key.to_string(), Value::Float(value * factor));
    }
}

fn shift(table: &mut Table, later: f64) {
    for key in ["from_min", "until_min", "at_min"] {
        if let Some(value) = table.get(key).and_then(number) {
            table.insert(key.to_string(), Value::Float(value + later));
        }
    }
}

/// A repeatable random generator: `splitmix64` (Steele, Lea and Flood 2014).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// At least 0 and below 1.
    pub(crate) fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    fn below(&mut self, count: usize) -> usize {
        (self.uniform() * count as f64) as usize
    }

    /// How many of `calls` fail where each does so with this probability.
    pub(crate) fn failures(&mut self, calls: u32, probability: f64) -> u32 {
        (0..calls).map(|_| u32::from(self.uniform() < probability)).sum()
    }

    /// A draw of the standard normal distribution (Box and Muller 1958).
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }
}
