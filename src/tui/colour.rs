//! The xterm palette: the arithmetic between its 256 numbers and the colours they stand for.

use crate::view::picture::Rgb;

/// The steps of the palette's 6 × 6 × 6 cube (colours 16 to 231), as xterm defines them.
const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// The sixteen base colours as xterm ships them. A terminal may show others.
const BASE: [Rgb; 16] = [
    Rgb(0, 0, 0),
    Rgb(205, 0, 0),
    Rgb(0, 205, 0),
    Rgb(205, 205, 0),
    Rgb(0, 0, 238),
    Rgb(205, 0, 205),
    Rgb(0, 205, 205),
    Rgb(229, 229, 229),
    Rgb(127, 127, 127),
    Rgb(255, 0, 0),
    Rgb(0, 255, 0),
    Rgb(255, 255, 0),
    Rgb(92, 92, 255),
    Rgb(255, 0, 255),
    Rgb(0, 255, 255),
    Rgb(255, 255, 255),
];

/// The colour that number `index` of the palette stands for.
pub(super) fn of_index(index: u8) -> Rgb {
    match index {
        0..=15 => BASE[usize::from(index)],
        16..=231 => {
            let cube = usize::from(index - 16);
            Rgb(STEPS[cube / 36], STEPS[cube / 6 % 6], STEPS[cube % 6])
        }
        232..=255 => {
            let grey = 8 + 10 * (index - 232);
            Rgb(grey, grey, grey)
        }
    }
}

/// The number of the palette's colour nearest to `colour`, never one of the sixteen a terminal may redefine.
pub(super) fn nearest_index(colour: Rgb) -> u8 {
    let distance = |index: &u8| {
        let candidate = of_index(*index);
        [(colour.0, candidate.0), (colour.1, candidate.1), (colour.2, candidate.2)]
            .map(|(one, other)| u32::from(one.abs_diff(other)).pow(2))
            .iter()
            .sum::<u32>()
    };
    (16..=255).min_by_key(distance).unwrap_or(16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_colour_of_the_palette_is_nearest_to_itself() {
        for index in 16..=255 {
            assert_eq!(of_index(nearest_index(of_index(index))), of_index(index), "{index}");
        }
    }

    #[test]
    fn known_colours() {
        assert_eq!(of_index(9), Rgb(255, 0, 0));
        assert_eq!(of_index(214), Rgb(255, 175, 0));
        assert_eq!(of_index(255), Rgb(238, 238, 238));
        assert_eq!(nearest_index(Rgb(230, 159, 0)), 178);
        assert_eq!(nearest_index(Rgb(7, 9, 8)), 232, "near black is a grey, not the cube's corner");
    }
}
