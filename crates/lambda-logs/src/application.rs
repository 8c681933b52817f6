//! Lines of applications and their runtimes: level, request id and error, each parsed only when asked for.
//! It knows the formats of runtimes and common loggers, and nothing about any one application.

use std::borrow::Cow;

use serde::Deserialize;

use super::escape;
use super::fingerprint::Fingerprint;
use super::json::{Raw, string};
use super::stream::is_uuid;

/// A line that the platform did not write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Application<'a>(pub &'a str);

/// The level of a line, as it states itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The most detailed.
    Trace,
    /// For developers.
    Debug,
    /// Normal operation.
    Info,
    /// Something is unusual.
    Warn,
    /// Something failed.
    Error,
    /// The process cannot go on.
    Fatal,
}

/// An error in an application line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionError<'a> {
    /// For example `TypeError`, `java.lang.IllegalStateException`; `None` if the line names none.
    pub error_type: Option<Cow<'a, str>>,
    /// What happened, in one line.
    pub message: Cow<'a, str>,
    /// Whether a runtime wrote it, because the error ended an invocation. Otherwise the application wrote it and may
    /// have handled the error.
    pub ends_invocation: bool,
}

impl FunctionError<'_> {
    /// The text that it shares with other errors of its kind.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self.error_type.as_deref(), &self.message)
    }
}

impl Level {
    fn named(word: &str) -> Option<Self> {
        const NAMES: [(Level, &[&str]); 6] = [
            (Level::Trace, &["trace", "trce", "verbose"]),
            (Level::Debug, &["debug", "dbug"]),
            (Level::Info, &["info", "information", "notice"]),
            (Level::Warn, &["warn", "warning"]),
            (Level::Error, &["error", "err", "fail", "severe"]),
            (Level::Fatal, &["fatal", "critical", "crit"]),
        ];
        let is_it = |name: &&str| name.eq_ignore_ascii_case(word);
        NAMES.iter().find(|(_, names)| names.iter().any(is_it)).map(|(level, _)| *level)
    }
}

impl<'a> Application<'a> {
    /// The line as it was written.
    pub fn text(self) -> &'a str {
        self.0
    }

    /// The level; `None` if the line states none.
    pub fn level(self) -> Option<Level> {
        match Object::of(self.0) {
            Some(object) => object.level(),
            None => Head::of(self.0).level,
        }
    }

    /// The request that it belongs to; `None` if the line names none.
    pub fn request(self) -> Option<&'a str> {
        match Object::of(self.0) {
            Some(object) => object.request(),
            None => Head::of(self.0).request,
        }
    }

    /// The error in the line.
    pub fn error(self) -> Option<FunctionError<'a>> {
        if let Some(object) = Object::of(self.0) {
            return object.error();
        }
        let head = Head::of(self.0);
        titled(self.0, &head).or_else(|| named_error(&head))
    }
}

/// A line in JSON, of any logger.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Object<'a> {
    #[serde(borrow)]
    level: Raw<'a>,
    #[serde(rename = "log_level")]
    log_level: Raw<'a>,
    severity: Raw<'a>,
    request_id: Raw<'a>,
    #[serde(rename = "AWSRequestId")]
    aws_request_id: Raw<'a>,
    #[serde(rename = "request_id")]
    snake_request_id: Raw<'a>,
    #[serde(rename = "function_request_id")]
    function_request_id: Raw<'a>,
    error_type: Raw<'a>,
    error_message: Raw<'a>,
    message: Raw<'a>,
    msg: Raw<'a>,
    /// Python's loggers name themselves; its runtime does not.
    logger: Raw<'a>,
}

impl<'a> Object<'a> {
    fn of(text: &'a str) -> Option<Self> {
        if text.starts_with('{') { serde_json::from_str(text).ok() } else { None }
    }

    fn level(&self) -> Option<Level> {
        [self.level, self.log_level, self.severity].into_iter().find_map(string).and_then(Level::named)
    }

    fn request(&self) -> Option<&'a str> {
        let names = [self.request_id, self.aws_request_id, self.snake_request_id, self.function_request_id];
        names.into_iter().find_map(string)
    }

    /// From an object that names an error, or whose message is such an object, as Node writes it.
    fn error(&self) -> Option<FunctionError<'a>> {
        if self.level().is_some_and(|level| level < Level::Error) {
            return None;
        }
        let ends_invocation = self.logger.is_none();
        let inner = self.message.and_then(|message| Self::of(message.get()));
        [Some(self), inner.as_ref()].into_iter().flatten().find_map(|object| object.named(ends_invocation))
    }

    fn named(&self, ends_invocation: bool) -> Option<FunctionError<'a>> {
        let error_type = self.error_type.and_then(escape::text).map(unwrapped)?;
        let messages = [self.error_message, self.message, self.msg];
        let message = messages.into_iter().flatten().find_map(escape::text).unwrap_or_default();
        Some(FunctionError { error_type: Some(error_type), message, ends_invocation })
    }
}

