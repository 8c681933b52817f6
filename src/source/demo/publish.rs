//! What CloudWatch shows of the world: later than it happened, and at first not all of it (aws-facts 1.2).

use chrono::{DateTime, TimeDelta, Utc};

use super::activity::Activity;
use super::noise::Noise;
use super::world::{FunctionMinute, World};
use crate::model::metric::{Metric, SeriesId, Subject};
use crate::model::time::Minute;

/// A function's minute appears this long after its end, at the earliest and at the latest, seconds.
const FIRST_READ_S: std::ops::RangeInclusive<i64> = 60..=120;
/// From this long after its end a minute is whole, seconds.
const RESTATED_S: i64 = 150;

/// One minute as CloudWatch shows it at some instant.
pub(super) struct Published<'a> {
    pub(super) minute: Minute,
    functions: Vec<FunctionMinute<'a>>,
    /// Whether every function has published: the Region's own series come last.
    complete: bool,
    set_aside: u64,
}

impl World {
    /// `minute` as CloudWatch shows it at `now`.
    pub(super) fn published(&self, minute: Minute, now: DateTime<Utc>) -> Published<'_> {
        let age = now - minute.plus(1).start();
        let mut functions =
            if age < TimeDelta::seconds(*FIRST_READ_S.start()) { Vec::new() } else { self.minute(minute) };
        functions.retain(|one| age >= self.publishing_delay(&one.function.name));
        if age < TimeDelta::seconds(RESTATED_S) {
            for lane in functions.iter_mut().flat_map(|one| &mut one.lanes) {
                lane.activity = lane.activity.first_read();
            }
        }
        let complete = age >= TimeDelta::seconds(*FIRST_READ_S.end());
        Published { minute, functions, complete, set_aside: self.scenario.set_aside() }
    }

    /// Each function's metrics have a delay of their own.
    fn publishing_delay(&self, function: &str) -> TimeDelta {
        let width = (FIRST_READ_S.end() - FIRST_READ_S.start() + 1).cast_unsigned();
        let extra = Noise::new(self.seed, function, 0).below(width);
        TimeDelta::seconds(FIRST_READ_S.start() + extra.cast_signed())
    }
}

impl Published<'_> {
    /// The Lambda dimension sets under which `metric` has a point in this minute.
    pub(super) fn subjects(&self, metric: Metric) -> Vec<Subject> {
        let statistic = metric.statistics()[0];
        let has_point =
            |subject: &Subject| self.value(&SeriesId { subject: subject.clone(), metric, statistic }).is_some();
        self.all_subjects().filter(has_point).collect()
    }

    /// The dimension sets of the functions that ran; those with an alias come once for each of its versions.
    fn all_subjects(&self) -> impl Iterator<Item = Subject> {
        let of_function = |one: &FunctionMinute<'_>| {
            let function = one.function.name.as_str();
            let of_lanes: Vec<Subject> = one
                .lanes
                .iter()
                .flat_map(|lane| {
                    let qualifier = lane.qualifier.to_string();
                    let executed = lane.version.map(|version| Subject::Executed {
                        function: function.into(),
                        alias: qualifier.clone(),
                        version: version.to_string(),
                    });
                    [Some(Subject::Qualified { function: function.into(), qualifier }), executed]
                })
                .flatten()
                .collect();
            std::iter::once(Subject::Function(function.into())).chain(of_lanes)
        };
        std::iter::once(Subject::Region).chain(self.functions.iter().flat_map(of_function))
    }

    /// The series' value in this minute; `None` where nothing was published.
    pub(super) fn value(&self, series: &SeriesId) -> Option<f64> {
        let SeriesId { subject, metric, statistic } = series;
        let too_early = *subject == Subject::Region && !self.complete;
        if too_early || self.functions.is_empty() || !published_under(*metric, subject) {
            return None;
        }
        let totals = |wanted: &dyn Fn(&FunctionMinute<'_>) -> bool| {
            self.functions.iter().filter(|one| wanted(one)).map(FunctionMinute::total).reduce(|mut sum, one| {
                sum += &one;
                sum
            })
        };
        let unreserved = || totals(&|one| one.function.reserved.is_none()).map_or(0, |all| all.on_demand);
        match (subject, metric) {
            (Subject::Region, Metric::UnreservedConcurrentExecutions) => Some(unreserved() as f64),
            (Subject::Region, Metric::ClaimedAccountConcurrency) => Some((unreserved() + self.set_aside) as f64),
            (Subject::Region, _) => totals(&|_| true)?.value(*metric, *statistic),
            (Subject::Function(name), _) => self.function(name.as_str())?.total().value(*metric, *statistic),
            (Subject::Qualified { function, qualifier }, _) => {
                self.part(function.as_str(), qualifier, None)?.value(*metric, *statistic)
            }
            (Subject::Executed { function, alias, version }, _) => {
                self.part(function.as_str(), alias, Some(version))?.value(*metric, *statistic)
            }
            (Subject::Queue(_) | Subject::Topic(_), _) => None,
        }
    }

    fn function(&self, name: &str) -> Option<&FunctionMinute<'_>> {
        self.functions.iter().find(|one| one.function.name == name)
    }

    /// What called `qualifier`, or only what ran `version` behind it; `None` when nothing did.
    fn part(&self, function: &str, qualifier: &str, version: Option<&str>) -> Option<Activity> {
        let lanes = self.function(function)?.lanes.iter().filter(|lane| lane.qualifier == qualifier);
        let activity: Activity = match version {
            None => lanes.map(|lane| &lane.activity).sum(),
            Some(version) => lanes.filter(|lane| lane.version == Some(version)).map(|lane| &lane.activity).sum(),
        };
        // A refused call reached its qualifier but ran no version.
        let refused = if version.is_none() { activity.throttles } else { 0 };
        (activity.invocations + refused > 0).then_some(activity)
    }
}

