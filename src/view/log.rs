//! The log of one function: its newest lines by time, which of them are shown, and how a line is cut and searched.
//!
//! No terminal. What a line costs does not depend on how long it is: it is cut before it is cleaned or measured.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use unicode_segmentation::UnicodeSegmentation;

use super::meaning::Meaning;
use crate::analysis::live::{Curve, FunctionLive};
use crate::store::live::lines::{Line, LineKind};
use lambda_model::text;

/// Which lines are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Only lines that show an error.
    pub errors_only: bool,
    /// Only the lines of this request.
    pub request: Option<Arc<str>>,
}

/// A row of the log.
#[derive(Clone, Debug)]
pub enum Row {
    /// A line.
    Line(Line),
    /// Nothing was read here.
    Gap {
        /// The first second that was not read.
        from: DateTime<Utc>,
        /// The first second that was read again.
        until: DateTime<Utc>,
    },
}

impl Row {
    /// When it was written, or when the gap begins.
    pub(crate) fn at(&self) -> DateTime<Utc> {
        match self {
            Self::Line(line) => line.at,
            Self::Gap { from, .. } => *from,
        }
    }

    /// The line, if it is one.
    pub fn line(&self) -> Option<&Line> {
        match self {
            Self::Line(line) => Some(line),
            Self::Gap { .. } => None,
        }
    }

    /// Whether both are the same row of two snapshots: a line keeps its text from one to the next.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Line(line), Self::Line(other)) => Arc::ptr_eq(&line.text, &other.text) && line.at == other.at,
            (Self::Gap { from, .. }, Self::Gap { from: other, .. }) => from == other,
            _ => false,
        }
    }
}

/// The rows that `query` shows, oldest first, with a mark where nothing was read between two of them.
pub(crate) fn rows(live: &FunctionLive, query: &Query) -> Vec<Row> {
    arrange(&live.lines.iter().collect::<Vec<_>>(), &live.curve, query)
}

/// The newest lines, oldest first, at most `count` of them.
pub(crate) fn newest(live: &FunctionLive, count: usize) -> Vec<&Line> {
    let mut newest: Vec<&Line> = live.lines.iter().rev().take(count).collect();
    newest.reverse();
    newest
}

fn arrange(lines: &[&Line], curve: &Curve, query: &Query) -> Vec<Row> {
    let spans = query.request.as_ref().map(|request| spans(lines, request));
    let mut rows: Vec<Row> = lines
        .iter()
        .filter(|line| !query.errors_only || line.kind.is_error())
        .filter(|line| spans.as_ref().is_none_or(|spans| belongs(line, query.request.as_ref(), spans)))
        .map(|line| Row::Line(Line::clone(line)))
        .collect();
    // Lines of one instant stay as they arrived.
    rows.sort_by_key(Row::at);
    if let (Some(first), Some(last)) = (rows.first().map(Row::at), rows.last().map(Row::at)) {
        let gaps = gaps(curve).into_iter().filter(|(from, until)| first < *until && *from <= last);
        rows.extend(gaps.map(|(from, until)| Row::Gap { from, until }));
        rows.sort_by_key(Row::at);
    }
    rows
}

/// A stream and the time in which a request ran there.
type Span = (Arc<str>, DateTime<Utc>, DateTime<Utc>);

/// Where and when the request ran: the retries of an asynchronous event keep its id, perhaps elsewhere.
fn spans(lines: &[&Line], request: &Arc<str>) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for line in lines.iter().filter(|line| line.request.as_ref() == Some(request)) {
        match spans.iter_mut().find(|(stream, ..)| *stream == line.stream) {
            Some((_, from, until)) => (*from, *until) = ((*from).min(line.at), (*until).max(line.at)),
            None => spans.push((Arc::clone(&line.stream), line.at, line.at)),
        }
    }
    spans
}

/// Whether a line says that it belongs to the request, or says nothing and was written while it ran.
fn belongs(line: &Line, request: Option<&Arc<str>>, spans: &[Span]) -> bool {
    match &line.request {
        Some(of) => Some(of) == request,
        None => spans.iter().any(|(stream, from, until)| *stream == line.stream && (*from..=*until).contains(&line.at)),
    }
}

/// The seconds between two that were read, in which nothing was.
fn gaps(curve: &Curve) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
    let second = |index: usize| {
        let back = i64::try_from(curve.values.len() - 1 - index).unwrap_or(i64::MAX);
        TimeDelta::try_seconds(back).and_then(|back| curve.until.checked_sub_signed(back))
    };
    let mut gaps = Vec::new();
    let mut read: Option<usize> = None;
    for index in (0..curve.values.len()).filter(|index| curve.values[*index].is_some()) {
        if let Some(before) = read.filter(|before| before + 1 < index) {
            gaps.extend(second(before + 1).zip(second(index)));
        }
        read = Some(index);
    }
    gaps
}

