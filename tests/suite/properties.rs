//! Whatever is typed, at whatever size, every screen is drawn.

use std::sync::{Arc, OnceLock};

use lamtop::snapshot::Snapshot;
use lamtop::tui::Options;
use lamtop::tui::app::App;
use lamtop::tui::capabilities::{Capabilities, Depth};
use lamtop::tui::keymap::Keymap;
use lamtop::tui::screen;
use lamtop::tui::update::{Msg, update};
use lamtop::view::functions::Query;
use proptest::prelude::*;

use crate::accounts;
use crate::test_app::{TestApp, mixed};

/// Every kind of state: a busy Region, two of them, one without a function, nothing yet.
fn snapshots() -> &'static [Arc<Snapshot>] {
    static SNAPSHOTS: OnceLock<Vec<Arc<Snapshot>>> = OnceLock::new();
    SNAPSHOTS.get_or_init(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let two = vec![(None, "eu-west-1", mixed(1)), (Some("prod"), "us-east-1", mixed(2))];
            let apps = [
                TestApp::still(200, 60).await,
                TestApp::on_all(two, 200, 60).keys("<5s>").await,
                TestApp::on(accounts::empty(), 200, 60).keys("<5s>").await,
                TestApp::start("mixed", 200, 60),
            ];
            apps.iter().map(|app| Arc::clone(app.app().snapshot())).collect()
        })
    })
}

/// Keys of every layer, keys that mean nothing, what a paste brings, other sizes, and new numbers.
fn message() -> impl Strategy<Value = Msg> {
    let names = [
        "?",
        "esc",
        "up",
        "down",
        "pgup",
        "pgdn",
        "home",
        "end",
        "tab",
        "shift-tab",
        "1",
        "t",
        "!",
        "p",
        "R",
        "/",
        "e",
        "enter",
        "enter",
        "s",
        "<",
        "r",
        "f",
        "ctrl-u",
        "backspace",
        "a",
        "x",
        "f9",
        "left",
        "m",
        "v",
        "L",
        "L",
        "n",
        "N",
        "w",
        "y",
        "G",
    ];
    prop_oneof![
        20 => prop::sample::select(names.to_vec()).prop_map(|name| Msg::Key(Keymap::event(name).unwrap())),
        1 => any::<char>().prop_map(|it| Msg::Paste(format!("{it}\u{1b}[2J"))),
        2 => size().prop_map(|size| Msg::Resize(size.into())),
        2 => (0..snapshots().len()).prop_map(|index| Msg::Snapshot(Arc::clone(&snapshots()[index]))),
    ]
}

fn size() -> impl Strategy<Value = (u16, u16)> {
    (0u16..=200, 0u16..=60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_keys_at_any_size(
        size in size(), depth in prop::sample::select(vec![Depth::TrueColor, Depth::Mono]), unicode: bool,
        first in 0..snapshots().len(), messages in prop::collection::vec(message(), 0..30),
    ) {
        let options = Options::new(Query::default(), "default", None, Capabilities { depth, unicode }).unwrap();
        let mut app = App::new(options, Arc::clone(&snapshots()[first]), size.into());
        screen::render(&app);
        for msg in messages {
            let redraw = update(&mut app, msg).redraw;
            if redraw {
                prop_assert_eq!(screen::render(&app).area.as_size(), app.size);
            }
            let rows = app.rows().len();
            prop_assert!(app.functions.selected < rows.max(1), "row {} of {}", app.functions.selected, rows);
        }
    }
}
