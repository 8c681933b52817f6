//! The header: each scope's concurrency pool against its limit, the totals, how old and how dear the numbers are, and
//! what is wrong.

use chrono::TimeDelta;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

use crate::analysis::{pool::Pool, ratio};
use crate::snapshot::{ScopeSnapshot, Snapshot};
use crate::tui::app::App;
use crate::tui::view::View;
use crate::tui::widget::gauge::Gauge;
use crate::tui::widget::words::Words;
use crate::view::functions::age;
use crate::view::meaning::Meaning;
use crate::view::now::{AT_LEAST, LIVE};
use crate::view::status::Status;
use crate::view::units::{self, MISSING};
use crate::view::{feed, findings};
use lambda_model::failure::{Health, HealthState};

/// Pools shown at most; the fullest ones come first.
const MOST_POOLS: usize = 4;
/// Columns kept for a scope's name when there are several.
const NAME: u16 = 28;
/// Metrics this old are not what happens now: CloudWatch publishes within a few minutes.
const STALE: TimeDelta = TimeDelta::minutes(10);
/// From this width on the numbers are written out.
const WIDE: u16 = 100;

/// The header's height: a title, a row for each pool, the totals when there is one pool, and what is wrong.
pub(super) fn rows(app: &App) -> u16 {
    match app.snapshot().scopes.len() {
        0 | 1 => 4,
        several => 2 + several.min(MOST_POOLS) as u16,
    }
}

pub(super) fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    title(app, area, buffer);
    if !app.snapshot().scopes.is_empty() {
        let last = area.bottom().saturating_sub(1);
        found(app, Rect { y: last, height: 1, ..area }, buffer);
    }
    let row = |index: u16| Rect { y: area.y + index, height: 1, ..area };
    let mut scopes: Vec<&ScopeSnapshot> = app.snapshot().scopes.iter().collect();
    match scopes.as_slice() {
        [] => {
            let mut words = Words::default();
            words.add(" Looking for credentials and a Region …", Meaning::Muted);
            words.draw(&app.theme, row(1), buffer);
        }
        [scope] => {
            pool(app, scope, row(1), buffer);
            totals(app, scope, row(2), buffer);
        }
        _ => {
            let fullness = |scope: &ScopeSnapshot| scope.pool.utilisation().unwrap_or(-1.0);
            scopes.sort_by(|left, right| fullness(right).total_cmp(&fullness(left)));
            for (index, scope) in scopes.iter().take(MOST_POOLS).enumerate() {
                let line = row(index as u16 + 1);
                let mut name = Words::default();
                name.add(format!(" {}", scope.scope), Meaning::Title);
                name.draw(&app.theme, Rect { width: NAME.min(line.width), ..line }, buffer);
                let rest = Rect { x: line.x + NAME, width: line.width.saturating_sub(NAME), ..line };
                pool(app, scope, rest, buffer);
            }
        }
    }
}

/// How many findings there are, and the worst of them in a sentence.
fn found(app: &App, area: Rect, buffer: &mut Buffer) {
    let snapshot = app.snapshot();
    let counts = findings::counts(snapshot);
    let mut words = Words::default();
    words.add(" ", Meaning::Normal);
    if counts.is_empty() {
        words.add(findings::nothing(snapshot), Meaning::Muted);
    }
    for (index, (count, meaning)) in counts.into_iter().enumerate() {
        words.add(if index == 0 { "" } else { " · " }, Meaning::Muted).add(count, meaning);
    }
    if let Some((scope, worst)) = snapshot.findings().first() {
        let place = if snapshot.scopes.len() > 1 { format!("{}: ", scope.scope) } else { String::new() };
        words.fact("", place, Meaning::Muted).add(findings::summary(worst), Meaning::Normal);
    }
    words.draw(&app.theme, area, buffer);
}

