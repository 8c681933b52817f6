//! The views that the tab key goes through, and the pages of a function's pane. A view is one entry here and one file
//! below `screen`, whose `SCREEN` says how it is drawn and moved in; its key is in `config/keys.toml`.

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

    /// Its name and the layer of its keys.
    const fn entry(self) -> (&'static str, Layer) {
        match self {
            Self::Functions => ("functions", Layer::Functions),
            Self::Traffic => ("traffic", Layer::Traffic),
            Self::Findings => ("findings", Layer::Findings),
            Self::Health => ("health", Layer::Health),
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

    /// The page's name.
    pub fn title(self) -> &'static str {
        match self {
            Self::Metrics => "metrics",
            Self::Live => "live",
            Self::Logs => "logs",
        }
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
    fn views_are_gone_through_round_and_round() {
        assert_eq!((View::Health.turn(1), View::Functions.turn(View::ALL.len() - 1)), (View::Functions, View::Health));
        assert_eq!((Pane::Metrics.turn(1), Pane::Metrics.turn(2)), (Pane::Live, Pane::Logs));
    }
}
