//! What somebody changed, as marks on a time axis and in words. Pure.

use chrono::{DateTime, TimeDelta, Utc};

use super::labelled::Fact;
use super::meaning::Meaning;
use super::units;
use crate::snapshot::FunctionSnapshot;
use lambda_model::change::{Changed, Routing};

/// What a mark means: it belongs to none of the lines.
pub(crate) const MEANING: Meaning = Meaning::Series6;

/// What kind of thing was changed: each has its mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Subject {
    /// The code.
    Code,
    /// The configuration.
    Configuration,
    /// Where an alias sends its traffic.
    Alias,
    /// Reserved or provisioned concurrency.
    Concurrency,
    /// Code or configuration: AWS says only that it was modified.
    Modified,
}

impl Subject {
    /// The mark on a time axis. An ASCII terminal shows `*`, `=`, `>`, `#` and `+` in their place.
    pub(crate) fn mark(self) -> char {
        match self {
            Self::Code => '◆',
            Self::Configuration => '■',
            Self::Alias => '▶',
            Self::Concurrency => '●',
            Self::Modified => '◇',
        }
    }

    /// The word beside the mark.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Configuration => "configuration",
            Self::Alias => "alias",
            Self::Concurrency => "concurrency",
            Self::Modified => "modified",
        }
    }
}

/// A change on a time axis.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mark {
    /// When it was made, as far as is known.
    pub at: DateTime<Utc>,
    /// What was changed.
    pub subject: Subject,
    /// What is different, clean enough to be drawn; empty where only that it changed is known.
    pub what: String,
}

/// The changes of `function` within `span` before `now`, oldest first: those that were seen, and the time that AWS says
/// it was last modified, unless a change that was seen explains that.
pub(crate) fn marks(function: &FunctionSnapshot, span: TimeDelta, now: DateTime<Utc>) -> Vec<Mark> {
    let state = &function.state;
    let seen = state.changes.iter().map(|change| {
        let (subject, what) = words(&change.what);
        Mark { at: change.at, subject, what }
    });
    let mut marks: Vec<Mark> = seen.collect();
    let modified = state.info.as_ref().and_then(|info| info.value.last_modified);
    let explains = |mark: &Mark| matches!(mark.subject, Subject::Code | Subject::Configuration);
    if let Some(at) = modified.filter(|at| !marks.iter().any(|mark| mark.at == *at && explains(mark))) {
        marks.push(Mark { at, subject: Subject::Modified, what: String::new() });
    }
    marks.retain(|mark| mark.at <= now && now - mark.at <= span);
    marks.sort_by_key(|mark| mark.at);
    marks
}

/// What is different, in a few words.
fn words(changed: &Changed) -> (Subject, String) {
    let number = |reserved: Option<u32>| reserved.map_or_else(|| "none".to_string(), |number| number.to_string());
    match changed {
        Changed::Code => (Subject::Code, String::new()),
        Changed::Configuration(what) => (Subject::Configuration, what.join(", ")),
        Changed::Alias { name, from, to } => {
            let routing =
                |routing: &Option<Routing>, missing: &str| routing.as_ref().map_or(missing.to_string(), route);
            (Subject::Alias, format!("{name} {} → {}", routing(from, "new"), routing(to, "deleted")))
        }
        Changed::Reserved { from, to } => {
            (Subject::Concurrency, format!("reserved {} → {}", number(*from), number(*to)))
        }
        Changed::Provisioned { qualifier, from, to } => {
            (Subject::Concurrency, format!("provisioned {qualifier} {from} → {to}"))
        }
    }
}

/// A routing in few words: `7`, `7 with 10% to 8`.
fn route(routing: &Routing) -> String {
    let additional: Vec<String> = routing
        .additional
        .iter()
        .map(|(version, weight)| format!("{} to {version}", units::percent(*weight)))
        .collect();
    match additional.as_slice() {
        [] => routing.version.clone(),
        some => format!("{} with {}", routing.version, some.join(", ")),
    }
}

