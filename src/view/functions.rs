//! The function table: which functions, in which order, and what each cell says.
//!
//! Ordering looks at every function; cells are made only for the rows asked for.

use std::cmp::Ordering;

use chrono::{DateTime, Utc};

use super::findings;
use super::meaning::Meaning;
use super::now::{AT_LEAST, Now};
use super::status::Status;
use super::units;
use crate::snapshot::{FunctionSnapshot, Snapshot};
use lambda_model::metric::{Metric, Statistic};
use lambda_model::text;
use lambda_model::time::Minute;
use lambda_model::{FunctionId, Scope};

/// A column of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Column {
    /// What to look at, in a word; sorts by impact.
    Status,
    /// The function's name.
    Function,
    /// Profile and Region.
    Scope,
    /// Invocations a minute: of the last 60 s where the logs are read, else of the newest complete minute, like the
    /// errors, the concurrency and the durations.
    Invocations,
    /// Errors of that minute.
    Errors,
    /// errors / invocations.
    ErrorRate,
    /// Throttled requests.
    Throttles,
    /// Concurrent executions, with the function's ceiling.
    Concurrency,
    /// Median duration.
    P50,
    /// 99th percentile of the duration.
    P99,
    /// Messages waiting in dead-letter queues.
    DeadLetters,
    /// Invocations over the last minutes.
    Trend,
    /// Errors and throttles over the last minutes.
    Trouble,
    /// The weighted alias, if there is one.
    Split,
    /// Runtime.
    Runtime,
    /// Configured memory.
    Memory,
    /// The age of the numbers.
    Age,
}

impl Column {
    /// Every column, in the order they stand.
    pub const ALL: [Self; 17] = [
        Self::Status,
        Self::Function,
        Self::Scope,
        Self::Invocations,
        Self::Errors,
        Self::ErrorRate,
        Self::Throttles,
        Self::Concurrency,
        Self::P50,
        Self::P99,
        Self::DeadLetters,
        Self::Trend,
        Self::Trouble,
        Self::Split,
        Self::Runtime,
        Self::Memory,
        Self::Age,
    ];

    /// The column's name in `--sort` and settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Status => "impact",
            Self::Function => "function",
            Self::Scope => "scope",
            Self::Invocations => "invocations",
            Self::Errors => "errors",
            Self::ErrorRate => "error-rate",
            Self::Throttles => "throttles",
            Self::Concurrency => "concurrency",
            Self::P50 => "p50",
            Self::P99 => "p99",
            Self::DeadLetters => "dead-letters",
            Self::Trend => "trend",
            Self::Trouble => "trouble",
            Self::Split => "split",
            Self::Runtime => "runtime",
            Self::Memory => "memory",
            Self::Age => "age",
        }
    }

    /// The column with this name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::sortable().find(|column| column.name() == name)
    }

    /// The columns the table can be sorted by.
    pub fn sortable() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|column| !matches!(column, Self::Trend | Self::Trouble | Self::Split))
    }

    /// The head over the column.
    pub fn head(self) -> &'static str {
        match self {
            Self::Status => "STATUS",
            Self::Function => "FUNCTION",
            Self::Scope => "SCOPE",
            Self::Invocations => "INV/MIN",
            Self::Errors => "ERR",
            Self::ErrorRate => "ERR%",
            Self::Throttles => "THROT",
            Self::Concurrency => "CONC",
            Self::P50 => "P50",
            Self::P99 => "P99",
            Self::DeadLetters => "DEAD",
            Self::Trend => "TREND",
            Self::Trouble => "TROUBLE",
            Self::Split => "SPLIT",
            Self::Runtime => "RUNTIME",
            Self::Memory => "MEM",
            Self::Age => "AGE",
        }
    }

    /// Whether the largest value comes first when the column is chosen.
    pub fn largest_first(self) -> bool {
        !matches!(self, Self::Function | Self::Scope | Self::Runtime)
    }
}

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
    pub fn of(self, snapshot: &Snapshot) -> Option<(&Scope, &FunctionSnapshot)> {
        let scope = snapshot.scopes.get(self.scope)?;
        Some((&scope.scope, scope.functions.get(self.function)?))
    }

    /// The function's id.
    pub fn id(self, snapshot: &Snapshot) -> Option<FunctionId> {
        let (scope, function) = self.of(snapshot)?;
        Some(FunctionId { scope: scope.clone(), name: function.state.name.clone() })
    }
}

