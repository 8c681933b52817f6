//! A list that keeps its selection while rows come, go and change places. No drawing.

/// The selection and the scroll position of a list whose rows are known by a key.
#[derive(Clone, Debug)]
pub struct List<K> {
    /// The selected row.
    pub selected: usize,
    /// The first row on screen.
    pub offset: usize,
    /// What was chosen; `None` until somebody chooses, and then the first row stays selected.
    key: Option<K>,
}

impl<K> Default for List<K> {
    fn default() -> Self {
        Self { selected: 0, offset: 0, key: None }
    }
}

impl<K: PartialEq> List<K> {
    /// Selects `index` of `len` rows, whose key is `key`.
    pub(crate) fn select(&mut self, index: usize, key: Option<K>) {
        self.selected = index;
        self.key = key;
    }

    /// The row `distance` away, held within `len` rows.
    pub(crate) fn step(&self, distance: isize, len: usize) -> usize {
        self.selected.saturating_add_signed(distance).min(len.saturating_sub(1))
    }

    /// Finds the chosen row again among `len` rows with these keys, and scrolls so that it is within `room` lines;
    /// row `index` takes `lines(index, selected)` of them.
    pub(crate) fn settle(
        &mut self,
        len: usize,
        key: impl Fn(usize) -> Option<K>,
        room: usize,
        lines: impl Fn(usize, bool) -> usize,
    ) {
        if self.key.is_none() {
            self.selected = 0;
        } else if key(self.selected) != self.key {
            // Only when rows changed places is it worth looking at all of them.
            self.selected = (0..len).find(|index| key(*index) == self.key).unwrap_or(self.selected);
        }
        let last = len.saturating_sub(1);
        self.selected = self.selected.min(last);
        let lines = |index| lines(index, index == self.selected);
        let lowest = first_with_room(self.selected, room, lines);
        // Rows that went away must not leave room below while others are hidden above.
        self.offset = self.offset.min(self.selected).max(lowest).min(first_with_room(last, room, lines).max(lowest));
    }
}

/// The first row from which on those up to `last` have room; row `index` takes `lines(index)` lines.
pub(super) fn first_with_room(last: usize, mut room: usize, lines: impl Fn(usize) -> usize) -> usize {
    let fits = |index: &usize| {
        let left = room.checked_sub(lines(*index));
        room = left.unwrap_or(0);
        left.is_some()
    };
    (0..=last).rev().take_while(fits).last().unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settle(list: &mut List<&'static str>, rows: &[&'static str], room: usize) {
        list.settle(rows.len(), |index| rows.get(index).copied(), room, |_, _| 1);
    }

    #[test]
    fn untouched_the_first_row_stays_selected() {
        let mut list = List::default();
        settle(&mut list, &["a", "b"], 5);
        settle(&mut list, &["b", "a"], 5);
        assert_eq!(list.selected, 0);
    }

    #[test]
    fn a_chosen_row_is_followed_and_kept_in_sight() {
        let mut list = List::default();
        list.select(1, Some("b"));
        settle(&mut list, &["x", "y", "z", "a", "b"], 3);
        assert_eq!((list.selected, list.offset), (4, 2));
        settle(&mut list, &["b", "x", "y", "z", "a"], 3);
        assert_eq!((list.selected, list.offset), (0, 0));
    }

    #[test]
    fn a_row_that_is_gone_leaves_the_selection_where_it_was() {
        let mut list = List::default();
        list.select(4, Some("e"));
        settle(&mut list, &["a", "b", "c", "d", "e"], 2);
        assert_eq!((list.selected, list.offset), (4, 3));
        settle(&mut list, &["a", "b"], 2);
        assert_eq!((list.selected, list.offset), (1, 0));
        settle(&mut list, &[], 2);
        assert_eq!((list.selected, list.offset), (0, 0));
    }

    #[test]
    fn rows_of_several_lines_are_counted_as_such() {
        let mut list = List::default();
        list.select(2, Some(2));
        list.settle(3, Some, 6, |_, _| 3);
        assert_eq!(list.offset, 1);
        list.settle(3, Some, 6, |_, selected| if selected { 4 } else { 3 });
        assert_eq!(list.offset, 2, "the selected one takes a line more");
    }
}
