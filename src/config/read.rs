//! From what was written to a typed value: one small reader for each kind of setting.
//!
//! A reader checks one value by itself. Its error says what is allowed.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;

use super::choices::{Format, LogsFrom};
use super::written::Written;
use lambda_model::finding::Severity;

/// The typed value, or what is allowed instead.
pub(super) type Read<T> = Result<T, String>;

/// Any text.
pub(super) fn text(written: &Written) -> Read<String> {
    written.text().map(str::to_owned).ok_or_else(|| "a text in quotes".to_owned())
}

/// A text, or none if it is empty.
pub(super) fn optional_text(written: &Written) -> Read<Option<String>> {
    Ok(Some(text(written)?).filter(|text| !text.is_empty()))
}

/// A path, or none if it is empty.
pub(super) fn optional_path(written: &Written) -> Read<Option<PathBuf>> {
    Ok(optional_text(written)?.map(PathBuf::from))
}

/// A single word; `what` says what it stands for.
pub(super) fn word(what: &'static str) -> impl Fn(&Written) -> Read<String> {
    move |written| match written.text() {
        Some(text) if !text.is_empty() && !text.contains(char::is_whitespace) => Ok(text.to_owned()),
        _ => Err(what.to_owned()),
    }
}

/// Names, in a list or separated by commas: each once, in the order written.
pub(super) fn names(written: &Written) -> Read<Vec<String>> {
    let parts: Option<Vec<&str>> = match written {
        Written::List(items) => items.iter().map(Written::text).collect(),
        other => other.text().map(|text| text.split(',').collect()),
    };
    let parts = parts.ok_or(r#"a name or a list of names, such as ["one", "two"]"#)?;
    let mut names: Vec<String> = Vec::new();
    for name in parts.into_iter().map(str::trim).filter(|name| !name.is_empty()) {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

/// A number in `range`; `unit` says what it counts.
pub(super) fn number<T>(unit: &'static str, range: RangeInclusive<T>) -> impl Fn(&Written) -> Read<T>
where
    T: Display + FromStr + PartialOrd,
{
    move |written| {
        let number = written.digits().and_then(|digits| digits.parse().ok());
        number
            .filter(|number| range.contains(number))
            .ok_or_else(|| format!("{unit} from {} to {}", range.start(), range.end()))
    }
}

/// A share above 0 and up to 1: 0.05 is 5 %.
pub(super) fn fraction() -> impl Fn(&Written) -> Read<f64> {
    number("a share", 0.0001..=1.0)
}

/// A finding's severity.
pub(super) fn severity(written: &Written) -> Read<Severity> {
    written.text().and_then(Severity::named).ok_or_else(|| "info, warning or critical".to_owned())
}

/// `all`, which is no limit, or how many: at least one.
pub(super) fn limit(written: &Written) -> Read<Option<u32>> {
    match (written.text(), written.digits().and_then(|digits| digits.parse().ok())) {
        (Some("all"), _) => Ok(None),
        (_, Some(limit @ 1..)) => Ok(Some(limit)),
        _ => Err("a whole number from 1, or all".to_owned()),
    }
}

/// A time such as `90s`, `15m` or `1h`, in seconds.
pub(super) fn span(range_s: RangeInclusive<u32>) -> impl Fn(&Written) -> Read<u32> {
    move |written| {
        written.text().and_then(seconds).filter(|span| range_s.contains(span)).ok_or_else(|| {
            let (from, to) = (humane(*range_s.start()), humane(*range_s.end()));
            format!("a time from {from} to {to}, such as 90s, 15m or 1h")
        })
    }
}

/// The seconds in a whole number with its unit. `None` where it is not one, or out of bounds.
fn seconds(span: &str) -> Option<u32> {
    let (count, unit_s) = match span.trim().split_at_checked(span.trim().len().checked_sub(1)?)? {
        (count, "s") => (count, 1),
        (count, "m") => (count, 60),
        (count, "h") => (count, 3600),
        _ => return None,
    };
    count.parse::<u32>().ok()?.checked_mul(unit_s)
}

/// Seconds in the largest unit that divides them.
fn humane(span_s: u32) -> String {
    match span_s {
        hours if hours.is_multiple_of(3600) => format!("{}h", hours / 3600),
        minutes if minutes.is_multiple_of(60) => format!("{}m", minutes / 60),
        seconds => format!("{seconds}s"),
    }
}

/// How a snapshot is printed.
pub(super) fn format(written: &Written) -> Read<Format> {
    written.text().and_then(Format::named).ok_or_else(|| Format::NAMES.join(", "))
}

/// The way that log events come in: a word, and for a stream or a file its name after a colon.
pub(super) fn logs(written: &Written) -> Read<LogsFrom> {
    let allowed = || "auto, tail, poll, kinesis:STREAM, file:PATH or off".to_owned();
    let text = written.text().ok_or_else(allowed)?;
    let named = |name: &str| Some(name.trim().to_owned()).filter(|name| !name.is_empty()).ok_or_else(allowed);
    match text.split_once(':') {
        Some(("kinesis", stream)) => Ok(LogsFrom::Kinesis(named(stream)?)),
        Some(("file", path)) => Ok(LogsFrom::File(named(path)?.into())),
        Some(_) => Err(allowed()),
        None => match text {
            "auto" => Ok(LogsFrom::Auto),
            "tail" => Ok(LogsFrom::Tail),
            "poll" => Ok(LogsFrom::Poll),
            "off" => Ok(LogsFrom::Off),
            _ => Err(allowed()),
        },
    }
}

/// `2/3`: the second of three equal parts.
pub(super) fn part(written: &Written) -> Read<(u32, u32)> {
    let part = written.text().and_then(|text| {
        let (part, of) = text.split_once('/')?;
        Some((part.trim().parse().ok()?, of.trim().parse().ok()?))
    });
    let possible = part.filter(|(part, of)| (1..=*of).contains(part));
    possible.ok_or_else(|| "a part such as 1/1 (all) or 2/3 (the second of three)".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bare(text: &str) -> Written {
        Written::Bare(text.to_owned())
    }

    #[test]
    fn times_need_a_unit_and_stay_in_range() {
        let read = span(60..=10_800);
        for (text, seconds) in [("90s", 90), ("15m", 900), ("1h", 3600), ("3h", 10_800), (" 2m ", 120)] {
            assert_eq!(read(&bare(text)), Ok(seconds), "{text}");
        }
        let allowed = Err("a time from 1m to 3h, such as 90s, 15m or 1h".to_owned());
        for text in
            ["", "s", "15", "15 m", "1.5h", "-5m", "59s", "10801s", "4h", "1d", "99999999999s", "2000000h", "５m"]
        {
            assert_eq!(read(&bare(text)), allowed, "{text}");
        }
        assert_eq!(read(&Written::Number("900".to_owned())), allowed);
    }

    #[test]
    fn names_come_once_and_in_order() {
        assert_eq!(names(&bare("b, a,,b,")), Ok(vec!["b".to_owned(), "a".to_owned()]));
        assert_eq!(names(&bare("")), Ok(vec![]));
        let text = |text: &str| Written::Text(text.to_owned());
        assert_eq!(names(&Written::List(vec![text("a"), text("a")])), Ok(vec!["a".to_owned()]));
        assert!(names(&Written::List(vec![text("a"), Written::Number("1".to_owned())])).is_err());
        assert!(names(&Written::Number("1".to_owned())).is_err());
    }

    #[test]
    fn numbers_are_finite_and_in_range() {
        let rate = number("calls", 0.1..=15.0);
        assert_eq!(rate(&bare("0.1")), Ok(0.1));
        assert_eq!(rate(&Written::Number("15".to_owned())), Ok(15.0));
        for text in ["", "0", "15.1", "nan", "inf", "-inf", "4 calls"] {
            assert_eq!(rate(&bare(text)), Err("calls from 0.1 to 15".to_owned()), "{text}");
        }
        assert!(rate(&Written::Text("4".to_owned())).is_err(), "a quoted number in a file is a text");
        assert!(number("whole", 0..=3_u8)(&bare("1.0")).is_err());
    }

    #[test]
    fn a_limit_is_all_or_at_least_one() {
        assert_eq!(limit(&bare("all")), Ok(None));
        assert_eq!(limit(&bare("20")), Ok(Some(20)));
        assert_eq!(limit(&Written::Number("20".to_owned())), Ok(Some(20)));
        for text in ["0", "-1", "", "none", "2.5"] {
            assert!(limit(&bare(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn logs_come_in_one_of_the_ways() {
        let ways = [
            ("auto", LogsFrom::Auto),
            ("tail", LogsFrom::Tail),
            ("poll", LogsFrom::Poll),
            ("off", LogsFrom::Off),
            ("kinesis:orders", LogsFrom::Kinesis("orders".into())),
            (
                "kinesis:arn:aws:kinesis:eu-west-1:1:stream/s",
                LogsFrom::Kinesis("arn:aws:kinesis:eu-west-1:1:stream/s".into()),
            ),
            ("file:-", LogsFrom::File("-".into())),
            ("file:/var/log/a:b.log", LogsFrom::File("/var/log/a:b.log".into())),
        ];
        for (text, way) in ways {
            assert_eq!(logs(&bare(text)), Ok(way), "{text}");
        }
        for text in ["", "Auto", "kinesis", "kinesis:", "file: ", "tail:x", "stream:x"] {
            assert!(logs(&bare(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn a_part_is_one_of_some() {
        for (text, expected) in [("1/1", (1, 1)), ("2/3", (2, 3)), (" 3 / 3 ", (3, 3))] {
            assert_eq!(part(&bare(text)), Ok(expected), "{text}");
        }
        for text in ["", "1", "0/1", "2/1", "1/0", "a/b", "1/2/3", "-1/2"] {
            assert!(part(&bare(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn words_are_not_empty() {
        assert_eq!(word("a name")(&bare("impact")), Ok("impact".to_owned()));
        assert_eq!(word("a name")(&bare("")), Err("a name".to_owned()));
        assert_eq!(word("a name")(&bare("two words")), Err("a name".to_owned()));
    }

    proptest! {
        #[test]
        fn no_text_breaks_a_reader(text in any::<String>()) {
            let written = bare(&text);
            let _ = (names(&written), limit(&written), number("x", 0.0..=1.0)(&written));
            let _ = (logs(&written), part(&written));
            if let Ok(seconds) = span(60..=10_800)(&written) {
                prop_assert!((60..=10_800).contains(&seconds));
            }
        }

        #[test]
        fn a_time_reads_back_as_it_was_said(seconds in 60_u32..=10_800) {
            prop_assert_eq!(span(60..=10_800)(&bare(&humane(seconds))), Ok(seconds));
        }
    }
}
