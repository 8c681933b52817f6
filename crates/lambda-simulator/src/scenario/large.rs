//! A Region with thousands of functions, made up from the seed: a few are busy, most are nearly idle, none has an incident.

use serde::Deserialize;

use super::super::noise::Noise;
use super::function::{six_hours, two};
use super::{AliasTraffic, Function, LogFormat, Scenario, Target};
use crate::error::ScenarioError;

/// The most functions that are made up.
pub(super) const MOST_FUNCTIONS: u32 = 20_000;

/// The most concurrency that made-up functions reserve together.
pub(super) const RESERVED_AT_MOST: u32 = 400;

/// How many functions to make up, and their total traffic.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Population {
    pub(crate) functions: u32,
    /// Requests a second of all of them.
    pub(crate) rate: f64,
}

const TEAMS: [&str; 24] = [
    "ads",
    "billing",
    "cart",
    "catalog",
    "core",
    "crm",
    "customer-care",
    "data-platform",
    "delivery",
    "finance",
    "fraud",
    "growth",
    "identity",
    "inventory",
    "iot",
    "legal",
    "logistics",
    "media",
    "ml",
    "mobile",
    "partners",
    "pricing",
    "search",
    "warehouse",
];

const NOUNS: [&str; 32] = [
    "account",
    "address",
    "audit",
    "barcode",
    "campaign",
    "consent-record",
    "contract",
    "coupon",
    "device",
    "document",
    "email",
    "event",
    "feed",
    "image",
    "invoice",
    "label",
    "ledger",
    "message",
    "notification-preference",
    "order",
    "payment",
    "price",
    "product",
    "profile",
    "quote",
    "receipt",
    "report",
    "session",
    "shipment",
    "stock",
    "tag",
    "voucher",
];

const VERBS: [&str; 28] = [
    "archive",
    "authorize",
    "build",
    "check",
    "cleanup",
    "convert",
    "dispatch",
    "enrich",
    "export",
    "fetch",
    "forward",
    "get",
    "import",
    "index",
    "list",
    "match",
    "merge",
    "notify",
    "parse",
    "publish",
    "reconcile",
    "render",
    "score",
    "sync",
    "transform",
    "update",
    "validate",
    "webhook-receiver",
];

/// Doubled entries are twice as common. `None`: a container image.
const RUNTIMES: [Option<&str>; 12] = [
    Some("python3.13"),
    Some("python3.13"),
    Some("python3.12"),
    Some("nodejs22.x"),
    Some("nodejs22.x"),
    Some("nodejs20.x"),
    Some("java21"),
    Some("provided.al2023"),
    Some("provided.al2023"),
    Some("dotnet8"),
    Some("ruby3.4"),
    None,
];

const MEMORY_MB: [u32; 8] = [128, 256, 256, 512, 512, 1024, 1024, 2048];

/// The longest tail below stays under the shortest of them.
const TIMEOUT_S: [u32; 5] = [15, 30, 30, 60, 300];

/// Medians lie between them, evenly on a logarithmic scale.
const P50_MS: [f64; 2] = [5.0, 800.0];

/// One of `choices`.
fn pick<T: Copy, const COUNT: usize>(noise: &mut Noise, choices: [T; COUNT]) -> T {
    choices[noise.below(COUNT as u64) as usize]
}

impl Population {
    /// The functions, the same for the same seed. Their names end in their number.
    pub(crate) fn functions(&self, seed: u64) -> Vec<Function> {
        let rates = self.rates(seed);
        let mut reservable = RESERVED_AT_MOST;
        let mut made_up = Vec::with_capacity(rates.len());
        for (number, rate) in (0..).zip(rates) {
            let mut function = function(seed, number, rate);
            // What it needs at its busiest, three times over.
            let mean_s = function.p50_ms / 1000.0 * libm::exp(function.spread * function.spread / 2.0);
            let ample = 10 + (rate * mean_s * 3.0).max(rate / 5.0).ceil() as u32;
            if number % 100 == 50 && ample <= reservable {
                reservable -= ample;
                function.reserved = Some(ample);
            }
            made_up.push(function);
        }
        made_up
    }

