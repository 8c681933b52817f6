//! What one function published about one minute, by the dimension sets under which it did.

use super::activity::Activity;

/// Where calls go: the qualifier that is called and the version that runs behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lane {
    /// 0 is `$LATEST`, the others are the function's aliases in the scenario's order, from 1.
    pub qualifier: u16,
    /// The version's place among the function's versions; 0 is `$LATEST`.
    pub version: u16,
}

/// A function's minute.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The whole function.
    pub total: Activity,
    /// The same by qualifier and version.
    pub parts: Parts,
}

/// The same minute by qualifier and version.
#[derive(Clone, Debug, PartialEq)]
pub enum Parts {
    /// Everything went one way, so that all sets show the total.
    Sole(Lane),
    /// Each qualifier with what it was called, and behind each alias each version that ran.
    Several(Box<[Part]>),
}

/// One qualifier, or one version behind it.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// As [`Lane`] counts them.
    pub qualifier: u16,
    /// `None`: all versions behind the qualifier.
    pub version: Option<u16>,
    /// What it did.
    pub activity: Activity,
}

impl Report {
    /// What `qualifier` was called; `None` when it was not.
    pub(crate) fn qualified(&self, qualifier: u16) -> Option<&Activity> {
        match &self.parts {
            Parts::Sole(lane) => (lane.qualifier == qualifier).then_some(&self.total),
            Parts::Several(parts) => Self::part(parts, qualifier, None),
        }
    }

    /// What `version` ran behind `qualifier`; `None` when it did not run.
    pub fn executed(&self, lane: Lane) -> Option<&Activity> {
        let ran = match &self.parts {
            Parts::Sole(sole) => (*sole == lane).then_some(&self.total),
            Parts::Several(parts) => Self::part(parts, lane.qualifier, Some(lane.version)),
        };
        ran.filter(|activity| activity.invocations > 0)
    }

    fn part(parts: &[Part], qualifier: u16, version: Option<u16>) -> Option<&Activity> {
        parts.iter().find(|part| part.qualifier == qualifier && part.version == version).map(|part| &part.activity)
    }

    /// The lanes that were called, each once.
    #[cfg(test)]
    pub(crate) fn lanes(&self) -> Vec<Lane> {
        match &self.parts {
            Parts::Sole(lane) => vec![*lane],
            Parts::Several(parts) => parts
                .iter()
                .filter_map(|part| Some(Lane { qualifier: part.qualifier, version: part.version? }))
                .collect(),
        }
    }
}

/// The Region's own series in one minute: all functions together, and the account's pool.
#[derive(Clone, Debug, PartialEq)]
pub struct RegionReport {
    /// All functions together.
    pub total: Activity,
    /// The most environments in use at once by functions without a reservation, provisioned ones aside.
    pub unreserved: u32,
    /// The same and what is set aside: the most that was claimed of the limit.
    pub claimed: u32,
}
