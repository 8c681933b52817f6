//! Which call is due for which shard, step by step.

use proptest::prelude::*;

use super::*;

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(second, 0).unwrap()
}

/// A shard from `id` or `id<parent+parent`, with `!` at the end when it is closed.
fn shard(text: &str) -> Shard {
    let closed = text.ends_with('!');
    let (id, parents) = text.trim_end_matches('!').split_once('<').unwrap_or((text.trim_end_matches('!'), ""));
    let parents = parents.split('+').filter(|parent| !parent.is_empty()).map(String::from).collect();
    Shard { id: id.into(), parents, closed }
}

fn list(shards: &mut Shards, listing: &str, second: i64) {
    shards.listed(listing.split_whitespace().map(shard).collect(), at(second));
}

/// The calls that are due, as `id position`. All of them are then under way.
fn due(shards: &mut Shards, second: i64) -> Vec<String> {
    let mut all = Vec::new();
    while let Some((id, step)) = shards.take_due(at(second)) {
        all.push(match step {
            Step::Begin(Position::Since(since)) => format!("{id} since {}", since.timestamp()),
            Step::Begin(Position::After(sequence)) => format!("{id} after {sequence}"),
            Step::Begin(Position::Oldest) => format!("{id} oldest"),
            Step::Read(iterator) => format!("{id} {iterator}"),
        });
    }
    all
}

fn answer(next: Option<&str>, behind_ms: u64) -> Records {
    Records { records: Vec::new(), next: next.map(String::from), behind_ms }
}

/// Shards that are listed at second 100 and read from second 40 on.
fn listed(listing: &str) -> Shards {
    let mut shards = Shards::new(Share::ALL, at(40));
    list(&mut shards, listing, 100);
    shards
}

/// Answers every due call with an iterator.
fn begin(shards: &mut Shards, second: i64) {
    while let Some((id, step)) = shards.take_due(at(second)) {
        assert!(matches!(step, Step::Begin(_)), "{id}");
        shards.began(&id, "i".into(), at(second));
        // The reads that are due now are dropped: only the iterators are needed.
        let read = shards.queue.iter().find(|(_, queued)| *queued == id).cloned().unwrap();
        shards.queue.remove(&read);
    }
}

#[test]
fn open_shards_of_the_first_listing_and_their_parents_are_read() {
    let cases = [
        ("a b", vec!["a since 40", "b since 40"]),
        ("a! b<a c<a", vec!["a since 40", "b since 40", "c since 40"]),
        ("a! b! c<a+b", vec!["a since 40", "b since 40", "c since 40"]),
        ("z! a<z! b<a", vec!["a since 40", "b since 40"]),
        ("a!", vec![]),
        ("b<gone", vec!["b since 40"]),
    ];
    for (listing, expected) in cases {
        assert_eq!(due(&mut listed(listing), 100), expected, "{listing}");
    }
}

#[test]
fn a_new_shard_waits_for_its_parents_and_is_read_from_its_oldest_record() {
    let mut shards = listed("a b");
    begin(&mut shards, 100);
    list(&mut shards, "a! b! c<a+b d<c!", 110);
    assert_eq!(due(&mut shards, 110), [""; 0], "Both parents are being read");
    assert!(shards.read(&"a".into(), &answer(None, 0), at(111)));
    assert_eq!(due(&mut shards, 111), [""; 0]);
    assert!(shards.read(&"b".into(), &answer(None, 0), at(112)));
    assert_eq!(due(&mut shards, 112), ["c oldest"], "Its own child waits for it");
    shards.began(&"c".into(), "i".into(), at(112));
    assert_eq!(due(&mut shards, 112), ["c i"]);
    assert!(shards.read(&"c".into(), &answer(None, 0), at(113)));
    assert_eq!(due(&mut shards, 113), ["d oldest"]);
    assert_eq!(shards.count(), 1);
}

#[test]
fn a_shard_does_not_wait_for_parents_that_are_not_read() {
    // The parent is not in the listing any more, or in another share.
    let mut shards = listed("a");
    due(&mut shards, 100);
    list(&mut shards, "b<a", 110);
    assert_eq!(due(&mut shards, 110), ["b oldest"]);

    let ids: Vec<String> = (0..64).map(|number| format!("shardId-{number:012}")).collect();
    let share = Share { part: 1, of: 2 };
    let (mine, others): (Vec<&String>, Vec<&String>) = ids.iter().partition(|id| is_in(share, id));
    let mut shards = Shards::new(share, at(40));
    list(&mut shards, others[0], 100);
    assert_eq!((due(&mut shards, 100), shards.until()), (vec![], None));
    list(&mut shards, &format!("{} {}<{}", others[0], mine[0], others[0]), 110);
    assert_eq!(due(&mut shards, 110), [format!("{} oldest", mine[0])]);
}

#[test]
fn a_shard_is_due_again_a_second_after_the_last_read_began() {
    let mut shards = listed("a");
    assert_eq!((due(&mut shards, 99), shards.next_due()), (vec![], Some(at(100))));
    assert_eq!(due(&mut shards, 100), ["a since 40"]);
    assert_eq!(shards.next_due(), None, "Its call is under way");
    shards.began(&"a".into(), "i".into(), at(101));
    assert_eq!(due(&mut shards, 101), ["a i"]);
    assert!(!shards.read(&"a".into(), &answer(Some("j"), 7), at(101)));
    assert_eq!((shards.next_due(), shards.behind_ms()), (Some(at(102)), Some(7)));
    assert_eq!(due(&mut shards, 102), ["a j"]);
}

