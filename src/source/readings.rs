//! Which metrics are due: those on screen each minute, those of other active functions less often.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};

use super::asked::{Asked, RETRY};
use super::cadence::Cadence;
use super::knowledge::Knowledge;
use super::plan::{self, Wanted};
use lambda_model::FunctionName;
use lambda_model::api::MetricQuery;
use lambda_model::metric::{Metric, Subject, When};
use lambda_model::time::Minute;

/// The metrics of a minute are requested this many seconds after its end.
const CYCLE_OFFSET_S: i64 = 10;
/// While calls are under way, metrics that become due are collected for this long, so that few calls are enough.
const GATHERING: TimeDelta = TimeDelta::seconds(5);
/// What is read of functions that are active but not on screen: enough to sort them to the top when they fail.
const BACKGROUND: &[Metric] = &[Metric::Invocations, Metric::Errors, Metric::Throttles];

/// What is on screen.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Screen {
    /// The functions in the visible rows, and the one whose pane is open.
    pub functions: BTreeSet<FunctionName>,
    /// The function whose pane is open.
    pub focus: Option<FunctionName>,
    /// Whether the traffic of their aliases is on screen.
    pub traffic: bool,
}

/// The metrics of one scope: when each was requested, and the next calls.
#[derive(Debug)]
pub(super) struct Readings {
    cadence: Cadence,
    metrics: BTreeMap<(Subject, Metric), Asked>,
    /// The calls that are planned and not made yet, the most urgent first.
    planned: VecDeque<MetricQuery>,
    planned_at: Option<DateTime<Utc>>,
    /// Whether other metrics may be wanted than when the plan was made.
    is_outdated: bool,
    retry: Option<DateTime<Utc>>,
}

impl Readings {
    /// Nothing was requested yet.
    pub(super) fn new(cadence: Cadence) -> Self {
        let (metrics, planned) = (BTreeMap::new(), VecDeque::new());
        Self { cadence, metrics, planned, planned_at: None, is_outdated: true, retry: None }
    }

    /// Whether nothing has been planned yet.
    pub(super) fn is_new(&self) -> bool {
        self.planned_at.is_none()
    }

    /// Notes that functions, queues or activity became known.
    pub(super) fn outdate(&mut self) {
        self.is_outdated = true;
    }

    /// Notes that other functions are on screen. The planned calls are not the most urgent any more and are dropped; a
    /// new plan is due at once.
    pub(super) fn screen_changed(&mut self) {
        self.planned.clear();
        self.planned_at = None;
        self.is_outdated = true;
    }

    /// Makes due what is on screen: its functions, the Region, and the queues and topics that failed events go to.
    pub(super) fn refresh(&mut self, screen: &Screen) {
        for ((subject, _), asked) in &mut self.metrics {
            if subject.function().is_none_or(|name| screen.functions.contains(name)) {
                asked.refresh();
            }
        }
        self.screen_changed();
    }

    /// Drops the functions for which `keep` returns `false`.
    pub(super) fn retain(&mut self, keep: impl Fn(&FunctionName) -> bool) {
        self.metrics.retain(|(subject, _), _| subject.function().is_none_or(&keep));
    }

    /// When the next call is due, as far as that is known; `None` when a one-shot run needs no more.
    /// `busy` is whether calls are under way.
    pub(super) fn due(&self, busy: bool) -> Option<DateTime<Utc>> {
        let at_once = DateTime::<Utc>::MIN_UTC;
        if !self.planned.is_empty() {
            return Some(at_once);
        }
        let outdated = self.is_outdated.then_some(at_once);
        let cycle = self.planned_at.filter(|_| !self.cadence.once).map(|at| self.cycle(at) + self.cadence.refresh);
        let due = [outdated, self.retry, cycle].into_iter().flatten().min()?;
        Some(if busy { due.max(self.planned_at.map_or(at_once, |at| at + GATHERING)) } else { due })
    }

    /// The next call. Its metrics count as requested. To be used when a call is [`due`](Self::due).
    pub(super) fn next(&mut self, knowledge: &Knowledge, screen: &Screen, now: DateTime<Utc>) -> Option<MetricQuery> {
        if self.planned.is_empty() {
            self.plan(knowledge, screen, now);
        }
        let query = self.planned.pop_front()?;
        for id in &*query.series {
            self.metrics.insert((id.subject.clone(), id.metric), Asked::Running(now));
        }
        Some(query)
    }

    /// Notes how a call ended.
    pub(super) fn finished(&mut self, query: &MetricQuery, answered: bool, now: DateTime<Utc>) {
        for id in &*query.series {
            if let Some(asked) = self.metrics.get_mut(&(id.subject.clone(), id.metric)) {
                // A metric with several statistics comes several times; only the first time has an effect.
                *asked = asked.ended(answered, now);
            }
        }
        if !answered {
            self.retry = Some(now + RETRY);
        }
    }

