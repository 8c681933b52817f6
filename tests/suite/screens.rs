//! Every screen in every state: a few as a whole against golden files, the rest by what must be on them.

use lambda_model::failure::ApiError;
use lambda_model::operation::Operation;
use lamtop::tui::keymap::{Keymap, Layer};
use lamtop::view::picture::Rgb;

use crate::accounts;
use crate::golden::check;
use crate::test_app::{TestApp, mixed};

/// Fails with the screen unless each of these texts is on it, each in a row of its own below the one before.
fn shows(app: &TestApp, texts: &[&str]) {
    let screen = app.screen();
    let mut rows = screen.lines();
    for text in texts {
        assert!(rows.any(|row| row.contains(text)), "no {text:?} where it belongs in\n{screen}");
    }
}

#[tokio::test(start_paused = true)]
async fn functions() {
    let app = TestApp::still(120, 40).await;
    check("functions_120x40", &app);
    let app = app.resize(80, 24).await;
    check("functions_80x24", &app);
    let app = app.resize(200, 50).await;
    let head = app.line("FUNCTION");
    for column in ["TROUBLE", "SPLIT", "RUNTIME", "MEM", "AGE"] {
        assert!(head.contains(column), "a large screen has every column: {head}");
    }
}

#[tokio::test(start_paused = true)]
async fn function() {
    let app = TestApp::still(120, 40).await.keys("/checkout<enter><enter>m").await;
    check("function_120x40", &app);
    for (width, height) in [(80, 24), (200, 50)] {
        let app = TestApp::still(width, height).await.keys("/checkout<enter><enter>m").await;
        shows(&app, &[" checkout  ", "inv/min", "╭ concurrency", "╰─", "live → 41", "esc back"]);
    }
}

#[tokio::test(start_paused = true)]
async fn live() {
    let app = TestApp::still(120, 40).await.keys("/payments<enter><enter>v").await;
    check("live_120x40", &app);
    for (width, height) in [(80, 24), (200, 50)] {
        let app = TestApp::still(width, height).await.keys("/payments<enter><enter>v").await;
        shows(&app, &[" payments-webhook  ", "running ", "concurrency", "ConditionalCheckFailed", "esc back"]);
    }
}

#[tokio::test(start_paused = true)]
async fn logs() {
    let app = TestApp::start("mixed", 120, 40).keys("<4s>/payments<enter><enter>L<2s><space>").await;
    check("logs_120x40", &app);
    let app = app.resize(80, 24).await;
    shows(&app, &[" payments-webhook  ", "frozen", "REPORT RequestId", "esc back"]);
    assert!(app.screen().lines().all(|row| row.chars().count() <= 80));
    let app = app.resize(120, 40).await.keys("/error<enter>").await;
    shows(&app, &["frozen  search error  ", "[ERROR]"]);
    let app = app.keys("<enter>w").await;
    shows(&app, &["frozen  request ", "▸ START RequestId", " E [ERROR]", "Traceback", "◂ END", "◂ REPORT"]);
}

#[tokio::test(start_paused = true)]
async fn traffic() {
    for (width, height) in [(80, 24), (120, 40), (200, 50)] {
        let app = TestApp::still(width, height).await.keys("t").await;
        shows(
            &app,
            &["checkout:live  90% to 41, 10% to 42  throttled", "canary 42 against 41  FAIL", "VERSION WEIGHT"],
        );
        shows(&app, &["VERSION WEIGHT", "  41 ", "  42 "]);
    }
}

#[tokio::test(start_paused = true)]
async fn health() {
    let app = TestApp::still(120, 40).await.keys("4").await;
    check("health_120x40", &app);
    let app = app.resize(80, 24).await;
    shows(&app, &["STATE       OPERATION", "logs: ", "lambda:ListFunctions"]);
}

#[tokio::test(start_paused = true)]
async fn help() {
    let app = TestApp::still(80, 24).await.keys("?").await;
    check("help_80x24", &app);
    let app = app.resize(200, 50).await;
    for binding in Keymap::shipped().unwrap().bindings(Layer::Global) {
        assert!(app.screen().contains(&*binding.description), "{}:\n{}", binding.description, app.screen());
    }
}

#[tokio::test(start_paused = true)]
async fn too_small() {
    assert_eq!(TestApp::still(59, 16).await.screen().trim_end(), "lamtop needs 60 x 16, this is 59 x 16");
}

#[tokio::test(start_paused = true)]
async fn nothing_read_yet_and_some_read() {
    let app = TestApp::start("mixed", 120, 40).keys("").await;
    check("connecting", &app);
    let app = app.keys("<3s>").await;
    // The logs were read for less than the minute that is shown.
    shows(&app, &["functions 28", "FUNCTION", " image-resize               ≥"]);
}

