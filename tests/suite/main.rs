//! The integration tests, in one binary.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test reports by panicking")]

mod polling;
