//! What is asked next, and when: by the screen, the rates, the failures and the clock.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::fixture;
use lambda_model::api::MetricQuery;
use lambda_model::function::{Alias, EventSource, EventSourceKind, FunctionInfo};
use lambda_model::metric::{Point, SeriesId, Statistic};
use lambda_model::observation::Payload;
use lambda_model::queue::QueueAttributes;
use lambda_model::time::Minute;

/// 2026-11-22T10:00:10Z: a metrics cycle begins.
const START: i64 = 1_795_341_610;

const NEVER: [i64; 0] = [];

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(START + second, 0).unwrap()
}

fn scope() -> Scope {
    Scope::new(None, "eu-west-1")
}

fn cadence() -> Cadence {
    Cadence {
        once: false,
        inventory_rate: 4.0,
        inventory_seconds: 20,
        refresh: TimeDelta::seconds(60),
        background: TimeDelta::seconds(300),
        history_minutes: 60,
        trailing_minutes: 20,
        queues: TimeDelta::seconds(30),
    }
}

/// A function that nobody changed lately.
fn info(name: &str) -> FunctionInfo {
    FunctionInfo { last_modified: None, ..fixture::info(name) }
}

fn queue(name: &str) -> Arn {
    Arn::new(format!("arn:aws:sqs:eu-west-1:123456789012:{name}"))
}

fn demand(visible: &[&str], focus: Option<&str>, refresh: u64) -> Demand {
    let id = |name: &str| FunctionId { scope: scope(), name: name.into() };
    let (visible, focus) = (visible.iter().map(|name| id(name)).collect(), focus.map(id));
    Demand { visible, focus, refresh, ..Demand::default() }
}

/// A schedule, and an account that answers everything at once.
struct Run {
    schedule: Schedule,
    now: DateTime<Utc>,
    /// Every task, and the second at which it was handed out.
    log: Vec<(i64, Task)>,
    functions: Vec<FunctionInfo>,
    active: Vec<&'static str>,
    aliased: Vec<&'static str>,
    weighted: Vec<&'static str>,
    troubled: Vec<&'static str>,
    failing: BTreeMap<Operation, ApiError>,
    wakes: usize,
}

impl Run {
    fn new(functions: &[&str], cadence: Cadence) -> Self {
        Self {
            schedule: Schedule::new(scope(), cadence, at(0)),
            now: at(0),
            log: Vec::new(),
            functions: functions.iter().map(|name| info(name)).collect(),
            active: Vec::new(),
            aliased: Vec::new(),
            weighted: Vec::new(),
            troubled: Vec::new(),
            failing: BTreeMap::new(),
            wakes: 0,
        }
    }

    fn second(&self) -> i64 {
        (self.now - at(0)).num_seconds()
    }

    fn learn(&mut self, payload: Payload) {
        self.schedule.learn(&Observation { at: self.now, scope: scope(), payload });
    }

    /// Everything that may start now, still running.
    fn start(&mut self) -> Vec<Task> {
        let tasks: Vec<Task> = std::iter::from_fn(|| self.schedule.next(self.now)).collect();
        self.log.extend(tasks.iter().map(|task| ((self.now - at(0)).num_seconds(), task.clone())));
        tasks
    }

    fn end(&mut self, task: &Task) {
        let failure = self.failing.get(&task.operation()).cloned();
        let fails = failure.as_ref().is_some_and(|failure| !matches!(failure, ApiError::NotFound(_)));
        self.schedule.called(task.operation(), failure.as_ref(), self.now);
        if !fails {
            self.answer(task);
        }
        self.schedule.finished(task, !fails, self.now);
    }

    fn answer(&mut self, task: &Task) {
        match task {
            Task::Functions => {
                self.learn(Payload::Functions(self.functions.clone()));
                self.learn(Payload::FunctionsComplete(self.now));
            }
            Task::Active(metric) if *metric == Metric::Invocations => {
                let functions = self.active.iter().map(|name| Subject::Function((*name).into()));
                let executed = self.aliased.iter().map(|name| executed(name, "7"));
                let subjects: Vec<_> = functions.chain(executed).collect();
                self.schedule.active(*metric, &subjects);
            }
            Task::Active(metric @ Metric::IteratorAge) => {
                let subjects: Vec<_> = self.active.iter().map(|name| Subject::Function((*name).into())).collect();
                self.schedule.active(*metric, &subjects);
            }
            Task::Detail(Detail::Aliases, name) => {
                let additional = BTreeMap::from([("8".to_string(), 0.1)]);
                let alias = Alias { name: "live".into(), version: "7".into(), additional };
                let weighted = self.weighted.iter().any(|weighted| name.as_str() == *weighted);
                self.learn(Payload::Aliases(name.clone(), if weighted { vec![alias] } else { Vec::new() }));
            }
            Task::Points(query) => {
                let points = query.series.iter().map(|id| {
                    let troubled = id.subject.function().is_some_and(|name| self.troubled.contains(&name.as_str()));
                    let value = f64::from(u8::from(troubled && id.metric == Metric::Errors));
                    (id.clone(), vec![Point { minute: query.until.plus(-1), value }])
                });
                self.learn(Payload::Points(points.collect()));
            }
            Task::Queue(arn) => {
                let attributes = QueueAttributes { depth: 0, in_flight: 0, redrive_target: None };
                self.learn(Payload::Queue(arn.clone(), Some(attributes)));
            }
            _ => {}
        }
    }

