//! Tests of calls over real HTTP: with valid answers, with invalid ones, and without an answer.

mod cbor;
mod deployments;
mod event_sources;
mod frame;
mod logs;
mod server;
mod streams;
mod tail;

use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sts::config::{Credentials, ProvideCredentials, SharedCredentialsProvider};
use futures::FutureExt;

use self::server::{Answer, Server};
use super::connect::{retries, timeouts};
use super::session::Session;
use lambda_model::Arn;
use lambda_model::api::{Functions, Identity, Logs, MetricQuery, Metrics, Page, Queues, Streams};
use lambda_model::failure::ApiError;
use lambda_model::metric::{Metric, Point, SeriesId, Statistic, Subject};
use lambda_model::queue::QueueAttributes;
use lambda_model::time::Minute;

const CBOR: &str = "smithy-protocol: rpc-v2-cbor\r\ncontent-type: application/cbor\r\n";
const PORTAL: &[u8] = b"<!DOCTYPE html><html><body>Sign in to the hotel's network</body></html>";

/// The program's own timeouts, but with retries that do not wait.
fn config(url: &str, credentials: impl ProvideCredentials + 'static) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .timeout_config(timeouts())
        .retry_config(retries().with_initial_backoff(Duration::from_millis(1)))
        .region(Region::new("eu-west-1"))
        .endpoint_url(url)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}

fn key(id: &str) -> Credentials {
    Credentials::new(id, "secret", None, None, "test")
}

/// A session that begins with the key `OLD` and loads `NEW` when it reloads, and the number of reloads.
fn session(url: &str) -> (Session, Arc<AtomicUsize>) {
    let loads = Arc::new(AtomicUsize::new(0));
    let (counter, renewed) = (loads.clone(), config(url, key("NEW")));
    let load = move || {
        counter.fetch_add(1, Ordering::Relaxed);
        ready(renewed.clone()).boxed()
    };
    (Session::new(&config(url, key("OLD")), Box::new(load)), loads)
}

async fn answering(script: Vec<Answer>) -> (Server, Session) {
    let server = Server::start(script).await;
    let (session, _) = session(&server.url);
    (server, session)
}

fn json(body: &str) -> Answer {
    Answer::Http(200, "content-type: application/json\r\n", body.into())
}

