//! The built-in scenarios, and those that users write.

use std::fs;
use std::path::Path;

use super::check::{self, Problem};
use super::{Scenario, place};
use crate::error::ScenarioError;

/// A built-in scenario.
#[derive(Clone, Copy, Debug)]
pub struct Embedded {
    /// Its name.
    pub name: &'static str,
    /// Its file.
    pub toml: &'static str,
}

/// Every file of `scenarios/` but the example, in the order of the number that its name begins with.
const EMBEDDED: &[Embedded] = include!(concat!(env!("OUT_DIR"), "/scenarios.rs"));

/// The documented file that shows every key.
pub const EXAMPLE: &str = include_str!("../../scenarios/example.toml");

/// The built-in scenarios, the default first.
pub fn scenarios() -> &'static [Embedded] {
    EMBEDDED
}

impl Embedded {
    /// The scenario itself.
    ///
    /// # Errors
    ///
    /// When its file is wrong, which a test rules out.
    pub fn scenario(&self) -> Result<Scenario, ScenarioError> {
        Scenario::parse(self.name, self.toml)
    }
}

/// The scenario called `name`, or the user's own when it is the path of a file: when it ends in `.toml` or
/// has a folder.
///
/// # Errors
///
/// If no built-in scenario has the name or the file cannot be read, and with line and key if it is invalid.
pub fn scenario(name: &str) -> Result<Scenario, ScenarioError> {
    if is_file(name) {
        let unreadable = |source| ScenarioError::Unreadable { path: name.to_string(), source };
        let text = fs::read_to_string(name).map_err(unreadable)?;
        return Scenario::parse(name, &text);
    }
    match EMBEDDED.iter().find(|embedded| embedded.name == name) {
        Some(embedded) => embedded.scenario(),
        None => Err(ScenarioError::Unknown { name: name.to_string() }),
    }
}

fn is_file(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "toml") || name.contains(std::path::is_separator)
}

impl Scenario {
    /// Reads the scenario `name` from its TOML `text`.
    ///
    /// # Errors
    ///
    /// With the line, where the text is no scenario or one that makes no sense.
    pub fn parse(name: &str, text: &str) -> Result<Self, ScenarioError> {
        let unusable = |reason: String| ScenarioError::Unusable { name: name.to_string(), reason };
        let scenario: Self = toml::from_str(text).map_err(|error| unusable(place::of_error(text, &error)))?;
        check::check(&scenario).map_err(|problem| {
            let Problem { path, owner, reason } = problem;
            let of = if owner.is_empty() { String::new() } else { format!(" of {owner}") };
            unusable(format!("{}{of}: {reason}", place::of_path(text, &path)))
        })?;
        Ok(scenario)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_large_region_cannot_be_played_at_any_speed() {
        for known in EMBEDDED {
            let fastest = known.scenario().unwrap().fastest();
            assert_eq!(fastest < 1000.0, known.name == "large", "{}: {fastest}", known.name);
        }
        assert!(scenario("large").unwrap().fastest() > 300.0);
    }

    #[test]
    fn every_built_in_scenario_is_valid_and_fits_in_a_line() {
        assert_eq!(EMBEDDED.first().map(|embedded| embedded.name), Some("mixed"));
        for embedded in EMBEDDED {
            let scenario = embedded.scenario().unwrap_or_else(|error| panic!("{}: {error}", embedded.name));
            // Beside the longest name, in 80 columns.
            assert!(scenario.summary().len() <= 57, "{}", embedded.name);
            assert!((8.0..=15.0).contains(&scenario.opening_min), "{}", embedded.name);
        }
    }

    #[test]
    fn the_example_shows_every_key_and_makes_sense() {
        if let Err(error) = Scenario::parse("example", EXAMPLE) {
            panic!("{error}");
        }
        let document: toml::Table = EXAMPLE.parse().unwrap();
        // For every table of the example, serde names the keys that belong there.
        let headers = EXAMPLE.lines().filter(|line| line.starts_with('[')).collect::<std::collections::BTreeSet<_>>();
        let mut named = 0;
        for header in headers.into_iter().chain([""]) {
            // A key that no table has.
            let spoilt = EXAMPLE.replacen(&format!("{header}\n"), &format!("{header}\nzz = 1\n"), 1);
            let message = toml::from_str::<Scenario>(&spoilt).unwrap_err().message().to_string();
            let (_, keys) = message.split_once("expected ").unwrap_or_else(|| panic!("{header}: {message}"));
            for key in keys.split('`').skip(1).step_by(2) {
                let inside: Vec<&str> =
                    header.trim_matches(['[', ']']).split('.').filter(|part| !part.is_empty()).collect();
                assert!(has(&toml::Value::Table(document.clone()), &inside, key), "{header} lacks {key}");
                named += 1;
            }
        }
        assert!(named > 80, "{named}");
    }

    /// Whether some table at these keys has `key`.
    fn has(value: &toml::Value, inside: &[&str], key: &str) -> bool {
        match (value, inside) {
            (toml::Value::Array(items), _) => items.iter().any(|item| has(item, inside, key)),
            (toml::Value::Table(table), [first, rest @ ..]) => {
                table.get(*first).is_some_and(|next| has(next, rest, key))
            }
            (toml::Value::Table(table), []) => table.contains_key(key),
            _ => false,
        }
    }

    #[test]
    fn a_file_of_the_user_s_is_read_by_its_path_and_a_name_is_looked_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        std::fs::write(path("good.toml"), EXAMPLE).unwrap();
        std::fs::write(path("bad"), EXAMPLE.replace("share = 0.9", "share = 9")).unwrap();
        assert!(scenario(&path("good.toml")).is_ok());
        // the name, the error message
        for (name, message) in [
            (path("bad"), "key `alias.share` of function checkout: 9 is not between 0 and 1"),
            (path("gone.toml"), "gone.toml cannot be read"),
            ("gone.toml".to_string(), "gone.toml cannot be read"),
            ("mixd".to_string(), "no demo scenario called mixd"),
        ] {
            let error = scenario(&name).unwrap_err();
            assert!(error.to_string().contains(message), "{error}");
        }
    }
}
