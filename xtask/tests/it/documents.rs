//! What the documents say of the project is true where a machine can see it: links lead somewhere, names exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::root;

/// Every file that is ours, with dot folders but not git's own.
fn files() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            match path.is_dir() {
                true if ["target", ".git", "node_modules"].contains(&name.as_str()) => {}
                true => folders.push(path),
                // In a linked work tree `.git` is a file.
                false if name == ".git" => {}
                false => found.push(path),
            }
        }
    }
    found
}

fn documents() -> Vec<(PathBuf, String)> {
    let markdown = files().into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    markdown.map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// The anchors of a document's headings, made the way the places that show it do.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    let mut heading: Option<String> = None;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::Text(words) | Event::Code(words) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&words);
                }
            }
            Event::End(TagEnd::Heading(_)) => {
                let words = heading.take().unwrap_or_default().to_lowercase();
                let kept = words.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
                anchors.insert(kept.collect::<String>().replace(' ', "-"));
            }
            _ => {}
        }
    }
    anchors
}

#[test]
fn every_relative_link_leads_somewhere() {
    let documents = documents();
    let mut followed = 0;
    for (path, text) in &documents {
        for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
            let Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) = event else { continue };
            if dest_url.contains("://") || dest_url.starts_with("mailto:") {
                continue;
            }
            let (file, anchor) = dest_url.split_once('#').unwrap_or((&dest_url, ""));
            let target = if file.is_empty() { path.clone() } else { path.parent().unwrap().join(file) };
            assert!(target.exists(), "{}: the link to `{dest_url}` leads nowhere", relative(path));
            if !anchor.is_empty() {
                let text = fs::read_to_string(&target).unwrap();
                assert!(anchors(&text).contains(anchor), "{}: `{dest_url}` has no such heading", relative(path));
            }
            followed += 1;
        }
    }
    assert!(followed > 20, "only {followed} links in {} documents", documents.len());
}

#[test]
fn each_document_begins_with_its_title() {
    for (path, text) in documents() {
        // A crate's documentation has the crate's name above it.
        if path.ends_with("src/docs.md") {
            continue;
        }
        let first = Parser::new(&text).next();
        let titled = matches!(first, Some(Event::Start(Tag::Heading { level: HeadingLevel::H1, .. })));
        assert!(titled, "{} does not begin with its title", relative(&path));
    }
}

#[test]
fn every_provider_has_its_pages() {
    let index = fs::read_to_string(root().join("docs/providers/README.md")).unwrap();
    for entry in fs::read_dir(root()).unwrap() {
        let folder = entry.unwrap().file_name().to_string_lossy().into_owned();
        let Some(name) = folder.strip_prefix("provider-") else { continue };
        assert!(root().join(format!("docs/providers/{name}.md")).is_file(), "docs/providers/{name}.md is missing");
        assert!(index.contains(&format!("({name}.md)")), "docs/providers/README.md does not link {name}.md");
        let own = fs::read_to_string(root().join(&folder).join("src/docs.md")).unwrap();
        for heading in
            ["# Configuration", "# Identity", "# Native values", "# Reading", "# Writing", "# Where it deviates"]
        {
            assert!(own.contains(&format!("\n{heading}")), "{folder}/src/docs.md has no `{heading}`");
        }
    }
}

/// The tests that ARCHITECTURE.md and other documents name exist; a renamed test must not leave a promise behind.
#[test]
fn named_tests_exist() {
    let sources: String = super::sources(&root()).into_iter().map(|(_, text)| text).collect();
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let invariants = text.split("## Invariants").nth(1).unwrap().split("\n## ").next().unwrap();
    let mut named = 0;
    for event in Parser::new(invariants) {
        let Event::Code(word) = event else { continue };
        let is_test = word.contains('_') && word.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        if is_test && !["unsafe_code", "missing_trait_methods"].contains(&&*word) {
            assert!(sources.contains(&format!("fn {word}()")), "ARCHITECTURE.md names `{word}`, which is no test");
            named += 1;
        }
    }
    assert!(named > 1);
}

#[test]
fn every_step_of_ci_is_described_and_run() {
    let script = fs::read_to_string(root().join(".ci/run")).unwrap();
    let steps = script.lines().find_map(|line| line.split("|| steps=(").nth(1)?.split(')').next()).unwrap();
    let described = script.lines().find_map(|line| line.split("these steps: ").nth(1)).unwrap();
    assert_eq!(steps, described, "the script's own description is behind");
    for step in steps.split_whitespace() {
        assert!(script.contains(&format!("\n{step}() {{")), "{step} has no function");
    }
    assert!(script.contains("cargo test --workspace --locked\n"), "the README's test command, as it stands there");
}

#[test]
fn nothing_names_a_machine_and_no_notes_are_left() {
    let homes = ["/home/", "/root/", "/Users/", "/tmp/", "/work/", "C:\\Users"];
    for path in files() {
        let name = relative(&path);
        let notes =
            path.extension().is_some_and(|extension| extension == "txt") && !name.contains("proptest-regressions");
        let pins = name.ends_with("requirements.txt") || name.contains("/requirements/");
        assert!(!notes || pins, "{name}: notes do not belong to the project");
        // This file names what it looks for; what is no text has no words.
        let Ok(text) = fs::read_to_string(&path) else { continue };
        if name.ends_with("documents.rs") || name.ends_with(".snap") {
            continue;
        }
        for home in homes {
            assert!(!text.contains(home), "{name} names a folder of somebody's machine: `{home}…`");
        }
    }
}
