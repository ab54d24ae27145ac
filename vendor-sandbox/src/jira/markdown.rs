//! The part of Markdown that the company's texts use, as ADF.

use serde_json::{Value, json};

use super::adf::{code_block, document, heading, list, paragraph, quote, text_with};

/// Paragraphs, headings, lists, quotes, fences, `**strong**` and links; everything else is text.
pub(crate) fn to_adf(text: &str) -> Value {
    let lines: Vec<&str> = text.lines().collect();
    let mut blocks = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at];
        if line.trim().is_empty() {
            at += 1;
            continue;
        }
        let run = |belongs: &dyn Fn(&str) -> bool| lines[at..].iter().take_while(|line| belongs(line)).count();
        if line.starts_with("```") {
            let end = lines[at + 1..].iter().position(|line| line.starts_with("```")).unwrap_or(lines.len() - at - 1);
            blocks.push(code_block(&lines[at + 1..at + 1 + end].join("\n"), None));
            at += end + 2;
        } else if let Some((level, title)) = heading_line(line) {
            blocks.push(heading(level, inline(title)));
            at += 1;
        } else if line.starts_with("> ") {
            let count = run(&|line| line.starts_with("> "));
            let inner: Vec<Vec<Value>> = lines[at..at + count].iter().map(|line| inline(&line[2..])).collect();
            blocks.push(quote(vec![paragraph(broken(inner))]));
            at += count;
        } else if bullet(line).is_some() {
            let count = run(&|line| bullet(line).is_some());
            let items = lines[at..at + count].iter().filter_map(|line| bullet(line));
            blocks.push(list("bulletList", items.map(|item| vec![paragraph(inline(item))]).collect()));
            at += count;
        } else if numbered(line).is_some() {
            let count = run(&|line| numbered(line).is_some());
            let items = lines[at..at + count].iter().filter_map(|line| numbered(line));
            blocks.push(list("orderedList", items.map(|item| vec![paragraph(inline(item))]).collect()));
            at += count;
        } else {
            let count = run(&|line| {
                let special = line.starts_with("```") || line.starts_with("> ") || heading_line(line).is_some();
                !line.trim().is_empty() && !special && bullet(line).is_none() && numbered(line).is_none()
            })
            .max(1);
            let inner = lines[at..at + count].iter().map(|line| inline(line)).collect();
            blocks.push(paragraph(broken(inner)));
            at += count;
        }
    }
    document(blocks)
}

fn heading_line(line: &str) -> Option<(u64, &str)> {
    let level = line.bytes().take_while(|byte| *byte == b'#').count();
    let title = line[level..].strip_prefix(' ')?;
    (1..=6).contains(&level).then_some((level as u64, title))
}

fn bullet(line: &str) -> Option<&str> {
    line.strip_prefix("- ").or_else(|| line.strip_prefix("* "))
}

fn numbered(line: &str) -> Option<&str> {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    (digits > 0).then(|| line[digits..].strip_prefix(". ")).flatten()
}

/// Lines with hard breaks between them.
fn broken(lines: Vec<Vec<Value>>) -> Vec<Value> {
    let mut all = Vec::new();
    for line in lines {
        if !all.is_empty() {
            all.push(json!({ "type": "hardBreak" }));
        }
        all.extend(line);
    }
    all
}

fn inline(text: &str) -> Vec<Value> {
    let mut nodes = Vec::new();
    let mut rest = text;
    let mut plain = String::new();
    while let Some(character) = rest.chars().next() {
        let found = strong(rest).or_else(|| link(rest)).or_else(|| code(rest));
        let Some((node, length)) = found else {
            plain.push(character);
            rest = &rest[character.len_utf8()..];
            continue;
        };
        if !plain.is_empty() {
            nodes.push(text_with(&std::mem::take(&mut plain), &[]));
        }
        nodes.push(node);
        rest = &rest[length..];
    }
    if !plain.is_empty() {
        nodes.push(text_with(&plain, &[]));
    }
    nodes
}

fn strong(text: &str) -> Option<(Value, usize)> {
    let inner = text.strip_prefix("**")?;
    let end = inner.find("**").filter(|end| *end > 0)?;
    Some((text_with(&inner[..end], &[json!({ "type": "strong" })]), end + 4))
}

fn code(text: &str) -> Option<(Value, usize)> {
    let inner = text.strip_prefix('`')?;
    let end = inner.find('`').filter(|end| *end > 0)?;
    Some((text_with(&inner[..end], &[json!({ "type": "code" })]), end + 2))
}

fn link(text: &str) -> Option<(Value, usize)> {
    let inner = text.strip_prefix('[')?;
    let close = inner.find("](").filter(|close| *close > 0)?;
    let target = &inner[close + 2..];
    let end = target.find(')')?;
    let mark = json!({ "type": "link", "attrs": { "href": &target[..end] } });
    Some((text_with(&inner[..close], &[mark]), close + end + 4))
}
