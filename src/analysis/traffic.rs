//! Alias traffic: each version's configured weight against the share it really got.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::metrics::Durations;
use super::{Params, ratio};
use crate::model::metric::{Metric, Statistic};
use crate::model::time::Minute;
use crate::store::state::{FunctionState, SeriesSet};

/// An alias and what its versions did over the window.
#[derive(Clone, Debug, PartialEq)]
pub struct AliasTraffic {
    /// The alias.
    pub name: String,
    /// The version that gets the rest of the traffic; `None` until the alias itself was read.
    pub version: Option<String>,
    /// Additional versions and their weights.
    pub additional: BTreeMap<String, f64>,
    /// The primary first, then the additional ones, then versions that ran but are no longer routed to.
    pub versions: Vec<VersionTraffic>,
}

impl AliasTraffic {
    /// Whether traffic is split between versions, now or within the window.
    pub fn is_split(&self) -> bool {
        !self.additional.is_empty() || self.versions.len() > 1
    }
}

/// What one version behind an alias did over the window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VersionTraffic {
    /// The version number.
    pub version: String,
    /// Its configured weight; `None` when the alias does not route to it (any more), or is not read yet.
    pub weight: Option<f64>,
    /// Its part of the alias's invocations.
    pub share: Option<f64>,
    /// Runs over the window.
    pub invocations: Option<f64>,
    /// Runs that ended in a function error.
    pub errors: Option<f64>,
    /// errors / invocations.
    pub error_rate: Option<f64>,
    /// Durations over the window: the minutes' percentiles, averaged with the invocations as weights
    /// (percentiles cannot be merged exactly; for a steady function the two agree), and their maximum.
    pub duration_ms: Durations,
    /// The newest minute with invocations.
    pub as_of: Option<Minute>,
}

/// The aliases of `function` over the last `params.window_minutes` complete minutes.
pub fn aliases(function: &FunctionState, params: Params, now: DateTime<Utc>) -> Vec<AliasTraffic> {
    let last = Minute::newest_complete(now);
    let window = (last.plus(1 - i64::from(params.window_minutes)), last);
    let configured = function.aliases.iter().flat_map(|read| &read.value);
    let mut aliases: Vec<AliasTraffic> = configured
        .map(|alias| AliasTraffic {
            name: alias.name.clone(),
            version: Some(alias.version.clone()),
            additional: alias.additional.clone(),
            versions: alias
                .weights()
                .into_iter()
                .map(|(version, weight)| VersionTraffic {
                    weight: Some(weight),
                    ..VersionTraffic::over(version, function.executed_by(&alias.name, version), window)
                })
                .collect(),
        })
        .collect();
    for ((name, version), series) in &function.executed {
        let known = aliases.iter().position(|alias| alias.name == *name);
        if known.is_some_and(|index| aliases[index].versions.iter().any(|seen| seen.version == *version)) {
            continue;
        }
        let traffic = VersionTraffic::over(version, Some(series), window);
        if traffic.invocations.is_none() {
            continue;
        }
        match known {
            Some(index) => aliases[index].versions.push(traffic),
            // The metrics tell of an alias that has not been read yet.
            None => aliases.push(AliasTraffic {
                name: name.clone(),
                version: None,
                additional: BTreeMap::new(),
                versions: vec![traffic],
            }),
        }
    }
    for alias in &mut aliases {
        let total = alias.versions.iter().filter_map(|version| version.invocations).sum::<f64>();
        for version in &mut alias.versions {
            version.share = ratio(version.invocations, Some(total));
        }
    }
    aliases
}

impl FunctionState {
    fn executed_by(&self, alias: &str, version: &str) -> Option<&SeriesSet> {
        self.executed.get(&(alias.to_string(), version.to_string()))
    }
}

impl VersionTraffic {
    fn over(version: &str, series: Option<&SeriesSet>, (from, to): (Minute, Minute)) -> Self {
        let mut traffic = Self { version: version.to_string(), ..Self::default() };
        let Some(series) = series else { return traffic };
        let points = |metric, statistic| {
            let series = series.get(metric, statistic);
            (from.0..=to.0).map(Minute).filter_map(move |minute| Some((minute, series?.get(minute)?)))
        };
        let sum = |metric| points(metric, Statistic::Sum).map(|(_, value)| value).reduce(|sum, value| sum + value);
        traffic.invocations = sum(Metric::Invocations);
        traffic.errors = sum(Metric::Errors);
        traffic.error_rate = ratio(traffic.errors, traffic.invocations);
        traffic.as_of = points(Metric::Invocations, Statistic::Sum)
            .filter(|(_, value)| *value > 0.0)
            .map(|(minute, _)| minute)
            .max();
        let invocations = series.get(Metric::Invocations, Statistic::Sum);
        traffic.duration_ms = Durations::read(|statistic| {
            if statistic == Statistic::Maximum {
                return points(Metric::Duration, statistic).map(|(_, value)| value).reduce(f64::max);
            }
            let weighted = points(Metric::Duration, statistic)
                .filter_map(|(minute, value)| Some((value, invocations?.get(minute)?)))
                .fold((0.0, 0.0), |(sum, weight), (value, calls)| (sum + value * calls, weight + calls));
            ratio(Some(weighted.0), Some(weighted.1))
        });
        traffic
    }
}
