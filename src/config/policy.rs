//! The permissions lamtop needs: the policy that `lamtop iam-policy` prints. It never grants them.

/// An IAM policy that allows exactly what lamtop calls.
pub const POLICY: &str = include_str!("../../config/iam-policy.json");

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use lambda_model::operation::Operation;

    #[test]
    fn the_policy_allows_exactly_the_operations_lamtop_calls() {
        let policy: serde_json::Value = serde_json::from_str(POLICY).unwrap();
        let statements = policy["Statement"].as_array().unwrap();
        assert!(statements.iter().all(|statement| statement["Effect"] == "Allow"));
        let listed: Vec<&str> = statements
            .iter()
            .flat_map(|statement| statement["Action"].as_array().unwrap())
            .map(|action| action.as_str().unwrap())
            .collect();
        let allowed: BTreeSet<&str> = listed.iter().copied().collect();
        assert_eq!(allowed.len(), listed.len(), "an action is listed twice");
        // sts:GetCallerIdentity needs no permission (docs/aws.md#permissions): AWS answers it even where a policy
        // denies it.
        let called: BTreeSet<&str> = Operation::ALL
            .iter()
            .filter(|operation| **operation != Operation::GetCallerIdentity)
            .map(|operation| operation.action())
            .collect();
        assert_eq!(allowed, called);
    }
}
