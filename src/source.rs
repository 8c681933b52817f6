//! Everything that produces observations: the only network in the program.

pub mod api;
pub mod demo;