/// Ruby's runtime writes `Function<KeyError>`.
fn unwrapped(name: Cow<'_, str>) -> Cow<'_, str> {
    let inner = |name: &str| name.strip_prefix("Function<")?.strip_suffix('>').map(str::len);
    match (inner(&name), name) {
        (Some(length), Cow::Borrowed(name)) => Cow::Borrowed(&name["Function<".len()..][..length]),
        (Some(length), Cow::Owned(name)) => Cow::Owned(name["Function<".len()..][..length].to_string()),
        (None, name) => name,
    }
}

/// The most words before the body of a line: a stamp of two words, a level, an id, a process, punctuation.
const HEAD_WORDS: usize = 10;

/// What loggers write before the body of a line, in any order.
struct Head<'a> {
    level: Option<Level>,
    request: Option<&'a str>,
    /// A stamp, an id or punctuation comes before the body: a logger wrote the line.
    is_logged: bool,
    /// A tab ends a part of it: the logger of a managed runtime wrote the line.
    is_tabbed: bool,
    /// The line without its head.
    body: &'a str,
}

impl<'a> Head<'a> {
    fn of(text: &'a str) -> Self {
        let mut head = Self { level: None, request: None, is_logged: false, is_tabbed: false, body: text.trim_start() };
        for _ in 0..HEAD_WORDS {
            let end = head.body.find(char::is_whitespace).unwrap_or(head.body.len());
            let (word, rest) = head.body.split_at(end);
            let is_column = rest.starts_with('\t');
            if word.is_empty() || !head.takes(word, is_column) {
                break;
            }
            head.is_tabbed |= is_column;
            head.body = rest.trim_start();
        }
        head
    }

    /// Whether a word belongs to the head.
    fn takes(&mut self, word: &'a str, is_column: bool) -> bool {
        let (key, value) = word.split_once('=').unwrap_or(("", word));
        let inner = value.trim_matches(['[', ']', '"', ',', ':', '(', ')']);
        let is_request = if key.is_empty() { self.is_logged } else { key.to_ascii_lowercase().contains("request") };
        if self.request.is_none() && is_request && is_uuid(inner) {
            self.request = Some(inner);
        } else if let Some(level) = Level::named(inner)
            && self.level.is_none()
            && is_level(word, inner, is_column || !key.is_empty())
        {
            self.level = Some(level);
            return true;
        } else if !(is_stamp(inner) || is_mark(word) || inner == "undefined" && is_column) {
            return false;
        }
        self.is_logged = true;
        true
    }
}

/// A level is in capitals, in brackets, in its own column or before a colon; in `Error: …` it is the name of an error.
fn is_level(word: &str, inner: &str, is_column: bool) -> bool {
    let is_small = inner.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_large = inner.bytes().all(|byte| byte.is_ascii_uppercase());
    is_large || word.starts_with('[') || is_small && (is_column || word.ends_with(':'))
}

/// `2026-11-22T03:10:00.007Z`, `2026/11/22`, `03:10:00,007`.
fn is_stamp(word: &str) -> bool {
    word.len() >= 8
        && word.starts_with(|first: char| first.is_ascii_digit())
        && word.bytes().all(|byte| byte.is_ascii_digit() || b"-/:.,TZ+".contains(&byte))
}

/// `--`, `:`, `I,`, `#8]`, `RequestId:`.
fn is_mark(word: &str) -> bool {
    !word.bytes().any(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii())
        || word.len() == 2 && word.ends_with(',')
        || word.starts_with('#') && word.ends_with(']')
        || word == "RequestId:"
}

/// Errors that a runtime writes under a title, and fatal errors of a process.
fn titled<'a>(text: &'a str, head: &Head<'a>) -> Option<FunctionError<'a>> {
    // Node: one of three titles, and the error as an object.
    for title in ["Invoke Error", "Uncaught Exception", "Unhandled Promise Rejection"] {
        if let Some(object) = head.body.strip_prefix(title) {
            return Object::of(object.trim_start())?.named(true);
        }
    }
    // Ruby: the error as an object in the next line.
    if let Some(object) = text.strip_prefix("Error raised from handler method\n") {
        return Object::of(object.trim_start())?.named(true);
    }
    let ended = |name: Option<&'static str>, message| {
        let error_type = name.map(Cow::Borrowed);
        Some(FunctionError { error_type, message: Cow::Borrowed(first_line(message)), ends_invocation: true })
    };
    for (start, name) in [("panic: ", Some("panic")), ("fatal error: ", Some("fatal error")), ("fatal: ", None)] {
        if let Some(message) = text.strip_prefix(start) {
            return ended(name, message);
        }
    }
    // Rust: the place of the panic, and its message in the next line.
    let (_, panic) = text.strip_prefix("thread '")?.split_once("panicked at ")?;
    ended(Some("panic"), panic.split_once(":\n").map_or(panic, |(_, message)| message))
}

