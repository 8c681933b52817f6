//! Which changes are told, in which words, with which way back, and what is said to have come after them.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::analysis::finding::Finding;
use crate::fixture::{Fixture, function, info, minute, now};
use lambda_model::change::{Change, Changed, Routing};
use lambda_model::finding::{Kind, Severity};
use lambda_model::function::FunctionInfo;
use lambda_model::metric::{Metric, Statistic};
use lambda_model::observation::Payload;

fn ago(minutes: i64) -> DateTime<Utc> {
    now() - TimeDelta::minutes(minutes)
}

/// `checkout` with changes, each so many minutes ago.
fn told(changes: &[(i64, Changed)]) -> Fixture {
    changes.iter().fold(Fixture::new().listed("checkout", &[]), |told, (minutes, what)| {
        let change = Change { at: ago(*minutes), after: Some(ago(*minutes + 1)), what: what.clone() };
        told.told(Payload::Changed("checkout".into(), change))
    })
}

fn routing(version: &str, additional: &[(&str, f64)]) -> Routing {
    let additional: BTreeMap<_, _> = additional.iter().map(|(name, weight)| ((*name).to_string(), *weight)).collect();
    Routing { version: version.to_string(), additional }
}

fn alias(name: &str, from: Option<Routing>, to: Option<Routing>) -> Changed {
    Changed::Alias { name: name.to_string(), from, to }
}

/// The changes that are found, each by its kind.
fn found(told: &Fixture) -> Vec<Finding> {
    let kinds = [Kind::ChangeCode, Kind::ChangeConfiguration, Kind::ChangeAlias, Kind::ChangeConcurrency];
    kinds.into_iter().flat_map(|kind| told.findings(kind)).collect()
}

#[test]
fn every_change_is_told_with_the_way_back() {
    let split = || routing("7", &[("8", 0.1)]);
    let provisioned = |from, to| Changed::Provisioned { qualifier: "live".to_string(), from, to };
    let reserved = |from, to| Changed::Reserved { from, to };
    // The change -> the sentence, and the last command.
    let cases = [
        (
            Changed::Code,
            "The code of checkout was changed",
            "list-versions-by-function --function-name checkout --query 'Versions[-3:].[Version,LastModified]'",
        ),
        (
            Changed::Configuration(vec!["memory 512 → 1024 MB".to_string(), "timeout 3 → 30 s".to_string()]),
            "The configuration of checkout (memory 512 → 1024 MB, timeout 3 → 30 s) was changed",
            "get-function-configuration --function-name checkout",
        ),
        (
            Changed::Configuration(Vec::new()),
            "The configuration of checkout was changed",
            "get-function-configuration --function-name checkout",
        ),
        (
            alias("live", Some(routing("7", &[])), Some(split())),
            "Alias live of checkout was changed from version 7 to version 7 and 10 % to 8",
            "update-alias --function-name checkout --name live --function-version 7 --routing-config \
             'AdditionalVersionWeights={}'",
        ),
        (
            alias("live", Some(split()), None),
            "Alias live of checkout was deleted",
            "create-alias --function-name checkout --name live --function-version 7 --routing-config \
             'AdditionalVersionWeights={8=0.1}'",
        ),
        (
            alias("live", None, Some(routing("7", &[]))),
            "Alias live of checkout, version 7, was made",
            "get-alias --function-name checkout --name live",
        ),
        (
            reserved(Some(20), Some(5)),
            "The reservation of checkout was changed from 20 to 5",
            "put-function-concurrency --function-name checkout --reserved-concurrent-executions 20",
        ),
        (
            reserved(None, Some(5)),
            "The reservation of checkout was changed from none to 5",
            "delete-function-concurrency --function-name checkout",
        ),
        (
            provisioned(10, 0),
            "Provisioned concurrency of checkout:live was changed from 10 to 0",
            "put-provisioned-concurrency-config --function-name checkout --qualifier live \
             --provisioned-concurrent-executions 10",
        ),
        (
            provisioned(0, 10),
            "Provisioned concurrency of checkout:live was changed from 0 to 10",
            "delete-provisioned-concurrency-config --function-name checkout --qualifier live",
        ),
    ];
    for (change, words, command) in cases {
        let found = found(&told(&[(5, change.clone())]));
        let [found] = &found[..] else { panic!("{change:?}: {found:?}") };
        assert_eq!(found.summary, format!("{words} between 09:54:05 and 09:55:05"));
        assert_eq!(found.next.last(), Some(&format!("aws lambda {command} --region eu-west-1")), "{change:?}");
        assert_eq!((found.severity, found.since), (Severity::Info, ago(5)), "{change:?}");
        assert!(found.confidence >= 0.9 && found.impact <= 0.0, "{found:?}");
    }
}

