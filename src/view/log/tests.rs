//! Which lines are shown and how they are cut.

use super::*;
use proptest::prelude::*;

/// `seconds` after ten.
fn at(seconds: i64) -> DateTime<Utc> {
    "2026-11-22T10:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::seconds(seconds)
}

fn line(seconds: i64, stream: &str, request: Option<&str>, kind: LineKind, text: &str) -> Line {
    Line {
        at: at(seconds),
        ingestion: at(seconds),
        stream: stream.into(),
        version: None,
        request: request.map(Into::into),
        kind,
        text: text.into(),
    }
}

/// Two requests in one environment, one of them again in another.
fn log() -> Vec<Line> {
    vec![
        line(0, "s1", None, LineKind::Begin, "INIT_START"),
        line(1, "s1", Some("r1"), LineKind::Begin, "START r1"),
        line(2, "s1", None, LineKind::Application, "said in r1"),
        line(3, "s1", Some("r1"), LineKind::Error, "error of r1"),
        line(4, "s1", Some("r1"), LineKind::End, "REPORT r1"),
        line(5, "s1", Some("r2"), LineKind::Begin, "START r2"),
        line(3, "s2", None, LineKind::Application, "elsewhere"),
        line(7, "s2", Some("r1"), LineKind::Failure, "retry of r1"),
        line(6, "s1", Some("r2"), LineKind::End, "REPORT r2"),
    ]
}

fn shown(lines: &[Line], curve: &Curve, query: &Query) -> Vec<String> {
    let lines: Vec<&Line> = lines.iter().collect();
    let said = |row: Row| match row {
        Row::Line(line) => line.text.to_string(),
        Row::Gap { from, until } => format!("{}-{}", from.format("%S"), until.format("%S")),
    };
    arrange(&lines, curve, query).into_iter().map(said).collect()
}

#[test]
fn rows_stand_by_time_and_those_of_one_instant_as_they_arrived() {
    let all = shown(&log(), &Curve::default(), &Query::default());
    assert_eq!(
        all,
        [
            "INIT_START",
            "START r1",
            "said in r1",
            "error of r1",
            "elsewhere",
            "REPORT r1",
            "START r2",
            "REPORT r2",
            "retry of r1"
        ]
    );
}

#[test]
fn errors_only_are_failures_and_errors() {
    let query = Query { errors_only: true, request: None };
    assert_eq!(shown(&log(), &Curve::default(), &query), ["error of r1", "retry of r1"]);
}

#[test]
fn a_request_has_its_lines_those_said_meanwhile_and_its_retries() {
    let query = Query { errors_only: false, request: Some("r1".into()) };
    let request = shown(&log(), &Curve::default(), &query);
    assert_eq!(request, ["START r1", "said in r1", "error of r1", "REPORT r1", "retry of r1"]);
    let errors = shown(&log(), &Curve::default(), &Query { errors_only: true, ..query });
    assert_eq!(errors, ["error of r1", "retry of r1"]);
    let unknown = Query { errors_only: false, request: Some("r9".into()) };
    assert!(shown(&log(), &Curve::default(), &unknown).is_empty());
}

#[test]
fn what_was_not_read_is_marked_between_what_was() {
    // Seconds 0 to 7; nothing of 2 and 3, nor of the first and the last.
    let seconds = [None, Some(1), None, None, Some(1), Some(0), Some(1), None];
    let curve = Curve { until: at(7), values: seconds.to_vec(), provisional: 0 };
    let lines =
        [(1, "a"), (4, "b"), (6, "c")].map(|(second, text)| line(second, "s", None, LineKind::Application, text));
    assert_eq!(shown(&lines, &curve, &Query::default()), ["a", "02-04", "b", "c"]);
    assert_eq!(shown(&lines[1..], &curve, &Query::default()), ["b", "c"], "before the first line nothing is missed");
    assert!(shown(&[], &curve, &Query::default()).is_empty());
}

#[test]
fn a_row_is_known_again_by_its_text_and_time() {
    let lines = log();
    let rows = |lines: &[Line]| arrange(&lines.iter().collect::<Vec<_>>(), &Curve::default(), &Query::default());
    let (before, after) = (rows(&lines), rows(&lines[1..]));
    assert!(before[1].is_same(&after[0]) && !before[1].is_same(&after[1]));
    let again = line(1, "s1", Some("r1"), LineKind::Begin, "START r1");
    assert!(!before[1].is_same(&Row::Line(again)), "another line that says the same");
}

