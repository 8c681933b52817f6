//! MiniStack, the emulator of AWS that really runs functions: started once, stopped with this process.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::Value;

use crate::{process, venv};

const LAUNCHER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulator/launcher.py");
const DEPLOY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulator/deploy.py");
const LIVE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulator/live.py");

/// Two minutes' starts waited for, four rounds of traffic, and a slow machine.
const DEPLOY_TIMEOUT: Duration = Duration::from_mins(5);
/// Some calls each, of which the slowest run a function.
const LIVE_TIMEOUT: Duration = Duration::from_mins(1);

/// A running MiniStack.
pub(crate) struct MiniStack {
    endpoint: String,
    python: PathBuf,
    /// Holds the pipe whose end stops the emulator, also when this process is killed (see `launcher.py`).
    launcher: Child,
}

/// The emulator that the tests share. Its state is kept apart by Region: each test uses one of its own.
pub(crate) fn shared() -> &'static MiniStack {
    static SHARED: OnceLock<MiniStack> = OnceLock::new();
    SHARED.get_or_init(|| MiniStack::start("shared"))
}

impl MiniStack {
    /// Starts an emulator and waits until it answers; the launcher bounds the wait.
    fn start(name: &str) -> Self {
        let python = venv::python();
        let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("ministack-{name}.log"));
        let mut launcher = Command::new(&python)
            .arg(LAUNCHER)
            // Neither the user's AWS settings nor a proxy may reach it.
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).expect("the target folder is writable"))
            .spawn()
            .expect("the launcher starts");

        let mut ready = String::new();
        let output = launcher.stdout.take().expect("standard output is piped");
        BufReader::new(output).read_line(&mut ready).expect("the launcher speaks UTF-8");
        let Some(port) = ready.trim_end().strip_prefix("ready ") else {
            panic!("MiniStack did not start:\n{}", fs::read_to_string(&log).unwrap_or_default());
        };
        Self { endpoint: format!("http://127.0.0.1:{port}"), python, launcher }
    }

    /// What to give as `--endpoint-url`.
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Deploys the functions of `deploy.py` into `region`, invokes them, and returns what happened.
    pub(crate) async fn deploy(&self, region: &str) -> Value {
        self.run(DEPLOY, region, &[], DEPLOY_TIMEOUT).await
    }

    /// Makes log events in `region` by one of the commands of `live.py`, and returns what was made.
    pub(crate) async fn make_live(&self, region: &str, command: &[&str]) -> Value {
        self.run(LIVE, region, command, LIVE_TIMEOUT).await
    }

    /// Runs a script on the emulator; what it prints is one JSON document.
    async fn run(&self, script: &str, region: &str, arguments: &[&str], timeout: Duration) -> Value {
        let mut command = tokio::process::Command::new(&self.python);
        // It leaves nothing in the sources' folder.
        command.arg("-B").arg(script).args([&self.endpoint, region]).args(arguments).env_clear();
        let run = process::run(command, timeout).await;
        assert_eq!(run.code, Some(0), "{script} failed:\n{}", run.stderr);
        serde_json::from_str(&run.stdout).expect("it prints JSON")
    }

    /// Closes the pipe, as the end of this process does, and waits for the launcher to end.
    fn stop(mut self) {
        drop(self.launcher.stdin.take());
        self.launcher.wait().expect("the launcher ends");
    }
}

#[test]
fn the_emulator_ends_with_its_pipe() {
    let emulator = MiniStack::start("pipe");
    let address = emulator.endpoint.strip_prefix("http://").unwrap().to_string();
    std::net::TcpStream::connect(&address).expect("it listens");
    emulator.stop();
    std::net::TcpStream::connect(&address).expect_err("it is gone");
}