/// Whether Lambda publishes `metric` under this kind of dimension set (aws-facts 1.3 to 1.6).
fn published_under(metric: Metric, subject: &Subject) -> bool {
    let (region, function, qualified, executed) = match metric {
        Metric::Invocations
        | Metric::Errors
        | Metric::Duration
        | Metric::ConcurrentExecutions
        | Metric::IteratorAge => (true, true, true, true),
        Metric::Throttles
        | Metric::AsyncEventsReceived
        | Metric::AsyncEventsDropped
        | Metric::AsyncEventAge
        | Metric::DeadLetterErrors
        | Metric::DestinationDeliveryFailures
        | Metric::RecursiveInvocationsDropped => (true, true, true, false),
        Metric::ProvisionedSpillover => (false, true, true, true),
        Metric::UnreservedConcurrentExecutions | Metric::ClaimedAccountConcurrency => (true, false, false, false),
        Metric::QueueOldestMessageAge | Metric::TopicMessagesPublished | Metric::TopicNotificationsFailed => {
            (false, false, false, false)
        }
    };
    match subject {
        Subject::Region => region,
        Subject::Function(_) => function,
        Subject::Qualified { .. } => qualified,
        Subject::Executed { .. } => executed,
        Subject::Queue(_) | Subject::Topic(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::metric::Statistic;

    fn world() -> World {
        World { scenario: super::super::scenario("mixed").unwrap(), seed: 1 }
    }

    fn minute(world: &World, offset: i64) -> Minute {
        Minute::of(world.scenario.at(offset))
    }

    fn series(subject: Subject, metric: Metric) -> SeriesId {
        SeriesId { subject, metric, statistic: metric.statistics()[0] }
    }

    fn whole(world: &World, offset: i64) -> Published<'_> {
        world.published(minute(world, offset), world.scenario.at(offset + 60))
    }

    #[test]
    fn a_minute_comes_late_then_in_part_then_whole() {
        let world = world();
        let asked = minute(&world, 20);
        let invocations = series(Subject::Function("checkout".into()), Metric::Invocations);
        let at =
            |age_s: i64| world.published(asked, asked.plus(1).start() + TimeDelta::seconds(age_s)).value(&invocations);
        let whole = at(RESTATED_S).unwrap();
        assert_eq!(at(59), None);
        assert_eq!(at(-30), None, "a minute that is not over");
        let first = at(120).unwrap();
        assert!(first < whole && first > 0.8 * whole, "{first} of {whole}");
        assert_eq!(at(149), Some(first));
        assert_eq!(at(100_000), Some(whole), "and so it stays");
        let delays: std::collections::BTreeSet<_> =
            world.scenario.functions.iter().map(|function| world.publishing_delay(&function.name)).collect();
        assert!(delays.len() > 10, "functions differ");
        assert!(delays.iter().all(|delay| FIRST_READ_S.contains(&delay.num_seconds())));
    }

    #[test]
    fn counts_add_up_at_every_age() {
        let world = world();
        for offset in -120..75 {
            for age_s in [80, 119, 120, 300] {
                let asked = minute(&world, offset);
                let published = world.published(asked, asked.plus(1).start() + TimeDelta::seconds(age_s));
                for metric in [Metric::Invocations, Metric::Errors, Metric::Throttles] {
                    let sum = |wanted: &dyn Fn(&Subject) -> bool| -> u64 {
                        let subjects = published.all_subjects().collect::<std::collections::BTreeSet<_>>();
                        subjects
                            .into_iter()
                            .filter(wanted)
                            .filter_map(|subject| published.value(&series(subject, metric)))
                            .map(|value| value.round() as u64)
                            .sum()
                    };
                    let region = sum(&|subject| *subject == Subject::Region);
                    let functions = sum(&|subject| matches!(subject, Subject::Function(_)));
                    let qualified = sum(&|subject| matches!(subject, Subject::Qualified { .. }));
                    assert_eq!(functions, qualified, "{metric:?} at {offset}, age {age_s}");
                    // The Region's own series wait for the last function.
                    let expected = if age_s < *FIRST_READ_S.end() { 0 } else { functions };
                    assert_eq!(region, expected, "{metric:?} at {offset}, age {age_s}");
                    if metric != Metric::Throttles {
                        let executed = sum(&|subject| matches!(subject, Subject::Executed { .. }));
                        let aliases = sum(
                            &|subject| matches!(subject, Subject::Qualified { qualifier, .. } if qualifier != "$LATEST"),
                        );
                        assert_eq!(executed, aliases, "{metric:?} at {offset}, age {age_s}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_claim_is_use_and_what_is_set_aside() {
        let world = world();
        let set_aside = world.scenario.set_aside() as f64;
        for offset in -120..75 {
            let published = whole(&world, offset);
            let region = |metric| published.value(&series(Subject::Region, metric)).unwrap();
            let unreserved = region(Metric::UnreservedConcurrentExecutions);
            assert!(unreserved > 0.0 && region(Metric::ConcurrentExecutions) >= unreserved);
            assert!((region(Metric::ClaimedAccountConcurrency) - unreserved - set_aside).abs() < 1e-9);
            assert!(region(Metric::ClaimedAccountConcurrency) <= f64::from(world.scenario.region.limit));
        }
        let claimed = whole(&world, 60).value(&series(Subject::Region, Metric::ClaimedAccountConcurrency));
        assert_eq!(claimed, Some(f64::from(world.scenario.region.limit)), "nothing is left in the incident");
    }

    #[test]
    fn metrics_exist_only_where_they_apply() {
        let world = world();
        let published = whole(&world, 60);
        let has = |name: &str, metric| published.value(&series(Subject::Function(name.into()), metric)).is_some();
        // metric, a function that has it, one that does not
        let cases = [
            (Metric::Invocations, "checkout", "nightly-report"),
            (Metric::AsyncEventsDropped, "payments-webhook", "checkout"),
            (Metric::IteratorAge, "orders-stream", "checkout"),
            (Metric::ProvisionedSpillover, "search-api", "checkout"),
            (Metric::DeadLetterErrors, "email-dispatch", "image-resize"),
        ];
        for (metric, with, without) in cases {
            assert!(has(with, metric), "{metric:?} of {with}");
            assert!(!has(without, metric), "{metric:?} of {without}");
        }
        for subject in published.subjects(Metric::Throttles) {
            assert!(!matches!(subject, Subject::Executed { .. }), "a throttled call ran no version");
        }
        for metric in Metric::ALL {
            for subject in published.subjects(*metric) {
                let value = published.value(&series(subject.clone(), *metric)).unwrap();
                assert!(value.is_finite() && value >= 0.0, "{metric:?} {subject:?}");
            }
        }
        let p99 = SeriesId { statistic: Statistic::P99, ..series(Subject::Region, Metric::Duration) };
        assert!(published.value(&p99).is_some());
    }
}
