//! Lines in the JSON format, one object each: the platform's events and the application's lines
//! (docs/aws.md#json-format).

use chrono::SecondsFormat;
use serde::Serialize;

use super::super::invocation::Outcome;
use super::application::{self, Family, Fault};
use super::line::{Kind, Line, Phase, Writer};

/// An event of the platform.
#[derive(Serialize)]
struct Event<'a> {
    time: String,
    #[serde(rename = "type")]
    kind: &'static str,
    record: Record<'a>,
}

/// The fields of all the platform's events; each has some of them.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    initialization_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phase: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    function_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    function_version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    runtime_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    runtime_version_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metrics: Option<Metrics>,
}

#[derive(Default, Serialize)]
struct Metrics {
    #[serde(rename = "durationMs")]
    duration: f64,
    #[serde(rename = "billedDurationMs", skip_serializing_if = "Option::is_none")]
    billed: Option<u64>,
    #[serde(rename = "memorySizeMB", skip_serializing_if = "Option::is_none")]
    memory: Option<u32>,
    #[serde(rename = "maxMemoryUsedMB", skip_serializing_if = "Option::is_none")]
    used: Option<u32>,
    #[serde(rename = "initDurationMs", skip_serializing_if = "Option::is_none")]
    init: Option<f64>,
    #[serde(rename = "restoreDurationMs", skip_serializing_if = "Option::is_none")]
    restore: Option<f64>,
    #[serde(rename = "billedRestoreDurationMs", skip_serializing_if = "Option::is_none")]
    billed_restore: Option<u64>,
}

/// A line of the application, or of its runtime on its behalf.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Said {
    timestamp: String,
    level: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    /// What the Java runtime calls the request's id.
    #[serde(rename = "AWSRequestId", skip_serializing_if = "Option::is_none")]
    aws_request_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_type: Option<&'static str>,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    stack_trace: Option<Vec<String>>,
}

/// The event's message.
pub(super) fn message(writer: &Writer, line: &Line) -> String {
    let at = writer.scenario.time(line.at).to_rfc3339_opts(SecondsFormat::Millis, true);
    let request_id = Some(writer.request_id());
    let ended = Record { status: Some(writer.status()), error_type: writer.error_type(), ..Record::default() };
    let lasted = |duration| Some(Metrics { duration, ..Metrics::default() });
    let (kind, record) = match line.kind {
        Kind::InitStart => {
            let record = Record { phase: Some(Phase::Init.word()), ..environment(writer) };
            ("platform.initStart", Record { initialization_type: Some(ON_DEMAND), ..record })
        }
        Kind::InitRuntimeDone(phase) => (
            "platform.initRuntimeDone",
            Record { initialization_type: Some(ON_DEMAND), phase: Some(phase.word()), ..ended },
        ),
        Kind::InitReport(phase) => {
            let record = Record { metrics: lasted(writer.init_ms(phase)), phase: Some(phase.word()), ..ended };
            ("platform.initReport", Record { initialization_type: Some(ON_DEMAND), ..record })
        }
        Kind::RestoreStart => ("platform.restoreStart", environment(writer)),
        Kind::RestoreReport => {
            let failed = writer.invocation.outcome == Outcome::InitError;
            let status = if failed { ended } else { Record { status: Some("success"), ..Record::default() } };
            let restore = writer.figures().restore_ms.unwrap_or(0.0);
            ("platform.restoreReport", Record { metrics: lasted(restore), ..status })
        }
        Kind::Start => ("platform.start", Record { request_id, version: Some(writer.version), ..Record::default() }),
        Kind::RuntimeDone => {
            let metrics = lasted(writer.figures().duration_ms);
            ("platform.runtimeDone", Record { request_id, metrics, ..ended })
        }
        Kind::Report => ("platform.report", Record { request_id, metrics: Some(report(writer)), ..ended }),
        Kind::Said | Kind::Raised | Kind::InitRaised => return written(&said(writer, line, at)),
        // Not written in this format.
        Kind::End => return String::new(),
    };
    written(&Event { time: at, kind, record })
}

const ON_DEMAND: &str = "on-demand";

/// Plain data of strings and finite numbers: that it cannot be written does not happen.
fn written(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// The fields of the first line of an environment.
fn environment<'a>(writer: &Writer<'a>) -> Record<'a> {
    let (runtime_version, runtime_version_arn) = writer.runtime_version().unzip();
    Record {
        function_name: Some(&writer.function.name),
        function_version: Some(writer.version),
        runtime_version,
        runtime_version_arn,
        ..Record::default()
    }
}

fn report(writer: &Writer) -> Metrics {
    let figures = writer.figures();
    Metrics {
        duration: figures.duration_ms,
        billed: Some(figures.billed_ms),
        memory: Some(figures.memory_mb),
        used: Some(figures.used_mb),
        init: figures.init_ms,
        restore: figures.restore_ms,
        billed_restore: figures.billed_restore_ms,
    }
}

fn said(writer: &Writer, line: &Line, timestamp: String) -> Said {
    let family = Family::of(writer.function);
    // The init phase has no request yet.
    let id = (line.kind != Kind::InitRaised).then(|| writer.request_id());
    let (request_id, aws_request_id) = if family == Family::Java { (None, id) } else { (id, None) };
    let plain = Said {
        timestamp,
        level: "INFO",
        request_id,
        aws_request_id,
        error_type: None,
        message: String::new(),
        stack_trace: None,
    };
    let fault = match line.kind {
        Kind::Raised => application::raised(writer.function, line.draw),
        Kind::InitRaised => family.init_error(),
        _ => return Said { message: application::said(line.draw), ..plain },
    };
    let Fault { name, message, line } = fault;
    let stack_trace = Some(vec![format!("{}:{line}", family.file())]);
    Said { level: "ERROR", error_type: Some(name), message: message.to_string(), stack_trace, ..plain }
}
