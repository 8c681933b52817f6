//! CloudWatch's answers about the simulated Region: which metrics were published lately, and their points.

mod mapping;

use std::collections::BTreeSet;

use super::activity::Activity;
use super::history;
use super::report::{Lane, Part, Parts, RegionReport, Report};
use super::scenario::{Change, Function, Scenario, Source};
use super::world::World;
use lambda_model::FunctionName;
use lambda_model::metric::{Dimensions, Metric, Point, SeriesId, Statistic, Subject};
use lambda_model::time::Minute;
use mapping::Mapping;

/// `ListMetrics` with `RecentlyActive` looks back three hours (docs/aws.md#listmetrics).
const ACTIVE_MIN: i64 = 180;

/// A function's dimension sets, in the order in which they are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Set {
    /// All of the function.
    Function,
    /// One qualifier.
    Qualified(u16),
    /// One version behind an alias.
    Executed(Lane),
}

impl Set {
    /// The sets that a call on `lane` is published under: `ExecutedVersion` is of aliases only
    /// (docs/aws.md#dimension-sets).
    fn of(lane: Lane) -> impl Iterator<Item = Self> {
        let executed = (lane.qualifier > 0).then_some(Self::Executed(lane));
        [Self::Function, Self::Qualified(lane.qualifier)].into_iter().chain(executed)
    }

    /// The sets under which a minute was published.
    fn of_report(report: &Report) -> Vec<Self> {
        match &report.parts {
            Parts::Sole(lane) => Self::of(*lane).collect(),
            Parts::Several(parts) => {
                let of_part = |part: &Part| match part.version {
                    Some(version) if part.qualifier > 0 => Self::Executed(Lane { qualifier: part.qualifier, version }),
                    _ => Self::Qualified(part.qualifier),
                };
                std::iter::once(Self::Function).chain(parts.iter().map(of_part)).collect()
            }
        }
    }

    /// Whether Lambda publishes `metric` under this kind of set.
    fn publishes(self, metric: Metric) -> bool {
        metric.published().contains(&match self {
            Self::Function => Dimensions::Function,
            Self::Qualified(_) => Dimensions::Qualified,
            Self::Executed(_) => Dimensions::Executed,
        })
    }

    fn activity(self, report: &Report) -> Option<&Activity> {
        match self {
            Self::Function => Some(&report.total),
            Self::Qualified(qualifier) => report.qualified(qualifier),
            Self::Executed(lane) => report.executed(lane),
        }
    }

    fn value(self, report: &Report, metric: Metric, statistic: Statistic) -> Option<f64> {
        if self.publishes(metric) { self.activity(report)?.value(metric, statistic) } else { None }
    }
}

/// The Region's own value.
fn region_value(report: &RegionReport, metric: Metric, statistic: Statistic) -> Option<f64> {
    match metric {
        Metric::UnreservedConcurrentExecutions => Some(f64::from(report.unreserved)),
        Metric::ClaimedAccountConcurrency => Some(f64::from(report.claimed)),
        _ if !metric.published().contains(&Dimensions::Region) => None,
        _ => report.total.value(metric, statistic),
    }
}

/// Whether every invocation publishes the metric, whatever the function is used for.
fn is_common(metric: Metric) -> bool {
    Metric::FUNCTION.contains(&metric)
}

impl Function {
    /// Whether the function is used in a way that can publish `metric`; `caused`: by events of other functions.
    fn may_publish(&self, metric: Metric, caused: bool) -> bool {
        let asynchronous = self.async_share > 0.0 || caused;
        match metric {
            Metric::ProvisionedSpillover => self.provisioned.is_some(),
            Metric::IteratorAge => matches!(self.source, Some(Source::Kinesis { .. })),
            Metric::AsyncEventsReceived | Metric::AsyncEventsDropped | Metric::AsyncEventAge => asynchronous,
            Metric::DeadLetterErrors => asynchronous && self.dead_letter.is_some(),
            Metric::DestinationDeliveryFailures => self.on_failure.is_some(),
            Metric::RecursiveInvocationsDropped => caused,
            _ => is_common(metric),
        }
    }
}

impl Scenario {
    /// A minute counted from the origin.
    fn offset(&self, minute: Minute) -> i64 {
        minute.0.saturating_sub(Minute::of(self.origin()).0)
    }
}

