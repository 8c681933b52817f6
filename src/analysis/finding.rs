//! A finding: what is wrong, since when, how sure that is, and what to do. Built by `rules`, ordered here.

use std::cmp::Ordering;

use chrono::{DateTime, Utc};

use lambda_model::FunctionName;
use lambda_model::finding::{Kind, Severity};

/// Something that a rule found.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What it is.
    pub kind: Kind,
    /// How bad it is.
    pub severity: Severity,
    /// The function it is about; `None` is the Region.
    pub function: Option<FunctionName>,
    /// The alias it is about.
    pub alias: Option<String>,
    /// Functions that suffer from it, when it is not about them alone: whose requests a full pool refuses.
    pub affected: Vec<FunctionName>,
    /// When it began, as far as is known: the first settled point that shows it.
    pub since: DateTime<Utc>,
    /// The probability that it is so, 0–1. Of findings with 0.9 about 90 % are right (`examples/evaluate.rs`).
    pub confidence: f64,
    /// One sentence: what is wrong.
    pub summary: String,
    /// The numbers it rests on, one fact a line.
    pub evidence: Vec<String>,
    /// `aws` commands, ready to paste, for what an operator would do next. lamtop never runs them.
    pub next: Vec<String>,
    /// What it costs now: requests a minute that fail, wait or are refused. Orders findings of one severity.
    pub impact: f64,
}

impl Finding {
    /// The worst first: by severity, then by impact, then by kind and name, so that the order is steady.
    pub fn order(&self, other: &Self) -> Ordering {
        let by_weight = other.severity.cmp(&self.severity).then(other.impact.total_cmp(&self.impact));
        by_weight
            .then_with(|| (self.kind, &self.function, &self.alias).cmp(&(other.kind, &other.function, &other.alias)))
    }

    /// Whether it is about `function`, or `function` suffers from it.
    pub fn concerns(&self, function: &FunctionName) -> bool {
        self.function.as_ref() == Some(function) || self.affected.contains(function)
    }
}
