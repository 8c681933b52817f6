//! Numbers as findings write them: `12 %`, `4 min`, `03:04`. Words only: nothing is decided here.

use chrono::{DateTime, Utc};

/// A share as percent, with a decimal where it has less than ten.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent < 9.95 { format!("{percent:.1} %") } else { format!("{percent:.0} %") }
}

/// A count or a rate: whole, but for small ones that are not.
pub(super) fn count(number: f64) -> String {
    if number < 9.95 && (number - number.round()).abs() >= 0.05 {
        format!("{number:.1}")
    } else {
        format!("{number:.0}")
    }
}

/// A span in the unit that fits: `40 s`, `12 min`, `3.5 h`.
pub(super) fn span(seconds: f64) -> String {
    if seconds < 99.5 {
        format!("{} s", count(seconds))
    } else if seconds < 99.5 * 60.0 {
        format!("{} min", count(seconds / 60.0))
    } else {
        format!("{} h", count(seconds / 3600.0))
    }
}

/// A time of day, UTC.
pub(super) fn clock(at: DateTime<Utc>) -> String {
    at.format("%H:%M:%S").to_string()
}

/// `word`, or `words` for any number but one.
pub(super) fn plural<'a>(number: f64, word: &'a str, words: &'a str) -> &'a str {
    if (number - 1.0).abs() < f64::EPSILON { word } else { words }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let shares = [(0.0, "0.0 %"), (0.031, "3.1 %"), (0.0996, "10 %"), (0.5, "50 %"), (1.0, "100 %")];
        for (share, text) in shares {
            assert_eq!(percent(share), text);
        }
        for (number, text) in [(0.0, "0"), (0.4, "0.4"), (3.0, "3"), (9.96, "10"), (1234.6, "1235")] {
            assert_eq!(count(number), text);
        }
        let spans = [(0.3, "0.3 s"), (99.0, "99 s"), (120.0, "2 min"), (330.0, "5.5 min"), (7200.0, "2 h")];
        for (seconds, text) in spans {
            assert_eq!(span(seconds), text);
        }
    }
}
