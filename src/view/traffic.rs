//! The aliases with traffic, split ones first: what the traffic view lists.

use crate::analysis::canary::Canary;
use crate::analysis::traffic::AliasTraffic;
use crate::snapshot::Snapshot;
use lambda_model::FunctionId;

/// An alias of a snapshot, by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AliasRef {
    scope: usize,
    function: usize,
    alias: usize,
}

impl AliasRef {
    /// The function and the alias, in the snapshot it was made from.
    pub(crate) fn of(self, snapshot: &Snapshot) -> Option<(FunctionId, &AliasTraffic)> {
        let scope = snapshot.scopes.get(self.scope)?;
        let function = scope.functions.get(self.function)?;
        let id = FunctionId { scope: scope.scope.clone(), name: function.state.name.clone() };
        Some((id, function.aliases.get(self.alias)?))
    }

    /// The canary that the alias tries.
    pub(crate) fn canary(self, snapshot: &Snapshot) -> Option<&Canary> {
        let function = snapshot.scopes.get(self.scope)?.functions.get(self.function)?;
        function.canaries.get(&function.aliases.get(self.alias)?.name)
    }
}

/// Aliases that split traffic or have had some in the window, of functions whose name contains every word of
/// `filter`: split ones first, each group by name.
pub(crate) fn rows(snapshot: &Snapshot, filter: &str) -> Vec<AliasRef> {
    let words: Vec<String> = filter.split_whitespace().map(str::to_lowercase).collect();
    let mut rows: Vec<(bool, AliasRef)> = Vec::new();
    for (scope, scope_snapshot) in snapshot.scopes.iter().enumerate() {
        for (function, function_snapshot) in scope_snapshot.functions.iter().enumerate() {
            let name = function_snapshot.state.name.as_str().to_lowercase();
            if !words.iter().all(|word| name.contains(word)) {
                continue;
            }
            for (alias, traffic) in function_snapshot.aliases.iter().enumerate() {
                let active = traffic.versions.iter().any(|version| version.invocations.is_some());
                if traffic.is_split() || active {
                    rows.push((!traffic.is_split(), AliasRef { scope, function, alias }));
                }
            }
        }
    }
    rows.sort_by_key(|(quiet, _)| *quiet);
    rows.into_iter().map(|(_, row)| row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Fixture, executed, function};
    use lambda_model::function::Alias;
    use lambda_model::metric::Metric;
    use lambda_model::observation::Payload;

    fn alias(name: &str, additional: &[(&str, f64)]) -> Alias {
        Alias {
            name: name.to_string(),
            version: "7".to_string(),
            additional: additional.iter().map(|(version, weight)| ((*version).to_string(), *weight)).collect(),
        }
    }

    fn shown(snapshot: &Snapshot, filter: &str) -> Vec<String> {
        let named = |row: AliasRef| row.of(snapshot).map(|(id, alias)| format!("{} {}", id.name, alias.name));
        rows(snapshot, filter).into_iter().map(|row| named(row).unwrap()).collect()
    }

    fn region() -> Fixture {
        Fixture::new()
            .with(Payload::Aliases("calm".into(), vec![alias("beta", &[]), alias("live", &[])]))
            .points(&executed("calm", "live", "7"), Metric::Invocations, &[(0, 3.0)])
            .with(Payload::Aliases("Payments".into(), vec![alias("live", &[("8", 0.1)])]))
            .with(Payload::Aliases("active".into(), vec![alias("live", &[])]))
            .points(&executed("active", "live", "7"), Metric::Invocations, &[(0, 3.0)])
            .points(&executed("shifted", "live", "6"), Metric::Invocations, &[(3, 3.0)])
            .points(&executed("shifted", "live", "7"), Metric::Invocations, &[(0, 3.0)])
            .points(&function("unaliased"), Metric::Invocations, &[(0, 3.0)])
    }

    #[test]
    fn split_aliases_come_first_and_quiet_ones_not_at_all() {
        let expected = ["Payments live", "shifted live", "active live", "calm live"];
        assert_eq!(shown(&region().snapshot(), ""), expected);
    }

    #[test]
    fn a_filter_wants_every_word_in_the_name() {
        let snapshot = region().snapshot();
        assert_eq!(shown(&snapshot, "PAY ments"), ["Payments live"]);
        assert_eq!(shown(&snapshot, "a t"), ["Payments live", "active live"]);
        assert!(shown(&snapshot, "live").is_empty(), "the alias is not what is looked for");
    }

    #[test]
    fn an_old_row_finds_nothing_in_a_smaller_snapshot() {
        let rows = rows(&region().snapshot(), "shifted");
        assert_eq!(rows[0].of(&Fixture::new().listed("f", &[]).snapshot()), None);
    }
}
