//! Alias traffic: every version's configured weight beside the share it really got, how it fares, and what is to be said
//! of a canary.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

use crate::analysis::traffic::{AliasTraffic, VersionTraffic};
use crate::snapshot::Snapshot;
use crate::tui::app::App;
use crate::tui::screen::Screen;
use crate::tui::screen::lines::{draw_lines, wrap};
use crate::tui::widget::bar::Bar;
use crate::tui::widget::words::Words;
use crate::tui::widget::write;
use crate::view::functions::age;
use crate::view::meaning::Meaning;
use crate::view::status::Status;
use crate::view::traffic::AliasRef;
use crate::view::units::{self, MISSING};
use crate::view::{canary, paragraph};
use lambda_model::{FunctionId, text};

/// Columns before what belongs to an alias.
const INDENT: u16 = 3;

/// What is drawn of an alias below its name: the canary's verdict, a head and the versions, why it is judged so, and the
/// deployment that shifts its traffic.
struct Block<'a> {
    alias: &'a AliasTraffic,
    verdict: Vec<Words>,
    reasons: Vec<Words>,
    deployment: Vec<Words>,
}

impl<'a> Block<'a> {
    /// The alias of a row on a screen of `width` columns, with the reasons or without.
    fn of(snapshot: &'a Snapshot, row: AliasRef, reasons: bool, width: u16) -> Option<Self> {
        let (_, alias) = row.of(snapshot)?;
        let Some(canary) = row.canary(snapshot) else {
            return Some(Self { alias, verdict: Vec::new(), reasons: Vec::new(), deployment: Vec::new() });
        };
        let width = width.saturating_sub(INDENT + 1);
        let verdict = wrap(canary::verdict(canary, &snapshot.params.canary), width);
        let deployment = canary.deployment.iter().flat_map(|progress| wrap(canary::progress(progress), width));
        let sentences = if reasons { canary::reasons(canary) } else { Vec::new() };
        let room = usize::from(width).saturating_sub(2);
        let reasons = sentences.iter().flat_map(|reason| paragraph::lines(reason, room).into_iter().enumerate());
        let reasons = reasons.map(|(index, line)| {
            let mut words = Words::default();
            words.add(if index == 0 { "· " } else { "  " }, Meaning::Muted).add(line, Meaning::Normal);
            words
        });
        Some(Self { alias, verdict, reasons: reasons.collect(), deployment: deployment.collect() })
    }

    /// The lines it takes: its name, the verdict, a head, its versions, the reasons, the deployment, a blank one.
    fn lines(&self) -> usize {
        self.verdict.len() + self.alias.versions.len() + self.reasons.len() + self.deployment.len() + 3
    }
}

/// The lines that the alias of a row takes on a screen of `width` columns; the selected one gives reasons.
fn lines(snapshot: &Snapshot, row: AliasRef, selected: bool, width: u16) -> usize {
    Block::of(snapshot, row, selected, width).map_or(1, |block| block.lines())
}

/// Whether every alias has room to give its reasons.
fn all_fit(app: &App, area: Rect) -> bool {
    // Each takes a few lines: looking at more of them than there are rows tells nothing.
    let aliases = app.aliases().iter().take(usize::from(area.height));
    let taken: usize = aliases.map(|row| lines(app.snapshot(), *row, true, area.width)).sum();
    taken <= usize::from(area.height)
}

pub(super) const SCREEN: Screen = Screen { draw, step, open, scroll, visible };

fn step(app: &mut App, distance: isize) {
    let index = app.traffic.step(distance, app.aliases().len());
    let key = app.alias_id(index);
    if app.open.is_some() {
        app.open = key.as_ref().map(|(id, _)| id.clone());
    }
    app.traffic.select(index, key);
}

fn open(app: &mut App) {
    let alias = app.alias_id(app.traffic.selected);
    app.open = alias.as_ref().map(|(id, _)| id.clone());
    app.traffic.select(app.traffic.selected, alias);
}

