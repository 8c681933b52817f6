//! The README says what is so: its keys are those of `config/keys.toml`, its files exist, its commands parse.

use std::fmt::Write as _;
use std::path::Path;

use lamtop::tui::keymap::{Keymap, Layer};

const README: &str = include_str!("../../README.md");

/// What stands between the README's markers of `part`.
fn shown(part: &str) -> &'static str {
    let (_, rest) = README.split_once(&format!("<!-- {part}: ")).expect("the marker before");
    let (_, rest) = rest.split_once("kept by a test -->\n").expect("its end");
    rest.split_once(&format!("<!-- /{part} -->")).expect("the marker after").0
}

/// The table of scenarios as it belongs between the README's markers.
fn scenarios() -> String {
    let mut table = String::from("| scenario | what it shows |\n|---|---|\n");
    for known in lambda_simulator::scenarios() {
        writeln!(table, "| `{}` | {} |", known.name, known.scenario().unwrap().summary()).unwrap();
    }
    table
}

#[test]
fn the_table_of_scenarios_is_the_demo_s_list() {
    let expected = scenarios();
    assert_eq!(shown("scenarios"), expected, "the README's table of scenarios should read:\n{expected}");
    let others = lambda_simulator::scenarios().len() - 1;
    assert!(README.contains(&format!("There are [{others} more incidents](#the-demo)")), "{others}");
}

/// The table of keys as it belongs between the README's markers.
fn keys() -> String {
    let keymap = Keymap::shipped().unwrap();
    let layers = [
        (Layer::Global, "everywhere"),
        (Layer::Functions, "functions"),
        (Layer::Function, "a function"),
        (Layer::Logs, "a function's log"),
        (Layer::Traffic, "traffic"),
        (Layer::Findings, "findings"),
        (Layer::Health, "health"),
        (Layer::Filter, "typing a filter"),
    ];
    let mut table = String::from("| where | keys | what they do |\n|---|---|---|\n");
    for (layer, place) in layers {
        for binding in keymap.bindings(layer) {
            let keys: Vec<String> = binding.keys.iter().map(|key| format!("`{key}`")).collect();
            writeln!(table, "| {place} | {} | {} |", keys.join(" "), binding.description).unwrap();
        }
    }
    table
}

#[test]
fn the_table_of_keys_is_the_keymap() {
    let expected = keys();
    assert_eq!(shown("keys"), expected, "the README's table of keys should read:\n{expected}");
}

#[test]
fn every_file_it_points_to_is_there() {
    let links = README.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(link, _)| link));
    let files: Vec<&str> = links.filter(|link| !link.starts_with("http") && !link.starts_with('#')).collect();
    assert!(files.len() > 3, "{files:?}");
    for file in files {
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(file).exists(), "{file}");
    }
}

/// Every `lamtop` command line in the README's console blocks, without its comment.
fn commands() -> Vec<Vec<String>> {
    let lines = README.lines().filter_map(|line| line.strip_prefix("$ "));
    let commands = lines.filter_map(|line| {
        let line = line.split(['#', '|', '>']).next()?;
        let words = line.split_whitespace().skip_while(|word| word.contains('='));
        let words: Vec<String> = words.map(ToString::to_string).collect();
        (words.first()? == "lamtop").then_some(words)
    });
    commands.collect()
}

#[test]
fn its_commands_are_understood() {
    let commands = commands();
    assert!(commands.len() >= 4, "{commands:?}");
    let nothing =
        lamtop::config::Surroundings { variable: &|_| None, read: &|_| Err(std::io::ErrorKind::NotFound.into()) };
    for command in commands {
        lamtop::cli::parse(&command, &nothing).unwrap_or_else(|error| panic!("{command:?}: {error}"));
    }
}
