//! Which Live Tail sessions to open and close. Pure: the time and the state of the sessions are arguments, and the
//! result is the next step.
//!
//! There are as few sessions as the groups need, because each is billed. A session is kept as long as it reads wanted
//! groups, because its groups cannot be changed. A session that replaces another is opened first: for that moment
//! there is one session more than the limit.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use lambda_model::api::{TAIL_GROUPS, TailFilter};

/// The time between two `StartLiveTail`. AWS allows five a second for the whole account (docs/aws.md#live-tail).
const START_EVERY: TimeDelta = TimeDelta::seconds(1);
/// The age at which a session is replaced. AWS ends it after three hours (docs/aws.md#live-tail).
const OLDEST: TimeDelta = TimeDelta::minutes(175);

/// Identifies a session.
pub(super) type SessionId = u64;

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Open a session of these groups that shows these lines.
    Open(SessionId, Vec<Arc<str>>, TailFilter),
    /// Close a session.
    Close(SessionId),
}

#[derive(Clone, Debug)]
struct Session {
    groups: Vec<Arc<str>>,
    /// Since when it is open; `None` while it is being opened.
    opened: Option<DateTime<Utc>>,
    /// The session that is closed as soon as this one is open.
    replaces: Option<SessionId>,
    /// The lines that it receives.
    filter: TailFilter,
    /// Whether one of its updates was a sample.
    sampled: bool,
    /// Whether it is being closed.
    closing: bool,
}

impl Session {
    /// How many of `wanted` it reads.
    fn holds(&self, wanted: &BTreeSet<&Arc<str>>) -> usize {
        self.groups.iter().filter(|group| wanted.contains(group)).count()
    }

    /// Those of its groups that are `wanted`.
    fn those(&self, wanted: &BTreeSet<&Arc<str>>) -> Vec<Arc<str>> {
        self.groups.iter().filter(|group| wanted.contains(group)).cloned().collect()
    }
}

/// The sessions of one scope.
#[derive(Debug)]
pub(super) struct Sessions {
    limit: usize,
    all: BTreeMap<SessionId, Session>,
    next: SessionId,
    started: Option<DateTime<Utc>>,
}