fn scroll(app: &mut App, room: usize) {
    let mut list = std::mem::take(&mut app.traffic);
    list.settle(
        app.aliases().len(),
        |index| app.alias_id(index),
        room,
        |index, selected| {
            app.aliases().get(index).map_or(1, |row| lines(app.snapshot(), *row, selected, app.size.width))
        },
    );
    app.traffic = list;
}

fn visible(app: &App, room: usize) -> Vec<FunctionId> {
    let aliases = app.aliases().iter().skip(app.traffic.offset).take(room);
    let mut functions: Vec<_> = aliases.filter_map(|alias| alias.of(app.snapshot())).map(|(id, _)| id).collect();
    functions.dedup();
    functions
}

fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    if app.aliases().is_empty() {
        let mut words = Words::default();
        words.add(" No alias has had traffic in the window, as far as has been read", Meaning::Muted);
        words.draw(&app.theme, Rect { y: area.y + 1, height: 1.min(area.height), ..area }, buffer);
        return;
    }
    let mut rest = area;
    let all = all_fit(app, area);
    for (index, row) in app.aliases().iter().enumerate().skip(app.traffic.offset) {
        let selected = index == app.traffic.selected;
        let Some((id, _)) = row.of(app.snapshot()) else { continue };
        let Some(block) = Block::of(app.snapshot(), *row, selected || all, area.width) else { continue };
        // A name without at least one version or a verdict says nothing.
        if rest.height < 3 {
            break;
        }
        let line = Rect { height: 1, ..rest };
        if selected {
            buffer.set_style(line, app.theme.style(Meaning::Selected));
        }
        head(app, &id, block.alias).draw(&app.theme, line, buffer);
        let mut place = below(rest, 1);
        draw_lines(app, &block.verdict, indented(place), buffer);
        place = below(place, block.verdict.len());
        draw_versions(app, block.alias, place, buffer);
        place = below(place, block.alias.versions.len() + 1);
        draw_lines(app, &block.reasons, indented(place), buffer);
        draw_lines(app, &block.deployment, indented(below(place, block.reasons.len())), buffer);
        rest = below(rest, block.lines());
    }
}

/// What is left of `area` below its first `rows` rows.
fn below(area: Rect, rows: usize) -> Rect {
    let rows = u16::try_from(rows).unwrap_or(u16::MAX).min(area.height);
    Rect { y: area.y + rows, height: area.height - rows, ..area }
}

/// The place of what belongs to an alias.
fn indented(area: Rect) -> Rect {
    Rect { x: area.x + INDENT, width: area.width.saturating_sub(INDENT), ..area }
}

/// The alias, its routing and its throttles.
fn head(app: &App, id: &FunctionId, alias: &AliasTraffic) -> Words {
    let mut head = Words::default();
    head.add(format!(" {}:{}", id.name, alias.name), Meaning::Title);
    if app.snapshot().scopes.len() > 1 {
        head.add(format!("  {}", id.scope), Meaning::Muted);
    }
    let (routing, meaning) = routing(alias);
    head.add(format!("  {routing}"), meaning);
    if let Some(throttles) = alias.throttles.filter(|throttles| *throttles > 0.0) {
        head.fact("throttled", units::count(throttles), Meaning::Critical);
    }
    head
}

/// The alias's routing in words.
fn routing(alias: &AliasTraffic) -> (String, Meaning) {
    match &alias.version {
        None => ("weights not read yet".to_string(), Meaning::Muted),
        Some(version) if alias.additional.is_empty() => (format!("all traffic to {version}"), Meaning::Muted),
        Some(_) => {
            let weighted = alias.versions.iter().filter_map(|version| Some((&version.version, version.weight?)));
            let parts: Vec<String> =
                weighted.map(|(version, weight)| format!("{} to {version}", units::percent(weight))).collect();
            (parts.join(", "), Meaning::Series2)
        }
    }
}

