//! The common text of errors of one kind: numbers, ids, addresses and paths are masked. It is shown to users, so it stays
//! readable.

use std::fmt;

use super::stream::is_uuid;

/// An error's type and message with numbers, ids, addresses and paths masked; at most [`Fingerprint::LONGEST`] bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(Box<str>);

impl Fingerprint {
    /// Enough to distinguish errors, and no wider than a wide terminal.
    pub(crate) const LONGEST: usize = 160;

    /// The fingerprint of an error. Its type is kept unchanged.
    pub fn of(error_type: Option<&str>, message: &str) -> Self {
        let mut masked = Masked::default();
        if let Some(name) = error_type {
            masked.push(name);
            masked.push(if message.is_empty() { "" } else { ": " });
        }
        for word in message.split_whitespace() {
            if masked.text.len() > Self::LONGEST {
                break;
            }
            if masked.is_begun {
                masked.push(" ");
            }
            masked.is_begun = true;
            mask(word, &mut masked);
        }
        masked.cut()
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The text so far.
#[derive(Default)]
struct Masked {
    text: String,
    /// The message has begun.
    is_begun: bool,
}

impl Masked {
    /// Appends `text` up to the longest fingerprint.
    fn push(&mut self, text: &str) {
        let room = (Fingerprint::LONGEST + 1).saturating_sub(self.text.len());
        self.text.extend(text.chars().take(room));
    }

    fn cut(mut self) -> Fingerprint {
        if self.text.len() > Fingerprint::LONGEST {
            let end = self.text.floor_char_boundary(Fingerprint::LONGEST - '…'.len_utf8());
            self.text.truncate(end);
            self.text.push('…');
        }
        Fingerprint(self.text.into_boxed_str())
    }
}

/// A word of a message: punctuation around it stays, variable parts in it are masked.
fn mask(word: &str, masked: &mut Masked) {
    let is_around = |character: char| "\"'`()[]{}<>,;.:!?=".contains(character);
    let start = word.len() - word.trim_start_matches(is_around).len();
    let (before, rest) = word.split_at(start);
    let (inner, after) = rest.split_at(rest.trim_end_matches(is_around).len());
    masked.push(before);
    match inner {
        "" => {}
        arn if arn.starts_with("arn:") => masked.push("<arn>"),
        path if path.starts_with('/') && path.len() > 1 => masked.push("<path>"),
        address if is_email(address) => masked.push("<email>"),
        inner => match inner.split_once("://") {
            Some((scheme, rest)) => {
                // The host identifies the service; the path varies.
                let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                masked.push(scheme);
                masked.push("://");
                pieces(host, masked);
                masked.push(if path.is_empty() { "" } else { "/<path>" });
            }
            None => pieces(inner, masked),
        },
    }
    masked.push(after);
}

/// The pieces of a word between its punctuation.
fn pieces(word: &str, masked: &mut Masked) {
    if is_uuid(word) {
        return masked.push("<id>");
    }
    let mut rest = word;
    while let Some(first) = rest.chars().next() {
        if first.is_ascii_digit() || first == '-' && rest[1..].starts_with(|next: char| next.is_ascii_digit()) {
            let length = alphanumeric(rest);
            if is_id(&rest[..length]) {
                masked.push("<id>");
                rest = &rest[length..];
                continue;
            }
            masked.push("#");
            rest = rest.trim_start_matches(|letter: char| letter.is_ascii_digit() || ".,:-/+_".contains(letter));
        } else if first.is_ascii_alphanumeric() {
            let (piece, after) = rest.split_at(alphanumeric(rest));
            if is_id(piece) {
                masked.push("<id>");
            } else {
                numbers(piece, masked);
            }
            rest = after;
        } else {
            let (mark, after) = rest.split_at(first.len_utf8());
            masked.push(mark);
            rest = after;
        }
    }
}

/// Keeps letters; runs of digits become `#`.
fn numbers(piece: &str, masked: &mut Masked) {
    let mut rest = piece;
    while !rest.is_empty() {
        let letters = rest.find(|letter: char| letter.is_ascii_digit()).unwrap_or(rest.len());
        masked.push(&rest[..letters]);
        rest = &rest[letters..];
        if !rest.is_empty() {
            masked.push("#");
            rest = rest.trim_start_matches(|letter: char| letter.is_ascii_digit());
        }
    }
}

fn alphanumeric(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_alphanumeric).count()
}

/// Whether a run of letters and digits is generated: long and hexadecimal, or long and mixed throughout.
fn is_id(piece: &str) -> bool {
    const SHORTEST: usize = 8;
    /// `Utf8Error` and `sha256sum` change between letters and digits twice.
    const CHANGES: usize = 3;
    let digits = piece.bytes().filter(u8::is_ascii_digit).count();
    if piece.len() < SHORTEST || digits == 0 || digits == piece.len() {
        return false;
    }
    let pairs = piece.as_bytes().windows(2);
    let changes = pairs.filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit()).count();
    changes >= CHANGES || piece.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_email(word: &str) -> bool {
    word.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.') && !host.contains('@'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(message: &str) -> String {
        Fingerprint::of(None, message).to_string()
    }

