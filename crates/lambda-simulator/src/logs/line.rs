//! Which lines an invocation writes and when, with their names and numbers. It does not format them.

use super::super::instant::Instant;
use super::super::invocation::{Invocation, Outcome, Start};
use super::super::noise::{Noise, scramble};
use super::super::scenario::{Function, LogFormat, Scenario};
use super::INGESTED_AFTER;
use super::application::Family;

/// An invocation, with what its lines need.
#[derive(Clone, Copy)]
pub(super) struct Writer<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) seed: u64,
    pub(super) function: &'a Function,
    /// The version that runs: a number, or `$LATEST`.
    pub(super) version: &'a str,
    pub(super) invocation: &'a Invocation,
}

/// A line that is or will be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// When it is written. CloudWatch Logs counts in whole milliseconds, so this and the next are.
    pub(super) at: Instant,
    /// When it can be read.
    pub(super) ingested: Instant,
    pub(super) kind: Kind,
    /// A random number that selects the text of an application line.
    pub(super) draw: u64,
}

/// What a line is about (docs/aws.md#text-format and docs/aws.md#json-format).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    InitStart,
    /// The runtime logs why the init phase failed.
    InitRaised,
    InitRuntimeDone(Phase),
    /// Of an init phase that failed; others on demand have none.
    InitReport(Phase),
    RestoreStart,
    RestoreReport,
    Start,
    /// The application logs something.
    Said,
    /// The runtime logs the error that the handler raised.
    Raised,
    /// Text only.
    End,
    /// JSON only, and only of failures: it is a DEBUG line otherwise.
    RuntimeDone,
    Report,
}

impl Kind {
    /// Whether [`TailFilter::Telling`](lambda_model::api::TailFilter::Telling) lets such lines through.
    pub(super) fn is_telling(self) -> bool {
        !matches!(self, Self::Said | Self::End | Self::InitStart | Self::RestoreStart)
    }
}

/// Where an init phase runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Init,
    /// Once more within the first invocation, because the first try failed.
    Invoke,
}

impl Phase {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::Invoke => "invoke",
        }
    }
}

/// The share of a restore that is billed: an assumption, for AWS gives none (docs/aws.md#init-phase).
const BILLED_PERCENT_OF_RESTORE: u64 = 16;

/// The numbers of a REPORT line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Figures {
    pub(super) duration_ms: f64,
    pub(super) billed_ms: u64,
    pub(super) memory_mb: u32,
    pub(super) used_mb: u32,
    /// Of the init phase before the handler; `None` if there was none, or it failed.
    pub(super) init_ms: Option<f64>,
    pub(super) restore_ms: Option<f64>,
    pub(super) billed_restore_ms: Option<u64>,
}

/// Microseconds as milliseconds.
fn ms(us: u32) -> f64 {
    f64::from(us) / 1000.0
}

