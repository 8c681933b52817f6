//! The settings in force, and the table of them that `lamtop config` prints.

use std::iter;

use super::resolution::Entry;
use super::settings::Settings;
use lambda_model::text::{clean, width};

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
    pub fn table(&self) -> String {
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