/// What stands before a line of this kind, and what the line means.
pub(crate) fn mark(kind: LineKind) -> (char, Meaning) {
    match kind {
        LineKind::Begin => ('▸', Meaning::Muted),
        LineKind::End => ('◂', Meaning::Muted),
        LineKind::Platform => ('·', Meaning::Muted),
        LineKind::Failure => ('✗', Meaning::Critical),
        LineKind::Error => ('E', Meaning::Critical),
        LineKind::Warning => ('W', Meaning::Warning),
        LineKind::Application => (' ', Meaning::Normal),
    }
}

/// The end of a stream's name: enough to tell execution environments apart by eye.
pub(crate) fn stream(name: &str) -> String {
    let start = name.char_indices().rev().nth(3).map_or(0, |(index, _)| index);
    text::clean(name.get(start..).unwrap_or_default()).into_owned()
}

/// The first bytes of `text` that can fill `columns`.
fn cut(text: &str, columns: usize) -> &str {
    // No character is longer, and those of no width are seldom.
    let longest = columns.saturating_add(1).saturating_mul(4);
    text.get(..text.floor_char_boundary(longest)).unwrap_or(text)
}

/// The lines of an event, clean. Python's runtime ends those of a traceback with a carriage return alone.
fn lines(event: &str) -> impl Iterator<Item = Cow<'_, str>> {
    event.split('\n').flat_map(|line| line.trim_end_matches('\r').split('\r')).map(text::clean)
}

/// Stands where a line of an event of several ends.
const LINE_END: &str = "↵ ";

/// A log event in one line, clean, cut to what can fill `columns`: what is in the event's other lines follows the first.
pub(crate) fn one_line(event: &str, columns: usize) -> String {
    lines(cut(event, columns).trim_end()).collect::<Vec<_>>().join(LINE_END)
}

/// A line as it is shown in one row, cut to what can fill `columns`: without the time and the request that Lambda's
/// runtimes write at its head, since the row tells the one and the key to the request the other.
pub(crate) fn shown(line: &Line, columns: usize) -> String {
    const HEAD: usize = 3;
    // A quarter of the bytes that a time, a request id and a level take: they do not fill the columns.
    const HEAD_COLUMNS: usize = 20;
    let text = cut(&line.text, columns.saturating_add(HEAD_COLUMNS));
    let parts: Vec<&str> = text.splitn(HEAD + 1, '\t').collect();
    let says_nothing_new = |part: &str| Some(part) == line.request.as_deref() || is_time(part);
    if !parts.iter().take(HEAD).any(|part| says_nothing_new(part)) {
        return one_line(text, columns);
    }
    let rest: Vec<&str> = parts.into_iter().filter(|part| !says_nothing_new(part)).collect();
    one_line(&rest.join(" "), columns)
}

/// Whether it is a time as the runtimes write it: `2026-11-22T10:00:00.000Z`.
fn is_time(word: &str) -> bool {
    (20..=30).contains(&word.len()) && DateTime::parse_from_rfc3339(word).is_ok()
}

/// A log event in lines of at most `columns`, clean, at most `rows` of them.
pub(crate) fn wrapped(event: &str, columns: usize, rows: usize) -> Vec<String> {
    let mut wrapped = Vec::new();
    for line in lines(cut(event.trim_end(), columns.saturating_mul(rows))) {
        let mut shown = String::new();
        let mut used = 0;
        for cluster in line.graphemes(true) {
            let width = text::width(cluster);
            if used + width > columns && used > 0 {
                wrapped.push(std::mem::take(&mut shown));
                used = 0;
            }
            if wrapped.len() >= rows {
                return wrapped;
            }
            used += width;
            shown.push_str(cluster);
        }
        wrapped.push(shown);
    }
    wrapped.truncate(rows);
    wrapped
}

/// Where `words` stand in `text`, in bytes; ASCII letters match in either case.
pub(crate) fn matches(text: &str, words: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = find(text, words, from) {
        found.push(at..at + words.len());
        from = at + words.len();
    }
    found
}

/// Whether `words` stand in `text`.
pub(crate) fn contains(text: &str, words: &str) -> bool {
    find(text, words, 0).is_some()
}

fn find(text: &str, words: &str, mut from: usize) -> Option<usize> {
    let first = *words.as_bytes().first()?;
    let (lower, upper) = (first.to_ascii_lowercase(), first.to_ascii_uppercase());
    loop {
        let at = from + memchr::memchr2(lower, upper, text.as_bytes().get(from..)?)?;
        if text.as_bytes().get(at..at + words.len())?.eq_ignore_ascii_case(words.as_bytes()) {
            return Some(at);
        }
        from = at + 1;
    }
}

/// The longest text that is copied, in bytes: terminals refuse more.
pub(crate) const LONGEST_COPY: usize = 64 * 1024;

/// A log event as it is copied: clean, in its own lines, at most [`LONGEST_COPY`] bytes.
pub(crate) fn copy(event: &str) -> String {
    let mut copied = lines(event.trim_end()).collect::<Vec<_>>().join("\n");
    copied.truncate(copied.floor_char_boundary(LONGEST_COPY));
    copied
}

#[cfg(test)]
mod tests;
