//! The map of the code, kept by reading its sources: who may see whom, and where the outside world begins.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use lamtop::config::POLICY;
use regex::Regex;

/// What the code of each crate below `crates/`, and of each module of the program, may name of the others; data flows
/// from the right of a line to its left.
const SEES: [(&str, &[&str]); 17] = [
    ("lambda_model", &[]),
    ("lambda_logs", &["lambda_model"]),
    ("lambda_simulator", &["lambda_model"]),
    ("lambda_oracle", &["lambda_model", "lambda_simulator"]),
    ("error", &["lambda_model", "lambda_simulator"]),
    ("store", &["lambda_model", "lambda_logs"]),
    ("analysis", &["lambda_model", "store"]),
    ("snapshot", &["lambda_model", "store", "analysis"]),
    ("view", &["lambda_model", "store", "analysis", "snapshot"]),
    ("export", &["lambda_model", "store", "analysis", "snapshot", "view", "error"]),
    ("tui", &["lambda_model", "store", "analysis", "snapshot", "view", "export", "error"]),
    ("source", &["lambda_model", "lambda_logs", "error"]),
    ("engine", &["lambda_model", "store", "analysis", "snapshot"]),
    ("logging", &["error"]),
    ("config", &["lambda_model", "analysis", "error"]),
    ("cli", &["config", "error"]),
    (
        "run",
        &[
            "lambda_model",
            "lambda_simulator",
            "error",
            "store",
            "analysis",
            "snapshot",
            "view",
            "export",
            "tui",
            "source",
            "engine",
            "logging",
            "config",
            "cli",
        ],
    ),
];

/// Builders of the unit tests: no part of the program.
const TESTS_ONLY: &str = "fixture";

/// More lines than this are not read in one sitting; the tests at a file's end do not count.
const LONGEST_FILE: usize = 450;
/// A file of the suite has its table of cases, too. Only a unit test's may be longer.
const LONGEST_TEST: usize = 700;

/// A Rust file of this package.
struct Source {
    /// From the package's root, with `/` between folders.
    path: String,
    text: String,
    /// Whether only tests use it.
    is_test: bool,
}

impl Source {
    /// All but the tests at the end.
    fn without_tests(&self) -> &str {
        &self.text[..self.text.find("#[cfg(test)]\nmod tests").unwrap_or(self.text.len())]
    }

    /// The lines that are code of the program: no comments, and no tests.
    fn program(&self) -> String {
        if self.is_test { String::new() } else { without_comments(self.without_tests()) }
    }

    /// The folders and the name below `src`: `["store", "series"]`.
    fn modules(&self) -> Vec<&str> {
        let (_, below) = self.path.split_once("src/").unwrap();
        below.trim_end_matches(".rs").split('/').collect()
    }

    /// What [`SEES`] calls it: its crate, and in the program itself its module.
    fn part(&self) -> String {
        match self.path.strip_prefix("crates/") {
            Some(path) => path.split('/').next().unwrap_or_default().replace('-', "_"),
            None => self.modules()[0].to_string(),
        }
    }
}

fn without_comments(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with("//")).flat_map(|line| [line, "\n"]).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files of text below `folder`: code, settings, documents; not what cargo or git wrote.
pub(crate) fn text_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if !path.ends_with("target") && !path.ends_with(".git") {
                found.extend(text_files(&path));
            }
        } else if path.extension().is_some_and(|ending| ["rs", "md", "toml", "py"].iter().any(|text| ending == *text)) {
            found.push(path);
        }
    }
    found
}

fn files(folder: &Path) -> Vec<PathBuf> {
    text_files(folder).into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "rs")).collect()
}

