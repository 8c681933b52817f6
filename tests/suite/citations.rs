//! Facts about AWS are in `docs/aws.md`: every citation in a comment has its heading, and every heading its citation.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use regex::Regex;

use crate::architecture::text_files;

/// The anchor that a heading gets on GitHub: small letters, no punctuation, `-` for a space.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    kept.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// The anchors of a page's headings; only those of its facts, if so wanted.
fn anchors(page: &str, only_facts: bool) -> BTreeSet<String> {
    let headings = page.lines().filter(|line| line.starts_with(if only_facts { "### " } else { "#" }));
    headings.map(|line| anchor(line.trim_start_matches('#'))).collect()
}

/// Every `docs/PAGE.md#ANCHOR` of the repository, with the file that cites it.
fn citations() -> Vec<(String, String, String)> {
    let citation = Regex::new(r"docs/([a-z]+)\.md#([a-z0-9-]+)").unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    // This file and the page itself show what a citation looks like.
    let files =
        text_files(root).into_iter().filter(|path| !path.ends_with("citations.rs") && !path.ends_with("docs/aws.md"));
    files
        .flat_map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            let cited = citation.captures_iter(&text).map(|found| (found[1].to_string(), found[2].to_string()));
            cited.map(|(page, anchor)| (path.display().to_string(), page, anchor)).collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn anchors_are_those_of_github() {
    assert_eq!(anchors("# Top\n## Init phase\ntext\n### `GetMetricData`, v2\n", false).len(), 3);
    assert_eq!(anchors("## Init phase\n### `GetMetricData`, v2\n", true), ["getmetricdata-v2".to_string()].into());
}

#[test]
fn every_citation_has_its_heading() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let citations = citations();
    assert!(citations.len() > 60, "citations are no longer recognised: {}", citations.len());
    let page = |page: &str| fs::read_to_string(root.join(format!("docs/{page}.md"))).unwrap_or_default();
    let dangling = |(_, name, anchor): &&(String, String, String)| !anchors(&page(name), false).contains(anchor);
    let dangling: Vec<_> = citations.iter().filter(dangling).collect();
    assert!(dangling.is_empty(), "{dangling:#?}");
}

#[test]
fn every_fact_is_cited() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let facts = anchors(&fs::read_to_string(root.join("docs/aws.md")).unwrap(), true);
    let cited: BTreeSet<String> =
        citations().into_iter().filter(|(_, page, _)| page == "aws").map(|(_, _, anchor)| anchor).collect();
    let unused: Vec<_> = facts.difference(&cited).collect();
    assert!(facts.len() > 30 && unused.is_empty(), "nothing relies on {unused:?}");
}

/// A comment cites what a reader of the repository can open, also one that stands after code.
#[test]
fn no_comment_cites_a_page_that_is_not_here() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let comment = Regex::new(r"(?://[/!]?|#) .*").unwrap();
    let page = Regex::new(r"\b[\w/-]+\.md\b").unwrap();
    let (mut missing, mut checked) = (Vec::new(), 0);
    for path in text_files(root) {
        if path.ends_with("citations.rs") || path.extension().is_some_and(|ending| ending == "md") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for found in comment.find_iter(&text).flat_map(|comment| page.find_iter(comment.as_str())) {
            checked += 1;
            if !root.join(found.as_str()).exists() {
                missing.push(format!("{}: {}", path.display(), found.as_str()));
            }
        }
    }
    assert!(checked > 60, "pages are no longer recognised: {checked}");
    assert!(missing.is_empty(), "{missing:#?}");
}
