//! The truth about a scenario, which findings are measured against.

use serde::Deserialize;

use lambda_model::finding::Kind;

/// A fact that the scenario file states.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Truth {
    /// The kind of the expected finding; absent if there should be none, as for a good canary.
    pub kind: Option<Kind>,
    /// The function it is about; absent: the Region.
    pub function: Option<String>,
    /// The alias it is about.
    pub alias: Option<String>,
    /// How the canary behind the alias is.
    pub canary: Option<Verdict>,
    /// From when on it is true, minutes from the origin.
    pub from_min: f64,
    /// Until when; absent: for good.
    pub until_min: Option<f64>,
}

/// Whether a canary is worse than what it replaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is no worse.
    Good,
    /// It is worse.
    Bad,
}