    /// Goes on until `second`, every call ending as soon as it begins.
    fn until(&mut self, second: i64) {
        loop {
            self.settle();
            let wake = self.schedule.wake(self.now);
            assert!(wake > self.now, "a busy loop at {}", self.second());
            self.wakes += 1;
            if wake > at(second) {
                self.now = at(second);
                return;
            }
            self.now = wake;
        }
    }

    /// Does everything that may be done now.
    fn settle(&mut self) {
        loop {
            let tasks = self.start();
            if tasks.is_empty() {
                return;
            }
            for task in &tasks {
                self.end(task);
            }
        }
    }

    /// The seconds at which something was asked.
    fn asked(&self, wanted: impl Fn(&Task) -> bool) -> Vec<i64> {
        self.log.iter().filter(|(_, task)| wanted(task)).map(|(second, _)| *second).collect()
    }

    /// Second, metric and minutes read of each question for the metrics of `subject`.
    fn read(&self, subject: &Subject) -> Vec<(i64, Metric, i64)> {
        let mut read = Vec::new();
        for (second, task) in &self.log {
            let Task::Points(query) = task else { continue };
            let mut metrics: Vec<Metric> =
                query.series.iter().filter(|id| id.subject == *subject).map(|id| id.metric).collect();
            metrics.dedup();
            read.extend(metrics.into_iter().map(|metric| (*second, metric, query.until.0 - query.from.0 - 1)));
        }
        read
    }
}

fn executed(name: &str, version: &str) -> Subject {
    Subject::Executed { function: name.into(), alias: "live".into(), version: version.into() }
}

fn function(name: &str) -> Subject {
    Subject::Function(name.into())
}

fn details(tasks: &[Task]) -> Vec<(Detail, &str)> {
    let detail = |task| match task {
        &Task::Detail(detail, ref name) => Some((detail, name.as_str())),
        _ => None,
    };
    tasks.iter().filter_map(detail).collect()
}

#[test]
fn it_begins_with_the_region() {
    let mut run = Run::new(&[], cadence());
    let tasks = run.start();
    let listings = [
        Task::Account,
        Task::Limits,
        Task::Functions,
        Task::EventSources,
        Task::Active(Metric::Invocations),
        Task::Active(Metric::Throttles),
    ];
    assert_eq!(tasks[..6], listings);
    let Some(Task::Points(query)) = tasks.last() else { panic!("no metrics: {tasks:?}") };
    assert!(query.series.iter().all(|id| id.subject == Subject::Region));
    assert_eq!(tasks.len(), 9, "four listings of metrics at once");
}

#[test]
fn the_most_urgent_functions_are_asked_first_and_each_operation_once_at_a_time() {
    let mut run = Run::new(&["active", "aliased", "idle", "open", "troubled", "visible"], cadence());
    run.active = vec!["active", "aliased", "troubled"];
    run.aliased = vec!["aliased"];
    run.schedule.demand(&demand(&["visible"], Some("open"), 0));
    // Everything but the details is read.
    let names = ["active", "aliased", "idle", "open", "troubled", "visible"];
    run.learn(Payload::Functions(names.iter().map(|name| info(name)).collect()));
    run.answer(&Task::Active(Metric::Invocations));
    let id = SeriesId { subject: function("troubled"), metric: Metric::Throttles, statistic: Statistic::Sum };
    run.learn(Payload::Points(vec![(id, vec![Point { minute: Minute::of(run.now), value: 1.0 }])]));
    let mut order = Vec::new();
    let mut running = run.start();
    loop {
        let batch = details(&running);
        if batch.is_empty() {
            break;
        }
        let mut kinds: Vec<Detail> = batch.iter().map(|(detail, _)| *detail).collect();
        kinds.dedup();
        assert_eq!(kinds, Detail::ALL, "one of each kind at a time");
        order.push(batch[0].1.to_string());
        let batch = std::mem::take(&mut running);
        for task in batch {
            run.schedule.finished(&task, true, run.now);
        }
        running = run.start();
    }
    assert_eq!(order, ["open", "visible", "troubled", "aliased", "active", "idle"]);
}

#[test]
fn an_operation_that_hangs_leaves_room_for_the_others() {
    let mut run = Run::new(&["a", "b"], cadence());
    run.learn(Payload::Functions(run.functions.clone()));
    let hanging = run.start();
    assert!(details(&hanging).contains(&(Detail::Reserved, "a")));
    for task in hanging.iter().filter(|task| task.operation() != Operation::GetFunctionConcurrency) {
        run.end(task);
    }
    let next = run.start();
    let rest: Vec<_> = Detail::ALL[1..].iter().map(|detail| (*detail, "b")).collect();
    assert_eq!(details(&next), rest);
}

