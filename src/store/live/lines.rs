//! The newest log lines of a function, each once: a ring that a snapshot shares with the store. It reads no line.

use std::sync::Arc;

use chrono::{DateTime, Utc};

/// A log event that is kept for the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When it was written.
    pub at: DateTime<Utc>,
    /// When CloudWatch Logs got it.
    pub ingestion: DateTime<Utc>,
    /// The log stream: the execution environment.
    pub stream: Arc<str>,
    /// The version that ran, where the stream's name tells.
    pub version: Option<Arc<str>>,
    /// The request it belongs to, where it says so or where the stream's last START tells.
    pub request: Option<Arc<str>>,
    /// What kind of line it is.
    pub kind: LineKind,
    /// As it was written, cut at [`Line::LONGEST`] bytes; line ends and control characters are still in it.
    pub text: Arc<str>,
}

impl Line {
    /// Bytes of a line that are kept.
    pub(crate) const LONGEST: usize = 8 * 1024;
}

/// What a kept line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// START, `INIT_START`, `RESTORE_START` and the like: the platform says that something begins.
    Begin,
    /// END, REPORT and the like of an invocation that went well.
    End,
    /// The platform tells of a failure: a timeout, a kill, an error of the init phase.
    Failure,
    /// An application line that tells of an error.
    Error,
    /// An application line that warns.
    Warning,
    /// Any other application line.
    Said,
    /// Any other line of the platform.
    Platform,
}

impl LineKind {
    /// Whether it stays when only errors are shown.
    pub(crate) fn is_error(self) -> bool {
        matches!(self, Self::Failure | Self::Error)
    }
}

/// The newest lines of a function by time, in chunks: to share them is to copy some pointers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lines {
    /// None is empty.
    chunks: Vec<Arc<Vec<Kept>>>,
    len: usize,
    bytes: usize,
    /// What was written up to here has gone.
    floor: Option<DateTime<Utc>>,
    /// Lines that were dropped, because newer ones needed their room.
    pub dropped: u64,
}

/// A line and what is needed to put it in its place.
#[derive(Clone, Debug, PartialEq)]
struct Kept {
    /// Tells it from every other line: a hash of all that it says.
    key: u64,
    line: Line,
    tells: Tells,
}

/// What a line says about the request that its stream works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tells {
    Nothing,
    Request,
    /// The request, and that it is over.
    Over,
}

impl Lines {
    /// Lines that are kept of a function, give or take a chunk.
    pub(crate) const MOST: usize = 5000;
    /// Lines of a chunk: what is copied when a line comes in while a snapshot shares the last chunk.
    const CHUNK: usize = 128;
    /// As many lines are looked at, at most, for one that tells the request of another.
    const LOOK: usize = 1000;
    /// What a line takes beside its text.
    const OVERHEAD: usize = size_of::<Kept>() + 64;

