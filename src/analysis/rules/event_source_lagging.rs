//! `event_source.lagging`: a function does not keep up with the stream or the queue that feeds it.

use super::advice::{self, REPORTS};
use super::case::{Case, Found, FunctionCase};
use super::held::{Held, Sign};
use crate::analysis::fact::{Fact, Quantity, Subject};
use crate::store::series::Series;
use lambda_model::finding::Severity;
use lambda_model::function::{EventSource, EventSourceKind};
use lambda_model::metric::Metric;
use lambda_model::time::Minute;

/// The number of minutes over which the age's rise is taken.
const RISE_MINUTES: i64 = 5;

/// What the rule finds in a case.
pub(super) fn check(case: &Case<'_>) -> Vec<Found> {
    let Some(function) = case.function else { return Vec::new() };
    let queues = function.event_sources.iter().filter(|source| source.kind == Some(EventSourceKind::Sqs));
    let lags = stream(case, &function).into_iter().chain(queues.filter_map(|source| queue(case, source)));
    // One finding: the source that is furthest behind.
    let worst = lags.max_by(|one, other| one.age_s.total_cmp(&other.age_s));
    worst.map(|lag| found(case, &function, &lag)).into_iter().collect()
}

/// A source that is not kept up with.
struct Lag<'a> {
    source: Option<&'a EventSource>,
    quantity: Quantity,
    held: Held,
    age_s: f64,
    threshold_s: f64,
    /// How much older it got, seconds a minute.
    rise_s: Option<f64>,
    /// Messages a minute by which a queue grows; `None` of a stream, and where it is not known.
    growth: Option<f64>,
    depth: Option<u64>,
}

/// Streams share one metric, whichever of them is behind.
fn stream<'a>(case: &Case<'_>, function: &FunctionCase<'a>) -> Option<Lag<'a>> {
    let series = function.state.series.one(Metric::IteratorAge)?;
    let threshold_s = f64::from(case.thresholds().iterator_age_s);
    let (held, age_s, rise_s) = old(case, series, 1000.0, threshold_s)?;
    let of_stream = |source: &&EventSource| {
        matches!(source.kind, Some(EventSourceKind::Kinesis | EventSourceKind::Dynamodb | EventSourceKind::Documentdb))
    };
    let mut streams = function.event_sources.iter().filter(of_stream);
    let source = streams.next().filter(|_| streams.next().is_none());
    Some(Lag { source, quantity: Quantity::IteratorAge, held, age_s, threshold_s, rise_s, growth: None, depth: None })
}

fn queue<'a>(case: &Case<'_>, source: &'a EventSource) -> Option<Lag<'a>> {
    let arn = source.source.as_ref()?;
    let series = case.state.queue_series.get(arn.name())?.one(Metric::QueueOldestMessageAge)?;
    let threshold_s = f64::from(case.thresholds().message_age_s);
    let (held, age_s, rise_s) = old(case, series, 1.0, threshold_s)?;
    let readings = case.state.queues.get(arn);
    let depth = readings.and_then(|queue| queue.attributes.as_ref()?.value.as_ref().map(|attributes| attributes.depth));
    let growth = readings.and_then(|queue| {
        let (last, now) = queue.depths.back()?;
        let (first, then) = queue.depths.iter().find(|(at, _)| *at >= held.since)?;
        let minutes = (*last - *first).num_seconds() as f64 / 60.0;
        (minutes > 0.0).then(|| (*now as f64 - *then as f64) / minutes)
    });
    Some(Lag {
        source: Some(source),
        quantity: Quantity::OldestMessageAge,
        held,
        age_s,
        threshold_s,
        rise_s,
        growth,
        depth,
    })
}

/// Since when an age is too high, how high it is and how it rises; an age is measured, so one minute is enough.
fn old(case: &Case<'_>, ages: &Series, per_second: f64, threshold_s: f64) -> Option<(Held, f64, Option<f64>)> {
    let age = |minute| Some(ages.get(minute)? / per_second);
    let held = case.held(|minute| age(minute).map_or(Sign::Unknown, |age| Sign::strong(age >= threshold_s)))?;
    let last = Minute::of(held.last);
    let now = age(last)?;
    let before = (last.0 - RISE_MINUTES..last.0).map(Minute).find_map(|minute| Some((minute, age(minute)?)));
    let rise = before.map(|(minute, before)| (now - before) / (last.0 - minute.0) as f64);
    Some((held, now, rise))
}

fn found(case: &Case<'_>, function: &FunctionCase<'_>, lag: &Lag<'_>) -> Found {
    let about = |fact: Fact| match lag.source.and_then(|source| source.source.as_ref()) {
        Some(arn) => fact.about(Subject::EventSource(arn.name().to_string())),
        None => fact,
    };
    let ran = function.value(Metric::Invocations, Minute::of(lag.held.last));
    let mut facts = vec![about(Fact::new(lag.quantity, lag.age_s).limit(lag.threshold_s).at(lag.held.last))];
    facts.extend(lag.rise_s.map(|rise| Fact::new(Quantity::AgeRise, rise).over_minutes(1.0)));
    facts.extend(lag.depth.map(|depth| about(Fact::new(Quantity::MessagesWaiting, depth as f64))));
    facts.extend(lag.growth.map(|growth| about(Fact::new(Quantity::MessagesGrowth, growth))));
    facts.extend(ran.map(|ran| Fact::new(Quantity::Invocations, ran).over_minutes(1.0)));
    let mapping = match lag.source {
        Some(source) => case.aws("lambda get-event-source-mapping", &[("--uuid", source.uuid.as_str())]),
        None => advice::lambda(case, function, "list-event-source-mappings", &[]),
    };
    // Old messages of a queue that shrinks may be the few that fail again and again.
    let confidence = match (lag.growth, lag.rise_s) {
        (Some(growth), _) if growth < 0.0 => 0.8,
        (_, Some(rise)) if rise <= 0.0 => 0.9,
        _ => 0.98,
    };
    Found {
        severity: Severity::Warning,
        since: lag.held.since,
        confidence,
        facts,
        commands: vec![mapping, advice::tail(case, function, &REPORTS)],
        // What it does is late, all of it.
        impact: ran.unwrap_or(0.0),
        ..Found::default()
    }
}

#[cfg(test)]
mod tests;
