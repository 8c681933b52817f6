//! Parsers for Lambda's log streams: platform lines in text and JSON, stream names, application errors, and the envelope
//! of a subscription. They do no I/O, do not guess, and never fail on bad input.
//!
//! [`parse`] reads one event. A field that is missing or not as AWS writes it is `None`: a wrong number in an incident is
//! worse than none. An application line is passed on unread; [`Application`] reads more of it when asked. A function can
//! print a line that looks like one of the platform's; the parsers cannot recognize that.
//!
//! ```
//! use lambda_logs::{Line, parse};
//!
//! let event = "REPORT RequestId: 7a3e1c52-0b9d-4f61-8e27-5c1d90ab3f44\tDuration: 2.50 ms\tBilled Duration: 3 ms\t\
//!              Memory Size: 128 MB\tMax Memory Used: 64 MB\tInit Duration: 182.75 ms\t\n";
//! let Line::Report(report) = parse(event) else { panic!("a REPORT line") };
//! assert_eq!(report.duration_ms, Some(2.5));
//! assert!(report.is_cold_start());
//! ```

mod application;
pub mod envelope;
mod escape;
pub mod file;
mod fingerprint;
mod json;
mod number;
mod stream;
mod text;

use std::borrow::Cow;

pub use application::{Application, FunctionError, Level};
pub use fingerprint::Fingerprint;
pub use stream::{Origin, origin};