fn sources(folder: &str) -> Vec<Source> {
    let read = |path: PathBuf| {
        let inside = path.strip_prefix(root()).unwrap();
        let parts: Vec<&str> = inside.iter().map(|part| part.to_str().unwrap()).collect();
        Source { path: parts.join("/"), text: fs::read_to_string(&path).unwrap(), is_test: false }
    };
    let mut sources: Vec<Source> = files(&root().join(folder)).into_iter().map(read).collect();
    let tests: Vec<String> = sources.iter().flat_map(test_files).collect();
    for source in &mut sources {
        let module = source.path.trim_end_matches(".rs");
        source.is_test = tests.iter().any(|test| module == test || module.starts_with(&format!("{test}/")));
    }
    sources
}

/// The folders of the crates that ship or judge.
fn crates() -> Vec<String> {
    let entries = fs::read_dir(root().join("crates")).unwrap().map(|entry| entry.unwrap().file_name());
    let below = entries.map(|name| format!("crates/{}/src", name.to_str().unwrap()));
    std::iter::once("src".to_string()).chain(below).collect()
}

/// Their sources.
fn workspace() -> Vec<Source> {
    crates().iter().flat_map(|folder| sources(folder)).collect()
}

/// The modules that `source` declares for tests only, as paths without an ending.
fn test_files(source: &Source) -> Vec<String> {
    let module = source.path.trim_end_matches(".rs");
    let folder = module.strip_suffix("/lib").or(module.strip_suffix("/main")).unwrap_or(module);
    let declared = source.text.split("#[cfg(test)]\n").skip(1).filter_map(|rest| {
        let line = rest.lines().next()?;
        line.trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';')
    });
    declared.map(|name| format!("{folder}/{name}")).collect()
}

/// The first two names of every path in `code`: `crate::view::Rows` is `("crate", "model")`.
fn paths(code: &str) -> Vec<(&str, &str)> {
    let is_name = |character: char| character.is_alphanumeric() || character == '_';
    let mut found = Vec::new();
    for (place, _) in code.match_indices("::") {
        let (before, after) = (&code[..place], &code[place + 2..]);
        let first = before.rfind(|character| !is_name(character)).map_or(before, |end| &before[end + 1..]);
        let continues = before[..before.len() - first.len()].ends_with("::");
        if !first.is_empty() && !continues {
            found.push((first, &after[..after.find(|character| !is_name(character)).unwrap_or(after.len())]));
        }
    }
    found
}

/// `findings` is empty, or the test fails with all of them.
fn none(findings: &[String]) {
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}

#[test]
fn paths_are_read() {
    let code = "use crate::model::{Arn, Scope};\nlet x = std::mem::take(aws_config::load(Self::new()))::<T>";
    let expected = [("crate", "model"), ("std", "mem"), ("aws_config", "load"), ("Self", "new")];
    assert_eq!(paths(code), expected);
}

#[test]
fn what_only_tests_use_is_known() {
    let sources = workspace();
    let is_test = |path: &str| sources.iter().find(|source| source.path == path).unwrap().is_test;
    assert!(
        is_test("src/fixture.rs")
            && is_test("crates/lambda-logs/src/tests.rs")
            && is_test("src/source/aws/wire.rs")
            && is_test("src/source/aws/wire/server.rs")
    );
    assert!(!is_test("src/lib.rs") && !is_test("src/source/aws.rs"));
}

#[test]
fn every_part_has_its_place() {
    let known: BTreeSet<String> =
        SEES.iter().map(|(part, _)| *part).chain(["lib", "main", TESTS_ONLY]).map(str::to_string).collect();
    let found: BTreeSet<String> = workspace().iter().map(Source::part).collect();
    assert_eq!(found, known);
}

#[test]
fn every_part_sees_only_what_the_design_lets_it_see() {
    let sees: BTreeMap<&str, &[&str]> = SEES.into_iter().collect();
    let mut findings = Vec::new();
    let mut checked = 0;
    for source in workspace() {
        let part = source.part();
        let allowed = sees.get(&*part).copied().unwrap_or_default();
        for (first, second) in paths(&source.program()) {
            let other = match first {
                "crate" if !source.path.starts_with("crates/") => second,
                crate_name if sees.contains_key(crate_name) && crate_name.starts_with("lambda_") => crate_name,
                _ => continue,
            };
            checked += 1;
            if other != part && !allowed.contains(&other) && part != "main" {
                findings.push(format!("{}: {part} must not see {other}", source.path));
            }
        }
    }
    none(&findings);
    assert!(checked > 300, "paths are no longer recognised: {checked}");
}

