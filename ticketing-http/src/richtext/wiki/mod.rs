//! Wiki markup, as Jira keeps it where it does not keep ADF.
//!
//! ```
//! use ticketing_http::richtext::wiki;
//! let shown = wiki::to_markdown("h2. Steps\n\n# open {{a.txt}}\n## read *all* of it\n{color:red}now{color}, [~ann]");
//! assert_eq!(shown.value, "## Steps\n\n1. open `a.txt`\n   1. read **all** of it\\\n      now, [@ann](mention:ann)");
//! assert_eq!(shown.losses[0].to_string(), "line 4: color shown without its formatting");
//! assert_eq!(wiki::from_markdown("**a** _b_ and `c`\n\n- [x](https://example.com)").value,
//!     "*a* _b_ and {{c}}\n\n* [x|https://example.com]");
//! ```

mod inline;
mod read;
#[cfg(test)]
mod tests;
mod write;

use super::loss::{Converted, LossKind};
use super::markdown;
use super::segments::{Piece, Segment, merge};
use super::spans::clean;

/// The Markdown of a wiki text, and what it cannot show.
#[must_use]
pub fn to_markdown(wiki: &str) -> Converted<String> {
    let read = read::read(&clean(wiki));
    read.losses.with(markdown::write(&read.blocks).markdown)
}

/// The wiki markup of a Markdown text, and what it cannot hold.
///
/// A task is written with ☐ or ☑, an alert as a panel with a title.
#[must_use]
pub fn from_markdown(text: &str) -> Converted<String> {
    let mut read = markdown::read(text);
    let wiki = write::write(&read.blocks, &mut read.losses);
    read.losses.with(wiki)
}

/// The wiki markup after an edit of its Markdown, and what the edit could not hold or overwrote.
///
/// `text` is the edited Markdown of `to_markdown(native)`. Blocks that it left alone are the native ones, byte for byte.
#[must_use]
pub fn edit(native: &str, text: &str) -> Converted<String> {
    let source = clean(native);
    let before = read::read(&source);
    let mut edited = markdown::read(text);
    let (mut blocks, mut losses) = (0, 0);
    let segments: Vec<Segment> = before
        .pieces
        .iter()
        .map(|(range, until, lost)| Segment {
            native: source[range.clone()].trim_end_matches('\n').to_owned(),
            blocks: std::mem::replace(&mut blocks, *until)..*until,
            lossy: *lost > std::mem::replace(&mut losses, *lost),
        })
        .collect();
    let Some((pieces, gone)) = merge(&segments, &before.blocks, &edited.blocks) else {
        return edited.losses.with(native.to_owned());
    };
    let is_lossy = |number: &usize| segments[*number].lossy || has_more_than_words(&segments[*number].native);
    for number in gone.into_iter().filter(is_lossy) {
        let at = || format!("block {}", number + 1);
        edited.losses.add(at, LossKind::Overwritten, "what Markdown cannot say of the wiki markup");
    }
    let written: Vec<String> = pieces
        .into_iter()
        .map(|piece| match piece {
            Piece::Kept(number) => segments[number].native.clone(),
            Piece::New(blocks) => write::write(&edited.blocks[blocks], &mut edited.losses),
        })
        .collect();
    edited.losses.with(written.join("\n\n"))
}

/// Whether markup has something that is read as its letters: icons, citations, dashes, links to attachments and issues, text
/// without formatting, lists with dashes. Written anew, it would be those letters.
fn has_more_than_words(native: &str) -> bool {
    const MARKS: [&str; 19] = [
        "(!)",
        "(/)",
        "(x)",
        "(?)",
        "(i)",
        "(+)",
        "(-)",
        "(*)",
        "(on)",
        "(off)",
        "(y)",
        "(n)",
        ":)",
        ":(",
        "??",
        " -- ",
        " --- ",
        "[^",
        "{noformat",
    ];
    let is_key = |text: &str| {
        let key = text.split_once(']').and_then(|(inside, _)| inside.rsplit_once('-'));
        key.is_some_and(|(project, number)| {
            project.starts_with(|c: char| c.is_ascii_uppercase())
                && project.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
                && !number.is_empty()
                && number.bytes().all(|b| b.is_ascii_digit())
        })
    };
    MARKS.iter().any(|mark| native.contains(mark))
        || native.split('[').skip(1).any(is_key)
        || native.lines().any(|line| line.trim_start().starts_with("- "))
}
