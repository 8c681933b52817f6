//! Settings: from the flags, the environment and a file to the values in force, and where each comes from.
//!
//! A flag wins over the environment, which wins over the file, which wins over the defaults. Everything
//! that is wrong is reported in one error. The only IO is that of [`Surroundings`].

mod choices;
mod expansion;
mod flag;
mod layer;
mod policy;
mod problem;
mod read;
mod resolution;
mod resolved;
mod settings;
mod written;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

pub use choices::{Format, LogsFrom};
pub use flag::{Flag, Place, Value};
pub use policy::POLICY;
pub use resolution::Entry;
pub use resolved::Resolved;
pub(crate) use settings::{FLAGS, PROGRAM};
pub use settings::{LiveTail, Metrics, Queues, Settings};
pub use written::Origin;

use crate::error::Error;
use layer::Layer;
use problem::Problem;
use resolution::Resolution;

/// The file that documents every setting and holds its default.
pub const DEFAULTS: &str = include_str!("../config/lamtop.toml");

/// The flags that were given, with their values.
pub type Flags = Vec<(&'static Flag, String)>;

/// Where settings are read from outside of the program.
pub struct Surroundings<'a> {
    /// The value of an environment variable.
    pub variable: &'a dyn Fn(&str) -> Option<OsString>,
    /// The text of a file.
    pub read: &'a dyn Fn(&Path) -> io::Result<String>,
}

impl Surroundings<'static> {
    /// This process's environment and file system.
    pub fn process() -> Self {
        Self { variable: &|name| env::var_os(name), read: &|path| fs::read_to_string(path) }
    }
}

impl Surroundings<'_> {
    /// The value of an environment variable. An empty one counts as not set.
    fn variable(&self, name: &str) -> Option<OsString> {
        (self.variable)(name).filter(|value| !value.is_empty())
    }

    /// `$XDG_CONFIG_HOME/lamtop/lamtop.toml`, on every platform. `None` without a home directory.
    fn usual_file(&self) -> Option<PathBuf> {
        let folder = self.variable("XDG_CONFIG_HOME").map(PathBuf::from);
        // The XDG base directory specification has relative paths ignored.
        let folder = folder.filter(|folder| folder.is_absolute());
        let folder = folder.or_else(|| Some(PathBuf::from(self.variable("HOME")?).join(".config")))?;
        Some(folder.join("lamtop").join("lamtop.toml"))
    }
}

/// Every flag of a setting, with the default that its help shows; `None` where nothing is set by default.
pub fn flags() -> Vec<(&'static Flag, Option<String>)> {
    let (defaults, _) = Layer::toml(DEFAULTS, |_| Origin::Default);
    let default = |flag: &Flag| match flag.value {
        Value::Count(_) => None,
        _ => defaults.get(flag.key).map(|(written, _)| written.plain()).filter(|default| !default.is_empty()),
    };
    FLAGS.iter().map(|flag| (flag, default(flag))).collect()
}

/// Resolves the settings. `file` is what `--config` names.
///
/// # Errors
///
/// A usage error if a configuration file cannot be read (the usual one may be absent), or one that
/// lists every unknown key and every value that is not allowed, with its place.
pub(crate) fn resolve(flags: Flags, file: Option<&Path>, surroundings: &Surroundings<'_>) -> Result<Resolved, Error> {
    let (defaults, mut problems) = Layer::toml(DEFAULTS, |_| Origin::Default);
    let (environment, unreadable) = Layer::environment(defaults.keys(), surroundings);
    problems.extend(unreadable);
    let (file, malformed) = match configuration(file, surroundings)? {
        Some((path, text)) => Layer::file(&path, &text),
        None => Default::default(),
    };
    problems.extend(malformed);
    let known: BTreeSet<&str> = defaults.keys().collect();
    problems.extend(
        file.iter()
            .filter(|(key, _)| !known.contains(key))
            .map(|(key, origin)| Problem::unknown(origin, key, known.iter().copied())),
    );
    let mut resolution = Resolution::new([Layer::flags(flags), environment, file, defaults], problems);
    let settings = Settings::read(&mut resolution);
    if resolution.problems.is_empty() {
        Ok(Resolved { settings, entries: resolution.entries })
    } else {
        Err(problem::error(resolution.problems))
    }
}

