//! Live Tail: one `StartLiveTail` session as a stream of updates. It does not reopen a session or detect silence.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_cloudwatchlogs::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_cloudwatchlogs::config::retry::RetryConfig;
use aws_sdk_cloudwatchlogs::config::timeout::TimeoutConfig;
use aws_sdk_cloudwatchlogs::config::{
    Builder, Config, ConfigBag, Intercept, RuntimeComponents, StalledStreamProtectionConfig,
};
use aws_sdk_cloudwatchlogs::error::{BoxError, SdkError};
use aws_sdk_cloudwatchlogs::primitives::event_stream::EventReceiver;
use aws_sdk_cloudwatchlogs::types::error::StartLiveTailResponseStreamError;
use aws_sdk_cloudwatchlogs::types::{LiveTailSessionLogEvent, LiveTailSessionUpdate, StartLiveTailResponseStream};
use chrono::DateTime;

use super::failure::stream_error;
use super::guard::unwound;
use super::names::Names;
use super::session::Session;
use lambda_model::Arn;
use lambda_model::api::{Tail, TailEnd, TailFilter};
use lambda_model::failure::ApiError;
use lambda_model::log::{LogEvent, TailUpdate};

/// Opens a session on `groups`; dropping it ends it.
pub(super) async fn open(session: &Session, groups: &[Arn], filter: TailFilter) -> Result<Box<dyn Tail>, ApiError> {
    let groups: Vec<String> = groups.iter().map(ToString::to_string).collect();
    let answer = session
        .call(|clients| {
            clients
                .logs
                .start_live_tail()
                .set_log_group_identifiers(Some(groups.clone()))
                .set_log_event_filter_pattern(filter.pattern().map(String::from))
                .customize()
                .config_override(without_timeouts())
                .interceptor(OwnHost)
                .send()
        })
        .await?;
    Ok(Box::new(LiveTail { updates: answer.response_stream }))
}

/// A configuration without the SDK's timeouts and retries. `guard` limits the time to open a session, and the reader
/// limits each read, because it knows when an update is due.
///
/// There are no retries, because `LimitExceededException` means here that no more sessions can be open.
fn without_timeouts() -> Builder {
    let timeouts = TimeoutConfig::builder()
        .disable_read_timeout()
        .disable_operation_attempt_timeout()
        .disable_operation_timeout()
        .build();
    Config::builder()
        .timeout_config(timeouts)
        .retry_config(RetryConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
}

/// Removes the prefix `stream-`, which the SDK adds to the host for Live Tail, from every host that is not AWS's own.
///
/// A configured endpoint (an emulator's, a VPC endpoint's) has one name for all operations. AWS's own hosts are
/// `logs.…` and `logs-fips.…`, and Live Tail is served at `stream-logs.…` only (docs/aws.md#live-tail).
#[derive(Debug)]
struct OwnHost;

impl Intercept for OwnHost {
    fn name(&self) -> &'static str {
        "OwnHost"
    }

    /// Before signing, because the signature includes the host.
    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        if let Some(uri) = without_prefix(request.uri()) {
            request.set_uri(uri)?;
        }
        Ok(())
    }
}

/// `uri` without the prefix; `None` if it is AWS's own or has none.
fn without_prefix(uri: &str) -> Option<String> {
    let (scheme, rest) = uri.split_once("://")?;
    let host = rest.strip_prefix("stream-")?;
    let own = host.starts_with("logs.") || host.starts_with("logs-fips.");
    (!own).then(|| format!("{scheme}://{host}"))
}

struct LiveTail {
    updates: EventReceiver<StartLiveTailResponseStream, StartLiveTailResponseStreamError>,
}

#[async_trait]
impl Tail for LiveTail {
    async fn next(&mut self) -> Result<TailUpdate, TailEnd> {
        loop {
            // Frames are buffered in the receiver: cancelling this loses nothing.
            match unwound(self.updates.recv()).await.map_err(TailEnd::Failed)? {
                Ok(Some(StartLiveTailResponseStream::SessionUpdate(update))) => return Ok(tail_update(update)),
                // The start of the session, and kinds of frames that AWS may add.
                Ok(Some(_)) => {}
                Ok(None) => return Err(TailEnd::Failed(ApiError::Unreachable("Live Tail was closed".into()))),
                Err(SdkError::ServiceError(error)) if error.err().is_session_timeout_exception() => {
                    return Err(TailEnd::TimedOut);
                }
                Err(error) => return Err(TailEnd::Failed(stream_error(&error))),
            }
        }
    }
}

