//! Blocks, lines and braille as shapes: what a terminal font draws so that neighbouring cells join.

use std::fmt::Write;

/// The shapes of one run, gathered by how opaque they are.
#[derive(Default)]
pub(super) struct Shapes {
    solid: String,
    shaded: [String; 3],
}

/// How opaque the shades `░▒▓` are.
const SHADES: [&str; 3] = [".25", ".5", ".75"];

/// Half the thickness of a line.
const HALF_LINE: f64 = 0.75;

/// Half the side of a braille dot.
const HALF_DOT: f64 = 1.25;

/// Which way a line goes from the middle of its cell: up, right, down, left.
type Arms = [bool; 4];

impl Shapes {
    /// Adds `cluster`, in the cell of this size at `origin`, if it is drawn as a shape; says whether it is.
    pub(super) fn add(&mut self, cluster: &str, origin: (u32, u32), size: (u32, u32)) -> bool {
        let mut characters = cluster.chars();
        let (Some(character), None) = (characters.next(), characters.next()) else { return false };
        let cell = Cell { x: f64::from(origin.0), y: f64::from(origin.1), w: f64::from(size.0), h: f64::from(size.1) };
        let number = u32::from(character);
        match number {
            // ▀, then ▁ to █ by eighths from below, then ▉ to ▏ by eighths from the left, then ▐.
            0x2580 => cell.rect(&mut self.solid, (0.0, 0.0), (1.0, 0.5)),
            0x2581..=0x2588 => {
                let part = f64::from(number - 0x2580) / 8.0;
                cell.rect(&mut self.solid, (0.0, 1.0 - part), (1.0, part));
            }
            0x2589..=0x258f => cell.rect(&mut self.solid, (0.0, 0.0), (f64::from(0x2590 - number) / 8.0, 1.0)),
            0x2590 => cell.rect(&mut self.solid, (0.5, 0.0), (0.5, 1.0)),
            0x2591..=0x2593 => cell.rect(&mut self.shaded[(number - 0x2591) as usize], (0.0, 0.0), (1.0, 1.0)),
            0x2800..=0x28ff => cell.braille(&mut self.solid, number - 0x2800),
            _ => return self.add_line(character, &cell),
        }
        true
    }

    fn add_line(&mut self, character: char, cell: &Cell) -> bool {
        if let Some(arms) = arms(character) {
            cell.lines(&mut self.solid, arms);
        } else if let Some((count, across)) = dashes(character) {
            cell.dashes(&mut self.solid, count, across);
        } else if let Some((right, down)) = corner(character) {
            cell.corner(&mut self.solid, right, down);
        } else {
            return false;
        }
        true
    }

    /// Writes what was added. `fill` is the attribute with the colour, or empty.
    pub(super) fn write(&self, svg: &mut String, fill: &str) -> std::fmt::Result {
        if !self.solid.is_empty() {
            writeln!(svg, "<path d=\"{}\"{fill}/>", self.solid)?;
        }
        for (path, opacity) in self.shaded.iter().zip(SHADES) {
            if !path.is_empty() {
                writeln!(svg, "<path d=\"{path}\"{fill} fill-opacity=\"{opacity}\"/>")?;
            }
        }
        Ok(())
    }
}

/// The arms of the light box-drawing lines.
fn arms(character: char) -> Option<Arms> {
    let [up, right, down, left] = [0, 1, 2, 3].map(|arm| {
        let with: &str = ["│└┘├┤┴┼", "─└┌├┬┴┼", "│┌┐├┤┬┼", "─┘┐┤┬┴┼"][arm];
        with.contains(character)
    });
    (up || right || down || left).then_some([up, right, down, left])
}

/// How many dashes a dashed line has in a cell, and whether it goes across.
fn dashes(character: char) -> Option<(u32, bool)> {
    Some(match character {
        '╌' => (2, true),
        '┄' => (3, true),
        '┈' => (4, true),
        '╎' => (2, false),
        '┆' => (3, false),
        '┊' => (4, false),
        _ => return None,
    })
}

/// Whether a rounded corner opens to the right, and whether downwards.
fn corner(character: char) -> Option<(bool, bool)> {
    Some(match character {
        '╭' => (true, true),
        '╮' => (false, true),
        '╯' => (false, false),
        '╰' => (true, false),
        _ => return None,
    })
}

/// A cell in pixels.
struct Cell {
    x: f64,
    y: f64,
    w: f64,
    h: f64,
}

impl Cell {
    fn middle(&self) -> (f64, f64) {
        (self.x + self.w / 2.0, self.y + self.h / 2.0)
    }

    /// A rectangle given in parts of the cell.
    fn rect(&self, path: &mut String, at: (f64, f64), size: (f64, f64)) {
        rect(path, (self.x + at.0 * self.w, self.y + at.1 * self.h), (size.0 * self.w, size.1 * self.h));
    }

    /// The dots of a braille pattern; bit by bit: three down on the left, three on the right, then the lowest two.
    fn braille(&self, path: &mut String, dots: u32) {
        for bit in 0..8 {
            if dots & (1 << bit) != 0 {
                let (across, down) = if bit < 6 { (bit / 3, bit % 3) } else { (bit - 6, 3) };
                let x = self.x + (f64::from(across) + 0.5) * self.w / 2.0;
                let y = self.y + (f64::from(down) + 0.5) * self.h / 4.0;
                rect(path, (x - HALF_DOT, y - HALF_DOT), (2.0 * HALF_DOT, 2.0 * HALF_DOT));
            }
        }
    }

