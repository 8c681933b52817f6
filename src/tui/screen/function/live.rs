//! What the function's logs say of this second: the curve, cold starts, init phases, the versions, the errors.

use std::time::Duration;

use chrono::TimeDelta;
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::widgets::Widget;

use super::{chart_marks, draw_unread, line};
use crate::analysis::live::FunctionLive;
use crate::snapshot::{FunctionSnapshot, ScopeSnapshot};
use crate::tui::app::App;
use crate::tui::screen::lines::{draw_facts, frame};
use crate::tui::widget::bar::Bar;
use crate::tui::widget::chart::{Chart, Lane, Limit, Series};
use crate::tui::widget::words::Words;
use crate::tui::widget::write;
use crate::view::function;
use crate::view::live::{self, Cell, Place};
use crate::view::meaning::Meaning;
use crate::view::units;
use crate::view::{changes, log};
use lambda_model::text;

/// From this height on there is room for what is configured.
const TALL: u16 = 28;
/// Versions below the line of all together, at most.
const VERSIONS: usize = 4;
/// The lines of the errors' table, its head included, that are kept free before the charts grow.
const ERRORS: u16 = 4;
/// The rows of the charts beyond which more tell nothing new.
const HIGHEST: u16 = 18;
/// Fewer rows than these for the newest lines, their head and the blank one above it included, are not worth it.
const LINES: u16 = 5;
/// Columns of the curve's axis and of the name beside the cold starts.
const BESIDE: u16 = 10;

pub(super) fn draw(app: &App, scope: &ScopeSnapshot, shown: &FunctionSnapshot, area: Rect, buffer: &mut Buffer) {
    let rest =
        if area.height >= TALL { draw_facts(app, function::facts(app.snapshot(), shown), area, buffer) } else { area };
    let Some(logs) = shown.live.as_deref() else { return draw_unread(app, scope, rest, buffer) };
    let rest = draw_facts(app, live::facts(logs, app.snapshot().at), rest, buffer);
    let legend = changes::legend(&curve_changes(shown, logs, logs.curve.values.len()), app.snapshot().at);
    let rest = if legend.is_empty() { rest } else { draw_facts(app, legend, rest, buffer) };
    let errors = live::errors(logs, app.snapshot().at);
    let mut versions = live::versions(&app.snapshot().params.thresholds, shown, logs, rest.width.saturating_sub(2));
    let hidden = versions.len().saturating_sub(2 + VERSIONS);
    versions.truncate(2 + VERSIONS);
    let [charts, versions_place, _, errors_place, lines] = shares(rest, versions.len() as u16, errors.len() as u16);
    let [curve, phases] = Layout::horizontal([Constraint::Fill(2), Constraint::Fill(1)]).areas(charts);
    let inside = frame(app, "concurrency by the second · cold starts", curve, buffer);
    draw_curve(app, shown, logs, inside, buffer);
    let title = format!("{} phases", live::phase(logs));
    draw_histogram(app, logs, frame(app, &title, phases, buffer), buffer);
    let inner = |place: Rect| Rect { x: place.x + 1, width: place.width.saturating_sub(2), ..place };
    draw_table(app, &versions, inner(versions_place), buffer);
    if hidden > 0 {
        let mut words = Words::default();
        words.add(format!("… and {hidden} more versions"), Meaning::Muted);
        words.draw(&app.theme, Rect { y: versions_place.bottom(), height: 1, ..inner(versions_place) }, buffer);
    }
    draw_table(app, &errors, inner(errors_place), buffer);
    draw_newest(app, logs, lines, buffer);
}

/// Who gets which rows: the charts, the versions, a blank row, the errors, and the newest lines where there is room.
fn shares(area: Rect, versions: u16, errors: u16) -> [Rect; 5] {
    let free = area.height.saturating_sub(versions + 1);
    let errors = errors.min((free / 4).max(ERRORS)).min(free);
    let charts = (free - errors).min(HIGHEST);
    let lines = free - errors - charts;
    // Too few lines tell nothing: the charts take them.
    let (charts, lines) = if lines < LINES { (charts + lines, 0) } else { (charts, lines) };
    Layout::vertical([charts, versions, 1, errors, lines].map(Constraint::Length)).areas(area)
}

