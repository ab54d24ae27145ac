//! Text that Markdown reads as text.

/// Where a text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// At the start of a line, where a block may begin.
    LineStart,
    /// Behind something else.
    Inside,
}

/// What decides whether emphasis may begin or end beside a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Blank,
    Punctuation,
    Letter,
    /// A symbol that some readers count as punctuation and some do not.
    Either,
}

pub(super) fn class(c: char) -> Class {
    if matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}') {
        Class::Either
    } else if c.is_whitespace() {
        Class::Blank
    } else if c.is_ascii_punctuation() {
        Class::Punctuation
    } else if c.is_ascii_alphanumeric() || (c.is_alphanumeric() && !is_enclosed(c)) {
        Class::Letter
    } else {
        Class::Either
    }
}

/// Letters in circles and squares are symbols to Markdown.
fn is_enclosed(c: char) -> bool {
    matches!(c, '\u{24b6}'..='\u{24e9}' | '\u{1f130}'..='\u{1f189}')
}

/// Adds a text; what Markdown would read as markup is escaped, and its first character is written as a number if asked.
pub(super) fn text(out: &mut String, text: &str, place: Place, number_first: bool) {
    let mut rest = text;
    if number_first && let Some(first) = text.chars().next() {
        number(out, first);
        rest = &text[first.len_utf8()..];
    }
    let numbered = rest.len() != text.len();
    let at_start = place == Place::LineStart && !numbered;
    let digits = if at_start { rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len() } else { 0 };
    let bytes = rest.as_bytes();
    let mut copied = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if !byte.is_ascii_punctuation() {
            continue;
        }
        let escape = match byte {
            b'\\' | b'`' | b'[' | b']' | b'|' => true,
            b'*' | b'~' => {
                let lone = |at: Option<&u8>| at.is_some_and(|byte| matches!(byte, b' ' | b'\t'));
                let before = at.checked_sub(1).and_then(|at| bytes.get(at));
                // The text's last character may have to be written as a number.
                !(lone(before) && lone(bytes.get(at + 1)) && at + 2 < bytes.len())
            }
            b'_' => {
                let word = |c: Option<char>| c.is_some_and(|c| class(c) == Class::Letter);
                let mut after = rest[at + 1..].chars();
                !(word(rest[..at].chars().next_back()) && word(after.next()) && after.next().is_some())
            }
            b'<' => {
                bytes.get(at + 1).is_none_or(|next| next.is_ascii_alphabetic() || matches!(next, b'/' | b'!' | b'?'))
            }
            b'&' => bytes.get(at + 1).is_none_or(|next| next.is_ascii_alphanumeric() || *next == b'#'),
            // Before a link it would make an image of it.
            b'!' => at + 1 == bytes.len(),
            b'#' | b'>' | b'-' | b'+' | b'=' | b':' => at_start && at == 0,
            b'.' | b')' => at_start && at == digits && digits > 0,
            _ => false,
        };
        if escape {
            out.push_str(&rest[copied..at]);
            out.push('\\');
            copied = at;
        }
    }
    out.push_str(&rest[copied..]);
}

/// A character as a number, which is text whatever stands beside it.
pub(super) fn number(out: &mut String, c: char) {
    out.push_str("&#");
    out.push_str(&u32::from(c).to_string());
    out.push(';');
}

/// The last character of a text as a number.
pub(super) fn number_last(out: &mut String) {
    if let Some(last) = out.pop() {
        number(out, last);
    }
}

/// The target of a link or image, and its title.
pub(super) fn target(out: &mut String, address: &str, title: &str) {
    out.push('(');
    for c in address.chars() {
        match c {
            ' ' | '<' | '>' | '|' | '\\' | '`' | '\n' | '\t' | '"' => out.push_str(&format!("%{:02X}", u32::from(c))),
            '(' | ')' | '&' | '*' | '_' | '[' | ']' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() || c.is_whitespace() => {
                let mut utf8 = [0; 4];
                for byte in c.encode_utf8(&mut utf8).bytes() {
                    out.push_str(&format!("%{byte:02X}"));
                }
            }
            c => out.push(c),
        }
    }
    if !title.is_empty() {
        out.push_str(" \"");
        for c in title.chars() {
            match c {
                '\n' => out.push(' '),
                c => {
                    if matches!(c, '"' | '\\' | '&' | '|' | '`' | '*' | '_' | '[' | ']' | '<') {
                        out.push('\\');
                    }
                    out.push(c);
                }
            }
        }
        out.push('"');
    }
    out.push(')');
}

/// A code span around a text.
pub(super) fn code(out: &mut String, text: &str, in_cell: bool) {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    // A run of another length than those inside.
    let runs: Vec<usize> = text.split(|c| c != '`').map(str::len).collect();
    let fence = (1..=longest + 1).find(|length| !runs.contains(length)).unwrap_or(longest + 1);
    let ticks = "`".repeat(fence);
    let blank = text.chars().all(|c| c == ' ');
    let padded =
        text.starts_with('`') || text.ends_with('`') || (text.starts_with(' ') && text.ends_with(' ') && !blank);
    out.push_str(&ticks);
    if padded {
        out.push(' ');
    }
    if in_cell {
        out.push_str(&text.replace('|', "\\|"));
    } else {
        out.push_str(text);
    }
    if padded {
        out.push(' ');
    }
    out.push_str(&ticks);
}
