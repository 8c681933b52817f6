//! The active incidents at an instant, and their size.

use super::instant::Instant;
use super::scenario::{Incident, Scenario, within};

/// The incidents of `function` at `now`, each with its size from 0 to 1. `version` picks those that only one
/// version has; `None` leaves them out.
pub(super) fn of<'a>(
    scenario: &'a Scenario,
    function: &'a str,
    version: Option<&'a str>,
    now: Instant,
) -> impl Iterator<Item = (&'a Incident, f64)> {
    let concerns = move |incident: &&Incident| {
        incident.function == function && (incident.version.is_none() || incident.version.as_deref() == version)
    };
    let under_way = move |incident: &&Incident| within(now, incident.from_min, incident.until_min);
    scenario.incidents.iter().filter(concerns).filter(under_way).map(move |incident| (incident, incident.size(now)))
}

/// When the incidents of `function` change next.
pub(super) fn next_change(scenario: &Scenario, function: &str, now: Instant) -> Instant {
    let concerned = scenario.incidents.iter().filter(|incident| incident.function == function);
    concerned.map(|incident| incident.next_change(now)).min().unwrap_or(Instant(i64::MAX))
}

impl Incident {
    /// How much of it there is `now`, while it is under way: it grows by the minute.
    fn size(&self, now: Instant) -> f64 {
        let whole_minutes = (now - Instant::of_min(self.from_min)).minute() + 1;
        if self.ramp_min < 1.0 { 1.0 } else { (whole_minutes as f64 / self.ramp_min).min(1.0) }
    }

    fn next_change(&self, now: Instant) -> Instant {
        let from = Instant::of_min(self.from_min);
        let until = self.until_min.map_or(Instant(i64::MAX), Instant::of_min);
        if now < from {
            from
        } else if now < from + Instant::of_min(self.ramp_min) {
            (from + Instant::start_of((now - from).minute() + 1)).min(until)
        } else if now < until {
            until
        } else {
            Instant(i64::MAX)
        }
    }
}