#[test]
fn what_is_asked_how_often() {
    let mut run = Run::new(&["idle", "open", "seen", "split"], cadence());
    run.weighted = vec!["split"];
    run.schedule.demand(&demand(&["seen", "split"], Some("open"), 0));
    run.until(3600);
    let every = |run: &Run, wanted: &dyn Fn(&Task) -> bool| run.asked(wanted).len();
    let of = |wanted: &'static str, which: Detail| move |task: &Task| matches!(task, Task::Detail(detail, name) if *detail == which && name.as_str() == wanted);
    let detail = |wanted: &'static str| of(wanted, Detail::Aliases);
    for (what, times, wanted) in [
        ("account", 2, &(|task: &Task| *task == Task::Account) as &dyn Fn(&Task) -> bool),
        ("limits", 61, &|task| *task == Task::Limits),
        ("functions", 61, &|task| *task == Task::Functions),
        ("event sources", 13, &|task| *task == Task::EventSources),
        ("who is active", 7, &|task| *task == Task::Active(Metric::Invocations)),
        ("open", 61, &detail("open")),
        ("visible", 13, &detail("seen")),
        ("visible and split", 61, &detail("split")),
        ("visible and split, the rest", 13, &of("split", Detail::Reserved)),
        ("idle", 1, &detail("idle")),
    ] {
        assert_eq!(every(&run, wanted), times, "{what}");
    }
}

#[test]
fn the_function_list_is_read_less_often_the_longer_it_is() {
    for (count, seconds) in [(1, 60), (500, 60), (1_000, 120), (5_000, 600), (20_000, 600)] {
        let mut run = Run::new(&[], cadence());
        run.functions = (0..count).map(|index| info(&format!("f{index}"))).collect();
        let list = |task: &Task| *task == Task::Functions;
        run.answer(&Task::Functions);
        let due = |run: &Run| run.schedule.upcoming(run.now).find(|(_, ahead)| *ahead == Ahead::Task(Task::Functions));
        run.start();
        run.end(&Task::Functions);
        assert_eq!(run.asked(list), [0]);
        assert_eq!(due(&run).map(|(start, _)| start), Some(at(seconds)), "{count} functions");
    }
}

#[test]
fn a_function_that_was_changed_or_begins_to_fail_is_read_again_at_once() {
    let reads = |run: &Run| run.asked(|task| matches!(task, Task::Detail(Detail::Aliases, _)));
    let mut run = Run::new(&["a"], cadence());
    run.active = vec!["a"];
    run.until(100);
    assert_eq!(reads(&run), [0]);
    run.functions[0].last_modified = Some(at(90));
    run.until(130);
    assert_eq!(reads(&run), [0, 120], "as soon as the list shows it");
    run.until(300);
    run.troubled = vec!["a"];
    run.until(1000);
    let known = run.read(&function("a")).into_iter().map(|(second, ..)| second).find(|second| *second > 300).unwrap();
    assert_eq!(reads(&run)[2..], [known, known + 300], "as soon as it is known, then every five minutes");

    let mut run = Run::new(&["a"], one_shot());
    run.active = vec!["a"];
    run.troubled = vec!["a"];
    run.settle();
    assert_eq!(reads(&run), [0], "once is once");
}

#[test]
fn a_denied_operation_rests_ten_minutes_and_stops_nothing_else() {
    for operation in
        [Operation::ListAliases, Operation::ListFunctions, Operation::GetMetricData, Operation::ListMetrics]
    {
        let mut run = Run::new(&["a", "b"], cadence());
        run.learn(Payload::Functions(run.functions.clone()));
        run.failing.insert(operation, ApiError::Denied("no".into()));
        run.until(599);
        let asked = run.asked(|task| task.operation() == operation);
        assert!(asked.iter().all(|second| *second == 0) && !asked.is_empty(), "{operation}: {asked:?}");
        for other in
            [Operation::ListAliases, Operation::ListFunctions, Operation::GetMetricData, Operation::ListMetrics]
        {
            assert!(!run.asked(|task| task.operation() == other).is_empty(), "{operation} stops {other}");
        }
        run.failing.clear();
        run.until(605);
        assert!(run.asked(|task| task.operation() == operation).contains(&600), "{operation} has another chance");
    }
}

#[test]
fn a_refresh_asks_again_what_was_denied() {
    for operation in [Operation::GetFunctionConcurrency, Operation::ListFunctions, Operation::GetMetricData] {
        let mut run = Run::new(&["a"], cadence());
        run.learn(Payload::Functions(run.functions.clone()));
        run.failing.insert(operation, ApiError::Denied("no".into()));
        run.schedule.demand(&demand(&["a"], None, 0));
        run.until(30);
        run.failing.clear();
        run.schedule.demand(&demand(&["a"], None, 1));
        run.until(31);
        assert!(run.asked(|task| task.operation() == operation).contains(&30), "{operation}");
    }
}

