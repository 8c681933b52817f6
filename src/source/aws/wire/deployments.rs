//! `CodeDeploy` over real HTTP.

use chrono::DateTime;
use serde_json::{Value, json as value};

use super::server::{Answer, Server};
use super::{answering, json};
use lambda_model::api::{DeploymentInfo, DeploymentTarget, Deployments, Page};
use lambda_model::deployment::Shifting;
use lambda_model::failure::ApiError;

/// The operations called so far, each with the body of its request.
fn requested(server: &Server) -> Vec<(String, Value)> {
    let one = |request: &String| {
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        let target = head.lines().find_map(|line| line.strip_prefix("x-amz-target: CodeDeploy_20141006.")).unwrap();
        (target.to_string(), serde_json::from_str(body).unwrap())
    };
    server.requests().iter().map(one).collect()
}

fn answers(bodies: &[Value]) -> Vec<Answer> {
    bodies.iter().map(|body| json(&body.to_string())).collect()
}

#[tokio::test]
async fn deployments_under_way_are_listed_page_by_page() {
    let script = [value!({ "deployments": ["d-1", "d-2"], "nextToken": "more" }), value!({ "deployments": [] })];
    let (server, session) = answering(answers(&script)).await;
    let first = session.deployments(None).await.unwrap();
    assert_eq!(first, Page { items: vec!["d-1".into(), "d-2".into()], next: Some("more".into()) });
    assert_eq!(session.deployments(first.next).await, Ok(Page::last(Vec::new())));
    let statuses = value!(["Created", "Queued", "InProgress", "Baking", "Ready"]);
    let bodies =
        [value!({ "includeOnlyStatuses": statuses }), value!({ "includeOnlyStatuses": statuses, "nextToken": "more" })];
    assert_eq!(requested(&server), bodies.map(|body| ("ListDeployments".to_string(), body)));
}

#[tokio::test]
async fn only_deployments_to_lambda_are_read() {
    let script = [value!({ "deploymentsInfo": [
        {
            "deploymentId": "d-1",
            "applicationName": "shop",
            "deploymentGroupName": "checkout",
            "deploymentConfigName": "CodeDeployDefault.LambdaCanary10Percent5Minutes",
            "status": "InProgress",
            "createTime": 1.0,
            "startTime": 1.5,
            "autoRollbackConfiguration": { "enabled": true, "events": ["DEPLOYMENT_FAILURE"] },
            "computePlatform": "Lambda",
        },
        { "deploymentId": "d-2", "status": "Created", "computePlatform": "Lambda" },
        { "deploymentId": "d-3", "status": "InProgress", "computePlatform": "ECS" },
        { "deploymentId": "d-4", "computePlatform": "Lambda" },
    ] })];
    let (server, session) = answering(answers(&script)).await;
    let first = DeploymentInfo {
        id: "d-1".into(),
        application: Some("shop".into()),
        group: Some("checkout".into()),
        config: Some("CodeDeployDefault.LambdaCanary10Percent5Minutes".into()),
        status: "InProgress".into(),
        started: DateTime::from_timestamp_millis(1_500),
        auto_rollback: Some(true),
    };
    let second = DeploymentInfo {
        id: "d-2".into(),
        application: None,
        group: None,
        config: None,
        status: "Created".into(),
        started: None,
        auto_rollback: None,
    };
    let ids = ["d-1", "d-2", "d-3", "d-4"].map(String::from);
    assert_eq!(session.described(&ids).await, Ok(vec![first, second]));
    assert_eq!(requested(&server), [("BatchGetDeployments".to_string(), value!({ "deploymentIds": ids }))]);
}

