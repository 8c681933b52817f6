//! The function table as plain text for a pipe or a terminal, without colours.

use std::fmt::Write as _;

use crate::snapshot::Snapshot;
use crate::view::columns::{Cell, Column};
use crate::view::functions::{RowRef, cell};
use crate::view::units::{self, MISSING};
use lambda_model::text;

/// The pool of each scope in a line, the functions in a table, and a line for every operation that fails.
pub(crate) fn text(snapshot: &Snapshot, rows: &[RowRef]) -> String {
    let mut out = String::new();
    for scope in &snapshot.scopes {
        let known = |value: Option<f64>| value.map_or_else(|| MISSING.to_string(), units::count);
        let pool = &scope.pool;
        let _ = writeln!(
            out,
            "{}  in use {}  claimed {}  limit {}  headroom {}  throttles/min {}  as of {}",
            text::clean(&scope.label()),
            known(pool.in_use),
            known(pool.claimed),
            known(pool.limit.map(f64::from)),
            known(pool.headroom),
            known(pool.throttles),
            pool.as_of.map_or_else(|| MISSING.to_string(), |minute| units::clock(minute.start())),
        );
    }
    let several = snapshot.scopes.len() > 1;
    let shown = |column: &Column| column.spec().plain && (several || *column != Column::Scope);
    let columns: Vec<Column> = Column::ALL.into_iter().filter(shown).collect();
    let mut lines: Vec<Vec<String>> = vec![columns.iter().map(|column| column.spec().head.to_string()).collect()];
    for row in rows {
        lines.push(columns.iter().map(|column| word(snapshot, *row, *column)).collect());
    }
    let width = |index: usize| lines.iter().filter_map(|line| line.get(index)).map(|cell| text::width(cell)).max();
    let widths: Vec<usize> = (0..columns.len()).map(|index| width(index).unwrap_or(0)).collect();
    for line in &lines {
        let mut padded = String::new();
        for ((cell, width), column) in line.iter().zip(&widths).zip(&columns) {
            let space = " ".repeat(width - text::width(cell));
            let left = column.spec().left;
            let _ = if left { write!(padded, "{cell}{space}  ") } else { write!(padded, "{space}{cell}  ") };
        }
        let _ = writeln!(out, "{}", padded.trim_end());
    }
    for (scope, health) in snapshot.faults() {
        let detail = health.detail.as_deref().unwrap_or_default();
        let line = format!("{} {} in {}: {detail}", health.operation, health.state.word(), scope.label());
        let _ = writeln!(out, "{}", text::clean(&line));
    }
    out
}

fn word(snapshot: &Snapshot, row: RowRef, column: Column) -> String {
    match cell(snapshot, row, column, 0) {
        Some(Cell::Text(text, _)) => text,
        _ => String::new(),
    }
}