fn title(app: &App, area: Rect, buffer: &mut Buffer) {
    // What goes first where not all fits: what the calls cost so far, the names of the other views, the account.
    let shorter = [(true, true, true), (true, true, false), (false, true, false), (false, false, false)];
    let said = |(views, account, cost)| (name(app, views, account), state(app, cost));
    let width = |(name, state): &(Words, Words)| name.width().saturating_add(state.width());
    let wide = shorter.into_iter().filter(|_| area.width >= WIDE).map(said).find(|said| width(said) < area.width);
    let (name, state) = wide.unwrap_or_else(|| said((false, false, false)));
    let room = Rect { width: area.width.saturating_sub(state.width() + 1), ..area };
    let end = name.draw(&app.theme, room, buffer);
    state.draw_right(&app.theme, area, end, buffer);
}

/// Whether the screen stands still, what the sources have trouble with, the cost and the time.
fn state(app: &App, cost: bool) -> Words {
    let snapshot = app.snapshot();
    let mut state = Words::default();
    if app.is_frozen() {
        state.fact("", "FROZEN", Meaning::Critical);
    }
    if let Some((words, meaning)) = faults(snapshot) {
        state.fact("", words, meaning);
    }
    let pace = snapshot.cost.usd_per_hour.map(|pace| format!("{}/h", units::usd(pace)));
    if cost {
        let pace = pace.map(|pace| format!(" {pace}")).unwrap_or_default();
        state.fact("API", format!("{}{pace}", units::usd(snapshot.cost.usd)), Meaning::Muted);
    } else if let Some(pace) = pace {
        state.fact("", pace, Meaning::Muted);
    }
    state.fact("", format!("{} ", units::clock(snapshot.at)), Meaning::Normal);
    state
}

/// The views, the badge, and where the numbers are from; all views are named, or the one in front only.
fn name(app: &App, views: bool, account: bool) -> Words {
    let mut name = Words::default();
    name.add(" lamtop ", Meaning::Title);
    for (index, view) in View::ALL.into_iter().enumerate() {
        let current = view == app.view;
        let number = index + 1;
        let words = if views || current { format!(" {number} {} ", view.title()) } else { format!(" {number} ") };
        name.add(words, if current { Meaning::Selected } else { Meaning::Muted });
    }
    if let Some(badge) = &app.badge {
        name.add(format!("  {badge}"), Meaning::Key);
    }
    if let [scope] = app.snapshot().scopes.as_slice() {
        name.add(format!("  {}", if account { scope.label() } else { scope.scope.to_string() }), Meaning::Normal);
        if let Some(profile) = scope.scope.profile.as_ref().filter(|_| account && scope.account.is_some()) {
            name.add(format!(" ({profile})"), Meaning::Muted);
        }
    }
    name
}

/// What is wrong with the sources, in few words, and the key that tells more.
fn faults(snapshot: &Snapshot) -> Option<(String, Meaning)> {
    let faults: Vec<&Health> = snapshot.faults().map(|(_, health)| health).collect();
    match faults.as_slice() {
        [] => None,
        some if some.iter().any(|health| health.state == HealthState::Expired) => {
            Some(("credentials expired (4)".to_string(), Meaning::Critical))
        }
        [Health { operation, state, .. }] => Some((format!("{operation} {} (4)", state.word()), Meaning::Warning)),
        several => Some((format!("{} faults (4)", several.len()), Meaning::Warning)),
    }
}

fn known(value: Option<f64>) -> String {
    value.map_or_else(|| MISSING.to_string(), units::count)
}