/// An error as the Lambda API returns it.
fn lambda_error(status: u16, header: &'static str) -> Answer {
    Answer::Http(status, header, br#"{"Message":"no"}"#.to_vec())
}

fn expired() -> Answer {
    lambda_error(403, "x-amzn-errortype: ExpiredTokenException\r\n")
}

fn one_series() -> SeriesId {
    SeriesId { subject: Subject::Region, metric: Metric::Errors, statistic: Statistic::Sum }
}

fn query() -> MetricQuery {
    MetricQuery { series: Arc::from([one_series()]), from: Minute(100), until: Minute(110) }
}

/// The failure of one call of each service, in the order sts, lambda, cloudwatch, logs, sqs, kinesis.
async fn failures(session: &Session) -> [ApiError; 6] {
    [
        session.account().await.unwrap_err(),
        session.functions(None).await.unwrap_err(),
        session.points(&query(), None).await.unwrap_err(),
        session.log_groups("/aws/lambda/", None).await.unwrap_err(),
        session.attributes("http://queue").await.unwrap_err(),
        session.shards("stream", None).await.unwrap_err(),
    ]
}

fn page_of_points(status: &str, minute: f64, value: f64, next: Option<&str>) -> Answer {
    let result = cbor::map([
        ("Id", cbor::text("q0")),
        ("StatusCode", cbor::text(status)),
        ("Timestamps", cbor::array([cbor::time(minute * 60.0)])),
        ("Values", cbor::array([cbor::double(value)])),
    ]);
    let results = ("MetricDataResults", cbor::array([result]));
    let body = match next {
        Some(token) => cbor::map([results, ("NextToken", cbor::text(token))]),
        None => cbor::map([results]),
    };
    Answer::Http(200, CBOR, body)
}

#[tokio::test]
async fn points_come_in_pages() {
    let script =
        vec![page_of_points("PartialData", 100.0, 1.0, Some("page-2")), page_of_points("Complete", 101.0, 2.0, None)];
    let (server, session) = answering(script).await;
    let point = |minute, value| vec![(one_series(), vec![Point { minute: Minute(minute), value }])];

    let first = session.points(&query(), None).await.unwrap();
    assert_eq!(first, Page { items: point(100, 1.0), next: Some("page-2".into()) });
    let second = session.points(&query(), first.next).await.unwrap();
    assert_eq!(second, Page::last(point(101, 2.0)));

    let [first, second] = &server.requests()[..] else { panic!("two requests") };
    assert!(first.contains("operation/GetMetricData") && !first.contains("page-2"), "{first}");
    assert!(second.contains("page-2"), "{second}");
}

#[tokio::test]
async fn answers_of_each_service_are_read() {
    let script = vec![
        Answer::Http(
            200,
            "content-type: text/xml\r\n",
            b"<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
              <Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
                .to_vec(),
        ),
        json("{}"),
        json(r#"{"ReservedConcurrentExecutions":0}"#),
        json(r#"{"logGroups":[{"logGroupName":"/aws/lambda/checkout"}],"nextToken":"more"}"#),
        json(r#"{"QueueUrl":"http://queue"}"#),
        json(r#"{"Attributes":{"ApproximateNumberOfMessages":"12","ApproximateNumberOfMessagesNotVisible":"1"}}"#),
        lambda_error(404, "x-amzn-errortype: ResourceNotFoundException\r\n"),
        lambda_error(404, "x-amzn-errortype: ProvisionedConcurrencyConfigNotFoundException\r\n"),
    ];
    let (server, session) = answering(script).await;
    let function = "checkout".into();
    assert_eq!(session.account().await, Ok("123456789012".into()));
    assert_eq!(session.reserved(&function).await, Ok(None), "No reservation");
    assert_eq!(session.reserved(&function).await, Ok(Some(0)), "Reserved concurrency is 0, not absent");
    assert_eq!(session.log_groups("/aws/lambda/checkout", None).await.unwrap().next, Some("more".into()));
    let queue = Arn::new("arn:aws:sqs:eu-west-1:210987654321:orders-dlq");
    assert_eq!(session.url(&queue).await, Ok("http://queue".into()));
    let depth = QueueAttributes { depth: 12, in_flight: 1, redrive_target: None };
    assert_eq!(session.attributes("http://queue").await, Ok(depth));
    assert_eq!(session.invoke_configs(&function, None).await, Ok(Page::last(vec![])), "unset");
    assert_eq!(session.provisioned(&function, None).await, Ok(Page::last(vec![])), "unset");

    let url_request = &server.requests()[4];
    assert!(url_request.contains("orders-dlq") && url_request.contains("210987654321"), "{url_request}");
}

#[tokio::test]
async fn a_captive_portal_is_not_aws() {
    let (_server, session) = answering(vec![Answer::Http(200, "content-type: text/html\r\n", PORTAL.to_vec())]).await;
    let [others @ .., kinesis] = failures(&session).await;
    for failure in others {
        assert_eq!(failure, ApiError::Unreachable("HTTP 200, but not an answer of AWS".into()));
    }
    assert!(matches!(kinesis, ApiError::Unreachable(_)), "{kinesis:?}");
}

#[tokio::test]
async fn an_empty_answer_is_not_an_empty_account() {
    let (_server, session) = answering(vec![json("")]).await;
    assert_eq!(session.functions(None).await, Err(ApiError::Unreachable("the answer lacks Functions".into())));
    assert!(matches!(session.points(&query(), None).await, Err(ApiError::Unreachable(_))));
}

#[tokio::test]
async fn an_incomplete_answer_is_unreachable() {
    let (_server, session) = answering(vec![Answer::Cut]).await;
    assert!(matches!(session.functions(None).await, Err(ApiError::Unreachable(_))));
}

#[tokio::test]
async fn an_endpoint_without_the_operation_is_unsupported() {
    let (_server, session) = answering(vec![Answer::Http(404, "content-type: text/html\r\n", PORTAL.to_vec())]).await;
    for failure in failures(&session).await {
        assert_eq!(failure, ApiError::Unsupported("HTTP 404: the endpoint does not know this operation".into()));
    }
}

#[tokio::test]
async fn a_closed_port_is_unreachable() {
    // A port that was just released: no program listens on it.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (session, _) = session(&format!("http://127.0.0.1:{port}"));
    for failure in failures(&session).await {
        let ApiError::Unreachable(message) = failure else { panic!("{failure:?}") };
        assert!(message.contains("refused"), "{message}");
    }
}

#[tokio::test]
async fn denied_calls_keep_the_message_of_aws() {
    let script = vec![
        lambda_error(403, "x-amzn-errortype: AccessDeniedException\r\n"),
        Answer::Http(403, "smithy-protocol: rpc-v2-cbor\r\nx-amzn-query-error: AccessDenied;Sender\r\n", {
            cbor::map([("__type", cbor::text("x#AccessDenied")), ("message", cbor::text("no"))])
        }),
    ];
    let (server, session) = answering(script).await;
    assert_eq!(session.functions(None).await, Err(ApiError::Denied("AccessDeniedException: no".into())));
    assert_eq!(session.points(&query(), None).await, Err(ApiError::Denied("AccessDenied: no".into())));
    assert_eq!(server.requests().len(), 2, "A denied call is not retried");
}

#[tokio::test]
async fn a_throttled_call_is_tried_three_times() {
    let (server, session) = answering(vec![lambda_error(429, "x-amzn-errortype: TooManyRequestsException\r\n")]).await;
    assert_eq!(session.functions(None).await, Err(ApiError::Throttled("TooManyRequestsException: no".into())));
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn renewed_credentials_are_picked_up_within_the_call() {
    let (server, session) = answering(vec![expired(), json(r#"{"Functions":[]}"#)]).await;
    assert_eq!(session.functions(None).await, Ok(Page::last(vec![])));
    let [first, second] = &server.requests()[..] else { panic!("two requests") };
    assert!(first.contains("Credential=OLD/") && second.contains("Credential=NEW/"), "{first}\n{second}");
}

#[tokio::test]
async fn credentials_that_stay_expired_are_reloaded_every_15_seconds() {
    let server = Server::start(vec![expired()]).await;
    let (session, loads) = session(&server.url);
    let expired = Err(ApiError::Expired("ExpiredTokenException: no".into()));
    for _ in 0..3 {
        assert_eq!(session.functions(None).await, expired);
    }
    assert_eq!((loads.load(Ordering::Relaxed), server.requests().len()), (1, 4), "The first call is repeated once");

    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(15)).await;
    tokio::time::resume();
    assert_eq!(session.functions(None).await, expired);
    assert_eq!(loads.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn calls_that_expire_together_reload_once() {
    let server = Server::start(vec![expired(), expired(), expired(), json(r#"{"Functions":[]}"#)]).await;
    let (session, loads) = session(&server.url);
    let calls = futures::future::join_all((0..3).map(|_| session.functions(None))).await;
    assert!(calls.iter().all(|answer| *answer == Ok(Page::last(vec![]))), "{calls:?}");
    assert_eq!(loads.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_profile_without_credentials_is_distinguished_from_a_missing_network() {
    let provider = ProfileFileCredentialsProvider::builder().profile_name("no such profile").build();
    let config = config("http://127.0.0.1:9", provider);
    let renewed = config.clone();
    let session = Session::new(&config, Box::new(move || ready(renewed.clone()).boxed()));
    for failure in failures(&session).await {
        assert!(matches!(failure, ApiError::Expired(_)), "{failure:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_times_out() {
    let (_server, session) = answering(vec![Answer::Hang]).await;
    let before = tokio::time::Instant::now();
    assert!(matches!(session.functions(None).await, Err(ApiError::Unreachable(_))));
    assert!(before.elapsed() <= Duration::from_secs(26), "{:?}", before.elapsed());
}
