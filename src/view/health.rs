//! What the sources do: how the logs come in, then every operation that was called and how it answers. Pure.

use chrono::{DateTime, Utc};

use super::feed;
use super::meaning::Meaning;
use crate::snapshot::Snapshot;
use lambda_model::Scope;
use lambda_model::failure::HealthState;

/// One line of the view.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row<'a> {
    /// How it is doing, in a word.
    pub state: &'static str,
    /// What that means.
    pub meaning: Meaning,
    /// The operation, or that it is about the logs.
    pub what: String,
    /// Profile and Region.
    pub scope: &'a Scope,
    /// Since when; `None` where that is not known.
    pub since: Option<DateTime<Utc>>,
    /// Why, as it was reported; not clean.
    pub detail: String,
}

/// How many rows there are: `rows(snapshot).len()`, without making them.
pub(crate) fn count(snapshot: &Snapshot) -> usize {
    snapshot.scopes.iter().map(|scope| scope.health.len() + usize::from(scope.live.feed.is_some())).sum()
}

/// The logs of every scope, then the operations: what does not answer first, and among equals in the snapshot's order.
pub(crate) fn rows(snapshot: &Snapshot) -> Vec<Row<'_>> {
    let logs = snapshot.scopes.iter().filter_map(|scope| {
        let read = scope.live.feed.as_ref()?;
        let (state, meaning) = feed::state(read);
        let extent = feed::extent(read);
        let what = if extent.is_empty() { "logs".to_string() } else { format!("logs: {extent}") };
        let detail: Vec<String> =
            [Some(read.reason.clone()).filter(|reason| !reason.is_empty()), feed::trouble(&scope.live)]
                .into_iter()
                .flatten()
                .collect();
        Some(Row { state, meaning, what, scope: &scope.scope, since: None, detail: detail.join("; ") })
    });
    let operations = snapshot.scopes.iter().flat_map(|scope| {
        scope.health.iter().map(|health| Row {
            state: health.state.word(),
            meaning: match health.state {
                HealthState::Ok => Meaning::Ok,
                HealthState::Throttled | HealthState::Unsupported => Meaning::Warning,
                HealthState::Denied | HealthState::Expired | HealthState::Unreachable => Meaning::Critical,
            },
            what: health.operation.action().to_string(),
            scope: &scope.scope,
            since: Some(health.since),
            detail: health.detail.clone().unwrap_or_default(),
        })
    });
    let mut operations: Vec<Row<'_>> = operations.collect();
    operations.sort_by_key(|row| row.meaning == Meaning::Ok);
    logs.chain(operations).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Fixture, now};
    use lambda_model::failure::Health;
    use lambda_model::log::{FeedState, LogFeed};
    use lambda_model::observation::Payload;
    use lambda_model::operation::Operation;

    fn health(operation: Operation, state: HealthState) -> Payload {
        Payload::Health(Health { operation, state, detail: None, since: now() })
    }

    #[test]
    fn the_logs_come_first_then_what_fails() {
        let feed = LogFeed {
            state: FeedState::Failing,
            reason: "no route".to_string(),
            groups: 0,
            left: 3,
            sessions: 0,
            behind_ms: None,
        };
        let snapshot = Fixture::new()
            .with(health(Operation::ListAliases, HealthState::Ok))
            .with(health(Operation::ListFunctions, HealthState::Denied))
            .with(Payload::LogFeed(feed))
            .snapshot();
        let rows = rows(&snapshot);
        let shown: Vec<_> = rows.iter().map(|row| (row.state, row.what.as_str(), row.meaning)).collect();
        assert_eq!(
            shown,
            [
                ("failing", "logs", Meaning::Critical),
                ("denied", "lambda:ListFunctions", Meaning::Critical),
                ("ok", "lambda:ListAliases", Meaning::Ok),
            ]
        );
        assert_eq!((rows[0].detail.as_str(), rows.len()), ("no route", count(&snapshot)));
    }
}
