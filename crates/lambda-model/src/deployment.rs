//! A `CodeDeploy` deployment that shifts an alias's traffic from one version to another.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::FunctionName;

/// A deployment that is under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deployment {
    /// For example `d-A1B2C3D4E`.
    pub id: String,
    /// The application.
    pub application: Option<String>,
    /// The deployment group.
    pub group: Option<String>,
    /// For example `CodeDeployDefault.LambdaCanary10Percent5Minutes`.
    pub config: Option<String>,
    /// `Created`, `Queued`, `InProgress`, `Baking`, `Ready` … as AWS says it.
    pub status: String,
    /// When it was started; `None` before that.
    pub started: Option<DateTime<Utc>>,
    /// How it shifts traffic; `None` where that could not be read.
    pub shifting: Option<Shifting>,
    /// Whether it rolls back by itself when an alarm fires or it fails.
    pub auto_rollback: Option<bool>,
    /// The function whose alias it shifts.
    pub function: FunctionName,
    /// The alias.
    pub alias: String,
    /// The version that is replaced.
    pub current_version: Option<String>,
    /// The version that is deployed.
    pub target_version: Option<String>,
    /// The part of the traffic that goes to it already, 0.0–1.0.
    pub target_weight: Option<f64>,
}

/// How traffic is shifted (`trafficRoutingConfig`, docs/aws.md#codedeploy).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shifting {
    /// All of it at once.
    AllAtOnce,
    /// A part at first, the rest after some minutes.
    Canary {
        /// The first part, percent.
        percent: u32,
        /// When the rest follows, minutes.
        minutes: u32,
    },
    /// Equal steps, a fixed number of minutes apart.
    Linear {
        /// Each part, percent.
        percent: u32,
        /// From one to the next, minutes.
        minutes: u32,
    },
}

impl Shifting {
    /// How one of `CodeDeploy`'s own configurations shifts the traffic of a Lambda alias, by its name
    /// (docs/aws.md#codedeploy).
    pub fn predefined(config: &str) -> Option<Self> {
        let name = config.strip_prefix("CodeDeployDefault.Lambda")?;
        if name == "AllAtOnce" {
            return Some(Self::AllAtOnce);
        }
        let numbers = |shape: &str, between: &str| -> Option<(u32, u32)> {
            let (percent, minutes) = name.strip_prefix(shape)?.split_once(between)?;
            let minutes = minutes.strip_suffix("Minutes").or_else(|| minutes.strip_suffix("Minute"))?;
            Some((percent.parse().ok()?, minutes.parse().ok()?))
        };
        if let Some((percent, minutes)) = numbers("Canary", "Percent") {
            return Some(Self::Canary { percent, minutes });
        }
        numbers("Linear", "PercentEvery").map(|(percent, minutes)| Self::Linear { percent, minutes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configurations_of_codedeploy_say_what_they_do() {
        let canary = |percent, minutes| Some(Shifting::Canary { percent, minutes });
        let linear = |percent, minutes| Some(Shifting::Linear { percent, minutes });
        for (config, expected) in [
            ("CodeDeployDefault.LambdaCanary10Percent5Minutes", canary(10, 5)),
            ("CodeDeployDefault.LambdaCanary10Percent30Minutes", canary(10, 30)),
            ("CodeDeployDefault.LambdaLinear10PercentEvery1Minute", linear(10, 1)),
            ("CodeDeployDefault.LambdaLinear10PercentEvery10Minutes", linear(10, 10)),
            ("CodeDeployDefault.LambdaAllAtOnce", Some(Shifting::AllAtOnce)),
            ("CodeDeployDefault.ECSCanary10Percent5Minutes", None),
            ("CodeDeployDefault.LambdaCanaryTenPercent5Minutes", None),
            ("CodeDeployDefault.LambdaCanary10Percent5Hours", None),
            ("LambdaCanary10Percent5Minutes", None),
            ("Shop.Slow", None),
            ("", None),
        ] {
            assert_eq!(Shifting::predefined(config), expected, "{config}");
        }
    }
}
