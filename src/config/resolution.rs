//! The layers meet: for each setting the strongest layer's value, its origin, and every problem on the way.
//! Which settings there are is not known here.

use std::iter;

use super::problem::Problem;
use super::read::Read;
use super::settings::Settings;
use super::written::{Layer, Origin, Written};
use lambda_model::text::{clean, width};

/// One setting as it is in force: for `lamtop config`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The setting's name in `lamtop.toml`, with its section: `metrics.refresh_s`.
    pub key: &'static str,
    /// The value as it was written; empty where nothing is set.
    pub value: String,
    /// Who wrote it.
    pub origin: Origin,
}

/// The settings in force and where each came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved {
    /// The settings.
    pub settings: Settings,
    /// The same, one by one, in the order of [`Settings`].
    pub entries: Vec<Entry>,
}

impl Resolved {
    /// What `lamtop config` prints: a line for each setting with its value (`–` for none) and origin.
    pub(crate) fn table(&self) -> String {
        let row = |entry: &Entry| {
            let value = if entry.value.is_empty() { "–" } else { &entry.value };
            [entry.key, value, &entry.origin.to_string()].map(|cell| clean(cell).into_owned())
        };
        let head = ["key", "value", "origin"].map(str::to_owned);
        let rows: Vec<[String; 3]> = iter::once(head).chain(self.entries.iter().map(row)).collect();
        let widest = |index: usize| rows.iter().map(|row| width(&row[index])).max().unwrap_or_default();
        let (keys, values) = (widest(0), widest(1));
        let gap = |text: &str, columns: usize| " ".repeat(2 + columns - width(text));
        rows.iter().fold(String::new(), |table, [key, value, origin]| {
            table + key + &gap(key, keys) + value + &gap(value, values) + origin + "\n"
        })
    }
}

/// The layers on their way to becoming [`Settings`]: the strongest that wrote a key decides.
pub(super) struct Resolution {
    layers: [Layer; 4],
    /// What was decided so far.
    pub(super) entries: Vec<Entry>,
    /// What is wrong so far.
    pub(super) problems: Vec<Problem>,
}

impl Resolution {
    /// Starts with the layers, the strongest first, and the problems they already have.
    pub(super) fn new(layers: [Layer; 4], problems: Vec<Problem>) -> Self {
        Self { layers, entries: Vec::new(), problems }
    }

    /// The strongest layer's value of `key`. Weaker ones are judged as well: a file is right or wrong
    /// whatever the flags of the day say. Without a good value this is a stand-in beside a problem.
    pub(super) fn read<T: Default>(&mut self, key: &'static str, reader: impl Fn(&Written) -> Read<T>) -> T {
        let mut decided = None;
        for (written, origin) in self.layers.iter().filter_map(|layer| layer.get(key)) {
            match reader(written) {
                Ok(value) if decided.is_none() => {
                    self.entries.push(Entry { key, value: written.plain(), origin: origin.clone() });
                    decided = Some(value);
                }
                Ok(_) => {}
                Err(allowed) => self.problems.push(Problem::value(origin, key, written, &allowed)),
            }
        }
        decided.unwrap_or_default()
    }
}
