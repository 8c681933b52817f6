//! Which group is read next, and from when. No calls are made.

use super::*;

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(100_000 + second, 0).unwrap()
}

fn span(turn: &Turn) -> (i64, i64) {
    let second = |time: DateTime<Utc>| time.timestamp() - 100_000;
    (second(turn.reading.query.from), second(turn.reading.query.until))
}

fn polled(names: &[&str]) -> Vec<Polled> {
    names.iter().map(|name| Polled { group: (*name).into(), focus: name.ends_with('!') }).collect()
}

/// Takes the next turn and ends it with `outcome`. Returns the group and the span that were requested.
fn turn(polls: &mut Polls, names: &[&str], second: i64, outcome: &Outcome) -> String {
    let Some(turn) = polls.next(&polled(names), false, at(second)) else { return "nothing".to_string() };
    let (from, until) = span(&turn);
    let requested = format!("{} {from}..{until}", turn.reading.query.group);
    polls.done(turn, outcome, at(second));
    requested
}

fn finished(polls: &mut Polls, names: &[&str], second: i64) -> String {
    turn(polls, names, second, &Outcome::Finished)
}

#[test]
fn a_group_is_read_from_where_the_last_poll_ended_with_an_overlap() {
    let mut polls = Polls::new(5.0);
    assert_eq!(finished(&mut polls, &["a"], 0), "a -60..0", "The last minute at first");
    assert_eq!(finished(&mut polls, &["a"], 1), "nothing", "Not more often than every two seconds");
    assert_eq!(finished(&mut polls, &["a"], 2), "a -30..2");
    assert_eq!(finished(&mut polls, &["a"], 100), "a -28..100");
    assert_eq!(finished(&mut polls, &["a"], 2000), "a 1400..2000", "Nothing older than ten minutes");
    polls.left(&"b".into(), at(1990));
    assert_eq!(finished(&mut polls, &["a", "b"], 2000), "b 1960..2000", "From where a session ended");
}

#[test]
fn every_group_has_a_turn_and_the_open_pane_two() {
    let mut polls = Polls::new(1.0);
    let names = ["a!", "b", "c", "d", "e"];
    let mut count = BTreeMap::<String, usize>::new();
    for second in 0..600 {
        if let Some(turn) = polls.next(&polled(&names), false, at(second)) {
            *count.entry(turn.reading.query.group.to_string()).or_default() += 1;
            polls.done(turn, &Outcome::Finished, at(second));
        }
    }
    let counts: Vec<usize> = count.into_values().collect();
    assert_eq!(counts, [171, 86, 86, 86, 86], "Rounds of seven seconds");
}

#[test]
fn beside_sessions_groups_are_polled_at_a_low_rate() {
    let mut polls = Polls::new(5.0);
    let mut turns = 0;
    for second in 0..100 {
        if let Some(turn) = polls.next(&polled(&["a"]), true, at(second)) {
            polls.done(turn, &Outcome::Finished, at(second));
            turns += 1;
        }
    }
    assert_eq!(turns, 10);
}

#[test]
fn a_gap_is_read_once_when_late_events_are_there() {
    let mut polls = Polls::new(5.0);
    polls.left(&"a".into(), at(0));
    polls.tailed(&"a".into(), at(7));
    assert_eq!(finished(&mut polls, &[], 16), "nothing");
    let turn = polls.next(&[], false, at(17)).unwrap();
    assert_eq!((span(&turn), turn.reading.span), ((-30, 17), (at(0), at(7))));
    assert!(turn.reading.fills && polls.next(&[], false, at(17)).is_none());
    polls.done(turn, &Outcome::Finished, at(18));
    assert_eq!(finished(&mut polls, &[], 100), "nothing", "Only once");
    polls.tailed(&"a".into(), at(200));
    assert_eq!(finished(&mut polls, &[], 300), "nothing", "Nothing was read before: no gap");
    polls.missed(&"a".into(), at(400), at(390));
    assert_eq!(finished(&mut polls, &[], 500), "nothing", "Sessions that overlap leave no gap");
    polls.missed(&"b".into(), at(-9000), at(400));
    assert_eq!(finished(&mut polls, &[], 500), "b -230..410", "Nothing older than ten minutes");
    polls.missed(&"a".into(), at(400), at(410));
    polls.missed(&"a".into(), at(415), at(420));
    assert_eq!(finished(&mut polls, &[], 430), "a 370..430", "Two gaps are read as one");
}

