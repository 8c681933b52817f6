//! The characters that widgets draw with, for a UTF-8 terminal and for one that only knows ASCII.

use ratatui::symbols::border;

/// The characters that widgets draw with.
#[derive(Debug)]
pub(crate) struct Glyphs {
    /// One cell filled from below, from almost empty to almost full: a full one would touch the row above.
    pub levels: [char; 7],
    /// One cell filled from the left, from almost empty to full.
    pub parts: [char; 8],
    /// The claimed part of a gauge.
    pub claimed: char,
    /// The free part of a gauge.
    pub free: char,
    /// A value that is missing.
    pub gap: char,
    /// A limit across a chart.
    pub limit: char,
    /// The axes of a chart.
    pub axis: Axis,
    /// Whether more than ASCII may be drawn: charts in braille, eight dots to a cell.
    pub unicode: bool,
    /// The frame around a pane.
    pub border: border::Set<'static>,
}

/// The axes of a chart.
#[derive(Debug)]
pub(crate) struct Axis {
    /// The upright axis.
    pub upright: char,
    /// The upright axis at a tick.
    pub upright_tick: char,
    /// Where the axes meet.
    pub corner: char,
    /// The time axis.
    pub lying: char,
    /// The time axis at a tick.
    pub lying_tick: char,
    /// The time axis below values that may still change.
    pub provisional: char,
}

/// For a UTF-8 terminal.
pub(super) static UNICODE: Glyphs = Glyphs {
    levels: ['▁', '▂', '▃', '▄', '▅', '▆', '▇'],
    parts: ['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'],
    claimed: '▒',
    free: '░',
    gap: '·',
    limit: '╌',
    axis: Axis {
        upright: '│', upright_tick: '┤', corner: '└', lying: '─', lying_tick: '┬', provisional: '┄'
    },
    unicode: true,
    border: border::ROUNDED,
};

/// For a terminal that only knows ASCII.
pub(super) static ASCII: Glyphs = Glyphs {
    levels: ['_', '.', '-', '=', '+', '*', '#'],
    parts: [' ', ' ', ' ', '-', '-', '=', '=', '#'],
    claimed: '+',
    free: '.',
    gap: ' ',
    limit: '-',
    axis: Axis { upright: '|', upright_tick: '+', corner: '+', lying: '-', lying_tick: '+', provisional: '.' },
    unicode: false,
    border: border::Set {
        top_left: "+",
        top_right: "+",
        bottom_left: "+",
        bottom_right: "+",
        vertical_left: "|",
        vertical_right: "|",
        horizontal_top: "-",
        horizontal_bottom: "-",
    },
};

/// What stands on an ASCII terminal for the characters that lamtop's own words are written with.
const STAND_INS: [(char, char); 21] = [
    ('–', '-'),
    ('…', '.'),
    ('·', '.'),
    ('•', '*'),
    ('≥', '>'),
    ('≤', '<'),
    ('→', '>'),
    ('↵', '|'),
    ('▏', '|'),
    ('▸', '>'),
    ('◂', '<'),
    ('✗', 'X'),
    ('▼', 'v'),
    ('▲', '^'),
    ('─', '-'),
    // What was changed, on a time axis.
    ('◆', '*'),
    ('■', '='),
    ('▶', '>'),
    ('●', '#'),
    ('◇', '+'),
    ('\u{FFFD}', '?'),
];

/// `character` as an ASCII terminal can show it; what comes from outside stays as it is.
pub(super) fn to_ascii(character: char) -> char {
    STAND_INS.iter().find(|(known, _)| *known == character).map_or(character, |(_, ascii)| *ascii)
}
