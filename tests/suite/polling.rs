//! Polling as a whole, against a scripted account, in simulated time.

mod account;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use lambda_model::change::Changed;
use lambda_model::demand::Demand;
use lambda_model::deployment::{Deployment, Shifting};
use lambda_model::failure::{ApiError, HealthState};
use lambda_model::observation::{Observation, Payload, Usage};
use lambda_model::operation::Operation;
use lambda_model::time::Clock;
use lambda_model::{FunctionId, Scope};
use lamtop::source::cadence::Cadence;
use lamtop::source::directory::Directory;
use lamtop::source::outlet::{Meter, Outlet};
use lamtop::source::poller::poll;
use tokio::sync::{mpsc, watch};

use account::{Call, Script, Service, Trouble, name};

/// 2026-11-22T10:00:00Z.
const START: i64 = 1_795_341_600;

fn clock() -> Clock {
    Clock::simulated(DateTime::from_timestamp(START, 0).unwrap(), 1.0)
}

fn second(at: DateTime<Utc>) -> f64 {
    (at - DateTime::from_timestamp(START, 0).unwrap()).as_seconds_f64()
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

fn one_shot() -> Cadence {
    Cadence { once: true, inventory_rate: 10.0, ..cadence() }
}

/// A poll that is going on.
struct Polling {
    script: Arc<Script>,
    clock: Clock,
    demand: watch::Sender<Demand>,
    received: mpsc::Receiver<Observation>,
    task: tokio::task::JoinHandle<()>,
}

impl Polling {
    fn start(clock: Clock, script: Script, cadence: Cadence, room: usize) -> Self {
        let script = Arc::new(script);
        let (demand, wanted) = watch::channel(Demand::default());
        let (out, received) = mpsc::channel(room);
        let scope = Scope::new(None, "eu-west-1");
        let outlet = Outlet::new(scope, clock.clone(), out, Meter::default());
        let (directory, _) = watch::channel(Directory::default());
        let task = tokio::spawn(poll(Service::account(&script), outlet, cadence, directory, wanted));
        Self { script, clock, demand, received, task }
    }

    /// Puts functions on screen, the first of them with its pane open.
    fn show(&self, functions: impl IntoIterator<Item = usize>) {
        let id = |index| FunctionId { scope: Scope::new(None, "eu-west-1"), name: name(index) };
        let visible: Vec<_> = functions.into_iter().map(id).collect();
        self.demand.send_replace(Demand { focus: visible.first().cloned(), visible, ..Demand::default() });
    }

    /// What is observed in the next `seconds`, or until polling ends.
    async fn observe(&mut self, seconds: u64) -> Vec<Observation> {
        let end = tokio::time::Instant::now() + Duration::from_secs(seconds);
        let mut observed = Vec::new();
        while let Ok(Some(observation)) = tokio::time::timeout_at(end, self.received.recv()).await {
            observed.push(observation);
        }
        observed
    }
}

fn kind(payload: &Payload) -> &'static str {
    match payload {
        Payload::Account(_) => "account",
        Payload::Limits(_) => "limits",
        Payload::Functions(_) => "functions",
        Payload::FunctionsComplete(_) => "functions complete",
        Payload::Aliases(..) => "aliases",
        Payload::Reserved(..) => "reserved",
        Payload::Provisioned(..) => "provisioned",
        Payload::InvokeConfigs(..) => "invoke configs",
        Payload::LogGroup(..) => "log group",
        Payload::EventSources(_) => "event sources",
        Payload::Changed(..) => "changed",
        Payload::Deployments(_) => "deployments",
        Payload::Points(_) => "points",
        Payload::Queue(..) => "queue",
        Payload::Logs(_) => "logs",
        Payload::LogFeed(_) => "log feed",
        Payload::Health(_) => "health",
        Payload::Usage(_) => "usage",
    }
}

fn kinds(observed: &[Observation]) -> BTreeSet<&'static str> {
    observed.iter().map(|observation| kind(&observation.payload)).collect()
}

