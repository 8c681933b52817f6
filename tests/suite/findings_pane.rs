//! Findings on screen, through the real loop: the view, the header, the table, a function's page, the traffic. What was
//! found is made up here; that the rules find it is another matter.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta};
use lambda_model::change::{Change, Changed};
use lambda_model::deployment::{Deployment, Shifting};
use lambda_model::finding::{Kind, Severity};
use lamtop::analysis::canary::{Canary, Compared, Progress, Verdict};
use lamtop::analysis::fact::{Fact, Quantity, Subject};
use lamtop::analysis::finding::{Command, Finding};
use lamtop::analysis::forecast::{Basis, Forecast};
use lamtop::snapshot::{FunctionSnapshot, Snapshot};

use crate::golden::check;
use crate::test_app::TestApp;

/// The demo's Region, in which nothing was found.
async fn calm() -> Snapshot {
    let mut snapshot = Snapshot::clone(TestApp::still(120, 40).await.app().snapshot());
    for scope in &mut snapshot.scopes {
        (scope.findings, scope.forecast) = (Vec::new(), None);
        for function in &mut scope.functions {
            function.canaries.clear();
            function.forecast = None;
            Arc::make_mut(&mut function.state).changes.clear();
        }
    }
    snapshot
}

fn finding(snapshot: &Snapshot, kind: Kind, severity: Severity, function: Option<&str>, facts: Vec<Fact>) -> Finding {
    let command = |words: &str| Command { program: "aws", arguments: words.split(' ').map(str::to_string).collect() };
    Finding {
        kind,
        severity,
        function: function.map(Into::into),
        alias: None,
        affected: Vec::new(),
        since: snapshot.at - TimeDelta::minutes(7),
        confidence: 0.92,
        facts: [facts, vec![Fact::new(Quantity::ClaimedConcurrency, 1000.0).limit(1000.0)]].concat(),
        commands: vec![
            command("lambda get-account-settings --region eu-west-1"),
            command(
                "lambda put-function-concurrency --function-name image-resize --reserved-concurrent-executions 300 \
                 --region eu-west-1",
            ),
        ],
        impact: 870.0,
    }
}

/// The same Region with a full pool, two more that are wrong and a change.
async fn incident() -> Snapshot {
    let mut snapshot = calm().await;
    let hog = || Fact::new(Quantity::Concurrency, 740.0).before(230.0).limit(1000.0).at_most();
    let throttled = vec![
        Fact::new(Quantity::ThrottledRequests, 870.0).of(5200.0),
        Fact::new(Quantity::ThrottledFunctions, 2.0),
        hog().about(Subject::Function("image-resize".into())),
    ];
    let pool = Finding {
        affected: vec!["search-api".into(), "payments-webhook".into()],
        ..finding(&snapshot, Kind::ThrottleUnreservedPool, Severity::Critical, None, throttled)
    };
    let facts =
        vec![Fact::new(Quantity::ThrottledRequests, 21.0).of(300.0), Fact::new(Quantity::ReservedConcurrency, 20.0)];
    let reserved = Finding {
        impact: 21.0,
        ..finding(&snapshot, Kind::ThrottleReservedLimit, Severity::Critical, Some("pdf-render"), facts)
    };
    let facts = vec![hog(), Fact::new(Quantity::PoolShare, 0.74).limit(0.2).at_most()];
    let hog = finding(&snapshot, Kind::ConcurrencyTopConsumer, Severity::Warning, Some("image-resize"), facts);
    let change = Finding {
        commands: Vec::new(),
        impact: 0.0,
        ..finding(&snapshot, Kind::ChangeCode, Severity::Info, Some("pdf-render"), Vec::new())
    };
    snapshot.scopes[0].findings = vec![pool, reserved, hog, change];
    snapshot
}

