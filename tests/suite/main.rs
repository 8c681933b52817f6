//! The integration tests, in one binary.
#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

mod architecture;
mod observations;
