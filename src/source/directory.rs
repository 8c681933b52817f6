//! Where each function logs: what those who read logs have to know of the function list. The poller keeps it.

use std::collections::BTreeMap;
use std::sync::Arc;

use lambda_model::function::FunctionInfo;
use lambda_model::{Arn, FunctionName};

/// A function's log group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPlace {
    /// The group's name.
    pub group: Arc<str>,
    /// The group's ARN, without `:*` at its end.
    pub arn: Arn,
}

/// The log groups of the functions listed so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directory {
    places: BTreeMap<FunctionName, LogPlace>,
}

impl LogPlace {
    /// Where a function with this configuration logs.
    pub fn of(info: &FunctionInfo) -> Self {
        let group: Arc<str> = info.log_group_name().into();
        Self { arn: log_group_arn(&info.arn, &group), group }
    }
}

impl Directory {
    /// Notes where a function logs.
    pub fn insert(&mut self, name: FunctionName, place: LogPlace) {
        self.places.insert(name, place);
    }

    /// Drops a function.
    pub fn remove(&mut self, name: &FunctionName) {
        self.places.remove(name);
    }

    /// Where a function logs; `None` while it has not been listed.
    pub(crate) fn place(&self, name: &FunctionName) -> Option<&LogPlace> {
        self.places.get(name)
    }
}

/// The ARN of a log group beside a function: the same partition, Region and account.
fn log_group_arn(function: &Arn, group: &str) -> Arn {
    let fields: Vec<&str> = function.as_str().splitn(6, ':').collect();
    let field = |index: usize| fields.get(index).copied().unwrap_or_default();
    Arn::new(format!("arn:{}:logs:{}:{}:log-group:{group}", field(1), field(3), field(4)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::info;

    #[test]
    fn a_group_is_in_the_functions_account_and_region() {
        let custom = FunctionInfo { log_group: Some("/shop/all".into()), ..info("orders") };
        let of = |info: &FunctionInfo| {
            let place = LogPlace::of(info);
            (place.group.to_string(), place.arn.as_str().to_string())
        };
        let arn = |group: &str| format!("arn:aws:logs:eu-west-1:123456789012:log-group:{group}");
        assert_eq!(of(&info("checkout")), ("/aws/lambda/checkout".into(), arn("/aws/lambda/checkout")));
        assert_eq!(of(&custom), ("/shop/all".into(), arn("/shop/all")));
    }
}
