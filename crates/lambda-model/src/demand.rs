//! What the screen needs next: the only thing that flows from the consumers back to the sources.

use chrono::{DateTime, Utc};

use super::FunctionId;

/// What is on screen, so that the sources fetch it first. It carries wishes, never data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    /// The functions in the visible rows, top to bottom.
    pub visible: Vec<FunctionId>,
    /// The functions in the rows of the table that something covers, be it a pane, a view or a filter: their metrics
    /// can wait, but a log that is not read has a gap.
    pub behind: Vec<FunctionId>,
    /// The function whose pane is open.
    pub focus: Option<FunctionId>,
    /// Whether the traffic of their aliases is on screen.
    pub traffic: bool,
    /// The minute in which somebody last touched a key; `None` before the first. Nobody looks at a screen for hours.
    pub attended: Option<DateTime<Utc>>,
    /// Grows by one each time the user asks for a refresh now.
    pub refresh: u64,
}
