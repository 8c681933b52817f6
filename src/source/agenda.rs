//! The order in which details are read function by function: by urgency, and then by when they are due.
//!
//! It is kept sorted, because with 10,000 functions a search through all of it at each event would cost more than
//! everything else that lamtop does.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::asked::Asked;
use super::task::Detail;
use lambda_model::FunctionName;

/// How urgent the details of a function are. The most urgent comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Urgency {
    /// Its pane is open.
    Open,
    /// On screen, with an alias that has two versions: a deployment may be changing the weights step by step.
    Shifting,
    /// On screen.
    Visible,
    /// With errors or throttles lately.
    Troubled,
    /// Invoked through an alias.
    Aliased,
    /// Invoked in the last hours, or possibly so.
    Active,
    /// Any other function.
    Idle,
}

impl Urgency {
    /// After what time a detail is read again. With 50 visible functions this makes about one call a second, with
    /// 10,000 idle ones less than half a call a second. An idle function that becomes active is read again at once,
    /// because its more urgent interval has passed by then.
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

/// The next detail to read of its kind and urgency.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Next<'a> {
    /// The detail.
    pub detail: Detail,
    /// The function.
    pub name: &'a FunctionName,
    /// When it is due.
    pub due: DateTime<Utc>,
}

/// The details of every function, by when they are due.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    once: bool,
    functions: BTreeMap<FunctionName, Entry>,
    /// All details that are not being read at the moment.
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
    /// An empty agenda. With `once` an answered detail is not read again.
    pub(super) fn new(once: bool) -> Self {
        Self { once, ..Self::default() }
    }

    /// Sets the urgency of `name`, which may be new.
    pub(super) fn rank(&mut self, name: &FunctionName, urgency: Urgency) {
        let entry = self.functions.get(name).copied();
        if entry.is_none_or(|entry| entry.urgency != urgency) {
            let asked = entry.map(|entry| entry.asked).unwrap_or_default();
            self.replace(name, Some(Entry { urgency, asked }));
        }
    }

    /// Drops the functions for which `keep` returns `false`.
    pub(super) fn retain(&mut self, keep: impl Fn(&FunctionName) -> bool) {
        let dropped: Vec<FunctionName> = self.functions.keys().filter(|name| !keep(name)).cloned().collect();
        for name in dropped {
            self.replace(&name, None);
        }
    }

    /// Makes every detail of `name` due.
    pub(super) fn refresh(&mut self, name: &FunctionName) {
        self.refresh_where(name, |_| true);
    }

    /// Makes due those details of `name` that were read before `time`.
    pub(super) fn refresh_older(&mut self, name: &FunctionName, time: DateTime<Utc>) {
        self.refresh_where(name, |asked| matches!(asked, Asked::Answered(at) if at < time));
    }

    fn refresh_where(&mut self, name: &FunctionName, is_wanted: impl Fn(Asked) -> bool) {
        if let Some(mut entry) = self.functions.get(name).copied() {
            entry.asked.iter_mut().filter(|asked| is_wanted(**asked)).for_each(Asked::refresh);
            self.replace(name, Some(entry));
        }
    }

    /// Changes the state of one detail, if the function is still there.
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

    /// The number of functions whose `detail` has not been read.
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
    /// The queue and the due time of each detail that will be read.
    fn due(&self, once: bool) -> impl Iterator<Item = ((Urgency, Detail), DateTime<Utc>)> {
        let urgency = self.urgency;
        let details = Detail::ALL.into_iter().zip(self.asked);
        details.filter_map(move |(detail, asked)| {
            let every = (!once).then(|| urgency.refresh(detail));
            Some(((urgency, detail), asked.due(every)?))
        })
    }
}
