//! The newest log lines of a function, each once. Snapshots share them with the store. Lines are not parsed here.

use std::sync::Arc;

use chrono::{DateTime, Utc};

/// A log event that is kept for the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When it was written.
    pub at: DateTime<Utc>,
    /// When CloudWatch Logs received it.
    pub ingestion: DateTime<Utc>,
    /// The log stream: the execution environment.
    pub stream: Arc<str>,
    /// The version that ran, where the stream's name contains it.
    pub version: Option<Arc<str>>,
    /// The ID of the request it belongs to: its own, or the one of the line before it in the stream that names one.
    pub request: Option<Arc<str>>,
    /// What kind of line it is.
    pub kind: LineKind,
    /// As it was written, cut at [`Line::LONGEST`] bytes. Line ends and control characters are not removed.
    pub text: Arc<str>,
}

impl Line {
    /// Bytes kept per line.
    pub const LONGEST: usize = 8 * 1024;
}

/// What a kept line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// START, `INIT_START`, `RESTORE_START` and the like: the platform reports that a phase or an invocation begins.
    Begin,
    /// END, REPORT and the like of an invocation that succeeded.
    End,
    /// The platform reports a failure: a timeout, a kill, an error of the init phase.
    Failure,
    /// An application line that reports an error.
    Error,
    /// An application line with a warning.
    Warning,
    /// Any other application line.
    Application,
    /// Any other line of the platform.
    Platform,
}

impl LineKind {
    /// Whether it stays when only errors are shown.
    pub(crate) fn is_error(self) -> bool {
        matches!(self, Self::Failure | Self::Error)
    }
}

/// The newest lines of a function by time, in shared chunks: a copy for a snapshot copies only pointers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lines {
    /// No chunk is empty.
    chunks: Vec<Arc<Vec<Kept>>>,
    len: usize,
    bytes: usize,
    /// Lines up to this instant were dropped.
    floor: Option<DateTime<Utc>>,
    /// How many lines were dropped to make room for newer ones.
    pub dropped: u64,
}

/// A line and what is needed to insert it.
#[derive(Clone, Debug, PartialEq)]
struct Kept {
    /// A hash of the event, which no other line has.
    key: u64,
    line: Line,
    names: Names,
}

/// What a line itself says about the request that its stream works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Names {
    Nothing,
    Request,
    /// The request, which ends with this line.
    Ended,
}

impl Lines {
    /// Lines kept per function. They are dropped by whole chunks.
    pub(crate) const MOST: usize = 5000;
    /// Lines per chunk: what is copied when a line comes in while a snapshot shares the newest chunk.
    const CHUNK: usize = 128;
    /// At most this many lines are searched for one that names the request of another.
    const LOOK: usize = 1000;
    /// Bytes that a line takes beside its text.
    const OVERHEAD: usize = size_of::<Kept>() + 64;

    /// Inserts a line by time, after others of the same millisecond. Returns whether it is new. `key` identifies the
    /// line; `ends` is that its request ends with it. A line that names no request belongs to the one that its stream
    /// works on at that time.
    pub(super) fn insert(&mut self, key: u64, line: Line, ends: bool) -> bool {
        if self.floor.is_some_and(|floor| line.at <= floor) {
            return false;
        }
        let at = line.at;
        let chunk = self.chunks.partition_point(|chunk| chunk.first().is_some_and(|kept| kept.line.at <= at));
        let chunk = chunk.saturating_sub(1);
        let place = self.chunks.get(chunk).map_or(0, |chunk| chunk.partition_point(|kept| kept.line.at <= at));
        if self.before(chunk, place).take_while(|kept| kept.line.at == at).any(|kept| kept.key == key) {
            return false;
        }
        let names = match line.request {
            None => Names::Nothing,
            Some(_) if ends => Names::Ended,
            Some(_) => Names::Request,
        };
        let mut kept = Kept { key, line, names };
        if names == Names::Nothing {
            let mut earlier = self.before(chunk, place).take(Self::LOOK);
            let latest = earlier.find(|other| other.names != Names::Nothing && other.line.stream == kept.line.stream);
            kept.line.request =
                latest.filter(|other| other.names == Names::Request).and_then(|other| other.line.request.clone());
        } else {
            self.name_request_of_followers(chunk, place, &kept);
        }
        self.bytes += kept.bytes();
        self.len += 1;
        self.put(chunk, place, kept);
        if self.len > Self::MOST {
            self.drop_oldest();
        }
        true
    }

    /// The lines before a place, backwards.
    fn before(&self, chunk: usize, place: usize) -> impl Iterator<Item = &Kept> {
        let (earlier, from) = self.chunks.split_at(chunk);
        let here = from.first().map_or(&[][..], |chunk| &chunk[..place]);
        here.iter().rev().chain(earlier.iter().rev().flat_map(|chunk| chunk.iter().rev()))
    }

    /// Gives the request of `kept` to the lines of its stream from a place on, up to the next one that names a request.
    /// They get none when the request ends with `kept`.
    fn name_request_of_followers(&mut self, chunk: usize, place: usize, kept: &Kept) {
        let request = (kept.names == Names::Request).then(|| kept.line.request.clone()).flatten();
        let mut looked = 0;
        let mut from = place;
        for chunk in self.chunks.iter_mut().skip(chunk) {
            for index in from..chunk.len() {
                looked += 1;
                let is_own = chunk[index].line.stream == kept.line.stream;
                if looked > Self::LOOK || (is_own && chunk[index].names != Names::Nothing) {
                    return;
                }
                if is_own && let Some(other) = Arc::make_mut(chunk).get_mut(index) {
                    other.line.request.clone_from(&request);
                }
            }
            from = 0;
        }
    }