fn function<'a>(snapshot: &'a mut Snapshot, name: &str) -> &'a mut FunctionSnapshot {
    snapshot.scopes[0].functions.iter_mut().find(|function| function.state.name.as_str() == name).unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_view_at_every_size() {
    let snapshot = incident().await;
    for (width, height) in [(60, 16), (80, 24), (120, 40), (200, 50)] {
        let app = TestApp::showing(snapshot.clone(), width, height, true).keys("3").await;
        match (width, height) {
            (60, 16) => check("findings_60x16", &app),
            (120, 40) => check("findings_120x40", &app),
            _ => assert!(app.line("SEVERITY").contains("SURE") && app.line("▸").contains("get-account-settings")),
        }
    }
    let app = TestApp::showing(snapshot, 80, 24, false).keys("3").await;
    assert!(app.screen().is_ascii(), "{}", app.screen());
    assert!(app.screen().contains("X critical pool full"), "the mark has its stand-in:\n{}", app.screen());
}

#[tokio::test(start_paused = true)]
async fn the_cursor_shows_evidence_and_commands_and_opens_the_function() {
    let app = TestApp::showing(incident().await, 120, 40, true).keys("!").await;
    assert!(app.line("throttle.unreserved_pool · ").contains("the Region"));
    assert!(app.screen().contains("· Claimed concurrency 1000 of 1000"));
    assert!(app.line("▸").contains("get-account-settings"));
    let app = app.keys("n").await;
    assert!(app.line("▸").contains("put-function-concurrency"));
    assert!(app.keys("n").await.line("▸").contains("get-account-settings"), "from the last to the first");

    let app = TestApp::showing(incident().await, 120, 40, true).keys("3nj").await;
    assert!(app.line("throttle.reserved_limit · ").contains("pdf-render"));
    assert!(app.line("▸").contains("get-account-settings"), "each finding begins with its first command");
    let app = app.keys("<enter>").await;
    assert_eq!(app.app().open.as_ref().map(|id| id.name.as_str()), Some("pdf-render"));
    let app = app.keys("j").await;
    assert_eq!(app.app().open.as_ref().map(|id| id.name.as_str()), Some("image-resize"), "the next finding's");
    let app = app.keys("<esc>g<enter>").await;
    assert_eq!(app.app().open.as_ref().map(|id| id.name.as_str()), Some("image-resize"), "who takes most of the pool");
    let app = app.keys("<esc>Gny").await;
    assert!(app.screen().contains("This finding has no command"));
}

#[tokio::test(start_paused = true)]
async fn a_finding_about_the_region_alone_opens_nothing_and_says_so() {
    let mut snapshot = incident().await;
    snapshot.scopes[0].findings.truncate(1);
    snapshot.scopes[0].findings[0].affected.clear();
    let app = TestApp::showing(snapshot, 120, 40, true).keys("3<enter>").await;
    assert_eq!(app.app().open, None);
    assert!(app.screen().contains("This is about the Region: it names no function"));
}

#[tokio::test(start_paused = true)]
async fn a_filter_narrows_the_findings_and_nothing_found_is_said() {
    let app = TestApp::showing(incident().await, 120, 40, true).keys("3/reserved_limit<enter>").await;
    assert_eq!(app.app().found().len(), 1);
    assert!(app.line("throttle.reserved_limit · ").contains("pdf-render"));
    let app = app.keys("/zzz<enter>").await;
    assert!(app.screen().contains("No finding matches: esc shows all"));

    let app = TestApp::showing(calm().await, 120, 40, true).keys("3").await;
    let settled = app.app().snapshot().at - TimeDelta::minutes(2);
    let settled = format!("No findings · metrics settled up to {}Z", settled.format("%H:%M"));
    assert_eq!(app.screen().matches(&settled).count(), 2, "in the header and in the view:\n{}", app.screen());
    assert!(app.keys("jGny<enter>").await.app().open.is_none());
}

#[tokio::test(start_paused = true)]
async fn the_sources_know_which_functions_the_findings_name() {
    let app = TestApp::showing(incident().await, 120, 40, true).keys("3").await;
    let visible: Vec<String> = app.demand().visible.iter().map(|id| id.name.to_string()).collect();
    assert_eq!(visible, ["image-resize", "pdf-render"]);
}

