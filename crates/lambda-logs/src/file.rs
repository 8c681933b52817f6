//! Log files that people save: the bytes are cut into [`Record`]s, and those become log events.
//!
//! Pure reading: the caller brings the bytes, in pieces as they come, and says what time it is. Compression is the
//! caller's too.

mod events;
mod records;

pub use events::Events;
pub use records::{Record, Records};
