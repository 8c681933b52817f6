//! The rules: each is a small pure object that says whether one kind of finding holds, since when and why.
//!
//! A rule sees a [`Case`], which is one function or the Region at one instant, and only what is settled in it: points
//! that CloudWatch may still restate never raise a finding. Rules never see each other's findings, and none of them
//! keeps anything: what opened and what closed is read off the series each time ([`held`](mod@held)), so a snapshot taken once
//! finds what an app finds that has run for an hour.

mod advice;
mod async_backlog;
mod async_dropped;
mod canary_failing;
mod canary_split;
mod change_alias;
mod change_code;
mod change_concurrency;
mod change_configuration;
mod change_effect;
mod changed;
mod cold_start_surge;
mod counted;
mod dead_letter_delivery_failing;
mod dead_letter_growing;
mod depths;
mod duration_near_timeout;
mod errors_out_of_memory;
mod errors_rate;
mod errors_timeout;
mod event_source_disabled;
mod event_source_lagging;
pub mod held;
mod memory_near_limit;
mod near_limit;
mod recursion_dropped;
mod seen;
mod spillover;
mod throttle;
mod top_consumer;
mod words;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::Params;
use super::canary::Canary;
use super::failures::DeadLetters;
use super::finding::Finding;
use super::forecast::Forecast;
use super::live::{FunctionLive, ScopeLive};
use super::pool::Pool;
use super::thresholds::Thresholds;
use super::traffic::AliasTraffic;
use crate::store::state::{FunctionState, ScopeState, SeriesSet};
use held::{Held, Sign, held};
use lambda_model::finding::{Kind, Severity};
use lambda_model::function::EventSource;
use lambda_model::metric::{Metric, Statistic};
use lambda_model::time::Minute;
use lambda_model::{FunctionName, Scope};

/// A rule looks back so many minutes for the begin of what it finds.
const LOOK_BACK: i64 = 60;

/// Every rule, in the order of the contract.
const RULES: &[&dyn Rule] = &[
    &throttle::Throttle(Kind::ThrottleReservedZero),
    &throttle::Throttle(Kind::ThrottleReservedLimit),
    &throttle::UnreservedPool,
    &throttle::Throttle(Kind::ThrottleRequestRate),
    &throttle::Throttle(Kind::ThrottleScalingRate),
    &throttle::Throttle(Kind::ThrottleUnknown),
    &near_limit::NearLimit,
    &top_consumer::TopConsumer,
    &spillover::Spillover,
    &errors_rate::ErrorsRate,
    &errors_timeout::ErrorsTimeout,
    &errors_out_of_memory::ErrorsOutOfMemory,
    &duration_near_timeout::DurationNearTimeout,
    &memory_near_limit::MemoryNearLimit,
    &cold_start_surge::ColdStartSurge,
    &async_backlog::AsyncBacklog,
    &async_dropped::AsyncDropped,
    &dead_letter_growing::DeadLetterGrowing,
    &dead_letter_delivery_failing::DeadLetterDeliveryFailing,
    &event_source_lagging::EventSourceLagging,
    &event_source_disabled::EventSourceDisabled,
    &recursion_dropped::RecursionDropped,
    &canary_failing::CanaryFailing,
    &canary_split::CanarySplitOff,
    &change_code::ChangeCode,
    &change_configuration::ChangeConfiguration,
    &change_alias::ChangeAlias,
    &change_concurrency::ChangeConcurrency,
];

/// One kind of finding.
pub trait Rule: Sync {
    /// What it finds.
    fn kind(&self) -> Kind;

    /// What it finds in this case: nothing in nearly all. Called once for the Region and once for each function; a
    /// rule passes over the cases that it is not about.
    fn check(&self, case: &Case<'_>) -> Vec<Found>;
}

/// A finding without what its rule and its case tell anyway.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
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
    /// One sentence.
    pub summary: String,
    /// One fact a line.
    pub evidence: Vec<String>,
    /// `aws` commands.
    pub next: Vec<String>,
    /// Requests a minute that fail, wait or are refused.
    pub impact: f64,
}

/// What a rule sees: one function, or the Region, at one instant.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
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
pub struct FunctionCase<'a> {
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
    /// When its reservation will be reached.
    pub forecast: Option<&'a Forecast>,
}

impl<'a> FunctionCase<'a> {
    /// Its name.
    pub fn name(&self) -> &'a FunctionName {
        &self.state.name
    }

    /// A metric that is read with one statistic, in a minute.
    pub fn value(&self, metric: Metric, minute: Minute) -> Option<f64> {
        self.state.series.one(metric)?.get(minute)
    }

    /// A statistic of a metric, in a minute.
    pub fn statistic(&self, metric: Metric, statistic: Statistic, minute: Minute) -> Option<f64> {
        self.state.series.get(metric, statistic)?.get(minute)
    }

    /// Whether there is any point of `metric`: without one most rules need not look.
    pub fn publishes(&self, metric: Metric) -> bool {
        self.state.series.one(metric).is_some()
    }
}

impl<'a> Case<'a> {
    /// The numbers to compare with.
    pub fn thresholds(&self) -> &'a Thresholds {
        &self.params.thresholds
    }

    /// The Region's own series.
    pub fn region(&self) -> &'a SeriesSet {
        &self.state.region
    }

    /// A Region's metric in a minute.
    pub fn region_value(&self, metric: Metric, minute: Minute) -> Option<f64> {
        self.region().one(metric)?.get(minute)
    }

    /// The newest minute that CloudWatch will not restate any more, but for invocations that still run.
    pub fn settled(&self) -> Minute {
        Minute::newest_complete(self.now).plus(-i64::from(self.params.provisional_minutes))
    }

    /// The settled minutes that are looked at, oldest first.
    pub fn minutes(&self) -> impl DoubleEndedIterator<Item = Minute> + use<> {
        let settled = self.settled();
        (settled.0 - LOOK_BACK + 1..=settled.0).map(Minute)
    }

    /// Whether `sign` holds over the settled minutes, and since when.
    pub fn held(&self, mut sign: impl FnMut(Minute) -> Sign) -> Option<Held> {
        // Nearly every function is well, and then the newest minutes tell: the others need not be looked at.
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

    /// The `--profile` and `--region` of a command that acts where this was seen.
    pub fn place(&self) -> String {
        let profile = self.scope.profile.as_ref().map(|profile| format!(" --profile {profile}")).unwrap_or_default();
        format!("--region {}{profile}", self.scope.region)
    }
}

/// Everything that is found in a scope, the worst first.
pub fn findings<'a>(region: Case<'a>, functions: impl Iterator<Item = FunctionCase<'a>>) -> Vec<Finding> {
    let cases = std::iter::once(region).chain(functions.map(|function| Case { function: Some(function), ..region }));
    let mut findings = Vec::new();
    for case in cases {
        for rule in RULES {
            let function = case.function.map(|function| function.name().clone());
            findings.extend(rule.check(&case).into_iter().map(|found| Finding {
                kind: rule.kind(),
                severity: found.severity,
                function: function.clone(),
                alias: found.alias,
                affected: found.affected,
                since: found.since,
                confidence: found.confidence,
                summary: found.summary,
                evidence: found.evidence,
                next: found.next,
                impact: found.impact,
            }));
        }
    }
    findings.sort_by(Finding::order);
    findings
}

#[cfg(test)]
mod tests;
