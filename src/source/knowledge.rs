//! What a poller has learnt from its own observations: just enough to decide what to ask next.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::mappings::Mappings;
use lambda_model::metric::{Metric, Point, SeriesId, Subject};
use lambda_model::observation::{Observation, Payload};
use lambda_model::time::Minute;
use lambda_model::{Arn, FunctionName};

/// A function changed this recently may be active although `ListMetrics` does not list it yet
/// (up to 15 minutes late, docs/aws.md#new-metrics).
const RECENTLY_CHANGED: TimeDelta = TimeDelta::hours(1);
/// Errors or throttles this recent make a function troubled.
const TROUBLE_MINUTES: i64 = 15;

/// What is known of one scope.
#[derive(Debug, Default)]
pub(super) struct Knowledge {
    functions: BTreeMap<FunctionName, Function>,
    queues: BTreeSet<Arn>,
    new_queues: Vec<Arn>,
    topics: BTreeSet<String>,
    mappings: Mappings,
    /// The newest minute of any point: trouble is measured from it.
    newest: Option<Minute>,
    /// What the listing of each metric under way has found so far.
    listings: BTreeMap<Metric, Vec<Subject>>,
    /// When the newest complete function list was begun.
    listed: Option<DateTime<Utc>>,
    /// Metrics whose listing was read to its end at least once.
    catalogued: BTreeSet<Metric>,
    /// `ListMetrics` never told who is active and does not answer: everybody may be.
    blind: bool,
    /// Functions of which something was learnt that decides how urgent they are, or which metrics they have.
    changed: BTreeSet<FunctionName>,
    /// Functions that were changed or began to fail: what is known of them may not be so any more.
    outdated: BTreeSet<FunctionName>,
    /// Functions of which a weighted alias splits the traffic.
    shifting: BTreeSet<FunctionName>,
    /// Whether a deployment was under way at the last look.
    deploying: bool,
}

#[derive(Debug, Default)]
struct Function {
    listed: Option<DateTime<Utc>>,
    changed: Option<DateTime<Utc>>,
    metrics: BTreeSet<Metric>,
    /// Versions that ran behind an alias, as (alias, version).
    executed: BTreeSet<(String, String)>,
    /// Versions that a weighted alias routes to.
    routed: BTreeSet<(String, String)>,
    trouble: Option<Minute>,
}

impl Knowledge {
    /// Takes in a fact.
    pub(super) fn learn(&mut self, observation: &Observation) {
        match &observation.payload {
            Payload::Functions(functions) => {
                for info in functions {
                    let function = self.functions.entry(info.name.clone()).or_default();
                    if function.listed.is_none() || function.changed != info.last_modified {
                        self.changed.insert(info.name.clone());
                        if function.listed.is_some() {
                            self.outdated.insert(info.name.clone());
                        }
                    }
                    function.listed = Some(observation.at);
                    function.changed = info.last_modified;
                    self.target(info.dead_letter_target.as_ref());
                }
            }
            Payload::Aliases(name, aliases) => {
                let Some(function) = self.functions.get_mut(name) else { return };
                let weighted = aliases.iter().filter(|alias| !alias.additional.is_empty());
                let routed = weighted
                    .flat_map(|alias| {
                        alias.weights().into_iter().map(|(version, _)| (alias.name.clone(), version.to_string()))
                    })
                    .collect();
                if function.routed != routed {
                    function.routed = routed;
                    self.changed.insert(name.clone());
                }
                if function.routed.is_empty() {
                    self.shifting.remove(name);
                } else {
                    self.shifting.insert(name.clone());
                }
            }
            Payload::FunctionsComplete(begun) => {
                self.listed = Some(*begun);
                self.functions.retain(|_, function| match function.listed {
                    Some(listed) => listed >= *begun,
                    None => !function.metrics.is_empty(),
                });
                self.shifting.retain(|name| self.functions.contains_key(name));
            }
            Payload::Deployments(deployments) => self.deploying = !deployments.is_empty(),
            Payload::InvokeConfigs(_, configs) => {
                for config in configs {
                    self.target(config.on_failure.as_ref());
                }
            }
            Payload::EventSources(sources) => {
                self.changed.extend(self.mappings.learn(sources));
                for source in sources {
                    self.target(source.source.as_ref().filter(|arn| arn.service() == Some("sqs")));
                    self.target(source.on_failure.as_ref());
                }
            }
            Payload::Queue(_, Some(attributes)) => self.target(attributes.redrive_target.as_ref()),
            Payload::Points(series) => {
                self.advance(series.iter().flat_map(|(_, points)| points).map(|point| point.minute).max());
                for (id, points) in series {
                    self.trouble(id, points);
                }
            }
            _ => {}
        }
    }

