//! lamtop: `top` for AWS Lambda.
//!
//! ```text
//!    sources (IO)               engine (one task)               pure               consumers
//!  ┌───────────────┐ mpsc    ┌──────────────────────────┐ watch ┌────────────┐   ┌──────────────────────┐
//!  │ aws, a file   ├───────► │ Store::apply(observation)├─────► │ view       │ ► │ tui   screens,widgets│
//!  │ demo          │ bounded │ analysis                 │ Arc<  │ rows,cells │   ├──────────────────────┤
//!  │  (one poller) │ Observ. │ Snapshot (immutable)     │ Snap> │ meanings   │ ► │ export json,csv,table│
//!  └──────▲────────┘         └──────────────────────────┘   └───┴────────────┘   └──────────┬───────────┘
//!         └──────────── watch<Demand>: what is on screen, refresh now ◄──────────────────── ┘
//! ```
//!
//! Data goes one way; the one arrow back carries wishes, never data. Where a number on the screen comes from:
//!
//! 1. `source::schedule` decides that it is time to ask, `source::calls` asks through the traits of
//!    [`lambda_model::api`], and [`source::aws`] or the simulated Region of [`lambda_simulator`] answers. What comes
//!    back is a [`lambda_model::observation::Observation`]. Beside it [`source::follow`] reads the logs of what is on
//!    screen, and [`source::file`] a log that somebody saved; they say which time their events account for.
//! 2. [`engine`] hands it to [`store::Store::apply`], which keeps the newest read of every fact and every minute, and of
//!    the logs, whose lines [`lambda_logs`] understands, every invocation, error and line once ([`store::live`]).
//! 3. [`snapshot::Snapshot::of`] computes with [`analysis`] what the facts mean at an instant, this second's included
//!    ([`analysis::live`]), and publishes that.
//! 4. [`view`] makes rows and words of a snapshot; [`tui`] and [`export`] show them.
//!
//! The workspace, each crate usable alone: `crates/lambda-model` is the vocabulary and the traits that a source
//! answers, `crates/lambda-logs` reads what Lambda writes to its log streams, `crates/lambda-simulator` is a Region
//! without AWS, and `crates/lambda-oracle`, which does not ship, judges findings by what a simulated Region really did.
//!
//! Invariants, kept by `tests/suite/architecture.rs`: `lambda_model` ← `lambda_logs` ← `store` ← `analysis` ←
//! `snapshot` ← `view` ← {`export`, `tui`}, and {`lambda_model`, `lambda_logs`} ← `source`; only `run` sees everything.
//! ratatui and crossterm stay in `tui`, the AWS SDK in `source::aws`, the clock in `lambda_model::time`. Nothing here
//! changes anything in an account.

pub mod analysis;
pub mod cli;
pub mod config;
mod engine;
pub mod error;
pub mod export;
#[cfg(test)]
mod fixture;
mod logging;
pub mod run;
pub mod snapshot;
pub mod source;
pub mod store;
pub mod tui;
pub mod view;
