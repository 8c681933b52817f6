//! AWS `CodeDeploy`: the deployments that shift the traffic of aliases. All calls only read.

use async_trait::async_trait;
use aws_sdk_codedeploy::primitives::DateTime as SdkDateTime;
use aws_sdk_codedeploy::types::{
    ComputePlatform, DeploymentConfigInfo, DeploymentInfo as SdkInfo, DeploymentStatus, DeploymentTarget as SdkTarget,
    TrafficRoutingType,
};
use chrono::{DateTime, Utc};

use super::failure::lacks;
use super::page::page;
use super::session::Session;
use lambda_model::FunctionName;
use lambda_model::api::{DeploymentInfo, DeploymentTarget, Deployments, Page, Token};
use lambda_model::deployment::Shifting;
use lambda_model::failure::ApiError;

/// The states of running deployments; the others have succeeded, failed or been stopped.
const UNDER_WAY: [DeploymentStatus; 5] = [
    DeploymentStatus::Created,
    DeploymentStatus::Queued,
    DeploymentStatus::InProgress,
    DeploymentStatus::Baking,
    DeploymentStatus::Ready,
];

#[async_trait]
impl Deployments for Session {
    async fn deployments(&self, token: Token) -> Result<Page<String>, ApiError> {
        let answer = self
            .call(|clients| {
                clients
                    .codedeploy
                    .list_deployments()
                    .set_include_only_statuses(Some(UNDER_WAY.to_vec()))
                    .set_next_token(token.clone())
                    .send()
            })
            .await?;
        page("deployments", answer.deployments, answer.next_token, Some)
    }

    async fn described(&self, deployments: &[String]) -> Result<Vec<DeploymentInfo>, ApiError> {
        let answer = self
            .call(|clients| {
                clients.codedeploy.batch_get_deployments().set_deployment_ids(Some(deployments.to_vec())).send()
            })
            .await?;
        page("deploymentsInfo", answer.deployments_info, None, info).map(|page| page.items)
    }

    async fn targets(&self, deployment: &str, token: Token) -> Result<Page<String>, ApiError> {
        let answer = self
            .call(|clients| {
                clients
                    .codedeploy
                    .list_deployment_targets()
                    .deployment_id(deployment)
                    .set_next_token(token.clone())
                    .send()
            })
            .await?;
        page("targetIds", answer.target_ids, answer.next_token, Some)
    }

    async fn aliases_shifted(&self, deployment: &str, targets: &[String]) -> Result<Vec<DeploymentTarget>, ApiError> {
        let answer = self
            .call(|clients| {
                clients
                    .codedeploy
                    .batch_get_deployment_targets()
                    .deployment_id(deployment)
                    .set_target_ids(Some(targets.to_vec()))
                    .send()
            })
            .await?;
        page("deploymentTargets", answer.deployment_targets, None, target).map(|page| page.items)
    }

    async fn shifting(&self, config: &str) -> Result<Option<Shifting>, ApiError> {
        let answer = self
            .call(|clients| clients.codedeploy.get_deployment_config().deployment_config_name(config).send())
            .await?;
        answer.deployment_config_info.as_ref().map(shifting).ok_or_else(|| lacks("deploymentConfigInfo"))
    }
}

/// `None` for a deployment to another platform than Lambda.
fn info(sdk: SdkInfo) -> Option<DeploymentInfo> {
    if sdk.compute_platform != Some(ComputePlatform::Lambda) {
        return None;
    }
    Some(DeploymentInfo {
        id: sdk.deployment_id?,
        application: sdk.application_name,
        group: sdk.deployment_group_name,
        config: sdk.deployment_config_name,
        status: sdk.status?.as_str().to_string(),
        started: sdk.start_time.as_ref().and_then(instant),
        auto_rollback: sdk.auto_rollback_configuration.map(|configuration| configuration.enabled),
    })
}

fn target(sdk: SdkTarget) -> Option<DeploymentTarget> {
    let function = sdk.lambda_target?.lambda_function_info?;
    Some(DeploymentTarget {
        function: FunctionName::from(function.function_name.as_deref()?),
        alias: function.function_alias?,
        current_version: function.current_version,
        target_version: function.target_version,
        target_weight: weight(function.target_version_weight),
    })
}

/// AWS documents a percentage; an alias has a fraction. `CodeDeploy`'s percentages are whole numbers, so a value
/// between 0 and 1 is a fraction; 1 may be either, and 0 is the SDK's value for absent (docs/aws.md#codedeploy). The
/// alias has the weight, too.
fn weight(sdk: f64) -> Option<f64> {
    if sdk > 0.0 && sdk < 1.0 { Some(sdk) } else { (sdk > 1.0 && sdk <= 100.0).then_some(sdk / 100.0) }
}

fn shifting(config: &DeploymentConfigInfo) -> Option<Shifting> {
    let routing = config.traffic_routing_config.as_ref()?;
    let whole = |number: i32| u32::try_from(number).ok();
    match routing.r#type.as_ref()? {
        TrafficRoutingType::AllAtOnce => Some(Shifting::AllAtOnce),
        TrafficRoutingType::TimeBasedCanary => {
            let canary = routing.time_based_canary.as_ref()?;
            Some(Shifting::Canary {
                percent: whole(canary.canary_percentage)?,
                minutes: whole(canary.canary_interval)?,
            })
        }
        TrafficRoutingType::TimeBasedLinear => {
            let linear = routing.time_based_linear.as_ref()?;
            Some(Shifting::Linear {
                percent: whole(linear.linear_percentage)?,
                minutes: whole(linear.linear_interval)?,
            })
        }
        _ => None,
    }
}

fn instant(at: &SdkDateTime) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(at.secs(), at.subsec_nanos())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_is_read_where_its_unit_is_certain() {
        for (sdk, ours) in [
            (0.0, None),
            (0.1, Some(0.1)),
            (0.95, Some(0.95)),
            (1.0, None),
            (10.0, Some(0.1)),
            (100.0, Some(1.0)),
            (100.5, None),
            (-1.0, None),
            (f64::NAN, None),
        ] {
            assert_eq!(weight(sdk), ours, "{sdk}");
        }
    }
}