impl World {
    /// The Lambda dimension sets under which `metric` was published in the last three hours: the Region's, then
    /// function by function; or mapping by mapping.
    pub(super) fn subjects(&self, metric: Metric) -> Vec<Subject> {
        if metric.published() == [Dimensions::Mapping] {
            return self.mappings(metric);
        }
        let statistic = metric.statistics()[0];
        let minutes = self.now.minute() - ACTIVE_MIN..self.now.minute();
        let consequences = self.scenario.functions.iter().flat_map(|function| &function.consequences);
        let caused: BTreeSet<&str> = consequences.map(|consequence| &*consequence.function).collect();
        let mut subjects = Vec::new();
        for (place, function) in self.scenario.functions.iter().enumerate() {
            if function.may_publish(metric, caused.contains(&*function.name)) {
                let name = FunctionName::from(&*function.name);
                let sets = self.sets(place, metric, minutes.clone());
                subjects.extend(sets.into_iter().filter_map(|set| self.subject(place, &name, set)));
            }
        }
        let region = match metric {
            Metric::UnreservedConcurrentExecutions | Metric::ClaimedAccountConcurrency => minutes.rev().any(|minute| {
                self.region_report(minute).is_some_and(|one| region_value(&one, metric, statistic).is_some())
            }),
            // The Region's is the sum of the functions': there is no need to add them up.
            _ => !subjects.is_empty() && metric.published().contains(&Dimensions::Region),
        };
        if region {
            subjects.insert(0, Subject::Region);
        }
        subjects
    }

    /// The sets of the function at `place` that have `metric` in some of the minutes.
    fn sets(&self, place: usize, metric: Metric, minutes: std::ops::Range<i64>) -> BTreeSet<Set> {
        let statistic = metric.statistics()[0];
        let function = &self.scenario.functions[place];
        let usual = history::lanes(&self.scenario, function, self.versions(place));
        let usual: BTreeSet<_> =
            usual.into_iter().flat_map(|(lane, _)| Set::of(lane)).filter(|set| set.publishes(metric)).collect();
        let pointed = |change: &Change| change.function == function.name && change.alias.is_some();
        let deployed =
            function.aliases.iter().any(|alias| alias.canary.is_some()) || self.scenario.changes.iter().any(pointed);
        let mut sets = BTreeSet::new();
        // Common metrics of the calm hours are known from the calls alone.
        let stepped = if is_common(metric) { minutes.start.max(0) } else { minutes.start };
        for minute in (stepped..minutes.end).rev() {
            if let Some(report) = self.report(place, minute) {
                let published = Set::of_report(&report).into_iter();
                sets.extend(published.filter(|set| set.value(&report, metric, statistic).is_some()));
                // Nothing else is there to be found.
                if !deployed && usual.is_subset(&sets) {
                    break;
                }
            }
        }
        if minutes.start < stepped && !usual.is_subset(&sets) {
            let called = self.history.called(&self.scenario, place, minutes.start, minutes.end.min(0));
            sets.extend(called.into_iter().flat_map(Set::of).filter(|set| set.publishes(metric)));
        }
        sets
    }

    fn subject(&self, place: usize, function: &FunctionName, set: Set) -> Option<Subject> {
        let qualifier = |number: u16| match number.checked_sub(1) {
            None => Some("$LATEST".to_string()),
            Some(alias) => self.scenario.functions[place].aliases.get(usize::from(alias)).map(|one| one.name.clone()),
        };
        let function = function.clone();
        Some(match set {
            Set::Function => Subject::Function(function),
            Set::Qualified(number) => Subject::Qualified { function, qualifier: qualifier(number)? },
            Set::Executed(lane) => Subject::Executed {
                function,
                alias: qualifier(lane.qualifier)?,
                version: self.versions(place).get(usize::from(lane.version))?.clone(),
            },
        })
    }

    /// The points of `series` in the minutes `from..until` that are over.
    ///
    /// A function's minutes are looked up once for all of its series that stand next to each other.
    pub(super) fn points(&self, series: Vec<SeriesId>, from: Minute, until: Minute) -> Vec<(SeriesId, Vec<Point>)> {
        let minutes = self.scenario.offset(from)..self.scenario.offset(until).min(self.now.minute());
        let mut reader = Reader { world: self, minutes, function: None, region: None };
        let read = |series: SeriesId| {
            let points = reader.points(&series);
            (series, points)
        };
        series.into_iter().map(read).collect()
    }
}

/// Reads the same minutes of one series after the other.
struct Reader<'a> {
    world: &'a World,
    minutes: std::ops::Range<i64>,
    /// The function that was read last, by its place.
    function: Option<(usize, Vec<Option<Report>>)>,
    region: Option<Vec<Option<RegionReport>>>,
}

