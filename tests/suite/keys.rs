//! What keys do, through the real loop.

use crate::accounts;
use crate::test_app::{TestApp, mixed};

#[tokio::test(start_paused = true)]
async fn the_cursor_moves_and_stops_at_the_ends() {
    let app = TestApp::still(120, 20).await;
    let names = app.functions();
    let app = app.keys("jj").await;
    assert_eq!(app.selected(), names[2]);
    let app = app.keys("k<up><up><up>").await;
    assert_eq!(app.selected(), names[0]);
    let app = app.keys("G").await;
    assert_eq!(Some(&app.selected()), names.last());
    assert!(app.screen().contains(names.last().unwrap()), "scrolled into sight");
    assert_eq!(app.keys("g").await.selected(), names[0]);
}

#[tokio::test(start_paused = true)]
async fn the_cursor_follows_its_function_when_the_order_changes() {
    let app = TestApp::start("mixed", 120, 40).keys("<1s>jjjjj").await;
    let (function, before) = (app.selected(), app.functions());
    let app = app.keys("<6s>").await;
    assert_ne!(app.functions(), before, "nothing changed places");
    assert_eq!(app.selected(), function);
}

#[tokio::test(start_paused = true)]
async fn columns_are_sorted_by_in_turn_and_either_way() {
    let app = TestApp::still(120, 40).await;
    assert!(app.line("FUNCTION").contains("STATUS▼"));
    let app = app.keys(">").await;
    assert!(app.line("FUNCTION").contains("FUNCTION▲"));
    assert!(app.functions().is_sorted());
    let app = app.keys("r").await;
    assert!(app.line("FUNCTION").contains("FUNCTION▼"));
    assert!(app.functions().is_sorted_by(|left, right| left >= right));
    let app = app.keys("<<>").await;
    assert!(app.line("FUNCTION").contains("STATUS▼"), "a column chosen anew has its own direction");
    let app = app.keys("<<>").await;
    assert_eq!(app.app().query.sort.name(), "age", "before the first comes the last");
}

#[tokio::test(start_paused = true)]
async fn a_filter_is_kept_put_back_or_emptied() {
    let app = TestApp::still(120, 40).await;
    let all = app.functions().len();
    let app = app.keys("/API").await;
    assert_eq!(app.functions().len(), 3, "{:?}", app.functions());
    let app = app.keys("<enter>").await;
    assert!(app.line("filter API").contains("esc back"));
    let app = app.keys("/<backspace><backspace>uth<esc>").await;
    assert_eq!((app.app().query.filter.as_str(), app.functions().len()), ("API", 3));
    let app = app.keys("/<ctrl-u><enter>").await;
    assert_eq!(app.functions().len(), all);
    let app = app.keys("/nothing<space>like<space>it<enter>").await;
    assert!(app.screen().contains("No function matches: esc shows all"));
    assert_eq!(app.keys("<esc>").await.functions().len(), all);
}

#[tokio::test(start_paused = true)]
async fn letters_are_text_while_a_filter_is_typed() {
    let app = TestApp::still(120, 40).await.keys("/qtf!").await;
    assert!(app.screen().contains("filter qtf!▏"));
}

#[tokio::test(start_paused = true)]
async fn pasted_escape_sequences_do_nothing() {
    let hostile = "pay\x1b[2J\x1b]0;title\x07\r\n\u{9b}31m\u{202e}";
    let app = TestApp::still(120, 40).await.paste(hostile).await;
    assert_eq!(app.app().query.filter, "", "outside the filter a paste is nothing");
    let app = app.keys("/").await.paste(hostile).await;
    let line = app.line("filter pay");
    assert!(!line.chars().any(|it| it.is_control() || it == '\u{202e}'), "{line:?}");
    assert!(app.app().query.filter.starts_with("pay"));
    let app = app.paste(&"x".repeat(100_000)).await;
    assert!(app.app().query.filter.chars().count() <= 200);
}

#[tokio::test(start_paused = true)]
async fn only_functions_that_want_attention() {
    let app = TestApp::still(120, 40).await.keys("f").await;
    assert!(!app.screen().contains("idle") && app.screen().contains("faults only"));
    assert!(app.keys("f").await.screen().contains("idle"));
}

#[tokio::test(start_paused = true)]
async fn a_frozen_screen_holds_while_live_goes_on() {
    let app = TestApp::start("mixed", 120, 40).keys("<2s>p").await;
    assert!(app.line("lamtop").contains("FROZEN"));
    let (held, at) = (app.screen(), app.app().snapshot().at);
    let app = app.keys("<2s>").await;
    assert_eq!(app.screen(), held);
    let app = app.keys("p").await;
    assert!(app.app().snapshot().at > at);
    assert!(!app.line("lamtop").contains("FROZEN"));
}

