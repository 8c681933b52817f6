//! What each observation changes of what is known.

use super::*;
use crate::fixture;
use lambda_model::Scope;
use lambda_model::function::{Alias, EventSource, FunctionInfo, InvokeConfig};
use lambda_model::metric::Statistic;
use lambda_model::queue::QueueAttributes;

fn at(minute: i64) -> DateTime<Utc> {
    Minute(minute).start()
}

fn learn(knowledge: &mut Knowledge, minute: i64, payload: Payload) -> News {
    knowledge.learn(&Observation { at: at(minute), scope: Scope::new(None, "eu-west-1"), payload })
}

/// A function that nobody changed lately.
fn info(name: &str) -> FunctionInfo {
    FunctionInfo { last_modified: None, ..fixture::info(name) }
}

fn listed(names: &[&str]) -> Payload {
    Payload::Functions(names.iter().map(|name| info(name)).collect())
}

fn points(name: &str, metric: Metric, minute: i64, value: f64) -> Payload {
    let id = SeriesId { subject: Subject::Function(name.into()), metric, statistic: Statistic::Sum };
    Payload::Points(vec![(id, vec![Point { minute: Minute(minute), value }])])
}

fn executed(name: &str, version: &str) -> Subject {
    Subject::Executed { function: name.into(), alias: "live".into(), version: version.into() }
}

fn versions(knowledge: &Knowledge, name: &str) -> Vec<String> {
    knowledge.versions(&name.into()).map(|(alias, version)| format!("{alias}:{version}")).collect()
}

fn names(functions: &BTreeSet<FunctionName>) -> Vec<&str> {
    functions.iter().map(FunctionName::as_str).collect()
}

#[test]
fn a_complete_list_drops_what_it_did_not_find() {
    let mut knowledge = Knowledge::default();
    learn(&mut knowledge, 1, listed(&["deleted", "stays"]));
    knowledge.active(Metric::Invocations, &[Subject::Function("new".into())]);
    learn(&mut knowledge, 5, listed(&["stays"]));
    let news = learn(&mut knowledge, 6, Payload::FunctionsComplete(at(4)));
    assert_eq!(news.gone, ["deleted".into()]);
    let known: Vec<_> = knowledge.functions().map(FunctionName::as_str).collect();
    assert_eq!(known, ["new", "stays"], "what is active may be newer than the list");
    // What was asked before comes back late.
    learn(&mut knowledge, 7, points("deleted", Metric::Errors, 6, 1.0));
    learn(&mut knowledge, 7, Payload::Aliases("deleted".into(), Vec::new()));
    assert!(!knowledge.knows(&"deleted".into()));
}

#[test]
fn a_log_group_is_news_when_it_is_another_one() {
    let mut knowledge = Knowledge::default();
    let mut groups = |info: FunctionInfo| {
        let news = learn(&mut knowledge, 1, Payload::Functions(vec![info]));
        news.places.iter().map(|(name, place)| format!("{name} {}", place.group)).collect::<Vec<String>>()
    };
    assert_eq!(groups(info("a")), ["a /aws/lambda/a"]);
    assert_eq!(groups(info("a")), [""; 0], "the same again");
    assert_eq!(groups(FunctionInfo { log_group: Some("/all".into()), ..info("a") }), ["a /all"]);
    assert_eq!(groups(info("a")), ["a /aws/lambda/a"], "back to the default group");
}

#[test]
fn trouble_is_errors_or_throttles_of_the_last_quarter_of_an_hour() {
    for (metric, value, troubled) in [
        (Metric::Errors, 1.0, true),
        (Metric::Throttles, 1.0, true),
        (Metric::Errors, 0.0, false),
        (Metric::Invocations, 1.0, false),
    ] {
        let mut knowledge = Knowledge::default();
        learn(&mut knowledge, 1, listed(&["a", "b"]));
        let news = learn(&mut knowledge, 10, points("a", metric, 10, value));
        assert_eq!(knowledge.is_troubled(&"a".into()), troubled, "{metric:?} {value}");
        assert_eq!(news.ranked.is_empty(), !troubled, "{metric:?} {value}");
        assert_eq!(news.outdated, news.ranked, "{metric:?} {value}");
        learn(&mut knowledge, 25, points("b", Metric::Invocations, 25, 1.0));
        assert_eq!(knowledge.is_troubled(&"a".into()), troubled, "{metric:?} {value}");
        let news = learn(&mut knowledge, 26, points("b", Metric::Invocations, 26, 1.0));
        assert!(!knowledge.is_troubled(&"a".into()));
        assert_eq!(news.ranked.is_empty(), !troubled, "it calms down by itself");
    }
}

#[test]
fn who_is_active_comes_from_a_listing_read_to_its_end() {
    let mut knowledge = Knowledge::default();
    let active = |knowledge: &Knowledge| -> Vec<String> {
        let on_screen = BTreeSet::new();
        knowledge.functions_with_metrics(&on_screen).map(ToString::to_string).collect()
    };
    learn(&mut knowledge, 1, listed(&["a", "b", "c"]));
    knowledge.active(Metric::Invocations, &[Subject::Function("a".into()), executed("a", "7")]);
    knowledge.active(Metric::Invocations, &[Subject::Function("b".into())]);
    assert_eq!(active(&knowledge), ["a", "b"], "known before the listing ends");
    knowledge.catalogued(Metric::Invocations, true);
    assert_eq!(versions(&knowledge, "a"), ["live:7"]);

    let known = knowledge.active(Metric::Invocations, &[Subject::Function("b".into())]);
    assert_eq!(names(&known), [""; 0], "nothing new");
    let ended = knowledge.catalogued(Metric::Invocations, false);
    assert_eq!(names(&ended), [""; 0]);
    assert_eq!(active(&knowledge), ["a", "b"], "a listing that broke off says nothing about the rest");

    knowledge.active(Metric::Invocations, &[Subject::Function("b".into())]);
    let ended = knowledge.catalogued(Metric::Invocations, true);
    assert_eq!(names(&ended), ["a"]);
    assert_eq!(active(&knowledge), ["b"]);
    assert_eq!(versions(&knowledge, "a"), Vec::<String>::new());
    let screen = BTreeSet::from(["c".into()]);
    assert_eq!(knowledge.functions_with_metrics(&screen).count(), 2, "what is on screen always");
}

