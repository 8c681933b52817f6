//! Writes a [`Picture`] as SVG: the same picture is always the same bytes.
//!
//! Text is set run by run with its exact length, and blocks, lines and braille are drawn as shapes, so columns line
//! up and borders join whatever font the viewer has. It knows no terminal and writes no file.

mod shape;

use std::fmt::Write;

use unicode_segmentation::UnicodeSegmentation;

use crate::view::picture::{Picture, Rgb, Run};
use lambda_model::text;

/// A cell in pixels: at 15 px, the common monospaced fonts advance 9 px.
const CELL: (u32, u32) = (9, 18);

/// Where text stands, from the top of its cell.
const BASELINE: u32 = 14;

/// From the edge of the window to the first cell.
const MARGIN: u32 = 14;

/// The height of the title bar.
const BAR: u32 = 34;

/// The cells of the title bar that the buttons take, and as many on the other side.
const BESIDE_TITLE: usize = 14;

/// The buttons of the title bar, left to right. They say "a window" and mean nothing.
const BUTTONS: [Rgb; 3] = [Rgb(0xff, 0x5f, 0x57), Rgb(0xfe, 0xbc, 0x2e), Rgb(0x28, 0xc8, 0x40)];

/// `picture` as an SVG document: a window with `title` in its bar and as its accessible name.
pub fn write(picture: &Picture, title: &str) -> String {
    let (width, height) =
        (u32::from(picture.columns) * CELL.0 + 2 * MARGIN, u32::from(picture.rows) * CELL.1 + MARGIN + BAR);
    let mut svg = String::new();
    // Writing to a string cannot fail, so the result of the formatter is of no interest.
    let title = escape(&text::fit(title, usize::from(picture.columns).saturating_sub(BESIDE_TITLE)));
    let _ = write_frame(&mut svg, picture, &title, (width, height));
    svg
}

fn write_frame(svg: &mut String, picture: &Picture, title: &str, (width, height): (u32, u32)) -> std::fmt::Result {
    let Picture { foreground, background, .. } = *picture;
    let quiet = foreground.blend(background);
    let rim = quiet.blend(background);
    writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\">"
    )?;
    writeln!(svg, "<title>{title}</title>")?;
    writeln!(
        svg,
        "<style>text{{font:15px \"SFMono-Regular\",Menlo,Consolas,\"DejaVu Sans Mono\",monospace;\
         white-space:pre;\
         font-variant-ligatures:none}}.b{{font-weight:700}}.u{{text-decoration:underline}}</style>"
    )?;
    writeln!(
        svg,
        "<rect x=\".5\" y=\".5\" width=\"{}\" height=\"{}\" rx=\"9\" fill=\"{}\" stroke=\"{}\"/>",
        width - 1,
        height - 1,
        hex(background),
        hex(rim)
    )?;
    for (index, button) in (0u32..).zip(BUTTONS) {
        writeln!(svg, "<circle cx=\"{}\" cy=\"{}\" r=\"5.5\" fill=\"{}\"/>", 20 + 18 * index, BAR / 2, hex(button))?;
    }
    writeln!(
        svg,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" fill=\"{}\">{title}</text>",
        width / 2,
        BAR / 2 + 5,
        hex(quiet)
    )?;
    writeln!(svg, "<g transform=\"translate({MARGIN} {BAR})\" fill=\"{}\">", hex(foreground))?;
    // All backgrounds come first: a glyph may reach into its neighbour's cell.
    for run in &picture.runs {
        write_background(svg, run)?;
    }
    for run in &picture.runs {
        write_run(svg, run, foreground)?;
    }
    svg.push_str("</g>\n</svg>\n");
    Ok(())
}

fn write_background(svg: &mut String, run: &Run) -> std::fmt::Result {
    let Some(colour) = run.background else { return Ok(()) };
    let (x, y) = origin(run.column, run.row);
    let width = u32::from(run.columns) * CELL.0;
    writeln!(
        svg,
        "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{}\" fill=\"{}\" shape-rendering=\"crispEdges\"/>",
        CELL.1,
        hex(colour)
    )
}

