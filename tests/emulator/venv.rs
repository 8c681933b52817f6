//! The Python environment the emulator runs in, made below `target/` on first use; it installs nothing elsewhere.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;

const REQUIREMENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulator/requirements.txt");

/// MiniStack's oldest Python.
const OLDEST: (u32, u32) = (3, 10);

/// The interpreter of an environment that holds exactly `tests/emulator/requirements.txt`.
///
/// Its folder is named by a hash of the requirements and of Python's version, so that a change of either makes
/// a new one. Of several processes that want it at once one makes it, and the others wait for the lock.
///
/// # Panics
/// Without Python 3.10 or newer, and when the installation fails, saying what to do.
pub(crate) fn python() -> PathBuf {
    let (base, version) = newest_python();
    let requirements = fs::read_to_string(REQUIREMENTS).expect("the requirements are readable");
    let mut hasher = DefaultHasher::new();
    (requirements, version).hash(&mut hasher);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("venv-{:016x}", hasher.finish()));
    let python = folder.join("bin/python");

    let lock = File::create(folder.with_extension("lock")).expect("the target folder is writable");
    lock.lock().expect("the environment can be locked");
    // Written last: a folder without it is what an interrupted installation left.
    let complete = folder.join("complete");
    if !complete.exists() {
        run(Command::new(base).args(["-m", "venv", "--clear"]).arg(&folder), "make a virtual environment");
        run(
            Command::new(&python)
                .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
                .args(["--requirement", REQUIREMENTS]),
            "install tests/emulator/requirements.txt",
        );
        File::create(complete).expect("the environment is writable");
    }
    python
}

/// The first usable interpreter on the path, and its version.
fn newest_python() -> (&'static str, String) {
    let mut tried = Vec::new();
    for program in ["python3", "python"] {
        let asked = Command::new(program).args(["-c", "import sys; print('%d.%d.%d' % sys.version_info[:3])"]).output();
        match asked {
            Ok(output) if output.status.success() => {
                let version = String::from_utf8_lossy(&output.stdout).trim().to_string();
                if is_new_enough(&version) {
                    return (program, version);
                }
                tried.push(format!("`{program}` is Python {version}"));
            }
            Ok(output) => tried.push(format!("`{program}` ended with {}", output.status)),
            Err(error) => tried.push(format!("`{program}`: {error}")),
        }
    }
    panic!("the end-to-end tests need Python {}.{} or newer on the path: {}", OLDEST.0, OLDEST.1, tried.join("; "));
}

fn is_new_enough(version: &str) -> bool {
    let mut parts = version.split('.').map(str::parse);
    matches!((parts.next(), parts.next()), (Some(Ok(major)), Some(Ok(minor))) if (major, minor) >= OLDEST)
}

/// Runs a step of the installation; its output is shown when it fails.
fn run(command: &mut Command, purpose: &str) {
    let output = command.output().unwrap_or_else(|error| panic!("could not {purpose}: {error}"));
    assert!(
        output.status.success(),
        "could not {purpose} (Python's venv and pip are needed, and a package index the first time):\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
}

#[test]
fn python_versions_compare_by_number() {
    for (version, enough) in
        [("3.9.18", false), ("3.10.0", true), ("3.11.7", true), ("3.100.0", true), ("2.7.18", false), ("", false)]
    {
        assert_eq!(is_new_enough(version), enough, "{version:?}");
    }
}
