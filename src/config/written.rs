//! A value as it was written, and where: on the command line, in the environment or in a file. Not checked yet.

use std::fmt;
use std::path::PathBuf;

use toml::de::DeValue;

/// Where a setting's value came from. Ordered from the strongest layer to the weakest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// A flag of the command line, for example `--window`.
    Flag(String),
    /// An environment variable, for example `LAMTOP_WINDOW`.
    Environment(String),
    /// A line of a configuration file.
    File {
        /// The file as it was named.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// The defaults that come with lamtop.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => write!(formatter, "flag {name}"),
            Self::Environment(name) => write!(formatter, "environment {name}"),
            Self::File { path, line } => write!(formatter, "file {}:{line}", path.display()),
            Self::Default => formatter.write_str("default"),
        }
    }
}

/// A value as it was written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Written {
    /// A flag's or a variable's value, which may stand for a text, a number or a list.
    Bare(String),
    /// A text of a file.
    Text(String),
    /// A number of a file, in decimal digits.
    Number(String),
    /// A list of a file.
    List(Vec<Written>),
    /// A type that no setting takes, for example `boolean`.
    Other(&'static str),
}

impl Written {
    /// The text, if this may be one.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Bare(text) | Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A number's digits, if this may be a number.
    pub(super) fn digits(&self) -> Option<&str> {
        match self {
            Self::Bare(digits) | Self::Number(digits) => Some(digits),
            _ => None,
        }
    }

    /// The value without quotes, for a person.
    pub(super) fn plain(&self) -> String {
        match self {
            Self::Bare(text) | Self::Text(text) | Self::Number(text) => text.clone(),
            Self::List(items) => items.iter().map(Self::plain).collect::<Vec<_>>().join(", "),
            Self::Other(kind) => (*kind).to_owned(),
        }
    }
}

/// The value with quotes where it is a text, so that `15` and `"15"` can be distinguished.
impl fmt::Display for Written {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bare(text) | Self::Text(text) => write!(formatter, "{text:?}"),
            Self::Number(digits) => formatter.write_str(digits),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(Self::to_string).collect();
                write!(formatter, "[{}]", items.join(", "))
            }
            Self::Other(kind) => write!(formatter, "a value of type {kind}"),
        }
    }
}

impl From<&DeValue<'_>> for Written {
    fn from(value: &DeValue<'_>) -> Self {
        match value {
            DeValue::String(text) => Self::Text(text.clone().into_owned()),
            DeValue::Integer(integer) => match i64::from_str_radix(integer.as_str(), integer.radix()) {
                Ok(number) => Self::Number(number.to_string()),
                Err(_) => Self::Number(integer.to_string()),
            },
            DeValue::Float(float) => Self::Number(float.as_str().to_owned()),
            DeValue::Array(items) => Self::List(items.iter().map(|item| item.get_ref().into()).collect()),
            other => Self::Other(other.type_str()),
        }
    }
}
