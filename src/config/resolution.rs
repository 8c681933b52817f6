//! For each setting the value of the strongest layer that has it, its origin, and every problem that was found.
//! Which settings there are is not known here.

use super::layer::Layer;
use super::problem::Problem;
use super::read::Read;
use super::written::{Origin, Written};

/// A setting in force, for `lamtop config`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The setting's name in `lamtop.toml`, with its section: `metrics.refresh_s`.
    pub key: &'static str,
    /// The value as it was written; empty where nothing is set.
    pub value: String,
    /// Where it comes from.
    pub origin: Origin,
}

/// The layers of settings, and what was read from them so far: the strongest layer that has a key decides.
pub(super) struct Resolution {
    layers: [Layer; 4],
    /// The settings that were read so far.
    pub(super) entries: Vec<Entry>,
    /// What is wrong so far.
    pub(super) problems: Vec<Problem>,
}

impl Resolution {
    /// Starts with the layers, the strongest first, and the problems that reading them found.
    pub(super) fn new(layers: [Layer; 4], problems: Vec<Problem>) -> Self {
        Self { layers, entries: Vec::new(), problems }
    }

    /// The strongest layer's value of `key`. Weaker ones are checked as well: a mistake in a file is reported
    /// whatever the flags are. Without a valid value this is the type's default, and a problem is added.
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