#[tokio::test(start_paused = true)]
async fn a_region_without_functions() {
    let app = TestApp::on(accounts::empty(), 120, 40).keys("<10s>").await;
    shows(&app, &["functions 0", "No findings · no metrics were read yet", "No functions here", "enter open"]);
}

fn denied(operation: Operation) -> ApiError {
    ApiError::Denied(format!("User: arn:aws:iam::123456789012:user/oncall is not authorized to perform: {operation}"))
}

#[tokio::test(start_paused = true)]
async fn aliases_denied() {
    let fault = |operation| (operation == Operation::ListAliases).then(|| denied(operation));
    let app = TestApp::on(accounts::faulty(mixed(1), fault), 120, 40).keys("<20s>").await;
    shows(&app, &["lambda:ListAliases denied (4)", "inventory 0/28", "FUNCTION", " image-resize "]);
    let app = app.keys("/checkout<enter><enter>m<2s>").await;
    shows(&app, &["lambda:ListAliases denied (4)", " checkout  ", "runtime nodejs22.x", "╭ concurrency"]);
    // Which versions run is known from their metrics; their weights are not.
    assert!(app.line("live → 41").contains("weight     –"), "{}", app.screen());
}

#[tokio::test(start_paused = true)]
async fn metrics_denied() {
    let fault = |operation| (operation == Operation::GetMetricData).then(|| denied(operation));
    let app = TestApp::on(accounts::faulty(mixed(1), fault), 120, 40).keys("<20s>").await;
    shows(
        &app,
        &["cloudwatch:GetMetricData denied (4)", "in use – ", "inv/min –  err –  throttled –", " image-resize "],
    );
    let app = app.keys("4").await;
    shows(
        &app,
        &["STATE       OPERATION", " denied      cloudwatch:GetMetricData ", " ok          lambda:ListFunctions"],
    );
    assert!(app.line(" denied      cloudwatch").contains("not allowed: User: arn:aws:iam::123456789012:user/oncall"));
}

#[tokio::test(start_paused = true)]
async fn everything_expired() {
    let fault = |_| Some(ApiError::Expired("the security token included in the request is expired".to_string()));
    let app = TestApp::on(accounts::faulty(mixed(1), fault), 120, 40).keys("<20s>").await;
    shows(&app, &["credentials expired (4)", "no metrics were read yet", "Nothing could be read: 4 shows why"]);
    let app = app.keys("4").await;
    shows(&app, &[" off         logs", " expired     sts:GetCallerIdentity", " expired     lambda:ListFunctions"]);
    assert!(app.line(" expired     sts").contains("credentials are not accepted: the security token"));
}

#[tokio::test(start_paused = true)]
async fn several_scopes() {
    let accounts = vec![(Some("prod"), "eu-west-1", mixed(1)), (Some("prod"), "us-east-1", mixed(2))];
    let app = TestApp::on_all(accounts, 120, 40).keys("<8s>").await;
    check("scopes_120x40", &app);
    let app = app.keys("t").await;
    shows(&app, &["checkout:live  prod/eu-west-1  90% to 41", "checkout:live  prod/us-east-1  90% to 41"]);
}

/// The colour of the first text on the screen that begins like this.
fn colour(app: &TestApp, text: &str) -> Rgb {
    let picture = app.picture();
    let run = picture.runs.iter().find(|run| run.text.trim_start().starts_with(text));
    run.unwrap_or_else(|| panic!("no {text:?} in\n{}", app.screen())).foreground
}

#[tokio::test(start_paused = true)]
async fn alarms_have_their_colours_and_the_rest_is_calm() {
    const NORMAL: Rgb = Rgb(0xd4, 0xd4, 0xd4);
    const OK: Rgb = Rgb(0x2f, 0xb6, 0x90);
    const WARNING: Rgb = Rgb(0xe6, 0x9f, 0x00);
    const CRITICAL: Rgb = Rgb(0xff, 0x6f, 0x2c);
    let app = TestApp::still(120, 40).await;
    // What is wrong with image-resize, and its environments: most of the pool.
    let row = app.screen().lines().find(|row| row.contains(" image-resize  ")).unwrap().to_string();
    let (status, numbers) = row.split_once("image-resize").unwrap();
    let (status, in_use) = (status.trim(), numbers.split_whitespace().nth(4).unwrap());
    for (text, expected) in [
        ("FAILING", CRITICAL),
        (status, CRITICAL),
        ("payments-webhook", NORMAL),
        (in_use, WARNING),
        ("20/20", CRITICAL),
        ("ledger-writer", NORMAL),
        ("ok", OK),
    ] {
        assert_eq!(colour(&app, text), expected, "{text}");
    }
    let app = app.keys("/checkout<enter><enter>m").await;
    assert_eq!(colour(&app, "live → 41"), NORMAL);
    assert_eq!(colour(&app, "live → 42"), WARNING, "the version that fails");
}
