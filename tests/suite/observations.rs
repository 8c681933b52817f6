//! What holds for every list of observations: the store's promises and the recording format.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use lambda_model::failure::{Health, HealthState};
use lambda_model::function::{
    AccountLimits, Alias, EventSource, EventSourceKind, FunctionInfo, InvokeConfig, LogGroup, Provisioned,
};
use lambda_model::log::{FeedState, LeftOut, LogBatch, LogEvent, LogFeed, LogWay};
use lambda_model::metric::{Metric, Point, SeriesId, Subject};
use lambda_model::observation::{Observation, Payload, Usage};
use lambda_model::operation::Operation;
use lambda_model::queue::QueueAttributes;
use lambda_model::time::Minute;
use lambda_model::{Arn, FunctionName, Scope};
use lamtop::store::Store;
use lamtop::store::series::CAPACITY;
use lamtop::store::state::{ScopeState, SeriesSet};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

/// Facts on few things, so that they meet often.
fn name() -> impl Strategy<Value = FunctionName> {
    select(vec!["checkout", "payments"]).prop_map(FunctionName::from)
}

fn word() -> impl Strategy<Value = String> {
    select(vec!["live", "7"]).prop_map(str::to_string)
}

fn arn() -> impl Strategy<Value = Arn> {
    select(vec!["sqs:eu-west-1:1:failed", "sqs:eu-west-1:1:orders", "sns:eu-west-1:1:failed", "s3:::failed"])
        .prop_map(|rest| Arn::new(format!("arn:aws:{rest}")))
}

fn scope() -> impl Strategy<Value = Scope> {
    select(vec![(None, "eu-west-1"), (Some("prod"), "eu-west-1"), (None, "us-east-1")])
        .prop_map(|(profile, region)| Scope::new(profile, region))
}

fn time() -> impl Strategy<Value = DateTime<Utc>> {
    (0i64..4_000_000_000, 0u32..1_000_000_000)
        .prop_map(|(second, nanosecond)| DateTime::from_timestamp(second, nanosecond).unwrap())
}

fn info() -> impl Strategy<Value = FunctionInfo> {
    let text = || option::of(any::<String>());
    let number = || option::of(any::<u32>());
    (name(), arn(), text(), number(), number(), option::of(time()), text(), any::<bool>(), option::of(arn()), text())
        .prop_map(
            |(
                name,
                arn,
                runtime,
                memory_mb,
                timeout_s,
                last_modified,
                code_sha256,
                snap_start,
                dead_letter_target,
                log_group,
            )| {
                FunctionInfo {
                    name,
                    arn,
                    runtime,
                    memory_mb,
                    timeout_s,
                    last_modified,
                    code_sha256,
                    snap_start,
                    dead_letter_target,
                    log_group,
                    system_log_level: None,
                }
            },
        )
}

fn event_source() -> impl Strategy<Value = EventSource> {
    let kind = select(vec![
        EventSourceKind::Sqs,
        EventSourceKind::Kinesis,
        EventSourceKind::Dynamodb,
        EventSourceKind::Kafka,
        EventSourceKind::Mq,
        EventSourceKind::Documentdb,
    ]);
    let number = || option::of(any::<u32>());
    let optional = (number(), number(), option::of(arn()), any::<bool>());
    (word(), name(), option::of(arn()), option::of(kind), word(), optional).prop_map(
        |(uuid, function, source, kind, state, (batch_size, maximum_concurrency, on_failure, event_count))| {
            EventSource {
                uuid,
                function,
                source,
                kind,
                state,
                batch_size,
                maximum_concurrency,
                on_failure,
                event_count,
            }
        },
    )
}

fn subject() -> impl Strategy<Value = Subject> {
    prop_oneof![
        Just(Subject::Region),
        name().prop_map(Subject::Function),
        (name(), word()).prop_map(|(function, qualifier)| Subject::Qualified { function, qualifier }),
        (name(), word(), word()).prop_map(|(function, alias, version)| Subject::Executed { function, alias, version }),
        word().prop_map(Subject::Queue),
        word().prop_map(Subject::Topic),
        word().prop_map(Subject::Mapping),
    ]
}

/// A series, and the values of minutes counted back from the minute of reading; some are not to be believed.
type Told = (Subject, Metric, usize, BTreeMap<i64, f64>);

fn points() -> impl Strategy<Value = Told> {
    let metric = select(vec![Metric::Invocations, Metric::Duration]);
    // The newest minutes are read again and again; history now and then.
    let back = prop_oneof![3 => -4i64..6, 1 => -4i64..300];
    (subject(), metric, 0usize..2, btree_map(back, 0.0..1e6, 0..8))
}

/// A log group's lines by the milliseconds from each to its reading.
type Written = BTreeMap<i64, (&'static str, &'static str)>;

