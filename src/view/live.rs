//! What a function's logs say of this minute: words, the curve, cold starts, the versions beside each other, errors.
//! No terminal.

use chrono::{DateTime, Utc};

use super::function::{Line, ceiling, near};
use super::labelled::Fact;
use super::log::one_line;
use super::meaning::Meaning;
use super::now::AT_LEAST;
use super::status::Status;
use super::units::{self, MISSING};
use crate::analysis::live::{Bound, FunctionLive, LittleCheck, Runs, WINDOW_S};
use crate::analysis::ratio;
use crate::analysis::thresholds::Thresholds;
use crate::snapshot::FunctionSnapshot;
use lambda_model::text::fit;

/// Logs and metrics that differ by more than a quarter do not tell the same story.
const DISAGREEMENT: f64 = 0.25;
/// From where and from when the numbers are, how they compare with the metrics, and why they are a lower bound.
pub(crate) fn facts(live: &FunctionLive, now: DateTime<Utc>) -> Vec<Fact> {
    let plain = |label, value| Fact { label, value, meaning: Meaning::Normal };
    let at_least = if live.is_lower_bound() { AT_LEAST } else { "" };
    let running = live.concurrency.map_or_else(|| MISSING.to_string(), |running| format!("{at_least}{running}"));
    let read = format!("{WINDOW_S}s to {}", units::clock_seconds(live.as_of));
    let mut facts = vec![
        plain("running", running),
        Fact { label: live.way.word(), value: read, meaning: Meaning::Muted },
        Fact { label: "age", value: units::span(now - live.as_of), meaning: Meaning::Muted },
    ];
    facts.extend(live.check.map(check));
    if live.is_lower_bound() {
        let reasons: Vec<&str> = live.lower_bound.iter().map(|bound| why(*bound)).collect();
        facts.push(Fact { label: "at least:", value: reasons.join(", "), meaning: Meaning::Warning });
    }
    facts
}

/// Why a number is a lower bound.
fn why(bound: Bound) -> &'static str {
    match bound {
        Bound::Sampled => "Live Tail shows a sample",
        Bound::Gap => "some seconds were not read",
        Bound::Dropped => "events were dropped",
        Bound::OtherShards => "other lamtops read the other shards",
        Bound::FailuresOnly => "the function logs only failures",
        Bound::Silent => "it ran and wrote nothing (may its role write logs?)",
    }
}

/// Little's law in words: what both say, by how much they differ, and what that means.
fn check(check: LittleCheck) -> Fact {
    let minute = units::clock(check.minute.start());
    let both = format!("logs {:.1}, metrics {:.1}", check.logs, check.metrics);
    let (value, meaning) = match check.difference() {
        None => (both, Meaning::Muted),
        Some(difference) => {
            let percent = units::percent(difference.abs());
            let compared = match difference {
                less if less < 0.0 => format!("{both}, {percent} less"),
                more if more > 0.0 => format!("{both}, {percent} more"),
                _ => format!("{both}, equal"),
            };
            match difference {
                low if low < -DISAGREEMENT => (format!("{compared}: the logs miss some"), Meaning::Warning),
                high if high > DISAGREEMENT => (format!("{compared}: the metrics miss some"), Meaning::Warning),
                _ => (compared, Meaning::Muted),
            }
        }
    };
    Fact { label: "mean at", value: format!("{minute} {value}"), meaning }
}

/// The concurrency of the newest `seconds`, and the limit if it comes near one.
pub(crate) fn curve(
    function: &FunctionSnapshot,
    live: &FunctionLive,
    seconds: usize,
) -> (Line, Option<(f64, &'static str)>) {
    let values = newest(&live.curve.values, seconds);
    let highest = values.iter().flatten().copied().fold(0.0, f64::max);
    (Line { name: "", values, meaning: Meaning::Series1 }, near(ceiling(function), highest))
}

/// The cold starts of the newest `seconds`.
pub(crate) fn cold_starts(live: &FunctionLive, seconds: usize) -> Vec<Option<f64>> {
    newest(&live.cold_lane, seconds)
}

/// The newest counts as a chart takes them.
fn newest(counts: &[Option<u32>], seconds: usize) -> Vec<Option<f64>> {
    counts.iter().skip(counts.len().saturating_sub(seconds)).map(|count| count.map(f64::from)).collect()
}

/// A bar of a histogram.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bar {
    /// Up to which value, ms.
    pub until: f64,
    /// How many.
    pub count: u32,
}

