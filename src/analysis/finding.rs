//! A finding: what is wrong, since when, how sure that is, what it rests on, and what to do. Data only: rules build it,
//! `view` makes the sentences.

use std::cmp::Ordering;

use chrono::{DateTime, Utc};

use super::fact::{Fact, Quantity};
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
    /// Functions that suffer from it, when it is not about them alone: those that a full pool throttles.
    pub affected: Vec<FunctionName>,
    /// When it began, as far as is known: the first settled point that shows it.
    pub since: DateTime<Utc>,
    /// The probability that it is so, 0–1. Of findings with 0.9 about 90 % are right (`examples/evaluate`).
    pub confidence: f64,
    /// What it rests on, the most important first.
    pub facts: Vec<Fact>,
    /// What an operator would run next. lamtop never runs it.
    pub commands: Vec<Command>,
    /// What it costs now: requests a minute that fail, wait or are throttled. Orders findings of one severity.
    pub impact: f64,
}

/// A command, not yet quoted for a shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The program.
    pub program: &'static str,
    /// Its arguments, each as the program gets it.
    pub arguments: Vec<String>,
}

impl Finding {
    /// The worst first: by severity, then by impact, then by kind and name, so that the order is steady.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        let by_weight = other.severity.cmp(&self.severity).then(other.impact.total_cmp(&self.impact));
        by_weight
            .then_with(|| (self.kind, &self.function, &self.alias).cmp(&(other.kind, &other.function, &other.alias)))
    }

    /// Whether it is about `function`, or `function` suffers from it.
    pub(crate) fn concerns(&self, function: &FunctionName) -> bool {
        self.function.as_ref() == Some(function) || self.affected.contains(function)
    }

    /// The first fact with this quantity.
    pub(crate) fn fact(&self, quantity: Quantity) -> Option<&Fact> {
        self.facts.iter().find(|fact| fact.quantity == quantity)
    }
}