    /// The start of the cycle that contains `now`. A cycle starts a little after the end of a minute, so that the
    /// minute is requested once.
    fn cycle(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let seconds = self.cadence.refresh.num_seconds().max(1);
        let offset = CYCLE_OFFSET_S.min(seconds - 1);
        let since = (now.timestamp() - offset).div_euclid(seconds) * seconds + offset;
        DateTime::from_timestamp(since, 0).unwrap_or(now)
    }

    /// Packs what is due into calls: what is on screen before the rest.
    fn plan(&mut self, knowledge: &Knowledge, screen: &Screen, now: DateTime<Utc>) {
        let cycle = self.cycle(now);
        // All of them in the same cycle, once in each background interval.
        let background = cycle - (self.cadence.background - self.cadence.refresh).max(TimeDelta::zero());
        let mut first = Vec::new();
        let mut rest = Vec::new();
        for metric in Metric::REGION {
            first.extend(self.wanted(Subject::Region, *metric, cycle, now));
        }
        for name in knowledge.functions_with_metrics(&screen.functions) {
            let subject = Subject::Function(name.clone());
            let visible = screen.functions.contains(name);
            // Canaries are compared whether or not they are on screen.
            let canaries = if self.cadence.once { &mut rest } else { &mut first };
            for (subject, metrics) in alias_subjects(name, knowledge.splits(name)) {
                canaries.extend(metrics.iter().filter_map(|metric| self.wanted(subject.clone(), *metric, cycle, now)));
            }
            if !(visible || self.cadence.once) {
                let wanted =
                    BACKGROUND.iter().filter_map(|metric| self.wanted(subject.clone(), *metric, background, now));
                rest.extend(wanted);
                continue;
            }
            let list = if visible { &mut first } else { &mut rest };
            let open = screen.focus.as_ref() == Some(name);
            let mappings = knowledge.mappings();
            let extra = Metric::FUNCTION_EXTRA.iter().filter(|metric| match metric.when() {
                When::Listed => open || knowledge.has_metric(name, **metric),
                _ => mappings.publish(name, **metric),
            });
            for metric in Metric::FUNCTION.iter().chain(extra) {
                list.extend(self.wanted(subject.clone(), *metric, cycle, now));
            }
            if open || self.cadence.once {
                let own = mappings.opted_in(name);
                list.extend(own.filter_map(|(mapping, metric)| self.wanted(mapping, metric, cycle, now)));
            }
            // The other aliases are shown in the traffic view and in the pane; the table does not need them each
            // minute.
            let since = if open || screen.traffic { cycle } else { background };
            let others = knowledge.versions(name).filter(|(alias, _)| !knowledge.is_split(name, alias));
            for (subject, metrics) in alias_subjects(name, others) {
                list.extend(metrics.iter().filter_map(|metric| self.wanted(subject.clone(), *metric, since, now)));
            }
        }
        for (subject, metrics) in knowledge.failure_subjects() {
            rest.extend(metrics.iter().filter_map(|metric| self.wanted(subject.clone(), *metric, background, now)));
        }
        let newest = Minute::of(now);
        self.planned = plan::pack(first, newest).into_iter().chain(plan::pack(rest, newest)).collect();
        self.planned_at = Some(now);
        self.is_outdated = false;
        self.retry = self.retry.filter(|retry| *retry > now);
    }

    /// The metric with the minutes to request, if it is due: neither being read nor read since `oldest`.
    fn wanted(&self, subject: Subject, metric: Metric, oldest: DateTime<Utc>, now: DateTime<Utc>) -> Option<Wanted> {
        let key = (subject, metric);
        let trailing = self.cadence.trailing_minutes;
        let minutes = match self.metrics.get(&key).copied().unwrap_or_default() {
            Asked::Running(_) => return None,
            Asked::Failed(at) if at + RETRY > now => return None,
            Asked::Answered(at) if self.cadence.once || at >= oldest => return None,
            Asked::Answered(at) if now - at <= TimeDelta::minutes(trailing) => trailing,
            // New, or read so long ago that the trailing minutes would leave a gap.
            _ => self.cadence.history_minutes,
        };
        Some((key.0, key.1, Minute::of(now).plus(-minutes)))
    }
}

/// The dimension sets of these versions behind the aliases of a function, and of the aliases, each with its metrics.
fn alias_subjects<'a>(
    name: &'a FunctionName,
    versions: impl Iterator<Item = &'a (String, String)>,
) -> impl Iterator<Item = (Subject, &'static [Metric])> {
    let mut aliases: BTreeMap<&String, Vec<&String>> = BTreeMap::new();
    for (alias, version) in versions {
        aliases.entry(alias).or_default().push(version);
    }
    aliases.into_iter().flat_map(move |(alias, versions)| {
        let executed = versions.into_iter().map(move |version| {
            let (function, alias, version) = (name.clone(), alias.clone(), version.clone());
            (Subject::Executed { function, alias, version }, Metric::EXECUTED)
        });
        let qualified = Subject::Qualified { function: name.clone(), qualifier: alias.clone() };
        std::iter::once((qualified, Metric::ALIAS)).chain(executed)
    })
}
