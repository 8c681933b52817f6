//! The integration tests, in one binary.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test reports by panicking")]

mod accounts;
mod keys;
mod properties;
mod screens;
mod screenshots;
mod test_app;
