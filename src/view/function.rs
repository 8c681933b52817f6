//! One function's pane: its facts, the lines of its charts, its queues and event sources. No terminal.

use super::findings;
use super::functions::age;
use super::labelled::Fact;
use super::meaning::Meaning;
use super::status::Status;
use super::units::{self, MISSING};
use crate::analysis::failures::DeadLetters;
use crate::analysis::metrics::{FunctionMetrics, MappingMetrics};
use crate::analysis::ratio;
use crate::snapshot::{Ceiling, FunctionSnapshot, Snapshot};
use lambda_model::metric::{Metric, Statistic, Unit};
use lambda_model::queue::{TargetKind, TargetRole};
use lambda_model::text::clean;
use lambda_model::time::Minute;

/// A line of a chart: one value a minute, oldest first.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Line {
    /// Its name.
    pub name: &'static str,
    /// The values of the minutes asked for; `None` where AWS gave none.
    pub values: Vec<Option<f64>>,
    /// What it means.
    pub meaning: Meaning,
}

/// A chart: a few lines of one unit over the last minutes.
#[derive(Clone, Debug)]
pub(crate) struct Chart {
    /// What it shows.
    pub title: &'static str,
    /// The lines, the most important last.
    pub lines: Vec<Line>,
    /// What must not be crossed, and what it is.
    pub limit: Option<(f64, &'static str)>,
    /// Writes a value.
    pub unit: fn(f64) -> String,
}

/// What is configured: runtime, memory, timeout, concurrency, log group.
pub(crate) fn facts(snapshot: &Snapshot, function: &FunctionSnapshot) -> Vec<Fact> {
    let state = &function.state;
    let info = state.info.as_ref().map(|info| &info.value);
    let known = |label, value: Option<String>| {
        let meaning = if value.is_some() { Meaning::Normal } else { Meaning::Muted };
        Fact { label, value: value.map_or_else(|| MISSING.to_string(), |value| clean(&value).into_owned()), meaning }
    };
    let reserved = match state.reserved.as_ref().map(|reserved| reserved.value) {
        Some(Some(0)) => Fact { label: "reserved", value: "0: stopped".to_string(), meaning: Meaning::Critical },
        Some(Some(reserved)) => known("reserved", Some(reserved.to_string())),
        Some(None) => known("reserved", Some("none".to_string())),
        None => known("reserved", None),
    };
    let provisioned = function.provisioned().map(|environments| environments.to_string());
    let group = match &state.log_group {
        None => known("logs", info.map(lambda_model::function::FunctionInfo::log_group_name)),
        Some(read) => match &read.value {
            Some(group) => known("logs", Some(group.name.clone())),
            None => Fact { label: "logs", value: "no log group yet".to_string(), meaning: Meaning::Muted },
        },
    };
    let changed = info.and_then(|info| info.last_modified);
    vec![
        known("runtime", info.map(|info| info.runtime.clone().unwrap_or_else(|| "container image".to_string()))),
        known("memory", info.and_then(|info| info.memory_mb).map(|memory| units::megabytes(f64::from(memory)))),
        known("timeout", info.and_then(|info| info.timeout_s).map(|timeout| format!("{timeout}s"))),
        reserved,
        known("provisioned", provisioned),
        known("changed", changed.map(|changed| format!("{} ago", units::span(snapshot.at - changed)))),
        group,
    ]
}

/// The newest complete minute in words.
pub(crate) fn now(snapshot: &Snapshot, function: &FunctionSnapshot) -> Vec<Fact> {
    let metrics = &function.metrics;
    let errors = Status::error_meaning(&snapshot.params.thresholds, metrics.error_rate);
    let fact = |label, value: Option<f64>, format: fn(f64) -> String, alarm: Meaning| Fact {
        label,
        value: value.map_or_else(|| MISSING.to_string(), format),
        meaning: match value {
            Some(value) if value > 0.0 => alarm,
            _ => Meaning::Muted,
        },
    };
    let mut facts = vec![
        fact("inv/min", metrics.invocations, units::count, Meaning::Normal),
        fact("err", metrics.errors, units::count, errors),
        fact("err%", metrics.error_rate, units::percent, errors),
        fact("throttled", metrics.throttles, units::count, Meaning::Critical),
        fact("p50", metrics.duration_ms.p50, units::milliseconds, Meaning::Normal),
        fact("p99", metrics.duration_ms.p99, units::milliseconds, Meaning::Normal),
        Fact {
            label: "age",
            value: metrics.as_of.map_or_else(|| MISSING.to_string(), |minute| age(minute, snapshot.at)),
            meaning: Meaning::Muted,
        },
    ];
    if let Some(failed) = callers_view(metrics) {
        // Beside what is counted, for neither errors nor invocations count throttled requests.
        facts
            .insert(4, fact("callers see", Some(failed), |failed| units::percent(failed) + " fail", Meaning::Critical));
    }
    if let Some(forecast) = &function.forecast {
        let value = format!("in {}", findings::forecast(forecast));
        facts.push(Fact { label: "reservation full", value, meaning: Meaning::Warning });
    }
    // What a function has only when it is used in a certain way is named only when it is there: first what is no alarm.
    let mut extra = Metric::FUNCTION_EXTRA.to_vec();
    extra.sort_by_key(|metric| metric.alarm().is_some());
    let used = extra.into_iter().filter_map(|metric| Some((metric, metrics.get(metric)?)));
    facts.extend(used.filter(|(_, value)| *value > 0.0).filter_map(|(metric, value)| named(metric, value)));
    facts
}

/// A metric that few functions have, in its own words; `None` where it has none.
fn named(metric: Metric, value: f64) -> Option<Fact> {
    let text = match metric.unit() {
        Unit::Count => units::count(value),
        Unit::Milliseconds => units::milliseconds(value),
        Unit::Seconds => units::milliseconds(value * 1000.0),
    };
    let meaning = match metric.alarm() {
        _ if value <= 0.0 => Meaning::Muted,
        Some(severity) => findings::severity(severity).1,
        None => Meaning::Normal,
    };
    Some(Fact { label: metric.label()?, value: text, meaning })
}

/// The share of requests that fail for the caller, where some are throttled:
/// (errors + throttles) / (invocations + throttles).
fn callers_view(metrics: &FunctionMetrics) -> Option<f64> {
    let throttles = metrics.throttles.filter(|throttles| *throttles > 0.0)?;
    // AWS counts nothing in a minute in which every request was throttled: then nothing ran.
    let (errors, invocations) = (metrics.errors.unwrap_or(0.0), metrics.invocations.unwrap_or(0.0));
    ratio(Some(errors + throttles), Some(invocations + throttles))
}

/// The function's charts over the last `minutes` complete minutes: concurrency, invocations, durations.
pub(crate) fn charts(snapshot: &Snapshot, function: &FunctionSnapshot, minutes: u16) -> [Chart; 3] {
    let last = Minute::newest_complete(snapshot.at);
    let first = last.plus(1 - i64::from(minutes));
    let line = |name, metric, statistic, meaning| Line {
        name,
        values: match function.state.series.get(metric, statistic) {
            Some(series) => series.range(first, last).collect(),
            None => vec![None; minutes.into()],
        },
        meaning,
    };
    let highest = |metric, statistic| match function.state.series.get(metric, statistic) {
        Some(series) => series.range(first, last).flatten().fold(0.0, f64::max),
        None => 0.0,
    };
    let timeout = function.state.info.as_ref().and_then(|info| info.value.timeout_s);
    [
        Chart {
            title: "concurrency",
            lines: vec![line("", Metric::ConcurrentExecutions, Statistic::Maximum, Meaning::Series1)],
            limit: near(ceiling(function), highest(Metric::ConcurrentExecutions, Statistic::Maximum)),
            unit: units::count,
        },
        Chart {
            title: "invocations · errors · throttles, a minute",
            lines: vec![
                line("inv", Metric::Invocations, Statistic::Sum, Meaning::Series1),
                line("err", Metric::Errors, Statistic::Sum, Meaning::Critical),
                line("throt", Metric::Throttles, Statistic::Sum, Meaning::Series4),
            ],
            limit: None,
            unit: units::count,
        },
        Chart {
            title: "duration",
            lines: vec![
                line("p50", Metric::Duration, Statistic::P50, Meaning::Series1),
                line("p95", Metric::Duration, Statistic::P95, Meaning::Series2),
                line("p99", Metric::Duration, Statistic::P99, Meaning::Series3),
            ],
            limit: near(
                timeout.map(|timeout| (f64::from(timeout) * 1e3, "timeout")),
                highest(Metric::Duration, Statistic::P99),
            ),
            unit: units::milliseconds,
        },
    ]
}

/// The concurrency that the function cannot exceed, and what sets it.
pub(super) fn ceiling(function: &FunctionSnapshot) -> Option<(f64, &'static str)> {
    function.ceiling.map(|ceiling| match ceiling {
        Ceiling::Reserved(limit) => (f64::from(limit), "reserved"),
        Ceiling::Unreserved(limit) => (f64::from(limit), "unreserved pool"),
    })
}

/// A limit is drawn only when the line comes within a tenth of it: far above, it would flatten the line.
pub(super) fn near(limit: Option<(f64, &'static str)>, highest: f64) -> Option<(f64, &'static str)> {
    limit.filter(|(limit, _)| highest >= limit / 10.0)
}

/// A failure target in a line.
pub(crate) fn dead_letters(letters: &DeadLetters) -> Vec<Fact> {
    let role = match letters.target.role {
        TargetRole::DeadLetterQueue => "dead letters",
        TargetRole::OnFailure => "on failure",
        TargetRole::SourceRedrive => "redrive",
    };
    let missing = || MISSING.to_string();
    let name = clean(letters.target.arn.name()).into_owned();
    let mut facts = vec![Fact { label: role, value: name, meaning: Meaning::Normal }];
    let mut add = |label, value: String, meaning| facts.push(Fact { label, value, meaning });
    match letters.target.kind {
        TargetKind::Sqs => {
            let alarm = if letters.depth.is_some_and(|depth| depth > 0) { Meaning::Warning } else { Meaning::Muted };
            add("depth", letters.depth.map_or_else(missing, |depth| units::count(depth as f64)), alarm);
            if let Some(growth) = letters.growth_per_min {
                let alarm = if growth > 0.0 { Meaning::Critical } else { Meaning::Muted };
                add("a minute", format!("{growth:+.1}"), alarm);
            }
            if let Some(age) = letters.oldest_age_s {
                add("oldest", units::span(chrono::TimeDelta::seconds(age as i64)), Meaning::Muted);
            }
        }
        TargetKind::Sns => {
            add(
                "topic, published a minute",
                letters.growth_per_min.map_or_else(missing, units::count),
                Meaning::Normal,
            );
            let failed = letters.notifications_failed;
            let alarm = if failed.is_some_and(|failed| failed > 0.0) { Meaning::Critical } else { Meaning::Muted };
            add("not delivered", failed.map_or_else(missing, units::count), alarm);
        }
        TargetKind::S3 | TargetKind::Lambda | TargetKind::EventBus => {
            add("", letters.target.arn.service().unwrap_or_default().to_string(), Meaning::Muted);
        }
    }
    facts
}

/// An event source in a line, with what became of its events in the newest minute where it publishes that: what it
/// polled, and what went wrong.
pub(crate) fn event_source(source: &lambda_model::function::EventSource, events: Option<&MappingMetrics>) -> Vec<Fact> {
    let kind = source.kind.map_or("source", lambda_model::function::EventSourceKind::word);
    let name = source.source.as_ref().map_or(MISSING, |arn| arn.name());
    let state = match source.state.as_str() {
        "Enabled" => Meaning::Ok,
        "Disabled" | "Disabling" => Meaning::Critical,
        _ => Meaning::Warning,
    };
    let mut facts = vec![
        Fact { label: kind, value: clean(name).into_owned(), meaning: Meaning::Normal },
        Fact { label: "", value: clean(&source.state).into_owned(), meaning: state },
    ];
    if let Some(batch) = source.batch_size {
        facts.push(Fact { label: "batch", value: batch.to_string(), meaning: Meaning::Muted });
    }
    if let Some(most) = source.maximum_concurrency {
        facts.push(Fact { label: "at most", value: most.to_string(), meaning: Meaning::Muted });
    }
    let events = events.into_iter().flat_map(|events| &events.values).map(|(metric, value)| (*metric, *value));
    let worth = events.filter(|(metric, value)| metric.alarm().is_none() || *value > 0.0);
    facts.extend(worth.filter_map(|(metric, value)| named(metric, value)));
    facts
}

#[cfg(test)]
mod tests;
