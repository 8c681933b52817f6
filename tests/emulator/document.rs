//! Compares JSON documents by the names in them: list items by who they are, numbers as closely as they are given.

use serde_json::Value;

/// The members by which the items of the contract's lists are distinguished.
const IDENTITIES: [&str; 5] = ["name", "version", "uuid", "arn", "region"];

/// How a document may differ from the expected one.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tolerance<'a> {
    /// Members that are not looked at, wherever they are.
    pub(crate) ignored: &'a [&'a str],
    /// Members that may be null, empty or short of items, wherever they are and whatever is in them: but what
    /// they do say must be right.
    pub(crate) blank: &'a [&'a str],
}

/// Everything `expected` says that `actual` does not, one line each. What `actual` says beyond it does not matter.
pub(crate) fn differences(expected: &Value, actual: &Value, tolerance: Tolerance<'_>) -> Vec<String> {
    let mut found = Vec::new();
    walk("", expected, actual, tolerance, false, &mut found);
    found
}

fn walk(
    path: &str,
    expected: &Value,
    actual: &Value,
    tolerance: Tolerance<'_>,
    may_be_blank: bool,
    found: &mut Vec<String>,
) {
    if may_be_blank && is_blank(actual) {
        return;
    }
    match (expected, actual) {
        (Value::Object(members), _) => {
            for (key, expected) in members.iter().filter(|(key, _)| !tolerance.ignored.contains(&key.as_str())) {
                let may_be_blank = may_be_blank || tolerance.blank.contains(&key.as_str());
                let actual = actual.get(key).unwrap_or(&Value::Null);
                walk(&format!("{path}/{key}"), expected, actual, tolerance, may_be_blank, found);
            }
        }
        (Value::Array(expected), Value::Array(actual)) => {
            if !may_be_blank && expected.len() != actual.len() {
                found.push(format!("{path}: {} items, not {}", actual.len(), expected.len()));
            }
            for item in expected {
                let name = identity(item);
                match actual.iter().find(|candidate| identity(candidate) == name) {
                    Some(actual) => walk(&format!("{path}/{name}"), item, actual, tolerance, may_be_blank, found),
                    None if may_be_blank => {}
                    None => found.push(format!("{path}/{name} is missing")),
                }
            }
        }
        _ if is_same(path, expected, actual) => {}
        _ => found.push(format!("{path}: {actual}, not {expected}")),
    }
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

fn identity(item: &Value) -> String {
    let named = IDENTITIES.iter().find_map(|key| item.get(key)?.as_str());
    named.map_or_else(|| item.to_string(), str::to_string)
}

/// Durations may be rounded to a tenth of a millisecond; everything else is exact.
fn is_same(path: &str, expected: &Value, actual: &Value) -> bool {
    match (expected.as_f64(), actual.as_f64()) {
        (Some(expected), Some(actual)) => (expected - actual).abs() <= if path.contains("_ms") { 0.051 } else { 1e-9 },
        _ => expected == actual,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn differences_are_named_by_their_path() {
        for (expected, actual, difference) in [
            (json!({"a": 1}), json!({"a": 1.0, "b": 2}), None),
            (json!({"a": 1}), json!({"a": 2}), Some("/a: 2, not 1")),
            (json!({"a": 0}), json!({}), Some("/a: null, not 0")),
            (json!({"a": null}), json!({"a": 0}), Some("/a: 0, not null")),
            (json!({"a": {"b": null}}), json!({"a": null}), None),
            (json!({"a": {"b": 1}}), json!({"a": null}), Some("/a/b: null, not 1")),
            (json!({"rate": 0.25}), json!({"rate": 0.26}), Some("/rate: 0.26, not 0.25")),
            (json!({"x_ms": {"p50": 1.04}}), json!({"x_ms": {"p50": 1.0}}), None),
            (json!({"x_ms": {"p50": 1.2}}), json!({"x_ms": {"p50": 1.0}}), Some("/x_ms/p50: 1.0, not 1.2")),
            (json!([{"name": "a"}, {"name": "b"}]), json!([{"name": "b"}, {"name": "a"}]), None),
            (json!([{"name": "a", "n": 1}]), json!([{"name": "a", "n": 2}]), Some("/a/n: 2, not 1")),
            (json!([]), json!([{"name": "a"}]), Some(": 1 items, not 0")),
        ] {
            let found = differences(&expected, &actual, Tolerance::default());
            assert_eq!(found, Vec::from_iter(difference), "{expected} and {actual}");
        }
    }

    #[test]
    fn a_blank_is_no_difference_where_allowed_but_another_number_is() {
        let tolerance = Tolerance { ignored: &["at"], blank: &["depth", "queues"] };
        let expected = json!({"at": 1, "n": 1, "queues": [{"arn": "a", "depth": 3}, {"arn": "b", "depth": 4}]});
        for (actual, difference) in [
            (json!({"at": 2, "n": 1}), None),
            (json!({"n": 1, "queues": []}), None),
            (json!({"n": 1, "queues": [{"arn": "b", "depth": 4}]}), None),
            (json!({"n": 1, "queues": [{"arn": "b", "depth": null}]}), None),
            (json!({"n": 1, "queues": [{"arn": "b", "depth": 0}]}), Some("/queues/b/depth: 0, not 4")),
            (json!({"n": null}), Some("/n: null, not 1")),
        ] {
            let found = differences(&expected, &actual, tolerance);
            assert_eq!(found, Vec::from_iter(difference), "{actual}");
        }
    }
}