/// A dependency that a manifest names is one that the design lets the crate see, or nobody's.
#[test]
fn crates_depend_only_on_what_they_may_see() {
    let sees: BTreeMap<&str, &[&str]> = SEES.into_iter().collect();
    let mut crates = 0;
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        let folder = entry.unwrap().path();
        let manifest: toml::Table = fs::read_to_string(folder.join("Cargo.toml")).unwrap().parse().unwrap();
        let name = manifest["package"]["name"].as_str().unwrap().replace('-', "_");
        let of_ours = |key: &&String| key.starts_with("lambda-") || *key == "lamtop";
        for other in manifest["dependencies"].as_table().unwrap().keys().filter(of_ours) {
            assert!(sees[&*name].contains(&&*other.replace('-', "_")), "{name} must not depend on {other}");
        }
        crates += 1;
    }
    assert!(crates >= 4);
    let manifest: toml::Table = fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap();
    assert!(!manifest["dependencies"].as_table().unwrap().contains_key("lambda-oracle"), "the judge does not ship");
}

#[test]
fn nothing_reaches_the_root_of_a_crate_by_super() {
    let climbs = |source: &Source| source.program().contains(&"super::".repeat(source.modules().len()));
    let found: Vec<String> = sources("src").into_iter().filter(climbs).map(|source| source.path).collect();
    none(&found);
}

/// The paths of `code` that begin in its crate, as their names: `use super::{a::B, c}` has two.
fn own_paths(code: &str) -> Vec<Vec<&str>> {
    let is_name = |character: char| character.is_alphanumeric() || character == '_';
    let mut found = Vec::new();
    for head in ["crate::", "super::", "self::"] {
        for (place, _) in code.match_indices(head) {
            let before = &code[..place];
            if !before.ends_with(is_name) && !before.ends_with("::") {
                branches(&code[place..], &mut Vec::new(), &mut found);
            }
        }
    }
    found
}

/// Adds the paths that `code` begins with, each after `path`; gives what follows them.
fn branches<'a>(code: &'a str, path: &mut Vec<&'a str>, found: &mut Vec<Vec<&'a str>>) -> &'a str {
    let mut rest = code.trim_start();
    if let Some(inner) = rest.strip_prefix('{') {
        rest = inner;
        while !rest.is_empty() {
            rest = branches(rest, path, found).trim_start();
            match rest.strip_prefix(',') {
                Some(next) => rest = next.trim_start(),
                None => return rest.strip_prefix('}').unwrap_or_default(),
            }
            if let Some(after) = rest.strip_prefix('}') {
                return after;
            }
        }
        return rest;
    }
    let end = rest.find(|character: char| !character.is_alphanumeric() && character != '_').unwrap_or(rest.len());
    path.push(&rest[..end]);
    let after = &rest[end..];
    let rest = if let Some(next) = after.strip_prefix("::") {
        branches(next, path, found)
    } else {
        found.push(path.clone());
        let is_name = |character: char| character.is_alphanumeric() || character == '_';
        after.strip_prefix(" as ").map_or(after, |renamed| renamed.trim_start_matches(is_name))
    };
    path.pop();
    rest
}

