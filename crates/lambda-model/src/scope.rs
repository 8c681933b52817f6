//! Where a number belongs: a Region seen through a profile, and a function in it.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// One Region, watched with the credentials of one profile.
///
/// The account is not part of it: it is learnt later (`sts:GetCallerIdentity`) and may stay unknown.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Scope {
    /// The profile's name; `None` is the default credential chain.
    pub profile: Option<Arc<str>>,
    /// The Region, for example `eu-west-1`.
    pub region: Arc<str>,
}

impl Scope {
    /// A scope for `region` through `profile`.
    pub fn new(profile: Option<&str>, region: &str) -> Self {
        Self { profile: profile.map(Arc::from), region: Arc::from(region) }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.profile {
            Some(profile) => write!(formatter, "{profile}/{}", self.region),
            None => formatter.write_str(&self.region),
        }
    }
}

/// A function's bare name, as CloudWatch's `FunctionName` dimension carries it: never an ARN.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FunctionName(Arc<str>);

impl FunctionName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for FunctionName {
    fn from(name: &str) -> Self {
        Self(Arc::from(name))
    }
}

impl fmt::Display for FunctionName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A function in its scope: the key of everything that is per function.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FunctionId {
    /// The Region and profile it is seen through.
    pub scope: Scope,
    /// Its bare name.
    pub name: FunctionName,
}
