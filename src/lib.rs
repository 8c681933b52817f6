//! lamtop: `top` for AWS Lambda.
pub mod analysis;
pub mod engine;
pub mod error;
pub mod export;
pub mod model;
pub mod snapshot;
pub mod source;
pub mod store;
pub mod view;
