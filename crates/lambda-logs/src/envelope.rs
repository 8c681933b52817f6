//! The envelope that a subscription filter delivers (docs/aws.md#subscription-filters): events of one log stream in a
//! JSON object, gzipped on the wire. It does not parse messages, and it never inflates without bound.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use flate2::{Decompress, FlushDecompress, Status};
use serde::Deserialize;
use serde::de::{Error, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{escape, number};
use lambda_model::log::LogEvent;

/// The bound of an inflated envelope. Kinesis records are at most 10 MiB, and logs compress to about a fifth.
pub(crate) const MOST_BYTES: usize = 64 << 20;

/// The most events of an envelope: [`MOST_BYTES`] hold no more with their ids of 56 digits.
pub(crate) const MOST_EVENTS: usize = MOST_BYTES / 100;

/// The best compression that deflate reaches: a trailer with a higher one is wrong.
const BEST_RATIO: usize = 1032;

/// The buffer that is kept for the next envelope; a larger one is freed.
const KEPT_BYTES: usize = 8 << 20;

/// The initial size of the buffer, until the envelope turns out to be larger.
const FIRST_BYTES: usize = 16 << 10;

/// The first bytes of a gzip member.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The trailer, whose last four bytes are the inflated size.
const TRAILER: usize = 4;

/// Why bytes are not an envelope.
#[derive(Debug, thiserror::Error)]
pub enum Invalid {
    /// It has [`MOST_BYTES`] or more.
    #[error("it is not smaller than {} MiB", MOST_BYTES >> 20)]
    TooLarge,
    /// It begins like gzip, but is damaged, cut off or followed by other bytes.
    #[error("its gzip is damaged")]
    Gzip,
    /// It is not UTF-8.
    #[error("it is not UTF-8")]
    Utf8(#[from] std::str::Utf8Error),
    /// It is not the JSON of an envelope.
    #[error("it is not a subscription's JSON")]
    Json(#[from] serde_json::Error),
}

/// Reads one envelope after another with one buffer.
#[derive(Default)]
pub struct Reader {
    inflated: Vec<u8>,
}

impl fmt::Debug for Reader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Reader").field("capacity", &self.inflated.capacity()).finish()
    }
}

/// The events of one log stream.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope<'a> {
    #[serde(borrow)]
    message_type: Cow<'a, str>,
    /// The account.
    #[serde(borrow, default)]
    pub owner: Cow<'a, str>,
    /// The log group's name.
    #[serde(rename = "logGroup", borrow)]
    pub group: Cow<'a, str>,
    /// The log stream's name.
    #[serde(rename = "logStream", borrow)]
    pub stream: Cow<'a, str>,
    /// In CloudWatch's order.
    #[serde(rename = "logEvents", borrow, deserialize_with = "events")]
    pub events: Vec<Event<'a>>,
}

/// One event, its message still with JSON's escapes.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Event<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    timestamp: Option<&'a RawValue>,
    message: &'a RawValue,
}

impl PartialEq for Event<'_> {
    fn eq(&self, other: &Self) -> bool {
        let written = |event: &Self| [event.id, event.timestamp, Some(event.message)].map(|raw| raw.map(RawValue::get));
        written(self) == written(other)
    }
}

impl Eq for Event<'_> {}

