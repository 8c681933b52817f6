//! A recording HTTP proxy in front of the emulator: names every request by its IAM action and can let some fail.
//!
//! It never changes what it lets through, and it passes an answer on as it comes: a Live Tail's has no end.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue, TRANSFER_ENCODING};
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use lambda_model::operation::Operation;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How a request fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// As AWS answers an identity without the permission, in the request's own protocol.
    Denied,
    /// As a server that does not know the operation: 404 with an HTML page.
    Unknown,
}

/// Which requests fail.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Failing {
    /// None.
    Nothing,
    /// This operation's.
    One(Operation, Fault),
    /// All.
    Everything(Fault),
}

impl Failing {
    fn of(self, action: &str) -> Option<Fault> {
        match self {
            Self::Nothing => None,
            Self::One(operation, fault) => (operation.action() == action).then_some(fault),
            Self::Everything(fault) => Some(fault),
        }
    }
}

/// A running proxy; stops when dropped.
pub(crate) struct Proxy {
    endpoint: String,
    recorded: watch::Receiver<Vec<String>>,
    server: JoinHandle<()>,
}

impl Proxy {
    /// Starts a proxy on a free loopback port in front of `upstream`, an `http://…` URL.
    pub(crate) async fn start(upstream: &str, failing: Failing) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("loopback has a free port");
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let (record, recorded) = watch::channel(Vec::new());
        let relay = Relay {
            upstream: upstream.into(),
            failing,
            record,
            client: Client::builder(TokioExecutor::new()).build_http(),
        };
        let server = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.expect("the listener lives");
                let relay = relay.clone();
                let service = service_fn(move |request| relay.clone().answer(request));
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { endpoint, recorded, server }
    }

    /// What to give as `--endpoint-url`.
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The action of every request so far, failed ones included, in the order of arrival.
    pub(crate) fn recorded(&self) -> Vec<String> {
        self.recorded.borrow().clone()
    }

    /// Waits until a request for this operation has arrived.
    pub(crate) async fn wait_for(&self, operation: Operation, patience: Duration) {
        let mut recorded = self.recorded.clone();
        let arrived = recorded.wait_for(|actions| actions.iter().any(|action| action == operation.action()));
        let arrived = timeout(patience, arrived).await;
        assert!(matches!(arrived, Ok(Ok(_))), "{operation} was not asked for within {patience:?}");
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// What an answer carries: a page of the proxy's own, or the emulator's, still on its way.
type Body = BoxBody<Bytes, hyper::Error>;

#[derive(Clone)]
struct Relay {
    upstream: Arc<str>,
    failing: Failing,
    record: watch::Sender<Vec<String>>,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Relay {
    async fn answer(self, request: Request<Incoming>) -> Result<Response<Body>, hyper::Error> {
        let (mut head, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        let (protocol, action) = name(&head, &body);
        self.record.send_modify(|actions| actions.push(action.clone()));
        if let Some(fault) = self.failing.of(&action) {
            return Ok(failed(protocol, &action, fault).map(|body| body.map_err(|never| match never {}).boxed()));
        }
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
        head.uri = format!("{}{path}", self.upstream).parse().expect("a path stays a path");
        // The body goes on in one piece, whose length hyper states.
        head.headers.remove(TRANSFER_ENCODING);
        let answer = self.client.request(Request::from_parts(head, Full::new(body))).await;
        let (mut head, body) = answer.expect("the emulator answers").into_parts();
        // Hyper frames the answer for this connection itself.
        head.headers.remove(TRANSFER_ENCODING);
        Ok(Response::from_parts(head, body.boxed()))
    }
}

/// The wire protocols of the services lamtop reads (docs/aws.md#wire-protocols).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    /// Smithy RPC v2 CBOR: CloudWatch.
    Cbor,
    /// AWS JSON 1.0 and 1.1: SQS, Logs.
    Json,
    /// REST with JSON bodies: Lambda.
    RestJson,
    /// Form in, XML out: STS.
    Query,
}

/// The request's protocol and IAM action. One that no operation of lamtop's makes is named by method and path,
/// which is no action's name.
fn name(head: &Parts, body: &[u8]) -> (Protocol, String) {
    if let Some(target) = head.headers.get("x-amz-target").and_then(|target| target.to_str().ok()) {
        let (service, operation) = target.split_once('.').unwrap_or((target, ""));
        let prefix = match service {
            "Logs_20140328" => "logs",
            "AmazonSQS" => "sqs",
            "CodeDeploy_20141006" => "codedeploy",
            "Kinesis_20131202" => "kinesis",
            other => other,
        };
        return (Protocol::Json, format!("{prefix}:{operation}"));
    }
    let segments: Vec<&str> = head.uri.path().split('/').filter(|segment| !segment.is_empty()).collect();
    let rest = |operation| (Protocol::RestJson, format!("lambda:{operation}"));
    match (&head.method, segments.as_slice()) {
        (&Method::POST, ["service", "GraniteServiceVersion20100801", "operation", operation]) => {
            (Protocol::Cbor, format!("cloudwatch:{operation}"))
        }
        (&Method::GET, ["2016-08-19", "account-settings"]) => rest("GetAccountSettings"),
        (&Method::GET, ["2015-03-31", "functions"]) => rest("ListFunctions"),
        (&Method::GET, ["2015-03-31", "functions", _, "aliases"]) => rest("ListAliases"),
        (&Method::GET, ["2019-09-30", "functions", _, "concurrency"]) => rest("GetFunctionConcurrency"),
        (&Method::GET, ["2019-09-30", "functions", _, "provisioned-concurrency"])
            if head.uri.query().is_some_and(|query| query.split('&').any(|pair| pair == "List=ALL")) =>
        {
            rest("ListProvisionedConcurrencyConfigs")
        }
        (&Method::GET, ["2019-09-25", "functions", _, "event-invoke-config", "list"]) => {
            rest("ListFunctionEventInvokeConfigs")
        }
        (&Method::GET, ["2017-03-31", "tags", _]) => rest("ListTags"),
        (&Method::GET, ["2015-03-31", "event-source-mappings"]) => rest("ListEventSourceMappings"),
        (&Method::POST, []) => {
            let body = String::from_utf8_lossy(body);
            let action = body.split('&').find_map(|pair| pair.strip_prefix("Action="));
            (Protocol::Query, format!("sts:{}", action.unwrap_or_default()))
        }
        (method, _) => (Protocol::RestJson, format!("{method} {}", head.uri.path())),
    }
}

fn failed(protocol: Protocol, action: &str, fault: Fault) -> Response<Full<Bytes>> {
    if fault == Fault::Unknown {
        let page = "<!doctype html><html><title>404 Not Found</title><h1>Not Found</h1></html>";
        return response(StatusCode::NOT_FOUND, &[(CONTENT_TYPE, "text/html")], page);
    }
    let message = format!("User: arn:aws:iam::000000000000:user/e2e is not authorized to perform: {action}");
    let query_error = (HeaderName::from_static("x-amzn-query-error"), "AccessDenied;Sender");
    match protocol {
        Protocol::Cbor => response(
            StatusCode::FORBIDDEN,
            &[
                (CONTENT_TYPE, "application/cbor"),
                (HeaderName::from_static("smithy-protocol"), "rpc-v2-cbor"),
                query_error,
            ],
            cbor(&[("__type", "com.amazonaws.cloudwatch#AccessDeniedException"), ("message", &message)]),
        ),
        Protocol::Json => {
            let body = serde_json::json!({ "__type": "AccessDeniedException", "message": message });
            let mut headers = vec![(CONTENT_TYPE, "application/x-amz-json-1.1")];
            if action.starts_with("sqs:") {
                headers.push(query_error);
            }
            response(StatusCode::BAD_REQUEST, &headers, body.to_string())
        }
        Protocol::RestJson => {
            let kind = (HeaderName::from_static("x-amzn-errortype"), "AccessDeniedException");
            let body = serde_json::json!({ "Message": message });
            response(StatusCode::FORBIDDEN, &[(CONTENT_TYPE, "application/json"), kind], body.to_string())
        }
        Protocol::Query => {
            let body = format!(
                "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
                 <Code>AccessDenied</Code><Message>{message}</Message></Error><RequestId>e2e</RequestId></ErrorResponse>"
            );
            response(StatusCode::FORBIDDEN, &[(CONTENT_TYPE, "text/xml")], body)
        }
    }
}

fn response(
    status: StatusCode,
    headers: &[(HeaderName, &'static str)],
    body: impl Into<Bytes>,
) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// A CBOR map of at most 23 text pairs (RFC 8949, section 3).
fn cbor(pairs: &[(&str, &str)]) -> Vec<u8> {
    let text = |text: &str| {
        let length = u8::try_from(text.len()).expect("texts here are short");
        [&[0x78, length], text.as_bytes()].concat()
    };
    let count = u8::try_from(pairs.len()).expect("maps here are small");
    std::iter::once(0xa0 | count)
        .chain(pairs.iter().flat_map(|(key, value)| [text(key), text(value)].concat()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The action in the proxy's eyes of a request: method, path, `x-amz-target`, body.
    fn named(method: &str, uri: &str, target: Option<&str>, body: &str) -> (Protocol, String) {
        let mut request = Request::builder().method(method).uri(uri);
        if let Some(target) = target {
            request = request.header("x-amz-target", target);
        }
        let (head, ()) = request.body(()).unwrap().into_parts();
        name(&head, body.as_bytes())
    }

    #[test]
    fn every_operation_is_named() {
        use Protocol::{Cbor, Json, Query, RestJson};
        const GRANITE: &str = "/service/GraniteServiceVersion20100801/operation";
        for operation in Operation::ALL {
            let (protocol, method, uri, target, body) = match operation {
                Operation::GetCallerIdentity => {
                    (Query, "POST", "/".to_string(), None, "Action=GetCallerIdentity&Version=2011-06-15")
                }
                Operation::GetAccountSettings => (RestJson, "GET", "/2016-08-19/account-settings".into(), None, ""),
                Operation::ListFunctions => (RestJson, "GET", "/2015-03-31/functions?Marker=x".into(), None, ""),
                Operation::ListAliases => (RestJson, "GET", "/2015-03-31/functions/f/aliases".into(), None, ""),
                Operation::GetFunctionConcurrency => {
                    (RestJson, "GET", "/2019-09-30/functions/f/concurrency".into(), None, "")
                }
                Operation::ListProvisionedConcurrencyConfigs => {
                    let uri = "/2019-09-30/functions/f/provisioned-concurrency?List=ALL&Marker=x";
                    (RestJson, "GET", uri.into(), None, "")
                }
                Operation::ListFunctionEventInvokeConfigs => {
                    (RestJson, "GET", "/2019-09-25/functions/f/event-invoke-config/list".into(), None, "")
                }
                Operation::ListEventSourceMappings => {
                    (RestJson, "GET", "/2015-03-31/event-source-mappings".into(), None, "")
                }
                Operation::ListDeployments => {
                    (Json, "POST", "/".into(), Some("CodeDeploy_20141006.ListDeployments"), "{}")
                }
                Operation::BatchGetDeployments => {
                    (Json, "POST", "/".into(), Some("CodeDeploy_20141006.BatchGetDeployments"), "{}")
                }
                Operation::ListDeploymentTargets => {
                    (Json, "POST", "/".into(), Some("CodeDeploy_20141006.ListDeploymentTargets"), "{}")
                }
                Operation::BatchGetDeploymentTargets => {
                    (Json, "POST", "/".into(), Some("CodeDeploy_20141006.BatchGetDeploymentTargets"), "{}")
                }
                Operation::GetDeploymentConfig => {
                    (Json, "POST", "/".into(), Some("CodeDeploy_20141006.GetDeploymentConfig"), "{}")
                }
                Operation::ListMetrics => (Cbor, "POST", format!("{GRANITE}/ListMetrics"), None, ""),
                Operation::GetMetricData => (Cbor, "POST", format!("{GRANITE}/GetMetricData"), None, ""),
                Operation::DescribeLogGroups => {
                    (Json, "POST", "/".into(), Some("Logs_20140328.DescribeLogGroups"), "{}")
                }
                Operation::FilterLogEvents => (Json, "POST", "/".into(), Some("Logs_20140328.FilterLogEvents"), "{}"),
                Operation::StartLiveTail => (Json, "POST", "/".into(), Some("Logs_20140328.StartLiveTail"), "{}"),
                Operation::ListShards => (Json, "POST", "/".into(), Some("Kinesis_20131202.ListShards"), "{}"),
                Operation::GetShardIterator => {
                    (Json, "POST", "/".into(), Some("Kinesis_20131202.GetShardIterator"), "{}")
                }
                Operation::GetRecords => (Json, "POST", "/".into(), Some("Kinesis_20131202.GetRecords"), "{}"),
                Operation::GetQueueUrl => (Json, "POST", "/".into(), Some("AmazonSQS.GetQueueUrl"), "{}"),
                Operation::GetQueueAttributes => (Json, "POST", "/".into(), Some("AmazonSQS.GetQueueAttributes"), "{}"),
            };
            assert_eq!(named(method, &uri, target, body), (protocol, operation.action().to_string()));
        }
    }

    #[test]
    fn requests_that_change_something_have_no_operations_name() {
        for (method, uri, target, body) in [
            ("POST", "/2015-03-31/functions", None, ""),
            ("POST", "/2015-03-31/functions/f/invocations", None, ""),
            ("PUT", "/2015-03-31/functions/f/aliases/live", None, ""),
            ("PUT", "/2019-09-30/functions/f/concurrency", None, ""),
            ("GET", "/2019-09-30/functions/f/provisioned-concurrency?Qualifier=1", None, ""),
            ("DELETE", "/2017-03-31/tags/arn", None, ""),
            ("POST", "/service/GraniteServiceVersion20100801/operation/PutMetricData", None, ""),
            ("POST", "/", Some("AmazonSQS.ReceiveMessage"), "{}"),
            ("POST", "/", Some("Kinesis_20131202.PutRecords"), "{}"),
            ("POST", "/", None, "Action=AssumeRole"),
            ("POST", "/", None, ""),
        ] {
            let (_, action) = named(method, uri, target, body);
            assert!(Operation::ALL.iter().all(|operation| operation.action() != action), "{action}");
        }
    }

    #[test]
    fn faults_use_the_requests_protocol() {
        for (protocol, action, status, header, value) in [
            (Protocol::Cbor, "cloudwatch:ListMetrics", 403, "x-amzn-query-error", "AccessDenied;Sender"),
            (Protocol::Json, "logs:DescribeLogGroups", 400, "content-type", "application/x-amz-json-1.1"),
            (Protocol::Json, "sqs:GetQueueUrl", 400, "x-amzn-query-error", "AccessDenied;Sender"),
            (Protocol::RestJson, "lambda:ListTags", 403, "x-amzn-errortype", "AccessDeniedException"),
            (Protocol::Query, "sts:GetCallerIdentity", 403, "content-type", "text/xml"),
        ] {
            let denied = failed(protocol, action, Fault::Denied);
            assert_eq!(denied.status(), status, "{action}");
            assert_eq!(denied.headers()[header], value, "{action}");
            let unknown = failed(protocol, action, Fault::Unknown);
            assert_eq!(
                (unknown.status().as_u16(), &unknown.headers()["content-type"]),
                (404, &"text/html".parse().unwrap())
            );
        }
        assert_eq!(cbor(&[("a", "bc")]), b"\xa1\x78\x01a\x78\x02bc");
    }
}