#[test]
fn what_failed_for_a_moment_is_asked_again_in_seconds() {
    for operation in [Operation::ListFunctions, Operation::GetAccountSettings, Operation::GetFunctionConcurrency] {
        let mut run = Run::new(&["a"], cadence());
        run.learn(Payload::Functions(run.functions.clone()));
        run.failing.insert(operation, ApiError::Throttled("slow down".into()));
        run.until(1);
        run.failing.clear();
        run.until(30);
        assert_eq!(run.asked(|task| task.operation() == operation), [0, 5], "{operation}");
    }
}

#[test]
fn metrics_that_failed_come_back_with_their_history() {
    let mut run = Run::new(&[], cadence());
    run.failing.insert(Operation::GetMetricData, ApiError::Unreachable("reset".into()));
    run.until(1);
    run.failing.clear();
    run.until(70);
    let invocations: Vec<_> =
        run.read(&Subject::Region).into_iter().filter(|(_, metric, _)| *metric == Metric::Invocations).collect();
    let expected = [(0, Metric::Invocations, 60), (5, Metric::Invocations, 60), (60, Metric::Invocations, 20)];
    assert_eq!(invocations, expected);
}

#[test]
fn a_task_that_ends_without_a_call_is_not_asked_in_a_loop() {
    let mut run = Run::new(&["a"], cadence());
    for second in 0..60 {
        run.now = at(second);
        for task in run.start() {
            // As when it panicked: no call was reported.
            run.schedule.finished(&task, false, run.now);
        }
    }
    let most =
        run.asked(|task| *task == Task::Functions).len().max(run.asked(|task| matches!(task, Task::Points(_))).len());
    assert_eq!(most, 12, "every five seconds");
}

#[test]
fn what_does_not_exist_is_an_answer() {
    let mut run = Run::new(&["gone"], cadence());
    run.schedule.demand(&demand(&["gone"], None, 0));
    run.failing.insert(Operation::ListAliases, ApiError::NotFound("gone".into()));
    run.until(299);
    assert_eq!(run.asked(|task| task.operation() == Operation::ListAliases), [0]);
}

#[test]
fn a_refresh_makes_the_screen_due_and_nothing_else() {
    let mut run = Run::new(&["behind", "seen"], cadence());
    run.active = vec!["behind", "seen"];
    run.schedule.demand(&demand(&["seen"], None, 0));
    run.functions[0].dead_letter_target = Some(queue("lost"));
    run.until(20);
    run.log.clear();
    run.schedule.demand(&demand(&["seen"], None, 1));
    run.until(20);
    let details: Vec<_> = Detail::ALL.iter().map(|detail| Task::Detail(*detail, "seen".into())).collect();
    for task in details.iter().chain([&Task::Limits, &Task::Queue(queue("lost"))]) {
        assert!(run.log.contains(&(20, task.clone())), "{task:?}");
    }
    assert_eq!(run.log.len(), 4 + 2 + 2, "{:?}", run.log);
    assert!(!run.read(&Subject::Region).is_empty() && !run.read(&function("seen")).is_empty());
    assert!(run.read(&function("behind")).is_empty());
}

#[test]
fn the_metrics_of_a_minute_are_read_once() {
    let mut run = Run::new(&["behind", "idle", "seen"], cadence());
    run.active = vec!["behind", "seen"];
    run.schedule.demand(&demand(&["seen"], None, 0));
    run.until(3659);
    let metrics = |second: i64, metrics: &[Metric], minutes: i64| -> Vec<_> {
        metrics.iter().map(|metric| (second, *metric, minutes)).collect()
    };
    let mut visible = metrics(0, Metric::FUNCTION, 60);
    visible.push((0, Metric::IteratorAge, 60));
    let mut region = metrics(0, Metric::REGION, 60);
    for minute in 1..=60 {
        visible.extend(metrics(minute * 60, Metric::FUNCTION, 20));
        visible.push((minute * 60, Metric::IteratorAge, 20));
        region.extend(metrics(minute * 60, Metric::REGION, 20));
    }
    let sorted = |mut read: Vec<(i64, Metric, i64)>| {
        read.sort();
        read
    };
    assert_eq!(sorted(run.read(&function("seen"))), sorted(visible));
    assert_eq!(sorted(run.read(&Subject::Region)), sorted(region));
    let core = [Metric::Invocations, Metric::Errors, Metric::Throttles];
    let mut behind = metrics(0, &core, 60);
    for five_minutes in 1..=12 {
        behind.extend(metrics(five_minutes * 300, &core, 20));
    }
    assert_eq!(sorted(run.read(&function("behind"))), sorted(behind));
    assert_eq!(run.read(&function("idle")), []);
}

#[test]
fn a_function_that_comes_on_screen_is_read_at_once_and_without_a_hole() {
    let mut run = Run::new(&["a", "b"], cadence());
    run.schedule.demand(&demand(&["a"], None, 0));
    run.until(100);
    run.schedule.demand(&demand(&["b"], None, 0));
    run.until(1500);
    run.log.clear();
    run.schedule.demand(&demand(&["a", "b"], None, 0));
    run.until(1565);
    let minutes = |name: &str| run.read(&function(name)).iter().map(|(_, _, minutes)| *minutes).max();
    assert_eq!(minutes("a"), Some(60), "last read 23 minutes ago: the trailing window would leave a hole");
    assert_eq!(minutes("b"), Some(20));
}

