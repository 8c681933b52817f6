//! The arguments as clap sees them. A setting's flag takes any text: what is allowed is judged once,
//! in `config`, wherever the value comes from.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueHint};
use clap_complete::Shell;

use crate::config::{Flags, Format};

const WATCH: &str = "What to watch";
const SHOW: &str = "What to show";
const PROGRAM: &str = "Settings and diagnostics";

const LOGS: &str = "How log events come in: auto, tail, poll, kinesis:STREAM, file:PATH (file:- is standard input) or off \
    [default: auto]";

const MORE: &str = "\
Every option that sets something is also an environment variable (--window is LAMTOP_WINDOW) and a
line of lamtop.toml (window = \"15m\"). A flag wins over the environment, which wins over the file.

Examples:
  The account and the Region that the AWS chain finds:
    lamtop
  Four combinations side by side:
    lamtop --profile prod,stage --region eu-west-1,us-east-1
  A simulated region, without an account or a network:
    lamtop demo
  Another of its incidents, a minute a second:
    lamtop demo bad-canary --speed 60
  How much concurrency is left, for a script:
    lamtop snapshot --format json | jq .scopes[].concurrency
  What happened in the last half minute, by the second:
    lamtop snapshot --wait 30 | jq .scopes[].functions[].live
  What a log that somebody sent tells, without an account:
    lamtop --logs file:checkout.log
  What is wrong and why, for a runbook or a scheduled job:
    lamtop check --fail-on warning
  A deployment pipeline that waits until the canary is judged:
    lamtop canary checkout:live --wait --timeout 20m
  The permissions lamtop needs:
    lamtop iam-policy > policy.json
  The settings in force and where each came from:
    lamtop config

Exit codes: 0 fine, 1 findings or a failed canary, 2 usage or configuration, 3 AWS not reached or everything
refused, 4 not enough data.";

/// top for AWS Lambda: failing, throttled and canary functions, live in a terminal, read-only
#[derive(Debug, Parser)]
#[command(name = "lamtop", version, max_term_width = 100, after_help = "--help also shows examples.", after_long_help = MORE)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    #[command(flatten)]
    pub(super) common: Common,
}

/// What to do instead of running the app on AWS.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run the app on a simulated region: no account, no network
    Demo(Demo),
    /// Gather once, print, exit
    Snapshot(Snapshot),
    /// Gather once, print what is wrong and why, and exit with 1 if that is bad enough
    Check(Check),
    /// Judge a canary: exit with 0 if it passes, 1 if it fails, 4 if there is not enough data
    Canary(Canary),
    /// Print the least-privilege IAM policy
    IamPolicy,
    /// Print the settings in force and where each came from
    Config,
    /// Print a completion script
    Completions {
        /// The shell to print it for
        #[arg(help_heading = "Completions options")]
        shell: Shell,
    },
    /// Print the manual page
    Man,
}

/// The options of every command.
#[derive(Debug, Args)]
pub(super) struct Common {
    /// Profiles of the AWS configuration; repeat, or separate by commas
    #[arg(long, global = true, help_heading = WATCH, value_name = "NAME")]
    profile: Vec<String>,

    /// Regions; every combination with the profiles is watched
    #[arg(long, global = true, help_heading = WATCH, value_name = "NAME")]
    region: Vec<String>,

    /// Where AWS answers, for an emulator or a proxy
    #[arg(long, global = true, help_heading = WATCH, value_name = "URL", value_hint = ValueHint::Url)]
    endpoint_url: Option<String>,

    /// Calls per second to the Lambda control plane, 0.1 to 15 [default: 4]
    #[arg(long, global = true, help_heading = WATCH, value_name = "CALLS_PER_S")]
    inventory_rate: Option<String>,

    #[arg(long, global = true, help_heading = WATCH, value_name = "WAY", help = LOGS)]
    logs: Option<String>,

