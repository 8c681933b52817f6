//! Which columns of the function table fit a width, and how wide each is. Pure.

use super::Column;

/// Most columns that a function's name may take; longer names are cut.
const LONGEST_NAME: u16 = 40;
/// Columns that most names need no more of.
const USUAL_NAME: u16 = 24;
/// Fewest columns for a name that is to be recognised.
pub(super) const SHORTEST_NAME: u16 = 18;
/// Most minutes that a trend shows.
const LONGEST_TREND: u16 = 60;
/// Fewest minutes that show a trend.
pub(super) const SHORTEST_TREND: u16 = 8;
/// Between two columns.
pub(crate) const GAP: u16 = 1;

/// The columns for `width`, in their order, with their widths. The longest name is `longest_name` wide;
/// the scope is shown only where there are several.
pub(crate) fn fit(width: u16, longest_name: u16, several_scopes: bool) -> Vec<(Column, u16)> {
    let mut chosen: Vec<(Column, u16)> = Vec::new();
    let mut left = width;
    let mut ranked = Column::ALL;
    ranked.sort_by_key(|column| column.spec().rank);
    for column in ranked {
        if column == Column::Scope && !several_scopes {
            continue;
        }
        let gap = if chosen.is_empty() { 0 } else { GAP };
        if column.spec().width + gap > left {
            // What is asked next must not push in where something more urgent had no room.
            break;
        }
        left -= column.spec().width + gap;
        chosen.push((column, column.spec().width));
    }
    chosen.sort_by_key(|(column, _)| Column::ALL.iter().position(|place| place == column));
    let mut grow = |wanted: Column, longest: u16| {
        if let Some((_, width)) = chosen.iter_mut().find(|(column, _)| *column == wanted) {
            let more = longest.saturating_sub(*width).min(left);
            *width += more;
            left -= more;
        }
    };
    // One long name must not cost every row its history.
    grow(Column::Function, longest_name.min(USUAL_NAME));
    grow(Column::Trend, 15);
    grow(Column::Trouble, 15);
    grow(Column::Function, longest_name.min(LONGEST_NAME));
    grow(Column::Trend, 30);
    grow(Column::Trouble, 30);
    grow(Column::Split, 26);
    grow(Column::Trend, LONGEST_TREND);
    grow(Column::Trouble, LONGEST_TREND);
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_never_exceed_the_width() {
        for width in 0..250 {
            for several in [false, true] {
                let columns = fit(width, 30, several);
                let gaps = GAP * (columns.len().max(1) - 1) as u16;
                let total: u16 = columns.iter().map(|(_, width)| width).sum::<u16>() + gaps;
                assert!(total <= width, "{width}: {columns:?}");
            }
        }
    }

    #[test]
    fn eighty_columns_answer_the_first_questions() {
        let columns: Vec<Column> = fit(80, 25, false).into_iter().map(|(column, _)| column).collect();
        assert_eq!(
            columns,
            [
                Column::Status,
                Column::Function,
                Column::Invocations,
                Column::ErrorRate,
                Column::Throttles,
                Column::Concurrency,
                Column::P99,
                Column::Trend,
            ]
        );
    }

    #[test]
    fn two_hundred_columns_show_everything_but_the_scope() {
        assert_eq!(fit(200, 25, false).len(), Column::ALL.len() - 1);
    }

    #[test]
    fn more_room_never_hides_a_column() {
        let shown = |width| fit(width, 30, true).into_iter().map(|(column, _)| column);
        for width in 1..250 {
            assert!(shown(width - 1).all(|column| shown(width).any(|wider| wider == column)), "{width}");
        }
    }

    #[test]
    fn a_name_gets_the_room_it_needs_up_to_a_bound() {
        let name = |longest| fit(300, longest, false).into_iter().find(|(column, _)| *column == Column::Function);
        assert_eq!(name(5), Some((Column::Function, SHORTEST_NAME)));
        assert_eq!(name(30), Some((Column::Function, 30)));
        assert_eq!(name(200), Some((Column::Function, LONGEST_NAME)));
    }

    #[test]
    fn the_scope_stands_where_there_are_several() {
        let shows = |several| fit(300, 30, several).iter().any(|(column, _)| *column == Column::Scope);
        assert_eq!((shows(false), shows(true)), (false, true));
    }
}
