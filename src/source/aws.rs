//! A real account: the traits of `lambda_model::api`, implemented with the AWS SDK for Rust.
//!
//! No SDK type leaves this folder. Each service file sends a request and converts the answer into lamtop's types with a
//! pure function. Every request goes through `session`, which holds the clients, and `guard`, which bounds its time.
//! Nothing here schedules, paces or caches.

mod connect;
mod deployments;
mod failure;
mod functions;
mod guard;
mod identity;
mod logs;
mod metrics;
mod names;
mod page;
mod queues;
mod session;
mod streams;
mod tail;
#[cfg(test)]
mod wire;

pub use connect::{Choice, Connection, connect};
