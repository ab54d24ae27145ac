//! An edit of the Markdown of a text that is kept in pieces: pieces that were not touched stay as they are.

use std::ops::Range;

use super::align::{Fate, fates};
use super::document::Block;
use super::markdown;

/// A piece of native text, and the blocks that it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) native: String,
    pub(crate) blocks: Range<usize>,
    /// Whether Markdown cannot say all of it.
    pub(crate) lossy: bool,
}

/// A piece of the edited text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// This segment as it was.
    Kept(usize),
    /// These blocks of the edited Markdown.
    New(Range<usize>),
}

/// What an edit leaves of the segments; `None` if it changes nothing. The second list names the segments that are gone.
pub(crate) fn merge(segments: &[Segment], blocks: &[Block], edited: &[Block]) -> Option<(Vec<Piece>, Vec<usize>)> {
    let written = markdown::write(blocks);
    let read = markdown::read(&written.markdown);
    if read.blocks == edited {
        return None;
    }
    // Where Markdown does not read back one for one, blocks are found by their place in the text.
    let owner = |at: usize| written.ranges.partition_point(|range| range.start <= at).saturating_sub(1);
    let owners: Vec<usize> = read.ranges.iter().map(|range| owner(range.start)).collect();
    let fates = fates(&read.blocks, edited, |_, _, _| false);
    let mut pieces = Vec::with_capacity(segments.len());
    let mut gone = Vec::new();
    let mut next = 0;
    for (number, segment) in segments.iter().enumerate() {
        let from = owners.partition_point(|owner| *owner < segment.blocks.start);
        let to = owners.partition_point(|owner| *owner < segment.blocks.end);
        let mine = &fates[from..to];
        let place = |fate: &Fate| fate.place();
        let (first, last) = match (mine.first().and_then(place), mine.last().and_then(place)) {
            (Some(first), Some(last))
                if last + 1 - first == mine.len() && mine.iter().all(|fate| fate.place().is_some()) =>
            {
                (first, last)
            }
            // A piece without words stays where it is.
            _ if mine.is_empty() => {
                pieces.push(Piece::Kept(number));
                continue;
            }
            _ => {
                gone.push(number);
                continue;
            }
        };
        if next < first {
            pieces.push(Piece::New(next..first));
        }
        pieces.push(Piece::Kept(number));
        next = last + 1;
    }
    if next < edited.len() {
        pieces.push(Piece::New(next..edited.len()));
    }
    Some((pieces, gone))
}
