//! What leaves the program as text or a file. Nothing here knows a terminal.

pub mod svg;