impl Writer<'_> {
    /// The lines of the invocation in the order in which they are written, those to come included.
    pub(super) fn lines(&self) -> Vec<Line> {
        let Invocation { function, environment, started, .. } = *self.invocation;
        let place = (i64::from(function) << 32) | i64::from(environment);
        let mut noise = Noise::new(self.seed, "log lines", started.0 ^ scramble(place.cast_unsigned()).cast_signed());
        let (soonest, latest) = INGESTED_AFTER;
        // One delay for all of them: what an invocation writes stays in order.
        let delay = soonest + Instant(noise.below((latest - soonest).0.unsigned_abs()).cast_signed());
        let cut = |instant: Instant| Instant(instant.0 - instant.0.rem_euclid(1000));
        let said = [noise.chance(0.6), noise.chance(0.3)];
        self.plan(said)
            .into_iter()
            .filter(|(_, kind)| self.writes(*kind))
            .map(|(at, kind)| Line { at: cut(at), ingested: cut(at) + cut(delay), kind, draw: noise.bits() })
            .collect()
    }

    /// The lines. `said`: whether the application logs something early and late in the handler.
    fn plan(&self, said: [bool; 2]) -> Vec<(Instant, Kind)> {
        let invocation = self.invocation;
        let (started, began, ended) = (invocation.started, invocation.handler_began(), invocation.ended());
        let duration = ended - began;
        let failed_init = invocation.outcome == Outcome::InitError;
        let mut plan = Vec::with_capacity(8);
        let init_failed = |plan: &mut Vec<_>, at, phase| {
            plan.extend(
                [Kind::InitRaised, Kind::InitRuntimeDone(phase), Kind::InitReport(phase)].map(|kind| (at, kind)),
            );
        };
        match invocation.start {
            Start::Cold => {
                plan.push((started, Kind::InitStart));
                if failed_init {
                    init_failed(&mut plan, began, Phase::Init);
                    // The second try is what the invocation lasts; START comes when it has failed too.
                    if duration > Instant(0) {
                        init_failed(&mut plan, ended, Phase::Invoke);
                    }
                }
            }
            Start::Restored => plan.extend([(started, Kind::RestoreStart), (began, Kind::RestoreReport)]),
            Start::Warm | Start::Ready => {}
        }
        plan.push((if failed_init { ended } else { began }, Kind::Start));
        if !failed_init {
            // An eighth and three quarters of the way.
            for (said, eighths) in said.into_iter().zip([1, 6]) {
                if said {
                    plan.push((began + Instant(duration.0 / 8 * eighths), Kind::Said));
                }
            }
        }
        match invocation.outcome {
            Outcome::Success | Outcome::InitError => {}
            Outcome::HandlerError => plan.extend([(ended, Kind::Raised), (ended, Kind::RuntimeDone)]),
            Outcome::Timeout | Outcome::OutOfMemory => plan.push((ended, Kind::RuntimeDone)),
        }
        plan.extend([(ended, Kind::End), (ended, Kind::Report)]);
        plan
    }

    /// Whether the function's log format and level let such a line through (docs/aws.md#system-log-level).
    fn writes(&self, kind: Kind) -> bool {
        match self.function.log_format {
            LogFormat::Text => !matches!(kind, Kind::InitRuntimeDone(_) | Kind::RuntimeDone),
            LogFormat::Json => kind != Kind::End && (kind != Kind::InitStart || self.function.runtime.is_some()),
            LogFormat::JsonWarn => match kind {
                Kind::InitStart | Kind::RestoreStart | Kind::Start | Kind::Said | Kind::End => false,
                Kind::RestoreReport => self.invocation.outcome == Outcome::InitError,
                Kind::InitRaised
                | Kind::InitRuntimeDone(_)
                | Kind::InitReport(_)
                | Kind::Raised
                | Kind::RuntimeDone => true,
                Kind::Report => self.invocation.failed(),
            },
        }
    }

    /// The name of the environment's log stream (docs/aws.md#log-groups-and-streams).
    pub(super) fn stream(&self) -> String {
        let Invocation { function, environment, born, .. } = *self.invocation;
        let place = (i64::from(function) << 32) | i64::from(environment);
        let mut noise = Noise::new(self.seed, "log stream", place);
        let day = self.scenario.time(born).format("%Y/%m/%d");
        let name = if self.function.log_group.is_some() { &*self.function.name } else { "" };
        format!("{day}/{name}[{}]{:016x}{:016x}", self.version, noise.bits(), noise.bits())
    }

    /// The request's id, a UUID of version 4.
    pub(super) fn request_id(&self) -> String {
        let Invocation { function, request, .. } = *self.invocation;
        let place = scramble(u64::from(function) + 1) ^ request;
        let mut noise = Noise::new(self.seed, "request id", place.cast_signed());
        let (high, low) = (noise.bits(), noise.bits());
        let version = 0x4000 | (high & 0x0FFF);
        let variant = 0x8000 | ((low >> 48) & 0x3FFF);
        let (first, second, last) = (high >> 32, (high >> 16) & 0xFFFF, low & 0xFFFF_FFFF_FFFF);
        format!("{first:08x}-{second:04x}-{version:04x}-{variant:04x}-{last:012x}")
    }

    /// The runtime's version and the version's ARN; `None` for container images, which have none.
    pub(super) fn runtime_version(&self) -> Option<(String, String)> {
        let runtime = self.function.runtime.as_deref()?;
        let digits = runtime.find(|letter: char| letter.is_ascii_digit() || letter == '.').unwrap_or(runtime.len());
        let (language, release) = runtime.split_at(digits);
        let release = release.trim_start_matches('.').trim_end_matches(".x");
        let mut noise = Noise::new(0, runtime, 0);
        let version = format!("{language}:{release}.v{}", 20 + noise.below(80));
        let hash = [(); 4].map(|()| format!("{:016x}", noise.bits())).concat();
        Some((version, format!("arn:aws:lambda:{}::runtime:{hash}", self.scenario.region())))
    }

    /// The numbers of its REPORT. An init phase on demand is billed (docs/aws.md#init-phase, from August 2025 on); one
    /// that was tried again is inside the duration.
    pub(super) fn figures(&self) -> Figures {
        let Invocation { start, outcome, init_us, duration_us, .. } = *self.invocation;
        let billed = |us: u64| us.div_ceil(1000);
        let init_us = (start == Start::Cold && outcome != Outcome::InitError).then_some(init_us);
        let restore_us = (start == Start::Restored).then_some(self.invocation.init_us);
        let billed_restore_ms = restore_us.map(|us| (u64::from(us) * BILLED_PERCENT_OF_RESTORE).div_ceil(100 * 1000));
        Figures {
            duration_ms: ms(duration_us),
            billed_ms: billed(u64::from(duration_us) + u64::from(init_us.unwrap_or(0)))
                + billed_restore_ms.unwrap_or(0),
            memory_mb: self.function.memory_mb,
            used_mb: self.invocation.used_mb,
            init_ms: init_us.map(ms),
            restore_ms: restore_us.map(ms),
            billed_restore_ms,
        }
    }

    /// How long this init phase took, milliseconds: the second try is the whole invocation.
    pub(super) fn init_ms(&self, phase: Phase) -> f64 {
        match phase {
            Phase::Init => ms(self.invocation.init_us),
            Phase::Invoke => ms(self.invocation.duration_us),
        }
    }

    /// How the platform names the end: `success`, `error` or `timeout`.
    pub(super) fn status(&self) -> &'static str {
        match self.invocation.outcome {
            Outcome::Success => "success",
            Outcome::HandlerError | Outcome::OutOfMemory | Outcome::InitError => "error",
            Outcome::Timeout => "timeout",
        }
    }

    /// The error that the platform itself found; an error that the handler raised is the application's.
    pub(super) fn error_type(&self) -> Option<&'static str> {
        match self.invocation.outcome {
            Outcome::Success | Outcome::HandlerError | Outcome::Timeout => None,
            Outcome::OutOfMemory => Some("Runtime.OutOfMemory"),
            Outcome::InitError if self.invocation.start == Start::Restored => Some("Runtime.ExitError"),
            Outcome::InitError => Some(Family::of(self.function).init_error().name),
        }
    }
}