    fn target(&mut self, arn: Option<&Arn>) {
        match arn.and_then(|arn| Some((arn, arn.service()?))) {
            Some((arn, "sqs")) if self.queues.insert(arn.clone()) => self.new_queues.push(arn.clone()),
            Some((arn, "sns")) => drop(self.topics.insert(arn.name().to_string())),
            _ => {}
        }
    }

    /// Time is told by the points: what was recent may not be any more.
    fn advance(&mut self, newest: Option<Minute>) {
        if newest <= self.newest {
            return;
        }
        let before = std::mem::replace(&mut self.newest, newest);
        for (name, function) in &self.functions {
            if function.is_troubled(before) != function.is_troubled(newest)
                || function.is_recent(before) != function.is_recent(newest)
            {
                self.changed.insert(name.clone());
            }
        }
    }

    fn trouble(&mut self, id: &SeriesId, points: &[Point]) {
        let Subject::Function(name) = &id.subject else { return };
        let Some(function) = self.functions.get_mut(name) else { return };
        if matches!(id.metric, Metric::Errors | Metric::Throttles) {
            let was = function.is_troubled(self.newest);
            let trouble = points.iter().filter(|point| point.value > 0.0).map(|point| point.minute).max();
            function.trouble = function.trouble.max(trouble);
            if function.is_troubled(self.newest) != was {
                self.changed.insert(name.clone());
                if !was {
                    self.outdated.insert(name.clone());
                }
            }
        }
    }

    /// Takes in dimension sets under which `metric` is being published.
    pub(super) fn active(&mut self, metric: Metric, subjects: &[Subject]) {
        for subject in subjects {
            let Some(name) = subject.function() else { continue };
            let function = self.functions.entry(name.clone()).or_default();
            let new = match subject {
                Subject::Function(_) => function.metrics.insert(metric),
                Subject::Executed { alias, version, .. } if metric == Metric::Invocations => {
                    function.executed.insert((alias.clone(), version.clone()))
                }
                _ => false,
            };
            if new {
                self.changed.insert(name.clone());
            }
        }
        self.listings.entry(metric).or_default().extend_from_slice(subjects);
    }

    /// The listing of `metric` ended. After a complete one, what it did not find is no longer published.
    pub(super) fn catalogued(&mut self, metric: Metric, complete: bool) {
        let listing: BTreeSet<Subject> = self.listings.remove(&metric).unwrap_or_default().into_iter().collect();
        if !complete {
            return;
        }
        self.catalogued.insert(metric);
        for (name, function) in &mut self.functions {
            let published = listing.contains(&Subject::Function(name.clone()));
            let mut changed = !published && function.metrics.remove(&metric);
            if metric == Metric::Invocations {
                let before = function.executed.len();
                function.executed.retain(|(alias, version)| {
                    listing.contains(&Subject::Executed {
                        function: name.clone(),
                        alias: alias.clone(),
                        version: version.clone(),
                    })
                });
                changed |= function.executed.len() != before;
            }
            if changed {
                self.changed.insert(name.clone());
            }
        }
    }