fn tail_update(update: LiveTailSessionUpdate) -> TailUpdate {
    let (mut groups, mut streams) = (Names::default(), Names::default());
    let events = update.session_results.unwrap_or_default();
    TailUpdate {
        sampled: update.session_metadata.is_some_and(|metadata| metadata.sampled),
        events: events.into_iter().filter_map(|event| log_event(event, &mut groups, &mut streams)).collect(),
    }
}

fn log_event(event: LiveTailSessionLogEvent, groups: &mut Names, streams: &mut Names) -> Option<LogEvent> {
    let timestamp = DateTime::from_timestamp_millis(event.timestamp?)?;
    let group: Arc<str> = groups.shared(group_name(event.log_group_identifier.as_deref()?));
    Some(LogEvent {
        id: None,
        timestamp,
        ingestion: event.ingestion_time.and_then(DateTime::from_timestamp_millis).unwrap_or(timestamp),
        stream: streams.shared(event.log_stream_name?),
        group,
        message: event.message?,
    })
}

/// The name in `NAME`, `ACCOUNT:NAME` or `arn:…:log-group:NAME[:*]`. No name has a colon.
fn group_name(identifier: &str) -> &str {
    let identifier = identifier.strip_suffix(":*").unwrap_or(identifier);
    identifier.rsplit(':').next().unwrap_or(identifier)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_cloudwatchlogs::types::LiveTailSessionMetadata;

    #[test]
    fn the_prefix_stays_on_aws_hosts_only() {
        let cases = [
            ("http://stream-127.0.0.1:4566/", Some("http://127.0.0.1:4566/")),
            ("http://stream-localhost:4566/", Some("http://localhost:4566/")),
            ("http://stream-[::1]:4566/base?x=1", Some("http://[::1]:4566/base?x=1")),
            (
                "https://stream-vpce-1-a.logs.eu-west-1.vpce.amazonaws.com/",
                Some("https://vpce-1-a.logs.eu-west-1.vpce.amazonaws.com/"),
            ),
            ("https://stream-logs.eu-west-1.amazonaws.com/", None),
            ("https://stream-logs-fips.us-east-1.amazonaws.com/", None),
            ("https://stream-logs.eu-west-1.api.aws/", None),
            ("https://logs.eu-west-1.amazonaws.com/", None),
            ("http://emulator/stream-x", None),
            ("", None),
        ];
        for (uri, expected) in cases {
            assert_eq!(without_prefix(uri).as_deref(), expected, "{uri}");
        }
    }

    #[test]
    fn group_identifiers_come_in_three_forms() {
        for identifier in [
            "/aws/lambda/checkout",
            "123456789012:/aws/lambda/checkout",
            "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/checkout",
            "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/checkout:*",
        ] {
            assert_eq!(group_name(identifier), "/aws/lambda/checkout", "{identifier}");
        }
        assert_eq!(group_name(""), "");
    }

    #[test]
    fn updates_say_whether_they_are_samples_and_skip_incomplete_events() {
        let event = LiveTailSessionLogEvent::builder()
            .timestamp(1000)
            .log_group_identifier("1:/aws/lambda/a")
            .log_stream_name("s")
            .message("m");
        let update = LiveTailSessionUpdate::builder()
            .session_metadata(LiveTailSessionMetadata::builder().sampled(true).build())
            .session_results(event.clone().ingestion_time(1500).build())
            .session_results(event.clone().set_timestamp(None).build())
            .session_results(event.clone().set_log_group_identifier(None).build())
            .session_results(event.set_message(None).build());
        let TailUpdate { sampled, events } = tail_update(update.build());
        let [event] = &events[..] else { panic!("One event is complete: {events:?}") };
        assert!(sampled);
        assert_eq!((&*event.group, &*event.stream, &*event.message), ("/aws/lambda/a", "s", "m"));
        assert_eq!((event.timestamp.timestamp_millis(), event.ingestion.timestamp_millis()), (1000, 1500));

        let nothing = tail_update(LiveTailSessionUpdate::builder().build());
        assert_eq!(nothing, TailUpdate { sampled: false, events: vec![] });
    }
}
