//! What somebody changed about a function, as the inventory saw it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A change of a function.
#[derive(Clone, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct Change {
    /// When it was made: `LastModified` where AWS tells it, otherwise when it was seen first.
    pub at: DateTime<Utc>,
    /// When the fact was last read as it had been; the change is not older. `None` where `at` is exact.
    pub after: Option<DateTime<Utc>>,
    /// What is different.
    pub what: Changed,
}

/// What is different after a change.
#[derive(Clone, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Changed {
    /// The code of `$LATEST` (`CodeSha256`).
    Code,
    /// The configuration of `$LATEST`: what is different, in words, as far as it is known ("memory 512 → 1024 MB").
    Configuration(Vec<String>),
    /// An alias points to other versions or weighs them otherwise; `None` is an alias that was not there.
    Alias {
        /// The alias.
        name: String,
        /// The primary version and the additional weights as they were.
        from: Option<Routing>,
        /// As they are; `None` when the alias was deleted.
        to: Option<Routing>,
    },
    /// Reserved concurrency; `None` is no reservation.
    Reserved {
        /// As it was.
        from: Option<u32>,
        /// As it is.
        to: Option<u32>,
    },
    /// Provisioned concurrency that was asked for, of a qualifier; 0 is none.
    Provisioned {
        /// Alias or version.
        qualifier: String,
        /// As it was.
        from: u32,
        /// As it is.
        to: u32,
    },
}

/// Where an alias sends its traffic.
#[derive(Clone, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct Routing {
    /// The primary version.
    pub version: String,
    /// Additional versions and their weights.
    pub additional: BTreeMap<String, f64>,
}
