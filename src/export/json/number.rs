//! Numbers and minutes as the contract writes them.

use serde::Serialize;

use super::super::time;
use lambda_model::time::Minute;

/// A count or an age that CloudWatch sends as a double: written as a whole number when it is one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Number(pub(super) f64);

impl Serialize for Number {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        /// Up to here every whole double is an exact integer.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        if self.0.fract() == 0.0 && self.0.abs() < EXACT {
            serializer.serialize_i64(self.0 as i64)
        } else {
            serializer.serialize_f64(self.0)
        }
    }
}

pub(super) fn number(value: Option<f64>) -> Option<Number> {
    value.map(Number)
}

pub(super) fn minute(minute: Option<Minute>) -> Option<String> {
    minute.map(|minute| time(minute.start()))
}

#[cfg(test)]
mod tests {
    use super::Number;

    #[test]
    fn whole_numbers_are_written_whole() {
        let cases = [
            (0.0, "0"),
            (120.0, "120"),
            (-3.0, "-3"),
            (0.5, "0.5"),
            (9_007_199_254_740_991.0, "9007199254740991"),
            (1e300, "1e+300"),
        ];
        for (value, text) in cases {
            assert_eq!(serde_json::to_string(&Number(value)).unwrap(), text);
        }
    }
}