#[test]
fn a_change_is_told_for_an_hour_and_several_of_a_kind_together() {
    let code = |minutes: &[i64]| {
        let changes: Vec<_> = minutes.iter().map(|minutes| (*minutes, Changed::Code)).collect();
        told(&changes).found(Kind::ChangeCode)
    };
    for (minutes, is_told) in [(0, true), (59, true), (60, true), (61, false), (-1, false)] {
        assert_eq!(code(&[minutes]).is_some(), is_told, "{minutes} minutes ago");
    }
    let both = code(&[30, 10]).unwrap();
    assert_eq!(both.since, ago(10), "the newest, as nothing went wrong after either");
    assert!(both.evidence.iter().any(|fact| fact.starts_with("2 such changes lately")), "{:?}", both.evidence);
    // One finding for each alias.
    let to = || Some(routing("8", &[]));
    let aliases =
        told(&[(5, alias("live", to(), None)), (6, alias("beta", to(), None)), (9, alias("live", None, to()))]);
    let named: Vec<_> = found(&aliases).into_iter().filter_map(|found| found.alias).collect();
    assert_eq!(named, ["beta", "live"]);
}

#[test]
fn a_change_that_nobody_saw_is_told_by_when_it_was_modified() {
    let modified = |minutes, changes: &[(i64, Changed)]| {
        let info = FunctionInfo { last_modified: Some(ago(minutes)), ..info("checkout") };
        told(changes).told(Payload::Functions(vec![info])).found(Kind::ChangeCode)
    };
    let found = modified(5, &[]).unwrap();
    assert_eq!(found.summary, "Code or configuration of checkout was changed at 09:55:05");
    assert!((found.confidence - 0.8).abs() < 1e-9 && found.since == ago(5));
    assert_eq!(modified(61, &[]), None, "long ago");
    assert_eq!(modified(5, &[(5, Changed::Configuration(Vec::new()))]), None, "what it was is known");
    let of_alias = modified(5, &[(5, alias("live", None, None))]);
    assert!(of_alias.is_some(), "an alias is none of the function's own");
}

/// `checkout`, changed ten minutes before the newest settled one, with a metric of these values before and after.
fn went(statistic: Statistic, metric: Metric, before: f64, after: f64, calls: f64) -> Finding {
    let checkout = function("checkout");
    let constant = |value: f64| (2..42).map(|back| (back, value)).collect::<Vec<_>>();
    let split: Vec<_> = (2..42).map(|back| (back, if back < 12 { after } else { before })).collect();
    let change = Change { at: minute(12).start() + TimeDelta::seconds(20), after: None, what: Changed::Code };
    Fixture::new()
        .listed("checkout", &[])
        .told(Payload::Changed("checkout".into(), change))
        .points(&checkout, Metric::Invocations, &constant(calls))
        .statistic(&checkout, metric, statistic, &split)
        .found(Kind::ChangeCode)
        .unwrap()
}

#[test]
fn what_went_wrong_after_it_is_told() {
    let (sum, average) = (Statistic::Sum, Statistic::Average);
    // What changed, before and after, with so many calls a minute -> the fact and what it costs a minute.
    let cases = [
        ((sum, Metric::Errors, 1.0, 20.0, 100.0), Some(("errors after it: 20 % (200 of 1000), before 1.0 %", 20.0))),
        (
            (sum, Metric::Throttles, 0.0, 25.0, 75.0),
            Some(("refused requests after it: 25 % (250 of 1000), before 0.0 %", 25.0)),
        ),
        ((average, Metric::Duration, 100.0, 400.0, 100.0), Some(("mean duration after it: 0.4 s, before 0.1 s", 0.0))),
        // What was so before is no effect, nor is what got better.
        ((sum, Metric::Errors, 20.0, 20.0, 100.0), None),
        ((sum, Metric::Errors, 20.0, 1.0, 100.0), None),
        ((average, Metric::Duration, 400.0, 100.0, 100.0), None),
        ((average, Metric::Duration, 100.0, 120.0, 100.0), None),
        ((average, Metric::Duration, 0.0, 0.0, 100.0), None),
        // Few calls tell nothing.
        ((average, Metric::Duration, 100.0, 400.0, 1.0), None),
        ((sum, Metric::Errors, 0.0, 0.3, 1.0), None),
        ((sum, Metric::Errors, 0.0, 0.0, 0.0), None),
    ];
    for ((statistic, metric, before, after, calls), expected) in cases {
        let found = went(statistic, metric, before, after, calls);
        let what = format!("{} from {before} to {after}: {found:?}", metric.name());
        let severity = if expected.is_some() { Severity::Warning } else { Severity::Info };
        assert_eq!(found.severity, severity, "{what}");
        assert_eq!(found.summary.ends_with("; then it went wrong"), expected.is_some(), "{what}");
        let (fact, impact) = expected.unwrap_or(("changed at 09:47:20", 0.0));
        assert!(found.evidence.contains(&fact.to_string()), "{what}");
        assert!((found.impact - impact).abs() < 1e-9, "{what}");
    }
}
