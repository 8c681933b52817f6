//! One word for one thing: all text that people read keeps to the glossary in `CONTRIBUTING.md`.

use std::fs;
use std::path::{Path, PathBuf};

use lamtop::cli::{self, Invocation};
use lamtop::config::Surroundings;
use regex::Regex;

const GLOSSARY: &str = include_str!("../../CONTRIBUTING.md");

/// The files and folders that are checked. Screens are the golden ones in the `snapshots` folders.
const CHECKED: [&str; 10] =
    ["README.md", "CHANGELOG.md", "docs", "config", "src", "crates", "examples", "benches", "fuzz", "tests"];

/// The files and folders that are not clean yet.
const PENDING: [&str; 0] = [];

/// The words to avoid: all that stands in backticks in the last column of the glossary's tables.
fn avoided() -> Vec<&'static str> {
    let (_, glossary) = GLOSSARY.split_once("## Glossary").expect("the section");
    let glossary = glossary.split("\n## ").next().unwrap_or_default();
    let rows = glossary.lines().filter_map(|line| line.strip_suffix('|')?.rsplit_once('|'));
    rows.flat_map(|(_, avoid)| avoid.split('`').skip(1).step_by(2)).collect()
}

/// Finds the words to avoid as whole words, however a text breaks its lines.
fn matcher(words: &[&str]) -> Regex {
    let words: Vec<String> = words.iter().map(|word| regex::escape(word).replace(' ', r"\s+")).collect();
    Regex::new(&format!(r"(?i)\b(?:{})\b", words.join("|"))).unwrap()
}

/// The words of `text` that are to be avoided, each with what stands around it. Code in backticks is no prose.
fn found(matcher: &Regex, text: &str) -> Vec<String> {
    let code = Regex::new("(?s)```.*?```|`[^`\n]*`").unwrap();
    let prose = code.replace_all(text, "_");
    let around = |place: regex::Match<'_>| {
        let from = prose.floor_char_boundary(place.start().saturating_sub(40));
        let to = prose.ceil_char_boundary((place.end() + 40).min(prose.len()));
        prose[from..to].split_whitespace().collect::<Vec<_>>().join(" ")
    };
    matcher.find_iter(&prose).map(around).collect()
}

/// What people read of a Rust file: its comments, its string literals, and the names of its functions.
fn texts_of_rust(source: &str) -> String {
    let token = Regex::new(
        r##"(?s)//[/!]?(?<comment>[^\n]*)|\br#+"(?<raw>.*?)"#|"(?<literal>(?:[^"\\]|\\.)*)"|'(?:[^'\\]|\\[^']+)'|\bfn (?<name>\w+)"##,
    )
    .unwrap();
    let (mut comments, mut others) = (String::new(), String::new());
    for token in token.captures_iter(source) {
        if let Some(comment) = token.name("comment") {
            comments.extend([comment.as_str(), "\n"]);
        } else if let Some(name) = token.name("name") {
            others.extend([&name.as_str().replace('_', " "), " .\n"]);
        } else if let Some(text) = token.name("literal").or(token.name("raw")) {
            others.extend([&text.as_str().replace("\\\n", " "), " .\n"]);
        }
    }
    comments + &others
}

/// The text of a file that is checked; `None` for a kind of file that nobody reads as text.
fn text(path: &Path) -> Option<String> {
    let read = || fs::read_to_string(path).unwrap();
    match path.extension()?.to_str()? {
        "rs" => Some(texts_of_rust(&read())),
        "toml" => Some(read().lines().flat_map(|line| [line.trim_start_matches(['#', ' ']), "\n"]).collect()),
        "md" | "snap" => Some(read()),
        _ => None,
    }
}

/// Every file below `path`, relative to the package's root.
fn files(path: &Path) -> Vec<PathBuf> {
    let full = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if !full.is_dir() {
        return vec![path.to_path_buf()];
    }
    let entries = fs::read_dir(full).unwrap().map(|entry| path.join(entry.unwrap().file_name()));
    entries.filter(|path| !path.ends_with("target")).flat_map(|path| files(&path)).collect()
}

/// What `lamtop` prints for `arguments`.
fn printed(arguments: &[&str]) -> String {
    let nothing = Surroundings { variable: &|_| None, read: &|_| Err(std::io::ErrorKind::NotFound.into()) };
    match cli::parse(arguments, &nothing) {
        Ok(Invocation::Print(text)) => text,
        other => panic!("{arguments:?}: {other:?}"),
    }
}

#[test]
fn files_keep_to_the_glossary() {
    let matcher = matcher(&avoided());
    let all: Vec<PathBuf> = CHECKED.iter().flat_map(|path| files(Path::new(path))).collect();
    let is_pending = |path: &PathBuf| PENDING.iter().any(|pending| path.starts_with(pending));
    let mut wrong = Vec::new();
    for path in all.iter().filter(|path| !is_pending(path)) {
        let text = text(&Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap_or_default();
        wrong.extend(found(&matcher, &text).into_iter().map(|around| format!("{}: … {around} …", path.display())));
    }
    assert!(wrong.is_empty(), "{} words to avoid, see CONTRIBUTING.md:\n{}", wrong.len(), wrong.join("\n"));
    for pending in PENDING {
        let of_it = all.iter().filter(|path| path.starts_with(pending)).filter_map(|path| text(path));
        assert!(
            of_it.flat_map(|text| found(&matcher, &text)).next().is_some(),
            "{pending} is clean: take it from PENDING"
        );
    }
}

#[test]
fn help_keeps_to_the_glossary() {
    let matcher = matcher(&avoided());
    for command in ["", "demo", "snapshot", "check", "canary", "iam-policy", "config", "completions", "man"] {
        let arguments: Vec<&str> = ["lamtop", command, "--help"].into_iter().filter(|word| !word.is_empty()).collect();
        assert_eq!(found(&matcher, &printed(&arguments)), [""; 0], "{command}");
    }
    assert_eq!(found(&matcher, &printed(&["lamtop", "man"])), [""; 0]);
}

#[test]
fn words_to_avoid_are_read_and_found() {
    let words = avoided();
    assert!(words.contains(&"told") && words.contains(&"view before"), "{words:?}");
    let matcher = matcher(&words);
    assert_eq!(found(&matcher, "The view\n  before, and `told`, and retold."), ["The view before, and _, and retold."]);
    let rust = "/// A request\n/// is refused.\nfn is_told(quote: char) { quote == '\"'; f(r#\"Of its \"calls\"\"#, \"so \\\n  many\") }";
    assert_eq!(found(&matcher, &texts_of_rust(rust)).len(), 3, "{}", texts_of_rust(rust));
}
