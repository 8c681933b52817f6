//! The integration tests, in one binary: the real loop by key scripts, and the `lamtop` program against a stand-in for
//! AWS.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test reports by panicking")]

mod accounts;
mod app;
mod architecture;
mod bad_input;
mod denials;
mod document;
mod end_to_end;
mod findings;
mod findings_pane;
mod following;
mod keys;
mod live;
mod live_commands;
mod live_emulator;
mod log_pane;
mod ministack;
mod observations;
mod polling;
mod process;
mod properties;
mod proxy;
mod readme;
mod scenarios;
mod screens;
mod screenshots;
mod statistics;
mod terminal;
mod test_app;
mod venv;
mod verdicts;
mod words;