/// The legend of the marks, the newest first: what was changed and how long ago.
pub(crate) fn legend(marks: &[Mark], now: DateTime<Utc>) -> Vec<Fact> {
    let facts = marks.iter().rev().map(|mark| {
        let what = if mark.what.is_empty() { String::new() } else { format!(" {}", mark.what) };
        let value = format!("{} {}{what} {} ago", mark.subject.mark(), mark.subject.word(), units::span(now - mark.at));
        Fact { label: "", value, meaning: MEANING }
    });
    facts.collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::fixture::{Fixture, info, now};
    use lambda_model::change::Change;
    use lambda_model::function::FunctionInfo;
    use lambda_model::observation::Payload;

    fn routing(version: &str, additional: &[(&str, f64)]) -> Routing {
        let additional = additional.iter().map(|(version, weight)| ((*version).to_string(), *weight)).collect();
        Routing { version: version.to_string(), additional }
    }

    /// A function that was modified 50 hours before now, with each change some minutes before now.
    fn function(changes: Vec<(i64, Changed)>) -> FunctionSnapshot {
        let listed = Fixture::new().with(Payload::Functions(vec![info("f")]));
        let fixture = changes.into_iter().fold(listed, |fixture, (minutes, what)| {
            let change = Change { at: now() - TimeDelta::minutes(minutes), after: None, what };
            fixture.with(Payload::Changed("f".into(), change))
        });
        fixture.first()
    }

    fn described(changes: Vec<(i64, Changed)>) -> Vec<String> {
        let marks = marks(&function(changes), TimeDelta::minutes(60), now());
        legend(&marks, now()).into_iter().map(|fact| fact.value).collect()
    }

    #[test]
    fn each_change_has_its_mark_and_its_words() {
        let changes = vec![
            (30, Changed::Code),
            (25, Changed::Configuration(vec!["memory 512 → 1024 MB".to_string()])),
            (
                20,
                Changed::Alias {
                    name: "live".to_string(),
                    from: Some(routing("7", &[])),
                    to: Some(routing("7", &[("8", 0.1)])),
                },
            ),
            (15, Changed::Alias { name: "beta".to_string(), from: None, to: Some(routing("8", &[])) }),
            (10, Changed::Reserved { from: None, to: Some(0) }),
            (5, Changed::Provisioned { qualifier: "live".to_string(), from: 0, to: 40 }),
        ];
        let expected = [
            "● concurrency provisioned live 0 → 40 5m ago",
            "● concurrency reserved none → 0 10m ago",
            "▶ alias beta new → 8 15m ago",
            "▶ alias live 7 → 7 with 10% to 8 20m ago",
            "■ configuration memory 512 → 1024 MB 25m ago",
            "◆ code 30m ago",
        ];
        assert_eq!(described(changes), expected);
        let all = [Subject::Code, Subject::Configuration, Subject::Alias, Subject::Concurrency, Subject::Modified];
        let marks: BTreeMap<char, Subject> = all.map(|subject| (subject.mark(), subject)).into();
        assert_eq!(marks.len(), all.len(), "no two share a mark");
    }

    #[test]
    fn what_lies_outside_the_span_is_not_marked() {
        assert_eq!(
            described(vec![(60, Changed::Code), (61, Changed::Code), (-1, Changed::Code)]),
            ["◆ code 1h00m ago"]
        );
    }

    #[test]
    fn a_modification_is_marked_unless_a_change_explains_it() {
        let modified = |changes: &[Changed]| {
            let at = now() - TimeDelta::minutes(3);
            let listed =
                Fixture::new().with(Payload::Functions(vec![FunctionInfo { last_modified: Some(at), ..info("f") }]));
            let fixture = changes.iter().fold(listed, |fixture, what| {
                fixture.with(Payload::Changed("f".into(), Change { at, after: None, what: what.clone() }))
            });
            let marks = marks(&fixture.first(), TimeDelta::minutes(60), now());
            marks.into_iter().map(|mark| mark.subject).collect::<Vec<_>>()
        };
        assert_eq!(modified(&[]), [Subject::Modified]);
        assert_eq!(modified(&[Changed::Code]), [Subject::Code]);
        let reserved = Changed::Reserved { from: None, to: Some(3) };
        assert_eq!(modified(&[reserved]), [Subject::Concurrency, Subject::Modified], "that does not modify a function");
    }
}
