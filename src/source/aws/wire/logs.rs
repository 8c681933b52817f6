//! `FilterLogEvents` over real HTTP.

use std::sync::Arc;

use chrono::DateTime;

use super::server::Answer;
use super::{answering, json};
use lambda_model::api::{LogQuery, Logs};
use lambda_model::failure::ApiError;

fn query() -> LogQuery {
    let at = |millis| DateTime::from_timestamp_millis(millis).unwrap();
    LogQuery { group: "/aws/lambda/checkout".into(), from: at(1_000), until: at(61_999) }
}

#[tokio::test]
async fn events_come_in_pages_of_which_some_are_empty() {
    let event = |id: &str, stream: &str| {
        format!(
            r#"{{"eventId":"{id}","logStreamName":"{stream}","timestamp":2000,"ingestionTime":2040,"message":"m{id}\n"}}"#
        )
    };
    let script = vec![
        json(&format!(
            r#"{{"events":[{},{},{{"eventId":"no time"}}],"nextToken":"two"}}"#,
            event("1", "s"),
            event("2", "s")
        )),
        json(r#"{"events":[],"searchedLogStreams":[],"nextToken":"three"}"#),
        json(&format!(r#"{{"events":[{}]}}"#, event("3", "t"))),
    ];
    let (server, session) = answering(script).await;

    let first = session.events(&query(), None).await.unwrap();
    let [one, two] = &first.items[..] else { panic!("{first:?}") };
    assert_eq!((one.id.as_deref(), &*one.message, &*one.group), (Some("1"), "m1\n", "/aws/lambda/checkout"));
    assert_eq!((one.timestamp.timestamp_millis(), one.ingestion.timestamp_millis()), (2000, 2040));
    assert!(Arc::ptr_eq(&one.stream, &two.stream), "The name of a stream is kept once");
    let second = session.events(&query(), first.next).await.unwrap();
    assert_eq!((second.items.len(), second.next.as_deref()), (0, Some("three")), "An empty page is not the end");
    let third = session.events(&query(), second.next).await.unwrap();
    assert_eq!((third.items.len(), third.next), (1, None));

    let requests = server.requests();
    for (request, token) in requests.iter().zip([None, Some("two"), Some("three")]) {
        let (_, body) = request.split_once("\r\n\r\n").unwrap();
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert!(request.contains("Logs_20140328.FilterLogEvents"), "{request}");
        assert_eq!((&body["logGroupName"], body["nextToken"].as_str()), (&"/aws/lambda/checkout".into(), token));
        assert_eq!((&body["startTime"], &body["endTime"]), (&1_000.into(), &61_999.into()), "Both ends are included");
    }
    assert_eq!(requests.len(), 3);
}

#[tokio::test]
async fn an_answer_without_events_is_not_an_empty_group() {
    let (_server, session) = answering(vec![json("{}")]).await;
    let lacks = Err(ApiError::Unreachable("the answer lacks events".into()));
    assert_eq!(session.events(&query(), None).await, lacks);
}

#[tokio::test]
async fn a_group_that_does_not_exist_yet_is_not_found() {
    let body = br#"{"__type":"ResourceNotFoundException","message":"The specified log group does not exist."}"#;
    let (server, session) = answering(vec![Answer::Http(400, "", body.to_vec())]).await;
    assert!(matches!(session.events(&query(), None).await, Err(ApiError::NotFound(_))));
    assert_eq!(server.requests().len(), 1);
}
