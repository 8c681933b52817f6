//! A value with its label, as headers and panes line them up.

use super::meaning::Meaning;

/// A labelled value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fact {
    /// What it is.
    pub label: &'static str,
    /// The value, clean; `–` where it is not known.
    pub value: String,
    /// What it means.
    pub meaning: Meaning,
}
