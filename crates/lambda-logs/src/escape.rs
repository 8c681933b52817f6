//! JSON strings: from their written form to their text. It accepts every string that `serde_json` accepts.

use std::borrow::Cow;

use serde_json::value::RawValue;

/// The text of a string; `None` if the value is no string. Allocates only if it has escapes.
pub(super) fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    let inner = inner(raw)?;
    if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
        return Some(Cow::Borrowed(inner));
    }
    let mut text = String::with_capacity(inner.len());
    unescape(inner, &mut text);
    Some(Cow::Owned(text))
}

/// The text of a string without escapes, as names and ids are.
pub(super) fn plain(raw: &RawValue) -> Option<&str> {
    inner(raw).filter(|inner| memchr::memchr(b'\\', inner.as_bytes()).is_none())
}

/// What is between the quotes; `None` if the value is no string.
pub(super) fn inner(raw: &RawValue) -> Option<&str> {
    raw.get().strip_prefix('"')?.strip_suffix('"')
}

/// Appends the text of `inner`, the inside of a JSON string. Half a surrogate pair becomes U+FFFD.
pub(super) fn unescape(inner: &str, text: &mut String) {
    let mut rest = inner;
    while let Some(place) = memchr::memchr(b'\\', rest.as_bytes()) {
        text.push_str(&rest[..place]);
        rest = &rest[place + 1..];
        let Some(escaped) = rest.chars().next() else { return };
        rest = &rest[escaped.len_utf8()..];
        match escaped {
            'n' => text.push('\n'),
            't' => text.push('\t'),
            'r' => text.push('\r'),
            'b' => text.push('\u{8}'),
            'f' => text.push('\u{c}'),
            'u' => rest = unicode(rest, text),
            other => text.push(other),
        }
    }
    text.push_str(rest);
}

/// Appends the character whose code begins `rest`, and returns the remainder.
fn unicode<'a>(rest: &'a str, text: &mut String) -> &'a str {
    let Some((high, after)) = unit(rest) else {
        text.push(char::REPLACEMENT_CHARACTER);
        return rest;
    };
    if (0xD800..0xDC00).contains(&high)
        && let Some((low @ 0xDC00..0xE000, after)) = after.strip_prefix("\\u").and_then(unit)
    {
        let code = 0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00);
        text.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
        return after;
    }
    text.push(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER));
    after
}

/// The four hexadecimal digits at the beginning of `rest`, and the remainder.
fn unit(rest: &str) -> Option<(u32, &str)> {
    let (digits, after) = rest.split_at_checked(4)?;
    // `from_str_radix` accepts a sign, which is no digit.
    let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_hex.then(|| u32::from_str_radix(digits, 16).ok())?.map(|unit| (unit, after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn halves_of_a_pair_are_replaced() {
        // the inside of a string, its text
        let cases = [
            (r"a\tb\nc\r\\\/\b\f", "a\tb\nc\r\\/\u{8}\u{c}"),
            (r#"say \"hi\""#, "say \"hi\""),
            (r"\u003c\u00e9\u6c7a", "<é決"),
            (r"\ud83d\ude00!", "😀!"),
            (r"\ud83d!", "\u{FFFD}!"),
            (r"\ude00\ud83d", "\u{FFFD}\u{FFFD}"),
            (r"\ud83d\u0041", "\u{FFFD}A"),
            (r"\u12", "\u{FFFD}12"),
            (r"\u+123", "\u{FFFD}+123"),
            ("\\", ""),
        ];
        for (inner, meaning) in cases {
            let mut text = String::new();
            unescape(inner, &mut text);
            assert_eq!(text, meaning, "{inner}");
        }
    }

    proptest! {
        #[test]
        fn what_serde_writes_is_read_back(said in any::<String>()) {
            let written = serde_json::to_string(&said).unwrap();
            let raw: &RawValue = serde_json::from_str(&written).unwrap();
            prop_assert_eq!(text(raw).unwrap(), said.as_str());
            prop_assert_eq!(plain(raw), (!written.contains('\\')).then_some(said.as_str()));
        }

        #[test]
        fn nothing_is_too_odd(inner in any::<String>(), escapes in "[\\\\u0-9dDaAcC]{0,40}") {
            unescape(&inner, &mut String::new());
            unescape(&escapes, &mut String::new());
        }
    }
}
