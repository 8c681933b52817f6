//! A screen as plain values: runs of text with resolved colours, on a grid of cells.
//!
//! The terminal side makes it, the exports write it; it knows neither ratatui nor a file format.

use serde::Deserialize;

/// A colour, red, green and blue from 0 to 255. Written as `#rrggbb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Rgb(pub u8, pub u8, pub u8);

impl TryFrom<String> for Rgb {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let digits = text
            .strip_prefix('#')
            .filter(|digits| digits.len() == 6 && digits.bytes().all(|it| it.is_ascii_hexdigit()));
        let number = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let [_, red, green, blue] =
            number.ok_or_else(|| format!("`{text}` is not a colour like `#e69f00`"))?.to_be_bytes();
        Ok(Self(red, green, blue))
    }
}

impl Rgb {
    /// The colour half-way between this one and `other`: how dimmed text looks on its background.
    #[must_use]
    pub(crate) fn blend(self, other: Self) -> Self {
        Self(self.0.midpoint(other.0), self.1.midpoint(other.1), self.2.midpoint(other.2))
    }
}

/// Neighbouring cells of one row that look the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The row, from 0 at the top.
    pub row: u16,
    /// The first column, from 0 at the left.
    pub column: u16,
    /// How many columns the text takes.
    pub columns: u16,
    /// The text, spaces included.
    pub text: String,
    /// The colour of the text.
    pub foreground: Rgb,
    /// The colour behind the text; `None` where it is the picture's own.
    pub background: Option<Rgb>,
    /// Whether the text is bold.
    pub bold: bool,
    /// Whether the text is underlined.
    pub underlined: bool,
}

/// A screen at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The width in cells.
    pub columns: u16,
    /// The height in cells.
    pub rows: u16,
    /// The colour of text that has none of its own.
    pub foreground: Rgb,
    /// The colour behind everything.
    pub background: Rgb,
    /// What is drawn, row by row from the left; empty cells on the picture's own background are left out.
    pub runs: Vec<Run>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_strictly() {
        assert_eq!(Rgb::try_from("#E69f00".to_owned()), Ok(Rgb(230, 159, 0)));
        for wrong in ["", "#", "e69f00", "#e69f0", "#e69f000", "#gggggg", "#+69f00", "#éé00"] {
            assert!(Rgb::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn dimming_meets_the_background_half_way() {
        assert_eq!(Rgb(255, 0, 10).blend(Rgb(0, 0, 20)), Rgb(127, 0, 15));
    }
}
