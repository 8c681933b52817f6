//! Wrong usage and hostile endpoints: three lines that say what, why and what to do, and the exit code of the contract.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures::future::join_all;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::process::{Finished, LAMTOP, lamtop};
use crate::terminal::Terminal;

/// An operation gives up after 25 s; the rest is for a slow machine.
const GIVES_UP: Duration = Duration::from_secs(40);

fn assert_error(run: &Finished, code: i32, mentions: &str) {
    assert_eq!(run.code, Some(code), "{run:?}");
    assert_eq!(run.stdout, "", "{run:?}");
    for part in ["error: ", "cause: ", "hint: "] {
        assert!(run.stderr.lines().any(|line| line.starts_with(part)), "no {part}in {run:?}");
    }
    assert!(run.stderr.contains(mentions), "no `{mentions}` in {run:?}");
    assert!(!run.stderr.contains("panicked"), "{run:?}");
}

#[tokio::test]
async fn wrong_usage_says_what_why_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("lamtop.toml");
    std::fs::write(&config, "windw = \"15m\"\n").unwrap();
    let config = config.to_str().unwrap();
    let cases: &[(&[&str], &str)] = &[
        (&["snapshot", "--frob"], "--frob"),
        (&["frobnicate"], "frobnicate"),
        (&["snapshot", "--region", "mars-1x"], "mars-1x"),
        (&["snapshot"], "Region"),
        (&["snapshot", "--region", "eu-west-1", "--profile", "nobody"], "nobody"),
        (&["snapshot", "--region", "eu-west-1", "--endpoint-url", "ftp://here"], "ftp://here"),
        (&["snapshot", "--config", config, "--demo", "mixed"], "windw"),
        (&["snapshot", "--config", "/nowhere/lamtop.toml", "--demo", "mixed"], "/nowhere/lamtop.toml"),
        (&["snapshot", "--demo", "mixed", "--sort", "colour"], "colour"),
        (&["snapshot", "--demo", "mixed", "--window", "fortnight"], "fortnight"),
        (&["snapshot", "--demo", "nothing-like-it"], "nothing-like-it"),
        (&["demo", "--theme", "plaid"], "plaid"),
        // Output is piped here, so there is no terminal to draw on.
        (&["demo"], "terminal"),
    ];
    for (arguments, mentions) in cases {
        assert_error(&lamtop(arguments).await, 2, mentions);
    }
}

/// What an endpoint does with whoever calls.
#[derive(Clone, Copy, Debug)]
enum Endpoint {
    /// Nobody is there.
    Refuses,
    /// A captive portal or a proxy's error page.
    Answers(&'static str),
    /// Takes the call and never says a word.
    Hangs,
}

impl Endpoint {
    async fn start(self) -> SocketAddr {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        match self {
            // The port was free a moment ago, and nothing listens on it any more.
            Self::Refuses => drop(listener),
            Self::Answers(head) => drop(tokio::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(answer(stream, head));
                }
            })),
            Self::Hangs => drop(tokio::spawn(async move {
                let mut callers = Vec::new();
                while let Ok((stream, _)) = listener.accept().await {
                    callers.push(stream);
                }
            })),
        }
        address
    }
}

/// Reads a request's head and answers with a page.
async fn answer(mut stream: TcpStream, head: &'static str) {
    let page = "<html><body>Please log in \u{1b}[2J</body></html>";
    let mut request = [0; 16_000];
    if stream.read(&mut request).await.is_ok_and(|count| count > 0) {
        let answer = format!(
            "HTTP/1.1 {head}\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{page}",
            page.len()
        );
        let _ = stream.write_all(answer.as_bytes()).await;
    }
}

#[tokio::test]
async fn an_endpoint_that_is_no_aws_ends_a_snapshot_with_3() {
    let endpoints =
        [Endpoint::Refuses, Endpoint::Answers("200 OK"), Endpoint::Answers("502 Bad Gateway"), Endpoint::Hangs];
    // At once, for each of them is waited for.
    join_all(endpoints.map(async |endpoint| {
        let url = format!("http://{}", endpoint.start().await);
        let begun = Instant::now();
        let run = lamtop(&["snapshot", "--region", "eu-west-1", "--endpoint-url", &url]).await;
        assert_error(&run, 3, "--endpoint-url");
        assert!(!run.stderr.contains('\u{1b}'), "{endpoint:?}: {run:?}");
        assert!(begun.elapsed() < GIVES_UP, "{endpoint:?}: {:?}", begun.elapsed());
    }))
    .await;
}

#[tokio::test]
async fn the_app_goes_on_with_an_endpoint_that_is_no_aws() {
    for endpoint in [Endpoint::Refuses, Endpoint::Answers("200 OK")] {
        let url = format!("http://{}", endpoint.start().await);
        let mut app = Terminal::start(LAMTOP, &["--region", "eu-west-1", "--endpoint-url", &url], 120, 40);
        app.wait_for("the faults in the header", Duration::from_secs(20), |screen| screen.contains("fault")).await;
        app.type_keys("4");
        app.wait_for("the reason", Duration::from_secs(20), |screen| {
            screen.contains("unreachable") && screen.contains("lambda:ListFunctions")
        })
        .await;
        app.type_keys("q");
        assert_eq!(app.exit_code().await, 0);
        assert_eq!(app.leftovers(), [""; 0]);
    }
}

#[tokio::test]
async fn the_app_answers_keys_while_the_endpoint_hangs() {
    let url = format!("http://{}", Endpoint::Hangs.start().await);
    let mut app = Terminal::start(LAMTOP, &["--region", "eu-west-1", "--endpoint-url", &url], 80, 24);
    app.wait_for("the skeleton", Duration::from_secs(10), |screen| screen.contains("lamtop")).await;
    app.type_keys("?");
    app.wait_for("the keys", Duration::from_secs(10), |screen| screen.contains("any key closes")).await;
    app.type_keys("q");
    assert_eq!(app.exit_code().await, 0);
    assert_eq!(app.leftovers(), [""; 0]);
}

#[tokio::test]
async fn without_a_region_the_app_gives_the_terminal_back_and_says_why() {
    let mut app = Terminal::start(LAMTOP, &[], 80, 24);
    assert_eq!(app.exit_code().await, 2);
    assert_eq!(app.leftovers(), [""; 0]);
    let raw = String::from_utf8_lossy(app.raw()).into_owned();
    assert!(raw.contains("error: no AWS Region"), "{raw:?}");
}

#[tokio::test]
async fn signals_give_the_terminal_back() {
    for (signal, code) in [("TERM", 143), ("HUP", 129), ("INT", 130), ("QUIT", 131)] {
        let mut app = Terminal::start(LAMTOP, &["demo"], 80, 24);
        app.wait_for("the table", Duration::from_secs(20), |screen| screen.contains("image-resize")).await;
        let kill =
            std::process::Command::new("kill").args([&format!("-{signal}"), &app.process().to_string()]).status();
        assert!(kill.unwrap().success());
        assert_eq!(app.exit_code().await, code, "{signal}");
        assert_eq!(app.leftovers(), [""; 0], "{signal}");
    }
}
