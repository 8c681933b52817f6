//! The position of a key in a scenario file, for error messages.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A problem of TOML or of a key's type, with its line, column and key.
pub(super) fn of_error(text: &str, error: &toml::de::Error) -> String {
    let Some(span) = error.span() else { return error.message().to_string() };
    // Invalid TOML has no keys.
    let document = DeTable::parse(text).ok();
    let keys = document.as_ref().map(|document| key_at(document.get_ref(), &span)).unwrap_or_default();
    let (line, column) = line_and_column(text, span.start);
    // A missing key has no position; this is the beginning of its table.
    let place = if error.message().starts_with("missing field") {
        format!("line {line}")
    } else if keys.is_empty() {
        format!("line {line}, column {column}")
    } else {
        format!("line {line}, column {column}, key `{}`", keys.join("."))
    };
    format!("{place}: {}", error.message().trim().replace('\n', ", "))
}

/// The line and key of `path`, for example `function.3.alias.0.share`; the line of its table if the key is missing.
pub(super) fn of_path(text: &str, path: &str) -> String {
    let steps: Vec<&str> = path.split('.').collect();
    let line = DeTable::parse(text).ok().and_then(|document| line_of(text, document.get_ref(), &steps));
    let is_index = |step: &&str| step.bytes().all(|byte| byte.is_ascii_digit());
    // The message names the owner, too: for `function.3.rate` the key is `rate`.
    let of_owner = if steps.get(1).is_some_and(is_index) { &steps[2..] } else { &steps[..] };
    let key = of_owner.iter().copied().filter(|step| !is_index(step)).collect::<Vec<_>>().join(".");
    line.map_or_else(String::new, |line| format!("line {line}, ")) + &format!("key `{key}`")
}

/// The line of the last of `steps` that is written.
fn line_of(text: &str, document: &DeTable<'_>, steps: &[&str]) -> Option<usize> {
    let (first, rest) = steps.split_first()?;
    let (key, value) = document.iter().find(|(key, _)| key.get_ref() == first)?;
    let mut place = key.span().start;
    let mut value = value;
    for step in rest {
        let inner = match value.get_ref() {
            DeValue::Table(table) => {
                table.iter().find(|(key, _)| key.get_ref() == step).map(|(key, inner)| (key.span(), inner))
            }
            DeValue::Array(items) => {
                step.parse().ok().and_then(|index: usize| items.get(index)).map(|inner| (inner.span(), inner))
            }
            _ => None,
        };
        let Some((span, inner)) = inner else { break };
        (place, value) = (span.start, inner);
    }
    Some(line_and_column(text, place).0)
}

/// The keys that lead to what stands at `span`; none where only the document does.
fn key_at<'a>(table: &'a DeTable<'_>, span: &Range<usize>) -> Vec<&'a str> {
    for (key, value) in table {
        if key.span().start == span.start {
            return vec![key.get_ref()];
        }
        if let Some(inner) = inside(value, span) {
            return std::iter::once(&**key.get_ref()).chain(inner).collect();
        }
    }
    Vec::new()
}

/// The keys inside `value` that lead to `span`, if it is there.
fn inside<'a>(value: &'a Spanned<DeValue<'_>>, span: &Range<usize>) -> Option<Vec<&'a str>> {
    let within_table = |table: &'a DeTable<'_>| {
        let keys = key_at(table, span);
        (!keys.is_empty()).then_some(keys)
    };
    let deeper = match value.get_ref() {
        DeValue::Table(table) => within_table(table),
        DeValue::Array(items) => items.iter().find_map(|item| inside(item, span)),
        _ => None,
    };
    // A table's own span is only that of its header.
    deeper.or_else(|| (value.span() == *span).then(Vec::new))
}

/// Both counted from 1; columns are characters.
fn line_and_column(text: &str, place: usize) -> (usize, usize) {
    let before = text.get(..place).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_found_however_the_table_is_written() {
        let text = "a = 1\n[b]\nc = 2\n[[f]]\nx = 1\n[[f]]\nx = 2\n[[f.g]]\ny = 3\n[f.s.t]\nz = 4\n\n[h]\ni = [{ j = 1 },\n{ j = 2 }]";
        // path, what is said
        let cases = [
            ("a", "line 1, key `a`"),
            ("b.c", "line 3, key `b.c`"),
            ("f.0.x", "line 5, key `x`"),
            ("f.1.x", "line 7, key `x`"),
            ("f.1.missing", "line 6, key `missing`"),
            ("f.1.g.0.y", "line 9, key `g.y`"),
            ("f.1.s.t.z", "line 11, key `s.t.z`"),
            ("h.i.1.j", "line 15, key `h.i.j`"),
            ("nowhere", "key `nowhere`"),
        ];
        for (path, said) in cases {
            assert_eq!(of_path(text, path), said);
        }
    }
}