#[test]
fn calls_for_the_screen_go_before_the_rest_even_when_they_come_later() {
    let names: Vec<String> = (0..2000).map(|index| format!("f{index:04}")).collect();
    let names: Vec<&'static str> = names.into_iter().map(|name| &*name.leak()).collect();
    let mut run = Run::new(&names, cadence());
    run.active.clone_from(&names);
    run.learn(Payload::Functions(run.functions.clone()));
    run.answer(&Task::Active(Metric::Invocations));
    run.schedule.demand(&demand(&["f1999"], None, 0));
    let calls = |tasks: &[Task]| -> Vec<MetricQuery> {
        let query = |task: &Task| if let Task::Points(query) = task { Some(query.clone()) } else { None };
        tasks.iter().filter_map(query).collect()
    };
    let reads = |query: &MetricQuery, name: &str| query.series.iter().any(|id| id.subject == function(name));
    let first = run.start();
    let queries = calls(&first);
    assert_eq!(queries.len(), 4, "of twelve planned");
    assert!(reads(&queries[0], "f1999") && !reads(&queries[0], "f0000"));
    run.schedule.demand(&demand(&["f1998"], None, 0));
    run.end(first.iter().find(|task| matches!(task, Task::Points(_))).unwrap());
    let next = calls(&run.start());
    assert!(reads(&next[0], "f1998"), "scrolled to while others were planned");
    let all: usize = queries.iter().chain(&next).flat_map(|query| query.series.iter()).count();
    let ids: std::collections::BTreeSet<_> =
        queries.iter().chain(&next).flat_map(|query| query.series.iter()).collect();
    assert_eq!(ids.len(), all, "nothing twice");
}

#[test]
fn metrics_wait_for_the_calls_under_way_but_not_for_one_that_hangs() {
    let mut run = Run::new(&["a"], cadence());
    let hangs = |task: &Task| matches!(task, Task::Points(_));
    run.start();
    run.learn(Payload::Functions(run.functions.clone()));
    run.schedule.active(Metric::Invocations, &[function("a")]);
    assert!(!run.start().iter().any(hangs), "gathered for one call");
    assert_eq!(run.schedule.wake(run.now), at(5));
    run.now = at(5);
    assert!(run.start().iter().any(hangs));
    run.schedule.demand(&demand(&["a"], None, 0));
    assert!(run.start().iter().any(hangs), "what is on screen does not wait");
}

#[test]
fn versions_behind_aliases_are_read_on_screen() {
    let mut run = Run::new(&["behind", "plain", "ran", "routed"], cadence());
    run.active = vec!["behind", "ran"];
    run.aliased = vec!["behind", "ran"];
    run.weighted = vec!["routed"];
    run.schedule.demand(&demand(&["plain", "ran", "routed"], None, 0));
    run.until(30);
    let metrics =
        |subject: &Subject| -> Vec<Metric> { run.read(subject).into_iter().map(|(_, metric, _)| metric).collect() };
    assert_eq!(metrics(&executed("ran", "7")), Metric::EXECUTED);
    assert_eq!(metrics(&executed("routed", "7")), Metric::EXECUTED);
    assert_eq!(metrics(&executed("routed", "8")), Metric::EXECUTED);
    assert_eq!(metrics(&executed("behind", "7")), []);
    assert_eq!(metrics(&executed("plain", "7")), []);
}

#[test]
fn event_sources_decide_which_metrics_there_are() {
    let source = |function: &str, kind, event_count| EventSource {
        uuid: format!("of-{function}"),
        function: function.into(),
        source: None,
        kind: Some(kind),
        state: "Enabled".into(),
        batch_size: None,
        maximum_concurrency: None,
        on_failure: None,
        event_count,
    };
    let mut run = Run::new(&["kafka", "open", "stream"], cadence());
    run.schedule.demand(&demand(&["kafka", "open", "stream"], Some("open"), 0));
    run.learn(Payload::EventSources(vec![
        source("kafka", EventSourceKind::Kafka, true),
        source("open", EventSourceKind::Sqs, true),
        source("stream", EventSourceKind::Kinesis, false),
    ]));
    run.until(30);
    let asks = |subject: &Subject, wanted| run.read(subject).iter().any(|(_, metric, _)| *metric == wanted);
    let lags = ["kafka", "open", "stream"].map(|name| asks(&function(name), Metric::OffsetLag));
    assert_eq!(lags, [true, false, false], "nothing else has one, an open pane or not");
    let mapping = |name: &str| Subject::Mapping(format!("of-{name}"));
    let polled = ["kafka", "open", "stream"].map(|name| asks(&mapping(name), Metric::PolledEvents));
    assert_eq!(polled, [false, true, false], "mappings are looked at in a pane only");
    assert!(!asks(&mapping("open"), Metric::DroppedEvents), "a queue has none");
}