    /// The share of a Kinesis stream's shards to read, such as 2/3 [default: 1/1]
    #[arg(long, global = true, help_heading = WATCH, value_name = "I/N")]
    shards: Option<String>,

    /// Only the functions that match
    #[arg(long, global = true, help_heading = SHOW, value_name = "TEXT")]
    filter: Option<String>,

    /// The column to sort by [default: impact]
    #[arg(long, global = true, help_heading = SHOW, value_name = "COLUMN")]
    sort: Option<String>,

    /// How far back the counts of aliases and their versions reach: 90s, 15m, 1h [default: 15m]
    #[arg(long, global = true, help_heading = SHOW, value_name = "TIME")]
    window: Option<String>,

    /// A colour theme [default: auto]
    #[arg(long, global = true, help_heading = SHOW, value_name = "NAME")]
    theme: Option<String>,

    /// The configuration file [default: ~/.config/lamtop/lamtop.toml]
    #[arg(long, global = true, help_heading = PROGRAM, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) config: Option<PathBuf>,

    /// Append diagnostics to this file
    #[arg(long, global = true, help_heading = PROGRAM, value_name = "FILE", value_hint = ValueHint::FilePath)]
    log_file: Option<String>,

    /// More diagnostics: -v information, -vv debugging, -vvv everything
    #[arg(short, long, global = true, help_heading = PROGRAM, action = clap::ArgAction::Count)]
    verbose: u8,
}

impl Common {
    /// The flags that were given.
    pub(super) fn flags(self) -> Flags {
        let joined = |names: Vec<String>| (!names.is_empty()).then(|| names.join(","));
        vec![
            ("profile", joined(self.profile)),
            ("region", joined(self.region)),
            ("endpoint_url", self.endpoint_url),
            ("inventory_rate", self.inventory_rate),
            ("logs", self.logs),
            ("shards", self.shards),
            ("filter", self.filter),
            ("sort", self.sort),
            ("window", self.window),
            ("theme", self.theme),
            ("log_file", self.log_file),
            ("verbose", (self.verbose > 0).then(|| self.verbose.to_string())),
        ]
    }
}

/// The options of `lamtop demo`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Demo options")]
pub(super) struct Demo {
    /// The scenario to play, or the path of your own (FILE.toml); without one, a mixed incident
    #[arg(help_heading = "Demo options", value_hint = ValueHint::FilePath)]
    pub(super) scenario: Option<String>,

    /// Print the scenarios and what each is about
    #[arg(long, conflicts_with_all = ["scenario", "functions"])]
    pub(super) list: bool,

    /// Print a scenario file that explains every key, to start your own from
    #[arg(long, conflicts_with_all = ["scenario", "functions", "list"])]
    pub(super) example: bool,

    /// How many functions the scenario `large` makes up, 1 to 20000
    #[arg(long, value_name = "N")]
    pub(super) functions: Option<u32>,

    /// The same seed shows the same region [default: 1]
    #[arg(long, value_name = "N")]
    seed: Option<String>,

    /// Times faster than real time, 0.1 to 1000 [default: 20]
    #[arg(long, value_name = "X")]
    speed: Option<String>,
}

impl Demo {
    /// The flags that were given.
    pub(super) fn flags(&self) -> Flags {
        vec![("seed", self.seed.clone()), ("speed", self.speed.clone())]
    }
}

/// The options of `lamtop snapshot`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Snapshot options")]
pub(super) struct Snapshot {
    /// How to print it; auto is a table on a terminal, json when piped [default: auto]
    #[arg(long, value_parser = PossibleValuesParser::new(Format::NAMES))]
    format: Option<String>,

    /// How many functions to print: a number, or all [default: all]
    #[arg(long, value_name = "N")]
    limit: Option<String>,

    /// Seconds of logs to read first, 0 to 3600 [default: 0]
    #[arg(long, value_name = "SECONDS")]
    wait: Option<String>,