    fn lines(&self, path: &mut String, [up, right, down, left]: Arms) {
        let (x, y) = self.middle();
        if up || down {
            let top = if up { self.y } else { y - HALF_LINE };
            let bottom = if down { self.y + self.h } else { y + HALF_LINE };
            rect(path, (x - HALF_LINE, top), (2.0 * HALF_LINE, bottom - top));
        }
        if left || right {
            let start = if left { self.x } else { x - HALF_LINE };
            let end = if right { self.x + self.w } else { x + HALF_LINE };
            rect(path, (start, y - HALF_LINE), (end - start, 2.0 * HALF_LINE));
        }
    }

    fn dashes(&self, path: &mut String, count: u32, across: bool) {
        let (x, y) = self.middle();
        for dash in 0..count {
            // Half as much gap as dash, so that dashes go on evenly in the next cell.
            let (from, part) = (f64::from(dash) / f64::from(count), 2.0 / 3.0 / f64::from(count));
            if across {
                rect(path, (self.x + from * self.w, y - HALF_LINE), (part * self.w, 2.0 * HALF_LINE));
            } else {
                rect(path, (x - HALF_LINE, self.y + from * self.h), (2.0 * HALF_LINE, part * self.h));
            }
        }
    }

    /// A quarter of a ring between the two arms, and the straight rest of the longer one.
    fn corner(&self, path: &mut String, right: bool, down: bool) {
        let (x, y) = self.middle();
        let (across, along) = (if right { 1.0 } else { -1.0 }, if down { 1.0 } else { -1.0 });
        let radius = self.w / 2.0;
        // From the end of the upright arm to that of the lying one, and back on the inner side.
        let sweep = u8::from(right == down);
        let (outer, inner) = (radius + HALF_LINE, radius - HALF_LINE);
        let (side, bend) = (x + across * radius, y + along * radius);
        let _ = write!(
            path,
            "M{} {}V{}A{} {} 0 0 {sweep} {} {}V{}A{} {} 0 0 {} {} {}V{}Z",
            number(x - across * HALF_LINE),
            number(y + along * self.h / 2.0),
            number(bend),
            number(outer),
            number(outer),
            number(side),
            number(y - along * HALF_LINE),
            number(y + along * HALF_LINE),
            number(inner),
            number(inner),
            1 - sweep,
            number(x + across * HALF_LINE),
            number(bend),
            number(y + along * self.h / 2.0),
        );
    }
}

fn rect(path: &mut String, (x, y): (f64, f64), (width, height): (f64, f64)) {
    // Writing to a string cannot fail.
    let _ = write!(path, "M{} {}h{}v{}h-{}z", number(x), number(y), number(width), number(height), number(width));
}

/// A length with at most two decimals, and none that say nothing.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> String {
        let mut shapes = Shapes::default();
        assert!(shapes.add(text, (0, 0), (8, 16)), "{text}");
        shapes.solid + &shapes.shaded.concat()
    }

    #[test]
    fn blocks() {
        for (text, drawn) in [
            ("█", "M0 0h8v16h-8z"),
            ("▁", "M0 14h8v2h-8z"),
            ("▇", "M0 2h8v14h-8z"),
            ("▀", "M0 0h8v8h-8z"),
            ("▏", "M0 0h1v16h-1z"),
            ("▉", "M0 0h7v16h-7z"),
            ("▐", "M4 0h4v16h-4z"),
            ("▒", "M0 0h8v16h-8z"),
        ] {
            assert_eq!(path(text), drawn, "{text}");
        }
    }

    #[test]
    fn braille_dots_are_where_unicode_says() {
        let dot = |text| path(text).split('h').next().unwrap().to_owned();
        for (text, place) in
            [("⠁", "M0.75 0.75"), ("⠄", "M0.75 8.75"), ("⡀", "M0.75 12.75"), ("⠈", "M4.75 0.75"), ("⢀", "M4.75 12.75")]
        {
            assert_eq!(dot(text), place, "{text}");
        }
        assert_eq!(path("⣿").matches('M').count(), 8);
        assert_eq!(path("⠀"), "", "the empty pattern is drawn, as nothing");
    }

    #[test]
    fn lines_reach_the_edges_where_they_have_an_arm() {
        assert_eq!(path("─"), "M0 7.25h8v1.5h-8z");
        assert_eq!(path("│"), "M3.25 0h1.5v16h-1.5z");
        assert_eq!(path("┌"), "M3.25 7.25h1.5v8.75h-1.5zM3.25 7.25h4.75v1.5h-4.75z");
        assert_eq!(path("┼"), "M3.25 0h1.5v16h-1.5zM0 7.25h8v1.5h-8z");
        assert_eq!(path("╌").matches('M').count(), 2);
        assert_eq!(path("╭"), "M3.25 16V12A4.75 4.75 0 0 1 8 7.25V8.75A3.25 3.25 0 0 0 4.75 12V16Z");
    }

    #[test]
    fn text_is_not_a_shape() {
        for text in ["a", " ", "", "決", "━", "ab", "█\u{301}"] {
            assert!(!Shapes::default().add(text, (0, 0), (8, 16)), "{text:?}");
        }
    }
}
