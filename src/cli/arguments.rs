//! The commands and their options. The flags of settings come from the table in `config`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueHint};
use clap_complete::Shell;

use super::flags::Given;
use crate::config::PROGRAM;

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
  Another incident, one minute per second:
    lamtop demo bad-canary --speed 60
  How much concurrency is left, for a script:
    lamtop snapshot --format json | jq .scopes[].concurrency
  What happened in the last half minute, by the second:
    lamtop snapshot --wait 30 | jq .scopes[].functions[].live
  A log file, without an account:
    lamtop --logs file:checkout.log
  What is wrong and why, for a runbook or a scheduled job:
    lamtop check --fail-on warning
  A deployment pipeline that waits until the canary is judged:
    lamtop canary checkout:live --wait --timeout 20m
  The permissions lamtop needs:
    lamtop iam-policy > policy.json
  The settings in force and where each came from:
    lamtop config

Exit codes: 0 success, 1 findings or a failed canary, 2 usage or configuration, 3 AWS not reached or
every request denied, 4 not enough data.";

/// top for AWS Lambda: failing, throttled and canary functions, live in a terminal, read-only
#[derive(Debug, Parser)]
#[command(name = super::NAME, version, max_term_width = 100, after_help = "--help also shows examples.", after_long_help = MORE)]
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
    /// Take one snapshot, print it and exit
    Snapshot(Snapshot),
    /// Print what is wrong and why, and exit with 1 if a finding is severe enough
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
    #[command(flatten)]
    pub(super) given: Given,

    /// The configuration file [default: ~/.config/lamtop/lamtop.toml]
    #[arg(long, global = true, help_heading = PROGRAM, value_name = "FILE", value_hint = ValueHint::FilePath)]
    // First under its heading, above the flags of settings.
    #[arg(display_order = 0)]
    pub(super) config: Option<PathBuf>,
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

    /// How many functions the scenario `large` has, 1 to 20000
    #[arg(long, value_name = "N")]
    pub(super) functions: Option<u32>,

    #[command(flatten)]
    pub(super) given: Given,
}

/// The options of `lamtop snapshot`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Snapshot options")]
pub(super) struct Snapshot {
    #[command(flatten)]
    pub(super) given: Given,

    /// A scenario of the simulated region, or the path of your own (FILE.toml), instead of AWS
    #[arg(long, value_name = "SCENARIO", value_hint = ValueHint::FilePath)]
    pub(super) demo: Option<String>,

    /// How many functions `--demo large` has, 1 to 20000
    #[arg(long, value_name = "N", requires = "demo")]
    pub(super) functions: Option<u32>,
}

/// The options of `lamtop check`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Check options")]
pub(super) struct Check {
    #[command(flatten)]
    pub(super) given: Given,

    /// A scenario of the simulated region, or the path of your own (FILE.toml), instead of AWS
    #[arg(long, value_name = "SCENARIO", value_hint = ValueHint::FilePath)]
    pub(super) demo: Option<String>,
}

/// The options of `lamtop canary`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Canary options")]
pub(super) struct Canary {
    /// The function and the alias whose traffic is split
    #[arg(value_name = "FUNCTION:ALIAS", value_parser = function_and_alias, help_heading = "Canary options")]
    pub(super) target: (String, String),

    /// Wait until the canary passes or fails
    #[arg(long)]
    pub(super) wait: bool,

    #[command(flatten)]
    pub(super) given: Given,

    /// A scenario of the simulated region, or the path of your own (FILE.toml), instead of AWS
    #[arg(long, value_name = "SCENARIO", value_hint = ValueHint::FilePath)]
    pub(super) demo: Option<String>,
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
