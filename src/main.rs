//! The `lamtop` program: arguments in, exit code out.

use std::io::Write;
use std::process::ExitCode;

use lamtop::config::Surroundings;
use lamtop::{cli, run};

fn main() -> ExitCode {
    match cli::parse(std::env::args_os(), &Surroundings::process()).and_then(run::run) {
        Ok(outcome) => ExitCode::from(outcome.exit_code()),
        Err(error) => {
            // There is nobody left to tell when standard error is gone.
            let _ = writeln!(std::io::stderr(), "{error}");
            ExitCode::from(error.exit_code())
        }
    }
}
