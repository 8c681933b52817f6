//! Why there is no scenario to simulate.

/// A scenario that cannot be had, or not as it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The file of a user's own scenario cannot be read.
    #[error("the scenario file {path} cannot be read: {source}")]
    Unreadable {
        /// As it was asked for.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// No scenario has this name.
    #[error("there is no demo scenario called {name}")]
    Unknown {
        /// As it was asked for.
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
        /// As it was asked for.
        functions: u32,
        /// Which number is possible, if any.
        reason: String,
    },
}
