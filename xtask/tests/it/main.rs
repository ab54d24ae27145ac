//! Invariants of the workspace that no compiler checks; ARCHITECTURE.md lists them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod documents;
mod secrets;

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The Rust files below a folder, with their texts.
fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if !path.ends_with("target") && !path.file_name().unwrap().to_string_lossy().starts_with('.') {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    assert!(!found.is_empty(), "no sources below {}", folder.display());
    found
}

/// A text without its documentation and comments, in lower case.
fn code(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n").to_lowercase()
}

#[test]
fn core_names_no_vendor() {
    const VENDORS: [&str; 8] = ["servicenow", "jira", "atlassian", "zendesk", "github", "gitlab", "asana", "reqwest"];
    for (path, text) in sources(&root().join("ticketing-core/src")) {
        // Tests show what an error about some provider looks like.
        let text = code(text.split("#[cfg(test)]").next().unwrap());
        for vendor in VENDORS {
            assert!(!text.contains(vendor), "{} names `{vendor}`", path.display());
        }
    }
}

#[test]
fn http_plane_names_no_vendor_in_its_behaviour() {
    for (path, text) in sources(&root().join("ticketing-http/src")) {
        let text = code(text.split("#[cfg(test)]").next().unwrap());
        for vendor in ["servicenow", "jira", "atlassian", "zendesk", "github", "linear.app", "asana", "sysparm"] {
            assert!(!text.contains(vendor), "{} names `{vendor}`", path.display());
        }
    }
}

#[test]
fn files_stay_small() {
    const LONGEST: usize = 600;
    for (path, text) in sources(&root()) {
        let lines = text.lines().count();
        assert!(lines <= LONGEST, "{} has {lines} lines; split it by purpose", path.display());
    }
}

#[test]
fn every_provider_has_the_same_rooms() {
    const ROOMS: [&str; 9] =
        ["api.rs", "auth.rs", "config.rs", "delta.rs", "error.rs", "lib.rs", "provider.rs", "webhook.rs", "docs.md"];
    // A room that has grown is a folder of the same name.
    const ROOMS_OR_FOLDERS: [&str; 3] = ["map", "query", "wire"];
    for entry in fs::read_dir(root()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        // The reference provider speaks to no vendor: it has no wire, no endpoints and no credential.
        if !name.starts_with("provider-") || name == "provider-memory" {
            continue;
        }
        for room in ROOMS {
            let here = path.join("src").join(room);
            let folder = here.with_extension("");
            assert!(here.is_file() || folder.is_dir(), "{name} has no {room}");
        }
        for room in ROOMS_OR_FOLDERS {
            let folder = path.join("src").join(room);
            assert!(folder.is_dir() || folder.with_extension("rs").is_file(), "{name} has no {room}");
        }
    }
}

#[test]
fn a_rust_toolchain_and_a_c_compiler_are_enough() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    for unwanted in ["openssl-sys", "native-tls", "aws-lc-sys", "aws-lc-rs", "cmake", "bindgen"] {
        assert!(
            !lock.contains(&format!("name = \"{unwanted}\"")),
            "{unwanted} came into the tree: see `cargo tree -i {unwanted}`"
        );
    }
}

#[test]
fn rooms_are_named_for_their_purpose() {
    for (path, _) in sources(&root()) {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        for vague in ["utils", "util", "helpers", "manager", "misc", "common"] {
            assert_ne!(name, vague, "{} says nothing of its purpose", path.display());
        }
    }
}

#[test]
fn decisions_are_numbered_one_after_the_other() {
    let mut numbers: Vec<u32> = fs::read_dir(root().join("docs/decisions"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy()[..4].parse().unwrap())
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=u32::try_from(numbers.len()).unwrap()).collect::<Vec<_>>());
}
