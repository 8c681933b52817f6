//! Reads the deployments under way, for which `CodeDeploy` needs five operations. All of them only read.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use super::{Calls, Missed, Pages};
use lambda_model::api::{DEPLOYMENTS_BATCH, DeploymentInfo};
use lambda_model::deployment::{Deployment, Shifting};
use lambda_model::observation::Payload;
use lambda_model::operation::Operation;

/// The most deployments to read. A Region rarely has more than a few under way.
const MOST_DEPLOYMENTS: usize = 100;

impl Calls {
    /// Reads the deployments under way. `CodeDeploy` has its own quotas, so its calls are not paced.
    pub(super) async fn deployments(&self, configs: bool) -> Result<(), Missed> {
        let mut deployments = Vec::new();
        for batch in self.under_way().await?.chunks(DEPLOYMENTS_BATCH) {
            let described = self.account.deployments.described(batch);
            for info in self.call(Operation::BatchGetDeployments, 0, described).await? {
                match self.shifted(info).await {
                    Ok(shifted) => deployments.extend(shifted),
                    // It has not started, or it ended meanwhile.
                    Err(Missed::NotFound) => {}
                    Err(Missed::NoAnswer) => return Err(Missed::NoAnswer),
                }
            }
        }
        self.fill_in(&mut deployments);
        // Report the deployments at once: looking up their configurations may take some calls.
        self.observed(Payload::Deployments(deployments.clone())).await?;
        if configs && self.look_up(&deployments).await? {
            self.fill_in(&mut deployments);
            self.observed(Payload::Deployments(deployments)).await?;
        }
        Ok(())
    }

    /// The IDs of the deployments under way.
    async fn under_way(&self) -> Result<Vec<String>, Missed> {
        let mut ids = Vec::new();
        let mut pages = Pages::default();
        while let Some(token) = pages.next().filter(|_| ids.len() < MOST_DEPLOYMENTS) {
            let page = self.call(Operation::ListDeployments, 0, self.account.deployments.deployments(token)).await?;
            ids.extend(pages.take(page));
        }
        ids.truncate(MOST_DEPLOYMENTS);
        Ok(ids)
    }

    /// The aliases that a deployment shifts. A deployment to Lambda has one target, so one page is enough.
    async fn shifted(&self, info: DeploymentInfo) -> Result<Vec<Deployment>, Missed> {
        let service = &self.account.deployments;
        let mut targets = self.call(Operation::ListDeploymentTargets, 0, service.targets(&info.id, None)).await?.items;
        targets.truncate(DEPLOYMENTS_BATCH);
        if targets.is_empty() {
            return Ok(Vec::new());
        }
        let shifted = service.aliases_shifted(&info.id, &targets);
        let shifted = self.call(Operation::BatchGetDeploymentTargets, 0, shifted).await?;
        let deployment = |target: lambda_model::api::DeploymentTarget| Deployment {
            id: info.id.clone(),
            application: info.application.clone(),
            group: info.group.clone(),
            config: info.config.clone(),
            status: info.status.clone(),
            started: info.started,
            shifting: None,
            auto_rollback: info.auto_rollback,
            function: target.function,
            alias: target.alias,
            current_version: target.current_version,
            target_version: target.target_version,
            target_weight: target.target_weight,
        };
        Ok(shifted.into_iter().map(deployment).collect())
    }

    /// Fills in how each of `deployments` shifts traffic, as far as it is known. Drops configurations that none of them
    /// uses.
    fn fill_in(&self, deployments: &mut [Deployment]) {
        let mut known = self.shifting.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|config, _| deployments.iter().any(|deployment| deployment.config.as_ref() == Some(config)));
        for deployment in deployments {
            deployment.shifting = deployment
                .config
                .as_deref()
                .and_then(|config| Shifting::predefined(config).or_else(|| known.get(config).copied().flatten()));
        }
    }

    /// Looks up the configurations that are not known. Returns whether one was found.
    async fn look_up(&self, deployments: &[Deployment]) -> Result<bool, Missed> {
        let configs = deployments.iter().filter(|deployment| deployment.shifting.is_none());
        let configs: BTreeSet<&String> = configs.filter_map(|deployment| deployment.config.as_ref()).collect();
        let mut found = false;
        for config in configs {
            if self.shifting.lock().unwrap_or_else(PoisonError::into_inner).contains_key(config) {
                continue;
            }
            let shifting =
                match self.call(Operation::GetDeploymentConfig, 0, self.account.deployments.shifting(config)).await {
                    Ok(shifting) => shifting,
                    Err(Missed::NotFound) => None,
                    // Go on with the other configurations; the next run requests this one again.
                    Err(Missed::NoAnswer) => continue,
                };
            self.shifting.lock().unwrap_or_else(PoisonError::into_inner).insert(config.clone(), shifting);
            found |= shifting.is_some();
        }
        Ok(found)
    }
}
