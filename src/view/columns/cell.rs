//! What a cell of the function table says, and what it is made from. Pure.

use crate::analysis::thresholds::Thresholds;
use crate::snapshot::{FunctionSnapshot, ScopeSnapshot, Snapshot};
use crate::view::meaning::Meaning;
use crate::view::now::{AT_LEAST, Now};
use crate::view::units;
use lambda_model::function::FunctionInfo;
use lambda_model::metric::{Metric, Statistic};
use lambda_model::text;
use lambda_model::time::Minute;

/// What a row is about.
pub(crate) struct Row<'a> {
    /// All there is.
    pub snapshot: &'a Snapshot,
    /// Where the function is.
    pub scope: &'a ScopeSnapshot,
    /// The function.
    pub function: &'a FunctionSnapshot,
    /// What it does now.
    pub now: Now,
    /// Minutes of history in a trend.
    pub minutes: usize,
}

impl<'a> Row<'a> {
    /// The row of `function`.
    pub(crate) fn new(snapshot: &'a Snapshot, scope: &'a ScopeSnapshot, function: &'a FunctionSnapshot) -> Self {
        Self { snapshot, scope, function, now: Now::of(function), minutes: 0 }
    }

    /// From when on a number is marked.
    pub(crate) fn thresholds(&self) -> &'a Thresholds {
        &self.snapshot.params.thresholds
    }

    /// The function's configuration, if it was read.
    pub(crate) fn info(&self) -> Option<&'a FunctionInfo> {
        self.function.state.info.as_ref().map(|info| &info.value)
    }

    /// Numbers of a function of which nothing is known are no news.
    fn plain(&self) -> Meaning {
        if self.now.read.is_some() { Meaning::Normal } else { Meaning::Muted }
    }
}

/// What stands in a cell.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    /// A word or a number, clean, `–` where nothing is known.
    Text(String, Meaning),
    /// One value a minute, oldest first; the last `provisional` ones may still change.
    Trend(Vec<Option<f64>>, usize, Meaning),
}

/// Nothing is known.
pub(super) fn missing() -> Cell {
    Cell::Text(units::MISSING.to_string(), Meaning::Muted)
}

/// A word that does not change from minute to minute.
pub(super) fn faded(word: &str) -> Cell {
    Cell::Text(text::clean(word).into_owned(), Meaning::Muted)
}

/// A number, with `mark` before it.
pub(super) fn number(row: &Row<'_>, mark: &str, value: Option<f64>, format: fn(f64) -> String) -> Cell {
    value.map_or_else(missing, |value| Cell::Text(mark.to_string() + &format(value), row.plain()))
}

/// A number that matters unless it is 0.
pub(super) fn alarming(mark: &str, value: Option<f64>, format: fn(f64) -> String, meaning: Meaning) -> Cell {
    let Some(value) = value else { return missing() };
    Cell::Text(mark.to_string() + &format(value), if value > 0.0 { meaning } else { Meaning::Muted })
}

/// The sum of `metrics` in each of the last complete minutes, and how many of them may still change.
pub(super) fn trend(row: &Row<'_>, meaning: Meaning, metrics: &[Metric]) -> Cell {
    let series = &row.function.state.series;
    let read = |minute: Minute| {
        let values = metrics.iter().filter_map(|metric| series.get(*metric, Statistic::Sum)?.get(minute));
        values.reduce(|one, other| one + other)
    };
    let last = Minute::newest_complete(row.snapshot.at);
    let span = i64::try_from(row.minutes).unwrap_or(i64::MAX);
    let values = (0..span).rev().map(|back| read(last.plus(-back))).collect();
    Cell::Trend(values, row.snapshot.params.provisional_minutes as usize, meaning)
}

/// Concurrent executions, `used/reserved` where there is a reservation.
pub(super) fn concurrency(row: &Row<'_>) -> Cell {
    let function = row.function;
    let used = row.now.concurrency;
    let mark = if row.now.concurrency_at_least { AT_LEAST } else { "" };
    let count = |used| mark.to_string() + &units::count(used);
    let reserved = function.state.reserved.as_ref().and_then(|reserved| reserved.value);
    match (used, reserved) {
        (used, Some(reserved)) => {
            let at_limit = used.is_some_and(|used| used >= f64::from(reserved)) || reserved == 0;
            let used = used.map_or_else(|| units::MISSING.to_string(), count);
            Cell::Text(format!("{used}/{reserved}"), if at_limit { Meaning::Critical } else { row.plain() })
        }
        (Some(used), None) => {
            let pool = function.ceiling.map(|ceiling| f64::from(ceiling.executions()));
            // Every other function has to live on what is left.
            let hogs = pool.is_some_and(|pool| pool > 0.0 && used >= pool / 2.0);
            Cell::Text(count(used), if hogs { Meaning::Warning } else { row.plain() })
        }
        (None, None) => missing(),
    }
}

/// The first alias that splits its traffic, with the weights of its versions.
pub(super) fn split(row: &Row<'_>) -> Cell {
    let Some(alias) = row.function.aliases.iter().find(|alias| alias.is_split()) else {
        return Cell::Text(String::new(), Meaning::Muted);
    };
    let weights: Vec<String> = alias
        .versions
        .iter()
        .filter_map(|version| Some(format!("{}:{}", version.version, units::percent(version.weight?))))
        .collect();
    Cell::Text(text::clean(&format!("{} {}", alias.name, weights.join(" "))).into_owned(), Meaning::Series2)
}
