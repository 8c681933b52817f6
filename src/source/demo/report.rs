//! What one function published about one minute, by the dimension sets under which it did.

use super::activity::Activity;

/// Where calls go: the qualifier that is called and the version that runs behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Lane {
    /// 0 is `$LATEST`, the others are the function's aliases in the scenario's order, from 1.
    pub(super) qualifier: u16,
    /// The version's place among the function's versions; 0 is `$LATEST`.
    pub(super) version: u16,
}

/// A function's minute.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Report {
    /// The whole function.
    pub(super) total: Activity,
    pub(super) parts: Parts,
}

/// The same minute by qualifier and version.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Parts {
    /// Everything went one way, so that all sets show the total.
    Sole(Lane),
    /// Each qualifier with what it was called, and behind each alias each version that ran.
    Several(Box<[Part]>),
}

/// One qualifier, or one version behind it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Part {
    pub(super) qualifier: u16,
    /// `None`: all versions behind the qualifier.
    pub(super) version: Option<u16>,
    pub(super) activity: Activity,
}

impl Report {
    /// What `qualifier` was called; `None` when it was not.
    pub(super) fn qualified(&self, qualifier: u16) -> Option<&Activity> {
        match &self.parts {
            Parts::Sole(lane) => (lane.qualifier == qualifier).then_some(&self.total),
            Parts::Several(parts) => Self::part(parts, qualifier, None),
        }
    }

    /// What `version` ran behind `qualifier`; `None` when it did not run.
    pub(super) fn executed(&self, lane: Lane) -> Option<&Activity> {
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
    pub(super) fn lanes(&self) -> Vec<Lane> {
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
pub(super) struct RegionReport {
    pub(super) total: Activity,
    /// The most environments in use at once by functions without a reservation, provisioned ones aside.
    pub(super) unreserved: u32,
    /// The same and what is set aside: the most that was claimed of the limit.
    pub(super) claimed: u32,
}
