//! How near the Region's limit is near.

use crate::analysis::fact::Quantity;
use crate::fixture::{Fixture, commands, minute, minutes};
use lambda_model::finding::{Kind, Severity};
use lambda_model::function::AccountLimits;
use lambda_model::metric::{Metric, Subject};
use lambda_model::observation::Payload;

fn observed(claimed: &str) -> Fixture {
    let limits = AccountLimits { concurrent_executions: 1000, unreserved_concurrent_executions: Some(900) };
    Fixture::new().with(Payload::Limits(limits)).points(
        &Subject::Region,
        Metric::ClaimedAccountConcurrency,
        &minutes(claimed),
    )
}

#[test]
fn it_is_found_near_the_limit_and_at_it() {
    let cases = [
        ("500 500 500 500", None),
        ("800 800 800 800", None),
        // A maximum that only touches it is chance, twice it is none; beyond doubt it is found at once.
        ("500 500 500 910", None),
        ("500 500 910 910", Some(1)),
        ("500 500 500 1000", Some(0)),
        ("- - - -", None),
    ];
    for (claimed, expected) in cases {
        let found = observed(claimed).found(Kind::ConcurrencyNearLimit);
        let is = found.as_ref().map(|found| (minute(2).start() - found.since).num_minutes());
        assert_eq!(is, expected, "{claimed}: {found:?}");
    }
    // Without a limit nothing is near it.
    let unlimited = Fixture::new().points(&Subject::Region, Metric::ClaimedAccountConcurrency, &minutes("1000 1000"));
    assert_eq!(unlimited.found(Kind::ConcurrencyNearLimit), None);
}

#[test]
fn it_says_how_full_it_is_and_asks_for_more() {
    let found = observed("980 980 980 980").found(Kind::ConcurrencyNearLimit).unwrap();
    let claimed = found.fact(Quantity::ClaimedConcurrency).unwrap();
    assert_eq!((claimed.value, claimed.limit), (Some(980.0), Some(1000.0)));
    assert_eq!((found.severity, &found.function), (Severity::Warning, &None));
    assert_eq!(commands(&found)[0], "aws lambda get-account-settings --region eu-west-1");
    assert!(commands(&found)[1].contains("--desired-value 1400"), "{found:?}");
    let touched = observed("910 910 910 910").found(Kind::ConcurrencyNearLimit).unwrap();
    assert!(touched.confidence < found.confidence && found.confidence < 1.0);
}

#[test]
fn without_what_is_claimed_it_is_what_is_in_use_and_what_is_reserved() {
    let limits = AccountLimits { concurrent_executions: 1000, unreserved_concurrent_executions: Some(900) };
    let observed = |in_use: &str| {
        let observed = Fixture::new().with(Payload::Limits(limits));
        let in_use = minutes(in_use);
        observed
            .points(&Subject::Region, Metric::UnreservedConcurrentExecutions, &in_use)
            .found(Kind::ConcurrencyNearLimit)
    };
    assert_eq!(observed("700 700 700"), None);
    assert!(observed("880 880 880").is_some());
}