fn pool(app: &App, scope: &ScopeSnapshot, area: Rect, buffer: &mut Buffer) {
    let pool = &scope.pool;
    let limit = pool.limit.map(f64::from);
    let meaning =
        match Status::utilisation_meaning(&app.snapshot().params.thresholds, pool.claimed.or(pool.in_use), limit) {
            Meaning::Ok | Meaning::Muted => Meaning::GaugeUsed,
            alarm => alarm,
        };
    let (in_use, claimed, headroom) = (known(pool.in_use), known(pool.claimed), known(pool.headroom));
    let limit_text = known(limit);
    let live = scope.live.region.as_ref().map(|region| {
        let mark = if region.lower_bound { AT_LEAST } else { LIVE };
        (format!("{mark}{}", units::count(region.in_use.into())), units::span(app.snapshot().at - region.as_of))
    });
    // What comes is worth more than what is: where there is little room it takes the place of what is claimed.
    let forecast = scope.forecast.as_ref().map(|forecast| format!("limit in {}", findings::forecast(forecast)));
    let label = if area.width >= WIDE {
        let live = live.map(|(running, age)| format!(" · from logs {running} {age} ago")).unwrap_or_default();
        let forecast = forecast.map(|forecast| format!("· {forecast} ")).unwrap_or_default();
        format!("in use {in_use}{live} · claimed {claimed} of {limit_text} · headroom {headroom} {forecast}")
    } else {
        let live = live.map(|(running, _)| format!(" {running} now")).unwrap_or_default();
        match forecast {
            Some(forecast) => format!("{in_use} used{live} of {limit_text}, {forecast} "),
            None => format!("{in_use} used{live} {claimed} claimed of {limit_text} "),
        }
    };
    let mut name = Words::default();
    name.add(" POOL ", Meaning::Label);
    let start = name.draw(&app.theme, area, buffer);
    let gauge = Gauge {
        used: ratio(pool.in_use, limit),
        claimed: ratio(pool.claimed, limit),
        label: &label,
        meaning,
        theme: &app.theme,
    };
    gauge.render(Rect { x: start, width: area.right().saturating_sub(start), ..area }, buffer);
}

fn totals(app: &App, scope: &ScopeSnapshot, area: Rect, buffer: &mut Buffer) {
    let Pool { invocations, errors, throttles, as_of, headroom, limit, claimed, in_use, .. } = scope.pool;
    let alarm = |value: Option<f64>, meaning| match value {
        Some(value) if value > 0.0 => meaning,
        _ => Meaning::Muted,
    };
    let thresholds = &app.snapshot().params.thresholds;
    let rate = ratio(errors, invocations);
    let percent = rate.map(|rate| format!(" ({})", units::percent(rate))).unwrap_or_default();
    let mut left = Words::default();
    left.add(" inv/min ", Meaning::Label).add(known(invocations), Meaning::Normal);
    left.fact("err", format!("{}{percent}", known(errors)), alarm(errors, Status::error_meaning(thresholds, rate)));
    left.fact("throttled", known(throttles), alarm(throttles, Meaning::Critical));
    if area.width < WIDE {
        let meaning = Status::utilisation_meaning(thresholds, claimed.or(in_use), limit.map(f64::from));
        left.fact("headroom", known(headroom), meaning);
    }
    let end = left.draw(&app.theme, area, buffer);

    let mut inventory = Words::default();
    let total = scope.functions.len();
    let read = scope.functions.iter().filter(|function| function.state.aliases.is_some()).count();
    if scope.listed && read == total {
        inventory.fact("functions", total.to_string(), Meaning::Muted);
    } else {
        let more = if scope.listed { "" } else { "+" };
        inventory.fact("inventory", format!("{read}/{total}{more}"), Meaning::Muted);
    }
    let now = app.snapshot().at;
    let (old, meaning) = match as_of {
        Some(minute) if now - minute.start() >= STALE => (format!("{} old", age(minute, now)), Meaning::Warning),
        Some(minute) => (format!("{} old", age(minute, now)), Meaning::Muted),
        None => (MISSING.to_string(), Meaning::Muted),
    };
    let mut metrics = Words::default();
    metrics.fact("metrics", old, meaning);
    let logs: Vec<Words> = feed::lines(&scope.live).into_iter().map(|line| labelled("logs", line)).collect();
    // How the logs come in is worth more than how many functions there are.
    let mut candidates: Vec<Words> = logs.iter().map(|logs| Words::joined(&[logs, &inventory, &metrics])).collect();
    candidates.extend(logs.last().map(|logs| Words::joined(&[logs, &metrics])));
    candidates.extend(logs.last().cloned());
    candidates.push(Words::joined(&[&inventory, &metrics]));
    let room = area.right().saturating_sub(end + 2);
    if let Some(right) = candidates.iter().find(|words| words.width() <= room) {
        right.draw_right(&app.theme, Rect { width: area.width - 1, ..area }, end + 1, buffer);
    }
}

fn labelled(label: &str, words: Vec<(String, Meaning)>) -> Words {
    let mut labelled = Words::default();
    labelled.add(format!("{label} "), Meaning::Label);
    for (word, meaning) in words {
        labelled.add(word, meaning);
    }
    labelled
}
