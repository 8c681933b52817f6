//! The real account: the traits of `source::api` on the AWS SDK for Rust.
//!
//! No SDK type leaves this folder. Each service file sends a request and turns the answer into
//! lamtop's types by a pure function; every request goes through `session`, which holds the clients,
//! and `guard`, which bounds it. Nothing here schedules, paces or remembers answers.

mod connect;
mod deployments;
mod failure;
mod functions;
mod guard;
mod identity;
mod logs;
mod metrics;
mod page;
mod queues;
mod session;
mod streams;
mod tail;
#[cfg(test)]
mod wire;

pub use connect::{Choice, Connection, connect};
