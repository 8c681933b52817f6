//! Which metrics are due: those on screen each minute, the rest of what is active now and then.

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

/// Seconds after the minute at which its metrics are first asked for.
const CYCLE_OFFSET_S: i64 = 10;
/// While calls are under way, what becomes due is gathered this long, so that it fits into few calls.
const GATHERING: TimeDelta = TimeDelta::seconds(5);
/// What is read of functions that are active but not on screen: enough to sort them up when they fail.
const BACKGROUND: &[Metric] = &[Metric::Invocations, Metric::Errors, Metric::Throttles];

/// What is on screen.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Screen {
    /// The functions in the visible rows and the one whose pane is open.
    pub functions: BTreeSet<FunctionName>,
    /// The one whose pane is open.
    pub focus: Option<FunctionName>,
    /// Whether the traffic of their aliases is.
    pub traffic: bool,
}

/// The metrics of one scope: when each was asked, and the calls planned next.
#[derive(Debug)]
pub(super) struct Readings {
    cadence: Cadence,
    metrics: BTreeMap<(Subject, Metric), Asked>,
    /// Packed, not asked yet; the most urgent first.
    planned: VecDeque<MetricQuery>,
    planned_at: Option<DateTime<Utc>>,
    /// Something may be wanted that was not when the plan was made.
    news: bool,
    retry: Option<DateTime<Utc>>,
}

impl Readings {
    /// Nothing was asked yet.
    pub(super) fn new(cadence: Cadence) -> Self {
        Self { cadence, metrics: BTreeMap::new(), planned: VecDeque::new(), planned_at: None, news: true, retry: None }
    }

    /// Whether nothing has been planned yet.
    pub(super) fn is_new(&self) -> bool {
        self.planned_at.is_none()
    }

    /// Functions, queues or activity became known.
    pub(super) fn news(&mut self) {
        self.news = true;
    }

    /// Other functions are on screen: what is planned is not the most urgent any more, and a new plan does not wait.
    pub(super) fn screen_changed(&mut self) {
        self.planned.clear();
        self.planned_at = None;
        self.news = true;
    }

    /// Makes due what is on screen: its functions, the Region, and where failed events go.
    pub(super) fn refresh(&mut self, screen: &Screen) {
        for ((subject, _), asked) in &mut self.metrics {
            if subject.function().is_none_or(|name| screen.functions.contains(name)) {
                asked.refresh();
            }
        }
        self.screen_changed();
    }

    /// Forgets functions that do not exist any more.
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
        let news = self.news.then_some(at_once);
        let cycle = self.planned_at.filter(|_| !self.cadence.once).map(|at| self.cycle(at) + self.cadence.refresh);
        let due = [news, self.retry, cycle].into_iter().flatten().min()?;
        Some(if busy { due.max(self.planned_at.map_or(at_once, |at| at + GATHERING)) } else { due })
    }

    /// The next call; its metrics count as asked. To be called when one is [`due`](Self::due).
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
                // A metric with several statistics is met several times: the first time ends it.
                *asked = asked.ended(answered, now);
            }
        }
        if !answered {
            self.retry = Some(now + RETRY);
        }
    }

    /// The metrics of a minute are asked for once, a little after it has ended.
    fn cycle(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let seconds = self.cadence.refresh.num_seconds().max(1);
        let offset = CYCLE_OFFSET_S.min(seconds - 1);
        let since = (now.timestamp() - offset).div_euclid(seconds) * seconds + offset;
        DateTime::from_timestamp(since, 0).unwrap_or(now)
    }

    /// Packs what is due into calls: what is on screen before the rest.
    fn plan(&mut self, knowledge: &Knowledge, screen: &Screen, now: DateTime<Utc>) {
        let cycle = self.cycle(now);
        // In every this many cycles, all together.
        let background = cycle - (self.cadence.background - self.cadence.refresh).max(TimeDelta::zero());
        let mut first = Vec::new();
        let mut rest = Vec::new();
        for metric in Metric::REGION {
            first.extend(self.wanted(Subject::Region, *metric, cycle, now));
        }
        for name in knowledge.functions_with_metrics(&screen.functions) {
            let subject = Subject::Function(name.clone());
            let visible = screen.functions.contains(name);
            // A canary is judged whatever is on screen.
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
            // The other aliases are looked at in the traffic view and in a pane; the table needs no more of them.
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
        self.news = false;
        self.retry = self.retry.filter(|retry| *retry > now);
    }

    /// The metric with the minutes to ask for, if it is due: neither under way nor asked since `oldest`.
    fn wanted(&self, subject: Subject, metric: Metric, oldest: DateTime<Utc>, now: DateTime<Utc>) -> Option<Wanted> {
        let key = (subject, metric);
        let trailing = self.cadence.trailing_minutes;
        let minutes = match self.metrics.get(&key).copied().unwrap_or_default() {
            Asked::Running(_) => return None,
            Asked::Failed(at) if at + RETRY > now => return None,
            Asked::Answered(at) if self.cadence.once || at >= oldest => return None,
            Asked::Answered(at) if now - at <= TimeDelta::minutes(trailing) => trailing,
            // Seen for the first time, or not looked at for so long that the window would leave a hole.
            _ => self.cadence.history_minutes,
        };
        Some((key.0, key.1, Minute::of(now).plus(-minutes)))
    }
}

/// The dimension sets of these versions behind aliases of a function, and of the aliases, each with its metrics.
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