    /// Requests a second of each. By the law of Zipf and Mandelbrot the first few are nearly as busy as each
    /// other, the hundredth has a 36th of the first's requests, the thousandth a 2,600th; a third
    /// of the functions is idle or called less than once an hour.
    fn rates(&self, seed: u64) -> Vec<f64> {
        let count = self.functions as usize;
        let drawn = |place: u32| (Noise::new(seed, "rank", place.into()).bits(), place as usize);
        let mut order: Vec<(u64, usize)> = (0..self.functions).map(drawn).collect();
        order.sort_unstable();
        let active = count - count / 3;
        let mut weights = vec![0.0; count];
        for (rank, (bits, place)) in order.into_iter().enumerate() {
            weights[place] = if rank < active {
                zipf(rank)
            } else if bits % 2 == 0 {
                0.0
            } else {
                // A thirtieth of the least busy.
                zipf(active) / 30.0
            };
        }
        let sum: f64 = weights.iter().sum();
        weights.into_iter().map(|weight| weight / sum * self.rate).collect()
    }
}

/// How busy the function of this rank is, beside others.
fn zipf(rank: usize) -> f64 {
    1.0 / ((rank + 20) as f64 * (rank + 20) as f64)
}

fn function(seed: u64, number: u32, rate: f64) -> Function {
    let mut noise = Noise::new(seed, "population", number.into());
    let (team, noun, verb) = (pick(&mut noise, TEAMS), pick(&mut noise, NOUNS), pick(&mut noise, VERBS));
    let [least, most] = P50_MS;
    let memory_mb = pick(&mut noise, MEMORY_MB);
    let runtime = pick(&mut noise, RUNTIMES).map(str::to_string);
    let asynchronous = noise.chance(0.15);
    let alias =
        || AliasTraffic { name: "live".to_string(), version: (1 + number % 97).to_string(), share: 1.0, canary: None };
    Function {
        name: format!("{team}-{noun}-{verb}-{number:03}"),
        snap_start: runtime.as_deref() == Some("java21"),
        runtime,
        memory_mb,
        timeout_s: pick(&mut noise, TIMEOUT_S),
        // In the last two months.
        modified_min: -60 - noise.below(60 * 24 * 60).cast_signed(),
        log_group: None,
        log_format: if noise.chance(0.2) { LogFormat::Json } else { LogFormat::Text },
        has_logs: rate > 0.0,
        rate,
        burst: None,
        client_retries: 0,
        p50_ms: least * libm::pow(most / least, noise.uniform()),
        spread: 0.3 + 0.3 * noise.uniform(),
        error_rate: 0.003 * noise.uniform(),
        init_ms: None,
        used_mb: None,
        reserved: None,
        provisioned: None,
        async_share: if asynchronous { 1.0 } else { 0.0 },
        max_event_age_s: six_hours(),
        max_retries: two(),
        // Teams share theirs.
        dead_letter: asynchronous.then(|| Target::Sqs(format!("{team}-dlq"))),
        on_failure: None,
        undelivered_share: 0.0,
        source: None,
        consequences: Vec::new(),
        aliases: if noise.chance(0.1) { vec![alias()] } else { Vec::new() },
    }
}