/// Writes a run as its words and its shapes.
fn write_run(svg: &mut String, run: &Run, own: Rgb) -> std::fmt::Result {
    let fill = if run.foreground == own { String::new() } else { format!(" fill=\"{}\"", hex(run.foreground)) };
    let mut shapes = shape::Shapes::default();
    let mut words = Vec::<Word>::new();
    let mut column = run.column;
    for cluster in run.text.graphemes(true) {
        let columns = text::width(cluster) as u16;
        let drawn = shapes.add(cluster, origin(column, run.row), CELL);
        if !drawn && (cluster != " " || run.underlined) {
            match words.last_mut() {
                Some(word) if word.column + word.columns == column => word.extend(cluster, columns),
                _ => words.push(Word { column, columns, text: cluster.to_owned() }),
            }
        }
        column = column.saturating_add(columns);
    }
    shapes.write(svg, &fill)?;
    let class = match (run.bold, run.underlined) {
        (false, false) => "",
        (true, false) => " class=\"b\"",
        (false, true) => " class=\"u\"",
        (true, true) => " class=\"b u\"",
    };
    for word in words {
        let (x, y) = origin(word.column, run.row);
        let length = u32::from(word.columns) * CELL.0;
        writeln!(
            svg,
            "<text x=\"{x}\" y=\"{}\" textLength=\"{length}\" lengthAdjust=\"spacingAndGlyphs\"{class}{fill}>{}</text>",
            y + BASELINE,
            escape(&word.text)
        )?;
    }
    Ok(())
}

/// Text without a space in it, unless it is underlined.
struct Word {
    column: u16,
    columns: u16,
    text: String,
}

impl Word {
    fn extend(&mut self, cluster: &str, columns: u16) {
        self.text.push_str(cluster);
        self.columns += columns;
    }
}

/// The upper left corner of a cell, in pixels from that of the first.
fn origin(column: u16, row: u16) -> (u32, u32) {
    (u32::from(column) * CELL.0, u32::from(row) * CELL.1)
}

fn hex(Rgb(red, green, blue): Rgb) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// Text as XML holds it.
fn escape(text: &str) -> String {
    text::clean(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(column: u16, text: &str) -> Run {
        Run {
            row: 0,
            column,
            columns: text::width(text) as u16,
            text: text.to_owned(),
            foreground: Rgb(1, 2, 3),
            background: None,
            bold: false,
            underlined: false,
        }
    }

    fn drawn(runs: Vec<Run>) -> String {
        let picture = Picture { columns: 20, rows: 2, foreground: Rgb(200, 200, 200), background: Rgb(0, 0, 0), runs };
        let svg = write(&picture, "lamtop");
        let start = svg.find("<g ").unwrap();
        svg[start..].lines().skip(1).take_while(|line| *line != "</g>").collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_window() {
        let picture =
            Picture { columns: 20, rows: 2, foreground: Rgb(200, 200, 200), background: Rgb(0, 0, 0), runs: vec![] };
        insta::assert_snapshot!(write(&picture, "<&\"a\">"), @r##"
    <svg xmlns="http://www.w3.org/2000/svg" width="208" height="84" viewBox="0 0 208 84" role="img">
    <title>&lt;&amp;&quot;a&quot;&gt;</title>
    <style>text{font:15px "SFMono-Regular",Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre;font-variant-ligatures:none}.b{font-weight:700}.u{text-decoration:underline}</style>
    <rect x=".5" y=".5" width="207" height="83" rx="9" fill="#000000" stroke="#323232"/>
    <circle cx="20" cy="17" r="5.5" fill="#ff5f57"/>
    <circle cx="38" cy="17" r="5.5" fill="#febc2e"/>
    <circle cx="56" cy="17" r="5.5" fill="#28c840"/>
    <text x="104" y="22" text-anchor="middle" fill="#646464">&lt;&amp;&quot;a&quot;&gt;</text>
    <g transform="translate(14 34)" fill="#c8c8c8">
    </g>
    </svg>
    "##);
    }

    #[test]
    fn words_are_set_apart_with_their_exact_length() {
        assert_eq!(
            drawn(vec![run(1, "a  決済")]),
            "<text x=\"9\" y=\"14\" textLength=\"9\" lengthAdjust=\"spacingAndGlyphs\" fill=\"#010203\">a</text>\n\
             <text x=\"36\" y=\"14\" textLength=\"36\" lengthAdjust=\"spacingAndGlyphs\" fill=\"#010203\">決済</text>"
        );
    }

    #[test]
    fn backgrounds_come_before_all_text() {
        let lines = drawn(vec![run(0, "a"), Run { background: Some(Rgb(9, 9, 9)), bold: true, ..run(1, "b ") }]);
        let kinds: Vec<_> = lines.lines().map(|line| &line[..6]).collect();
        assert_eq!(kinds, ["<rect ", "<text ", "<text "]);
        assert!(lines.contains("width=\"18\"") && lines.contains("class=\"b\""), "{lines}");
    }

    #[test]
    fn hostile_text_stays_text() {
        let lines = drawn(vec![run(0, "</text><script>&\u{1b}")]);
        assert!(lines.contains("&lt;/text&gt;&lt;script&gt;&amp;\u{FFFD}</text>"), "{lines}");
    }

    #[test]
    fn blocks_are_shapes_and_not_text() {
        let lines = drawn(vec![run(0, "ab█▄")]);
        assert!(lines.starts_with("<path d=\"") && lines.contains(">ab</text>"), "{lines}");
    }
}
