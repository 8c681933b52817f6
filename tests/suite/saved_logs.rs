//! Saved log files in the forms that people have: `tests/logs/saved`, where `expected.json` has what each adds up to.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::process;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/logs/saved");

/// The sums of the counts that `lamtop snapshot` finds in the file `name`.
async fn counts<'a>(name: &str, counts: impl Iterator<Item = &'a String>) -> BTreeMap<String, u64> {
    let run = process::lamtop(&["snapshot", "--format", "json", "--logs", &format!("file:{FOLDER}/{name}")]).await;
    assert_eq!(run.code, Some(0), "{name}: {}", run.stderr);
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    let functions = document["scopes"][0]["functions"].as_array().unwrap();
    let sum = |count: &String| functions.iter().filter_map(|function| function["live"][count].as_u64()).sum();
    counts.map(|count| (count.clone(), sum(count))).collect()
}

#[tokio::test]
async fn a_file_that_is_no_log_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.log");
    fs::write(&path, "hello\nworld\n").unwrap();
    for command in ["snapshot", "check"] {
        let run = process::lamtop(&[command, "--logs", &format!("file:{}", path.display())]).await;
        assert_eq!((run.code, &*run.stdout), (Some(4), ""), "{command}");
        let said = "error: the log file was not understood\n\
            cause: notes: nothing was understood of its 2 lines; it begins with `hello`, `world`\nhint: known forms: ";
        assert!(run.stderr.starts_with(said), "{command}: {}", run.stderr);
    }
}

#[tokio::test]
async fn saved_logs_are_read_in_every_form() {
    let text = fs::read_to_string(Path::new(FOLDER).join("expected.json")).unwrap();
    let expected: BTreeMap<String, BTreeMap<String, u64>> = serde_json::from_str(&text).unwrap();
    let files = fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let files: BTreeSet<String> = files.filter(|name| name != "expected.json").collect();
    assert_eq!(files, expected.keys().cloned().collect(), "every file has its counts");
    let mut found = BTreeMap::new();
    for (name, wanted) in &expected {
        found.insert(name.clone(), counts(name, wanted.keys()).await);
    }
    assert_eq!(found, expected);
}
