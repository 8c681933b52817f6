//! Why requests were refused, as said and as it was: the confusion matrix.

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
/// Of so few refusals in a run nobody need be told the cause.
const LEAST: u32 = 60;
/// A minute refuses so many, or it does not count.
const LEAST_IN_A_MINUTE: u32 = 5;
/// One cause has this part of a function's refusals, or nobody can name one: the metrics know one number a minute.
const CLEAR: f64 = 0.8;
/// What is not refused this long before the end of the run may not be found in it any more, minutes.
const TOO_LATE: i64 = 7;
/// A cause is known, or is not, from what was said up to so many minutes after the refusals.
const LATE: f64 = 6.0;

/// How often a cause was taken for which; `None`: nothing was said.
#[derive(Clone, Debug, Default)]
pub(crate) struct Causes {
    taken: BTreeMap<(Kind, Option<Kind>), u64>,
    /// Functions that were refused for several causes, and what was said first.
    several: BTreeMap<Option<Kind>, u64>,
}

impl Causes {
    /// Adds what was said of every function that was refused in a run of so many minutes.
    pub(crate) fn add(&mut self, oracle: &Oracle, minutes: i64, seen: &Seen) {
        for function in oracle.functions() {
            let refused: Vec<_> = (0..minutes - TOO_LATE)
                .map(|minute| (minute, oracle.refusals(function, minute)))
                .filter(|(_, refusals)| refusals.total() >= LEAST_IN_A_MINUTE)
                .collect();
            let total: u32 = refused.iter().map(|(_, refusals)| refusals.total()).sum();
            let (Some((first, _)), Some((last, _))) = (refused.first(), refused.last()) else { continue };
            if total < LEAST {
                continue;
            }
            // What was said of it for the longest time.
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
            let of = |kind| refused.iter().map(|(_, refusals)| refusals.of(kind)).sum::<u32>();
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

    /// The part of the identifiable causes that was named rightly.
    pub(crate) fn accuracy(&self) -> String {
        let sum = |wanted: fn(Kind, Option<Kind>) -> bool| {
            self.taken.iter().filter(|((cause, said), _)| wanted(*cause, *said)).map(|(_, count)| count).sum::<u64>()
        };
        let (right, all) = (sum(|cause, said| said == Some(cause)), sum(|_, _| true));
        format!("{right} of {all} ({})", percent(right, all))
    }

    /// Rows are what it was, columns what was said.
    pub(crate) fn matrix(&self) -> String {
        let short = |kind: Kind| kind.name().trim_start_matches("throttle.").to_string();
        let mut head = vec!["it was".to_string()];
        head.extend(CAUSES.map(short));
        head.push("nothing said".to_string());
        let names: Vec<&str> = head.iter().map(String::as_str).collect();
        let mut table = Table::new(&names);
        let columns = || CAUSES.into_iter().map(Some).chain([None]);
        for cause in CAUSES {
            let count = |said| self.taken.get(&(cause, said)).copied().unwrap_or(0).to_string();
            table.row(std::iter::once(short(cause)).chain(columns().map(count)));
        }
        let count = |said| self.several.get(&said).copied().unwrap_or(0).to_string();
        table.row(std::iter::once("several of them".to_string()).chain(columns().map(count)));
        table.text()
    }
}
