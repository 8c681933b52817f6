//! Cuts bytes into lines and JSON documents, wherever the pieces begin and end. It looks at no meaning.

/// A longer JSON document is not one: its first line is taken for a line, and so on.
const LONGEST_DOCUMENT: usize = 64 << 20;

/// A line that is longer is cut here: the rest is a line of its own. CloudWatch Logs takes events of at most 1 MiB.
const LONGEST_LINE: usize = 2 << 20;

/// A piece of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record<'a> {
    /// A line without its end. What is no UTF-8 in it is replaced.
    Line(&'a str),
    /// From an opening brace at the begin of a line to the brace that closes it.
    Document(&'a str),
}

/// The input so far that is not cut yet.
#[derive(Debug, Default)]
pub struct Records {
    pending: Vec<u8>,
    /// How much of it has been looked at, and with what result.
    scanned: Scan,
}

/// How far a JSON document at the begin of the input has been followed.
#[derive(Clone, Copy, Debug, Default)]
struct Scan {
    /// Bytes looked at.
    bytes: usize,
    /// Braces and brackets that are open.
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl Records {
    /// Takes in more bytes, and hands out what is complete.
    pub fn push(&mut self, bytes: &[u8], mut record: impl FnMut(Record)) {
        self.pending.extend_from_slice(bytes);
        self.cut(false, &mut record);
    }

    /// Hands out what is left: there is no more.
    pub fn finish(&mut self, mut record: impl FnMut(Record)) {
        self.cut(true, &mut record);
        self.pending.clear();
        self.scanned = Scan::default();
    }

    fn cut(&mut self, ended: bool, record: &mut impl FnMut(Record)) {
        let mut from = 0;
        while from < self.pending.len() {
            let rest = &self.pending[from..];
            let mut taken = None;
            if rest[0] == b'{' {
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

fn line(bytes: &[u8], record: &mut impl FnMut(Record)) {
    let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    if !bytes.is_empty() {
        record(Record::Line(&String::from_utf8_lossy(bytes)));
    }
}

/// How far a document goes.
enum Followed {
    /// So many bytes.
    Closed(usize),
    /// Beyond what is there.
    Open,
    /// It is none: a string goes over the end of a line, or the next line is something else.
    Broken,
}

impl Scan {
    /// Goes on where it stopped.
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
    fn lines_and_documents_are_told_apart() {
        let cases: [(&str, &[&str]); 9] = [
            ("", &[]),
            ("a\nb\r\n\nc", &["line a", "line b", "line c"]),
            ("{\"a\":1}\n{\"b\":2}", &["document {\"a\":1}", "document {\"b\":2}"]),
            ("{\"a\":1}{\"b\":2}", &["document {\"a\":1}", "document {\"b\":2}"]),
            ("{\n  \"a\": [\n 1]\n}\nx", &["document {\n  \"a\": [\n 1]\n}", "line x"]),
            ("{\"a\":\"}{\\\"\"}\n", &["document {\"a\":\"}{\\\"\"}"]),
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
    fn what_is_complete_does_not_wait_for_more() {
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
        fn where_the_pieces_end_does_not_matter(
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
