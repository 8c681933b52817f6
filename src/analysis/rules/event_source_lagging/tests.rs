//! When an event source is not kept up with, and what is said of it.

use crate::analysis::fact::{Quantity, Subject as About};
use crate::fixture::{Fixture, commands, function, minute, minutes, values};
use lambda_model::Arn;
use lambda_model::finding::{Kind, Severity};
use lambda_model::function::{EventSource, EventSourceKind};
use lambda_model::metric::{Metric, Subject};
use lambda_model::observation::Payload;
use lambda_model::queue::QueueAttributes;

const ORDERS: &str = "arn:aws:sqs:eu-west-1:123456789012:orders";
const CLICKS: &str = "arn:aws:kinesis:eu-west-1:123456789012:stream/clicks";
const VIEWS: &str = "arn:aws:kinesis:eu-west-1:123456789012:stream/views";

fn source(arn: &str) -> EventSource {
    let arn = Arn::new(arn);
    EventSource {
        uuid: format!("uuid-{}", arn.name()),
        function: "checkout".into(),
        kind: EventSourceKind::of(Some(&arn)),
        source: Some(arn),
        state: "Enabled".to_string(),
        batch_size: None,
        maximum_concurrency: None,
        on_failure: None,
        event_count: false,
    }
}

/// `checkout` with these sources; the oldest record of its streams, ms, and the oldest message of its queue, s.
fn observed(sources: &[&str], iterator: &str, message: &str) -> Fixture {
    let sources = sources.iter().map(|arn| source(arn)).collect();
    Fixture::new()
        .listed("checkout", &[])
        .with(Payload::EventSources(sources))
        .points(&function("checkout"), Metric::Invocations, &minutes("90 90 90"))
        .points(&function("checkout"), Metric::IteratorAge, &minutes(iterator))
        .points(&Subject::Queue("orders".to_string()), Metric::QueueOldestMessageAge, &minutes(message))
}

/// The sources, the ages of the streams and of the queue, and how far behind which source it is.
type Case = (&'static [&'static str], &'static str, &'static str, Option<(f64, &'static str)>);

#[test]
fn the_source_that_is_furthest_behind_is_reported() {
    let cases: [Case; 8] = [
        (&[CLICKS, ORDERS], "200 200 200", "1 1 1", None),
        (&[CLICKS], "200 200 600000", "", Some((600.0, "clicks"))),
        (&[ORDERS], "", "1 1 900", Some((900.0, "orders"))),
        (&[CLICKS, ORDERS], "200 200 600000", "1 1 900", Some((900.0, "orders"))),
        (&[CLICKS, ORDERS], "200 200 1200000", "1 1 900", Some((1200.0, "clicks"))),
        // Streams share one metric: which of them it is, nothing tells.
        (&[CLICKS, VIEWS], "200 200 600000", "", Some((600.0, ""))),
        // A queue that is not its own.
        (&[CLICKS], "200 200 200", "900 900 900", None),
        (&[CLICKS, ORDERS], "- - -", "- - -", None),
    ];
    for (sources, iterator, message, expected) in cases {
        let found = observed(sources, iterator, message).found(Kind::EventSourceLagging);
        let age = found.as_ref().map(|found| {
            let age = &found.facts[0];
            let name = if let About::EventSource(name) = &age.subject { name.as_str() } else { "" };
            (age.value.unwrap(), name)
        });
        assert_eq!(age, expected, "{iterator} and {message}");
    }
}

#[test]
fn it_says_whether_it_gets_worse_and_where_to_look() {
    let depth = |observed: Fixture, seconds, depth| {
        let queue = QueueAttributes { depth, in_flight: 0, redrive_target: None };
        observed.read_before(seconds).with(Payload::Queue(Arn::new(ORDERS), Some(queue)))
    };
    let behind = |message: &str, then, now| {
        let observed = observed(&[ORDERS], "", message);
        depth(depth(observed, 125, then), 5, now).found(Kind::EventSourceLagging).unwrap()
    };
    let worse = behind("600 660 720", 1000, 1400);
    assert_eq!((worse.severity, worse.impact), (Severity::Warning, 90.0));
    assert_eq!(worse.since, minute(4).start());
    let numbers = [Quantity::AgeRise, Quantity::MessagesWaiting, Quantity::MessagesGrowth]
        .map(|quantity| worse.fact(quantity).unwrap().value);
    assert_eq!(numbers, [Some(60.0), Some(1400.0), Some(200.0)]);
    assert_eq!(commands(&worse)[0], "aws lambda get-event-source-mapping --uuid uuid-orders --region eu-west-1");
    let better = behind("720 660 600", 1400, 1000);
    assert_eq!(values(&better, Quantity::AgeRise), [-60.0]);
    assert!(better.confidence < worse.confidence);
}
