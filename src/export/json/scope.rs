//! A scope: its account, its concurrency pool and its functions; and how the calls to AWS fare.

use serde::Serialize;

use super::super::time;
use super::function::FunctionJson;
use super::number::{Number, minute, number};
use crate::analysis::forecast::Forecast;
use crate::snapshot::{FunctionSnapshot, ScopeSnapshot};
use lambda_model::failure::{Health, HealthState};
use lambda_model::operation::Operation;

#[derive(Debug, Serialize)]
pub(super) struct ScopeJson<'a> {
    account: Option<String>,
    region: String,
    profile: Option<String>,
    concurrency: ConcurrencyJson,
    functions: Vec<FunctionJson<'a>>,
}

#[derive(Debug, Serialize)]
struct ConcurrencyJson {
    limit: Option<u32>,
    unreserved_limit: Option<u32>,
    in_use: Option<Number>,
    unreserved_in_use: Option<Number>,
    claimed: Option<Number>,
    headroom: Option<Number>,
    as_of: Option<String>,
    live_in_use: Option<u32>,
    live_lower_bound: Option<bool>,
    live_as_of: Option<String>,
    forecast: Option<ForecastJson>,
}

#[derive(Debug, Serialize)]
struct ForecastJson {
    limit_reached_in_s: RangeJson,
    basis: &'static str,
}

#[derive(Debug, Serialize)]
struct RangeJson {
    low: u64,
    likely: u64,
    high: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct HealthJson {
    operation: Operation,
    scope: String,
    state: HealthState,
    detail: Option<String>,
    since: String,
}

impl<'a> ScopeJson<'a> {
    pub(super) fn of(scope: &ScopeSnapshot, functions: impl Iterator<Item = &'a FunctionSnapshot>) -> Self {
        Self {
            account: scope.account.clone(),
            region: scope.scope.region.to_string(),
            profile: scope.scope.profile.as_ref().map(ToString::to_string),
            concurrency: ConcurrencyJson::of(scope),
            functions: functions.map(FunctionJson::of).collect(),
        }
    }
}

impl ConcurrencyJson {
    fn of(scope: &ScopeSnapshot) -> Self {
        let (pool, live) = (&scope.pool, scope.live.region.as_ref());
        Self {
            limit: pool.limit,
            unreserved_limit: pool.unreserved_limit,
            in_use: number(pool.in_use),
            unreserved_in_use: number(pool.unreserved_in_use),
            claimed: number(pool.claimed),
            headroom: number(pool.headroom),
            as_of: minute(pool.as_of),
            live_in_use: live.map(|live| live.in_use),
            live_lower_bound: live.map(|live| live.lower_bound),
            live_as_of: live.map(|live| time(live.as_of)),
            forecast: scope.forecast.map(ForecastJson::of),
        }
    }
}

impl ForecastJson {
    fn of(forecast: Forecast) -> Self {
        let Forecast { low_s, likely_s, high_s, basis, .. } = forecast;
        let [low, likely, high] = [low_s, likely_s, high_s].map(|seconds| seconds.round() as u64);
        Self { limit_reached_in_s: RangeJson { low, likely, high }, basis: basis.word() }
    }
}

impl HealthJson {
    pub(super) fn of(scope: &ScopeSnapshot, health: &Health) -> Self {
        Self {
            operation: health.operation,
            scope: scope.label(),
            state: health.state,
            detail: health.detail.clone(),
            since: time(health.since),
        }
    }
}
