//! lamtop: `top` for AWS Lambda.
pub mod error;
pub mod export;
pub mod model;
pub mod source;
pub mod tui;
pub mod view;
