//! The integration tests of `cargo test`, in one binary: the real loop by key scripts, and the `lamtop` program on the
//! simulated Region. They need neither Python nor a network; what does is in `tests/emulator`.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test reports by panicking")]

mod accounts;
mod architecture;
mod bad_input;
mod citations;
mod findings;
mod findings_pane;
mod following;
mod golden;
mod helpers;
mod job_control;
mod keys;
mod live;
mod live_commands;
mod log_pane;
mod observations;
mod polling;
mod properties;
mod readme;
mod saved_logs;
mod screens;
mod test_app;
mod verdicts;
mod words;

#[path = "../common/process.rs"]
mod process;
#[path = "../common/terminal.rs"]
mod terminal;