    #[test]
    fn variable_parts_are_masked() {
        // a message, its fingerprint
        let cases = [
            ("", ""),
            ("bad order id", "bad order id"),
            ("  bad\r\n\torder   id ", "bad order id"),
            ("order 12345 of 3 items", "order # of # items"),
            ("took 1000ms, 12.5 %, -3 left", "took #ms, # %, # left"),
            ("connect ECONNREFUSED 10.0.3.41:5432", "connect ECONNREFUSED #"),
            ("at 2026-11-22T03:10:00.007Z", "at #T#:#Z"),
            ("request 7a3e1c52-0b9d-4f61-8e27-5c1d90ab3f44 failed", "request <id> failed"),
            ("commit 0c1d2e3f4a5b6c7d", "commit <id>"),
            ("key 'usr_8Xk2mQ9z71'", "key 'usr_<id>'"),
            ("KeyError: 'customer_id'", "KeyError: 'customer_id'"),
            ("Utf8Error in sha256sum of x86_64", "Utf#Error in sha#sum of x#_#"),
            ("denied on arn:aws:sqs:eu-west-1:123456789012:orders.", "denied on <arn>."),
            ("no user ann.b+c@shop.example.com,", "no user <email>,"),
            ("open /tmp/upload-81/part: no such file", "open <path>: no such file"),
            ("GET https://api.example/v2/stock?id=7 (503)", "GET https://api.example/<path> (#)"),
            ("\"https://a.example:8080\"", "\"https://a.example:#\""),
            ("and/or / either", "and/or / either"),
            ("order=17;total=3.50", "order=#;total=#"),
            ("決済 7 件に失敗", "決済 # 件に失敗"),
        ];
        for (message, expected) in cases {
            assert_eq!(of(message), expected, "{message:?}");
        }
        assert_eq!(Fingerprint::of(Some("E1"), "at 7").as_str(), "E1: at #");
        assert_eq!(Fingerprint::of(Some("java.lang.StackOverflowError"), "").as_str(), "java.lang.StackOverflowError");
    }

    #[test]
    fn different_errors_differ() {
        let errors = [
            (Some("KeyError"), "'customer_id'"),
            (Some("KeyError"), "'order_id'"),
            (Some("ValueError"), "'order_id'"),
            (None, "'order_id'"),
            (Some("TimeoutError"), "Connection timed out after 1000 ms"),
            (Some("TimeoutError"), "Connection timed out"),
            (Some("FetchError"), "https://a.example/x"),
            (Some("FetchError"), "https://b.example/x"),
        ];
        let all: std::collections::BTreeSet<_> =
            errors.iter().map(|(name, said)| Fingerprint::of(*name, said)).collect();
        assert_eq!(all.len(), errors.len());
    }

    #[test]
    fn what_is_long_is_cut() {
        for piece in ["word ", "決済", "é", "a", "1 a"] {
            let fingerprint = of(&piece.repeat(1 << 16));
            assert!(fingerprint.len() <= Fingerprint::LONGEST && fingerprint.len() > 100, "{fingerprint}");
            assert!(fingerprint.ends_with('…'), "{fingerprint}");
        }
        assert_eq!(of(&"1".repeat(1 << 16)), "#");
        assert_eq!(Fingerprint::of(Some(&"E".repeat(1000)), "x").as_str().len(), Fingerprint::LONGEST);
    }

    proptest! {
        #[test]
        fn numbers_and_ids_do_not_matter(
            numbers in any::<[(u64, u64); 2]>(),
            ids in prop::array::uniform2("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
            paths in prop::array::uniform2("/[a-z]{1,9}(/[a-z0-9.]{0,9}[a-z0-9]){1,3}"),
            times in prop::array::uniform2("20[0-9]{2}-[01][0-9]-[0-3][0-9] [0-2][0-9]:[0-5][0-9]:[0-5][0-9]"),
        ) {
            let message = |one: usize| {
                let (count, ms) = numbers[one];
                format!("item {count} of {} in {} at {} took {ms}ms", ids[one], paths[one], times[one])
            };
            prop_assert_eq!(of(&message(0)), of(&message(1)));
        }

        #[test]
        fn no_message_is_too_odd(error_type in any::<Option<String>>(), message in any::<String>()) {
            let fingerprint = Fingerprint::of(error_type.as_deref(), &message);
            prop_assert!(fingerprint.as_str().len() <= Fingerprint::LONGEST);
            prop_assert_eq!(fingerprint, Fingerprint::of(error_type.as_deref(), &message));
        }
    }
}
