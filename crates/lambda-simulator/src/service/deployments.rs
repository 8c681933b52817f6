//! The simulated `CodeDeploy`: a deployment for each canary that the scenario says has one, while it gets traffic.

use async_trait::async_trait;

use super::{Service, State, page};
use crate::instant::Instant;
use crate::noise::Noise;
use crate::scenario::{AliasTraffic, Canary, Function, Rollout};
use lambda_model::api::{DeploymentInfo, DeploymentTarget, Deployments, Page, Token};
use lambda_model::deployment::Shifting;
use lambda_model::failure::ApiError;
use lambda_model::operation::Operation;

/// `ListDeployments` returns at most this many ids.
const DEPLOYMENTS_PAGE: usize = 100;

/// A deployment under way.
#[derive(Clone, Copy)]
struct UnderWay<'a> {
    function: &'a Function,
    alias: &'a AliasTraffic,
    canary: &'a Canary,
    rollout: &'a Rollout,
}

impl UnderWay<'_> {
    /// For example `d-A1B2C3D4E`.
    fn id(&self) -> String {
        const DIGITS: &[u8; 36] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        let mut noise = Noise::new(0, &format!("{}:{}", self.function.name, self.alias.name), 0);
        "d-".chars().chain((0..9).map(|_| char::from(DIGITS[noise.below(36) as usize]))).collect()
    }
}

impl State {
    fn under_way(&self) -> impl Iterator<Item = UnderWay<'_>> {
        let now = self.world.now;
        let aliases =
            self.scenario().functions.iter().flat_map(|one| one.aliases.iter().map(move |alias| (one, alias)));
        aliases.filter_map(move |(function, alias)| {
            let canary = alias.canary_at(now)?;
            Some(UnderWay { function, alias, canary, rollout: canary.deployment.as_ref()? })
        })
    }

    fn deployment(&self, id: &str) -> Result<UnderWay<'_>, ApiError> {
        let not_found = || ApiError::NotFound(format!("DeploymentDoesNotExistException: {id}"));
        self.under_way().find(|deployment| deployment.id() == id).ok_or_else(not_found)
    }
}

#[async_trait]
impl Deployments for Service {
    async fn deployments(&self, token: Token) -> Result<Page<String>, ApiError> {
        let state = self.ask(Operation::ListDeployments)?;
        page(state.under_way().map(|deployment| deployment.id()), token.as_deref(), DEPLOYMENTS_PAGE)
    }

    async fn described(&self, deployments: &[String]) -> Result<Vec<DeploymentInfo>, ApiError> {
        let state = self.ask(Operation::BatchGetDeployments)?;
        let wanted = state.under_way().filter(|deployment| deployments.contains(&deployment.id()));
        let info = |deployment: UnderWay<'_>| DeploymentInfo {
            id: deployment.id(),
            application: Some(deployment.function.name.clone()),
            group: Some(format!("{}-{}", deployment.function.name, deployment.alias.name)),
            config: Some(deployment.rollout.config.clone()),
            status: "InProgress".to_string(),
            started: Some(state.scenario().time(Instant::of_min(deployment.canary.from_min))),
            auto_rollback: Some(deployment.rollout.auto_rollback),
        };
        Ok(wanted.map(info).collect())
    }

    async fn targets(&self, deployment: &str, _: Token) -> Result<Page<String>, ApiError> {
        let state = self.ask(Operation::ListDeploymentTargets)?;
        Ok(Page::last(vec![state.deployment(deployment)?.function.name.clone()]))
    }

    async fn aliases_shifted(&self, deployment: &str, _: &[String]) -> Result<Vec<DeploymentTarget>, ApiError> {
        let state = self.ask(Operation::BatchGetDeploymentTargets)?;
        let UnderWay { function, alias, canary, .. } = state.deployment(deployment)?;
        Ok(vec![DeploymentTarget {
            function: function.name.as_str().into(),
            alias: alias.name.clone(),
            current_version: Some(function.version_at(state.scenario(), alias, state.world.now).to_string()),
            target_version: Some(canary.version.clone()),
            target_weight: Some(canary.weight),
        }])
    }

    async fn shifting(&self, config: &str) -> Result<Option<Shifting>, ApiError> {
        self.ask(Operation::GetDeploymentConfig).map(drop)?;
        let not_found = || ApiError::NotFound(format!("DeploymentConfigDoesNotExistException: {config}"));
        Shifting::predefined(config).map(Some).ok_or_else(not_found)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::{account, scenario};
    use lambda_model::time::Clock;

    #[tokio::test(start_paused = true)]
    async fn a_deployment_is_under_way_while_its_canary_gets_traffic() {
        const CONFIG: &str = "CodeDeployDefault.LambdaCanary10Percent30Minutes";
        let scenario = scenario("bad-canary").unwrap();
        for (minute, is_under_way) in [(3, false), (4, true), (32, true), (33, false)] {
            let clock = Clock::simulated(scenario.origin() + TimeDelta::minutes(minute), 1.0);
            let codedeploy = account(&scenario, 1, clock).deployments;
            let ids = codedeploy.deployments(None).await.unwrap().items;
            assert_eq!(ids.len(), usize::from(is_under_way), "minute {minute}");
            let infos = codedeploy.described(&ids).await.unwrap();
            assert_eq!(infos.len(), ids.len());
            let missing = codedeploy.targets("d-NOTTHERE0", None).await;
            assert!(matches!(missing, Err(ApiError::NotFound(_))), "{missing:?}");
            let Some(info) = infos.first() else { continue };
            assert_eq!((&info.id, info.config.as_deref()), (&ids[0], Some(CONFIG)));
            assert_eq!(info.started, Some(scenario.origin() + TimeDelta::minutes(4)));
            let targets = codedeploy.targets(&info.id, None).await.unwrap().items;
            let shifted = codedeploy.aliases_shifted(&info.id, &targets).await.unwrap();
            let [target] = &shifted[..] else { panic!("{shifted:?}") };
            assert_eq!((target.function.as_str(), target.alias.as_str()), ("ride-dispatch", "live"));
            let versions = (target.current_version.as_deref(), target.target_version.as_deref());
            assert_eq!((versions, target.target_weight), ((Some("57"), Some("58")), Some(0.1)));
        }
        let clock = Clock::simulated(scenario.origin(), 1.0);
        let codedeploy = account(&scenario, 1, clock).deployments;
        assert_eq!(codedeploy.shifting(CONFIG).await, Ok(Some(Shifting::Canary { percent: 10, minutes: 30 })));
        assert!(matches!(codedeploy.shifting("Shop.Slow").await, Err(ApiError::NotFound(_))));
    }
}
