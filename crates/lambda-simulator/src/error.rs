//! Why there is no scenario to simulate.

/// Why a scenario cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The file of a user's own scenario cannot be read.
    #[error("the scenario file {path} cannot be read: {source}")]
    Unreadable {
        /// As requested.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// No scenario has this name.
    #[error("there is no demo scenario called {name}")]
    Unknown {
        /// As requested.
        name: String,
    },
    /// The text is no scenario, or one that makes no sense.
    #[error("the demo scenario {name} cannot be used: {reason}")]
    Unusable {
        /// The scenario's name or its file's path.
        name: String,
        /// The line, the key and what is wrong with it.
        reason: String,
    },
    /// The scenario cannot have this number of functions.
    #[error("there cannot be {functions} functions: {reason}")]
    Population {
        /// As requested.
        functions: u32,
        /// Which number is possible, if any.
        reason: String,
    },
}
