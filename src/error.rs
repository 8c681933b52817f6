//! Errors that end the program: what went wrong, why, and what to do about it.
//!
//! A failed call to AWS while lamtop runs is not one of these: it is data (`model::failure`).

use std::fmt;

/// Why the program ends, and with which exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Wrong usage or configuration: exit code 2.
    Usage,
    /// AWS could not be reached or refused everything: exit code 3.
    Aws,
}

/// An error for a person: printed as `error: …`, `cause: …`, `hint: …`, with a `cause:` for each line of the cause.
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

    /// AWS could not be reached or refused everything.
    pub fn aws(what: impl Into<String>, cause: impl fmt::Display, hint: impl Into<String>) -> Self {
        Self { kind: Kind::Aws, what: what.into(), cause: cause.to_string(), hint: hint.into() }
    }

    /// The exit code of the contract.
    pub fn exit_code(&self) -> u8 {
        match self.kind {
            Kind::Usage => 2,
            Kind::Aws => 3,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        use crate::model::text::clean;
        writeln!(formatter, "error: {}", clean(&self.what))?;
        for cause in self.cause.split('\n') {
            writeln!(formatter, "cause: {}", clean(cause))?;
        }
        write!(formatter, "hint: {}", clean(&self.hint))
    }
}
