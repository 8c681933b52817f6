//! Alias traffic: every version's configured weight beside the share it really got, and how it fares.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

use crate::analysis::traffic::{AliasTraffic, VersionTraffic};
use crate::model::text;
use crate::tui::app::App;
use crate::tui::widget::bar::Bar;
use crate::tui::widget::words::Words;
use crate::tui::widget::write;
use crate::view::functions::age;
use crate::view::meaning::Meaning;
use crate::view::status::Status;
use crate::view::units::{self, MISSING};

/// The lines an alias takes: its name, a head, its versions, a blank one.
pub fn lines(alias: &AliasTraffic) -> usize {
    alias.versions.len() + 3
}

pub(super) fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    if app.aliases().is_empty() {
        let mut words = Words::default();
        words.add(" no alias has had traffic in the window, as far as has been read", Meaning::Muted);
        words.draw(&app.theme, Rect { y: area.y + 1, height: 1.min(area.height), ..area }, buffer);
        return;
    }
    let mut top = area.y;
    for (index, alias) in app.aliases().iter().enumerate().skip(app.traffic.offset) {
        let Some((id, alias)) = alias.of(app.snapshot()) else { continue };
        let left = area.bottom().saturating_sub(top);
        // A name without at least one version says nothing.
        if left < 3 {
            break;
        }
        let block = Rect { y: top, height: left.min(lines(alias) as u16), ..area };
        let mut name = Words::default();
        name.add(format!(" {}:{}", id.name, alias.name), Meaning::Title);
        if app.snapshot().scopes.len() > 1 {
            name.add(format!("  {}", id.scope), Meaning::Muted);
        }
        let (routing, meaning) = routing(alias);
        name.add(format!("  {routing}"), meaning);
        if let Some(throttles) = alias.throttles.filter(|throttles| *throttles > 0.0) {
            name.fact("throttled", units::count(throttles), Meaning::Critical);
        }
        let line = Rect { height: 1, ..block };
        if index == app.traffic.selected {
            buffer.set_style(line, app.theme.style(Meaning::Selected));
        }
        name.draw(&app.theme, line, buffer);
        draw_versions(app, alias, Rect { y: top + 1, height: block.height - 1, ..block }, buffer);
        top += block.height;
    }
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
        let words = 3 + Self::VERSION + 2 * Self::PERCENT + Self::NUMBERS.iter().sum::<u16>();
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
        let mut x = area.x + 3;
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
        Some(errors) if errors > 0.0 => Status::error_meaning(version.error_rate),
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