    /// The most seconds to spend on calls per function [default: 20]
    #[arg(long, value_name = "N")]
    inventory_seconds: Option<String>,

    /// A scenario of the simulated region, or the path of your own (FILE.toml), instead of AWS
    #[arg(long, value_name = "SCENARIO", value_hint = ValueHint::FilePath)]
    pub(super) demo: Option<String>,

    /// How many functions `--demo large` makes up, 1 to 20000
    #[arg(long, value_name = "N", requires = "demo")]
    pub(super) functions: Option<u32>,
}

impl Snapshot {
    /// The flags that were given.
    pub(super) fn flags(&self) -> Flags {
        vec![
            ("format", self.format.clone()),
            ("limit", self.limit.clone()),
            ("wait", self.wait.clone()),
            ("inventory_seconds", self.inventory_seconds.clone()),
        ]
    }
}

/// The options of `lamtop check`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Check options")]
pub(super) struct Check {
    /// The severity from which to exit with 1 [default: critical]
    #[arg(long, value_name = "SEVERITY", value_parser = PossibleValuesParser::new(["info", "warning", "critical"]))]
    fail_on: Option<String>,

    /// How to print it; auto is for people on a terminal, json when piped [default: auto]
    #[arg(long, value_parser = PossibleValuesParser::new(Format::NAMES))]
    format: Option<String>,

    /// Seconds of logs to read first, 0 to 3600 [default: 0]
    #[arg(long, value_name = "SECONDS")]
    wait: Option<String>,

    /// The most seconds to spend on calls per function [default: 20]
    #[arg(long, value_name = "N")]
    inventory_seconds: Option<String>,

    /// A scenario of the simulated region, or the path of your own (FILE.toml), instead of AWS
    #[arg(long, value_name = "SCENARIO", value_hint = ValueHint::FilePath)]
    pub(super) demo: Option<String>,
}

impl Check {
    /// The flags that were given.
    pub(super) fn flags(&self) -> Flags {
        vec![
            ("fail_on", self.fail_on.clone()),
            ("format", self.format.clone()),
            ("wait", self.wait.clone()),
            ("inventory_seconds", self.inventory_seconds.clone()),
        ]
    }
}

/// The options of `lamtop canary`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Canary options")]
pub(super) struct Canary {
    /// The function and the alias whose traffic is split
    #[arg(value_name = "FUNCTION:ALIAS", value_parser = function_and_alias, help_heading = "Canary options")]
    pub(super) target: (String, String),

    /// Wait until it is decided
    #[arg(long)]
    pub(super) wait: bool,

    /// How long to wait at most: 90s, 15m, 1h [default: 30m]
    #[arg(long, value_name = "TIME")]
    timeout: Option<String>,

    /// How to print it; auto is for people on a terminal, json when piped [default: auto]
    #[arg(long, value_parser = PossibleValuesParser::new(["auto", "table", "json"]))]
    format: Option<String>,

    /// A scenario of the simulated region, or the path of your own (FILE.toml), instead of AWS
    #[arg(long, value_name = "SCENARIO", value_hint = ValueHint::FilePath)]
    pub(super) demo: Option<String>,

    /// Times faster than real time that the simulated region runs, 0.1 to 1000 [default: 20]
    #[arg(long, value_name = "X", requires = "demo")]
    speed: Option<String>,
}

impl Canary {
    /// The flags that were given.
    pub(super) fn flags(&self) -> Flags {
        vec![("timeout", self.timeout.clone()), ("format", self.format.clone()), ("speed", self.speed.clone())]
    }
}

/// `checkout:live`; a function's name has no colon.
fn function_and_alias(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((function, alias)) if !function.is_empty() && !alias.is_empty() && !alias.contains(':') => {
            Ok((function.to_owned(), alias.to_owned()))
        }
        _ => Err("write the function and the alias, such as checkout:live".to_owned()),
    }
}