#[test]
fn a_canary_is_read_every_minute_whatever_is_on_screen() {
    let mut run = Run::new(&["behind", "plain", "ran"], cadence());
    run.active = vec!["behind", "ran"];
    run.aliased = vec!["ran"];
    run.weighted = vec!["behind"];
    run.schedule.demand(&demand(&["plain", "ran"], None, 0));
    run.until(590);
    let times = |subject: &Subject| {
        run.read(subject).into_iter().filter(|(_, metric, _)| *metric == Metric::Invocations).count()
    };
    assert!((9..=11).contains(&times(&executed("behind", "8"))), "{}", times(&executed("behind", "8")));
    assert!((1..=3).contains(&times(&executed("ran", "7"))), "{}", times(&executed("ran", "7")));
}

#[test]
fn without_the_list_of_metrics_every_function_may_be_active() {
    let mut run = Run::new(&["a", "b"], cadence());
    run.failing.insert(Operation::ListMetrics, ApiError::Denied("no".into()));
    run.until(30);
    assert_eq!(run.read(&function("a")).len(), 3);
    assert_eq!(run.read(&function("b")).len(), 3);

    let mut run = Run::new(&["a", "b"], cadence());
    run.active = vec!["a"];
    run.until(590);
    run.failing.insert(Operation::ListMetrics, ApiError::Throttled("slow down".into()));
    run.until(1190);
    assert_eq!(run.read(&function("b")), [], "what was known is kept");
    assert!(!run.read(&function("a")).is_empty());
}

#[test]
fn failures_move_a_function_up_until_they_are_a_quarter_of_an_hour_old() {
    let mut run = Run::new(&["a"], cadence());
    run.active = vec!["a"];
    run.troubled = vec!["a"];
    run.until(60);
    run.troubled.clear();
    run.until(3600);
    let asked = run.asked(|task| matches!(task, Task::Detail(Detail::Reserved, _)));
    assert_eq!(asked, [0, 300, 600, 900, 2700], "every five minutes, then every thirty");
}

#[test]
fn functions_that_are_gone_are_forgotten() {
    let mut run = Run::new(&["gone", "stays"], cadence());
    run.schedule.demand(&demand(&["gone", "stays"], None, 0));
    run.until(599);
    run.functions.remove(0);
    run.until(601);
    run.log.clear();
    run.until(1100);
    assert_eq!(run.asked(|task| matches!(task, Task::Detail(_, name) if name.as_str() == "gone")), NEVER);
    assert_eq!(run.read(&function("gone")), []);
    assert!(!run.read(&function("stays")).is_empty());
    run.functions.push(info("gone"));
    run.until(1260);
    let minutes: Vec<i64> = run.read(&function("gone")).iter().map(|(_, _, minutes)| *minutes).collect();
    assert_eq!(minutes[..5], [60; 5], "one of that name that comes back is a new one");
}

#[test]
fn many_queues_are_read_less_often() {
    for (count, seconds) in [(10, 30), (300, 30), (1000, 100)] {
        let mut run = Run::new(&["a"], cadence());
        run.functions = (0..count)
            .map(|index| {
                let mut info = info(&format!("f{index}"));
                info.dead_letter_target = Some(queue(&format!("q{index}")));
                info
            })
            .collect();
        run.until(seconds - 1);
        let asked = run.asked(|task| matches!(task, Task::Queue(_)));
        assert_eq!(asked.len(), count, "each once in {seconds} s");
        run.until(seconds);
        assert_eq!(run.asked(|task| matches!(task, Task::Queue(_))).len(), 2 * count);
    }
}

#[test]
fn queues_that_cannot_be_found_by_name_rest_and_known_ones_go_on() {
    let mut run = Run::new(&["a"], cadence());
    run.functions[0].dead_letter_target = Some(queue("known"));
    run.until(1);
    run.functions.push(info("b"));
    run.functions[1].dead_letter_target = Some(queue("new"));
    run.learn(Payload::Functions(run.functions.clone()));
    run.now = at(2);
    let new = Task::Queue(queue("new"));
    assert!(run.start().contains(&new));
    run.schedule.called(Operation::GetQueueUrl, Some(&ApiError::Denied("no".into())), run.now);
    run.schedule.finished(&new, false, run.now);
    run.log.clear();
    run.until(500);
    assert_eq!(run.asked(|task| *task == new), NEVER);
    assert!(!run.asked(|task| *task == Task::Queue(queue("known"))).is_empty());
}

fn one_shot() -> Cadence {
    Cadence { once: true, ..cadence() }
}