/// The content of one log event, borrowed from its message.
#[derive(Clone, Debug, PartialEq)]
pub enum Line<'a> {
    /// `INIT_START`, `platform.initStart`: the first line of every execution environment.
    InitStart(InitStart<'a>),
    /// `platform.initRuntimeDone`.
    InitRuntimeDone(InitReport<'a>),
    /// `INIT_REPORT`, `platform.initReport`: in text only of an init phase that failed, or that no request waited for.
    InitReport(InitReport<'a>),
    /// `RESTORE_START`, `platform.restoreStart`: an environment begins from a snapshot.
    RestoreStart(InitStart<'a>),
    /// `platform.restoreRuntimeDone`.
    RestoreRuntimeDone(InitReport<'a>),
    /// `RESTORE_REPORT`, `platform.restoreReport`.
    RestoreReport(InitReport<'a>),
    /// `START`, `platform.start`.
    Start(Start<'a>),
    /// `platform.runtimeDone`: a DEBUG line unless the invocation failed.
    RuntimeDone(RuntimeDone<'a>),
    /// `END`, `platform.end`: text, and the old Logs API.
    End {
        /// The invocation's request id.
        request: &'a str,
    },
    /// `REPORT`, `platform.report`: an invocation has ended.
    Report(Report<'a>),
    /// `Task timed out after 3.00 seconds`: the line of a timeout from before REPORT had a status.
    TimedOut(TimedOut<'a>),
    /// `RequestId: … Error: Runtime exited …`: the line of a crash from before REPORT had a status.
    Crash(Crash<'a>),
    /// `EXTENSION`, `platform.extension`.
    Extension(Extension<'a>),
    /// `TELEMETRY`, `platform.telemetrySubscription`.
    Telemetry(Extension<'a>),
    /// `platform.logsDropped`: the Telemetry API could not deliver to an extension.
    LogsDropped(LogsDropped<'a>),
    /// Everything else.
    Application(Application<'a>),
}

/// The beginning of an execution environment, or of its restore from a snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InitStart<'a> {
    /// For example `nodejs:22.v60`; absent for container images and some OS-only runtimes.
    pub runtime_version: Option<&'a str>,
    /// The runtime's ARN, which names its build.
    pub runtime_arn: Option<&'a str>,
    /// The function's name; JSON only.
    pub function: Option<&'a str>,
    /// The version that will run; JSON only.
    pub version: Option<&'a str>,
    /// Why the environment was created; JSON only.
    pub initialization: Option<Initialization>,
    /// When it was created; JSON only.
    pub phase: Option<Phase>,
}

/// The end of an init phase or of a restore.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InitReport<'a> {
    /// How long it took, milliseconds.
    pub duration_ms: Option<f64>,
    /// Why the environment was created; JSON only.
    pub initialization: Option<Initialization>,
    /// When it ran; always absent for a restore.
    pub phase: Option<Phase>,
    /// How it ended; in text absent when it succeeded.
    pub status: Option<Status>,
    /// For example `Runtime.ImportModuleError`.
    pub error_type: Option<Cow<'a, str>>,
}

/// Why an execution environment was created: `initializationType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Initialization {
    /// A request waited for it.
    OnDemand,
    /// It belongs to provisioned concurrency.
    ProvisionedConcurrency,
    /// A version was published with `SnapStart`.
    SnapStart,
}

/// When an init phase ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Before the first request.
    Init,
    /// Again within the first invocation, because the first try failed ("suppressed init").
    Invoke,
    /// Before a snapshot was taken.
    SnapStart,
}

/// The beginning of an invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start<'a> {
    /// The request's id; an asynchronous retry keeps it.
    pub request: &'a str,
    /// The version that runs: a number, or `$LATEST`.
    pub version: Option<&'a str>,
}

/// The runtime has finished an invocation; extensions may still run.
#[derive(Clone, Debug, PartialEq)]
pub struct RuntimeDone<'a> {
    /// The request's id.
    pub request: &'a str,
    /// How long the handler took, milliseconds.
    pub duration_ms: Option<f64>,
    /// How it ended.
    pub status: Option<Status>,
    /// For example `Runtime.ExitError`.
    pub error_type: Option<Cow<'a, str>>,
}

/// How an invocation, an init phase or a restore ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// The handler returned.
    Success,
    /// The process ended or the runtime failed.
    Failure,
    /// The handler raised an error, or in text the process ended.
    Error,
    /// The timeout was reached.
    Timeout,
}

/// The figures of an invocation that has ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report<'a> {
    /// The request's id.
    pub request: &'a str,
    /// Handler time, milliseconds. In old lines it can exceed the timeout; in new ones it cannot.
    pub duration_ms: Option<f64>,
    /// Billed milliseconds; absent for managed instances.
    pub billed_ms: Option<u64>,
    /// Configured memory, MiB (AWS writes MB).
    pub memory_mb: Option<u32>,
    /// The most memory that the environment has used so far, MiB.
    pub used_mb: Option<u32>,
    /// The init phase before the first invocation of an on-demand environment, milliseconds.
    pub init_ms: Option<f64>,
    /// The restore from a snapshot before the first invocation, milliseconds.
    pub restore_ms: Option<f64>,
    /// The billed part of the restore, milliseconds.
    pub billed_restore_ms: Option<u64>,
    /// How it ended. Absent in text if the handler returned or raised an error.
    pub status: Option<Status>,
    /// For example `Runtime.OutOfMemory`.
    pub error_type: Option<Cow<'a, str>>,
    /// The trace that the invocation belongs to.
    pub xray: Option<Xray<'a>>,
}

/// An X-Ray trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Xray<'a> {
    /// `1-` 8 hexadecimal digits `-` 24 of them.
    pub trace: &'a str,
    /// The function's segment.
    pub segment: Option<&'a str>,
    /// Whether X-Ray keeps it.
    pub sampled: Option<bool>,
}

/// A timeout, as logged before REPORT had a status.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimedOut<'a> {
    /// The request's id.
    pub request: &'a str,
    /// How long it ran, seconds.
    pub after_s: Option<f64>,
}

/// A crash of the process, as logged before REPORT had a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crash<'a> {
    /// The request's id.
    pub request: &'a str,
    /// For example `Runtime exited with error: signal: killed`.
    pub error: &'a str,
    /// For example `Runtime.ExitError`.
    pub error_type: Option<&'a str>,
}

/// An extension's state, or that of its subscription to the Telemetry API.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extension<'a> {
    /// Its name.
    pub name: Option<&'a str>,
    /// For example `Ready`, `Subscribed`.
    pub state: Option<&'a str>,
    /// Why it failed.
    pub error_type: Option<Cow<'a, str>>,
}

/// Records that the Telemetry API could not deliver; CloudWatch Logs still has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogsDropped<'a> {
    /// How many records.
    pub records: Option<u64>,
    /// How many bytes.
    pub bytes: Option<u64>,
    /// Why.
    pub reason: Option<Cow<'a, str>>,
}

/// Reads one log event, in time linear in its length, and without allocation unless JSON escapes the name of an error.
/// An event may hold several physical lines, as REPORT does with X-Ray.
pub fn parse(message: &str) -> Line<'_> {
    let line = if message.as_bytes().first() == Some(&b'{') { json::parse(message) } else { text::parse(message) };
    line.unwrap_or(Line::Application(Application(message)))
}

