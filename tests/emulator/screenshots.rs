//! The pictures of the documentation show the program as it is.

#[expect(dead_code, reason = "the test draws the pictures and writes none")]
#[path = "../../examples/screenshots.rs"]
mod example;

use std::path::Path;

use example::SHOTS;

#[test]
fn pictures_are_what_the_program_draws() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("screenshots");
    for shot in SHOTS {
        let path = folder.join(shot.name).with_extension("svg");
        let stored = std::fs::read_to_string(&path).unwrap_or_default();
        // Not `assert_eq`: nobody reads two documents of a thousand lines.
        assert!(stored == shot.svg().unwrap(), "{} is stale: cargo run --example screenshots", path.display());
    }
}

#[test]
fn every_picture_is_drawn_by_the_program() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("screenshots");
    let mut stored: Vec<String> = folder
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    stored.sort();
    let mut drawn = SHOTS.map(|shot| shot.name);
    drawn.sort_unstable();
    assert_eq!(stored, drawn);
}