/// The kinds of fact that only `operation` tells.
fn known_by(operation: Operation) -> &'static [&'static str] {
    match operation {
        Operation::GetCallerIdentity => &["account"],
        Operation::GetAccountSettings => &["limits"],
        Operation::ListFunctions => &["functions", "functions complete"],
        // Without a weighted alias there is no deployment to look for.
        Operation::ListAliases => &["aliases", "deployments"],
        Operation::ListDeployments
        | Operation::BatchGetDeployments
        | Operation::ListDeploymentTargets
        | Operation::BatchGetDeploymentTargets => &["deployments"],
        Operation::GetFunctionConcurrency => &["reserved"],
        Operation::ListProvisionedConcurrencyConfigs => &["provisioned"],
        Operation::ListFunctionEventInvokeConfigs => &["invoke configs"],
        Operation::ListEventSourceMappings => &["event sources"],
        // The first decides what is asked, and the second tells how a deployment goes on; the others are not the
        // poller's.
        Operation::ListMetrics
        | Operation::GetDeploymentConfig
        | Operation::DescribeLogGroups
        | Operation::FilterLogEvents
        | Operation::StartLiveTail
        | Operation::ListShards
        | Operation::GetShardIterator
        | Operation::GetRecords => &[],
        Operation::GetMetricData => &["points"],
        Operation::GetQueueUrl | Operation::GetQueueAttributes => &["queue"],
    }
}

/// Calls to what shares the control plane's rate.
fn paced(calls: &[Call]) -> Vec<f64> {
    let others = [
        Operation::GetCallerIdentity,
        Operation::ListDeployments,
        Operation::BatchGetDeployments,
        Operation::ListDeploymentTargets,
        Operation::BatchGetDeploymentTargets,
        Operation::GetDeploymentConfig,
        Operation::ListMetrics,
        Operation::GetMetricData,
        Operation::GetQueueUrl,
        Operation::GetQueueAttributes,
    ];
    calls.iter().filter(|call| !others.contains(&call.operation)).map(|call| second(call.at)).collect()
}

