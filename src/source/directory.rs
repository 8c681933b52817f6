//! Where each function logs: what whoever reads logs has to know of the function list. Kept by the poller.

use std::collections::BTreeMap;
use std::sync::Arc;

use lambda_model::function::FunctionInfo;
use lambda_model::{Arn, FunctionName};

/// A function's log group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogPlace {
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

impl Directory {
    /// Takes in what a function's configuration says; tells whether that is news.
    pub fn learn(&mut self, info: &FunctionInfo) -> bool {
        let group: Arc<str> = info.log_group_name().into();
        let place = LogPlace { arn: log_group_arn(&info.arn, &group), group };
        if self.places.get(&info.name) == Some(&place) {
            return false;
        }
        self.places.insert(info.name.clone(), place);
        true
    }

    /// Drops the functions that `keep` does not name.
    pub(crate) fn retain(&mut self, keep: impl Fn(&FunctionName) -> bool) {
        self.places.retain(|name, _| keep(name));
    }

    /// Where a function logs; `None` while it has not been listed.
    pub(crate) fn place(&self, name: &FunctionName) -> Option<&LogPlace> {
        self.places.get(name)
    }

    /// Every function listed, by name.
    pub(crate) fn places(&self) -> impl Iterator<Item = (&FunctionName, &LogPlace)> {
        self.places.iter()
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
        let mut directory = Directory::default();
        let custom = FunctionInfo { log_group: Some("/shop/all".into()), ..info("orders") };
        assert!(directory.learn(&info("checkout")) && directory.learn(&custom));
        assert!(!directory.learn(&custom), "the same again");
        let place = |name: &str| directory.place(&name.into()).unwrap().clone();
        assert_eq!(&*place("checkout").group, "/aws/lambda/checkout");
        assert_eq!(
            place("checkout").arn.as_str(),
            "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/checkout"
        );
        assert_eq!(place("orders").arn.as_str(), "arn:aws:logs:eu-west-1:123456789012:log-group:/shop/all");
        assert!(directory.learn(&info("orders")), "back to the default group");
        directory.retain(|name| name.as_str() == "orders");
        assert_eq!(directory.places().count(), 1);
    }
}
