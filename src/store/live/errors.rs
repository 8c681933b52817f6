//! Errors by fingerprint, each occurrence once. It does not decide what an error is.

use std::collections::BTreeMap;
use std::sync::Arc;

use lambda_logs::Fingerprint;

/// Events, each once, in order: when, in milliseconds, and a hash of the event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Occurrences(Vec<(i64, u64)>);

impl Occurrences {
    /// Keeps one. Returns whether it is new.
    pub(super) fn insert(&mut self, at: i64, key: u64) -> bool {
        match self.0.binary_search(&(at, key)) {
            Ok(_) => false,
            Err(place) => {
                self.0.insert(place, (at, key));
                true
            }
        }
    }

    pub(super) fn forget(&mut self, floor: i64) {
        self.0.drain(..self.0.partition_point(|(at, _)| *at < floor));
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u64 {
        self.0.len() as u64
    }

    /// When the first and the last happened, milliseconds.
    pub(crate) fn extent(&self) -> Option<(i64, i64)> {
        Some((self.0.first()?.0, self.0.last()?.0))
    }
}

/// Errors with one fingerprint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    /// Each occurrence.
    pub occurrences: Occurrences,
    last: (i64, u64),
    /// The first [`Group::MESSAGE`] bytes of the newest one's message.
    pub message: Arc<str>,
    /// The request ID of the newest one.
    pub request: Option<Arc<str>>,
}

impl Group {
    /// Bytes of a message that are kept.
    pub(crate) const MESSAGE: usize = 500;
}

/// The errors of a function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Errors(BTreeMap<Fingerprint, Group>);

impl Errors {
    /// Keeps an error. Returns whether it is new.
    pub(super) fn insert(
        &mut self,
        fingerprint: Fingerprint,
        (at, key): (i64, u64),
        message: &str,
        request: Option<&str>,
    ) -> bool {
        let message = || Arc::from(&message[..message.floor_char_boundary(Group::MESSAGE)]);
        let group = self.0.entry(fingerprint).or_insert_with(|| Group {
            occurrences: Occurrences::default(),
            last: (at, key),
            message: message(),
            request: request.map(Arc::from),
        });
        if (at, key) > group.last {
            group.last = (at, key);
            group.message = message();
            group.request = request.map(Arc::from);
        }
        group.occurrences.insert(at, key)
    }

    pub(super) fn forget(&mut self, floor: i64) {
        self.0.retain(|_, group| {
            group.occurrences.forget(floor);
            group.occurrences.count() > 0
        });
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The groups, by fingerprint.
    pub(crate) fn groups(&self) -> impl Iterator<Item = (&Fingerprint, &Group)> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_counts_once_and_the_newest_gives_the_message() {
        let fingerprint = || Fingerprint::of(Some("KeyError"), "'customer'");
        let occurred =
            [(20, 2, "KeyError: 2", Some("b")), (10, 1, "KeyError: 1", Some("a")), (20, 2, "KeyError: 2", None)];
        let mut errors = Errors::default();
        let is_new = occurred.map(|(at, key, text, request)| errors.insert(fingerprint(), (at, key), text, request));
        assert_eq!(is_new, [true, true, false]);
        let (_, group) = errors.groups().next().unwrap();
        assert_eq!((group.occurrences.count(), group.occurrences.extent()), (2, Some((10, 20))));
        assert_eq!((&*group.message, group.request.as_deref()), ("KeyError: 2", Some("b")));
        let long = "é".repeat(Group::MESSAGE);
        errors.insert(fingerprint(), (30, 3), &long, None);
        assert_eq!(errors.groups().next().unwrap().1.message.len(), Group::MESSAGE);
        errors.forget(30);
        assert_eq!(errors.groups().next().unwrap().1.occurrences.count(), 1);
        errors.forget(31);
        assert!(errors.is_empty());
    }
}
