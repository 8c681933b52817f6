//! What keys, snapshots and answers do to the app.

use chrono::{DateTime, Utc};

use super::*;
use crate::analysis::Params;
use crate::analysis::finding::Finding;
use crate::fixture;
use crate::snapshot::Origin;
use crate::store::Store;
use crate::tui::Options;
use crate::tui::capabilities::{Capabilities, Depth};
use crate::tui::keymap::Keymap;
use crate::view::functions::Query;
use lambda_model::Scope;
use lambda_model::finding::{Kind, Severity};
use lambda_model::metric::{Metric, Point, SeriesId, Statistic, Subject};
use lambda_model::observation::{Observation, Payload};
use lambda_model::time::Minute;

/// Functions with their throttled requests of the newest minute: the more, the further up they stand.
fn snapshot(throttles: &[(&str, f64)]) -> Arc<Snapshot> {
    let now: DateTime<Utc> = "2026-11-22T12:00:00Z".parse().unwrap();
    let minute = Minute::newest_complete(now);
    let mut store = Store::default();
    for (name, throttles) in throttles {
        let series = |metric, value| {
            let subject = Subject::Function((*name).into());
            (SeriesId { subject, metric, statistic: Statistic::Sum }, vec![Point { minute, value }])
        };
        let points = vec![series(Metric::Invocations, 100.0), series(Metric::Throttles, *throttles)];
        store.apply(&Observation { at: now, scope: Scope::new(None, "eu-west-1"), payload: Payload::Points(points) });
    }
    let params = Params::default();
    Arc::new(Snapshot::of(&store, params, Origin::Demo, now, 0))
}

fn app(snapshot: Arc<Snapshot>) -> App {
    let capabilities = Capabilities { depth: Depth::TrueColor, unicode: true };
    let options = Options::new(Query::default(), "default", None, capabilities).unwrap();
    App::new(options, snapshot, Size::new(80, 20))
}

fn press(app: &mut App, keys: &[&str]) -> Vec<Effect> {
    let messages = keys.iter().map(|name| Msg::Key(Keymap::event(name).unwrap()));
    messages.flat_map(|msg| update(app, msg).effects).collect()
}

/// The name of the function that the cursor is on.
fn selected(app: &App) -> String {
    app.row_id(app.functions.selected).unwrap().name.to_string()
}

const BEFORE: [(&str, f64); 3] = [("a", 30.0), ("b", 20.0), ("c", 10.0)];
const AFTER: [(&str, f64); 3] = [("a", 10.0), ("b", 20.0), ("c", 30.0)];

#[test]
fn a_cursor_that_nobody_moved_stays_on_top() {
    let mut app = app(snapshot(&BEFORE));
    assert_eq!(selected(&app), "a");
    assert!(update(&mut app, Msg::Snapshot(snapshot(&AFTER))).redraw);
    assert_eq!(selected(&app), "c");
}

#[test]
fn a_cursor_that_was_moved_follows_its_function() {
    let mut app = app(snapshot(&BEFORE));
    let _ = press(&mut app, &["down", "up"]);
    let _ = update(&mut app, Msg::Snapshot(snapshot(&AFTER)));
    assert_eq!((selected(&app).as_str(), app.functions.selected), ("a", 2));
}

#[test]
fn a_function_that_was_opened_keeps_the_cursor() {
    let mut app = app(snapshot(&BEFORE));
    let _ = press(&mut app, &["enter"]);
    let _ = update(&mut app, Msg::Snapshot(snapshot(&AFTER)));
    assert_eq!(selected(&app), "a");
    let _ = press(&mut app, &["up"]);
    assert_eq!(app.open.as_ref().map(|id| id.name.as_str()), Some("b"), "the neighbour of what is open");
}

#[test]
fn a_frozen_screen_is_not_drawn_again_and_asks_for_what_it_shows() {
    let mut app = app(snapshot(&BEFORE));
    let _ = press(&mut app, &["p"]);
    let shown = screen::demand(&app);
    let updated = update(&mut app, Msg::Snapshot(snapshot(&AFTER)));
    assert_eq!(updated, Updated { redraw: false, effects: vec![] });
    assert_eq!(screen::demand(&app), shown);
    let effects = press(&mut app, &["p"]);
    assert_eq!(effects, [Effect::Demand(screen::demand(&app))], "other functions are on top now");
}

#[test]
fn a_finding_s_command_is_copied_and_never_run() {
    let mut found = Snapshot::clone(&snapshot(&BEFORE));
    let finding = |name| fixture::finding(Kind::ThrottleUnknown, Severity::Critical, Some(name), 1.0);
    found.scopes[0].findings = vec![finding("a"), Finding { commands: Vec::new(), ..finding("b") }];
    let mut app = app(Arc::new(found));
    let copied = |app: &mut App, keys: &[&str]| -> Vec<Effect> {
        press(app, keys).into_iter().filter(|effect| matches!(effect, Effect::Copy(_))).collect()
    };
    let command = |text: &str| vec![Effect::Copy(text.to_string())];
    let first = command("aws lambda get-account-settings --region eu-west-1");
    let second = command("aws lambda get-function-concurrency --function-name a --region eu-west-1");
    assert_eq!(copied(&mut app, &["3", "y"]), first);
    assert_eq!(copied(&mut app, &["n", "y"]), second);
    assert_eq!(copied(&mut app, &["n", "y"]), first, "from the last to the first");
    assert_eq!(copied(&mut app, &["n", "down", "y"]), [], "there is none");
    assert_eq!(app.notice.as_deref(), Some("This finding has no command"));
}

#[test]
fn a_command_that_was_gone_to_stays_with_its_finding() {
    let worse = |impact| {
        let mut found = Snapshot::clone(&snapshot(&BEFORE));
        let finding = |name, impact| fixture::finding(Kind::ThrottleUnknown, Severity::Critical, Some(name), impact);
        found.scopes[0].findings = vec![finding("a", 5.0), finding("b", impact)];
        found.scopes[0].findings.sort_by(Finding::order);
        Arc::new(found)
    };
    let mut app = app(worse(1.0));
    let _ = press(&mut app, &["3", "n"]);
    let _ = update(&mut app, Msg::Snapshot(worse(9.0)));
    let command = |app: &App| app.commands().map(|(commands, place)| commands[place].clone()).unwrap();
    assert_eq!((app.findings.selected, command(&app).contains("--function-name a")), (1, true));
    let _ = press(&mut app, &["up"]);
    assert!(command(&app).contains("get-account-settings"), "another finding begins with its first");
}