#[test]
fn an_event_becomes_one_clean_line() {
    let cases = [
        ("plain\n", 80, "plain"),
        ("first\r\n\tsecond\nthird\n\n", 80, "first↵  second↵ third"),
        ("\u{1b}[31mred\u{202e}", 80, "\u{FFFD}[31mred\u{FFFD}"),
        ("[ERROR] KeyError: 'x'\rTraceback:\r  at y", 80, "[ERROR] KeyError: 'x'↵ Traceback:↵   at y"),
        ("", 80, ""),
        ("\n\n", 80, ""),
        ("決済", 0, "決"),
    ];
    for (event, columns, expected) in cases {
        assert_eq!(one_line(event, columns), expected, "{event:?}");
    }
}

#[test]
fn the_head_that_a_runtime_writes_is_left_out_of_a_row() {
    let cases = [
        ("2026-11-22T10:00:00.000Z\tr1\tINFO\torder\t1 accepted\n", "INFO order 1 accepted"),
        ("[ERROR]\t2026-11-22T10:00:00.000Z\tr1\tboom\n", "[ERROR] boom"),
        ("2026-11-22T10:00:00.000Z\tundefined\tERROR\tno request yet", "undefined ERROR no request yet"),
        ("START RequestId: r1 Version: 7\n", "START RequestId: r1 Version: 7"),
        ("REPORT RequestId: r1\tDuration: 9 ms\t", "REPORT RequestId: r1 Duration: 9 ms"),
        ("a\tb\tc\t2026-11-22T10:00:00.000Z", "a b c 2026-11-22T10:00:00.000Z"),
        ("2026-11-22T10:00:00.000Z", ""),
        ("", ""),
    ];
    for (text, expected) in cases {
        assert_eq!(shown_line(text), expected, "{text:?}");
    }
}

fn shown_line(text: &str) -> String {
    super::shown(&line(0, "s", Some("r1"), LineKind::Application, text), 200)
}

#[test]
fn long_events_are_broken_into_rows() {
    let cases: [(&str, usize, usize, &[&str]); 7] = [
        ("abcdef", 4, 9, &["abcd", "ef"]),
        ("ab\ncd\r\n", 4, 9, &["ab", "cd"]),
        ("abcdefghij", 4, 2, &["abcd", "efgh"]),
        ("決済関数", 5, 9, &["決済", "関数"]),
        ("a\n\nb", 4, 9, &["a", "", "b"]),
        ("", 4, 9, &[""]),
        ("abc", 0, 2, &["a", "b"]),
    ];
    for (event, columns, rows, expected) in cases {
        assert_eq!(wrapped(event, columns, rows), expected, "{event:?} {columns} {rows}");
    }
}

#[test]
fn words_are_found_in_either_case() {
    assert_eq!(matches("Error: error, ERR", "error"), [0..5, 7..12]);
    assert_eq!(matches("éa ÉA éa", "éa"), [0..3, 8..11], "only ASCII letters have two cases");
    assert_eq!(matches("aaaa", "aa"), [0..2, 2..4]);
    assert!(matches("anything", "").is_empty());
    assert!(contains("xTimeoutx", "timeout") && !contains("timeou", "timeout"));
}

#[test]
fn what_is_copied_is_clean_and_of_bounded_length() {
    assert_eq!(copy("a\u{1b}]52;c;x\u{7}\n\tb\r\n"), "a\u{FFFD}]52;c;x\u{FFFD}\n b");
    let long = copy(&"é".repeat(LONGEST_COPY));
    assert!(long.len() <= LONGEST_COPY && long.len() > LONGEST_COPY - 4);
}

#[test]
fn an_environment_is_named_by_the_end_of_its_stream() {
    assert_eq!(stream("2026/11/22/[$LATEST]0123456789abcdef"), "cdef");
    assert_eq!(stream("x\u{7}"), "x\u{FFFD}");
    assert_eq!(stream(""), "");
}

proptest! {
    #[test]
    fn whatever_is_logged_is_cut_and_clean(event in any::<String>(), columns in 0usize..60, rows in 0usize..6) {
        let longest = (columns + 1) * 4 + LINE_END.len() * columns * 5;
        let line = one_line(&event, columns);
        prop_assert!(line.chars().all(text::is_safe));
        prop_assert!(line.len() <= 4 * longest);
        let lines = wrapped(&event, columns, rows);
        prop_assert!(lines.len() <= rows);
        for line in lines {
            prop_assert!(line.chars().all(text::is_safe));
            prop_assert!(text::width(&line) <= columns.max(2));
        }
        prop_assert!(copy(&event).chars().all(|it| it == '\n' || text::is_safe(it)));
    }

    #[test]
    fn what_is_found_is_there(text in "[aAbBéÉ]{0,30}", words in "[aAbBéÉ]{1,3}") {
        let found = matches(&text, &words);
        for range in &found {
            prop_assert!(text[range.clone()].eq_ignore_ascii_case(&words));
        }
        let plain = text.to_ascii_lowercase().matches(&words.to_ascii_lowercase()).count();
        prop_assert_eq!(found.len(), plain);
    }
}
