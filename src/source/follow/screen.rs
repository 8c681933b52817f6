//! What is on screen and how long it has stayed the same. Pure: it is told the time.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::targets::{Wanted, wanted};
use crate::source::directory::Directory;
use lambda_model::Scope;
use lambda_model::demand::Demand;

/// Sessions are arranged anew when the screen has stayed the same for so long: scrolling costs nothing.
const SETTLED: TimeDelta = TimeDelta::seconds(2);
/// A screen that never stays the same, or many groups that are still to be described, are waited for so long.
const UNSETTLED: TimeDelta = TimeDelta::seconds(10);

/// The log groups on screen.
#[derive(Debug)]
pub(super) struct Screen {
    started: DateTime<Utc>,
    /// It counts as empty when no key was touched for so long.
    patience: Option<TimeDelta>,
    is_idle: bool,
    wanted: Vec<Wanted>,
    /// When the groups last became others.
    changed: DateTime<Utc>,
    /// Since when the sessions have not been arranged for them.
    unarranged: Option<DateTime<Utc>>,
}

impl Screen {
    /// Empty, for somebody who is there at `now`.
    pub(super) fn new(patience: Option<TimeDelta>, now: DateTime<Utc>) -> Self {
        Self { started: now, patience, is_idle: false, wanted: Vec::new(), changed: now, unarranged: None }
    }

    /// Takes in what `scope` shows.
    pub(super) fn look(&mut self, demand: &Demand, directory: &Directory, scope: &Scope, now: DateTime<Utc>) {
        let attended = demand.attended.map_or(self.started, |attended| attended.max(self.started));
        self.is_idle = self.patience.is_some_and(|patience| now - attended > patience);
        let wanted = if self.is_idle { Vec::new() } else { wanted(demand, directory, scope) };
        if names(&wanted) != names(&self.wanted) {
            self.changed = now;
            self.unarranged.get_or_insert(now);
        }
        self.wanted = wanted;
    }

    /// The groups, the most wanted first.
    pub(super) fn wanted(&self) -> &[Wanted] {
        &self.wanted
    }

    /// Those of the open pane.
    pub(super) fn focus(&self) -> Option<&Arc<str>> {
        self.wanted.first().filter(|first| first.focus).map(|first| &first.place.group)
    }

    /// For how many minutes no key was touched, once that is too long.
    pub(super) fn idle_minutes(&self) -> Option<i64> {
        self.patience.filter(|_| self.is_idle).map(|patience| patience.num_minutes())
    }

    /// Whether it is time to arrange sessions; `awaits` when something of the groups is about to be known.
    pub(super) fn is_settled(&self, awaits: bool, now: DateTime<Utc>) -> bool {
        let Some(since) = self.unarranged else { return true };
        now - self.changed >= SETTLED && !awaits || now - since >= UNSETTLED
    }

    /// Notes that sessions have been arranged for it.
    pub(super) fn arranged(&mut self) {
        self.unarranged = None;
    }
}

/// The groups in an order of their own: rows that only change places change nothing.
fn names(wanted: &[Wanted]) -> Vec<(&str, bool)> {
    let mut names: Vec<_> = wanted.iter().map(|one| (&*one.place.group, one.focus)).collect();
    names.sort_unstable();
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::info;
    use crate::source::directory::LogPlace;
    use lambda_model::FunctionId;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    fn look(screen: &mut Screen, visible: &[&str], attended: Option<i64>, second: i64) {
        let scope = Scope::new(None, "eu-west-1");
        let mut directory = Directory::default();
        for name in ["a", "b", "c"] {
            directory.insert(name.into(), LogPlace::of(&info(name)));
        }
        let id = |name: &&str| FunctionId { scope: scope.clone(), name: (*name).into() };
        let visible = visible.iter().map(id).collect();
        let demand = Demand { visible, attended: attended.map(at), ..Demand::default() };
        screen.look(&demand, &directory, &scope, at(second));
    }

    #[test]
    fn it_is_settled_when_its_groups_have_stayed_the_same() {
        let mut screen = Screen::new(None, at(0));
        assert!(screen.is_settled(false, at(0)), "nothing is on it");
        look(&mut screen, &["a", "b"], None, 1);
        // second, whether something is awaited, whether it is settled
        for (second, awaits, settled) in [(1, false, false), (3, false, true), (3, true, false), (11, true, true)] {
            assert_eq!(screen.is_settled(awaits, at(second)), settled, "{second} {awaits}");
        }
        look(&mut screen, &["b", "a"], None, 2);
        assert!(screen.is_settled(false, at(3)), "only the order changed");
        look(&mut screen, &["b", "c"], None, 3);
        assert!(!screen.is_settled(false, at(4)) && screen.is_settled(false, at(5)));
        screen.arranged();
        assert!(screen.is_settled(true, at(5)));
        for second in 6..16 {
            look(&mut screen, [&["a"], &["b"]][usize::from(second % 2 == 0)], None, second);
            assert!(!screen.is_settled(false, at(second)));
        }
        look(&mut screen, &["a"], None, 16);
        assert!(screen.is_settled(false, at(16)), "it never stays the same");
    }

    #[test]
    fn nobody_looks_at_it_for_hours() {
        let mut screen = Screen::new(Some(TimeDelta::minutes(15)), at(60));
        // the last key, now, whether it is idle
        for (attended, second, idle) in [
            (None, 960, false),
            (None, 961, true),
            (Some(0), 960, false),
            (Some(0), 961, true),
            (Some(900), 1800, false),
            (Some(900), 1801, true),
            (Some(1800), 1801, false),
        ] {
            look(&mut screen, &["a"], attended, second);
            assert_eq!(screen.idle_minutes(), idle.then_some(15), "{attended:?} {second}");
            assert_eq!(screen.wanted().is_empty(), idle, "{attended:?} {second}");
        }
        let mut screen = Screen::new(None, at(0));
        look(&mut screen, &["a"], None, 1_000_000);
        assert_eq!((screen.idle_minutes(), screen.wanted().len()), (None, 1));
    }
}
