//! A canary's verdict in words: the numbers it rests on, what it still needs, and the deployment that shifts its traffic.
//! Pure.

use chrono::TimeDelta;

use super::labelled::Fact;
use super::meaning::Meaning;
use super::{facts, units};
use crate::analysis::canary::{Canary, Compared, Progress, Verdict};
use crate::analysis::ratio;
use crate::analysis::thresholds::CanaryTerms;
use lambda_model::deployment::Shifting;

/// The verdict in a word, and what it means.
pub(crate) fn word(verdict: Verdict) -> (&'static str, Meaning) {
    match verdict {
        Verdict::Pass => ("PASS", Meaning::Ok),
        Verdict::Fail => ("FAIL", Meaning::Critical),
        Verdict::NotEnoughData => ("NOT ENOUGH DATA", Meaning::Warning),
    }
}

/// The verdict and what it rests on, the most important first.
pub(crate) fn verdict(canary: &Canary, terms: &CanaryTerms) -> Vec<Fact> {
    let plain = |label, value| Fact { label, value, meaning: Meaning::Normal };
    let (word, meaning) = word(canary.verdict);
    let mut facts = vec![
        plain("canary", format!("{} against {}", canary.version, canary.baseline)),
        Fact { label: "", value: word.to_string(), meaning },
    ];
    if canary.verdict == Verdict::NotEnoughData {
        facts.push(Fact { label: "needs", value: needed(canary), meaning: Meaning::Warning });
    }
    facts.push(plain("errors", compared(&canary.errors)));
    if let Some((low, high)) = canary.errors.difference {
        facts.push(plain("difference", format!("{} to {} points", units::points(low), units::points(high))));
    }
    let margin = format!("{:.1} points", terms.margin * 100.0);
    facts.push(Fact { label: "margin", value: margin, meaning: Meaning::Muted });
    facts
}

/// What the verdict rests on, one fact a line, what decided first.
pub(crate) fn reasons(canary: &Canary) -> Vec<String> {
    facts::lines(&canary.facts)
}

/// How many more invocations the verdict needs, and when they will have come.
fn needed(canary: &Canary) -> String {
    let calls = match canary.calls_needed {
        Some(calls) => format!("{} more invocations", units::count(calls as f64)),
        None => "more invocations, the number is not known".to_string(),
    };
    let seconds = canary.decided_in_s.and_then(|seconds| i64::try_from(seconds).ok()).and_then(TimeDelta::try_seconds);
    match seconds {
        Some(span) => format!("{calls}, about {}", units::span(span)),
        None => calls,
    }
}

/// Failed invocations of both versions.
fn compared(compared: &Compared) -> String {
    let rate = |(failures, calls): (f64, f64)| {
        let share = ratio(Some(failures), Some(calls)).map(|share| format!(" ({})", units::percent(share)));
        format!("{} of {}{}", units::count(failures), units::count(calls), share.unwrap_or_default())
    };
    format!("{} against {}", rate(compared.canary), rate(compared.baseline))
}

/// The deployment that shifts the alias.
pub(crate) fn progress(progress: &Progress) -> Vec<Fact> {
    let deployment = &progress.deployment;
    let plain = |label, value: String| Fact { label, value, meaning: Meaning::Normal };
    let mut facts = vec![plain("deployment", deployment.id.clone()), plain("", deployment.status.clone())];
    facts.extend(deployment.config.clone().map(|config| plain("", config)));
    facts.extend(deployment.shifting.map(|shifting| plain("shifts", shifts(shifting))));
    let next = progress.next_step_in_s.and_then(|seconds| i64::try_from(seconds).ok()).and_then(TimeDelta::try_seconds);
    facts.extend(next.map(|span| plain("next step in", units::span(span))));
    facts.push(match deployment.auto_rollback {
        Some(true) => plain("rolled back by", "CodeDeploy, when it fails or an alarm fires".to_string()),
        Some(false) => Fact { label: "rolled back", value: "only by hand".to_string(), meaning: Meaning::Warning },
        None => Fact { label: "rolled back by", value: units::MISSING.to_string(), meaning: Meaning::Muted },
    });
    facts
}

/// How the traffic is shifted.
fn shifts(shifting: Shifting) -> String {
    match shifting {
        Shifting::AllAtOnce => "all at once".to_string(),
        Shifting::Canary { percent, minutes } => format!("{percent}% first, the rest after {minutes} min"),
        Shifting::Linear { percent, minutes } => format!("{percent}% every {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{canary, deployment};

    fn text(facts: Vec<Fact>) -> String {
        let words = facts.into_iter().map(|fact| format!("{} {}", fact.label, fact.value).trim().to_string());
        words.collect::<Vec<_>>().join(" · ")
    }

    #[test]
    fn the_verdict_comes_with_its_numbers() {
        let terms = CanaryTerms::default();
        let failing = canary(Verdict::Fail);
        let expected = "canary 8 against 7 · FAIL · errors 12 of 240 (5%) against 20 of 2160 (0.9%) · \
                        difference +1.6 to +7.9 points · margin 1.0 points";
        assert_eq!(text(verdict(&failing, &terms)), expected);
        let waiting = Canary {
            errors: Compared { canary: (0.0, 0.0), difference: None, ..failing.errors },
            ..canary(Verdict::NotEnoughData)
        };
        let expected = "canary 8 against 7 · NOT ENOUGH DATA · needs 270 more invocations, about 9m · \
                        errors 0 of 0 against 20 of 2160 (0.9%) · margin 1.0 points";
        assert_eq!(text(verdict(&waiting, &terms)), expected);
        let lost = Canary { calls_needed: None, decided_in_s: None, ..waiting };
        assert!(text(verdict(&lost, &terms)).contains("needs more invocations, the number is not known · errors"));
    }

    #[test]
    fn verdicts_differ_in_word_and_meaning() {
        let words = [Verdict::Pass, Verdict::Fail, Verdict::NotEnoughData].map(word);
        let expected = [("PASS", Meaning::Ok), ("FAIL", Meaning::Critical), ("NOT ENOUGH DATA", Meaning::Warning)];
        assert_eq!(words, expected);
    }

    #[test]
    fn a_deployment_says_what_comes_next_and_who_rolls_back() {
        let known = Progress { deployment: deployment(), next_step_in_s: Some(130) };
        let expected = "deployment d-A1B2C3D4E · InProgress · CodeDeployDefault.LambdaCanary10Percent5Minutes · \
                        shifts 10% first, the rest after 5 min · next step in 2m · \
                        rolled back by CodeDeploy, when it fails or an alarm fires";
        assert_eq!(text(progress(&known)), expected);
        let mut bare = known;
        (bare.next_step_in_s, bare.deployment.config, bare.deployment.shifting) = (None, None, None);
        bare.deployment.auto_rollback = Some(false);
        assert_eq!(text(progress(&bare)), "deployment d-A1B2C3D4E · InProgress · rolled back only by hand");
        bare.deployment.auto_rollback = None;
        assert!(text(progress(&bare)).ends_with("rolled back by –"));
    }
}
