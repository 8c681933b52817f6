//! Platform lines in the JSON format (docs/aws.md#json-format), `platform.*`. It reads no application line.
//!
//! Every value is first read as raw JSON, so that one in an undocumented format is absent and the others are read.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::escape::{plain, text};
use super::{
    Extension, InitReport, InitStart, Initialization, Line, LogsDropped, Phase, Report, RuntimeDone, Start, Status,
    Xray, number,
};

/// A value as raw JSON.
pub(super) type Raw<'a> = Option<&'a RawValue>;

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(rename = "type", borrow)]
    kind: &'a str,
    #[serde(borrow)]
    record: Record<'a>,
}

/// The fields of all events; each has some of them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    #[serde(borrow)]
    request_id: Raw<'a>,
    version: Raw<'a>,
    initialization_type: Raw<'a>,
    phase: Raw<'a>,
    function_name: Raw<'a>,
    function_version: Raw<'a>,
    runtime_version: Raw<'a>,
    runtime_version_arn: Raw<'a>,
    status: Raw<'a>,
    error_type: Raw<'a>,
    metrics: Option<Metrics<'a>>,
    tracing: Option<Tracing<'a>>,
    name: Raw<'a>,
    state: Raw<'a>,
    dropped_bytes: Raw<'a>,
    dropped_records: Raw<'a>,
    reason: Raw<'a>,
}

#[derive(Deserialize)]
struct Metrics<'a> {
    #[serde(rename = "durationMs", borrow)]
    duration: Raw<'a>,
    #[serde(rename = "billedDurationMs")]
    billed: Raw<'a>,
    #[serde(rename = "memorySizeMB")]
    memory: Raw<'a>,
    #[serde(rename = "maxMemoryUsedMB")]
    used: Raw<'a>,
    #[serde(rename = "initDurationMs")]
    init: Raw<'a>,
    #[serde(rename = "restoreDurationMs")]
    restore: Raw<'a>,
    #[serde(rename = "billedRestoreDurationMs")]
    billed_restore: Raw<'a>,
}

#[derive(Deserialize)]
struct Tracing<'a> {
    #[serde(rename = "spanId", borrow)]
    span: Raw<'a>,
    value: Raw<'a>,
}

/// Reads a platform line in JSON; `None` for any other line.
pub(super) fn parse(message: &str) -> Option<Line<'_>> {
    // Most lines are the application's; this rejects them early.
    memchr::memmem::find(message.as_bytes(), b"\"platform.")?;
    let Event { kind, record } = serde_json::from_str(message).ok()?;
    match kind.strip_prefix("platform.")? {
        "initStart" => Some(Line::InitStart(record.init_start())),
        "initRuntimeDone" => Some(Line::InitRuntimeDone(record.init_report())),
        "initReport" => Some(Line::InitReport(record.init_report())),
        "restoreStart" => Some(Line::RestoreStart(record.init_start())),
        "restoreRuntimeDone" => Some(Line::RestoreRuntimeDone(record.init_report())),
        "restoreReport" => Some(Line::RestoreReport(record.init_report())),
        "start" => Some(Line::Start(Start { request: record.request()?, version: string(record.version) })),
        "runtimeDone" => record.runtime_done().map(Line::RuntimeDone),
        "end" => Some(Line::End { request: record.request()? }),
        "report" => record.report().map(Line::Report),
        "extension" => Some(Line::Extension(record.extension())),
        "telemetrySubscription" => Some(Line::Telemetry(record.extension())),
        "logsDropped" => Some(Line::LogsDropped(record.logs_dropped())),
        _ => None,
    }
}

impl<'a> Record<'a> {
    fn request(&self) -> Option<&'a str> {
        string(self.request_id)
    }

    fn status(&self) -> Option<Status> {
        string(self.status).and_then(Status::named)
    }

    fn error_type(&self) -> Option<Cow<'a, str>> {
        self.error_type.and_then(text)
    }

    fn duration_ms(&self) -> Option<f64> {
        decimal(self.metrics.as_ref()?.duration)
    }

    fn init_start(&self) -> InitStart<'a> {
        InitStart {
            runtime_version: string(self.runtime_version),
            runtime_arn: string(self.runtime_version_arn),
            function: string(self.function_name),
            version: string(self.function_version),
            initialization: string(self.initialization_type).and_then(Initialization::named),
            phase: string(self.phase).and_then(Phase::named),
        }
    }

    fn init_report(&self) -> InitReport<'a> {
        InitReport {
            duration_ms: self.duration_ms(),
            initialization: string(self.initialization_type).and_then(Initialization::named),
            phase: string(self.phase).and_then(Phase::named),
            status: self.status(),
            error_type: self.error_type(),
        }
    }

    fn runtime_done(&self) -> Option<RuntimeDone<'a>> {
        Some(RuntimeDone {
            request: self.request()?,
            duration_ms: self.duration_ms(),
            status: self.status(),
            error_type: self.error_type(),
        })
    }

    fn report(&self) -> Option<Report<'a>> {
        let metrics = self.metrics.as_ref();
        let field = |of: fn(&Metrics<'a>) -> Raw<'a>| metrics.and_then(of);
        let megabytes = |raw| whole(raw).and_then(|mb| mb.try_into().ok());
        Some(Report {
            request: self.request()?,
            duration_ms: decimal(field(|metrics| metrics.duration)),
            billed_ms: whole(field(|metrics| metrics.billed)),
            memory_mb: megabytes(field(|metrics| metrics.memory)),
            used_mb: megabytes(field(|metrics| metrics.used)),
            init_ms: decimal(field(|metrics| metrics.init)),
            restore_ms: decimal(field(|metrics| metrics.restore)),
            billed_restore_ms: whole(field(|metrics| metrics.billed_restore)),
            status: self.status(),
            error_type: self.error_type(),
            xray: self.tracing.as_ref().and_then(Tracing::xray),
        })
    }

    fn extension(&self) -> Extension<'a> {
        Extension { name: string(self.name), state: string(self.state), error_type: self.error_type() }
    }

    fn logs_dropped(&self) -> LogsDropped<'a> {
        LogsDropped {
            records: whole(self.dropped_records),
            bytes: whole(self.dropped_bytes),
            reason: self.reason.and_then(text),
        }
    }
}

impl<'a> Tracing<'a> {
    /// Reads a trace header: `Root=1-…;Parent=…;Sampled=1`.
    fn xray(&self) -> Option<Xray<'a>> {
        let parts = || string(self.value).into_iter().flat_map(|value| value.split(';'));
        let part = |name: &str| parts().find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
        let sampled = part("Sampled").and_then(|sampled| match sampled {
            "1" => Some(true),
            "0" => Some(false),
            _ => None,
        });
        Some(Xray { trace: part("Root")?, segment: string(self.span), sampled })
    }
}

/// A name, an id or a word; never empty.
pub(super) fn string(raw: Raw<'_>) -> Option<&str> {
    raw.and_then(plain).filter(|word| !word.is_empty())
}

fn decimal(raw: Raw) -> Option<f64> {
    let written = raw?.get();
    let (value, end) = number::decimal(written.as_bytes())?;
    if end == written.len() {
        return Some(value);
    }
    // JSON may write 47.1 as 4.71e1.
    written.parse().ok().filter(|value: &f64| value.is_finite())
}

fn whole(raw: Raw) -> Option<u64> {
    let written = raw?.get();
    number::whole(written.as_bytes()).filter(|(_, end)| *end == written.len()).map(|(value, _)| value)
}
