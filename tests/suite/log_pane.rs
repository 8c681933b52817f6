//! The live page and the log of a function, by keys, on log lines that these tests write.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use lambda_model::function::FunctionInfo;
use lambda_model::log::{FeedState, LogBatch, LogEvent, LogFeed, LogWay};
use lambda_model::observation::{Observation, Payload};
use lambda_model::{Arn, Scope};
use lamtop::analysis::Params;
use lamtop::snapshot::{Origin, Snapshot};
use lamtop::store::Store;
use lamtop::tui::Options;
use lamtop::tui::app::App;
use lamtop::tui::capabilities::{Capabilities, Depth};
use lamtop::tui::screen;
use lamtop::tui::script::{Step, parse};
use lamtop::tui::update::{Effect, Msg, update};
use lamtop::tui::view::Pane;
use lamtop::view::functions::Query;
use ratatui::buffer::Cell;

const GROUP: &str = "/aws/lambda/orders";
const STREAM: &str = "2026/11/22/[7]0123456789abcdef0123456789abcdef";

/// A Region whose logs are tailed, and the app that shows it.
struct Watched {
    store: Store,
    now: DateTime<Utc>,
    app: App,
}

impl Watched {
    /// The function `orders`, of which two minutes were read in which nothing ran.
    fn new(width: u16, height: u16) -> Self {
        let now = "2026-11-22T10:00:00Z".parse().unwrap();
        let options =
            Options::new(Query::default(), "default", None, Capabilities { depth: Depth::TrueColor, unicode: true });
        let mut store = Store::default();
        let snapshot = Arc::new(published(&store, now));
        let app = App::new(options.unwrap(), snapshot, (width, height).into());
        let feed = LogFeed {
            state: FeedState::Running(LogWay::Tail),
            reason: "Live Tail answers".to_string(),
            groups: 1,
            left: 0,
            sessions: 1,
            behind_ms: None,
        };
        for payload in [Payload::Functions(vec![orders()]), Payload::LogFeed(feed)] {
            store.apply(&Observation { at: now, scope: scope(), payload });
        }
        let mut watched = Self { store, now, app };
        watched.read(120, &[]);
        watched
    }

    /// `seconds` pass, in which `lines` were written, each with its ms after the begin.
    fn read(&mut self, seconds: i64, lines: &[(i64, &str)]) {
        let from = self.now;
        self.now += TimeDelta::seconds(seconds);
        let event = |(after, message): &(i64, &str)| LogEvent {
            id: None,
            timestamp: from + TimeDelta::milliseconds(*after),
            ingestion: from + TimeDelta::milliseconds(*after),
            stream: STREAM.into(),
            group: GROUP.into(),
            message: (*message).to_string(),
        };
        let batch = LogBatch {
            way: LogWay::Tail,
            groups: Some(vec![GROUP.into()]),
            span: Some((from, self.now)),
            left_out: None,
            events: lines.iter().map(event).collect(),
        };
        self.store.apply(&Observation { at: self.now, scope: scope(), payload: Payload::Logs(batch) });
        self.publish();
    }

    /// Nothing is read for `seconds`.
    fn miss(&mut self, seconds: i64) {
        self.now += TimeDelta::seconds(seconds);
    }

    fn publish(&mut self) {
        let snapshot = Arc::new(published(&self.store, self.now));
        let _ = update(&mut self.app, Msg::Snapshot(snapshot));
    }

    /// `count` requests, one a second; every third of them fails. Each writes four lines.
    fn requests(&mut self, from: usize, count: usize) {
        for number in from..from + count {
            let id = request(number);
            let said = match number % 3 {
                0 => format!("2026-11-22T10:00:00.000Z\t{id}\tERROR\tInvoke Error \t{BOOM}"),
                _ => format!("2026-11-22T10:00:00.000Z\t{id}\tINFO\torder {number} accepted"),
            };
            let lines = [
                (100, format!("START RequestId: {id} Version: 7\n")),
                (200, said),
                (300, format!("END RequestId: {id}\n")),
                (300, report(&id)),
            ];
            let lines: Vec<(i64, &str)> = lines.iter().map(|(after, line)| (*after, line.as_str())).collect();
            self.read(1, &lines);
        }
    }

