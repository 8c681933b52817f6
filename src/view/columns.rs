//! The columns of the function table. One entry of `columns!` is all that a column is: where it stands, how it is
//! named, how wide it is, what rows are sorted by, and what its cell says. Pure.

mod cell;
pub(crate) mod fit;

pub(crate) use self::cell::{Cell, Row};
use self::cell::{alarming, concurrency, faded, missing, number, split, trend};
use super::findings;
use super::meaning::Meaning;
use super::status::Status;
use super::units;
use lambda_model::metric::Metric;
use lambda_model::text;

/// What the rows are sorted by in a column.
pub(crate) enum Order {
    /// The table is not sorted by this column.
    None,
    /// How much a function needs attention.
    Impact,
    /// A word, from A to Z; `None` comes last.
    Text(fn(&Row<'_>) -> Option<String>),
    /// A number, the largest first; `None` comes last.
    Number(fn(&Row<'_>) -> Option<f64>),
}

/// What is known of a column.
pub(crate) struct Spec {
    /// What [`Column::name`] gives.
    pub name: &'static str,
    /// The head over it.
    pub head: &'static str,
    /// Its place when there is not room for all: the smallest rank is shown first.
    pub rank: u8,
    /// Its smallest width.
    pub width: u16,
    /// Its text stands at the left edge.
    pub left: bool,
    /// It is part of the plain table of a pipe.
    pub plain: bool,
    /// What rows are sorted by.
    pub order: Order,
    /// What stands in a cell.
    pub cell: fn(&Row<'_>) -> Cell,
}

macro_rules! columns {
    ($($(#[$doc:meta])* $column:ident $spec:tt,)+) => {
        /// A column of the table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Column { $($(#[$doc])* $column,)+ }

        impl Column {
            /// Every column, in the order they stand.
            pub(crate) const ALL: [Self; [$(Self::$column,)+].len()] = [$(Self::$column,)+];

            /// What is known of it.
            pub(crate) fn spec(self) -> &'static Spec {
                match self { $(Self::$column => { static SPEC: Spec = Spec $spec; &SPEC })+ }
            }
        }
    };
}

columns! {
    /// What to look at, in a word.
    Status {
        name: "impact", head: "STATUS", rank: 0, width: 9, left: true, plain: true,
        order: Order::Impact,
        cell: |row| match Status::known(row.thresholds(), row.scope, row.function) {
            Some(status) => Cell::Text(status.label(), status.meaning()),
            None => missing(),
        },
    },
    /// The function's name.
    Function {
        name: "function", head: "FUNCTION", rank: 1, width: fit::SHORTEST_NAME, left: true, plain: true,
        order: Order::Text(|row| Some(row.function.state.name.to_string())),
        cell: |row| {
            let worst = findings::worst_of(row.scope, &row.function.state.name);
            let meaning = Status::of(row.thresholds(), row.function, worst).name_meaning();
            Cell::Text(text::clean(row.function.state.name.as_str()).into_owned(), meaning)
        },
    },
    /// Profile and Region; shown where there are several.
    Scope {
        name: "scope", head: "SCOPE", rank: 7, width: 14, left: true, plain: true,
        order: Order::Text(|row| Some(row.scope.scope.to_string())),
        cell: |row| faded(&row.scope.scope.to_string()),
    },
    /// Invocations a minute: of the last 60 s where the logs are read, else of the newest complete minute. The errors,
    /// the concurrency and the durations are of the same time.
    Invocations {
        name: "invocations", head: "INV/MIN", rank: 2, width: 7, left: false, plain: true,
        order: Order::Number(|row| row.now.invocations),
        cell: |row| number(row, row.now.mark(), row.now.invocations, units::count),
    },
    /// Errors of that minute.
    Errors {
        name: "errors", head: "ERR", rank: 10, width: 5, left: false, plain: true,
        order: Order::Number(|row| row.now.errors),
        cell: |row| {
            alarming(row.now.bound(), row.now.errors, units::count, Status::error_meaning(row.thresholds(), row.now.error_rate))
        },
    },
    /// errors / invocations.
    ErrorRate {
        name: "error-rate", head: "ERR%", rank: 3, width: 6, left: false, plain: true,
        order: Order::Number(|row| row.now.error_rate),
        cell: |row| alarming("", row.now.error_rate, units::percent, Status::error_meaning(row.thresholds(), row.now.error_rate)),
    },
    /// Throttled requests.
    Throttles {
        name: "throttles", head: "THROT", rank: 4, width: 6, left: false, plain: true,
        order: Order::Number(|row| row.function.metrics.throttles),
        cell: |row| alarming("", row.function.metrics.throttles, units::count, Meaning::Critical),
    },
    /// Concurrent executions, with the function's reservation.
    Concurrency {
        name: "concurrency", head: "CONC", rank: 5, width: 9, left: false, plain: true,
        order: Order::Number(|row| row.now.concurrency),
        cell: concurrency,
    },
    /// Median duration.
    P50 {
        name: "p50", head: "P50", rank: 11, width: 6, left: false, plain: true,
        order: Order::Number(|row| row.now.p50),
        cell: |row| number(row, "", row.now.p50, units::milliseconds),
    },
    /// 99th percentile of the duration.
    P99 {
        name: "p99", head: "P99", rank: 6, width: 6, left: false, plain: true,
        order: Order::Number(|row| row.now.p99),
        cell: |row| number(row, "", row.now.p99, units::milliseconds),
    },
    /// The share of the invocations that were cold starts, from the logs.
    ColdStarts {
        name: "cold-starts", head: "COLD%", rank: 17, width: 6, left: false, plain: false,
        order: Order::Number(|row| row.function.live.as_ref()?.cold_start_rate()),
        cell: |row| {
            let share = row.function.live.as_ref().and_then(|live| live.cold_start_rate());
            alarming("", share, units::percent, Meaning::Normal)
        },
    },
    /// 95th percentile of the init (or, with `SnapStart`, restore) phases, from the logs.
    InitP95 {
        name: "init-p95", head: "INIT P95", rank: 18, width: 8, left: false, plain: false,
        order: Order::Number(|row| row.function.live.as_ref()?.cold_start_p95_ms()),
        cell: |row| {
            let p95 = row.function.live.as_ref().and_then(|live| live.cold_start_p95_ms());
            number(row, "", p95, units::milliseconds)
        },
    },
    /// Messages waiting in dead-letter queues.
    DeadLetters {
        name: "dead-letters", head: "DEAD", rank: 9, width: 5, left: false, plain: true,
        order: Order::Number(|row| row.function.dead_letters_waiting().map(|depth| depth as f64)),
        cell: |row| {
            let waiting = row.function.dead_letters_waiting().map(|depth| depth as f64);
            alarming("", waiting, units::count, Meaning::Warning)
        },
    },
    /// Invocations over the last minutes.
    Trend {
        name: "trend", head: "TREND", rank: 8, width: fit::SHORTEST_TREND, left: true, plain: false,
        order: Order::None,
        cell: |row| trend(row, Meaning::Series1, &[Metric::Invocations]),
    },
    /// Errors and throttled requests over the last minutes.
    Trouble {
        name: "trouble", head: "TROUBLE", rank: 12, width: fit::SHORTEST_TREND, left: true, plain: false,
        order: Order::None,
        cell: |row| trend(row, Meaning::Critical, &[Metric::Errors, Metric::Throttles]),
    },
    /// The weighted alias, if there is one.
    Split {
        name: "split", head: "SPLIT", rank: 13, width: 20, left: true, plain: true,
        order: Order::None,
        cell: split,
    },
    /// Runtime.
    Runtime {
        name: "runtime", head: "RUNTIME", rank: 15, width: 14, left: true, plain: false,
        order: Order::Text(|row| row.info()?.runtime.clone()),
        cell: |row| row.info().map_or_else(missing, |info| faded(info.runtime.as_deref().unwrap_or("image"))),
    },
    /// Configured memory.
    Memory {
        name: "memory", head: "MEM", rank: 16, width: 5, left: false, plain: false,
        order: Order::Number(|row| row.info()?.memory_mb.map(f64::from)),
        cell: |row| {
            let memory = row.info().and_then(|info| info.memory_mb).map(f64::from);
            memory.map_or_else(missing, |memory| Cell::Text(units::megabytes(memory), Meaning::Muted))
        },
    },
    /// The age of the numbers.
    Age {
        name: "age", head: "AGE", rank: 14, width: 4, left: false, plain: true,
        order: Order::Number(|row| row.now.as_of().map(|at| -(at.timestamp() as f64))),
        cell: |row| match row.now.age(row.snapshot.at) {
            Some(age) => Cell::Text(age, if row.now.is_live() { Meaning::Ok } else { Meaning::Muted }),
            None => missing(),
        },
    },
}

impl Column {
    /// Its name in `--sort` and in the settings.
    pub fn name(self) -> &'static str {
        self.spec().name
    }

    /// The column with this name, if the table can be sorted by it.
    pub(crate) fn by_name(name: &str) -> Option<Self> {
        Self::sortable().find(|column| column.name() == name)
    }

    /// The columns the table can be sorted by.
    pub(crate) fn sortable() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|column| !matches!(column.spec().order, Order::None))
    }

    /// Whether the largest value comes first when the column is chosen.
    pub(crate) fn largest_first(self) -> bool {
        !matches!(self.spec().order, Order::Text(_))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_column_has_a_name_a_head_and_a_rank_of_its_own() {
        let names: BTreeSet<&str> = Column::ALL.iter().map(|column| column.name()).collect();
        let heads: BTreeSet<&str> = Column::ALL.iter().map(|column| column.spec().head).collect();
        let ranks: BTreeSet<u8> = Column::ALL.iter().map(|column| column.spec().rank).collect();
        assert_eq!([names.len(), heads.len(), ranks.len()], [Column::ALL.len(); 3]);
    }

    #[test]
    fn a_head_with_its_sorting_mark_fits_its_column() {
        for column in Column::sortable() {
            let spec = column.spec();
            assert!(text::width(spec.head) <= usize::from(spec.width), "{}", spec.head);
        }
    }
}
