//! Which changes are reported, in which words, with which way back, and what is said to have come after them.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::analysis::fact::{Fact, Quantity, Subject};
use crate::analysis::finding::Finding;
use crate::fixture::{Fixture, commands, function, info, minute, now};
use lambda_model::change::{Change, Changed, Routing};
use lambda_model::finding::{Kind, Severity};
use lambda_model::function::FunctionInfo;
use lambda_model::metric::{Metric, Statistic};
use lambda_model::observation::Payload;

fn ago(minutes: i64) -> DateTime<Utc> {
    now() - TimeDelta::minutes(minutes)
}

/// `checkout` with changes, each with how many minutes ago it was.
fn observed(changes: &[(i64, Changed)]) -> Fixture {
    changes.iter().fold(Fixture::new().listed("checkout", &[]), |observed, (minutes, what)| {
        let change = Change { at: ago(*minutes), after: Some(ago(*minutes + 1)), what: what.clone() };
        observed.with(Payload::Changed("checkout".into(), change))
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
fn found(observed: &Fixture) -> Vec<Finding> {
    let kinds = [Kind::ChangeCode, Kind::ChangeConfiguration, Kind::ChangeAlias, Kind::ChangeConcurrency];
    kinds.into_iter().flat_map(|kind| observed.findings(kind)).collect()
}

#[test]
fn every_change_is_reported_with_the_way_back() {
    let split = || routing("7", &[("8", 0.1)]);
    let provisioned = |from, to| Changed::Provisioned { qualifier: "live".to_string(), from, to };
    let reserved = |from, to| Changed::Reserved { from, to };
    let weight = |version: &str, before: Option<f64>, now: Option<f64>| {
        Fact::new(Quantity::Weight, now).before(before).about(Subject::Version(version.to_string()))
    };
    let setting = |text: &str| Fact::new(Quantity::Changed, None).about(Subject::Setting(text.to_string()));
    let reservation = |before: Option<f64>| Fact::new(Quantity::ReservedConcurrency, 5.0).before(before);
    // The change -> what is different, and the last command.
    let cases = [
        (
            Changed::Code,
            vec![],
            "list-versions-by-function --function-name checkout --query Versions[-3:].[Version,LastModified]",
        ),
        (
            Changed::Configuration(vec!["memory 512 → 1024 MB".to_string(), "timeout 3 → 30 s".to_string()]),
            vec![setting("memory 512 → 1024 MB"), setting("timeout 3 → 30 s")],
            "get-function-configuration --function-name checkout",
        ),
        (Changed::Configuration(Vec::new()), vec![], "get-function-configuration --function-name checkout"),
        (
            alias("live", Some(routing("7", &[])), Some(split())),
            vec![weight("7", Some(1.0), Some(0.9)), weight("8", None, Some(0.1))],
            "update-alias --function-name checkout --name live --function-version 7 --routing-config \
             AdditionalVersionWeights={}",
        ),
        (
            alias("live", Some(split()), None),
            vec![weight("7", Some(0.9), None), weight("8", Some(0.1), None)],
            "create-alias --function-name checkout --name live --function-version 7 --routing-config \
             AdditionalVersionWeights={8=0.1}",
        ),
        (
            alias("live", None, Some(routing("7", &[]))),
            vec![weight("7", None, Some(1.0))],
            "get-alias --function-name checkout --name live",
        ),
        (
            reserved(Some(20), Some(5)),
            vec![reservation(Some(20.0))],
            "put-function-concurrency --function-name checkout --reserved-concurrent-executions 20",
        ),
        (reserved(None, Some(5)), vec![reservation(None)], "delete-function-concurrency --function-name checkout"),
        (
            provisioned(10, 0),
            vec![Fact::new(Quantity::ProvisionedConcurrency, 0.0).before(10.0)],
            "put-provisioned-concurrency-config --function-name checkout --qualifier live \
             --provisioned-concurrent-executions 10",
        ),
        (
            provisioned(0, 10),
            vec![Fact::new(Quantity::ProvisionedConcurrency, 10.0).before(0.0)],
            "delete-provisioned-concurrency-config --function-name checkout --qualifier live",
        ),
    ];
    for (change, different, command) in cases {
        let found = found(&observed(&[(5, change.clone())]));
        let [found] = &found[..] else { panic!("{change:?}: {found:?}") };
        let when = [Fact::instant(Quantity::Changed, ago(5)), Fact::instant(Quantity::LastSeenUnchanged, ago(6))];
        assert_eq!(found.facts, [&different[..], &when].concat(), "{change:?}");
        assert_eq!(commands(found).last(), Some(&format!("aws lambda {command} --region eu-west-1")), "{change:?}");
        assert_eq!((found.severity, found.since), (Severity::Info, ago(5)), "{change:?}");
        assert!(found.confidence >= 0.9 && found.impact <= 0.0, "{found:?}");
    }
}

#[test]
fn a_change_is_reported_for_an_hour_and_several_of_a_kind_together() {
    let code = |minutes: &[i64]| {
        let changes: Vec<_> = minutes.iter().map(|minutes| (*minutes, Changed::Code)).collect();
        observed(&changes).found(Kind::ChangeCode)
    };
    for (minutes, is_found) in [(0, true), (59, true), (60, true), (61, false), (-1, false)] {
        assert_eq!(code(&[minutes]).is_some(), is_found, "{minutes} minutes ago");
    }
    let both = code(&[30, 10]).unwrap();
    assert_eq!(both.since, ago(10), "the newest, as nothing went wrong after either");
    assert_eq!(both.fact(Quantity::RecentChanges), Some(&Fact::new(Quantity::RecentChanges, 2.0).at(ago(10))));
    // One finding for each alias.
    let to = || Some(routing("8", &[]));
    let aliases =
        observed(&[(5, alias("live", to(), None)), (6, alias("beta", to(), None)), (9, alias("live", None, to()))]);
    let named: Vec<_> = found(&aliases).into_iter().filter_map(|found| found.alias).collect();
    assert_eq!(named, ["beta", "live"]);
}

#[test]
fn a_change_that_nobody_saw_is_reported_by_when_it_was_modified() {
    let modified = |minutes, changes: &[(i64, Changed)]| {
        let info = FunctionInfo { last_modified: Some(ago(minutes)), ..info("checkout") };
        observed(changes).with(Payload::Functions(vec![info])).found(Kind::ChangeCode)
    };
    let found = modified(5, &[]).unwrap();
    assert_eq!(found.facts[0], Fact::instant(Quantity::LastModified, ago(5)));
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
        .with(Payload::Changed("checkout".into(), change))
        .points(&checkout, Metric::Invocations, &constant(calls))
        .statistic(&checkout, metric, statistic, &split)
        .found(Kind::ChangeCode)
        .unwrap()
}

#[test]
fn what_went_wrong_after_it_is_reported() {
    let (sum, average) = (Statistic::Sum, Statistic::Average);
    // What changed, before and after, and the invocations a minute -> the fact and what it costs a minute.
    let cases = [
        ((sum, Metric::Errors, 1.0, 20.0, 100.0), Some((Quantity::ErrorRate, (0.01, 0.2), 20.0))),
        ((sum, Metric::Throttles, 0.0, 25.0, 75.0), Some((Quantity::ThrottleRate, (0.0, 0.25), 25.0))),
        ((average, Metric::Duration, 100.0, 400.0, 100.0), Some((Quantity::AverageDuration, (0.1, 0.4), 0.0))),
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
        let (quantity, numbers, impact) = match expected {
            Some((quantity, (before, after), impact)) => (quantity, Some((Some(before), Some(after))), impact),
            None => (Quantity::ErrorRate, None, 0.0),
        };
        assert_eq!(found.fact(quantity).map(|fact| (fact.before, fact.value)), numbers, "{what}");
        assert!((found.impact - impact).abs() < 1e-9, "{what}");
    }
}
