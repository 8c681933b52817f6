//! lamtop: `top` for AWS Lambda.
pub mod analysis;
pub mod cli;
pub mod config;
pub mod engine;
pub mod error;
pub mod export;
#[cfg(test)]
mod fixture;
pub mod logging;
pub mod model;
pub mod run;
pub mod snapshot;
pub mod source;
pub mod store;
pub mod tui;
pub mod view;
