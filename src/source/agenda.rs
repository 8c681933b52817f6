//! What is asked function by function, in order: the most urgent function first, then what waits longest.
//!
//! Kept sorted, because with 10,000 functions looking through all of it at each event would cost more than
//! everything else lamtop does.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::asked::Asked;
use super::task::Detail;
use lambda_model::FunctionName;

/// Whose details come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Urgency {
    /// Its pane is open.
    Open,
    /// On screen, and an alias of it splits its traffic, which a deployment changes step by step.
    Shifting,
    /// On screen.
    Visible,
    /// Failed or was throttled lately.
    Troubled,
    /// Called through an alias.
    Aliased,
    /// Ran, or may have run, in the last hours.
    Active,
    /// Anything else.
    Idle,
}

impl Urgency {
    /// How often a detail is read again. With 50 functions visible this is about one call a second, and
    /// with 10,000 idle ones under half a call: whatever wakes up is due by then.
    fn refresh(self, detail: Detail) -> TimeDelta {
        match (self, detail) {
            (Self::Open, _) | (Self::Shifting, Detail::Aliases) => TimeDelta::minutes(1),
            (Self::Shifting | Self::Visible | Self::Troubled, _) => TimeDelta::minutes(5),
            (Self::Aliased, _) => TimeDelta::minutes(10),
            (Self::Active, _) => TimeDelta::minutes(30),
            (Self::Idle, _) => TimeDelta::days(1),
        }
    }
}

/// A detail that is the next of its kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Next<'a> {
    /// What to ask.
    pub detail: Detail,
    /// About which function.
    pub name: &'a FunctionName,
    /// When it is due.
    pub due: DateTime<Utc>,
}

/// The details of every function, by when they are due.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    once: bool,
    functions: BTreeMap<FunctionName, Entry>,
    /// Everything that is not under way.
    waiting: BTreeMap<(Urgency, Detail), Queue>,
}

/// Functions by when they are due.
type Queue = BTreeSet<(DateTime<Utc>, FunctionName)>;

#[derive(Clone, Copy, Debug)]
struct Entry {
    urgency: Urgency,
    asked: [Asked; Detail::ALL.len()],
}

impl Agenda {
    /// An empty one; with `once` an answered detail is not asked again.
    pub(super) fn new(once: bool) -> Self {
        Self { once, ..Self::default() }
    }

    /// Gives `name`, known or new, its urgency.
    pub(super) fn rank(&mut self, name: &FunctionName, urgency: Urgency) {
        let entry = self.functions.get(name).copied();
        if entry.is_none_or(|entry| entry.urgency != urgency) {
            let asked = entry.map(|entry| entry.asked).unwrap_or_default();
            self.replace(name, Some(Entry { urgency, asked }));
        }
    }

    /// Drops the functions that `keep` does not name.
    pub(super) fn retain(&mut self, keep: impl Fn(&FunctionName) -> bool) {
        let gone: Vec<FunctionName> = self.functions.keys().filter(|name| !keep(name)).cloned().collect();
        for name in gone {
            self.replace(&name, None);
        }
    }

    /// Makes every detail of `name` due.
    pub(super) fn refresh(&mut self, name: &FunctionName) {
        self.refresh_where(name, |_| true);
    }

    /// Makes due what of `name` was asked before `time`.
    pub(super) fn refresh_older(&mut self, name: &FunctionName, time: DateTime<Utc>) {
        self.refresh_where(name, |asked| matches!(asked, Asked::Answered(at) if at < time));
    }

    fn refresh_where(&mut self, name: &FunctionName, is_wanted: impl Fn(Asked) -> bool) {
        if let Some(mut entry) = self.functions.get(name).copied() {
            entry.asked.iter_mut().filter(|asked| is_wanted(**asked)).for_each(Asked::refresh);
            self.replace(name, Some(entry));
        }
    }

    /// Notes how far asking a detail has come, if the function is still there.
    pub(super) fn update(&mut self, name: &FunctionName, detail: Detail, change: impl FnOnce(Asked) -> Asked) {
        if let Some(mut entry) = self.functions.get(name).copied() {
            let asked = &mut entry.asked[detail as usize];
            *asked = change(*asked);
            self.replace(name, Some(entry));
        }
    }

    /// The first detail of each urgency and kind, the most urgent first.
    pub(super) fn next(&self) -> impl Iterator<Item = Next<'_>> {
        self.waiting.iter().filter_map(|((_, detail), queue)| {
            let (due, name) = queue.first()?;
            Some(Next { detail: *detail, name, due: *due })
        })
    }

    /// Functions of which `detail` has not been answered.
    pub(super) fn unanswered(&self, detail: Detail) -> usize {
        self.functions.values().filter(|entry| !entry.asked[detail as usize].is_answered()).count()
    }

    fn replace(&mut self, name: &FunctionName, new: Option<Entry>) {
        let old = match new {
            Some(new) => self.functions.insert(name.clone(), new),
            None => self.functions.remove(name),
        };
        for (queue, due) in old.iter().flat_map(|old| old.due(self.once)) {
            self.waiting.entry(queue).or_default().remove(&(due, name.clone()));
        }
        for (queue, due) in new.iter().flat_map(|new| new.due(self.once)) {
            self.waiting.entry(queue).or_default().insert((due, name.clone()));
        }
    }
}

impl Entry {
    /// The queue of each detail that will be asked, and when it is due.
    fn due(&self, once: bool) -> impl Iterator<Item = ((Urgency, Detail), DateTime<Utc>)> {
        let urgency = self.urgency;
        let details = Detail::ALL.into_iter().zip(self.asked);
        details.filter_map(move |(detail, asked)| {
            let every = (!once).then(|| urgency.refresh(detail));
            Some(((urgency, detail), asked.due(every)?))
        })
    }
}
