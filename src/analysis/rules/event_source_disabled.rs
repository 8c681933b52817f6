//! `event_source.disabled`: an event source mapping is switched off, by somebody or by Lambda.

use chrono::{DateTime, TimeDelta, Utc};

use super::case::{Case, Found, LOOK_BACK};
use crate::analysis::fact::{Fact, Quantity, Subject};
use lambda_model::finding::Severity;
use lambda_model::function::EventSource;
use lambda_model::metric::Metric;

/// No more commands than these: there may be many mappings.
const MOST_COMMANDS: usize = 4;

/// What the rule finds in a case.
pub(super) fn check(case: &Case<'_>) -> Vec<Found> {
    let Some(function) = case.function else { return Vec::new() };
    let disabled: Vec<&EventSource> =
        function.event_sources.iter().filter(|one| matches!(&*one.state, "Disabled" | "Disabling")).collect();
    found(case, &disabled).into_iter().collect()
}

/// What waits in the queue of a disabled mapping.
struct Waiting {
    messages: u64,
    /// Since when the oldest one waits, as the newest known minute shows.
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

/// One finding for all that are disabled. Nothing shows when that was done: since the oldest message waits, else since
/// the list was read.
fn found(case: &Case<'_>, disabled: &[&EventSource]) -> Option<Found> {
    disabled.first()?;
    let read = case.state.event_sources.as_ref()?.at;
    let queues: Vec<(&EventSource, Waiting)> =
        disabled.iter().filter_map(|source| Some((*source, waiting(case, source)?))).collect();
    let age_s = |since: DateTime<Utc>| (case.now - since).as_seconds_f64();
    let old_s = f64::from(case.thresholds().message_age_s);
    let piles = |one: &Waiting| one.fills || (one.messages > 0 && one.since.is_some_and(|since| age_s(since) >= old_s));
    let is_piling = queues.iter().any(|(_, one)| piles(one));
    let oldest = queues.iter().filter_map(|(_, one)| one.since).min();
    let source_name =
        |source: &EventSource| source.source.as_ref().map_or_else(|| source.uuid.clone(), |arn| arn.name().to_string());
    let subject = |source: &EventSource| Subject::EventSource(source_name(source));
    let mut facts: Vec<Fact> = disabled
        .iter()
        .map(|source| {
            let is_over = source.state == "Disabled";
            let quantity = if is_over { Quantity::MappingDisabled } else { Quantity::MappingDisabling };
            Fact::new(quantity, None).about(subject(source))
        })
        .collect();
    facts.extend(queues.iter().flat_map(|(source, one)| {
        let waiting = Fact::new(Quantity::MessagesWaiting, one.messages as f64).about(subject(source));
        let age = one.since.map(|since| Fact::new(Quantity::OldestMessageAge, age_s(since)).about(subject(source)));
        std::iter::once(waiting).chain(age)
    }));
    let commands = disabled.iter().flat_map(|source| {
        ["get-event-source-mapping", "update-event-source-mapping --enabled"]
            .map(|operation| case.aws(&format!("lambda {operation}"), &[("--uuid", source.uuid.as_str())]))
    });
    Some(Found {
        severity: if is_piling { Severity::Warning } else { Severity::Info },
        since: oldest.filter(|_| is_piling).unwrap_or(read),
        confidence: 0.99,
        facts,
        commands: commands.take(MOST_COMMANDS).collect(),
        ..Found::default()
    })
}

#[cfg(test)]
mod tests;
