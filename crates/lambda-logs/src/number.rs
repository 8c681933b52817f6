//! Numbers as the platform writes them: digits, optionally a point and more digits. No sign, exponent or infinity.

/// The most digits of a number below 2^53, which an `f64` holds exactly.
const EXACT_DIGITS: usize = 15;

const POWERS: [f64; EXACT_DIGITS + 1] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/// The decimal number at the beginning of `text`, and its length. The value equals that of `str::parse`.
#[inline]
pub(super) fn decimal(text: &[u8]) -> Option<(f64, usize)> {
    let (mut digits, mut end, mut fraction) = (0, 0, 0);
    while let Some(digit) = digit(text, end) {
        digits = shifted(digits, digit);
        end += 1;
    }
    let mut count = end;
    if count > 0 && text.get(end) == Some(&b'.') {
        end += 1;
        while let Some(digit) = digit(text, end) {
            digits = shifted(digits, digit);
            end += 1;
            fraction += 1;
        }
        if fraction == 0 {
            return None;
        }
        count += fraction;
    }
    match count {
        0 => None,
        // A quotient of two exact numbers is rounded once, so it is the nearest number to the written one.
        1..=EXACT_DIGITS => Some((digits as f64 / POWERS[fraction], end)),
        _ => long(&text[..end]).map(|value| (value, end)),
    }
}

/// The whole number at the beginning of `text`, and its length; `None` if it does not fit.
#[inline]
pub(super) fn whole(text: &[u8]) -> Option<(u64, usize)> {
    let (mut value, mut end) = (0u64, 0);
    while let Some(digit) = digit(text, end) {
        value = value.checked_mul(10)?.checked_add(digit)?;
        end += 1;
    }
    (end > 0).then_some((value, end))
}

/// The value of the digit at `place`.
#[inline]
fn digit(text: &[u8], place: usize) -> Option<u64> {
    let digit = text.get(place)?.wrapping_sub(b'0');
    (digit <= 9).then_some(u64::from(digit))
}

/// Wraps only after more digits than [`EXACT_DIGITS`]; then the value is not used.
#[inline]
fn shifted(digits: u64, digit: u64) -> u64 {
    digits.wrapping_mul(10).wrapping_add(digit)
}

#[cold]
fn long(text: &[u8]) -> Option<f64> {
    std::str::from_utf8(text).ok()?.parse().ok().filter(|value: &f64| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_number_ends_at_the_first_other_byte() {
        // text, the decimal and its length, the whole number and its length
        let cases = [
            ("41.27 ms", Some((41.27, 5)), Some((41, 2))),
            ("0.00", Some((0.0, 4)), Some((0, 1))),
            ("100 ms", Some((100.0, 3)), Some((100, 3))),
            ("007", Some((7.0, 3)), Some((7, 3))),
            ("1.5e3", Some((1.5, 3)), Some((1, 1))),
            ("5.", None, Some((5, 1))),
            (".5", None, None),
            ("-1", None, None),
            ("+1", None, None),
            ("NaN", None, None),
            ("inf", None, None),
            ("", None, None),
            ("٣", None, None),
            ("18446744073709551615", Some((18_446_744_073_709_551_615.0, 20)), Some((u64::MAX, 20))),
            ("18446744073709551616", Some((18_446_744_073_709_551_616.0, 20)), None),
        ];
        for (text, decimal_there, whole_there) in cases {
            assert_eq!(decimal(text.as_bytes()), decimal_there, "{text}");
            assert_eq!(whole(text.as_bytes()), whole_there, "{text}");
        }
        assert_eq!(decimal("9".repeat(400).as_bytes()), None, "an infinity is no number");
    }

    proptest! {
        #[test]
        fn values_are_those_of_the_standard_library(text in "[0-9]{1,20}(\\.[0-9]{1,12})?") {
            prop_assert_eq!(decimal(text.as_bytes()), Some((text.parse::<f64>().unwrap(), text.len())));
        }

        #[test]
        fn written_numbers_are_read_back(value in 0.0f64..1e9, number: u64) {
            let text = format!("{value} ");
            prop_assert_eq!(decimal(text.as_bytes()), Some((value, text.len() - 1)));
            prop_assert_eq!(whole(number.to_string().as_bytes()).map(|(value, _)| value), Some(number));
        }
    }
}
