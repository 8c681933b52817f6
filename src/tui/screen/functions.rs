//! The table of functions: a head and the rows that are in sight, no others.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

use crate::tui::app::App;
use crate::tui::screen::Screen;
use crate::tui::widget::sparkline::Sparkline;
use crate::tui::widget::words::Words;
use crate::tui::widget::write;
use crate::view::columns::{Cell, Column, fit};
use crate::view::functions::{RowRef, cell};
use crate::view::meaning::Meaning;
use lambda_model::{FunctionId, text};

pub(super) const SCREEN: Screen = Screen { draw, step, open, scroll, visible };

fn step(app: &mut App, distance: isize) {
    let index = app.functions.step(distance, app.rows().len());
    let id = app.row_id(index);
    if app.open.is_some() {
        app.open.clone_from(&id);
    }
    app.functions.select(index, id);
}

/// What is looked into is chosen: from now on the cursor follows it, and its neighbours are the pane's.
fn open(app: &mut App) {
    app.open = app.row_id(app.functions.selected);
    app.functions.select(app.functions.selected, app.open.clone());
}

fn scroll(app: &mut App, room: usize) {
    let mut list = std::mem::take(&mut app.functions);
    // One line of the table is its head.
    list.settle(app.rows().len(), |index| app.row_id(index), room.saturating_sub(1), |_, _| 1);
    app.functions = list;
}

pub(super) fn visible(app: &App, room: usize) -> Vec<FunctionId> {
    let rows = app.rows().iter().skip(app.functions.offset).take(room);
    rows.filter_map(|row| row.id(app.snapshot())).collect()
}

fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    if area.height < 2 {
        return;
    }
    let snapshot = app.snapshot();
    let room = usize::from(area.height) - 1;
    let shown: Vec<RowRef> = app.rows().iter().copied().skip(app.functions.offset).take(room).collect();
    let name_width =
        |row: &RowRef| row.of(snapshot).map_or(0, |(_, function)| text::width(function.state.name.as_str()));
    let longest = shown.iter().map(name_width).max().unwrap_or(0) as u16;
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let columns = fit::fit(inner.width, longest, snapshot.scopes.len() > 1);
    draw_head(app, &columns, inner, buffer);
    for (index, row) in shown.iter().enumerate() {
        let line = Rect { y: inner.y + 1 + index as u16, height: 1, ..inner };
        if app.functions.offset + index == app.functions.selected {
            let whole = Rect { x: area.x, width: area.width, ..line };
            buffer.set_style(whole, app.theme.style(Meaning::Selected));
        }
        draw_row(app, *row, &columns, line, buffer);
    }
    if shown.is_empty() {
        let mut words = Words::default();
        words.add(empty(app), Meaning::Muted);
        words.draw(&app.theme, Rect { y: inner.y + 1, height: 1, ..inner }, buffer);
    }
}

/// Why there is nothing to show.
fn empty(app: &App) -> &'static str {
    let snapshot = app.snapshot();
    if snapshot.scopes.iter().any(|scope| !scope.functions.is_empty()) {
        "No function matches: esc shows all"
    } else if snapshot.faults().next().is_some() {
        "Nothing could be read: 4 shows why"
    } else if !snapshot.scopes.is_empty() && snapshot.scopes.iter().all(|scope| scope.listed) {
        "No functions here"
    } else {
        "Loading …"
    }
}

fn draw_head(app: &App, columns: &[(Column, u16)], area: Rect, buffer: &mut Buffer) {
    let mut x = area.x;
    for (column, width) in columns {
        let sorted = *column == app.query.sort;
        let descending = column.largest_first() != app.query.reversed;
        let mark = match (sorted, descending) {
            (false, _) => "",
            (true, true) => "▼",
            (true, false) => "▲",
        };
        let meaning = if sorted { Meaning::Title } else { Meaning::Label };
        let head =
            text::fit(column.spec().head, usize::from(*width).saturating_sub(text::width(mark))).into_owned() + mark;
        put(app, &head, meaning, *column, Rect { x, width: *width, ..area }, buffer);
        x += width + fit::GAP;
    }
}

fn draw_row(app: &App, row: RowRef, columns: &[(Column, u16)], area: Rect, buffer: &mut Buffer) {
    let mut x = area.x;
    for (column, width) in columns {
        let place = Rect { x, width: *width, ..area };
        match cell(app.snapshot(), row, *column, usize::from(*width)) {
            Some(Cell::Text(text, meaning)) => put(app, &text, meaning, *column, place, buffer),
            Some(Cell::Trend(values, provisional, meaning)) => {
                let max = values.iter().flatten().copied().fold(0.0, f64::max);
                Sparkline { values: &values, max, provisional, meaning, theme: &app.theme }.render(place, buffer);
            }
            None => {}
        }
        x += width + fit::GAP;
    }
}

/// Writes a cell at the edge that belongs to its column.
fn put(app: &App, text: &str, meaning: Meaning, column: Column, place: Rect, buffer: &mut Buffer) {
    let text = text::fit(text, place.width.into());
    let space = place.width.saturating_sub(text::width(&text) as u16);
    let x = if column.spec().left { place.x } else { place.x + space };
    write(buffer, place, x, place.y, &text, app.theme.style(meaning));
}