/// The bins of a histogram, (upper edge in ms, count), in at most `rows` bars: where there are more, neighbours together.
pub(crate) fn histogram(bins: &[(f64, u32)], rows: usize) -> Vec<Bar> {
    let together = bins.len().div_ceil(rows.max(1)).max(1);
    let bar = |bins: &[(f64, u32)]| {
        let count = bins.iter().fold(0, |sum: u32, (_, count)| sum.saturating_add(*count));
        bins.last().map(|(until, _)| Bar { until: *until, count })
    };
    bins.chunks(together).take(rows).filter_map(bar).collect()
}

/// What a bar of [`histogram`] stands for: the init phase, or restoring a snapshot where there is no init.
pub(crate) fn phase(live: &FunctionLive) -> &'static str {
    match (live.total.init_ms.p50, live.total.restore_ms.p50) {
        (None, Some(_)) => "restore",
        _ => "init",
    }
}

/// A column of the versions' table.
struct Column {
    head: &'static str,
    width: u16,
    /// The lowest goes last where there is too little room.
    rank: u8,
    cell: fn(&Runs, &Beside<'_>) -> (String, Meaning),
}

/// What the numbers of a version are compared with.
struct Beside<'a> {
    memory_mb: Option<u32>,
    thresholds: &'a Thresholds,
}

/// The columns after the version's name, as they stand.
const COLUMNS: [Column; 15] = [
    Column {
        head: "INV",
        width: 7,
        rank: 15,
        cell: |runs, _| (units::count(runs.invocations as f64), Meaning::Normal),
    },
    Column {
        head: "ERR",
        width: 5,
        rank: 14,
        cell: |runs, beside| failed(runs.errors, Status::error_meaning(beside.thresholds, error_rate(runs))),
    },
    Column {
        head: "ERR%",
        width: 6,
        rank: 13,
        cell: |runs, beside| share(error_rate(runs), Status::error_meaning(beside.thresholds, error_rate(runs))),
    },
    Column { head: "TIMEOUT", width: 7, rank: 11, cell: |runs, _| failed(runs.timeouts, Meaning::Critical) },
    Column { head: "OOM", width: 4, rank: 10, cell: |runs, _| failed(runs.out_of_memory, Meaning::Critical) },
    Column { head: "COLD", width: 5, rank: 12, cell: |runs, _| failed(runs.cold_starts, Meaning::Normal) },
    Column { head: "COLD%", width: 6, rank: 4, cell: |runs, _| share(runs.cold_start_rate(), Meaning::Normal) },
    Column { head: "INIT50", width: 6, rank: 7, cell: |runs, _| span(runs.init_ms.p50.or(runs.restore_ms.p50)) },
    Column { head: "INIT95", width: 6, rank: 2, cell: |runs, _| span(runs.init_ms.p95.or(runs.restore_ms.p95)) },
    Column { head: "INITMAX", width: 7, rank: 6, cell: |runs, _| span(runs.init_ms.max.or(runs.restore_ms.max)) },
    Column { head: "P50", width: 6, rank: 9, cell: |runs, _| span(runs.duration_ms.p50) },
    Column { head: "P95", width: 6, rank: 3, cell: |runs, _| span(runs.duration_ms.p95) },
    Column { head: "P99", width: 6, rank: 8, cell: |runs, _| span(runs.duration_ms.p99) },
    Column { head: "MAX", width: 6, rank: 1, cell: |runs, _| span(runs.duration_ms.max) },
    Column { head: "MEMORY", width: 11, rank: 5, cell: |runs, beside| memory(runs.max_memory_used_mb, beside) },
];

/// Columns of the version's name.
const VERSION: u16 = 9;

fn error_rate(runs: &Runs) -> Option<f64> {
    ratio(Some(runs.errors as f64), Some(runs.invocations as f64))
}

fn failed(count: u64, alarm: Meaning) -> (String, Meaning) {
    (units::count(count as f64), if count > 0 { alarm } else { Meaning::Muted })
}

fn share(share: Option<f64>, alarm: Meaning) -> (String, Meaning) {
    match share {
        Some(share) => (units::percent(share), if share > 0.0 { alarm } else { Meaning::Muted }),
        None => (MISSING.to_string(), Meaning::Muted),
    }
}

fn span(span: Option<f64>) -> (String, Meaning) {
    match span {
        Some(span) => (units::milliseconds(span), Meaning::Normal),
        None => (MISSING.to_string(), Meaning::Muted),
    }
}

/// The most memory used, against what is configured.
fn memory(used: Option<u32>, beside: &Beside<'_>) -> (String, Meaning) {
    let megabytes = |memory: u32| units::megabytes(f64::from(memory));
    match (used, beside.memory_mb) {
        (None, _) => (MISSING.to_string(), Meaning::Muted),
        (Some(used), None) => (megabytes(used), Meaning::Normal),
        (Some(used), Some(limit)) => {
            let meaning = match Status::utilisation_meaning(beside.thresholds, Some(used.into()), Some(limit.into())) {
                Meaning::Ok | Meaning::Muted => Meaning::Normal,
                alarm => alarm,
            };
            (format!("{}/{}", megabytes(used), megabytes(limit)), meaning)
        }
    }
}

