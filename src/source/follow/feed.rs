//! Describes how log events are read and why, in words for the screen. Pure.

use super::Choice;
use super::targets::Standing;
use lambda_model::failure::ApiError;
use lambda_model::log::{FeedState, LogFeed, LogWay};

/// What the description is made from.
#[derive(Debug)]
pub(super) struct Situation<'a> {
    pub(super) choice: &'a Choice,
    /// Following stopped after this many minutes without a key.
    pub(super) idle: Option<i64>,
    /// What is known of each group on screen.
    pub(super) wanted: Vec<Standing>,
    /// Live Tail sessions that are open.
    pub(super) sessions: usize,
    /// How many of them show only some lines.
    pub(super) narrowed: usize,
    /// Groups that are read by sessions.
    pub(super) tailed: usize,
    /// Groups that are polled.
    pub(super) polled: usize,
    /// Whether a poll was answered.
    pub(super) polling: bool,
    /// Why no further session can be opened.
    pub(super) unopened: Option<&'a ApiError>,
    /// Why polls fail.
    pub(super) unanswered: Option<&'a ApiError>,
    /// Which gap could not be read later, and why.
    pub(super) unfilled: Option<&'a str>,
}

/// The feed to report.
pub(super) fn feed(situation: &Situation) -> LogFeed {
    let (state, mut reasons) = situation.state();
    if !situation.wanted.is_empty() {
        reasons.extend(situation.left());
        reasons.extend(situation.unfilled.map(str::to_string));
    }
    let groups = situation.tailed + situation.polled;
    LogFeed {
        state,
        reason: reasons.join("; "),
        groups,
        left: situation.wanted.len().saturating_sub(groups),
        sessions: situation.sessions,
        behind_ms: None,
    }
}

impl Situation<'_> {
    fn state(&self) -> (FeedState, Vec<String>) {
        if let Some(minutes) = self.idle {
            return (FeedState::Idle, vec![format!("stopped after {minutes} minutes without a key")]);
        }
        if self.wanted.is_empty() {
            return (FeedState::Off, vec!["no function is on screen".into()]);
        }
        let unopened = self.unopened.map(|error| failure("Live Tail", error));
        let unanswered = self.unanswered.map(|error| failure("FilterLogEvents", error));
        if self.sessions > 0 {
            let mut reasons = vec!["Live Tail".to_string()];
            if self.narrowed > 0 {
                let sessions = count(self.narrowed, "session shows", "sessions show");
                reasons.push(format!("{sessions} only what the numbers need, because all lines were too many"));
            }
            reasons.extend(unopened);
            if self.polled > 0 {
                reasons.push(format!("{} polled instead", count(self.polled, "group is", "groups are")));
                reasons.extend(unanswered);
            }
            return (FeedState::Running(LogWay::Tail), reasons);
        }
        if self.polled > 0 && self.polling && unanswered.is_none() {
            let reasons = match (self.choice, unopened) {
                (Choice::Poll, _) => vec!["chosen by --logs poll".into()],
                (_, Some(unopened)) => vec![unopened, "polling instead".into()],
                (_, None) => vec!["no Live Tail session is allowed".into(), "polling instead".into()],
            };
            return (FeedState::Running(LogWay::Poll), reasons);
        }
        let reasons: Vec<String> = unopened.into_iter().chain(unanswered).collect();
        let polls_may_work = self.polled > 0 && self.unanswered.is_none();
        if reasons.is_empty() {
            return (FeedState::Starting, vec!["connecting".into()]);
        }
        if polls_may_work {
            return (FeedState::Starting, reasons);
        }
        (FeedState::Failing, reasons)
    }

    /// Why some groups cannot be read.
    fn left(&self) -> Vec<String> {
        let missing = self.wanted.iter().filter(|one| **one == Standing::Missing).count();
        let mut classes: Vec<&str> = self
            .wanted
            .iter()
            .filter_map(|one| match one {
                Standing::OfClass(class) => Some(class.as_str()),
                Standing::Unknown | Standing::Readable | Standing::Missing => None,
            })
            .collect();
        classes.sort_unstable();
        let of_class = classes.chunk_by(|one, next| one == next).map(|same| {
            let groups = count(same.len(), "group is", "groups are");
            format!("{groups} of class {}, which cannot be followed", same.first().copied().unwrap_or_default())
        });
        let missing = (missing > 0).then(|| format!("{} not exist yet", count(missing, "group does", "groups do")));
        missing.into_iter().chain(of_class).collect()
    }
}