    /// Types keys; what the app wants done.
    fn keys(&mut self, script: &str) -> Vec<Effect> {
        let steps = parse(script).unwrap().into_iter();
        let send = |step| match step {
            Step::Send(msg) => update(&mut self.app, msg).effects,
            Step::Wait(_) => Vec::new(),
        };
        steps.flat_map(send).collect()
    }

    /// What is drawn, one line a row.
    fn screen(&self) -> Vec<String> {
        let buffer = screen::render(&self.app);
        let rows = buffer.content.chunks(usize::from(buffer.area.width).max(1));
        rows.map(|row| row.iter().map(Cell::symbol).collect::<String>().trim_end().to_string()).collect()
    }

    fn line(&self, text: &str) -> String {
        let screen = self.screen();
        let found = screen.iter().find(|line| line.contains(text)).cloned();
        found.unwrap_or_else(|| panic!("no {text:?} in\n{}", screen.join("\n")))
    }

    fn shows(&self, text: &str) -> bool {
        self.screen().iter().any(|line| line.contains(text))
    }

    /// The text of the line that the cursor is on.
    fn selected(&self) -> String {
        let log = &self.app.log;
        log.rows()[log.selected()].line().unwrap().text.to_string()
    }
}

const BOOM: &str = r#"{"errorType":"TypeError","errorMessage":"boom","stack":["at x"]}"#;

fn scope() -> Scope {
    Scope::new(None, "eu-west-1")
}

fn orders() -> FunctionInfo {
    FunctionInfo {
        name: "orders".into(),
        arn: Arn::new("arn:aws:lambda:eu-west-1:123456789012:function:orders"),
        runtime: Some("nodejs22.x".to_string()),
        memory_mb: Some(512),
        timeout_s: Some(30),
        last_modified: None,
        code_sha256: None,
        snap_start: false,
        dead_letter_target: None,
        log_group: None,
        system_log_level: None,
    }
}

fn published(store: &Store, now: DateTime<Utc>) -> Snapshot {
    Snapshot::of(store, Params::default(), Origin::Aws, now, 0)
}

fn request(number: usize) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

fn report(id: &str) -> String {
    format!(
        "REPORT RequestId: {id}\tDuration: 200.00 ms\tBilled Duration: 200 ms\tMemory Size: 512 MB\tMax Memory Used: 99 MB\t\n"
    )
}

/// A function's log of thirty requests, in front.
fn log(width: u16, height: u16) -> Watched {
    let mut watched = Watched::new(width, height);
    watched.requests(0, 30);
    watched.keys("<enter>L");
    watched
}

#[test]
fn a_function_opens_on_the_page_that_its_numbers_come_from() {
    let mut watched = Watched::new(120, 40);
    watched.requests(0, 30);
    watched.keys("<enter>");
    assert_eq!(watched.app.pane, Pane::Live);
    watched.keys("<esc>m<enter>");
    assert_eq!(watched.app.pane, Pane::Live, "`m` means nothing in the table");
    watched.keys("m<esc><enter>");
    assert_eq!(watched.app.pane, Pane::Metrics, "what was asked for stays");
    let mut seen = Vec::new();
    for key in ["<tab>", "<tab>", "<tab>", "<shift-tab>", "v", "L", "m"] {
        watched.keys(key);
        seen.push(watched.app.pane.title());
    }
    assert_eq!(seen, ["live", "logs", "metrics", "logs", "live", "logs", "metrics"]);

    let mut unread = Watched::new(120, 40);
    unread.now += TimeDelta::minutes(10);
    unread.publish();
    unread.keys("<enter>");
    assert_eq!(unread.app.pane, Pane::Metrics);
    unread.keys("v");
    assert!(unread.shows("Nothing was read of this function's log: logs tail, Live Tail answers"));
    unread.keys("L<up><down><enter>ynNwf/x<enter><esc>");
    assert!(unread.shows("Nothing was read of this function's log"));
}