#[tokio::test]
async fn a_deployments_targets_name_the_alias_and_its_versions() {
    let target = |function: Value| {
        value!({ "deploymentTargetType": "LambdaTarget", "lambdaTarget": {
        "deploymentId": "d-1", "targetId": "checkout", "status": "InProgress", "lambdaFunctionInfo": function,
    } })
    };
    let full = value!({
        "functionName": "checkout",
        "functionAlias": "live",
        "currentVersion": "41",
        "targetVersion": "42",
        "targetVersionWeight": 0.1,
    });
    let script = [
        value!({ "targetIds": ["checkout"], "nextToken": "more" }),
        value!({ "deploymentTargets": [
            target(full),
            target(value!({ "functionName": "cart", "functionAlias": "live" })),
            target(value!({ "functionName": "nameless" })),
            { "deploymentTargetType": "ECSTarget", "ecsTarget": { "targetId": "cluster:service" } },
        ] }),
    ];
    let (server, session) = answering(answers(&script)).await;
    let listed = session.targets("d-1", Some("page".into())).await;
    assert_eq!(listed, Ok(Page { items: vec!["checkout".into()], next: Some("more".into()) }));
    let ours = |function: &str, versions: Option<(&str, &str)>, target_weight| DeploymentTarget {
        function: function.into(),
        alias: "live".into(),
        current_version: versions.map(|(current, _)| current.to_string()),
        target_version: versions.map(|(_, target)| target.to_string()),
        target_weight,
    };
    let shifted = session.aliases_shifted("d-1", &["checkout".into()]).await;
    assert_eq!(shifted, Ok(vec![ours("checkout", Some(("41", "42")), Some(0.1)), ours("cart", None, None)]));
    let bodies = [
        ("ListDeploymentTargets".to_string(), value!({ "deploymentId": "d-1", "nextToken": "page" })),
        ("BatchGetDeploymentTargets".to_string(), value!({ "deploymentId": "d-1", "targetIds": ["checkout"] })),
    ];
    assert_eq!(requested(&server), bodies);
}

#[tokio::test]
async fn a_configuration_shows_how_traffic_is_shifted() {
    let canary =
        value!({ "type": "TimeBasedCanary", "timeBasedCanary": { "canaryPercentage": 15, "canaryInterval": 7 } });
    let linear =
        value!({ "type": "TimeBasedLinear", "timeBasedLinear": { "linearPercentage": 20, "linearInterval": 2 } });
    let cases = [
        (canary, Some(Shifting::Canary { percent: 15, minutes: 7 })),
        (linear, Some(Shifting::Linear { percent: 20, minutes: 2 })),
        (value!({ "type": "AllAtOnce" }), Some(Shifting::AllAtOnce)),
        (value!({ "type": "TimeBasedCanary" }), None),
        (value!({ "type": "ByTheMoon" }), None),
        (value!(null), None),
    ];
    for (routing, expected) in cases {
        let script =
            [value!({ "deploymentConfigInfo": { "computePlatform": "Lambda", "trafficRoutingConfig": routing } })];
        let (server, session) = answering(answers(&script)).await;
        assert_eq!(session.shifting("Shop.Slow").await, Ok(expected), "{routing}");
        let body = value!({ "deploymentConfigName": "Shop.Slow" });
        assert_eq!(requested(&server), [("GetDeploymentConfig".to_string(), body)]);
    }
}

#[tokio::test]
async fn an_answer_without_its_list_is_an_error() {
    let (_server, session) = answering(vec![json("{}")]).await;
    let lacking = |what: &str| ApiError::Unreachable(format!("the answer lacks {what}"));
    assert_eq!(session.deployments(None).await, Err(lacking("deployments")));
    assert_eq!(session.described(&["d-1".into()]).await, Err(lacking("deploymentsInfo")));
    assert_eq!(session.targets("d-1", None).await, Err(lacking("targetIds")));
    assert_eq!(session.aliases_shifted("d-1", &["f".into()]).await, Err(lacking("deploymentTargets")));
    assert_eq!(session.shifting("c").await, Err(lacking("deploymentConfigInfo")));
}

#[tokio::test]
async fn errors_of_codedeploy_have_their_kinds() {
    for (code, state, requests) in [
        ("ThrottlingException", "throttled", 3),
        ("AccessDeniedException", "denied", 1),
        ("ExpiredTokenException", "expired", 2),
        ("DeploymentNotStartedException", "ok", 1),
        ("DeploymentDoesNotExistException", "ok", 1),
        ("InvalidDeploymentIdException", "unsupported", 1),
    ] {
        let body = value!({ "__type": code }).to_string();
        let error = Answer::Http(400, "content-type: application/x-amz-json-1.1\r\n", body.into());
        let (server, session) = answering(vec![error]).await;
        let error = session.targets("d-1", None).await.unwrap_err();
        assert_eq!((error.state().word(), server.requests().len()), (state, requests), "{code}");
    }
}
