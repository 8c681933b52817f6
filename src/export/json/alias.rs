//! An alias: the versions behind it, and its canary.

use std::collections::BTreeMap;

use serde::Serialize;

use super::NotYet;
use super::number::{Number, minute, number};
use crate::analysis::canary::Canary;
use crate::analysis::live::FunctionLive;
use crate::analysis::metrics::Durations;
use crate::analysis::traffic::{AliasTraffic, VersionTraffic};
use crate::snapshot::FunctionSnapshot;

#[derive(Debug, Serialize)]
pub(super) struct AliasJson {
    name: String,
    version: Option<String>,
    additional: BTreeMap<String, f64>,
    versions: Vec<VersionJson>,
    canary: Option<CanaryJson>,
}

#[derive(Debug, Serialize)]
struct CanaryJson {
    version: String,
    verdict: &'static str,
    reasons: Vec<String>,
    calls_needed: Option<u64>,
    decided_in_s: Option<u64>,
    deployment: Option<DeploymentJson>,
}

#[derive(Debug, Serialize)]
struct DeploymentJson {
    id: String,
    config: Option<String>,
    status: String,
    next_step_in_s: Option<u64>,
}

#[derive(Debug, Serialize)]
struct VersionJson {
    version: String,
    weight: Option<f64>,
    share: Option<f64>,
    invocations: Option<Number>,
    errors: Option<Number>,
    throttles: NotYet,
    error_rate: Option<f64>,
    duration_ms: VersionDurationsJson,
    cold_starts: Option<u64>,
    as_of: Option<String>,
}

#[derive(Debug, Serialize)]
struct VersionDurationsJson {
    p50: Option<f64>,
    p95: Option<f64>,
    p99: Option<f64>,
}

impl AliasJson {
    pub(super) fn of(alias: &AliasTraffic, function: &FunctionSnapshot) -> Self {
        let live = function.live.as_deref();
        Self {
            name: alias.name.clone(),
            version: alias.version.clone(),
            additional: alias.additional.clone(),
            versions: alias.versions.iter().map(|version| VersionJson::of(version, live)).collect(),
            canary: function.canaries.get(&alias.name).map(CanaryJson::of),
        }
    }
}

impl CanaryJson {
    fn of(canary: &Canary) -> Self {
        let deployment = canary.deployment.as_ref().map(|progress| DeploymentJson {
            id: progress.deployment.id.clone(),
            config: progress.deployment.config.clone(),
            status: progress.deployment.status.clone(),
            next_step_in_s: progress.next_step_in_s,
        });
        Self {
            version: canary.version.clone(),
            verdict: canary.verdict.word(),
            reasons: crate::view::canary::reasons(canary),
            calls_needed: canary.calls_needed,
            decided_in_s: canary.decided_in_s,
            deployment,
        }
    }
}

impl VersionJson {
    /// The logs name versions and not aliases: its cold starts are those of the version, through whichever alias.
    fn of(traffic: &VersionTraffic, live: Option<&FunctionLive>) -> Self {
        let Durations { p50, p95, p99, .. } = traffic.duration_ms;
        Self {
            version: traffic.version.clone(),
            weight: traffic.weight,
            share: traffic.share,
            invocations: number(traffic.invocations),
            errors: number(traffic.errors),
            throttles: None,
            error_rate: traffic.error_rate,
            duration_ms: VersionDurationsJson { p50, p95, p99 },
            cold_starts: live.and_then(|live| live.cold_starts(&traffic.version)),
            as_of: minute(traffic.as_of),
        }
    }
}
