//! `change.alias`: somebody, or a deployment, pointed an alias elsewhere or split its traffic otherwise.

use std::collections::BTreeSet;

use super::advice;
use super::case::{Case, Found, FunctionCase};
use super::changed::{SEEN, Telling, reported};
use crate::analysis::fact::{Fact, Quantity, Subject};
use lambda_model::change::{Changed, Routing};

/// What the rule finds in a case.
pub(super) fn check(case: &Case<'_>) -> Vec<Found> {
    let Some(function) = case.function else { return Vec::new() };
    let alias = |what: &'_ Changed| match what {
        Changed::Alias { name, .. } => Some(name.clone()),
        _ => None,
    };
    let aliases: BTreeSet<String> = function.state.changes.iter().filter_map(|change| alias(&change.what)).collect();
    let tell = |name: &String| {
        reported(case, &function, |what| match what {
            Changed::Alias { name: changed, from, to } if changed == name => {
                Some(telling(case, &function, name, from.as_ref(), to.as_ref()))
            }
            _ => None,
        })
    };
    aliases.iter().filter_map(tell).collect()
}

fn telling(
    case: &Case<'_>,
    function: &FunctionCase<'_>,
    name: &str,
    from: Option<&Routing>,
    to: Option<&Routing>,
) -> Telling {
    let mut commands = vec![advice::lambda(case, function, "get-alias", &[("--name", name)])];
    // Where it pointed before.
    commands.extend(from.map(|from| {
        let weights: Vec<_> = from.additional.iter().map(|(version, weight)| format!("{version}={weight}")).collect();
        let weights = format!("AdditionalVersionWeights={{{}}}", weights.join(","));
        let options = [("--name", name), ("--function-version", &*from.version), ("--routing-config", &*weights)];
        advice::lambda(case, function, if to.is_some() { "update-alias" } else { "create-alias" }, &options)
    }));
    Telling { alias: Some(name.to_string()), facts: weights(from, to), commands, confidence: SEEN }
}

/// What every version gets and got.
fn weights(from: Option<&Routing>, to: Option<&Routing>) -> Vec<Fact> {
    let versions: BTreeSet<&String> = [from, to]
        .into_iter()
        .flatten()
        .flat_map(|routing| std::iter::once(&routing.version).chain(routing.additional.keys()))
        .collect();
    let fact = |version: &String| {
        let [before, now] = [from, to].map(|routing| weight(routing?, version));
        Fact::new(Quantity::Weight, now).before(before).about(Subject::Version(version.clone()))
    };
    versions.into_iter().map(fact).collect()
}

fn weight(routing: &Routing, version: &str) -> Option<f64> {
    if routing.version == version {
        return Some(1.0 - routing.additional.values().sum::<f64>());
    }
    routing.additional.get(version).copied()
}