impl Reader<'_> {
    fn points(&mut self, series: &SeriesId) -> Vec<Point> {
        let SeriesId { subject, metric, statistic } = series;
        let (metric, statistic) = (*metric, *statistic);
        let world = self.world;
        match subject {
            Subject::Region => {
                let reports = self
                    .region
                    .get_or_insert_with(|| self.minutes.clone().map(|minute| world.region_report(minute)).collect());
                let values = reports.iter().map(|report| region_value(report.as_ref()?, metric, statistic));
                points(world, self.minutes.start, values)
            }
            Subject::Queue(name) => {
                let ages = self.minutes.clone().map(|minute| match metric {
                    Metric::QueueOldestMessageAge => world.oldest_message_s(name, minute).map(f64::from),
                    _ => None,
                });
                points(world, self.minutes.start, ages)
            }
            Subject::Topic(name) => {
                let counts = self.minutes.clone().map(|minute| match metric {
                    Metric::TopicMessagesPublished => world.published(name, minute).map(f64::from),
                    // Every subscriber of a simulated topic answers.
                    Metric::TopicNotificationsFailed => world.published(name, minute).map(|_| 0.0),
                    _ => None,
                });
                points(world, self.minutes.start, counts)
            }
            Subject::Mapping(uuid) => {
                let Some(mapping) = Mapping::of(world, uuid) else { return Vec::new() };
                let minutes = self.minutes.clone();
                let reports = self.reports(mapping.place).iter();
                let values = minutes.clone().zip(reports);
                let values = values.map(|(minute, report)| mapping.value(world, minute, report.as_ref(), metric));
                points(world, minutes.start, values)
            }
            Subject::Function(name)
            | Subject::Qualified { function: name, .. }
            | Subject::Executed { function: name, .. } => {
                let Some((place, set)) = place_and_set(world, name, subject) else { return Vec::new() };
                let start = self.minutes.start;
                let reports = self.reports(place).iter();
                points(world, start, reports.map(|report| set.value(report.as_ref()?, metric, statistic)))
            }
        }
    }

    fn reports(&mut self, place: usize) -> &[Option<Report>] {
        if self.function.as_ref().is_none_or(|(known, _)| *known != place) {
            let reports = self.minutes.clone().map(|minute| self.world.report(place, minute)).collect();
            self.function = Some((place, reports));
        }
        self.function.as_ref().map_or(&[], |(_, reports)| reports)
    }
}

/// The values of the minutes from `start` on, where there are any.
fn points(world: &World, start: i64, values: impl Iterator<Item = Option<f64>>) -> Vec<Point> {
    let origin = Minute::of(world.scenario.origin());
    let point = |(minute, value): (i64, Option<f64>)| Some(Point { minute: origin.plus(minute), value: value? });
    (start..).zip(values).filter_map(point).collect()
}

