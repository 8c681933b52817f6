//! A fact with the time at which it was read. Of two reads the later one is kept.

use chrono::{DateTime, Utc};

/// A fact and when it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Read<T> {
    /// When it was read.
    pub at: DateTime<Utc>,
    /// The fact.
    pub value: T,
}

/// Keeps `value` in `place`, unless the value there was read later. Returns whether the value changed.
pub(super) fn keep_newer<T: PartialEq>(place: &mut Option<Read<T>>, at: DateTime<Utc>, value: T) -> bool {
    match place {
        Some(old) if at < old.at => false,
        Some(old) => {
            old.at = at;
            let changed = old.value != value;
            old.value = value;
            changed
        }
        None => {
            *place = Some(Read { at, value });
            true
        }
    }
}
