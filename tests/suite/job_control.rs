//! The terminal of a program that is stopped and continued, or that panics, and a pipe that nobody reads to its end.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use lambda_model::time::Clock;
use lamtop::analysis::Params;
use lamtop::snapshot::{Origin, Snapshot};
use lamtop::store::Store;
use lamtop::tui::Options;
use lamtop::tui::app::App;
use lamtop::tui::capabilities::{Capabilities, Depth};
use lamtop::tui::run::{Wires, run, terminal_input};
use lamtop::tui::terminal::enter;
use lamtop::view::functions::Query;
use tempfile::TempDir;
use tokio::sync::watch;

use crate::process::{LAMTOP, environment};
use crate::terminal::Terminal;

const PATIENCE: Duration = Duration::from_secs(20);

/// A shell that runs the demo as its job, and continues it after a line.
const SHELL: &str = r#"set -m; "$0" demo; echo stopped; read line; fg; echo "ended with $?""#;

fn shows_the_table(screen: &str) -> bool {
    screen.contains("image-resize")
}

#[tokio::test]
async fn a_stop_gives_the_shell_its_terminal_and_continuing_draws_the_screen_again() {
    let mut shell = Terminal::start("sh", &["-c", SHELL, LAMTOP], 80, 24);
    shell.wait_for("the table", PATIENCE, shows_the_table).await;
    assert!(shell.is_raw());
    shell.type_keys("\x1a");
    shell.wait_for("the shell", PATIENCE, |screen| screen.contains("stopped") && !shows_the_table(screen)).await;
    assert!(!shell.is_raw(), "the line settings are the shell's");
    assert_eq!(shell.leftovers(), [""; 0]);

    shell.type_keys("go\r");
    shell.wait_for("the table again", PATIENCE, shows_the_table).await;
    assert!(shell.is_raw());
    // It answers keys, too.
    shell.type_keys("?");
    shell.wait_for("the keys", PATIENCE, |screen| screen.contains("any key closes")).await;
    shell.type_keys("qq");
    shell.wait_for("the end", PATIENCE, |screen| screen.contains("ended with 0")).await;
    assert_eq!(shell.exit_code().await, 0);
    assert_eq!(shell.leftovers(), [""; 0]);
}

/// Stopped, the command of a terminal's own window would be frozen for good.
#[tokio::test]
async fn without_a_shell_that_could_continue_it_ctrl_z_does_nothing() {
    let mut app = Terminal::start(LAMTOP, &["demo"], 80, 24);
    app.wait_for("the table", PATIENCE, shows_the_table).await;
    app.type_keys("\x1a?");
    app.wait_for("the keys", PATIENCE, |screen| screen.contains("any key closes")).await;
    app.type_keys("qq");
    assert_eq!(app.exit_code().await, 0);
    assert_eq!(app.leftovers(), [""; 0]);
}

#[tokio::test]
async fn a_panic_gives_the_terminal_back_and_is_shown_on_the_shells_screen() {
    let program = std::env::current_exe().unwrap();
    let arguments = ["--exact", "job_control::alone::saving_panics", "--ignored", "--nocapture"];
    let mut app = Terminal::start(program.to_str().unwrap(), &arguments, 80, 24);
    app.wait_for("the skeleton", PATIENCE, |screen| screen.contains("lamtop")).await;
    assert!(app.is_raw());
    app.type_keys("e");
    // What cargo's harness ends a failed test with.
    assert_eq!(app.exit_code().await, 101);
    assert_eq!(app.leftovers(), [""; 0]);
    let screen = app.wait_for("the message", PATIENCE, |screen| screen.contains("the disk is on fire")).await;
    assert!(screen.contains("job_control.rs"), "where it was:\n{screen}");
}

/// In a process and a terminal of its own, for it takes both.
mod alone {
    use super::*;

    /// The app as it is, but whoever saves a picture panics.
    #[tokio::test]
    #[ignore = "run by a_panic_gives_the_terminal_back_and_is_shown_on_the_shells_screen"]
    async fn saving_panics() {
        let capabilities = Capabilities { depth: Depth::TrueColor, unicode: true };
        let options = Options::new(Query::default(), "default", None, capabilities).unwrap();
        let now = Clock::system().now();
        let nothing = Arc::new(Snapshot::of(&Store::default(), Params::default(), Origin::Aws, now, 0));
        let (_publish, mut snapshots) = watch::channel(Arc::clone(&nothing));
        let mut guard = enter().unwrap();
        let wires = Wires {
            snapshots: &mut snapshots,
            demand: &watch::Sender::default(),
            resumed: guard.resumed(),
            suspend: || {},
            save: |_, _| panic!("the disk is on fire"),
            copy: |_| Ok(()),
        };
        let mut app = App::new(options, nothing, (80, 24).into());
        run(guard.terminal(), &mut app, terminal_input(), wires).await.unwrap();
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let home = TempDir::new().unwrap();
    for (command, format, code) in
        [("snapshot", "json", 0), ("snapshot", "csv", 0), ("snapshot", "table", 0), ("check", "csv", 1)]
    {
        let mut child = std::process::Command::new(LAMTOP)
            .env_clear()
            .envs(environment(home.path()))
            .args([command, "--demo", "mixed", "--format", format])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // As `head -1`: one line, and it is gone.
        let mut line = String::new();
        BufReader::with_capacity(1, child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(!line.is_empty(), "{command} {format}");
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), &*stderr), (Some(code), ""), "{command} {format}");
    }
}
