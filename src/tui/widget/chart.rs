//! Lines over time: values on round ticks, wall-clock times below, a limit across, each line named where it ends.
//!
//! A missing value breaks the line. The scale starts at zero, so that a small change looks small.

mod canvas;
mod scale;

use std::time::Duration;

use chrono::{DateTime, FixedOffset};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use self::canvas::{Canvas, Dot};
use crate::tui::theme::Theme;
use crate::tui::widget::sparkline::Sparkline;
use crate::tui::widget::{put, write};
use crate::view::meaning::Meaning;
use lambda_model::text;

/// Nothing Lambda counts comes near; above it there is nothing to tell apart, and arithmetic stays exact enough.
const LARGEST: f64 = 1e15;

/// A plot smaller than this has no axes: the little room is the line's.
const SMALLEST_WITH_AXES: (u16, u16) = (16, 4);

/// Rows between two ticks of the value axis.
const TICK_ROWS: u16 = 4;

/// One line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Series<'a> {
    /// Its name, written where the line ends; may be empty.
    pub name: &'a str,
    /// Its values, oldest first, the last at the chart's newest time; `None` breaks the line.
    pub values: &'a [Option<f64>],
    /// What the line means.
    pub meaning: Meaning,
}

/// A line that must not be crossed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit<'a> {
    /// Where it is.
    pub value: f64,
    /// What it is.
    pub label: &'a str,
}

/// Counts in a row below the lines, each below the value of the same time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lane<'a> {
    /// What is counted, written at its end.
    pub name: &'a str,
    /// The counts, oldest first, the last at the chart's newest time; `None` is a gap.
    pub counts: &'a [Option<f64>],
    /// What they mean.
    pub meaning: Meaning,
}

/// Something that happened, on the time axis.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    /// When it happened; what is newer than the newest value stands at the axis's end, what is older than the oldest
    /// nowhere.
    pub at: DateTime<FixedOffset>,
    /// What stands for it.
    pub character: char,
    /// What it means.
    pub meaning: Meaning,
}

/// Lines over time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chart<'a> {
    /// The lines, the most important last: it is drawn over the others.
    pub series: &'a [Series<'a>],
    /// The time of the last value, in the zone that the labels are in.
    pub newest: DateTime<FixedOffset>,
    /// The time between two values, in whole seconds.
    pub step: Duration,
    /// How many of the newest values may still change; they are drawn so.
    pub provisional: usize,
    /// A limit, always within the scale.
    pub limit: Option<Limit<'a>>,
    /// What is counted below the lines.
    pub lane: Option<Lane<'a>>,
    /// What happened, oldest first: of several in one column the newest is seen.
    pub marks: &'a [Mark],
    /// Writes a value with its unit.
    pub unit: fn(f64) -> String,
    /// How it looks.
    pub theme: &'a Theme,
}

impl Widget for &Chart<'_> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        let whole = area.intersection(buffer.area);
        // The lane has the last row, once the lines have one of their own.
        let lane = self.lane.filter(|_| whole.height > 1);
        let area = Rect { height: whole.height - u16::from(lane.is_some()), ..whole };
        if area.is_empty() {
            return;
        }
        let ticks = scale::values(self.largest(), usize::from((area.height / TICK_ROWS).max(1)));
        let labels: Vec<String> = ticks.iter().map(|tick| (self.unit)(*tick)).collect();
        let plot = Plot { area: self.plot_area(area, &labels), top: ticks.last().copied().unwrap_or(1.0) };
        if plot.area.height < area.height {
            self.draw_axes(area, &plot, &ticks, &labels, buffer);
        }
        self.draw_limit(&plot, buffer);
        self.draw_lines(&plot, buffer);
        self.draw_names(area, &plot, buffer);
        self.draw_marks(area, &plot, buffer);
        if let Some(lane) = lane {
            let row = Rect { y: area.bottom(), height: 1, ..plot.area };
            self.draw_lane(lane, row, whole, buffer);
        }
    }
}

/// Where the lines go, and the value at its upper edge.
struct Plot {
    area: Rect,
    top: f64,
}

impl Plot {
    /// The dot from above, of `dots`, at which `value` is.
    fn height_of(&self, value: f64, dots: usize) -> usize {
        let last = dots.saturating_sub(1) as f64;
        (last - value / self.top * last).round() as usize
    }

    /// The row of the screen in which `value` is.
    fn row_of(&self, value: f64) -> u16 {
        self.area.y + (self.height_of(value, usize::from(self.area.height) * 4) / 4) as u16
    }
}

