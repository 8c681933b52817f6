//! The integration tests that need Python, a package index or minutes: `cargo test --test emulator`.
//!
//! The `lamtop` program and its AWS adapter against MiniStack, an emulator of AWS that really runs functions; lamtop's
//! statistics against `SciPy`; and the pictures of the documentation, which are eight long sessions.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test reports by panicking")]

mod app;
mod denials;
mod document;
mod logs;
mod ministack;
mod proxy;
mod screenshots;
mod snapshot;
mod statistics;
mod venv;

#[path = "../common/process.rs"]
mod process;
#[expect(dead_code, reason = "the suite's tests use the rest")]
#[path = "../common/terminal.rs"]
mod terminal;
