//! The order, the words and the places of findings.

use super::*;
use crate::analysis::forecast::Basis;
use crate::fixture::{Fixture, finding, now};
use lambda_model::metric::{Metric, Subject};

/// In Ireland a pool that is full, in Virginia a function that fails, a change of it and two queues that grow.
fn region() -> Snapshot {
    let mut snapshot = Fixture::new()
        .listed("checkout", &[(Metric::Invocations, 5.0)])
        .in_scope(Some("prod"), "us-east-1")
        .listed("payments", &[(Metric::Invocations, 5.0)])
        .snapshot();
    let pool = finding(Kind::ThrottleUnreservedPool, Severity::Critical, None, 90.0);
    snapshot.scopes[0].findings = vec![Finding { affected: vec!["checkout".into()], ..pool }];
    let queue = finding(Kind::DeadLetterGrowing, Severity::Warning, Some("payments"), 3.0);
    snapshot.scopes[1].findings = vec![
        finding(Kind::ErrorsRate, Severity::Critical, Some("payments"), 120.0),
        queue.clone(),
        Finding { impact: 2.0, ..queue },
        finding(Kind::ChangeCode, Severity::Info, Some("payments"), 0.0),
    ];
    snapshot
}

fn kinds(snapshot: &Snapshot, filter: &str) -> Vec<Kind> {
    rows(snapshot, filter).into_iter().map(|row| row.of(snapshot).unwrap().1.kind).collect()
}

#[test]
fn the_worst_of_all_scopes_comes_first() {
    let expected = [
        Kind::ErrorsRate,
        Kind::ThrottleUnreservedPool,
        Kind::DeadLetterGrowing,
        Kind::DeadLetterGrowing,
        Kind::ChangeCode,
    ];
    let snapshot = region();
    assert_eq!(kinds(&snapshot, ""), expected);
    let all: Vec<Kind> = snapshot.findings().into_iter().map(|(_, finding)| finding.kind).collect();
    assert_eq!(all, expected, "as everywhere");
}

#[test]
fn a_filter_looks_at_everything_that_is_said() {
    let snapshot = region();
    let cases: [(&str, &[Kind]); 7] = [
        ("CRITICAL prod", &[Kind::ErrorsRate]),
        ("unreserved_pool", &[Kind::ThrottleUnreservedPool]),
        ("checkout", &[Kind::ThrottleUnreservedPool]),
        ("payments change.", &[Kind::ChangeCode]),
        ("120 errors", &[Kind::ErrorsRate]),
        ("the region", &[Kind::ThrottleUnreservedPool]),
        ("nothing", &[]),
    ];
    for (filter, expected) in cases {
        assert_eq!(kinds(&snapshot, filter), expected, "{filter}");
    }
}

#[test]
fn findings_of_a_kind_about_one_function_are_distinguished() {
    let snapshot = region();
    let ids: Vec<FindingId> = rows(&snapshot, "").into_iter().map(|row| row.id(&snapshot).unwrap()).collect();
    for (place, id) in ids.iter().enumerate() {
        assert_eq!(ids.iter().position(|other| other == id), Some(place), "{id:?}");
    }
    let narrowed: Vec<FindingId> =
        rows(&snapshot, "dead_letter").into_iter().map(|row| row.id(&snapshot).unwrap()).collect();
    assert_eq!(narrowed, ids[2..4], "a filter does not change what they are known by");
}

#[test]
fn a_finding_leads_to_a_function() {
    let function = |snapshot: &Snapshot, filter| {
        rows(snapshot, filter)[0].function(snapshot).map(|id| format!("{} {}", id.scope, id.name))
    };
    let mut snapshot = region();
    assert_eq!(function(&snapshot, "errors.rate").as_deref(), Some("prod/us-east-1 payments"));
    assert_eq!(function(&snapshot, "pool").as_deref(), Some("eu-west-1 checkout"), "one that suffers");
    let hog = finding(Kind::ConcurrencyTopConsumer, Severity::Warning, Some("hog"), 1.0);
    snapshot.scopes[0].findings.push(hog);
    assert_eq!(function(&snapshot, "unreserved_pool").as_deref(), Some("eu-west-1 hog"), "one that takes most");
    snapshot.scopes[0].findings.truncate(1);
    snapshot.scopes[0].findings[0].affected.clear();
    assert_eq!(function(&snapshot, "pool"), None);
}

