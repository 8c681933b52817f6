//! Which log groups are wanted for the screen, and what is known of them. Pure: it makes no calls.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::source::directory::{Directory, LogPlace};
use lambda_model::demand::Demand;
use lambda_model::function::LogGroup;
use lambda_model::{FunctionName, Scope};

/// A group that does not exist is described again after this time, because Lambda creates it with the first invocation.
/// So is the group of the open pane, because it may have been deleted.
const AGAIN: TimeDelta = TimeDelta::minutes(5);
/// The only class that Live Tail and `FilterLogEvents` can read (docs/aws.md#log-classes).
const READABLE: &str = "STANDARD";

/// A log group that is wanted for the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// The group.
    pub(super) place: LogPlace,
    /// The functions on screen that log to it.
    pub(super) functions: Vec<FunctionName>,
    /// Whether the pane of one of them is open.
    pub(super) focus: bool,
}

/// The log groups of the functions on screen, each once: of the open pane, then of the rows from top to bottom, then of
/// the rows behind the pane.
pub(super) fn wanted(demand: &Demand, directory: &Directory, scope: &Scope) -> Vec<Wanted> {
    let mut wanted: Vec<Wanted> = Vec::new();
    let mut index = BTreeMap::new();
    let focus = demand.focus.iter().map(|id| (id, true));
    let visible = demand.visible.iter().chain(&demand.behind).map(|id| (id, false));
    for (id, focus) in focus.chain(visible).filter(|(id, _)| id.scope == *scope) {
        let Some(place) = directory.place(&id.name) else { continue };
        let at = *index.entry(Arc::clone(&place.group)).or_insert_with(|| {
            wanted.push(Wanted { place: place.clone(), functions: Vec::new(), focus });
            wanted.len() - 1
        });
        let functions = &mut wanted[at].functions;
        if !functions.contains(&id.name) {
            functions.push(id.name.clone());
        }
    }
    wanted
}

/// What is known of a log group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It was not described yet.
    Unknown,
    /// It can be read.
    Readable,
    /// It did not exist when it was described.
    Missing,
    /// It has this class, which cannot be followed.
    OfClass(String),
}

/// The answers of `logs:DescribeLogGroups`, by group: at most one per function of the account.
#[derive(Debug, Default)]
pub(super) struct Groups {
    known: BTreeMap<Arc<str>, Known>,
}

/// An answer.
#[derive(Debug)]
struct Known {
    /// When it came; `None` when the user has asked for a refresh since.
    at: Option<DateTime<Utc>>,
    standing: Standing,
}

impl Groups {
    /// Takes in the group, or that it was not found.
    pub(super) fn learn(&mut self, group: &Arc<str>, found: Option<&LogGroup>, now: DateTime<Utc>) {
        let standing = match found {
            None => Standing::Missing,
            // An emulator may not return the class.
            Some(found) => match &found.class {
                Some(class) if class != READABLE => Standing::OfClass(class.clone()),
                _ => Standing::Readable,
            },
        };
        self.known.insert(Arc::clone(group), Known { at: Some(now), standing });
    }

    /// Forgets what is known of a group, because another call contradicts it.
    pub(super) fn forget(&mut self, group: &str) {
        self.known.remove(group);
    }

    /// Makes every group due that is described more than once, and forgets which groups do not exist.
    pub(super) fn refresh(&mut self) {
        self.known.retain(|_, known| known.standing != Standing::Missing);
        self.known.values_mut().for_each(|known| known.at = None);
    }

    /// What is known of a group.
    pub(super) fn standing(&self, group: &str) -> Standing {
        self.known.get(group).map_or(Standing::Unknown, |known| known.standing.clone())
    }

