//! What a piece of the screen means; a theme decides, in one place, what each meaning looks like.
//!
//! No colour, no terminal type: the same meanings serve every theme and every export.

use serde::Deserialize;

/// What a piece of the screen means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meaning {
    /// Ordinary text and numbers.
    Normal,
    /// The name of a pane or of the thing it shows.
    Title,
    /// What a number is: column heads, units, axis labels.
    Label,
    /// Present but not what to look at: ages, separators, missing values.
    Muted,
    /// Healthy.
    Ok,
    /// Look at it soon.
    Warning,
    /// Look at it now.
    Critical,
    /// The row the cursor is on.
    Selected,
    /// May still change: CloudWatch restates its newest minutes. Laid over another meaning.
    Provisional,
    /// The part of a gauge that is in use.
    GaugeUsed,
    /// The part of a gauge that is claimed but not in use, such as reserved concurrency.
    GaugeClaimed,
    /// The part of a gauge that is free.
    GaugeFree,
    /// A line that must not be crossed.
    Limit,
    /// The first line of a chart.
    Series1,
    /// The second line of a chart.
    Series2,
    /// The third line of a chart.
    Series3,
    /// The fourth line of a chart.
    Series4,
    /// The fifth line of a chart.
    Series5,
    /// The sixth line of a chart.
    Series6,
    /// The frame around a pane, and the axes of a chart.
    Border,
    /// The frame around the pane that takes the keys.
    BorderFocused,
    /// A key in the footer and in the help.
    Key,
    /// Words that were searched for. Laid over another meaning.
    Match,
}

impl Meaning {
    /// How many meanings there are.
    pub(crate) const COUNT: usize = Self::Match as usize + 1;

    /// Every meaning, in the order of the enum.
    pub(crate) const ALL: [Self; Self::COUNT] = [
        Self::Normal,
        Self::Title,
        Self::Label,
        Self::Muted,
        Self::Ok,
        Self::Warning,
        Self::Critical,
        Self::Selected,
        Self::Provisional,
        Self::GaugeUsed,
        Self::GaugeClaimed,
        Self::GaugeFree,
        Self::Limit,
        Self::Series1,
        Self::Series2,
        Self::Series3,
        Self::Series4,
        Self::Series5,
        Self::Series6,
        Self::Border,
        Self::BorderFocused,
        Self::Key,
        Self::Match,
    ];

    /// The meaning of the line at `index` (from 0) of a chart; after the sixth they repeat.
    pub(crate) fn series(index: usize) -> Self {
        const SERIES: [Meaning; 6] = [
            Meaning::Series1,
            Meaning::Series2,
            Meaning::Series3,
            Meaning::Series4,
            Meaning::Series5,
            Meaning::Series6,
        ];
        SERIES[index % SERIES.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_holds_every_meaning_once_and_in_order() {
        assert!(Meaning::ALL.iter().enumerate().all(|(index, meaning)| *meaning as usize == index));
    }

    #[test]
    fn series_repeat_after_the_sixth() {
        assert_eq!(Meaning::series(0), Meaning::Series1);
        assert_eq!(Meaning::series(5), Meaning::Series6);
        assert_eq!(Meaning::series(6), Meaning::Series1);
    }
}
