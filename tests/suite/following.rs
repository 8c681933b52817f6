//! Following logs as a whole, against a scripted Region and the simulated one, in simulated time.

mod followed;
mod region;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use lambda_model::api::TailEnd;
use lambda_model::failure::{ApiError, HealthState};
use lambda_model::log::{FeedState, LeftOut, LogWay};
use lambda_model::observation::{Observation, Payload};
use lambda_model::operation::Operation;
use lambda_model::time::Clock;
use lambda_model::{FunctionId, Scope};
use lamtop::source::directory::{Directory, LogPlace};
use lamtop::source::follow::{Choice, Plan};

use followed::{Following, assert_delivered, denied, directory, group, name, plan};
use region::{Fate, Region, arrivals, start};

#[tokio::test(start_paused = true)]
async fn what_is_on_screen_is_tailed() {
    let (region, mut following) = Following::start(plan(Choice::Auto), 0..12);
    following.run(60).await;
    let (opened, now) = (region.script().sessions[1].0, following.clock.now() - TimeDelta::seconds(2));
    for index in 0..12 {
        let (group, told) = (group(index), following.delivered(&group(index)));
        assert_eq!(following.holes(&group, opened, now), [], "{group}");
        assert_delivered(&told, &arrivals(&group, opened, now));
        assert!(told.values().all(|count| *count == 1), "{group}");
        let known = following.seen.iter().filter_map(|one| match &one.payload {
            Payload::LogGroup(function, Some(found)) if *function == name(index) => Some(found.name.clone()),
            _ => None,
        });
        assert_eq!(known.collect::<Vec<_>>(), [group]);
    }
    let feed = following.feed();
    assert_eq!((feed.state, feed.groups, feed.left, feed.sessions), (FeedState::Running(LogWay::Tail), 12, 0, 2));
    assert_eq!(feed.reason, "Live Tail");
    assert_eq!(following.feeds().first().unwrap().state, FeedState::Starting);
    assert_eq!(following.by(LogWay::Poll), 0);
    let script = region.script();
    let calls = [Operation::DescribeLogGroups, Operation::StartLiveTail, Operation::FilterLogEvents]
        .map(|operation| (script.calls_of(operation).len(), following.health(operation)));
    assert_eq!(calls, [(12, Some(HealthState::Ok)), (2, Some(HealthState::Ok)), (0, None)]);
    let usage = following.usage();
    let open: i64 = script.sessions.iter().map(|(from, _)| (following.clock.now() - *from).num_seconds()).sum();
    assert_eq!(usage.requests, 14);
    assert!((open - 22..=open).contains(&i64::try_from(usage.live_tail_s).unwrap()), "{usage:?} of {open}");
    let groups: Vec<_> = script.calls_of(Operation::DescribeLogGroups).iter().map(|call| call.at).collect();
    assert!(groups.is_sorted_by(|one, next| *next - *one >= TimeDelta::milliseconds(199)), "five a second");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_started_when_nothing_is_on_screen() {
    let (region, mut following) = Following::start(plan(Choice::Auto), []);
    following.demand.send_modify(|demand| {
        let elsewhere = Scope::new(Some("prod"), "eu-west-1");
        demand.visible = vec![FunctionId { scope: elsewhere, name: name(0) }];
    });
    following.run(60).await;
    assert_eq!(region.script().calls.len(), 0);
    let feed = following.feed();
    assert_eq!((feed.state, feed.reason.as_str()), (FeedState::Off, "no function is on screen"));
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_tail_is_opened_again_and_the_gap_is_filled_once() {
    let broken = ApiError::Unreachable("reset".into());
    // what happens, whether that is reported as health
    for (fate, ill) in [
        (Fate::Silence, true),
        (Fate::Ends(TailEnd::Failed(broken)), true),
        (Fate::Ends(TailEnd::TimedOut), false),
        (Fate::Panics, true),
    ] {
        for choice in [Choice::Tail, Choice::Auto] {
            let (region, mut following) = Following::start(plan(choice.clone()), 0..3);
            following.run(60).await;
            let opened = region.script().sessions[0].0;
            region.doom(&fate);
            following.run(60).await;
            let now = following.clock.now() - TimeDelta::seconds(2);
            let case = format!("{fate:?} {choice:?}");
            for index in 0..3 {
                let (group, told) = (group(index), following.delivered(&group(index)));
                assert_eq!(following.holes(&group, opened, now), [], "{case} {group}");
                assert_delivered(&told, &arrivals(&group, opened, now));
            }
            assert_eq!((region.open_count(), region.script().sessions.len()), (1, 2), "{case}");
            let silent = (region.script().sessions[1].0 - opened).num_seconds() - 60;
            assert!((-2..16).contains(&silent), "{case}: {silent} s");
            let filled = following.batches().filter(|batch| batch.way == LogWay::Poll && batch.span.is_some());
            if choice == Choice::Tail {
                assert_eq!(filled.count(), 3, "{case}: each group once");
            }
            let feed = following.feed();
            assert_eq!((feed.state, feed.reason.as_str()), (FeedState::Running(LogWay::Tail), "Live Tail"), "{case}");
            let was_ill = following
                .seen
                .iter()
                .any(|one| matches!(&one.payload, Payload::Health(health) if health.state == HealthState::Unreachable));
            assert_eq!(was_ill, ill, "{case}");
            assert_eq!(following.health(Operation::StartLiveTail), Some(HealthState::Ok), "{case}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_gap_that_cannot_be_filled_stays_and_is_reported() {
    let (region, mut following) = Following::start(plan(Choice::Tail), 0..1);
    region.script().refused.insert(Operation::FilterLogEvents, denied());
    following.run(60).await;
    let opened = region.script().sessions[0].0;
    region.doom(&Fate::Silence);
    following.run(60).await;
    let holes = following.holes(&group(0), opened, following.clock.now() - TimeDelta::seconds(2));
    assert_eq!(holes.len(), 1, "{holes:?}");
    let feed = following.feed();
    assert_eq!(feed.state, FeedState::Running(LogWay::Tail));
    assert!(feed.reason.starts_with("Live Tail; a gap of 1"), "{feed:?}");
    assert!(feed.reason.contains("s could not be read: not allowed: AccessDenied"), "{feed:?}");
    assert_eq!(following.health(Operation::FilterLogEvents), Some(HealthState::Denied));
    following.run(700).await;
    assert_eq!(following.feed().reason, "Live Tail", "it is old");
}

#[tokio::test(start_paused = true)]
async fn a_session_is_replaced_before_aws_ends_it() {
    let mut plan = plan(Choice::Auto);
    plan.idle = None;
    let (region, mut following) = Following::start(plan, 3..4);
    following.run(3 * 3600 + 600).await;
    let (most, open) = (region.most_open(), region.open_count());
    let script = region.script();
    let opened = script.sessions[0].0;
    assert_eq!((script.sessions.len(), most, open), (2, 2, 1));
    let (first, last) = (script.sessions[0], script.sessions[1]);
    let overlap = first.1.unwrap() - last.0;
    assert!(overlap > TimeDelta::zero() && overlap < TimeDelta::seconds(3), "{overlap}");
    assert!((174..177).contains(&(last.0 - opened).num_minutes()));
    assert_eq!(script.calls_of(Operation::FilterLogEvents).len(), 0, "there is no gap");
    let now = following.clock.now() - TimeDelta::seconds(2);
    assert_eq!(following.holes(&group(3), opened, now), []);
    assert_delivered(&following.delivered(&group(3)), &arrivals(&group(3), opened, now));
}

#[tokio::test(start_paused = true)]
async fn a_sample_is_said_to_be_one() {
    let (region, mut following) = Following::start(plan(Choice::Auto), 0..1);
    following.run(30).await;
    assert!(following.batches().all(|batch| batch.left_out.is_none()) && following.by(LogWay::Tail) > 20);
    region.script().sampled = true;
    following.forget();
    following.run(30).await;
    let sampled = following.batches().filter(|batch| batch.left_out == Some(LeftOut::Sampled)).count();
    assert!(sampled >= 29, "{sampled}");
}

#[tokio::test(start_paused = true)]
async fn where_tail_does_not_work_groups_are_polled_until_it_does() {
    let cases = [
        (denied(), "Live Tail is denied: AccessDeniedException: no; polling instead"),
        (ApiError::Unsupported("UnknownOperation".into()), "Live Tail is not supported here: UnknownOperation"),
        (ApiError::Throttled("LimitExceeded".into()), "Live Tail is throttled: LimitExceeded; polling instead"),
        (ApiError::Unreachable("no route".into()), "Live Tail is not reachable: no route; polling instead"),
    ];
    for (error, reason) in cases {
        let (region, mut following) = Following::start(plan(Choice::Auto), 0..4);
        region.script().refused.insert(Operation::StartLiveTail, error.clone());
        following.run(60).await;
        let feed = following.feed();
        assert_eq!((feed.state, feed.groups, feed.left), (FeedState::Running(LogWay::Poll), 4, 0), "{error}");
        assert!(feed.reason.starts_with(reason), "{feed:?}");
        assert_eq!(following.health(Operation::StartLiveTail), Some(error.state()));
        let attempts = region.script().calls_of(Operation::StartLiveTail).len();
        assert!((1..7).contains(&attempts), "{attempts} in a minute: {error}");
        region.script().refused.clear();
        let patient = matches!(error, ApiError::Denied(_) | ApiError::Unsupported(_));
        following.run(if patient { 500 } else { 60 }).await;
        assert_eq!(following.feed().sessions, usize::from(!patient), "{error}");
        // A refresh asks at once.
        following.demand.send_modify(|demand| demand.refresh += 1);
        following.run(10).await;
        assert_eq!(following.feed().state, FeedState::Running(LogWay::Tail), "{error}");
        following.run(20).await;
        let polls = region.script().calls_of(Operation::FilterLogEvents).len();
        following.run(60).await;
        assert_eq!(region.script().calls_of(Operation::FilterLogEvents).len(), polls, "tail is enough: {error}");
        let (from, now) = (start() + TimeDelta::seconds(10), following.clock.now() - TimeDelta::seconds(2));
        for index in 0..4 {
            assert_eq!(following.holes(&group(index), from, now), [], "{error}");
            assert_delivered(&following.delivered(&group(index)), &arrivals(&group(index), from, now));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn after_ten_minutes_what_was_denied_is_tried_again() {
    let (region, mut following) = Following::start(plan(Choice::Auto), 0..4);
    region.script().refused.insert(Operation::StartLiveTail, denied());
    following.run(590).await;
    assert_eq!(region.script().calls_of(Operation::StartLiveTail).len(), 1);
    region.script().refused.clear();
    following.run(30).await;
    assert_eq!(following.feed().state, FeedState::Running(LogWay::Tail));
}

#[tokio::test(start_paused = true)]
async fn tail_alone_fails_alone() {
    let (region, mut following) = Following::start(plan(Choice::Tail), 0..4);
    region.script().refused.insert(Operation::StartLiveTail, denied());
    following.run(120).await;
    let feed = following.feed();
    assert_eq!((feed.state, feed.groups, feed.left), (FeedState::Failing, 0, 4));
    assert_eq!(feed.reason, "Live Tail is denied: AccessDeniedException: no");
    assert_eq!(region.script().calls_of(Operation::FilterLogEvents).len(), 0);
}

#[tokio::test(start_paused = true)]
async fn over_quota_the_rest_is_polled() {
    let (region, mut following) = Following::start(plan(Choice::Auto), 0..15);
    region.script().quota = 1;
    following.run(60).await;
    let feed = following.feed();
    assert_eq!((feed.state, feed.groups, feed.sessions), (FeedState::Running(LogWay::Tail), 15, 1));
    let reason = "Live Tail; Live Tail is throttled: LimitExceededException; 5 groups are polled instead";
    assert_eq!(feed.reason, reason);
    let polled = |region: &Region| {
        let script = region.script();
        let calls = script.calls_of(Operation::FilterLogEvents);
        (calls.len(), calls.iter().flat_map(|call| call.groups.clone()).collect::<BTreeSet<_>>().len())
    };
    let (before, groups) = polled(&region);
    assert_eq!(groups, 5);
    following.run(60).await;
    assert!(polled(&region).0 - before <= 70, "at a low rate: two pages of five groups in 10 s");
    region.script().quota = 15;
    following.run(120).await;
    assert_eq!((following.feed().sessions, following.feed().reason.as_str()), (2, "Live Tail"));
    let (from, now) = (start() + TimeDelta::seconds(10), following.clock.now() - TimeDelta::seconds(2));
    for index in 0..15 {
        assert_eq!(following.holes(&group(index), from, now), [], "{index}");
        assert_delivered(&following.delivered(&group(index)), &arrivals(&group(index), from, now));
    }
}

#[tokio::test(start_paused = true)]
async fn over_quota_a_session_makes_room_for_the_one_that_takes_its_place() {
    let (region, mut following) = Following::start(plan(Choice::Tail), 0..10);
    region.script().quota = 1;
    following.run(60).await;
    following.show(1..11);
    following.run(60).await;
    assert_eq!((region.most_open(), following.feed().groups, following.feed().left), (1, 10, 0));
    let (from, now) = (region.script().sessions[0].0, following.clock.now() - TimeDelta::seconds(2));
    assert_eq!(following.holes(&group(5), from, now), []);
    assert_delivered(&following.delivered(&group(5)), &arrivals(&group(5), from, now));
}

#[tokio::test(start_paused = true)]
async fn groups_that_cannot_be_followed_are_reported() {
    for choice in [Choice::Tail, Choice::Poll] {
        let (region, mut following) = Following::start(plan(choice.clone()), 0..4);
        region.script().missing.insert(group(1));
        region.script().classes.insert(group(2), "INFREQUENT_ACCESS".into());
        following.run(60).await;
        let feed = following.feed().clone();
        assert_eq!((feed.groups, feed.left), (2, 2), "{choice:?}");
        let words = "; 1 group does not exist yet; 1 group is of class INFREQUENT_ACCESS, which cannot be followed";
        assert!(feed.reason.ends_with(words), "{feed:?}");
        let none = |one: &Observation| one.payload == Payload::LogGroup(name(1), None);
        assert!(following.seen.iter().any(none), "{choice:?}");
        // Its first invocation makes it.
        region.script().missing.clear();
        following.run(200).await;
        assert_eq!(following.feed().groups, 2, "{choice:?}");
        following.run(120).await;
        assert_eq!((following.feed().groups, following.feed().left), (3, 1), "{choice:?}");
        assert_eq!(following.delivered(&group(2)).len(), 0, "{choice:?}");
        assert!(following.delivered(&group(1)).len() > 20, "{choice:?}");
        assert_eq!(region.script().calls_of(Operation::DescribeLogGroups).len(), 5, "each once, the missing one again");
    }
}

#[tokio::test(start_paused = true)]
async fn groups_that_cannot_be_described_are_followed_all_the_same() {
    let (region, mut following) = Following::start(plan(Choice::Auto), 0..4);
    region.script().refused.insert(Operation::DescribeLogGroups, denied());
    following.run(30).await;
    let feed = following.feed();
    assert_eq!((feed.state, feed.groups), (FeedState::Running(LogWay::Tail), 4));
    // One that does not exist spoils the session; polls tell which it is.
    let (region, mut following) = Following::start(plan(Choice::Auto), 0..4);
    region.script().refused.insert(Operation::DescribeLogGroups, denied());
    region.script().missing.insert(group(2));
    following.run(60).await;
    let feed = following.feed();
    assert_eq!((feed.state, feed.groups, feed.left), (FeedState::Running(LogWay::Tail), 3, 1), "{feed:?}");
    assert_eq!(feed.reason, "Live Tail; 1 group does not exist yet");
}

#[tokio::test(start_paused = true)]
async fn polls_tell_every_event_once_late_ones_and_those_of_many_pages_too() {
    for page in [10_000, 7] {
        let (region, mut following) = Following::start(plan(Choice::Poll), 0..3);
        region.script().page = page;
        following.run(300).await;
        let (from, now) = (start() + TimeDelta::seconds(2), following.clock.now() - TimeDelta::seconds(40));
        for index in 0..3 {
            let (group, told) = (group(index), following.delivered(&group(index)));
            assert_delivered(&told, &arrivals(&group, from, now));
            assert!(told.values().all(|count| *count == 1), "{group}");
            assert_eq!(following.holes(&group, from, now), [], "{group}");
        }
        let feed = following.feed();
        assert_eq!((feed.state, feed.reason.as_str()), (FeedState::Running(LogWay::Poll), "chosen by --logs poll"));
        assert_eq!(region.script().sessions.len(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_that_run_in_a_circle_end() {
    let (region, mut following) = Following::start(plan(Choice::Poll), 0..1);
    region.script().loops = true;
    following.run(100).await;
    let calls = region.script().calls_of(Operation::FilterLogEvents).len();
    assert!((60..=110).contains(&calls), "two pages every two seconds: {calls}");
    let now = following.clock.now() - TimeDelta::seconds(40);
    assert_delivered(&following.delivered(&group(0)), &arrivals(&group(0), start(), now));
}

#[tokio::test(start_paused = true)]
async fn half_of_the_regions_calls_are_left_to_others() {
    for (name, rate) in [("us-east-1", 12.5), ("eu-central-1", 2.5), ("eu-west-1", 5.0)] {
        let (region, mut following) = Following::start_in(name, plan(Choice::Poll), 0..20);
        following.focus(7);
        following.run(100).await;
        region.script().calls.clear();
        following.run(200).await;
        let script = region.script();
        let calls = script.calls_of(Operation::FilterLogEvents);
        assert!((calls.len() as f64 - 200.0 * rate).abs() <= rate * 10.0, "{name}: {}", calls.len());
        for call in &calls {
            let within = |other: &&&region::Call| other.at >= call.at && other.at < call.at + TimeDelta::seconds(2);
            let burst = calls.iter().filter(within).count();
            assert!(burst as f64 <= 2.0 * rate + 1.0, "{name}: {burst} in two seconds");
        }
        let mut of = BTreeMap::<&str, usize>::new();
        for call in &calls {
            *of.entry(call.groups[0].as_str()).or_default() += 1;
        }
        let focus = of.remove(&*group(7)).unwrap() as f64;
        let (least, most) = (*of.values().min().unwrap() as f64, *of.values().max().unwrap() as f64);
        assert_eq!(of.len(), 19, "{name}");
        assert!(least >= 0.7 * most, "{name}: {of:?}");
        // In the largest Region a round is so short that the open pane's two seconds are its floor.
        assert!((1.5..2.4).contains(&(focus / most)), "{name}: {focus} of {most}");
    }
}

#[tokio::test(start_paused = true)]
async fn throttled_polls_slow_down() {
    let (region, mut following) = Following::start(plan(Choice::Poll), 0..3);
    following.run(60).await;
    region.script().refused.insert(Operation::FilterLogEvents, ApiError::Throttled("Rate exceeded".into()));
    region.script().calls.clear();
    following.run(120).await;
    let calls = region.script().calls_of(Operation::FilterLogEvents).len();
    assert!((3..20).contains(&calls), "{calls}");
    let feed = following.feed();
    assert_eq!(feed.state, FeedState::Failing);
    assert_eq!(feed.reason, "FilterLogEvents is throttled: Rate exceeded");
    region.script().refused.clear();
    following.run(120).await;
    let now = following.clock.now() - TimeDelta::seconds(40);
    for index in 0..3 {
        let told = following.delivered(&group(index));
        assert_delivered(&told, &arrivals(&group(index), start() + TimeDelta::seconds(2), now));
        assert!(told.values().all(|count| *count == 1), "{index}");
    }
}

#[tokio::test(start_paused = true)]
async fn scrolling_costs_nothing_and_an_open_pane_does_not_wait() {
    let (region, mut following) = Following::start(plan(Choice::Auto), 0..10);
    following.run(30).await;
    let starts = |region: &Region| region.script().calls_of(Operation::StartLiveTail).len();
    assert_eq!(starts(&region), 1);
    // A page a second.
    for page in 1..6 {
        following.show(page * 10..page * 10 + 10);
        following.run(1).await;
    }
    assert_eq!((starts(&region), region.open_count()), (1, 1), "it is scrolled past");
    // Every row described, and two seconds of calm.
    following.run(15).await;
    assert_eq!((starts(&region), region.open_count()), (2, 1));
    let groups = |region: &Region| region.script().calls_of(Operation::StartLiveTail).last().unwrap().groups.clone();
    assert_eq!(groups(&region), (50..60).map(group).collect::<Vec<_>>());
    // Other rows in other places, all of them read.
    following.show((52..58).rev());
    following.run(30).await;
    assert_eq!(starts(&region), 2);
    following.focus(70);
    following.run(1).await;
    assert_eq!(starts(&region), 3);
    assert!(groups(&region).contains(&group(70)));
    following.run(10).await;
    assert_eq!((region.most_open(), region.open_count()), (2, 2), "it has one to itself");
    following.show([]);
    following.demand.send_modify(|demand| demand.focus = None);
    following.run(10).await;
    assert_eq!((region.open_count(), following.feed().state), (0, FeedState::Off));
}

#[tokio::test(start_paused = true)]
async fn a_screen_that_never_stays_the_same_is_followed_too() {
    let (region, mut following) = Following::start(plan(Choice::Tail), 0..10);
    for second in 0..40 {
        // The last row is another one each second.
        following.show((0..9).chain([10 + second]));
        following.run(1).await;
    }
    let feed = following.feed();
    assert!(feed.groups >= 9, "{feed:?}");
    let starts = region.script().calls_of(Operation::StartLiveTail).len();
    assert!((2..=8).contains(&starts), "{starts}");
    assert!(following.delivered(&group(4)).len() > 50);
}

#[tokio::test(start_paused = true)]
async fn nobody_at_the_keys_stops_it_and_a_key_starts_it_again() {
    let (region, mut following) = Following::start(plan(Choice::Auto), 0..4);
    following.run(890).await;
    assert_eq!(region.open_count(), 1);
    following.run(20).await;
    assert_eq!(region.open_count(), 0);
    let feed = following.feed();
    assert_eq!((feed.state, feed.reason.as_str()), (FeedState::Idle, "stopped after 15 minutes without a key"));
    following.run(20).await;
    let spent = following.usage();
    let calls = region.script().calls.len();
    following.run(600).await;
    assert_eq!((following.usage().live_tail_s, region.script().calls.len()), (spent.live_tail_s, calls));
    let minute = (following.clock.now().timestamp() / 60) * 60;
    following.demand.send_modify(|demand| demand.attended = DateTime::from_timestamp(minute, 0));
    following.run(10).await;
    assert_eq!((region.open_count(), following.feed().state), (1, FeedState::Running(LogWay::Tail)));
}

#[tokio::test(start_paused = true)]
async fn commands_without_a_screen_never_stop() {
    let (region, mut following) = Following::start(Plan { idle: None, ..plan(Choice::Auto) }, 0..4);
    following.run(3600).await;
    assert_eq!((region.open_count(), region.script().sessions.len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn it_ends_when_nobody_listens() {
    for choice in [Choice::Auto, Choice::Poll] {
        let (region, mut following) = Following::start(plan(choice), 0..15);
        following.run(30).await;
        let Following { received, task, demand, .. } = following;
        drop(received);
        tokio::time::timeout(Duration::from_secs(1), task).await.unwrap().unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(region.open_count(), 0);
        let calls = region.script().calls.len();
        tokio::time::sleep(Duration::from_mins(1)).await;
        assert_eq!(region.script().calls.len(), calls);
        drop(demand);
    }
}

#[tokio::test(start_paused = true)]
async fn what_an_engine_that_stands_still_misses_is_counted() {
    let clock = Clock::simulated(start(), 1.0);
    let region = Region::new(clock.clone());
    let places = directory("eu-west-1");
    let mut following = Following::of(region.account(), &clock, "eu-west-1", plan(Choice::Tail), places, 16);
    following.show(0..10);
    following.run(20).await;
    region.script().copies = 1000;
    let opened = region.script().sessions[0].0;
    // 20,000 lines a second that nobody takes.
    tokio::time::sleep(Duration::from_mins(5)).await;
    assert_eq!(region.open_count(), 1, "the tail goes on");
    region.script().copies = 1;
    following.run(30).await;
    assert_eq!(following.holes(&group(3), opened, clock.now() - TimeDelta::seconds(2)), []);
    let dropped: u64 = following
        .batches()
        .filter_map(|batch| match batch.left_out {
            Some(LeftOut::Dropped(count)) => Some(count),
            _ => None,
        })
        .sum();
    let delivered: usize = following.batches().map(|batch| batch.events.len()).sum();
    assert!(dropped > 3_000_000, "{dropped}");
    assert!(delivered < 2_500_000, "{delivered}");
    assert!(delivered as u64 + dropped >= 295 * 20_000, "{delivered} + {dropped}");
}

/// The same minute of the simulated Region, read in both ways.
#[tokio::test(start_paused = true)]
async fn in_the_demo_tail_and_polls_tell_the_same() {
    let mut told = Vec::new();
    for choice in [Choice::Tail, Choice::Poll] {
        let scenario = lambda_simulator::scenario("calm").unwrap();
        let clock = Clock::simulated(scenario.opening(), 20.0);
        let account = lambda_simulator::account(&scenario, 7, clock.clone());
        let functions = account.functions.functions(None).await.unwrap().items;
        let mut places = Directory::default();
        for function in &functions {
            places.insert(function.name.clone(), LogPlace::of(function));
        }
        let region = scenario.region().to_string();
        let mut following = Following::of(account, &clock, &region, plan(choice.clone()), places, 1 << 20);
        let names = functions.iter().map(|function| function.name.clone()).take(4);
        let visible: Vec<_> = names.map(|name| following.id(name)).collect();
        following.demand.send_modify(|demand| demand.visible = visible);
        // 200 simulated seconds.
        following.run(10).await;
        let from = scenario.opening() + TimeDelta::minutes(1);
        let events: BTreeSet<_> = following
            .batches()
            .flat_map(|batch| &batch.events)
            .filter(|event| event.timestamp >= from && event.timestamp < from + TimeDelta::minutes(1))
            .map(|event| (event.timestamp, event.stream.clone(), event.group.clone(), event.message.clone()))
            .collect();
        assert!(events.len() > 100, "{choice:?}: {}", events.len());
        assert!(following.batches().all(|batch| batch.left_out.is_none()), "{choice:?}");
        let way = if choice == Choice::Tail { LogWay::Tail } else { LogWay::Poll };
        assert_eq!(following.feed().state, FeedState::Running(way));
        assert!(following.batches().all(|batch| batch.way == way), "{choice:?}: no gap was filled");
        told.push(events);
    }
    assert_eq!(told[0].symmetric_difference(&told[1]).count(), 0);
}

#[tokio::test(start_paused = true)]
async fn without_following_the_group_of_the_open_pane_is_described_now_and_then() {
    let (region, mut following) = Following::start(plan(Choice::Off), 0..4);
    following.run(30).await;
    assert_eq!(region.script().calls_of(Operation::DescribeLogGroups).len(), 0);
    following.focus(2);
    following.run(250).await;
    let known =
        |one: &Observation| matches!(&one.payload, Payload::LogGroup(function, Some(_)) if *function == name(2));
    assert_eq!(following.seen.iter().filter(|one| known(one)).count(), 1);
    following.run(100).await;
    assert_eq!(region.script().calls_of(Operation::DescribeLogGroups).len(), 2, "every five minutes");
    assert_eq!(following.usage().requests, 2);
}
