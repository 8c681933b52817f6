//! Which mappings are disabled, and what that costs.

use chrono::TimeDelta;

use crate::analysis::fact::Quantity;
use crate::fixture::{Fixture, commands, minute, minutes, now, values};
use lambda_model::Arn;
use lambda_model::finding::{Kind, Severity};
use lambda_model::function::{EventSource, EventSourceKind};
use lambda_model::metric::{Metric, Subject};
use lambda_model::observation::Payload;
use lambda_model::queue::QueueAttributes;

const ORDERS: &str = "arn:aws:sqs:eu-west-1:123456789012:orders";

/// `checkout` with mappings of these states, whose queue has such a depth.
fn observed(states: &[&str], depth: Option<u64>) -> Fixture {
    let source = |(place, state): (usize, &&str)| EventSource {
        uuid: format!("u-{place}"),
        function: "checkout".into(),
        source: Some(Arn::new(ORDERS)),
        kind: Some(EventSourceKind::Sqs),
        state: (*state).to_string(),
        batch_size: None,
        maximum_concurrency: None,
        on_failure: None,
        event_count: false,
    };
    let sources = states.iter().enumerate().map(source).collect();
    let observed = Fixture::new().listed("checkout", &[]).with(Payload::EventSources(sources));
    let queue = |depth| QueueAttributes { depth, in_flight: 0, redrive_target: None };
    observed.with(Payload::Queue(Arn::new(ORDERS), depth.map(queue)))
}

#[test]
fn what_is_disabled_is_found_once() {
    for (states, expected) in [
        (&["Enabled"] as &[&str], None),
        (&[], None),
        (&["Creating", "Enabling", "Updating", "Deleting"], None),
        (&["Enabled", "Disabled"], Some(2)),
        (&["Disabling"], Some(2)),
        (&["Disabled", "Disabled"], Some(4)),
        (&["Disabled", "Disabled", "Disabled"], Some(4)),
    ] {
        let found = observed(states, Some(0)).found(Kind::EventSourceDisabled);
        assert_eq!(found.as_ref().map(|found| found.commands.len()), expected, "{states:?}");
        if let Some(found) = found {
            assert_eq!((found.severity, found.since), (Severity::Info, now()));
            assert!(matches!(found.facts[0].quantity, Quantity::MappingDisabled | Quantity::MappingDisabling));
        }
    }
}

#[test]
fn messages_that_pile_up_make_it_worse_and_tell_since_when() {
    let old = |observed: Fixture, ages: &str| {
        let subject = Subject::Queue("orders".to_string());
        observed
            .points(&subject, Metric::QueueOldestMessageAge, &minutes(ages))
            .found(Kind::EventSourceDisabled)
            .unwrap()
    };
    let found = old(observed(&["Disabled"], Some(400)), "600 660 720");
    assert_eq!(found.severity, Severity::Warning);
    assert_eq!(values(&found, Quantity::MessagesWaiting), [400.0]);
    assert_eq!(found.since, minute(2).plus(1).start() - TimeDelta::seconds(720), "the age is of a minute's end");
    assert_eq!(commands(&found)[1], "aws lambda update-event-source-mapping --enabled --uuid u-0 --region eu-west-1");
    // None wait, they do not wait long, and what is not known.
    for (depth, ages) in
        [(Some(0), "600 660 720"), (Some(400), "1 1 1 | 1 1"), (Some(400), "- - -"), (None, "600 660 720")]
    {
        assert_eq!(old(observed(&["Disabled"], depth), ages).severity, Severity::Info, "{depth:?} {ages}");
    }
    // An age beyond all time is none.
    assert_eq!(old(observed(&["Disabled"], Some(400)), "1e300").since, now());
}