/// The files that each file of a crate needs, by their modules; the crate's root has none.
///
/// A file needs another when a path that begins with `crate`, `super` or `self` leads to it. That a file uses items of
/// the modules that it is inside of does not count: a child belongs to its parent, as its tests do.
fn needs<'a>(sources: &'a [Source]) -> BTreeMap<Vec<&'a str>, BTreeSet<Vec<&'a str>>> {
    let files: BTreeMap<Vec<&str>, String> = sources
        .iter()
        .filter(|source| {
            !source.is_test && !source.path.ends_with("src/main.rs") && !source.path.ends_with("src/lib.rs")
        })
        .map(|source| (source.modules(), source.program()))
        .collect();
    let leads_to = |from: &Vec<&'a str>, path: &[&str]| {
        let mut place = from.clone();
        for name in path {
            match *name {
                "crate" => place.clear(),
                "super" => drop(place.pop()),
                "self" => {}
                name => {
                    let next = files.keys().find(|file| {
                        file.split_last().is_some_and(|(last, above)| *last == name && *above == place[..])
                    });
                    match next {
                        Some(next) => place.clone_from(next),
                        None => break,
                    }
                }
            }
        }
        place
    };
    let of = |(file, code): (&Vec<&'a str>, &String)| {
        let places = own_paths(code).into_iter().map(|path| leads_to(file, &path));
        (file.clone(), places.filter(|place| !file.starts_with(place)).collect())
    };
    files.iter().map(of).collect()
}

/// The files that can be reached from `file`.
fn reached<'a>(file: &Vec<&'a str>, needs: &BTreeMap<Vec<&'a str>, BTreeSet<Vec<&'a str>>>) -> BTreeSet<Vec<&'a str>> {
    let mut reached = BTreeSet::new();
    let mut open = vec![file];
    while let Some(file) = open.pop() {
        for next in needs.get(file).into_iter().flatten() {
            if reached.insert(next.clone()) {
                open.push(next);
            }
        }
    }
    reached
}

#[test]
fn paths_in_braces_are_read() {
    let code = "use super::{a::{B, c as d}, e};\nfn f() -> crate::g::H { self::i(x::super_::y()) }";
    let mut found: Vec<String> = own_paths(code).iter().map(|path| path.join(" ")).collect();
    found.sort_unstable();
    assert_eq!(found, ["crate g H", "self i", "super a B", "super a c", "super e"]);
}

#[test]
fn no_two_files_need_each_other() {
    let mut folders = vec!["src".to_string()];
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        folders.push(format!("crates/{}/src", entry.unwrap().file_name().to_str().unwrap()));
    }
    let (mut findings, mut checked) = (Vec::new(), 0);
    for folder in folders {
        let sources = sources(&folder);
        let needs = needs(&sources);
        checked += needs.values().map(BTreeSet::len).sum::<usize>();
        let reached: BTreeMap<_, _> = needs.keys().map(|file| (file, reached(file, &needs))).collect();
        for (file, others) in &needs {
            let name = |file: &Vec<&str>| format!("{folder}/{}", file.join("/"));
            let back = others.iter().filter(|other| reached.get(other).is_some_and(|reached| reached.contains(file)));
            let back: Vec<String> = back.map(name).collect();
            if !back.is_empty() {
                findings.push(format!("{} needs {}, which lead back to it", name(file), back.join(", ")));
            }
        }
    }
    none(&findings);
    assert!(checked > 300, "paths are no longer recognised: {checked}");
}

/// The compiler shows a function that nothing uses only where it is not public: so that only those are that another
/// crate names, a test or an example of the comments on top among them.
#[test]
fn what_is_public_is_named_outside_its_crate() {
    let public = Regex::new(r"(?m)^ *pub (?:async )?(?:const )?(?:fn|const) (\w+)").unwrap();
    let words = Regex::new(r"\w+").unwrap();
    let everything: Vec<PathBuf> = ["src", "crates", "tests", "benches", "examples", "fuzz/fuzz_targets"]
        .iter()
        .flat_map(|folder| files(&root().join(folder)))
        .collect();
    let (mut findings, mut checked) = (Vec::new(), 0);
    for folder in crates() {
        let inside = |path: &&PathBuf| path.starts_with(root().join(&folder)) && !path.ends_with("main.rs");
        let mut named = BTreeSet::new();
        for path in &everything {
            let text = fs::read_to_string(path).unwrap();
            let said = |line: &&str| !inside(&path) || line.starts_with("//! ");
            named.extend(
                text.lines().filter(said).flat_map(|line| words.find_iter(line)).map(|word| word.as_str().to_string()),
            );
        }
        for source in sources(&folder) {
            for name in public.captures_iter(source.without_tests()).map(|found| found[1].to_string()) {
                checked += 1;
                if !named.contains(&name) {
                    findings.push(format!("{}: {name} is public for nobody", source.path));
                }
            }
        }
    }
    none(&findings);
    assert!(checked > 200, "public items are no longer recognised: {checked}");
}

