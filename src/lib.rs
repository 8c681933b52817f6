//! lamtop: `top` for AWS Lambda.
pub mod cli;
pub mod config;
pub mod error;
pub mod logging;
pub mod model;
pub mod source;