fn count(count: usize, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}

/// Why an operation fails, such as `Live Tail is denied: …`.
fn failure(name: &str, error: &ApiError) -> String {
    let (state, detail) = match error {
        ApiError::Throttled(detail) => ("throttled", detail),
        ApiError::Denied(detail) => ("denied", detail),
        ApiError::Expired(detail) => ("denied with these credentials", detail),
        ApiError::NotFound(detail) => ("failing, because a log group does not exist", detail),
        ApiError::Unsupported(detail) => ("not supported here", detail),
        ApiError::Unreachable(detail) => ("not reachable", detail),
    };
    format!("{name} is {state}: {detail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn situation(choice: &Choice) -> Situation<'_> {
        Situation {
            choice,
            idle: None,
            wanted: vec![Standing::Readable; 12],
            sessions: 0,
            narrowed: 0,
            tailed: 0,
            polled: 0,
            polling: false,
            unopened: None,
            unanswered: None,
            unfilled: None,
        }
    }

    #[test]
    fn the_feed_of_each_situation() {
        let denied = ApiError::Denied("AccessDenied: no".into());
        let quota = ApiError::Throttled("LimitExceeded".into());
        let silent = ApiError::Unreachable("no update for 10 s".into());
        let auto = || situation(&Choice::Auto);
        let wanted = vec![
            Standing::Readable,
            Standing::Missing,
            Standing::OfClass("DELIVERY".into()),
            Standing::Missing,
            Standing::OfClass("INFREQUENT_ACCESS".into()),
            Standing::OfClass("DELIVERY".into()),
        ];
        let left = "2 groups do not exist yet; 2 groups are of class DELIVERY, which cannot be followed; 1 group is \
                    of class INFREQUENT_ACCESS, which cannot be followed";
        let (tail, poll) = (FeedState::Running(LogWay::Tail), FeedState::Running(LogWay::Poll));
        // the situation, the state, the reason, groups that are read, groups that are not
        let cases = [
            (auto(), FeedState::Starting, "connecting".into(), 0, 12),
            (Situation { wanted: vec![], ..auto() }, FeedState::Off, "no function is on screen".into(), 0, 0),
            (
                Situation { wanted: vec![], idle: Some(15), unfilled: Some("x"), ..auto() },
                FeedState::Idle,
                "stopped after 15 minutes without a key".into(),
                0,
                0,
            ),
            (Situation { sessions: 2, tailed: 12, ..auto() }, tail, "Live Tail".into(), 12, 0),
            (
                Situation { sessions: 1, tailed: 10, polled: 2, unopened: Some(&quota), ..auto() },
                tail,
                "Live Tail; Live Tail is throttled: LimitExceeded; 2 groups are polled instead".into(),
                12,
                0,
            ),
            (
                Situation { polled: 12, polling: true, unopened: Some(&denied), ..auto() },
                poll,
                "Live Tail is denied: AccessDenied: no; polling instead".into(),
                12,
                0,
            ),
            (
                Situation { polled: 12, unopened: Some(&denied), ..auto() },
                FeedState::Starting,
                "Live Tail is denied: AccessDenied: no".into(),
                12,
                0,
            ),
            (
                Situation { polled: 12, polling: true, unopened: Some(&denied), unanswered: Some(&silent), ..auto() },
                FeedState::Failing,
                "Live Tail is denied: AccessDenied: no; FilterLogEvents is not reachable: no update for 10 s".into(),
                12,
                0,
            ),
            (
                Situation { unopened: Some(&denied), ..situation(&Choice::Tail) },
                FeedState::Failing,
                "Live Tail is denied: AccessDenied: no".into(),
                0,
                12,
            ),
            (
                Situation { polled: 12, polling: true, ..situation(&Choice::Poll) },
                poll,
                "chosen by --logs poll".into(),
                12,
                0,
            ),
            (
                Situation { sessions: 1, tailed: 1, wanted, unfilled: Some("a gap could not be read"), ..auto() },
                tail,
                format!("Live Tail; {left}; a gap could not be read"),
                1,
                5,
            ),
        ];
        for (situation, state, reason, groups, left) in cases {
            let feed = feed(&situation);
            assert_eq!((feed.state, feed.reason.as_str()), (state, reason.as_str()), "{situation:?}");
            assert_eq!((feed.groups, feed.left, feed.sessions), (groups, left, situation.sessions), "{situation:?}");
        }
    }
}
