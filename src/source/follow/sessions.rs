//! Which Live Tail sessions to open and close. Pure: it is told the time and how sessions fare, and names steps.
//!
//! As few sessions as the groups need, because each is billed; and a session stays as it is for as long as it holds
//! what is wanted, because changing it means opening another. A session takes another's place by being opened first:
//! for that moment there is one more than the limit.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use lambda_model::api::{TAIL_GROUPS, TailFilter};

/// One `StartLiveTail` in so much time: AWS allows five a second, for everybody in the account (docs/aws.md#live-tail).
const START_EVERY: TimeDelta = TimeDelta::seconds(1);
/// AWS ends a session after three hours; it is replaced before (docs/aws.md#live-tail).
const OLDEST: TimeDelta = TimeDelta::minutes(175);

/// Names a session.
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
    /// Since when; `None` while it is being opened.
    opened: Option<DateTime<Utc>>,
    /// The session that is closed as soon as this one is open.
    replaces: Option<SessionId>,
    /// The lines that it shows.
    filter: TailFilter,
    /// It showed a sample.
    sampled: bool,
    /// It was told to end.
    closing: bool,
}

impl Session {
    /// How many of `wanted` it holds.
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
    /// None yet, and at most `limit` at a time.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, all: BTreeMap::new(), next: 0, started: None }
    }

    /// How many groups the sessions can hold. An open pane has one to itself, so that its lines are all shown.
    pub(super) fn room(&self, focus: bool) -> usize {
        match self.limit.checked_sub(1).filter(|others| focus && *others > 0) {
            Some(others) => others.saturating_mul(TAIL_GROUPS) + 1,
            None => self.limit.saturating_mul(TAIL_GROUPS),
        }
    }

    /// The next step towards sessions that hold the first of `wanted`, as many as there is room for; `None` when
    /// there is none for the moment. With `focus` the first of them is that of an open pane. With `may_open` false
    /// nothing is opened.
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
        // One at a time: the next is arranged when it is known how this one went.
        if live().any(|(_, session)| session.opened.is_none()) {
            return None;
        }
        let ready = may_open && self.started.is_none_or(|started| now - started >= START_EVERY);
        let old = |session: &Session| session.opened.is_some_and(|opened| now - opened >= OLDEST);
        let crowded = |session: &Session| session.sampled && session.filter == TailFilter::Everything;
        let due = live().find(|(_, session)| old(session) || crowded(session));
        if let Some((id, groups)) = due.map(|(id, session)| (*id, session.those(&wanted))) {
            return ready.then(|| self.open(groups, Some(id), now));
        }
        let (alone, rest) =
            if focus && self.limit > 1 { target.split_at(target.len().min(1)) } else { (&[][..], target) };
        if !alone.is_empty() && !live().any(|(_, session)| session.groups == alone) {
            return ready.then(|| self.open(alone.to_vec(), None, now));
        }
        // Of the others, those that hold the most stay.
        let of_rest: BTreeSet<&Arc<str>> = rest.iter().collect();
        let others = live().filter(|(_, session)| alone.is_empty() || session.groups != alone);
        let mut stay: Vec<(SessionId, usize)> = others.map(|(id, one)| (*id, one.holds(&of_rest))).collect();
        stay.sort_by_key(|(id, holds)| (usize::MAX - holds, *id));
        let needed = rest.len().div_ceil(TAIL_GROUPS);
        let surplus = stay.split_off(stay.len().min(needed));
        // A group that several hold, as after a pane was closed, counts for the first.
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

    /// Notes that a session showed a sample: it is replaced by one that shows fewer lines.
    pub(super) fn sampled(&mut self, id: SessionId) {
        if let Some(session) = self.all.get_mut(&id) {
            session.sampled = true;
        }
    }

    /// How many sessions show only some lines.
    pub(super) fn narrowed(&self) -> usize {
        let open = self.all.values().filter(|session| !session.closing && session.opened.is_some());
        open.filter(|session| session.filter != TailFilter::Everything).count()
    }

    fn open(&mut self, groups: Vec<Arc<str>>, replaces: Option<SessionId>, now: DateTime<Utc>) -> Step {
        let id = self.next;
        self.next += 1;
        self.started = Some(now);
        // What was too much for one is too much for the next.
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

    /// Notes that a session is open; gives the one to close, whose place it takes.
    pub(super) fn opened(&mut self, id: SessionId, at: DateTime<Utc>) -> Option<SessionId> {
        let session = self.all.get_mut(&id)?;
        session.opened = Some(at);
        let replaced = session.replaces.take()?;
        self.close(replaced);
        Some(replaced)
    }

    /// Notes that a session is over; gives the one whose place it was to take.
    pub(super) fn ended(&mut self, id: SessionId) -> Option<SessionId> {
        self.all.remove(&id)?.replaces
    }

    /// Closes the session of this name: its place is needed.
    pub(super) fn give_up(&mut self, id: SessionId) -> Option<Step> {
        self.all.contains_key(&id).then(|| self.close(id))
    }

    /// The groups of a session.
    pub(super) fn groups(&self, id: SessionId) -> &[Arc<str>] {
        self.all.get(&id).map_or(&[], |session| &session.groups)
    }

    /// Since when a session other than `but` reads this group; `None` when none does.
    pub(super) fn reads(&self, group: &str, but: Option<SessionId>) -> Option<DateTime<Utc>> {
        let others = self.all.iter().filter(|(id, session)| Some(**id) != but && !session.closing);
        others
            .filter(|(_, session)| session.groups.iter().any(|one| **one == *group))
            .filter_map(|(_, one)| one.opened)
            .min()
    }

    /// Whether a session reads this group or is about to.
    pub(super) fn has(&self, group: &str) -> bool {
        self.all.values().any(|session| !session.closing && session.groups.iter().any(|one| **one == *group))
    }

    /// How many are open.
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

    /// Sessions that AWS opens and closes at once.
    struct Region {
        sessions: Sessions,
        /// Whether a pane is open, of the first group wanted.
        focus: bool,
        second: i64,
        /// When each was opened.
        starts: Vec<i64>,
        closed: usize,
        most: usize,
    }

    impl Region {
        fn new(limit: usize) -> Self {
            Self { sessions: Sessions::new(limit), focus: false, second: 0, starts: vec![], closed: 0, most: 0 }
        }

        /// Carries out steps for half a minute.
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
    fn as_few_sessions_as_the_groups_need() {
        type Screens = &'static [(usize, usize)];
        // limit, groups wanted one after another, sessions then, starts in all, groups of the last that are read
        let cases: [(usize, Screens, usize, usize, usize); 9] = [
            (3, &[(0, 0)], 0, 0, 0),
            (3, &[(0, 10)], 1, 1, 10),
            (3, &[(0, 11)], 2, 2, 11),
            (3, &[(0, 45)], 3, 3, 30),
            (0, &[(0, 5)], 0, 0, 0),
            // The same again, or fewer: nothing is opened.
            (3, &[(0, 10), (0, 10), (2, 9)], 1, 1, 7),
            // One row further: the session is replaced.
            (3, &[(0, 10), (1, 11)], 1, 2, 10),
            // Elsewhere.
            (2, &[(0, 20), (20, 40)], 2, 4, 20),
            // What two sessions held fits into one.
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
        fn whatever_the_screen_does(
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
                prop_assert_eq!(region.read(&wanted[..target]), target, "what there is room for is read");
                let alone = usize::from(region.focus && limit > 1);
                prop_assert_eq!(region.sessions.open_count(), alone + (target - alone).div_ceil(TAIL_GROUPS));
                prop_assert!(region.sessions.open_count() <= limit);
                for session in region.sessions.all.values() {
                    prop_assert!(session.groups.len() <= TAIL_GROUPS);
                    prop_assert_eq!(session.groups.iter().collect::<BTreeSet<_>>().len(), session.groups.len());
                }
                // Nothing more happens while nothing changes, nor when rows only change places.
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
    fn a_crowded_session_is_replaced_by_one_that_shows_less() {
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
        assert_eq!(region.sessions.next(&wanted, false, true, at(now + 10)), None, "it cannot show less");
        assert_eq!(region.sessions.narrowed(), 1);
        let more = groups(0..9);
        let next = region.sessions.next(&more, false, true, at(now + 10));
        assert_eq!(next, Some(Step::Open(2, more, TailFilter::Telling)), "nor does its successor show more");
    }

    #[test]
    fn an_open_pane_has_a_session_to_itself() {
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
        assert_eq!(only.read(&wanted), 10, "of one session it is the first of ten");
    }

    #[test]
    fn a_session_is_replaced_before_three_hours_are_over() {
        let mut region = Region::new(1);
        let wanted = groups(0..10);
        region.settle(&wanted);
        let opened = region.starts[0];
        let sessions = &mut region.sessions;
        assert_eq!(sessions.next(&wanted, false, true, at(opened + 10_499)), None);
        assert_eq!(sessions.next(&wanted, false, false, at(opened + 10_500)), None, "when nothing may be opened");
        assert_eq!(
            sessions.next(&wanted, false, true, at(opened + 10_500)),
            Some(Step::Open(1, wanted.clone(), TailFilter::Everything))
        );
        assert_eq!(sessions.next(&wanted, false, true, at(opened + 10_501)), None, "it is being opened");
        assert_eq!(sessions.open_count(), 1, "the old one goes on");
        assert_eq!(sessions.opened(1, at(opened + 10_502)), Some(0));
        assert_eq!(sessions.reads("g000", None), Some(at(opened + 10_502)));
        assert_eq!(sessions.ended(0), None);
        assert_eq!(sessions.next(&wanted, false, true, at(opened + 10_600)), None);
    }

    #[test]
    fn what_ended_is_opened_again_and_what_failed_to_replace_names_the_old_one() {
        let mut sessions = Sessions::new(1);
        let wanted = groups(0..3);
        assert_eq!(
            sessions.next(&wanted, false, true, at(0)),
            Some(Step::Open(0, wanted.clone(), TailFilter::Everything))
        );
        assert!(sessions.has("g000") && sessions.reads("g000", None).is_none(), "about to be");
        sessions.opened(0, at(0));
        assert_eq!(sessions.ended(0), None);
        assert!(!sessions.has("g000"));
        assert_eq!(sessions.next(&wanted, false, true, at(0)), None, "one a second");
        assert_eq!(
            sessions.next(&wanted, false, true, at(1)),
            Some(Step::Open(1, wanted.clone(), TailFilter::Everything))
        );
        sessions.opened(1, at(1));
        let more = groups(0..4);
        assert_eq!(sessions.next(&more, false, true, at(9)), Some(Step::Open(2, more.clone(), TailFilter::Everything)));
        assert_eq!(sessions.ended(2), Some(1), "refused");
        assert_eq!(sessions.give_up(1), Some(Step::Close(1)));
        assert_eq!(sessions.give_up(7), None);
        assert_eq!(
            sessions.next(&more, false, true, at(10)),
            Some(Step::Open(3, more.clone(), TailFilter::Everything)),
            "without waiting for its end"
        );
        assert_eq!(sessions.groups(1), wanted);
    }
}
