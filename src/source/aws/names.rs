//! Names that are repeated in one answer of CloudWatch Logs.

use std::collections::HashSet;
use std::sync::Arc;

/// The names in one answer, stored once: thousands of events share a few log streams.
#[derive(Default)]
pub(super) struct Names(HashSet<Arc<str>>);

impl Names {
    /// The one copy of `name`.
    pub(super) fn shared(&mut self, name: impl AsRef<str> + Into<Arc<str>>) -> Arc<str> {
        if let Some(known) = self.0.get(name.as_ref()) {
            return known.clone();
        }
        let name: Arc<str> = name.into();
        self.0.insert(name.clone());
        name
    }
}
