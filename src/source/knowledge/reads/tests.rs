//! What is a change and what is not, case by case, as it comes out of the knowledge that holds the reads.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;
use crate::fixture::{self, now};
use crate::source::knowledge::{Knowledge, News};
use lambda_model::Scope;
use lambda_model::metric::{Metric, Subject};
use lambda_model::observation::{Observation, Payload};

fn at(minute: i64) -> DateTime<Utc> {
    now() + TimeDelta::minutes(minute)
}

/// Knows that a function `f` exists, and nothing else of it.
fn knowledge() -> Knowledge {
    let mut knowledge = Knowledge::default();
    knowledge.active(Metric::Invocations, &[Subject::Function("f".into())]);
    knowledge
}

fn learn(knowledge: &mut Knowledge, minute: i64, payload: Payload) -> News {
    knowledge.learn(&Observation { at: at(minute), scope: Scope::new(None, "eu-west-1"), payload })
}

/// What is noticed when these are read, one a minute.
fn noticed(reads: impl IntoIterator<Item = Payload>) -> Vec<Change> {
    let mut knowledge = knowledge();
    let changes = (0..).zip(reads).flat_map(|(minute, payload)| learn(&mut knowledge, minute, payload).changes);
    changes.map(|(name, change)| (name.as_str() == "f").then_some(change).unwrap()).collect()
}

/// The code was last changed in this minute and hashes to this.
fn info(modified: i64, code: Option<&str>) -> FunctionInfo {
    FunctionInfo { last_modified: Some(at(modified)), code_sha256: code.map(String::from), ..fixture::info("f") }
}

fn configuration(words: &[&str]) -> Changed {
    Changed::Configuration(words.iter().map(ToString::to_string).collect())
}

/// A change whose time is known.
fn exactly(minute: i64, what: Changed) -> Change {
    Change { at: at(minute), after: None, what }
}

/// A change between the first read and this minute.
fn by(minute: i64, what: Changed) -> Change {
    Change { at: at(minute), after: Some(at(0)), what }
}

#[test]
fn a_function_changes_by_its_code_and_its_configuration() {
    let before = || FunctionInfo { timeout_s: Some(3), ..info(-60, Some("a")) };
    let larger = |info: FunctionInfo| FunctionInfo { memory_mb: Some(1024), ..info };
    let memory = || configuration(&["memory 512 → 1024 MB"]);
    let undated = |info: FunctionInfo| FunctionInfo { last_modified: None, ..info };
    let timed = |info: FunctionInfo| FunctionInfo { timeout_s: Some(3), ..info };
    for (case, first, second, expected) in [
        ("nothing", before(), before(), vec![]),
        ("code", before(), timed(info(-1, Some("b"))), vec![exactly(-1, Changed::Code)]),
        ("memory", before(), larger(timed(info(-1, Some("a")))), vec![exactly(-1, memory())]),
        ("a variable, say", before(), timed(info(-1, Some("a"))), vec![exactly(-1, configuration(&[]))]),
        (
            "both: the time is that of the later one",
            before(),
            larger(timed(info(-1, Some("b")))),
            vec![by(-1, Changed::Code), by(-1, memory())],
        ),
        ("undated", undated(before()), undated(larger(before())), vec![by(1, memory())]),
        ("undated code", undated(info(0, Some("a"))), undated(info(0, Some("b"))), vec![by(1, Changed::Code)]),
        ("a hash that was not read", info(-60, None), info(-60, Some("b")), vec![]),
        ("a hash that is not read", info(-60, Some("a")), info(-60, None), vec![]),
        ("a time that was not read", undated(before()), timed(info(-1, Some("a"))), vec![]),
        ("a time that is not read", before(), undated(timed(info(-1, Some("a")))), vec![]),
        ("an older read", before(), larger(timed(info(-61, Some("b")))), vec![]),
    ] {
        let reads = [first, second].map(|info| Payload::Functions(vec![info]));
        assert_eq!(noticed(reads), expected, "{case}");
    }
}

