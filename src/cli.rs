//! The command line: from the arguments to what is to be done, with the settings resolved.
//!
//! It neither prints nor exits. Variables and files are read through [`Surroundings`].

mod arguments;
mod flags;
mod manual;

use std::ffi::OsString;

use clap::Parser;
use clap::error::ErrorKind;

use crate::config::{self, Settings, Surroundings};
use crate::error::Error;
use arguments::{Arguments, Command};
use flags::Given;

/// The program's name.
const NAME: &str = "lamtop";

/// What the user asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Invocation {
    /// The terminal app on AWS.
    App(Settings),
    /// The terminal app on the simulated region.
    Demo {
        /// The scenario's name or its file's path, not checked; `None` is the default one.
        scenario: Option<String>,
        /// How many functions the scenario has, not checked; `None` is its own number.
        functions: Option<u32>,
        /// The settings.
        settings: Settings,
    },
    /// The names of the scenarios and what they are about.
    Scenarios,
    /// A scenario file that explains every key.
    ExampleScenario,
    /// One snapshot on standard output.
    Snapshot {
        /// The scenario to take it from, or its file's path, not checked; `None` is AWS.
        demo: Option<String>,
        /// How many functions the scenario has, not checked; `None` is its own number.
        functions: Option<u32>,
        /// The settings.
        settings: Settings,
    },
    /// The findings of one snapshot, for the exit code.
    Check {
        /// The scenario to take it from, or its file's path, not checked; `None` is AWS.
        demo: Option<String>,
        /// The settings.
        settings: Settings,
    },
    /// The verdict on a canary.
    Canary {
        /// The function and the alias.
        target: (String, String),
        /// Whether to wait for a verdict.
        wait: bool,
        /// The scenario to judge it in, or its file's path, not checked; `None` is AWS.
        demo: Option<String>,
        /// The settings.
        settings: Settings,
    },
    /// This text on standard output, and nothing else: help, version, settings, policy and the like.
    Print(String),
}

/// Parses the arguments, the program's name first.
///
/// # Errors
///
/// A usage error if the arguments or the settings are not valid. What needs no settings (help, the policy,
/// completions …) does not check them.
pub fn parse(
    arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    surroundings: &Surroundings<'_>,
) -> Result<Invocation, Error> {
    let Arguments { command, common } = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return not_parsed(&error),
    };
    let resolve = |given: Given| config::resolve(given.0, common.config.as_deref(), surroundings);
    Ok(match command {
        None => Invocation::App(resolve(common.given)?.settings),
        Some(Command::Demo(demo)) if demo.list => Invocation::Scenarios,
        Some(Command::Demo(demo)) if demo.example => Invocation::ExampleScenario,
        Some(Command::Demo(demo)) => {
            let settings = resolve(demo.given)?.settings;
            Invocation::Demo { scenario: demo.scenario, functions: demo.functions, settings }
        }
        Some(Command::Snapshot(snapshot)) => {
            let settings = resolve(snapshot.given)?.settings;
            Invocation::Snapshot { demo: snapshot.demo, functions: snapshot.functions, settings }
        }
        Some(Command::Check(check)) => {
            let settings = resolve(check.given)?.settings;
            Invocation::Check { demo: check.demo, settings }
        }
        Some(Command::Canary(canary)) => {
            let settings = resolve(canary.given)?.settings;
            Invocation::Canary { target: canary.target, wait: canary.wait, demo: canary.demo, settings }
        }
        Some(Command::Config) => Invocation::Print(resolve(common.given)?.table()),
        Some(Command::IamPolicy) => Invocation::Print(config::POLICY.to_owned()),
        Some(Command::Completions { shell }) => Invocation::Print(manual::completions(shell)),
        Some(Command::Man) => Invocation::Print(manual::page()),
    })
}

/// What clap returns instead of arguments: help or the version as text, or an error.
fn not_parsed(error: &clap::Error) -> Result<Invocation, Error> {
    let text = error.render().to_string();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Ok(Invocation::Print(text)),
        _ => Err(usage(&text)),
    }
}