    /// Puts a line in its place by time, after others of the same millisecond; tells whether it is new. `key` tells
    /// it from every other line. A line that tells no request belongs to the one its stream works on then.
    pub(super) fn insert(&mut self, key: u64, line: Line, is_over: bool) -> bool {
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
        let tells = match line.request {
            None => Tells::Nothing,
            Some(_) if is_over => Tells::Over,
            Some(_) => Tells::Request,
        };
        let mut kept = Kept { key, line, tells };
        if tells == Tells::Nothing {
            let mut earlier = self.before(chunk, place).take(Self::LOOK);
            let told = earlier.find(|other| other.tells != Tells::Nothing && other.line.stream == kept.line.stream);
            kept.line.request =
                told.filter(|told| told.tells == Tells::Request).and_then(|told| told.line.request.clone());
        } else {
            self.tell_followers(chunk, place, &kept);
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

    /// Lines from a place on that tell no request, up to the next of the stream that does, belong to what `kept` tells.
    fn tell_followers(&mut self, chunk: usize, place: usize, kept: &Kept) {
        let request = (kept.tells == Tells::Request).then(|| kept.line.request.clone()).flatten();
        let mut looked = 0;
        let mut from = place;
        for chunk in self.chunks.iter_mut().skip(chunk) {
            for index in from..chunk.len() {
                looked += 1;
                let is_own = chunk[index].line.stream == kept.line.stream;
                if looked > Self::LOOK || (is_own && chunk[index].tells != Tells::Nothing) {
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

    /// Drops the oldest chunk; tells how many bytes that frees.
    pub(super) fn drop_oldest(&mut self) -> usize {
        if self.chunks.is_empty() {
            return 0;
        }
        let gone = self.chunks.remove(0);
        let bytes = gone.iter().map(Kept::bytes).sum();
        self.bytes -= bytes;
        self.len -= gone.len();
        self.dropped += gone.len() as u64;
        self.floor = self.floor.max(gone.last().map(|kept| kept.line.at));
        bytes
    }

    /// What all of it takes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// When the oldest line was written.
    pub(super) fn oldest(&self) -> Option<DateTime<Utc>> {
        Some(self.chunks.first()?.first()?.line.at)
    }

    /// The lines kept, by time; those of one millisecond in the order in which they came.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Line> {
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
            kind: LineKind::Said,
            text: format!("{ms} {stream}").into(),
        }
    }

    /// START a, a line, REPORT a, a line, START b, a line, in two streams at a time.
    fn told() -> Vec<(u64, Line, bool)> {
        let requests = [Some("a"), None, Some("a"), None, Some("b"), None];
        let numbered = (0i64..).zip(requests.into_iter().cycle()).take(Lines::CHUNK * 3);
        let in_streams = numbered.flat_map(|(place, request)| ["one", "two"].map(|stream| (place, stream, request)));
        let lines = in_streams.map(|(place, stream, request)| (line(place * 10, stream, request), place % 6 == 2));
        (0..).zip(lines).map(|(key, (line, is_over))| (key, line, is_over)).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn lines_find_their_place_and_their_request(shuffled in Just([told(), told()].concat()).prop_shuffle()) {
            let mut lines = Lines::default();
            let news = shuffled.into_iter().filter(|(key, line, over)| lines.insert(*key, line.clone(), *over)).count();
            prop_assert_eq!(news, told().len(), "each once");
            prop_assert_eq!(lines.len(), told().len());
            let mut kept: Vec<Line> = lines.iter().cloned().collect();
            prop_assert!(kept.windows(2).all(|pair| pair[0].at <= pair[1].at));
            kept.sort_by(|one, other| (one.at, &one.stream).cmp(&(other.at, &other.stream)));
            let expected = [Some("a"), Some("a"), Some("a"), None, Some("b"), Some("b")];
            for (line, (_, told, _)) in kept.iter().zip(told()) {
                prop_assert_eq!((&line.at, &line.stream), (&told.at, &told.stream));
                let place = usize::try_from(line.at.timestamp_millis()).unwrap() / 10;
                prop_assert_eq!(line.request.as_deref(), expected[place % 6], "{}", place);
            }
        }
    }

    #[test]
    fn the_oldest_make_room_and_stay_away() {
        let mut lines = Lines::default();
        for place in (0i64..).take(2 * Lines::MOST) {
            assert!(lines.insert(place.unsigned_abs(), line(place, "one", None), false));
            assert!(lines.len() <= Lines::MOST);
        }
        let shared = lines.clone();
        assert!(lines.len() > Lines::MOST - Lines::CHUNK);
        assert_eq!(lines.dropped as usize, 2 * Lines::MOST - lines.len());
        assert!(!lines.insert(0, line(0, "one", None), false), "it was there and has gone");
        assert_eq!(lines, shared);
        let oldest = lines.oldest();
        while lines.drop_oldest() > 0 {}
        assert_eq!((lines.bytes(), lines.is_empty()), (0, true));
        assert_eq!(shared.oldest(), oldest, "a snapshot keeps what it has");
    }
}
