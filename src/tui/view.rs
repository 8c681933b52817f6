//! The views that the tab key goes through, and the pages of a function's pane. A view is one entry here and one file
//! below `screen`, whose `SCREEN` says how it is drawn and moved in; its key is in `config/keys.toml`.

use super::action::Action;
use super::keymap::Layer;

/// The views that the tab key goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// The table of functions.
    Functions,
    /// Aliases, their weights and their traffic.
    Traffic,
    /// What is wrong.
    Findings,
    /// What the sources have trouble with.
    Health,
}

impl View {
    /// Every view, in the order of the tab key.
    pub(crate) const ALL: [Self; 4] = [Self::Functions, Self::Traffic, Self::Findings, Self::Health];

    /// Its name, the layer of its keys, and the action that shows it.
    const fn entry(self) -> (&'static str, Layer, Action) {
        match self {
            Self::Functions => ("functions", Layer::Functions, Action::ViewFunctions),
            Self::Traffic => ("traffic", Layer::Traffic, Action::ViewTraffic),
            Self::Findings => ("findings", Layer::Findings, Action::ViewFindings),
            Self::Health => ("health", Layer::Health, Action::ViewHealth),
        }
    }

    /// The view's name.
    pub fn title(self) -> &'static str {
        self.entry().0
    }

    /// Where its keys go.
    pub(crate) fn layer(self) -> Layer {
        self.entry().1
    }

    /// The view that this action shows.
    pub(crate) fn shown_by(action: Action) -> Option<Self> {
        Self::ALL.into_iter().find(|view| view.entry().2 == action)
    }

    /// The view `by` places further on, round and round.
    #[must_use]
    pub(crate) fn turn(self, by: usize) -> Self {
        further(&Self::ALL, self, by)
    }
}

/// The pages of a function's pane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pane {
    /// What CloudWatch counts by the minute.
    Metrics,
    /// What the logs say of this second.
    Live,
    /// The log itself.
    Logs,
}

impl Pane {
    /// Every page, in the order of the tab key.
    pub(crate) const ALL: [Self; 3] = [Self::Metrics, Self::Live, Self::Logs];

    /// Its name, and the action that shows it.
    const fn entry(self) -> (&'static str, Action) {
        match self {
            Self::Metrics => ("metrics", Action::PaneMetrics),
            Self::Live => ("live", Action::PaneLive),
            Self::Logs => ("logs", Action::PaneLogs),
        }
    }

    /// The page's name.
    pub fn title(self) -> &'static str {
        self.entry().0
    }

    /// The page that this action shows.
    pub(crate) fn shown_by(action: Action) -> Option<Self> {
        Self::ALL.into_iter().find(|pane| pane.entry().1 == action)
    }

    /// The page `by` places further on, round and round.
    #[must_use]
    pub(crate) fn turn(self, by: usize) -> Self {
        further(&Self::ALL, self, by)
    }
}

fn further<T: Copy + PartialEq>(all: &[T], from: T, by: usize) -> T {
    let place = all.iter().position(|one| *one == from).unwrap_or(0);
    all.get((place + by) % all.len()).copied().unwrap_or(from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_view_and_page_has_its_own_action() {
        for view in View::ALL {
            assert_eq!(View::shown_by(view.entry().2), Some(view));
        }
        for pane in Pane::ALL {
            assert_eq!(Pane::shown_by(pane.entry().1), Some(pane));
        }
        assert_eq!((View::shown_by(Action::Quit), Pane::shown_by(Action::Quit)), (None, None));
    }

    #[test]
    fn views_are_gone_through_round_and_round() {
        assert_eq!((View::Health.turn(1), View::Functions.turn(View::ALL.len() - 1)), (View::Functions, View::Health));
        assert_eq!((Pane::Metrics.turn(1), Pane::Metrics.turn(2)), (Pane::Live, Pane::Logs));
    }
}
