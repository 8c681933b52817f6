//! Forecasts, compared with when a limit was really reached.

use lambda_model::FunctionName;
use lambda_oracle::Oracle;

use crate::seen::{Foretold, Seen};
use crate::table::percent;

/// How often a range was shown, and how it compared.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Coverage {
    /// The limit was reached within it.
    within: u64,
    /// It was reached earlier or later.
    outside: u64,
    /// The range passed, and the rise ended below the limit, which no forecast can know.
    never: u64,
    /// The run ended before the range did.
    open: u64,
    /// Runs in which one was shown.
    runs: u64,
}

impl Coverage {
    /// Adds the forecasts of a run of `minutes`.
    pub(crate) fn add(&mut self, oracle: &Oracle, minutes: i64, seen: &Seen) {
        self.runs += u64::from(!seen.foretold.is_empty());
        for one in &seen.foretold {
            *self.what_came(oracle, minutes, one) += 1;
        }
    }

    /// The minute of the limit is known, not the second; a forecast in that minute is not too late.
    fn what_came(&mut self, oracle: &Oracle, minutes: i64, foretold: &Foretold) -> &mut u64 {
        let function = foretold.function.as_ref().map(FunctionName::as_str);
        let (low, high) = foretold.range;
        match (foretold.at as i64..minutes).find(|minute| oracle.used_up(function, *minute)) {
            Some(minute) if low <= (minute + 1) as f64 && minute as f64 <= high => &mut self.within,
            Some(_) => &mut self.outside,
            None if high < minutes as f64 => &mut self.never,
            None => &mut self.open,
        }
    }

    /// Adds the sums of other runs.
    pub(crate) fn merge(&mut self, other: Self) {
        self.within += other.within;
        self.outside += other.outside;
        self.never += other.never;
        self.open += other.open;
        self.runs += other.runs;
    }

    /// The sums in words.
    pub(crate) fn words(&self) -> String {
        let Self { within, outside, never, open, runs } = self;
        let (reached, shown) = (within + outside, within + outside + never);
        let (of_reached, of_shown) = (percent(*within, reached), percent(*within, shown));
        format!(
            "Shown in {runs} runs. Where the limit was reached, {within} of {reached} ranges ({of_reached}) held the minute \
             in which it was; {never} more were shown of rises that ended below the limit, so {of_shown} of all held it; \
             {open} ended after their run"
        )
    }
}
