//! What CloudWatch counts by the minute: the newest minute, charts, and where events come from and end up.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::widgets::Widget;

use super::{draw_facts, draw_lines, frame, wrap};
use crate::analysis::traffic::VersionTraffic;
use crate::model::text;
use crate::model::time::Minute;
use crate::snapshot::FunctionSnapshot;
use crate::tui::app::App;
use crate::tui::widget::chart::{Chart, Limit, Series};
use crate::tui::widget::words::Words;
use crate::view::function::{self, Fact};
use crate::view::meaning::Meaning;
use crate::view::status::Status;
use crate::view::units::{self, MISSING};

/// Minutes that the charts show.
const MINUTES: u16 = 60;
/// From this width on the three charts stand side by side.
const WIDE: u16 = 160;

pub(super) fn draw(app: &App, shown: &FunctionSnapshot, area: Rect, buffer: &mut Buffer) {
    let rest = draw_facts(app, function::facts(app.snapshot(), shown), area, buffer);
    let rest = draw_facts(app, function::now(app.snapshot(), shown), rest, buffer);
    let panes = Layout::vertical([Constraint::Fill(1), Constraint::Fill(1)]);
    let halves = Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]);
    let [first, second, third, lists] = if area.width >= WIDE {
        // The frame takes a row above and one below.
        let rows = list(shown, area.width.saturating_sub(2)).len() as u16 + 2;
        let below = rows.clamp(4, (rest.height / 2).max(4));
        let [above, below] = Layout::vertical([Constraint::Min(0), Constraint::Length(below)]).areas(rest);
        let [first, second, third] = Layout::horizontal([Constraint::Fill(1); 3]).areas(above);
        [first, second, third, below]
    } else {
        let [above, below] = panes.areas(rest);
        let ([first, second], [third, lists]) = (halves.areas(above), halves.areas(below));
        [first, second, third, lists]
    };
    let charts = function::charts(app.snapshot(), shown, MINUTES);
    for (chart, place) in charts.iter().zip([first, second, third]) {
        draw_chart(app, chart, frame(app, chart.title, place, buffer), buffer);
    }
    let lists = frame(app, "events in and out", lists, buffer);
    draw_lines(app, &list(shown, lists.width), lists, buffer);
}

fn draw_chart(app: &App, chart: &function::Chart, area: Rect, buffer: &mut Buffer) {
    let series: Vec<Series<'_>> = chart
        .lines
        .iter()
        .map(|line| Series { name: line.name, values: &line.values, meaning: line.meaning })
        .collect();
    let newest = Minute::newest_complete(app.snapshot().at).start().fixed_offset();
    Chart {
        series: &series,
        newest,
        step: Duration::from_mins(1),
        provisional: app.snapshot().params.provisional_minutes as usize,
        limit: chart.limit.map(|(value, label)| Limit { value, label }),
        lane: None,
        unit: chart.unit,
        theme: &app.theme,
    }
    .render(area, buffer);
}

/// Where the events come from and where those that fail go, then how each version behind an alias fares.
fn list(shown: &FunctionSnapshot, width: u16) -> Vec<Words> {
    let sources = shown.event_sources.iter().map(function::event_source);
    let targets = shown.dead_letters.iter().map(function::dead_letters);
    let lines: Vec<Words> =
        sources.chain(targets).chain(versions(shown)).flat_map(|facts| wrap(facts, width)).collect();
    if !lines.is_empty() {
        return lines;
    }
    let mut words = Words::default();
    words.add("no event sources, failure targets or aliases known", Meaning::Muted);
    vec![words]
}

/// The versions behind the aliases, one below the other in columns. A version that fails more is named in the colour
/// of its errors.
fn versions(shown: &FunctionSnapshot) -> Vec<Vec<Fact>> {
    let versions: Vec<(String, &VersionTraffic)> = shown
        .aliases
        .iter()
        .flat_map(|alias| {
            alias.versions.iter().map(|version| (format!("{} → {}", alias.name, version.version), version))
        })
        .collect();
    let longest = versions.iter().map(|(name, _)| text::width(name)).max().unwrap_or(0);
    let share = |label, value: Option<f64>, meaning| {
        let value = value.map_or_else(|| MISSING.to_string(), units::percent);
        Fact { label, value: format!("{value:>5}"), meaning }
    };
    let line = |(name, version): (String, &VersionTraffic)| {
        let meaning = Status::error_meaning(version.error_rate);
        let name = format!("{name}{}", " ".repeat(longest - text::width(&name)));
        vec![
            Fact { label: "", value: name, meaning },
            share("err", version.error_rate, meaning),
            share("weight", version.weight, Meaning::Normal),
            share("share", version.share, Meaning::Normal),
        ]
    };
    versions.into_iter().map(line).collect()
}
