//! What a key can ask for. The intent only: what comes of it is the app's business.

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};

/// What a key can ask for. The names in snake case are the action ids of `config/keys.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Leave the program.
    Quit,
    /// Stop the program and give the shell the terminal until `fg`.
    Suspend,
    /// Show or hide the keys.
    Help,
    /// Leave the pane, or undo the filter.
    Back,
    /// Look closer at the selected row.
    Open,
    /// Select the row above.
    Up,
    /// Select the row below.
    Down,
    /// Select one screen up.
    PageUp,
    /// Select one screen down.
    PageDown,
    /// Select the first row.
    Top,
    /// Select the last row.
    Bottom,
    /// Sort by the column to the left.
    SortPrevious,
    /// Sort by the column to the right.
    SortNext,
    /// Turn the order of the rows round.
    SortReverse,
    /// Show only functions that want attention or only log lines that tell of an error, or all again.
    FaultsOnly,
    /// Start typing a filter.
    Filter,
    /// Start typing what to search the log for.
    Search,
    /// Keep what was typed.
    FilterAccept,
    /// Put what was typed back to what it was.
    FilterCancel,
    /// Empty what was typed.
    FilterClear,
    /// Go to the next older line that is searched for.
    SearchOlder,
    /// Go to the next newer line that is searched for.
    SearchNewer,
    /// Show the table of functions.
    ViewFunctions,
    /// Show aliases, weights and canaries.
    ViewTraffic,
    /// Show what is wrong.
    ViewFindings,
    /// Show the health of the sources.
    ViewHealth,
    /// Show the next view.
    ViewNext,
    /// Show the view before.
    ViewPrevious,
    /// Show the function's metrics.
    PaneMetrics,
    /// Show what the function's logs say of this second.
    PaneLive,
    /// Show the function's log.
    PaneLogs,
    /// Show the next page of the function.
    PaneNext,
    /// Show the page of the function before.
    PanePrevious,
    /// Break long lines of the log, or cut them.
    Wrap,
    /// Copy the selected line of the log, or the finding's command.
    Copy,
    /// Go to the next command of the finding.
    CommandNext,
    /// Hold the screen still, or let it go on.
    Freeze,
    /// Ask the sources for everything on screen now.
    Refresh,
    /// Save the screen as a picture.
    Export,
}

impl Action {
    /// Every action, in the order of the enum.
    pub const ALL: [Self; Self::Export as usize + 1] = [
        Self::Quit,
        Self::Suspend,
        Self::Help,
        Self::Back,
        Self::Open,
        Self::Up,
        Self::Down,
        Self::PageUp,
        Self::PageDown,
        Self::Top,
        Self::Bottom,
        Self::SortPrevious,
        Self::SortNext,
        Self::SortReverse,
        Self::FaultsOnly,
        Self::Filter,
        Self::Search,
        Self::FilterAccept,
        Self::FilterCancel,
        Self::FilterClear,
        Self::SearchOlder,
        Self::SearchNewer,
        Self::ViewFunctions,
        Self::ViewTraffic,
        Self::ViewFindings,
        Self::ViewHealth,
        Self::ViewNext,
        Self::ViewPrevious,
        Self::PaneMetrics,
        Self::PaneLive,
        Self::PaneLogs,
        Self::PaneNext,
        Self::PanePrevious,
        Self::Wrap,
        Self::Copy,
        Self::CommandNext,
        Self::Freeze,
        Self::Refresh,
        Self::Export,
    ];

    /// The action with this id, such as `page_up`.
    pub fn from_id(id: &str) -> Option<Self> {
        let id: StrDeserializer<'_, Error> = id.into_deserializer();
        Self::deserialize(id).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_holds_every_action_once_and_in_order() {
        assert!(Action::ALL.iter().enumerate().all(|(index, action)| *action as usize == index));
    }

    #[test]
    fn ids_are_the_names_in_snake_case() {
        assert_eq!(Action::from_id("page_up"), Some(Action::PageUp));
        assert_eq!(Action::from_id("PageUp"), None);
        assert_eq!(Action::from_id(""), None);
    }
}
