//! Frames of an event stream, as AWS sends them (docs/aws.md#event-stream-frames).

/// A frame with these headers, all of them strings, this payload, and correct checksums.
pub(super) fn frame(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
    let headers: Vec<u8> = headers.iter().flat_map(|(name, value)| header(name, value)).collect();
    sealed(&headers, payload)
}

/// A frame with any bytes in place of its headers, and with correct checksums.
pub(super) fn sealed(headers: &[u8], payload: &[u8]) -> Vec<u8> {
    // Prelude and both checksums take 16 bytes.
    let length = |bytes: usize| u32::try_from(bytes).unwrap().to_be_bytes();
    let mut frame = [length(headers.len() + payload.len() + 16), length(headers.len())].concat();
    frame.extend(crc32(&frame).to_be_bytes());
    frame.extend([headers, payload].concat());
    frame.extend(crc32(&frame).to_be_bytes());
    frame
}

/// Type 7 is a string.
fn header(name: &str, value: &str) -> Vec<u8> {
    let (name_length, length) = (u8::try_from(name.len()).unwrap(), u16::try_from(value.len()).unwrap());
    [&[name_length], name.as_bytes(), &[7], &length.to_be_bytes(), value.as_bytes()].concat()
}

/// The frame of an event.
pub(super) fn event(kind: &str, payload: &str) -> Vec<u8> {
    let headers = [(":message-type", "event"), (":event-type", kind), (":content-type", "application/json")];
    frame(&headers, payload.as_bytes())
}

/// The frame of an exception, which ends a stream.
pub(super) fn exception(kind: &str, message: &str) -> Vec<u8> {
    let headers = [(":message-type", "exception"), (":exception-type", kind), (":content-type", "application/json")];
    frame(&headers, serde_json::json!({ "message": message }).to_string().as_bytes())
}

/// CRC-32 as in gzip (RFC 1952, section 8).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ if crc & 1 == 1 { 0xEDB8_8320 } else { 0 })
    })
}

#[test]
fn checksums_are_those_of_the_standard() {
    assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
}
