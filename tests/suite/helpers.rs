//! The helpers of both integration binaries, `tests/common`, under test themselves.

use std::time::Duration;

use tempfile::TempDir;
use tokio::process::Command;

use crate::process::{environment, isolated, run};
use crate::terminal::Terminal;

const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn nothing_of_the_users_environment_is_inherited() {
    let home = TempDir::new().unwrap();
    let run = run(isolated("env", home.path()), PATIENCE).await;
    let mut names: Vec<_> = run.stdout.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    names.sort_unstable();
    let mut expected: Vec<_> = environment(home.path()).into_iter().map(|(name, _)| name).collect();
    expected.sort_unstable();
    assert_eq!(names, expected);
}

#[tokio::test]
#[should_panic(expected = "ran for more than")]
async fn a_program_that_does_not_end_is_given_up() {
    let mut command = Command::new("tail");
    command.args(["-f", "/dev/null"]);
    run(command, Duration::from_millis(50)).await;
}

fn shell(script: &str) -> Terminal {
    Terminal::start("sh", &["-c", script], 40, 10)
}

#[tokio::test]
async fn it_shows_what_is_written_and_types_what_is_wanted() {
    let mut terminal = shell("stty size; read name; echo hello $name; exit 3");
    terminal.wait_for("the size", PATIENCE, |screen| screen.contains("10 40")).await;
    terminal.type_keys("world\r");
    terminal.wait_for("the greeting", PATIENCE, |screen| screen.contains("hello world")).await;
    assert_eq!(terminal.exit_code().await, 3);
    assert_eq!(terminal.leftovers(), [""; 0]);
    assert!(terminal.raw().ends_with(b"hello world\r\n"), "{:?}", terminal.raw());
}

#[tokio::test]
async fn it_says_where_the_cursor_is() {
    let mut terminal = shell(
        r"stty raw -echo; printf 'abc\033[6n'; answer=$(dd bs=1 count=6 2>/dev/null); stty sane; echo ${answer#?}",
    );
    terminal.wait_for("the answer", PATIENCE, |screen| screen.contains("[1;4R")).await;
}

#[tokio::test]
async fn it_notices_what_was_left_switched_on() {
    let mut terminal = shell(r"printf '\033[?1049h\033[?25l\033[?2004h\033[?1003h'");
    assert_eq!(terminal.exit_code().await, 0);
    assert_eq!(terminal.leftovers(), ["alternate screen", "hidden cursor", "bracketed paste", "mouse reports"]);
}

#[tokio::test]
#[should_panic(expected = "the line settings were not restored")]
async fn it_notices_raw_mode_left_on() {
    let mut terminal = shell("stty raw -echo; echo done");
    terminal.wait_for("the end", PATIENCE, |screen| screen.contains("done")).await;
    assert!(terminal.is_raw());
    terminal.exit_code().await;
}

#[tokio::test]
#[should_panic(expected = "the prompt did not appear on the screen:\nsomething else")]
async fn it_gives_up_with_the_screen_it_saw() {
    let mut terminal = shell("echo something else; read forever");
    terminal.wait_for("something", PATIENCE, |screen| screen.contains("else")).await;
    terminal.wait_for("the prompt", Duration::from_millis(50), |screen| screen.contains('$')).await;
}