/// clap's message as our error: its first paragraph is the cause, its tips are the hint.
fn usage(message: &str) -> Error {
    let paragraph = message.lines().map(str::trim).take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    let cause = paragraph.strip_prefix("error: ").unwrap_or(&paragraph);
    let tips = message.lines().filter_map(|line| line.trim().strip_prefix("tip: "));
    let hint = tips.chain(["see `lamtop --help`"]).collect::<Vec<_>>().join("; ");
    Error::usage("lamtop does not understand these arguments", cause, hint)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io;

    use clap::CommandFactory;

    use super::*;
    use crate::config::{Format, Place};
    use lambda_model::finding::Severity;

    /// Parses `line` with these variables and no file.
    fn parse_in(line: &str, variables: &[(&str, &str)]) -> Result<Invocation, Error> {
        let variables: BTreeMap<&str, &str> = variables.iter().copied().collect();
        let surroundings = Surroundings {
            variable: &|name| variables.get(name).map(OsString::from),
            read: &|_| Err(io::ErrorKind::NotFound.into()),
        };
        parse(line.split_whitespace(), &surroundings)
    }

    fn print(line: &str) -> String {
        match parse_in(line, &[]) {
            Ok(Invocation::Print(text)) => text,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn the_definitions_are_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_command_leads_to_its_invocation() {
        assert!(matches!(parse_in("lamtop", &[]), Ok(Invocation::App(_))));
        assert!(matches!(parse_in("lamtop demo", &[]), Ok(Invocation::Demo { scenario: None, .. })));
        assert!(matches!(parse_in("lamtop demo mixed", &[]), Ok(Invocation::Demo { scenario: Some(_), .. })));
        assert_eq!(parse_in("lamtop demo --list", &[]), Ok(Invocation::Scenarios));
        assert_eq!(parse_in("lamtop demo --example", &[]), Ok(Invocation::ExampleScenario));
        let fewer = "lamtop demo large --functions 9";
        assert!(matches!(parse_in(fewer, &[]), Ok(Invocation::Demo { functions: Some(9), .. })));
        let fewer = "lamtop snapshot --demo ./my.toml --functions 9";
        assert!(matches!(parse_in(fewer, &[]), Ok(Invocation::Snapshot { functions: Some(9), .. })));
        assert!(matches!(parse_in("lamtop snapshot", &[]), Ok(Invocation::Snapshot { demo: None, .. })));
        assert!(matches!(parse_in("lamtop snapshot --demo x", &[]), Ok(Invocation::Snapshot { demo: Some(_), .. })));
        assert!(matches!(parse_in("lamtop check", &[]), Ok(Invocation::Check { demo: None, .. })));
        let Ok(Invocation::Canary { target, wait: true, demo: Some(_), settings }) =
            parse_in("lamtop canary checkout:live --wait --timeout 90s --demo mixed", &[])
        else {
            panic!()
        };
        assert_eq!((target, settings.timeout_s), (("checkout".to_owned(), "live".to_owned()), 90));
        assert_eq!(print("lamtop iam-policy"), config::POLICY);
        assert!(print("lamtop config").starts_with("key "));
        assert!(print("lamtop man").starts_with(".ie"));
        assert!(print("lamtop completions bash").contains("--inventory-rate"));
        assert!(print("lamtop --version").contains(env!("CARGO_PKG_VERSION")));
        assert!(print("lamtop --help").contains("Examples:"));
        assert!(print("lamtop snapshot --help").contains("--format"));
    }

    #[test]
    fn the_manual_lists_the_options_of_every_command() {
        let page = print("lamtop man").replace('\\', "");
        let command = Arguments::command();
        let commands = std::iter::once(&command).chain(command.get_subcommands());
        for long in commands.flat_map(clap::Command::get_arguments).filter_map(clap::Arg::get_long) {
            assert!(page.contains(&format!("--{long}")), "{long}");
        }
        for subcommand in command.get_subcommands() {
            let line = format!("\nlamtop {}\n", subcommand.get_name());
            assert!(page.contains(&line), "{line}: there is one page for all commands");
        }
    }

    #[test]
    fn a_flag_is_given_before_or_after_the_command() {
        for line in ["lamtop --region a,b --region c -vv snapshot", "lamtop snapshot --region a,b --region c -v -v"] {
            let Ok(Invocation::Snapshot { settings, .. }) = parse_in(line, &[]) else { panic!("{line}") };
            assert_eq!(settings.regions, ["a", "b", "c"], "{line}");
            assert_eq!(settings.verbosity, 2, "{line}");
        }
    }

    /// Every flag sets its setting: the value is one that the default is not.
    #[test]
    fn every_flag_reaches_its_setting() {
        let common = "--profile p --region r --endpoint-url http://e --inventory-rate 2 --logs poll --shards 1/2 \
            --filter f --sort name \
            --window 30m --theme light --log-file l -v";
        let table = print(&format!("lamtop config {common}"));
        for flag in common.split(' ').filter(|word| word.starts_with("--")) {
            assert_eq!(table.matches(&format!("flag {flag}\n")).count(), 1, "{flag}");
        }
        assert_eq!(table.matches("flag --verbose\n").count(), 1);

        let Ok(Invocation::Demo { settings, .. }) = parse_in("lamtop demo --seed 7 --speed 2.5", &[]) else { panic!() };
        assert_eq!((settings.seed, settings.speed), (7, 2.5));
        let line = "lamtop snapshot --format csv --limit 3 --inventory-seconds 9 --wait 30";
        let Ok(Invocation::Snapshot { settings, .. }) = parse_in(line, &[]) else { panic!() };
        assert_eq!((settings.format, settings.limit, settings.inventory_s), (Format::Csv, Some(3), 9));
        assert_eq!(settings.wait_s, 30);
        let line = "lamtop check --fail-on warning --format json --wait 5 --inventory-seconds 9";
        let Ok(Invocation::Check { settings, .. }) = parse_in(line, &[]) else { panic!() };
        assert_eq!((settings.fail_on, settings.format), (Severity::Warning, Format::Json));
        assert_eq!((settings.wait_s, settings.inventory_s), (5, 9));
    }

    #[test]
    fn every_flag_of_a_setting_is_an_option_of_its_commands() {
        let program = Arguments::command();
        for (flag, default) in config::flags() {
            let commands: Vec<_> = match flag.place {
                Place::All(_) => vec![&program],
                Place::Only(names) | Place::WithDemo(names) => {
                    names.iter().map(|name| program.find_subcommand(name).unwrap()).collect()
                }
            };
            for command in commands {
                let option = command.get_arguments().find(|option| option.get_long() == Some(&flag.name())).unwrap();
                let help = option.get_help().unwrap().to_string();
                assert!(help.starts_with(flag.help), "{help}");
                let shown = help.split_once(" [default: ").and_then(|(_, shown)| shown.strip_suffix(']'));
                assert_eq!(shown, default.as_deref(), "{help}");
            }
        }
        assert!(print("lamtop --help").contains("90s, 15m, 1h [default: 15m]"));
    }

    #[test]
    fn an_error_says_what_is_wrong_why_and_what_to_do() {
        for (line, cause, hint) in [
            ("lamtop --windwo 5m", "unexpected argument '--windwo' found", "'--window'"),
            ("lamtop snapshoot", "unrecognized subcommand 'snapshoot'", "'snapshot'"),
            ("lamtop --region", "a value is required for '--region <NAME>'", "lamtop --help"),
            ("lamtop completions", "required arguments were not provided: <SHELL>", "lamtop --help"),
            ("lamtop completions cmd", "invalid value 'cmd' for '<SHELL>' [possible values: bash", "lamtop --help"),
            ("lamtop snapshot --format xml", "[possible values: auto, table, json, csv]", "lamtop --help"),
            ("lamtop --filter a --filter b", "cannot be used multiple times", "lamtop --help"),
            ("lamtop demo --list mixed", "cannot be used with", "lamtop --help"),
            ("lamtop demo --example --list", "cannot be used with", "lamtop --help"),
            ("lamtop demo large --functions many", "invalid value 'many' for '--functions <N>'", "lamtop --help"),
            (
                "lamtop snapshot --functions 5",
                "required arguments were not provided: --demo <SCENARIO>",
                "lamtop --help",
            ),
            ("lamtop check --fail-on bad", "[possible values: info, warning, critical]", "lamtop --help"),
            ("lamtop canary checkout", "write the function and the alias, such as checkout:live", "lamtop --help"),
            ("lamtop canary a:b:c", "write the function and the alias", "lamtop --help"),
            ("lamtop canary a:b --speed 2", "--demo <SCENARIO>", "lamtop --help"),
            ("lamtop demo --format csv", "unexpected argument '--format'", "lamtop --help"),
            ("lamtop --window 5x", "flag --window: window cannot be \"5x\"; allowed: a time from 1m", "lamtop --help"),
            ("lamtop --inventory-rate 40", "flag --inventory-rate: inventory_rate cannot be \"40\"", "lamtop --help"),
            (
                "lamtop -vvvv",
                "flag --verbose: verbose cannot be \"4\"; allowed: a whole number from 0 to 3",
                "lamtop --help",
            ),
            ("lamtop demo --speed fast", "flag --speed: speed cannot be \"fast\"", "lamtop --help"),
            ("lamtop --config /gone", "not found", "--config /dev/null"),
        ] {
            let error = parse_in(line, &[]).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{line}");
            assert!(error.cause.contains(cause), "{line}: {error}");
            assert!(error.hint.contains(hint), "{line}: {error}");
            assert!(!error.what.is_empty() && !error.to_string().contains("error: error"), "{line}: {error}");
        }
    }

    #[test]
    fn what_needs_no_settings_does_not_check_them() {
        let broken = [("LAMTOP_WINDOW", "soon")];
        for line in [
            "lamtop iam-policy",
            "lamtop man",
            "lamtop completions zsh",
            "lamtop demo --list",
            "lamtop demo --example",
            "lamtop --help",
        ] {
            assert!(parse_in(line, &broken).is_ok(), "{line}");
        }
        for line in ["lamtop", "lamtop demo", "lamtop snapshot", "lamtop config"] {
            let error = parse_in(line, &broken).unwrap_err();
            assert!(error.cause.starts_with("environment LAMTOP_WINDOW: "), "{line}: {error}");
        }
    }

    #[test]
    fn arguments_that_are_not_utf8_are_rejected() {
        use std::os::unix::ffi::OsStringExt;
        let arguments = ["lamtop".into(), "--filter".into(), OsString::from_vec(vec![0xFF])];
        let surroundings = Surroundings { variable: &|_| None, read: &|_| Err(io::ErrorKind::NotFound.into()) };
        assert_eq!(parse(arguments, &surroundings).unwrap_err().exit_code(), 2);
    }
}
