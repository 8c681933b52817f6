//! Where the cursor is while lines come and go.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

use super::*;
use crate::store::live::lines::{Line, LineKind};

const PLACE: Size = Size { width: 20, height: 4 };

/// One line a second, from one number up to but without another; the same number is always the same line.
fn lines(from: i64, until: i64) -> Vec<Row> {
    thread_local! {
        static TEXTS: Vec<Arc<str>> = (0..200).map(|number| format!("line {number}").into()).collect();
    }
    let line = |second: i64| {
        let at = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::seconds(second);
        let text = TEXTS.with(|texts| Arc::clone(&texts[second as usize]));
        let (stream, kind) = ("s".into(), LineKind::Application);
        Row::Line(Line { at, ingestion: at, stream, version: None, request: None, kind, text })
    };
    (from..until).map(line).collect()
}

fn text(log: &LogPane, index: usize) -> &str {
    &log.rows()[index].line().unwrap().text
}

/// What the cursor is on, what is on top, and how many wait.
fn state(log: &LogPane) -> (&str, &str, usize) {
    (text(log, log.selected()), text(log, log.top()), log.waiting())
}

fn pane(until: i64) -> LogPane {
    let mut log = LogPane::default();
    log.settle(lines(0, until), PLACE);
    log
}

#[test]
fn the_newest_line_is_followed() {
    let mut log = pane(10);
    assert_eq!((state(&log), log.follows()), (("line 9", "line 6", 0), true));
    log.settle(lines(3, 30), PLACE);
    assert_eq!(state(&log), ("line 29", "line 26", 0));
    log.settle(lines(0, 2), PLACE);
    assert_eq!(state(&log), ("line 1", "line 0", 0), "few lines stand on top");
}

#[test]
fn a_cursor_that_was_moved_holds_its_lines_still_until_it_is_at_the_end_again() {
    let mut log = pane(10);
    log.step(-1);
    log.scroll(PLACE);
    assert_eq!((state(&log), log.follows()), (("line 8", "line 6", 0), false));
    log.settle(lines(0, 25), PLACE);
    assert_eq!(state(&log), ("line 8", "line 6", 15));
    log.settle(lines(7, 40), PLACE);
    assert_eq!(state(&log), ("line 8", "line 7", 30), "older lines went");
    log.settle(lines(20, 50), PLACE);
    assert_eq!(
        state(&log),
        ("line 20", "line 20", 30),
        "its line went too: what is left of the oldest, and all is new"
    );
    log.step(isize::MAX);
    log.scroll(PLACE);
    assert_eq!((state(&log), log.follows()), (("line 49", "line 46", 0), true));
}

#[test]
fn the_cursor_stays_in_sight() {
    let mut log = pane(30);
    for (distance, cursor, top) in [(-3, 26, 26), (-1, 25, 25), (2, 27, 25), (-100, 0, 0), (5, 5, 2)] {
        log.step(distance);
        log.scroll(PLACE);
        assert_eq!((log.selected(), log.top()), (cursor, top), "{distance}");
    }
}

#[test]
fn broken_lines_take_their_rows() {
    let mut log = LogPane { wrap: true, ..LogPane::default() };
    let narrow = Size { width: 3, height: 4 };
    log.settle(lines(0, 5), narrow);
    // `line 4` takes two rows.
    assert_eq!((log.selected(), log.top(), log.lines(4, narrow).len()), (4, 3, 2));
    log.scroll(Size { width: 1, height: 4 });
    assert_eq!((log.selected(), log.top()), (4, 4), "a line that fills the place is the only one");
}

#[test]
fn searching_goes_back_and_forth_and_stops_at_the_ends() {
    let mut log = LogPane { search: "E 1".to_string(), ..pane(20) };
    assert!(log.seek_older(true));
    assert_eq!((log.selected(), log.follows()), (19, true), "the newest line is one");
    assert!(log.seek_older(false));
    assert_eq!(log.selected(), 18);
    log.step(-100);
    assert!(!log.seek_older(false) && log.seek_newer());
    assert_eq!(log.selected(), 1);
    assert!(log.seek_newer());
    assert_eq!(log.selected(), 10);
    let place = log.held();
    log.step(3);
    log.return_to(place.as_ref());
    assert_eq!(log.selected(), 10);
    log.return_to(None);
    assert!(log.follows());
}

#[test]
fn another_function_s_log_begins_anew_but_as_wide() {
    let function = |name: &str| FunctionId { scope: lambda_model::Scope::new(None, "eu-west-1"), name: name.into() };
    let mut log = LogPane { wrap: true, search: "x".to_string(), ..pane(10) };
    log.turn_to(Some(&function("a")));
    assert_eq!((log.wrap, log.search.as_str(), log.rows().len()), (true, "", 0));
    log.search = "y".to_string();
    log.turn_to(Some(&function("a")));
    assert_eq!(log.search, "y");
}

proptest! {
    #[test]
    fn the_cursor_is_always_on_a_row_and_in_sight(
        moves in prop::collection::vec((-40isize..40, 0i64..60, 0i64..60, 0u16..30, 0u16..12, any::<bool>()), 0..30),
    ) {
        let mut log = LogPane::default();
        for (distance, from, count, width, height, wrap) in moves {
            log.wrap = wrap;
            log.step(distance);
            log.settle(lines(from, from + count), Size { width, height });
            prop_assert!(log.selected() < log.rows().len().max(1));
            prop_assert!(log.top() <= log.selected());
            let place = Size { width, height };
            let above: usize = (log.top()..log.selected()).map(|index| log.lines(index, place).len()).sum();
            prop_assert!(height == 0 || above < usize::from(height));
            prop_assert!(!log.follows() || log.waiting() == 0);
        }
    }
}
