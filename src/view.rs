//! What is shown, without a terminal: rows, cells and their meanings from a snapshot. Pure.

pub mod canary;
pub mod changes;
pub mod columns;
pub mod facts;
pub mod feed;
pub mod findings;
pub mod function;
pub mod functions;
pub mod health;
pub mod labelled;
pub mod live;
pub mod log;
pub mod meaning;
pub mod now;
pub mod paragraph;
pub mod picture;
pub mod shell;
pub mod status;
pub mod traffic;
pub mod units;