    fn put(&mut self, chunk: usize, place: usize, kept: Kept) {
        let is_last = chunk + 1 >= self.chunks.len();
        match self.chunks.get_mut(chunk) {
            Some(last) if is_last && last.len() >= Self::CHUNK && place == last.len() => {
                self.chunks.push(Arc::new(vec![kept]));
            }
            Some(chunk_lines) => {
                let lines = Arc::make_mut(chunk_lines);
                lines.insert(place, kept);
                if lines.len() > Self::CHUNK {
                    let newer = lines.split_off(Self::CHUNK / 2);
                    self.chunks.insert(chunk + 1, Arc::new(newer));
                }
            }
            None => self.chunks.push(Arc::new(vec![kept])),
        }
    }

    /// Drops the oldest chunk. Returns the number of bytes that this frees.
    pub(super) fn drop_oldest(&mut self) -> usize {
        if self.chunks.is_empty() {
            return 0;
        }
        let dropped = self.chunks.remove(0);
        let bytes = dropped.iter().map(Kept::bytes).sum();
        self.bytes -= bytes;
        self.len -= dropped.len();
        self.dropped += dropped.len() as u64;
        self.floor = self.floor.max(dropped.last().map(|kept| kept.line.at));
        bytes
    }

    /// The bytes that all lines take.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// When the oldest line was written.
    pub(super) fn oldest(&self) -> Option<DateTime<Utc>> {
        Some(self.chunks.first()?.first()?.line.at)
    }

    /// The kept lines by time; those of one millisecond in the order in which they came.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Line> {
        self.chunks.iter().flat_map(|chunk| chunk.iter()).map(|kept| &kept.line)
    }

    /// How many lines are kept.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl Kept {
    fn bytes(&self) -> usize {
        Lines::OVERHEAD + self.line.text.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(ms: i64, stream: &str, request: Option<&str>) -> Line {
        Line {
            at: DateTime::from_timestamp_millis(ms).unwrap(),
            ingestion: DateTime::from_timestamp_millis(ms + 700).unwrap(),
            stream: stream.into(),
            version: None,
            request: request.map(Arc::from),
            kind: LineKind::Application,
            text: format!("{ms} {stream}").into(),
        }
    }

    /// START a, a line, REPORT a, a line, START b, a line, and so on, in two streams. Each with its key, and whether
    /// its request ends with it.
    fn written() -> Vec<(u64, Line, bool)> {
        let requests = [Some("a"), None, Some("a"), None, Some("b"), None];
        let numbered = (0i64..).zip(requests.into_iter().cycle()).take(Lines::CHUNK * 3);
        let in_streams = numbered.flat_map(|(place, request)| ["one", "two"].map(|stream| (place, stream, request)));
        let lines = in_streams.map(|(place, stream, request)| (line(place * 10, stream, request), place % 6 == 2));
        (0..).zip(lines).map(|(key, (line, ends))| (key, line, ends)).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn lines_are_sorted_and_get_their_request(shuffled in Just([written(), written()].concat()).prop_shuffle()) {
            let mut lines = Lines::default();
            let new = shuffled.into_iter().filter(|(key, line, ends)| lines.insert(*key, line.clone(), *ends)).count();
            prop_assert_eq!(new, written().len(), "Each once");
            prop_assert_eq!(lines.len(), written().len());
            let mut kept: Vec<Line> = lines.iter().cloned().collect();
            prop_assert!(kept.windows(2).all(|pair| pair[0].at <= pair[1].at));
            kept.sort_by(|one, other| (one.at, &one.stream).cmp(&(other.at, &other.stream)));
            let expected = [Some("a"), Some("a"), Some("a"), None, Some("b"), Some("b")];
            for (line, (_, written, _)) in kept.iter().zip(written()) {
                prop_assert_eq!((&line.at, &line.stream), (&written.at, &written.stream));
                let place = usize::try_from(line.at.timestamp_millis()).unwrap() / 10;
                prop_assert_eq!(line.request.as_deref(), expected[place % 6], "{}", place);
            }
        }
    }

    #[test]
    fn the_oldest_lines_are_dropped_and_not_taken_again() {
        let mut lines = Lines::default();
        for place in (0i64..).take(2 * Lines::MOST) {
            assert!(lines.insert(place.unsigned_abs(), line(place, "one", None), false));
            assert!(lines.len() <= Lines::MOST);
        }
        let shared = lines.clone();
        assert!(lines.len() > Lines::MOST - Lines::CHUNK);
        assert_eq!(lines.dropped as usize, 2 * Lines::MOST - lines.len());
        assert!(!lines.insert(0, line(0, "one", None), false), "It was dropped");
        assert_eq!(lines, shared);
        let oldest = lines.oldest();
        while lines.drop_oldest() > 0 {}
        assert_eq!((lines.bytes(), lines.is_empty()), (0, true));
        assert_eq!(shared.oldest(), oldest, "A snapshot keeps its lines");
    }
}