#[test]
fn a_one_shot_run_asks_everything_once_and_ends() {
    let mut run = Run::new(&["a", "b"], one_shot());
    run.active = vec!["a", "b"];
    run.weighted = vec!["a"];
    run.functions[0].dead_letter_target = Some(queue("lost"));
    run.settle();
    assert!(run.schedule.is_done(run.now));
    assert_eq!(run.schedule.unknown(), []);
    for (index, (_, task)) in run.log.iter().enumerate() {
        assert!(!run.log[..index].iter().any(|(_, before)| before == task), "twice: {task:?}");
    }
    for operation in Operation::ALL.iter().filter(|operation| {
        // A queue is looked up, and a deployment described, inside a task; logs are followed elsewhere.
        !matches!(
            operation,
            Operation::GetQueueUrl
                | Operation::BatchGetDeployments
                | Operation::ListDeploymentTargets
                | Operation::BatchGetDeploymentTargets
                | Operation::GetDeploymentConfig
                | Operation::DescribeLogGroups
                | Operation::FilterLogEvents
                | Operation::StartLiveTail
                | Operation::ListShards
                | Operation::GetShardIterator
                | Operation::GetRecords
        )
    }) {
        assert!(run.log.iter().any(|(_, task)| task.operation() == *operation), "{operation}");
    }
    assert_eq!(run.log.iter().filter(|(_, task)| matches!(task, Task::Points(_))).count(), 2, "the Region, the rest");
    let metrics: Vec<Metric> = run.read(&function("b")).into_iter().map(|(_, metric, _)| metric).collect();
    assert_eq!(metrics[..5], *Metric::FUNCTION, "in full, on screen or not");
}

#[test]
fn a_one_shot_run_does_not_insist() {
    for error in [
        ApiError::Denied(String::new()),
        ApiError::Unsupported(String::new()),
        ApiError::Unreachable(String::new()),
        ApiError::Expired(String::new()),
    ] {
        let mut run = Run::new(&["a"], one_shot());
        run.failing = Operation::ALL.iter().map(|operation| (*operation, error.clone())).collect();
        run.settle();
        assert!(run.schedule.is_done(run.now), "{error}");
        // Four listings, four metrics asked together, and what is known without asking who is active.
        assert_eq!(run.log.len(), 4 + 4 + 1, "{error}: {:?}", run.log);
        assert_eq!(run.schedule.unknown(), [], "{error}: why has been said");
    }
}

#[test]
fn a_one_shot_run_waits_for_what_was_throttled_until_its_deadline() {
    let mut run = Run::new(&["a", "b"], one_shot());
    run.failing.insert(Operation::GetMetricData, ApiError::Throttled("slow down".into()));
    run.failing.insert(Operation::ListAliases, ApiError::Throttled("slow down".into()));
    run.settle();
    assert!(!run.schedule.is_done(run.now));
    run.failing.remove(&Operation::ListAliases);
    run.until(19);
    assert!(run.schedule.is_done(run.now), "the next pause reaches beyond the deadline");
    assert_eq!(run.asked(|task| matches!(task, Task::Points(_))), [0, 5, 15]);
    assert_eq!(run.asked(|task| matches!(task, Task::Detail(Detail::Aliases, _))), [0, 5, 5]);
    assert_eq!(run.schedule.unknown(), []);
}

#[test]
fn the_deadline_ends_the_inventory_and_what_is_unknown_is_said() {
    let mut run = Run::new(&["a", "b", "c"], one_shot());
    run.active = vec!["a"];
    run.learn(Payload::Functions(run.functions.clone()));
    let tasks = run.start();
    run.now = at(19);
    for task in tasks.iter().filter(|task| !matches!(task, Task::Functions)) {
        run.end(task);
    }
    let late = run.start();
    assert!(!details(&late).is_empty());
    run.now = at(20);
    for task in &late {
        // As when the deadline came before their turn.
        let answered = !matches!(task, Task::Detail(..));
        if answered {
            run.answer(task);
        }
        run.schedule.finished(task, answered, run.now);
    }
    run.schedule.finished(&Task::Functions, false, run.now);
    let rest = run.start();
    assert!(rest.iter().all(|task| matches!(task, Task::Points(_) | Task::Active(_))), "no inventory: {rest:?}");
    for task in &rest {
        run.end(task);
    }
    run.settle();
    assert!(run.schedule.is_done(run.now));
    let unknown: BTreeMap<_, _> = run.schedule.unknown().into_iter().collect();
    let words = |operation| unknown.get(&operation).map(String::as_str);
    assert_eq!(words(Operation::ListFunctions), Some("the list ends after 3 functions: 20 s are over"));
    assert_eq!(words(Operation::ListAliases), Some("not known for 2 of 3 functions: 20 s are over"));
    assert_eq!(unknown.len(), 5, "the list and four details: {unknown:?}");
}

#[test]
fn with_nothing_to_do_it_wakes_for_its_cadence_only() {
    let names: Vec<String> = (0..1000).map(|index| format!("f{index:04}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut run = Run::new(&names, cadence());
    run.until(700);
    run.wakes = 0;
    run.until(1300);
    assert!(run.wakes <= 3 * 10, "{} wakes in ten minutes", run.wakes);
}

#[derive(Clone, Debug)]
enum Step {
    Wait(i64),
    End { which: usize, failure: Option<u8> },
    List(u8),
    Active(u8),
    Look { visible: u8, open: bool, refresh: bool },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..90_000_i64).prop_map(Step::Wait),
        (0..20_usize, proptest::option::weighted(0.3, 0..6_u8))
            .prop_map(|(which, failure)| Step::End { which, failure }),
        (0..8_u8).prop_map(Step::List),
        (0..8_u8).prop_map(Step::Active),
        (0..8_u8, any::<bool>(), any::<bool>()).prop_map(|(visible, open, refresh)| Step::Look {
            visible,
            open,
            refresh
        }),
    ]
}

