//! An edit within a line: nodes that the edit left alone stay as they were.

use serde_json::value::RawValue;

use super::merge::Members;
use super::node::Node;
use super::read::Reader;
use super::write::Writer;
use crate::richtext::align::equal;
use crate::richtext::document::{Kind, Span};
use crate::richtext::loss::LossKind;
use crate::richtext::spans::{BLANKS, push, undress};

/// Writes an edited line, with the native nodes where they still stand in it.
pub(super) fn merge(writer: &mut Writer, raws: &[&RawValue], edited: &[Span]) {
    let mut before = Vec::new();
    let mut natives = Vec::new();
    for raw in raws {
        let node = Node::parse(raw);
        let mut reader = Reader::default();
        let mut spans = Vec::new();
        reader.inline(&node, &mut spans);
        let from = before.len();
        tokens(&spans, &mut before);
        natives.push(Native { raw, from, to: before.len(), lossy: reader.losses.len() > 0, is_text: node.is("text") });
    }
    let mut after = Vec::new();
    tokens(edited, &mut after);
    // As Markdown has them: blanks at the edges of emphasis stand outside it.
    undress(&mut before);
    let pairs = equal(&before, &after);

    // For each token of the edited line, the native node that stands there as a whole, or whose formatting it has.
    let mut whole: Vec<Option<&Native<'_>>> = vec![None; after.len()];
    let mut formatted: Vec<Option<&Native<'_>>> = vec![None; after.len()];
    for native in &natives {
        let mut range = native.from..native.to;
        // Blanks at the ends of a line are not in its Markdown.
        while range.start < range.end
            && native.from == 0
            && pairs[range.start].is_none()
            && is_blank(&before[range.start])
        {
            range.start += 1;
        }
        while range.start < range.end
            && native.to == before.len()
            && pairs[range.end - 1].is_none()
            && is_blank(&before[range.end - 1])
        {
            range.end -= 1;
        }
        let places: Vec<usize> = range.clone().filter_map(|at| pairs[at]).collect();
        // With blanks at its end that Markdown has not, it can stand at that end of the line and nowhere else.
        let stays_first = range.start == native.from || places.first() == Some(&0);
        let stays_last = range.end == native.to || places.last().is_some_and(|last| last + 1 == after.len());
        let consecutive = places.windows(2).all(|pair| pair[0] + 1 == pair[1]) && stays_first && stays_last;
        match places.first() {
            Some(first) if places.len() == range.len() && consecutive => {
                whole[*first] = Some(native);
                for place in &places[1..] {
                    formatted[*place] = Some(native);
                }
            }
            Some(_) if native.is_text && native.lossy => {
                for place in places {
                    formatted[place] = Some(native);
                }
            }
            _ if native.lossy => {
                let at = writer.at;
                let what = Node::parse(native.raw).kind.into_owned();
                writer.losses.add(|| format!("block {}", at + 1), LossKind::Overwritten, what);
            }
            _ => {}
        }
    }

    let mut line: Vec<Span> = Vec::new();
    let mut at = 0;
    while at < after.len() {
        if let Some(native) = whole[at] {
            writer.line(&std::mem::take(&mut line));
            writer.raw(native.raw.get());
            at += 1;
            while at < after.len()
                && whole[at].is_none()
                && formatted[at].is_some_and(|other| std::ptr::eq(other, native))
            {
                at += 1;
            }
        } else if let Some(native) = formatted[at] {
            writer.line(&std::mem::take(&mut line));
            let mut text = String::new();
            while at < after.len() && formatted[at].is_some_and(|other| std::ptr::eq(other, native)) {
                if let Kind::Text(token) = &after[at].kind {
                    text.push_str(token);
                }
                at += 1;
            }
            native.text(writer, &text);
        } else {
            push(&mut line, after[at].clone());
            at += 1;
        }
    }
    writer.line(&line);
}

struct Native<'a> {
    raw: &'a RawValue,
    from: usize,
    to: usize,
    lossy: bool,
    is_text: bool,
}

impl Native<'_> {
    /// Another text in the node's own marks.
    fn text(&self, writer: &mut Writer, text: &str) {
        let marks = Members::of(self.raw).and_then(|members| members.get("marks").map(|marks| marks.get().to_owned()));
        writer.raw("{\"type\":\"text\",\"text\":");
        writer.string(text);
        if let Some(marks) = marks {
            writer.json.push_str(",\"marks\":");
            writer.json.push_str(&marks);
        }
        writer.json.push('}');
    }
}

/// A blank that Markdown drops at the ends of a line.
fn is_blank(token: &Span) -> bool {
    matches!(&token.kind, Kind::Text(text) if !token.is_code() && text.chars().all(|c| BLANKS.contains(&c)))
}

/// The words, blanks and signs of a line, each on its own.
fn tokens(spans: &[Span], out: &mut Vec<Span>) {
    for span in spans {
        let Kind::Text(text) = &span.kind else {
            out.push(span.clone());
            continue;
        };
        let class = |c: char| {
            if c.is_alphanumeric() {
                0
            } else if c.is_whitespace() {
                1
            } else {
                2
            }
        };
        let mut from = 0;
        let mut chars = text.char_indices().peekable();
        while let Some((_, c)) = chars.next() {
            let end = chars.peek().map_or(text.len(), |(next, _)| *next);
            let goes_on = chars.peek().is_some_and(|(_, next)| class(*next) == class(c) && class(c) != 2);
            if !goes_on {
                out.push(Span { kind: Kind::Text(text[from..end].to_owned()), ..span.clone() });
                from = end;
            }
        }
    }
}
