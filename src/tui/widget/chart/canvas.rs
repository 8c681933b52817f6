//! Lines on a grid of dots, two across and four down in each cell. Knows neither values nor colours.

/// A dot, from the upper left corner.
pub(super) type Dot = (usize, usize);

/// A grid of dots. Each cell remembers the line that came last.
pub(super) struct Canvas {
    columns: usize,
    rows: usize,
    cells: Vec<Cell>,
}

/// The dots of one cell, in braille's order of bits, and the line that drew in it last.
#[derive(Clone, Copy, Default)]
struct Cell {
    dots: u8,
    line: usize,
}

/// The bits of the left and of the right dots of a braille pattern, from above (U+2800 and on).
const BITS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];

/// The bits of the two upper rows of dots.
const UPPER: u8 = 0x01 | 0x02 | 0x08 | 0x10;

impl Canvas {
    /// An empty canvas of `columns` × `rows` cells.
    pub(super) fn new(columns: usize, rows: usize) -> Self {
        Self { columns, rows, cells: vec![Cell::default(); columns * rows] }
    }

    /// How many dots there are across and down.
    pub(super) fn dots(&self) -> Dot {
        (self.columns * 2, self.rows * 4)
    }

    /// Draws a straight line, both ends included, for the line numbered `line`.
    pub(super) fn line(&mut self, from: Dot, to: Dot, line: usize) {
        let steps = from.0.abs_diff(to.0).max(from.1.abs_diff(to.1));
        for step in 0..=steps {
            let along = |from: usize, to: usize| match steps {
                0 => from,
                _ => (from * (steps - step) + to * step + steps / 2) / steps,
            };
            self.set((along(from.0, to.0), along(from.1, to.1)), line);
        }
    }

    fn set(&mut self, (across, down): Dot, line: usize) {
        let (column, row) = (across / 2, down / 4);
        if column < self.columns
            && let Some(cell) = self.cells.get_mut(row * self.columns + column)
        {
            cell.dots |= BITS[across % 2][down % 4];
            cell.line = line;
        }
    }

    /// Every cell with a dot in it: column, row, character, number of the line.
    pub(super) fn drawn(&self, braille: bool) -> impl Iterator<Item = (usize, usize, char, usize)> {
        let columns = self.columns.max(1);
        self.cells.iter().enumerate().filter(|(_, cell)| cell.dots != 0).map(move |(index, cell)| {
            let character = if braille { pattern(cell.dots) } else { ascii(cell.dots) };
            (index % columns, index / columns, character, cell.line)
        })
    }
}

/// The braille pattern with these dots.
fn pattern(dots: u8) -> char {
    char::from_u32(0x2800 + u32::from(dots)).unwrap_or(' ')
}

/// The nearest thing to these dots in ASCII.
fn ascii(dots: u8) -> char {
    match (dots & UPPER != 0, dots & !UPPER != 0) {
        (true, true) => ':',
        (true, false) => '\'',
        (false, _) => '.',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(canvas: &Canvas, braille: bool) -> String {
        let mut text = vec![vec![' '; canvas.columns]; canvas.rows];
        for (column, row, character, _) in canvas.drawn(braille) {
            text[row][column] = character;
        }
        text.into_iter().map(String::from_iter).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn lines_in_braille_and_in_ascii() {
        let mut canvas = Canvas::new(4, 2);
        canvas.line((0, 7), (7, 0), 0);
        assert_eq!(text(&canvas, true), "  ⡠⠊\n⡠⠊  ");
        assert_eq!(text(&canvas, false), "  .'\n.'  ");
        let mut canvas = Canvas::new(3, 1);
        canvas.line((0, 0), (1, 0), 0);
        canvas.line((2, 3), (3, 3), 0);
        assert_eq!(text(&canvas, true), "⠉⣀ ");
        assert_eq!(text(&canvas, false), "'. ");
    }

    #[test]
    fn a_line_is_the_same_from_either_end() {
        for (from, to) in [((0, 0), (9, 3)), ((2, 7), (3, 0)), ((5, 5), (5, 5))] {
            let [mut one, mut other] = [Canvas::new(5, 2), Canvas::new(5, 2)];
            one.line(from, to, 0);
            other.line(to, from, 0);
            let ends = |canvas: &Canvas| canvas.drawn(true).map(|(column, row, ..)| (column, row)).collect::<Vec<_>>();
            assert_eq!(ends(&one), ends(&other), "{from:?} {to:?}");
        }
    }

    #[test]
    fn a_cell_belongs_to_the_line_that_came_last() {
        let mut canvas = Canvas::new(1, 1);
        canvas.line((0, 0), (0, 0), 0);
        canvas.line((1, 3), (1, 3), 1);
        assert_eq!(canvas.drawn(true).collect::<Vec<_>>(), [(0, 0, '⢁', 1)]);
    }

    #[test]
    fn what_lies_outside_is_dropped() {
        let mut canvas = Canvas::new(2, 1);
        canvas.line((4, 0), (4, 9), 0);
        assert_eq!(canvas.drawn(true).count(), 0);
        Canvas::new(0, 0).line((0, 0), (3, 3), 0);
    }
}
