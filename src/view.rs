//! What is shown, without a terminal: rows, cells and their meanings from a snapshot. Pure.

pub(crate) mod canary;
pub(crate) mod changes;
pub(crate) mod columns;
mod facts;
pub(crate) mod feed;
pub mod findings;
pub(crate) mod function;
pub mod functions;
pub(crate) mod health;
pub(crate) mod labelled;
pub(crate) mod live;
pub(crate) mod log;
pub mod meaning;
pub(crate) mod now;
pub(crate) mod paragraph;
pub mod picture;
mod shell;
pub(crate) mod status;
pub(crate) mod traffic;
pub(crate) mod units;
