//! When a deployment shifts more traffic: from how it shifts and when it started.

use chrono::{DateTime, TimeDelta, Utc};

use lambda_model::deployment::{Deployment, Shifting};

/// A `CodeDeploy` deployment that shifts the alias.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// What is known of it.
    pub deployment: Deployment,
    /// Seconds until the next part of the traffic is shifted; `None` where that is not known.
    pub next_step_in_s: Option<u64>,
}

impl Progress {
    /// A deployment at `now`.
    pub(super) fn of(deployment: &Deployment, now: DateTime<Utc>) -> Self {
        let next = next_step(deployment, now).map(|at| (at - now).num_seconds());
        Self { deployment: deployment.clone(), next_step_in_s: next.and_then(|seconds| u64::try_from(seconds).ok()) }
    }
}

/// When the next part is shifted. The first is shifted at the start and the others at their times after it; `None`
/// after the last, and where it waits for something else than time.
fn next_step(deployment: &Deployment, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let started = deployment.started.filter(|_| deployment.status == "InProgress")?;
    let (minutes, steps) = match deployment.shifting? {
        Shifting::AllAtOnce => return None,
        Shifting::Canary { minutes, .. } => (minutes, 1),
        Shifting::Linear { percent, minutes } => (minutes, 100u32.div_ceil(percent.max(1)).saturating_sub(1)),
    };
    let every_s = i64::from(minutes.max(1)) * 60;
    let passed = (now - started).num_seconds().div_euclid(every_s).max(0);
    let next = passed + 1;
    (next <= i64::from(steps)).then(|| started + TimeDelta::seconds(next * every_s))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::now;

    #[test]
    fn the_next_step_follows_from_the_start() {
        let canary = Some(Shifting::Canary { percent: 10, minutes: 5 });
        let linear = Some(Shifting::Linear { percent: 10, minutes: 2 });
        // How it shifts, seconds since its start, seconds until more is shifted.
        let cases = [
            (canary, 0, Some(300)),
            (canary, 299, Some(1)),
            (canary, 300, None),
            (linear, 0, Some(120)),
            (linear, 120, Some(120)),
            (linear, 1079, Some(1)),
            (linear, 1080, None),
            (Some(Shifting::Linear { percent: 0, minutes: 0 }), 0, Some(60)),
            (Some(Shifting::Linear { percent: 30, minutes: 1 }), 179, Some(1)),
            (Some(Shifting::Linear { percent: 30, minutes: 1 }), 180, None),
            (Some(Shifting::AllAtOnce), 0, None),
            (None, 0, None),
        ];
        for (shifting, since, expected) in cases {
            let mut deployment = Deployment {
                id: "d-A1B2C3D4E".to_string(),
                application: None,
                group: None,
                config: None,
                status: "InProgress".to_string(),
                started: Some(now() - TimeDelta::seconds(since)),
                shifting,
                auto_rollback: None,
                function: "f".into(),
                alias: "live".to_string(),
                current_version: None,
                target_version: None,
                target_weight: None,
            };
            assert_eq!(Progress::of(&deployment, now()).next_step_in_s, expected, "{shifting:?} {since}");
            deployment.status = "Baking".to_string();
            assert_eq!(Progress::of(&deployment, now()).next_step_in_s, None);
            deployment.started = None;
            assert_eq!(Progress::of(&deployment, now()).next_step_in_s, None);
        }
    }
}