    /// Whether `ListMetrics` fails. Once it has told who is active, that is kept through a failure.
    pub(super) fn catalogue_fails(&mut self, fails: bool) {
        let blind = fails && !self.catalogued.contains(&Metric::Invocations);
        if blind != self.blind {
            self.blind = blind;
            self.changed.extend(self.functions.keys().cloned());
        }
    }

    /// Functions of which something was learnt since the last call that decides what to ask.
    pub(super) fn take_changed(&mut self) -> BTreeSet<FunctionName> {
        std::mem::take(&mut self.changed)
    }

    /// Functions that, since the last call, were changed or began to fail.
    pub(super) fn take_outdated(&mut self) -> BTreeSet<FunctionName> {
        std::mem::take(&mut self.outdated)
    }

    /// Whether a weighted alias of the function splits its traffic.
    pub(super) fn is_shifting(&self, name: &FunctionName) -> bool {
        self.shifting.contains(name)
    }

    /// Whether a deployment may be under way: a weighted alias is the sign of one, and one that was has to be seen
    /// to end.
    pub(super) fn may_be_deploying(&self) -> bool {
        self.deploying || !self.shifting.is_empty()
    }

    /// How many functions are known.
    pub(super) fn count(&self) -> usize {
        self.functions.len()
    }

    /// Whether the function exists, as far as is known.
    pub(super) fn knows(&self, name: &FunctionName) -> bool {
        self.functions.contains_key(name)
    }

    /// Queues that were not known at the last call.
    pub(super) fn take_new_queues(&mut self) -> Vec<Arn> {
        std::mem::take(&mut self.new_queues)
    }

    /// Every function known, by name.
    pub(super) fn functions(&self) -> impl Iterator<Item = &FunctionName> {
        self.functions.keys()
    }

    /// The functions whose points are worth asking for: active ones, recently changed ones, and `screen`.
    pub(super) fn functions_with_metrics(
        &self,
        screen: &BTreeSet<FunctionName>,
    ) -> impl Iterator<Item = &FunctionName> {
        self.functions
            .iter()
            .filter(|(name, function)| self.active_now(function) || screen.contains(*name))
            .map(|(name, _)| name)
    }

    /// Whether `ListMetrics` says that the function publishes `metric`.
    pub(super) fn has_metric(&self, name: &FunctionName, metric: Metric) -> bool {
        self.functions.get(name).is_some_and(|function| function.metrics.contains(&metric))
    }

    /// What its event sources are configured to publish.
    pub(super) fn mappings(&self) -> &Mappings {
        &self.mappings
    }

    /// Versions behind aliases, as (alias, version), that ran lately or are routed to.
    pub(super) fn versions(&self, name: &FunctionName) -> impl Iterator<Item = &(String, String)> {
        self.functions.get(name).into_iter().flat_map(|function| function.executed.union(&function.routed))
    }

    /// Those behind aliases whose traffic is split at present.
    pub(super) fn splits(&self, name: &FunctionName) -> impl Iterator<Item = &(String, String)> {
        self.versions(name).filter(|(alias, _)| self.is_split(name, alias))
    }

    /// Whether the alias routes to more than one version.
    pub(super) fn is_split(&self, name: &FunctionName, alias: &str) -> bool {
        self.functions.get(name).is_some_and(|function| function.routed.iter().any(|(routed, _)| routed == alias))
    }

    /// Whether calls through an alias are known.
    pub(super) fn has_alias_traffic(&self, name: &FunctionName) -> bool {
        self.versions(name).next().is_some()
    }

    /// Whether the function ran, or may have run, in the last hours.
    pub(super) fn is_active(&self, name: &FunctionName) -> bool {
        self.functions.get(name).is_some_and(|function| self.active_now(function))
    }

    fn active_now(&self, function: &Function) -> bool {
        self.blind || !function.metrics.is_empty() || function.is_recent(self.newest)
    }