/// Lines, how many seconds were read, why some are missing, and whether the log group is named.
type Batch = (Written, i64, Option<LeftOut>, bool);

fn logs() -> impl Strategy<Value = Batch> {
    let stream = select(vec!["2026/11/22/[7]0c1d", "2026/11/22/[8]0c1e", "2026/11/22/checkout[8]0c1f", "odd"]);
    let message = select(vec![
        "START RequestId: 7a3e Version: 7\n",
        "REPORT RequestId: 7a3e\tDuration: 41.27 ms\tBilled Duration: 42 ms\tMax Memory Used: 118 MB\t\n",
        "REPORT RequestId: 7a3f\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tStatus: timeout\n",
        "[ERROR] KeyError: 'a'\rTraceback (most recent call last):\r",
        "hello",
    ]);
    let back = prop_oneof![4 => 0i64..90_000, 1 => -400_000i64..5_000_000];
    let left_out = option::of(select(vec![LeftOut::Sampled, LeftOut::Dropped(7), LeftOut::OtherShards]));
    (btree_map(back, (stream, message), 0..12), 0i64..100, left_out, any::<bool>())
}

fn batch(at: DateTime<Utc>, number: i64, (written, seconds, left_out, is_named): Batch) -> LogBatch {
    let group: std::sync::Arc<str> = "/aws/lambda/payments".into();
    let event = |(back, (stream, message)): (i64, (&str, &str))| LogEvent {
        id: None,
        // No two lines are written at the very same time: their order on screen would be that of their arrival.
        timestamp: at - TimeDelta::milliseconds(back) + TimeDelta::microseconds(number),
        ingestion: at,
        stream: stream.into(),
        group: group.clone(),
        message: message.to_string(),
    };
    LogBatch {
        way: if is_named { LogWay::Poll } else { LogWay::Kinesis },
        groups: is_named.then(|| vec![group.clone()]),
        span: Some((at - TimeDelta::seconds(seconds), at)),
        left_out,
        events: written.into_iter().map(event).collect(),
    }
}

/// A fact before it is known when it was read.
#[derive(Clone, Debug)]
enum Fact {
    Points(Vec<Told>),
    Logs(Batch),
    Other(Payload),
}

fn fact() -> impl Strategy<Value = Fact> {
    let number = || option::of(any::<u32>());
    let limits = (any::<u32>(), number()).prop_map(|(concurrent_executions, unreserved_concurrent_executions)| {
        Payload::Limits(AccountLimits { concurrent_executions, unreserved_concurrent_executions })
    });
    let alias = (word(), word(), btree_map(word(), 0.0..1.0, 0..3)).prop_map(|(name, version, additional)| Alias {
        name,
        version,
        additional,
    });
    let provisioned =
        (word(), any::<u32>(), any::<u32>(), any::<u32>()).prop_map(|(qualifier, requested, available, allocated)| {
            Provisioned { qualifier, requested, available, allocated }
        });
    let invoke_config =
        (word(), option::of(arn())).prop_map(|(qualifier, on_failure)| InvokeConfig { qualifier, on_failure });
    let log_group = (any::<String>(), option::of(any::<String>())).prop_map(|(name, class)| LogGroup { name, class });
    let attributes = (any::<u64>(), any::<u64>(), option::of(arn()))
        .prop_map(|(depth, in_flight, redrive_target)| QueueAttributes { depth, in_flight, redrive_target });
    let state = select(vec![
        HealthState::Ok,
        HealthState::Throttled,
        HealthState::Denied,
        HealthState::Expired,
        HealthState::Unreachable,
        HealthState::Unsupported,
    ]);
    let health = (select(Operation::ALL), state, option::of(any::<String>()), time())
        .prop_map(|(operation, state, detail, since)| Payload::Health(Health { operation, state, detail, since }));
    let usage = (any::<u64>(), any::<u64>(), any::<u64>(), any::<u64>()).prop_map(
        |(requests, metrics_requested, list_requests, live_tail_s)| {
            Payload::Usage(Usage { requests, metrics_requested, list_requests, live_tail_s })
        },
    );
    let state = select(vec![FeedState::Off, FeedState::Running(LogWay::Tail), FeedState::Failing]);
    let feed =
        (state, any::<String>(), 0usize..9, option::of(any::<u64>())).prop_map(|(state, reason, groups, behind_ms)| {
            Payload::LogFeed(LogFeed { state, reason, groups, left: 0, sessions: 1, behind_ms })
        });
    let other = prop_oneof![
        "[0-9]{12}".prop_map(Payload::Account),
        limits,
        // A page lists a function once.
        vec(info(), 0..4).prop_map(|mut page| {
            page.sort_by(|left, right| left.name.cmp(&right.name));
            page.dedup_by(|left, right| left.name == right.name);
            Payload::Functions(page)
        }),
        time().prop_map(Payload::FunctionsComplete),
        (name(), vec(alias, 0..3)).prop_map(|(name, aliases)| Payload::Aliases(name, aliases)),
        (name(), number()).prop_map(|(name, reserved)| Payload::Reserved(name, reserved)),
        (name(), vec(provisioned, 0..3)).prop_map(|(name, configs)| Payload::Provisioned(name, configs)),
        (name(), vec(invoke_config, 0..3)).prop_map(|(name, configs)| Payload::InvokeConfigs(name, configs)),
        (name(), option::of(log_group)).prop_map(|(name, group)| Payload::LogGroup(name, group)),
        vec(event_source(), 0..4).prop_map(Payload::EventSources),
        (arn(), option::of(attributes)).prop_map(|(queue, attributes)| Payload::Queue(queue, attributes)),
        health,
        usage,
        feed,
    ];
    prop_oneof![
        3 => vec(points(), 0..4).prop_map(Fact::Points),
        2 => logs().prop_map(Fact::Logs),
        4 => other.prop_map(Fact::Other),
    ]
}

