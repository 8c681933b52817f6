//! Turns what was drawn into a neutral [`Picture`]: every colour resolved, every look made plain.
//!
//! It writes no file and knows no file format.

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use crate::tui::colour;
use crate::tui::theme::Theme;
use crate::view::picture::{Picture, Rgb, Run};
use lambda_model::text;

/// What `buffer` looks like on the ground of `theme`.
pub(super) fn of_buffer(buffer: &Buffer, theme: &Theme) -> Picture {
    let mut picture = Picture {
        columns: buffer.area.width,
        rows: buffer.area.height,
        foreground: theme.foreground(),
        background: theme.background(),
        runs: Vec::new(),
    };
    for row in 0..picture.rows {
        let mut column = 0;
        while column < picture.columns {
            let Some(cell) = buffer.cell((buffer.area.x + column, buffer.area.y + row)) else { break };
            // The cells that a wide character covers follow it in the buffer and are passed over.
            let columns = (text::width(cell.symbol()).max(1) as u16).min(picture.columns - column);
            let run = run_of(cell, row, column, columns, &picture);
            column += columns;
            match picture.runs.last_mut() {
                Some(last) if continues(last, &run) => {
                    last.text.push_str(&run.text);
                    last.columns += run.columns;
                }
                _ => picture.runs.push(run),
            }
        }
    }
    picture.runs.retain(|run| run.background.is_some() || run.underlined || !run.text.trim().is_empty());
    picture
}

/// One cell as a run of its own.
fn run_of(cell: &Cell, row: u16, column: u16, columns: u16, picture: &Picture) -> Run {
    let mut foreground = resolve(cell.fg, picture.foreground);
    let mut background = resolve(cell.bg, picture.background);
    if cell.modifier.contains(Modifier::REVERSED) {
        std::mem::swap(&mut foreground, &mut background);
    }
    if cell.modifier.contains(Modifier::DIM) {
        foreground = foreground.blend(background);
    }
    Run {
        row,
        column,
        columns,
        text: text::clean(cell.symbol()).into_owned(),
        foreground,
        background: (background != picture.background).then_some(background),
        bold: cell.modifier.contains(Modifier::BOLD),
        underlined: cell.modifier.contains(Modifier::UNDERLINED),
    }
}

/// Whether `next` goes on where `last` ends and looks the same.
fn continues(last: &Run, next: &Run) -> bool {
    last.row == next.row
        && last.column + last.columns == next.column
        && (last.foreground, last.background) == (next.foreground, next.background)
        && (last.bold, last.underlined) == (next.bold, next.underlined)
}

/// What a terminal colour looks like; `own` is the terminal's own.
fn resolve(colour: Color, own: Rgb) -> Rgb {
    let index = match colour {
        Color::Reset => return own,
        Color::Rgb(red, green, blue) => return Rgb(red, green, blue),
        Color::Indexed(index) => index,
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 8,
        Color::LightRed => 9,
        Color::LightGreen => 10,
        Color::LightYellow => 11,
        Color::LightBlue => 12,
        Color::LightMagenta => 13,
        Color::LightCyan => 14,
        Color::White => 15,
    };
    colour::of_index(index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::capabilities::{Capabilities, Depth};
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    fn theme() -> Theme {
        Theme::load("default", Capabilities { depth: Depth::TrueColor, unicode: true }).unwrap()
    }

    fn runs(paint: impl FnOnce(&mut Buffer)) -> Vec<Run> {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 1));
        paint(&mut buffer);
        of_buffer(&buffer, &theme()).runs
    }

    #[test]
    fn neighbours_that_look_the_same_are_one_run() {
        let runs = runs(|buffer| {
            buffer.set_string(0, 0, "決済 ok", Style::new());
            buffer.set_string(7, 0, "bad", Style::new().fg(Color::Red).add_modifier(Modifier::BOLD));
        });
        let seen: Vec<_> = runs.iter().map(|run| (run.column, run.columns, run.text.as_str(), run.bold)).collect();
        assert_eq!(seen, [(0, 7, "決済 ok", false), (7, 3, "bad", true)]);
        assert_eq!(runs[1].foreground, Rgb(205, 0, 0));
    }

    #[test]
    fn empty_cells_count_only_where_they_are_seen() {
        assert!(runs(|_| ()).is_empty());
        let runs = runs(|buffer| buffer.set_style(Rect::new(2, 0, 3, 1), Style::new().bg(Color::Blue)));
        assert_eq!((runs.len(), runs[0].column, runs[0].columns), (1, 2, 3));
        assert_eq!(runs[0].background, Some(Rgb(0, 0, 238)));
    }

    #[test]
    fn reversed_and_dim_are_resolved() {
        let (theme, white) = (theme(), Color::Rgb(255, 255, 255));
        let runs = runs(|buffer| {
            buffer.set_string(0, 0, "r", Style::new().add_modifier(Modifier::REVERSED));
            buffer.set_string(1, 0, "d", Style::new().fg(white).bg(Color::Rgb(1, 1, 1)).add_modifier(Modifier::DIM));
        });
        assert_eq!((runs[0].foreground, runs[0].background), (theme.background(), Some(theme.foreground())));
        assert_eq!(runs[1].foreground, Rgb(128, 128, 128));
    }

    #[test]
    fn a_buffer_that_starts_elsewhere_is_seen_from_its_corner() {
        let mut buffer = Buffer::empty(Rect::new(5, 3, 4, 2));
        buffer.set_string(5, 4, "x", Style::new());
        let picture = of_buffer(&buffer, &theme());
        assert_eq!((picture.columns, picture.rows), (4, 2));
        assert_eq!((picture.runs[0].column, picture.runs[0].row, picture.runs[0].text.trim_end()), (0, 1, "x"));
    }
}
