//! The terminal app: the only folder that knows ratatui and crossterm.
//!
//! It draws what the view says and turns keys into actions; it never computes what is shown.

pub mod action;
pub mod capabilities;
pub mod colour;
pub mod glyphs;
pub mod keymap;
pub mod picture;
mod signals;
pub mod terminal;
pub mod theme;
pub mod widget;
