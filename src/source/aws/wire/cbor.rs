//! The part of CBOR (RFC 8949) that `CloudWatch`'s answers need.

/// A major type with its number: up to 65,535, which no test exceeds.
fn head(major: u8, number: usize) -> Vec<u8> {
    let major = major << 5;
    match u16::try_from(number).unwrap().to_be_bytes() {
        [0, low] if low < 24 => vec![major | low],
        [0, low] => vec![major | 0x18, low],
        [high, low] => vec![major | 0x19, high, low],
    }
}

pub(super) fn text(text: &str) -> Vec<u8> {
    [head(3, text.len()), text.as_bytes().to_vec()].concat()
}

pub(super) fn double(value: f64) -> Vec<u8> {
    [vec![0xfb], value.to_be_bytes().to_vec()].concat()
}

/// Tag 1, epoch seconds.
pub(super) fn time(seconds: f64) -> Vec<u8> {
    [head(6, 1), double(seconds)].concat()
}

pub(super) fn array(items: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    let items: Vec<_> = items.into_iter().collect();
    [head(4, items.len()), items.concat()].concat()
}

pub(super) fn map<const N: usize>(entries: [(&str, Vec<u8>); N]) -> Vec<u8> {
    let pairs: Vec<_> = entries.into_iter().flat_map(|(key, value)| [text(key), value]).collect();
    [head(5, N), pairs.concat()].concat()
}
