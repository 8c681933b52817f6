//! When a thing was last asked, and from that when to ask it again.

use chrono::{DateTime, TimeDelta, Utc};

/// What failed is asked again this much later, once its operation may be called: that pause
/// ([`super::backoff`]) grows, this one does not.
pub(super) const RETRY: TimeDelta = TimeDelta::seconds(5);

/// How far asking a thing has come.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Asked {
    /// Not yet, or again.
    #[default]
    Never,
    /// Since this time.
    Running(DateTime<Utc>),
    /// By a question of this time.
    Answered(DateTime<Utc>),
    /// It ended without an answer at this time.
    Failed(DateTime<Utc>),
}

impl Asked {
    /// When it is due, asked `every` so often, or until it is answered (`None`); `None` while it is under way
    /// and when it never is again.
    pub(super) fn due(self, every: Option<TimeDelta>) -> Option<DateTime<Utc>> {
        match self {
            Self::Never => Some(DateTime::<Utc>::MIN_UTC),
            Self::Running(_) => None,
            Self::Answered(at) => Some(at + every?),
            Self::Failed(at) => Some(at + every.map_or(RETRY, |every| every.min(RETRY))),
        }
    }

    /// Its state once what was under way has ended.
    #[must_use]
    pub(super) fn ended(self, answered: bool, now: DateTime<Utc>) -> Self {
        match self {
            Self::Running(since) if answered => Self::Answered(since),
            Self::Running(_) => Self::Failed(now),
            // Asked for anew meanwhile.
            other => other,
        }
    }

    /// Makes it due at once, unless it is under way.
    pub(super) fn refresh(&mut self) {
        if !matches!(self, Self::Running(_)) {
            *self = Self::Never;
        }
    }

    /// Whether the last question was answered.
    pub(super) fn is_answered(self) -> bool {
        matches!(self, Self::Answered(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    #[test]
    fn what_is_due_when() {
        let minute = Some(TimeDelta::minutes(1));
        let second = Some(TimeDelta::seconds(1));
        for (asked, every, due) in [
            (Asked::Never, minute, Some(DateTime::<Utc>::MIN_UTC)),
            (Asked::Never, None, Some(DateTime::<Utc>::MIN_UTC)),
            (Asked::Running(at(9)), minute, None),
            (Asked::Answered(at(9)), minute, Some(at(69))),
            (Asked::Answered(at(9)), None, None),
            (Asked::Failed(at(9)), minute, Some(at(14))),
            (Asked::Failed(at(9)), second, Some(at(10))),
            (Asked::Failed(at(9)), None, Some(at(14))),
        ] {
            assert_eq!(asked.due(every), due, "{asked:?} every {every:?}");
        }
    }

    #[test]
    fn a_question_counts_from_when_it_was_asked_and_a_failure_from_when_it_was_known() {
        assert_eq!(Asked::Running(at(1)).ended(true, at(8)), Asked::Answered(at(1)));
        assert_eq!(Asked::Running(at(1)).ended(false, at(8)), Asked::Failed(at(8)));
        assert_eq!(Asked::Never.ended(true, at(8)), Asked::Never, "wanted anew while it ran");
    }
}
