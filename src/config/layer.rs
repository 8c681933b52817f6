//! A layer of settings: what the flags, the environment or one file wrote, by key. Values are not checked here.

use std::collections::BTreeMap;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::problem::Problem;
use super::written::{Origin, Written};
use super::{Flags, Surroundings};

/// What one layer wrote: dotted key to value and place. A key that is not in it was not written.
#[derive(Debug, Default)]
pub(super) struct Layer(BTreeMap<String, (Written, Origin)>);

impl Layer {
    /// The flags that were given.
    pub(super) fn flags(given: Flags) -> Self {
        let written = given.into_iter().map(|(flag, value)| {
            let origin = Origin::Flag(format!("--{}", flag.name()));
            (flag.key.to_owned(), (Written::Bare(value), origin))
        });
        Self(written.collect())
    }

    /// The environment variables that stand for `keys`. An empty variable counts as not set.
    ///
    /// Other variables that begin with `LAMTOP_` are ignored: an orchestrator may set them for a service of that
    /// name (Kubernetes does).
    pub(super) fn environment<'a>(
        keys: impl IntoIterator<Item = &'a str>,
        surroundings: &Surroundings<'_>,
    ) -> (Self, Vec<Problem>) {
        let mut written = BTreeMap::new();
        let mut problems = Vec::new();
        for key in keys {
            let name = format!("LAMTOP_{}", key.replace('.', "_").to_uppercase());
            let Some(value) = surroundings.variable(&name) else { continue };
            let origin = Origin::Environment(name);
            match value.into_string() {
                Ok(value) => drop(written.insert(key.to_owned(), (Written::Bare(value), origin))),
                Err(_) => problems.push(Problem::new(&origin, "the value is not valid UTF-8")),
            }
        }
        (Self(written), problems)
    }

    /// The settings of a configuration file's text.
    pub(super) fn file(path: &Path, text: &str) -> (Self, Vec<Problem>) {
        Self::toml(text, |line| Origin::File { path: path.to_owned(), line })
    }

    /// Parses TOML. A text with syntax errors yields the errors and no settings: the rest of it may not mean what
    /// its author intended.
    pub(super) fn toml(text: &str, origin: impl Fn(usize) -> Origin) -> (Self, Vec<Problem>) {
        let origin_at = |offset: usize| origin(line_at(text, offset));
        let (table, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            let problem = |error: &toml::de::Error| {
                let offset = error.span().map_or(0, |span| span.start);
                Problem::new(&origin_at(offset), error.message())
            };
            return (Self::default(), errors.iter().map(problem).collect());
        }
        let mut written = BTreeMap::new();
        flatten(table.get_ref(), "", &origin_at, &mut written);
        (Self(written), Vec::new())
    }

    /// The keys that were written, in alphabetical order.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The keys that were written, each with its place.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Origin)> {
        self.0.iter().map(|(key, (_, origin))| (key.as_str(), origin))
    }

    /// What was written for `key`.
    pub(super) fn get(&self, key: &str) -> Option<&(Written, Origin)> {
        self.0.get(key)
    }
}

/// Adds the table's values under their dotted keys. An empty table sets nothing and is left out.
fn flatten(
    table: &DeTable<'_>,
    prefix: &str,
    origin_at: &impl Fn(usize) -> Origin,
    written: &mut BTreeMap<String, (Written, Origin)>,
) {
    for (name, value) in table {
        let name_text = name.get_ref();
        // A name that needs quotes keeps them: a dot in it does not separate a section from a key.
        let bare = name_text.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-'));
        let key = if bare { format!("{prefix}{name_text}") } else { format!("{prefix}{name_text:?}") };
        match value.get_ref() {
            DeValue::Table(inner) => flatten(inner, &format!("{key}."), origin_at, written),
            leaf => drop(written.insert(key, (leaf.into(), origin_at(name.span().start)))),
        }
    }
}

/// The line, counted from 1, of the byte at `offset`.
fn line_at(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}
