//! Amazon Resource Names, kept as written; the parts are read on demand and may be missing.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// An ARN as AWS wrote it: `arn:partition:service:region:account:resource`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Arn(Arc<str>);

impl Arn {
    /// Keeps `text` as it is; an ARN that AWS sent is never refused.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn part(&self, index: usize) -> Option<&str> {
        self.0.splitn(6, ':').nth(index).filter(|part| !part.is_empty())
    }

    /// The service, for example `sqs`.
    pub fn service(&self) -> Option<&str> {
        self.part(2)
    }

    /// The Region, absent for global resources such as S3 buckets.
    pub fn region(&self) -> Option<&str> {
        self.part(3)
    }

    /// The twelve-digit account, absent for S3 buckets.
    pub fn account(&self) -> Option<&str> {
        self.part(4)
    }

    /// Everything after the account, for example `function:checkout:live`.
    pub(crate) fn resource(&self) -> Option<&str> {
        self.part(5)
    }

    /// The last word of the resource: a queue's, topic's, stream's or function's name.
    pub fn name(&self) -> &str {
        let resource = self.resource().unwrap_or(&self.0);
        match self.service() {
            Some("lambda") => self.lambda().map_or(resource, |(name, _)| name),
            Some("dynamodb") => resource.split('/').nth(1).unwrap_or(resource),
            _ => resource.rsplit(['/', ':']).next().unwrap_or(resource),
        }
    }

    /// The function name and qualifier of a Lambda ARN (`function:NAME[:QUALIFIER]`).
    pub fn lambda(&self) -> Option<(&str, Option<&str>)> {
        if self.service() != Some("lambda") {
            return None;
        }
        let mut parts = self.resource()?.split(':');
        match (parts.next()?, parts.next()?) {
            ("function", name) => Some((name, parts.next())),
            _ => None,
        }
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read_and_missing_parts_are_none() {
        // arn, service, region, account, name
        let cases = [
            (
                "arn:aws:sqs:eu-west-1:123456789012:orders-dlq",
                "sqs",
                Some("eu-west-1"),
                Some("123456789012"),
                "orders-dlq",
            ),
            (
                "arn:aws:lambda:eu-west-1:123456789012:function:checkout:live",
                "lambda",
                Some("eu-west-1"),
                Some("123456789012"),
                "checkout",
            ),
            ("arn:aws:s3:::failed-events", "s3", None, None, "failed-events"),
            ("arn:aws:kinesis:eu-west-1:1:stream/clicks", "kinesis", Some("eu-west-1"), Some("1"), "clicks"),
            (
                "arn:aws:dynamodb:eu-west-1:1:table/orders/stream/2026-01-01T00:00:00.000",
                "dynamodb",
                Some("eu-west-1"),
                Some("1"),
                "orders",
            ),
        ];
        for (text, service, region, account, name) in cases {
            let arn = Arn::new(text);
            assert_eq!(arn.service(), Some(service), "{text}");
            assert_eq!(arn.region(), region, "{text}");
            assert_eq!(arn.account(), account, "{text}");
            assert_eq!(arn.name(), name, "{text}");
        }
        assert_eq!(Arn::new("not an arn").name(), "not an arn");
        assert_eq!(Arn::new("").service(), None);
    }

    #[test]
    fn lambda_arns_carry_name_and_qualifier() {
        let qualified = Arn::new("arn:aws:lambda:r:1:function:checkout:7");
        assert_eq!(qualified.lambda(), Some(("checkout", Some("7"))));
        let bare = Arn::new("arn:aws:lambda:r:1:function:checkout");
        assert_eq!(bare.lambda(), Some(("checkout", None)));
        assert_eq!(Arn::new("arn:aws:lambda:r:1:layer:x:1").lambda(), None);
    }
}