/// The configuration file's path and text; `None` if none was named and the usual one does not exist.
fn configuration(named: Option<&Path>, surroundings: &Surroundings<'_>) -> Result<Option<(PathBuf, String)>, Error> {
    let named = named.map(Path::to_owned).or_else(|| surroundings.variable("LAMTOP_CONFIG").map(PathBuf::from));
    let may_be_absent = named.is_none();
    let Some(path) = named.or_else(|| surroundings.usual_file()) else { return Ok(None) };
    match (surroundings.read)(&path) {
        Ok(text) => Ok(Some((path, text))),
        Err(error) if may_be_absent && error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::usage(
            format!("cannot read the configuration file {}", path.display()),
            error,
            "name a readable file with --config or LAMTOP_CONFIG, or run without one: --config /dev/null",
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::os::unix::ffi::OsStringExt;

    use proptest::prelude::*;

    use super::*;
    use crate::analysis::thresholds::{CanaryTerms, Thresholds};
    use lambda_model::finding::Severity;

    /// Resolves with these variables and these files.
    fn resolve_in(
        flags: &[(&str, &str)],
        named: Option<&str>,
        variables: &[(&str, &str)],
        files: &[(&str, &str)],
    ) -> Result<Resolved, Error> {
        let variables: BTreeMap<&str, &str> = variables.iter().copied().collect();
        let files: BTreeMap<&Path, &str> = files.iter().map(|(path, text)| (Path::new(*path), *text)).collect();
        let surroundings = Surroundings {
            variable: &|name| variables.get(name).map(OsString::from),
            read: &|path| files.get(path).map(|text| (*text).to_owned()).ok_or(io::ErrorKind::NotFound.into()),
        };
        let flag = |key: &str| FLAGS.iter().find(|flag| flag.key == key).unwrap();
        let flags = flags.iter().map(|(key, value)| (flag(key), (*value).to_owned())).collect();
        resolve(flags, named.map(Path::new), &surroundings)
    }

    fn origin(resolved: &Resolved, key: &str) -> String {
        resolved.entries.iter().find(|entry| entry.key == key).unwrap().origin.to_string()
    }

    #[test]
    fn the_default_file_has_every_setting_and_nothing_else() {
        let resolved = resolve_in(&[], None, &[], &[]).unwrap();
        let read: BTreeSet<&str> = resolved.entries.iter().map(|entry| entry.key).collect();
        let (defaults, problems) = Layer::toml(DEFAULTS, |_| Origin::Default);
        assert_eq!(problems, []);
        assert_eq!(read, defaults.keys().collect());
        assert_eq!(resolved.entries.len(), read.len(), "a setting is read twice");
        assert!(resolved.entries.iter().all(|entry| entry.origin == Origin::Default));
    }

    #[test]
    fn the_defaults_are_these() {
        let settings = resolve_in(&[], None, &[], &[]).unwrap().settings;
        let expected = Settings {
            profiles: vec![],
            regions: vec![],
            endpoint_url: None,
            filter: String::new(),
            sort: "impact".to_owned(),
            window_s: 900,
            theme: "auto".to_owned(),
            inventory_rate: 4.0,
            snapshot_rate: 10.0,
            inventory_s: 20,
            logs: LogsFrom::Auto,
            shards: (1, 1),
            wait_s: 0,
            format: Format::Auto,
            limit: None,
            seed: 1,
            speed: 20.0,
            log_file: None,
            verbosity: 0,
            metrics: Metrics {
                refresh_s: 60,
                background_s: 300,
                history_minutes: 60,
                trailing_minutes: 20,
                provisional_minutes: 2,
            },
            queues: Queues { refresh_s: 30 },
            live_tail: LiveTail { sessions: 3, idle_minutes: 15 },
            fail_on: Severity::Critical,
            timeout_s: 1800,
            findings: Thresholds::default(),
            canary: CanaryTerms::default(),
        };
        assert_eq!(settings, expected);
    }

    /// Which layer wins, for every set of layers that write the same setting.
    #[test]
    fn a_flag_wins_over_the_environment_over_the_file_over_the_default() {
        for (flag, variable, file, window_s, from) in [
            (None, None, None, 900, "default"),
            (None, None, Some("3m"), 180, "file /etc/lamtop.toml:2"),
            (None, Some("2m"), None, 120, "environment LAMTOP_WINDOW"),
            (None, Some("2m"), Some("3m"), 120, "environment LAMTOP_WINDOW"),
            (Some("1m"), None, None, 60, "flag --window"),
            (Some("1m"), None, Some("3m"), 60, "flag --window"),
            (Some("1m"), Some("2m"), None, 60, "flag --window"),
            (Some("1m"), Some("2m"), Some("3m"), 60, "flag --window"),
            (None, Some(""), Some("3m"), 180, "file /etc/lamtop.toml:2"),
        ] {
            let flags: Vec<_> = flag.map(|value| ("window", value)).into_iter().collect();
            let variables: Vec<_> = variable.map(|value| ("LAMTOP_WINDOW", value)).into_iter().collect();
            let text = file.map_or(String::new(), |value| format!("# mine\nwindow = \"{value}\"\n"));
            let resolved = resolve_in(&flags, Some("/etc/lamtop.toml"), &variables, &[("/etc/lamtop.toml", &text)]);
            let resolved = resolved.unwrap();
            let case = format!("{flag:?} {variable:?} {file:?}");
            assert_eq!(resolved.settings.window_s, window_s, "{case}");
            assert_eq!(origin(&resolved, "window"), from, "{case}");
            assert_eq!(origin(&resolved, "sort"), "default", "{case}");
        }
    }

    #[test]
    fn a_stronger_layer_can_take_a_setting_back() {
        let file = [("/f", "endpoint_url = \"http://localhost:4566\"\nprofile = \"prod\"\nlimit = 5")];
        let resolved = resolve_in(&[("endpoint_url", ""), ("profile", ""), ("limit", "all")], Some("/f"), &[], &file);
        let settings = resolved.unwrap().settings;
        assert_eq!((settings.endpoint_url, settings.profiles, settings.limit), (None, vec![], None));
    }

    #[test]
    fn every_setting_is_an_environment_variable() {
        for Entry { key, value, .. } in resolve_in(&[], None, &[], &[]).unwrap().entries {
            let name = format!("LAMTOP_{}", key.to_uppercase().replace('.', "_"));
            let value = if value.is_empty() { "anything" } else { &value };
            let resolved = resolve_in(&[], None, &[(&name, value)], &[]).unwrap();
            assert_eq!(origin(&resolved, key), format!("environment {name}"));
        }
    }

    #[test]
    fn the_file_is_the_named_one_or_the_usual_one() {
        let files =
            [("/flag", "sort = \"a\""), ("/variable", "sort = \"b\""), ("/x/lamtop/lamtop.toml", "sort = \"c\"")];
        let home = [("/home/me/.config/lamtop/lamtop.toml", "sort = \"d\"")];
        for (named, variables, files, sort) in [
            (Some("/flag"), &[("LAMTOP_CONFIG", "/variable"), ("XDG_CONFIG_HOME", "/x")][..], &files[..], "a"),
            (None, &[("LAMTOP_CONFIG", "/variable"), ("XDG_CONFIG_HOME", "/x")], &files, "b"),
            (None, &[("LAMTOP_CONFIG", ""), ("XDG_CONFIG_HOME", "/x"), ("HOME", "/home/me")], &files, "c"),
            (None, &[("HOME", "/home/me")], &home, "d"),
            (None, &[("XDG_CONFIG_HOME", "relative"), ("HOME", "/home/me")], &home, "d"),
            (None, &[("XDG_CONFIG_HOME", "/empty"), ("HOME", "/home/me")], &home, "impact"),
            (None, &[], &files, "impact"),
        ] {
            let settings = resolve_in(&[], named, variables, files).unwrap().settings;
            assert_eq!(settings.sort, sort, "{named:?} {variables:?}");
        }
    }

    #[test]
    fn a_named_file_must_be_readable() {
        for (named, variables) in [(Some("/gone"), &[][..]), (None, &[("LAMTOP_CONFIG", "/gone")])] {
            let error = resolve_in(&[], named, variables, &[]).unwrap_err();
            assert_eq!((error.exit_code(), error.what.as_str()), (2, "cannot read the configuration file /gone"));
        }
    }

    #[test]
    fn the_usual_file_may_be_absent_but_not_unreadable() {
        let surroundings = Surroundings {
            variable: &|name| (name == "HOME").then(|| "/home/me".into()),
            read: &|_| Err(io::ErrorKind::PermissionDenied.into()),
        };
        let error = resolve(vec![], None, &surroundings).unwrap_err();
        assert_eq!(error.what, "cannot read the configuration file /home/me/.config/lamtop/lamtop.toml");
        assert_eq!(error.cause, "permission denied");
    }

    #[test]
    fn problems_of_all_layers_come_in_one_error() {
        let flags = [("window", "5x"), ("sort", "")];
        let variables = [("LAMTOP_VERBOSE", "9")];
        let error = resolve_in(&flags, Some("/f"), &variables, &[("/f", "window = 5\n\nthem = 1\n")]).unwrap_err();
        let expected = "\
error: lamtop cannot start with these settings
cause: flag --sort: sort cannot be \"\"; allowed: the name of a column
cause: flag --window: window cannot be \"5x\"; allowed: a time from 1m to 3h, such as 90s, 15m or 1h
cause: environment LAMTOP_VERBOSE: verbose cannot be \"9\"; allowed: a whole number from 0 to 3
cause: file /f:1: window cannot be 5; allowed: a time from 1m to 3h, such as 90s, 15m or 1h
cause: file /f:3: there is no setting them; did you mean theme?
hint: correct the file, or run without it: --config /dev/null";
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn a_path_cannot_forge_a_line_of_the_error() {
        let path = "/f\nhint: relax";
        let error = resolve_in(&[], Some(path), &[], &[(path, "windwo = 1")]).unwrap_err();
        assert_eq!(error.to_string().lines().count(), 3, "{error}");
    }

    #[test]
    fn a_variable_that_is_not_utf8_is_an_error() {
        let surroundings = Surroundings {
            variable: &|name| (name == "LAMTOP_FILTER").then(|| OsString::from_vec(vec![0xFF])),
            read: &|_| Err(io::ErrorKind::NotFound.into()),
        };
        let error = resolve(vec![], None, &surroundings).unwrap_err();
        assert_eq!(error.cause, "environment LAMTOP_FILTER: the value is not valid UTF-8");
    }

    #[test]
    fn the_table_is_aligned_and_harmless() {
        let table = resolve_in(&[("filter", "決済\u{1b}[2J")], None, &[("LAMTOP_REGION", "a,b")], &[]).unwrap().table();
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines[0], "key                           value     origin");
        assert_eq!(lines[1], "profile                       –         default");
        assert_eq!(lines[2], "region                        a,b       environment LAMTOP_REGION");
        assert_eq!(lines[4], "filter                        決済\u{FFFD}[2J  flag --filter");
    }

    /// The settings of a sample that are not the defaults, as `lamtop config` has them, or the error.
    fn outcome(text: &str) -> String {
        match resolve_in(&[], Some("lamtop.toml"), &[], &[("lamtop.toml", text)]) {
            Ok(resolved) => resolved
                .entries
                .iter()
                .filter(|entry| entry.origin != Origin::Default)
                .map(|Entry { key, value, origin }| format!("{origin}: {key} = {value}"))
                .collect::<Vec<_>>()
                .join("\n"),
            Err(error) => error.to_string(),
        }
    }

    /// `tests/config/{valid,invalid}/NAME.toml` give what `NAME.expected` beside it says.
    #[test]
    fn samples_give_what_is_expected() {
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config");
        for (folder, valid) in [("valid", true), ("invalid", false)] {
            let mut count = 0;
            for file in fs::read_dir(samples.join(folder)).unwrap() {
                let path = file.unwrap().path();
                if path.extension().is_none_or(|extension| extension != "toml") {
                    continue;
                }
                count += 1;
                let outcome = outcome(&fs::read_to_string(&path).unwrap());
                let expected = fs::read_to_string(path.with_extension("expected")).unwrap();
                assert_eq!(outcome, expected.trim_end(), "{}", path.display());
                assert_eq!(!outcome.starts_with("error: "), valid, "{} is in the wrong folder", path.display());
            }
            assert!(count > 0, "no samples in {folder}");
        }
    }

    proptest! {
        /// Pieces of TOML in any order, and any text at all: settings or a usage error, never a panic.
        #[test]
        fn no_file_breaks_the_resolution(
            pieces in prop::collection::vec(prop::sample::select(vec![
                "window", "metrics", ".", " = ", "[", "]", "{", "}", "\"", "'", "\n", "#", "15m", "-1", "0x", "1e999", ",",
            ]), 0..24),
            noise in any::<String>(),
        ) {
            for text in [pieces.concat(), noise] {
                match resolve_in(&[], Some("/f"), &[], &[("/f", &text)]) {
                    Ok(resolved) => prop_assert!((60..=10_800).contains(&resolved.settings.window_s)),
                    Err(error) => prop_assert!(error.cause.starts_with("file /f:"), "{error}"),
                }
            }
        }
    }
}
