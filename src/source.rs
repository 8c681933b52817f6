//! Everything that produces observations: the only network in the program.
//!
//! A [`poller`] asks an account, behind the traits of [`lambda_model::api`], for what its [`schedule`] says is due, and
//! delivers [`Observation`](lambda_model::observation::Observation)s. It keeps no numbers: those are the
//! store's. [`follow`] reads the logs of the functions on screen beside it.

pub mod agenda;
pub mod asked;
pub mod aws;
pub mod backoff;
pub mod cadence;
pub mod calls;
pub mod directory;
pub mod file;
pub mod follow;
pub mod knowledge;
pub mod mappings;
pub mod outlet;
pub mod pace;
pub mod plan;
pub mod poller;
pub mod readings;
pub mod schedule;
pub mod task;
