//! When a dead-letter queue grows, and what is said of it.

use chrono::TimeDelta;

use crate::analysis::fact::Quantity;
use crate::fixture::{Fixture, commands, function, info, minute, minutes, now, values};
use lambda_model::Arn;
use lambda_model::finding::{Kind, Severity};
use lambda_model::function::{EventSource, EventSourceKind, FunctionInfo};
use lambda_model::metric::Metric;
use lambda_model::observation::Payload;
use lambda_model::queue::QueueAttributes;

const QUEUE: &str = "arn:aws:sqs:eu-west-1:123456789012:failed";
const ORDERS: &str = "arn:aws:sqs:eu-west-1:123456789012:orders";

/// `checkout`, whose failed events go to a queue of these depths, a minute apart up to five seconds ago.
fn observed(depths: &[Option<u64>]) -> Fixture {
    let info = FunctionInfo { dead_letter_target: Some(Arn::new(QUEUE)), ..info("checkout") };
    read(Fixture::new().with(Payload::Functions(vec![info])), depths).read_before(0)
}

fn read(observed: Fixture, depths: &[Option<u64>]) -> Fixture {
    (0..).zip(depths.iter().rev()).fold(observed, |observed, (back, depth)| {
        let queue = |depth| QueueAttributes { depth, in_flight: 0, redrive_target: None };
        let observed = observed.read_before(5 + 60 * back);
        match depth {
            Some(depth) => observed.with(Payload::Queue(Arn::new(QUEUE), Some(queue(*depth)))),
            None => observed,
        }
    })
}

#[test]
fn a_queue_that_grows_is_found() {
    let at = |back: i64| Some(now() - TimeDelta::seconds(5) - TimeDelta::minutes(back));
    // Depths, oldest first -> the reading that began it, counted back from the newest.
    let cases: [(&[Option<u64>], Option<i64>); 12] = [
        (&[], None),
        (&[Some(50)], None),
        (&[Some(50), Some(50), Some(50), Some(50)], None),
        (&[Some(50), Some(40), Some(30), Some(20)], None),
        // AWS calls the number approximate: one more is chance, twice it is none.
        (&[Some(50), Some(50), Some(50), Some(51)], None),
        (&[Some(50), Some(50), Some(51), Some(52)], Some(1)),
        (&[Some(50), Some(50), Some(50), Some(80)], Some(0)),
        (&[Some(50), Some(60), Some(70), Some(80)], Some(2)),
        // Three readings that did not grow end it.
        (&[Some(50), Some(80), Some(80), Some(80)], Some(2)),
        (&[Some(50), Some(80), Some(80), Some(80), Some(80)], None),
        // A reading that is missing does not.
        (&[Some(50), Some(80), None, Some(80), Some(80)], Some(3)),
        (&[Some(50), None, None, None, None, None, None, Some(80)], None),
    ];
    for (depths, expected) in cases {
        let found = observed(depths).found(Kind::DeadLetterGrowing);
        let since = expected.and_then(at).map(|at| lambda_model::time::Minute::of(at).start());
        assert_eq!(found.as_ref().map(|found| found.since), since, "{depths:?}: {found:?}");
    }
}

#[test]
fn it_says_how_fast_and_how_to_look_inside() {
    let observed = observed(&[Some(50), Some(60), Some(70), Some(80)]);
    let found =
        observed.points(&function("checkout"), Metric::Invocations, &minutes("40 40")).found(Kind::DeadLetterGrowing);
    let found = found.unwrap();
    assert_eq!((found.severity, found.impact, found.confidence), (Severity::Warning, 10.0, 0.99));
    let numbers = [Quantity::MessagesArriving, Quantity::MessagesWaiting, Quantity::TimeToRetryAll]
        .map(|quantity| found.fact(quantity).unwrap().value);
    assert_eq!(numbers, [Some(10.0), Some(80.0), Some(120.0)]);
    let look = "aws sqs receive-message --queue-url https://sqs.eu-west-1.amazonaws.com/123456789012/failed \
                --max-number-of-messages 10 --visibility-timeout 0 --message-attribute-names All --region eu-west-1";
    assert_eq!(commands(&found), [look]);
}

#[test]
fn what_a_source_gave_up_can_be_moved_back() {
    let source = EventSource {
        uuid: "u-1".to_string(),
        function: "checkout".into(),
        source: Some(Arn::new(ORDERS)),
        kind: Some(EventSourceKind::Sqs),
        state: "Enabled".to_string(),
        batch_size: None,
        maximum_concurrency: None,
        on_failure: None,
        event_count: false,
    };
    let orders = QueueAttributes { depth: 0, in_flight: 0, redrive_target: Some(Arn::new(QUEUE)) };
    let observed = Fixture::new()
        .listed("checkout", &[])
        .with(Payload::EventSources(vec![source]))
        .with(Payload::Queue(Arn::new(ORDERS), Some(orders)));
    let found = read(observed, &[Some(0), Some(30), Some(60)]).found(Kind::DeadLetterGrowing).unwrap();
    assert_eq!(values(&found, Quantity::MessagesArriving), [30.0]);
    assert_eq!(commands(&found)[1], format!("aws sqs start-message-move-task --source-arn {QUEUE} --region eu-west-1"));
    assert!(found.since <= minute(0).start());
}
