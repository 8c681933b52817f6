//! What is shown, as plain values with meanings: the half of the screens that knows no terminal.
//!
//! Nothing here does IO or knows a colour.

pub mod meaning;
pub mod picture;
