//! Kinesis Data Streams: the shards of a stream and their records. Which shard to read when is decided elsewhere.

use async_trait::async_trait;
use aws_sdk_kinesis::error::SdkError;
use aws_sdk_kinesis::operation::get_records::GetRecordsOutput;
use aws_sdk_kinesis::primitives::DateTime as SdkDateTime;
use aws_sdk_kinesis::types::{Record as SdkRecord, Shard as SdkShard, ShardIteratorType};
use chrono::{DateTime, Utc};

use super::failure::lacks;
use super::page::page;
use super::session::Session;
use lambda_model::api::{Page, Position, Record, Records, Shard, Streams, Token};
use lambda_model::failure::ApiError;

#[async_trait]
impl Streams for Session {
    async fn shards(&self, stream: &str, token: Token) -> Result<Page<Shard>, ApiError> {
        let answer = self
            .call(|clients| {
                let list = clients.kinesis.list_shards();
                // A token includes the stream: AWS rejects both together.
                match &token {
                    Some(token) => list.next_token(token),
                    None => list.set_stream_name(name(stream)).set_stream_arn(arn(stream)),
                }
                .send()
            })
            .await?;
        page("Shards", answer.shards, answer.next_token, |shard| Some(self::shard(shard)))
    }

    async fn iterator(&self, stream: &str, shard: &str, position: &Position) -> Result<String, ApiError> {
        let answer = self
            .call(|clients| {
                let get = clients
                    .kinesis
                    .get_shard_iterator()
                    .set_stream_name(name(stream))
                    .set_stream_arn(arn(stream))
                    .shard_id(shard);
                match position {
                    Position::Since(at) => get
                        .shard_iterator_type(ShardIteratorType::AtTimestamp)
                        .timestamp(SdkDateTime::from_millis(at.timestamp_millis())),
                    Position::After(sequence) => get
                        .shard_iterator_type(ShardIteratorType::AfterSequenceNumber)
                        .starting_sequence_number(sequence),
                    Position::Oldest => get.shard_iterator_type(ShardIteratorType::TrimHorizon),
                }
                .send()
            })
            .await?;
        answer.shard_iterator.ok_or_else(|| lacks("ShardIterator"))
    }

    async fn records(&self, stream: &str, iterator: &str) -> Result<Option<Records>, ApiError> {
        let answer = self
            .call(|clients| {
                let get = clients.kinesis.get_records().shard_iterator(iterator).set_stream_arn(arn(stream)).send();
                async {
                    match Box::pin(get).await {
                        Err(SdkError::ServiceError(error)) if error.err().is_expired_iterator_exception() => Ok(None),
                        answer => answer.map(Some),
                    }
                }
            })
            .await?;
        Ok(answer.map(records))
    }
}

/// `stream` as a name; `None` when it is an ARN.
fn name(stream: &str) -> Option<String> {
    (!stream.starts_with("arn:")).then(|| stream.to_string())
}

/// `stream` as an ARN; `None` when it is a name.
fn arn(stream: &str) -> Option<String> {
    stream.starts_with("arn:").then(|| stream.to_string())
}

/// An open shard has no last sequence number.
fn shard(shard: SdkShard) -> Shard {
    Shard {
        id: shard.shard_id,
        parents: shard.parent_shard_id.into_iter().chain(shard.adjacent_parent_shard_id).collect(),
        closed: shard.sequence_number_range.is_some_and(|range| range.ending_sequence_number.is_some()),
    }
}

fn records(answer: GetRecordsOutput) -> Records {
    Records {
        records: answer.records.into_iter().map(record).collect(),
        next: answer.next_shard_iterator.filter(|iterator| !iterator.is_empty()),
        behind_ms: answer.millis_behind_latest.and_then(|behind| behind.try_into().ok()).unwrap_or_default(),
    }
}

fn record(record: SdkRecord) -> Record {
    Record {
        sequence: record.sequence_number,
        arrived: record.approximate_arrival_timestamp.as_ref().and_then(instant),
        data: record.data.into_inner(),
    }
}

fn instant(at: &SdkDateTime) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(at.secs(), at.subsec_nanos())
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_kinesis::primitives::Blob;
    use aws_sdk_kinesis::types::SequenceNumberRange;

    #[test]
    fn a_stream_is_a_name_or_an_arn() {
        let text = "arn:aws:kinesis:eu-west-1:123456789012:stream/logs";
        assert_eq!((name("logs"), arn("logs")), (Some("logs".into()), None));
        assert_eq!((name(text), arn(text)), (None, Some(text.into())));
    }

    #[test]
    fn shards_have_their_parents_and_whether_they_are_closed() {
        let range = SequenceNumberRange::builder().starting_sequence_number("1");
        let read = |builder: aws_sdk_kinesis::types::builders::ShardBuilder, end: Option<&str>| {
            let range = range.clone().set_ending_sequence_number(end.map(String::from)).build().unwrap();
            shard(builder.shard_id("s").sequence_number_range(range).build().unwrap())
        };
        let builder = SdkShard::builder();
        let expected = |parents: &[&str], closed| Shard {
            id: "s".into(),
            parents: parents.iter().map(ToString::to_string).collect(),
            closed,
        };
        assert_eq!(read(builder.clone(), None), expected(&[], false));
        assert_eq!(read(builder.clone().parent_shard_id("p"), Some("9")), expected(&["p"], true));
        let merged = builder.parent_shard_id("p").adjacent_parent_shard_id("q");
        assert_eq!(read(merged, None), expected(&["p", "q"], false));
    }

    #[test]
    fn records_keep_their_bytes_and_a_closed_shard_ends() {
        let record = SdkRecord::builder()
            .sequence_number("7")
            .approximate_arrival_timestamp(SdkDateTime::from_millis(1500))
            .data(Blob::new([0x1f, 0x8b]))
            .partition_key("p");
        let answer = GetRecordsOutput::builder()
            .records(record.build().unwrap())
            .next_shard_iterator("next")
            .millis_behind_latest(42);
        let expected =
            Record { sequence: "7".into(), arrived: DateTime::from_timestamp_millis(1500), data: vec![0x1f, 0x8b] };
        let read = records(answer.clone().build().unwrap());
        assert_eq!(read, Records { records: vec![expected], next: Some("next".into()), behind_ms: 42 });
        assert_eq!(records(answer.clone().set_next_shard_iterator(None).build().unwrap()).next, None);
        assert_eq!(records(answer.millis_behind_latest(-1).build().unwrap()).behind_ms, 0);
    }
}