#[test]
fn after_an_expired_iterator_the_next_begins_after_the_last_record() {
    let mut shards = listed("a");
    begin(&mut shards, 100);
    shards.expired(&"a".into(), at(101));
    assert_eq!(due(&mut shards, 101), [""; 0], "Not without a pause");
    assert_eq!(due(&mut shards, 102), ["a since 40"], "No record was read");
    shards.began(&"a".into(), "i".into(), at(101));
    due(&mut shards, 101);
    let record = |sequence: &str| lambda_model::api::Record { sequence: sequence.into(), arrived: None, data: vec![] };
    let records = Records { records: vec![record("7"), record("9")], ..answer(Some("j"), 0) };
    shards.read(&"a".into(), &records, at(102));
    assert_eq!(due(&mut shards, 103), ["a j"]);
    shards.expired(&"a".into(), at(103));
    assert_eq!(due(&mut shards, 104), ["a after 9"]);
}

#[test]
fn pauses_double_up_to_a_minute_and_an_answer_ends_them() {
    let mut shards = listed("a");
    let error = ApiError::Throttled("t".into());
    let mut now = 100;
    let mut pauses = Vec::new();
    for _ in 0..70 {
        assert_eq!(due(&mut shards, now).len(), 1);
        shards.failed(&"a".into(), Operation::GetRecords, error.clone(), at(now));
        let next = shards.next_due().unwrap().timestamp();
        pauses.push(next - now);
        now = next;
    }
    assert_eq!(pauses[..8], [1, 2, 4, 8, 16, 32, 60, 60]);
    assert_eq!(pauses.last(), Some(&60), "It never overflows");
    assert_eq!(shards.failing(Operation::GetRecords), (1, Some(&error)));
    assert_eq!(shards.failing(Operation::GetShardIterator), (0, None));
    due(&mut shards, now);
    shards.began(&"a".into(), "i".into(), at(now));
    assert_eq!(shards.failing(Operation::GetRecords), (0, None));
}

#[test]
fn the_span_ends_where_the_slowest_shard_was_read() {
    let mut shards = listed("a b");
    begin(&mut shards, 100);
    assert_eq!(shards.until(), Some(at(40)));
    shards.read(&"a".into(), &answer(Some("i"), 0), at(101));
    assert_eq!(shards.until(), Some(at(40)), "No answer for b yet");
    shards.read(&"b".into(), &answer(Some("i"), 30_000), at(101));
    assert_eq!((shards.until(), shards.behind_ms()), (Some(at(71)), Some(30_000)));
    shards.read(&"b".into(), &answer(Some("i"), 50_000), at(103));
    assert_eq!(shards.until(), Some(at(71)), "It never goes back");
    shards.read(&"b".into(), &answer(Some("i"), u64::MAX), at(103));
    assert_eq!(shards.until(), Some(at(71)), "An impossible lag is ignored");
}

#[test]
fn when_a_shard_ends_the_span_does_not_grow_until_its_children_are_read() {
    let mut shards = listed("a b");
    begin(&mut shards, 100);
    shards.read(&"a".into(), &answer(Some("i"), 0), at(101));
    shards.read(&"b".into(), &answer(Some("i"), 0), at(101));
    shards.read(&"a".into(), &answer(None, 0), at(102));
    shards.read(&"b".into(), &answer(Some("i"), 0), at(103));
    assert_eq!(shards.until(), Some(at(101)), "Its children are not known");
    list(&mut shards, "a! b c<a d<a", 104);
    shards.read(&"b".into(), &answer(Some("i"), 0), at(104));
    assert_eq!(shards.until(), Some(at(101)), "Its children are not read yet");
    shards.queue.clear();
    for child in ["c", "d"] {
        shards.read(&child.into(), &answer(Some("i"), 0), at(105));
    }
    assert_eq!(shards.until(), Some(at(104)));
}

#[test]
fn answers_for_shards_that_are_not_read_are_ignored() {
    let mut shards = listed("a! b<a");
    begin(&mut shards, 100);
    shards.read(&"a".into(), &answer(None, 0), at(101));
    for id in ["a", "unknown"] {
        shards.began(&id.into(), "i".into(), at(102));
        shards.expired(&id.into(), at(102));
        shards.failed(&id.into(), Operation::GetRecords, ApiError::Unreachable(String::new()), at(102));
        assert!(!shards.read(&id.into(), &answer(None, 0), at(102)));
    }
    assert_eq!((due(&mut shards, 200), shards.failing(Operation::GetRecords)), (vec![], (0, None)));
}

#[test]
fn shares_are_about_equal() {
    for of in [2, 3, 7] {
        for part in 1..=of {
            let count = (0..1000).filter(|number| is_in(Share { part, of }, &format!("shardId-{number:012}"))).count();
            let fair = 1000 / of as usize;
            assert!(count.abs_diff(fair) <= fair / 4, "{part}/{of}: {count}");
        }
    }
}

proptest! {
    #[test]
    fn every_shard_is_in_exactly_one_share(id in any::<String>(), of in 1..50_u32) {
        let parts = (1..=of).filter(|part| is_in(Share { part: *part, of }, &id)).count();
        prop_assert_eq!(parts, 1);
    }
}