    /// Whether the function failed or was throttled lately.
    pub(super) fn is_troubled(&self, name: &FunctionName) -> bool {
        self.functions.get(name).is_some_and(|function| function.is_troubled(self.newest))
    }

    /// The queues and topics that failed events go to, and the metrics that tell about them.
    pub(super) fn failure_subjects(&self) -> impl Iterator<Item = (Subject, &'static [Metric])> {
        let queues = self.queues.iter().map(|arn| Subject::Queue(arn.name().to_string()));
        let topics = self.topics.iter().map(|name| Subject::Topic(name.clone()));
        queues.map(|queue| (queue, Metric::QUEUE)).chain(topics.map(|topic| (topic, Metric::TOPIC)))
    }
}

impl Function {
    /// Whether it was changed shortly before `newest`.
    fn is_recent(&self, newest: Option<Minute>) -> bool {
        self.changed.zip(newest).is_some_and(|(changed, newest)| newest.start() - changed < RECENTLY_CHANGED)
    }

    /// Whether it failed or was throttled shortly before `newest`.
    fn is_troubled(&self, newest: Option<Minute>) -> bool {
        self.trouble.zip(newest).is_some_and(|(trouble, newest)| newest.0 - trouble.0 <= TROUBLE_MINUTES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use lambda_model::Scope;
    use lambda_model::function::{Alias, EventSource, FunctionInfo, InvokeConfig};
    use lambda_model::metric::Statistic;
    use lambda_model::queue::QueueAttributes;

    fn at(minute: i64) -> DateTime<Utc> {
        Minute(minute).start()
    }

    fn learn(knowledge: &mut Knowledge, minute: i64, payload: Payload) {
        knowledge.learn(&Observation { at: at(minute), scope: Scope::new(None, "eu-west-1"), payload });
    }

    /// A function that nobody changed lately.
    fn info(name: &str) -> FunctionInfo {
        FunctionInfo { last_modified: None, ..fixture::info(name) }
    }

    fn listed(names: &[&str]) -> Payload {
        Payload::Functions(names.iter().map(|name| info(name)).collect())
    }

    fn points(name: &str, metric: Metric, minute: i64, value: f64) -> Payload {
        let id = SeriesId { subject: Subject::Function(name.into()), metric, statistic: Statistic::Sum };
        Payload::Points(vec![(id, vec![Point { minute: Minute(minute), value }])])
    }

    fn executed(name: &str, version: &str) -> Subject {
        Subject::Executed { function: name.into(), alias: "live".into(), version: version.into() }
    }

    fn versions(knowledge: &Knowledge, name: &str) -> Vec<String> {
        knowledge.versions(&name.into()).map(|(alias, version)| format!("{alias}:{version}")).collect()
    }

    fn changed(knowledge: &mut Knowledge) -> Vec<String> {
        knowledge.take_changed().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_complete_list_drops_what_it_did_not_find() {
        let mut knowledge = Knowledge::default();
        learn(&mut knowledge, 1, listed(&["deleted", "stays"]));
        knowledge.active(Metric::Invocations, &[Subject::Function("new".into())]);
        assert!(knowledge.listed.is_none());
        learn(&mut knowledge, 5, listed(&["stays"]));
        learn(&mut knowledge, 6, Payload::FunctionsComplete(at(4)));
        assert!(knowledge.listed.is_some());
        let names: Vec<_> = knowledge.functions().map(FunctionName::as_str).collect();
        assert_eq!(names, ["new", "stays"], "what is active may be newer than the list");
        // What was asked before comes back late.
        learn(&mut knowledge, 7, points("deleted", Metric::Errors, 6, 1.0));
        learn(&mut knowledge, 7, Payload::Aliases("deleted".into(), Vec::new()));
        assert!(!knowledge.knows(&"deleted".into()));
    }

    #[test]
    fn trouble_is_errors_or_throttles_of_the_last_quarter_of_an_hour() {
        for (metric, value, troubled) in [
            (Metric::Errors, 1.0, true),
            (Metric::Throttles, 1.0, true),
            (Metric::Errors, 0.0, false),
            (Metric::Invocations, 1.0, false),
        ] {
            let mut knowledge = Knowledge::default();
            learn(&mut knowledge, 1, listed(&["a", "b"]));
            changed(&mut knowledge);
            learn(&mut knowledge, 10, points("a", metric, 10, value));
            assert_eq!(knowledge.is_troubled(&"a".into()), troubled, "{metric:?} {value}");
            assert_eq!(changed(&mut knowledge).is_empty(), !troubled, "{metric:?} {value}");
            learn(&mut knowledge, 25, points("b", Metric::Invocations, 25, 1.0));
            assert_eq!(knowledge.is_troubled(&"a".into()), troubled, "{metric:?} {value}");
            learn(&mut knowledge, 26, points("b", Metric::Invocations, 26, 1.0));
            assert!(!knowledge.is_troubled(&"a".into()));
            assert_eq!(changed(&mut knowledge).is_empty(), !troubled, "it calms down by itself");
        }
    }

    #[test]
    fn who_is_active_comes_from_a_listing_read_to_its_end() {
        let mut knowledge = Knowledge::default();
        let active = |knowledge: &Knowledge| -> Vec<String> {
            let on_screen = BTreeSet::new();
            knowledge.functions_with_metrics(&on_screen).map(ToString::to_string).collect()
        };
        learn(&mut knowledge, 1, listed(&["a", "b", "c"]));
        knowledge.active(Metric::Invocations, &[Subject::Function("a".into()), executed("a", "7")]);
        knowledge.active(Metric::Invocations, &[Subject::Function("b".into())]);
        assert_eq!(active(&knowledge), ["a", "b"], "known before the listing ends");
        knowledge.catalogued(Metric::Invocations, true);
        assert_eq!(versions(&knowledge, "a"), ["live:7"]);
        changed(&mut knowledge);

        knowledge.active(Metric::Invocations, &[Subject::Function("b".into())]);
        knowledge.catalogued(Metric::Invocations, false);
        assert_eq!(active(&knowledge), ["a", "b"], "a listing that broke off says nothing about the rest");
        assert!(changed(&mut knowledge).is_empty(), "nothing new");

        knowledge.active(Metric::Invocations, &[Subject::Function("b".into())]);
        knowledge.catalogued(Metric::Invocations, true);
        assert_eq!(active(&knowledge), ["b"]);
        assert_eq!(versions(&knowledge, "a"), Vec::<String>::new());
        assert_eq!(changed(&mut knowledge), ["a"]);
        let screen = BTreeSet::from(["c".into()]);
        assert_eq!(knowledge.functions_with_metrics(&screen).count(), 2, "what is on screen always");
    }

    #[test]
    fn a_function_changed_lately_may_be_active_unlisted() {
        let mut knowledge = Knowledge::default();
        let deployed = FunctionInfo { last_modified: Some(at(100)), ..info("deployed") };
        learn(&mut knowledge, 101, Payload::Functions(vec![deployed, info("old")]));
        assert!(!knowledge.is_active(&"deployed".into()), "the time is not known yet");
        learn(&mut knowledge, 101, points("old", Metric::Invocations, 100, 1.0));
        assert!(knowledge.is_active(&"deployed".into()) && !knowledge.is_active(&"old".into()));
        changed(&mut knowledge);
        learn(&mut knowledge, 161, points("old", Metric::Invocations, 160, 1.0));
        assert!(!knowledge.is_active(&"deployed".into()));
        assert_eq!(changed(&mut knowledge), ["deployed"]);
    }

    #[test]
    fn versions_are_those_that_ran_and_those_a_weight_points_to() {
        let mut knowledge = Knowledge::default();
        learn(&mut knowledge, 1, listed(&["a"]));
        knowledge.active(Metric::Invocations, &[executed("a", "6")]);
        knowledge.active(Metric::Throttles, &[executed("a", "5")]);
        let alias = |name: &str, additional: &[&str]| Alias {
            name: name.into(),
            version: "7".into(),
            additional: additional.iter().map(|version| ((*version).to_string(), 0.1)).collect(),
        };
        learn(&mut knowledge, 2, Payload::Aliases("a".into(), vec![alias("live", &["8"]), alias("plain", &[])]));
        assert_eq!(versions(&knowledge, "a"), ["live:6", "live:7", "live:8"]);
        changed(&mut knowledge);
        learn(&mut knowledge, 3, Payload::Aliases("a".into(), vec![alias("live", &["8"])]));
        assert!(changed(&mut knowledge).is_empty());
        learn(&mut knowledge, 4, Payload::Aliases("a".into(), vec![alias("live", &[])]));
        assert_eq!(versions(&knowledge, "a"), ["live:6"], "the canary is over");
        assert_eq!(changed(&mut knowledge), ["a"]);
    }

    #[test]
    fn without_any_listing_everybody_may_be_active() {
        let mut knowledge = Knowledge::default();
        learn(&mut knowledge, 1, listed(&["a"]));
        knowledge.catalogue_fails(true);
        assert!(knowledge.is_active(&"a".into()));
        assert_eq!(changed(&mut knowledge), ["a"]);
        knowledge.catalogue_fails(false);
        assert!(!knowledge.is_active(&"a".into()));
        knowledge.catalogued(Metric::Invocations, true);
        knowledge.catalogue_fails(true);
        assert!(!knowledge.is_active(&"a".into()), "what the listing said is kept");
    }

    #[test]
    fn failed_events_are_followed_to_their_queues_and_topics() {
        let arn =
            |service: &str, name: &str| Some(Arn::new(format!("arn:aws:{service}:eu-west-1:123456789012:{name}")));
        let mut knowledge = Knowledge::default();
        let function = FunctionInfo { dead_letter_target: arn("sqs", "dead"), ..info("a") };
        let config = |on_failure| InvokeConfig { qualifier: "$LATEST".into(), on_failure };
        let source = |source, on_failure| EventSource {
            uuid: String::new(),
            function: "a".into(),
            source,
            kind: None,
            state: "Enabled".into(),
            batch_size: None,
            maximum_concurrency: None,
            on_failure,
            event_count: false,
        };
        for payload in [
            Payload::Functions(vec![function.clone()]),
            Payload::Functions(vec![function]),
            Payload::InvokeConfigs("a".into(), vec![config(arn("sns", "alarms")), config(arn("s3", "bucket"))]),
            Payload::EventSources(vec![
                source(arn("sqs", "orders"), None),
                source(arn("kinesis", "stream/clicks"), arn("sqs", "failed")),
            ]),
            Payload::Queue(
                Arn::new("arn:aws:sqs:eu-west-1:123456789012:orders"),
                Some(QueueAttributes { depth: 0, in_flight: 0, redrive_target: arn("sqs", "poisoned") }),
            ),
        ] {
            learn(&mut knowledge, 1, payload);
        }
        let queues: Vec<_> = knowledge.take_new_queues().iter().map(|arn| arn.name().to_string()).collect();
        assert_eq!(queues, ["dead", "orders", "failed", "poisoned"], "each once");
        assert!(knowledge.take_new_queues().is_empty());
        let subjects: Vec<_> = knowledge.failure_subjects().map(|(subject, _)| subject).collect();
        let queue = |name: &str| Subject::Queue(name.into());
        let topic = Subject::Topic("alarms".into());
        assert_eq!(subjects, [queue("dead"), queue("failed"), queue("orders"), queue("poisoned"), topic]);
    }
}
