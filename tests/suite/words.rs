//! One word for one thing: all text that people read keeps to the glossary in `CONTRIBUTING.md`.

use std::fs;
use std::path::{Path, PathBuf};

use lamtop::cli::{self, Invocation};
use lamtop::config::Surroundings;
use regex::Regex;

const CONTRIBUTING: &str = include_str!("../../CONTRIBUTING.md");

/// The files and folders that are checked. Screens are the golden ones in the `snapshots` folders.
const CHECKED: [&str; 10] =
    ["README.md", "CHANGELOG.md", "docs", "config", "src", "crates", "examples", "benches", "fuzz", "tests"];

/// This file, whose samples are wrong on purpose.
const SAMPLES: &str = "tests/suite/words.rs";

/// Finds words to avoid in texts.
struct Glossary {
    /// The words to avoid, as whole words, however a text breaks its lines.
    avoided: Regex,
    /// Code in Markdown, which is no prose.
    code: Regex,
    /// What people read of a Rust file: comments, string literals, and names of functions.
    rust: Regex,
}

impl Glossary {
    fn new(words: &[&str]) -> Self {
        let words: Vec<String> = words.iter().map(|word| regex::escape(word).replace(' ', r"\s+")).collect();
        let rust = r##"(?s)//[/!]?(?<comment>[^\n]*)|\br#+"(?<raw>.*?)"#|"(?<literal>(?:[^"\\]|\\.)*)"|'(?:[^'\\]|\\[^']+)'|\bfn (?<name>\w+)"##;
        Self {
            avoided: Regex::new(&format!(r"(?i)\b(?:{})\b", words.join("|"))).unwrap(),
            code: Regex::new("(?s)```.*?```|`[^`\n]*`").unwrap(),
            rust: Regex::new(rust).unwrap(),
        }
    }

    /// The words to avoid in `text`, each with the text around it.
    fn found(&self, text: &str) -> Vec<String> {
        let prose = self.code.replace_all(text, "_");
        let around = |place: regex::Match<'_>| {
            let from = prose.floor_char_boundary(place.start().saturating_sub(40));
            let to = prose.ceil_char_boundary((place.end() + 40).min(prose.len()));
            prose[from..to].split_whitespace().collect::<Vec<_>>().join(" ")
        };
        self.avoided.find_iter(&prose).map(around).collect()
    }

    /// The prose of a Rust file.
    fn prose_of(&self, source: &str) -> String {
        let (mut comments, mut others) = (String::new(), String::new());
        for token in self.rust.captures_iter(source) {
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

    /// The words to avoid in a file; none in a kind of file that nobody reads as text.
    fn found_in(&self, path: &Path) -> Vec<String> {
        let text = || fs::read_to_string(root().join(path)).unwrap();
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("rs") => self.found(&self.prose_of(&text())),
            Some("toml") => self.found(&text().replace("\n#", "\n")),
            Some("md" | "snap") => self.found(&text()),
            _ => Vec::new(),
        }
    }
}

/// The words to avoid: everything in backticks in the last column of the glossary's tables.
fn avoided() -> Vec<&'static str> {
    let (_, glossary) = CONTRIBUTING.split_once("## Glossary").expect("the section");
    let glossary = glossary.split("\n## ").next().unwrap_or_default();
    let rows = glossary.lines().filter_map(|line| line.strip_suffix('|')?.rsplit_once('|'));
    rows.flat_map(|(_, avoid)| avoid.split('`').skip(1).step_by(2)).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below `path`, relative to the package's root.
fn files(path: &Path) -> Vec<PathBuf> {
    let full = root().join(path);
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
    let glossary = Glossary::new(&avoided());
    let mut wrong = Vec::new();
    for path in CHECKED.iter().flat_map(|path| files(Path::new(path))).filter(|path| !path.ends_with(SAMPLES)) {
        let found = glossary.found_in(&path);
        wrong.extend(found.into_iter().map(|around| format!("{}: … {around} …", path.display())));
    }
    assert!(wrong.is_empty(), "{} words to avoid, see CONTRIBUTING.md:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn help_keeps_to_the_glossary() {
    let glossary = Glossary::new(&avoided());
    for command in ["", "demo", "snapshot", "check", "canary", "iam-policy", "config", "completions", "man"] {
        let arguments: Vec<&str> = ["lamtop", command, "--help"].into_iter().filter(|word| !word.is_empty()).collect();
        assert_eq!(glossary.found(&printed(&arguments)), [""; 0], "{command}");
    }
    assert_eq!(glossary.found(&printed(&["lamtop", "man"])), [""; 0]);
}

#[test]
fn words_to_avoid_are_read_and_found() {
    let words = avoided();
    assert!(words.contains(&"told") && words.contains(&"view before"), "{words:?}");
    let glossary = Glossary::new(&words);
    let text = "The view\n  before, and `told`, and retold.";
    assert_eq!(glossary.found(text), ["The view before, and _, and retold."]);
    let rust = "/// A request\n/// is refused.\nfn is_told(quote: char) { quote == '\"'; f(r#\"Of its \"calls\"\"#, \"so \\\n  many\") }";
    assert_eq!(glossary.found(&glossary.prose_of(rust)).len(), 3, "{}", glossary.prose_of(rust));
}
