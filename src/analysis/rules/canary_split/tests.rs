//! When a split is off, and when chance or a change of the weights tell why.

use crate::analysis::fact::Quantity;
use crate::fixture::{Fixture, commands, executed, minute};
use lambda_model::change::{Change, Changed, Routing};
use lambda_model::finding::Kind;
use lambda_model::function::Alias;
use lambda_model::metric::Metric;
use lambda_model::observation::Payload;

/// The first and the last of some minutes, counted back, and the calls of version 7 and of version 8 in each.
type Span = (i64, i64, f64, f64);

/// What, the weight, minutes since the weights were changed, calls; whether it is found.
type Case = (&'static str, f64, Option<i64>, &'static [Span], bool);

/// `f:live` that sends `weight` to version 8; its weights were last changed `changed` minutes ago, if that was seen.
fn split(weight: f64, changed: Option<i64>, spans: &[Span]) -> Fixture {
    let additional: std::collections::BTreeMap<_, _> = [("8".to_string(), weight)].into();
    let alias = Alias { name: "live".to_string(), version: "7".to_string(), additional: additional.clone() };
    let mut observed = Fixture::new().listed("f", &[]).with(Payload::Aliases("f".into(), vec![alias]));
    if let Some(back) = changed {
        let to = Some(Routing { version: "7".to_string(), additional });
        let what = Changed::Alias { name: "live".to_string(), from: None, to };
        observed = observed.with(Payload::Changed("f".into(), Change { at: minute(back).start(), after: None, what }));
    }
    for (version, calls) in [("7", (|span| span.2) as fn(&Span) -> f64), ("8", |span| span.3)] {
        let points = spans.iter().flat_map(|span| (span.1..=span.0).rev().map(move |back| (back, calls(span))));
        let points: Vec<_> = points.filter(|(_, calls)| *calls > 0.0).collect();
        observed = observed.points(&executed("f", "live", version), Metric::Invocations, &points);
    }
    observed
}

#[test]
fn a_split_is_off_when_chance_and_changes_do_not_tell_why() {
    let cases: [Case; 13] = [
        ("as configured", 0.1, Some(30), &[(29, 0, 900.0, 100.0)], false),
        ("twice as much", 0.1, Some(30), &[(29, 0, 800.0, 200.0)], true),
        ("half as much", 0.1, Some(30), &[(29, 0, 950.0, 50.0)], true),
        ("none at all", 0.1, Some(30), &[(29, 0, 1000.0, 0.0)], true),
        ("a little more than that, of many calls", 0.1, Some(30), &[(29, 0, 89_000.0, 11_000.0)], false),
        ("few calls", 0.1, Some(30), &[(8, 4, 2.0, 1.0)], false),
        ("another weight before it was changed", 0.5, Some(5), &[(29, 5, 900.0, 100.0), (4, 0, 500.0, 500.0)], false),
        ("changed within the minutes that are not settled", 0.5, Some(1), &[(29, 0, 900.0, 100.0)], false),
        ("unseen, and never otherwise", 0.1, None, &[(29, 0, 800.0, 200.0)], true),
        ("unseen, and not for long", 0.1, None, &[(12, 0, 800.0, 200.0)], false),
        (
            "unseen, and other weights for half of the time",
            0.5,
            None,
            &[(29, 15, 900.0, 100.0), (14, 0, 500.0, 500.0)],
            false,
        ),
        ("unseen, and not called yet", 0.1, None, &[(29, 0, 1000.0, 0.0)], false),
        ("unseen, in two steps", 0.8, None, &[(29, 15, 900.0, 100.0), (14, 0, 700.0, 300.0)], false),
    ];
    for (what, weight, changed, spans, expected) in cases {
        let observed = split(weight, changed, spans);
        let findings = observed.snapshot().scopes[0].findings.clone();
        let found: Vec<_> = findings.iter().filter(|finding| finding.kind == Kind::CanarySplitOff).collect();
        assert_eq!(found.len(), usize::from(expected), "{what}: {found:?}");
    }
}

#[test]
fn it_tells_the_counts() {
    let observed = split(0.1, Some(30), &[(29, 0, 800.0, 200.0)]);
    let findings = observed.snapshot().scopes[0].findings.clone();
    let finding = findings.iter().find(|finding| finding.kind == Kind::CanarySplitOff).unwrap();
    let value = |quantity| finding.fact(quantity).unwrap().value;
    assert_eq!((value(Quantity::TrafficShare), value(Quantity::Weight)), (Some(0.2), Some(0.1)));
    let calls = finding.fact(Quantity::Invocations).unwrap();
    assert_eq!((calls.value, calls.of, calls.at), (Some(5200.0), Some(26_000.0), Some(minute(29).start())));
    assert_eq!(finding.since, minute(29).start());
    assert!(
        (finding.impact - 100.0).abs() < 1e-9,
        "a hundred invocations a minute run another version than they should"
    );
    assert_eq!(commands(finding)[0], "aws lambda get-alias --function-name f --name live --region eu-west-1");
}

#[test]
fn what_ran_after_the_weights_were_read_does_not_count() {
    let found = |read_before_s: i64| {
        let alias =
            Alias { name: "live".to_string(), version: "7".to_string(), additional: [("8".to_string(), 0.1)].into() };
        let observed = Fixture::new().read_before(read_before_s).with(Payload::Aliases("f".into(), vec![alias]));
        let mut observed = observed.read_before(0).listed("f", &[]);
        for (version, calls) in [("7", 500.0), ("8", 500.0)] {
            let points: Vec<_> = (0..30).map(|back| (back, calls)).collect();
            observed = observed.points(&executed("f", "live", version), Metric::Invocations, &points);
        }
        observed.snapshot().scopes[0].findings.iter().any(|finding| finding.kind == Kind::CanarySplitOff)
    };
    assert!(found(0) && !found(20 * 60), "somebody may have changed them since");
}
