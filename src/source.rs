//! Everything that produces observations: the only network in the program.
//!
//! A [`poller`] asks an account, behind the traits of [`api`], for what its [`schedule`] says is due, and
//! delivers [`Observation`](crate::model::observation::Observation)s. It keeps no numbers: those are the
//! store's.

pub mod api;
pub mod aws;
pub mod backoff;
pub mod calls;
pub mod demo;
pub mod knowledge;
pub mod pace;
pub mod plan;
pub mod poller;
pub mod schedule;
pub mod task;
