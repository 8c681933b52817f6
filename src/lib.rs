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
//! 1. [`source::schedule`] decides that it is time to ask, [`source::calls`] asks through the traits of
//!    [`source::api`], and [`source::aws`] or [`source::demo`] answers. What comes back is a
//!    [`model::observation::Observation`]. Beside it [`source::follow`] reads the logs of what is on screen, and
//!    [`source::file`] a log somebody sent; they say which time their events account for.
//! 2. [`engine`] hands it to [`store::Store::apply`], which keeps the newest read of every fact and every minute, and of
//!    the logs, whose lines [`logs`] understands, every invocation, error and line once ([`store::live`]).
//! 3. [`snapshot::Snapshot::of`] computes with [`analysis`] what the facts mean at an instant, this second's included
//!    ([`analysis::live`]), and publishes that.
//! 4. [`view`] makes rows and words of a snapshot; [`tui`] and [`export`] show them.
//!
//! Invariants, kept by `tests/suite/architecture.rs`: `model` ← `logs` ← `store` ← `analysis` ← `snapshot` ← `view` ←
//! {`export`, `tui`}, and {`model`, `logs`} ← `source`; only `run` sees everything. ratatui and crossterm stay in
//! `tui`, the AWS SDK in `source::aws`, the clock in `model::time`. Nothing here changes anything in an account.

pub mod analysis;
pub mod cli;
pub mod config;
pub mod engine;
pub mod error;
pub mod export;
#[cfg(test)]
mod fixture;
pub mod logging;
pub mod logs;
pub mod model;
pub mod run;
pub mod snapshot;
pub mod source;
pub mod store;
pub mod tui;
pub mod view;