impl<'a> Event<'a> {
    /// CloudWatch's id of the event, the same for each delivery.
    pub fn id(&self) -> Option<&'a str> {
        self.id.and_then(escape::plain).filter(|id| !id.is_empty())
    }

    /// When it was written, milliseconds since the Unix epoch.
    pub fn timestamp_ms(&self) -> Option<i64> {
        let written = self.timestamp?;
        // Seen as a string, too.
        let digits = escape::inner(written).unwrap_or(written.get());
        let (milliseconds, end) = number::whole(digits.as_bytes())?;
        if end == digits.len() { milliseconds.try_into().ok() } else { None }
    }

    /// The event as CloudWatch Logs keeps it, of this group and stream; `None` without a timestamp. The envelope has no
    /// ingestion time: `passed_on` is when CloudWatch Logs delivered it, where known. `scratch` is as for
    /// [`Event::message`].
    pub fn log_event(
        &self,
        group: &Arc<str>,
        stream: &Arc<str>,
        passed_on: Option<DateTime<Utc>>,
        scratch: &mut String,
    ) -> Option<LogEvent> {
        let timestamp = DateTime::from_timestamp_millis(self.timestamp_ms()?)?;
        Some(LogEvent {
            id: self.id().map(Box::from),
            timestamp,
            ingestion: passed_on.unwrap_or(timestamp),
            stream: Arc::clone(stream),
            group: Arc::clone(group),
            message: self.message(scratch).to_string(),
        })
    }

    /// The message; assembled in `scratch` if it has escapes.
    pub fn message<'b>(&self, scratch: &'b mut String) -> &'b str
    where
        'a: 'b,
    {
        let inner = escape::inner(self.message).unwrap_or_default();
        if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
            return inner;
        }
        scratch.clear();
        escape::unescape(inner, scratch);
        scratch
    }
}

impl Reader {
    /// The envelope in `bytes`, gzipped or as plain JSON; `None` if it only tests the destination
    /// (`CONTROL_MESSAGE`).
    ///
    /// # Errors
    ///
    /// If the bytes are no envelope, damaged or too large. The reader can read the next one.
    pub fn read<'a>(&'a mut self, bytes: &'a [u8]) -> Result<Option<Envelope<'a>>, Invalid> {
        let json = if bytes.starts_with(&GZIP) { self.inflate(bytes)? } else { bytes };
        if json.len() >= MOST_BYTES {
            return Err(Invalid::TooLarge);
        }
        let envelope: Envelope = serde_json::from_str(std::str::from_utf8(json)?)?;
        match &*envelope.message_type {
            "DATA_MESSAGE" => Ok(Some(envelope)),
            "CONTROL_MESSAGE" => Ok(None),
            other => Err(serde_json::Error::custom(format_args!("a message of type {other}")).into()),
        }
    }

    /// The content of one gzip member, its checksum verified.
    fn inflate(&mut self, gzip: &[u8]) -> Result<&[u8], Invalid> {
        let buffer = &mut self.inflated;
        buffer.clear();
        buffer.shrink_to(KEPT_BYTES);
        let promised = gzip.last_chunk::<TRAILER>().map_or(0, |size| u32::from_le_bytes(*size) as usize);
        // One byte more than the content, so that the end is seen in the first call.
        let size = promised.saturating_add(1).min(gzip.len().saturating_mul(BEST_RATIO)).clamp(FIRST_BYTES, MOST_BYTES);
        buffer.reserve(size);
        let mut decompress = Decompress::new_gzip(WINDOW_BITS);
        loop {
            let rest = &gzip[decompress.total_in() as usize..];
            let before = buffer.len();
            let status = decompress.decompress_vec(rest, buffer, FlushDecompress::Finish).map_err(|_| Invalid::Gzip)?;
            match status {
                Status::StreamEnd if decompress.total_in() == gzip.len() as u64 => return Ok(buffer),
                _ if buffer.len() >= MOST_BYTES => return Err(Invalid::TooLarge),
                Status::Ok | Status::BufError if buffer.len() == buffer.capacity() => {
                    buffer.reserve(buffer.len().min(MOST_BYTES - buffer.len()));
                }
                Status::Ok if buffer.len() > before => {}
                _ => return Err(Invalid::Gzip),
            }
        }
    }
}

/// The window of gzip: 32 KiB.
const WINDOW_BITS: u8 = 15;

