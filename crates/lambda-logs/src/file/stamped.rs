//! Lines with their time, as the programs that print logs write them.

use chrono::{DateTime, NaiveDateTime, Utc};

use crate::origin;

/// A line with its time.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stamped<'a> {
    pub(super) at: DateTime<Utc>,
    /// `None` where the form has none.
    pub(super) stream: Option<&'a str>,
    pub(super) message: &'a str,
    /// Whether a program put the time before the line. Otherwise it is a part of it.
    pub(super) is_added: bool,
}

impl<'a> Stamped<'a> {
    /// The time of `line` and what follows; `None` if it begins with no time.
    ///
    /// - `aws logs tail`: time, stream, message; in its short format time and message.
    /// - `sam logs`: stream, time, message.
    /// - `serverless logs`: time, a tab, and the rest of the line that a runtime wrote.
    pub(super) fn of(line: &'a str) -> Option<Self> {
        let (first, rest) = line.split_once(' ')?;
        if is_stream(first) {
            let (stamp, message) = rest.split_once(' ')?;
            return Some(Self { at: time(stamp)?, stream: Some(first), message, is_added: true });
        }
        if let Some((stamp, message)) = line.split_once('\t')
            && stamp.contains(' ')
            && let Some(at) = time(stamp)
        {
            return Some(Self { at, stream: None, message, is_added: true });
        }
        let at = time(first)?;
        if rest.contains(" Task timed out after ") && first.ends_with('Z') {
            // The time is part of Lambda's own line (docs/aws.md#text-format).
            return Some(Self { at, stream: None, message: line, is_added: false });
        }
        match rest.split_once(' ') {
            Some((stream, message)) if is_stream(stream) => {
                Some(Self { at, stream: Some(stream), message, is_added: true })
            }
            _ => Some(Self { at, stream: None, message: rest, is_added: true }),
        }
    }
}

fn is_stream(word: &str) -> bool {
    origin("", word).version.is_some()
}

/// A time: RFC 3339, or the same without an offset, which is then UTC, and with a space, as Logs Insights and
/// `serverless logs` write it, the latter with its offset in parentheses.
pub(super) fn time(text: &str) -> Option<DateTime<Utc>> {
    let (text, offset) = match text.strip_suffix(')').and_then(|text| text.split_once(" (")) {
        Some((text, offset)) => (text, offset),
        None => (text, ""),
    };
    if !text.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let with_offset = || DateTime::parse_from_rfc3339(&format!("{}{offset}", text.replacen(' ', "T", 1))).ok();
    let naive = || {
        ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"]
            .iter()
            .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
    };
    match DateTime::parse_from_rfc3339(text).ok() {
        Some(time) => Some(time.to_utc()),
        None if offset.is_empty() => naive().map(|time| time.and_utc()),
        None => with_offset().map(|time| time.to_utc()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_every_form() {
        let at = |text: &str| time(text).map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true));
        for text in [
            "2026-11-22T10:00:00.5Z",
            "2026-11-22T11:00:00.500+01:00",
            "2026-11-22T10:00:00.500000",
            "2026-11-22 10:00:00.500",
            "2026-11-22 11:00:00.500 (+01:00)",
        ] {
            assert_eq!(at(text).as_deref(), Some("2026-11-22T10:00:00.500Z"), "{text}");
        }
        for text in ["", "START", "2026-11-22", "10:00:00", "2026-11-22 10:00:00 (x)"] {
            assert_eq!(at(text), None, "{text}");
        }
    }

    #[test]
    fn the_programs_that_print_logs_are_known() {
        const STREAM: &str = "2026/11/22/[7]0c1d2e3f";
        let at = time("2026-11-22T10:00:00Z").unwrap();
        let added = |stream, message| Some(Stamped { at, stream, message, is_added: true });
        let cases = [
            (format!("2026-11-22T10:00:00+00:00 {STREAM} START x"), added(Some(STREAM), "START x")),
            ("2026-11-22T10:00:00 a b".into(), added(None, "a b")),
            (format!("{STREAM} 2026-11-22T10:00:00.000000 START x"), added(Some(STREAM), "START x")),
            ("2026-11-22 11:00:00.000 (+01:00)\tid\tINFO\tm".into(), added(None, "id\tINFO\tm")),
            ("START RequestId: x".into(), None),
            (format!("{STREAM} no time"), None),
            ("2026-11-22T10:00:00.000Z\tid\tINFO\tm with words".into(), None),
        ];
        for (line, expected) in cases {
            assert_eq!(Stamped::of(&line), expected, "{line}");
        }
        let own = "2026-11-22T10:00:00Z id Task timed out after 3.00 seconds";
        assert_eq!(Stamped::of(own), Some(Stamped { at, stream: None, message: own, is_added: false }));
    }
}
