//! Platform lines in the Text format (docs/aws.md#text-format): one scan, fields in any order. It reads no application
//! line.
//!
//! Tabs separate fields. Text copied from the console has spaces instead; there a value is one word.

use std::borrow::Cow;

use super::{Crash, Extension, InitReport, InitStart, Line, Phase, Report, Start, Status, TimedOut, Xray, number};

/// The length of a request id, a UUID.
const UUID: usize = 36;

/// The longest request id: twice a UUID, to allow for other formats.
const LONGEST_ID: usize = 2 * UUID;

/// The length of `2026-02-03T10:11:12.345Z`.
const STAMP: usize = 24;

/// The units that fields have.
const MS: [u8; 3] = *b" ms";
const MB: [u8; 3] = *b" MB";

/// Reads a platform line in text; `None` for any other line.
pub(super) fn parse(message: &str) -> Option<Line<'_>> {
    match message.as_bytes().first()? {
        b'R' => {
            if let Some(rest) = after(message, b"REPORT RequestId: ") {
                return report(rest).map(Line::Report);
            }
            if let Some(rest) = after(message, b"RequestId: ") {
                return crash(rest).map(Line::Crash);
            }
            if let Some(rest) = after(message, b"RESTORE_START") {
                return word_ends(rest).then(|| Line::RestoreStart(init_start(rest)));
            }
            let rest = after(message, b"RESTORE_REPORT ")?;
            Some(Line::RestoreReport(init_report(rest)))
        }
        b'S' => start(after(message, b"START RequestId: ")?).map(Line::Start),
        b'E' => {
            if let Some(rest) = after(message, b"END RequestId: ") {
                return id(rest).map(|(request, _)| Line::End { request });
            }
            extension(after(message, b"EXTENSION")?).map(Line::Extension)
        }
        b'T' => extension(after(message, b"TELEMETRY")?).map(Line::Telemetry),
        b'I' => {
            if let Some(rest) = after(message, b"INIT_START") {
                return word_ends(rest).then(|| Line::InitStart(init_start(rest)));
            }
            Some(Line::InitReport(init_report(after(message, b"INIT_REPORT ")?)))
        }
        b'0'..=b'9' => timed_out(message).map(Line::TimedOut),
        _ => None,
    }
}

/// A word, at most [`LONGEST_ID`] bytes of it, and what follows it.
#[inline]
fn id(text: &str) -> Option<(&str, &str)> {
    let bytes = text.as_bytes();
    // The common case, a UUID: no space in it, and one behind it.
    if let Some(uuid) = bytes.first_chunk::<UUID>()
        && uuid.iter().copied().fold(u8::MAX, u8::min) > b' '
        && bytes.get(UUID).is_none_or(|byte| *byte <= b' ')
    {
        return text.split_at_checked(UUID);
    }
    let length = bytes.iter().take(LONGEST_ID + 1).take_while(|byte| **byte > b' ').count();
    if (1..=LONGEST_ID).contains(&length) { text.split_at_checked(length) } else { None }
}

/// What follows `start`. Its length is known to the compiler, so that it compares without a call.
#[inline]
fn after<'a, const N: usize>(text: &'a str, start: &[u8; N]) -> Option<&'a str> {
    if text.as_bytes().first_chunk() == Some(start) { text.get(N..) } else { None }
}

fn word_ends(rest: &str) -> bool {
    rest.bytes().next().is_none_or(|byte| byte <= b' ')
}

fn start(rest: &str) -> Option<Start<'_>> {
    let (request, rest) = id(rest)?;
    let version = after(rest, b" Version: ").and_then(id).map(|(version, _)| version);
    Some(Start { request, version })
}

fn report(rest: &str) -> Option<Report<'_>> {
    let (request, rest) = id(rest)?;
    let mut report = Report { request, ..Report::default() };
    let (mut trace, mut segment, mut sampled) = (None, None, None);
    let mut fields = Fields::of(rest);
    while let Some(key) = fields.next() {
        match key {
            Key::Duration => report.duration_ms = fields.milliseconds(),
            Key::BilledDuration => report.billed_ms = fields.whole(MS),
            Key::MemorySize => report.memory_mb = fields.whole(MB).and_then(|mb| mb.try_into().ok()),
            Key::MaxMemoryUsed => report.used_mb = fields.whole(MB).and_then(|mb| mb.try_into().ok()),
            Key::InitDuration => report.init_ms = fields.milliseconds(),
            Key::RestoreDuration => report.restore_ms = fields.milliseconds(),
            Key::BilledRestoreDuration => report.billed_restore_ms = fields.whole(MS),
            Key::Status => report.status = fields.word().and_then(Status::named),
            Key::ErrorType => report.error_type = fields.word().map(Cow::Borrowed),
            Key::TraceId => trace = fields.word(),
            Key::SegmentId => segment = fields.word(),
            Key::Sampled => sampled = fields.word().and_then(|word| word.parse().ok()),
            Key::Phase | Key::RuntimeVersion | Key::RuntimeArn | Key::Name | Key::State => {}
        }
    }
    report.xray = trace.map(|trace| Xray { trace, segment, sampled });
    Some(report)
}