#[test]
fn a_function_changed_lately_may_be_active_unlisted() {
    let mut knowledge = Knowledge::default();
    let deployed = FunctionInfo { last_modified: Some(at(100)), ..info("deployed") };
    learn(&mut knowledge, 101, Payload::Functions(vec![deployed, info("old")]));
    assert!(!knowledge.is_active(&"deployed".into()), "the time is not known yet");
    learn(&mut knowledge, 101, points("old", Metric::Invocations, 100, 1.0));
    assert!(knowledge.is_active(&"deployed".into()) && !knowledge.is_active(&"old".into()));
    let news = learn(&mut knowledge, 161, points("old", Metric::Invocations, 160, 1.0));
    assert!(!knowledge.is_active(&"deployed".into()));
    assert_eq!(names(&news.ranked), ["deployed"]);
}

#[test]
fn versions_are_those_that_ran_and_those_a_weight_points_to() {
    let mut knowledge = Knowledge::default();
    learn(&mut knowledge, 1, listed(&["a"]));
    knowledge.active(Metric::Invocations, &[executed("a", "6")]);
    knowledge.active(Metric::Throttles, &[executed("a", "5")]);
    let alias = |name: &str, additional: &[&str]| Alias {
        name: name.into(),
        version: "7".into(),
        additional: additional.iter().map(|version| ((*version).to_string(), 0.1)).collect(),
    };
    learn(&mut knowledge, 2, Payload::Aliases("a".into(), vec![alias("live", &["8"]), alias("plain", &[])]));
    assert_eq!(versions(&knowledge, "a"), ["live:6", "live:7", "live:8"]);
    assert!(knowledge.is_shifting(&"a".into()) && knowledge.may_be_deploying());
    let news = learn(&mut knowledge, 3, Payload::Aliases("a".into(), vec![alias("live", &["8"])]));
    assert_eq!(names(&news.ranked), [""; 0]);
    let news = learn(&mut knowledge, 4, Payload::Aliases("a".into(), vec![alias("live", &[])]));
    assert_eq!(versions(&knowledge, "a"), ["live:6"], "the canary is over");
    assert_eq!(names(&news.ranked), ["a"]);
    assert!(!knowledge.is_shifting(&"a".into()) && !knowledge.may_be_deploying());
}

#[test]
fn without_any_listing_every_function_may_be_active() {
    let mut knowledge = Knowledge::default();
    learn(&mut knowledge, 1, listed(&["a"]));
    assert_eq!(names(&knowledge.catalogue_fails(true)), ["a"]);
    assert_eq!(names(&knowledge.catalogue_fails(true)), [""; 0], "nothing new");
    assert!(knowledge.is_active(&"a".into()));
    knowledge.catalogue_fails(false);
    assert!(!knowledge.is_active(&"a".into()));
    knowledge.catalogued(Metric::Invocations, true);
    knowledge.catalogue_fails(true);
    assert!(!knowledge.is_active(&"a".into()), "what the listing said is kept");
}

#[test]
fn failed_events_are_followed_to_their_queues_and_topics() {
    let arn = |service: &str, name: &str| Some(Arn::new(format!("arn:aws:{service}:eu-west-1:123456789012:{name}")));
    let mut knowledge = Knowledge::default();
    let function = FunctionInfo { dead_letter_target: arn("sqs", "dead"), ..info("a") };
    let config = |on_failure| InvokeConfig { qualifier: "$LATEST".into(), on_failure };
    let source = |source, on_failure| EventSource {
        uuid: String::new(),
        function: "a".into(),
        source,
        kind: None,
        state: "Enabled".into(),
        batch_size: None,
        maximum_concurrency: None,
        on_failure,
        event_count: false,
    };
    let mut queues = Vec::new();
    for payload in [
        Payload::Functions(vec![function.clone()]),
        Payload::Functions(vec![function]),
        Payload::InvokeConfigs("a".into(), vec![config(arn("sns", "alarms")), config(arn("s3", "bucket"))]),
        Payload::EventSources(vec![
            source(arn("sqs", "orders"), None),
            source(arn("kinesis", "stream/clicks"), arn("sqs", "failed")),
        ]),
        Payload::Queue(
            Arn::new("arn:aws:sqs:eu-west-1:123456789012:orders"),
            Some(QueueAttributes { depth: 0, in_flight: 0, redrive_target: arn("sqs", "poisoned") }),
        ),
    ] {
        queues.extend(learn(&mut knowledge, 1, payload).queues);
    }
    let queues: Vec<&str> = queues.iter().map(Arn::name).collect();
    assert_eq!(queues, ["dead", "orders", "failed", "poisoned"], "each once");
    let subjects: Vec<_> = knowledge.failure_subjects().map(|(subject, _)| subject).collect();
    let queue = |name: &str| Subject::Queue(name.into());
    let topic = Subject::Topic("alarms".into());
    assert_eq!(subjects, [queue("dead"), queue("failed"), queue("orders"), queue("poisoned"), topic]);
}