#[test]
fn what_is_different_is_said_in_words() {
    let dlq = Arn::new("arn:aws:sqs:eu-west-1:123456789012:lost");
    let before = info(-60, None);
    let after = FunctionInfo {
        memory_mb: Some(128),
        timeout_s: Some(60),
        runtime: Some("nodejs24.x".into()),
        snap_start: true,
        dead_letter_target: Some(dlq),
        log_group: Some("/shop/all".into()),
        system_log_level: Some("WARN".into()),
        ..info(-2, None)
    };
    let words = [
        "memory 512 → 128 MB",
        "timeout 30 → 60 s",
        "runtime nodejs22.x → nodejs24.x",
        "SnapStart off → on",
        "dead-letter target none → lost",
        "log group /aws/lambda/f → /shop/all",
        "system log level none → WARN",
    ];
    let reads = [before.clone(), after].map(|info| Payload::Functions(vec![info]));
    assert_eq!(noticed(reads), [exactly(-2, configuration(&words))]);
    let named = FunctionInfo { log_group: Some("/aws/lambda/f".into()), ..before.clone() };
    let unread = FunctionInfo { memory_mb: None, timeout_s: None, runtime: None, ..before.clone() };
    for (case, second) in [("the default, written out", named), ("not read", unread)] {
        assert_eq!(noticed([before.clone(), second].map(|info| Payload::Functions(vec![info]))), [], "{case}");
    }
}

fn alias(name: &str, version: &str, additional: &[(&str, f64)]) -> Alias {
    Alias {
        name: name.into(),
        version: version.into(),
        additional: additional.iter().map(|(version, weight)| ((*version).to_string(), *weight)).collect(),
    }
}

#[test]
fn an_alias_changes_by_its_versions_and_their_weights() {
    let routing = |version: &str, additional: &[(&str, f64)]| {
        let alias = alias("", version, additional);
        Some(Routing { version: alias.version, additional: alias.additional })
    };
    let changed = |from, to| vec![by(1, Changed::Alias { name: "live".into(), from, to })];
    let beta = || alias("beta", "9", &[]);
    let live = |version: &str, additional: &[(&str, f64)]| vec![alias("live", version, additional), beta()];
    for (case, first, second, expected) in [
        ("nothing", live("7", &[("8", 0.1)]), live("7", &[("8", 0.1)]), vec![]),
        ("another order", live("7", &[]), live("7", &[]).into_iter().rev().collect(), vec![]),
        ("a canary", live("7", &[]), live("7", &[("8", 0.1)]), changed(routing("7", &[]), routing("7", &[("8", 0.1)]))),
        ("a step", live("7", &[("8", 0.1)]), live("7", &[("8", 0.2)]), {
            changed(routing("7", &[("8", 0.1)]), routing("7", &[("8", 0.2)]))
        }),
        ("a promotion", live("7", &[("8", 0.2)]), live("8", &[]), {
            changed(routing("7", &[("8", 0.2)]), routing("8", &[]))
        }),
        ("a new alias", vec![beta()], live("7", &[]), changed(None, routing("7", &[]))),
        ("a deleted alias", live("7", &[]), vec![beta()], changed(routing("7", &[]), None)),
    ] {
        let reads = [first, second].map(|aliases| Payload::Aliases("f".into(), aliases));
        assert_eq!(noticed(reads), expected, "{case}");
    }
}

