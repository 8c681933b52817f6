//! Cuts bytes into lines and JSON documents, however they are split into pieces. It does not interpret them.

/// The longest JSON document; a longer one is read as lines.
const LONGEST_DOCUMENT: usize = 64 << 20;

/// The longest line; a longer one is cut into several. CloudWatch Logs accepts events of at most 1 MiB.
const LONGEST_LINE: usize = 2 << 20;

/// A piece of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record<'a> {
    /// A line without its line break. Invalid UTF-8 is replaced.
    Line(&'a str),
    /// From an opening brace, or the bracket of a list of objects, at the beginning of a line to the one that closes it.
    Document(&'a str),
}

/// The input that is not cut yet.
#[derive(Debug, Default)]
pub struct Records {
    pending: Vec<u8>,
    /// How much of it has been scanned, and the state of the scan.
    scanned: Scan,
    /// Whether the beginning of the input has been looked at.
    begun: bool,
}

/// The byte order mark of UTF-8, which some editors write at the beginning of a file.
const BYTE_ORDER_MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];

/// The scan of a JSON document at the beginning of the input.
#[derive(Clone, Copy, Debug, Default)]
struct Scan {
    /// Bytes scanned.
    bytes: usize,
    /// Open braces and brackets.
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl Records {
    /// Adds bytes and returns the complete records.
    pub fn push(&mut self, bytes: &[u8], mut record: impl FnMut(Record)) {
        self.pending.extend_from_slice(bytes);
        self.cut(false, &mut record);
    }

    /// Returns the rest, at the end of the input.
    pub fn finish(&mut self, mut record: impl FnMut(Record)) {
        self.cut(true, &mut record);
        *self = Self::default();
    }

    fn cut(&mut self, ended: bool, record: &mut impl FnMut(Record)) {
        let mut from = 0;
        if !self.begun {
            if self.pending.len() < BYTE_ORDER_MARK.len() && BYTE_ORDER_MARK.starts_with(&self.pending) && !ended {
                return;
            }
            self.begun = true;
            from = if self.pending.starts_with(&BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        }
        while from < self.pending.len() {
            let rest = &self.pending[from..];
            let mut taken = None;
            let opens = match rest[0] {
                b'{' => Some(true),
                b'[' => opens_list(rest),
                _ => Some(false),
            };
            if opens.is_none() && !ended && rest.len() < LONGEST_DOCUMENT {
                break;
            }
            if opens == Some(true) {
                match self.scanned.follow(rest) {
                    Followed::Closed(length) => {
                        record(Record::Document(&String::from_utf8_lossy(&rest[..length])));
                        taken = Some(length + usize::from(rest.get(length) == Some(&b'\n')));
                    }
                    Followed::Open if !ended && rest.len() < LONGEST_DOCUMENT => break,
                    Followed::Open | Followed::Broken => {}
                }
            }
            let taken = match taken {
                Some(taken) => taken,
                None => match rest.iter().take(LONGEST_LINE).position(|byte| *byte == b'\n') {
                    Some(end) => {
                        line(&rest[..end], record);
                        end + 1
                    }
                    None if rest.len() >= LONGEST_LINE => {
                        line(&rest[..LONGEST_LINE], record);
                        LONGEST_LINE
                    }
                    None if ended => {
                        line(rest, record);
                        rest.len()
                    }
                    None => break,
                },
            };
            from += taken;
            self.scanned = Scan::default();
        }
        self.pending.drain(..from);
    }
}

/// Whether a bracket opens a list of objects or of lists, as exports are; `[ERROR]` does not. `None` if that is not known.
fn opens_list(bytes: &[u8]) -> Option<bool> {
    let next = bytes[1..].iter().find(|byte| !byte.is_ascii_whitespace())?;
    Some(matches!(next, b'{' | b'['))
}

fn line(bytes: &[u8], record: &mut impl FnMut(Record)) {
    let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    if !bytes.is_empty() {
        record(Record::Line(&String::from_utf8_lossy(bytes)));
    }
}

/// Where a document ends.
enum Followed {
    /// After this many bytes.
    Closed(usize),
    /// Not within the bytes so far.
    Open,
    /// It is no document: a string crosses the end of a line, or the next line cannot belong to it.
    Broken,
}

impl Scan {
    /// Continues the scan.
    fn follow(&mut self, bytes: &[u8]) -> Followed {
        while let Some(byte) = bytes.get(self.bytes) {
            self.bytes += 1;
            if self.in_string {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.in_string = false,
                    b'\n' => return Followed::Broken,
                    _ => {}
                }
                continue;
            }
            // A document over several lines is indented, or its parts begin as such.
            let begins_line = self.bytes > 1 && bytes[self.bytes - 2] == b'\n';
            if begins_line && !matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'"' | b'{' | b'}' | b'[' | b']') {
                return Followed::Broken;
            }
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return Followed::Closed(self.bytes);
                    }
                }
                _ => {}
            }
        }
        Followed::Open
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(pieces: &[&[u8]]) -> Vec<String> {
        let mut records = Records::default();
        let mut found = Vec::new();
        let mut note = |record: Record| {
            found.push(match record {
                Record::Line(line) => format!("line {line}"),
                Record::Document(document) => format!("document {document}"),
            });
        };
        for piece in pieces {
            records.push(piece, &mut note);
        }
        records.finish(&mut note);
        found
    }

    #[test]
    fn lines_and_documents_are_distinguished() {
        let cases: [(&str, &[&str]); 13] = [
            ("", &[]),
            ("a\nb\r\n\nc", &["line a", "line b", "line c"]),
            ("{\"a\":1}\n{\"b\":2}", &["document {\"a\":1}", "document {\"b\":2}"]),
            ("{\"a\":1}{\"b\":2}", &["document {\"a\":1}", "document {\"b\":2}"]),
            ("{\n  \"a\": [\n 1]\n}\nx", &["document {\n  \"a\": [\n 1]\n}", "line x"]),
            ("{\"a\":\"}{\\\"\"}\n", &["document {\"a\":\"}{\\\"\"}"]),
            ("[\n {\"a\":1},\n {}\n]\nx", &["document [\n {\"a\":1},\n {}\n]", "line x"]),
            ("[[{\"a\":1}]]\n[ERROR] x", &["document [[{\"a\":1}]]", "line [ERROR] x"]),
            ("\u{FEFF}{\"a\":1}", &["document {\"a\":1}"]),
            ("[", &["line ["]),
            ("x {not json}\n", &["line x {not json}"]),
            ("{\"never closed\nSTART x", &["line {\"never closed", "line START x"]),
            ("{never closed\nSTART x\n", &["line {never closed", "line START x"]),
        ];
        for (text, expected) in cases {
            assert_eq!(cut(&[text.as_bytes()]), expected, "{text}");
        }
        assert_eq!(cut(&[b"a\xFFb\n"]), ["line a\u{FFFD}b"]);
    }

    #[test]
    fn complete_records_are_returned_at_once() {
        let mut records = Records::default();
        let mut found = Vec::new();
        records.push(b"one\n{\"two\":2}{broken\nthree\nfou", |record| found.push(format!("{record:?}")));
        assert_eq!(found.len(), 4, "{found:?}");
    }

    #[test]
    fn an_endless_line_is_cut() {
        let long = vec![b'x'; LONGEST_LINE + 5];
        let lengths: Vec<_> = cut(&[&long]).iter().map(String::len).collect();
        assert_eq!(lengths, [LONGEST_LINE + 5, 10]);
    }

    proptest! {
        #[test]
        fn piece_boundaries_do_not_matter(
            text in "[ab{}\"\\\\\\n\\[\\]]{0,60}",
            at in proptest::collection::vec(0_usize..60, 0..4),
        ) {
            let bytes = text.as_bytes();
            let mut cuts: Vec<usize> = at.into_iter().map(|at| at.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            prop_assert_eq!(cut(&pieces), cut(&[bytes]));
        }
    }
}
