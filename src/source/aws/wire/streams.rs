//! Kinesis over real HTTP.

use chrono::DateTime;
use serde_json::{Value, json as value};

use super::server::{Answer, Server};
use super::{answering, json};
use lambda_model::api::{Page, Position, Record, Records, Shard, Streams};
use lambda_model::failure::ApiError;

const ARN: &str = "arn:aws:kinesis:eu-west-1:123456789012:stream/logs";

fn error(code: &str) -> Answer {
    Answer::Http(400, "content-type: application/x-amz-json-1.1\r\n", value!({ "__type": code }).to_string().into())
}

/// The operations called so far, each with the body of its request.
fn requested(server: &Server) -> Vec<(String, Value)> {
    let one = |request: &String| {
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        let target = head.lines().find_map(|line| line.strip_prefix("x-amz-target: Kinesis_20131202.")).unwrap();
        (target.to_string(), serde_json::from_str(body).unwrap())
    };
    server.requests().iter().map(one).collect()
}

#[tokio::test]
async fn shards_are_listed_page_by_page() {
    let range = value!({ "StartingHashKey": "0", "EndingHashKey": "1" });
    let shard = |id: &str, parents: Value, end: Option<&str>| {
        let mut shard = value!({
            "ShardId": id,
            "HashKeyRange": range,
            "SequenceNumberRange": { "StartingSequenceNumber": "1", "EndingSequenceNumber": end },
        });
        shard.as_object_mut().unwrap().extend(parents.as_object().unwrap().clone());
        shard
    };
    let parents = value!({ "ParentShardId": "a", "AdjacentParentShardId": "b" });
    let script = vec![
        json(&value!({ "Shards": [shard("a", value!({}), Some("9"))], "NextToken": "more" }).to_string()),
        json(&value!({ "Shards": [shard("c", parents, None)] }).to_string()),
    ];
    let (server, session) = answering(script).await;
    let expected = |id: &str, parents: &[&str], closed| Shard {
        id: id.into(),
        parents: parents.iter().map(ToString::to_string).collect(),
        closed,
    };
    let first = session.shards("logs", None).await.unwrap();
    assert_eq!(first, Page { items: vec![expected("a", &[], true)], next: Some("more".into()) });
    let second = session.shards("logs", first.next).await.unwrap();
    assert_eq!(second, Page::last(vec![expected("c", &["a", "b"], false)]));
    session.shards(ARN, None).await.unwrap();
    let list = |body| ("ListShards".to_string(), body);
    let bodies = [value!({"StreamName": "logs"}), value!({"NextToken": "more"}), value!({"StreamARN": ARN})];
    assert_eq!(requested(&server), bodies.map(list));
}

#[tokio::test]
async fn an_answer_without_shards_is_an_error() {
    let (_server, session) = answering(vec![json("{}")]).await;
    assert_eq!(session.shards("logs", None).await, Err(ApiError::Unreachable("the answer lacks Shards".into())));
}

#[tokio::test]
async fn each_position_has_its_iterator() {
    let (server, session) = answering(vec![json(r#"{"ShardIterator":"i"}"#), json("{}")]).await;
    let since = Position::Since(DateTime::from_timestamp_millis(1_500).unwrap());
    assert_eq!(session.iterator("logs", "a", &since).await, Ok("i".into()));
    let lacking = session.iterator(ARN, "a", &Position::After("7".into())).await;
    assert_eq!(lacking, Err(ApiError::Unreachable("the answer lacks ShardIterator".into())));
    session.iterator("logs", "a", &Position::Oldest).await.unwrap_err();
    let bodies = [
        value!({"StreamName": "logs", "ShardId": "a", "ShardIteratorType": "AT_TIMESTAMP", "Timestamp": 1.5}),
        value!({"StreamARN": ARN, "ShardId": "a", "ShardIteratorType": "AFTER_SEQUENCE_NUMBER",
                "StartingSequenceNumber": "7"}),
        value!({"StreamName": "logs", "ShardId": "a", "ShardIteratorType": "TRIM_HORIZON"}),
    ];
    assert_eq!(requested(&server), bodies.map(|body| ("GetShardIterator".to_string(), body)));
}

#[tokio::test]
async fn records_are_read_until_the_shard_ends_or_the_iterator_expires() {
    let record =
        value!({ "SequenceNumber": "7", "ApproximateArrivalTimestamp": 1.5, "Data": "H4sI", "PartitionKey": "p" });
    let script = vec![
        json(&value!({ "Records": [record], "NextShardIterator": "j", "MillisBehindLatest": 42 }).to_string()),
        json(&value!({ "Records": [], "NextShardIterator": null, "MillisBehindLatest": 0 }).to_string()),
        error("ExpiredIteratorException"),
    ];
    let (server, session) = answering(script).await;
    let arrived = DateTime::from_timestamp_millis(1_500);
    let record = Record { sequence: "7".into(), arrived, data: vec![0x1f, 0x8b, 0x08] };
    let first = Records { records: vec![record], next: Some("j".into()), behind_ms: 42 };
    assert_eq!(session.records("logs", "i").await, Ok(Some(first)));
    let last = Records { records: vec![], next: None, behind_ms: 0 };
    assert_eq!(session.records("logs", "j").await, Ok(Some(last)));
    assert_eq!(session.records(ARN, "k").await, Ok(None), "The iterator has expired");
    let bodies = [
        value!({"ShardIterator": "i"}),
        value!({"ShardIterator": "j"}),
        value!({"ShardIterator": "k", "StreamARN": ARN}),
    ];
    assert_eq!(requested(&server), bodies.map(|body| ("GetRecords".to_string(), body)));
}

#[tokio::test]
async fn errors_of_kinesis_have_their_kinds() {
    for (code, state, requests) in [
        ("ProvisionedThroughputExceededException", "throttled", 3),
        ("KMSThrottlingException", "throttled", 1),
        ("AccessDeniedException", "denied", 1),
        ("KMSAccessDeniedException", "denied", 1),
        ("ExpiredTokenException", "expired", 2),
        ("ResourceNotFoundException", "ok", 1),
        ("InvalidArgumentException", "unsupported", 1),
    ] {
        let (server, session) = answering(vec![error(code)]).await;
        let error = session.records("logs", "i").await.unwrap_err();
        assert_eq!((error.state().word(), server.requests().len()), (state, requests), "{code}");
    }
}