#[tokio::test(start_paused = true)]
async fn the_header_counts_and_tells_the_worst_and_when_the_limit_is_reached() {
    let mut snapshot = incident().await;
    let forecast =
        Forecast { low_s: 130.0, likely_s: 200.0, high_s: 400.0, as_of: DateTime::default(), basis: Basis::Logs };
    snapshot.scopes[0].forecast = Some(forecast);
    let app = TestApp::showing(snapshot, 160, 40, true).keys("").await;
    assert!(app.line("2 critical · 1 warning · 1 info  image-resize took").contains("2 functions are throttled"));
    assert!(app.line("POOL").contains("· limit in 2–7 min (logs)"));
    let app = app.resize(80, 24).await;
    assert!(app.line("POOL").contains("limit in 2–7 min (logs)"));
    assert!(app.line("2 critical · 1 warning · 1 info  image-resize").chars().count() <= 80);
}

#[tokio::test(start_paused = true)]
async fn the_header_of_several_scopes_says_where_the_worst_is() {
    let mut snapshot = incident().await;
    let mut other = snapshot.scopes[0].clone();
    other.scope = lambda_model::Scope::new(Some("prod"), "us-east-1");
    other.findings.truncate(1);
    other.findings[0].impact = 900.0;
    other.forecast = Some(Forecast {
        low_s: 130.0,
        likely_s: 200.0,
        high_s: 400.0,
        as_of: DateTime::default(),
        basis: Basis::Metrics,
    });
    snapshot.scopes.push(other);
    let app = TestApp::showing(snapshot, 160, 40, true).keys("3").await;
    assert!(app.screen().contains("3 critical · 1 warning · 1 info  prod/us-east-1: image-resize took"));
    assert!(app.line(" prod/us-east-1 ").contains("limit in 2–7 min (metrics)"));
    assert!(app.line("SEVERITY").contains("SCOPE"));
}

/// That `image-resize` is throttled itself is seen, and worse than the warning that it takes most of the pool.
#[tokio::test(start_paused = true)]
async fn the_table_says_what_is_wrong_with_each_function() {
    let app = TestApp::showing(incident().await, 120, 40, true).keys("").await;
    for (function, word) in [("search-api", "POOL FULL"), ("pdf-render", "RESERVED"), ("image-resize", "THROTTLED")] {
        let screen = app.screen();
        // The header has a finding's words, in which a name may stand as well.
        let mut rows = screen.lines().skip_while(|row| !row.starts_with(" STATUS"));
        let row = rows.find(|row| row.contains(&format!(" {function} ")));
        assert!(row.unwrap().starts_with(&format!(" {word} ")), "{row:?}\n{}", app.screen());
    }
}

#[tokio::test(start_paused = true)]
async fn a_function_s_page_tells_its_findings_and_marks_its_changes() {
    let mut snapshot = incident().await;
    let change = |minutes, what| Change { at: snapshot.at - TimeDelta::minutes(minutes), after: None, what };
    let changes = vec![change(40, Changed::Code), change(10, Changed::Reserved { from: None, to: Some(20) })];
    Arc::make_mut(&mut function(&mut snapshot, "pdf-render").state).changes = changes;
    let keys = "/pdf-render<enter><enter>m";
    let app = TestApp::showing(snapshot.clone(), 120, 40, true).keys(keys).await;
    let shown = app.line("is throttled 21 times a minute");
    let pane: Vec<String> = app.screen().lines().map(str::to_string).collect();
    assert!(pane.iter().any(|row| row.starts_with(" ✗ 7m  pdf-render is throttled")), "{shown}");
    assert!(app.line("◆ code 40m ago").contains("● concurrency reserved none → 20 10m ago"));
    // The legend has one, and the axis of each of the three charts.
    let marks = |screen: &str, mark| screen.matches(mark).count();
    assert_eq!((marks(&app.screen(), '◆'), marks(&app.screen(), '●')), (4, 4), "{}", app.screen());
    let ascii = TestApp::showing(snapshot.clone(), 120, 40, false).keys(keys).await;
    assert!(ascii.screen().is_ascii() && ascii.line("* code 40m ago").contains("# concurrency"));
    let live = app.keys("v").await;
    assert!(!live.screen().contains('●'), "ten minutes are more than the curve shows");
    let seconds = Change { at: snapshot.at - TimeDelta::seconds(40), after: None, what: Changed::Code };
    Arc::make_mut(&mut function(&mut snapshot, "pdf-render").state).changes.push(seconds);
    let live = TestApp::showing(snapshot, 120, 40, true).keys("/pdf-render<enter><enter>v").await;
    assert_eq!((live.line("◆ code 40s ago").as_str(), marks(&live.screen(), '◆')), (" ◆ code 40s ago", 2));
}

