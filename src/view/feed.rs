//! How log events come in, in words of several lengths. Pure; the feed itself says why.

use super::meaning::Meaning;
use super::units;
use crate::analysis::live::ScopeLive;
use lambda_model::log::{FeedState, LogFeed, LogWay};
use lambda_model::text;

/// Being behind is shown from this delay on, ms: Live Tail brings an update a second, and polling takes a few.
const BEHIND_MS: u64 = 10_000;
/// Columns of a reason in a line that says other things too.
const REASON: usize = 48;

/// What the feed does, in a few words.
pub(crate) fn state(feed: &LogFeed) -> (&'static str, Meaning) {
    match feed.state {
        FeedState::Off => ("off", Meaning::Muted),
        FeedState::Starting => ("starting", Meaning::Muted),
        FeedState::Running(LogWay::Tail) => ("tail", Meaning::Ok),
        FeedState::Running(LogWay::Poll) => ("polling", Meaning::Ok),
        FeedState::Running(LogWay::Kinesis) => ("Kinesis", Meaning::Ok),
        FeedState::Running(LogWay::File) => ("file", Meaning::Ok),
        FeedState::Idle => ("idle", Meaning::Warning),
        FeedState::Failing => ("failing", Meaning::Critical),
        FeedState::Ended => ("ended", Meaning::Muted),
        FeedState::Unread => ("not understood", Meaning::Critical),
    }
}

/// How much the feed reads: `3 sessions, 24 of 26 groups`; empty where it reads nothing.
pub(crate) fn extent(feed: &LogFeed) -> String {
    let mut parts = Vec::new();
    let things = match feed.state {
        FeedState::Running(LogWay::Tail) => "session",
        FeedState::Running(LogWay::Kinesis) => "shard",
        _ => "",
    };
    if !things.is_empty() {
        parts.push(several(feed.sessions, things));
    }
    match (feed.groups, feed.left) {
        (0, 0) => {}
        (read, 0) => parts.push(several(read, "group")),
        (read, left) => parts.push(format!("{read} of {} groups", read + left)),
    }
    if matches!(feed.state, FeedState::Running(_)) { parts.join(", ") } else { String::new() }
}

fn several(count: usize, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}

/// What is wrong with what comes in: that it is late, that some of it was dropped.
pub(crate) fn trouble(live: &ScopeLive) -> Option<String> {
    let behind = live.feed.as_ref().and_then(|feed| feed.behind_ms).filter(|behind| *behind >= BEHIND_MS);
    let behind = behind.map(|behind| format!("{} behind", units::milliseconds(behind as f64)));
    let dropped = (live.dropped > 0).then(|| format!("{} dropped", units::count(live.dropped as f64)));
    let parts: Vec<String> = behind.into_iter().chain(dropped).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// What to say in a line, the longest first: the first that fits is shown. Empty where nothing is known.
pub(crate) fn lines(live: &ScopeLive) -> Vec<Vec<(String, Meaning)>> {
    let Some(feed) = &live.feed else { return Vec::new() };
    let (word, meaning) = state(feed);
    let (extent, trouble) = (extent(feed), trouble(live));
    // Live Tail is what is hoped for: that needs no reason.
    let explains = !matches!(feed.state, FeedState::Running(LogWay::Tail)) && !feed.reason.is_empty();
    let reason = explains.then(|| format!(" ({})", text::fit(&feed.reason, REASON)));
    let groups = match (feed.groups, feed.left) {
        (0, 0) => String::new(),
        _ if extent.is_empty() => String::new(),
        (read, 0) => format!(" {read}"),
        (read, left) => format!(" {read}/{}", read + left),
    };
    let worded = |extent: String, reason: Option<&String>| {
        let mut words = vec![(word.to_string(), meaning)];
        if feed.state == FeedState::Idle {
            words.push((": press any key".to_string(), meaning));
        }
        if !extent.is_empty() {
            words.push((extent, Meaning::Muted));
        }
        if let Some(trouble) = &trouble {
            words.push((format!(", {trouble}"), Meaning::Warning));
        }
        words.extend(reason.map(|reason| (reason.clone(), Meaning::Muted)));
        words
    };
    let long = if extent.is_empty() { String::new() } else { format!(" {extent}") };
    let mut lines = vec![worded(long.clone(), reason.as_ref()), worded(long, None), worded(groups, None)];
    lines.dedup();
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live(state: FeedState, groups: usize, left: usize, sessions: usize) -> ScopeLive {
        let reason = "tail denied".to_string();
        ScopeLive {
            feed: Some(LogFeed { state, reason, groups, left, sessions, behind_ms: Some(1_500) }),
            ..ScopeLive::default()
        }
    }

    fn said(live: &ScopeLive) -> Vec<String> {
        lines(live).into_iter().map(|line| line.into_iter().map(|(word, _)| word).collect()).collect()
    }

    #[test]
    fn what_the_feed_does_is_said_at_several_lengths() {
        let cases: [(ScopeLive, &[&str]); 9] = [
            (ScopeLive::default(), &[]),
            (live(FeedState::Running(LogWay::Tail), 24, 2, 3), &["tail 3 sessions, 24 of 26 groups", "tail 24/26"]),
            (live(FeedState::Running(LogWay::Tail), 1, 0, 1), &["tail 1 session, 1 group", "tail 1"]),
            (
                live(FeedState::Running(LogWay::Poll), 5, 0, 0),
                &["polling 5 groups (tail denied)", "polling 5 groups", "polling 5"],
            ),
            (
                live(FeedState::Running(LogWay::Kinesis), 0, 0, 4),
                &["Kinesis 4 shards (tail denied)", "Kinesis 4 shards", "Kinesis"],
            ),
            (live(FeedState::Idle, 0, 0, 0), &["idle: press any key (tail denied)", "idle: press any key"]),
            (live(FeedState::Failing, 3, 3, 0), &["failing (tail denied)", "failing"]),
            (live(FeedState::Off, 0, 0, 0), &["off (tail denied)", "off"]),
            (live(FeedState::Ended, 2, 0, 0), &["ended (tail denied)", "ended"]),
        ];
        for (live, expected) in cases {
            assert_eq!(said(&live), expected, "{:?}", live.feed);
        }
    }

    #[test]
    fn being_behind_and_dropping_are_shown_at_every_length() {
        let mut late = live(FeedState::Running(LogWay::Tail), 2, 0, 1);
        late.dropped = 1_200;
        late.feed.as_mut().unwrap().behind_ms = Some(90_000);
        assert_eq!(
            said(&late),
            ["tail 1 session, 2 groups, 90.0s behind, 1200 dropped", "tail 2, 90.0s behind, 1200 dropped"]
        );
        assert!(lines(&late).iter().flatten().any(|(_, meaning)| *meaning == Meaning::Warning));
    }

    #[test]
    fn a_long_reason_is_cut_and_clean() {
        let mut polling = live(FeedState::Running(LogWay::Poll), 5, 0, 0);
        polling.feed.as_mut().unwrap().reason = format!("denied\u{1b}[2J: {}", "x".repeat(500));
        let longest = &said(&polling)[0];
        assert!(text::width(longest) < 80 && longest.contains("denied\u{FFFD}[2J"), "{longest}");
    }
}
