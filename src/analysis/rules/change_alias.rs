//! `change.alias`: somebody, or a deployment, pointed an alias elsewhere or split its traffic otherwise.

use std::collections::BTreeSet;

use super::changed::{SEEN, Telling, told};
use super::words::percent;
use super::{Case, Found, FunctionCase, Rule, advice};
use lambda_model::change::{Changed, Routing};
use lambda_model::finding::Kind;

/// The rule.
pub(super) struct ChangeAlias;

impl Rule for ChangeAlias {
    fn kind(&self) -> Kind {
        Kind::ChangeAlias
    }

    fn check(&self, case: &Case<'_>) -> Vec<Found> {
        let Some(function) = case.function else { return Vec::new() };
        let alias = |what: &'_ Changed| match what {
            Changed::Alias { name, .. } => Some(name.clone()),
            _ => None,
        };
        let aliases: BTreeSet<String> =
            function.state.changes.iter().filter_map(|change| alias(&change.what)).collect();
        let tell = |name: &String| {
            told(case, &function, |what| match what {
                Changed::Alias { name: changed, from, to } if changed == name => {
                    Some(telling(case, &function, name, from.as_ref(), to.as_ref()))
                }
                _ => None,
            })
        };
        aliases.iter().filter_map(tell).collect()
    }
}

fn telling(
    case: &Case<'_>,
    function: &FunctionCase<'_>,
    name: &str,
    from: Option<&Routing>,
    to: Option<&Routing>,
) -> Telling {
    let function_name = function.name();
    let summary = match (from, to) {
        (_, None) => format!("Alias {name} of {function_name} was deleted"),
        (None, Some(to)) => format!("Alias {name} of {function_name}, {}, was made", words(to)),
        (Some(from), Some(to)) => {
            format!("Alias {name} of {function_name} was changed from {} to {}", words(from), words(to))
        }
    };
    let mut next = vec![advice::lambda(case, function, "get-alias", &format!("--name {name}"))];
    // Where it pointed before.
    next.extend(from.map(|from| {
        let command = if to.is_some() { "update-alias" } else { "create-alias" };
        advice::lambda(case, function, command, &format!("--name {name} {}", options(from)))
    }));
    Telling { alias: Some(name.to_string()), summary, evidence: Vec::new(), next, confidence: SEEN }
}

fn words(routing: &Routing) -> String {
    let additional =
        routing.additional.iter().map(|(version, weight)| format!(" and {} to {version}", percent(*weight)));
    format!("version {}{}", routing.version, additional.collect::<String>())
}

/// The options of `aws lambda update-alias` for this routing.
fn options(routing: &Routing) -> String {
    let weights: Vec<_> = routing.additional.iter().map(|(version, weight)| format!("{version}={weight}")).collect();
    let weights = weights.join(",");
    format!("--function-version {} --routing-config 'AdditionalVersionWeights={{{weights}}}'", routing.version)
}
