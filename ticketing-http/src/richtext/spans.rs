//! The normal form of a line: texts in the same dress are one, blanks at the edges of emphasis stand outside it.

use super::document::{Kind, Marks, Span};

/// Blanks that Markdown drops at the edges of a line.
pub(crate) const BLANKS: [char; 3] = [' ', '\t', '\n'];

/// Brings a line into its normal form.
pub(crate) fn normalise(spans: Vec<Span>) -> Vec<Span> {
    let spans = trimmed(merged(spans));
    if spans.iter().any(has_blank_edge) { trimmed(merged(undress_blanks(spans))) } else { spans }
}

/// Adds to a line, as one span if the last one stands in the same dress.
pub(crate) fn push(line: &mut Vec<Span>, span: Span) {
    if let (Some(last), Kind::Text(text)) = (line.last_mut(), &span.kind)
        && last.same_dress(&span)
        && let Kind::Text(before) = &mut last.kind
    {
        before.push_str(text);
        return;
    }
    line.push(span);
}

fn merged(spans: Vec<Span>) -> Vec<Span> {
    let mut out: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        if !matches!(&span.kind, Kind::Text(text) if text.is_empty()) {
            push(&mut out, span);
        }
    }
    out
}

/// Without blanks at the ends of the line and around its breaks, and without breaks at its ends.
fn trimmed(mut spans: Vec<Span>) -> Vec<Span> {
    let mut at_start = true;
    for span in &mut spans {
        match &mut span.kind {
            Kind::Text(text) if at_start && !span.marks.has(Marks::CODE) => {
                let rest = text.trim_start_matches(BLANKS);
                if rest.len() != text.len() {
                    *text = rest.to_owned();
                }
                at_start = text.is_empty();
            }
            Kind::Break => at_start = true,
            Kind::Text(_) | Kind::Image { .. } | Kind::Mention { .. } => at_start = false,
        }
    }
    let mut at_end = true;
    for span in spans.iter_mut().rev() {
        match &mut span.kind {
            Kind::Text(text) if at_end && !span.marks.has(Marks::CODE) => {
                text.truncate(text.trim_end_matches(BLANKS).len());
                at_end = text.is_empty();
            }
            Kind::Break => at_end = true,
            Kind::Text(_) | Kind::Image { .. } | Kind::Mention { .. } => at_end = false,
        }
    }
    let gone = |span: &Span| matches!(&span.kind, Kind::Text(text) if text.is_empty());
    if spans.iter().any(gone) {
        spans = merged(spans);
    }
    let is_break = |span: &Span| matches!(span.kind, Kind::Break);
    while spans.last().is_some_and(is_break) {
        spans.pop();
    }
    let leading = spans.iter().take_while(|span| is_break(span)).count();
    spans.drain(..leading);
    for span in &mut spans {
        match span.kind {
            Kind::Break => {
                span.marks = Marks::NONE;
                span.link = None;
            }
            // A mention is a link already.
            Kind::Mention { .. } => span.link = None,
            Kind::Text(_) | Kind::Image { .. } => {}
        }
    }
    spans
}

/// What may not stand at the edge of emphasis: Markdown would not read it as emphasis.
fn has_blank_edge(span: &Span) -> bool {
    let emphasised = Marks::AROUND[..3].iter().any(|mark| span.marks.has(*mark));
    match &span.kind {
        Kind::Text(text) => {
            emphasised
                && !span.is_code()
                && (text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace))
        }
        Kind::Break => false,
        Kind::Image { .. } | Kind::Mention { .. } => false,
    }
}

/// Takes emphasis off the blanks at its ends.
fn undress_blanks(spans: Vec<Span>) -> Vec<Span> {
    let mut pieces = Vec::with_capacity(spans.len() + 8);
    for span in spans {
        match &span.kind {
            Kind::Text(text) if has_blank_edge(&span) => {
                let body = text.trim_start();
                let lead = &text[..text.len() - body.len()];
                let core = body.trim_end();
                let tail = &body[core.len()..];
                for piece in [lead, core, tail].into_iter().filter(|piece| !piece.is_empty()) {
                    pieces.push(Span { kind: Kind::Text(piece.to_owned()), ..span.clone() });
                }
            }
            Kind::Text(_) | Kind::Break | Kind::Image { .. } | Kind::Mention { .. } => pieces.push(span),
        }
    }
    undress(&mut pieces);
    pieces
}

/// Takes emphasis off the blanks with which each run of it begins and ends; a blank is a span of its own.
pub(crate) fn undress(pieces: &mut [Span]) {
    let blank = |span: &Span| match &span.kind {
        Kind::Text(text) => !span.is_code() && text.chars().all(char::is_whitespace),
        Kind::Break => true,
        Kind::Image { .. } | Kind::Mention { .. } => false,
    };
    for mark in &Marks::AROUND[..3] {
        // A break has no marks; emphasis goes on behind it, and so do the blanks around it.
        undress_leading(pieces.iter_mut(), *mark, blank);
        undress_leading(pieces.iter_mut().rev(), *mark, blank);
    }
}

/// Takes a mark off the blanks with which each run of it begins.
fn undress_leading<'a>(pieces: impl Iterator<Item = &'a mut Span>, mark: Marks, blank: impl Fn(&Span) -> bool) {
    let mut inside = false;
    for piece in pieces {
        let marked = piece.marks.has(mark);
        if !inside && marked && blank(piece) {
            piece.marks = piece.marks.without(mark);
        } else {
            inside = marked;
        }
    }
}

/// A text without what no format can hold: other line ends and control characters.
pub(crate) fn clean(text: &str) -> std::borrow::Cow<'_, str> {
    let unwanted = |c: char| c == '\0' || c == '\r' || c == '\u{b}' || c == '\u{c}';
    if !text.contains(unwanted) {
        return text.into();
    }
    let text = text.replace("\r\n", "\n").replace(['\r', '\u{b}', '\u{c}'], "\n").replace('\0', "\u{fffd}");
    text.into()
}

/// Adds a text that may have line ends; each is a line break.
pub(crate) fn push_lines(line: &mut Vec<Span>, text: &str, dress: &Span) {
    for (number, part) in clean(text).split('\n').enumerate() {
        if number > 0 {
            line.push(Span::new(Kind::Break));
        }
        if !part.is_empty() {
            push(line, Span { kind: Kind::Text(part.to_owned()), ..dress.clone() });
        }
    }
}