/// What one source delivers: each answer was read at a time of its own, and holds a series' minute once.
fn observations() -> impl Strategy<Value = Vec<Observation>> {
    // Milliseconds between two reads: most are close together, so that minutes are restated.
    let pause = prop_oneof![4 => 1i64..60_000, 1 => 1i64..9_000_000];
    vec((pause, scope(), fact()), 1..40).prop_map(|facts| {
        let mut at = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let mut number = 0;
        let mut observe = |(pause, scope, fact)| {
            at += TimeDelta::milliseconds(pause);
            number += 1;
            let payload = match fact {
                Fact::Other(payload) => payload,
                Fact::Logs(logs) => Payload::Logs(batch(at, number, logs)),
                Fact::Points(told) => {
                    let mut series = BTreeMap::new();
                    for (subject, metric, statistic, values) in told {
                        let statistics = metric.statistics();
                        let id = SeriesId { subject, metric, statistic: statistics[statistic % statistics.len()] };
                        let point = |(back, value): (i64, f64)| Point { minute: Minute::of(at).plus(-back), value };
                        series.insert(id, values.into_iter().map(point).collect());
                    }
                    Payload::Points(series.into_iter().collect())
                }
            };
            Observation { at, scope, payload }
        };
        facts.into_iter().map(&mut observe).collect()
    })
}

/// `observation` as three pages: the item at each place is on the pages that its mask names, one at least.
fn pages(observation: &Observation, masks: &[u8]) -> Vec<Observation> {
    let on = |page: u32| {
        let mut masks = masks.iter().cycle();
        move || masks.next().is_some_and(|mask| mask & (1 << page) != 0)
    };
    let page = |page: u32| {
        let mut is_on = on(page);
        let payload = match &observation.payload {
            Payload::Points(series) => Payload::Points(
                series
                    .iter()
                    .map(|(id, points)| (id.clone(), points.iter().copied().filter(|_| is_on()).collect()))
                    .collect(),
            ),
            Payload::Functions(infos) => Payload::Functions(infos.iter().filter(|_| is_on()).cloned().collect()),
            other => other.clone(),
        };
        Observation { payload, ..observation.clone() }
    };
    (0..3).map(page).collect()
}

/// Observations, and the same in pages that overlap, some of them twice, in any order.
fn deliveries() -> impl Strategy<Value = (Vec<Observation>, Vec<Observation>)> {
    (observations(), vec(1u8..8, 1..30)).prop_flat_map(|(observed, masks)| {
        let delivered: Vec<Observation> = observed.iter().flat_map(|observation| pages(observation, &masks)).collect();
        let count = delivered.len();
        let again = subsequence(delivered.clone(), 0..=count);
        let shuffled = again.prop_map(move |again| [delivered.clone(), again].concat()).prop_shuffle();
        (Just(observed), shuffled)
    })
}

fn fold(observations: &[Observation]) -> Store {
    let mut store = Store::default();
    for observation in observations {
        store.apply(observation);
    }
    store
}

/// What an observation is about, if the next one about the same takes its place altogether.
fn replaceable(observation: &Observation) -> Option<(Scope, &'static str, String)> {
    let (fact, of) = match &observation.payload {
        Payload::Account(_) => ("account", String::new()),
        Payload::Limits(_) => ("limits", String::new()),
        Payload::EventSources(_) => ("event sources", String::new()),
        Payload::Deployments(_) => ("deployments", String::new()),
        Payload::Aliases(name, _) => ("aliases", name.to_string()),
        Payload::Reserved(name, _) => ("reserved", name.to_string()),
        Payload::Provisioned(name, _) => ("provisioned", name.to_string()),
        Payload::InvokeConfigs(name, _) => ("invoke configs", name.to_string()),
        Payload::LogGroup(name, _) => ("log group", name.to_string()),
        Payload::Health(health) => ("health", health.operation.to_string()),
        Payload::LogFeed(_) => ("log feed", String::new()),
        // Pages, and readings whose history is kept.
        Payload::Functions(_)
        | Payload::FunctionsComplete(_)
        | Payload::Points(_)
        | Payload::Queue(..)
        | Payload::Changed(..)
        | Payload::Logs(_)
        | Payload::Usage(_) => return None,
    };
    Some((observation.scope.clone(), fact, of))
}