/// The most of `times` within any second.
fn busiest(times: &[f64]) -> usize {
    let within = |from: f64| times.iter().filter(|at| (from..from + 0.999).contains(*at)).count();
    times.iter().map(|from| within(*from)).max().unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn a_thousand_functions_trickle_in_and_the_screen_comes_first() {
    let clock = clock();
    let mut polling = Polling::start(clock.clone(), Script::new(1000, clock), cadence(), 1024);
    let observed = polling.observe(10).await;
    assert!(kinds(&observed).contains("functions"));
    polling.show(500..530);
    let mut observed = polling.observe(60).await;
    let on_screen: BTreeSet<_> = (500..530).map(name).collect();
    let reserved = observed.iter().filter_map(|observation| match &observation.payload {
        Payload::Reserved(name, _) if on_screen.contains(name) => Some(second(observation.at)),
        _ => None,
    });
    let reserved: Vec<f64> = reserved.collect();
    assert_eq!(reserved.len(), 30);
    assert!(reserved[29] < 50.0, "30 x 4 details at 4 a second, asked from second 10: {reserved:?}");
    let first_points = observed.iter().find(|observation| match &observation.payload {
        Payload::Points(series) => series.iter().any(|(id, _)| id.subject.function() == Some(&name(500))),
        _ => false,
    });
    let points = second(first_points.unwrap().at);
    assert!(points < 11.0, "points of the visible functions at {points}");

    observed.extend(polling.observe(530).await);
    let calls = polling.script.calls();
    let times = paced(&calls);
    assert!(busiest(&times) <= 4, "{} calls in a second", busiest(&times));
    assert!(times.len() >= 2300, "the rate is used while there is something to ask: {}", times.len());
    let region = calls.iter().filter(|call| call.series.iter().any(|id| id.subject.function().is_none()));
    let minutes: BTreeSet<i64> = region.map(|call| call.at.timestamp().div_euclid(60)).collect();
    assert_eq!(minutes.len(), 10, "metrics in each of ten minutes");
    assert!(observed.iter().any(|observation| matches!(observation.payload, Payload::FunctionsComplete(_))));
}

#[tokio::test(start_paused = true)]
async fn a_one_shot_run_ends_in_its_time_and_says_what_is_unknown() {
    let clock = clock();
    let mut polling = Polling::start(clock.clone(), Script::new(400, clock.clone()), one_shot(), 1024);
    let observed = polling.observe(600).await;
    assert!(polling.task.is_finished());
    let took = second(clock.now());
    assert!((19.0..22.0).contains(&took), "{took}");
    let times = paced(&polling.script.calls());
    assert!(busiest(&times) <= 10);
    assert!((190..=200).contains(&times.len()), "{}", times.len());
    // The same as the calls that gave an answer say.
    let mut details = BTreeMap::<Operation, String>::new();
    for observation in &observed {
        if let Payload::Health(health) = &observation.payload {
            assert_eq!(health.state, HealthState::Ok);
            details.extend(health.detail.clone().map(|detail| (health.operation, detail)));
        }
    }
    let known = observed.iter().filter(|observation| matches!(observation.payload, Payload::Reserved(..))).count();
    let expected = format!("not known for {} of 400 functions: 20 s are over", 400 - known);
    assert_eq!(details.get(&Operation::GetFunctionConcurrency), Some(&expected));
    assert_eq!(details.len(), 4, "four details: {details:?}");
}

#[tokio::test(start_paused = true)]
async fn a_one_shot_run_that_gets_everything_leaves_nothing_unknown() {
    let clock = clock();
    let mut polling = Polling::start(clock.clone(), Script::new(20, clock), one_shot(), 1024);
    let observed = polling.observe(60).await;
    assert!(polling.task.is_finished());
    assert!(second(observed.last().unwrap().at) < 12.0);
    let words = observed.iter().filter(|observation| match &observation.payload {
        Payload::Health(health) => health.detail.is_some(),
        _ => false,
    });
    assert_eq!(words.count(), 0);
    let reserved = observed.iter().filter(|observation| matches!(observation.payload, Payload::Reserved(..)));
    assert_eq!(reserved.count(), 20);
}

async fn observed_with(trouble: Option<(Operation, Trouble)>) -> (Vec<Observation>, Vec<Call>) {
    let clock = clock();
    let script = Script::new(12, clock.clone());
    if let Some((operation, trouble)) = trouble {
        script.fail(operation, trouble);
    }
    let mut polling = Polling::start(clock, script, cadence(), 1024);
    polling.show(0..3);
    let observed = polling.observe(130).await;
    assert!(!polling.task.is_finished());
    (observed, polling.script.calls())
}

#[tokio::test(start_paused = true)]
async fn an_operation_that_fails_costs_only_what_it_tells() {
    let (all, _) = observed_with(None).await;
    assert_eq!(kinds(&all).len(), 14, "the double feeds every kind: {:?}", kinds(&all));
    for operation in Operation::ALL {
        for error in [
            ApiError::Denied("no".into()),
            ApiError::Unsupported("no".into()),
            ApiError::Unreachable("no".into()),
            ApiError::Throttled("no".into()),
            ApiError::Expired("no".into()),
        ] {
            let (observed, calls) = observed_with(Some((*operation, Trouble::Fails(error.clone())))).await;
            let mut expected = kinds(&all);
            expected.retain(|kind| !known_by(*operation).contains(kind));
            assert_eq!(kinds(&observed), expected, "{operation} {error}");
            let mut health = BTreeMap::<_, Vec<_>>::new();
            for observation in &observed {
                if let Payload::Health(said) = &observation.payload {
                    health.entry(said.operation).or_default().push(said.state);
                }
            }
            for (named, states) in health {
                let state = if named == *operation { error.state() } else { HealthState::Ok };
                assert_eq!(states, [state], "{operation} {error}: {named}");
            }
            if matches!(error, ApiError::Denied(_) | ApiError::Unsupported(_)) {
                let again = calls.iter().filter(|call| call.operation == *operation && second(call.at) > 5.0);
                assert_eq!(again.count(), 0, "{operation} {error} is asked again");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_operation_that_hangs_or_panics_holds_up_nothing_else() {
    let (all, _) = observed_with(None).await;
    for operation in Operation::ALL {
        for trouble in [Trouble::Hangs, Trouble::Panics] {
            let (observed, _) = observed_with(Some((*operation, trouble.clone()))).await;
            let mut expected = kinds(&all);
            expected.retain(|kind| !known_by(*operation).contains(kind));
            assert_eq!(kinds(&observed), expected, "{operation} {trouble:?}");
            let late =
                observed.iter().filter(|observation| second(observation.at) > 70.0).map(|late| kind(&late.payload));
            let late: BTreeSet<_> = late.collect();
            for goes_on in ["limits", "points", "queue"] {
                assert_eq!(late.contains(goes_on), expected.contains(goes_on), "{operation} {trouble:?}: {goes_on}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_metrics_call_that_hangs_does_not_stop_the_minute() {
    let clock = clock();
    let script = Script::new(12, clock.clone());
    script.fail(Operation::GetMetricData, Trouble::Hangs);
    let polling = Polling::start(clock, script, cadence(), 1024);
    polling.show(0..3);
    tokio::time::sleep(Duration::from_secs(30)).await;
    polling.show(3..6);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let asked = polling.script.calls().into_iter().filter(|call| call.operation == Operation::GetMetricData);
    let shown = asked.filter(|call| call.series.iter().any(|id| id.subject.function() == Some(&name(4))));
    assert_eq!(shown.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_slow_consumer_delays_and_loses_nothing() {
    let clock = clock();
    let patient = Cadence { inventory_seconds: 600, ..one_shot() };
    let mut polling = Polling::start(clock.clone(), Script::new(60, clock), patient, 1);
    let mut listed = BTreeSet::new();
    let mut points = 0;
    let mut usage = Usage::default();
    while let Some(observation) = polling.received.recv().await {
        tokio::time::sleep(Duration::from_millis(300)).await;
        match observation.payload {
            Payload::Functions(functions) => listed.extend(functions.into_iter().map(|info| info.name)),
            Payload::Points(series) => points += series.len(),
            Payload::Usage(newest) => usage = newest,
            _ => {}
        }
    }
    assert!(second(polling.clock.now()) > 60.0, "alone it takes 25 s");
    assert_eq!(listed.len(), 60);
    let calls = polling.script.calls();
    let asked: BTreeSet<_> = calls.iter().flat_map(|call| call.series.iter()).collect();
    assert_eq!(points, asked.len(), "every series that was asked for arrived, once");
    assert_eq!(usage.requests, calls.len() as u64);
}

#[tokio::test(start_paused = true)]
async fn usage_counts_every_call_and_every_metric() {
    let clock = clock();
    let mut polling = Polling::start(clock.clone(), Script::new(300, clock), one_shot(), 1024);
    let observed = polling.observe(60).await;
    assert!(polling.task.is_finished());
    let usage = observed.iter().rev().find_map(|observation| match &observation.payload {
        Payload::Usage(usage) => Some(*usage),
        _ => None,
    });
    let calls = polling.script.calls();
    let metrics =
        |call: &Call| call.series.iter().map(|id| (&id.subject, id.metric)).collect::<BTreeSet<_>>().len() as u64;
    let lists = calls.iter().filter(|call| call.operation == Operation::ListMetrics).count() as u64;
    assert!(calls.iter().filter(|call| !call.series.is_empty()).count() > 2, "several pages");
    assert_eq!(
        usage,
        Some(Usage {
            requests: calls.len() as u64,
            metrics_requested: calls.iter().map(metrics).sum(),
            list_requests: lists,
            live_tail_s: 0,
        })
    );
}

#[tokio::test(start_paused = true)]
async fn polling_ends_when_nobody_listens() {
    let clock = clock();
    let script = Script::new(12, clock.clone());
    script.fail(Operation::GetMetricData, Trouble::Hangs);
    let polling = Polling::start(clock, script, cadence(), 1024);
    tokio::time::sleep(Duration::from_secs(20)).await;
    drop(polling.received);
    tokio::time::timeout(Duration::from_millis(1), polling.task).await.expect("it ends at once").unwrap();
    let calls = polling.script.calls().len();
    tokio::time::sleep(Duration::from_secs(100)).await;
    assert_eq!(polling.script.calls().len(), calls, "nothing is left running");
}

#[tokio::test(start_paused = true)]
async fn polling_goes_on_when_nobody_wishes_any_more() {
    let clock = clock();
    let mut polling = Polling::start(clock.clone(), Script::new(12, clock), cadence(), 1024);
    let (demand, _) = watch::channel(Demand::default());
    drop(std::mem::replace(&mut polling.demand, demand));
    let observed = polling.observe(130).await;
    assert!(observed.iter().any(|observation| second(observation.at) > 120.0));
}

#[tokio::test(start_paused = true)]
async fn a_queue_is_looked_up_once_and_again_when_it_is_gone() {
    let (observed, calls) = observed_with(None).await;
    assert_eq!(count(&calls, Operation::GetQueueUrl), 2, "two queues");
    assert_eq!(count(&calls, Operation::GetQueueAttributes), 10, "every half minute");
    let depths = observed.iter().filter(|observation| matches!(&observation.payload, Payload::Queue(_, Some(_))));
    assert_eq!(depths.count(), 10);

    let clock = clock();
    let mut polling = Polling::start(clock.clone(), Script::new(12, clock), cadence(), 1024);
    polling.observe(40).await;
    polling.script.fail(Operation::GetQueueAttributes, not_found());
    let observed = polling.observe(90).await;
    let missing = observed.iter().filter(|observation| matches!(&observation.payload, Payload::Queue(_, None)));
    assert_eq!(missing.count(), 6, "that it does not exist is a fact");
    let looked_up = count(&polling.script.calls(), Operation::GetQueueUrl);
    assert_eq!(looked_up, 2 + 4, "it may have been made anew");
}

fn not_found() -> Trouble {
    Trouble::Fails(ApiError::NotFound("gone".into()))
}

#[tokio::test(start_paused = true)]
async fn what_does_not_exist_is_an_answer_and_no_fault() {
    for operation in Operation::ALL {
        let (observed, calls) = observed_with(Some((*operation, not_found()))).await;
        for observation in &observed {
            if let Payload::Health(health) = &observation.payload {
                assert_eq!((health.state, &health.detail), (HealthState::Ok, &None), "{operation}");
            }
        }
        let asked = calls.iter().filter(|call| call.operation == *operation).count();
        let (_, usual) = observed_with(None).await;
        let usual = usual.iter().filter(|call| call.operation == *operation).count();
        // A queue that is not there is looked up by its name each time.
        let most = if *operation == Operation::GetQueueUrl { 10 } else { usual };
        assert!(asked <= most, "{operation} is asked {asked} times instead of {usual}");
    }
}

/// The deployments that were reported, in order, each with its second.
fn deployments(observed: &[Observation]) -> Vec<(f64, Vec<Deployment>)> {
    let told = observed.iter().filter_map(|observation| match &observation.payload {
        Payload::Deployments(deployments) => Some((second(observation.at), deployments.clone())),
        _ => None,
    });
    told.collect()
}

fn count(calls: &[Call], operation: Operation) -> usize {
    calls.iter().filter(|call| call.operation == operation).count()
}

const CODEDEPLOY: [Operation; 5] = [
    Operation::ListDeployments,
    Operation::BatchGetDeployments,
    Operation::ListDeploymentTargets,
    Operation::BatchGetDeploymentTargets,
    Operation::GetDeploymentConfig,
];

#[tokio::test(start_paused = true)]
async fn codedeploy_is_asked_while_an_alias_is_weighted_once_a_minute() {
    let clock = clock();
    let mut polling = Polling::start(clock.clone(), Script::new(3, clock), cadence(), 1024);
    polling.script.deploy(false);
    polling.show(0..3);
    polling.observe(600).await;
    let calls = polling.script.calls();
    assert!(CODEDEPLOY.iter().all(|operation| count(&calls, *operation) == 0), "nothing is weighted");

    polling.script.deploy(true);
    let observed = polling.observe(600).await;
    let reported = deployments(&observed);
    let (first, begun) = (&reported[0].1[0], reported[0].0);
    assert!((600.0..662.0).contains(&begun), "the open function's aliases are read every minute: {begun}");
    assert_eq!((first.function.as_str(), first.alias.as_str()), ("f0000", "live"));
    assert_eq!(
        (&first.config, first.shifting),
        (&Some("Shop.Slow".to_string()), None),
        "the configuration comes after"
    );
    let shifting = Some(Shifting::Linear { percent: 5, minutes: 2 });
    assert!(reported[1..].iter().all(|(_, known)| known.len() == 1 && known[0].shifting == shifting), "{reported:?}");
    let calls = polling.script.calls();
    let asked = CODEDEPLOY.map(|operation| count(&calls, operation));
    assert_eq!(asked[..4], [asked[0]; 4]);
    assert!((9..=10).contains(&asked[0]), "once a minute: {asked:?}");
    assert_eq!(asked[4], 1, "a configuration does not change");

    polling.script.deploy(false);
    let observed = polling.observe(600).await;
    assert_eq!(deployments(&observed).last().unwrap().1, [], "that it is over is reported");
    let last = polling.script.calls().iter().rev().find(|call| call.operation == CODEDEPLOY[0]).map(|call| call.at);
    assert!(second(last.unwrap()) < 1_620.0, "and then there is nothing to ask for, once the aliases are read");
}

#[tokio::test(start_paused = true)]
async fn a_deployment_operation_that_is_denied_rests_and_health_says_so() {
    for operation in CODEDEPLOY {
        let clock = clock();
        let script = Script::new(1, clock.clone());
        script.fail(operation, Trouble::Fails(ApiError::Denied("no".into())));
        let mut polling = Polling::start(clock, script, cadence(), 1024);
        polling.show([0]);
        let observed = polling.observe(590).await;
        let calls = polling.script.calls();
        assert_eq!(count(&calls, operation), 1, "{operation}");
        let is_optional = operation == Operation::GetDeploymentConfig;
        assert_eq!(count(&calls, Operation::ListDeployments), if is_optional { 10 } else { 1 }, "{operation}");
        assert_eq!(deployments(&observed).is_empty(), !is_optional, "{operation}");
        let denied = observed.iter().filter_map(|observation| match &observation.payload {
            Payload::Health(health) if health.state == HealthState::Denied => Some(health.operation),
            _ => None,
        });
        assert_eq!(denied.collect::<Vec<_>>(), [operation]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_changed_is_reported_after_the_read_that_shows_it() {
    let clock = clock();
    let mut polling = Polling::start(clock.clone(), Script::new(2, clock), cadence(), 1024);
    polling.show([0]);
    let mut observed = polling.observe(90).await;
    polling.script.reserve(Some(5));
    polling.script.fail(Operation::ListAliases, Trouble::Fails(ApiError::Denied("no".into())));
    observed.extend(polling.observe(90).await);
    let place = observed.iter().position(|observation| matches!(observation.payload, Payload::Changed(..))).unwrap();
    let Payload::Changed(changed, change) = &observed[place].payload else { unreachable!() };
    assert_eq!((changed, &change.what), (&name(0), &Changed::Reserved { from: None, to: Some(5) }));
    let Payload::Reserved(read, value) = &observed[place - 1].payload else { panic!("{:?}", observed[place - 1]) };
    assert_eq!((read, value, observed[place - 1].at), (&name(0), &Some(5), change.at));
    let after = second(change.after.unwrap());
    assert!(after < 90.0 && second(change.at) - after > 59.0, "{change:?}");
    let told = observed.iter().filter(|observation| matches!(observation.payload, Payload::Changed(..)));
    assert_eq!(told.count(), 1, "a read that failed is no change, and the other function has not been read again");
}