/// Errors by name, with or without a stack trace.
fn named_error<'a>(head: &Head<'a>) -> Option<FunctionError<'a>> {
    let is_error = head.level.is_some_and(|level| level >= Level::Error);
    if head.level.is_some() && !is_error {
        return None;
    }
    let body = head.body;
    let ((name, message), ends_invocation) = if let Some((before, after)) = body.split_once(TRACEBACK) {
        // Python's runtime names the error before the traceback, the interpreter after it.
        match named(first_line(before)) {
            Some(named) => (named, is_error && !head.is_logged),
            None => (after.lines().rev().find_map(|line| named(line.trim_ascii()))?, false),
        }
    } else if let Some((frames, place)) = Frames::of(body) {
        let line = body[..place].lines().next_back()?.trim_ascii();
        let line = line.strip_prefix("Exception in thread \"main\" ").unwrap_or(line);
        let ends_invocation = match frames {
            Frames::Java => !head.is_logged,
            Frames::DotNet => line == first_line(body),
            // The runtime writes a title.
            Frames::Node => false,
        };
        (named(line).or_else(|| is_type(line).then_some((line, "")))?, ends_invocation)
    } else if is_error {
        // Custom runtimes have no format of their own: a line that names the request and an error.
        (named(first_line(body))?, !head.is_tabbed && (head.request.is_some() || !head.is_logged))
    } else {
        return None;
    };
    Some(FunctionError { error_type: Some(name.into()), message: message.into(), ends_invocation })
}

/// Comes before Python's stack traces.
const TRACEBACK: &str = "Traceback (most recent call last):";

/// The language of a stack trace, by how its lines begin.
#[derive(Clone, Copy)]
enum Frames {
    Java,
    DotNet,
    Node,
}

impl Frames {
    /// The first frame and its position; the line above names the error.
    fn of(body: &str) -> Option<(Self, usize)> {
        let shapes = [(Self::Java, "\n\tat "), (Self::DotNet, "\n   at "), (Self::Node, "\n    at ")];
        let found = shapes.into_iter().filter_map(|(frames, start)| Some((frames, body.find(start)?)));
        found.min_by_key(|(_, place)| *place)
    }
}

fn first_line(text: &str) -> &str {
    text.split(['\n', '\r']).next().unwrap_or_default().trim_ascii()
}

/// `Type: message`, where the type is one word that can be a type's name.
fn named(line: &str) -> Option<(&str, &str)> {
    let (name, message) = line.split_once(": ")?;
    is_type(name).then_some((name, message.trim_ascii()))
}

/// `TypeError`, `java.lang.IllegalStateException`, `Net::ReadTimeout`, `botocore.exceptions.ClientError`.
fn is_type(word: &str) -> bool {
    let last = word.rsplit(['.', ':', '$', '/']).next().unwrap_or_default();
    last.starts_with(|first: char| first.is_ascii_uppercase())
        && last.len() > 1
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._:$/-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use toml::{Table, Value};

    use super::*;

    const ERRORS: &str = include_str!("../tests/errors.toml");

    #[test]
    fn errors_of_each_runtime_are_read() {
        let table: Table = ERRORS.parse().unwrap();
        for line in table["line"].as_array().unwrap() {
            let text = |name: &str| line.get(name).and_then(Value::as_str);
            let message = text("message").unwrap();
            let error = Application(message).error();
            let read =
                error.as_ref().map(|error| (error.error_type.as_deref(), &*error.message, error.ends_invocation));
            let ends = line.get("ends").and_then(Value::as_bool);
            let expected = text("says").zip(ends).map(|(says, ends)| (text("error_type"), says, ends));
            assert_eq!(read, expected, "{message:?}");
        }
    }

    #[test]
    fn levels_have_an_order_and_many_names() {
        // the line, its level
        let cases = [
            ("[TRACE] a", Some(Level::Trace)),
            ("DEBUG a", Some(Level::Debug)),
            ("Information a", None),
            ("NOTICE: a", Some(Level::Info)),
            ("warning: a", Some(Level::Warn)),
            ("warning a", None),
            ("[Error] a", Some(Level::Error)),
            ("level=fatal msg=a", Some(Level::Fatal)),
            ("{\"level\":\"Error\"}", Some(Level::Error)),
            ("{\"level\":50}", None),
            ("one two three four five six seven eight nine ten ERROR", None),
        ];
        for (line, level) in cases {
            assert_eq!(Application(line).level(), level, "{line}");
        }
        assert!(Level::Trace < Level::Info && Level::Warn < Level::Error && Level::Error < Level::Fatal);
    }
}
