//! A fact with the time at which it was read: what was read later wins.

use chrono::{DateTime, Utc};

/// A fact and when it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Read<T> {
    /// When it was read.
    pub at: DateTime<Utc>,
    /// The fact.
    pub value: T,
}

/// Keeps `value` in `place` unless what is there was read later; gives whether that is another value.
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