impl<'a> Line<'a> {
    /// The request that the line belongs to; `None` if it belongs to the environment or names none.
    pub fn request(&self) -> Option<&'a str> {
        match self {
            Self::Start(start) => Some(start.request),
            Self::RuntimeDone(done) => Some(done.request),
            Self::End { request } => Some(request),
            Self::Report(report) => Some(report.request),
            Self::TimedOut(timeout) => Some(timeout.request),
            Self::Crash(crash) => Some(crash.request),
            Self::Application(application) => application.request(),
            Self::InitStart(_)
            | Self::InitRuntimeDone(_)
            | Self::InitReport(_)
            | Self::RestoreStart(_)
            | Self::RestoreRuntimeDone(_)
            | Self::RestoreReport(_)
            | Self::Extension(_)
            | Self::Telemetry(_)
            | Self::LogsDropped(_) => None,
        }
    }
}

impl Report<'_> {
    /// Whether memory ran out: the platform says so, or the process ended with all memory in use. An old line has no
    /// status; there only the [`Crash`] before it shows that.
    pub fn is_out_of_memory(&self) -> bool {
        let exhausted = || self.used_mb.zip(self.memory_mb).is_some_and(|(used, memory)| used >= memory);
        match self.error_type.as_deref() {
            Some("Runtime.OutOfMemory") => true,
            Some("Runtime.ExitError") => exhausted(),
            _ => false,
        }
    }

    /// Whether the timeout was reached. An old line has no status; there only the [`TimedOut`] before it shows that.
    pub fn is_timeout(&self) -> bool {
        self.status == Some(Status::Timeout) || self.error_type.as_deref() == Some("Sandbox.Timedout")
    }

    /// Whether the request waited for a new execution environment, initialized or restored from a snapshot.
    pub fn is_cold_start(&self) -> bool {
        self.init_ms.is_some() || self.restore_ms.is_some()
    }
}

impl Crash<'_> {
    /// Whether memory ran out: the kernel killed the process.
    pub fn is_out_of_memory(&self) -> bool {
        self.error.contains("signal: killed") || self.error_type == Some("Runtime.OutOfMemory")
    }
}

impl Status {
    fn named(word: &str) -> Option<Self> {
        match word {
            "success" => Some(Self::Success),
            "failure" => Some(Self::Failure),
            "error" => Some(Self::Error),
            "timeout" => Some(Self::Timeout),
            _ => None,
        }
    }
}

impl Phase {
    fn named(word: &str) -> Option<Self> {
        match word {
            "init" => Some(Self::Init),
            "invoke" => Some(Self::Invoke),
            "snap-start" => Some(Self::SnapStart),
            _ => None,
        }
    }
}

impl Initialization {
    fn named(word: &str) -> Option<Self> {
        match word {
            "on-demand" => Some(Self::OnDemand),
            "provisioned-concurrency" => Some(Self::ProvisionedConcurrency),
            "snap-start" => Some(Self::SnapStart),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
