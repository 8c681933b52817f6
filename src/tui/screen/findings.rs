//! What is wrong, the worst first, and below it the selected finding's evidence and the commands that come next.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::analysis::finding::Finding;
use crate::snapshot::{ScopeSnapshot, Snapshot};
use crate::tui::app::App;
use crate::tui::screen::Screen;
use crate::tui::screen::lines::{draw_lines, frame, pad, wrap};
use crate::tui::widget::words::Words;
use crate::view::findings::{self, FindingRef};
use crate::view::meaning::Meaning;
use crate::view::paragraph;
use lambda_model::{FunctionId, text};

/// Rows of the list that are kept free, the head not counted.
const LEAST_LIST: u16 = 3;
/// Rows of the details that are kept free, the frame counted.
const LEAST_DETAILS: u16 = 7;
/// From this width on a kind is written out.
const WIDE: u16 = 110;
/// Columns of the severity, of the word for a kind, of the age and of the confidence, each with the space after it.
const SEVERITY: usize = 11;
const WORD: usize = 10;
const AGE: usize = 6;
const CONFIDENCE: usize = 5;
/// Columns of a function's name, at most and where there is little room.
const LONGEST_NAME: usize = 36;
const SHORT_NAME: usize = 22;
/// A summary with fewer columns than this says nothing; it stands in full below.
const LEAST_SUMMARY: usize = 24;

/// The rows of the list, without its head, in a body of `room` rows: half of it at most, unless that is too few.
fn list_rows(app: &App, room: u16) -> u16 {
    let details = LEAST_DETAILS.max(room / 2);
    let list = room.saturating_sub(1 + details).max(LEAST_LIST).min(room.saturating_sub(1));
    list.min(app.found().len().max(1).try_into().unwrap_or(u16::MAX))
}

pub(super) const SCREEN: Screen = Screen { draw, step, open, scroll, visible };

fn step(app: &mut App, distance: isize) {
    let index = app.findings.step(distance, app.found().len());
    let key = app.finding_id(index);
    if app.open.is_some() {
        let function = app.found().get(index).and_then(|finding| finding.function(app.snapshot()));
        app.open = function.or(app.open.take());
    }
    app.findings.select(index, key);
}

/// Opens the function that the selected finding is about, or says that there is none.
fn open(app: &mut App) {
    let Some(finding) = app.found().get(app.findings.selected).copied() else { return };
    app.open = finding.function(app.snapshot());
    match app.open {
        Some(_) => app.findings.select(app.findings.selected, app.finding_id(app.findings.selected)),
        None => app.notice = Some("This is about the Region: it names no function".to_string()),
    }
}

fn scroll(app: &mut App, room: usize) {
    let rows = usize::from(list_rows(app, room as u16));
    let mut list = std::mem::take(&mut app.findings);
    list.settle(app.found().len(), |index| app.finding_id(index), rows, |_, _| 1);
    app.findings = list;
}

fn visible(app: &App, room: usize) -> Vec<FunctionId> {
    let found = app.found().iter().skip(app.findings.offset).take(room);
    let mut functions: Vec<FunctionId> = Vec::new();
    for id in found.filter_map(|finding| finding.function(app.snapshot())) {
        if !functions.contains(&id) {
            functions.push(id);
        }
    }
    functions
}

fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let snapshot = app.snapshot();
    let line = |index: u16| Rect { x: area.x + 1, y: area.y + index, width: area.width.saturating_sub(2), height: 1 };
    if app.found().is_empty() {
        let mut words = Words::default();
        words.add(empty(snapshot), Meaning::Muted);
        words.draw(&app.theme, line(1).intersection(area), buffer);
        return;
    }
    let list = list_rows(app, area.height);
    let columns = Columns::of(app, line(0).width);
    columns.head().draw(&app.theme, line(0), buffer);
    for (index, finding) in app.found().iter().enumerate().skip(app.findings.offset).take(list.into()) {
        let place = line((index - app.findings.offset) as u16 + 1);
        if index == app.findings.selected {
            let whole = Rect { x: area.x, width: area.width, ..place };
            buffer.set_style(whole, app.theme.style(Meaning::Selected));
        }
        let Some((scope, finding)) = finding.of(snapshot) else { continue };
        columns.row(app, scope, finding).draw(&app.theme, place, buffer);
    }
    let below = Rect { y: area.y + 1 + list, height: area.height.saturating_sub(1 + list), ..area };
    let selected = app.found().get(app.findings.selected).and_then(|finding| finding.of(snapshot));
    if let Some((scope, finding)) = selected.filter(|_| below.height > 2) {
        draw_details(app, scope, finding, below, buffer);
    }
}

/// Why there is nothing to show.
fn empty(snapshot: &Snapshot) -> String {
    if snapshot.scopes.iter().any(|scope| !scope.findings.is_empty()) {
        "No finding matches: esc shows all".to_string()
    } else {
        findings::nothing(snapshot)
    }
}

/// The columns of the list: how wide the kind, the subject, the scope and the summary are; what has no room is `None`.
struct Columns {
    kind: Option<usize>,
    subject: usize,
    scope: Option<usize>,
    summary: Option<usize>,
}

