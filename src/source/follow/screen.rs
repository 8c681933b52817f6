//! Which log groups are on screen, and for how long they have been the same. Pure: the time is an argument.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::targets::{Wanted, wanted};
use crate::source::directory::Directory;
use lambda_model::Scope;
use lambda_model::demand::Demand;

/// Sessions are opened and closed only after the screen has been the same for this long, so that scrolling opens none.
const SETTLED: TimeDelta = TimeDelta::seconds(2);
/// The longest wait for a screen that keeps changing, or for groups that are not described yet.
const UNSETTLED: TimeDelta = TimeDelta::seconds(10);

/// The log groups on screen.
#[derive(Debug)]
pub(super) struct Screen {
    started: DateTime<Utc>,
    /// After this long without a key the screen counts as empty.
    idle_after: Option<TimeDelta>,
    is_idle: bool,
    wanted: Vec<Wanted>,
    /// When the groups changed last.
    changed: DateTime<Utc>,
    /// Since when the groups differ from those that sessions were last opened for; `None` when they do not.
    unarranged: Option<DateTime<Utc>>,
}

impl Screen {
    /// An empty screen. The time without a key is counted from `now`.
    pub(super) fn new(idle_after: Option<TimeDelta>, now: DateTime<Utc>) -> Self {
        Self { started: now, idle_after, is_idle: false, wanted: Vec::new(), changed: now, unarranged: None }
    }

    /// Takes in which groups of `scope` are on screen.
    pub(super) fn look(&mut self, demand: &Demand, directory: &Directory, scope: &Scope, now: DateTime<Utc>) {
        let attended = demand.attended.map_or(self.started, |attended| attended.max(self.started));
        self.is_idle = self.idle_after.is_some_and(|limit| now - attended > limit);
        let wanted = if self.is_idle { Vec::new() } else { wanted(demand, directory, scope) };
        if names(&wanted) != names(&self.wanted) {
            self.changed = now;
            self.unarranged.get_or_insert(now);
        }
        self.wanted = wanted;
    }

    /// The groups, the most important first.
    pub(super) fn wanted(&self) -> &[Wanted] {
        &self.wanted
    }

    /// The group of the open pane.
    pub(super) fn focus(&self) -> Option<&Arc<str>> {
        self.wanted.first().filter(|first| first.focus).map(|first| &first.place.group)
    }

    /// The minutes without a key after which following stopped; `None` while it goes on.
    pub(super) fn idle_minutes(&self) -> Option<i64> {
        self.idle_after.filter(|_| self.is_idle).map(|limit| limit.num_minutes())
    }

    /// Whether it is time to open and close sessions. `awaits` is that some groups are not described yet.
    pub(super) fn is_settled(&self, awaits: bool, now: DateTime<Utc>) -> bool {
        let Some(since) = self.unarranged else { return true };
        now - self.changed >= SETTLED && !awaits || now - since >= UNSETTLED
    }

    /// Notes that sessions are opened and closed for these groups.
    pub(super) fn arranged(&mut self) {
        self.unarranged = None;
    }
}

/// The groups, sorted: rows that only change their order are no change.
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
        assert!(screen.is_settled(false, at(0)), "Nothing is on screen");
        look(&mut screen, &["a", "b"], None, 1);
        // second, whether groups are not described yet, whether it is settled
        for (second, awaits, settled) in [(1, false, false), (3, false, true), (3, true, false), (11, true, true)] {
            assert_eq!(screen.is_settled(awaits, at(second)), settled, "{second} {awaits}");
        }
        look(&mut screen, &["b", "a"], None, 2);
        assert!(screen.is_settled(false, at(3)), "Only the order changed");
        look(&mut screen, &["b", "c"], None, 3);
        assert!(!screen.is_settled(false, at(4)) && screen.is_settled(false, at(5)));
        screen.arranged();
        assert!(screen.is_settled(true, at(5)));
        for second in 6..16 {
            look(&mut screen, [&["a"], &["b"]][usize::from(second % 2 == 0)], None, second);
            assert!(!screen.is_settled(false, at(second)));
        }
        look(&mut screen, &["a"], None, 16);
        assert!(screen.is_settled(false, at(16)), "It keeps changing");
    }

    #[test]
    fn it_is_empty_after_some_minutes_without_a_key() {
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