#[test]
fn a_gap_is_tried_again_until_it_is_too_old_or_denied() {
    let unreachable = Outcome::Failed(ApiError::Unreachable("down".into()));
    let denied = Outcome::Failed(ApiError::Denied("no".into()));
    let mut polls = Polls::new(5.0);
    polls.missed(&"a".into(), at(0), at(10));
    assert_eq!(turn(&mut polls, &[], 20, &unreachable), "a -30..20");
    assert_eq!(finished(&mut polls, &[], 24), "nothing");
    assert_eq!(turn(&mut polls, &[], 25, &unreachable), "a -30..20", "Again, five seconds later");
    assert_eq!(polls.unfilled(), None);
    assert_eq!(turn(&mut polls, &[], 611, &unreachable), "a -30..20");
    assert_eq!(polls.unfilled(), Some("a gap of 10 s could not be read: no usable answer: down"), "After ten minutes");
    assert_eq!(finished(&mut polls, &[], 700), "nothing");
    polls.missed(&"a".into(), at(700), at(703));
    assert_eq!(turn(&mut polls, &[], 713, &denied), "a 670..713");
    assert_eq!(polls.unfilled(), Some("a gap of 3 s could not be read: not allowed: no"));
    polls.missed(&"a".into(), at(720), at(721));
    assert_eq!(finished(&mut polls, &[], 740), "a 690..731");
    assert_eq!(polls.unfilled(), None);
}

#[test]
fn an_unfinished_reading_goes_on_with_the_same_query() {
    let throttled = Outcome::Failed(ApiError::Throttled("slow down".into()));
    let unreachable = Outcome::Failed(ApiError::Unreachable("down".into()));
    let mut polls = Polls::new(5.0);
    assert_eq!(turn(&mut polls, &["a"], 0, &Outcome::Unfinished), "a -60..0");
    assert_eq!(turn(&mut polls, &["a", "b"], 1, &throttled), "b -59..1", "The other group first");
    assert_eq!(turn(&mut polls, &["a", "b"], 2, &Outcome::Unfinished), "a -60..0");
    assert_eq!(finished(&mut polls, &["a", "b"], 2), "b -59..1");
    assert_eq!(turn(&mut polls, &["a", "b"], 3, &unreachable), "a -60..0");
    assert_eq!(finished(&mut polls, &["a"], 5), "a -55..5", "A new query");
}

#[test]
fn turns_at_the_same_time_are_limited_and_of_different_groups() {
    let mut polls = Polls::new(5.0);
    let names = ["a", "b", "c", "d", "e"];
    let turns: Vec<Turn> = std::iter::from_fn(|| polls.next(&polled(&names), false, at(0))).collect();
    let groups: Vec<&str> = turns.iter().map(|turn| &*turn.reading.query.group).collect();
    assert_eq!(groups, ["a", "b", "c", "d"]);
    polls.lost("b");
    assert_eq!(finished(&mut polls, &names, 0), "e -60..0");
    assert_eq!(finished(&mut polls, &names, 2), "b -58..2", "A lost turn is taken again");
}

#[test]
fn unwanted_groups_are_forgotten_after_ten_minutes() {
    let mut polls = Polls::new(5.0);
    assert_eq!(finished(&mut polls, &["a", "b"], 0), "a -60..0");
    assert_eq!(finished(&mut polls, &["a", "b"], 0), "b -60..0");
    for (second, groups) in [(600, 2), (601, 1)] {
        polls.retain(|group| **group == *"a", at(second));
        assert_eq!(polls.readers.len(), groups, "after {second} s");
    }
    assert!(polls.knows("a") && !polls.knows("b"));
}

#[test]
fn the_rate_is_half_of_the_regions_quota() {
    for (region, quota) in [("us-east-1", 25.0), ("eu-central-1", 5.0), ("ap-northeast-1", 10.0), ("elsewhere", 10.0)] {
        assert!((rate(region) * 2.0 - quota).abs() < 1e-9, "{region}");
    }
}
