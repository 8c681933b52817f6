//! Everything that produces observations: the only network in the program.
//!
//! A [`poller`] asks an account, behind the traits of [`lambda_model::api`], for what its [`schedule`] says is due, and
//! delivers [`Observation`](lambda_model::observation::Observation)s. It keeps no numbers: those are the
//! store's. [`follow`] reads the logs of the functions on screen beside it.

mod agenda;
mod asked;
pub mod aws;
mod backoff;
pub mod cadence;
pub mod calls;
pub mod directory;
pub(crate) mod file;
pub mod follow;
mod knowledge;
mod mappings;
pub mod outlet;
mod pace;
mod plan;
pub mod poller;
mod readings;
mod schedule;
mod task;
