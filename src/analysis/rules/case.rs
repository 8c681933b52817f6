//! What a rule sees and what it gives: a case, which is one function or the Region at one instant, and what it finds.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::held::{Held, Sign, held};
use crate::analysis::Params;
use crate::analysis::canary::Canary;
use crate::analysis::fact::Fact;
use crate::analysis::failures::DeadLetters;
use crate::analysis::finding::Command;
use crate::analysis::forecast::Forecast;
use crate::analysis::live::{FunctionLive, ScopeLive};
use crate::analysis::pool::Pool;
use crate::analysis::thresholds::Thresholds;
use crate::analysis::traffic::AliasTraffic;
use crate::store::state::{FunctionState, ScopeState, SeriesSet};
use lambda_model::finding::Severity;
use lambda_model::function::EventSource;
use lambda_model::metric::{Metric, Statistic};
use lambda_model::time::Minute;
use lambda_model::{FunctionName, Scope};

/// How many minutes a rule looks back for the start of what it finds.
pub(super) const LOOK_BACK: i64 = 60;

/// What finds one kind of finding in a case: nothing in nearly all. It is asked once for the Region and once for each
/// function, and passes over the cases that it is not about.
pub(crate) type Rule = fn(&Case<'_>) -> Vec<Found>;

/// A finding without what its rule and its case say anyway.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Found {
    /// How bad it is.
    pub severity: Severity,
    /// The alias it is about.
    pub alias: Option<String>,
    /// Functions that suffer, beside the one it is about.
    pub affected: Vec<FunctionName>,
    /// When it began.
    pub since: DateTime<Utc>,
    /// The probability that it is so, 0–1.
    pub confidence: f64,
    /// What it rests on, the most important first.
    pub facts: Vec<Fact>,
    /// `aws` commands.
    pub commands: Vec<Command>,
    /// Requests a minute that fail, wait or are throttled.
    pub impact: f64,
}

/// What a rule sees: one function, or the Region, at one instant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case<'a> {
    /// The instant.
    pub now: DateTime<Utc>,
    /// How things are read.
    pub params: &'a Params,
    /// The Region and the profile it is seen through: commands name them.
    pub scope: &'a Scope,
    /// The facts of the scope.
    pub state: &'a ScopeState,
    /// The pool at its newest complete minute, settled or not: for words, not for raising.
    pub pool: &'a Pool,
    /// What the logs say of the scope.
    pub live: &'a ScopeLive,
    /// When the Region's limit will be reached.
    pub forecast: Option<&'a Forecast>,
    /// The function it is about; `None` is the Region.
    pub function: Option<FunctionCase<'a>>,
}

/// The function that a case is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FunctionCase<'a> {
    /// Its facts and series.
    pub state: &'a FunctionState,
    /// What its logs say.
    pub live: Option<&'a FunctionLive>,
    /// Where its failed events end up.
    pub dead_letters: &'a [DeadLetters],
    /// What polls and invokes it.
    pub event_sources: &'a [EventSource],
    /// Its aliases and their traffic.
    pub aliases: &'a [AliasTraffic],
    /// The canaries of its weighted aliases, by alias.
    pub canaries: &'a BTreeMap<String, Canary>,
}

impl<'a> FunctionCase<'a> {
    /// Its name.
    pub(crate) fn name(&self) -> &'a FunctionName {
        &self.state.name
    }

    /// A metric that is read with one statistic, in a minute.
    pub(crate) fn value(&self, metric: Metric, minute: Minute) -> Option<f64> {
        self.state.series.one(metric)?.get(minute)
    }

    /// A statistic of a metric, in a minute.
    pub(crate) fn statistic(&self, metric: Metric, statistic: Statistic, minute: Minute) -> Option<f64> {
        self.state.series.get(metric, statistic)?.get(minute)
    }

    /// Whether there is any point of `metric`: without one most rules need not look.
    pub(crate) fn publishes(&self, metric: Metric) -> bool {
        self.state.series.one(metric).is_some()
    }
}

impl<'a> Case<'a> {
    /// The numbers to compare with.
    pub(crate) fn thresholds(&self) -> &'a Thresholds {
        &self.params.thresholds
    }

    /// The Region's own series.
    pub(crate) fn region(&self) -> &'a SeriesSet {
        &self.state.region
    }

    /// A Region's metric in a minute.
    pub(crate) fn region_value(&self, metric: Metric, minute: Minute) -> Option<f64> {
        self.region().one(metric)?.get(minute)
    }

    /// The newest minute that CloudWatch will not restate any more, but for invocations that still run.
    pub(crate) fn settled(&self) -> Minute {
        Minute::newest_complete(self.now).plus(-i64::from(self.params.provisional_minutes))
    }

    /// The settled minutes that are looked at, oldest first.
    pub(crate) fn minutes(&self) -> impl DoubleEndedIterator<Item = Minute> + use<> {
        let settled = self.settled();
        (settled.0 - LOOK_BACK + 1..=settled.0).map(Minute)
    }

    /// Whether `sign` holds over the settled minutes, and since when.
    pub(crate) fn held(&self, mut sign: impl FnMut(Minute) -> Sign) -> Option<Held> {
        // Nearly every function is well, and then the newest minutes show it: the others need not be looked at.
        let (mut quiet, mut shown) = (0, false);
        let mut signs = Vec::new();
        for minute in self.minutes().rev() {
            let sign = sign(minute);
            quiet += u32::from(sign == Sign::Absent);
            shown |= matches!(sign, Sign::Weak | Sign::Strong);
            if !shown && quiet >= self.thresholds().clear {
                return None;
            }
            signs.push((minute.start(), sign));
        }
        held(self.thresholds(), signs.into_iter().rev())
    }
}