/// Reads up to as many events as an envelope can hold; more are an error.
fn events<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<Event<'de>>, D::Error> {
    struct Events;

    impl<'de> Visitor<'de> for Events {
        type Value = Vec<Event<'de>>;

        fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
            write!(formatter, "at most {MOST_EVENTS} log events")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
            let mut events = Vec::new();
            while let Some(event) = sequence.next_element()? {
                if events.len() == MOST_EVENTS {
                    return Err(A::Error::invalid_length(MOST_EVENTS + 1, &self));
                }
                events.push(event);
            }
            Ok(events)
        }
    }

    deserializer.deserialize_seq(Events)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    const REPORT: &str = "REPORT RequestId: x\tDuration: 41.27 ms\t\n";

    fn written(kind: &str, events: &serde_json::Value) -> String {
        json!({
            "messageType": kind,
            "owner": "111122223333",
            "logGroup": "/aws/lambda/orders",
            "logStream": "2026/11/22/[7]ab",
            "subscriptionFilters": ["lamtop"],
            "policyLevel": "ACCOUNT_LEVEL_POLICY",
            "logEvents": events,
            "new": { "in": ["2027"] },
        })
        .to_string()
    }

    fn one() -> String {
        written("DATA_MESSAGE", &json!([{ "id": "3950", "timestamp": 1_795_343_778_557_u64, "message": REPORT }]))
    }

    #[test]
    fn an_envelope_is_read_from_gzip_and_from_plain_json() {
        let plain = one();
        let mut reader = Reader::default();
        for bytes in [gzip(plain.as_bytes()), plain.clone().into_bytes(), [b"\n ", plain.as_bytes(), b"\n"].concat()] {
            let envelope = reader.read(&bytes).unwrap().unwrap();
            assert_eq!(
                (&*envelope.owner, &*envelope.group, &*envelope.stream),
                ("111122223333", "/aws/lambda/orders", "2026/11/22/[7]ab")
            );
            let [event] = &envelope.events[..] else { panic!("{envelope:?}") };
            let mut scratch = String::new();
            assert_eq!((event.id(), event.timestamp_ms()), (Some("3950"), Some(1_795_343_778_557)));
            assert_eq!(event.message(&mut scratch), REPORT);
        }
    }

    #[test]
    fn a_control_message_is_no_envelope() {
        let text = "CWL CONTROL MESSAGE: Checking health of destination Kinesis stream.";
        let control = written("CONTROL_MESSAGE", &json!([{ "id": "", "timestamp": "1795343778557", "message": text }]));
        assert_eq!(Reader::default().read(&gzip(control.as_bytes())).unwrap(), None);
    }

    #[test]
    fn an_invalid_field_is_absent() {
        // the event as written, id, timestamp, message
        let cases = [
            (r#"{"id":"1","timestamp":"1795343778557","message":"a"}"#, Some("1"), Some(1_795_343_778_557), "a"),
            (r#"{"message":"a\u003cb"}"#, None, None, "a<b"),
            (r#"{"id":null,"timestamp":null,"message":""}"#, None, None, ""),
            (r#"{"id":"","timestamp":-1,"message":"a"}"#, None, None, "a"),
            (r#"{"id":7,"timestamp":1.5,"message":"a"}"#, None, None, "a"),
            (r#"{"id":["x"],"timestamp":{},"message":7}"#, None, None, ""),
            (r#"{"timestamp":18446744073709551615,"message":"a","extractedFields":{"x":"1"}}"#, None, None, "a"),
        ];
        for (event, id, timestamp, message) in cases {
            let text = one().replace(&json!([{"x": 1}]).to_string(), "");
            let start = text.find("[{").unwrap();
            let end = start + text[start..].find("}]").unwrap() + 2;
            let text = format!("{}[{event}]{}", &text[..start], &text[end..]);
            let mut reader = Reader::default();
            let envelope = reader.read(text.as_bytes()).unwrap().unwrap();
            let read = envelope.events[0];
            assert_eq!((read.id(), read.timestamp_ms()), (id, timestamp), "{event}");
            assert_eq!(read.message(&mut String::new()), message, "{event}");
        }
    }

    #[test]
    fn other_bytes_are_an_error() {
        let whole = gzip(one().as_bytes());
        let mut damaged = whole.clone();
        let middle = damaged.len() / 2;
        damaged[middle] ^= 0x55;
        let mut wrong_sum = whole.clone();
        let sum = wrong_sum.len() - 8;
        wrong_sum[sum] ^= 1;
        // the bytes, what the error says
        let cases: [(Vec<u8>, &str); 12] = [
            (Vec::new(), "it is not a subscription's JSON"),
            (b"REPORT RequestId: x".to_vec(), "it is not a subscription's JSON"),
            (b"{}".to_vec(), "it is not a subscription's JSON"),
            (written("OTHER", &json!([])).into_bytes(), "it is not a subscription's JSON"),
            (written("DATA_MESSAGE", &json!([{ "id": "1" }])).into_bytes(), "it is not a subscription's JSON"),
            (gzip(b"{\"messageType\":"), "it is not a subscription's JSON"),
            (gzip(b"\xff\xfe"), "it is not UTF-8"),
            (damaged, "its gzip is damaged"),
            (wrong_sum, "its gzip is damaged"),
            (whole[..whole.len() - 1].to_vec(), "its gzip is damaged"),
            (whole[..2].to_vec(), "its gzip is damaged"),
            ([&whole[..], b"more"].concat(), "its gzip is damaged"),
        ];
        let mut reader = Reader::default();
        for (place, (bytes, expected)) in cases.into_iter().enumerate() {
            assert_eq!(reader.read(&bytes).unwrap_err().to_string(), expected, "case {place}");
            assert!(reader.read(&whole).unwrap().is_some(), "the next is read after case {place}");
        }
    }

    #[test]
    fn a_bomb_is_an_error_and_its_buffer_is_freed() {
        let bomb = gzip(&vec![b' '; MOST_BYTES]);
        assert!(bomb.len() < 1 << 20);
        let mut reader = Reader::default();
        assert!(matches!(reader.read(&bomb), Err(Invalid::TooLarge)));
        assert!(reader.inflated.capacity() <= MOST_BYTES, "{}", reader.inflated.capacity());
        reader.read(&gzip(one().as_bytes())).unwrap();
        assert!(reader.inflated.capacity() <= KEPT_BYTES, "{}", reader.inflated.capacity());
        assert!(matches!(reader.read(&vec![b' '; MOST_BYTES]), Err(Invalid::TooLarge)), "plain, too");
    }

    #[test]
    fn a_wrong_trailer_allocates_nothing() {
        let mut small = gzip(one().as_bytes());
        let size = small.len() - TRAILER;
        small[size..].copy_from_slice(&u32::MAX.to_le_bytes());
        let mut reader = Reader::default();
        assert!(matches!(reader.read(&small), Err(Invalid::Gzip)));
        assert!(reader.inflated.capacity() <= small.len() * BEST_RATIO, "{}", reader.inflated.capacity());
    }

    #[test]
    fn more_events_than_an_envelope_can_hold_are_an_error() {
        let events = |count| vec![r#"{"message":""}"#; count].join(",");
        let text = |count| written("DATA_MESSAGE", &json!([])).replace("[]", &format!("[{}]", events(count)));
        let mut reader = Reader::default();
        assert_eq!(reader.read(text(MOST_EVENTS).as_bytes()).unwrap().unwrap().events.len(), MOST_EVENTS);
        assert!(matches!(reader.read(text(MOST_EVENTS + 1).as_bytes()), Err(Invalid::Json(_))));
    }

    proptest! {
        #[test]
        fn messages_come_back(messages in prop::collection::vec(any::<String>(), 0..8)) {
            let events: Vec<_> = messages.iter().map(|message| json!({ "id": "1", "message": message })).collect();
            let bytes = gzip(written("DATA_MESSAGE", &json!(events)).as_bytes());
            let mut reader = Reader::default();
            let envelope = reader.read(&bytes).unwrap().unwrap();
            let mut scratch = String::new();
            let read: Vec<String> = envelope.events.iter().map(|event| event.message(&mut scratch).to_string()).collect();
            prop_assert_eq!(read, messages);
        }

        #[test]
        fn no_bytes_are_too_odd(bytes in prop::collection::vec(any::<u8>(), 0..200), place in any::<prop::sample::Index>(), byte: u8) {
            let mut reader = Reader::default();
            let _ = reader.read(&bytes);
            let mut changed = gzip(one().as_bytes());
            let place = place.index(changed.len());
            changed[place] = byte;
            let _ = reader.read(&changed);
        }
    }
}
