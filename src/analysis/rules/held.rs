//! Hysteresis: when something that comes and goes is there, and since when. It does not know what it is.

use chrono::{DateTime, TimeDelta, Utc};

use crate::analysis::thresholds::Thresholds;

/// Where nothing was known for this long, nothing is there any more: an idle function publishes no points
/// (docs/aws.md#missing-points). Longer than the five minutes between two reads of what is not on screen.
const SILENCE: TimeDelta = TimeDelta::minutes(10);

/// What one settled point shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    /// Nothing is known of it: it neither raises nor clears.
    Unknown,
    /// It is not there.
    Absent,
    /// It is there, as chance alone may show it: it takes several.
    Weak,
    /// It is there beyond doubt: one such point counts twice.
    Strong,
}

impl Sign {
    /// Absent or strong.
    pub(crate) fn strong(is_there: bool) -> Self {
        if is_there { Self::Strong } else { Self::Absent }
    }

    /// Absent or weak.
    pub(crate) fn weak(is_there: bool) -> Self {
        if is_there { Self::Weak } else { Self::Absent }
    }

    fn weight(self) -> u32 {
        match self {
            Self::Unknown | Self::Absent => 0,
            Self::Weak => 1,
            Self::Strong => 2,
        }
    }
}

/// Something that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    /// The first point that showed it.
    pub since: DateTime<Utc>,
    /// The newest point that showed it.
    pub last: DateTime<Utc>,
    /// How many points showed it.
    pub points: u32,
}

/// Whether what `points` show, oldest first, is there after the last of them.
///
/// It comes when the signs of the last `raise_of` known points weigh `raise`, and goes after `clear` points in a
/// row that show nothing, or after `SILENCE`: a function without traffic has no trouble.
pub(super) fn held(thresholds: &Thresholds, points: impl IntoIterator<Item = (DateTime<Utc>, Sign)>) -> Option<Held> {
    let of = thresholds.raise_of.max(1) as usize;
    let mut recent: std::collections::VecDeque<(DateTime<Utc>, Sign)> = std::collections::VecDeque::with_capacity(of);
    let mut open: Option<Held> = None;
    let mut quiet = 0;
    let mut observed: Option<DateTime<Utc>> = None;
    for (at, sign) in points {
        if observed.is_some_and(|observed| at - observed >= SILENCE) {
            open = None;
            recent.clear();
        }
        if sign == Sign::Unknown {
            continue;
        }
        observed = Some(at);
        quiet = if sign == Sign::Absent { quiet + 1 } else { 0 };
        if recent.len() == of {
            recent.pop_front();
        }
        recent.push_back((at, sign));
        match &mut open {
            Some(_) if quiet >= thresholds.clear => {
                open = None;
                recent.clear();
            }
            Some(held) if sign != Sign::Absent => {
                held.last = at;
                held.points += 1;
            }
            Some(_) => {}
            None => {
                let shown = || recent.iter().filter(|(_, sign)| *sign != Sign::Absent);
                if shown().map(|(_, sign)| sign.weight()).sum::<u32>() >= thresholds.raise.max(1) {
                    let since = shown().next().map_or(at, |(at, _)| *at);
                    open = Some(Held { since, last: at, points: shown().count() as u32 });
                }
            }
        }
    }
    open
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::now;
    use chrono::TimeDelta;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn signs(text: &str) -> Vec<(DateTime<Utc>, Sign)> {
        let sign = |character| match character {
            '?' => Sign::Unknown,
            '.' => Sign::Absent,
            'w' => Sign::Weak,
            _ => Sign::Strong,
        };
        (0..).zip(text.chars()).map(|(minute, one)| (now() + TimeDelta::minutes(minute), sign(one))).collect()
    }

    #[test]
    fn it_comes_with_enough_and_goes_when_it_is_quiet() {
        // Signs, oldest first -> since which, up to which, how many points; two of three raise, three clear.
        type Expected = Option<(i64, i64, u32)>;
        let cases: [(&str, Expected); 18] = [
            ("", None),
            ("....", None),
            ("...w", None),
            ("..ww", Some((2, 3, 2))),
            (".w.w", Some((1, 3, 2))),
            ("w..w", None),
            ("...s", Some((3, 3, 1))),
            ("s..", Some((0, 0, 1))),
            ("s...", None),
            ("s..w...", None),
            ("s..w..", Some((0, 3, 2))),
            ("s...w", None),
            ("w??w", Some((0, 3, 2))),
            ("s??????", Some((0, 0, 1))),
            // A sign without points for ten minutes is over, and does not add up with what comes then.
            ("s?????????", Some((0, 0, 1))),
            ("s??????????", None),
            ("w?????????w", None),
            ("s??????????ww", Some((11, 12, 2))),
        ];
        for (text, expected) in cases {
            let minutes = |at: DateTime<Utc>| (at - now()).num_minutes();
            let found = held(&Thresholds::default(), signs(text));
            assert_eq!(found.map(|held| (minutes(held.since), minutes(held.last), held.points)), expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_few_unknown_points_change_nothing(text in vec("[.ws]|[.ws][?]{1,8}", 0..20)) {
            let text = text.concat();
            let known: Vec<_> = signs(&text).into_iter().filter(|(_, sign)| *sign != Sign::Unknown).collect();
            prop_assert_eq!(held(&Thresholds::default(), signs(&text)), held(&Thresholds::default(), known));
        }

        #[test]
        fn what_is_held_was_shown_and_not_long_ago(text in vec("[.ws]", 0..40)) {
            let text = text.concat();
            if let Some(found) = held(&Thresholds::default(), signs(&text)) {
                prop_assert!(found.since <= found.last && found.points > 0);
                prop_assert!(!text.ends_with("..."));
            }
        }
    }
}