fn failure(kind: u8) -> ApiError {
    let text = String::new();
    match kind {
        0 => ApiError::Throttled(text),
        1 => ApiError::Denied(text),
        2 => ApiError::Expired(text),
        3 => ApiError::NotFound(text),
        4 => ApiError::Unsupported(text),
        _ => ApiError::Unreachable(text),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever happens, nothing becomes due before the schedule said it would, and it never says "now".
    #[test]
    fn wake_is_when_something_is_due(once in any::<bool>(), steps in proptest::collection::vec(step(), 1..60)) {
        let names: Vec<String> = (0..8).map(|index| format!("f{index}")).collect();
        let mut run = Run::new(&[], Cadence { once, ..cadence() });
        let mut running = Vec::new();
        let mut refresh = 0;
        for step in steps {
            match step {
                Step::Wait(milliseconds) => run.now += TimeDelta::milliseconds(milliseconds),
                Step::End { which, failure: kind } if !running.is_empty() => {
                    let task: Task = running.swap_remove(which % running.len());
                    run.failing = kind.map(|kind| (task.operation(), failure(kind))).into_iter().collect();
                    run.end(&task);
                }
                Step::End { .. } => {}
                Step::List(count) => {
                    run.functions = names[..count.into()].iter().map(|name| info(name)).collect();
                    run.functions.iter_mut().for_each(|info| info.dead_letter_target = Some(queue(info.name.as_str())));
                }
                Step::Active(count) => {
                    let subjects: Vec<_> = names[..count.into()].iter().map(|name| function(name)).collect();
                    run.schedule.active(Metric::Errors, &subjects);
                }
                Step::Look { visible, open, refresh: again } => {
                    refresh += u64::from(again);
                    let visible: Vec<&str> = names[..visible.into()].iter().map(String::as_str).collect();
                    run.schedule.demand(&demand(&visible, open.then_some("f0"), refresh));
                }
            }
            running.extend(run.start());
            let wake = run.schedule.wake(run.now);
            prop_assert!(wake > run.now);
            for early in [run.now, run.now + (wake - run.now) / 2, wake - TimeDelta::milliseconds(1)] {
                let task = run.schedule.next(early.max(run.now));
                prop_assert!(task.is_none(), "{task:?} is due {} before it was said", wake - early);
            }
            if run.schedule.is_done(run.now) {
                prop_assert!(running.is_empty() && run.schedule.next(run.now + TimeDelta::days(2)).is_none());
            }
        }
    }

    /// The agenda, which is kept sorted, says the same as looking through everything.
    #[test]
    fn details_come_in_order(steps in proptest::collection::vec((0..6_usize, 0..4_usize, 0..4_u8, 0..9_i64), 1..80)) {
        let urgencies = [Urgency::Open, Urgency::Visible, Urgency::Troubled, Urgency::Idle];
        let mut agenda = Agenda::new(false);
        let mut plain: BTreeMap<FunctionName, (Urgency, [Asked; 4])> = BTreeMap::new();
        for (index, detail, change, second) in steps {
            let name = FunctionName::from(format!("f{index}").as_str());
            match change {
                0 => {
                    agenda.rank(&name, urgencies[detail]);
                    plain.entry(name).or_insert((urgencies[detail], [Asked::Never; 4])).0 = urgencies[detail];
                }
                1 => {
                    agenda.retain(|known| *known != name);
                    plain.remove(&name);
                }
                2 => {
                    agenda.refresh(&name);
                    plain.entry(name).and_modify(|(_, asked)| asked.iter_mut().for_each(Asked::refresh));
                }
                _ => {
                    let asked = if second == 0 { Asked::Running(at(0)) } else { Asked::Failed(at(second)) };
                    agenda.update(&name, Detail::ALL[detail], |_| asked);
                    plain.entry(name).and_modify(|(_, all)| all[detail] = asked);
                }
            }
            let mut expected = Vec::new();
            for urgency in [Urgency::Open, Urgency::Visible, Urgency::Troubled, Urgency::Idle] {
                for (index, detail) in Detail::ALL.into_iter().enumerate() {
                    let due = plain.iter().filter(|(_, (rank, _))| *rank == urgency);
                    let due = due.filter_map(|(name, (_, asked))| Some((asked[index].due(Some(TimeDelta::minutes(1)))?, name)));
                    expected.extend(due.min().map(|(due, name)| (detail, name.clone(), due)));
                }
            }
            let said: Vec<_> = agenda.next().map(|next| (next.detail, next.name.clone(), next.due)).collect();
            prop_assert_eq!(said, expected);
            for (index, detail) in Detail::ALL.into_iter().enumerate() {
                prop_assert_eq!(agenda.unanswered(detail), plain.values().filter(|(_, asked)| !asked[index].is_answered()).count());
            }
        }
    }
}
