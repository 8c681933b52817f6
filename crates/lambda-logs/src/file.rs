//! Saved log files: bytes are cut into [`Record`]s, and those become log events.
//!
//! The forms: lines as Lambda wrote them, or with a time and a stream before them, as `aws logs tail`, `sam logs` and
//! `serverless logs` print them; JSON documents of the API, of Logs Insights, and of what a subscription delivers; the CSV
//! of Logs Insights. The forms may be mixed.
//!
//! No I/O: the caller passes the bytes, uncompressed and in pieces of any size, and the current time.

mod documents;
mod events;
mod records;
mod stamped;
mod table;

pub use events::Events;
pub use records::{Record, Records};
use stamped::time;
