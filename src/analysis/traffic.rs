//! Alias traffic: each version's configured weight against the share it really got.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::metrics::Durations;
use super::{Params, ratio};
use crate::store::state::{FunctionState, SeriesSet};
use lambda_model::metric::{Metric, Statistic};
use lambda_model::time::Minute;

/// An alias and what its versions did over the window.
#[derive(Clone, Debug, PartialEq)]
pub struct AliasTraffic {
    /// The alias.
    pub name: String,
    /// The version that gets the rest of the traffic; `None` until the alias itself was read.
    pub version: Option<String>,
    /// Additional versions and their weights.
    pub additional: BTreeMap<String, f64>,
    /// Requests to the alias that were throttled over the window: they ran no version.
    pub throttles: Option<f64>,
    /// The primary first, then the additional ones, then versions that ran but are no longer routed to.
    pub versions: Vec<VersionTraffic>,
}

impl AliasTraffic {
    /// Whether traffic is split between versions, now or within the window.
    pub(crate) fn is_split(&self) -> bool {
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
pub(crate) fn aliases(function: &FunctionState, params: Params, now: DateTime<Utc>) -> Vec<AliasTraffic> {
    let last = Minute::newest_complete(now);
    let window = (last.plus(1 - i64::from(params.window_minutes)), last);
    let configured = function.aliases.iter().flat_map(|read| &read.value);
    let mut aliases: Vec<AliasTraffic> = configured
        .map(|alias| AliasTraffic {
            name: alias.name.clone(),
            version: Some(alias.version.clone()),
            additional: alias.additional.clone(),
            throttles: None,
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
            // The metrics know an alias that has not been read yet.
            None => aliases.push(AliasTraffic {
                name: name.clone(),
                version: None,
                additional: BTreeMap::new(),
                throttles: None,
                versions: vec![traffic],
            }),
        }
    }
    for alias in &mut aliases {
        let throttled = function.qualified.get(&alias.name).and_then(|series| series.one(Metric::Throttles));
        alias.throttles =
            throttled.and_then(|series| series.range(window.0, window.1).flatten().reduce(|sum, one| sum + one));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Fixture, executed, minute, now};
    use lambda_model::function::Alias;
    use lambda_model::metric::Subject;
    use lambda_model::observation::Payload;

    /// The alias `live` of `f`: version 7, and what it splits off.
    fn live(additional: &[(&str, f64)]) -> Fixture {
        let additional = additional.iter().map(|(version, weight)| ((*version).to_string(), *weight)).collect();
        let alias = Alias { name: "live".to_string(), version: "7".to_string(), additional };
        Fixture::new().with(Payload::Aliases("f".into(), vec![alias]))
    }

    fn invoked(fixture: Fixture, version: &str, points: &[(i64, f64)]) -> Fixture {
        fixture.points(&executed("f", "live", version), Metric::Invocations, points)
    }

    fn only(fixture: &Fixture) -> AliasTraffic {
        let mut aliases = aliases(fixture.function("f"), Params::default(), now());
        assert_eq!(aliases.len(), 1, "{aliases:?}");
        aliases.remove(0)
    }

    /// Version, weight and share, in the order they stand.
    fn split(alias: &AliasTraffic) -> Vec<(&str, Option<f64>, Option<f64>)> {
        alias.versions.iter().map(|version| (version.version.as_str(), version.weight, version.share)).collect()
    }

    #[test]
    fn weights_stand_beside_the_shares_that_came() {
        let observed = invoked(invoked(live(&[("8", 0.1)]), "7", &[(0, 300.0), (3, 400.0)]), "8", &[(1, 300.0)]);
        let alias = only(&observed);
        assert_eq!(split(&alias), [("7", Some(0.9), Some(0.7)), ("8", Some(0.1), Some(0.3))]);
        assert_eq!(alias.version.as_deref(), Some("7"));
        assert_eq!(alias.versions[0].invocations, Some(700.0));
        assert_eq!(alias.versions[0].as_of, Some(minute(0)));
        assert!(alias.is_split());
    }

    #[test]
    fn throttled_requests_belong_to_the_alias() {
        let throttled = Subject::Qualified { function: "f".into(), qualifier: "live".into() };
        let observed = invoked(live(&[]), "7", &[(0, 30.0)]);
        assert_eq!(only(&observed).throttles, None);
        let observed = observed.points(&throttled, Metric::Throttles, &[(0, 5.0), (2, 7.0), (40, 100.0)]);
        assert_eq!(only(&observed).throttles, Some(12.0), "within the window");
    }

    #[test]
    fn without_traffic_there_is_no_share() {
        assert_eq!(split(&only(&live(&[("8", 0.1)]))), [("7", Some(0.9), None), ("8", Some(0.1), None)]);
        let silent = invoked(live(&[("8", 0.1)]), "7", &[(0, 0.0)]);
        assert_eq!(split(&only(&silent)), [("7", Some(0.9), None), ("8", Some(0.1), None)]);
        assert_eq!(only(&silent).versions[0].as_of, None, "a minute without invocations tells nothing");
        let one = invoked(live(&[("8", 0.1)]), "7", &[(0, 4.0)]);
        assert_eq!(split(&only(&one)), [("7", Some(0.9), Some(1.0)), ("8", Some(0.1), None)]);
    }

    #[test]
    fn a_version_no_longer_routed_to_has_a_share_and_no_weight() {
        let observed = invoked(invoked(live(&[]), "7", &[(0, 30.0)]), "6", &[(9, 10.0)]);
        assert_eq!(split(&only(&observed)), [("7", Some(1.0), Some(0.75)), ("6", None, Some(0.25))]);
        assert!(only(&observed).is_split(), "traffic was split within the window");
        let long_ago = invoked(invoked(live(&[]), "7", &[(0, 30.0)]), "6", &[(15, 10.0)]);
        assert_eq!(split(&only(&long_ago)), [("7", Some(1.0), Some(1.0))]);
        assert!(!only(&long_ago).is_split());
    }

    #[test]
    fn metrics_show_an_alias_before_it_is_read() {
        let observed = invoked(invoked(Fixture::new(), "7", &[(0, 3.0)]), "8", &[(0, 1.0)]);
        let alias = only(&observed);
        assert_eq!((alias.name.as_str(), &alias.version, alias.additional.len()), ("live", &None, 0));
        assert_eq!(split(&alias), [("7", None, Some(0.75)), ("8", None, Some(0.25))]);
    }

    #[test]
    fn the_window_is_its_complete_minutes_and_no_more() {
        let params = Params { window_minutes: 3, ..Params::default() };
        let invocations = |back: i64| {
            let observed = invoked(live(&[]), "7", &[(back, 5.0)]);
            aliases(observed.function("f"), params, now())[0].versions[0].invocations
        };
        let counted = [-1, 0, 1, 2, 3].map(|back| invocations(back).is_some());
        assert_eq!(counted, [false, true, true, true, false]);
    }

    #[test]
    fn errors_are_a_share_of_the_invocations() {
        let observed = invoked(live(&[]), "7", &[(0, 30.0), (1, 10.0)]);
        assert_eq!(only(&observed).versions[0].error_rate, None, "no point is not 0 errors");
        let observed = observed.points(&executed("f", "live", "7"), Metric::Errors, &[(0, 1.0), (1, 3.0)]);
        let version = &only(&observed).versions[0];
        assert_eq!((version.errors, version.error_rate), (Some(4.0), Some(0.1)));
    }

    #[test]
    fn durations_weigh_by_invocations_and_keep_the_longest() {
        let version = executed("f", "live", "7");
        let observed = invoked(live(&[]), "7", &[(0, 30.0), (1, 10.0), (3, 0.0)])
            .statistic(&version, Metric::Duration, Statistic::P50, &[(0, 100.0), (1, 300.0), (3, 9e9)])
            // Two minutes ago no invocations were read: those durations have no weight.
            .statistic(&version, Metric::Duration, Statistic::P99, &[(1, 300.0), (2, 9e9)])
            .statistic(&version, Metric::Duration, Statistic::Maximum, &[(0, 700.0), (1, 900.0), (2, 800.0)])
            .statistic(&version, Metric::Duration, Statistic::P95, &[(2, 9e9)]);
        let expected = Durations { avg: None, p50: Some(150.0), p95: None, p99: Some(300.0), max: Some(900.0) };
        assert_eq!(only(&observed).versions[0].duration_ms, expected);
    }
}