#[tokio::test(start_paused = true)]
async fn many_findings_leave_room_for_the_function() {
    let mut snapshot = incident().await;
    let reserved = snapshot.scopes[0].findings[1].clone();
    snapshot.scopes[0].findings = vec![reserved; 9];
    let app = TestApp::showing(snapshot, 80, 24, true).keys("/pdf-render<enter><enter>m").await;
    let told = app.screen().lines().filter(|row| row.starts_with(" ✗ 7m  ")).count();
    assert_eq!(told, 2);
    assert!(app.screen().contains(" ✗ 7m  +7 more (3)  pdf-render is") && app.screen().contains("runtime"));
    let app = app.resize(60, 16).await;
    assert!(app.screen().contains(" ✗ 7m  +8 more (3)  pdf-render is"));
    let charts = app.screen().lines().filter(|row| row.starts_with('│')).count();
    assert_eq!(charts, 3, "the charts keep their rows:\n{}", app.screen());
}

#[tokio::test(start_paused = true)]
async fn the_traffic_view_gives_the_canary_s_verdict_and_why() {
    let mut snapshot = calm().await;
    let app = TestApp::showing(snapshot.clone(), 120, 40, true).keys("t").await;
    let (id, alias) = app.app().alias_id(0).unwrap();
    let deployment = Deployment {
        id: "d-A1B2C3D4E".to_string(),
        application: None,
        group: None,
        config: Some("CodeDeployDefault.LambdaCanary10Percent5Minutes".to_string()),
        status: "InProgress".to_string(),
        started: None,
        shifting: Some(Shifting::Canary { percent: 10, minutes: 5 }),
        auto_rollback: Some(false),
        function: id.name.clone(),
        alias: alias.clone(),
        current_version: None,
        target_version: None,
        target_weight: None,
    };
    let canary = Canary {
        version: "42".to_string(),
        baseline: "41".to_string(),
        verdict: Verdict::NotEnoughData,
        facts: vec![
            Fact::new(Quantity::Errors, 0.0).of(30.0).about(Subject::Version("42".to_string())),
            Fact::new(Quantity::FailedRequests, 1261.0).of(8459.0).about(Subject::Alias("live".to_string())),
        ],
        calls_needed: Some(270),
        decided_in_s: Some(540),
        since: snapshot.at,
        decided: None,
        errors: Compared { canary: (0.0, 30.0), baseline: (2.0, 270.0), difference: Some((-0.02, 0.09)) },
        deployment: Some(Progress { deployment, next_step_in_s: Some(130) }),
    };
    function(&mut snapshot, id.name.as_str()).canaries.insert(alias, canary);
    let app = TestApp::showing(snapshot.clone(), 120, 40, true).keys("t").await;
    check("traffic_canary_120x40", &app);
    assert!(app.line("NOT ENOUGH DATA").contains("needs 270 more invocations, about 9m"));
    assert!(app.screen().contains("errors 0 of 30 (0%) against 2 of 270 (0.7%)"));
    assert!(app.line("deployment d-A1B2C3D4E").contains("InProgress") && app.screen().contains("next step in 2m"));
    assert!(app.screen().contains("rolled back only by hand"));
    assert!(app.screen().contains("Version 42: errors 0 of 30"));
    let low = TestApp::showing(snapshot, 80, 16, true).keys("t").await;
    assert!(low.screen().contains("Version 42: errors 0 of 30"), "selected:\n{}", low.screen());
    assert!(!low.keys("jk j").await.screen().contains("Version 42: errors 0 of 30"), "not selected");
}
