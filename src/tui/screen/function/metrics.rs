//! What CloudWatch counts by the minute: the newest minute, charts, and where events come from and end up.

use std::time::Duration;

use chrono::TimeDelta;
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::widgets::Widget;

use super::chart_marks;
use crate::analysis::finding::Finding;
use crate::analysis::traffic::VersionTraffic;
use crate::snapshot::{FunctionSnapshot, ScopeSnapshot};
use crate::tui::app::App;
use crate::tui::screen::lines::{draw_facts, draw_lines, frame, wrap};
use crate::tui::widget::chart::{Chart, Limit, Mark, Series};
use crate::tui::widget::words::Words;
use crate::view::function;
use crate::view::labelled::Fact;
use crate::view::meaning::Meaning;
use crate::view::status::Status;
use crate::view::units::{self, MISSING};
use crate::view::{changes, findings};
use lambda_model::text;
use lambda_model::time::Minute;

/// Minutes that the charts show.
const MINUTES: u16 = 60;
/// From this height on there is room for what is configured.
const TALL: u16 = 14;
/// The rows of the page for each that findings may take at its top.
const FINDINGS_PART: u16 = 8;
/// The newest changes, which are described in words; all of them have a mark.
const LEGEND: usize = 4;
/// From this width on the three charts stand side by side.
const WIDE: u16 = 160;

pub(super) fn draw(app: &App, scope: &ScopeSnapshot, shown: &FunctionSnapshot, area: Rect, buffer: &mut Buffer) {
    let now = app.snapshot().at;
    let rest = draw_findings(app, scope, shown, area, buffer);
    let rest =
        if area.height >= TALL { draw_facts(app, function::facts(app.snapshot(), shown), rest, buffer) } else { rest };
    let rest = draw_facts(app, function::now(app.snapshot(), shown), rest, buffer);
    let changes = changes::marks(shown, TimeDelta::minutes(MINUTES.into()), now);
    let legend: Vec<Fact> = changes::legend(&changes, now).into_iter().take(LEGEND).collect();
    let rest = if legend.is_empty() { rest } else { draw_facts(app, legend, rest, buffer) };
    let marks = chart_marks(&changes);
    let panes = Layout::vertical([Constraint::Fill(1), Constraint::Fill(1)]);
    let halves = Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]);
    let [first, second, third, lists] = if area.width >= WIDE {
        // The frame takes a row above and one below.
        let rows = list(app, shown, area.width.saturating_sub(2)).len() as u16 + 2;
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
        draw_chart(app, chart, &marks, frame(app, chart.title, place, buffer), buffer);
    }
    let lists = frame(app, "events in and out", lists, buffer);
    draw_lines(app, &list(app, shown, lists.width), lists, buffer);
}

/// What is wrong with the function, the worst first; gives what is left below.
fn draw_findings(app: &App, scope: &ScopeSnapshot, shown: &FunctionSnapshot, area: Rect, buffer: &mut Buffer) -> Rect {
    let found: Vec<&Finding> = scope.findings.iter().filter(|finding| finding.concerns(&shown.state.name)).collect();
    let most = usize::from((area.height / FINDINGS_PART).max(1));
    let more = found.len().saturating_sub(most);
    let line = |(index, finding): (usize, &&Finding)| {
        let (mark, meaning) = findings::severity(finding.severity);
        let mut words = Words::default();
        words.add(format!(" {mark} {}", findings::age(finding, app.snapshot().at)), meaning);
        if more > 0 && index + 1 == most {
            words.fact("", format!("+{more} more (3)"), Meaning::Label);
        }
        words.fact("", findings::summary(finding), Meaning::Normal);
        words
    };
    let lines: Vec<Words> = found.iter().take(most).enumerate().map(line).collect();
    draw_lines(app, &lines, area, buffer);
    let taken = (lines.len() as u16).min(area.height);
    Rect { y: area.y + taken, height: area.height - taken, ..area }
}

fn draw_chart(app: &App, chart: &function::Chart, marks: &[Mark], area: Rect, buffer: &mut Buffer) {
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
        marks,
        unit: chart.unit,
        theme: &app.theme,
    }
    .render(area, buffer);
}

/// Where the events come from and where those that fail go, then how each version behind an alias fares.
fn list(app: &App, shown: &FunctionSnapshot, width: u16) -> Vec<Words> {
    let sources =
        shown.event_sources.iter().map(|source| function::event_source(source, shown.mappings.get(&source.uuid)));
    let targets = shown.dead_letters.iter().map(function::dead_letters);
    let lines: Vec<Words> =
        sources.chain(targets).chain(versions(app, shown)).flat_map(|facts| wrap(facts, width)).collect();
    if !lines.is_empty() {
        return lines;
    }
    let mut words = Words::default();
    words.add("No event sources, failure targets or aliases known", Meaning::Muted);
    vec![words]
}

/// The versions behind the aliases, one below the other in columns. A version that fails more is named in the colour
/// of its errors.
fn versions(app: &App, shown: &FunctionSnapshot) -> Vec<Vec<Fact>> {
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
        let meaning = Status::error_meaning(&app.snapshot().params.thresholds, version.error_rate);
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
