//! The log in front: its rows, the cursor, what is in sight. No drawing, and it never reads a snapshot.
//!
//! While nobody moves the cursor it follows the newest line; once it is moved, the rows hold still below it.

use ratatui::layout::Size;

use crate::tui::list::first_with_room;
use crate::view::log::{self, Query, Row};
use lambda_model::FunctionId;

/// The log of one function.
#[derive(Debug, Default)]
pub struct LogPane {
    /// Which lines are shown.
    pub query: Query,
    /// What is searched for; empty for nothing.
    pub search: String,
    /// Whether long lines are broken, not cut.
    pub wrap: bool,
    of: Option<FunctionId>,
    rows: Vec<Row>,
    selected: usize,
    top: usize,
    /// The newest row when the cursor left it; `None` while it follows.
    held: Option<Row>,
}

impl LogPane {
    /// Turns to another function's log, or to none: only how it is shown stays.
    pub(crate) fn turn_to(&mut self, function: Option<&FunctionId>) {
        if self.of.as_ref() != function {
            *self = Self { wrap: self.wrap, of: function.cloned(), ..Self::default() };
        }
    }

    /// The rows, oldest first.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The row that the cursor is on.
    pub fn selected(&self) -> usize {
        self.selected
    }

    /// The first row in sight.
    pub(crate) fn top(&self) -> usize {
        self.top
    }

    /// Whether the newest line is kept in sight.
    pub(crate) fn follows(&self) -> bool {
        self.held.is_none()
    }

    /// How many rows have come since the cursor left the newest.
    pub(crate) fn waiting(&self) -> usize {
        let Some(newest) = &self.held else { return 0 };
        let place = self.place_of(newest);
        let is_here = self.rows.get(place).is_some_and(|row| row.is_same(newest));
        self.rows.len().saturating_sub(place + usize::from(is_here))
    }

    /// The row that the cursor is on, to return to; `None` while it follows.
    pub(crate) fn held(&self) -> Option<Row> {
        self.held.as_ref().and_then(|_| self.rows.get(self.selected)).cloned()
    }

    /// Takes in the rows anew: the cursor and what is in sight stay with their rows.
    pub(crate) fn settle(&mut self, rows: Vec<Row>, place: Size) {
        let before = std::mem::replace(&mut self.rows, rows);
        let find = |index: usize| before.get(index).map_or(0, |row| self.place_of(row));
        (self.selected, self.top) = (find(self.selected), find(self.top));
        self.scroll(place);
    }

    /// Where `row` is, or the first row that is not older.
    fn place_of(&self, row: &Row) -> usize {
        let first = self.rows.partition_point(|other| other.at() < row.at());
        let same = self.rows.iter().skip(first).take_while(|other| other.at() == row.at());
        first + same.take_while(|other| !other.is_same(row)).count()
    }

    /// Brings the cursor into sight of a place of this size.
    pub(crate) fn scroll(&mut self, place: Size) {
        let last = self.rows.len().saturating_sub(1);
        self.selected = if self.follows() { last } else { self.selected.min(last) };
        let room = usize::from(place.height);
        let lines = |index| self.lines(index, place).len().max(1);
        let first = |last| first_with_room(last, room, lines);
        // Above the cursor and below the first row that leaves no room below the last.
        let lowest = first(self.selected);
        self.top = self.top.min(self.selected).max(lowest).min(first(last).max(lowest));
    }

    /// The text of a row as it stands in a place of this size.
    pub(crate) fn lines(&self, index: usize, place: Size) -> Vec<String> {
        let columns = usize::from(place.width);
        match self.rows.get(index).and_then(Row::line) {
            Some(line) if self.wrap => log::wrapped(&line.text, columns, place.height.into()),
            Some(line) => vec![log::shown(line, columns)],
            None => vec![String::new()],
        }
    }

    /// Moves the cursor; on the newest row it follows again.
    pub(crate) fn step(&mut self, distance: isize) {
        self.select(self.selected.saturating_add_signed(distance));
    }

    /// Puts the cursor on a row; the newest is followed.
    fn select(&mut self, index: usize) {
        let last = self.rows.len().saturating_sub(1);
        self.selected = index.min(last);
        if self.selected == last {
            self.held = None;
        } else if self.held.is_none() {
            self.held = self.rows.last().cloned();
        }
    }

    /// Puts the cursor back on a row that [`LogPane::held`] gave.
    pub(crate) fn return_to(&mut self, row: Option<&Row>) {
        match row {
            Some(row) => self.select(self.place_of(row)),
            None => self.select(usize::MAX),
        }
    }

    /// Puts the cursor on the nearest row before it that is searched for, `and_here` if it is one itself.
    pub(crate) fn seek_older(&mut self, and_here: bool) -> bool {
        let end = self.selected + usize::from(and_here);
        let found = (0..end.min(self.rows.len())).rev().find(|index| self.is_sought(*index));
        self.found(found)
    }

    /// Puts the cursor on the nearest row after it that is searched for.
    pub(crate) fn seek_newer(&mut self) -> bool {
        let found = (self.selected + 1..self.rows.len()).find(|index| self.is_sought(*index));
        self.found(found)
    }

    fn found(&mut self, found: Option<usize>) -> bool {
        if let Some(index) = found {
            self.select(index);
        }
        found.is_some()
    }

    fn is_sought(&self, index: usize) -> bool {
        let line = self.rows.get(index).and_then(Row::line);
        line.is_some_and(|line| log::contains(&line.text, &self.search))
    }
}

#[cfg(test)]
mod tests;
