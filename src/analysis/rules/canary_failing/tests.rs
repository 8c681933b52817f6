//! What is found of a failing canary, and the commands that take it back.

use crate::analysis::fact::Quantity;
use crate::fixture::{Fixture, commands, executed, now, values};
use lambda_model::deployment::{Deployment, Shifting};
use lambda_model::finding::{Kind, Severity};
use lambda_model::function::Alias;
use lambda_model::metric::{Metric, Statistic};
use lambda_model::observation::Payload;

/// `checkout:live`, a tenth of which goes to version 8 with `errors` a minute and the median `median_ms`.
fn split(errors: f64, median_ms: f64) -> Fixture {
    let alias =
        Alias { name: "live".to_string(), version: "7".to_string(), additional: [("8".to_string(), 0.1)].into() };
    let mut observed = Fixture::new().listed("checkout", &[]).with(Payload::Aliases("checkout".into(), vec![alias]));
    for (version, errors, calls, ms) in [("7", 1.0, 540.0, 40.0), ("8", errors, 60.0, median_ms)] {
        let subject = executed("checkout", "live", version);
        let points = |value: f64| -> Vec<(i64, f64)> { (0..15).map(|back| (back, value)).collect() };
        let medians: Vec<_> = (0..15).map(|back| (back, ms + 0.1 * (back % 3) as f64)).collect();
        observed = observed
            .points(&subject, Metric::Errors, &points(errors))
            .points(&subject, Metric::Invocations, &points(calls))
            .statistic(&subject, Metric::Duration, Statistic::P50, &medians);
    }
    observed
}

fn found(fixture: &Fixture) -> Vec<crate::analysis::finding::Finding> {
    let findings = fixture.snapshot().scopes[0].findings.clone();
    findings.into_iter().filter(|finding| finding.kind == Kind::CanaryFailing).collect()
}

#[test]
fn a_canary_that_fails_more_is_found_with_the_way_back() {
    let found = found(&split(4.0, 40.0));
    let [finding] = &found[..] else { panic!("{found:?}") };
    assert_eq!((finding.severity, finding.alias.as_deref()), (Severity::Critical, Some("live")));
    assert_eq!(values(finding, Quantity::Errors), [52.0, 13.0]);
    assert_eq!(finding.facts[0].of, Some(780.0));
    assert!((finding.confidence - 0.99).abs() < 1e-9);
    // 52 errors less the baseline's 780 · 13 / 7020, over 13 minutes.
    assert!((finding.impact - (52.0 - 780.0 * 13.0 / 7020.0) / 13.0).abs() < 1e-9, "{}", finding.impact);
    assert_eq!(
        commands(finding),
        ["aws lambda update-alias --function-name checkout --name live --function-version 7 --routing-config \
          AdditionalVersionWeights={} --region eu-west-1"]
    );
    assert_eq!(finding.fact(Quantity::ErrorRateDifference).unwrap().limit, Some(0.01));
    assert!(finding.fact(Quantity::ErrorsBeyondMargin).is_some_and(|fact| fact.at.is_some()), "{finding:?}");
}

#[test]
fn a_deployment_is_stopped_where_there_is_one() {
    let deployment = Deployment {
        id: "d-A1B2C3D4E".to_string(),
        application: None,
        group: None,
        config: None,
        status: "InProgress".to_string(),
        started: Some(now()),
        shifting: Some(Shifting::Canary { percent: 10, minutes: 5 }),
        auto_rollback: None,
        function: "checkout".into(),
        alias: "live".to_string(),
        current_version: None,
        target_version: None,
        target_weight: None,
    };
    let other = Deployment { alias: "beta".to_string(), id: "d-OTHER".to_string(), ..deployment.clone() };
    let observed = split(4.0, 40.0).with(Payload::Deployments(vec![other, deployment]));
    assert_eq!(
        commands(&found(&observed)[0])[0],
        "aws deploy stop-deployment --auto-rollback-enabled --deployment-id d-A1B2C3D4E --region eu-west-1"
    );
    let canary = observed.first().canaries["live"].clone();
    assert_eq!(canary.deployment.unwrap().next_step_in_s, Some(300));
}

#[test]
fn a_slow_canary_says_by_how_much() {
    let found = found(&split(0.0, 90.0));
    let ratio = &found[0].facts[0];
    assert_eq!((ratio.quantity, ratio.limit), (Quantity::DurationRatio, Some(1.25)));
    assert!(ratio.value.is_some_and(|ratio| (ratio - 2.25).abs() < 0.01), "{ratio:?}");
    assert!(found[0].fact(Quantity::DurationsBeyondMargin).is_some(), "{found:?}");
    assert!(found[0].impact <= 0.0, "none fails more");
}

#[test]
fn a_canary_that_is_as_good_is_not_found() {
    assert_eq!(found(&split(0.1, 40.0)), []);
}
