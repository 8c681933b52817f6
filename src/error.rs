//! Errors that end the program: what went wrong, why, and what to do about it.
//!
//! A failed call to AWS while lamtop runs is not one of these: it is data (`lambda_model::failure`).

use std::fmt;

use lambda_simulator::ScenarioError;

/// Why the program ends, and with which exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Wrong usage or configuration: exit code 2.
    Usage,
    /// AWS could not be reached or denied every call: exit code 3.
    Aws,
    /// There was nothing to work with, as in a log file that nothing was understood of: exit code 4.
    Unread,
}

/// An error to print: `error: …`, `cause: …`, `hint: …`, with a `cause:` for each line of the cause.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Error {
    /// Decides the exit code.
    pub kind: Kind,
    /// What went wrong.
    pub what: String,
    /// Why.
    pub cause: String,
    /// What to do.
    pub hint: String,
}

impl Error {
    /// Wrong usage or configuration.
    pub fn usage(what: impl Into<String>, cause: impl fmt::Display, hint: impl Into<String>) -> Self {
        Self { kind: Kind::Usage, what: what.into(), cause: cause.to_string(), hint: hint.into() }
    }

    /// AWS could not be reached or denied every call.
    pub(crate) fn aws(what: impl Into<String>, cause: impl fmt::Display, hint: impl Into<String>) -> Self {
        Self { kind: Kind::Aws, what: what.into(), cause: cause.to_string(), hint: hint.into() }
    }

    /// There was nothing to work with.
    pub(crate) fn unread(what: impl Into<String>, cause: impl fmt::Display, hint: impl Into<String>) -> Self {
        Self { kind: Kind::Unread, what: what.into(), cause: cause.to_string(), hint: hint.into() }
    }

    /// The exit code.
    pub fn exit_code(&self) -> u8 {
        match self.kind {
            Kind::Usage => 2,
            Kind::Aws => 3,
            Kind::Unread => 4,
        }
    }
}

impl From<ScenarioError> for Error {
    fn from(error: ScenarioError) -> Self {
        match error {
            ScenarioError::Unreadable { path, source } => Self::usage(
                format!("the scenario file {path} cannot be read"),
                source,
                "check the path; `lamtop demo --example` prints a file to start from",
            ),
            ScenarioError::Unknown { name } => {
                let names: Vec<&str> = lambda_simulator::scenarios().iter().map(|known| known.name).collect();
                Self::usage(
                    format!("there is no demo scenario called {name}"),
                    format!("the scenarios are: {}", names.join(", ")),
                    "run `lamtop demo --list` to see what each is about; a file's name ends in .toml",
                )
            }
            ScenarioError::Unusable { name, reason } => Self::usage(
                format!("the demo scenario {name} cannot be used"),
                reason,
                "correct the scenario's file; `lamtop demo --example` explains every key",
            ),
            ScenarioError::Population { functions, reason } => Self::usage(
                format!("there cannot be {functions} functions"),
                reason,
                "use it with `lamtop demo large`, or with a scenario of your own that has a [population]",
            ),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        use lambda_model::text::clean;
        writeln!(formatter, "error: {}", clean(&self.what))?;
        for cause in self.cause.split('\n') {
            writeln!(formatter, "cause: {}", clean(cause))?;
        }
        write!(formatter, "hint: {}", clean(&self.hint))
    }
}