#[test]
fn the_worst_of_a_function_is_the_same_for_one_and_for_all() {
    let snapshot = region();
    for scope in &snapshot.scopes {
        let worst = worst(scope);
        for function in &scope.functions {
            let name = &function.state.name;
            assert_eq!(worst.get(name).copied(), worst_of(scope, name), "{name}");
        }
    }
    let worst = |scope: usize, name: &str| worst_of(&snapshot.scopes[scope], &name.into()).map(|finding| finding.kind);
    assert_eq!(worst(0, "checkout"), Some(Kind::ThrottleUnreservedPool));
    assert_eq!(worst(1, "payments"), Some(Kind::ErrorsRate));
    assert_eq!(worst(1, "checkout"), None);
}

#[test]
fn every_kind_has_a_word_of_its_own_that_fits_the_table() {
    let words: Vec<&str> = Kind::ALL.iter().map(|kind| word(*kind)).collect();
    for (place, word) in words.iter().enumerate() {
        assert!(word.len() <= 9, "{word}");
        assert!(!words[..place].contains(word), "{word}");
    }
}

#[test]
fn what_was_found_is_counted() {
    let expected = [
        ("2 critical".to_string(), Meaning::Critical),
        ("2 warning".to_string(), Meaning::Warning),
        ("1 info".to_string(), Meaning::Muted),
    ];
    assert_eq!(counts(&region()), expected);
}

#[test]
fn finding_nothing_says_over_what_it_looked() {
    let mut snapshot =
        Fixture::new().listed("f", &[]).points(&Subject::Region, Metric::Invocations, &[(0, 1.0)]).snapshot();
    assert_eq!(counts(&snapshot), []);
    // 09:59 is complete, and the two before it may still be restated.
    assert_eq!(nothing(&snapshot), "No findings · metrics settled up to 09:58Z");
    snapshot.scopes[0].pool.as_of = None;
    assert_eq!(nothing(&snapshot), "No findings · no metrics were read yet");
}

#[test]
fn facts_say_where_since_when_how_sure_and_who_suffers() {
    let snapshot = region();
    let mut found = snapshot.scopes[0].findings[0].clone();
    let shown = |found: &Finding| {
        let facts = facts(&snapshot.scopes[0], found, now()).into_iter();
        facts.map(|fact| format!("{} {}", fact.label, fact.value).trim().to_string()).collect::<Vec<_>>()
    };
    let expected = [
        "✗ critical",
        "in eu-west-1",
        "since 09:53Z (7m)",
        "confidence 92%",
        "impact 90 requests a minute",
        "suffers checkout",
    ];
    assert_eq!(shown(&found), expected);
    found.affected = ["a", "b", "c", "d", "e", "f"].map(Into::into).to_vec();
    assert_eq!(shown(&found).last().unwrap(), "suffers a, b, c, d and 2 more");
    (found.affected, found.impact) = (Vec::new(), 0.0);
    assert_eq!(shown(&found).last().unwrap(), "confidence 92%");
}

#[test]
fn a_forecast_is_a_range_that_is_never_narrower() {
    let shown = |low_s, high_s, basis| forecast(&Forecast { low_s, likely_s: low_s, high_s, as_of: now(), basis });
    let cases = [
        (140.0, 419.0, "2–7 min (logs)"),
        (130.0, 179.0, "2–3 min (logs)"),
        (240.0, 240.0, "4 min (logs)"),
        (12.2, 45.1, "12–46 s (logs)"),
        (-5.0, 30.0, "0–30 s (logs)"),
        (600.0, f64::INFINITY, "10 min or more (logs)"),
        (600.0, f64::NAN, "10 min or more (logs)"),
    ];
    for (low, high, expected) in cases {
        assert_eq!(shown(low, high, Basis::Logs), expected);
    }
    assert_eq!(shown(140.0, 419.0, Basis::Metrics), "2–7 min (metrics)");
}
