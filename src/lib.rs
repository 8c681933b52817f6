//! lamtop: `top` for AWS Lambda.
pub mod error;
pub mod model;
pub mod source;
pub mod view;
