//! The sentence of every kind of finding.

use super::*;
use crate::analysis::fact::Fact;
use crate::fixture::{finding, minute};
use lambda_model::Arn;
use lambda_model::queue::{FailureTarget, TargetRole};

/// `checkout`, or the Region where `kind` is about it, with these facts.
fn with(kind: Kind, facts: &[Fact]) -> Finding {
    let is_of_region = matches!(kind, Kind::ThrottleUnreservedPool | Kind::ConcurrencyNearLimit);
    let found = finding(kind, Severity::Warning, (!is_of_region).then_some("checkout"), 0.0);
    Finding { facts: facts.to_vec(), ..found }
}

fn target(name: &str) -> Subject {
    let arn = Arn::new(format!("arn:aws:sqs:eu-west-1:123456789012:{name}"));
    Subject::Target(FailureTarget::new(TargetRole::DeadLetterQueue, &arn).unwrap())
}

fn number(quantity: Quantity, value: f64) -> Fact {
    Fact::new(quantity, value)
}

/// A kind, its facts and its sentence.
type Case = (Kind, Vec<Fact>, &'static str);

fn check(cases: Vec<Case>) {
    for (kind, facts, expected) in cases {
        assert_eq!(summary(&with(kind, &facts)), expected, "{kind}");
    }
}

fn hog() -> Fact {
    number(Quantity::Concurrency, 684.0).before(20.0).limit(1000.0).at_most()
}

#[test]
fn throttled_requests_have_their_sentences() {
    let throttled = number(Quantity::ThrottledRequests, 300.0).of(1500.0);
    check(vec![
        (
            Kind::ThrottleReservedZero,
            vec![throttled.clone()],
            "checkout is throttled 300 times a minute: its reserved concurrency is 0, so nothing runs",
        ),
        (
            Kind::ThrottleReservedLimit,
            vec![throttled.clone(), number(Quantity::ReservedConcurrency, 20.0)],
            "checkout is throttled 300 times a minute: its reserved concurrency of 20 is in use",
        ),
        (
            Kind::ThrottleUnreservedPool,
            vec![
                throttled.clone(),
                number(Quantity::ThrottledFunctions, 21.0),
                hog().about(Subject::Function("image-resize".into())),
            ],
            "image-resize took ≤ 684 of 1000; 21 functions are throttled 300 times a minute",
        ),
        (
            Kind::ThrottleUnreservedPool,
            vec![throttled.clone(), number(Quantity::ThrottledFunctions, 1.0)],
            "The unreserved pool is full; 1 function is throttled 300 times a minute",
        ),
        (
            Kind::ThrottleRequestRate,
            vec![
                throttled.clone(),
                number(Quantity::ReservedConcurrency, 2.0),
                number(Quantity::RequestRate, 25.0).limit(20.0),
            ],
            "checkout is throttled 300 times a minute: 25 a second exceed the rate of 20 a second of its reserved \
             concurrency of 2",
        ),
        (
            Kind::ThrottleRequestRate,
            vec![throttled.clone(), number(Quantity::RequestRate, 12_000.0).limit(10_000.0).about(Subject::Region)],
            "checkout is throttled 300 times a minute: the account's request rate of 10.0k a second is reached",
        ),
        (
            Kind::ThrottleScalingRate,
            vec![throttled.clone()],
            "checkout is throttled 300 times a minute: it needs more than 1000 new environments in 10 seconds",
        ),
        (
            Kind::ThrottleUnknown,
            vec![throttled],
            "checkout is throttled 300 times a minute, and no limit that lamtop sees was reached",
        ),
    ]);
}

#[test]
fn concurrency_and_failures_have_their_sentences() {
    check(vec![
        (
            Kind::ConcurrencyNearLimit,
            vec![number(Quantity::ClaimedConcurrency, 980.0).limit(1000.0), number(Quantity::PoolShare, 0.98)],
            "The Region claims 980 of 1000 concurrent executions (98%)",
        ),
        (
            Kind::ConcurrencyTopConsumer,
            vec![hog(), number(Quantity::PoolShare, 0.684).at_most()],
            "checkout takes ≤ 68% of a scarce pool: 684 of 1000, 20 before",
        ),
        (
            Kind::ConcurrencyProvisionedSpillover,
            vec![number(Quantity::ProvisionedSpillover, 80.0), number(Quantity::ProvisionedConcurrency, 10.0)],
            "checkout spills over 80 times a minute: its 10 provisioned environments are in use",
        ),
        (
            Kind::ErrorsRate,
            vec![number(Quantity::Errors, 600.0).over_minutes(2.0), number(Quantity::ErrorRate, 0.3)],
            "checkout fails 30% of its invocations: 300 errors a minute",
        ),
        (
            Kind::ErrorsTimeout,
            vec![number(Quantity::Timeouts, 30.0).at_most(), number(Quantity::Timeout, 30.0)],
            "checkout reaches its timeout of 30s at most 30 times a minute",
        ),
        (
            Kind::ErrorsOutOfMemory,
            vec![number(Quantity::OutOfMemory, 1.0).over_minutes(2.0), number(Quantity::MemorySize, 512.0)],
            "checkout ran out of memory 1 time in 2m: its memory of 512M is too small",
        ),
        (
            Kind::DurationNearTimeout,
            vec![number(Quantity::LongestDuration, 29.0).limit(30.0)],
            "checkout takes up to 29s of its timeout of 30s",
        ),
        (
            Kind::MemoryNearLimit,
            vec![number(Quantity::MemoryUsed, 500.0).limit(512.0)],
            "checkout uses 500M of its 512M of memory",
        ),
        (
            Kind::ColdStartSurge,
            vec![number(Quantity::ColdStarts, 80.0), number(Quantity::ColdStartShare, 0.29)],
            "checkout starts cold 80 times a minute, 29% of its invocations",
        ),
    ]);
}

#[test]
fn events_have_their_sentences() {
    let orders = || Subject::EventSource("orders".to_string());
    check(vec![
        (
            Kind::AsyncBacklog,
            vec![number(Quantity::OldestEventAge, 1020.0).before(700.0)],
            "checkout: events wait 17m before they are processed, and longer and longer",
        ),
        (
            Kind::AsyncBacklog,
            vec![number(Quantity::OldestEventAge, 900.0).before(900.0)],
            "checkout: events wait 15m before they are processed",
        ),
        (
            Kind::AsyncDropped,
            vec![
                number(Quantity::AsyncEventsDropped, 18.0).over_minutes(2.0),
                number(Quantity::FailureTargets, 1.0),
                Fact::new(Quantity::FailureTarget, None).about(target("failed")),
            ],
            "checkout: 9 asynchronous events a minute are dropped, kept in failed (dead-letter queue)",
        ),
        (
            Kind::AsyncDropped,
            vec![number(Quantity::AsyncEventsDropped, 9.0), number(Quantity::FailureTargets, 0.0)],
            "checkout: 9 asynchronous events a minute are dropped, and nothing keeps them",
        ),
        (
            Kind::AsyncDropped,
            vec![number(Quantity::AsyncEventsDropped, 9.0), Fact::new(Quantity::FailureTargets, None)],
            "checkout: 9 asynchronous events a minute are dropped, and where they go is not known",
        ),
        (
            Kind::DeadLetterGrowing,
            vec![number(Quantity::MessagesArriving, 10.0).about(target("failed"))],
            "checkout: failed events pile up in failed (dead-letter queue), 10 a minute more",
        ),
        (
            Kind::DeadLetterDeliveryFailing,
            vec![number(Quantity::LostEvents, 11.0)],
            "checkout loses failed events, 11 a minute: they do not reach the place that should keep them",
        ),
        (
            Kind::EventSourceLagging,
            vec![number(Quantity::OldestMessageAge, 900.0).about(orders())],
            "checkout is 15m behind orders",
        ),
        (
            Kind::EventSourceLagging,
            vec![number(Quantity::IteratorAge, 600.0)],
            "checkout is 10m behind its event source",
        ),
        (
            Kind::EventSourceDisabled,
            vec![
                Fact::new(Quantity::MappingDisabled, None).about(orders()),
                number(Quantity::MessagesWaiting, 400.0).about(orders()),
            ],
            "checkout does not read orders any more, where 400 messages wait",
        ),
    ]);
}

#[test]
fn recursion_and_canaries_have_their_sentences() {
    let version = |name: &str| Subject::Version(name.to_string());
    check(vec![
        (
            Kind::RecursionDropped,
            vec![number(Quantity::RecursiveInvocationsDropped, 12.0).over_minutes(2.0)],
            "checkout invokes itself in a loop: Lambda stops 6 chains a minute",
        ),
        (
            Kind::CanaryFailing,
            vec![
                number(Quantity::Errors, 52.0).of(780.0).about(version("8")),
                number(Quantity::Errors, 13.0).of(7020.0).about(version("7")),
            ],
            "checkout: the canary fails more invocations: version 8 52 of 780, version 7 13 of 7020",
        ),
        (
            Kind::CanaryFailing,
            vec![
                number(Quantity::DurationRatio, 2.25).about(version("8")),
                number(Quantity::Errors, 1.0).of(780.0).about(version("8")),
                number(Quantity::Errors, 13.0).of(7020.0).about(version("7")),
            ],
            "checkout: version 8 takes 2.25× as long as version 7",
        ),
        (
            Kind::CanarySplitOff,
            vec![number(Quantity::TrafficShare, 0.2).about(version("8")), number(Quantity::Weight, 0.1)],
            "checkout: version 8 gets 20% of the invocations, its weight is 10%",
        ),
    ]);
}

#[test]
fn a_change_is_shown_with_what_is_different_and_when() {
    let weight = |name: &str, before: Option<f64>, now: Option<f64>| {
        Fact::new(Quantity::Weight, now).before(before).about(Subject::Version(name.to_string()))
    };
    let setting = |text: &str| Fact::new(Quantity::Changed, None).about(Subject::Setting(text.to_string()));
    let modified = Fact::instant(Quantity::LastModified, minute(9).start());
    let cases: [(Kind, Vec<Fact>, &str); 9] = [
        (Kind::ChangeCode, vec![], "checkout: its code was changed"),
        (Kind::ChangeCode, vec![modified], "checkout: its code or configuration was changed"),
        (
            Kind::ChangeConfiguration,
            vec![setting("memory 512 → 1024 MB"), setting("timeout 3 → 30 s")],
            "checkout: its configuration (memory 512 → 1024 MB, timeout 3 → 30 s) was changed",
        ),
        (
            Kind::ChangeAlias,
            vec![weight("7", Some(1.0), Some(0.9)), weight("8", None, Some(0.1))],
            "checkout now sends 90% to version 7 and 10% to version 8, before all to version 7",
        ),
        (Kind::ChangeAlias, vec![weight("7", Some(1.0), None)], "checkout was deleted"),
        (Kind::ChangeAlias, vec![weight("7", None, Some(1.0))], "checkout was created and sends all to version 7"),
        (
            Kind::ChangeConcurrency,
            vec![Fact::new(Quantity::ReservedConcurrency, 5.0).before(20.0)],
            "checkout: reserved concurrency was changed from 20 to 5",
        ),
        (
            Kind::ChangeConcurrency,
            vec![Fact::new(Quantity::ReservedConcurrency, None).before(20.0)],
            "checkout: reserved concurrency was changed from 20 to none",
        ),
        (
            Kind::ChangeConcurrency,
            vec![Fact::new(Quantity::ProvisionedConcurrency, 0.0).before(10.0)],
            "checkout: provisioned concurrency was changed from 10 to 0",
        ),
    ];
    for (kind, facts, expected) in cases {
        let seen = Finding { severity: Severity::Info, since: minute(9).start(), ..with(kind, &facts) };
        assert_eq!(summary(&seen), format!("{expected} at 09:50Z"), "{kind}");
        let after = Fact::instant(Quantity::LastSeenUnchanged, minute(11).start());
        let wrong = Finding { severity: Severity::Warning, facts: [facts, vec![after]].concat(), ..seen };
        assert_eq!(summary(&wrong), format!("{expected} between 09:48Z and 09:50Z; then it went wrong"), "{kind}");
    }
}
