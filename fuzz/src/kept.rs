//! Inputs that were worth keeping: each target tries its own before anything else, in every run.

use std::path::{Path, PathBuf};

/// The inputs in `inputs/TARGET/*.hex`, by path: bytes as hex digits, blanks and lines as one likes.
///
/// # Panics
/// Where a file is not that: an input that is passed over in silence tests nothing.
#[must_use]
#[expect(clippy::panic, reason = "see above")]
pub fn kept(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("inputs").join(target);
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let digits: String = text.split_whitespace().collect();
            let bytes = bytes_of(&digits).unwrap_or_else(|| panic!("{} holds no bytes in hex", path.display()));
            (path, bytes)
        })
        .collect()
}

fn bytes_of(digits: &str) -> Option<Vec<u8>> {
    if !digits.is_ascii() || !digits.len().is_multiple_of(2) {
        return None;
    }
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).ok()).collect()
}
