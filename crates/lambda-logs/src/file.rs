//! Saved log files: bytes are cut into [`Record`]s, and those become log events.
//!
//! No I/O: the caller passes the bytes, uncompressed and in pieces of any size, and the current time.

mod events;
mod records;

pub use events::Events;
pub use records::{Record, Records};
