//! The `lamtop` program.
fn main() {}