#[test]
fn the_outside_world_stays_in_its_folder() {
    let is_terminal = |name: &str| name == "ratatui" || name == "crossterm";
    let is_sdk = |name: &str| name.starts_with("aws_");
    let mut findings = Vec::new();
    let (mut terminal, mut sdk) = (0, 0);
    for source in workspace() {
        let modules = source.modules();
        for (first, _) in paths(&source.program()) {
            terminal += usize::from(is_terminal(first));
            sdk += usize::from(is_sdk(first));
            let outside = is_terminal(first) && source.part() != "tui"
                || is_sdk(first) && !modules.starts_with(&["source", "aws"]);
            if outside {
                findings.push(format!("{}: {first}", source.path));
            }
        }
    }
    none(&findings);
    assert!(terminal > 20 && sdk > 20, "paths are no longer recognised");
}

#[test]
fn one_file_reads_the_clock() {
    let clocks = ["Utc::now", "Local::now", "Instant::now", "SystemTime"];
    let sources = workspace();
    let reads = |source: &&Source| clocks.iter().any(|clock| source.program().contains(clock));
    let found: Vec<&str> = sources.iter().filter(reads).map(|source| source.path.as_str()).collect();
    assert_eq!(found, ["crates/lambda-model/src/time.rs"]);
}

#[test]
fn every_file_says_what_it_is_and_is_read_in_one_sitting() {
    let mut findings = Vec::new();
    for source in workspace().into_iter().chain(sources("tests")) {
        if !source.text.starts_with("//! ") {
            findings.push(format!("{}: does not open with `//!`", source.path));
        }
        let lines = source.without_tests().lines().count();
        let longest = if source.path.starts_with("tests/") { LONGEST_TEST } else { LONGEST_FILE };
        if lines > longest && !source.is_test {
            findings.push(format!("{}: {lines} lines", source.path));
        }
    }
    none(&findings);
}

#[test]
fn no_test_file_is_forgotten() {
    for folder in ["tests/suite", "tests/emulator"] {
        let suite = sources(folder);
        let module = |source: &Source| source.path.trim_end_matches(".rs").trim_end_matches("/main").to_string();
        let declared: BTreeSet<String> = suite
            .iter()
            .flat_map(|source| {
                let names = source.text.lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'));
                names.map(|name| format!("{}/{name}", module(source))).collect::<Vec<_>>()
            })
            .collect();
        let files = suite.iter().map(module).filter(|module| module != folder);
        none(&files.filter(|file| !declared.contains(file)).collect::<Vec<String>>());
    }
}

#[test]
fn the_policy_reads_and_changes_nothing() {
    let policy: serde_json::Value = serde_json::from_str(POLICY).unwrap();
    let statements = policy["Statement"].as_array().unwrap();
    let actions: Vec<&str> = statements
        .iter()
        .flat_map(|statement| statement["Action"].as_array().unwrap())
        .map(|action| action.as_str().unwrap())
        .collect();
    assert!(!actions.is_empty());
    for action in actions {
        let (_, operation) = action.split_once(':').unwrap();
        // The last two are how log events are read.
        let verbs = ["List", "Get", "BatchGet", "Describe", "FilterLogEvents", "StartLiveTail"];
        let reads = verbs.iter().any(|verb| operation.starts_with(verb));
        assert!(reads && !operation.contains('*'), "{action}");
    }
}
