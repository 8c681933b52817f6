//! The aliases with traffic, split ones first: what the traffic view lists.

use crate::analysis::traffic::AliasTraffic;
use crate::model::FunctionId;
use crate::snapshot::Snapshot;

/// An alias of a snapshot, by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AliasRef {
    scope: usize,
    function: usize,
    alias: usize,
}

impl AliasRef {
    /// The function and the alias, in the snapshot it was made from.
    pub fn of(self, snapshot: &Snapshot) -> Option<(FunctionId, &AliasTraffic)> {
        let scope = snapshot.scopes.get(self.scope)?;
        let function = scope.functions.get(self.function)?;
        let id = FunctionId { scope: scope.scope.clone(), name: function.state.name.clone() };
        Some((id, function.aliases.get(self.alias)?))
    }
}

/// Aliases that split traffic or have had some in the window, of functions whose name contains every word of
/// `filter`: split ones first, each group by name.
pub fn rows(snapshot: &Snapshot, filter: &str) -> Vec<AliasRef> {
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
