//! What the logs say of a function.

use serde::Serialize;

use super::super::time;
use crate::analysis::live::quantiles::Quantiles;
use crate::analysis::live::{FunctionLive, WINDOW_S};

#[derive(Debug, Serialize)]
pub(super) struct LiveJson {
    as_of: String,
    window_s: u32,
    source: &'static str,
    lower_bound: bool,
    concurrency: Option<u32>,
    invocations: u64,
    errors: u64,
    timeouts: u64,
    out_of_memory: u64,
    cold_starts: u64,
    cold_start_rate: Option<f64>,
    init_ms: InitJson,
    duration_ms: LiveDurationsJson,
    max_memory_used_mb: Option<u32>,
}

#[derive(Debug, Serialize)]
struct InitJson {
    p50: Option<f64>,
    p95: Option<f64>,
    max: Option<f64>,
}

#[derive(Debug, Serialize)]
struct LiveDurationsJson {
    p50: Option<f64>,
    p95: Option<f64>,
    p99: Option<f64>,
    max: Option<f64>,
}

impl LiveJson {
    pub(super) fn of(live: &FunctionLive) -> Self {
        let total = &live.total;
        let Quantiles { p50, p95, p99, max } = total.duration_ms;
        let init = total.init_ms;
        Self {
            as_of: time(live.as_of),
            window_s: WINDOW_S,
            source: live.way.word(),
            lower_bound: live.is_lower_bound(),
            concurrency: live.concurrency,
            invocations: total.invocations,
            errors: total.errors,
            timeouts: total.timeouts,
            out_of_memory: total.out_of_memory,
            cold_starts: total.cold_starts,
            cold_start_rate: live.cold_start_rate(),
            init_ms: InitJson { p50: init.p50, p95: init.p95, max: init.max },
            duration_ms: LiveDurationsJson { p50, p95, p99, max },
            max_memory_used_mb: total.max_memory_used_mb,
        }
    }
}