#[test]
fn the_live_page_tells_what_fails_since_when_and_what_it_says() {
    let mut watched = Watched::new(120, 40);
    watched.requests(0, 30);
    // The header shows it, too.
    let row = watched.line("FAILING ");
    assert_eq!(row.split_whitespace().take(5).collect::<Vec<_>>(), ["FAILING", "orders", "•30", "10", "33%"]);
    watched.keys("<enter>");
    let error = watched.line("TypeError: boom");
    assert_eq!(error.split_whitespace().collect::<Vec<_>>(), ["10", "29s", "2s", "TypeError:", "boom"]);
    let version = watched.line(" 7   ");
    assert_eq!(version.split_whitespace().take(5).collect::<Vec<_>>(), ["7", "30", "10", "33%", "0"]);
    assert!(watched.line("running ").contains("60s to 10:02:29Z"));
    assert!(watched.line("NEWEST LINES").starts_with(" NEWEST"));
    assert!(watched.line("POOL").contains("from logs •"));
    assert!(watched.line("inv/min").contains("logs tail 1 session, 1 group"));
    watched.keys("<esc>4");
    let feed = watched.line("logs: 1 session, 1 group");
    assert!(feed.starts_with(" tail ") && feed.ends_with("Live Tail answers"), "{feed}");
}

#[test]
fn the_log_follows_until_one_looks_up_and_says_what_waits() {
    let mut watched = log(100, 30);
    assert!(watched.shows("following") && watched.shows("120 lines"));
    let newest = report(&request(29));
    assert_eq!(watched.selected(), newest);
    watched.requests(30, 1);
    assert_eq!(watched.selected(), report(&request(30)));
    watched.keys("kk");
    let held = (watched.selected(), watched.screen()[6..].to_vec());
    assert!(watched.line("paused").starts_with(" paused  124 lines"));
    watched.requests(31, 3);
    assert_eq!((watched.selected(), watched.screen()[6..].to_vec()), held, "nothing moves under the eyes");
    assert!(watched.shows("paused, 12 new below: G follows"));
    watched.keys("G");
    assert!(watched.shows("following"));
    assert_eq!(watched.selected(), report(&request(33)));
    watched.keys("g");
    assert!(watched.selected().starts_with("START"));
    watched.keys("<pgdn><pgup><end>");
    assert!(watched.shows("following"));
}

#[test]
fn a_frozen_log_holds_still_and_can_be_read() {
    let mut watched = log(100, 30);
    watched.keys("<space>");
    assert!(watched.shows("frozen"));
    watched.requests(30, 5);
    assert_eq!(watched.selected(), report(&request(29)));
    watched.keys("k<enter>");
    assert!(watched.shows(&format!("request {}", request(29))));
    watched.keys("<esc><space>");
    assert!(watched.shows("20 new below"));
}

#[test]
fn searching_goes_to_the_newest_match_and_on_from_there() {
    let mut watched = log(100, 30);
    watched.keys("/ORDER<space>2");
    assert!(watched.shows("search ORDER 2▏"));
    assert!(watched.selected().ends_with("order 29 accepted"));
    watched.keys("<backspace>1");
    assert!(watched.selected().ends_with("order 19 accepted"), "again from where it began");
    watched.keys("<enter>n");
    assert!(watched.selected().ends_with("order 17 accepted"), "18 failed");
    watched.keys("N");
    assert!(watched.selected().ends_with("order 19 accepted"));
    watched.keys("N");
    assert!(watched.shows("No newer line with `ORDER 1`"));
    watched.keys("gn");
    assert!(watched.shows("No older line with `ORDER 1`"));
    watched.keys("<esc>n");
    assert!(watched.shows("Nothing to search for: / starts a search"));
    watched.keys("G/zzz");
    assert!(watched.shows("following"), "what is not there moves nothing");
    watched.keys("<ctrl-u>order<space>4<esc>");
    assert!(watched.shows("following") && watched.app.log.search.is_empty());
    assert_eq!(watched.app.query.filter, "", "the functions are not filtered");
}

#[test]
fn what_is_searched_for_stands_out() {
    let mut watched = log(100, 30);
    watched.keys("/accepted<enter>");
    let buffer = screen::render(&watched.app);
    let style = watched.app.theme.style(lamtop::view::meaning::Meaning::Match);
    let marked: String = buffer.content.iter().filter(|cell| Some(cell.bg) == style.bg).map(Cell::symbol).collect();
    assert!(marked.len() >= 2 * "accepted".len() && marked.replace("accepted", "").is_empty(), "{marked}");
}

#[test]
fn errors_only_and_all_again() {
    let mut watched = log(100, 30);
    watched.keys("f");
    assert!(watched.shows("errors only") && watched.shows("10 lines") && !watched.shows("START"));
    assert!(!watched.app.query.faults_only, "the table still shows all");
    watched.keys("f");
    assert!(watched.shows("120 lines"));
    watched.keys("f<esc>");
    assert!(watched.shows("120 lines"), "esc undoes it before it leaves");
    watched.keys("<esc>");
    assert!(watched.shows("STATUS▼"));
}

