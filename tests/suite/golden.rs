//! The golden files: whole screens and documents in `tests/snapshots`. They are few, for every change of a screen is a
//! change of all of them; anything that one assertion can say is an assertion instead.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::test_app::TestApp;

/// Every golden file, and why it is one. `export_…` is taken by `src/export/tests.rs`, the rest here.
const GOLDEN: [(&str, &str); 19] = [
    ("connecting", "the first frame: what is drawn before anything was read"),
    ("export_csv_known", "scripts read every column"),
    ("export_csv_unknown", "what is not known is empty, column by column"),
    ("export_json_known", "scripts read every member"),
    ("export_json_unknown", "what is not known is null, member by member"),
    ("export_table_known", "how the columns of the plain table line up"),
    ("export_table_two_scopes", "how the plain table names several scopes"),
    ("export_table_unknown", "how the plain table shows what is not known"),
    ("findings_120x40", "how the list of findings and the details of one share the screen"),
    ("findings_60x16", "what is left on the smallest screen there is"),
    ("function_120x40", "how the facts, charts and aliases of a function share the page"),
    ("functions_120x40", "how the header, the table and the footer share the screen"),
    ("functions_80x24", "which columns are left on the smallest usual terminal"),
    ("health_120x40", "how the columns of the health view line up"),
    ("help_80x24", "that all keys fit the smallest usual terminal"),
    ("live_120x40", "how the curve, errors, versions and lines of a function share the page"),
    ("logs_120x40", "how a log's times, streams, marks and messages line up"),
    ("scopes_120x40", "how several scopes share the header"),
    ("traffic_canary_120x40", "how a canary's verdict, bars and deployment share the screen"),
];

/// Compares the screen with the file of this name.
pub(crate) fn check(name: &str, app: &TestApp) {
    let reason = GOLDEN.iter().find_map(|(known, reason)| (*known == name).then_some(*reason));
    let reason = reason.unwrap_or_else(|| panic!("{name} needs a reason in GOLDEN"));
    insta::with_settings!({
        snapshot_path => "../snapshots",
        prepend_module_to_snapshot => false,
        omit_expression => true,
        description => reason,
    }, { insta::assert_snapshot!(name, app.screen()) });
}

#[test]
fn every_golden_file_has_a_reason_and_a_test_that_takes_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let stored = fs::read_dir(root.join("tests/snapshots")).unwrap().map(|entry| entry.unwrap().file_name());
    let stored: BTreeSet<String> = stored.map(|name| name.into_string().unwrap()).collect();
    let listed: BTreeSet<String> = GOLDEN.iter().map(|(name, _)| format!("{name}.snap")).collect();
    assert_eq!(stored, listed);

    let read = |path| fs::read_to_string(root.join(path)).unwrap();
    let screens = read("tests/suite/screens.rs") + &read("tests/suite/findings_pane.rs");
    let documents = read("src/export/tests.rs");
    for (name, _) in GOLDEN {
        let (text, taken) = name.strip_prefix("export_").map_or((&screens, name), |document| (&documents, document));
        assert!(text.contains(&format!("\"{taken}\"")), "no test takes {name}");
    }
}