fn init_start(rest: &str) -> InitStart<'_> {
    let mut init = InitStart::default();
    let mut fields = Fields::of(rest);
    while let Some(key) = fields.next() {
        match key {
            Key::RuntimeVersion => init.runtime_version = fields.word(),
            Key::RuntimeArn => init.runtime_arn = fields.word(),
            _ => {}
        }
    }
    init
}

fn init_report(rest: &str) -> InitReport<'_> {
    let mut init = InitReport::default();
    let mut fields = Fields::of(rest);
    while let Some(key) = fields.next() {
        match key {
            Key::InitDuration | Key::RestoreDuration => init.duration_ms = fields.milliseconds(),
            Key::Phase => init.phase = fields.word().and_then(Phase::named),
            Key::Status => init.status = fields.word().and_then(Status::named),
            Key::ErrorType => init.error_type = fields.word().map(Cow::Borrowed),
            _ => {}
        }
    }
    init
}

/// Only with a name: the first word alone can begin any line.
fn extension(rest: &str) -> Option<Extension<'_>> {
    if !rest.trim_start_matches(['\t', ' ']).starts_with("Name: ") {
        return None;
    }
    let mut extension = Extension::default();
    let mut fields = Fields::of(rest);
    while let Some(key) = fields.next() {
        match key {
            Key::Name => extension.name = fields.word(),
            Key::State => extension.state = fields.word(),
            Key::ErrorType => extension.error_type = fields.word().map(Cow::Borrowed),
            _ => {}
        }
    }
    Some(extension)
}

/// `2026-02-03T10:11:12.345Z c04f0a1b-… Task timed out after 3.00 seconds`, the stamp already begun.
fn timed_out(message: &str) -> Option<TimedOut<'_>> {
    let (stamp, rest) = message.split_at_checked(STAMP)?;
    if stamp.as_bytes().last() != Some(&b'Z') {
        return None;
    }
    let (request, rest) = id(after(rest, b" ")?)?;
    let rest = after(rest, b" Task timed out after ")?;
    let seconds = number::decimal(rest.as_bytes()).filter(|(_, end)| rest[*end..].trim_end() == " seconds");
    Some(TimedOut { request, after_s: seconds.map(|(seconds, _)| seconds) })
}

/// `X Error: Runtime exited with error: signal: killed`, and in the next line the error's type.
fn crash(rest: &str) -> Option<Crash<'_>> {
    let (request, rest) = id(rest)?;
    let (first, more) = rest.split_once('\n').unwrap_or((rest, ""));
    let first = first.trim_ascii();
    let error = match first.strip_prefix("Error: ") {
        Some(error) => error.trim_ascii_start(),
        None if first == "Process exited before completing request" => first,
        None => return None,
    };
    Some(Crash { request, error, error_type: id(more).map(|(name, _)| name) })
}

/// The fields that are read.
#[derive(Clone, Copy)]
enum Key {
    Duration,
    BilledDuration,
    MemorySize,
    MaxMemoryUsed,
    InitDuration,
    RestoreDuration,
    BilledRestoreDuration,
    Status,
    ErrorType,
    TraceId,
    SegmentId,
    Sampled,
    Phase,
    RuntimeVersion,
    RuntimeArn,
    Name,
    State,
}

/// Iterates over the fields of a line. After [`Fields::next`] the value may be read once.
struct Fields<'a> {
    text: &'a str,
    at: usize,
    /// Spaces separate fields, not tabs.
    spaced: bool,
}

fn is_gap(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\r' | b' ')
}

impl<'a> Fields<'a> {
    fn of(text: &'a str) -> Self {
        // The tab before the first field of a REPORT is read already.
        let spaced = text.as_bytes().first() != Some(&b'\t') && memchr::memchr(b'\t', text.as_bytes()).is_none();
        Self { text, at: 0, spaced }
    }