#[test]
fn a_line_leads_to_its_request_and_back() {
    let mut watched = log(100, 30);
    watched.keys("/order<space>10<enter>");
    let line = watched.selected();
    watched.keys("<enter>");
    let rows: Vec<&str> = watched.app.log.rows().iter().map(|row| &*row.line().unwrap().text).collect();
    assert_eq!(rows.len(), 4, "{rows:?}");
    assert!(rows[0].starts_with("START") && rows[1] == line && rows[3].starts_with("REPORT"));
    let row = watched.line("request 0");
    assert!(row.contains(&request(10)) && row.contains("200ms") && row.contains("4 lines"), "{row}");
    watched.keys("<esc>");
    assert_eq!((watched.selected(), watched.app.log.rows().len()), (line, 120));
    watched.keys("<enter><esc><esc><esc>");
    assert!(watched.shows("STATUS▼"), "the request, the search, the pane");
}

#[test]
fn a_line_is_copied_clean_and_the_screen_says_how() {
    let mut watched = log(100, 30);
    watched.read(1, &[(100, "\u{1b}[31mred\u{7}\n\tand more\n")]);
    assert_eq!(watched.keys("y"), [Effect::Copy("\u{FFFD}[31mred\u{FFFD}\n and more".to_string())]);
    let copies = |effects: Vec<Effect>| effects.iter().any(|effect| matches!(effect, Effect::Copy(_)));
    assert!(!copies(watched.keys("my<esc>y")), "no line is in front");
}

#[test]
fn long_lines_are_cut_or_broken() {
    let mut watched = log(100, 30);
    let long = format!("begin {} end", "x".repeat(300));
    watched.read(1, &[(100, long.as_str())]);
    assert!(watched.line("begin").ends_with('…') && !watched.shows("x end"));
    watched.keys("w");
    assert!(watched.shows("x end"));
    watched.keys("<esc><enter>L");
    assert!(watched.app.log.wrap, "it stays so");
}

#[test]
fn what_was_not_read_is_marked_in_the_log() {
    let mut watched = log(100, 30);
    watched.miss(7);
    watched.requests(30, 5);
    assert_eq!(watched.line("not read").trim(), "── not read 10:02:30–10:02:37 ──");
    watched.keys("<esc>");
    watched.keys("<enter>v");
    assert!(watched.shows("at least: some seconds were not read") && watched.shows("≥"));
}

#[test]
fn hostile_lines_of_any_length_stay_text() {
    let mut watched = log(80, 24);
    let hostile = format!("{}\u{1b}]52;c;x\u{7}\u{202e}", "決".repeat(200_000));
    let escape = "\u{1b}[2J\u{9b}31m\u{202e}\r\nx";
    watched.read(1, &[(100, hostile.as_str()), (200, escape), (300, "")]);
    for key in ["", "w", "k", "<enter>", "<esc>", "v"] {
        watched.keys(key);
        let drawn = watched.screen().concat();
        assert!(!drawn.chars().any(|it| it.is_control() || it == '\u{202e}'), "{key}");
    }
}

#[test]
fn every_page_is_drawn_at_every_size() {
    let mut watched = log(80, 24);
    watched.miss(7);
    watched.requests(30, 20);
    watched.read(1, &[(100, "REPORT RequestId: a\tDuration: 9.00 ms\tInit Duration: 250.00 ms\t\n")]);
    for unicode in [true, false] {
        watched.app.theme =
            lamtop::tui::theme::Theme::load("default", Capabilities { depth: Depth::Mono, unicode }).unwrap();
        for page in ["v", "L", "w", "kkkk<enter>", "<esc>/ord", "<enter>"] {
            watched.keys(page);
            for width in [0, 1, 59, 60, 61, 79, 99, 100, 120, 159, 200] {
                for height in [0, 1, 15, 16, 17, 20, 27, 28, 31, 40, 60] {
                    let _ = update(&mut watched.app, Msg::Resize((width, height).into()));
                    let drawn = watched.screen();
                    assert_eq!(drawn.len(), usize::from(if width == 0 { 0 } else { height }));
                    assert!(unicode || drawn.iter().all(|line| line.is_ascii()), "{drawn:?}");
                }
            }
        }
    }
}
