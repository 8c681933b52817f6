//! CloudWatch Logs: which log groups exist, and their events by timestamp. Live Tail is in `tail`.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_cloudwatchlogs::types::{FilteredLogEvent, LogGroup as SdkLogGroup};
use chrono::DateTime;

use super::names::Names;
use super::page::page;
use super::session::Session;
use super::tail;
use lambda_model::Arn;
use lambda_model::api::{LogQuery, Logs, Page, Tail, TailFilter, Token};
use lambda_model::failure::ApiError;
use lambda_model::function::LogGroup;
use lambda_model::log::LogEvent;

#[async_trait]
impl Logs for Session {
    async fn log_groups(&self, prefix: &str, token: Token) -> Result<Page<LogGroup>, ApiError> {
        let answer = self
            .call(|clients| {
                clients.logs.describe_log_groups().log_group_name_prefix(prefix).set_next_token(token.clone()).send()
            })
            .await?;
        page("logGroups", answer.log_groups, answer.next_token, log_group)
    }

    async fn events(&self, query: &LogQuery, token: Token) -> Result<Page<LogEvent>, ApiError> {
        let answer = self
            .call(|clients| {
                clients
                    .logs
                    .filter_log_events()
                    .log_group_name(&*query.group)
                    .start_time(query.from.timestamp_millis())
                    .end_time(query.until.timestamp_millis())
                    .set_next_token(token.clone())
                    .send()
            })
            .await?;
        let mut streams = Names::default();
        page("events", answer.events, answer.next_token, |event| log_event(event, &query.group, &mut streams))
    }

    async fn tail(&self, groups: &[Arn], filter: TailFilter) -> Result<Box<dyn Tail>, ApiError> {
        tail::open(self, groups, filter).await
    }
}

fn log_group(group: SdkLogGroup) -> Option<LogGroup> {
    Some(LogGroup { name: group.log_group_name?, class: group.log_group_class.map(|class| class.as_str().to_string()) })
}

fn log_event(event: FilteredLogEvent, group: &Arc<str>, streams: &mut Names) -> Option<LogEvent> {
    let timestamp = DateTime::from_timestamp_millis(event.timestamp?)?;
    Some(LogEvent {
        id: event.event_id.map(String::into_boxed_str),
        timestamp,
        ingestion: event.ingestion_time.and_then(DateTime::from_timestamp_millis).unwrap_or(timestamp),
        stream: streams.shared(event.log_stream_name?),
        group: group.clone(),
        message: event.message?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_cloudwatchlogs::types::LogGroupClass;

    #[test]
    fn groups_keep_their_class() {
        let group = SdkLogGroup::builder().log_group_name("/aws/lambda/checkout");
        let named =
            |class: Option<&str>| LogGroup { name: "/aws/lambda/checkout".into(), class: class.map(String::from) };
        assert_eq!(log_group(group.clone().build()), Some(named(None)));
        let rare = group.clone().log_group_class(LogGroupClass::InfrequentAccess).build();
        assert_eq!(log_group(rare), Some(named(Some("INFREQUENT_ACCESS"))));
        let new = group.log_group_class(LogGroupClass::from("CLASS_OF_2030")).build();
        assert_eq!(log_group(new), Some(named(Some("CLASS_OF_2030"))), "A class that the SDK does not know");
        assert_eq!(log_group(SdkLogGroup::builder().build()), None);
    }

    #[test]
    fn an_event_without_time_stream_or_text_is_none() {
        let whole = FilteredLogEvent::builder().event_id("7").timestamp(1000).log_stream_name("s").message("m\n");
        let read = |event: FilteredLogEvent| log_event(event, &"g".into(), &mut Names::default());
        let event = read(whole.clone().ingestion_time(2500).build()).unwrap();
        assert_eq!((event.id.as_deref(), &*event.stream, &*event.group, &*event.message), (Some("7"), "s", "g", "m\n"));
        assert_eq!((event.timestamp.timestamp_millis(), event.ingestion.timestamp_millis()), (1000, 2500));

        let unknown = read(whole.clone().set_event_id(None).build()).unwrap();
        assert_eq!((unknown.id, unknown.ingestion), (None, unknown.timestamp), "No ingestion time: not 1970");
        for lacking in [
            whole.clone().set_timestamp(None).build(),
            whole.clone().timestamp(i64::MAX).build(),
            whole.clone().set_log_stream_name(None).build(),
            whole.set_message(None).build(),
        ] {
            assert_eq!(read(lacking), None);
        }
    }

    #[test]
    fn names_are_kept_once() {
        let mut names = Names::default();
        let (first, again) = (names.shared("a".to_string()), names.shared("a"));
        assert!(Arc::ptr_eq(&first, &again) && !Arc::ptr_eq(&first, &names.shared("b")));
    }
}
