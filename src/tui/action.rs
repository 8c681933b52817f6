//! What a key can ask for. The intent only: what comes of it is the app's business.

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};

macro_rules! actions {
    ($($(#[$doc:meta])* $action:ident,)+) => {
        /// What a key can ask for. The names in snake case are the action ids of `config/keys.toml`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Action { $($(#[$doc])* $action,)+ }

        impl Action {
            /// Every action, in the order of the list.
            #[cfg(test)]
            pub(super) const ALL: [Self; [$(Self::$action,)+].len()] = [$(Self::$action,)+];
        }
    };
}

actions! {
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
    /// Show only functions that want attention or only log lines that show an error, or all again.
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
    /// Show the previous view.
    ViewPrevious,
    /// Show the function's metrics.
    PaneMetrics,
    /// Show what the function's logs say about this second.
    PaneLive,
    /// Show the function's log.
    PaneLogs,
    /// Show the next page of the function.
    PaneNext,
    /// Show the previous page of the function.
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
    /// The action with this id, such as `page_up`.
    pub(crate) fn from_id(id: &str) -> Option<Self> {
        let id: StrDeserializer<'_, Error> = id.into_deserializer();
        Self::deserialize(id).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_the_names_in_snake_case() {
        assert_eq!(Action::from_id("page_up"), Some(Action::PageUp));
        assert_eq!(Action::from_id("PageUp"), None);
        assert_eq!(Action::from_id(""), None);
    }
}