    /// The first of `wanted` that is to be described, for the first time or again.
    pub(super) fn next<'a>(&self, wanted: &'a [Wanted], now: DateTime<Utc>) -> Option<&'a Wanted> {
        wanted.iter().find(|one| match self.known.get(&one.place.group) {
            None => true,
            Some(known) => {
                let may_change = one.focus || known.standing == Standing::Missing;
                may_change && known.at.is_none_or(|at| now - at >= AGAIN)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fixture::info;
    use lambda_model::FunctionId;
    use lambda_model::function::FunctionInfo;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    fn here() -> Scope {
        Scope::new(None, "eu-west-1")
    }

    fn id(scope: &Scope, name: &str) -> FunctionId {
        FunctionId { scope: scope.clone(), name: name.into() }
    }

    /// `a` to `z` have groups of their own; `x1` and `x2` share `/shared`.
    fn directory() -> Directory {
        let mut directory = Directory::default();
        for name in 'a'..='z' {
            let info = info(&name.to_string());
            directory.insert(info.name.clone(), LogPlace::of(&info));
        }
        for name in ["x1", "x2"] {
            let shared = FunctionInfo { log_group: Some("/shared".into()), ..info(name) };
            directory.insert(name.into(), LogPlace::of(&shared));
        }
        directory
    }

    fn demand(focus: Option<&str>, visible: &[&str]) -> Demand {
        Demand {
            focus: focus.map(|name| id(&here(), name)),
            visible: visible.iter().map(|name| id(&here(), name)).collect(),
            ..Demand::default()
        }
    }

    #[test]
    fn the_open_pane_comes_first_and_every_group_once() {
        type Names = &'static [&'static str];
        // focus, visible, the groups in order (in short), the functions that log to the first
        let cases: [(Option<&str>, Names, Names, Names); 7] = [
            (None, &[], &[], &[]),
            (None, &["b", "a"], &["b", "a"], &["b"]),
            (Some("c"), &["b", "c", "a"], &["c", "b", "a"], &["c"]),
            (Some("c"), &[], &["c"], &["c"]),
            (Some("unlisted"), &["a", "no-function"], &["a"], &["a"]),
            (None, &["x1", "a", "x2"], &["/shared", "a"], &["x1", "x2"]),
            (Some("x2"), &["a", "x1", "x2"], &["/shared", "a"], &["x2", "x1"]),
        ];
        for (focus, visible, groups, functions) in cases {
            let wanted = wanted(&demand(focus, visible), &directory(), &here());
            let short: Vec<&str> =
                wanted.iter().map(|one| one.place.group.strip_prefix("/aws/lambda/").unwrap_or("/shared")).collect();
            assert_eq!(short, groups, "{focus:?} {visible:?}");
            let first: Vec<&str> =
                wanted.first().iter().flat_map(|one| &one.functions).map(FunctionName::as_str).collect();
            assert_eq!(first, functions, "{focus:?} {visible:?}");
            let is_focus: Vec<bool> = wanted.iter().map(|one| one.focus).collect();
            let listed = focus.is_some_and(|name| name != "unlisted");
            assert_eq!(is_focus, (0..groups.len()).map(|one| one == 0 && listed).collect::<Vec<_>>(), "{focus:?}");
        }
    }

    #[test]
    fn rows_behind_the_pane_come_last() {
        let behind = ["c", "a"].map(|name| id(&here(), name)).to_vec();
        let wanted = wanted(&Demand { behind, ..demand(Some("a"), &["b"]) }, &directory(), &here());
        let groups: Vec<&str> = wanted.iter().map(|one| &*one.place.group).collect();
        assert_eq!(groups, ["/aws/lambda/a", "/aws/lambda/b", "/aws/lambda/c"]);
    }

    #[test]
    fn groups_of_other_scopes_are_not_wanted() {
        let other = Scope::new(Some("prod"), "eu-west-1");
        let demand = Demand { visible: vec![id(&other, "a")], focus: Some(id(&other, "b")), ..Demand::default() };
        assert_eq!(wanted(&demand, &directory(), &here()), []);
        assert_eq!(wanted(&demand, &directory(), &other).len(), 2);
    }

    proptest! {
        #[test]
        fn each_group_is_wanted_once_whatever_is_on_screen(visible in prop::collection::vec("[a-z]|x1|x2|no-function", 0..60)) {
            let visible: Vec<&str> = visible.iter().map(String::as_str).collect();
            let wanted = wanted(&demand(None, &visible), &directory(), &here());
            let groups: std::collections::BTreeSet<_> = wanted.iter().map(|one| one.place.group.clone()).collect();
            prop_assert_eq!(groups.len(), wanted.len());
            for name in visible.iter().filter(|name| **name != "no-function") {
                let those = wanted.iter().filter(|one| one.functions.contains(&(*name).into())).count();
                prop_assert_eq!(those, 1, "{}", name);
            }
        }
    }

    #[test]
    fn groups_are_described_once_and_missing_ones_again() {
        let mut groups = Groups::default();
        let wanted = wanted(&demand(Some("b"), &["a", "b", "c", "d"]), &directory(), &here());
        let next =
            |groups: &Groups, second| groups.next(&wanted, at(second)).map(|one| one.functions[0].as_str().to_string());
        let learn = |groups: &mut Groups, name: &str, class: Option<Option<&str>>, second| {
            let group: Arc<str> = format!("/aws/lambda/{name}").into();
            let found = class.map(|class| LogGroup { name: group.to_string(), class: class.map(str::to_string) });
            groups.learn(&group, found.as_ref(), at(second));
            groups.standing(&group)
        };
        assert_eq!(next(&groups, 0).as_deref(), Some("b"), "The open pane first");
        assert_eq!(groups.standing("/aws/lambda/b"), Standing::Unknown);
        assert_eq!(learn(&mut groups, "b", Some(Some("STANDARD")), 0), Standing::Readable);
        assert_eq!(next(&groups, 0).as_deref(), Some("a"));
        assert_eq!(learn(&mut groups, "a", None, 10), Standing::Missing);
        assert_eq!(learn(&mut groups, "c", Some(None), 10), Standing::Readable, "The class is not known");
        let infrequent = Standing::OfClass("INFREQUENT_ACCESS".into());
        assert_eq!(learn(&mut groups, "d", Some(Some("INFREQUENT_ACCESS")), 10), infrequent);
        assert_eq!(next(&groups, 299), None);
        assert_eq!(next(&groups, 300).as_deref(), Some("b"), "The open pane after five minutes");
        assert_eq!(learn(&mut groups, "b", Some(None), 300), Standing::Readable);
        assert_eq!(next(&groups, 309), None);
        assert_eq!(next(&groups, 310).as_deref(), Some("a"), "After five minutes");
        assert_eq!(groups.standing("/aws/lambda/a"), Standing::Missing, "Until it was described again");
        groups.learn(&wanted[1].place.group, None, at(310));
        assert_eq!(next(&groups, 311), None);
        groups.refresh();
        assert_eq!(next(&groups, 311).as_deref(), Some("b"), "At once after a refresh");
        assert_eq!(learn(&mut groups, "b", Some(None), 311), Standing::Readable);
        assert_eq!(next(&groups, 311).as_deref(), Some("a"), "At once after a refresh");
        groups.learn(&wanted[1].place.group, None, at(311));
        groups.forget("/aws/lambda/c");
        assert_eq!(next(&groups, 311).as_deref(), Some("c"));
    }
}
