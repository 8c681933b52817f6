//! Why requests were throttled, found against true: the confusion matrix.

use std::collections::BTreeMap;

use lambda_model::finding::Kind;
use lambda_oracle::Oracle;

use crate::seen::Seen;
use crate::table::{Table, percent};

/// The causes, in the order of the matrix.
pub(crate) const CAUSES: [Kind; 6] = [
    Kind::ThrottleReservedZero,
    Kind::ThrottleReservedLimit,
    Kind::ThrottleUnreservedPool,
    Kind::ThrottleRequestRate,
    Kind::ThrottleScalingRate,
    Kind::ThrottleUnknown,
];
/// Fewer throttles in a run need no cause.
const LEAST: u32 = 60;
/// A minute with fewer throttles does not count.
const LEAST_IN_A_MINUTE: u32 = 5;
/// The share of a function's throttles that one cause must have to be identifiable: metrics have one number per minute.
const CLEAR: f64 = 0.8;
/// Throttles that begin less than these minutes before the end of a run may be found too late to count.
const TOO_LATE: i64 = 7;
/// Findings up to these minutes after the throttles count.
const LATE: f64 = 6.0;

/// How often which cause was found for a true cause; `None`: no finding.
#[derive(Clone, Debug, Default)]
pub(crate) struct Causes {
    taken: BTreeMap<(Kind, Option<Kind>), u64>,
    /// Functions that were throttled for several causes, by the cause that was found.
    several: BTreeMap<Option<Kind>, u64>,
}

impl Causes {
    /// Adds the findings about every function that was throttled in a run of `minutes`.
    pub(crate) fn add(&mut self, oracle: &Oracle, minutes: i64, seen: &Seen) {
        for function in oracle.functions() {
            let throttled: Vec<_> = (0..minutes - TOO_LATE)
                .map(|minute| (minute, oracle.throttles(function, minute)))
                .filter(|(_, throttles)| throttles.total() >= LEAST_IN_A_MINUTE)
                .collect();
            let total: u32 = throttled.iter().map(|(_, throttles)| throttles.total()).sum();
            let (Some((first, _)), Some((last, _))) = (throttled.first(), throttled.last()) else { continue };
            if total < LEAST {
                continue;
            }
            // The cause that was shown for the longest time.
            let span = *first as f64 - 1.0..=*last as f64 + LATE;
            let mut said: BTreeMap<Kind, f64> = BTreeMap::new();
            let about = seen.episodes.iter().filter(|one| CAUSES.contains(&one.kind()) && one.concerns(function));
            for one in about.filter(|one| span.contains(&one.opened)) {
                *said.entry(one.kind()).or_default() += one.last - one.opened + 1.0;
            }
            let said = said.into_iter().max_by(|one, other| one.1.total_cmp(&other.1)).map(|(kind, _)| kind);
            let hidden = (0..minutes).any(|minute| {
                oracle.shows(Kind::ThrottleUnknown, Some(function), minute, lambda_oracle::Clarity::Usual)
            });
            let of = |kind| throttled.iter().map(|(_, throttles)| throttles.of(kind)).sum::<u32>();
            let clear = CAUSES.into_iter().find(|kind| f64::from(of(*kind)) >= CLEAR * f64::from(total));
            match clear {
                Some(_) if hidden => *self.taken.entry((Kind::ThrottleUnknown, said)).or_default() += 1,
                Some(cause) => *self.taken.entry((cause, said)).or_default() += 1,
                None => *self.several.entry(said).or_default() += 1,
            }
        }
    }

    /// Adds the sums of other runs.
    pub(crate) fn merge(&mut self, other: Self) {
        for (key, more) in other.taken {
            *self.taken.entry(key).or_default() += more;
        }
        for (key, more) in other.several {
            *self.several.entry(key).or_default() += more;
        }
    }

    /// The share of the identifiable causes that was found.
    pub(crate) fn accuracy(&self) -> String {
        let sum = |wanted: fn(Kind, Option<Kind>) -> bool| {
            self.taken.iter().filter(|((cause, said), _)| wanted(*cause, *said)).map(|(_, count)| count).sum::<u64>()
        };
        let (right, all) = (sum(|cause, said| said == Some(cause)), sum(|_, _| true));
        format!("{right} of {all} ({})", percent(right, all))
    }

    /// Rows are true causes, columns found ones.
    pub(crate) fn matrix(&self) -> String {
        let short = |kind: Kind| kind.name().trim_start_matches("throttle.").to_string();
        let mut head = vec!["true cause".to_string()];
        head.extend(CAUSES.map(short));
        head.push("none found".to_string());
        let names: Vec<&str> = head.iter().map(String::as_str).collect();
        let mut table = Table::new(&names);
        let columns = || CAUSES.into_iter().map(Some).chain([None]);
        for cause in CAUSES {
            let count = |said| self.taken.get(&(cause, said)).copied().unwrap_or(0).to_string();
            table.row(std::iter::once(short(cause)).chain(columns().map(count)));
        }
        let count = |said| self.several.get(&said).copied().unwrap_or(0).to_string();
        table.row(std::iter::once("several".to_string()).chain(columns().map(count)));
        table.text()
    }
}
