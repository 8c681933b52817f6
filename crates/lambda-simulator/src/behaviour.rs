//! The behaviour of a version of a function when it is invoked: duration, failures and memory.

use super::incident;
use super::instant::Instant;
use super::noise::Noise;
use super::scenario::{Function, Scenario};

/// The standard deviation of the logarithm of init phases.
const INIT_SPREAD: f64 = 0.25;
/// The share of a function's memory that a new environment uses.
const USED_SHARE: f64 = 0.4;

/// A version's behaviour at an instant, and until when it stays so.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Behaviour {
    /// The median duration.
    pub(super) p50_ms: f64,
    /// The standard deviation of the durations' logarithm.
    pub(super) spread: f64,
    /// Nothing takes longer.
    pub(super) timeout_ms: f64,
    /// Shares of the attempts: failing by chance, hanging until the timeout.
    pub(super) error_rate: f64,
    pub(super) hang: f64,
    /// The median init or restore phase.
    pub(super) init_ms: f64,
    /// The share of init phases that fail.
    pub(super) init_failures: f64,
    /// Memory of a fresh environment, and what each invocation adds, MB.
    pub(super) used_mb: f64,
    pub(super) leak_mb: f64,
    pub(super) until: Instant,
}

/// How `version` of `function` behaves at `now`.
pub(super) fn behaviour(scenario: &Scenario, function: &Function, version: &str, now: Instant) -> Behaviour {
    let canary = function.aliases.iter().find_map(|alias| alias.canary.as_ref().filter(|one| one.version == version));
    let mut behaviour = Behaviour {
        p50_ms: function.p50_ms * canary.map_or(1.0, |canary| canary.duration),
        spread: function.spread,
        timeout_ms: f64::from(function.timeout_at(scenario, now)) * 1000.0,
        error_rate: canary.map_or(function.error_rate, |canary| canary.error_rate),
        hang: 0.0,
        init_ms: usual_init_ms(function) * canary.map_or(1.0, |canary| canary.init),
        init_failures: 0.0,
        used_mb: function.used_mb.unwrap_or(USED_SHARE * f64::from(function.memory_mb)),
        leak_mb: 0.0,
        until: incident::next_change(scenario, &function.name, now),
    };
    for (incident, size) in incident::of(scenario, &function.name, Some(version), now) {
        behaviour.p50_ms *= 1.0 + (incident.duration - 1.0) * size;
        behaviour.init_ms *= 1.0 + (incident.init - 1.0) * size;
        behaviour.error_rate += incident.error_rate * size;
        behaviour.hang += incident.hang * size;
        behaviour.init_failures += incident.init_failures * size;
        behaviour.leak_mb += incident.leak_mb * size;
    }
    behaviour
}

/// Usual init phases by runtime, or a restore with SnapStart: orders of magnitude, without a source.
fn usual_init_ms(function: &Function) -> f64 {
    let by_runtime = match function.runtime.as_deref().unwrap_or("container image") {
        _ if function.snap_start => 250.0,
        runtime if runtime.starts_with("java") => 2400.0,
        runtime if runtime.starts_with("dotnet") => 900.0,
        runtime if runtime.starts_with("provided") => 90.0,
        runtime if runtime.starts_with("nodejs") => 320.0,
        "container image" => 1100.0,
        _ => 380.0,
    };
    function.init_ms.unwrap_or(by_runtime)
}

impl Behaviour {
    /// The mean duration, milliseconds: of a lognormal distribution, without its cut at the timeout.
    pub(super) fn mean_ms(&self) -> f64 {
        self.p50_ms * libm::exp(self.spread * self.spread / 2.0)
    }

    /// How long an undisturbed invocation takes, milliseconds; the timeout may come first.
    pub(super) fn duration_ms(&self, noise: &mut Noise) -> f64 {
        self.p50_ms * noise.lognormal(self.spread)
    }

    /// How long an init or restore phase takes, milliseconds.
    pub(super) fn init_ms(&self, noise: &mut Noise) -> f64 {
        self.init_ms * noise.lognormal(INIT_SPREAD)
    }
}