/// The functions that `query` shows, in its order; equals stand by name.
pub fn rows(snapshot: &Snapshot, query: &Query) -> Vec<RowRef> {
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
            keyed.push((Key::of(query.sort, &scope.scope, function, (status, impact)), row));
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
    fn of(column: Column, scope: &Scope, function: &FunctionSnapshot, (status, found): (Status, Option<f64>)) -> Self {
        let now = Now::of(function);
        let info = function.state.info.as_ref().map(|info| &info.value);
        Self::Number(match column {
            Column::Function => return Self::Text(Some(function.state.name.to_string())),
            Column::Scope => return Self::Text(Some(scope.to_string())),
            Column::Runtime => return Self::Text(info.and_then(|info| info.runtime.clone())),
            Column::Status | Column::Trend | Column::Trouble | Column::Split => {
                let (trouble, calls) = (function.trouble.unwrap_or(0.0), now.invocations.unwrap_or(0.0));
                return Self::Impact(Impact { status, found, trouble, calls });
            }
            Column::Invocations => now.invocations,
            Column::Errors => now.errors,
            Column::ErrorRate => now.error_rate,
            Column::Throttles => function.metrics.throttles,
            Column::Concurrency => now.concurrency,
            Column::P50 => now.p50,
            Column::P99 => now.p99,
            Column::DeadLetters => function.dead_letters_waiting().map(|depth| depth as f64),
            Column::Memory => info.and_then(|info| info.memory_mb).map(f64::from),
            Column::Age => now.as_of().map(|at| -(at.timestamp() as f64)),
        })
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

/// What stands in a cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A word or a number, clean, `–` where nothing is known.
    Text(String, Meaning),
    /// One value a minute, oldest first; the last `provisional` ones may still change.
    Trend(Vec<Option<f64>>, usize, Meaning),
}

/// The cell of `column` for one function, with `minutes` of history in a trend.
pub fn cell(snapshot: &Snapshot, row: RowRef, column: Column, minutes: usize) -> Option<Cell> {
    let (scope, function) = row.of(snapshot)?;
    let thresholds = &snapshot.params.thresholds;
    let now = Now::of(function);
    let info = function.state.info.as_ref().map(|info| &info.value);
    let active = now.read.is_some();
    let plain = if active { Meaning::Normal } else { Meaning::Muted };
    let number = |mark: &str, value: Option<f64>, format: fn(f64) -> String| match value {
        Some(value) => Cell::Text(mark.to_string() + &format(value), plain),
        None => missing(),
    };
    let alarming = |mark: &str, value: Option<f64>, format: fn(f64) -> String, meaning: Meaning| match value {
        Some(value) if value > 0.0 => Cell::Text(mark.to_string() + &format(value), meaning),
        Some(value) => Cell::Text(mark.to_string() + &format(value), Meaning::Muted),
        None => missing(),
    };
    Some(match column {
        Column::Status => match Status::known(thresholds, snapshot.scopes.get(row.scope)?, function) {
            Some(status) => Cell::Text(status.label(), status.meaning()),
            None => missing(),
        },
        Column::Function => {
            let worst = findings::worst_of(snapshot.scopes.get(row.scope)?, &function.state.name);
            let meaning = Status::of(thresholds, function, worst).name_meaning();
            Cell::Text(text::clean(function.state.name.as_str()).into_owned(), meaning)
        }
        Column::Scope => Cell::Text(text::clean(&scope.to_string()).into_owned(), Meaning::Muted),
        Column::Invocations => number(now.mark(), now.invocations, units::count),
        Column::Errors => {
            alarming(now.bound(), now.errors, units::count, Status::error_meaning(thresholds, now.error_rate))
        }
        Column::ErrorRate => {
            alarming("", now.error_rate, units::percent, Status::error_meaning(thresholds, now.error_rate))
        }
        Column::Throttles => alarming("", function.metrics.throttles, units::count, Meaning::Critical),
        Column::Concurrency => concurrency(function, &now, plain),
        Column::P50 => number("", now.p50, units::milliseconds),
        Column::P99 => number("", now.p99, units::milliseconds),
        Column::DeadLetters => {
            alarming("", function.dead_letters_waiting().map(|depth| depth as f64), units::count, Meaning::Warning)
        }
        Column::Trend => {
            trend(snapshot, minutes, Meaning::Series1, |minute| read(function, Metric::Invocations, minute))
        }
        Column::Trouble => trend(snapshot, minutes, Meaning::Critical, |minute| {
            let (errors, throttles) =
                (read(function, Metric::Errors, minute), read(function, Metric::Throttles, minute));
            match (errors, throttles) {
                (None, None) => None,
                (errors, throttles) => Some(errors.unwrap_or(0.0) + throttles.unwrap_or(0.0)),
            }
        }),
        Column::Split => split(function),
        Column::Runtime => match info {
            Some(info) => {
                let runtime = info.runtime.as_deref().unwrap_or("image");
                Cell::Text(text::clean(runtime).into_owned(), Meaning::Muted)
            }
            None => missing(),
        },
        Column::Memory => match info.and_then(|info| info.memory_mb) {
            Some(memory) => Cell::Text(units::megabytes(f64::from(memory)), Meaning::Muted),
            None => missing(),
        },
        Column::Age => match now.age(snapshot.at) {
            Some(age) => Cell::Text(age, if now.is_live() { Meaning::Ok } else { Meaning::Muted }),
            None => missing(),
        },
    })
}

fn missing() -> Cell {
    Cell::Text(units::MISSING.to_string(), Meaning::Muted)
}

fn read(function: &FunctionSnapshot, metric: Metric, minute: Minute) -> Option<f64> {
    function.state.series.get(metric, Statistic::Sum)?.get(minute)
}

/// The last `minutes` complete minutes, and how many of them may still change.
fn trend(snapshot: &Snapshot, minutes: usize, meaning: Meaning, read: impl Fn(Minute) -> Option<f64>) -> Cell {
    let last = Minute::newest_complete(snapshot.at);
    let span = i64::try_from(minutes).unwrap_or(i64::MAX);
    let values = (0..span).rev().map(|back| read(last.plus(-back))).collect();
    Cell::Trend(values, snapshot.params.provisional_minutes as usize, meaning)
}

fn concurrency(function: &FunctionSnapshot, now: &Now, plain: Meaning) -> Cell {
    let used = now.concurrency;
    let mark = if now.concurrency_at_least { AT_LEAST } else { "" };
    let count = |used| mark.to_string() + &units::count(used);
    let reserved = function.state.reserved.as_ref().and_then(|reserved| reserved.value);
    match (used, reserved) {
        (used, Some(reserved)) => {
            let at_limit = used.is_some_and(|used| used >= f64::from(reserved)) || reserved == 0;
            let used = used.map_or_else(|| units::MISSING.to_string(), count);
            Cell::Text(format!("{used}/{reserved}"), if at_limit { Meaning::Critical } else { plain })
        }
        (Some(used), None) => {
            let pool = function.ceiling.map(|ceiling| f64::from(ceiling.executions()));
            // Every other function has to live on what is left.
            let hogs = pool.is_some_and(|pool| pool > 0.0 && used >= pool / 2.0);
            Cell::Text(count(used), if hogs { Meaning::Warning } else { plain })
        }
        (None, None) => missing(),
    }
}

fn split(function: &FunctionSnapshot) -> Cell {
    let Some(alias) = function.aliases.iter().find(|alias| alias.is_split()) else {
        return Cell::Text(String::new(), Meaning::Muted);
    };
    let weights: Vec<String> = alias
        .versions
        .iter()
        .filter_map(|version| Some(format!("{}:{}", version.version, units::percent(version.weight?))))
        .collect();
    Cell::Text(text::clean(&format!("{} {}", alias.name, weights.join(" "))).into_owned(), Meaning::Series2)
}

/// How long ago `minute` began: `2m`.
pub fn age(minute: Minute, now: DateTime<Utc>) -> String {
    units::span(now - minute.start())
}

#[cfg(test)]
mod tests;
