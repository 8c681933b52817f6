//! `event_source.disabled`: an event source mapping is switched off, by somebody or by Lambda.

use chrono::{DateTime, TimeDelta, Utc};

use super::words::{count, span};
use super::{Case, Found, FunctionCase, LOOK_BACK, Rule};
use lambda_model::finding::{Kind, Severity};
use lambda_model::function::EventSource;
use lambda_model::metric::Metric;

/// The rule.
pub(super) struct EventSourceDisabled;

impl Rule for EventSourceDisabled {
    fn kind(&self) -> Kind {
        Kind::EventSourceDisabled
    }

    fn check(&self, case: &Case<'_>) -> Vec<Found> {
        let Some(function) = case.function else { return Vec::new() };
        let disabled: Vec<&EventSource> =
            function.event_sources.iter().filter(|one| matches!(&*one.state, "Disabled" | "Disabling")).collect();
        found(case, &function, &disabled).into_iter().collect()
    }
}

/// What waits in the queue of a disabled mapping.
struct Waiting {
    messages: u64,
    /// Since when the oldest one waits, as the newest minute tells that is known.
    since: Option<DateTime<Utc>>,
    fills: bool,
}

fn waiting(case: &Case<'_>, source: &EventSource) -> Option<Waiting> {
    let arn = source.source.as_ref()?;
    let messages = case.state.queues.get(arn)?.attributes.as_ref()?.value.as_ref()?.depth;
    let oldest = case.state.queue_series.get(arn.name()).and_then(|series| series.one(Metric::QueueOldestMessageAge));
    // Messages that nobody receives only get older: it does not matter that the minute is not of now.
    let newest = oldest.and_then(|series| {
        let last = series.last().filter(|last| *last >= case.settled().plus(-LOOK_BACK))?;
        Some((last, series.get(last)?))
    });
    // An age is a number from outside: one beyond all time is none.
    let since = newest.and_then(|(minute, age_s)| {
        let age = TimeDelta::try_milliseconds((age_s * 1000.0) as i64)?;
        minute.plus(1).start().checked_sub_signed(age)
    });
    Some(Waiting { messages, since, fills: case.filling(arn).is_some() })
}

/// One finding for all that are disabled. Nothing tells when that was done: since the oldest message waits, else since
/// the list was read.
fn found(case: &Case<'_>, function: &FunctionCase<'_>, disabled: &[&EventSource]) -> Option<Found> {
    let first = disabled.first()?;
    let read = case.state.event_sources.as_ref()?.at;
    let queues: Vec<(&EventSource, Waiting)> =
        disabled.iter().filter_map(|source| Some((*source, waiting(case, source)?))).collect();
    let age_s = |since: DateTime<Utc>| (case.now - since).as_seconds_f64();
    let old_s = f64::from(case.thresholds().message_age_s);
    let piles = |one: &Waiting| one.fills || (one.messages > 0 && one.since.is_some_and(|since| age_s(since) >= old_s));
    let is_piling = queues.iter().any(|(_, one)| piles(one));
    let oldest = queues.iter().filter_map(|(_, one)| one.since).min();
    let messages: u64 = queues.iter().map(|(_, one)| one.messages).sum();
    let source_name =
        |source: &EventSource| source.source.as_ref().map_or_else(|| source.uuid.clone(), |arn| arn.name().to_string());
    let mut evidence: Vec<String> =
        disabled.iter().map(|source| format!("the mapping of {} is {}", source_name(source), source.state)).collect();
    evidence.extend(queues.iter().map(|(source, one)| {
        let age = one.since.map(|since| format!(", the oldest for {}", span(age_s(since)))).unwrap_or_default();
        format!("{} messages wait in {}{age}", one.messages, source_name(source))
    }));
    let name = function.name();
    let what = source_name(first);
    let place = case.place();
    let summary = if is_piling {
        format!("{name} does not read {what} any more, where {} messages wait", count(messages as f64))
    } else {
        format!("The event source {what} of {name} is disabled")
    };
    Some(Found {
        severity: if is_piling { Severity::Warning } else { Severity::Info },
        alias: None,
        affected: Vec::new(),
        since: oldest.filter(|_| is_piling).unwrap_or(read),
        confidence: 0.99,
        summary,
        evidence,
        next: disabled
            .iter()
            .flat_map(|source| {
                let uuid = &source.uuid;
                [
                    format!("aws lambda get-event-source-mapping --uuid {uuid} {place}"),
                    format!("aws lambda update-event-source-mapping --uuid {uuid} --enabled {place}"),
                ]
            })
            .take(4)
            .collect(),
        impact: 0.0,
    })
}

#[cfg(test)]
mod tests;
