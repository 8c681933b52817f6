//! The integration tests, in one binary: the `lamtop` program against a running stand-in for AWS.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test reports by panicking")]

mod app;
mod bad_input;
mod denials;
mod document;
mod end_to_end;
mod ministack;
mod process;
mod proxy;
mod readme;
mod terminal;
mod venv;
