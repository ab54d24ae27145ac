//! No case is forgotten.

use std::collections::BTreeSet;

/// Every public case function of `src/cases` is in the suite's list, and the list names nothing else.
#[test]
fn every_case_is_in_the_suite() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cases");
    let mut written = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let room = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        for line in text.lines() {
            let function = line.strip_prefix("pub async fn ").and_then(|rest| rest.split('(').next());
            // Cases of one sort are lines of a table: `by_creation: CreatedAt;`.
            let row =
                line.strip_prefix("    ").and_then(|row| row.strip_suffix(';')).and_then(|row| row.split_once(": "));
            let is_word = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            let row = row.filter(|(name, kind)| is_word(name) && is_word(kind)).map(|(name, _)| name);
            if let Some(name) = function.or(row).filter(|name| is_word(name)) {
                written.insert(format!("{room}::{name}"));
            }
        }
    }
    let listed: BTreeSet<String> = conformance_tests::CASES.iter().map(|case| (*case).to_owned()).collect();
    assert_eq!(written.difference(&listed).collect::<Vec<_>>(), Vec::<&String>::new(), "written, and not in the suite");
    assert_eq!(listed.difference(&written).collect::<Vec<_>>(), Vec::<&String>::new(), "in the suite, and not found");
    assert!(listed.len() >= 80, "{} cases", listed.len());
}