fn series_of<'a>(scope: &'a ScopeState, subject: &Subject) -> Option<&'a SeriesSet> {
    match subject {
        Subject::Region => Some(&scope.region),
        Subject::Function(function) => Some(&scope.functions.get(function)?.series),
        Subject::Qualified { function, qualifier } => scope.functions.get(function)?.qualified.get(qualifier),
        Subject::Executed { function, alias, version } => {
            scope.functions.get(function)?.executed.get(&(alias.clone(), version.clone()))
        }
        Subject::Queue(name) => scope.queue_series.get(name),
        Subject::Topic(name) => scope.topic_series.get(name),
        Subject::Mapping(uuid) => scope.mapping_series.get(uuid),
    }
}

/// Each minute's value by its latest read, of the newest [`CAPACITY`] minutes of each series.
fn latest(observations: &[Observation]) -> BTreeMap<(Scope, SeriesId), BTreeMap<Minute, f64>> {
    let mut latest = BTreeMap::<_, BTreeMap<Minute, f64>>::new();
    for observation in observations {
        let Payload::Points(series) = &observation.payload else { continue };
        for (id, points) in series {
            let believed = points.iter().filter(|point| point.minute <= Minute::of(observation.at).plus(2));
            for point in believed {
                let minutes = latest.entry((observation.scope.clone(), id.clone())).or_default();
                minutes.insert(point.minute, point.value);
            }
        }
    }
    for minutes in latest.values_mut() {
        let newest = *minutes.keys().max().unwrap();
        minutes.retain(|minute, _| minute.0 > newest.0 - i64::try_from(CAPACITY).unwrap());
    }
    latest
}

proptest! {
    /// The promise of the store. Let a source deliver answers, no two on one thing read at the same instant (a
    /// source asks about one thing once at a time; the pages of one answer carry the answer's time and agree where
    /// they overlap). Then the state depends only on the set of facts: not on the order of the
    /// observations, nor on how often each arrives, nor on how points and functions are cut into pages.
    #[test]
    fn order_repetition_and_paging_do_not_matter((observed, delivered) in deliveries()) {
        prop_assert_eq!(fold(&observed), fold(&delivered));
    }

    /// Of each minute the latest read is kept, of each series the newest two hours, and nothing else: no value is
    /// made up between points, and a point stamped well after it was read is not believed.
    #[test]
    fn a_series_is_the_latest_read_of_each_minute((observed, delivered) in deliveries()) {
        let store = fold(&delivered);
        for ((scope, id), minutes) in latest(&observed) {
            let set = series_of(&store.scopes[&scope], &id.subject).unwrap();
            let series = set.get(id.metric, id.statistic).unwrap();
            let newest = *minutes.keys().max().unwrap();
            prop_assert_eq!(series.last(), Some(newest));
            for minute in (newest.0 - 400..newest.0 + 10).map(Minute) {
                prop_assert_eq!(series.get(minute), minutes.get(&minute).copied(), "{} {:?}", id, minute);
            }
        }
    }

    /// Of two reads of one fact the later one is kept, and the earlier leaves no trace.
    #[test]
    fn a_later_read_replaces_an_earlier_one((observed, delivered) in deliveries()) {
        let is_replaced = |index: usize| {
            let thing = replaceable(&observed[index]);
            thing.is_some() && observed[index + 1..].iter().any(|later| replaceable(later) == thing)
        };
        let last: Vec<Observation> =
            (0..observed.len()).filter(|index| !is_replaced(*index)).map(|index| observed[index].clone()).collect();
        let store = fold(&delivered);
        prop_assert_eq!(&store, &fold(&last));
        for observation in last {
            let Payload::Reserved(name, reserved) = &observation.payload else { continue };
            let kept = store.scopes[&observation.scope].functions[name].reserved.as_ref().unwrap();
            prop_assert_eq!((kept.at, kept.value), (observation.at, *reserved));
        }
    }

    /// The recording format: one observation a line, and what is read is what was written.
    #[test]
    fn an_observation_survives_a_recording(observed in observations()) {
        for observation in observed {
            let line = serde_json::to_string(&observation).unwrap();
            prop_assert!(!line.contains('\n'));
            let read: Observation = serde_json::from_str(&line).unwrap();
            prop_assert_eq!(read, observation);
        }
    }
}