impl Sessions {
    /// No sessions yet, and at most `limit` at a time.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, all: BTreeMap::new(), next: 0, started: None }
    }

    /// How many groups the sessions can read. The group of an open pane has a session of its own, so that all of its
    /// lines are shown.
    pub(super) fn room(&self, focus: bool) -> usize {
        match self.limit.checked_sub(1).filter(|others| focus && *others > 0) {
            Some(others) => others.saturating_mul(TAIL_GROUPS) + 1,
            None => self.limit.saturating_mul(TAIL_GROUPS),
        }
    }

    /// The next step towards sessions that read the first of `wanted`, as many as there is room for; `None` when there
    /// is nothing to do at the moment. `focus` is that the first group is the one of an open pane. Sessions are opened
    /// only when `may_open`.
    pub(super) fn next(
        &mut self,
        wanted: &[Arc<str>],
        focus: bool,
        may_open: bool,
        now: DateTime<Utc>,
    ) -> Option<Step> {
        let target = &wanted[..wanted.len().min(self.room(focus))];
        let wanted: BTreeSet<&Arc<str>> = target.iter().collect();
        let live = || self.all.iter().filter(|(_, session)| !session.closing);
        if let Some((id, _)) = live().find(|(_, session)| session.holds(&wanted) == 0) {
            return Some(self.close(*id));
        }
        // One at a time: the next step depends on whether this session can be opened.
        if live().any(|(_, session)| session.opened.is_none()) {
            return None;
        }
        let ready = may_open && self.started.is_none_or(|started| now - started >= START_EVERY);
        let is_old = |session: &Session| session.opened.is_some_and(|opened| now - opened >= OLDEST);
        let is_sampled = |session: &Session| session.sampled && session.filter == TailFilter::Everything;
        let due = live().find(|(_, session)| is_old(session) || is_sampled(session));
        if let Some((id, groups)) = due.map(|(id, session)| (*id, session.those(&wanted))) {
            return ready.then(|| self.open(groups, Some(id), now));
        }
        let (alone, rest) =
            if focus && self.limit > 1 { target.split_at(target.len().min(1)) } else { (&[][..], target) };
        if !alone.is_empty() && !live().any(|(_, session)| session.groups == alone) {
            return ready.then(|| self.open(alone.to_vec(), None, now));
        }
        // Of the other sessions, those that read the most wanted groups are kept.
        let of_rest: BTreeSet<&Arc<str>> = rest.iter().collect();
        let others = live().filter(|(_, session)| alone.is_empty() || session.groups != alone);
        let mut stay: Vec<(SessionId, usize)> = others.map(|(id, one)| (*id, one.holds(&of_rest))).collect();
        stay.sort_by_key(|(id, holds)| (usize::MAX - holds, *id));
        let needed = rest.len().div_ceil(TAIL_GROUPS);
        let surplus = stay.split_off(stay.len().min(needed));
        // A group that several sessions read, as after a pane was closed, counts for the first of them.
        let mut held: BTreeSet<&Arc<str>> = BTreeSet::new();
        let own = stay.iter().filter_map(|(id, _)| Some((*id, &self.all.get(id)?.groups))).map(|(id, groups)| {
            let own: Vec<_> = groups.iter().filter(|group| of_rest.contains(group) && held.insert(group)).collect();
            (id, own)
        });
        let own: Vec<(SessionId, Vec<&Arc<str>>)> = own.collect();
        let mut missing = rest.iter().filter(|group| !held.contains(group)).cloned().peekable();
        let over = live().count() > self.limit;
        if missing.peek().is_none() || over && !surplus.is_empty() {
            return surplus.first().map(|(id, _)| self.close(*id));
        }
        if !ready {
            return None;
        }
        if stay.len() < needed {
            return Some(self.open(missing.take(TAIL_GROUPS).collect(), None, now));
        }
        let (id, own) = own.into_iter().min_by_key(|(id, own)| (own.len(), Reverse(*id)))?;
        let room = TAIL_GROUPS.saturating_sub(own.len());
        let groups = own.into_iter().cloned().chain(missing.take(room)).collect();
        Some(self.open(groups, Some(id), now))
    }

    /// Notes that an update of a session was a sample. The session is replaced by one that receives fewer lines.
    pub(super) fn sampled(&mut self, id: SessionId) {
        if let Some(session) = self.all.get_mut(&id) {
            session.sampled = true;
        }
    }

    /// How many sessions receive only some lines.
    pub(super) fn narrowed(&self) -> usize {
        let open = self.all.values().filter(|session| !session.closing && session.opened.is_some());
        open.filter(|session| session.filter != TailFilter::Everything).count()
    }

    fn open(&mut self, groups: Vec<Arc<str>>, replaces: Option<SessionId>, now: DateTime<Utc>) -> Step {
        let id = self.next;
        self.next += 1;
        self.started = Some(now);
        // A session that replaces a sampled one would be sampled, too.
        let before = replaces.and_then(|id| self.all.get(&id));
        let filter = match before {
            Some(before) if before.sampled || before.filter == TailFilter::Telling => TailFilter::Telling,
            _ => TailFilter::Everything,
        };
        let session =
            Session { groups: groups.clone(), opened: None, replaces, filter, sampled: false, closing: false };
        self.all.insert(id, session);
        Step::Open(id, groups, filter)
    }

    fn close(&mut self, id: SessionId) -> Step {
        if let Some(session) = self.all.get_mut(&id) {
            session.closing = true;
        }
        Step::Close(id)
    }

    /// Notes that a session is open. Returns the session that it replaces, which is to be closed.
    pub(super) fn opened(&mut self, id: SessionId, at: DateTime<Utc>) -> Option<SessionId> {
        let session = self.all.get_mut(&id)?;
        session.opened = Some(at);
        let replaced = session.replaces.take()?;
        self.close(replaced);
        Some(replaced)
    }

    /// Notes that a session ended. Returns the session that it was to replace.
    pub(super) fn ended(&mut self, id: SessionId) -> Option<SessionId> {
        self.all.remove(&id)?.replaces
    }

    /// Closes a session, because its place is needed.
    pub(super) fn give_up(&mut self, id: SessionId) -> Option<Step> {
        self.all.contains_key(&id).then(|| self.close(id))
    }

    /// The groups of a session.
    pub(super) fn groups(&self, id: SessionId) -> &[Arc<str>] {
        self.all.get(&id).map_or(&[], |session| &session.groups)
    }

    /// Since when a session other than `but` reads this group; `None` when no session does.
    pub(super) fn reads(&self, group: &str, but: Option<SessionId>) -> Option<DateTime<Utc>> {
        let others = self.all.iter().filter(|(id, session)| Some(**id) != but && !session.closing);
        others
            .filter(|(_, session)| session.groups.iter().any(|one| **one == *group))
            .filter_map(|(_, one)| one.opened)
            .min()
    }

    /// Whether a session reads this group or is being opened for it.
    pub(super) fn has(&self, group: &str) -> bool {
        self.all.values().any(|session| !session.closing && session.groups.iter().any(|one| **one == *group))
    }

    /// How many sessions are open.
    pub(super) fn open_count(&self) -> usize {
        self.all.values().filter(|session| !session.closing && session.opened.is_some()).count()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    fn groups(names: impl IntoIterator<Item = usize>) -> Vec<Arc<str>> {
        names.into_iter().map(|name| format!("g{name:03}").into()).collect()
    }

    /// A Region in which sessions are opened and closed at once.
    struct Region {
        sessions: Sessions,
        /// Whether the pane of the first wanted group is open.
        focus: bool,
        second: i64,
        /// When each session was opened.
        starts: Vec<i64>,
        closed: usize,
        most: usize,
    }

    impl Region {
        fn new(limit: usize) -> Self {
            Self { sessions: Sessions::new(limit), focus: false, second: 0, starts: vec![], closed: 0, most: 0 }
        }

        /// Takes steps for half a minute.
        fn settle(&mut self, wanted: &[Arc<str>]) {
            for _ in 0..30 {
                self.second += 1;
                while let Some(step) = self.sessions.next(wanted, self.focus, true, at(self.second)) {
                    match step {
                        Step::Open(id, ..) => {
                            self.starts.push(self.second);
                            self.most = self.most.max(self.sessions.all.len());
                            if let Some(replaced) = self.sessions.opened(id, at(self.second)) {
                                self.end(replaced);
                            }
                        }
                        Step::Close(id) => self.end(id),
                    }
                }
            }
        }

        fn end(&mut self, id: SessionId) {
            assert_eq!(self.sessions.ended(id), None);
            self.closed += 1;
        }

        fn read(&self, wanted: &[Arc<str>]) -> usize {
            wanted.iter().filter(|group| self.sessions.reads(group, None).is_some()).count()
        }
    }

    #[test]
    fn there_are_as_few_sessions_as_the_groups_need() {
        type Screens = &'static [(usize, usize)];
        // limit, the groups of one screen after another, sessions at the end, sessions opened, groups read at the end
        let cases: [(usize, Screens, usize, usize, usize); 9] = [
            (3, &[(0, 0)], 0, 0, 0),
            (3, &[(0, 10)], 1, 1, 10),
            (3, &[(0, 11)], 2, 2, 11),
            (3, &[(0, 45)], 3, 3, 30),
            (0, &[(0, 5)], 0, 0, 0),
            // The same groups again, or fewer: no session is opened.
            (3, &[(0, 10), (0, 10), (2, 9)], 1, 1, 7),
            // One row further: the session is replaced.
            (3, &[(0, 10), (1, 11)], 1, 2, 10),
            // Other groups.
            (2, &[(0, 20), (20, 40)], 2, 4, 20),
            // The groups of two sessions fit into one.
            (2, &[(0, 20), (8, 12)], 1, 3, 4),
        ];
        for (limit, screens, sessions, starts, read) in cases {
            let mut region = Region::new(limit);
            for (from, until) in screens {
                region.settle(&groups(*from..*until));
            }
            let last = screens.last().map(|(from, until)| groups(*from..*until)).unwrap_or_default();
            let found = (region.sessions.open_count(), region.starts.len(), region.read(&last));
            assert_eq!(found, (sessions, starts, read), "{limit} {screens:?}");
        }
    }

    proptest! {
        #[test]
        fn sessions_keep_to_their_limits_whatever_is_on_screen(
            limit in 1_usize..5,
            screens in prop::collection::vec((0_usize..80, 0_usize..60, any::<prop::sample::Index>(), any::<bool>()), 1..12),
        ) {
            let mut region = Region::new(limit);
            for (from, count, focus, pane) in screens {
                region.focus = pane && count > 0;
                let mut wanted = groups(from..from + count);
                if count > 0 {
                    let focus = wanted.remove(focus.index(count));
                    wanted.insert(0, focus);
                }
                region.settle(&wanted);
                let target = wanted.len().min(region.sessions.room(region.focus));
                prop_assert_eq!(region.read(&wanted[..target]), target, "All groups for which there is room are read");
                let alone = usize::from(region.focus && limit > 1);
                prop_assert_eq!(region.sessions.open_count(), alone + (target - alone).div_ceil(TAIL_GROUPS));
                prop_assert!(region.sessions.open_count() <= limit);
                for session in region.sessions.all.values() {
                    prop_assert!(session.groups.len() <= TAIL_GROUPS);
                    prop_assert_eq!(session.groups.iter().collect::<BTreeSet<_>>().len(), session.groups.len());
                }
                // No session is opened or closed while the groups stay the same, in whatever order.
                let (starts, closed) = (region.starts.len(), region.closed);
                let rest = alone.min(target);
                wanted[rest..target].reverse();
                region.settle(&wanted[..target]);
                prop_assert_eq!((region.starts.len(), region.closed), (starts, closed));
            }
            prop_assert!(region.most <= limit + 1, "{} sessions", region.most);
            prop_assert!(region.starts.is_sorted_by(|one, next| next - one >= START_EVERY.num_seconds()));
        }
    }

    #[test]
    fn a_sampled_session_is_replaced_by_one_that_receives_fewer_lines() {
        let mut region = Region::new(2);
        let wanted = groups(0..8);
        region.settle(&wanted);
        let now = region.second + 10;
        region.sessions.sampled(0);
        assert_eq!(
            region.sessions.next(&wanted, false, true, at(now)),
            Some(Step::Open(1, wanted.clone(), TailFilter::Telling))
        );
        assert_eq!(region.sessions.opened(1, at(now)), Some(0));
        region.end(0);
        region.sessions.sampled(1);
        assert_eq!(region.sessions.next(&wanted, false, true, at(now + 10)), None, "There is no narrower filter");
        assert_eq!(region.sessions.narrowed(), 1);
        let more = groups(0..9);
        let next = region.sessions.next(&more, false, true, at(now + 10));
        assert_eq!(next, Some(Step::Open(2, more, TailFilter::Telling)), "The next session has the narrow filter, too");
    }

    #[test]
    fn an_open_pane_has_a_session_of_its_own() {
        let mut region = Region::new(3);
        let wanted = groups(0..28);
        region.settle(&wanted);
        region.focus = true;
        region.settle(&wanted);
        assert_eq!((region.sessions.open_count(), region.read(&wanted)), (3, 21));
        assert!(region.sessions.all.values().any(|session| session.groups == groups(0..1)));
        region.focus = false;
        region.settle(&wanted);
        assert_eq!((region.sessions.open_count(), region.read(&wanted)), (3, 28));
        let mut only = Region::new(1);
        only.focus = true;
        only.settle(&wanted);
        assert_eq!(only.read(&wanted), 10, "With one session it is the first of ten groups");
    }

    #[test]
    fn a_session_is_replaced_before_three_hours_are_over() {
        let mut region = Region::new(1);
        let wanted = groups(0..10);
        region.settle(&wanted);
        let opened = region.starts[0];
        let sessions = &mut region.sessions;
        assert_eq!(sessions.next(&wanted, false, true, at(opened + 10_499)), None);
        assert_eq!(sessions.next(&wanted, false, false, at(opened + 10_500)), None, "Sessions may not be opened");
        assert_eq!(
            sessions.next(&wanted, false, true, at(opened + 10_500)),
            Some(Step::Open(1, wanted.clone(), TailFilter::Everything))
        );
        assert_eq!(sessions.next(&wanted, false, true, at(opened + 10_501)), None, "It is being opened");
        assert_eq!(sessions.open_count(), 1, "The old session goes on");
        assert_eq!(sessions.opened(1, at(opened + 10_502)), Some(0));
        assert_eq!(sessions.reads("g000", None), Some(at(opened + 10_502)));
        assert_eq!(sessions.ended(0), None);
        assert_eq!(sessions.next(&wanted, false, true, at(opened + 10_600)), None);
    }

    #[test]
    fn a_session_that_ended_is_opened_again_and_a_failed_replacement_returns_the_old_one() {
        let mut sessions = Sessions::new(1);
        let wanted = groups(0..3);
        assert_eq!(
            sessions.next(&wanted, false, true, at(0)),
            Some(Step::Open(0, wanted.clone(), TailFilter::Everything))
        );
        assert!(sessions.has("g000") && sessions.reads("g000", None).is_none(), "It is being opened");
        sessions.opened(0, at(0));
        assert_eq!(sessions.ended(0), None);
        assert!(!sessions.has("g000"));
        assert_eq!(sessions.next(&wanted, false, true, at(0)), None, "One a second");
        assert_eq!(
            sessions.next(&wanted, false, true, at(1)),
            Some(Step::Open(1, wanted.clone(), TailFilter::Everything))
        );
        sessions.opened(1, at(1));
        let more = groups(0..4);
        assert_eq!(sessions.next(&more, false, true, at(9)), Some(Step::Open(2, more.clone(), TailFilter::Everything)));
        assert_eq!(sessions.ended(2), Some(1), "The new session could not be opened");
        assert_eq!(sessions.give_up(1), Some(Step::Close(1)));
        assert_eq!(sessions.give_up(7), None);
        assert_eq!(
            sessions.next(&more, false, true, at(10)),
            Some(Step::Open(3, more.clone(), TailFilter::Everything)),
            "Without waiting for the end of the old session"
        );
        assert_eq!(sessions.groups(1), wanted);
    }
}
