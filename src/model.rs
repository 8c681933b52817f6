//! The vocabulary: what lamtop knows about Lambda, in Lambda's own terms.
//!
//! Plain values only. Nothing here does IO, knows a terminal or an SDK type; the one clock of the
//! program is [`time::Clock`], handed to whoever needs it.

pub mod arn;
pub mod change;
pub mod demand;
pub mod deployment;
pub mod failure;
pub mod finding;
pub mod function;
pub mod log;
pub mod metric;
pub mod observation;
pub mod operation;
pub mod queue;
pub mod scope;
pub mod text;
pub mod time;

pub use arn::Arn;
pub use scope::{FunctionId, FunctionName, Scope};