#[test]
fn concurrency_changes_by_what_is_asked_for() {
    let reserved = |from, to| vec![by(1, Changed::Reserved { from, to })];
    for (from, to, expected) in [
        (None, None, vec![]),
        (Some(5), Some(5), vec![]),
        (None, Some(0), reserved(None, Some(0))),
        (Some(5), Some(50), reserved(Some(5), Some(50))),
        (Some(5), None, reserved(Some(5), None)),
    ] {
        assert_eq!(noticed([from, to].map(|value| Payload::Reserved("f".into(), value))), expected, "{from:?} {to:?}");
    }
    let config =
        |requested, ready| Provisioned { qualifier: "live".into(), requested, available: ready, allocated: ready };
    let provisioned = |from, to| vec![by(1, Changed::Provisioned { qualifier: "live".into(), from, to })];
    for (case, first, second, expected) in [
        ("environments become ready", vec![config(5, 0)], vec![config(5, 5)], vec![]),
        ("more", vec![config(5, 5)], vec![config(9, 5)], provisioned(5, 9)),
        ("made", vec![], vec![config(5, 0)], provisioned(0, 5)),
        ("deleted", vec![config(5, 5)], vec![], provisioned(5, 0)),
    ] {
        assert_eq!(
            noticed([first, second].map(|configs| Payload::Provisioned("f".into(), configs))),
            expected,
            "{case}"
        );
    }
}

#[test]
fn the_bound_of_a_change_is_the_last_read_that_did_not_show_it() {
    let reads = [None, None, Some(5), Some(5)].map(|value| Payload::Reserved("f".into(), value));
    let what = Changed::Reserved { from: None, to: Some(5) };
    assert_eq!(noticed(reads), [Change { at: at(2), after: Some(at(1)), what }]);
}

#[test]
fn a_function_made_anew_is_a_new_one() {
    let mut knowledge = Knowledge::default();
    let mut changes = |minute, payload| learn(&mut knowledge, minute, payload).changes.len();
    let listed = || Payload::Functions(vec![info(-60, None)]);
    let reserved = |value| Payload::Reserved("f".into(), Some(value));
    assert_eq!(changes(0, listed()) + changes(0, reserved(5)), 0);
    assert_eq!(changes(1, reserved(6)), 1);
    assert_eq!(changes(3, Payload::FunctionsComplete(at(2))), 0, "it is gone");
    assert_eq!(changes(4, reserved(7)), 0, "an answer that comes late");
    assert_eq!(changes(5, listed()) + changes(5, reserved(8)), 0);
    assert_eq!(changes(6, reserved(9)), 1);
}

proptest! {
    /// Whatever is read in whatever order: each change leads from one value to another, and the changes of a fact
    /// join its first value with its last.
    #[test]
    fn changes_lead_from_the_first_value_to_the_last(values in proptest::collection::vec(proptest::option::of(0_u32..3), 1..30)) {
        let reads = values.iter().map(|value| Payload::Reserved("f".into(), *value));
        let mut value = values[0];
        for change in noticed(reads) {
            let Changed::Reserved { from, to } = change.what else { panic!("{change:?}") };
            prop_assert_eq!(from, value);
            prop_assert_ne!(from, to);
            prop_assert!(change.after.is_some_and(|after| after < change.at));
            value = to;
        }
        prop_assert_eq!(Some(&value), values.last());
    }

    #[test]
    fn weights_change_alias_by_alias(before in weights(), after in weights()) {
        let aliases = |weights: &BTreeMap<String, f64>| {
            weights.iter().map(|(name, weight)| alias(name, "7", &[("8", *weight)])).collect()
        };
        let found = noticed([&before, &after].map(|weights| Payload::Aliases("f".into(), aliases(weights))));
        let names: Vec<String> = found
            .into_iter()
            .map(|change| match change.what {
                Changed::Alias { name, .. } => name,
                other => panic!("{other:?}"),
            })
            .collect();
        let expected: Vec<String> =
            ["a", "b", "c"].into_iter().filter(|name| before.get(*name) != after.get(*name)).map(String::from).collect();
        prop_assert_eq!(names, expected);
    }
}

/// Aliases and the weight of their canaries.
fn weights() -> impl Strategy<Value = BTreeMap<String, f64>> {
    proptest::collection::btree_map("[abc]", prop_oneof![Just(0.1), Just(0.5)], 0..4)
}
