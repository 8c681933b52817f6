//! What is wrong with the settings, collected so that one error reports all of it.

use std::fmt;

use super::written::{Origin, Written};
use crate::error::Error;
use lambda_model::text::clean;

/// The Jaro similarity, 0 to 1, from which a key is taken for a misspelling of another.
const ALIKE: f64 = 0.75;

/// One thing that is wrong, and where. Ordered by place.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Problem {
    origin: Origin,
    text: String,
}

impl Problem {
    /// Something is wrong at `origin`.
    pub(super) fn new(origin: &Origin, text: impl Into<String>) -> Self {
        Self { origin: origin.clone(), text: text.into() }
    }

    /// `key` is set to something it cannot be.
    pub(super) fn value(origin: &Origin, key: &str, written: &Written, allowed: &str) -> Self {
        Self::new(origin, format!("{key} cannot be {written}; allowed: {allowed}"))
    }

    /// No setting is called `key`; `known` are those that exist.
    pub(super) fn unknown<'a>(origin: &Origin, key: &str, known: impl Iterator<Item = &'a str>) -> Self {
        let hint = nearest(key, known).map(|known| format!("; did you mean {known}?")).unwrap_or_default();
        Self::new(origin, format!("there is no setting {key}{hint}"))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.origin, self.text)
    }
}

/// One error for all the problems: a cause for each, in the order of the places.
pub(super) fn error(mut problems: Vec<Problem>) -> Error {
    problems.sort();
    // Cleaned one by one: a path with a line break in it must not look like a second cause.
    let causes: Vec<String> = problems.iter().map(|problem| clean(&problem.to_string()).into_owned()).collect();
    let in_file = problems.iter().any(|problem| matches!(problem.origin, Origin::File { .. }));
    let hint = if in_file {
        "correct the file, or run without it: --config /dev/null"
    } else {
        "correct it; `lamtop --help` explains the settings"
    };
    Error::usage("lamtop cannot start with these settings", causes.join("\n"), hint)
}

/// The known key that was most likely meant: the same name in another section, or a similar spelling.
fn nearest<'a>(key: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let name = |key: &str| key.rsplit('.').next().map(str::to_owned);
    let likeness = |known: &str| {
        let same_name = if name(key) == name(known) { 1.0 } else { 0.0 };
        strsim::jaro(key, known) + same_name
    };
    known
        .map(|known| (likeness(known), known))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_keys_lead_to_the_right_one() {
        let known = ["window", "region", "theme", "metrics.refresh_s", "queues.refresh_s", "sort"];
        for (written, meant) in [
            ("windwo", Some("window")),
            ("regions", Some("region")),
            ("srot", Some("sort")),
            ("metricks.refresh_s", Some("metrics.refresh_s")),
            ("queue.refresh_s", Some("queues.refresh_s")),
            ("metrics.window", Some("window")),
            ("xyzzy", None),
            ("", None),
        ] {
            assert_eq!(nearest(written, known.into_iter()), meant, "{written}");
        }
    }
}
