//! One function: what is configured, the newest minute, charts, and where its events come from and end up.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::widgets::{Block, Widget};

use crate::model::time::Minute;
use crate::snapshot::FunctionSnapshot;
use crate::tui::app::App;
use crate::tui::widget::chart::{Chart, Limit, Series};
use crate::tui::widget::words::Words;
use crate::view::function::{self, Fact};
use crate::view::meaning::Meaning;
use crate::view::status::Status;
use crate::view::units;

/// Minutes that the charts show.
const MINUTES: u16 = 60;
/// From this width on the three charts stand side by side.
const WIDE: u16 = 160;

pub(super) fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let Some(id) = &app.open else { return };
    let Some((scope, shown)) = app.snapshot().function(id) else {
        let mut words = Words::default();
        words.add(format!(" {} is not there any more", id.name), Meaning::Warning);
        words.draw(&app.theme, area, buffer);
        return;
    };
    let [name, facts, now, rest] =
        Layout::vertical([Constraint::Length(1), Constraint::Length(1), Constraint::Length(1), Constraint::Min(0)])
            .areas(area);
    let status = Status::of(shown);
    let mut words = Words::default();
    words.add(format!(" {}  ", id.name), Meaning::Title).add(status.label(), status.meaning());
    words.fact("", scope.label(), Meaning::Muted);
    words.draw(&app.theme, name, buffer);
    draw_facts(app, function::facts(app.snapshot(), shown), facts, buffer);
    draw_facts(app, function::now(app.snapshot(), shown), now, buffer);

    let panes = Layout::vertical([Constraint::Fill(1), Constraint::Fill(1)]);
    let halves = Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]);
    let [first, second, third, lists] = if area.width >= WIDE {
        let below = list_rows(shown).clamp(4, (rest.height / 2).max(4));
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
        draw_chart(app, chart, pane(app, &chart.title, place, buffer), buffer);
    }
    draw_lists(app, shown, pane(app, "events in and out", lists, buffer), buffer);
}

fn draw_facts(app: &App, facts: Vec<Fact>, area: Rect, buffer: &mut Buffer) {
    line(facts).draw(&app.theme, Rect { x: area.x + 1, width: area.width.saturating_sub(1), ..area }, buffer);
}

fn line(facts: Vec<Fact>) -> Words {
    let mut words = Words::default();
    for fact in facts {
        words.fact(fact.label, fact.value, fact.meaning);
    }
    words
}

/// Draws a frame with a title and gives what is inside.
fn pane(app: &App, title: &str, area: Rect, buffer: &mut Buffer) -> Rect {
    let block = Block::bordered()
        .border_set(app.theme.glyphs().border)
        .border_style(app.theme.style(Meaning::Border))
        .title_style(app.theme.style(Meaning::Label))
        .title(format!(" {title} "));
    let inner = block.inner(area);
    block.render(area, buffer);
    inner
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
        unit: chart.unit,
        theme: &app.theme,
    }
    .render(area, buffer);
}

/// The rows that the lists take with their frame.
fn list_rows(shown: &FunctionSnapshot) -> u16 {
    let versions: usize = shown.aliases.iter().map(|alias| alias.versions.len()).sum();
    (shown.dead_letters.len() + shown.event_sources.len() + versions + 2) as u16
}

fn draw_lists(app: &App, shown: &FunctionSnapshot, area: Rect, buffer: &mut Buffer) {
    let mut lines: Vec<Words> = Vec::new();
    lines.extend(shown.event_sources.iter().map(|source| line(function::event_source(source))));
    lines.extend(shown.dead_letters.iter().map(|letters| line(function::dead_letters(letters))));
    for alias in &shown.aliases {
        for version in &alias.versions {
            let mut words = Words::default();
            words.fact("alias", format!("{} → {}", alias.name, version.version), Meaning::Normal);
            if let Some(weight) = version.weight {
                words.fact("weight", units::percent(weight), Meaning::Normal);
            }
            if let Some(share) = version.share {
                words.fact("share", units::percent(share), Meaning::Normal);
            }
            if let Some(rate) = version.error_rate {
                words.fact("err", units::percent(rate), Status::error_meaning(Some(rate)));
            }
            lines.push(words);
        }
    }
    if lines.is_empty() {
        let mut words = Words::default();
        words.add("no event sources, failure targets or aliases known", Meaning::Muted);
        lines.push(words);
    }
    for (index, words) in lines.iter().take(area.height.into()).enumerate() {
        words.draw(&app.theme, Rect { y: area.y + index as u16, height: 1, ..area }, buffer);
    }
}