impl Columns {
    fn of(app: &App, width: u16) -> Self {
        let widest = |said: &dyn Fn(&ScopeSnapshot, &Finding) -> String| {
            let every = app.found().iter().filter_map(|finding: &FindingRef| finding.of(app.snapshot()));
            every.map(|(scope, finding)| text::width(&said(scope, finding))).max().unwrap_or(0) + 1
        };
        let wide = width >= WIDE;
        let kind = wide.then(|| widest(&|_, finding| finding.kind.to_string()));
        let longest = if wide { LONGEST_NAME } else { SHORT_NAME };
        let subject = widest(&|_, finding| findings::subject(finding)).clamp(1, longest).max("FUNCTION ".len());
        let scope = (wide && app.snapshot().scopes.len() > 1).then(|| widest(&|scope, _| scope.scope.to_string()));
        let taken = SEVERITY + kind.unwrap_or(WORD) + subject + scope.unwrap_or(0) + AGE + CONFIDENCE;
        let summary = usize::from(width).checked_sub(taken).filter(|left| *left >= LEAST_SUMMARY);
        Self { kind, subject, scope, summary }
    }

    fn head(&self) -> Words {
        let mut head = pad("SEVERITY", SEVERITY) + &pad("KIND", self.kind.unwrap_or(WORD));
        head += &pad("FUNCTION", self.subject);
        head += &self.scope.map(|scope| pad("SCOPE", scope)).unwrap_or_default();
        head += &pad("FOR", AGE);
        head += &pad("SURE", CONFIDENCE);
        head += if self.summary.is_some() { "SUMMARY" } else { "" };
        let mut words = Words::default();
        words.add(head, Meaning::Label);
        words
    }

    fn row(&self, app: &App, scope: &ScopeSnapshot, finding: &Finding) -> Words {
        let (mark, meaning) = findings::severity(finding.severity);
        let kind = match self.kind {
            Some(columns) => pad(finding.kind.name(), columns),
            None => pad(findings::word(finding.kind), WORD),
        };
        let mut words = Words::default();
        words.add(pad(&format!("{mark} {}", finding.severity.word()), SEVERITY), meaning);
        words.add(kind, Meaning::Normal).add(pad(&findings::subject(finding), self.subject), Meaning::Title);
        if let Some(columns) = self.scope {
            words.add(pad(&scope.scope.to_string(), columns), Meaning::Muted);
        }
        words.add(pad(&findings::age(finding, app.snapshot().at), AGE), Meaning::Normal);
        words.add(pad(&findings::confidence(finding), CONFIDENCE), Meaning::Muted);
        if let Some(columns) = self.summary {
            words.add(text::fit(&findings::summary(finding), columns).into_owned(), Meaning::Normal);
        }
        words
    }
}

/// The summary, the numbers, the evidence and the commands, in a frame. Where there is too little room the summary and
/// the selected command come first.
fn draw_details(app: &App, scope: &ScopeSnapshot, finding: &Finding, area: Rect, buffer: &mut Buffer) {
    let title = format!("{} · {}", finding.kind, text::clean(&findings::subject(finding)));
    let inner = frame(app, &title, area, buffer);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let columns = usize::from(inner.width);
    let lines = |prefix: &str, text: &str, meaning| -> Vec<Words> {
        let room = columns.saturating_sub(text::width(prefix));
        let lines = paragraph::lines(text, room).into_iter().enumerate().map(|(index, line)| {
            let before = if index == 0 { prefix.to_string() } else { " ".repeat(text::width(prefix)) };
            let mut words = Words::default();
            words.add(before, Meaning::Key).add(line, meaning);
            words
        });
        lines.collect()
    };
    let summary = lines("", &findings::summary(finding), Meaning::Title);
    let facts = wrap(findings::facts(scope, finding, app.snapshot().at), inner.width);
    let evidence: Vec<Words> =
        findings::evidence(finding).iter().flat_map(|fact| lines("· ", fact, Meaning::Normal)).collect();
    let (commands, chosen) = app.commands().unwrap_or_default();
    let command = |(place, command): (usize, &String)| {
        let (mark, meaning) = if place == chosen { ("▸ ", Meaning::Normal) } else { ("  ", Meaning::Muted) };
        lines(mark, command, meaning)
    };
    let mut next: Vec<Words> = commands.iter().enumerate().flat_map(command).collect();
    let room = usize::from(inner.height);
    if summary.len() + facts.len() + evidence.len() + next.len() > room {
        next = commands.get(chosen).map(|it| command((chosen, it))).unwrap_or_default();
    }
    // Rows are given out by what is asked first, and stand in the order in which they are read.
    let mut left = room;
    let mut share = |part: Vec<Words>| -> Vec<Words> {
        let taken = part.len().min(left);
        left -= taken;
        part.into_iter().take(taken).collect()
    };
    let (summary, next) = (share(summary), share(next));
    let (facts, evidence) = (share(facts), share(evidence));
    let parts: Vec<Vec<Words>> = [summary, facts, evidence, next].into_iter().filter(|part| !part.is_empty()).collect();
    let blank = if left + 1 >= parts.len() { vec![Words::default()] } else { Vec::new() };
    draw_lines(app, &parts.join(&blank[..]), inner, buffer);
}