#[tokio::test(start_paused = true)]
async fn another_size_is_filled_and_the_cursor_stays_in_sight() {
    let app = TestApp::still(200, 50).await.keys("G").await;
    let function = app.selected();
    let app = app.resize(80, 20).await;
    assert_eq!(app.screen().lines().count(), 20);
    assert!(app.line(&function).chars().count() <= 80);
    assert_eq!(app.resize(200, 50).await.screen().lines().count(), 50);
}

#[tokio::test(start_paused = true)]
async fn up_and_down_in_a_pane_go_to_the_neighbour() {
    let app = TestApp::still(120, 40).await;
    let names = app.functions();
    let app = app.keys("j<enter>").await;
    assert!(app.line("logs /aws/").contains(names[1].as_str()));
    let app = app.keys("jj").await;
    assert!(app.screen().contains(&format!("\n {}  ", names[3])));
    let app = app.keys("k").await;
    assert!(app.screen().contains(&format!("\n {}  ", names[2])));
    let app = app.keys("<esc>").await;
    assert_eq!(app.selected(), names[2]);
}

#[tokio::test(start_paused = true)]
async fn a_pane_opens_from_the_traffic_view_and_leads_back() {
    let app = TestApp::still(120, 40).await.keys("tj").await;
    assert!(app.screen().contains("cart-api:live"));
    let app = app.keys("<enter><2s>").await;
    assert!(app.screen().contains("\n cart-api  "));
    let app = app.keys("<esc>").await;
    assert!(app.screen().contains("cart-api:live"), "back to where it was opened");
    assert!(app.keys("<esc>").await.screen().contains("STATUS▼"));
}

#[tokio::test(start_paused = true)]
async fn views_go_round() {
    let app = TestApp::still(120, 40).await;
    let mut seen = Vec::new();
    let mut app = app;
    for key in ["", "<tab>", "<tab>", "<tab>", "<tab>", "<shift-tab>", "2", "3", "1", "!", "4"] {
        app = app.keys(key).await;
        seen.push(app.app().view.title());
    }
    let round = ["functions", "traffic", "findings", "health", "functions", "health"];
    let chosen = ["traffic", "findings", "functions", "findings", "health"];
    assert_eq!(seen, [&round[..], &chosen[..]].concat());
}

#[tokio::test(start_paused = true)]
async fn any_key_closes_the_help() {
    for key in ["?", "j", "x", "<f9>", "<esc>"] {
        let app = TestApp::start("mixed", 120, 40).keys("?").await;
        assert!(app.screen().contains("any key closes"));
        assert!(!app.keys(key).await.screen().contains("any key closes"), "{key}");
    }
}

#[tokio::test(start_paused = true)]
async fn help_over_a_filter_takes_the_key_that_closes_it() {
    let app = TestApp::start("mixed", 120, 40).keys("/a<f1>b").await;
    assert_eq!(app.app().query.filter, "a");
}

#[tokio::test(start_paused = true)]
async fn the_sources_know_what_is_on_screen() {
    let app = TestApp::still(120, 20).await;
    let names = |app: &TestApp| -> Vec<String> { app.demand().visible.iter().map(|id| id.name.to_string()).collect() };
    assert_eq!(names(&app), app.functions()[..names(&app).len()]);
    assert!(names(&app).len() < app.functions().len());
    let app = app.keys("G").await;
    assert_eq!(names(&app).last(), app.functions().last());
    let app = app.keys("<enter>").await;
    assert_eq!(app.demand().focus.map(|id| id.name.to_string()), Some(app.selected()));
    assert!(app.demand().visible.is_empty());
    assert!(app.demand().behind.len() > 5, "their logs go on");
    let before = app.demand().refresh;
    assert_eq!(app.keys("R").await.demand().refresh, before + 1);
}

#[tokio::test(start_paused = true)]
async fn q_and_ctrl_c_end_the_program_at_once() {
    for script in ["qt", "<ctrl-c>t", "/<ctrl-c>t", "?qt"] {
        let app = TestApp::start("mixed", 120, 40).keys(script).await;
        assert_eq!(app.app().view.title(), "functions", "{script}: the key after it was read");
    }
}

#[tokio::test(start_paused = true)]
async fn a_region_without_functions_takes_every_key() {
    let app = TestApp::on(accounts::empty(), 80, 24)
        .keys("<5s>jkGg<enter><pgdn>>tjG<enter>!jGyn<enter>4jG/x<enter><esc>")
        .await;
    assert!(app.screen().contains("No functions here"));
}

#[tokio::test(start_paused = true)]
async fn a_filter_on_a_scope_keeps_its_functions() {
    let accounts = vec![(None, "eu-west-1", mixed(1)), (None, "us-east-1", mixed(2))];
    let app = TestApp::on_all(accounts, 120, 40).keys("<5s>").await;
    let all = app.functions().len();
    assert_eq!(app.keys("/us-east<enter>").await.functions().len(), all / 2);
}