/// The newest lines of the log, below a head.
fn draw_newest(app: &App, logs: &FunctionLive, area: Rect, buffer: &mut Buffer) {
    let [_, head, lines] =
        Layout::vertical([Constraint::Length(1), Constraint::Length(1), Constraint::Min(0)]).areas(area);
    if lines.is_empty() {
        return;
    }
    write(buffer, head, head.x + 1, head.y, "NEWEST LINES", app.theme.style(Meaning::Label));
    let columns = line::text_width(area.width);
    for (newest, y) in log::newest(logs, lines.height.into()).into_iter().zip(lines.y..lines.bottom()) {
        let text = [log::shown(newest, columns.into())];
        line::draw(app, newest, &text, Rect { y, height: 1, ..lines }, buffer);
    }
}

/// The changes within the newest `seconds` of the curve.
fn curve_changes(shown: &FunctionSnapshot, logs: &FunctionLive, seconds: usize) -> Vec<changes::Mark> {
    let seconds = i64::try_from(seconds.min(logs.curve.values.len())).unwrap_or(0);
    changes::marks(shown, TimeDelta::seconds(seconds), logs.curve.until)
}

fn draw_curve(app: &App, shown: &FunctionSnapshot, logs: &FunctionLive, area: Rect, buffer: &mut Buffer) {
    // A dot a second, two dots a column: more would run into each other.
    let seconds = usize::from(area.width.saturating_sub(BESIDE)) * 2;
    let (line, limit) = live::curve(shown, logs, seconds);
    let marks = chart_marks(&curve_changes(shown, logs, seconds));
    let counts = live::cold_starts(logs, seconds);
    Chart {
        series: &[Series { name: line.name, values: &line.values, meaning: line.meaning }],
        newest: logs.curve.until.fixed_offset(),
        step: Duration::from_secs(1),
        provisional: logs.curve.provisional,
        limit: limit.map(|(value, label)| Limit { value, label }),
        lane: Some(Lane { name: "cold", counts: &counts, meaning: Meaning::Series2 }),
        marks: &marks,
        unit: units::count,
        theme: &app.theme,
    }
    .render(area, buffer);
}

fn draw_histogram(app: &App, logs: &FunctionLive, area: Rect, buffer: &mut Buffer) {
    let bars = live::histogram(&logs.init_histogram, area.height.into());
    let most = bars.iter().map(|bar| bar.count).max().unwrap_or(0);
    let labels: Vec<String> = bars.iter().map(|bar| format!("≤ {}", units::milliseconds(bar.until))).collect();
    let widest = labels.iter().map(|label| text::width(label)).max().unwrap_or(0) as u16;
    let counts = units::count(f64::from(most)).len() as u16;
    for ((bar, label), y) in bars.iter().zip(&labels).zip(area.y..area.bottom()) {
        let column = area.x + widest - text::width(label) as u16;
        write(buffer, area, column, y, label, app.theme.style(Meaning::Label));
        let x = area.x + widest + 1;
        let place = Rect { x, y, width: area.right().saturating_sub(x + counts + 1), height: 1 };
        let share = f64::from(bar.count) / f64::from(most.max(1));
        Bar { share: Some(share), meaning: Meaning::Series2, theme: &app.theme }.render(place, buffer);
        let count = units::count(f64::from(bar.count));
        let column = area.right().saturating_sub(count.len() as u16);
        let meaning = if bar.count > 0 { Meaning::Normal } else { Meaning::Muted };
        write(buffer, area, column.max(place.right()), y, &count, app.theme.style(meaning));
    }
    if bars.is_empty() {
        let words = format!("No {} phase was seen", live::phase(logs));
        write(buffer, area, area.x + 1, area.y + area.height / 2, &words, app.theme.style(Meaning::Muted));
    }
}

fn draw_table(app: &App, lines: &[Vec<Cell>], area: Rect, buffer: &mut Buffer) {
    for (line, y) in lines.iter().zip(area.y..area.bottom()) {
        for cell in line {
            let column = match cell.place {
                Place::From(column) => column,
                Place::UpTo(end) => end.saturating_sub(text::width(&cell.word) as u16),
            };
            write(buffer, area, area.x + column, y, &cell.word, app.theme.style(cell.meaning));
        }
    }
}
