//! The function table: which functions, in which order, and what each cell says.
//!
//! Ordering looks at every function; cells are made only for the rows asked for.

use std::cmp::Ordering;

use chrono::{DateTime, Utc};

use super::columns::{Cell, Column, Order, Row};
use super::findings;
use super::status::Status;
use super::units;
use crate::snapshot::{FunctionSnapshot, Snapshot};
use lambda_model::time::Minute;
use lambda_model::{FunctionId, Scope};

/// What the table shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Only functions whose name, scope or runtime contains every one of these words, in any case.
    pub filter: String,
    /// Only functions that want attention.
    pub faults_only: bool,
    /// The column to sort by.
    pub sort: Column,
    /// Against the column's natural direction.
    pub reversed: bool,
}

impl Default for Query {
    fn default() -> Self {
        Self { filter: String::new(), faults_only: false, sort: Column::Status, reversed: false }
    }
}

/// A function of a snapshot, by position: as cheap to sort as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowRef {
    scope: usize,
    function: usize,
}

impl RowRef {
    /// The scope and the function, in the snapshot it was made from.
    pub(crate) fn of(self, snapshot: &Snapshot) -> Option<(&Scope, &FunctionSnapshot)> {
        let scope = snapshot.scopes.get(self.scope)?;
        Some((&scope.scope, scope.functions.get(self.function)?))
    }

    /// The function's id.
    pub(crate) fn id(self, snapshot: &Snapshot) -> Option<FunctionId> {
        let (scope, function) = self.of(snapshot)?;
        Some(FunctionId { scope: scope.clone(), name: function.state.name.clone() })
    }
}

/// The functions that `query` shows, in its order; equals stand by name.
pub(crate) fn rows(snapshot: &Snapshot, query: &Query) -> Vec<RowRef> {
    let words: Vec<String> = query.filter.split_whitespace().map(str::to_lowercase).collect();
    let mut keyed: Vec<(Key, RowRef)> = Vec::new();
    for (scope_index, scope) in snapshot.scopes.iter().enumerate() {
        let worst = findings::worst(scope);
        for (function_index, function) in scope.functions.iter().enumerate() {
            let found = worst.get(&function.state.name).copied();
            let status = Status::of(&snapshot.params.thresholds, function, found);
            if query.faults_only && !status.wants_attention() {
                continue;
            }
            if !words.is_empty() && !matches(&words, &scope.scope, function) {
                continue;
            }
            let row = RowRef { scope: scope_index, function: function_index };
            // What many suffer from is not the cost of each.
            let impact = found.filter(|_| matches!(status, Status::Found(..))).map(|finding| {
                let own = finding.function.as_ref() == Some(&function.state.name);
                if own { finding.impact } else { function.trouble.unwrap_or(0.0) }
            });
            keyed.push((Key::of(query.sort, &Row::new(snapshot, scope, function), (status, impact)), row));
        }
    }
    let descending = query.sort.largest_first() != query.reversed;
    // The order in the snapshot is by scope and name, and the sort is stable.
    keyed.sort_by(|(left, _), (right, _)| left.compare(right, descending));
    keyed.into_iter().map(|(_, row)| row).collect()
}

fn matches(words: &[String], scope: &Scope, function: &FunctionSnapshot) -> bool {
    let runtime = function.state.info.as_ref().and_then(|info| info.value.runtime.as_deref()).unwrap_or_default();
    let text = format!("{} {scope} {runtime}", function.state.name).to_lowercase();
    words.iter().all(|word| text.contains(word))
}

/// What a row is sorted by. A missing value comes last in either direction.
enum Key {
    Number(Option<f64>),
    Text(Option<String>),
    Impact(Impact),
}

/// How much a function wants to be looked at: by severity, and among equals what a rule found before what is only seen.
#[derive(Clone, Copy, Debug)]
struct Impact {
    status: Status,
    /// What the finding that the status is from costs the function: requests a minute.
    found: Option<f64>,
    /// Recent errors and throttled requests.
    trouble: f64,
    calls: f64,
}

impl Impact {
    fn order(&self, other: &Self) -> Ordering {
        let severity = self.status.severity().cmp(&other.status.severity());
        let found = || match (self.found, other.found) {
            (Some(impact), Some(other)) => impact.total_cmp(&other),
            (None, None) => self.status.cmp(&other.status),
            (found, other) => found.is_some().cmp(&other.is_some()),
        };
        severity.then_with(found).then(self.trouble.total_cmp(&other.trouble)).then(self.calls.total_cmp(&other.calls))
    }
}

impl Key {
    fn of(column: Column, row: &Row<'_>, (status, found): (Status, Option<f64>)) -> Self {
        match column.spec().order {
            Order::Number(number) => Self::Number(number(row)),
            Order::Text(text) => Self::Text(text(row)),
            Order::Impact | Order::None => {
                let trouble = row.function.trouble.unwrap_or(0.0);
                Self::Impact(Impact { status, found, trouble, calls: row.now.invocations.unwrap_or(0.0) })
            }
        }
    }

    fn compare(&self, other: &Self, descending: bool) -> Ordering {
        let directed = |ordering: Ordering| if descending { ordering.reverse() } else { ordering };
        match (self, other) {
            (Self::Number(Some(left)), Self::Number(Some(right))) => directed(left.total_cmp(right)),
            (Self::Text(Some(left)), Self::Text(Some(right))) => directed(left.cmp(right)),
            (Self::Impact(left), Self::Impact(right)) => directed(left.order(right)),
            (Self::Number(left), Self::Number(right)) => left.is_none().cmp(&right.is_none()),
            (Self::Text(left), Self::Text(right)) => left.is_none().cmp(&right.is_none()),
            _ => Ordering::Equal,
        }
    }
}

/// The cell of `column` for one function, with `minutes` of history in a trend.
pub(crate) fn cell(snapshot: &Snapshot, row: RowRef, column: Column, minutes: usize) -> Option<Cell> {
    let (_, function) = row.of(snapshot)?;
    let scope = snapshot.scopes.get(row.scope)?;
    Some((column.spec().cell)(&Row { minutes, ..Row::new(snapshot, scope, function) }))
}

/// How long ago `minute` began: `2m`.
pub(crate) fn age(minute: Minute, now: DateTime<Utc>) -> String {
    units::span(now - minute.start())
}

#[cfg(test)]
mod tests;
