//! Runs the `lamtop` binary as a user would, but with none of the user's settings, and never for longer than allowed.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use tokio::process::Command;

/// The program under test.
pub(crate) const LAMTOP: &str = env!("CARGO_BIN_EXE_lamtop");

/// A one-shot command reads its inventory in about 20 s; the rest is for a slow machine.
const TIMEOUT: Duration = Duration::from_mins(2);

/// What a program that has ended left.
#[derive(Debug)]
pub(crate) struct Finished {
    /// The exit code; `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
}

/// Runs `lamtop` with these arguments, its output piped.
pub(crate) async fn lamtop(arguments: &[&str]) -> Finished {
    let home = TempDir::new().unwrap();
    let mut command = isolated(LAMTOP, home.path());
    command.args(arguments);
    run(command, TIMEOUT).await
}

/// `program` with an environment of ours alone.
pub(crate) fn isolated(program: impl AsRef<OsStr>, home: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().envs(environment(home));
    command
}

/// A whole environment: a terminal's, an empty home and fake keys.
pub(crate) fn environment(home: &Path) -> Vec<(&'static str, OsString)> {
    let empty = home.join("empty");
    fs::write(&empty, "").unwrap();
    let mut environment: Vec<(&str, OsString)> = vec![
        ("HOME", home.into()),
        ("TERM", "xterm-256color".into()),
        ("LANG", "C.UTF-8".into()),
        ("AWS_CONFIG_FILE", empty.clone().into()),
        ("AWS_SHARED_CREDENTIALS_FILE", empty.into()),
        ("AWS_ACCESS_KEY_ID", "test".into()),
        ("AWS_SECRET_ACCESS_KEY", "test".into()),
        ("AWS_EC2_METADATA_DISABLED", "true".into()),
    ];
    environment.extend(std::env::var_os("PATH").map(|path| ("PATH", path)));
    environment
}

/// Runs a command to its end, without input.
///
/// # Panics
/// When it does not start, or is not done within `timeout`; it is killed then.
pub(crate) async fn run(mut command: Command, timeout: Duration) -> Finished {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let output = tokio::time::timeout(timeout, child.wait_with_output())
        .await
        .unwrap_or_else(|_| panic!("{command:?} ran for more than {timeout:?}"))
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
    Finished { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}