/// A word of a table and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cell {
    /// The word, clean.
    pub word: String,
    /// What it means.
    pub meaning: Meaning,
    /// Its place in the line.
    pub place: Place,
}

/// A place in a line, in columns from its left edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// It begins here.
    From(u16),
    /// It ends before this.
    UpTo(u16),
}

/// The head, all versions together, then each version, the busiest first, in `width` columns. What is asked last goes
/// first where there is too little room.
pub(crate) fn versions(
    thresholds: &Thresholds,
    function: &FunctionSnapshot,
    live: &FunctionLive,
    width: u16,
) -> Vec<Vec<Cell>> {
    let mut left = width.saturating_sub(VERSION);
    let mut ranked: Vec<&Column> = COLUMNS.iter().collect();
    ranked.sort_by_key(|column| std::cmp::Reverse(column.rank));
    let fits = ranked.into_iter().map_while(|column| {
        left = left.checked_sub(column.width + 1)?;
        Some(column.rank)
    });
    let shown: Vec<u8> = fits.collect();
    let columns = || COLUMNS.iter().filter(|column| shown.contains(&column.rank));
    let row = |first: (String, Meaning), cell: &dyn Fn(&Column) -> (String, Meaning)| {
        let mut end = VERSION;
        let rest = columns().map(|column| {
            end += column.width + 1;
            let (word, meaning) = cell(column);
            Cell { word, meaning, place: Place::UpTo(end) }
        });
        let (word, meaning) = first;
        std::iter::once(Cell { word, meaning, place: Place::From(0) }).chain(rest).collect::<Vec<Cell>>()
    };
    let memory_mb = function.state.info.as_ref().and_then(|info| info.value.memory_mb);
    let beside = Beside { memory_mb, thresholds };
    let restores = phase(live) == "restore";
    let head = |column: &Column| {
        let head = if restores { column.head.replace("INIT", "REST") } else { column.head.to_string() };
        (head, Meaning::Label)
    };
    let runs = |name: String, meaning, runs: &Runs| row((name, meaning), &|column| (column.cell)(runs, &beside));
    let mut lines =
        vec![row(("VERSION".to_string(), Meaning::Label), &head), runs("all".to_string(), Meaning::Title, &live.total)];
    let mut busiest: Vec<(&String, &Runs)> = live.versions.iter().collect();
    busiest.sort_by_key(|(_, runs)| std::cmp::Reverse(runs.invocations));
    lines.extend(busiest.into_iter().map(|(version, counts)| {
        let meaning = Status::error_meaning(thresholds, error_rate(counts));
        runs(fit(version, VERSION.into()).into_owned(), meaning, counts)
    }));
    lines
}

/// Columns that a message of an error group is cut to before it is measured.
const MESSAGE: usize = 300;

/// The errors by kind: how many, since when, when the last was, what it said. The head first.
pub(crate) fn errors(live: &FunctionLive, now: DateTime<Utc>) -> Vec<Vec<Cell>> {
    const PLACES: [Place; 4] = [Place::UpTo(6), Place::UpTo(13), Place::UpTo(20), Place::From(22)];
    let cells = |words: [(String, Meaning); 4]| -> Vec<Cell> {
        words.into_iter().zip(PLACES).map(|((word, meaning), place)| Cell { word, meaning, place }).collect()
    };
    let label = |word: &str| (word.to_string(), Meaning::Label);
    let mut lines = vec![cells([label("ERRORS"), label("SINCE"), label("LAST"), label("LAST MESSAGE")])];
    lines.extend(live.error_groups.iter().map(|group| {
        let age = |at| (units::span(now - at), Meaning::Muted);
        cells([
            (units::count(group.count as f64), Meaning::Critical),
            age(group.first),
            age(group.last),
            (one_line(&group.message, MESSAGE), Meaning::Normal),
        ])
    }));
    if live.other_errors > 0 {
        let more = format!("other errors: only {} kinds are counted one by one", FunctionLive::ERROR_GROUPS);
        let blank = || (String::new(), Meaning::Muted);
        let count = (units::count(live.other_errors as f64), Meaning::Critical);
        lines.push(cells([count, blank(), blank(), (more, Meaning::Muted)]));
    }
    if lines.len() == 1 {
        let word = "No error was seen in the logs".to_string();
        return vec![vec![Cell { word, meaning: Meaning::Muted, place: Place::From(0) }]];
    }
    lines
}

#[cfg(test)]
mod tests;