/// The columns of a version: its number, weight and share each with a bar, and the numbers.
struct Columns {
    bar: u16,
}

impl Columns {
    const VERSION: u16 = 8;
    const PERCENT: u16 = 6;
    /// Invocations, errors, error rate, p50, p99, age.
    const NUMBERS: [u16; 6] = [9, 6, 6, 7, 7, 5];

    /// The two bars share what the words leave.
    fn of(width: u16) -> Self {
        let words = INDENT + Self::VERSION + 2 * Self::PERCENT + Self::NUMBERS.iter().sum::<u16>();
        // A space on each side of a bar.
        Self { bar: (width.saturating_sub(words + 4) / 2).min(40) }
    }

    /// Writes one line; `bars` are the shares to draw after weight and share.
    fn draw(
        &self,
        app: &App,
        words: &[(String, Meaning)],
        bars: Option<([Option<f64>; 2], Meaning)>,
        area: Rect,
        buffer: &mut Buffer,
    ) {
        let mut x = area.x + INDENT;
        for (index, (word, meaning)) in words.iter().enumerate() {
            let width = match index {
                0 => Self::VERSION,
                1 | 2 => Self::PERCENT,
                _ => Self::NUMBERS.get(index - 3).copied().unwrap_or(0),
            };
            let word = text::fit(word, width.into());
            let space = if index == 0 { 0 } else { width - text::width(&word) as u16 };
            write(buffer, area, x + space, area.y, &word, app.theme.style(*meaning));
            x += width;
            if let 1 | 2 = index {
                if let Some((shares, meaning)) = bars {
                    let place = Rect { x: x + 1, width: self.bar, ..area }.intersection(area);
                    Bar { share: shares[index - 1], meaning, theme: &app.theme }.render(place, buffer);
                }
                x += self.bar + 2;
            }
        }
    }
}

fn draw_versions(app: &App, alias: &AliasTraffic, area: Rect, buffer: &mut Buffer) {
    if area.height == 0 {
        return;
    }
    let columns = Columns::of(area.width);
    let invocations = format!("INV/{}m", app.snapshot().params.window_minutes);
    let heads = ["VERSION", "WEIGHT", "SHARE", &invocations, "ERR", "ERR%", "P50", "P99", "AGE"];
    let heads = heads.map(|head| (head.to_string(), Meaning::Label));
    columns.draw(app, &heads, None, Rect { height: 1, ..area }, buffer);
    for (index, version) in alias.versions.iter().take(usize::from(area.height).saturating_sub(1)).enumerate() {
        let line = Rect { y: area.y + 1 + index as u16, height: 1, ..area };
        let bars = ([version.weight, version.share], Meaning::series(index));
        columns.draw(app, &words(app, version), Some(bars), line, buffer);
    }
}

fn words(app: &App, version: &VersionTraffic) -> [(String, Meaning); 9] {
    let number = |value: Option<f64>, format: fn(f64) -> String, meaning: Meaning| match value {
        Some(value) => (format(value), meaning),
        None => (MISSING.to_string(), Meaning::Muted),
    };
    let alarm = match version.errors {
        Some(errors) if errors > 0.0 => Status::error_meaning(&app.snapshot().params.thresholds, version.error_rate),
        _ => Meaning::Muted,
    };
    let seen = version.as_of.map_or_else(|| MISSING.to_string(), |minute| age(minute, app.snapshot().at));
    [
        (version.version.clone(), if alarm == Meaning::Muted { Meaning::Normal } else { alarm }),
        number(version.weight, units::percent, Meaning::Normal),
        number(version.share, units::percent, Meaning::Normal),
        number(version.invocations, units::count, Meaning::Normal),
        number(version.errors, units::count, alarm),
        number(version.error_rate, units::percent, alarm),
        number(version.duration_ms.p50, units::milliseconds, Meaning::Normal),
        number(version.duration_ms.p99, units::milliseconds, Meaning::Normal),
        (seen, Meaning::Muted),
    ]
}