    fn rest(&self) -> &'a [u8] {
        &self.text.as_bytes()[self.at..]
    }

    /// Whether a field ends before `byte`, which may be the end of the line.
    fn ends(&self, byte: Option<&u8>) -> bool {
        match byte {
            None | Some(b'\t' | b'\n' | b'\r') => true,
            Some(byte) => self.spaced && *byte == b' ',
        }
    }

    /// Advances to the value of the next known field.
    #[inline]
    fn next(&mut self) -> Option<Key> {
        loop {
            while self.rest().first().is_some_and(|byte| is_gap(*byte)) {
                self.at += 1;
            }
            if let Some((key, length)) = key(self.rest()) {
                self.at += length;
                return Some(key);
            }
            if self.rest().is_empty() {
                return None;
            }
            self.skip_unknown();
        }
    }

    #[inline]
    fn milliseconds(&mut self) -> Option<f64> {
        self.closed(number::decimal(self.rest()), MS)
    }

    #[inline]
    fn whole(&mut self, unit: [u8; 3]) -> Option<u64> {
        self.closed(number::whole(self.rest()), unit)
    }

    /// The number, if the unit and the end of the field follow its digits. Advances to that end.
    #[inline]
    fn closed<T>(&mut self, number: Option<(T, usize)>, unit: [u8; 3]) -> Option<T> {
        if let Some((value, length)) = number
            && let Some((next, after)) = self.rest()[length..].split_first_chunk()
            && *next == unit
        {
            // Old lines have a space before the tab.
            let spaces = if self.spaced { 0 } else { after.iter().take_while(|byte| **byte == b' ').count() };
            if self.ends(after.get(spaces)) {
                self.at += length + unit.len() + spaces;
                return Some(value);
            }
        }
        self.skip_value();
        None
    }

    /// The value as text; `None` if it is empty.
    fn word(&mut self) -> Option<&'a str> {
        let start = self.at;
        self.skip_value();
        self.text.get(start..self.at).map(str::trim_ascii).filter(|word| !word.is_empty())
    }

    fn skip_value(&mut self) {
        let rest = self.rest();
        self.at += rest.iter().position(|byte| self.ends(Some(byte))).unwrap_or(rest.len());
    }

    /// Skips a field with an unknown name.
    fn skip_unknown(&mut self) {
        if !self.spaced {
            return self.skip_value();
        }
        // Where spaces separate fields too, the value is the word after the colon, and its unit.
        while let Some(place) = memchr::memchr2(b':', b'\n', self.rest()) {
            let is_line_end = self.rest()[place] == b'\n';
            self.at += place + 1;
            if is_line_end {
                return;
            }
            if self.rest().first() == Some(&b' ') {
                self.at += 1;
                return self.skip_number();
            }
        }
        self.at = self.text.len();
    }

    /// Skips a value of one word, and its unit.
    fn skip_number(&mut self) {
        self.skip_value();
        if let Some((unit, after)) = self.rest().split_first_chunk()
            && [MS, MB].contains(unit)
            && self.ends(after.first())
        {
            self.at += unit.len();
        }
    }
}

/// The name that a field begins with, and where its value begins.
#[inline]
fn key(field: &[u8]) -> Option<(Key, usize)> {
    match field.first()? {
        b'D' => named(field, b"Duration: ", Key::Duration),
        b'B' => named(field, b"Billed Duration: ", Key::BilledDuration)
            .or_else(|| named(field, b"Billed Restore Duration: ", Key::BilledRestoreDuration)),
        b'M' => named(field, b"Memory Size: ", Key::MemorySize)
            .or_else(|| named(field, b"Max Memory Used: ", Key::MaxMemoryUsed)),
        b'I' => named(field, b"Init Duration: ", Key::InitDuration),
        b'R' => named(field, b"Restore Duration: ", Key::RestoreDuration)
            .or_else(|| named(field, b"Runtime Version: ", Key::RuntimeVersion))
            .or_else(|| named(field, b"Runtime Version ARN: ", Key::RuntimeArn)),
        b'S' => named(field, b"Status: ", Key::Status)
            .or_else(|| named(field, b"SegmentId: ", Key::SegmentId))
            .or_else(|| named(field, b"Sampled: ", Key::Sampled))
            .or_else(|| named(field, b"State: ", Key::State)),
        b'E' => named(field, b"Error Type: ", Key::ErrorType),
        b'X' => named(field, b"XRAY TraceId: ", Key::TraceId),
        b'P' => named(field, b"Phase: ", Key::Phase),
        b'N' => named(field, b"Name: ", Key::Name),
        _ => None,
    }
}

#[inline]
fn named<const N: usize>(field: &[u8], name: &[u8; N], key: Key) -> Option<(Key, usize)> {
    if field.first_chunk() == Some(name) { Some((key, N)) } else { None }
}