/// The function that the subject is about, and which of its sets; `None` when there is no such.
fn place_and_set(world: &World, name: &FunctionName, subject: &Subject) -> Option<(usize, Set)> {
    let place = world.index(name.as_str())?;
    let aliases = &world.scenario.functions[place].aliases;
    let number = |qualifier: &str| match qualifier {
        "$LATEST" => Some(0),
        alias => (1..).zip(aliases).find(|(_, one)| one.name == alias).map(|(number, _)| number),
    };
    let set = match subject {
        Subject::Qualified { qualifier, .. } => Set::Qualified(number(qualifier)?),
        Subject::Executed { alias, version, .. } => {
            let version = world.versions(place).iter().position(|one| one == version)?;
            Set::Executed(Lane { qualifier: number(alias)?, version: version as u16 })
        }
        _ => Set::Function,
    };
    Some((place, set))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::history::tests::calm;
    use super::*;

    /// The world of the calm scenario at its origin, and that minute.
    pub(super) fn world() -> (World, Minute) {
        let world = World::new(&calm(""), 1);
        let origin = Minute::of(world.scenario.origin());
        (world, origin)
    }

    pub(super) fn series(subject: Subject, metric: Metric) -> SeriesId {
        SeriesId { subject, metric, statistic: metric.statistics()[0] }
    }

    /// Every dimension set that could be asked about.
    fn all_subjects(world: &World) -> Vec<Subject> {
        let mut subjects = vec![Subject::Region];
        subjects.extend(world.scenario.functions.iter().map(|function| Subject::Mapping(function.mapping_uuid())));
        for (place, function) in world.scenario.functions.iter().enumerate() {
            let name = FunctionName::from(&*function.name);
            subjects.push(Subject::Function(name.clone()));
            let aliases = function.aliases.iter().map(|alias| alias.name.clone());
            for qualifier in std::iter::once("$LATEST".to_string()).chain(aliases) {
                subjects.push(Subject::Qualified { function: name.clone(), qualifier: qualifier.clone() });
                subjects.extend(world.versions(place).iter().map(|version| Subject::Executed {
                    function: name.clone(),
                    alias: qualifier.clone(),
                    version: version.clone(),
                }));
            }
        }
        subjects.retain(|subject| !matches!(subject, Subject::Executed { alias, .. } if alias == "$LATEST"));
        subjects
    }

    #[test]
    fn what_has_points_is_listed_and_nothing_else() {
        let (world, now) = world();
        let all = all_subjects(&world);
        let mut listed = 0;
        for metric in Metric::ALL {
            let read = all.iter().map(|subject| series(subject.clone(), *metric)).collect();
            let points = world.points(read, now.plus(-ACTIVE_MIN), now);
            let with: BTreeSet<Subject> =
                points.into_iter().filter(|(_, points)| !points.is_empty()).map(|(series, _)| series.subject).collect();
            let subjects = world.subjects(*metric);
            listed += subjects.len();
            assert_eq!(subjects.iter().cloned().collect::<BTreeSet<_>>(), with, "{}", metric.name());
            assert_eq!(subjects.len(), with.len(), "{}: each once", metric.name());
            assert_eq!(subjects, world.subjects(*metric), "the same again");
        }
        assert!(listed > 150, "{listed}");
        let invocations = world.subjects(Metric::Invocations);
        assert_eq!(invocations[0], Subject::Region);
        assert!(!invocations.contains(&Subject::Function("idle".into())));
        assert!(world.subjects(Metric::RecursiveInvocationsDropped).is_empty());
        assert!(world.subjects(Metric::DeadLetterErrors).is_empty(), "nothing is lost while all is calm");
    }

    #[test]
    fn versions_add_up_to_the_alias_and_functions_to_the_region() {
        let (world, now) = world();
        for metric in [Metric::Invocations, Metric::Errors, Metric::Throttles] {
            let read = all_subjects(&world).into_iter().map(|subject| series(subject, metric)).collect();
            let mut sums: BTreeMap<(Minute, &str), f64> = BTreeMap::new();
            for (series, points) in world.points(read, now.plus(-90), now) {
                let kind = match series.subject {
                    Subject::Region => "region",
                    Subject::Function(_) => "functions",
                    Subject::Qualified { qualifier, .. } if qualifier == "$LATEST" => "latest",
                    Subject::Qualified { .. } => "aliases",
                    _ => "executed",
                };
                for point in points {
                    *sums.entry((point.minute, kind)).or_default() += point.value;
                }
            }
            for minute in (now.0 - 90..now.0).map(Minute) {
                let sum = |kind| sums.get(&(minute, kind)).map_or(0, |sum| sum.round() as u64);
                assert_eq!(sum("region"), sum("functions"), "{metric:?}");
                assert_eq!(sum("functions"), sum("latest") + sum("aliases"), "{metric:?}");
                let executed = if metric == Metric::Throttles { 0 } else { sum("aliases") };
                assert_eq!(sum("executed"), executed, "{metric:?}");
            }
        }
    }

    #[test]
    fn metrics_exist_only_where_they_apply() {
        let (world, now) = world();
        let has = |name: &str, metric| {
            let points = world.points(vec![series(Subject::Function(name.into()), metric)], now.plus(-60), now);
            !points[0].1.is_empty()
        };
        // metric, a function that has it, one that does not
        let cases = [
            (Metric::Invocations, "checkout", "idle"),
            (Metric::AsyncEventsDropped, "payments", "checkout"),
            (Metric::AsyncEventAge, "caused", "inventory"),
            (Metric::IteratorAge, "orders-stream", "inventory"),
            (Metric::ProvisionedSpillover, "search-api", "checkout"),
        ];
        for (metric, with, without) in cases {
            assert!(has(with, metric), "{metric:?} of {with}");
            assert!(!has(without, metric), "{metric:?} of {without}");
        }
    }

    #[test]
    fn points_are_asked_for_in_any_order_and_say_the_same() {
        let (world, now) = world();
        let mut asked: Vec<SeriesId> = ["checkout", "cart-api", "idle", "nobody"]
            .into_iter()
            .flat_map(|name| SeriesId::all(&Subject::Function(name.into()), Metric::Duration).collect::<Vec<_>>())
            .chain(SeriesId::all(&Subject::Region, Metric::ClaimedAccountConcurrency))
            .collect();
        let read: BTreeMap<_, _> = world.points(asked.clone(), now.plus(-20), now.plus(10)).into_iter().collect();
        // One statistic after the other: no two series of a function stand next to each other.
        asked.sort_by_key(|series| series.statistic);
        let again: BTreeMap<_, _> = world.points(asked, now.plus(-20), now.plus(10)).into_iter().collect();
        assert_eq!(read, again);
        let count = |subject: &Subject| read.iter().find(|(series, _)| series.subject == *subject).unwrap().1.len();
        assert_eq!(count(&Subject::Region), 20, "and none of minutes that are not over");
        assert_eq!(count(&Subject::Function("checkout".into())), 20);
        assert_eq!(count(&Subject::Function("idle".into())), 0);
        assert_eq!(count(&Subject::Function("nobody".into())), 0);
        let minutes: Vec<_> = read.values().next().unwrap().iter().map(|point| point.minute.0).collect();
        assert_eq!(minutes, (now.0 - 20..now.0).collect::<Vec<_>>());
    }
}
