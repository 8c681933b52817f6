//! What is shown, without a terminal: rows, cells and their meanings from a snapshot. Pure.

pub mod canary;
pub mod changes;
pub mod columns;
pub mod feed;
pub mod findings;
pub mod function;
pub mod functions;
pub mod health;
pub mod live;
pub mod log;
pub mod meaning;
pub mod now;
pub mod paragraph;
pub mod picture;
pub mod status;
pub mod traffic;
pub mod units;
