//! Dimension sets: what a metric is about.
//!
//! CloudWatch never sums over missing dimensions: a metric exists only under the sets it is published with
//! (docs/aws.md#dimension-sets), and [`Subject`] is one such set.

use serde::{Deserialize, Serialize};

use crate::FunctionName;

const MAPPING: &str = "EventSourceMappingUUID";

/// The kinds of dimension sets, by the names of their dimensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dimensions {
    /// None: all functions of the Region.
    Region,
    /// `FunctionName`.
    Function,
    /// `FunctionName`, `Resource`.
    Qualified,
    /// `FunctionName`, `Resource`, `ExecutedVersion`.
    Executed,
    /// `QueueName`.
    Queue,
    /// `TopicName`.
    Topic,
    /// `EventSourceMappingUUID`.
    Mapping,
}

impl Dimensions {
    /// The CloudWatch namespace in which sets of this kind are.
    pub(crate) const fn namespace(self) -> &'static str {
        match self {
            Self::Queue => "AWS/SQS",
            Self::Topic => "AWS/SNS",
            _ => "AWS/Lambda",
        }
    }

    /// Whether it is one of `sets`, to be known when this is compiled.
    pub(super) const fn is_among(self, sets: &[Self]) -> bool {
        let mut place = 0;
        while place < sets.len() {
            if sets[place] as u8 == self as u8 {
                return true;
            }
            place += 1;
        }
        false
    }
}

/// One exact dimension set, in its namespace.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Subject {
    /// No dimension: all functions of the Region.
    Region,
    /// `FunctionName`: all versions and aliases of a function.
    Function(FunctionName),
    /// `FunctionName`, `Resource`: one alias, version or `$LATEST`.
    Qualified {
        /// The function.
        function: FunctionName,
        /// Alias, version number or `$LATEST`.
        qualifier: String,
    },
    /// `FunctionName`, `Resource`, `ExecutedVersion`: a version that ran behind an alias.
    Executed {
        /// The function.
        function: FunctionName,
        /// The alias that was invoked.
        alias: String,
        /// The version that ran.
        version: String,
    },
    /// `QueueName` in `AWS/SQS`.
    Queue(String),
    /// `TopicName` in `AWS/SNS`.
    Topic(String),
    /// `EventSourceMappingUUID`: one event source mapping.
    Mapping(String),
}

impl Subject {
    /// Which kind of set it is.
    pub(crate) fn kind(&self) -> Dimensions {
        match self {
            Self::Region => Dimensions::Region,
            Self::Function(_) => Dimensions::Function,
            Self::Qualified { .. } => Dimensions::Qualified,
            Self::Executed { .. } => Dimensions::Executed,
            Self::Queue(_) => Dimensions::Queue,
            Self::Topic(_) => Dimensions::Topic,
            Self::Mapping(_) => Dimensions::Mapping,
        }
    }

    /// The CloudWatch namespace.
    pub fn namespace(&self) -> &'static str {
        self.kind().namespace()
    }

    /// The dimensions, name and value, complete.
    pub fn dimensions(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Region => Vec::new(),
            Self::Function(function) => vec![("FunctionName", function.to_string())],
            Self::Qualified { function, qualifier } => {
                vec![("FunctionName", function.to_string()), ("Resource", format!("{function}:{qualifier}"))]
            }
            Self::Executed { function, alias, version } => vec![
                ("FunctionName", function.to_string()),
                ("Resource", format!("{function}:{alias}")),
                ("ExecutedVersion", version.clone()),
            ],
            Self::Queue(name) => vec![("QueueName", name.clone())],
            Self::Topic(name) => vec![("TopicName", name.clone())],
            Self::Mapping(uuid) => vec![(MAPPING, uuid.clone())],
        }
    }

    /// The Lambda subject with these dimensions, in any order; `None` for a set lamtop does not read.
    ///
    /// `Resource` is `name:alias`, `name:version`, `name:$LATEST` or, for unqualified invocations, sometimes
    /// the plain name (docs/aws.md#dimension-sets): the last reads as `$LATEST`.
    pub fn from_lambda_dimensions<'a>(dimensions: impl IntoIterator<Item = (&'a str, &'a str)>) -> Option<Self> {
        let (mut function, mut resource, mut executed, mut mapping) = (None, None, None, None);
        for (name, value) in dimensions {
            match name {
                "FunctionName" => function = Some(value),
                "Resource" => resource = Some(value),
                "ExecutedVersion" => executed = Some(value),
                MAPPING => mapping = Some(value),
                _ => return None,
            }
        }
        if let Some(uuid) = mapping {
            // No other dimension stands beside it (docs/aws.md#dimension-sets).
            let alone = (function, resource, executed) == (None, None, None);
            return alone.then(|| Self::Mapping(uuid.to_string()));
        }
        match (function, resource, executed) {
            (None, None, None) => Some(Self::Region),
            (Some(function), None, None) => Some(Self::Function(function.into())),
            (Some(function), Some(resource), executed) => {
                let rest = resource.strip_prefix(function)?;
                let qualifier = if rest.is_empty() { "$LATEST" } else { rest.strip_prefix(':')? };
                let (function, qualifier) = (function.into(), qualifier.to_string());
                Some(match executed {
                    None => Self::Qualified { function, qualifier },
                    Some(version) => Self::Executed { function, alias: qualifier, version: version.to_string() },
                })
            }
            _ => None,
        }
    }

    /// The function it is about, if it is about one.
    pub fn function(&self) -> Option<&FunctionName> {
        match self {
            Self::Function(function) | Self::Qualified { function, .. } | Self::Executed { function, .. } => {
                Some(function)
            }
            Self::Region | Self::Queue(_) | Self::Topic(_) | Self::Mapping(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dimension_sets_survive_the_way_to_cloudwatch_and_back() {
        let function = FunctionName::from("checkout");
        for subject in [
            Subject::Region,
            Subject::Function(function.clone()),
            Subject::Qualified { function: function.clone(), qualifier: "live".into() },
            Subject::Qualified { function: function.clone(), qualifier: "$LATEST".into() },
            Subject::Executed { function, alias: "live".into(), version: "8".into() },
            Subject::Mapping("3ab8".into()),
        ] {
            let dimensions = subject.dimensions();
            let pairs = || dimensions.iter().map(|(name, value)| (*name, value.as_str()));
            assert_eq!(Subject::from_lambda_dimensions(pairs()), Some(subject.clone()));
            assert_eq!(Subject::from_lambda_dimensions(pairs().rev()), Some(subject), "any order");
        }
    }

    #[test]
    fn foreign_dimension_sets_are_left_alone() {
        let read =
            |dimensions: &[(&'static str, &'static str)]| Subject::from_lambda_dimensions(dimensions.iter().copied());
        assert_eq!(read(&[("EventSourceMappingUUID", "x"), ("FunctionName", "a")]), None);
        assert_eq!(read(&[("CapacityProviderName", "x")]), None);
        assert_eq!(read(&[("Resource", "a:b")]), None);
        assert_eq!(read(&[("FunctionName", "a"), ("ExecutedVersion", "1")]), None);
        assert_eq!(read(&[("FunctionName", "a"), ("Resource", "ab:live")]), None, "another function's resource");
        assert_eq!(
            read(&[("FunctionName", "a"), ("Resource", "a")]),
            Some(Subject::Qualified { function: "a".into(), qualifier: "$LATEST".into() })
        );
    }
}