impl Scenario {
    /// The same with another number of made-up functions, each as busy as before.
    ///
    /// # Errors
    ///
    /// If the scenario makes up none, or for too many functions.
    pub fn with_functions(mut self, functions: u32) -> Result<Self, ScenarioError> {
        let unusable = |reason: String| ScenarioError::Population { functions, reason };
        let Some(population) = &mut self.population else {
            return Err(unusable("all functions of this scenario are written down".to_string()));
        };
        if !(1..=MOST_FUNCTIONS).contains(&functions) {
            return Err(unusable(format!("a number from 1 to {MOST_FUNCTIONS} is possible")));
        }
        population.rate *= f64::from(functions) / f64::from(population.functions);
        population.functions = functions;
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::scenario;
    use super::*;

    type Kind = fn(&Function) -> bool;

    const LARGE: Population = Population { functions: 10_000, rate: 2480.0 };

    #[test]
    fn rates_follow_zipf_s_law_add_up_and_leave_a_third_idle() {
        let mut rates: Vec<f64> = LARGE.functions(7).iter().map(|function| function.rate).collect();
        assert!((rates.iter().sum::<f64>() - 2480.0).abs() < 1e-6);
        rates.sort_by(|one, other| other.total_cmp(one));
        for (rank, part) in [(100, 36.0), (1000, 2601.0)] {
            assert!((rates[0] / rates[rank] - part).abs() < 1.0, "{rank}: {}", rates[0] / rates[rank]);
        }
        let idle = rates.iter().filter(|rate| **rate < 1.0 / 3600.0).count();
        assert_eq!(idle, 3333);
        assert!((1500..1850).contains(&rates.iter().filter(|rate| **rate == 0.0).count()));
    }

    #[test]
    fn functions_are_of_many_kinds_and_what_they_need_is_there() {
        let functions = LARGE.functions(7);
        let names: BTreeSet<&str> = functions.iter().map(|function| &*function.name).collect();
        assert_eq!(names.len(), 10_000);
        let lengths: BTreeSet<usize> = names.iter().map(|name| name.len()).collect();
        assert!(lengths.len() > 25 && lengths.iter().all(|length| *length <= 64), "{lengths:?}");
        // what, how many of them there are
        let kinds: [(Kind, std::ops::Range<usize>); 6] = [
            (|one| one.dead_letter.is_some() && one.async_share > 0.0, 1300..1700),
            (|one| one.aliases.first().is_some_and(|alias| alias.name == "live"), 850..1150),
            (|one| one.reserved.is_some(), 10..41),
            (|one| one.runtime.is_none(), 700..1000),
            (|one| one.p50_ms < 63.2, 4700..5300),
            (|one| (5.0..=800.0).contains(&one.p50_ms) && one.error_rate < 0.005, 10_000..10_001),
        ];
        for (place, (kind, expected)) in kinds.into_iter().enumerate() {
            let count = functions.iter().filter(|function| kind(function)).count();
            assert!(expected.contains(&count), "kind {place}: {count}");
        }
        assert!(functions.iter().filter_map(|function| function.reserved).sum::<u32>() <= RESERVED_AT_MOST);
        let mean_s = |one: &Function| one.p50_ms / 1000.0 * libm::exp(one.spread * one.spread / 2.0);
        let busy: f64 = functions.iter().map(|one| one.rate * mean_s(one)).sum();
        assert!((100.0..1500.0).contains(&busy), "{busy} environments busy, far from the limit");
    }

    #[test]
    fn a_seed_makes_up_the_same_and_another_one_others() {
        let of = |seed| format!("{:?}", Population { functions: 50, rate: 9.0 }.functions(seed));
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
    }

    #[test]
    fn the_number_of_functions_is_the_user_s_and_each_stays_as_busy() {
        let large = scenario("large").unwrap();
        let fewer = large.clone().with_functions(100).unwrap().population.unwrap();
        assert_eq!(fewer.functions, 100);
        assert!((fewer.rate - 24.8).abs() < 1e-9);
        for (scenario, functions, message) in [
            (large.clone(), 0, "from 1 to 20000"),
            (large, 20_001, "from 1 to 20000"),
            (scenario("mixed").unwrap(), 5, "written down"),
        ] {
            assert!(format!("{:?}", scenario.with_functions(functions)).contains(message), "{functions}");
        }
    }
}
