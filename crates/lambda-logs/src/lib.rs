//! What the log streams of Lambda say: platform lines in text and JSON, stream names, application errors, and the
//! envelope of a subscription. Pure reading of text; it never waits, never guesses, and never fails on bad input.
//!
//! [`parse`] tells what one event is. A field that is missing or not as AWS writes it is `None`: a wrong number in
//! an incident is worse than none. What an application says is only handed on; [`Application`] reads more of it
//! when asked. A function can print a line that looks like the platform's own, and nothing here can know better.
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

pub mod application;
pub mod envelope;
mod escape;
pub mod file;
pub mod fingerprint;
mod json;
mod number;
pub mod stream;
mod text;

use std::borrow::Cow;

pub use application::{Application, FunctionError, Level};
pub use fingerprint::Fingerprint;
pub use stream::{Origin, origin};

/// What one log event says, borrowed from its message.
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
    /// `Task timed out after 3.00 seconds`: how a timeout was told before REPORT had a status.
    TimedOut(TimedOut<'a>),
    /// `RequestId: … Error: Runtime exited …`: how the end of the process was told before REPORT had a status.
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
    /// Why the environment was made; JSON only.
    pub initialization: Option<Initialization>,
    /// When it was made; JSON only.
    pub phase: Option<Phase>,
}

/// The end of an init phase or of a restore.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InitReport<'a> {
    /// How long it took, milliseconds.
    pub duration_ms: Option<f64>,
    /// Why the environment was made; JSON only.
    pub initialization: Option<Initialization>,
    /// When it ran; no restore tells it.
    pub phase: Option<Phase>,
    /// How it ended; in text absent when it succeeded.
    pub status: Option<Status>,
    /// For example `Runtime.ImportModuleError`.
    pub error_type: Option<Cow<'a, str>>,
}

/// Why an execution environment was made: `initializationType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Initialization {
    /// A request waited for it.
    OnDemand,
    /// Provisioned concurrency asked for it.
    ProvisionedConcurrency,
    /// A version was published with `SnapStart`.
    SnapStart,
}

/// When an init phase ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Before the first request.
    Init,
    /// Once more within the first invocation, because the first try failed ("suppressed init").
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

/// The runtime is done with an invocation; its extensions may still work.
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
    /// Time ran out.
    Timeout,
}

/// The figures of an invocation that has ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report<'a> {
    /// The request's id.
    pub request: &'a str,
    /// Handler time, milliseconds. Past the timeout in old lines, held to it in new ones.
    pub duration_ms: Option<f64>,
    /// What is billed, milliseconds; managed instances tell none.
    pub billed_ms: Option<u64>,
    /// Configured memory, MiB (AWS writes MB).
    pub memory_mb: Option<u32>,
    /// Most memory that the environment has ever used, MiB.
    pub used_mb: Option<u32>,
    /// The init phase before the first invocation of an on-demand environment, milliseconds.
    pub init_ms: Option<f64>,
    /// The restore from a snapshot before the first invocation, milliseconds.
    pub restore_ms: Option<f64>,
    /// What of the restore is billed, milliseconds.
    pub billed_restore_ms: Option<u64>,
    /// How it ended. In text, none says that the handler returned or that it raised an error.
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

/// A timeout as it was told before REPORT had a status.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimedOut<'a> {
    /// The request's id.
    pub request: &'a str,
    /// How long it ran, seconds.
    pub after_s: Option<f64>,
}

/// The end of the process as it was told before REPORT had a status.
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

/// What the Telemetry API could not deliver; CloudWatch Logs has it all the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogsDropped<'a> {
    /// How many records.
    pub records: Option<u64>,
    /// How many bytes.
    pub bytes: Option<u64>,
    /// Why.
    pub reason: Option<Cow<'a, str>>,
}

/// What one log event says; in time linear in its length, and without allocation unless JSON escapes the name of
/// an error. An event may hold several physical lines, as REPORT does when X-Ray is on.
pub fn parse(message: &str) -> Line<'_> {
    let line = if message.as_bytes().first() == Some(&b'{') { json::parse(message) } else { text::parse(message) };
    line.unwrap_or(Line::Application(Application(message)))
}

impl<'a> Line<'a> {
    /// The request that the line belongs to; `None` if it belongs to the environment or does not tell.
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
    /// Whether memory ran out: the platform says so, or the process ended with all memory in use. Of an old line,
    /// which has no status, only the [`Crash`] before it tells.
    pub fn is_out_of_memory(&self) -> bool {
        let exhausted = || self.used_mb.zip(self.memory_mb).is_some_and(|(used, memory)| used >= memory);
        match self.error_type.as_deref() {
            Some("Runtime.OutOfMemory") => true,
            Some("Runtime.ExitError") => exhausted(),
            _ => false,
        }
    }

    /// Whether time ran out. Of an old line, which has no status, only the [`TimedOut`] before it tells.
    pub fn is_timeout(&self) -> bool {
        self.status == Some(Status::Timeout) || self.error_type.as_deref() == Some("Sandbox.Timedout")
    }

    /// Whether the request waited for a new execution environment, made from nothing or from a snapshot.
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
