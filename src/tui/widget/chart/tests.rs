//! What a chart draws at any size and with any values.

use super::*;
use crate::tui::widget::testing::{ascii, draw, screen, theme, value};
use proptest::prelude::*;
use ratatui::style::Modifier;

fn chart<'a>(series: &'a [Series<'a>], theme: &'a Theme) -> Chart<'a> {
    Chart {
        series,
        newest: "2026-11-22T10:00:00+00:00".parse().unwrap(),
        step: Duration::from_mins(1),
        provisional: 0,
        limit: None,
        lane: None,
        marks: &[],
        unit: |value| format!("{value:.0}"),
        theme,
    }
}

fn series<'a>(name: &'a str, values: &'a [Option<f64>]) -> Series<'a> {
    Series { name, values, meaning: Meaning::Series1 }
}

fn ramp(count: u32) -> Vec<Option<f64>> {
    (0..count).map(|value| Some(f64::from(value))).collect()
}

#[test]
fn axes_line_limit_and_name() {
    let theme = theme();
    let values = ramp(31);
    let lines = [series("p99", &values)];
    let chart = Chart { limit: Some(Limit { value: 40.0, label: "limit" }), provisional: 5, ..chart(&lines, &theme) };
    insta::assert_snapshot!(screen(&chart, 48, 10), @r"
    40┤╌╌ limit ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌
      │
      │                                   ⣀⠤⠔⠒⠒⠉ p99
      │                            ⣀⡠⠔⠒⠉⠉⠉
    20┤                    ⣀⣀⡠⠤⠒⠊⠉⠉
      │             ⣀⡠⠤⠤⠒⠊⠉
      │      ⢀⣀⠤⠤⠔⠒⠉
     0┤⣀⠤⠔⠒⠒⠉⠁
      └┬────────────┬─────────────┬───────┄┄┄┄┄┬
     09:30        09:40         09:50        10:00
    ");
}

#[test]
fn in_ascii_only_ascii_is_drawn() {
    let theme = ascii();
    let values = ramp(31);
    let lines = [series("p99", &values)];
    let chart = Chart { limit: Some(Limit { value: 40.0, label: "limit" }), provisional: 5, ..chart(&lines, &theme) };
    let screen = screen(&chart, 48, 10);
    assert!(screen.is_ascii());
    insta::assert_snapshot!(screen, @r"
    40+-- limit --------------------------------
      |
      |                                   ..:''' p99
      |                            ..:''''
    20+                    ....''''
      |             ....'''
      |      ....:''
     0+..:''''
      ++------------+-------------+-------.....+
     09:30        09:40         09:50        10:00
    ");
}

#[test]
fn a_gap_breaks_the_line_and_a_lone_value_is_a_dot() {
    let theme = theme();
    let mut values = vec![Some(5.0); 21];
    values[5..15].fill(None);
    values[10] = Some(5.0);
    insta::assert_snapshot!(screen(&chart(&[series("", &values)], &theme), 21, 1), @"⠉⠉⠉⠉⠁     ⠈    ⠈⠉⠉⠉⠉⠉");
}

#[test]
fn names_that_meet_move_apart() {
    let theme = theme();
    let values = [Some(3.0), Some(3.0)];
    let lines = [series("one", &values), series("two", &values), series("three", &values)];
    insta::assert_snapshot!(screen(&chart(&lines, &theme), 40, 8), @r"
    4┤
     │⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤ one
     │                                 two
    2┤                                 three
     │
    0┤
     └┬───────────────┬──────────────┬
    09:59:00      09:59:30       10:00:00
    ");
}

#[test]
fn without_values_it_says_so() {
    let theme = theme();
    let values = [None, Some(f64::NAN), None];
    insta::assert_snapshot!(screen(&chart(&[series("errors", &values)], &theme), 40, 8), @r"
    1┤
     │
     │
    0┤            No data
     │
    0┤
     └┬──────────────┬──────────────┬
    09:58          09:59          10:00
    ");
}

#[test]
fn a_shorter_line_ends_at_the_same_time() {
    let theme = theme();
    let (long, short) = ([Some(0.0); 20], [Some(1.0); 10]);
    let screen = screen(&chart(&[series("", &long), series("", &short)], &theme), 10, 2);
    assert_eq!(screen, "     ⠉⠉⠉⠉⠉\n⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀");
}

#[test]
fn only_the_newest_values_are_provisional() {
    let theme = theme();
    let values = [Some(1.0); 20];
    let buffer = draw(&Chart { provisional: 4, ..chart(&[series("", &values)], &theme) }, 10, 1);
    let dim = buffer.content.iter().filter(|cell| cell.modifier.contains(Modifier::DIM)).count();
    assert_eq!((dim, buffer[(7, 0)].modifier), (2, Modifier::empty()));
}

#[test]
fn names_cannot_drive_the_terminal() {
    let theme = theme();
    let values = ramp(20);
    let screen = screen(&chart(&[series("\u{1b}[2J", &values)], &theme), 48, 8);
    assert!(screen.contains("\u{FFFD}[2J"), "{screen}");
}

#[test]
fn a_lane_stands_below_the_values_of_its_times() {
    let theme = theme();
    let values = ramp(61);
    let lines = [series("", &values)];
    let mut counts = vec![Some(0.0); 61];
    (counts[0], counts[30], counts[60]) = (Some(3.0), Some(1.0), Some(6.0));
    counts[40..46].fill(None);
    let lane = Lane { name: "cold", counts: &counts, meaning: Meaning::Series2 };
    let drawn = Chart { lane: Some(lane), provisional: 10, ..chart(&lines, &theme) };
    insta::assert_snapshot!(screen(&drawn, 48, 8), @r"
    100┤
       │
       │                         ⢀⣀⣀⣀⠤⠤⠤⠔⠒⠒⠒⠉⠉⠉
       │            ⣀⣀⣀⡠⠤⠤⠔⠒⠒⠒⠊⠉⠉⠁
      0┤⣀⣀⠤⠤⠤⠒⠒⠒⠒⠉⠉⠉
       └┬─────────┬────────┬────────┬───┄┄┄┄┄┄┬
      09:00     09:15    09:30    09:45     10:00
        ▄▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▂▁▁▁▁▁▁···▁▁▁▁▁▁▁▁▁▇ cold
    ");
    let buffer = draw(&drawn, 48, 8);
    let (last, older) = (&buffer[(42, 7)], &buffer[(3, 7)]);
    assert!(
        last.modifier.contains(Modifier::DIM) && !older.modifier.contains(Modifier::DIM),
        "as provisional as above"
    );
    // Fewer counts than values end with them; a row of its own comes before any axis.
    let few = Lane { counts: &counts[60..], ..lane };
    assert_eq!(screen(&Chart { lane: Some(few), ..chart(&lines, &theme) }, 10, 2).lines().last(), Some("·········▇"));
    assert_eq!(screen(&Chart { lane: Some(few), ..chart(&lines, &theme) }, 10, 1).lines().count(), 1);
}

/// A mark `back` seconds before the newest value.
fn mark(back: i64, character: char) -> Mark {
    let newest: DateTime<FixedOffset> = "2026-11-22T10:00:00+00:00".parse().unwrap();
    Mark { at: newest - chrono::TimeDelta::seconds(back), character, meaning: Meaning::Series6 }
}

#[test]
fn marks_stand_on_the_time_axis_where_they_belong() {
    let theme = theme();
    let values = ramp(31);
    let lines = [series("", &values)];
    let (minute, older) = (60, 30 * 60 + 1);
    let marks = [mark(older, 'x'), mark(30 * minute, 'a'), mark(15 * minute, 'b'), mark(-40, 'c')];
    let drawn = Chart { marks: &marks, ..chart(&lines, &theme) };
    insta::assert_snapshot!(screen(&drawn, 34, 7), @r"
    50┤
      │
      │                    ⢀⣀⣀⡠⠤⠤⠔⠒⠊⠉⠉
      │          ⣀⣀⠤⠤⠤⠒⠒⠒⠊⠉⠁
     0┤⣀⣀⠤⠤⠒⠒⠒⠉⠉⠉
      └a─────────┬────b────┬─────────c
     09:30     09:40     09:50   10:00
    ");
    // Without an axis they stand over the last row of the lines.
    let last = screen(&drawn, 11, 2).lines().last().map(|row| row.chars().collect::<Vec<_>>()).unwrap();
    assert_eq!((last[0], last[5], last[10]), ('a', 'b', 'c'));
}

proptest! {
    #[test]
    fn holds_at_any_size_with_any_number(
        first in proptest::collection::vec(value(), 0..90),
        counts in proptest::option::of(proptest::collection::vec(value(), 0..120)),
        second in proptest::collection::vec(value(), 0..90),
        backs in proptest::collection::vec(any::<i32>(), 0..4),
        limit in value(), name in any::<String>(), provisional in 0usize..100, step_s in any::<u64>(),
        columns in 0u16..200, rows in 0u16..60,
    ) {
        let theme = theme();
        let lines = [series(&name, &first), series("p50", &second)];
        let limit = limit.map(|value| Limit { value, label: &name });
        let lane = counts.as_deref().map(|counts| Lane { name: &name, counts, meaning: Meaning::Series2 });
        let step = Duration::from_secs(step_s);
        let marks: Vec<Mark> = backs.into_iter().map(|back| mark(back.into(), '◆')).collect();
        let unit = |value: f64| value.to_string();
        draw(&Chart { step, provisional, limit, lane, marks: &marks, unit, ..chart(&lines, &theme) }, columns, rows);
    }
}
