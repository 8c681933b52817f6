//! Snapshots for programs and files: the JSON contract, CSV, plain tables, pictures. No terminal.

pub mod csv;
pub mod json;
pub mod svg;
pub mod table;

#[cfg(test)]
mod tests;