/// A value as it can be drawn: what is no number is missing.
fn drawable(value: Option<f64>) -> Option<f64> {
    value.filter(|value| value.is_finite()).map(|value| value.clamp(0.0, LARGEST))
}

impl Chart<'_> {
    /// How many values there are, of the longest line.
    fn count(&self) -> usize {
        self.series.iter().map(|series| series.values.len()).max().unwrap_or(0)
    }

    fn largest(&self) -> f64 {
        let limit = self.limit.map(|limit| limit.value);
        let values = self.series.iter().flat_map(|series| series.values).copied();
        values.chain([limit]).filter_map(drawable).fold(0.0, f64::max)
    }

    /// The room that axes and names leave for the lines; all of it where there is too little for both.
    fn plot_area(&self, area: Rect, labels: &[String]) -> Rect {
        let widest =
            |texts: &mut dyn Iterator<Item = &str>| texts.map(|it| text::width(&text::clean(it))).max().unwrap_or(0);
        // A space or the axis beside each.
        let left = (widest(&mut labels.iter().map(String::as_str)) as u16).saturating_add(1);
        let lane = self.lane.map(|lane| lane.name);
        let names = widest(&mut self.series.iter().map(|series| series.name).chain(lane)) as u16;
        let right = if names == 0 { 0 } else { names.saturating_add(1).min(area.width / 4) };
        let (columns, rows) = (area.width.saturating_sub(left.saturating_add(right)), area.height.saturating_sub(2));
        if columns < SMALLEST_WITH_AXES.0 || rows < SMALLEST_WITH_AXES.1 {
            return area;
        }
        Rect { x: area.x + left, width: columns, height: rows, ..area }
    }

    /// The first column, from the left of the plot, of values that may still change.
    fn first_provisional(&self, columns: usize) -> usize {
        let count = self.count();
        match count.checked_sub(self.provisional) {
            _ if self.provisional == 0 => columns,
            None => 0,
            Some(first) => dot_across(first, count, columns * 2) / 2,
        }
    }

    fn draw_axes(&self, area: Rect, plot: &Plot, ticks: &[f64], labels: &[String], buffer: &mut Buffer) {
        let axis = &self.theme.glyphs().axis;
        let (line, label) = (self.theme.style(Meaning::Border), self.theme.style(Meaning::Label));
        let (left, bottom) = (plot.area.x - 1, plot.area.bottom());
        for row in plot.area.y..bottom {
            put(buffer, left, row, axis.upright, line);
        }
        put(buffer, left, bottom, axis.corner, line);
        for (tick, text) in ticks.iter().zip(labels) {
            let row = plot.row_of(*tick);
            put(buffer, left, row, axis.upright_tick, line);
            let column = left.saturating_sub(text::width(&text::clean(text)) as u16);
            write(buffer, Rect { width: left - area.x, ..area }, column, row, text, label);
        }
        let provisional = self.first_provisional(plot.area.width.into());
        for column in 0..plot.area.width {
            let character = if usize::from(column) < provisional { axis.lying } else { axis.provisional };
            put(buffer, plot.area.x + column, bottom, character, line);
        }
        for tick in scale::times(self.newest, self.step, self.count(), plot.area.width.into()) {
            let column = plot.area.x + tick.column as u16;
            put(buffer, column, bottom, axis.lying_tick, line);
            // Centred below its tick, pushed in where it would leave the chart.
            let width = tick.label.len() as u16;
            let start = column.saturating_sub(width / 2).clamp(area.x, area.right().saturating_sub(width).max(area.x));
            write(buffer, area, start, bottom + 1, &tick.label, label);
        }
    }

    fn draw_limit(&self, plot: &Plot, buffer: &mut Buffer) {
        let Some((limit, value)) = self.limit.and_then(|limit| Some((limit, drawable(Some(limit.value))?))) else {
            return;
        };
        let style = self.theme.style(Meaning::Limit);
        let row = plot.row_of(value);
        for column in plot.area.left()..plot.area.right() {
            put(buffer, column, row, self.theme.glyphs().limit, style);
        }
        if !limit.label.is_empty() {
            write(buffer, plot.area, plot.area.x + 2, row, &format!(" {} ", limit.label), style);
        }
    }

    fn draw_lines(&self, plot: &Plot, buffer: &mut Buffer) {
        let mut canvas = Canvas::new(plot.area.width.into(), plot.area.height.into());
        for (index, series) in self.series.iter().enumerate() {
            for (from, to) in self.segments(series, plot, canvas.dots()) {
                canvas.line(from, to, index);
            }
        }
        let provisional = self.first_provisional(plot.area.width.into());
        let styles: Vec<Style> = self.series.iter().map(|series| self.theme.style(series.meaning)).collect();
        for (column, row, character, line) in canvas.drawn(self.theme.glyphs().unicode) {
            let style = styles[line];
            let unsure = self.theme.style(Meaning::Provisional);
            let style = if column < provisional { style } else { style.patch(unsure) };
            put(buffer, plot.area.x + column as u16, plot.area.y + row as u16, character, style);
        }
        if self.series.iter().all(|series| series.values.iter().all(|value| drawable(*value).is_none())) {
            let (middle, text) = (plot.area.y + plot.area.height / 2, "No data");
            let start = plot.area.x + plot.area.width.saturating_sub(text.len() as u16) / 2;
            write(buffer, plot.area, start, middle, text, self.theme.style(Meaning::Muted));
        }
    }

    /// The straight pieces of a line: from each value to the next, a dot for one alone, nothing across a gap.
    fn segments(&self, series: &Series<'_>, plot: &Plot, dots: Dot) -> Vec<(Dot, Dot)> {
        let count = self.count();
        let missing = count - series.values.len();
        let mut previous: Option<Dot> = None;
        let mut segments = Vec::new();
        for (index, value) in series.values.iter().enumerate() {
            let dot = drawable(*value)
                .map(|value| (dot_across(missing + index, count, dots.0), plot.height_of(value, dots.1)));
            if let Some(dot) = dot {
                segments.push((previous.unwrap_or(dot), dot));
            }
            previous = dot;
        }
        segments
    }

    /// The counts below the columns in which the lines have their values, those of a column together.
    fn draw_lane(&self, lane: Lane<'_>, row: Rect, area: Rect, buffer: &mut Buffer) {
        let count = self.count().max(lane.counts.len());
        let columns = usize::from(row.width);
        let mut sums = vec![None; columns];
        for (index, value) in lane.counts.iter().enumerate() {
            let column = dot_across(count - lane.counts.len() + index, count, columns * 2) / 2;
            if let (Some(sum), Some(value)) = (sums.get_mut(column), drawable(*value)) {
                *sum = Some(sum.unwrap_or(0.0) + value);
            }
        }
        let max = sums.iter().flatten().copied().fold(0.0, f64::max);
        let provisional = columns - self.first_provisional(columns).min(columns);
        Sparkline { values: &sums, max, provisional, meaning: lane.meaning, theme: self.theme }.render(row, buffer);
        write(buffer, area, row.right() + 1, row.y, lane.name, self.theme.style(lane.meaning));
    }

    /// The marks on the time axis, or over the last row of the lines where there is no axis.
    fn draw_marks(&self, area: Rect, plot: &Plot, buffer: &mut Buffer) {
        let row = if plot.area.height < area.height { plot.area.bottom() } else { plot.area.bottom() - 1 };
        let span = self.step.as_secs_f64() * self.count().saturating_sub(1) as f64;
        for mark in self.marks {
            let back = (self.newest - mark.at).as_seconds_f64().max(0.0);
            if back <= span && span > 0.0 {
                let last = f64::from(plot.area.width.saturating_sub(1));
                let column = (last - back / span * last).round() as u16;
                put(buffer, plot.area.x + column, row, mark.character, self.theme.style(mark.meaning));
            }
        }
    }

    /// Each line's name beside its end, moved apart where they would cover each other.
    fn draw_names(&self, area: Rect, plot: &Plot, buffer: &mut Buffer) {
        let start = plot.area.right().saturating_add(1);
        if start >= area.right() {
            return;
        }
        let mut names: Vec<(u16, &Series<'_>)> = self
            .series
            .iter()
            .filter(|series| !series.name.is_empty())
            .filter_map(|series| Some((plot.row_of(series.values.iter().rev().find_map(|it| drawable(*it))?), series)))
            .take(plot.area.height.into())
            .collect();
        names.sort_by_key(|(row, _)| *row);
        let mut free = plot.area.y;
        for (row, _) in &mut names {
            *row = (*row).max(free);
            free = *row + 1;
        }
        let mut free = plot.area.bottom();
        for (row, series) in names.iter_mut().rev() {
            *row = (*row).min(free - 1);
            free = *row;
            write(buffer, area, start, *row, series.name, self.theme.style(series.meaning));
        }
    }
}

/// The dot across, of `dots`, of the value at `index` of `count`: the first at the left edge, the last at the right.
fn dot_across(index: usize, count: usize, dots: usize) -> usize {
    let last = dots.saturating_sub(1);
    match count.saturating_sub(1) {
        0 => last,
        steps => (index.min(steps) * last + steps / 2) / steps,
    }
}

#[cfg(test)]
mod tests;
