//! Thousands of simulated canaries whose invocations fail at random, judged after every minute as the app does.

use lambda_model::time::Minute;
use lamtop::analysis::canary::Verdict;
use lamtop::analysis::canary::judge::{Side, Step, judge};
use lamtop::analysis::statistics::Count;
use lamtop::analysis::thresholds::CanaryTerms;

use crate::mixture::Dice;
use crate::table::{Table, number, percent};
use crate::tally::quantile;

/// Deployments of each kind.
pub(crate) const DEPLOYMENTS: u64 = 2000;
/// A deployment is watched for an hour.
const MINUTES: i64 = 60;

/// A kind of deployment.
struct Case {
    what: &'static str,
    /// Invocations per minute of both versions.
    calls: u32,
    /// The canary's part of them.
    weight: f64,
    /// Error rates of the old version and of the canary.
    errors: (f64, f64),
    /// How much longer the canary takes, and how much longer in its first two minutes.
    slower: (f64, f64),
}

const fn case(what: &'static str, calls: u32, weight: f64, errors: (f64, f64), slower: (f64, f64)) -> Case {
    Case { what, calls, weight, errors, slower }
}

const CASES: [Case; 11] = [
    case("good: 0.2 %", 600, 0.1, (0.002, 0.002), (1.0, 1.0)),
    case("good: 2 %", 600, 0.1, (0.02, 0.02), (1.0, 1.0)),
    case("good: no error at all", 600, 0.1, (0.0, 0.0), (1.0, 1.0)),
    case("good, 40 invocations a minute", 40, 0.1, (0.002, 0.002), (1.0, 1.0)),
    case("cold: twice as slow for two minutes", 600, 0.1, (0.002, 0.002), (1.0, 2.0)),
    case("on the margin: +1 point", 600, 0.1, (0.002, 0.012), (1.0, 1.0)),
    case("bad: +5 points on 0.2 %", 600, 0.1, (0.002, 0.052), (1.0, 1.0)),
    case("bad: +5 points on 1 %", 600, 0.1, (0.01, 0.06), (1.0, 1.0)),
    case("bad: +5 points on 5 %", 600, 0.1, (0.05, 0.1), (1.0, 1.0)),
    case("bad: fails always", 600, 0.1, (0.002, 1.0), (1.0, 1.0)),
    case("slow: twice as long", 600, 0.1, (0.002, 0.002), (2.0, 2.0)),
];

/// The table, and the fewest invocations with which a canary ever passed.
pub(crate) fn report(first_seed: u64) -> String {
    let terms = CanaryTerms::default();
    let columns = [
        "deployment",
        "fail",
        "pass",
        "open after an hour",
        "canary invocations, median",
        "90 %",
        "fewest with a pass",
    ];
    let mut table = Table::new(&columns);
    for (place, case) in (0u64..).zip(&CASES) {
        let (mut fails, mut passes, mut calls) = (0, 0, Vec::new());
        let mut fewest: Option<f64> = None;
        for deployment in 0..DEPLOYMENTS {
            let steps = case.steps(&mut Dice((first_seed + deployment) * 100 + place));
            let judgement = judge(&steps, &terms);
            let (verdict, decided) = judgement.verdict();
            let until = |step: &&Step| decided.is_some_and(|decided| step.minute <= decided);
            let had: f64 = steps.iter().filter(until).filter_map(|step| Some(step.canary.count?.calls)).sum();
            match verdict {
                Verdict::Fail => fails += 1,
                Verdict::Pass => {
                    passes += 1;
                    fewest = Some(fewest.map_or(had, |fewest| fewest.min(had)));
                }
                Verdict::NotEnoughData => continue,
            }
            calls.push(had);
        }
        table.row([
            case.what.to_string(),
            format!("{fails} ({})", percent(fails, DEPLOYMENTS)),
            format!("{passes} ({})", percent(passes, DEPLOYMENTS)),
            (DEPLOYMENTS - fails - passes).to_string(),
            number(quantile(&calls, 0.5)),
            number(quantile(&calls, 0.9)),
            number(fewest),
        ]);
    }
    table.text()
}

impl Case {
    fn steps(&self, dice: &mut Dice) -> Vec<Step> {
        (0..MINUTES)
            .map(|minute| {
                let canary = dice.failures(self.calls, self.weight);
                let slower = if minute < 2 { self.slower.1 } else { self.slower.0 };
                Step {
                    minute: Minute(minute),
                    canary: side(dice, canary, self.errors.1, slower),
                    baseline: side(dice, self.calls - canary, self.errors.0, 1.0),
                }
            })
            .collect()
    }
}

/// Durations are lognormal with a spread of 0.5, around 200 ms: a median of n has a standard error of 1.25 × 0.5 / √n.
fn side(dice: &mut Dice, calls: u32, error_rate: f64, slower: f64) -> Side {
    let error = 1.25 * 0.5 / f64::from(calls.max(1)).sqrt();
    let median_ms = 200.0 * slower * (error * dice.normal()).exp();
    let count = Count::new(f64::from(dice.failures(calls, error_rate)), f64::from(calls));
    Side { count: Some(count), median_ms: (calls > 0).then_some(median_ms) }
}
