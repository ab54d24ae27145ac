//! Rich text: whatever a text is, it is read; nothing of its words goes without a word about it; what is written is valid, safe
//! and the same the next time; and what Markdown cannot say survives an edit elsewhere.

mod adf;
mod html;
mod markdown;
mod wiki;

pub(crate) use markdown::PIECES as TYPED;

use std::collections::BTreeMap;

use serde_json::Value;
use ticketing_http::richtext::{Loss, LossKind, adf as to_adf};

/// How often each letter is in a text.
fn letters(text: &str) -> BTreeMap<char, usize> {
    let mut letters = BTreeMap::new();
    // Nothing but letters: marks, digits and signs may stand for something in one of the formats.
    text.chars().filter(|c| c.is_ascii_lowercase()).for_each(|c| *letters.entry(c).or_default() += 1);
    letters
}

/// Every text in an ADF document.
fn words_of(node: &Value, out: &mut String) {
    match node {
        Value::Array(nodes) => nodes.iter().for_each(|node| words_of(node, out)),
        Value::Object(node) => {
            if node.get("type").and_then(Value::as_str) == Some("text")
                && let Some(text) = node.get("text").and_then(Value::as_str)
            {
                out.push_str(text);
                out.push(' ');
            }
            if let Some(alternative) = node.get("attrs").and_then(|attrs| attrs["alt"].as_str()) {
                out.push_str(alternative);
            }
            if let Some(name) = node.get("attrs").and_then(|attrs| attrs["text"].as_str()) {
                out.push_str(name);
            }
            if let Some(content) = node.get("content") {
                words_of(content, out);
            }
        }
        _ => {}
    }
}

/// The words of a Markdown text, without what is markup in it.
pub(crate) fn shown_words(markdown: &str) -> String {
    let document: Value = serde_json::from_str(&to_adf::from_markdown(markdown).value).unwrap();
    let mut words = String::new();
    words_of(&document, &mut words);
    words
}

/// Whether anything of the words may be missing: only where that was said.
pub(crate) fn may_lose_words(losses: &[Loss]) -> bool {
    losses.iter().any(|loss| matches!(loss.kind, LossKind::Removed | LossKind::Malformed | LossKind::UnsafeAddress))
}

pub(crate) fn assert_has_words(shown: &str, wanted: &str, about: &str) {
    let has = letters(shown);
    for (letter, count) in letters(wanted) {
        let own = has.get(&letter).copied().unwrap_or_default();
        assert!(own >= count, "{letter:?} is there {own} times and not {count}: {shown:?} of {wanted:?}, {about}");
    }
}

/// Fails unless each loss says what became of what, and where.
fn assert_told(losses: &[Loss]) {
    for loss in losses {
        let told = loss.to_string();
        assert!(!loss.at.is_empty() && !loss.what.is_empty(), "{told:?} says nothing");
        assert!(told.len() < 2_000, "{} bytes are no message", told.len());
    }
}

/// A wall clock's limit, far beyond what any of these inputs needs: a machine under load takes its time.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);

/// Fails where something takes long.
#[expect(clippy::disallowed_methods, reason = "nothing here waits: what is measured is work")]
fn in_time<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let begun = std::time::Instant::now();
    let done = work();
    assert!(begun.elapsed() < PATIENCE, "{what} took {:?}", begun.elapsed());
    done
}
